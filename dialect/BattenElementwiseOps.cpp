// BattenElementwiseOps.cpp - checks of the element-wise ops; what a whole family shares is called by generated code.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Checks.h"

using namespace mlir;
using namespace batten;

LogicalResult batten::verifyUnary(Operation *op) {
  // neg_c1, not_c1, relu_c1, gelu_c1, silu_c1, tanh_c1, sigmoid_c1, exp_c1, log_c1, sqrt_c1, rsqrt_c1, sin_c1, cos_c1,
  // abs_c1, softplus_c1
  return failure(failed(verifyDtypeKept(op)) || failed(verifyCoreKept(op)));
}

/// Only an empty core stretches.
static LogicalResult verifyStretch(Operation *op) {
  SmallVector<Dim> result = tensorType(op->getResult(0)).coreDims();
  bool found = false;
  for (Value operand : op->getOperands()) {
    SmallVector<Dim> core = tensorType(operand).coreDims();
    bool equal = agree(op, core, result);
    found |= equal;
    if (!equal && !core.empty())
      return op->emitOpError("needs equal core dims, found ") << listText(core) << " and " << listText(result);
  }
  if (!found)
    return op->emitOpError("makes core ") << listText(result) << " of scalars";
  return success();
}

LogicalResult batten::verifyBinary(Operation *op) {
  // add_c1, sub_c1, mul_c1, div_c1, rem_c1, pow_c1, max_c1, min_c1, and_c1, or_c1
  if (failed(verifyEqualDtypes(op, op->getOperands())) || failed(verifyDtypeKept(op)))
    return failure();
  // add_c2, sub_c2, mul_c2, div_c2, rem_c2, pow_c2, max_c2, min_c2, and_c2, or_c2
  return verifyStretch(op);
}

LogicalResult batten::verifyCompare(Operation *op) {
  // eq_c1, ne_c1, lt_c1, le_c1, gt_c1, ge_c1
  if (failed(verifyEqualDtypes(op, op->getOperands())))
    return failure();
  if (Type element = tensorType(op->getResult(0)).getElementType(); !isBool(element))
    return op->emitOpError("makes bool, not ") << dtypeName(element);
  // eq_c2, ne_c2, lt_c2, le_c2, gt_c2, ge_c2
  return verifyStretch(op);
}

LogicalResult SelectOp::verify() {
  // select_c1
  if (failed(verifyEqualDtypes(*this, {getLhs(), getRhs(), getResult()})))
    return failure();
  // select_c2
  return verifyStretch(*this);
}

LogicalResult CastOp::verify() { return verifyCoreKept(*this); } // cast_c1

// A cast to the dtype that the operand has.
OpFoldResult CastOp::fold(FoldAdaptor) { return getX().getType() == getType() ? getX() : Value(); }
