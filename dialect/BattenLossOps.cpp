// BattenLossOps.cpp - costs and checks of losses and sq_norm.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Checks.h"

using namespace mlir;
using namespace batten;

/// One number a position, of the first operand's dtype.
static LogicalResult verifyNumber(Operation *op) {
  if (failed(verifyDtypeKept(op)))
    return failure();
  if (SmallVector<Dim> core = tensorType(op->getResult(0)).coreDims(); !core.empty())
    return op->emitOpError("makes one number a position, the result has core ") << listText(core);
  return success();
}

/// Of the result's positions, `each` operations.
static Dim perPosition(Operation *op, const Dim &each) { return oneOperationEach(op) * each; }

//===- cross_entropy ----------------------------------------------------------------------------------------------===//

// An element costs a max, a difference, an exponential and a sum; then a logarithm and two differences.
Dim CrossEntropyOp::flops() {
  return perPosition(*this, Dim::constant(4) * getX().getType().coreElements() + Dim::constant(3));
}

LogicalResult CrossEntropyOp::verify() { return verifyNumber(*this); } // cross_entropy_c1

//===- mse --------------------------------------------------------------------------------------------------------===//

// A difference and a multiply-add an element, and the quotient.
Dim MseOp::flops() { return perPosition(*this, Dim::constant(3) * getA().getType().coreElements() + Dim::constant(1)); }

LogicalResult MseOp::verify() {
  // mse_c1
  if (failed(verifyEqualDtypes(*this, getOperands())))
    return failure();
  if (SmallVector<Dim> a = getA().getType().coreDims(), b = getB().getType().coreDims(); !agree(*this, a, b))
    return emitOpError("needs equal core dims, found ") << listText(a) << " and " << listText(b);
  // mse_c2
  return verifyNumber(*this);
}

//===- bce --------------------------------------------------------------------------------------------------------===//

// A maximum, a multiply-add, an absolute value, its negative, an exponential, a logarithm with its sum, and a sum.
Dim BceOp::flops() { return perPosition(*this, Dim::constant(9)); }

LogicalResult BceOp::verify() {
  // bce_c1
  if (failed(verifyEqualDtypes(*this, getOperands())))
    return failure();
  // bce_c2
  return verifyNumber(*this);
}

//===- sq_norm ----------------------------------------------------------------------------------------------------===//

// A multiply-add an element, and the sum of the leaves.
Dim SqNormOp::flops() {
  Dim each = Dim::constant(int64_t(getLeaves().size()) - 1);
  for (Value leaf : getLeaves())
    each = each + Dim::constant(2) * tensorType(leaf).coreElements();
  return perPosition(*this, each);
}

LogicalResult SqNormOp::verify() {
  // sq_norm_c1
  if (getLeaves().empty())
    return emitOpError("takes at least one leaf");
  if (failed(verifyEqualDtypes(*this, getLeaves())))
    return failure();
  // sq_norm_c2
  return verifyNumber(*this);
}
