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

//===- topk -------------------------------------------------------------------------------------------------------===//

/// Comparisons that sort k of n elements out: n - k, and the rounded up binary logarithms of n - k + 2 to n, as in a
/// tournament of which each winner's place is played for again. No way to do it has much less to compare.
static int64_t comparisons(int64_t n, int64_t k) {
  int64_t sum = n - k;
  for (int64_t power = 1; power < n; power *= 2) // adds up how many of the logarithms are above that of `power`
    sum += n - std::max(n - k + 1, power);
  return sum;
}

// Where the extents are not known, one comparison an element.
Dim TopkOp::flops() {
  Dim all = getX().getType().numElements(), row = getX().getType().coreDims()[getDim()];
  std::optional<int64_t> n = row.constantValue(), k = tensorType(getValues()).coreDims()[getDim()].constantValue();
  if (!n || !k || *n < 1 || *k < 1)
    return all;
  return Dim::floorDiv(all, row) * Dim::constant(comparisons(*n, *k));
}

LogicalResult TopkOp::verify() {
  // topk_c1
  if (failed(verifyDim(*this, getDim())))
    return failure();
  // topk_c2
  if (failed(verifyDtypeKept(*this)))
    return failure();
  Type index = tensorType(getIndices()).getElementType();
  if (!index.isInteger(32))
    return emitOpError("makes indices of ") << dtypeName(index) << "; an index is i32";
  // topk_c3
  SmallVector<Dim> x = getX().getType().coreDims(), values = tensorType(getValues()).coreDims();
  SmallVector<Dim> indices = tensorType(getIndices()).coreDims(), expected = x;
  if (values.size() == x.size())
    expected[getDim()] = values[getDim()];
  if (!agree(*this, values, expected) || !agree(*this, indices, expected))
    return emitOpError("of core ") << listText(x) << " makes cores " << listText(values) << " and "
                                   << listText(indices);
  Dim left = x[getDim()] - values[getDim()];
  if (std::optional<int64_t> known = left.constantValue(); known && *known < 0)
    return emitOpError("takes ") << values[getDim()].str() << " of " << x[getDim()].str() << " elements";
  return success();
}

//===- cumsum -----------------------------------------------------------------------------------------------------===//

// One sum an element, whatever the order.
Dim CumsumOp::flops() { return oneOperationEach(*this); }

LogicalResult CumsumOp::verify() {
  // cumsum_c1
  if (failed(verifyDim(*this, getDim())))
    return failure();
  // cumsum_c2
  if (failed(verifyCoreKept(*this)))
    return failure();
  // cumsum_c3
  Type operand = getX().getType().getElementType(), result = getType().getElementType();
  if (Type expected = isFloat(operand) ? operand : accumulatorType(operand); result != expected)
    return emitOpError("of ") << dtypeName(operand) << " makes " << dtypeName(expected) << ", not "
                              << dtypeName(result);
  return success();
}
