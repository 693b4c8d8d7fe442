// BattenOrderOps.cpp - costs and checks of the ops that depend on the order of elements.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Checks.h"

using namespace mlir;
using namespace batten;

static LogicalResult verifyDim(Operation *op, int64_t dim) {
  if (int64_t rank = tensorType(op->getOperand(0)).coreRank(); dim < 0 || dim >= rank)
    return op->emitOpError("runs over core dim ") << dim << " of " << rank;
  return success();
}

//===- argmax -----------------------------------------------------------------------------------------------------===//

// One comparison an element.
Dim ArgmaxOp::flops() { return getX().getType().numElements(); }

LogicalResult ArgmaxOp::verify() {
  // argmax_c1
  if (failed(verifyDim(*this, getDim())))
    return failure();
  // argmax_c2
  SmallVector<Dim> expected = getX().getType().coreDims(), core = getType().coreDims();
  expected.erase(expected.begin() + getDim());
  if (!getType().getElementType().isInteger(32))
    return emitOpError("makes ") << dtypeName(getType().getElementType()) << "; an index is i32";
  if (!agree(*this, core, expected))
    return emitOpError("leaves core ") << listText(expected) << ", the result has " << listText(core);
  return success();
}
