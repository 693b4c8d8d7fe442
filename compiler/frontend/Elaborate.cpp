// Elaborate.cpp - frames and symbols of the evaluator, and its two top levels; see Elaborate.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Elaborate.h"

#include <algorithm>

namespace batten::frontend {

Elaborator::Elaborator(Context &context, bool checking, WeightTable *weights)
    : context(context), checking(checking), weightTable(weights),
      facts([this](const std::string &symbol) { return entityOf(symbol); }) {
  if (!checking)
    turnsLeft = int64_t(1) << 20;
}

const DimEntity *Elaborator::entityOf(const std::string &symbol) const {
  if (checking)
    return context.entityOf(symbol);
  auto found = symbolEntities.find(symbol);
  return found == symbolEntities.end() ? nullptr : found->second;
}

void Elaborator::begin(Module &module, ModelDecl *model, FunctionDecl *function) {
  frames.push_back(std::make_unique<Frame>());
  frame = frames.back().get();
  frame->module = &module;
  frame->model = model;
  frame->function = function;
}

//===- Checking ---------------------------------------------------------------------------------------------------===//

void Elaborator::ensureChecked(Context &context, FunctionDecl &function, SourceRange call) {
  if (function.state != FunctionDecl::Unchecked)
    return;
  function.state = FunctionDecl::Checking;
  const void *outer = context.owner;
  context.owner = function.item;
  context.checkStack.push_back({&function, call});
  Elaborator(context, /*checking=*/true).check(function);
  context.checkStack.pop_back();
  context.owner = outer;
  function.state = FunctionDecl::Checked;
}

void Elaborator::check(FunctionDecl &function) {
  unsigned errors = context.diagnostics.errorCount();
  begin(*function.module, function.model, &function);
  if (function.model)
    for (const Condition &condition : function.model->conditions)
      facts.assume(condition);
  for (const Condition &condition : function.conditions) {
    if (facts.holds(condition.lhs, condition.relation, condition.rhs) == Truth::False)
      context.error("E0217", condition.range, "`where` is false: " + context.text(condition.range))
          .label("this is " + str(condition.lhs) + " " + spelling(condition.relation) + " " + str(condition.rhs));
    facts.assume(condition);
  }
  std::vector<Value> values;
  arguments(function, values);
  runBlock(function.item->body, function.results);
  if (!function.accumulator || function.accumulates || context.diagnostics.errorCount() != errors)
    return;
  std::string dtype = dtypeName(*function.accumulator);
  context
      .error("E0303", function.item->attribute("acc")->range,
             "nothing in `" + function.item->name.name + "` is accumulated in " + dtype)
      .help(isFloat(*function.accumulator) ? "it is for products, sums, `mean` and `var` of floats"
                                           : "it is for products and sums of integers");
}

/// Values of the parameters, declared as locals; elaborating, their Arguments too.
std::vector<Argument> Elaborator::arguments(FunctionDecl &function, std::vector<Value> &values) {
  std::vector<Argument> result;
  for (size_t i = 0; i < function.parameters.size(); ++i) {
    const Parameter &node = function.item->parameters[i];
    Value value;
    registerSymbols(function.parameters[i]);
    value.type = toHere(function.parameters[i]);
    auto add = [&](Value &one, const std::string &path, const std::string &tree) {
      one.kind = Value::Tensor;
      one.id = newValue(one, node.name.range);
      Argument argument;
      argument.name = node.name.name;
      argument.type = out.values[one.id];
      argument.inout = node.isInout;
      argument.path = path;
      argument.tree = tree;
      argument.location = context.location(node.name.range);
      argument.value = one.id;
      result.push_back(std::move(argument));
    };
    if (!value.type.poisoned && value.type.tree) {
      value.kind = Value::Tree;
      for (const Leaf &leaf : value.type.tree->leaves) {
        Value one;
        one.type = toHere(leaf.type);
        add(one, leaf.path, value.type.tree->model);
        value.elements.push_back(std::move(one));
      }
    } else if (!value.type.poisoned) {
      add(value, "", "");
    }
    Local local;
    local.name = node.name.name;
    local.value = value;
    local.range = node.name.range;
    local.assignable = local.inout = node.isInout;
    if (node.isInout)
      local.declared = value.type;
    values.push_back(value);
    watch(local, node.name, /*isParameter=*/true);
    declareLocal(node.name, std::move(local));
  }
  return result;
}

/// Runtime dims become symbols in the order of the text: it is the order of the C arguments.
void Elaborator::registerSymbols(const Type &declared) {
  if (checking || declared.poisoned)
    return;
  for (const DimEntity *dim : declared.batch)
    axisIn(*frame, dim);
  for (const CoreDim &dim : declared.core)
    if (dim.entity)
      sizeOf(*dim.entity);
}

//===- Symbols and sizes ------------------------------------------------------------------------------------------===//

/// Adds a symbol to the flat function. The first of a name has the plain name.
Axis *Elaborator::newSymbol(const DimEntity &dim, Symbol symbol) {
  axisPool.push_back(std::make_unique<Axis>());
  Axis *axis = axisPool.back().get();
  axis->name = dim.name;
  for (int i = 2; !axesByName.try_emplace(axis->name, axis).second; ++i)
    axis->name = dim.name + "_" + std::to_string(i);
  symbolEntities[axis->name] = &dim;
  symbol.name = axis->name;
  axis->size = symbol.definition();
  out.symbols.push_back(std::move(symbol));
  return axis;
}

static Symbol symbolOfSize(const Dim &size) {
  std::optional<int64_t> number = size.constantValue();
  return {"", number ? Symbol::Static : Symbol::Computed, number.value_or(0), number ? Dim() : size};
}

/// The flat function's symbol of a dim, made on first use.
Axis *Elaborator::symbolOf(const DimEntity &dim) {
  Axis *&axis = symbolAxes[&dim];
  if (axis)
    return axis;
  if (dim.kind == DimEntity::Unbounded)
    return axis = newSymbol(dim, {"", Symbol::Unbounded, 0});
  if (dim.kind == DimEntity::Bounded)
    return axis = newSymbol(dim, {"", Symbol::Bounded, toHere(*dim.bound).constantValue().value_or(INT64_MAX)});
  auto fresh = freshSizes.find(&dim);
  return axis = newSymbol(dim, symbolOfSize(fresh != freshSizes.end() ? fresh->second : toHere(dim.size)));
}

/// What a dim of the frame's function is left of the bar in the flat function: its caller's dim where it is bound, else
/// its own symbol. Where that already is a loop around the call, or another dim of the callee, the dim gets a symbol of
/// its own of the same size: its positions are others (R4: loop dims are opaque).
Axis *Elaborator::axisIn(Frame &where, const DimEntity *dim) {
  if (auto known = where.axes.find(dim); known != where.axes.end())
    return known->second;
  if (!where.caller)
    return where.axes[dim] = symbolOf(*dim);
  Axis *axis = axisIn(*where.caller, callerEntity(*where.caller, *where.binding, dim));
  bool taken = std::find(where.loops.begin(), where.loops.end(), axis) != where.loops.end() ||
               std::any_of(where.axes.begin(), where.axes.end(), [&](const auto &own) { return own.second == axis; });
  if (taken)
    axis = newSymbol(*symbolEntities[axis->name], symbolOfSize(axis->size));
  return where.axes[dim] = axis;
}

Dim Elaborator::sizeFor(const Instance *instance, const DimEntity &dim) {
  if (instance) {
    auto found = instance->sizes.find(&dim);
    if (found != instance->sizes.end())
      return found->second;
  }
  auto fresh = freshSizes.find(&dim);
  if (fresh != freshSizes.end())
    return fresh->second;
  if (checking)
    return dim.size;
  if (dim.kind == DimEntity::Unbounded || dim.kind == DimEntity::Bounded)
    return Dim::symbol(symbolOf(dim)->name);
  if (dim.size.isConstant())
    return dim.size;
  std::map<std::string, Dim> values;
  for (const std::string &symbol : dim.size.symbols())
    if (const DimEntity *part = context.entityOf(symbol); part && part != &dim)
      values[symbol] = sizeFor(instance, *part);
  return dim.size.substitute(values);
}

Dim Elaborator::sizeIn(Frame &where, const DimEntity &dim) {
  auto found = where.sizes.find(&dim);
  return found != where.sizes.end() ? found->second : sizeFor(where.self, dim);
}

Dim Elaborator::sizeOf(const DimEntity &dim) { return sizeIn(*frame, dim); }

Dim Elaborator::toHere(const Dim &declared) {
  if (declared.isConstant())
    return declared;
  std::map<std::string, Dim> values;
  for (const std::string &symbol : declared.symbols())
    if (const DimEntity *dim = context.entityOf(symbol))
      values[symbol] = sizeOf(*dim);
  return declared.substitute(values);
}

Type Elaborator::toHere(const Type &declared) {
  Type type = declared;
  for (CoreDim &dim : type.core)
    dim.size = toHere(dim.size);
  return type;
}

/// Dims as the body's text sees them. In a core a generic must be bounded and an unbounded dim may not stand.
DimScope Elaborator::scopeHere(bool inCore) {
  DimScope scope;
  DimScope declared = context.declarationScope(*frame->module, frame->model, frame->function);
  scope.lookup = [this, lookup = declared.lookup](const std::string &name) -> const DimEntity * {
    for (size_t i = frame->locals.size(); i-- > 0;)
      if (frame->locals[i].name == name)
        return frame->locals[i].dim;
    return lookup(name);
  };
  scope.names = [this, names = declared.names] {
    std::vector<std::string> all = names();
    for (const Local &local : frame->locals)
      if (local.dim)
        all.push_back(local.name);
    return all;
  };
  scope.size = [this](const DimEntity &dim) { return sizeOf(dim); };
  if (inCore && checking)
    scope.usedInCore = [this](const DimEntity &dim, SourceRange range) {
      if (dim.kind == DimEntity::Unbounded)
        context.unboundedInCore(dim, range);
      else if (dim.kind == DimEntity::Generic && frame->function)
        frame->function->bounded.try_emplace(&dim, range);
    };
  return scope;
}

} // namespace batten::frontend
