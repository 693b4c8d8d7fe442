// ElaborateFunction.cpp - a `pub fn` or a test as a flat Function: arguments, weights, guards, tidying up.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Elaborate.h"
#include "compiler/frontend/IdRanges.h"
#include "dialect/CombiningOps.h"

#include <algorithm>
#include <utility>

namespace batten::frontend {

//===- Weights ----------------------------------------------------------------------------------------------------===//

/// Arguments for the weights that live ops read, in the order of the header.
void Elaborator::addWeightArguments(Function &function) {
  std::set<int> read(function.results.begin(), function.results.end());
  for (const Op &op : function.ops)
    read.insert(op.operands.begin(), op.operands.end());
  for (const Argument &argument : function.arguments)
    read.insert(argument.updated);
  std::vector<const UsedWeight *> used;
  for (const auto &[path, weight] : usedWeights)
    if (read.count(weight.value.id))
      used.push_back(&weight);
  // In order of first use here, so that the table learns of roots in the order of the program.
  std::sort(used.begin(), used.end(),
            [](const UsedWeight *a, const UsedWeight *b) { return a->value.id < b->value.id; });
  for (const UsedWeight *weight : used) {
    const Weight &shared = weightTable->use(weight->weight, weight->weight.root, weight->position);
    warnOfShared(shared, weight->weight);
    if (!(shared.type == weight->weight.type))
      context
          .error("E0503", weight->range,
                 "tensor `" + shared.from + "` is bound with two types, " + shared.type.str() + " and " +
                     weight->weight.type.str())
          .note("first by `" + shared.path + "` at " + shared.location.file + ":" +
                std::to_string(shared.location.line) + ":" + std::to_string(shared.location.column));
  }
  for (const Weight &weight : weightTable->ordered()) {
    auto mine = usedWeights.find(weight.from);
    if (mine == usedWeights.end() || !read.count(mine->second.value.id))
      continue;
    Argument argument;
    argument.name = argument.path = weight.path;
    argument.from = weight.from;
    argument.type = function.values[size_t(mine->second.value.id)];
    argument.weight = true;
    argument.location = weight.location;
    argument.value = mine->second.value.id;
    function.arguments.push_back(std::move(argument));
  }
}

//===- Tidying up -------------------------------------------------------------------------------------------------===//

/// Ops whose results nobody reads go (all are pure), and values are numbered by appearance.
void Elaborator::removeDeadOps(Function &function) {
  std::vector<bool> live(function.values.size());
  for (int result : function.results)
    live[result] = true;
  for (const Argument &argument : function.arguments)
    if (argument.updated >= 0)
      live[argument.updated] = true;
  std::vector<Op> kept;
  for (size_t i = function.ops.size(); i-- > 0;) {
    Op &op = function.ops[i];
    if (std::none_of(op.results.begin(), op.results.end(), [&](int result) { return live[result]; }))
      continue;
    for (int operand : op.operands)
      live[operand] = true;
    kept.push_back(std::move(op));
  }
  function.ops.assign(std::make_move_iterator(kept.rbegin()), std::make_move_iterator(kept.rend()));
  addWeightArguments(function);

  std::vector<TensorType> values;
  std::vector<int> number(function.values.size(), -1);
  auto define = [&](int &value) {
    number[value] = int(values.size());
    values.push_back(function.values[value]);
    value = number[value];
  };
  for (Argument &argument : function.arguments)
    define(argument.value);
  for (Op &op : function.ops) {
    for (int &operand : op.operands)
      operand = number[operand];
    for (int &result : op.results)
      define(result);
  }
  for (int &result : function.results)
    result = number[result];
  for (Argument &argument : function.arguments)
    if (argument.updated >= 0)
      argument.updated = number[argument.updated];
  function.values = std::move(values);
}

/// Runtime symbols come first, in order of first use; then the static and computed ones that are used.
void Elaborator::orderSymbols(Function &function) {
  std::set<std::string> used;
  for (const TensorType &type : function.values) {
    used.insert(type.batch.begin(), type.batch.end());
    for (const Dim &dim : type.core)
      used.merge(dim.symbols());
  }
  std::erase_if(function.symbols,
                [&](const Symbol &symbol) { return !symbol.isRuntime() && !used.count(symbol.name); });
  std::vector<Symbol> sorted;
  for (bool fixed : {false, true})
    for (const Symbol &symbol : function.symbols)
      if (symbol.isRuntime() != fixed)
        sorted.push_back(symbol);
  function.symbols = std::move(sorted);
}

static std::string plain(const TensorType &type, const Function &function) {
  if (type.batch.empty() && type.core.empty())
    return dtypeName(type.dtype);
  TensorType shown = type;
  for (std::string &name : shown.batch)
    for (const Symbol &symbol : function.symbols)
      if (symbol.name == name && !symbol.isRuntime()) {
        name = symbol.definition().str();
        break;
      }
  return shown.str();
}

/// `#[fast]` stands in it: whoever calls the function should see that its numbers may be others some day.
std::string Elaborator::signatureText(FunctionDecl &function, const Function &flat) {
  std::string text = (flat.fast ? "#[fast] pub fn " : "pub fn ") + flat.name + "(";
  std::string last;
  for (const Argument &argument : flat.arguments) {
    if (argument.weight || (!argument.tree.empty() && argument.name == last))
      continue;
    text += (text.back() == '(' ? "" : ", ") + std::string(argument.inout ? "inout " : "") + argument.name + ": " +
            (argument.tree.empty() ? plain(argument.type, flat) : argument.tree + ".params");
    last = argument.name;
  }
  text += ") -> ";
  std::vector<std::string> results;
  size_t position = 0;
  for (const Type &type : function.results) {
    results.push_back(type.tree ? type.tree->model + ".params" : plain(flat.values[flat.results[position]], flat));
    position += type.tree ? type.tree->leaves.size() : 1;
  }
  return text + (results.size() == 1 ? results[0] : "(" + joined(results) + ")");
}

//===- Entries ----------------------------------------------------------------------------------------------------===//

static bool combines(const Op &op) {
  std::vector<Dim> offsets;
  if (const auto *texts = op.attribute<std::vector<std::string>>("offsets"))
    for (const std::string &offset : *texts)
      offsets.push_back(Dim::parse(offset).value_or(Dim::overflow())); // which is no constant
  return batten::combines(op.name, offsets);
}

/// Every place of the ops that are left where positions are combined, once. A dim that none combines has one place that
/// stands for all: an op that has it right of its bar, else one that only brings it there, an argument that is handed
/// on, or an op that has it beside itself.
static void collectMixes(Function &function) {
  auto known = [&](const Mix &mix, bool anywhere) {
    return std::any_of(function.mixes.begin(), function.mixes.end(), [&](const Mix &other) {
      return other.dim == mix.dim && (anywhere || other.location == mix.location);
    });
  };
  auto collect = [&](bool anywhere, bool beside, auto takes) {
    for (const Op &op : function.ops)
      for (const Mix &mix : op.mixes)
        if (mix.beside == beside && takes(op) && !known(mix, anywhere))
          function.mixes.push_back(mix);
  };
  auto all = [](const Op &) { return true; };
  collect(false, false, combines);
  collect(true, false, [](const Op &op) { return op.name != "rearrange"; });
  collect(true, false, all);
  for (const Argument &argument : function.arguments)
    for (const Dim &dim : argument.type.core)
      for (const std::string &symbol : dim.symbols())
        if (Mix mix{symbol, argument.name, argument.location}; !known(mix, true))
          function.mixes.push_back(mix);
  collect(true, true, all);
}

/// What the body leaves in `inout` parameters.
void Elaborator::noteUpdates(FunctionDecl &function) {
  const std::vector<Parameter> &parameters = function.item->parameters;
  size_t position = 0;
  for (size_t i = 0; i < function.parameters.size(); ++i) {
    std::vector<int> updated;
    if (Local *local = findLocal(parameters[i].name.name))
      appendIds(local->value, updated);
    size_t leaves = function.parameters[i].tree ? function.parameters[i].tree->leaves.size() : 1;
    for (size_t leaf = 0; leaf < leaves && position < out.arguments.size(); ++leaf, ++position)
      if (parameters[i].isInout && leaf < updated.size())
        out.arguments[position].updated = updated[leaf];
  }
}

static std::vector<Atom> divisionsOf(const Dim &dim) {
  std::vector<Atom> divisions;
  collectDivisions(dim, divisions);
  return divisions;
}

/// The sizes that an op computes beside those of its types: where a slice begins, a size as a number.
static std::vector<Dim> sizesBeside(const Op &op) {
  std::vector<std::string> texts;
  if (const auto *offsets = op.attribute<std::vector<std::string>>("offsets"))
    texts = *offsets;
  else if (const auto *value = op.attribute<std::string>("value"); value && op.name == "dim")
    texts = {*value};
  std::vector<Dim> sizes;
  for (const std::string &text : texts)
    if (std::optional<Dim> size = Dim::parse(text))
      sizes.push_back(*size);
  return sizes;
}

/// Every divisor of a function is at least 1. These conditions come before those that divide by it, which say nothing
/// where one fails.
void Elaborator::guardDivisors(const std::set<Dim> &sizes, const Function &function, SourceRange range) {
  std::vector<Atom> divisions;
  for (const Dim &size : sizes)
    collectDivisions(size, divisions);
  for (const Op &op : function.ops)
    for (const Dim &size : sizesBeside(op))
      collectDivisions(size, divisions);
  std::vector<Guard> asked = std::exchange(out.guards, {});
  for (const Guard &guard : asked) {
    collectDivisions(guard.lhs, divisions);
    collectDivisions(guard.rhs, divisions);
  }
  for (const Atom &division : divisions)
    if (facts.holds(Dim::constant(1), DimRelation::Le, division.rhs) != Truth::True)
      guard({Dim::constant(1), division.rhs, DimRelation::Le, range});
  asked.insert(asked.begin(), out.guards.begin(), out.guards.end());
  out.guards.clear();
  for (bool divides : {false, true})
    for (const Guard &guard : asked)
      if (divides != (divisionsOf(guard.lhs).empty() && divisionsOf(guard.rhs).empty()))
        out.guards.push_back(guard);
}

/// What must hold of the sizes of a call for its types to make sense: a core dim is at least 1, and a computed batch
/// dim too, so `T - 1` needs a look, what divides is a size, and a quotient leaves no remainder.
void Elaborator::guardSizes(Function &function, SourceRange range) {
  std::set<Dim> sizes;
  for (const TensorType &type : function.values)
    sizes.insert(type.core.begin(), type.core.end());
  for (const Symbol &symbol : function.symbols)
    if (symbol.kind == Symbol::Computed && !symbol.size.symbolName()) // `B_2 = B` may be 0 as B may
      sizes.insert(symbol.size);
  out.guards = std::move(function.guards);
  guardDivisors(sizes, function, range);
  for (const Dim &size : sizes)
    if (facts.holds(Dim::constant(1), DimRelation::Le, size) != Truth::True)
      guard({Dim::constant(1), size, DimRelation::Le, range});
  for (const Dim &size : sizes)
    for (const Atom &division : divisionsOf(size))
      if (division.kind == Atom::Kind::Quotient)
        guard({Dim::modulo(division.lhs, division.rhs), Dim(), DimRelation::Eq, range});
  function.guards = std::move(out.guards);
}

Function Elaborator::elaborate(FunctionDecl &function) {
  unsigned errors = context.diagnostics.errorCount();
  const FunctionItem &item = *function.item;
  begin(*function.module, nullptr, &function);
  context.owner = &item;
  out.name = out.cName = item.name.name;
  out.location = context.location(item.name.range);
  if (const AttributeNode *name = item.attribute("name"))
    out.cName = name->arguments[0].text;
  out.fast = item.attribute("fast") != nullptr;
  std::vector<Value> values;
  out.arguments = arguments(function, values);
  std::vector<Type> expected;
  for (const Type &type : function.results) { // dims that only a result names are arguments of the C function too
    registerSymbols(type);
    expected.push_back(toHere(type));
  }
  for (const Condition &declared : function.conditions) {
    Condition condition{toHere(declared.lhs), toHere(declared.rhs), declared.relation, declared.range};
    if (facts.holds(condition.lhs, condition.relation, condition.rhs) != Truth::True)
      guard(condition);
  }
  for (const Value &result : runBlock(item.body, expected))
    appendIds(result, out.results);
  noteUpdates(function);
  if (context.diagnostics.errorCount() != errors)
    return Function();
  Function result = std::move(out);
  removeDeadOps(result);
  collectMixes(result);
  orderSymbols(result); // drops those that nothing has any more
  guardSizes(result, item.name.range);
  result.idRanges = idRangesOf(result);
  result.signature = signatureText(function, result);
  specialize(item, result);
  return result;
}

static bool isSpecialized(const Function &function, const std::string &dim, int64_t size) {
  for (const auto &[other, sizes] : function.specialize)
    if (other == dim && std::find(sizes.begin(), sizes.end(), size) != sizes.end())
      return true;
  return false;
}

void Elaborator::specialize(const FunctionItem &item, Function &function) {
  for (const AttributeNode &attribute : item.attributes) {
    if (attribute.name.name != "specialize")
      continue;
    const std::vector<AttributeToken> &tokens = attribute.arguments;
    auto symbol = std::find_if(function.symbols.begin(), function.symbols.end(), [&](const Symbol &symbol) {
      return symbol.name == tokens[0].text && symbol.isRuntime();
    });
    const DimEntity *dim = context.dimOf(*frame->module, tokens[0].text);
    if (symbol == function.symbols.end() && dim && dim->kind == DimEntity::Static) {
      bool given = context.options.dims.count(dim->name);
      context.error("E0219", tokens[0].range, "the size of `" + dim->name + "` is fixed" + (given ? " by `--dim`" : ""))
          .label("it is " + str(dim->size));
      continue;
    }
    if (symbol == function.symbols.end()) {
      context.error("E0204", tokens[0].range, "cannot find dim `" + tokens[0].text + "`")
          .label("not a runtime dim of `" + function.name + "`");
      continue;
    }
    std::vector<int64_t> sizes;
    for (size_t i = 2; i < tokens.size(); i += 2) {
      std::string digits = tokens[i].text;
      std::erase(digits, '_');
      bool whole = digits.size() < 19 && digits.find_first_not_of("0123456789") == std::string::npos;
      int64_t size = whole ? std::stoll(digits) : -1;
      const Condition *broken = size < 1 ? nullptr : facts.brokenBy(symbol->name, size);
      if (size < 1 || (symbol->kind == Symbol::Bounded && size > symbol->value))
        context.error("E0219", tokens[i].range, "`" + tokens[i].text + "` is no size of `" + symbol->name + "`");
      else if (broken)
        context.error("E0219", tokens[i].range, "`" + tokens[i].text + "` is no size of `" + symbol->name + "`")
            .label("it breaks " + str(broken->lhs) + " " + spelling(broken->relation) + " " + str(broken->rhs))
            .note("that condition comes from " + context.at(broken->range), broken->range);
      else if (std::find(sizes.begin(), sizes.end(), size) != sizes.end() ||
               isSpecialized(function, symbol->name, size))
        context.error("E0219", tokens[i].range, "`" + tokens[i].text + "` is given twice for `" + symbol->name + "`");
      sizes.push_back(size);
    }
    function.specialize.push_back({symbol->name, std::move(sizes)});
  }
}

Test Elaborator::elaborateTest(const TestItem &test, Module &module) {
  Test result;
  unsigned errors = context.diagnostics.errorCount();
  begin(module, nullptr, nullptr);
  context.owner = &test;
  std::set<std::string> empty;
  for (const TestBinding &binding : test.bindings)
    if (const DimEntity *dim = context.dimOf(module, binding.dim.name)) {
      if (binding.value == 0) { // a static dim is at least 1: it stays a runtime dim
        empty.insert(symbolOf(*dim)->name);
        continue;
      }
      // A static dim of the test's size stands for the runtime dim, left and right of the bar.
      freshSizes[dim] = Dim::constant(binding.value);
      Axis *axis = symbolOf(*dim);
      for (Symbol &symbol : out.symbols)
        if (symbol.name == axis->name)
          symbol = {axis->name, Symbol::Static, binding.value};
      axis->size = Dim::constant(binding.value);
    }
  expectations = &result.expectations;
  runStatements(test.body);
  if (context.diagnostics.errorCount() == errors) {
    for (const Symbol &symbol : out.symbols)
      if (symbol.isRuntime() && !empty.count(symbol.name))
        context.error("E0219", test.name.range, "the test leaves the size of `" + symbol.name + "` open")
            .help("give it one: `test \"" + test.name.value + "\" (" + symbol.name + " = 2)`");
    removeDeadOps(out);
    orderSymbols(out);
  }
  out.name = out.cName = "test";
  out.location = result.location = context.location(test.name.range);
  result.name = test.name.value;
  result.function = std::move(out);
  return result;
}

void Elaborator::checkTest(const TestItem &test, Module &module) {
  begin(module, nullptr, nullptr);
  context.owner = &test;
  std::set<std::string> given;
  for (const TestBinding &binding : test.bindings) {
    if (!given.insert(binding.dim.name).second)
      context.error("E0103", binding.dim.range, "the size of `" + binding.dim.name + "` is given twice");
    DimScope scope = context.declarationScope(module, nullptr, nullptr);
    const DimEntity *dim = context.findDim(binding.dim.name, binding.dim.range, scope);
    if (!dim || dim->poisoned)
      continue;
    std::string text = "`" + binding.dim.name + " = " + std::to_string(binding.value) + "`";
    if (dim->kind == DimEntity::Static)
      context.error("E0219", binding.dim.range,
                    text + ": the size of `" + dim->name + "` is fixed at " + str(dim->size) +
                        (context.options.dims.count(dim->name) ? " by `--dim`" : ""));
    else if (dim->kind == DimEntity::Bounded &&
             (binding.value < 1 || binding.value > dim->bound->constantValue().value_or(INT64_MAX)))
      context.error("E0219", binding.dim.range, text + ": `" + dim->name + "` is from 1 to " + str(*dim->bound));
  }
  std::vector<Expectation> ignored;
  expectations = &ignored;
  runStatements(test.body);
}

} // namespace batten::frontend
