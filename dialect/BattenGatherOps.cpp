// BattenGatherOps.cpp - costs and checks of embed, update and rope.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Checks.h"

using namespace mlir;
using namespace batten;

//===- embed ------------------------------------------------------------------------------------------------------===//

/// Of the table only the rows that are picked are read.
Dim EmbedOp::bytes() {
  batten::TensorType id = getId().getType(), result = getResult().getType();
  return id.numElements() * Dim::constant(id.elementBytes()) +
         Dim::constant(2 * result.elementBytes()) * result.numElements();
}

LogicalResult EmbedOp::verify() {
  // embed_c1
  Dim expected[] = {getTable().getType().coreDim(1)};
  if (SmallVector<Dim> core = getResult().getType().coreDims(); !agree(*this, core, expected))
    return emitOpError("makes core ") << listText(expected) << ", the result has " << listText(core);
  return verifyDtypeKept(*this); // embed_c2
}

//===- update -----------------------------------------------------------------------------------------------------===//

/// In place: the row is read and written, once a batch entry of c, and the other rows stay where they are.
Dim UpdateOp::bytes() {
  batten::TensorType c = getC().getType(), row = getRow().getType(), at = getAt().getType();
  auto written = batten::TensorType::get(c.getElementType(), c.getBatch(), {c.coreDim(1)});
  return at.numElements() * Dim::constant(at.elementBytes()) +
         Dim::constant(c.elementBytes()) * (row.numElements() + written.numElements());
}

LogicalResult UpdateOp::verify() {
  // update_c1
  if (failed(verifyDtypeKept(*this)) || failed(verifyCoreKept(*this)))
    return failure();
  // update_c2
  batten::TensorType c = getC().getType(), row = getRow().getType();
  if (c.getElementType() != row.getElementType())
    return emitOpError("puts a row of ") << dtypeName(row.getElementType()) << " into " << dtypeName(c.getElementType())
                                         << "; there is no promotion";
  if (!agree(*this, c.coreDim(1), row.coreDim(0)))
    return emitOpError("puts a row of ") << row.coreDim(0).str() << " into rows of " << c.coreDim(1).str();
  return success();
}

//===- rope -------------------------------------------------------------------------------------------------------===//

/// An angle, its sine and its cosine once a position and pair; two products and two multiply-adds a pair.
Dim RopeOp::flops() {
  Dim pairs = Dim::floorDiv(getX().getType().coreDim(0), Dim::constant(2));
  return Dim::constant(3) * (pairs * getAt().getType().numElements() + getResult().getType().numElements());
}

LogicalResult RopeOp::verify() {
  // rope_c1
  if (failed(verifyDtypeKept(*this)) || failed(verifyCoreKept(*this)))
    return failure();
  // rope_c2
  if (Dim d = getX().getType().coreDim(0); !agree(*this, Dim::modulo(d, Dim::constant(2)), Dim()))
    return emitOpError("rotates pairs, and ") << d.str() << (d.isConstant() ? " is odd" : " need not be even");
  // rope_c3
  if (!(getBase().convertToDouble() > 0))
    return emitOpError("has a base that is not above 0");
  return success();
}
