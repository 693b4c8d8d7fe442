// WeightCheck.cpp - parameters against the header of a weights file; see WeightCheck.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/WeightCheck.h"

#include "compiler/frontend/Types.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace batten::frontend {

namespace {

std::vector<int64_t> shapeOf(const Weight &weight) {
  std::vector<int64_t> shape;
  for (const Dim &dim : weight.type.core)
    shape.push_back(dim.constantValue().value_or(0));
  return shape;
}

std::string text(const std::vector<int64_t> &shape) {
  std::vector<std::string> parts;
  for (int64_t size : shape)
    parts.push_back(std::to_string(size));
  return "[" + joined(parts) + "]";
}

using NamedTensor = std::pair<std::string, FileTensor>;

/// The two tensors most like the one that is missing: of its model and of its type first, then by their names.
std::vector<NamedTensor> nearestTensors(const Weight &weight, const WeightFile &file) {
  std::vector<NamedTensor> found(file.tensors.begin(), file.tensors.end());
  std::vector<int64_t> shape = shapeOf(weight);
  auto rank = [&](const NamedTensor &tensor) {
    bool near = tensor.first.starts_with(weight.prefix);
    bool fits = tensor.second.dtype == dtypeName(weight.type.dtype) && tensor.second.shape == shape;
    return std::make_tuple(!near, !fits, editDistance(tensor.first, weight.from, 64), tensor.first);
  };
  size_t kept = std::min<size_t>(2, found.size());
  std::partial_sort(found.begin(), found.begin() + long(kept), found.end(),
                    [&](const NamedTensor &a, const NamedTensor &b) { return rank(a) < rank(b); });
  found.resize(kept);
  return found;
}

bool holds(const WeightFile &file, const std::string &name, const Weight &weight) {
  auto found = file.tensors.find(name);
  return found != file.tensors.end() && found->second.dtype == dtypeName(weight.type.dtype) &&
         found->second.shape == shapeOf(weight);
}

/// All that one `param` declares: a weight for each place where its model is used.
std::vector<const Weight *> declaredWith(const Weight &weight, const Program &program) {
  std::vector<const Weight *> all;
  for (const Weight &other : program.weights)
    if (other.location == weight.location)
      all.push_back(&other);
  return all;
}

std::vector<std::string> segments(const std::string &path) {
  std::vector<std::string> parts{""};
  for (char c : path)
    if (c == '.')
      parts.emplace_back();
    else
      parts.back() += c;
  return parts;
}

/// `dec.fc.w` is `decoder.fc.w` in the file: the one segment that differs, where every weight below it fits so.
std::optional<std::pair<std::string, std::string>> renamedSegment(const Weight &weight, const std::string &near,
                                                                  const Program &program, const WeightFile &file) {
  std::vector<std::string> wanted = segments(weight.from), found = segments(near);
  if (wanted.size() != found.size())
    return std::nullopt;
  auto [left, right] = std::mismatch(wanted.begin(), wanted.end(), found.begin());
  if (left == wanted.end() || !std::equal(left + 1, wanted.end(), right + 1))
    return std::nullopt;
  std::string head;
  for (auto part = wanted.begin(); part != left; ++part)
    head += *part + ".";
  std::string below = head + *left + ".";
  if (!weight.prefix.starts_with(below)) // the name of the parameter itself
    return std::nullopt;
  std::set<std::string> bound;
  for (const Weight &other : program.weights)
    bound.insert(other.from);
  if (bound.count(near)) // another's
    return std::nullopt;
  for (const Weight &other : program.weights)
    if (other.from.starts_with(below) && !holds(file, head + *right + "." + other.from.substr(below.size()), other))
      return std::nullopt;
  return std::make_pair(*left, *right);
}

/// What stands before every name in the file, "model.encoder", where all parameters fit behind it.
std::optional<std::string> commonOuter(const Weight &first, const Program &program, const WeightFile &file) {
  for (const auto &[name, tensor] : file.tensors) {
    if (!name.ends_with("." + first.from))
      continue;
    std::string outer = name.substr(0, name.size() - first.from.size());
    if (std::all_of(program.weights.begin(), program.weights.end(),
                    [&](const Weight &weight) { return holds(file, outer + weight.from, weight); }))
      return outer.substr(0, outer.size() - 1);
  }
  return std::nullopt;
}

/// An instance of the file's own level is renamed; the `M` of `M(x)` has no name yet.
std::string adviceOfOuter(const Weight &first, const std::string &outer) {
  std::string found = "every parameter is in the file below `" + outer + "`: ", tail = first.path;
  if (!first.path.starts_with(first.root + "."))
    return found + "declare an instance, `sub net: " + first.root + " from \"" + outer +
           "\"`, and call `net` in place of `" + first.root + "`";
  tail.erase(0, std::min(tail.size(), first.root.size()));
  std::string head = "." + first.from;
  head = head.ends_with(tail) ? head.substr(0, head.size() - tail.size()) : "." + first.root; // of `from ""`: nothing
  return found + "give `sub " + first.root + "` a `from \"" + outer + head + "\"`";
}

/// A `from` at the parameter must fit wherever its model is used, one at the `sub` all that is below it.
void helpMissing(const Weight &first, const std::vector<NamedTensor> &near, const Program &program,
                 const WeightFile &file, Diagnostic &error) {
  std::vector<const Weight *> siblings = declaredWith(first, program);
  if (siblings.size() > 1 && first.path != first.from)
    error.note("this is the parameter `" + first.path + "`");
  for (const Weight *sibling : siblings)
    if (file.tensors.count(sibling->from)) {
      error.note("`" + sibling->path + "`, of the same declaration, is in the file");
      break;
    }
  if (std::optional<std::string> outer = commonOuter(first, program, file)) {
    error.help(adviceOfOuter(first, *outer));
    return;
  }
  for (const NamedTensor &tensor : near) {
    if (!tensor.first.starts_with(first.prefix) || !holds(file, tensor.first, first))
      continue;
    std::string name = tensor.first.substr(first.prefix.size());
    if (std::all_of(siblings.begin(), siblings.end(),
                    [&](const Weight *each) { return holds(file, each->prefix + name, *each); })) {
      error.help("param " + first.declared + " from \"" + name + "\"");
      return;
    }
  }
  for (const NamedTensor &tensor : near)
    if (auto renamed = renamedSegment(first, tensor.first, program, file)) {
      error.help("`" + renamed->first + "` is `" + renamed->second + "` in the file: give that `sub` a `from \"" +
                 renamed->second + "\"`");
      return;
    }
}

/// A compiled library's own description has no places in a source.
bool hasSource(const Weight &weight) { return weight.location.line > 0; }

/// What is said of a tensor of the file, at the type of its parameter where there is a source.
Diagnostic &refuseTensor(const std::string &code, const Weight &weight, const std::string &sentence,
                         const WeightFile &file, Diagnostics &diagnostics) {
  if (!hasSource(weight))
    return diagnostics.error(code, file.name + ": " + sentence);
  Diagnostic &error = diagnostics.error(code, rangeOf(weight.typeLocation, diagnostics.sources()), sentence);
  error.note("it is in " + file.name + (weight.path == weight.from ? "" : ", for the parameter `" + weight.path + "`"));
  return error;
}

void reportMissing(const std::vector<const Weight *> &missing, const Program &program, const WeightFile &file,
                   Diagnostics &diagnostics) {
  const Weight &first = *missing.front();
  std::string sentence = file.name + " has no tensor `" + first.from + "`";
  Diagnostic &error = hasSource(first)
                          ? diagnostics.error("E0501", rangeOf(first.location, diagnostics.sources()), sentence)
                          : diagnostics.error("E0501", sentence + ", " + first.type.str() + " expected");
  error.label(first.type.str() + " expected");
  std::vector<NamedTensor> near = nearestTensors(first, file);
  std::string note = near.empty() ? "the file holds no tensors" : "nearest names in the file: ";
  for (size_t i = 0; i < near.size(); ++i) {
    note += (i ? ", `" : "`") + near[i].first + "`";
    if (i == 0)
      note += " " + near[i].second.dtype + " " + text(near[i].second.shape);
  }
  error.note(note);
  if (missing.size() > 1) {
    std::string rest = counted(missing.size() - 1, "more param is", "more params are") + " missing: ";
    for (size_t i = 1; i < missing.size(); ++i)
      rest += (i > 1 ? ", `" : "`") + missing[i]->from + "`";
    error.note(rest);
  }
  if (hasSource(first))
    helpMissing(first, near, program, file, error);
}

enum class Use { Product, Linear, Other };

/// How the program multiplies by a weight: it is the right operand of `@`, of `linear`, or something else happens to
/// it.
Use useOf(const Weight &weight, const Program &program) {
  std::set<std::string> uses;
  for (const Function &function : program.functions)
    for (const Argument &argument : function.arguments) {
      if (!argument.weight || argument.from != weight.from)
        continue;
      for (const Op &op : function.ops)
        for (size_t i = 0; i < op.operands.size(); ++i)
          if (op.operands[i] == argument.value)
            uses.insert(i == 1 ? op.name : "");
    }
  if (uses == std::set<std::string>{"matmul"})
    return Use::Product;
  return uses == std::set<std::string>{"linear"} ? Use::Linear : Use::Other;
}

void reportDType(const Weight &weight, const FileTensor &tensor, const WeightFile &file, Diagnostics &diagnostics) {
  std::string dtype = dtypeName(weight.type.dtype);
  Diagnostic &error =
      refuseTensor("E0504", weight, "tensor `" + weight.from + "` is " + tensor.dtype + ", the program says " + dtype,
                   file, diagnostics);
  if (hasSource(weight))
    error.help("declare the parameter in the file's dtype and cast where it is used, `x as " + dtype +
               "`; or convert the file");
}

void reportShape(const Weight &weight, const FileTensor &tensor, const Program &program, const WeightFile &file,
                 Diagnostics &diagnostics) {
  std::vector<int64_t> wanted = shapeOf(weight);
  Diagnostic &error = refuseTensor("E0502", weight,
                                   "tensor `" + weight.from + "` has shape " + text(tensor.shape) +
                                       ", the program says " + text(wanted),
                                   file, diagnostics);
  if (!hasSource(weight) || wanted.size() != 2 ||
      !std::equal(wanted.begin(), wanted.end(), tensor.shape.rbegin(), tensor.shape.rend()))
    return;
  TensorType transposed = weight.type;
  std::swap(transposed.core[0], transposed.core[1]);
  std::string declare = "declare `" + transposed.str() + "` and ";
  switch (useOf(weight, program)) {
  case Use::Product:
    error.help("the sizes match after a transpose: PyTorch stores Linear weights as [Out, In]; " + declare +
               "use `linear`");
    break;
  case Use::Linear:
    error.help("the sizes match after a transpose: this file stores [In, Out], `linear` takes [Out, In]; " + declare +
               "use `@`");
    break;
  case Use::Other:
    error.help("the sizes match after a transpose: " + declare + "use its transpose, `.T`");
    break;
  }
}

} // namespace

bool checkWeights(const Program &program, const WeightFile &file, Diagnostics &diagnostics) {
  std::vector<const Weight *> missing;
  bool fits = true;
  for (const Weight &weight : program.weights) {
    auto found = file.tensors.find(weight.from);
    if (found == file.tensors.end()) {
      missing.push_back(&weight);
      continue;
    }
    const FileTensor &tensor = found->second;
    if (tensor.dtype != dtypeName(weight.type.dtype))
      reportDType(weight, tensor, file, diagnostics);
    else if (tensor.shape != shapeOf(weight))
      reportShape(weight, tensor, program, file, diagnostics);
    else
      continue;
    fits = false;
  }
  if (!missing.empty())
    reportMissing(missing, program, file, diagnostics);
  return fits && missing.empty();
}

std::vector<std::string> unusedTensors(const Program &program, const WeightFile &file) {
  std::set<std::string> bound;
  for (const Weight &weight : program.weights)
    bound.insert(weight.from);
  for (const Test &test : program.tests) // what only tests read is no weight of the program
    for (const Argument &argument : test.function.arguments)
      if (argument.weight)
        bound.insert(argument.from);
  std::vector<std::string> unused;
  for (const auto &[name, tensor] : file.tensors)
    if (!bound.count(name))
      unused.push_back(name);
  return unused;
}

} // namespace batten::frontend
