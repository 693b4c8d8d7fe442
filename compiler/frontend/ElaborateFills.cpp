// ElaborateFills.cpp - zeros and fill, brackets, iota: values that are made of single numbers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Elaborate.h"

namespace batten::frontend {

Value Elaborator::evalFill(const FillExpr &expr) {
  Type type = context.resolveType(expr.type, *frame->module, scopeHere(true));
  Operand value{Value(), expr.range};
  if (expr.value)
    value = {eval(*expr.value), expr.value->range};
  if (type.poisoned || (expr.value && value.value.poisoned()))
    return Value();
  if (type.tree) {
    Value tree;
    tree.kind = Value::Tree;
    tree.type = type;
    for (const Leaf &leaf : type.tree->leaves) {
      Value fill = emit(expr.range, "constant", {}, Type{leaf.type.dtype, {}, {}, nullptr, false}, {{"value", 0.0}});
      if (expr.value)
        fill =
            value.value.kind == Value::Number ? scalar(value.value.number, leaf.type.dtype, value.range) : value.value;
      if (fill.poisoned() || !isTensor("fill", expr.range, {fill, value.range}))
        return Value();
      tree.elements.push_back(emit(expr.range, "fill", {&fill}, toHere(leaf.type)));
    }
    return tree;
  }
  if (!expr.value) {
    bool real = isFloat(type.dtype);
    Attribute zero = type.dtype == DType::Bool ? Attribute(false) : real ? Attribute(0.0) : Attribute(int64_t(0));
    value.value = emit(expr.range, "constant", {}, Type{type.dtype, {}, {}, nullptr, false}, {{"value", zero}});
  }
  value.value = tensor(value.value, type.dtype, value.range);
  if (!isTensor("fill", expr.range, value))
    return Value();
  const Type &given = value.value.type;
  if (given.dtype != type.dtype || !given.core.empty() || !isSublist(given.batch, type.batch)) {
    context.error(given.dtype != type.dtype ? "E0301" : "E0215", value.range,
                  "`fill` of " + str(type) + " takes one number of its dtype, found " + str(given));
    return Value();
  }
  if (given.batch.empty() && value.value.loop.empty())
    return emit(expr.range, "fill", {&value.value}, type);
  // `fill` repeats one number; one a position is multiplied into ones, which changes no bit.
  bool isBool = type.dtype == DType::Bool;
  Attribute one = isBool ? Attribute(true) : isFloat(type.dtype) ? Attribute(1.0) : Attribute(int64_t(1));
  Value constant = emit(expr.range, "constant", {}, Type{type.dtype, {}, {}, nullptr, false}, {{"value", one}});
  Value ones = emit(expr.range, "fill", {&constant}, type);
  return emit(expr.range, isBool ? "and" : "mul", {&ones, &value.value}, type);
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
