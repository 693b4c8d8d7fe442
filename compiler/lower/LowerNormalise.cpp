// LowerNormalise.cpp - softmax, log_softmax, layer_norm, rms_norm.
//
// Each is a handful of generics in the accumulator's type over the same rows, written so that a rows kernel runs them
// without leaving the row: what is cheap to compute again (x - m, x - mean) is computed where it is needed, exp is not.
// One op of the source rounds once, so f16 and bf16 appear in the first loads and the last generic only.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/lower/Lowering.h"
#include "dialect/RegionMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace batten {

//===- softmax ----------------------------------------------------------------------------------------------------===//

RowSpace rowsAlong(Value source, TensorType type, unsigned dim, FunctionLowering &lowering) {
  RowSpace rows;
  unsigned rank = type.batchRank() + type.coreRank(), row = type.batchRank() + dim;
  rows.whole = lowering.tensorInput(source, type.getBatch(), axisRange(type.batchRank(), type.coreRank()));
  rows.extents = rows.rowExtents = lowering.extents(type);
  rows.length = {rows.extents[row]};
  rows.rowExtents.erase(rows.rowExtents.begin() + row);
  for (unsigned axis = 0; axis < rank; ++axis) {
    rows.folded.push_back(axis == row ? rank - 1 : axis - (axis > row));
    if (axis != row)
      rows.perRow.push_back(axis);
  }
  rows.dtype = type.getElementType();
  rows.accumulator = accumulatorType(rows.dtype);
  return rows;
}

Folding alongRows(Location loc, const RowSpace &rows, Input input, Type dtype) {
  for (unsigned &axis : input.axes)
    axis = rows.folded[axis];
  return {loc, input, dtype, rows.rowExtents, rows.length, orderLanes};
}

Value shifted(OpBuilder &b, Location loc, const RowSpace &rows, ValueRange scalars) {
  return arith::SubFOp::create(b, loc, castScalar(b, loc, scalars[0], rows.dtype, rows.accumulator), scalars[1]);
}

/// exp(x - m) at every element; m is the greatest of its row, so the exponent is never above 0.
static Value shiftedExp(Location loc, const RowSpace &rows, ArrayRef<Input> xAndMax, bool toBf16,
                        FunctionLowering &lowering) {
  return lowering.pointwise(loc, xAndMax, rows.extents, rows.accumulator,
                            [&](OpBuilder &b, Location loc, ValueRange scalars) {
                              Value exponent = shifted(b, loc, rows, scalars);
                              return toBf16 ? buildExpToBf16(b, loc, exponent) : buildNonPositiveExp(b, loc, exponent);
                            });
}

static Input whole(const RowSpace &rows, Value tensor) { return {tensor, axisRange(0, rows.extents.size()), {}}; }

/// The greatest of each row. Where an element is NaN every result of its row is, whatever the greatest of the others.
static Value greatestNumber(Location loc, const RowSpace &rows, FunctionLowering &lowering) {
  Folding along = alongRows(loc, rows, rows.whole, rows.dtype);
  Value greatest = foldExtreme(along, /*least=*/false, rows.accumulator, lowering);
  auto folding = greatest.getDefiningOp<linalg::GenericOp>();
  Operation *fold = folding.getBody()->getTerminator()->getOperand(0).getDefiningOp();
  fold->setAttr(numbersOnlyAttrName, UnitAttr::get(fold->getContext()));
  return greatest;
}

SoftmaxSteps softmaxSteps(Location loc, const RowSpace &rows, bool toBf16, FunctionLowering &lowering) {
  SoftmaxSteps steps;
  steps.max = greatestNumber(loc, rows, lowering);
  steps.exps = shiftedExp(loc, rows, {rows.whole, {steps.max, rows.perRow, {}}}, toBf16, lowering);
  steps.total = foldSum(alongRows(loc, rows, whole(rows, steps.exps), rows.accumulator), lowering);
  return steps;
}

Value logarithm(Location loc, const RowSpace &rows, Value perRow, FunctionLowering &lowering) {
  return lowering.pointwise(
      loc, Input{perRow, axisRange(0, rows.rowExtents.size()), {}}, rows.rowExtents, rows.accumulator,
      [](OpBuilder &b, Location loc, ValueRange scalars) -> Value { return math::LogOp::create(b, loc, scalars[0]); });
}

static Value reciprocal(Location loc, const RowSpace &rows, Value perRow, FunctionLowering &lowering) {
  Input inputs[] = {{perRow, axisRange(0, rows.rowExtents.size()), {}}, {{}, {}, numberAttr(rows.accumulator, 1)}};
  return lowering.pointwise(loc, inputs, rows.rowExtents, rows.accumulator,
                            [](OpBuilder &b, Location loc, ValueRange scalars) -> Value {
                              return arith::DivFOp::create(b, loc, scalars[1], scalars[0]);
                            });
}

/// bf16 shows little of an exponential, and nothing of a second rounding of the quotient.
LogicalResult lowerSoftmax(SoftmaxOp op, FunctionLowering &lowering) {
  Location loc = op.getLoc();
  RowSpace rows = rowsAlong(op.getX(), op.getType(), op.getDim(), lowering);
  bool toBf16 = rows.dtype.isBF16();
  SoftmaxSteps steps = softmaxSteps(loc, rows, toBf16, lowering);
  Value divisor = toBf16 ? reciprocal(loc, rows, steps.total, lowering) : steps.total;
  Input quotient[] = {whole(rows, steps.exps), {divisor, rows.perRow, {}}};
  lowering.set(op, lowering.pointwise(
                       loc, quotient, rows.extents, rows.dtype, [&](OpBuilder &b, Location loc, ValueRange scalars) {
                         Value value = toBf16 ? arith::MulFOp::create(b, loc, scalars[0], scalars[1]).getResult()
                                              : arith::DivFOp::create(b, loc, scalars[0], scalars[1]);
                         return castScalar(b, loc, value, rows.accumulator, rows.dtype);
                       }));
  return success();
}

LogicalResult lowerLogSoftmax(LogSoftmaxOp op, FunctionLowering &lowering) {
  Location loc = op.getLoc();
  RowSpace rows = rowsAlong(op.getX(), op.getType(), op.getDim(), lowering);
  SoftmaxSteps steps = softmaxSteps(loc, rows, /*toBf16=*/false, lowering);
  Value log = logarithm(loc, rows, steps.total, lowering);
  Input inputs[] = {rows.whole, {steps.max, rows.perRow, {}}, {log, rows.perRow, {}}};
  lowering.set(op, lowering.pointwise(loc, inputs, rows.extents, rows.dtype,
                                      [&](OpBuilder &b, Location loc, ValueRange scalars) {
                                        Value value = shifted(b, loc, rows, scalars);
                                        value = arith::SubFOp::create(b, loc, value, scalars[2]);
                                        return castScalar(b, loc, value, rows.accumulator, rows.dtype);
                                      }));
  return success();
}

//===- Norms ------------------------------------------------------------------------------------------------------===//

/// 1 / sqrt(total / n + eps), one a row.
static Value inverseDeviation(Location loc, const RowSpace &rows, Value total, const APFloat &eps,
                              FunctionLowering &lowering) {
  TypedAttr epsilon = numberAttr(rows.accumulator, eps.convertToDouble());
  Input inputs[] = {{total, axisRange(0, rows.rowExtents.size()), {}},
                    lowering.number(loc, rows.length.front(), rows.accumulator),
                    {{}, {}, epsilon}};
  return lowering.pointwise(loc, inputs, rows.rowExtents, rows.accumulator,
                            [](OpBuilder &b, Location loc, ValueRange scalars) {
                              Value mean = arith::DivFOp::create(b, loc, scalars[0], scalars[1]);
                              return buildRsqrt(b, loc, arith::AddFOp::create(b, loc, mean, scalars[2]));
                            });
}

LogicalResult lowerLayerNorm(LayerNormOp op, FunctionLowering &lowering) {
  Location loc = op.getLoc();
  TensorType result = op.getType();
  RowSpace rows = rowsAlong(op.getX(), result, 0, lowering);
  Folding folding = alongRows(loc, rows, rows.whole, rows.dtype);
  Value mean = divideByCount(folding, foldSum(folding, lowering), 0, rows.accumulator, lowering);
  Value scale = inverseDeviation(loc, rows, foldSquares(folding, mean, lowering), op.getEps(), lowering);
  Axes core = {result.batchRank()};
  Input inputs[] = {rows.whole,
                    {mean, rows.perRow, {}},
                    {scale, rows.perRow, {}},
                    lowering.input(op.getG(), result.getBatch(), core),
                    lowering.input(op.getB(), result.getBatch(), core)};
  auto region = [&](OpBuilder &b, Location loc, ValueRange scalars) {
    Value centred = shifted(b, loc, rows, scalars);
    Value g = castScalar(b, loc, scalars[3], rows.dtype, rows.accumulator);
    Value shift = castScalar(b, loc, scalars[4], rows.dtype, rows.accumulator);
    Value value = math::FmaOp::create(b, loc, arith::MulFOp::create(b, loc, centred, scalars[2]), g, shift);
    return castScalar(b, loc, value, rows.accumulator, rows.dtype);
  };
  lowering.set(op, lowering.pointwise(loc, inputs, rows.extents, rows.dtype, region));
  return success();
}

LogicalResult lowerRmsNorm(RmsNormOp op, FunctionLowering &lowering) {
  Location loc = op.getLoc();
  TensorType result = op.getType();
  RowSpace rows = rowsAlong(op.getX(), result, 0, lowering);
  Value squares = foldSquares(alongRows(loc, rows, rows.whole, rows.dtype), /*mean=*/{}, lowering);
  Value scale = inverseDeviation(loc, rows, squares, op.getEps(), lowering);
  Input inputs[] = {
      rows.whole, {scale, rows.perRow, {}}, lowering.input(op.getG(), result.getBatch(), {result.batchRank()})};
  auto region = [&](OpBuilder &b, Location loc, ValueRange scalars) {
    Value x = castScalar(b, loc, scalars[0], rows.dtype, rows.accumulator);
    Value g = castScalar(b, loc, scalars[2], rows.dtype, rows.accumulator);
    Value value = arith::MulFOp::create(b, loc, arith::MulFOp::create(b, loc, x, scalars[1]), g);
    return castScalar(b, loc, value, rows.accumulator, rows.dtype);
  };
  lowering.set(op, lowering.pointwise(loc, inputs, rows.extents, rows.dtype, region));
  return success();
}

} // namespace batten
