// LowerLosses.cpp - cross_entropy, mse, bce, sq_norm.
//
// Each is made of the reductions over rows that softmax, norms and sums have, so that they run in the rows kernel of
// what gives them their operands. cross_entropy picks the logit of its class by an or of bits that are 0 elsewhere:
// that has no order, needs no gather and is one instruction an element where a maximum of floats is five.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/lower/Lowering.h"
#include "dialect/RegionMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace batten {

//===- cross_entropy ----------------------------------------------------------------------------------------------===//

/// The bits of x[y] - max in each row; 0 where y is no index of it.
static Value pickClass(Location loc, const RowSpace &rows, Input y, Type classType, Value max,
                       FunctionLowering &lowering) {
  OpBuilder &builder = lowering.builder;
  Type i32 = builder.getI32Type(), bits = builder.getIntegerType(rows.accumulator.getIntOrFloatBitWidth());
  unsigned rank = rows.rowExtents.size();
  Folding folding = alongRows(loc, rows, rows.whole, rows.dtype);
  Input inputs[] = {folding.x, {max, axisRange(0, rank), {}}, y};
  TypedAttr none = builder.getIntegerAttr(bits, 0);
  return lowering.reduction(
      loc, inputs, rows.rowExtents, 1, none, orderLanes, [&](OpBuilder &b, Location loc, ValueRange scalars) -> Value {
        Value at = arith::IndexCastOp::create(b, loc, i32, linalg::IndexOp::create(b, loc, rank));
        Value wanted = castScalar(b, loc, scalars[2], classType, i32);
        Value isIt = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, at, wanted);
        Value value = arith::BitcastOp::create(b, loc, bits, shifted(b, loc, rows, scalars));
        value = arith::SelectOp::create(b, loc, isIt, value, arith::ConstantOp::create(b, loc, none));
        return arith::OrIOp::create(b, loc, scalars[3], value);
      });
}

LogicalResult lowerCrossEntropy(CrossEntropyOp op, FunctionLowering &lowering) {
  Location loc = op.getLoc();
  TensorType x = op.getX().getType(), result = op.getType();
  RowSpace rows =
      rowsAlong(op.getX(), TensorType::get(x.getElementType(), result.getBatch(), x.getCore()), 0, lowering);
  Type dtype = op.getY().getType().getElementType();
  Input y = lowering.input(op.getY(), result.getBatch(), {});
  SoftmaxSteps steps = softmaxSteps(loc, rows, /*toBf16=*/false, lowering);
  Value picked = pickClass(loc, rows, y, dtype, steps.max, lowering);
  Value log = logarithm(loc, rows, steps.total, lowering);
  // An i64 outside the range may have 32 bits that are within.
  Type wide = dtype.isInteger(64) ? dtype : lowering.builder.getI32Type();
  Axes all = axisRange(0, rows.rowExtents.size());
  Input inputs[] = {{log, all, {}}, {picked, all, {}}, y, lowering.number(loc, rows.length.front(), wide)};
  auto region = [&](OpBuilder &b, Location loc, ValueRange scalars) {
    Value wanted = castScalar(b, loc, scalars[2], dtype, wide);
    Value isClass = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, wanted, scalars[3]);
    auto type = cast<FloatType>(rows.accumulator);
    Value nan = arith::ConstantOp::create(b, loc, FloatAttr::get(type, APFloat::getNaN(type.getFloatSemantics())));
    Value logit = arith::BitcastOp::create(b, loc, type, scalars[1]);
    Value loss = arith::SubFOp::create(b, loc, scalars[0], logit);
    loss = arith::SelectOp::create(b, loc, isClass, loss, nan);
    return castScalar(b, loc, loss, rows.accumulator, rows.dtype);
  };
  lowering.set(op, lowering.pointwise(loc, inputs, rows.rowExtents, rows.dtype, region));
  return success();
}

//===- mse, bce ---------------------------------------------------------------------------------------------------===//

LogicalResult lowerMse(MseOp op, FunctionLowering &lowering) {
  Location loc = op.getLoc();
  TensorType result = op.getType();
  Type dtype = result.getElementType(), accumulator = accumulatorType(dtype);
  Axes core = {result.batchRank()};
  Folding folding{loc,
                  lowering.tensorInput(op.getA(), result.getBatch(), core),
                  dtype,
                  lowering.extents(result),
                  lowering.coreExtents(op.getA().getType()),
                  orderLanes};
  Input inputs[] = {folding.x, lowering.tensorInput(op.getB(), result.getBatch(), core)};
  Value squares = lowering.reduction(loc, inputs, folding.extents, 1, numberAttr(accumulator, 0), orderLanes,
                                     [&](OpBuilder &b, Location loc, ValueRange scalars) -> Value {
                                       Value difference = arith::SubFOp::create(
                                           b, loc, castScalar(b, loc, scalars[0], dtype, accumulator),
                                           castScalar(b, loc, scalars[1], dtype, accumulator));
                                       return math::FmaOp::create(b, loc, difference, difference, scalars[2]);
                                     });
  lowering.set(op, divideByCount(folding, squares, 0, dtype, lowering));
  return success();
}

LogicalResult lowerBce(BceOp op, FunctionLowering &lowering) {
  TensorType result = op.getType();
  Type dtype = result.getElementType(), computed = computedAs(dtype);
  Input inputs[] = {lowering.input(op.getX(), result.getBatch(), {}), lowering.input(op.getY(), result.getBatch(), {})};
  auto region = [&](OpBuilder &b, Location loc, ValueRange scalars) {
    Value loss = buildBinaryCrossEntropy(b, loc, castScalar(b, loc, scalars[0], dtype, computed),
                                         castScalar(b, loc, scalars[1], dtype, computed));
    return castScalar(b, loc, loss, computed, dtype);
  };
  lowering.set(op, lowering.pointwise(op.getLoc(), inputs, lowering.extents(result), dtype, region));
  return success();
}

//===- sq_norm ----------------------------------------------------------------------------------------------------===//

/// The sum of the squares of one leaf, in the accumulator's type.
static Value squaresOf(Value leaf, TensorType result, FunctionLowering &lowering) {
  auto type = cast<TensorType>(leaf.getType());
  Input x = lowering.tensorInput(leaf, result.getBatch(), axisRange(result.batchRank(), type.coreRank()));
  Folding folding{leaf.getLoc(), x, type.getElementType(), lowering.extents(result), lowering.coreExtents(type),
                  orderLanes};
  if (type.coreRank() != 0)
    return foldSquares(folding, /*mean=*/{}, lowering);
  Type accumulator = accumulatorType(folding.dtype);
  return lowering.pointwise(folding.loc, x, folding.extents, accumulator,
                            [&](OpBuilder &b, Location loc, ValueRange scalars) -> Value {
                              Value number = castScalar(b, loc, scalars[0], folding.dtype, accumulator);
                              return arith::MulFOp::create(b, loc, number, number);
                            });
}

LogicalResult lowerSqNorm(SqNormOp op, FunctionLowering &lowering) {
  TensorType result = op.getType();
  Extents extents = lowering.extents(result);
  Type dtype = result.getElementType(), accumulator = accumulatorType(dtype);
  Axes all = axisRange(0, extents.size());
  Value total;
  for (Value leaf : op.getLeaves()) {
    Value squares = squaresOf(leaf, result, lowering);
    Input terms[] = {{total, all, {}}, {squares, all, {}}};
    total = !total ? squares
                   : lowering.pointwise(op.getLoc(), terms, extents, accumulator,
                                        [](OpBuilder &b, Location loc, ValueRange scalars) -> Value {
                                          return arith::AddFOp::create(b, loc, scalars[0], scalars[1]);
                                        });
  }
  lowering.set(op, lowering.castTo(op.getLoc(), total, extents, accumulator, dtype));
  return success();
}

} // namespace batten
