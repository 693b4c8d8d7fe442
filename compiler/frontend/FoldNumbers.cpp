// FoldNumbers.cpp - arithmetic of numbers: exact integers or f64 while nothing has given them a dtype (LANGUAGE.md,
// section 5).
//
// A number that depends on a runtime size is a polynomial (`dim` in the flat function) or, once it is real, an f64
// scalar computed there.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Elaborate.h"

#include <cmath>
#include <limits>

namespace batten::frontend {

/// The f64 value, where it is known.
static std::optional<double> known(const Number &number) {
  if (number.real)
    return number.known ? std::optional<double>(number.value) : std::nullopt;
  std::optional<int64_t> integer = number.least ? INT64_MIN : number.integer.constantValue();
  return integer ? std::optional<double>(double(*integer)) : std::nullopt;
}

/// The number as an f64 scalar of the flat function.
Value Elaborator::runtimeReal(const frontend::Number &number, SourceRange range) {
  Value scalar;
  scalar.kind = Value::Tensor;
  scalar.type.dtype = DType::F64;
  if (checking)
    scalar.id = newValue(scalar, range);
  else if (number.real && !number.known)
    scalar.id = number.id;
  else if (std::optional<double> value = known(number))
    return emit(range, "constant", {}, scalar.type, {{"value", *value}});
  else
    return emitDim(number.integer, scalar.type, range);
  return scalar;
}

static bool compare(BinaryOperator op, double lhs, double rhs) {
  switch (op) {
  case BinaryOperator::Eq:
    return lhs == rhs;
  case BinaryOperator::Ne:
    return lhs != rhs;
  case BinaryOperator::Lt:
    return lhs < rhs;
  case BinaryOperator::Le:
    return lhs <= rhs;
  case BinaryOperator::Gt:
    return lhs > rhs;
  default:
    return lhs >= rhs;
  }
}

static const char *opName(BinaryOperator op) {
  static const char *const names[] = {"or", "and", "eq",  "ne",  "lt",  "le", "gt",
                                      "ge", "add", "sub", "mul", "div", "rem"};
  return names[size_t(op)];
}

Value Elaborator::foldComparison(BinaryOperator op, const frontend::Number &lhs, const frontend::Number &rhs,
                                 SourceRange range) {
  std::optional<double> a = known(lhs), b = known(rhs);
  std::optional<int64_t> order;
  if (!lhs.real && !rhs.real)
    order = (lhs.integer - rhs.integer).constantValue();
  if (order || (a && b))
    return constantBool(order ? compare(op, double(*order), 0) : compare(op, *a, *b), range);
  Value left = runtimeReal(lhs, range), right = runtimeReal(rhs, range);
  Type type;
  type.dtype = DType::Bool;
  return emit(range, opName(op), {&left, &right}, type);
}

Value Elaborator::foldWhole(BinaryOperator op, const frontend::Number &lhs, const frontend::Number &rhs,
                            SourceRange range) {
  if (op == BinaryOperator::Rem) {
    std::optional<int64_t> x = lhs.integer.constantValue(), y = rhs.integer.constantValue();
    if (x && y) // the dividend's sign; x % 0 is x
      return integer(Dim::constant(*y == 0 ? *x : *y == -1 ? 0 : *x % *y));
    return integer(Dim::modulo(lhs.integer, rhs.integer));
  }
  Dim result = op == BinaryOperator::Add   ? lhs.integer + rhs.integer
               : op == BinaryOperator::Sub ? lhs.integer - rhs.integer
                                           : lhs.integer * rhs.integer;
  if (!result.overflowed())
    return integer(result);
  context.error("E0601", range,
                "this number overflows 64 bits: " + str(lhs.integer) + " " + spelling(op) + " " + str(rhs.integer));
  return Value();
}

static double evaluate(BinaryOperator op, double a, double b) {
  switch (op) {
  case BinaryOperator::Add:
    return a + b;
  case BinaryOperator::Sub:
    return a - b;
  case BinaryOperator::Mul:
    return a * b;
  case BinaryOperator::Div:
    return a / b;
  default:
    return std::fmod(a, b);
  }
}

Value Elaborator::foldReal(BinaryOperator op, const frontend::Number &lhs, const frontend::Number &rhs,
                           SourceRange range) {
  std::optional<double> a = known(lhs), b = known(rhs);
  frontend::Number result;
  result.real = true;
  result.infinite = lhs.infinite || rhs.infinite;
  result.known = a && b;
  if (result.known)
    result.value = evaluate(op, *a, *b);
  else if (!checking) {
    Value left = runtimeReal(lhs, range), right = runtimeReal(rhs, range);
    result.id = emit(range, opName(op), {&left, &right}, left.type).id;
  }
  return number(result);
}

Value Elaborator::foldBinary(BinaryOperator op, const frontend::Number &lhs, const frontend::Number &rhs,
                             SourceRange range) {
  if (op >= BinaryOperator::Eq && op <= BinaryOperator::Ge)
    return foldComparison(op, lhs, rhs, range);
  bool whole = !lhs.real && !rhs.real && op != BinaryOperator::Div;
  return whole ? foldWhole(op, lhs, rhs, range) : foldReal(op, lhs, rhs, range);
}

static double evaluate(const std::string &name, double x, double y) {
  static const std::map<std::string, double (*)(double)> functions = {
      {"relu", [](double v) { return v > 0 || std::isnan(v) ? v : 0.0; }},
      {"gelu", [](double v) { return 0.5 * v * (1 + std::erf(v * std::sqrt(0.5))); }},
      {"silu", [](double v) { return v / (1 + std::exp(-v)); }},
      {"tanh", [](double v) { return std::tanh(v); }},
      {"sigmoid", [](double v) { return 1 / (1 + std::exp(-v)); }},
      {"exp", [](double v) { return std::exp(v); }},
      {"log", [](double v) { return std::log(v); }},
      {"sqrt", [](double v) { return std::sqrt(v); }},
      {"rsqrt", [](double v) { return 1 / std::sqrt(v); }},
      {"sin", [](double v) { return std::sin(v); }},
      {"cos", [](double v) { return std::cos(v); }},
      {"abs", [](double v) { return std::fabs(v); }},
      {"softplus", [](double v) { return std::fmax(v, 0) + std::log1p(std::exp(-std::fabs(v))); }},
  };
  if (name == "pow")
    return std::pow(x, y);
  if (name == "max")
    return std::isnan(x) || std::isnan(y) ? std::numeric_limits<double>::quiet_NaN() : std::fmax(x, y);
  if (name == "min")
    return std::isnan(x) || std::isnan(y) ? std::numeric_limits<double>::quiet_NaN() : std::fmin(x, y);
  return functions.at(name)(x);
}

/// An element-wise function of numbers: f64, but integers stay whole under abs, relu, max and min.
Value Elaborator::foldFunction(const std::string &name, const std::vector<frontend::Number> &operands,
                               SourceRange range) {
  frontend::Number result;
  std::optional<double> x = known(operands[0]), y = operands.size() > 1 ? known(operands[1]) : 0.0;
  bool whole = name == "abs" || name == "relu" || name == "max" || name == "min";
  for (const frontend::Number &operand : operands) {
    whole &= !operand.real && operand.integer.isConstant();
    result.infinite |= operand.infinite;
  }
  if (whole) {
    int64_t a = *operands[0].integer.constantValue();
    int64_t b = operands.size() > 1 ? *operands[1].integer.constantValue()
                : name == "relu"    ? 0
                : a == INT64_MIN    ? a
                                    : -a;
    return integer(Dim::constant(name == "min" ? std::min(a, b) : std::max(a, b)));
  }
  result.real = true;
  result.known = x && y;
  if (result.known) {
    result.value = evaluate(name, *x, *y);
    return number(result);
  }
  if (checking)
    return number(result);
  std::vector<Value> values;
  for (const frontend::Number &operand : operands)
    values.push_back(runtimeReal(operand, range));
  std::vector<const Value *> pointers;
  for (const Value &value : values)
    pointers.push_back(&value);
  Attributes attributes;
  if (name == "gelu")
    attributes = {{"tanh", false}};
  result.id = emit(range, name, pointers, values[0].type, attributes).id;
  return number(result);
}

} // namespace batten::frontend
