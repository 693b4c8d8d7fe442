// LowerWindows.cpp - conv2d and pools.
//
// A window is one generic over the result's dims and then its taps (and channels), whose image map says where they
// meet: (.., i * stride + kh * dilation, j * stride + kw * dilation). Padding is a tensor.pad of the image, which no
// kernel ever makes: it only says which taps fall beside the image. The sum stays in the accumulator's type; bias,
// quotient and rounding are generics of their own, which the schedule runs on the accumulators.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/lower/Lowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace batten {

/// A generic over the result's dims and `numReduced` taps, in `order` from `identity`.
static Value slide(Location loc, ValueRange operands, ArrayRef<AffineMap> maps, ArrayRef<Dim> extents,
                   unsigned numReduced, const Order &order, TypedAttr identity, FunctionLowering &lowering,
                   Region region) {
  OpBuilder &b = lowering.builder;
  Value init = lowering.fill(loc, extents, identity);
  unsigned rank = extents.size();
  SmallVector<AffineMap> all(maps);
  all.push_back(AffineMap::getMultiDimMapWithTargets(rank + numReduced, axisRange(0, rank), b.getContext()));
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  iterators.append(numReduced, utils::IteratorType::reduction);
  auto op = linalg::GenericOp::create(b, loc, init.getType(), operands, init, all, iterators,
                                      [&](OpBuilder &nested, Location, ValueRange arguments) {
                                        linalg::YieldOp::create(nested, loc, region(nested, loc, arguments));
                                      });
  op->setAttr(attr::order, b.getStringAttr(order.name));
  return op.getResult(0);
}

//===- conv2d -----------------------------------------------------------------------------------------------------===//

/// The image with `pad` zeros on all four sides.
static Value padImage(Location loc, Value image, Extents extents, int64_t pad, FunctionLowering &lowering) {
  if (pad == 0)
    return image;
  OpBuilder &b = lowering.builder;
  SmallVector<OpFoldResult> beside(extents.size(), b.getIndexAttr(0));
  for (size_t i = extents.size() - 2; i < extents.size(); ++i) {
    extents[i] = extents[i] + Dim::constant(2 * pad);
    beside[i] = b.getIndexAttr(pad);
  }
  Type element = getElementTypeOrSelf(image);
  Value zero = arith::ConstantOp::create(b, loc, numberAttr(element, 0));
  return tensor::PadOp::create(b, loc, lowering.typeOf(extents, element), image, beside, beside, zero);
}

/// Groups of sizes that the call decides are one more batch dim, of image and weights.
static bool groupsAreBatch(Conv2dOp op, FunctionLowering &lowering) {
  Extents w = lowering.coreExtents(op.getW().getType());
  return op.getGroups() > 1 && (!w[0].isConstant() || !w[1].isConstant());
}

/// Dim `dim`, the channels of all groups, as [groups, those of one].
static void splitGroups(int64_t groups, unsigned dim, Extents &extents) {
  Dim count = Dim::constant(groups);
  extents[dim] = Dim::exactDiv(extents[dim], count).value();
  extents.insert(extents.begin() + dim, count);
}

/// The same of an input of `type`, whose first core dim runs along the loop behind that of the groups.
static Extents splitGroups(Conv2dOp op, TensorType type, Input &input, FunctionLowering &lowering) {
  unsigned dim = type.batchRank();
  SmallVector<int64_t> counts(type.getRank(), 1);
  counts[dim] = 2;
  Extents extents = lowering.extents(type);
  splitGroups(op.getGroups(), dim, extents);
  if (input.axes.empty()) // uniform: the same for all groups
    return extents;
  input.axes.insert(input.axes.begin() + dim, op.getType().batchRank());
  input.tensor = expand(op.getLoc(), input.tensor, counts, extents, lowering);
  return extents;
}

/// Loops: batch, `output`, i, j, kh, kw, channel. Outputs of one group lie side by side, and so do its channels.
static AffineMap imageMap(Conv2dOp op, const Input &x, unsigned output, FunctionLowering &lowering) {
  MLIRContext *context = op.getContext();
  auto dim = [&](unsigned i) { return getAffineDimExpr(output + i, context); };
  AffineExpr channel = dim(5);
  if (int64_t groups = op.getGroups(); groups > 1 && !groupsAreBatch(op, lowering)) {
    Extents w = lowering.coreExtents(op.getW().getType());
    channel = dim(0).floorDiv(*w[0].constantValue() / groups) * *w[1].constantValue() + channel;
  }
  int64_t stride = op.getStride(), dilation = op.getDilation();
  SmallVector<AffineExpr> results;
  for (unsigned axis : ArrayRef<unsigned>(x.axes).drop_back(3))
    results.push_back(getAffineDimExpr(axis, context));
  results.append({channel, dim(1) * stride + dim(3) * dilation, dim(2) * stride + dim(4) * dilation});
  return AffineMap::get(output + 6, 0, results, context);
}

/// The sum, and the bias where there is one, in the type of the result. `output` is the loop of a group's outputs.
static Value finishSum(Conv2dOp op, Value sum, const Extents &extents, unsigned output, FunctionLowering &lowering) {
  Location loc = op.getLoc();
  TensorType result = op.getType();
  Type accumulator = accumulatorType(op.getX().getType().getElementType()), element = result.getElementType();
  if (!op.getB())
    return lowering.castTo(loc, sum, extents, accumulator, element);
  Input addends[] = {{sum, axisRange(0, extents.size()), {}}, lowering.input(op.getB(), result.getBatch(), {output})};
  if (groupsAreBatch(op, lowering))
    splitGroups(op, op.getB().getType(), addends[1], lowering);
  auto addBias = [&](OpBuilder &b, Location loc, ValueRange scalars) -> Value {
    Value bias = castScalar(b, loc, scalars[1], op.getB().getType().getElementType(), accumulator);
    Value value = isa<FloatType>(accumulator) ? arith::AddFOp::create(b, loc, scalars[0], bias).getResult()
                                              : arith::AddIOp::create(b, loc, scalars[0], bias).getResult();
    return castScalar(b, loc, value, accumulator, element);
  };
  return lowering.pointwise(loc, addends, extents, storedAs(element), addBias);
}

LogicalResult lowerConv2d(Conv2dOp op, FunctionLowering &lowering) {
  Location loc = op.getLoc();
  TensorType result = op.getType();
  bool apart = groupsAreBatch(op, lowering);
  unsigned o = result.batchRank() + apart;
  Type dtype = op.getX().getType().getElementType(), accumulator = accumulatorType(dtype);
  Input x = lowering.tensorInput(op.getX(), result.getBatch(), {o, o + 1, o + 2});
  Input w = lowering.tensorInput(op.getW(), result.getBatch(), {o, o + 5, o + 3, o + 4});
  Extents extents = lowering.extents(result), imageExtents = lowering.extents(op.getX().getType());
  SmallVector<int64_t> counts(extents.size(), 1);
  if (apart) {
    imageExtents = splitGroups(op, op.getX().getType(), x, lowering);
    splitGroups(op, op.getW().getType(), w, lowering);
    splitGroups(op.getGroups(), o - 1, extents);
    counts[o - 1] = 2;
  }
  AffineMap maps[] = {imageMap(op, x, o, lowering),
                      AffineMap::getMultiDimMapWithTargets(o + 6, w.axes, op.getContext())};
  Value image = padImage(loc, x.tensor, imageExtents, op.getPad(), lowering);
  auto term = [&](OpBuilder &b, Location loc, ValueRange scalars) { return multiplyAdd(b, loc, scalars, dtype); };
  Value sum =
      slide(loc, {image, w.tensor}, maps, extents, 3, orderOfSums(dtype), numberAttr(accumulator, 0), lowering, term);
  Value finished = finishSum(op, sum, extents, o, lowering);
  lowering.set(op, collapse(loc, finished, counts, lowering.extents(result), lowering));
  return success();
}

//===- Pools ------------------------------------------------------------------------------------------------------===//

/// Loops: batch, channel, i, j, kh, kw. The second operand is never read: it has the shape of the window.
static Value pool(Operation *op, int64_t k, int64_t stride, TypedAttr identity, FunctionLowering &lowering,
                  Region region) {
  MLIRContext *context = op->getContext();
  auto result = cast<TensorType>(op->getResult(0).getType());
  unsigned rank = result.getRank();
  SmallVector<AffineExpr> image;
  for (unsigned i = 0; i < rank; ++i) {
    AffineExpr dim = getAffineDimExpr(i, context);
    image.push_back(i + 2 < rank ? dim : dim * stride + getAffineDimExpr(i + 2, context));
  }
  AffineMap maps[] = {AffineMap::get(rank + 2, 0, image, context),
                      AffineMap::getMultiDimMapWithTargets(rank + 2, {rank, rank + 1}, context)};
  Dim side = Dim::constant(k);
  Value window = lowering.empty(op->getLoc(), {side, side}, identity.getType());
  return slide(op->getLoc(), {lowering.tensor(op->getOperand(0)), window}, maps, lowering.extents(result), 2,
               orderChain, identity, lowering, region);
}

LogicalResult lowerMaxPool2d(MaxPool2dOp op, FunctionLowering &lowering) {
  Type dtype = op.getType().getElementType();
  lowering.set(op, pool(op, op.getK(), op.getStride(), extremeAttr(dtype, /*greatest=*/false), lowering,
                        [&](OpBuilder &b, Location loc, ValueRange scalars) {
                          return extremeOf(b, loc, dtype, scalars[2], scalars[0], /*least=*/false);
                        }));
  return success();
}

/// The chain starts at -0, which added to any number is that number.
LogicalResult lowerAvgPool2d(AvgPool2dOp op, FunctionLowering &lowering) {
  Type dtype = op.getType().getElementType(), accumulator = accumulatorType(dtype);
  Location loc = op.getLoc();
  Value sum = pool(op, op.getK(), op.getStride(), numberAttr(accumulator, -0.0), lowering,
                   [&](OpBuilder &b, Location loc, ValueRange scalars) {
                     Value x = castScalar(b, loc, scalars[0], dtype, accumulator);
                     return arith::AddFOp::create(b, loc, scalars[2], x);
                   });
  Extents extents = lowering.extents(op.getType());
  Dim count = Dim::constant(op.getK()) * Dim::constant(op.getK());
  Input inputs[] = {{sum, axisRange(0, extents.size()), {}}, lowering.number(loc, count, accumulator)};
  auto divide = [&](OpBuilder &b, Location loc, ValueRange scalars) {
    return castScalar(b, loc, arith::DivFOp::create(b, loc, scalars[0], scalars[1]), accumulator, dtype);
  };
  lowering.set(op, lowering.pointwise(loc, inputs, extents, dtype, divide));
  return success();
}

} // namespace batten
