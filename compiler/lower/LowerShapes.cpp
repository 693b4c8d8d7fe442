// LowerShapes.cpp - what makes tensors or only moves elements.
//
// Where elements can stay in place there is a view (slice, split, transpose) and no generic. A join is a view only of
// what lies densely in memory, so a rearrange that permutes and then joins copies in between; the copy is a generic
// that reads through the permutation. What is uniform stays so through all of these.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/lower/Lowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace batten {

//===- Views ------------------------------------------------------------------------------------------------------===//

/// True where the value's elements lie row-major without gaps.
static bool isDense(Value tensor) {
  Operation *op = tensor.getDefiningOp();
  if (isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
    return isDense(op->getOperand(0));
  return !isa_and_nonnull<tensor::ExtractSliceOp, linalg::TransposeOp>(op);
}

/// Consecutive dims in groups of these sizes.
static SmallVector<ReassociationIndices> groupsOf(ArrayRef<int64_t> counts) {
  SmallVector<ReassociationIndices> groups;
  int64_t next = 0;
  for (int64_t count : counts) {
    groups.push_back(llvm::to_vector<2>(llvm::seq(next, next + count)));
    next += count;
  }
  return groups;
}

static bool areSingle(ArrayRef<int64_t> counts) {
  return llvm::all_of(counts, [](int64_t count) { return count == 1; });
}

Value expand(Location loc, Value tensor, ArrayRef<int64_t> counts, ArrayRef<Dim> extents, FunctionLowering &lowering) {
  if (areSingle(counts) && counts.size() == extents.size())
    return tensor;
  RankedTensorType type = lowering.typeOf(extents, getElementTypeOrSelf(tensor));
  return tensor::ExpandShapeOp::create(lowering.builder, loc, type, tensor, groupsOf(counts),
                                       lowering.sizes.sizes(extents));
}

Value collapse(Location loc, Value tensor, ArrayRef<int64_t> counts, ArrayRef<Dim> extents,
               FunctionLowering &lowering) {
  if (areSingle(counts) && int64_t(counts.size()) == cast<RankedTensorType>(tensor.getType()).getRank())
    return tensor;
  RankedTensorType type = lowering.typeOf(extents, getElementTypeOrSelf(tensor));
  return tensor::CollapseShapeOp::create(lowering.builder, loc, type, tensor, groupsOf(counts));
}

static Value permute(Location loc, Value tensor, ArrayRef<int64_t> permutation, ArrayRef<Dim> extents,
                     FunctionLowering &lowering) {
  Value init = lowering.empty(loc, extents, getElementTypeOrSelf(tensor));
  return linalg::TransposeOp::create(lowering.builder, loc, tensor, init, permutation)->getResult(0);
}

/// Group sizes for the other dims: a dim of size 1, a 0 in `dims`, goes with the dim in front of it, or the first one
/// behind.
static SmallVector<int64_t> groupsWithUnits(ArrayRef<int64_t> dims) {
  SmallVector<int64_t> counts;
  int64_t leading = 0;
  for (int64_t dim : dims) {
    if (dim == 0) {
      (counts.empty() ? leading : counts.back()) += 1;
      continue;
    }
    counts.push_back(1 + leading);
    leading = 0;
  }
  return counts;
}

/// Dims of size 1 as in `joins`: a 0 there is a new dim.
static Value addUnits(Location loc, Value tensor, unsigned batchRank, ArrayRef<int64_t> joins, ArrayRef<Dim> extents,
                      FunctionLowering &lowering) {
  SmallVector<int64_t> dims(batchRank, 1);
  llvm::append_range(dims, joins);
  return expand(loc, tensor, groupsWithUnits(dims), extents, lowering);
}

/// Dims of size 1 as in `splits`: a 0 there is a dim that vanishes. Only of dense values is that a join.
static Value dropUnits(Location loc, Value tensor, ArrayRef<int64_t> splits, ArrayRef<Dim> extents,
                       FunctionLowering &lowering) {
  if (!llvm::is_contained(splits, 0))
    return tensor;
  Extents kept;
  for (auto [split, extent] : llvm::zip_equal(splits, extents))
    if (split != 0)
      kept.push_back(extent);
  if (isDense(tensor))
    return collapse(loc, tensor, groupsWithUnits(splits), kept, lowering);
  SmallVector<OpFoldResult> zeros(extents.size(), lowering.builder.getIndexAttr(0)),
      ones(extents.size(), lowering.builder.getIndexAttr(1));
  RankedTensorType type = lowering.typeOf(kept, getElementTypeOrSelf(tensor));
  return tensor::ExtractSliceOp::create(lowering.builder, loc, type, tensor, zeros, lowering.sizes.sizes(extents),
                                        ones);
}

//===- What makes tensors -----------------------------------------------------------------------------------------===//

/// The same elements as a builtin tensor: u8 becomes i8.
static DenseElementsAttr plainConstant(DenseElementsAttr value) {
  auto type = RankedTensorType::get(value.getType().getShape(), storedAs(value.getElementType()));
  return DenseElementsAttr::getFromRawBuffer(type, value.getRawData());
}

/// Literals with one value stay a splat: only what differs is worth memory.
static void setLiterals(Operation *op, DenseElementsAttr elements, FunctionLowering &lowering) {
  if (elements.isSplat())
    lowering.setUniform(op->getResult(0), {{}, {}, cast<TypedAttr>(elements.getSplatValue<Attribute>())});
  else
    lowering.set(op->getResult(0), arith::ConstantOp::create(lowering.builder, op->getLoc(), elements));
}

LogicalResult lowerConstant(ConstantOp op, FunctionLowering &lowering) {
  if (auto dense = dyn_cast<DenseElementsAttr>(op.getValue())) {
    setLiterals(op, plainConstant(dense), lowering);
    return success();
  }
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(op.getValue())) {
    auto type = RankedTensorType::get(resource.getType().getShape(), storedAs(op.getType().getElementType()));
    auto plain = DenseResourceElementsAttr::get(type, resource.getRawHandle());
    lowering.set(op, arith::ConstantOp::create(lowering.builder, op.getLoc(), plain));
    return success();
  }
  return notCompiled(op);
}

/// True where the operand is uniform, as the result then is too.
static bool staysUniform(Operation *op, FunctionLowering &lowering) {
  std::optional<Input> value = lowering.uniform(op->getOperand(0));
  if (value)
    lowering.setUniform(op->getResult(0), *value);
  return value.has_value();
}

/// The operand's elements repeated along the result's dims that it lacks.
static void repeat(Operation *op, FunctionLowering &lowering) {
  auto source = cast<TensorType>(op->getOperand(0).getType()), result = cast<TensorType>(op->getResult(0).getType());
  Input input = lowering.input(op->getOperand(0), result.getBatch(), axisRange(result.batchRank(), source.coreRank()));
  lowering.set(op->getResult(0),
               lowering.copy(op->getLoc(), input, lowering.extents(result), storedAs(result.getElementType())));
}

LogicalResult lowerFill(FillOp op, FunctionLowering &lowering) {
  if (!staysUniform(op, lowering))
    repeat(op, lowering);
  return success();
}

LogicalResult lowerSpread(SpreadOp op, FunctionLowering &lowering) {
  if (op.getX().getType() == op.getType())
    lowering.set(op, lowering.tensor(op.getX()));
  else if (!staysUniform(op, lowering))
    repeat(op, lowering);
  return success();
}

LogicalResult lowerDim(DimOp op, FunctionLowering &lowering) {
  lowering.setUniform(op, lowering.number(op.getLoc(), lowering.dim(op.getValue()), op.getType().getElementType()));
  return success();
}

LogicalResult lowerIota(IotaOp op, FunctionLowering &lowering) {
  Type element = op.getType().getElementType();
  lowering.set(op, lowering.pointwise(op.getLoc(), {}, lowering.extents(op.getType()), element,
                                      [&](OpBuilder &b, Location loc, ValueRange) {
                                        return castSize(b, loc, linalg::IndexOp::create(b, loc, 0), element);
                                      }));
  return success();
}

//===- What moves elements ----------------------------------------------------------------------------------------===//

LogicalResult lowerTranspose(TransposeOp op, FunctionLowering &lowering) {
  if (staysUniform(op, lowering))
    return success();
  TensorType result = op.getType();
  auto permutation = llvm::to_vector(llvm::seq<int64_t>(0, result.getRank()));
  std::swap(permutation[result.getRank() - 2], permutation[result.getRank() - 1]);
  lowering.set(op, permute(op.getLoc(), lowering.tensor(op.getX()), permutation, lowering.extents(result), lowering));
  return success();
}

/// `tensor`, whose dims are all split, with its dims in the order of `permutation`; dense if they are to be joined.
static Value reorder(Location loc, Value tensor, ArrayRef<int64_t> permutation, ArrayRef<Dim> extents, bool joins,
                     FunctionLowering &lowering) {
  bool inOrder = llvm::is_sorted(permutation);
  if (!joins)
    return inOrder ? tensor : permute(loc, tensor, permutation, extents, lowering);
  if (inOrder && isDense(tensor))
    return tensor;
  Axes axes(permutation.size());
  for (auto [target, source] : llvm::enumerate(permutation))
    axes[source] = target;
  return lowering.copy(loc, {tensor, axes, {}}, extents, getElementTypeOrSelf(tensor));
}

LogicalResult lowerRearrange(RearrangeOp op, FunctionLowering &lowering) {
  if (staysUniform(op, lowering))
    return success();
  Location loc = op.getLoc();
  TensorType source = op.getX().getType(), result = op.getType();
  Extents factors = lowering.values(op.sourceDims()), permuted, joined;
  SmallVector<int64_t> splits(source.batchRank(), 1), joins(result.batchRank(), 1);
  for (Attribute split : op.getSplits())
    splits.push_back(cast<ArrayAttr>(split).size());
  for (int64_t position : op.getPermutation())
    permuted.push_back(factors[position]);
  Extents extents = lowering.extents(result);
  joined.assign(extents.begin(), extents.begin() + result.batchRank());
  for (auto [join, extent] : llvm::zip_equal(op.getJoins(), lowering.coreExtents(result)))
    if (join != 0) {
      joins.push_back(join);
      joined.push_back(extent);
    }
  Value value = dropUnits(loc, lowering.tensor(op.getX()), splits, lowering.extents(source), lowering);
  llvm::erase(splits, 0);
  value = expand(loc, value, splits, factors, lowering);
  value = reorder(loc, value, op.getPermutation(), permuted, !areSingle(joins), lowering);
  value = collapse(loc, value, joins, joined, lowering);
  lowering.set(op, addUnits(loc, value, result.batchRank(), op.getJoins(), extents, lowering));
  return success();
}

LogicalResult lowerSlice(SliceOp op, FunctionLowering &lowering) {
  if (staysUniform(op, lowering))
    return success();
  TensorType source = op.getX().getType();
  SmallVector<OpFoldResult> offsets(source.batchRank(), lowering.builder.getIndexAttr(0)),
      strides(source.getRank(), lowering.builder.getIndexAttr(1));
  Extents sizes = lowering.batchExtents(source);
  llvm::append_range(offsets, lowering.sizes.sizes(lowering.values(toDims(op.getOffsets()))));
  llvm::append_range(sizes, lowering.values(toDims(op.getSizes())));
  RankedTensorType type = lowering.typeOf(lowering.extents(op.getType()), storedAs(source.getElementType()));
  lowering.set(op, tensor::ExtractSliceOp::create(lowering.builder, op.getLoc(), type, lowering.tensor(op.getX()),
                                                  offsets, lowering.sizes.sizes(sizes), strides));
  return success();
}

//===- concat and stack -------------------------------------------------------------------------------------------===//

/// The operand with all batch dims of `result`: concat itself repeats nothing.
static Value withBatch(Value operand, TensorType result, FunctionLowering &lowering) {
  auto type = cast<TensorType>(operand.getType());
  if (type.getBatch() == result.getBatch())
    return lowering.tensor(operand);
  Extents extents = lowering.batchExtents(result);
  llvm::append_range(extents, lowering.coreExtents(type));
  Input input = lowering.input(operand, result.getBatch(), axisRange(result.batchRank(), type.coreRank()));
  return lowering.copy(operand.getLoc(), input, extents, storedAs(type.getElementType()));
}

static Value concatenate(Location loc, ArrayRef<Value> parts, ArrayRef<Dim> extents, FunctionLowering &lowering) {
  if (parts.size() == 1)
    return parts.front();
  RankedTensorType type = lowering.typeOf(extents, getElementTypeOrSelf(parts.front()));
  return tensor::ConcatOp::create(lowering.builder, loc, type, extents.size() - 1, parts);
}

LogicalResult lowerConcat(ConcatOp op, FunctionLowering &lowering) {
  auto parts =
      llvm::map_to_vector(op.getOperands(), [&](Value operand) { return withBatch(operand, op.getType(), lowering); });
  lowering.set(op, concatenate(op.getLoc(), parts, lowering.extents(op.getType()), lowering));
  return success();
}

/// The elements of `part` with one core dim of size `length` in place of all of them.
static Value flattenCore(Location loc, Value part, ArrayRef<Dim> batch, ArrayRef<Dim> core, const Dim &length,
                         FunctionLowering &lowering) {
  Extents extents(batch);
  SmallVector<int64_t> counts(batch.size(), 1);
  extents.push_back(length);
  if (core.empty())
    return addUnits(loc, part, batch.size(), {0}, extents, lowering);
  counts.push_back(core.size());
  if (core.size() > 1 && !isDense(part)) {
    Extents whole(batch);
    llvm::append_range(whole, core);
    part = lowering.copy(loc, {part, axisRange(0, whole.size()), {}}, whole, getElementTypeOrSelf(part));
  }
  return collapse(loc, part, counts, extents, lowering);
}

/// The elements of an operand that is known here, in order; false where it is not.
static bool appendKnown(Value operand, SmallVectorImpl<Attribute> &elements, FunctionLowering &lowering) {
  auto type = cast<TensorType>(operand.getType());
  std::optional<int64_t> count = type.coreElements().constantValue();
  if (TypedAttr splat = lowering.splat(operand); splat && count && type.batchRank() == 0) {
    elements.append(*count, splat);
    return true;
  }
  DenseElementsAttr dense;
  if (lowering.splat(operand) || !matchPattern(lowering.tensor(operand), m_Constant(&dense)))
    return false;
  llvm::append_range(elements, dense.getValues<Attribute>());
  return true;
}

/// Operands one after another: flat, then side by side, then split into operands again. Literals become a constant.
LogicalResult lowerStack(StackOp op, FunctionLowering &lowering) {
  TensorType result = op.getType();
  Location loc = op.getLoc();
  Extents batch = lowering.batchExtents(result), core = lowering.coreExtents(result),
          extents = lowering.extents(result);
  SmallVector<Attribute> elements;
  if (llvm::all_of(op.getOperands(), [&](Value operand) { return appendKnown(operand, elements, lowering); })) {
    RankedTensorType type = lowering.typeOf(extents, storedAs(result.getElementType()));
    setLiterals(op, DenseElementsAttr::get(type, elements), lowering);
    return success();
  }
  ArrayRef<Dim> partCore = ArrayRef<Dim>(core).drop_front();
  Dim length = product(partCore);
  auto parts = llvm::map_to_vector(op.getOperands(), [&](Value operand) {
    return flattenCore(loc, withBatch(operand, result, lowering), batch, partCore, length, lowering);
  });
  Extents flat(batch);
  flat.push_back(product(core));
  SmallVector<int64_t> counts(batch.size(), 1);
  counts.push_back(core.size());
  lowering.set(op, expand(loc, concatenate(loc, parts, flat, lowering), counts, extents, lowering));
  return success();
}

} // namespace batten
