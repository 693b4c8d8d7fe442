// ElaborateFills.cpp - zeros and fill, brackets, iota: values that are made of single numbers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Elaborate.h"

namespace batten::frontend {

Value Elaborator::evalFill(const FillExpr &expr) {
  Type type = context.resolveType(expr.type, *frame->module, scopeHere(true));
  std::optional<Operand> value;
  if (expr.value)
    value = {eval(*expr.value), expr.value->range};
  if (type.poisoned || (value && value->value.poisoned()))
    return Value();
  if (!type.tree)
    return filled(type, value, expr.range);
  Value tree;
  tree.kind = Value::Tree;
  tree.type = type;
  for (const Leaf &leaf : type.tree->leaves) {
    tree.elements.push_back(filled(toHere(leaf.type), value, expr.range));
    if (tree.elements.back().poisoned())
      return Value();
  }
  return tree;
}

/// A tensor of one number, or of one for each position that has batch dims of it; without a value it is zero.
Value Elaborator::filled(const Type &type, std::optional<Operand> given, SourceRange range) {
  bool real = isFloat(type.dtype), isBool = type.dtype == DType::Bool;
  auto constant = [&](int number) {
    Attribute value = isBool ? Attribute(number != 0) : real ? Attribute(double(number)) : Attribute(int64_t(number));
    return emit(range, "constant", {}, Type{type.dtype, {}, {}, nullptr, false}, {{"value", value}});
  };
  Operand value = given ? *given : Operand{constant(0), range};
  value.value = tensor(value.value, type.dtype, value.range);
  if (!isTensor("fill", range, value))
    return Value();
  const Type &found = value.value.type;
  if (found.dtype != type.dtype || !found.core.empty() || !isSublist(found.batch, type.batch)) {
    context.error(found.dtype != type.dtype ? "E0301" : "E0215", value.range,
                  "`fill` of " + str(type) + " takes one number of its dtype, found " + str(found));
    return Value();
  }
  if (found.batch.empty() && value.value.loop.empty())
    return emit(range, "fill", {&value.value}, type);
  // `fill` repeats one number; one a position is multiplied into ones, which changes no bit.
  Value one = constant(1);
  Value ones = emit(range, "fill", {&one}, type);
  return emit(range, isBool ? "and" : "mul", {&ones, &value.value}, type);
}

Value Elaborator::stack(const std::vector<Operand> &given, SourceRange range) {
  std::vector<Operand> elements = given;
  std::vector<Operand *> all;
  std::vector<const Operand *> operands;
  std::vector<const Value *> values;
  for (Operand &element : elements)
    all.push_back(&element);
  if (!meet("[..]", range, all))
    return Value();
  const Type &first = elements[0].value.type;
  for (Operand &element : elements) {
    if (!isTensor("[..]", range, element))
      return Value();
    const std::vector<CoreDim> &core = element.value.type.core;
    auto report = [&] {
      context.error("E0206", element.range,
                    "elements of `[..]` have one core, found " + str(first, true) + " and " +
                        str(element.value.type, true));
    };
    if (core.size() != first.core.size()) {
      report();
      return Value();
    }
    for (size_t i = 0; i < core.size(); ++i)
      if (!requireEqual(first.core[i], core[i], element.range, report))
        return Value();
    operands.push_back(&element);
    values.push_back(&element.value);
  }
  std::optional<BatchList> batch = combine("[..]", range, operands, false);
  if (!batch)
    return Value();
  Type type = first;
  type.batch = *batch;
  type.core.insert(type.core.begin(), CoreDim{Dim::constant(int64_t(elements.size())), "", nullptr});
  return emit(range, "stack", values, type);
}

Value Elaborator::opIota(OpCall &call) {
  std::optional<Dim> size = evalDimExpr(*call.given[0], scopeHere(true));
  if (!size)
    return Value();
  if (facts.holds(Dim::constant(1), DimRelation::Le, *size) == Truth::False) {
    context.error("E0219", call.operands[0].range, "`iota` of " + str(*size) + " elements");
    return Value();
  }
  const auto *name = dynCast<NameExpr>(*call.given[0]);
  Type type;
  type.dtype = DType::I32;
  type.core = {{*size, context.text(call.operands[0].range), name ? scopeHere(false).lookup(name->name) : nullptr}};
  if (dynCast<NumberExpr>(*call.given[0]))
    type.core[0].text.clear();
  return emit(call.expr->range, "iota", {}, type);
}

} // namespace batten::frontend
