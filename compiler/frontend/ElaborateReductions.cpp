// ElaborateReductions.cpp - reductions over core and batch dims, softmax, norms (R8).
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Elaborate.h"

#include <algorithm>
#include <set>

namespace batten::frontend {

//===- `over` -----------------------------------------------------------------------------------------------------===//

/// Without `over`: the core has rank 1.
std::optional<std::vector<int64_t>> Elaborator::impliedAxis(OpCall &call, const Operand &operand, bool single) {
  const Type &type = operand.value.type;
  std::string op = call.op->name, text = context.text(operand.range);
  if (type.core.size() == 1)
    return std::vector<int64_t>{0};
  if (type.core.empty()) {
    bool batched = !type.batch.empty();
    Diagnostic &error = context.error("E0213", operand.range, "`" + op + "` has nothing to reduce right of the bar")
                            .secondary(call.name)
                            .label("this is " + str(type) + (batched ? ": one number per sample" : ": one number"));
    if (batched && call.op->takesOverBatch)
      error.help((op == "mean"  ? "to average over the batch write `"
                  : op == "sum" ? "to sum over the batch write `"
                                : "to reduce the batch write `") +
                 op + "(... over batch " + type.batch.back()->name + ")`; PyTorch's implicit " + op +
                 " does not exist here");
    return std::nullopt;
  }
  Diagnostic &error =
      context
          .error("E0210", operand.range,
                 "`" + op + "` over a core of rank " + std::to_string(type.core.size()) + " needs `over`")
          .label(str(type));
  if (type.core.size() == 2) {
    std::string rows = str(type.core[1]), columns = str(type.core[0]);
    bool named = type.core[1].entity && rows != columns, namedColumns = type.core[0].entity && rows != columns;
    error.help("there is no default axis; rows: `" + op + "(" + text + " over " + (named ? rows : "last") + ")`" +
               (namedColumns ? ", columns: `" + op + "(" + text + " over " + columns + ")`" : ""));
  } else {
    error.help("there is no default axis; say `over last`, name a dim" +
               std::string(single ? "" : ", or say `over core`"));
  }
  return std::nullopt;
}

/// The error of a name after `over` that is no core dim of the operand: it may be a batch dim of it.
void Elaborator::notInCore(OpCall &call, const Operand &operand, const Identifier &name, const DimEntity &dim) {
  const Type &type = operand.value.type;
  if (std::find(type.batch.begin(), type.batch.end(), &dim) == type.batch.end()) {
    context.error("E0215", name.range, "no core dim of " + str(type, true) + " has the size of `" + name.name + "`")
        .secondary(operand.range)
        .label("`" + str(CoreDim{sizeOf(dim), name.name, &dim}, true) + "`");
    return;
  }
  std::string op = call.op->name, does = op == "mean" ? "averages" : op == "sum" ? "sums" : "reduces";
  Diagnostic &error =
      context.error("E0203", name.range, "reducing over batch dim `" + name.name + "` must say `over batch`")
          .label("`" + name.name + "` is left of the bar in " + str(type));
  if (call.op->takesOverBatch)
    error.help("this " + does + " across samples; if that is intended write `over batch " + name.name + "`");
  else
    error.help("`" + op + "` works within a sample; move the dim right of the bar with `rearrange`");
}

/// The core dims that `name` may mean: those of its size, of which as many must be named as there are.
std::optional<std::vector<int64_t>> Elaborator::axesOf(OpCall &call, const Operand &operand, const Identifier &name) {
  const Type &type = operand.value.type;
  DimScope scope = scopeHere(false);
  const DimEntity *dim = context.findDim(name.name, name.range, scope);
  if (!dim || dim->poisoned)
    return std::nullopt;
  auto hasThisSize = [&](const Dim &size) { return facts.equal(size, sizeOf(*dim)) == Truth::True; };
  std::vector<int64_t> candidates;
  for (size_t i = 0; i < type.core.size(); ++i)
    if (hasThisSize(type.core[i].size))
      candidates.push_back(int64_t(i));
  size_t named = 0;
  for (const Identifier &other : call.over->names)
    if (const DimEntity *found = scope.lookup(other.name))
      named += hasThisSize(sizeOf(*found));
  if (candidates.empty())
    notInCore(call, operand, name, *dim);
  else if (candidates.size() > named)
    context
        .error("E0210", name.range,
               "`over " + name.name + "` fits " + std::to_string(candidates.size()) + " core dims of " +
                   str(type, true))
        .help("core dims are found by size; say `over last`, `over core` or, to reduce the other alone, move this one "
              "left of the bar with `rearrange`");
  else if (candidates.size() < named)
    context.error("E0215", call.over->range,
                  std::to_string(named) + " core dims of the size of `" + name.name + "` are named, and " +
                      str(type, true) + " has " + std::to_string(candidates.size()));
  else
    return candidates;
  return std::nullopt;
}

/// `over H, W`: core dims of these values (R3), ascending.
std::optional<std::vector<int64_t>> Elaborator::namedAxes(OpCall &call, const Operand &operand) {
  std::set<int64_t> axes;
  for (const Identifier &name : call.over->names) {
    std::optional<std::vector<int64_t>> found = axesOf(call, operand, name);
    if (!found)
      return std::nullopt;
    axes.insert(found->begin(), found->end());
  }
  return std::vector<int64_t>(axes.begin(), axes.end());
}

/// Positions of the core dims to reduce, ascending.
std::optional<std::vector<int64_t>> Elaborator::coreAxes(OpCall &call, const Operand &operand, bool single) {
  const Type &type = operand.value.type;
  if (!call.over)
    return impliedAxis(call, operand, single);
  int64_t rank = int64_t(type.core.size());
  std::optional<std::vector<int64_t>> axes;
  switch (call.over->kind) {
  case OverAxes::Kind::Batch:
    context.error("E0215", call.over->range, std::string("`") + call.op->name + "` does not take `over batch`")
        .help("only sum, mean, max, min, var, any and all mix samples");
    return std::nullopt;
  case OverAxes::Kind::Names:
    axes = namedAxes(call, operand);
    break;
  case OverAxes::Kind::Last:
  case OverAxes::Kind::Core: {
    int64_t count = call.over->kind == OverAxes::Kind::Core ? rank : call.over->count;
    if (rank == 0)
      return impliedAxis(call, operand, single);
    if (count < 1 || count > rank) {
      context
          .error("E0219", call.over->range,
                 "`over last " + std::to_string(count) + "` of a core of rank " + std::to_string(rank))
          .secondary(operand.range)
          .label(str(type));
      return std::nullopt;
    }
    axes.emplace();
    for (int64_t axis = rank - count; axis < rank; ++axis)
      axes->push_back(axis);
    break;
  }
  }
  if (axes && single && axes->size() != 1) {
    context.error("E0215", call.over->range, std::string("`") + call.op->name + "` runs along one core dim")
        .help("join dims first with `rearrange` or `flatten`");
    return std::nullopt;
  }
  return axes;
}

//===- Reductions -------------------------------------------------------------------------------------------------===//

Value Elaborator::opReduce(OpCall &call) {
  std::string op = call.op->name;
  Operand &x = call.operands[0];
  x.value = tensor(x.value, std::nullopt, x.range);
  if (!isTensor(op, call.name, x))
    return Value();
  Type type = x.value.type;
  DType dtype = type.dtype;
  bool logical = op == "any" || op == "all";
  if (logical && dtype != DType::Bool) {
    wrongDType(op, call.name, x, "bool").help("compare: `" + context.text(x.range) + " != 0`");
    return Value();
  }
  if ((op == "mean" || op == "var") && !requireFloat(op, call.name, x))
    return Value();
  if ((op == "max" || op == "min") && dtype == DType::Bool) {
    wrongDType(op, call.name, x, "numbers").help(op == "max" ? "of bool it is `any`" : "of bool it is `all`");
    return Value();
  }
  if (op == "sum")
    type.dtype = accumulated(dtype);
  Attributes attributes = {{"kind", op}};
  if (op == "var" && call.options.count("correction")) {
    const Expr &value = *call.options["correction"]->value;
    std::optional<Dim> correction = evalDimExpr(value, scopeHere(false));
    if (!correction)
      return Value();
    if (!correction->isConstant(0) && !correction->isConstant(1)) {
      context.error("E0219", value.range, "`correction` is 0 or 1");
      return Value();
    }
    attributes.push_back({"correction", *correction->constantValue()});
  }
  Accumulation how{std::nullopt, type.dtype};
  if (op == "sum" || op == "mean" || op == "var")
    how = accumulation(&call, call.name, dtype, type.dtype);
  if (op != "sum" && how.result != dtype && !how.wide)
    how.wide = how.result;
  if (call.over && call.over->kind == OverAxes::Kind::Batch)
    return reduceBatch(call, x, type, attributes, how);
  std::optional<std::vector<int64_t>> axes = coreAxes(call, x, false);
  if (!axes)
    return Value();
  for (size_t i = axes->size(); i-- > 0;)
    type.core.erase(type.core.begin() + (*axes)[i]);
  attributes.push_back({"dims", *axes});
  return accumulate(call.expr->range, "reduce", {&x.value}, type, attributes, how);
}

Value Elaborator::reduceBatch(OpCall &call, const Operand &operand, Type type, Attributes attributes,
                              const Accumulation &how) {
  DimScope scope = scopeHere(false);
  BatchList reduced;
  for (const Identifier &name : call.over->names) {
    const DimEntity *dim = context.findDim(name.name, name.range, scope);
    if (!dim || dim->poisoned)
      return Value();
    auto found = std::find(type.batch.begin(), type.batch.end(), dim);
    if (found == type.batch.end()) {
      bool again = std::find(reduced.begin(), reduced.end(), dim) != reduced.end();
      Diagnostic &error = context.error("E0215", name.range,
                                        again ? "`" + name.name + "` stands twice after `over batch`"
                                              : "`" + name.name + "` is no batch dim of " + str(operand.value.type));
      if (!again)
        error.secondary(operand.range);
      return Value();
    }
    type.batch.erase(found);
    reduced.push_back(dim);
  }
  // In the operand's order, whatever order they were written in.
  std::vector<std::string> names;
  for (const DimEntity *dim : operand.value.type.batch)
    if (std::find(reduced.begin(), reduced.end(), dim) != reduced.end())
      names.push_back(checking ? dim->symbol : axisIn(*frame, dim)->name);
  attributes.push_back({"dims", names});
  Value result = accumulate(call.expr->range, "reduce_batch", {&operand.value}, type, attributes, how);
  for (const DimEntity *dim : reduced)
    mark(dim, call.expr->range);
  return result;
}

//===- Along one dim ----------------------------------------------------------------------------------------------===//

Value Elaborator::opSoftmax(OpCall &call) {
  Operand &x = call.operands[0];
  if (!meet(call.op->name, call.name, {&x}) || !allTensors(call) || !requireFloat(call.op->name, call.name, x))
    return Value();
  std::optional<std::vector<int64_t>> axes = coreAxes(call, x, true);
  if (!axes)
    return Value();
  return emit(call.expr->range, call.op->name, {&x.value}, x.value.type, {{"dim", (*axes)[0]}});
}

Value Elaborator::opArgmax(OpCall &call) {
  Operand &x = call.operands[0];
  if (!meet(call.op->name, call.name, {&x}) || !allTensors(call))
    return Value();
  if (x.value.type.dtype == DType::Bool) {
    wrongDType("argmax", call.name, x, "numbers");
    return Value();
  }
  std::optional<std::vector<int64_t>> axes = coreAxes(call, x, true);
  if (!axes)
    return Value();
  Type type = x.value.type;
  type.dtype = DType::I32;
  type.core.erase(type.core.begin() + (*axes)[0]);
  return emit(call.expr->range, "argmax", {&x.value}, type, {{"dim", (*axes)[0]}});
}

Value Elaborator::opTopk(OpCall &call) {
  Operand &x = call.operands[0];
  if (!meet(call.op->name, call.name, {&x}) || !allTensors(call))
    return Value();
  if (x.value.type.dtype == DType::Bool) {
    wrongDType("topk", call.name, x, "numbers");
    return Value();
  }
  std::optional<std::vector<int64_t>> axes = coreAxes(call, x, true);
  const Expr &option = *call.options["k"]->value;
  std::optional<Dim> k = evalDimExpr(option, scopeHere(true));
  if (!axes || !k)
    return Value();
  Type values = x.value.type;
  CoreDim &dim = values.core[(*axes)[0]];
  if (facts.holds(Dim::constant(1), DimRelation::Le, *k) == Truth::False ||
      facts.lessEqual(*k, dim.size) == Truth::False) {
    context.error("E0219", option.range, "`k` is " + str(*k) + ", and there are " + str(dim, true) + " to choose from");
    return Value();
  }
  if (facts.lessEqual(*k, dim.size) == Truth::Maybe && !facts.dependsOnTurn(*k)) {
    context.error("E0216", option.range, "cannot prove that " + str(*k) + " is at most " + str(dim))
        .help(adviceForCondition(str(*k) + " <= " + str(dim)));
    return Value();
  }
  dim = {*k, context.text(option.range), nullptr};
  Type indices = values;
  indices.dtype = DType::I32;
  return tupleOf(emitMany(call.expr->range, "topk", {&x.value}, {values, indices}, {{"dim", (*axes)[0]}}));
}

Value Elaborator::opCumsum(OpCall &call) {
  Operand &x = call.operands[0];
  if (!meet(call.op->name, call.name, {&x}) || !allTensors(call))
    return Value();
  std::optional<std::vector<int64_t>> axes = coreAxes(call, x, true);
  if (!axes)
    return Value();
  Type type = x.value.type;
  type.dtype = accumulated(type.dtype);
  return emit(call.expr->range, "cumsum", {&x.value}, type, {{"dim", (*axes)[0]}});
}

/// layer_norm and rms_norm: vectors of one size.
Value Elaborator::opNorm(OpCall &call) {
  std::string op = call.op->name;
  std::vector<Operand *> all;
  std::vector<const Operand *> operands;
  std::vector<const Value *> values;
  for (Operand &operand : call.operands)
    all.push_back(&operand);
  if (!meet(op, call.name, all) || !allTensors(call))
    return Value();
  for (size_t i = 0; i < all.size(); ++i) {
    if (!coreRank(call, i, 1))
      return Value();
    operands.push_back(all[i]);
    values.push_back(&all[i]->value);
  }
  if (!requireFloat(op, call.name, *all[0]))
    return Value();
  std::optional<Type> type = elementwise(op, call.name, operands, false);
  if (!type)
    return Value();
  type->core = all[0]->value.type.core;
  std::optional<double> eps = numberOption(call, "eps");
  if (call.options.count("eps") && !eps)
    return Value();
  return emit(call.expr->range, op, values, *type, {{"eps", eps.value_or(op == "layer_norm" ? 1e-5 : 1e-6)}});
}

} // namespace batten::frontend
