// ElaborateNumbers.cpp - numbers (section 1.5): exact integers or f64 until they meet a dtype.
//
// A number that depends on a runtime size is a polynomial (`dim` in the flat function) or, once it is real, an f64
// scalar computed there.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Elaborate.h"

#include <cmath>
#include <limits>

namespace batten::frontend {

Value Elaborator::number(frontend::Number number) {
  Value value;
  value.kind = Value::Number;
  value.number = std::move(number);
  return value;
}

Value Elaborator::integer(const Dim &dim) {
  frontend::Number number;
  number.integer = dim;
  return this->number(number);
}

Value Elaborator::leastInteger() {
  frontend::Number number;
  number.integer = Dim::overflow();
  number.least = true;
  return this->number(number);
}

Value Elaborator::constantBool(bool value, SourceRange range) {
  Type type;
  type.dtype = DType::Bool;
  return emit(range, "constant", {}, type, {{"value", value}});
}

/// The f64 value, where it is known.
static std::optional<double> known(const Number &number) {
  if (number.real)
    return number.known ? std::optional<double>(number.value) : std::nullopt;
  std::optional<int64_t> integer = number.least ? INT64_MIN : number.integer.constantValue();
  return integer ? std::optional<double>(double(*integer)) : std::nullopt;
}

/// The number as an f64 scalar of the flat function.
int Elaborator::runtimeReal(const frontend::Number &number, SourceRange range) {
  if (number.real && !number.known)
    return number.id;
  Type type;
  type.dtype = DType::F64;
  if (std::optional<double> value = known(number))
    return emit(range, "constant", {}, type, {{"value", *value}}).id;
  return emitDim(number.integer, type, range).id;
}

//===- Folding ----------------------------------------------------------------------------------------------------===//

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

Value Elaborator::foldBinary(BinaryOperator op, const frontend::Number &lhs, const frontend::Number &rhs,
                             SourceRange range) {
  bool comparison = op >= BinaryOperator::Eq && op <= BinaryOperator::Ge;
  std::optional<double> a = known(lhs), b = known(rhs);
  if (comparison) {
    std::optional<int64_t> order;
    if (!lhs.real && !rhs.real)
      order = (lhs.integer - rhs.integer).constantValue();
    if (order || (a && b))
      return constantBool(order ? compare(op, double(*order), 0) : compare(op, *a, *b), range);
    Value left, right;
    left.kind = right.kind = Value::Tensor;
    left.type.dtype = right.type.dtype = DType::F64;
    left.id = checking ? newValue(left, range) : runtimeReal(lhs, range);
    right.id = checking ? newValue(right, range) : runtimeReal(rhs, range);
    Type type;
    type.dtype = DType::Bool;
    return emit(range, opName(op), {&left, &right}, type);
  }

  frontend::Number result;
  bool whole = !lhs.real && !rhs.real && op != BinaryOperator::Div;
  if (whole && op == BinaryOperator::Rem) {
    std::optional<int64_t> x = lhs.integer.constantValue(), y = rhs.integer.constantValue();
    if (x && y) // the dividend's sign; x % 0 is x
      return integer(Dim::constant(*y == 0 ? *x : *y == -1 ? 0 : *x % *y));
    return integer(Dim::modulo(lhs.integer, rhs.integer));
  }
  if (whole) {
    result.integer = op == BinaryOperator::Add   ? lhs.integer + rhs.integer
                     : op == BinaryOperator::Sub ? lhs.integer - rhs.integer
                                                 : lhs.integer * rhs.integer;
    if (!result.integer.overflowed())
      return number(result);
    context.error("E0601", range,
                  "this number overflows 64 bits: " + str(lhs.integer) + " " + spelling(op) + " " + str(rhs.integer));
    return Value();
  }
  result.real = true;
  result.infinite = lhs.infinite || rhs.infinite;
  result.known = a && b;
  if (!result.known) {
    if (checking)
      return number(result);
    Value left, right;
    left.kind = right.kind = Value::Tensor;
    left.type.dtype = right.type.dtype = DType::F64;
    left.id = runtimeReal(lhs, range);
    right.id = runtimeReal(rhs, range);
    result.id = emit(range, opName(op), {&left, &right}, left.type).id;
    return number(result);
  }
  switch (op) {
  case BinaryOperator::Add:
    result.value = *a + *b;
    break;
  case BinaryOperator::Sub:
    result.value = *a - *b;
    break;
  case BinaryOperator::Mul:
    result.value = *a * *b;
    break;
  case BinaryOperator::Div:
    result.value = *a / *b;
    break;
  default:
    result.value = std::fmod(*a, *b);
    break;
  }
  return number(result);
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
  std::vector<Value> values(operands.size());
  std::vector<const Value *> pointers;
  for (size_t i = 0; i < operands.size(); ++i) {
    values[i].kind = Value::Tensor;
    values[i].type.dtype = DType::F64;
    values[i].id = runtimeReal(operands[i], range);
    pointers.push_back(&values[i]);
  }
  Attributes attributes;
  if (name == "gelu")
    attributes = {{"tanh", false}};
  result.id = emit(range, name, pointers, values[0].type, attributes).id;
  return number(result);
}

//===- Meeting a dtype --------------------------------------------------------------------------------------------===//

namespace {

struct IntegerLimits {
  int64_t low, high;
};

IntegerLimits limitsOf(DType dtype) {
  switch (dtype) {
  case DType::I32:
    return {INT32_MIN, INT32_MAX};
  case DType::I8:
    return {INT8_MIN, INT8_MAX};
  case DType::U8:
    return {0, UINT8_MAX};
  default:
    return {INT64_MIN, INT64_MAX};
  }
}

struct FloatLimits {
  int digits;     ///< of the significand, the leading one counted
  double largest; ///< finite value
};

FloatLimits limitsOfFloat(DType dtype) {
  switch (dtype) {
  case DType::F16:
    return {11, 65504.0};
  case DType::BF16:
    return {8, 0x1.fep127};
  case DType::F32:
    return {24, double(std::numeric_limits<float>::max())};
  default:
    return {53, std::numeric_limits<double>::max()};
  }
}

/// Would rounding to the dtype give infinity?
bool overflows(double value, const FloatLimits &limits) {
  int exponent;
  std::frexp(limits.largest, &exponent);
  double halfStep = std::ldexp(1.0, exponent - limits.digits - 1);
  return limits.digits == 53 ? std::isinf(value) : std::fabs(value) >= limits.largest + halfStep;
}

bool isExact(int64_t value, int digits) {
  uint64_t bits = value < 0 ? 0 - uint64_t(value) : uint64_t(value);
  while (bits != 0 && bits % 2 == 0)
    bits /= 2;
  return digits >= 64 || bits < (uint64_t(1) << digits);
}

} // namespace

Value Elaborator::scalar(const frontend::Number &number, DType dtype, SourceRange range) {
  Type type;
  type.dtype = dtype;
  auto refuse = [&](const std::string &why, const std::string &help = {}) {
    Diagnostic &error =
        context.error("E0302", range, "`" + context.text(range) + "` does not fit in " + dtypeName(dtype));
    error.label(why);
    if (!help.empty())
      error.help(help);
    return Value();
  };
  if (dtype == DType::Bool)
    return refuse("a number is no bool", "write `true` or `false`, or compare: `x != 0`");
  if (number.real && !isFloat(dtype))
    return refuse(std::string(dtypeName(dtype)) + " holds whole numbers",
                  "cast it: `(" + context.text(range) + ") as " + dtypeName(dtype) + "`");
  if (!number.real) {
    std::optional<int64_t> value = number.least ? INT64_MIN : number.integer.constantValue();
    if (!value)
      return emitDim(number.integer, type, range);
    if (!isFloat(dtype)) {
      IntegerLimits limits = limitsOf(dtype);
      if (*value < limits.low || *value > limits.high)
        return refuse("out of " + std::to_string(limits.low) + " to " + std::to_string(limits.high));
      return emit(range, "constant", {}, type, {{"value", *value}});
    }
    FloatLimits limits = limitsOfFloat(dtype);
    if (overflows(double(*value), limits))
      return refuse("beyond the largest finite value");
    if (!isExact(*value, limits.digits))
      return refuse("a whole number must be exact, and this one is rounded",
                    "write it with a point to have it rounded: `" + std::to_string(*value) + ".0`");
    return emit(range, "constant", {}, type, {{"value", double(*value)}});
  }
  if (!number.known) {
    Value real;
    real.kind = Value::Tensor;
    real.type.dtype = DType::F64;
    real.id = checking ? newValue(real, range) : number.id;
    return dtype == DType::F64 ? real : emit(range, "cast", {&real}, type);
  }
  if (std::isnan(number.value))
    return refuse("its value is not a number");
  if (!number.infinite && overflows(number.value, limitsOfFloat(dtype)))
    return refuse("it is infinite there", "for infinity write `inf`");
  return emit(range, "constant", {}, type, {{"value", number.value}});
}

bool Elaborator::isReal(const Value &value) {
  if (value.kind == Value::Number)
    return value.number.real;
  for (const Value &element : value.elements)
    if (isReal(element))
      return true;
  return false;
}

Value Elaborator::tensor(const Value &value, std::optional<DType> dtype, SourceRange range) {
  if (value.kind != Value::Number && value.kind != Value::List)
    return value;
  DType chosen = dtype ? *dtype : isReal(value) ? DType::F32 : DType::I32;
  if (value.kind == Value::Number)
    return scalar(value.number, chosen, range);
  std::vector<Operand> elements;
  for (const Value &element : value.elements) {
    elements.push_back({tensor(element, chosen, range), range});
    if (elements.back().value.poisoned())
      return Value();
  }
  return stack(elements, range);
}

//===- Dim expressions --------------------------------------------------------------------------------------------===//

/// Slice bounds, integer options and iota's argument: `/` is exact, names are dims, `for` variables or whole numbers.
std::optional<Dim> Elaborator::evalDimExpr(const Expr &expr, const DimScope &scope) {
  if (const auto *chain = dynCast<ChainExpr>(expr)) {
    std::optional<Dim> value = evalDimExpr(*chain->first, scope);
    for (const ChainLink &link : chain->links) {
      std::optional<Dim> operand = evalDimExpr(*link.operand, scope);
      if (!value || !operand)
        return std::nullopt;
      Context::DimStep step;
      step.range = expr.range.to(link.operand->range);
      step.scope = &scope;
      step.division = "div(" + context.text(chain->first->range) + ", " + context.text(link.operand->range) + ")";
      static const std::map<BinaryOperator, DimOperator> operators = {{BinaryOperator::Add, DimOperator::Add},
                                                                      {BinaryOperator::Sub, DimOperator::Sub},
                                                                      {BinaryOperator::Mul, DimOperator::Mul},
                                                                      {BinaryOperator::Div, DimOperator::Div},
                                                                      {BinaryOperator::Rem, DimOperator::Mod}};
      auto op = operators.find(link.op);
      if (op == operators.end()) {
        context.error("E0219", link.opRange, std::string("`") + spelling(link.op) + "` in a size");
        return std::nullopt;
      }
      value = context.arithmetic(op->second, *value, *operand, step);
    }
    return value;
  }
  if (const auto *call = dynCast<CallExpr>(expr)) {
    const auto *name = dynCast<NameExpr>(*call->callee);
    if (name && name->name == "div" && call->arguments.size() == 2 && !call->tree) {
      std::optional<Dim> lhs = evalDimExpr(*call->arguments[0].value, scope);
      std::optional<Dim> rhs = evalDimExpr(*call->arguments[1].value, scope);
      if (!lhs || !rhs)
        return std::nullopt;
      Context::DimStep step;
      step.range = expr.range;
      step.scope = &scope;
      return context.floorDivision(*lhs, *rhs, step);
    }
  }
  if (const auto *name = dynCast<NameExpr>(expr)) {
    // As a size it is no number, so it mixes nothing.
    const DimEntity *dim = scope.lookup(name->name);
    if (dim && dim->poisoned)
      return std::nullopt;
    bool unbounded = dim && dim->kind == DimEntity::Unbounded;
    if (dim && (scope.usedInCore || !unbounded)) {
      if (scope.usedInCore)
        scope.usedInCore(*dim, expr.range);
      return unbounded ? std::nullopt : std::optional<Dim>(sizeOf(*dim));
    }
  }
  Value value = eval(expr);
  if (value.poisoned())
    return std::nullopt;
  if (value.kind == Value::Number && !value.number.real)
    return value.number.integer;
  Diagnostic &error = context.error("E0219", expr.range, "a size is a whole number, made of dims and literals");
  if (value.kind == Value::Tensor)
    error.label("this is a value of type " + str(value.type));
  return std::nullopt;
}

std::optional<int64_t> Elaborator::constantOf(const Dim &dim, SourceRange range, const std::string &what) {
  std::optional<int64_t> value = dim.constantValue();
  if (!value)
    context.error("E0219", range, what + " must be static, this is " + str(dim));
  return value;
}

} // namespace batten::frontend
