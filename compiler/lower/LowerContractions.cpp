// LowerContractions.cpp - matmul, linear, outer.
//
// A contraction is one generic in the accumulator's type with the contracted dim last; rounding to the result's dtype
// and the bias are generics of their own, which the schedule runs on the accumulators. With a right-hand side of core
// rank 2 each output is one chain of multiply-adds in ascending k, of bf16 in pairs of k; without (dot products) it is
// the sum over 64 lanes.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/lower/Lowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace batten {

/// sum over the last iteration dim of lhs * rhs, in the accumulator's type.
static Value contract(Location loc, ArrayRef<Input> operands, ArrayRef<Dim> extents, Type dtype, const Order &order,
                      FunctionLowering &lowering) {
  auto term = [&](OpBuilder &b, Location loc, ValueRange scalars) { return multiplyAdd(b, loc, scalars, dtype); };
  return lowering.reduction(loc, operands, extents, 1, numberAttr(accumulatorType(dtype), 0), order, term);
}

LogicalResult lowerMatmul(MatmulOp op, FunctionLowering &lowering) {
  TensorType lhs = op.getLhs().getType(), rhs = op.getRhs().getType(), result = op.getType();
  unsigned batch = result.batchRank(), k = batch + result.coreRank();
  bool hasRows = lhs.coreRank() == 2, hasColumns = rhs.coreRank() == 2;
  Axes left = hasRows ? Axes{batch, k} : Axes{k};
  Axes right = hasColumns ? Axes{k, k - 1} : Axes{k};
  Input operands[] = {lowering.tensorInput(op.getLhs(), result.getBatch(), left),
                      lowering.tensorInput(op.getRhs(), result.getBatch(), right)};
  Extents extents = lowering.extents(result);
  Type dtype = lhs.getElementType();
  Value sum = contract(op.getLoc(), operands, extents, dtype, hasColumns ? orderOfSums(dtype) : orderLanes, lowering);
  lowering.set(op, lowering.castTo(op.getLoc(), sum, extents, accumulatorType(dtype), result.getElementType()));
  return success();
}

LogicalResult lowerLinear(LinearOp op, FunctionLowering &lowering) {
  TensorType x = op.getX().getType(), result = op.getType();
  unsigned o = result.batchRank(), i = o + 1;
  Input operands[] = {lowering.tensorInput(op.getX(), result.getBatch(), {i}),
                      lowering.tensorInput(op.getW(), result.getBatch(), {o, i})};
  Extents extents = lowering.extents(result);
  Type dtype = x.getElementType(), accumulator = accumulatorType(dtype);
  Value sum = contract(op.getLoc(), operands, extents, dtype, orderOfSums(dtype), lowering);
  if (!op.getB()) {
    lowering.set(op, lowering.castTo(op.getLoc(), sum, extents, accumulator, result.getElementType()));
    return success();
  }
  Input addends[] = {{sum, axisRange(0, extents.size()), {}}, lowering.input(op.getB(), result.getBatch(), {o})};
  Type added = op.getB().getType().getElementType(); // that of x, or the accumulator
  auto addBias = [&](OpBuilder &b, Location loc, ValueRange scalars) -> Value {
    Value bias = castScalar(b, loc, scalars[1], added, accumulator);
    Value value = isa<FloatType>(accumulator) ? arith::AddFOp::create(b, loc, scalars[0], bias).getResult()
                                              : arith::AddIOp::create(b, loc, scalars[0], bias).getResult();
    return castScalar(b, loc, value, accumulator, result.getElementType());
  };
  lowering.set(op, lowering.pointwise(op.getLoc(), addends, extents, storedAs(result.getElementType()), addBias));
  return success();
}

LogicalResult lowerOuter(OuterOp op, FunctionLowering &lowering) {
  TensorType result = op.getType();
  unsigned m = result.batchRank(), n = m + 1;
  Input operands[] = {lowering.input(op.getLhs(), result.getBatch(), {m}),
                      lowering.input(op.getRhs(), result.getBatch(), {n})};
  Type stored = storedAs(result.getElementType()), computed = computedAs(stored);
  auto multiply = [&](OpBuilder &b, Location loc, ValueRange scalars) -> Value {
    Value lhs = castScalar(b, loc, scalars[0], stored, computed),
          rhs = castScalar(b, loc, scalars[1], stored, computed);
    Value value = isa<FloatType>(computed) ? arith::MulFOp::create(b, loc, lhs, rhs).getResult()
                                           : arith::MulIOp::create(b, loc, lhs, rhs).getResult();
    return castScalar(b, loc, value, computed, stored);
  };
  lowering.set(op, lowering.pointwise(op.getLoc(), operands, lowering.extents(result), stored, multiply));
  return success();
}

} // namespace batten
