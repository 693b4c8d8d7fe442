// LowerGather.cpp - embed, update and rope.
//
// embed and update move rows that only the data names, which linalg has no word for: they stay one op on plain tensors.
// rope is element-wise on views: sine and cosine once a position and pair, then both halves side by side, or neighbours
// as a dim of two.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/lower/Lowering.h"
#include "dialect/RegionMath.h"
#include "dialect/Rotation.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace batten {

//===- embed, update ----------------------------------------------------------------------------------------------===//

/// Where the batch dims of `operand` stand among those of the result.
static SmallVector<int64_t> axesOf(Value operand, TensorType result) {
  return llvm::map_to_vector(cast<TensorType>(operand.getType()).getBatch(), [&](StringAttr name) -> int64_t {
    return llvm::find(result.getBatch(), name) - result.getBatch().begin();
  });
}

/// Row numbers as a signed integer type.
static Value numbers(Value source, FunctionLowering &lowering) {
  auto type = cast<TensorType>(source.getType());
  Type element = type.getElementType();
  Value tensor = lowering.tensor(source);
  if (!element.isUnsignedInteger())
    return tensor;
  return lowering.castTo(source.getLoc(), tensor, lowering.extents(type), element, lowering.builder.getI32Type());
}

LogicalResult lowerEmbed(EmbedOp op, FunctionLowering &lowering) {
  TensorType result = op.getType();
  Value table = lowering.tensor(op.getTable()), id = numbers(op.getId(), lowering);
  Value init = lowering.empty(op.getLoc(), lowering.extents(result), storedAs(result.getElementType()));
  lowering.set(op, GatherRowsOp::create(lowering.builder, op.getLoc(), init.getType(), table, id, init,
                                        axesOf(op.getTable(), result), axesOf(op.getId(), result)));
  return success();
}

/// Into `c` where it lies: the schedule copies it first if somebody still needs it. A `c` that the batch shares is
/// repeated here.
LogicalResult lowerUpdate(UpdateOp op, FunctionLowering &lowering) {
  TensorType result = op.getType();
  Location loc = op.getLoc();
  Value c = lowering.tensor(op.getC()), row = lowering.tensor(op.getRow()), at = numbers(op.getAt(), lowering);
  if (op.getC().getType().getBatch() != result.getBatch()) {
    Input input = lowering.input(op.getC(), result.getBatch(), axisRange(result.batchRank(), 2));
    c = lowering.copy(loc, input, lowering.extents(result), storedAs(result.getElementType()));
  }
  lowering.set(op, UpdateRowsOp::create(lowering.builder, loc, c.getType(), row, at, c, axesOf(op.getRow(), result),
                                        axesOf(op.getAt(), result)));
  return success();
}

//===- rope -------------------------------------------------------------------------------------------------------===//

namespace {
/// Sine and cosine at each position and pair.
struct Turns {
  Value sine, cosine;
};
} // namespace

/// How many pairs there are: `d` is even, by a guard at entry where it is not so by its form.
static Dim halfOf(const Dim &d) { return Dim::exactDiv(d, Dim::constant(2)).value(); }

/// rotation::angle as operations; of f64 the product alone.
static Value buildAngle(OpBuilder &b, Location loc, Value position, Value frequency, Type computed) {
  auto constant = [&](double value) -> Value { return arith::ConstantOp::create(b, loc, b.getF64FloatAttr(value)); };
  Value radians = arith::MulFOp::create(b, loc, position, frequency);
  if (computed.isF64())
    return radians;
  Value shift = constant(rotation::shift);
  Value turns = math::FmaOp::create(b, loc, radians, constant(rotation::turnsPerRadian), shift);
  turns = arith::SubFOp::create(b, loc, turns, shift);
  Value rest = math::FmaOp::create(b, loc, turns, constant(-rotation::turn), radians);
  rest = math::FmaOp::create(b, loc, turns, constant(-rotation::turnLow), rest);
  return arith::TruncFOp::create(b, loc, computed, rest);
}

/// rotation::frequencies: a constant where `d` is a number, else made by the call.
static Value frequenciesOf(RopeOp op, const Dim &d, FunctionLowering &lowering) {
  OpBuilder &b = lowering.builder;
  Location loc = op.getLoc();
  Type f64 = b.getF64Type();
  if (std::optional<int64_t> known = d.constantValue()) {
    std::vector<double> frequencies = rotation::frequencies(op.getBase().convertToDouble(), *known);
    auto type = RankedTensorType::get({*known / 2}, f64);
    return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, ArrayRef<double>(frequencies)));
  }
  return lowering.pointwise(loc, lowering.number(loc, d, f64), {halfOf(d)}, f64,
                            [&](OpBuilder &b, Location loc, ValueRange scalars) -> Value {
                              auto constant = [&](const APFloat &value) -> Value {
                                return arith::ConstantOp::create(b, loc, b.getFloatAttr(f64, value));
                              };
                              Value pair = castSize(b, loc, linalg::IndexOp::create(b, loc, 0), f64);
                              Value twice = arith::MulFOp::create(b, loc, pair, constant(APFloat(-2.0)));
                              Value exponent = arith::DivFOp::create(b, loc, twice, scalars[0]);
                              return buildPow(b, loc, constant(op.getBase()), exponent);
                            });
}

/// True where sine and cosine are those of each element of a pair, not of the pair. Neighbours run over more loops than
/// pairs do: turns that no other position asks for are computed in these loops, twice, and never stored (Zen 3: 4096
/// rows of 1024 in 9.9 ms, so 5.8).
static bool turnsElements(RopeOp op) {
  return op.getInterleaved() && op.getAt().getType().getBatch() == op.getType().getBatch();
}

/// Of every pair or, behind a dim of two, of its elements.
static Turns turnsOf(RopeOp op, const Dim &d, Type computed, FunctionLowering &lowering) {
  Location loc = op.getLoc();
  TensorType at = op.getAt().getType();
  Extents extents = lowering.batchExtents(at);
  unsigned pair = extents.size();
  extents.push_back(halfOf(d));
  if (turnsElements(op))
    extents.push_back(Dim::constant(2));
  Input inputs[] = {lowering.input(op.getAt(), at.getBatch(), {}), {frequenciesOf(op, d, lowering), {pair}, {}}};
  Value angle = lowering.pointwise(loc, inputs, extents, computed, [&](OpBuilder &b, Location loc, ValueRange s) {
    return buildAngle(b, loc, castScalar(b, loc, s[0], at.getElementType(), b.getF64Type()), s[1], computed);
  });
  Input whole{angle, axisRange(0, extents.size()), {}};
  auto of = [&]<typename Op>() {
    return lowering.pointwise(loc, whole, extents, computed, [](OpBuilder &b, Location loc, ValueRange s) {
      return Op::create(b, loc, s[0]).getResult();
    });
  };
  return {of.operator()<math::SinOp>(), of.operator()<math::CosOp>()};
}

/// The first or second elements of all pairs, a view: `pairs` has a dim of two at `dim`.
static Value sideOf(Location loc, Value pairs, ArrayRef<Dim> extents, unsigned dim, int64_t which,
                    FunctionLowering &lowering) {
  OpBuilder &b = lowering.builder;
  SmallVector<OpFoldResult> offsets(extents.size(), b.getIndexAttr(0)), strides(extents.size(), b.getIndexAttr(1));
  Extents sizes(extents), kept(extents);
  offsets[dim] = b.getIndexAttr(which);
  sizes[dim] = Dim::constant(1);
  kept.erase(kept.begin() + dim);
  RankedTensorType type = lowering.typeOf(kept, getElementTypeOrSelf(pairs));
  return tensor::ExtractSliceOp::create(b, loc, type, pairs, offsets, lowering.sizes.sizes(sizes), strides);
}

/// `fma(x1, cosine, -(x2 * sine))`, or `fma(x1, sine, x2 * cosine)`.
static Value buildHalf(OpBuilder &b, Location loc, bool isFirst, ValueRange scalars) {
  Value x1 = scalars[0], x2 = scalars[1], sine = scalars[2], cosine = scalars[3];
  if (!isFirst)
    return math::FmaOp::create(b, loc, x1, sine, arith::MulFOp::create(b, loc, x2, cosine));
  Value product = arith::MulFOp::create(b, loc, x2, sine);
  return math::FmaOp::create(b, loc, x1, cosine, arith::NegFOp::create(b, loc, product));
}

/// The same of the element `which` (0 or 1, a linalg index).
static Value buildNeighbour(OpBuilder &b, Location loc, Value which, ValueRange scalars) {
  Value x1 = scalars[0], x2 = scalars[1], sine = scalars[2], cosine = scalars[3];
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value isFirst = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, which, zero);
  Value ahead = arith::SelectOp::create(b, loc, isFirst, cosine, sine);
  Value across = arith::SelectOp::create(b, loc, isFirst, sine, cosine);
  Value product = arith::MulFOp::create(b, loc, x2, across);
  Value negated = arith::NegFOp::create(b, loc, product);
  return math::FmaOp::create(b, loc, x1, ahead, arith::SelectOp::create(b, loc, isFirst, negated, product));
}

/// The last dim as [2, d/2], or as [d/2, 2] where pairs are neighbours.
static Extents pairedExtents(TensorType type, const Dim &d, bool interleaved, FunctionLowering &lowering) {
  Extents extents = lowering.batchExtents(type);
  Dim two = Dim::constant(2), half = halfOf(d);
  extents.append({interleaved ? half : two, interleaved ? two : half});
  return extents;
}

/// Two elements a pair: how a dim of pairs behind `batchRank` batch dims splits.
static SmallVector<int64_t> pairCounts(unsigned batchRank) {
  SmallVector<int64_t> counts(batchRank, 1);
  counts.push_back(2);
  return counts;
}

/// x1, x2, sine and cosine of each pair, whose loop is the one behind the batch.
static SmallVector<Input> inputsOfPairs(RopeOp op, const Dim &d, FunctionLowering &lowering) {
  TensorType result = op.getType(), x = op.getX().getType();
  Location loc = op.getLoc();
  unsigned pair = result.batchRank();
  Turns turns = turnsOf(op, d, computedAs(result.getElementType()), lowering);
  Extents split = pairedExtents(x, d, op.getInterleaved(), lowering);
  Value pairs = expand(loc, lowering.tensor(op.getX()), pairCounts(x.batchRank()), split, lowering);
  SmallVector<Input> inputs;
  for (int64_t half : {0, 1}) {
    Input input = lowering.tensorInput(op.getX(), result.getBatch(), {pair});
    input.tensor = sideOf(loc, pairs, split, x.batchRank() + op.getInterleaved(), half, lowering);
    inputs.push_back(input);
  }
  for (Value turn : {turns.sine, turns.cosine}) {
    SmallVector<unsigned> along = {pair};
    if (turnsElements(op))
      along.push_back(pair + 1);
    Input input = lowering.tensorInput(op.getAt(), result.getBatch(), along);
    input.tensor = turn;
    inputs.push_back(input);
  }
  return inputs;
}

/// `build` of such inputs in the type that is computed in.
static Value turned(Location loc, ArrayRef<Input> inputs, const Extents &extents, Type dtype,
                    FunctionLowering &lowering, Region build) {
  return lowering.pointwise(loc, inputs, extents, dtype, [&](OpBuilder &b, Location loc, ValueRange scalars) {
    Type computed = computedAs(dtype);
    SmallVector<Value> numbers(scalars);
    for (Value &element : MutableArrayRef<Value>(numbers).take_front(2))
      element = castScalar(b, loc, element, dtype, computed);
    return castScalar(b, loc, build(b, loc, numbers), computed, dtype);
  });
}

LogicalResult lowerRope(RopeOp op, FunctionLowering &lowering) {
  TensorType result = op.getType();
  Type dtype = result.getElementType();
  Dim d = lowering.coreExtents(result).front();
  Location loc = op.getLoc();
  unsigned pair = result.batchRank(); // of the loops; where pairs are neighbours a dim of two follows
  SmallVector<Input> inputs = inputsOfPairs(op, d, lowering);
  if (op.getInterleaved()) {
    Value both = turned(loc, inputs, pairedExtents(result, d, true, lowering), dtype, lowering,
                        [&](OpBuilder &b, Location loc, ValueRange numbers) {
                          return buildNeighbour(b, loc, linalg::IndexOp::create(b, loc, pair + 1), numbers);
                        });
    lowering.set(op, collapse(loc, both, pairCounts(pair), lowering.extents(result), lowering));
    return success();
  }
  Extents extents = lowering.batchExtents(result);
  extents.push_back(halfOf(d));
  SmallVector<Value> halves;
  for (bool isFirst : {true, false})
    halves.push_back(turned(loc, inputs, extents, dtype, lowering, [&](OpBuilder &b, Location loc, ValueRange numbers) {
      return buildHalf(b, loc, isFirst, numbers);
    }));
  RankedTensorType type = lowering.typeOf(lowering.extents(result), getElementTypeOrSelf(halves.front()));
  lowering.set(op, tensor::ConcatOp::create(lowering.builder, loc, type, pair, halves));
  return success();
}

} // namespace batten
