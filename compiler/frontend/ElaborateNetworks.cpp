// ElaborateNetworks.cpp - options of networks' ops, gather and state, attention, losses.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Elaborate.h"

#include <algorithm>

namespace batten::frontend {

//===- Options ----------------------------------------------------------------------------------------------------===//

/// An integer option, at least `least`; `options` holds its default.
bool Elaborator::sizeOption(OpCall &call, const char *name, int64_t least, std::map<std::string, Dim> &options) {
  if (!call.options.count(name))
    return true;
  const Expr &value = *call.options[name]->value;
  std::optional<Dim> given = evalDimExpr(value, scopeHere(true));
  if (!given)
    return false;
  if (facts.holds(Dim::constant(least), DimRelation::Le, *given) == Truth::False) {
    context.error("E0219", value.range,
                  std::string("`") + name + "` is " + str(*given) + ", at least " + std::to_string(least) +
                      " is needed");
    return false;
  }
  if (!checking && !constantOf(*given, value.range, std::string("`") + name + "`"))
    return false;
  options[name] = *given;
  return true;
}

std::optional<double> Elaborator::numberOption(OpCall &call, const char *name) {
  if (!call.options.count(name))
    return std::nullopt;
  const Expr &expr = *call.options[name]->value;
  Value value = eval(expr);
  if (value.kind == Value::Number) {
    std::optional<int64_t> whole = value.number.integer.constantValue();
    if (value.number.real ? value.number.known : whole.has_value())
      return value.number.real ? value.number.value : double(*whole);
    if (checking)
      return 1.0; // it has a value once generics are bound
  }
  if (!value.poisoned())
    context.error("E0219", expr.range, std::string("`") + name + "` is a number that is known while compiling");
  return std::nullopt;
}

std::optional<bool> Elaborator::boolOption(OpCall &call, const char *name) {
  if (!call.options.count(name))
    return false;
  const Expr &expr = *call.options[name]->value;
  if (const auto *flag = dynCast<BoolExpr>(expr))
    return flag->value;
  context.error("E0219", expr.range, std::string("`") + name + "` takes true or false");
  return std::nullopt;
}

Elaborator::Attributes Elaborator::optionAttributes(OpCall &call, const std::map<std::string, Dim> &options) {
  Attributes attributes;
  for (const char *name : call.op->options)
    if (auto option = options.find(name); option != options.end())
      attributes.push_back({name, option->second.constantValue().value_or(0)});
  return attributes;
}

/// False where `divisor` certainly leaves a rest of `size`; where only the call knows, it is asked at entry.
bool Elaborator::isMultiple(const Dim &size, const Dim &divisor, SourceRange range) {
  Dim rest = Dim::modulo(size, divisor);
  Truth even = facts.equal(rest, Dim());
  if (even == Truth::Maybe && !checking && !facts.dependsOnTurn(rest))
    guard({rest, Dim(), DimRelation::Eq, range});
  return even != Truth::False;
}

//===- Gather and state -------------------------------------------------------------------------------------------===//

Value Elaborator::opEmbed(OpCall &call) {
  Operand &table = call.operands[0], &id = call.operands[1];
  takeBrackets({&table});
  id.value = tensor(id.value, DType::I32, id.range);
  if (!allTensors(call) || !coreRank(call, 0, 2) || !coreRank(call, 1, 0))
    return Value();
  if (!isInteger(id.value.type.dtype)) {
    wrongDType("embed", call.name, id, "integers as ids");
    return Value();
  }
  std::optional<BatchList> batch = combine("embed", call.name, {&table, &id}, false);
  if (!batch)
    return Value();
  Type type = table.value.type;
  type.batch = *batch;
  type.core = {table.value.type.core[1]};
  return emit(call.expr->range, "embed", {&table.value, &id.value}, type);
}

Value Elaborator::opUpdate(OpCall &call) {
  Operand &c = call.operands[0], &row = call.operands[1];
  const Expr &option = *call.options["at"]->value;
  Operand at{tensor(eval(option), DType::I32, option.range), option.range};
  takeBrackets({&c, &row});
  if (!allTensors(call) || !isTensor("update", call.name, at) || !coreRank(call, 0, 2) || !coreRank(call, 1, 1) ||
      !meet("update", call.name, {&c, &row}))
    return Value();
  if (!isInteger(at.value.type.dtype) || !at.value.type.core.empty()) {
    context.error(at.value.type.core.empty() ? "E0303" : "E0215", at.range,
                  "`at` is one integer a position, found " + str(at.value.type));
    return Value();
  }
  if (!equalDims(call, c, c.value.type.core[1], row, row.value.type.core[0], "a row of "))
    return Value();
  std::optional<BatchList> batch = combine("update", call.name, {&c, &row, &at}, false);
  if (!batch)
    return Value();
  Type type = c.value.type;
  type.batch = *batch;
  return emit(call.expr->range, "update", {&c.value, &row.value, &at.value}, type);
}

Value Elaborator::opRope(OpCall &call) {
  Operand &x = call.operands[0];
  const Expr &option = *call.options["at"]->value;
  Operand at{tensor(eval(option), DType::I32, option.range), option.range};
  std::optional<bool> interleaved = boolOption(call, "interleaved");
  std::optional<double> base = numberOption(call, "base");
  takeBrackets({&x});
  if (!allTensors(call) || !isTensor("rope", call.name, at) || !interleaved || (call.options.count("base") && !base) ||
      !coreRank(call, 0, 1) || !requireFloat("rope", call.name, x))
    return Value();
  if (!isInteger(at.value.type.dtype) || !at.value.type.core.empty()) {
    context.error(at.value.type.core.empty() ? "E0303" : "E0215", at.range,
                  "`at` is one integer a position, found " + str(at.value.type));
    return Value();
  }
  const CoreDim &width = x.value.type.core[0];
  if (!isMultiple(width.size, Dim::constant(2), x.range)) {
    context.error("E0219", x.range, "`rope` rotates pairs, and " + str(width, true) + " is odd")
        .label(str(x.value.type));
    return Value();
  }
  std::optional<BatchList> batch = combine("rope", call.name, {&x, &at}, false);
  if (!batch)
    return Value();
  Type type = x.value.type;
  type.batch = *batch;
  return emit(call.expr->range, "rope", {&x.value, &at.value}, type,
              {{"base", base.value_or(10000.0)}, {"interleaved", *interleaved}});
}

//===- Attention --------------------------------------------------------------------------------------------------===//

/// `mask:` or `len:` of `attention`, whose queries and keys are so many.
std::optional<Operand> Elaborator::attentionOption(OpCall &call, const char *name, const CoreDim &queries,
                                                   const CoreDim &keys) {
  bool isMask = std::string(name) == "mask";
  const Expr &expr = *call.options[name]->value;
  Operand operand{tensor(eval(expr), DType::I32, expr.range), expr.range};
  if (!isTensor("attention", call.name, operand))
    return std::nullopt;
  const Type &type = operand.value.type;
  bool dtypeFits = type.dtype == (isMask ? DType::Bool : DType::I32);
  if (!dtypeFits || type.core.size() != (isMask ? 2 : 0)) {
    context
        .error(dtypeFits ? "E0215" : "E0303", operand.range,
               isMask ? "`mask` is bool of core (t, s), true where a key may be seen"
                      : "`len` is i32 of an empty core: the number of keys of a sample")
        .label("this is " + str(type));
    return std::nullopt;
  }
  for (size_t i = 0; isMask && i < 2; ++i) {
    auto report = [&] {
      context.error("E0215", operand.range,
                    "`mask` is (t, s) = (" + str(queries, true) + ", " + str(keys, true) + "), found " +
                        str(type, true));
    };
    if (!requireEqual(i == 0 ? queries : keys, type.core[i], operand.range, report))
      return std::nullopt;
  }
  return operand;
}

Value Elaborator::opAttention(OpCall &call) {
  Operand &q = call.operands[0], &k = call.operands[1], &v = call.operands[2];
  std::optional<bool> causal = boolOption(call, "causal");
  std::optional<double> scale = numberOption(call, "scale");
  if (!causal || (call.options.count("scale") && !scale) || !meet("attention", call.name, {&q, &k, &v}) ||
      !allTensors(call) || !coreRank(call, 0, 2) || !coreRank(call, 1, 2) || !coreRank(call, 2, 2) ||
      !requireFloat("attention", call.name, q))
    return Value();
  const std::vector<CoreDim> &qc = q.value.type.core, &kc = k.value.type.core, &vc = v.value.type.core;
  if (!requireEqual(qc[1], kc[1], call.name,
                    [&] { contractionMismatch("attention", call.name, q, k, qc[1], kc[1], 1); }) ||
      !requireEqual(kc[0], vc[0], call.name,
                    [&] { contractionMismatch("attention", call.name, k, v, kc[0], vc[0], 0); }))
    return Value();
  Truth causalFits = *causal ? facts.lessEqual(qc[0].size, kc[0].size) : Truth::True;
  if (causalFits == Truth::False) {
    context.error("E0219", call.name,
                  "`causal` aligns the last query with the last key, but there are " + str(qc[0], true) +
                      " queries and " + str(kc[0], true) + " keys");
    return Value();
  }
  if (causalFits == Truth::Maybe && !checking)
    guard({qc[0].size, kc[0].size, DimRelation::Le, call.name});
  std::vector<Operand> all = {q, k, v};
  std::vector<std::string> present;
  for (const char *name : {"mask", "len"}) {
    if (!call.options.count(name))
      continue;
    std::optional<Operand> operand = attentionOption(call, name, qc[0], kc[0]);
    if (!operand)
      return Value();
    all.push_back(std::move(*operand));
    present.push_back(name);
  }
  std::vector<const Operand *> operands;
  std::vector<const Value *> values;
  for (const Operand &operand : all) {
    operands.push_back(&operand);
    values.push_back(&operand.value);
  }
  std::optional<BatchList> batch = combine("attention", call.name, operands, false);
  if (!batch)
    return Value();
  Type type = q.value.type;
  type.batch = *batch;
  type.core = {qc[0], vc[1]};
  Attributes attributes = {{"causal", *causal}, {"optional", present}};
  if (scale)
    attributes.push_back({"scale", *scale});
  return emit(call.expr->range, "attention", values, type, attributes);
}

//===- Losses -----------------------------------------------------------------------------------------------------===//

Value Elaborator::opCrossEntropy(OpCall &call) {
  Operand &logits = call.operands[0], &y = call.operands[1];
  takeBrackets({&logits});
  y.value = tensor(y.value, DType::I32, y.range);
  if (!allTensors(call) || !coreRank(call, 0, 1) || !coreRank(call, 1, 0) ||
      !requireFloat("cross_entropy", call.name, logits))
    return Value();
  if (!isInteger(y.value.type.dtype)) {
    wrongDType("cross_entropy", call.name, y, "class numbers (integers) as `y`");
    return Value();
  }
  std::optional<BatchList> batch = combine("cross_entropy", call.name, {&logits, &y}, false);
  if (!batch)
    return Value();
  Type type = logits.value.type;
  type.batch = *batch;
  type.core.clear();
  return emit(call.expr->range, "cross_entropy", {&logits.value, &y.value}, type);
}

Value Elaborator::opMse(OpCall &call) {
  Operand &a = call.operands[0], &b = call.operands[1];
  if (!meet("mse", call.name, {&a, &b}) || !allTensors(call) || !coreRank(call, 0, 1) || !coreRank(call, 1, 1) ||
      !requireFloat("mse", call.name, a))
    return Value();
  std::optional<Type> type = elementwise("mse", call.name, {&a, &b}, false);
  if (!type)
    return Value();
  type->core.clear();
  return emit(call.expr->range, "mse", {&a.value, &b.value}, *type);
}

Value Elaborator::opBce(OpCall &call) {
  Operand &l = call.operands[0], &y = call.operands[1];
  if (!meet("bce", call.name, {&l, &y}) || !allTensors(call) || !coreRank(call, 0, 0) || !coreRank(call, 1, 0) ||
      !requireFloat("bce", call.name, l))
    return Value();
  std::optional<Type> type = elementwise("bce", call.name, {&l, &y}, false);
  return type ? emit(call.expr->range, "bce", {&l.value, &y.value}, *type) : Value();
}

} // namespace batten::frontend
