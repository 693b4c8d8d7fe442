// ElaborateNumbers.cpp - numbers: what dtype they take where they meet one, and numbers that are sizes (LANGUAGE.md,
// section 5).
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

//===- Meeting a dtype --------------------------------------------------------------------------------------------===//

namespace {

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

/// The whole numbers from `low` to `high` are all held exactly.
IntegerLimits exactLimits(DType dtype) {
  if (!isFloat(dtype))
    return integerLimits(dtype);
  int64_t most = int64_t(1) << limitsOfFloat(dtype).digits;
  return {-most, most};
}

bool isExact(int64_t value, int digits) {
  uint64_t bits = value < 0 ? 0 - uint64_t(value) : uint64_t(value);
  while (bits != 0 && bits % 2 == 0)
    bits /= 2;
  return digits >= 64 || bits < (uint64_t(1) << digits);
}

/// A size that the call gives lies within limits whatever it is. What depends on a generic or a turn is judged where
/// that is known.
bool staysWithin(const Facts &facts, const Facts::EntityOf &entityOf, const Dim &size, IntegerLimits limits) {
  for (const std::string &symbol : size.symbols()) {
    const DimEntity *dim = entityOf(symbol);
    if (!dim || dim->kind == DimEntity::Generic || dim->kind == DimEntity::Turn)
      return true;
  }
  return facts.lessEqual(Dim::constant(limits.low), size) == Truth::True &&
         facts.lessEqual(size, Dim::constant(limits.high)) == Truth::True;
}

} // namespace

Value Elaborator::doesNotFit(DType dtype, SourceRange range, const std::string &why, const std::string &help) {
  Diagnostic &error =
      context.error("E0302", range, "`" + context.text(range) + "` does not fit in " + dtypeName(dtype));
  error.label(why);
  if (!help.empty())
    error.help(help);
  return Value();
}

/// A whole number that only the call knows.
Value Elaborator::dimScalar(const Dim &size, Type type, SourceRange range) {
  IntegerLimits limits = exactLimits(type.dtype);
  auto entity = [&](const std::string &symbol) { return entityOf(symbol); };
  if (type.dtype == DType::I64 || staysWithin(facts, entity, size, limits))
    return emitDim(size, type, range);
  std::string text = context.text(range);
  bool closed = text.find(' ') == std::string::npos || text.front() == '(';
  std::string written = closed ? text : "(" + text + ")";
  bool fitsDouble = type.dtype != DType::F64 && staysWithin(facts, entity, size, exactLimits(DType::F64));
  return doesNotFit(
      type.dtype, range, "it may lie outside " + std::to_string(limits.low) + " to " + std::to_string(limits.high),
      "bound it so that it fits; or write `" + written + (isFloat(type.dtype) && fitsDouble ? " as f64" : " as i64") +
          " as " + dtypeName(type.dtype) + "` to have it " + (isFloat(type.dtype) ? "rounded" : "wrap"));
}

Value Elaborator::wholeScalar(int64_t value, Type type, SourceRange range) {
  if (!isFloat(type.dtype)) {
    IntegerLimits limits = integerLimits(type.dtype);
    if (value < limits.low || value > limits.high)
      return doesNotFit(type.dtype, range,
                        "out of " + std::to_string(limits.low) + " to " + std::to_string(limits.high));
    return emit(range, "constant", {}, type, {{"value", value}});
  }
  FloatLimits limits = limitsOfFloat(type.dtype);
  if (overflows(double(value), limits))
    return doesNotFit(type.dtype, range, "beyond the largest finite value");
  if (!isExact(value, limits.digits))
    return doesNotFit(type.dtype, range, "a whole number must be exact, and this one is rounded",
                      "write it with a point to have it rounded: `" + std::to_string(value) + ".0`");
  return emit(range, "constant", {}, type, {{"value", double(value)}});
}

Value Elaborator::scalar(const frontend::Number &number, DType dtype, SourceRange range) {
  Type type;
  type.dtype = dtype;
  if (dtype == DType::Bool)
    return doesNotFit(dtype, range, "a number is no bool", "write `true` or `false`, or compare: `x != 0`");
  if (number.real && !isFloat(dtype))
    return doesNotFit(dtype, range, std::string(dtypeName(dtype)) + " holds whole numbers",
                      "write a whole number, or cast what it meets to a float: `x as f32`");
  if (!number.real) {
    std::optional<int64_t> value = number.least ? INT64_MIN : number.integer.constantValue();
    return value ? wholeScalar(*value, type, range) : dimScalar(number.integer, type, range);
  }
  if (!number.known) {
    Value real = runtimeReal(number, range);
    return dtype == DType::F64 ? real : emit(range, "cast", {&real}, type);
  }
  if (std::isnan(number.value))
    return doesNotFit(dtype, range, "its value is not a number");
  if (!number.infinite && overflows(number.value, limitsOfFloat(dtype)))
    return doesNotFit(dtype, range, "it is infinite there", "for infinity write `inf`");
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

/// Sums, products and remainders of sizes; `/` is exact.
std::optional<Dim> Elaborator::evalDimChain(const ChainExpr &chain, const DimScope &scope) {
  static const std::map<BinaryOperator, DimOperator> operators = {{BinaryOperator::Add, DimOperator::Add},
                                                                  {BinaryOperator::Sub, DimOperator::Sub},
                                                                  {BinaryOperator::Mul, DimOperator::Mul},
                                                                  {BinaryOperator::Div, DimOperator::Div},
                                                                  {BinaryOperator::Rem, DimOperator::Mod}};
  std::optional<Dim> value = evalDimExpr(*chain.first, scope);
  for (const ChainLink &link : chain.links) {
    std::optional<Dim> operand = evalDimExpr(*link.operand, scope);
    if (!value || !operand)
      return std::nullopt;
    auto op = operators.find(link.op);
    if (op == operators.end()) {
      context.error("E0219", link.opRange, std::string("`") + spelling(link.op) + "` in a size")
          .help("sizes are made with `+ - * / %` and `div(a, b)`");
      return std::nullopt;
    }
    Context::DimStep step;
    step.range = chain.range.to(link.operand->range);
    step.scope = &scope;
    step.division = "div(" + context.text(chain.first->range) + ", " + context.text(link.operand->range) + ")";
    value = context.arithmetic(op->second, *value, *operand, step);
  }
  return value;
}

/// `div(a, b)`.
std::optional<Dim> Elaborator::evalDimQuotient(const CallExpr &call, const DimScope &scope) {
  std::optional<Dim> lhs = evalDimExpr(*call.arguments[0].value, scope);
  std::optional<Dim> rhs = evalDimExpr(*call.arguments[1].value, scope);
  if (!lhs || !rhs)
    return std::nullopt;
  Context::DimStep step;
  step.range = call.range;
  step.scope = &scope;
  return context.floorDivision(*lhs, *rhs, step);
}

static bool isQuotient(const CallExpr &call) {
  const auto *name = dynCast<NameExpr>(*call.callee);
  return name && name->name == "div" && call.arguments.size() == 2 && !call.tree;
}

/// Slice bounds, integer options and iota's argument: names are dims, `for` variables or whole numbers.
std::optional<Dim> Elaborator::evalDimExpr(const Expr &expr, const DimScope &scope) {
  if (const auto *chain = dynCast<ChainExpr>(expr))
    return evalDimChain(*chain, scope);
  if (const auto *call = dynCast<CallExpr>(expr); call && isQuotient(*call))
    return evalDimQuotient(*call, scope);
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
    error.label("this is a value of type " + str(value.type))
        .help("what is chosen by a value is taken by `embed(table, id)`, a row by its number, or by `select(c, a, b)`");
  return std::nullopt;
}

std::optional<int64_t> Elaborator::constantOf(const Dim &dim, SourceRange range, const std::string &what) {
  std::optional<int64_t> value = dim.constantValue();
  if (value)
    return value;
  Diagnostic &error = context.error("E0219", range, what + " must be static, this is " + str(dim));
  for (const std::string &symbol : dim.symbols()) {
    const DimEntity *entity = entityOf(symbol);
    if (!entity || entity->kind != DimEntity::Bounded)
      continue;
    std::string name = entity->name, size = str(*entity->bound);
    error.label("code is made for it, and only the call knows `" + name + "`")
        .note("`" + name + "` is bound at " + context.at(entity->range), entity->range)
        .help("give `" + name + "` one size: `dim " + name + " = " + size + "`, or for one build `batten build --dim " +
              name + "=" + size + "`");
    break;
  }
  return std::nullopt;
}

} // namespace batten::frontend
