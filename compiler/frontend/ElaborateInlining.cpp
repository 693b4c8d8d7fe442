// ElaborateInlining.cpp - what a call is worth: by its signature while checking, inlined while elaborating.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Elaborate.h"

#include <algorithm>

namespace batten::frontend {

Value Elaborator::call(const CallExpr &expr, FunctionDecl &function, Instance *self) {
  std::vector<const CallArgument *> given;
  if (!checkCallee(expr, function) || !gatherArguments(expr, function, given))
    return Value();
  if (expr.tree) {
    Operand tree{eval(*expr.tree), expr.tree->range};
    if (tree.value.poisoned())
      return Value();
    TreeShape shape;
    shape.model = self ? self->model->item->name.name : "";
    if (self && !self->incomplete)
      collectLeaves(*self, "", shape);
    if (tree.value.kind != Value::Tree || !self || self->incomplete || !sameShape(tree.value.type.tree, &shape)) {
      bool typed = tree.value.kind == Value::Tree || tree.value.kind == Value::Tensor;
      context.error("E0215", tree.range, self ? "`; p` takes " + shape.model + ".params" : "only a model takes a tree")
          .label(typed ? "this is " + str(tree.value.type) : "");
      return Value();
    }
    self = withTree(self, tree.value);
  }
  std::vector<Operand> arguments;
  bool poisoned = false;
  for (const CallArgument *argument : given) {
    arguments.push_back({eval(*argument->value), argument->value->range});
    poisoned |= arguments.back().value.poisoned();
  }
  return poisoned ? Value() : callWith(expr, function, self, arguments, given);
}

static std::string describe(const FunctionItem &item, size_t i) {
  return "argument `" + item.parameters[i].name.name + "` of `" + item.name.name + "`";
}

/// Types, batch dims, generics and sizes of the arguments, in this order: each builds on all of the one before.
bool Elaborator::bindArguments(const CallExpr &expr, Binding &binding, std::vector<Operand> &arguments) {
  const std::vector<Type> &parameters = binding.function->parameters;
  const FunctionItem &item = *binding.function->item;
  for (size_t i = 0; i < arguments.size(); ++i)
    if (!fitArgument(parameters[i], arguments[i], describe(item, i)))
      return false;
  for (size_t i = 0; i < arguments.size(); ++i)
    if (!bindBatch(parameters[i], arguments[i], binding, describe(item, i)))
      return false;
  for (size_t i = 0; i < arguments.size(); ++i)
    bindSymbols(parameters[i], arguments[i], binding);
  for (size_t i = 0; i < arguments.size(); ++i)
    bindPolynomials(parameters[i], arguments[i], binding);
  if (!finishBinding(expr, binding) || !checkDivisions(expr, binding))
    return false;
  for (size_t i = 0; i < arguments.size(); ++i)
    if (!checkCores(parameters[i], arguments[i], binding, describe(item, i)))
      return false;
  return true;
}

/// The batch dims over which the call is lifted (R4), or E0205.
std::optional<BatchList> Elaborator::loopsOf(const CallExpr &expr, const Binding &binding,
                                             const std::vector<Operand> &arguments) {
  std::vector<BatchList> outer;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const BatchList &batch = arguments[i].value.type.batch;
    outer.emplace_back(batch.begin(), batch.end() - long(binding.function->parameters[i].batch.size()));
  }
  if (binding.self && binding.self->tree)
    outer.push_back(binding.self->treeBatch);
  size_t left = 0, right = 0;
  std::optional<BatchList> loops = combineBatch(outer, &left, &right);
  if (loops)
    return loops;
  Diagnostic &error =
      context.error("E0205", expr.callee->range,
                    "ambiguous broadcast of batch dims " + str(outer[left]) + " and " + str(outer[right]));
  for (size_t index : {left, right})
    if (index < arguments.size())
      error.secondary(arguments[index].range);
  error.label("`" + binding.function->item->name.name + "` is lifted over both: neither list contains the other")
      .help("no outer product is formed silently; `spread` one argument over the dims of both");
  return std::nullopt;
}

Value Elaborator::callWith(const CallExpr &expr, FunctionDecl &function, Instance *self,
                           std::vector<Operand> &arguments, const std::vector<const CallArgument *> &given) {
  const std::vector<Parameter> &parameters = function.item->parameters;
  Binding binding;
  binding.function = &function;
  binding.self = self;
  if (!bindArguments(expr, binding, arguments))
    return Value();
  std::optional<BatchList> loops = loopsOf(expr, binding, arguments);
  if (!loops)
    return Value();
  binding.loops = *loops;
  if (!requireBounded(expr, binding) || !checkConditions(function.conditions, binding, expr.range))
    return Value();
  for (size_t i = 0; i < arguments.size(); ++i)
    if (parameters[i].isInout && !checkInout(parameters[i], *given[i], arguments[i], binding))
      return Value();

  std::vector<Value> updated;
  std::vector<Value> results =
      checking ? applySignature(expr, binding, arguments, updated) : inlineCall(expr, binding, arguments, updated);
  size_t next = 0;
  for (size_t i = 0; i < arguments.size(); ++i)
    if (parameters[i].isInout && next < updated.size())
      if (const auto *name = dynCast<NameExpr>(*given[i]->value))
        if (Local *local = findLocal(name->name))
          update(*local, updated[next++], /*inPlace=*/true, expr.range);
  return results.size() == 1 ? results[0] : tupleOf(std::move(results));
}

/// A fresh value of a type, a tree's leaves included.
static Value shaped(const Type &type, const std::function<Value(const Type &)> &make) {
  if (type.poisoned)
    return Value();
  if (!type.tree)
    return make(type);
  Value tree;
  tree.kind = Value::Tree;
  tree.type = type;
  for (const Leaf &leaf : type.tree->leaves) {
    Type one = leaf.type;
    one.batch.insert(one.batch.begin(), type.batch.begin(), type.batch.end());
    tree.elements.push_back(make(one));
  }
  return tree;
}

//===- By the signature -------------------------------------------------------------------------------------------===//

std::vector<Value> Elaborator::applySignature(const CallExpr &expr, Binding &binding,
                                              const std::vector<Operand> &arguments, std::vector<Value> &updated) {
  FunctionDecl &function = *binding.function;
  Op op;
  op.name = "call";
  op.location = context.location(expr.range);
  for (const Operand &argument : arguments)
    appendIds(argument.value, op.operands);
  if (binding.self && binding.self->tree)
    for (const auto &[path, leaf] : *binding.self->tree)
      op.operands.push_back(leaf.id);
  auto make = [&](const Type &type) {
    Value value;
    value.kind = Value::Tensor;
    value.type = type;
    value.id = newValue(value, expr.range);
    op.results.push_back(value.id);
    return value;
  };
  std::vector<Value> results;
  for (const Type &declared : function.results) {
    Type type = boundType(declared, binding);
    if (!type.poisoned && !context.checkType(type, expr.range))
      type.poisoned = true;
    results.push_back(shaped(type, make));
  }
  for (size_t i = 0; i < arguments.size(); ++i)
    if (function.item->parameters[i].isInout)
      updated.push_back(shaped(arguments[i].value.type, make));
  append(std::move(op), expr.range);
  std::vector<MixPlace> mixes = function.mixes; // `mark` may add to the very function
  for (const MixPlace &mix : mixes)
    mark(callerEntity(*frame, binding, mix.dim), mix.range, valuesOver(*mix.dim, function, arguments));
  return results;
}

/// The arguments that bring `dim` of the callee along. Of any other the callee sees one position at a time, whatever
/// dims the call is lifted over.
std::vector<int> Elaborator::valuesOver(const DimEntity &dim, const FunctionDecl &function,
                                        const std::vector<Operand> &arguments) {
  std::vector<int> values;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Type &type = function.parameters[i];
    bool isBatch = std::find(type.batch.begin(), type.batch.end(), &dim) != type.batch.end();
    bool isCore = std::any_of(type.core.begin(), type.core.end(),
                              [&](const CoreDim &core) { return core.size.symbols().count(dim.symbol) != 0; });
    if (isBatch || isCore)
      appendIds(arguments[i].value, values);
  }
  return values;
}

//===- Inlined ----------------------------------------------------------------------------------------------------===//

/// An argument as the callee sees it: its first `outer` batch dims become loop dims. Runs in the callee's frame.
Value Elaborator::intoCallee(Frame &callee, const Value &value, size_t outer, const Type &type, SourceRange range) {
  Value inside = value;
  if (value.kind == Value::Tree) {
    inside.type.batch.clear();
    for (size_t i = 0; i < value.elements.size(); ++i)
      inside.elements[i] = intoCallee(callee, value.elements[i], outer, type.tree->leaves[i].type, range);
    return inside;
  }
  for (size_t i = 0; i < outer; ++i)
    inside.loop.push_back(axisIn(*callee.caller, value.type.batch[i]));
  inside.type = type;
  for (size_t i = 0; i < type.core.size(); ++i)
    inside.type.core[i].size = value.type.core[i].size;
  inside = renamed(value, inside, range);
  // A gradient is taken with respect to the parameter alone, also where the caller passes one value twice or one
  // computed from another: inside, each is a value of its own.
  if (callee.function->hasGrad) {
    Op op{"spread", {inside.id}, {newValue(inside, range)}, {}, context.location(range)};
    inside.id = op.results[0];
    append(std::move(op), range);
  }
  return inside;
}

/// A result as the caller sees it: all loop dims of the call in front. Runs in the callee's frame.
Value Elaborator::outOfCallee(Frame &callee, const Value &value, const Type &type, SourceRange range) {
  if (value.poisoned())
    return Value();
  Value outside = value;
  outside.type = type;
  if (value.kind == Value::Tree) {
    for (size_t i = 0; i < value.elements.size(); ++i) {
      Type leaf = type.tree->leaves[i].type;
      leaf.batch.insert(leaf.batch.begin(), type.batch.begin(), type.batch.end());
      outside.elements[i] = outOfCallee(callee, value.elements[i], leaf, range);
    }
    return outside;
  }
  for (size_t i = 0; i < type.core.size(); ++i)
    outside.type.core[i].size = value.type.core[i].size;
  size_t inherited = callee.caller->loops.size();
  Value whole = value;
  whole.loop.clear();
  for (size_t i = 0; i < callee.loops.size(); ++i) {
    bool has = std::find(value.loop.begin(), value.loop.end(), callee.loops[i]) != value.loop.end();
    if (has || i >= inherited)
      whole.loop.push_back(callee.loops[i]);
  }
  if (whole.loop.size() != value.loop.size()) {
    whole.id = newValue(whole, range);
    append({"spread", {value.id}, {whole.id}, {}, context.location(range)}, range);
  }
  outside.id = whole.id;
  outside.loop.clear();
  for (Axis *axis : whole.loop)
    if (std::find(callee.caller->loops.begin(), callee.caller->loops.end(), axis) != callee.caller->loops.end())
      outside.loop.push_back(axis);
  Frame *inner = frame;
  frame = callee.caller;
  outside = renamed(whole, outside, range);
  frame = inner;
  return outside;
}

/// A parameter tree of the callee's model, as its frame sees it.
void Elaborator::passTree(const CallExpr &expr, Frame &callee, Instance &self) {
  auto copy = std::make_unique<Instance>(self);
  copy->tree = std::make_shared<std::map<std::string, Value>>();
  copy->subs.clear();
  copy->treeBatch.clear();
  size_t outer = self.treeBatch.size();
  for (const auto &[path, leaf] : *self.tree) {
    Type type = leaf.type;
    type.batch.erase(type.batch.begin(), type.batch.begin() + long(outer));
    (*copy->tree)[path] = intoCallee(callee, leaf, outer, type, expr.range);
  }
  callee.self = copy.get();
  instancePool.push_back(std::move(copy));
}

void Elaborator::passArguments(FunctionDecl &function, Frame &callee, const std::vector<Operand> &arguments) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Parameter &node = function.item->parameters[i];
    const Type &type = function.parameters[i];
    const Value &value = arguments[i].value;
    size_t outer = value.type.batch.size() - type.batch.size();
    Local local;
    local.value = intoCallee(callee, value, outer, type, arguments[i].range);
    local.assignable = local.inout = node.isInout;
    if (node.isInout)
      local.declared = local.value.type;
    declareLocal(node.name, std::move(local));
  }
}

/// A frame for the call, which is then the current one.
Elaborator::Frame &Elaborator::enterCallee(const CallExpr &expr, Binding &binding) {
  FunctionDecl &function = *binding.function;
  Frame *caller = frame;
  begin(*function.module, function.model, &function);
  Frame &callee = *frame;
  callee.caller = caller;
  callee.binding = &binding;
  callee.self = binding.self;
  callee.sizes = binding.sizes;
  callee.call = expr.range;
  callee.loops = caller->loops;
  for (const DimEntity *dim : binding.loops)
    callee.loops.push_back(axisIn(*caller, dim));
  return callee;
}

std::vector<Value> Elaborator::inlineCall(const CallExpr &expr, Binding &binding, const std::vector<Operand> &arguments,
                                          std::vector<Value> &updated) {
  FunctionDecl &function = *binding.function;
  Frame *caller = frame;
  Frame &callee = enterCallee(expr, binding);
  if (binding.self && binding.self->tree)
    passTree(expr, callee, *binding.self);
  passArguments(function, callee, arguments);
  std::vector<Type> expected;
  for (const Type &type : function.results)
    expected.push_back(toHere(type));
  out.fast |= function.item->attribute("fast") != nullptr; // what calls it may give other numbers, too
  context.inlinedAt.push_back(expr.range);
  std::vector<Value> inside = runBlock(function.item->body, expected);
  context.inlinedAt.pop_back();

  frame = caller;
  std::vector<Type> types;
  for (const Type &type : function.results)
    types.push_back(boundType(type, binding));
  frame = &callee;
  std::vector<Value> results;
  for (size_t i = 0; i < inside.size(); ++i)
    results.push_back(outOfCallee(callee, inside[i], types[i], expr.range));
  for (size_t i = 0; i < arguments.size(); ++i)
    if (function.item->parameters[i].isInout)
      updated.push_back(outOfCallee(callee, findLocal(function.item->parameters[i].name.name)->value,
                                    arguments[i].value.type, expr.range));
  frame = caller;
  callee.binding = nullptr; // it lives on the stack
  callee.axes.clear();
  return results;
}

//===- Chains -----------------------------------------------------------------------------------------------------===//

/// `blocks(x)`: one after another, for which `apply` must return its argument's type.
Value Elaborator::callChain(const CallExpr &expr, const Value &sub) {
  ModelDecl &model = *sub.instance->model;
  context.prepare(model);
  FunctionDecl *apply = model.function("apply");
  std::string name = context.text(expr.callee->range);
  if (!apply || apply->parameters.size() != 1 || expr.arguments.size() != 1 || expr.arguments[0].name || expr.tree) {
    std::string sentence = "calling the sub array `" + name + "` chains its elements, one argument through all";
    (apply ? context.error("E0102", expr.range, sentence) : context.notFound("E0102", expr.range, "apply", sentence))
        .label(!apply ? "`" + model.item->name.name + "` has no `apply`" : "")
        .help("to reach each: `for b in " + name + " { x = b(x) }`");
    return Value();
  }
  if (!checkCallee(expr, *apply))
    return Value();
  std::vector<const CallArgument *> given = {&expr.arguments[0]};
  std::vector<Operand> argument = {{eval(*expr.arguments[0].value), expr.arguments[0].value->range}};
  std::vector<Instance *> instances = sub.instances;
  if (checking || instances.empty())
    instances = {sub.instance};
  for (Instance *instance : instances) {
    if (argument[0].value.poisoned())
      return Value();
    argument[0].value = tensor(argument[0].value, apply->parameters[0].dtype, argument[0].range);
    Type before = argument[0].value.type;
    Value after = callWith(expr, *apply, instance, argument, given);
    if (after.poisoned())
      return Value();
    if (after.kind != Value::Tensor || !sameType(after.type, before)) {
      context
          .error("E0215", expr.range,
                 "`" + name + "` chains its elements, for which `apply` must return its argument's type")
          .label(str(before) + " becomes " + (after.kind == Value::Tensor ? str(after.type) : "something else"))
          .note("`apply` is declared at " + context.at(apply->item->name.range));
      return Value();
    }
    argument[0].value = after;
  }
  return argument[0].value;
}

} // namespace batten::frontend
