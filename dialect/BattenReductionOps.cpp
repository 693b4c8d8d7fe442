// BattenReductionOps.cpp - costs and checks of reductions, softmax and norms.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Checks.h"

using namespace mlir;
using namespace batten;

//===- reduce, reduce_batch ---------------------------------------------------------------------------------------===//

/// One operation an element; for var a sum, a difference and a multiply-add.
static Dim reductionFlops(StringRef kind, batten::TensorType operand) {
  return operand.numElements() * Dim::constant(kind == "var" ? 4 : 1);
}

/// A sum, mean or var may be kept in another dtype (`out:`, integers' i32), but floats stay floats.
static LogicalResult verifyReducedDtype(Operation *op, StringRef kind) {
  Type operand = tensorType(op->getOperand(0)).getElementType(), result = tensorType(op->getResult(0)).getElementType();
  bool takes = kind == "sum"                     ? true
               : kind == "mean" || kind == "var" ? isFloat(operand)
               : kind == "any" || kind == "all"  ? isBool(operand)
                                                 : isNumber(operand);
  if (!takes)
    return op->emitOpError("`") << kind << "` is not defined for " << dtypeName(operand);
  bool makes = kind == "max" || kind == "min" || kind == "any" || kind == "all" ? result == operand
               : isFloat(operand)                                               ? isFloat(result)
                                                                                : isInteger(result);
  if (!makes)
    return op->emitOpError("`") << kind << "` of " << dtypeName(operand) << " makes no " << dtypeName(result);
  return success();
}

static LogicalResult verifyCorrection(Operation *op, StringRef kind, int64_t correction) {
  if (correction != 0 && (kind != "var" || correction != 1))
    return op->emitOpError("`") << kind << "` with correction " << correction << ": only `var` has one, 0 or 1";
  return success();
}

Dim ReduceOp::flops() { return reductionFlops(getKind(), getX().getType()); }

LogicalResult ReduceOp::verify() {
  SmallVector<Dim> operand = getX().getType().coreDims();
  ArrayRef<int64_t> dims = getDims();
  // reduce_c1
  if (dims.empty() || dims.front() < 0 || dims.back() >= int64_t(operand.size()))
    return emitOpError("reduces dims that core ") << listText(operand) << " has not";
  if (!llvm::is_sorted(dims, std::less_equal<int64_t>()))
    return emitOpError("names its dims out of order or twice");
  // reduce_c2
  SmallVector<Dim> expected;
  for (auto [position, dim] : llvm::enumerate(operand))
    if (!llvm::is_contained(dims, int64_t(position)))
      expected.push_back(dim);
  if (SmallVector<Dim> core = getResult().getType().coreDims(); !agree(*this, core, expected))
    return emitOpError("leaves core ") << listText(expected) << ", the result has " << listText(core);
  // reduce_c3, reduce_c4
  return failure(failed(verifyReducedDtype(*this, getKind())) ||
                 failed(verifyCorrection(*this, getKind(), getCorrection())));
}

Dim ReduceBatchOp::flops() { return reductionFlops(getKind(), getX().getType()); }

SmallVector<StringAttr> ReduceBatchOp::mixedSymbols() { return llvm::to_vector(getDims().getAsRange<StringAttr>()); }

LogicalResult ReduceBatchOp::verifyBatch() {
  ArrayRef<StringAttr> operand = getX().getType().getBatch(), result = getResult().getType().getBatch();
  SmallVector<StringAttr> dims = mixedSymbols();
  // reduce_batch_c1
  if (dims.empty() || !isSublist(dims, operand))
    return emitOpError("reduces ") << listText(dims) << ", no in-order sublist of the batch dims " << listText(operand);
  // reduce_batch_c2
  SmallVector<StringAttr> expected;
  llvm::copy_if(operand, std::back_inserter(expected),
                [&](StringAttr name) { return !llvm::is_contained(dims, name); });
  if (ArrayRef<StringAttr>(expected) != result)
    return emitOpError("leaves batch dims ") << listText(expected) << ", the result has " << listText(result);
  return success();
}

LogicalResult ReduceBatchOp::verify() {
  // reduce_batch_c3
  if (failed(verifyCoreKept(*this)))
    return failure();
  // reduce_batch_c4, reduce_batch_c5
  return failure(failed(verifyReducedDtype(*this, getKind())) ||
                 failed(verifyCorrection(*this, getKind(), getCorrection())));
}

//===- softmax ----------------------------------------------------------------------------------------------------===//

LogicalResult batten::verifySoftmax(Operation *op, int64_t dim) {
  // softmax_c1, log_softmax_c1
  if (int64_t rank = tensorType(op->getOperand(0)).coreRank(); dim < 0 || dim >= rank)
    return op->emitOpError("runs over core dim ") << dim << " of " << rank;
  // softmax_c2, log_softmax_c2
  return failure(failed(verifyDtypeKept(op)) || failed(verifyCoreKept(op)));
}

//===- norms ------------------------------------------------------------------------------------------------------===//

// Sum, difference, multiply-add for the variance, product, multiply-add with g and b.
Dim LayerNormOp::flops() { return Dim::constant(7) * getX().getType().numElements(); }
// Multiply-add for the sum of squares and two products.
Dim RmsNormOp::flops() { return Dim::constant(4) * getX().getType().numElements(); }

static LogicalResult verifyNorm(Operation *op) {
  batten::TensorType x = tensorType(op->getOperand(0));
  for (Value parameter : op->getOperands().drop_front()) {
    batten::TensorType type = tensorType(parameter);
    if (type.getElementType() != x.getElementType())
      return op->emitOpError("on ") << dtypeName(x.getElementType()) << " and " << dtypeName(type.getElementType())
                                    << "; there is no promotion";
    if (!agree(op, type.coreDims(), x.coreDims()))
      return op->emitOpError("needs equal core dims, found ")
             << listText(x.coreDims()) << " and " << listText(type.coreDims());
  }
  return failure(failed(verifyDtypeKept(op)) || failed(verifyCoreKept(op)));
}

LogicalResult LayerNormOp::verify() { return verifyNorm(*this); } // layer_norm_c1
LogicalResult RmsNormOp::verify() { return verifyNorm(*this); }   // rms_norm_c1
