// LowerOrder.cpp - argmax, topk, cumsum.
//
// argmax is two reductions that a rows kernel runs over a row: the greatest element, then the least index at which it
// stands. Both are free of any order, so they may go by lanes. linalg has no word for the others: they stay one op.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/lower/Lowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <limits>

using namespace mlir;

namespace batten {

/// x == greatest, where NaN is greatest and then equals itself.
static Value isGreatest(OpBuilder &b, Location loc, Value x, Value greatest) {
  if (!isa<FloatType>(x.getType()))
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, x, greatest);
  Value isEqual = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, x, greatest);
  Value isNan = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, x, x);
  return arith::OrIOp::create(b, loc, isEqual, isNan);
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
