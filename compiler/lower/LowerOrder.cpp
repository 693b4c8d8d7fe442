// LowerOrder.cpp - argmax, topk, cumsum.
//
// argmax is two reductions that a rows kernel runs over a row: the greatest element, then the least index at which it
// stands; of bytes it is one. All are free of any order, so they may go by lanes. linalg has no word for the others:
// they stay one op.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/lower/Lowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <limits>

using namespace mlir;

namespace batten {

/// What no element but those that are greatest is above, or unordered with: the number before `greatest`, of NaN +inf,
/// of -inf NaN, which is the pattern after its own.
static Value justBelow(OpBuilder &b, Location loc, Value greatest) {
  auto type = cast<FloatType>(greatest.getType());
  auto integer = b.getIntegerType(type.getWidth());
  auto number = [&](const APFloat &value) {
    return arith::ConstantOp::create(b, loc, b.getFloatAttr(type, value)).getResult();
  };
  auto bits = [&](int64_t value) {
    return arith::ConstantOp::create(b, loc, b.getIntegerAttr(integer, value)).getResult();
  };
  const llvm::fltSemantics &semantics = type.getFloatSemantics();
  Value minusZero = number(APFloat::getZero(semantics, /*Negative=*/true));
  Value isZero = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, greatest, minusZero);
  Value pattern = arith::SelectOp::create(b, loc, isZero, minusZero, greatest);
  pattern = arith::BitcastOp::create(b, loc, integer, pattern);
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
  return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UGT, x, justBelow(b, loc, greatest));
}

/// So many indices fit below a byte in 32 bits.
constexpr int64_t mostTagged = 65536;

static bool isByte(Type type) { return isa<IntegerType>(type) && type.getIntOrFloatBitWidth() == 8; }

/// One reduction: the greatest element with the least index is the greatest sum of one in the upper bits and the
/// distance to the last index in the lower ones.
static Value argmaxOfBytes(const Folding &f, Type index, FunctionLowering &lowering) {
  auto word = [&](OpBuilder &b, Location loc, int64_t value) {
    return arith::ConstantOp::create(b, loc, b.getIntegerAttr(index, value)).getResult();
  };
  auto fold = [&](OpBuilder &b, Location loc, ValueRange scalars) -> Value {
    Value x = castScalar(b, loc, scalars[0], f.dtype, index);
    Value upper = arith::ShLIOp::create(b, loc, x, word(b, loc, 16));
    Value at = arith::IndexCastOp::create(b, loc, index, linalg::IndexOp::create(b, loc, f.extents.size()));
    Value lower = arith::SubIOp::create(b, loc, word(b, loc, mostTagged - 1), at);
    return arith::MaxSIOp::create(b, loc, scalars[1], arith::OrIOp::create(b, loc, upper, lower));
  };
  TypedAttr least = numberAttr(index, std::numeric_limits<int32_t>::min());
  Value tagged = lowering.reduction(f.loc, f.x, f.extents, 1, least, f.order, fold);
  Input greatest{tagged, axisRange(0, f.extents.size()), {}};
  return lowering.pointwise(f.loc, greatest, f.extents, index, [&](OpBuilder &b, Location loc, ValueRange scalars) {
    Value lower = arith::AndIOp::create(b, loc, scalars[0], word(b, loc, mostTagged - 1));
    return arith::SubIOp::create(b, loc, word(b, loc, mostTagged - 1), lower);
  });
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
  if (isByte(folding.dtype) && folding.reduced[0].constantValue().value_or(INT64_MAX) <= mostTagged) {
    lowering.set(op, argmaxOfBytes(folding, result.getElementType(), lowering));
    return success();
  }
  Input inputs[] = {folding.x,
                    {foldExtreme(folding, /*least=*/false, folding.dtype, lowering), axisRange(0, rank), {}}};
  Type index = result.getElementType();
  TypedAttr beyond = numberAttr(index, std::numeric_limits<int32_t>::max());
  auto region = [&](OpBuilder &b, Location loc, ValueRange scalars) -> Value {
    Value element = scalars[0], greatest = scalars[1];
    if (isa<FloatType>(folding.dtype)) {
      element = castScalar(b, loc, element, folding.dtype, computedAs(folding.dtype));
      greatest = castScalar(b, loc, greatest, folding.dtype, computedAs(folding.dtype));
    }
    Value at = arith::IndexCastOp::create(b, loc, index, linalg::IndexOp::create(b, loc, rank));
    Value none = arith::ConstantOp::create(b, loc, beyond);
    Value candidate = arith::SelectOp::create(b, loc, isGreatest(b, loc, element, greatest), at, none);
    return arith::MinSIOp::create(b, loc, scalars[2], candidate);
  };
  lowering.set(op, lowering.reduction(op.getLoc(), inputs, folding.extents, 1, beyond, orderLanes, region));
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
