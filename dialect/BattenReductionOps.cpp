// BattenReductionOps.cpp - costs and checks of reductions, softmax and norms.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Batten.h"

using namespace mlir;
using namespace batten;

/// A multiply-add an element for var's second pass, one operation an element for the sum before it and for other kinds.
static Dim reductionFlops(StringRef kind, batten::TensorType operand) {
  return operand.numElements() * Dim::constant(kind == "var" ? 4 : 1);
}

//===- reduce, reduce_batch -----------------------------------------------------------------------------------------===//

Dim ReduceOp::flops() { return reductionFlops(getKind(), getX().getType()); }

Dim ReduceBatchOp::flops() { return reductionFlops(getKind(), getX().getType()); }

SmallVector<StringAttr> ReduceBatchOp::mixedSymbols() { return llvm::to_vector(getDims().getAsRange<StringAttr>()); }

LogicalResult ReduceBatchOp::verifyBatch() { return success(); }

//===- softmax ------------------------------------------------------------------------------------------------------===//

// An element costs a max, a difference, an exponential, a sum and a quotient (or a second difference).
Dim SoftmaxOp::flops() { return Dim::constant(5) * getX().getType().numElements(); }
Dim LogSoftmaxOp::flops() { return Dim::constant(5) * getX().getType().numElements(); }

//===- norms --------------------------------------------------------------------------------------------------------===//

std::optional<unsigned> LayerNormOp::operandCoreRank(unsigned) { return 1; }
std::optional<unsigned> RmsNormOp::operandCoreRank(unsigned) { return 1; }

// Sum, difference, multiply-add for the variance, product, multiply-add with g and b.
Dim LayerNormOp::flops() { return Dim::constant(7) * getX().getType().numElements(); }
// Multiply-add for the sum of squares and two products.
Dim RmsNormOp::flops() { return Dim::constant(4) * getX().getType().numElements(); }
