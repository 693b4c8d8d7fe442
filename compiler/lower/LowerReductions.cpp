// LowerReductions.cpp - reduce, and the steps that batch reductions and norms share with it.
//
// A reduction is one generic in the accumulator's type, its reduced dims last in the iteration space but where they are
// in the operand's map; nothing is transposed. mean and var are made of such sums: var takes the mean first and then
// the sum of squared differences, each added by one multiply-add. Only the last step rounds to the result's dtype.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/lower/Lowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace batten {

//===- Steps ------------------------------------------------------------------------------------------------------===//

static Value add(OpBuilder &b, Location loc, Value lhs, Value rhs) {
  return isa<FloatType>(lhs.getType()) ? arith::AddFOp::create(b, loc, lhs, rhs).getResult()
                                       : arith::AddIOp::create(b, loc, lhs, rhs).getResult();
}

template <typename Float, typename Signed, typename Unsigned>
static Value extreme(OpBuilder &b, Location loc, Type dtype, Value lhs, Value rhs) {
  if (isa<FloatType>(dtype))
    return Float::create(b, loc, lhs, rhs);
  if (dtype.isUnsignedInteger())
    return Unsigned::create(b, loc, lhs, rhs);
  return Signed::create(b, loc, lhs, rhs);
}

Value extremeOf(OpBuilder &b, Location loc, Type dtype, Value lhs, Value rhs, bool least) {
  return least ? extreme<arith::MinimumFOp, arith::MinSIOp, arith::MinUIOp>(b, loc, dtype, lhs, rhs)
               : extreme<arith::MaximumFOp, arith::MaxSIOp, arith::MaxUIOp>(b, loc, dtype, lhs, rhs);
}

/// The least number of a dtype, or the greatest; floats have infinities for it.
TypedAttr extremeAttr(Type dtype, bool greatest) {
  if (auto real = dyn_cast<FloatType>(dtype))
    return FloatAttr::get(real, APFloat::getInf(real.getFloatSemantics(), /*Negative=*/!greatest));
  Type stored = storedAs(dtype);
  unsigned width = dtype.getIntOrFloatBitWidth();
  if (dtype.isUnsignedInteger())
    return IntegerAttr::get(stored, greatest ? APInt::getMaxValue(width) : APInt::getMinValue(width));
  return IntegerAttr::get(stored, greatest ? APInt::getSignedMaxValue(width) : APInt::getSignedMinValue(width));
}

Value foldSum(const Folding &f, FunctionLowering &lowering) {
  Type accumulator = accumulatorType(f.dtype);
  return lowering.reduction(f.loc, f.x, f.extents, f.reduced.size(), numberAttr(accumulator, 0), f.order,
                            [&](OpBuilder &b, Location loc, ValueRange scalars) {
                              return add(b, loc, scalars[1], castScalar(b, loc, scalars[0], f.dtype, accumulator));
                            });
}

Value foldSquares(const Folding &f, Value mean, FunctionLowering &lowering) {
  Type accumulator = accumulatorType(f.dtype);
  SmallVector<Input> inputs{f.x};
  if (mean)
    inputs.push_back({mean, axisRange(0, f.extents.size()), {}});
  return lowering.reduction(f.loc, inputs, f.extents, f.reduced.size(), numberAttr(accumulator, 0), f.order,
                            [&](OpBuilder &b, Location loc, ValueRange scalars) -> Value {
                              Value x = castScalar(b, loc, scalars[0], f.dtype, accumulator);
                              if (mean)
                                x = arith::SubFOp::create(b, loc, x, scalars[1]);
                              return math::FmaOp::create(b, loc, x, x, scalars.back());
                            });
}

Value foldExtreme(const Folding &f, bool least, Type as, FunctionLowering &lowering) {
  return lowering.reduction(f.loc, f.x, f.extents, f.reduced.size(), extremeAttr(as, least), f.order,
                            [&](OpBuilder &b, Location loc, ValueRange scalars) {
                              Value x = f.dtype == as ? scalars[0] : castScalar(b, loc, scalars[0], f.dtype, as);
                              return extremeOf(b, loc, as, scalars[1], x, least);
                            });
}

static Value foldBool(const Folding &f, bool all, FunctionLowering &lowering) {
  return lowering.reduction(f.loc, f.x, f.extents, f.reduced.size(), numberAttr(f.dtype, all), f.order,
                            [&](OpBuilder &b, Location loc, ValueRange scalars) -> Value {
                              if (all)
                                return arith::AndIOp::create(b, loc, scalars[1], scalars[0]);
                              return arith::OrIOp::create(b, loc, scalars[1], scalars[0]);
                            });
}

Value divideByCount(const Folding &f, Value total, int64_t correction, Type to, FunctionLowering &lowering) {
  Type accumulator = accumulatorType(f.dtype);
  Dim count = product(f.reduced) - Dim::constant(correction);
  Input inputs[] = {{total, axisRange(0, f.extents.size()), {}}, lowering.number(f.loc, count, accumulator)};
  return lowering.pointwise(f.loc, inputs, f.extents, to, [&](OpBuilder &b, Location loc, ValueRange scalars) {
    return castScalar(b, loc, arith::DivFOp::create(b, loc, scalars[0], scalars[1]), accumulator, to);
  });
}

//===- Reductions -------------------------------------------------------------------------------------------------===//

Value fold(const Folding &f, StringRef kind, int64_t correction, Type to, FunctionLowering &lowering) {
  Type accumulator = accumulatorType(f.dtype);
  if (kind == "sum")
    return lowering.castTo(f.loc, foldSum(f, lowering), f.extents, accumulator, to);
  if (kind == "mean")
    return divideByCount(f, foldSum(f, lowering), 0, to, lowering);
  if (kind == "var") {
    Value mean = divideByCount(f, foldSum(f, lowering), 0, accumulator, lowering);
    return divideByCount(f, foldSquares(f, mean, lowering), correction, to, lowering);
  }
  if (kind == "any" || kind == "all")
    return foldBool(f, kind == "all", lowering);
  return lowering.castTo(f.loc, foldExtreme(f, kind == "min", f.dtype, lowering), f.extents, f.dtype, to);
}

LogicalResult lowerReduce(ReduceOp op, FunctionLowering &lowering) {
  TensorType x = op.getX().getType(), result = op.getType();
  Extents core = lowering.coreExtents(x), reduced;
  unsigned kept = result.batchRank(), folded = result.batchRank() + result.coreRank();
  Axes axes;
  for (auto [position, extent] : llvm::enumerate(core)) {
    bool isReduced = llvm::is_contained(op.getDims(), int64_t(position));
    axes.push_back(isReduced ? folded++ : kept++);
    if (isReduced)
      reduced.push_back(extent);
  }
  Folding folding{op.getLoc(),
                  lowering.tensorInput(op.getX(), result.getBatch(), axes),
                  x.getElementType(),
                  lowering.extents(result),
                  reduced,
                  orderLanes};
  lowering.set(op, fold(folding, op.getKind(), op.getCorrection(), result.getElementType(), lowering));
  return success();
}

} // namespace batten
