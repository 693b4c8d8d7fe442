// Evaluation.cpp - see Evaluation.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Evaluation.h"
#include "llvm/ADT/SmallPtrSet.h"
#include <cstring>

using namespace mlir;

namespace batten::evaluation {

int64_t numElements(ArrayRef<int64_t> shape) {
  int64_t product = 1;
  for (int64_t extent : shape)
    product *= extent;
  return product;
}

int64_t Tensor::numPositions() const { return numElements(batchShape()); }
int64_t Tensor::coreElements() const { return numElements(coreShape()); }

bool Step::fail(const Twine &why) const {
  error = ("`" + op->getName().stripDialect() + "` " + why).str();
  return false;
}

void copyElement(const Tensor &from, int64_t source, const Tensor &to, int64_t target) {
  int64_t bytes = from.value->elementBytes();
  std::memcpy(to.value->bytes.data() + target * bytes, from.value->bytes.data() + source * bytes, bytes);
}

Lift::Lift(const Tensor &operand, const Tensor &result) : extents(result.batchShape()) {
  strides.assign(extents.size(), 0);
  ArrayRef<StringAttr> names = operand.type.getBatch(), all = result.type.getBatch();
  int64_t stride = operand.coreElements();
  for (size_t i = names.size(); i-- > 0;) {
    strides[llvm::find(all, names[i]) - all.begin()] = stride;
    stride *= operand.batchShape()[i];
  }
}

int64_t Lift::coreAt(int64_t position) const {
  int64_t at = 0;
  for (size_t i = extents.size(); i-- > 0;) {
    at += position % extents[i] * strides[i];
    position /= extents[i];
  }
  return at;
}

void forEachElement(const Step &step, function_ref<void(int64_t, ArrayRef<int64_t>)> visit) {
  const Tensor &result = step.result;
  SmallVector<Lift> lifts;
  for (const Tensor &operand : step.operands)
    lifts.emplace_back(operand, result);
  int64_t core = result.coreElements();
  SmallVector<int64_t> starts(lifts.size()), places(lifts.size());
  for (int64_t position = 0, end = result.numPositions(); position < end; ++position) {
    for (size_t i = 0; i < lifts.size(); ++i)
      starts[i] = lifts[i].coreAt(position);
    for (int64_t element = 0; element < core; ++element) {
      for (size_t i = 0; i < lifts.size(); ++i)
        places[i] = starts[i] + (step.operands[i].type.coreRank() == 0 ? 0 : element);
      visit(position * core + element, places);
    }
  }
}

/// The offset of a row-major index over `extents`, for elements that lie `strides` apart.
static int64_t offsetOf(int64_t index, ArrayRef<int64_t> extents, ArrayRef<int64_t> strides) {
  int64_t offset = 0;
  for (size_t i = extents.size(); i-- > 0;) {
    offset += index % extents[i] * strides[i];
    index /= extents[i];
  }
  return offset;
}

void forEachFold(ArrayRef<int64_t> shape, ArrayRef<bool> isFolded,
                 function_ref<void(int64_t, ArrayRef<int64_t>)> visit) {
  SmallVector<int64_t> extents[2], strides[2]; // of the dims that stay, of those that are folded
  int64_t stride = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    extents[isFolded[i]].insert(extents[isFolded[i]].begin(), shape[i]);
    strides[isFolded[i]].insert(strides[isFolded[i]].begin(), stride);
    stride *= shape[i];
  }
  SmallVector<int64_t> elements(numElements(extents[1]));
  for (int64_t output = 0, end = numElements(extents[0]); output < end; ++output) {
    int64_t start = offsetOf(output, extents[0], strides[0]);
    for (size_t i = 0; i < elements.size(); ++i)
      elements[i] = start + offsetOf(i, extents[1], strides[1]);
    visit(output, elements);
  }
}

SmallVector<bool> foldedDims(ReduceOp op) {
  TensorType type = op.getX().getType();
  SmallVector<bool> isFolded(type.batchRank() + type.coreRank(), false);
  for (int64_t dim : op.getDims())
    isFolded[type.batchRank() + dim] = true;
  return isFolded;
}

SmallVector<bool> foldedDims(ReduceBatchOp op) {
  TensorType type = op.getX().getType();
  SmallVector<bool> isFolded(type.batchRank() + type.coreRank(), false);
  for (auto [i, name] : llvm::enumerate(type.getBatch()))
    isFolded[i] = llvm::is_contained(op.getDims().getValue(), name);
  return isFolded;
}

SmallVector<bool> foldedDim(const Step &step, unsigned dim) {
  const Tensor &x = step.operands[0];
  SmallVector<bool> isFolded(x.value->shape.size(), false);
  isFolded[x.type.batchRank() + dim] = true;
  return isFolded;
}

void forEachProduct(const Step &step, function_ref<void(const Product &)> visit) {
  const Tensor &left = step.operands[0], &right = step.operands[1];
  bool isLinear = isa<LinearOp>(step.op);
  bool hasRows = left.type.coreRank() == 2, hasColumns = right.type.coreRank() == 2;
  int64_t depth = left.coreShape().back();
  int64_t rows = hasRows ? left.coreShape()[0] : 1;
  int64_t columns = !hasColumns ? 1 : right.coreShape()[isLinear ? 0 : 1];
  // linear has its weight as (out, in), matmul has (in, out).
  int64_t columnStride = isLinear ? depth : 1, rightStride = isLinear || !hasColumns ? 1 : columns;
  Lift leftLift(left, step.result), rightLift(right, step.result);
  int64_t output = 0;
  for (int64_t position = 0, end = step.result.numPositions(); position < end; ++position) {
    int64_t leftCore = leftLift.coreAt(position), rightCore = rightLift.coreAt(position);
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t column = 0; column < columns; ++column)
        visit({output++, leftCore + row * depth, rightCore + column * columnStride, rightStride, depth});
  }
}

} // namespace batten::evaluation
