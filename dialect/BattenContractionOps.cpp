// BattenContractionOps.cpp - costs and checks of matmul, linear, outer and transpose.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Checks.h"

using namespace mlir;
using namespace batten;

//===- matmul -----------------------------------------------------------------------------------------------------===//

Dim MatmulOp::depth() { return getLhs().getType().coreDims().back(); }
Dim MatmulOp::flops() { return Dim::constant(2) * getResult().getType().numElements() * depth(); }

LogicalResult MatmulOp::verify() {
  SmallVector<Dim> lhs = getLhs().getType().coreDims(), rhs = getRhs().getType().coreDims();
  // matmul_c1
  for (const auto &core : {lhs, rhs})
    if (core.empty() || core.size() > 2)
      return emitOpError("takes vectors and matrices, an operand has core ") << listText(core);
  // matmul_c2
  if (!agree(*this, lhs.back(), rhs.front()))
    return emitOpError("contracts ") << lhs.back().str() << " with " << rhs.front().str();
  // matmul_c3
  SmallVector<Dim> expected(ArrayRef<Dim>(lhs).drop_back());
  llvm::append_range(expected, ArrayRef<Dim>(rhs).drop_front());
  if (SmallVector<Dim> core = getResult().getType().coreDims(); !agree(*this, core, expected))
    return emitOpError("makes core ") << listText(expected) << ", the result has " << listText(core);
  // matmul_c4
  return verifyProductDtypes(*this, getLhs(), getRhs());
}

//===- linear -----------------------------------------------------------------------------------------------------===//

Dim LinearOp::flops() {
  Dim elements = getResult().getType().numElements();
  Dim products = Dim::constant(2) * elements * getX().getType().coreDim(0);
  return getB() ? products + elements : products;
}

LogicalResult LinearOp::verify() {
  SmallVector<Dim> w = getW().getType().coreDims();
  // linear_c1
  if (Dim in = getX().getType().coreDim(0); !agree(*this, in, w[1]))
    return emitOpError("contracts ") << in.str() << " with " << w[1].str() << " of a weight [out, in]";
  // linear_c2
  for (Value value : {Value(getB()), Value(getResult())})
    if (value && !agree(*this, tensorType(value).coreDims(), w[0]))
      return emitOpError("makes core ") << listText(w[0]) << ", the bias or the result has "
                                        << listText(tensorType(value).coreDims());
  // linear_c3
  return verifyProductDtypes(*this, getX(), getW(), getB());
}

//===- outer ------------------------------------------------------------------------------------------------------===//

Dim OuterOp::flops() { return getResult().getType().numElements(); }

LogicalResult OuterOp::verify() {
  // outer_c1
  Dim expected[] = {getLhs().getType().coreDim(0), getRhs().getType().coreDim(0)};
  if (SmallVector<Dim> core = getResult().getType().coreDims(); !agree(*this, core, expected))
    return emitOpError("makes core ") << listText(expected) << ", the result has " << listText(core);
  // outer_c2
  Type lhs = getLhs().getType().getElementType(), rhs = getRhs().getType().getElementType();
  if (lhs != rhs)
    return emitOpError("on ") << dtypeName(lhs) << " and " << dtypeName(rhs) << "; there is no promotion";
  return verifyDtypeKept(*this);
}

//===- transpose --------------------------------------------------------------------------------------------------===//

LogicalResult TransposeOp::verify() {
  // transpose_c1
  SmallVector<Dim> expected = llvm::to_vector(llvm::reverse(getX().getType().coreDims()));
  if (SmallVector<Dim> core = getResult().getType().coreDims(); !agree(*this, core, expected))
    return emitOpError("makes core ") << listText(expected) << ", the result has " << listText(core);
  return verifyDtypeKept(*this);
}
