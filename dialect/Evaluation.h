// Evaluation.h - what the two evaluators share: reading operands, and which elements meet.
//
// Nothing here computes. A lifted op is a loop over the positions of its result; `Lift` says where each operand's core
// lies for a position, `forEachFold` which elements a reduction brings together and in which order.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_EVALUATION_H
#define BATTEN_DIALECT_EVALUATION_H

#include "dialect/Evaluate.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"

namespace batten::evaluation {

/// A value with its type: the type says which of its dims are batch.
struct Tensor {
  TensorType type;
  DenseValue *value = nullptr;

  llvm::ArrayRef<int64_t> batchShape() const { return llvm::ArrayRef(value->shape).take_front(type.batchRank()); }
  llvm::ArrayRef<int64_t> coreShape() const { return llvm::ArrayRef(value->shape).drop_front(type.batchRank()); }
  int64_t numPositions() const;
  int64_t coreElements() const;
  bool isReal() const { return value->isReal(); }
};

/// One op with its operands and its results, which are all zeros and wait to be filled in.
struct Step {
  mlir::Operation *op;
  llvm::SmallVector<Tensor> operands;
  llvm::SmallVector<Tensor> results;
  Tensor result; ///< the first one, of most ops the only one
  const std::map<std::string, int64_t> &sizes;
  Bf16Sums bf16Sums; ///< of contractions and attention, and of convolutions as Numerics.h says
  std::string &error;

  bool fail(const llvm::Twine &why) const;
};

int64_t numElements(llvm::ArrayRef<int64_t> shape);

/// Moves one element between values of one dtype.
void copyElement(const Tensor &from, int64_t source, const Tensor &to, int64_t target);

/// Where the cores of an operand lie for the positions of a result (R5: missing batch dims repeat).
class Lift {
public:
  Lift(const Tensor &operand, const Tensor &result);
  /// First element of the operand's core at this row-major position of the result.
  int64_t coreAt(int64_t position) const;

private:
  llvm::SmallVector<int64_t> extents, strides; // of the result's batch dims; strides in elements of the operand
};

/// What the reference computes functions and sums in, so that f64 is judged by a format with more digits than it has.
using Wide = long double;

/// Calls `visit` with each element of the result and the elements of the operands at its place; an empty core repeats.
void forEachElement(const Step &step, llvm::function_ref<void(int64_t result, llvm::ArrayRef<int64_t> operands)> visit);

/// Folds away the marked dims of a tensor. `output` counts the rest row-major, `elements` are those that meet there, in
/// row-major order of the marked dims.
void forEachFold(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<bool> isFolded,
                 llvm::function_ref<void(int64_t output, llvm::ArrayRef<int64_t> elements)> visit);

/// The dims that a reduction folds away, of batch and core together.
llvm::SmallVector<bool> foldedDims(ReduceOp op);
llvm::SmallVector<bool> foldedDims(ReduceBatchOp op);
/// The core dim at `dim` of the operand.
llvm::SmallVector<bool> foldedDim(const Step &step, unsigned dim);

/// One output of a contraction: the sum over k < depth of lhs[left + k] * rhs[right + k * rightStride].
struct Product {
  int64_t output, left, right, rightStride, depth;
};
void forEachProduct(const Step &step, llvm::function_ref<void(const Product &)> visit);

/// One output of conv2d: the elements of x and of w that meet there, in the order kh, kw, channel; taps beside the
/// image are left out or, `withPadding`, have no x.
struct Tap {
  int64_t x, w;
  static constexpr int64_t none = -1;
};
void forEachConvolution(const Step &step, llvm::function_ref<void(int64_t output, llvm::ArrayRef<Tap> taps)> visit,
                        bool withPadding = false);

/// One output of a pool and the elements of its window, row by row.
void forEachPool(const Step &step, int64_t k, int64_t stride,
                 llvm::function_ref<void(int64_t output, llvm::ArrayRef<int64_t> elements)> visit);

/// Ops that only make or move elements, the same in both modes. False with an empty error: not one of them.
bool evaluateShape(const Step &step);
bool evaluateGather(const Step &step);

bool evaluateReference(const Step &step);
bool evaluateExact(const Step &step);

// The families of each; false with an empty error: an op of another family.
bool referenceElementwise(const Step &step);
bool referenceContraction(const Step &step);
bool referenceReduction(const Step &step);
bool referenceLoss(const Step &step);
bool referenceOrder(const Step &step);
bool referenceGather(const Step &step);
bool referenceAttention(const Step &step);
bool referenceWindow(const Step &step);
bool exactElementwise(const Step &step);
bool exactContraction(const Step &step);
bool exactReduction(const Step &step);
bool exactLoss(const Step &step);
bool exactOrder(const Step &step);
bool exactGather(const Step &step);
bool exactAttention(const Step &step);
bool exactWindow(const Step &step);

} // namespace batten::evaluation
#endif // BATTEN_DIALECT_EVALUATION_H
