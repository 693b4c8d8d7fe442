// LowerScalars.cpp - dtypes within regions: casts and the integer operations that arith leaves undefined.
//
// arith.fptosi, divsi and their like are undefined outside their range. Every operand is made harmless by a select
// before the operation and its meaning (LANGUAGE.md, section 5) put in by a select after it, so that nothing undefined
// is ever computed, not even in lanes whose result is thrown away.
//
// Quotients and remainders are expanded by the kernels (kernels/cpu/VectorDivision.h).
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/lower/Lowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include <cmath>

using namespace mlir;

namespace batten {

Type storedAs(Type element) {
  return element.isUnsignedInteger() ? IntegerType::get(element.getContext(), element.getIntOrFloatBitWidth())
                                     : element;
}

Type computedAs(Type element) {
  return element.isF16() || element.isBF16() ? Float32Type::get(element.getContext()) : storedAs(element);
}

TypedAttr numberAttr(Type element, double value) {
  Type stored = storedAs(element);
  if (isa<FloatType>(stored))
    return FloatAttr::get(stored, value);
  return IntegerAttr::get(
      stored, APInt(stored.getIntOrFloatBitWidth(), int64_t(value), /*isSigned=*/true, /*implicitTrunc=*/true));
}

static Value constant(OpBuilder &b, Location loc, TypedAttr value) { return arith::ConstantOp::create(b, loc, value); }
static Value constant(OpBuilder &b, Location loc, Type element, double value) {
  return constant(b, loc, numberAttr(element, value));
}

//===- Casts ------------------------------------------------------------------------------------------------------===//

/// A constant is converted here rather than at every element.
static Value extend(OpBuilder &b, Location loc, Value value, Type to) {
  FloatAttr known;
  if (!matchPattern(value, m_Constant(&known)))
    return arith::ExtFOp::create(b, loc, to, value);
  APFloat number = known.getValue();
  bool losesInfo;
  number.convert(cast<FloatType>(to).getFloatSemantics(), APFloat::rmNearestTiesToEven, &losesInfo);
  return constant(b, loc, FloatAttr::get(to, number));
}

static Value castFloat(OpBuilder &b, Location loc, Value value, Type to) {
  if (value.getType() == to)
    return value;
  unsigned from = value.getType().getIntOrFloatBitWidth(), width = to.getIntOrFloatBitWidth();
  if (from < width)
    return extend(b, loc, value, to);
  if (width == 16 && from != 32) // between the two narrow ones, and from f64: by way of what narrow floats compute in
    value = castFloat(b, loc, value, b.getF32Type());
  return arith::TruncFOp::create(b, loc, to, value);
}

/// Truncates and saturates, NaN gives 0. Both limits are powers of two (or 0), exact in every float type that is wide
/// enough to reach them.
static Value floatToInteger(OpBuilder &b, Location loc, Value value, Type to) {
  value = castFloat(b, loc, value, computedAs(value.getType()));
  bool isUnsigned = to.isUnsignedInteger();
  unsigned width = to.getIntOrFloatBitWidth();
  double least = isUnsigned ? 0 : -std::ldexp(1.0, width - 1), beyond = std::ldexp(1.0, isUnsigned ? width : width - 1);
  APInt most = isUnsigned ? APInt::getMaxValue(width) : APInt::getSignedMaxValue(width);
  Value low = constant(b, loc, value.getType(), least), high = constant(b, loc, value.getType(), beyond);
  Value notBelow = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGE, value, low);
  Value below = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, value, low);
  Value notAbove = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, value, high);
  Value above = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGE, value, high);
  Value fits = arith::AndIOp::create(b, loc, notBelow, notAbove);
  Value safe = arith::SelectOp::create(b, loc, fits, value, constant(b, loc, value.getType(), 0));
  Value result = isUnsigned ? arith::FPToUIOp::create(b, loc, storedAs(to), safe).getResult()
                            : arith::FPToSIOp::create(b, loc, to, safe).getResult();
  result = arith::SelectOp::create(b, loc, below, constant(b, loc, to, least), result);
  return arith::SelectOp::create(b, loc, above, constant(b, loc, IntegerAttr::get(storedAs(to), most)), result);
}

static Value integerToInteger(OpBuilder &b, Location loc, Value value, bool isUnsigned, Type to) {
  unsigned from = value.getType().getIntOrFloatBitWidth(), width = to.getIntOrFloatBitWidth();
  if (from == width)
    return value;
  if (from > width)
    return arith::TruncIOp::create(b, loc, storedAs(to), value);
  if (isUnsigned)
    return arith::ExtUIOp::create(b, loc, storedAs(to), value);
  return arith::ExtSIOp::create(b, loc, to, value);
}

static Value integerToFloat(OpBuilder &b, Location loc, Value value, bool isUnsigned, Type to) {
  Type computed = computedAs(to);
  Value result = isUnsigned ? arith::UIToFPOp::create(b, loc, computed, value).getResult()
                            : arith::SIToFPOp::create(b, loc, computed, value).getResult();
  return castFloat(b, loc, result, to);
}

/// Is it nonzero? NaN is.
static Value toBool(OpBuilder &b, Location loc, Value value) {
  value = isa<FloatType>(value.getType()) ? castFloat(b, loc, value, computedAs(value.getType())) : value;
  Value zero = constant(b, loc, value.getType(), 0);
  if (isa<FloatType>(value.getType()))
    return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE, value, zero);
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, value, zero);
}

Value castScalar(OpBuilder &b, Location loc, Value value, Type from, Type to) {
  if (from == to)
    return value;
  bool isUnsigned = from.isUnsignedInteger() || isBool(from);
  if (isBool(to))
    return toBool(b, loc, value);
  if (isa<FloatType>(from))
    return isa<FloatType>(to) ? castFloat(b, loc, value, to) : floatToInteger(b, loc, value, to);
  if (isa<FloatType>(to))
    return integerToFloat(b, loc, value, isUnsigned, to);
  return integerToInteger(b, loc, value, isUnsigned, to);
}

Value multiplyAdd(OpBuilder &b, Location loc, ValueRange scalars, Type dtype) {
  Type accumulator = accumulatorType(dtype);
  Value lhs = castScalar(b, loc, scalars[0], dtype, accumulator);
  Value rhs = castScalar(b, loc, scalars[1], dtype, accumulator);
  if (isa<FloatType>(accumulator))
    return math::FmaOp::create(b, loc, lhs, rhs, scalars[2]);
  return arith::AddIOp::create(b, loc, scalars[2], arith::MulIOp::create(b, loc, lhs, rhs));
}

Value castSize(OpBuilder &b, Location loc, Value size, Type to) {
  Type i64 = b.getI64Type();
  return castScalar(b, loc, arith::IndexCastOp::create(b, loc, i64, size), i64, to);
}

//===- Division ---------------------------------------------------------------------------------------------------===//

namespace {
/// A divisor that is safe for every dividend, and where the real one is 0.
struct Divisor {
  Value safe, isZero; ///< isZero: null where it is known not to be
};
} // namespace

static Divisor guardDivisor(OpBuilder &b, Location loc, Value lhs, Value rhs, bool isUnsigned) {
  auto type = cast<IntegerType>(lhs.getType());
  APInt known;
  if (matchPattern(rhs, m_ConstantInt(&known)) && !known.isZero() && (isUnsigned || !known.isAllOnes()))
    return {rhs, {}};
  auto equals = [&](Value value, const APInt &number) -> Value {
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, value,
                                 constant(b, loc, IntegerAttr::get(type, number)));
  };
  Value isZero = equals(rhs, APInt::getZero(type.getWidth())), harmful = isZero;
  if (!isUnsigned) {
    Value isLeast = equals(lhs, APInt::getSignedMinValue(type.getWidth()));
    Value isMinusOne = equals(rhs, APInt::getAllOnes(type.getWidth()));
    harmful = arith::OrIOp::create(b, loc, isZero, arith::AndIOp::create(b, loc, isLeast, isMinusOne));
  }
  // By 1 the least number stays itself and leaves no remainder, just as the wrapped division by -1 would.
  return {arith::SelectOp::create(b, loc, harmful, constant(b, loc, type, 1), rhs), isZero};
}

Value divideIntegers(OpBuilder &b, Location loc, Value lhs, Value rhs, bool isUnsigned) {
  Divisor divisor = guardDivisor(b, loc, lhs, rhs, isUnsigned);
  Value quotient = isUnsigned ? arith::DivUIOp::create(b, loc, lhs, divisor.safe).getResult()
                              : arith::DivSIOp::create(b, loc, lhs, divisor.safe).getResult();
  if (!divisor.isZero)
    return quotient;
  return arith::SelectOp::create(b, loc, divisor.isZero, constant(b, loc, lhs.getType(), 0), quotient);
}

Value remainderOfIntegers(OpBuilder &b, Location loc, Value lhs, Value rhs, bool isUnsigned) {
  Divisor divisor = guardDivisor(b, loc, lhs, rhs, isUnsigned);
  Value remainder = isUnsigned ? arith::RemUIOp::create(b, loc, lhs, divisor.safe).getResult()
                               : arith::RemSIOp::create(b, loc, lhs, divisor.safe).getResult();
  return divisor.isZero ? arith::SelectOp::create(b, loc, divisor.isZero, lhs, remainder).getResult() : remainder;
}

} // namespace batten
