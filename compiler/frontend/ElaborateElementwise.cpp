// ElaborateElementwise.cpp - the element-wise ops: operators, and functions of one element each.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Elaborate.h"

namespace batten::frontend {

//===- Operators --------------------------------------------------------------------------------------------------===//

Value Elaborator::binary(BinaryOperator op, SourceRange opRange, const Operand &left, const Operand &right) {
  Operand lhs = left, rhs = right;
  if (lhs.value.poisoned() || rhs.value.poisoned())
    return Value();
  SourceRange range = lhs.range.to(rhs.range);
  const char *text = spelling(op);
  if (op == BinaryOperator::Matmul)
    return matmul(text, opRange, std::move(lhs), std::move(rhs), range, nullptr);
  bool logical = op == BinaryOperator::And || op == BinaryOperator::Or;
  if (lhs.value.kind == Value::Number && rhs.value.kind == Value::Number && !logical)
    return foldBinary(op, lhs.value.number, rhs.value.number, range);
  for (Operand *operand : {&lhs, &rhs})
    if (operand->value.kind != Value::Number && operand->value.kind != Value::List &&
        !isTensor(text, opRange, *operand))
      return Value();
  if (!meet(text, opRange, {&lhs, &rhs}))
    return Value();
  bool comparison = op >= BinaryOperator::Eq && op <= BinaryOperator::Ge;
  bool equality = op == BinaryOperator::Eq || op == BinaryOperator::Ne;
  bool isBool = lhs.value.type.dtype == DType::Bool;
  if (logical != isBool && !equality) {
    Diagnostic &error = wrongDType(text, opRange, lhs, logical ? "bool" : "numbers");
    if (!logical && !comparison)
      error.help("cast it, or choose with `select(c, a, b)`");
    return Value();
  }
  std::optional<Type> type = elementwise(text, opRange, {&lhs, &rhs}, true);
  if (!type)
    return Value();
  if (comparison)
    type->dtype = DType::Bool;
  static const char *const names[] = {"or", "and", "eq",  "ne",  "lt",  "le", "gt",
                                      "ge", "add", "sub", "mul", "div", "rem"};
  return emit(range, names[size_t(op)], {&lhs.value, &rhs.value}, *type);
}

//===- Functions --------------------------------------------------------------------------------------------------===//

Value Elaborator::opUnary(OpCall &call) {
  std::string name = call.op->name;
  Operand &x = call.operands[0];
  Attributes attributes;
  bool tanh = false;
  if (auto option = call.options.find("tanh"); option != call.options.end()) {
    const auto *flag = dynCast<BoolExpr>(*option->second->value);
    if (!flag) {
      context.error("E0219", option->second->value->range, "`tanh` takes true or false");
      return Value();
    }
    tanh = flag->value;
  }
  if (x.value.kind == Value::Number && !tanh)
    return foldFunction(name, {x.value.number}, call.expr->range);
  x.value = tensor(x.value, std::nullopt, x.range);
  if (!isTensor(name, call.name, x))
    return Value();
  bool whole = name == "abs" || name == "relu";
  if (whole && x.value.type.dtype == DType::Bool) {
    wrongDType(name, call.name, x, "numbers");
    return Value();
  }
  // relu is an activation, abs is not (LANGUAGE.md, section 5).
  if (name != "abs" && !requireFloat(name, call.name, x))
    return Value();
  if (name == "gelu")
    attributes = {{"tanh", tanh}};
  return emit(call.expr->range, name, {&x.value}, x.value.type, attributes);
}

static bool isTwo(const Value &value) {
  if (value.kind != Value::Number)
    return false;
  const frontend::Number &number = value.number;
  return number.real ? number.known && number.value == 2.0 : number.integer.isConstant(2);
}

/// With a written 2 a product: rounded once, special cases the same, and a twentieth of the time.
Value Elaborator::opPow(OpCall &call) {
  Operand &a = call.operands[0], &b = call.operands[1];
  if (a.value.kind == Value::Number && b.value.kind == Value::Number)
    return foldFunction("pow", {a.value.number, b.value.number}, call.expr->range);
  if (a.value.kind == Value::Tensor && isTwo(b.value)) {
    if (!requireFloat("pow", call.name, a))
      return Value();
    std::optional<Type> type = elementwise("mul", call.name, {&a, &a}, false);
    return type ? emit(call.expr->range, "mul", {&a.value, &a.value}, *type) : Value();
  }
  if (!meet("pow", call.name, {&a, &b}) || !allTensors(call) || !requireFloat("pow", call.name, a))
    return Value();
  std::optional<Type> type = elementwise("pow", call.name, {&a, &b}, false);
  return type ? emit(call.expr->range, "pow", {&a.value, &b.value}, *type) : Value();
}

/// max and min of two operands; of one they reduce.
Value Elaborator::opExtremum(OpCall &call) {
  if (call.operands.size() == 1)
    return opReduce(call);
  std::string name = call.op->name;
  Operand &a = call.operands[0], &b = call.operands[1];
  if (call.over) {
    context.error("E0102", call.over->range, "`" + name + "` of two operands is element-wise; `over` is for one");
    return Value();
  }
  if (a.value.kind == Value::Number && b.value.kind == Value::Number)
    return foldFunction(name, {a.value.number, b.value.number}, call.expr->range);
  if (!meet(name, call.name, {&a, &b}) || !allTensors(call))
    return Value();
  if (a.value.type.dtype == DType::Bool) {
    wrongDType(name, call.name, a, "numbers");
    return Value();
  }
  std::optional<Type> type = elementwise(name, call.name, {&a, &b}, false);
  return type ? emit(call.expr->range, name, {&a.value, &b.value}, *type) : Value();
}

Value Elaborator::opSelect(OpCall &call) {
  Operand &c = call.operands[0], &a = call.operands[1], &b = call.operands[2];
  c.value = tensor(c.value, std::nullopt, c.range);
  if (!meet("select", call.name, {&a, &b}) || !allTensors(call))
    return Value();
  if (c.value.type.dtype != DType::Bool) {
    wrongDType("select", call.name, c, "bool first").help("compare: `" + context.text(c.range) + " != 0`");
    return Value();
  }
  std::optional<Type> type = elementwise("select", call.name, {&c, &a, &b}, false);
  return type ? emit(call.expr->range, "select", {&c.value, &a.value, &b.value}, *type) : Value();
}

} // namespace batten::frontend
