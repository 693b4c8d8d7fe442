// LowerOrder.cpp - argmax, topk, cumsum.
//
// argmax is two reductions that a rows kernel runs over a row: the greatest element, then the least index at which it
// stands; of bytes it is one. All are free of any order, so they may go by lanes, and those of 16 bits and less count
// no wider than they must: more lanes. linalg has no word for the others: they stay one op.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/lower/Lowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <limits>

using namespace mlir;

namespace batten {

static Value integer(OpBuilder &b, Location loc, Type type, int64_t value) {
  return arith::ConstantOp::create(b, loc, b.getIntegerAttr(type, value));
}

/// How many NaNs a float has of one sign.
static int64_t nansOfASign(FloatType type) {
  return (int64_t(1) << (APFloat::semanticsPrecision(type.getFloatSemantics()) - 1)) - 1;
}

/// What no element but those that are greatest is above, or unordered with: the number before `greatest`, of NaN +inf,
/// of -inf NaN, which is the pattern after its own.
static Value justBelow(OpBuilder &b, Location loc, Value greatest) {
  auto type = cast<FloatType>(greatest.getType());
  auto word = b.getIntegerType(type.getWidth());
  auto number = [&](const APFloat &value) {
    return arith::ConstantOp::create(b, loc, b.getFloatAttr(type, value)).getResult();
  };
  auto bits = [&](int64_t value) { return integer(b, loc, word, value); };
  const llvm::fltSemantics &semantics = type.getFloatSemantics();
  Value minusZero = number(APFloat::getZero(semantics, /*Negative=*/true));
  Value isZero = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, greatest, minusZero);
  Value pattern = arith::SelectOp::create(b, loc, isZero, minusZero, greatest);
  pattern = arith::BitcastOp::create(b, loc, word, pattern);
  Value isNegative = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, pattern, bits(0));
  Value step = arith::SelectOp::create(b, loc, isNegative, bits(1), bits(-1));
  Value before = arith::BitcastOp::create(b, loc, type, arith::AddIOp::create(b, loc, pattern, step).getResult());
  Value isNan = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, greatest, greatest);
  return arith::SelectOp::create(b, loc, isNan, number(APFloat::getInf(semantics)), before);
}

/// x == greatest, where NaN is greatest and then equals itself: of floats one comparison an element, as `justBelow` is
/// the row's.
static Value isGreatest(OpBuilder &b, Location loc, Value x, Value greatest) {
  if (!isa<FloatType>(x.getType()))
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, x, greatest);
  Type wide = computedAs(x.getType());
  greatest = castScalar(b, loc, greatest, x.getType(), wide);
  x = castScalar(b, loc, x, x.getType(), wide);
  return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UGT, x, justBelow(b, loc, greatest));
}

/// Integers as wide as the float `x` in the order of floats, NaNs of both signs above all.
static Value ascending(OpBuilder &b, Location loc, Value x) {
  auto type = cast<FloatType>(x.getType());
  auto word = b.getIntegerType(type.getWidth());
  Value bits = arith::BitcastOp::create(b, loc, word, x);
  Value negative = arith::ShRSIOp::create(b, loc, bits, integer(b, loc, word, type.getWidth() - 1));
  Value others = integer(b, loc, word, llvm::maskTrailingOnes<uint64_t>(type.getWidth() - 1));
  Value ordered = arith::XOrIOp::create(b, loc, bits, arith::AndIOp::create(b, loc, negative, others));
  return arith::SubIOp::create(b, loc, ordered, integer(b, loc, word, nansOfASign(type)));
}

/// The same as `isGreatest` of 16 bits, which would be widened to be compared as floats. The least number that is
/// greatest is the lower zero where that is a zero, and the first NaN where it is one.
static Value isGreatestHalf(OpBuilder &b, Location loc, Value x, Value greatest) {
  auto type = cast<FloatType>(x.getType());
  auto word = b.getIntegerType(type.getWidth());
  int64_t zero = -nansOfASign(type);
  int64_t infinity = zero + APFloat::getInf(type.getFloatSemantics()).bitcastToAPInt().getSExtValue();
  Value least = arith::MinSIOp::create(b, loc, ascending(b, loc, greatest), integer(b, loc, word, infinity + 1));
  Value isZero = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, least, integer(b, loc, word, zero));
  least = arith::SelectOp::create(b, loc, isZero, integer(b, loc, word, zero - 1), least);
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, ascending(b, loc, x), least);
}

static bool isByte(Type type) { return isa<IntegerType>(type) && type.getIntOrFloatBitWidth() == 8; }

static bool isHalf(Type type) { return isa<FloatType>(type) && type.getIntOrFloatBitWidth() == 16; }

/// What a walk counts `extent` indices in, as narrow as its elements let it be: of bytes, with the byte above, a word
/// of 16 or 32 bits, of 16 bits one of as many; null: `i32` as it comes.
static IntegerType narrowIndex(Type dtype, const Dim &extent) {
  auto word = [&](unsigned bits) { return IntegerType::get(dtype.getContext(), bits); };
  int64_t most = extent.constantValue().value_or(INT64_MAX);
  if (isByte(dtype))
    return most <= 1 << 8 ? word(16) : most <= 1 << 16 ? word(32) : IntegerType();
  return isHalf(dtype) && most <= std::numeric_limits<int16_t>::max() ? word(16) : IntegerType();
}

static Value indexAt(OpBuilder &b, Location loc, Type type, const Folding &f) {
  return arith::IndexCastOp::create(b, loc, type, linalg::IndexOp::create(b, loc, f.extents.size()));
}

/// One reduction: the greatest element with the least index is the greatest sum of one in the upper half and the
/// distance to the last index in the lower one.
static Value argmaxOfBytes(const Folding &f, IntegerType word, FunctionLowering &lowering) {
  unsigned half = word.getWidth() / 2;
  int64_t last = (int64_t(1) << half) - 1;
  bool isUnsigned = f.dtype.isUnsignedInteger();
  auto fold = [&](OpBuilder &b, Location loc, ValueRange scalars) -> Value {
    Value x = castScalar(b, loc, scalars[0], f.dtype, word);
    Value upper = arith::ShLIOp::create(b, loc, x, integer(b, loc, word, half));
    Value lower = arith::SubIOp::create(b, loc, integer(b, loc, word, last), indexAt(b, loc, word, f));
    Value tagged = arith::OrIOp::create(b, loc, upper, lower);
    return isUnsigned ? arith::MaxUIOp::create(b, loc, scalars[1], tagged).getResult()
                      : arith::MaxSIOp::create(b, loc, scalars[1], tagged).getResult();
  };
  APInt least = isUnsigned ? APInt::getMinValue(word.getWidth()) : APInt::getSignedMinValue(word.getWidth());
  Value tagged = lowering.reduction(f.loc, f.x, f.extents, 1, IntegerAttr::get(word, least), f.order, fold);
  Input greatest{tagged, axisRange(0, f.extents.size()), {}};
  return lowering.pointwise(f.loc, greatest, f.extents, word, [&](OpBuilder &b, Location loc, ValueRange scalars) {
    Value lower = arith::AndIOp::create(b, loc, scalars[0], integer(b, loc, word, last));
    return arith::SubIOp::create(b, loc, integer(b, loc, word, last), lower);
  });
}

/// The least index whose element `isGreatest`, given that and the greatest one, counted in `type`.
static Value leastIndex(const Folding &f, IntegerType type, FunctionLowering &lowering,
                        function_ref<Value(OpBuilder &, Location, Value, Value)> isGreatest) {
  Input inputs[] = {f.x, {foldExtreme(f, /*least=*/false, f.dtype, lowering), axisRange(0, f.extents.size()), {}}};
  TypedAttr beyond = IntegerAttr::get(type, APInt::getSignedMaxValue(type.getWidth()));
  auto region = [&](OpBuilder &b, Location loc, ValueRange scalars) -> Value {
    Value at = indexAt(b, loc, type, f), none = arith::ConstantOp::create(b, loc, beyond);
    Value candidate = arith::SelectOp::create(b, loc, isGreatest(b, loc, scalars[0], scalars[1]), at, none);
    return arith::MinSIOp::create(b, loc, scalars[2], candidate);
  };
  return lowering.reduction(f.loc, inputs, f.extents, 1, beyond, f.order, region);
}

LogicalResult lowerArgmax(ArgmaxOp op, FunctionLowering &lowering) {
  TensorType x = op.getX().getType(), result = op.getType();
  unsigned rank = result.batchRank() + result.coreRank(), kept = result.batchRank(), dim = op.getDim();
  Axes axes;
  for (unsigned position = 0; position < x.coreRank(); ++position)
    axes.push_back(position == dim ? rank : kept++);
  Folding folding{op.getLoc(),
                  lowering.tensorInput(op.getX(), result.getBatch(), axes),
                  x.getElementType(),
                  lowering.extents(result),
                  {lowering.coreExtents(x)[dim]},
                  orderLanes};
  auto index = cast<IntegerType>(result.getElementType());
  IntegerType narrow = narrowIndex(folding.dtype, folding.reduced[0]);
  Value found = !narrow                 ? leastIndex(folding, index, lowering, isGreatest)
                : isByte(folding.dtype) ? argmaxOfBytes(folding, narrow, lowering)
                                        : leastIndex(folding, narrow, lowering, isGreatestHalf);
  lowering.set(op, lowering.castTo(op.getLoc(), found, folding.extents, narrow ? narrow : index, index));
  return success();
}

/// What the linalg form forgets of an element type: that its integers have no sign.
static bool hasNoSign(Type element) { return element.isUnsignedInteger() || isBool(element); }

LogicalResult lowerTopk(TopkOp op, FunctionLowering &lowering) {
  TensorType x = op.getX().getType(), values = cast<TensorType>(op.getValues().getType());
  Location loc = op.getLoc();
  Extents extents = lowering.extents(values);
  Value inits[] = {lowering.empty(loc, extents, storedAs(values.getElementType())),
                   lowering.empty(loc, extents, lowering.builder.getI32Type())};
  auto greatest =
      GreatestOp::create(lowering.builder, loc, inits[0].getType(), inits[1].getType(), lowering.tensor(op.getX()),
                         inits, x.batchRank() + op.getDim(), hasNoSign(x.getElementType()));
  lowering.set(op.getValues(), greatest.getValues());
  lowering.set(op.getIndices(), greatest.getIndices());
  return success();
}

LogicalResult lowerCumsum(CumsumOp op, FunctionLowering &lowering) {
  TensorType x = op.getX().getType(), result = op.getType();
  Value init = lowering.empty(op.getLoc(), lowering.extents(result), storedAs(result.getElementType()));
  lowering.set(op, ScanOp::create(lowering.builder, op.getLoc(), init.getType(), lowering.tensor(op.getX()), init,
                                  x.batchRank() + op.getDim(), hasNoSign(x.getElementType())));
  return success();
}

} // namespace batten
