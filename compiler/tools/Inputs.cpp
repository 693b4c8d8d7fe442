// Inputs.cpp - see Inputs.h. All that is wrong with the inputs is told at once, each fault in a sentence of its own.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/Inputs.h"
#include "compiler/frontend/Types.h"
#include "compiler/tools/Weights.h"
#include "dialect/DimsRelation.h"
#include <algorithm>
#include <cstring>

namespace batten {

frontend::Diagnostic &Inputs::refuse(Exit exit, const std::string &sentence, const std::string &code) {
  failed = true;
  return session.refuse(exit, function.name + "(): " + sentence, code);
}

const std::string *Inputs::givenTo(const frontend::Argument &argument) const {
  auto found = options.inputs().find(argument.name);
  return argument.weight || found == options.inputs().end() ? nullptr : &found->second;
}

//===- Files ------------------------------------------------------------------------------------------------------===//

static const char *numpyName(frontend::DType dtype) {
  switch (dtype) {
  case frontend::DType::F64:
    return "float64";
  case frontend::DType::I64:
    return "int64";
  case frontend::DType::I32:
    return "int32";
  case frontend::DType::I8:
    return "int8";
  case frontend::DType::U8:
    return "uint8";
  case frontend::DType::Bool:
    return "bool_";
  default:
    return "float32"; // 16-bit floats come as these
  }
}

bool Inputs::readFile(size_t index, const std::string &path) {
  const frontend::Argument &argument = function.arguments[index];
  batten_error cause{};
  batten_tensor loaded{};
  std::string fault, suffix = ".safetensors";
  size_t colon = path.rfind(':');
  if (path.empty())
    fault = "'@' names no file; wanted @FILE.npy";
  else if (!argument.tree.empty() && path.ends_with(suffix)) // one file for all leaves, by their paths
    fault = loadFromSafetensors(path, argument.path, loaded);
  else if (colon != std::string::npos && path.substr(0, colon).ends_with(suffix))
    fault = loadFromSafetensors(path.substr(0, colon), path.substr(colon + 1), loaded);
  else if (path.ends_with(suffix))
    fault = "'@" + path + "' names no tensor of the file; wanted @" + path + ":NAME";
  else if (batten_npy_load(path.c_str(), &loaded, &cause))
    fault = cause.message;
  if (!fault.empty())
    return refuse(ExitFiles, "argument `" + argument.name + "`: " + fault), false;
  if (takeLoaded(loaded, argument.type.dtype, tensors[index]))
    return true;
  refuse(ExitRefused, "argument `" + argument.name + "` is " + frontend::dtypeName(argument.type.dtype) +
                          ", the file has " + batten_dtype_name(loaded.dtype))
      .help(std::string("in NumPy: `x.astype(numpy.") + numpyName(argument.type.dtype) + ")`");
  return false;
}

/// For `--x=x.npy` without the @.
static bool namesFile(const std::string &how) {
  return how.ends_with(".npy") || how.ends_with(".safetensors") || how.find(".safetensors:") != std::string::npos;
}

void Inputs::readFiles() {
  for (size_t i = 0; i < function.arguments.size(); ++i)
    if (const std::string *how = givenTo(function.arguments[i]); how && how->starts_with("@")) {
      read[i] = readFile(i, how->substr(1));
      if (read[i])
        bindSizes(i);
    } else if (how && namesFile(*how)) {
      refuse(ExitUsage,
             "argument `" + function.arguments[i].name + "`: '" + *how + "' is no input; a file is given as @" + *how);
    }
}

bool Inputs::prepareWeights(const std::string &path) {
  tensors.resize(function.arguments.size());
  for (size_t i = 0; i < function.arguments.size(); ++i) {
    const frontend::Argument &argument = function.arguments[i];
    if (!argument.weight)
      continue;
    batten_tensor loaded{};
    if (std::string fault = loadFromSafetensors(path, argument.from, loaded); !fault.empty())
      return refuse(ExitFiles, fault), false;
    takeLoaded(loaded, argument.type.dtype, tensors[i]);
  }
  return true;
}

//===- Sizes ------------------------------------------------------------------------------------------------------===//

void Inputs::bindSize(const std::string &symbol, int64_t size, const std::string &argument) {
  auto [found, fresh] = sizes.try_emplace(symbol, size);
  if (fresh)
    boundBy[symbol] = argument;
  if (found->second == size)
    return;
  auto giver = boundBy.find(symbol);
  std::string known = std::to_string(found->second);
  std::string before = giver == boundBy.end() ? "it is " + known
                       : giver->second.empty()
                           ? "--dim says " + known
                           : symbol + " was bound to " + known + " by argument `" + giver->second + "`";
  frontend::Diagnostic &error =
      refuse(ExitRefused,
             "argument `" + argument + "`: dim " + symbol + " is " + std::to_string(size) + ", but " + before, "R0001");
  if (giver != boundBy.end() && !giver->second.empty() && giver->second != argument)
    error.note("given " + giver->second + " " + shapeOf(giver->second) + ", " + argument + " " + shapeOf(argument) +
               "; nothing was run");
}

/// "[32, 128]", of the first leaf where it is a tree.
std::string Inputs::shapeOf(const std::string &argument) const {
  for (size_t i = 0; i < tensors.size(); ++i)
    if (function.arguments[i].name == argument)
      return shapeText(tensors[i].sizes);
  return "";
}

void Inputs::bindSizes(size_t index) {
  const frontend::Argument &argument = function.arguments[index];
  const frontend::TensorType &type = argument.type;
  const std::vector<int64_t> &shape = tensors[index].sizes;
  if (shape.size() != type.batch.size() + type.core.size()) {
    refuse(ExitRefused,
           "argument `" + argument.name + "` is " + type.str() + ", the file has shape " + shapeText(shape), "R0001");
    return;
  }
  for (size_t i = 0; i < type.batch.size(); ++i)
    bindSize(type.batch[i], shape[i], argument.name);
  for (size_t i = 0; i < type.core.size(); ++i)
    if (std::optional<std::string> symbol = type.core[i].symbolName())
      bindSize(*symbol, shape[type.batch.size() + i], argument.name);
}

/// The one size of `symbol` at which `dim` is `value`, where every other symbol has a size and this one stands in a
/// plain product: what is divided would fit several. -1: there is none; nullopt: not to be told.
static std::optional<int64_t> solve(const Dim &dim, const std::string &symbol, int64_t value,
                                    std::map<std::string, int64_t> sizes) {
  for (const DimTerm &term : dim.terms())
    for (const Atom &atom : term.factors)
      if (atom.kind != Atom::Kind::Symbol)
        return std::nullopt;
  auto at = [&](int64_t size) {
    sizes[symbol] = size;
    return dim.evaluate(sizes);
  };
  std::optional<int64_t> zero = at(0), one = at(1), two = at(2);
  int64_t slope, second, difference;
  if (!zero || !one || !two || __builtin_sub_overflow(*one, *zero, &slope) ||
      __builtin_sub_overflow(*two, *one, &second) || __builtin_sub_overflow(value, *zero, &difference) || slope <= 0 ||
      slope != second)
    return std::nullopt;
  int64_t size = difference / slope;
  if (difference < 0 || difference % slope != 0)
    return -1;
  return at(size) == value ? std::optional(size) : std::nullopt;
}

/// The only symbol of `dim` that has no size yet.
std::optional<std::string> Inputs::unknownIn(const Dim &dim) const {
  std::optional<std::string> unknown;
  for (const std::string &symbol : dim.symbols())
    if (!sizes.count(symbol)) {
      if (unknown)
        return std::nullopt;
      unknown = symbol;
    }
  return unknown;
}

/// A dim that no input shows may follow from a size that is computed from it: of `2*D` in a file's shape.
bool Inputs::solveShape(size_t index) {
  const frontend::Argument &argument = function.arguments[index];
  size_t batch = argument.type.batch.size();
  bool found = false;
  for (size_t i = 0; i < argument.type.core.size(); ++i) {
    const Dim &dim = argument.type.core[i];
    std::optional<std::string> symbol = unknownIn(dim);
    int64_t extent = tensors[index].sizes[batch + i];
    std::optional<int64_t> size = symbol ? solve(dim, *symbol, extent, sizes) : std::nullopt;
    if (!size)
      continue;
    found = true;
    if (*size >= 0) {
      bindSize(*symbol, *size, argument.name);
      continue;
    }
    sizes[*symbol] = 0; // one fault is enough
    refuse(ExitRefused,
           "argument `" + argument.name + "` is " + argument.type.str() + ", the file has shape " +
               shapeText(tensors[index].sizes) + ": no " + *symbol + " makes " + dim.str() + " " +
               std::to_string(extent),
           "R0001");
  }
  return found;
}

bool Inputs::solveShapes() {
  bool found = false;
  for (size_t i = 0; i < function.arguments.size(); ++i)
    found |= read[i] && solveShape(i);
  return found;
}

/// What no input fixes may follow from an equation that the call must keep anyway: `S:T` gives S the size of T.
bool Inputs::solveGuards() {
  bool found = false;
  for (const frontend::Guard &guard : function.guards)
    for (auto [unknown, known] : {std::pair(&guard.lhs, &guard.rhs), std::pair(&guard.rhs, &guard.lhs)}) {
      std::optional<std::string> symbol = unknown->symbolName();
      if (guard.relation != "==" || !symbol || sizes.count(*symbol))
        continue;
      std::optional<int64_t> size = known->evaluate(sizes);
      if (size && *size >= 0)
        found |= sizes.emplace(*symbol, *size).second;
    }
  return found;
}

/// What the call would say of the first size that is beyond its bound, or of the first guard that they break; empty:
/// they keep all.
std::string Inputs::brokenSize() const {
  for (const frontend::Symbol &symbol : function.symbols) {
    if (symbol.kind != frontend::Symbol::Bounded)
      continue;
    int64_t size = sizes.at(symbol.name);
    if (size < 1 || size > symbol.value)
      return symbol.name + " is " + std::to_string(size) + ", it must be at " +
             (size < 1 ? "least 1" : "most " + std::to_string(symbol.value));
  }
  for (const frontend::Guard &guard : function.guards) {
    std::optional<int64_t> lhs = guard.lhs.evaluate(sizes), rhs = guard.rhs.evaluate(sizes);
    if (lhs && rhs && holds(*lhs, guard.relation, *rhs))
      continue;
    std::set<std::string> names = guard.lhs.symbols(), more = guard.rhs.symbols();
    names.insert(more.begin(), more.end());
    std::string found;
    for (const std::string &name : names)
      found += (found.empty() ? "" : ", ") + name + " is " + std::to_string(sizes.at(name));
    return found + ", but it must hold that " + guard.lhs.str() + " " + guard.relation + " " + guard.rhs.str();
  }
  return "";
}

/// A tensor that there is not at these sizes: what is wrong with them says why, which the call would check, if there
/// were memory to call it with.
void Inputs::refuseSize(const std::string &otherwise) {
  std::string broken = brokenSize();
  refuse(ExitRefused, broken.empty() ? otherwise : broken, "R0002");
}

void Inputs::refuseImpossibleResults() {
  for (size_t i = 0; i < function.results.size() && !failed; ++i) {
    const frontend::TensorType &type = function.values[size_t(function.results[i])];
    if (!shapeAt(type, sizes))
      refuseSize("result " + std::to_string(i) + ", " + type.str() +
                 ", would have a size that does not fit into 64 bits");
  }
}

void Inputs::checkShape(size_t index) {
  const frontend::Argument &argument = function.arguments[index];
  std::optional<std::vector<int64_t>> wanted = shapeAt(argument.type, sizes);
  if (!wanted)
    refuseSize("the size of argument `" + argument.name + "` does not fit into 64 bits");
  else if (*wanted != tensors[index].sizes)
    refuse(ExitRefused,
           "argument `" + argument.name + "` is " + argument.type.str() + ", so " + shapeText(*wanted) +
               "; the file has shape " + shapeText(tensors[index].sizes),
           "R0001");
}

//===- All together -----------------------------------------------------------------------------------------------===//

/// What nobody gives and any:SEED are numbers of rows, classes, positions or keys where the argument is read as such:
/// of a table, every row is as likely to be read. normal:SEED is the same numbers whatever they are for.
std::string Inputs::fill(size_t index, const std::string &how, const std::string &stream) {
  std::optional<int64_t> end;
  int64_t least = 0;
  for (const frontend::IdRange &range : function.idRanges)
    if (range.argument == index) {
      end = std::min(end.value_or(INT64_MAX), range.end.evaluate(sizes).value_or(INT64_MAX));
      least = std::max(least, range.least);
    }
  bool isAny = how.starts_with("any:");
  if (isAny && !end)
    return "it is not known to number anything; wanted " + inputForms(tensors[index].dtype);
  bool drawsIds = end && (isAny || !givenTo(function.arguments[index]));
  return drawsIds ? fillIds(tensors[index], how, least, *end, stream) : fillTensor(tensors[index], how, stream);
}

void Inputs::generate(size_t index) {
  const frontend::Argument &argument = function.arguments[index];
  std::string name = "argument `" + argument.name + "`";
  std::optional<std::vector<int64_t>> shape = shapeAt(argument.type, sizes);
  if (!shape) {
    refuseSize("the size of " + name + " does not fit into 64 bits");
    return;
  }
  if (std::string fault = sizeFault(argument.type.dtype, *shape); !fault.empty()) {
    refuseSize(name + " " + fault);
    return;
  }
  tensors[index] = emptyTensor(argument.type.dtype, *shape);
  const std::string *given = givenTo(argument);
  std::string how = given ? *given : otherwise + std::to_string(index + 1);
  std::string stream = argument.tree.empty() ? "" : argument.path; // of a tree, each leaf has its own
  std::string fault = fill(index, how, stream);
  if (!fault.empty())
    refuse(ExitUsage, name + " is " + argument.type.str() + ", '" + how + "' given: " + fault);
}

bool Inputs::prepare() {
  tensors.resize(function.arguments.size());
  read.assign(function.arguments.size(), false);
  refuseUnknownNames();
  if (!failed) // else a name that was meant is missing
    refuseMissing();
  refuseUnknownDims();
  for (const frontend::Symbol &symbol : function.symbols) {
    auto found = dims.find(symbol.name);
    if (symbol.kind == frontend::Symbol::Static)
      sizes[symbol.name] = symbol.value;
    else if (symbol.isRuntime() && found != dims.end()) {
      sizes[symbol.name] = found->second;
      boundBy[symbol.name] = "";
    }
  }
  readFiles();
  if (failed) // what follows would be wrong for the same reasons
    return false;
  while (solveShapes() || solveGuards()) // each may give what the other lacks
    ;
  refuseUnknownSizes();
  if (failed)
    return false;
  for (const frontend::Symbol &symbol : function.symbols)
    if (symbol.kind == frontend::Symbol::Computed)
      sizes[symbol.name] = symbol.size.evaluate(sizes).value_or(0); // where it has none, a guard refuses the call
  for (size_t i = 0; i < function.arguments.size(); ++i)
    if (!function.arguments[i].weight)
      read[i] ? checkShape(i) : generate(i);
  if (!failed)
    refuseImpossibleResults();
  return !failed;
}

} // namespace batten
