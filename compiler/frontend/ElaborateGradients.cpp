// ElaborateGradients.cpp - `grad E wrt W [with seed]` (R10).
//
// The result has W's dtype and core and the batch dims of E and W together. That makes sense only while samples stay
// apart on the way from W to E: where a batch dim that E still has was mixed, it is E0401. The way is found in the ops
// emitted so far; a call brings along the mixes of its callee.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Elaborate.h"

#include <algorithm>

namespace batten::frontend {

static std::string describe(const Value &value) { return value.kind == Value::Tensor ? str(value.type) : "no tensor"; }

bool Elaborator::checkMixing(const GradExpr &expr, const Value &value, const Value &wrt) {
  if (!checking || value.type.batch.empty())
    return true;
  std::vector<bool> fromWrt(out.values.size()), toValue(out.values.size());
  std::vector<int> sources;
  appendIds(wrt, sources);
  for (int id : sources)
    fromWrt[size_t(id)] = true;
  toValue[size_t(value.id)] = true;
  auto any = [](const std::vector<int> &ids, const std::vector<bool> &set) {
    return std::any_of(ids.begin(), ids.end(), [&](int id) { return set[size_t(id)]; });
  };
  for (const Op &op : out.ops)
    if (any(op.operands, fromWrt))
      for (int result : op.results)
        fromWrt[size_t(result)] = true;
  const MixPlace *found = nullptr;
  for (size_t i = out.ops.size(); i-- > 0;) {
    const Op &op = out.ops[i];
    if (!any(op.results, toValue))
      continue;
    for (int operand : op.operands)
      toValue[size_t(operand)] = true;
    if (!any(op.operands, fromWrt))
      continue;
    for (const MixPlace &mix : opMixes[i])
      if (std::find(value.type.batch.begin(), value.type.batch.end(), mix.dim) != value.type.batch.end() &&
          any(mix.through.value_or(op.operands), fromWrt))
        found = &mix;
  }
  if (!found)
    return true;
  std::string text = context.text(expr.value->range);
  context.error("E0401", expr.range, "per-sample gradient through an op that mixes samples")
      .label("`" + text + "` is " + str(value.type) + ", so this asks for one gradient per sample")
      .note("samples mix at " + context.at(found->range) + ", `" + context.text(found->range) +
                "`; for the ordinary gradient take `mean(" + text + " over batch " + found->dim->name + ")` first",
            found->range);
  return false;
}

/// The type of the gradient with respect to one tensor.
std::optional<Type> Elaborator::gradientType(const GradExpr &expr, const Operand &value, const Value &wrt) {
  if (!isFloat(wrt.type.dtype)) {
    context.error("E0402", expr.range, "gradient with respect to an integer")
        .label("`" + context.text(expr.wrt->range) + "` is " + str(wrt.type))
        .help("only floats have gradients");
    return std::nullopt;
  }
  Operand w{wrt, expr.wrt->range};
  std::optional<BatchList> batch = combine("grad", expr.range, {&value, &w}, false);
  if (!batch)
    return std::nullopt;
  Type type = wrt.type;
  type.batch = *batch;
  return type;
}

/// One float tensor; without a seed a scalar for each sample.
bool Elaborator::checkDifferentiated(const GradExpr &expr, const Operand &value) {
  if (value.value.kind != Value::Tensor) {
    context.error("E0215", value.range, "`grad` takes one tensor to differentiate");
    return false;
  }
  const Type &type = value.value.type;
  std::string text = context.text(expr.value->range);
  if (!isFloat(type.dtype)) {
    context.error("E0402", expr.range, "gradient of an integer")
        .label("`" + text + "` is " + str(type))
        .help("only floats have gradients; cast first");
    return false;
  }
  if (expr.seed || type.core.empty())
    return true;
  context.error("E0403", expr.range, "the gradient of a value with core dims needs a seed")
      .label("`" + text + "` is " + str(type))
      .help("reduce it, `grad (sum(" + text + " over core)) wrt " + context.text(expr.wrt->range) +
            "`; or add `with seed`");
  return false;
}

/// Gives the seed the type of what is differentiated, or E0403.
bool Elaborator::fitSeed(Operand &seed, const Type &type) {
  seed.value = tensor(seed.value, type.dtype, seed.range);
  if (seed.value.poisoned())
    return false;
  if (seed.value.kind == Value::Tensor && sameType(seed.value.type, type))
    return true;
  context.error("E0403", seed.range, "a seed has the type of what is differentiated, " + str(type))
      .label("this is " + describe(seed.value));
  return false;
}

/// The tensors of what stands behind `wrt`, or nothing where it is something else.
static std::optional<std::vector<Value>> tensorsOf(const Value &wrt) {
  if (wrt.kind == Value::Tensor)
    return std::vector<Value>{wrt};
  if (wrt.kind != Value::Tree && wrt.kind != Value::Tuple)
    return std::nullopt;
  bool all = std::all_of(wrt.elements.begin(), wrt.elements.end(),
                         [](const Value &element) { return element.kind == Value::Tensor; });
  return all ? std::optional(wrt.elements) : std::nullopt;
}

Value Elaborator::evalGrad(const GradExpr &expr) {
  if (frame->function)
    frame->function->hasGrad = true;
  Operand value{eval(*expr.value), expr.value->range}, wrt{eval(*expr.wrt), expr.wrt->range};
  Operand seed{Value(), expr.range};
  if (expr.seed)
    seed = {eval(*expr.seed), expr.seed->range};
  if (value.value.poisoned() || wrt.value.poisoned() || (expr.seed && seed.value.poisoned()))
    return Value();
  if (!checkDifferentiated(expr, value) || (expr.seed && !fitSeed(seed, value.value.type)))
    return Value();
  std::optional<std::vector<Value>> targets = tensorsOf(wrt.value);
  if (!targets) {
    Diagnostic &error =
        context.error("E0215", wrt.range, "`wrt` takes a tensor, a tuple of tensors or a parameter tree");
    if (wrt.value.kind == Value::List)
      error.help("numbers in brackets have a type once one is written: `let w: f32[| 2] = [1.0, 2.0]`");
    return Value();
  }
  if (targets->empty()) // a tree without leaves
    return wrt.value;
  std::vector<Type> types;
  std::vector<const Value *> operands = {&value.value};
  for (const Value &target : *targets) {
    std::optional<Type> type = gradientType(expr, value, target);
    if (!type)
      return Value();
    types.push_back(*type);
    operands.push_back(&target);
  }
  if (!checkMixing(expr, value.value, wrt.value))
    return Value();
  if (expr.seed)
    operands.push_back(&seed.value);
  std::vector<Value> results = emitMany(expr.range, "grad", operands, types, {{"seeded", expr.seed != nullptr}});
  if (wrt.value.kind == Value::Tensor)
    return results[0];
  Value grouped = wrt.value;
  grouped.elements = std::move(results);
  if (wrt.value.kind == Value::Tree) {
    std::optional<BatchList> batch = combineBatch({value.value.type.batch, wrt.value.type.batch});
    grouped.type.batch = batch.value_or(BatchList());
  }
  return grouped;
}

} // namespace batten::frontend
