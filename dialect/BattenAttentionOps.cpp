// BattenAttentionOps.cpp - costs and checks of attention.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Checks.h"

using namespace mlir;
using namespace batten;

Value AttentionOp::other(StringRef name) {
  for (auto [given, operand] : llvm::zip_equal(getOptional().getAsRange<StringAttr>(), getOthers()))
    if (given == name)
      return operand;
  return {};
}

/// Of every pair of query and key, hidden or not: two products, the scale, max, difference, exponential and sum.
Dim AttentionOp::flops() {
  TensorType q = getQ().getType(), v = getV().getType(), result = getResult().getType();
  Dim queries = product(ArrayRef<Dim>(result.dims()).drop_back());
  Dim pair = Dim::constant(2) * (q.coreDim(1) + v.coreDim(1)) + Dim::constant(5);
  return queries * v.coreDim(0) * pair + result.numElements();
}

static LogicalResult verifyMask(AttentionOp op, batten::TensorType mask, ArrayRef<Dim> expected) {
  if (!isBool(mask.getElementType()) || !agree(op, mask.coreDims(), expected))
    return op.emitOpError("takes a mask of bool and core ")
           << listText(expected) << ", found " << dtypeName(mask.getElementType()) << listText(mask.coreDims());
  return success();
}

static LogicalResult verifyLength(AttentionOp op, batten::TensorType length) {
  if (!length.getElementType().isSignlessInteger(32) || length.coreRank() != 0)
    return op.emitOpError("takes a length of i32 and an empty core, found ")
           << dtypeName(length.getElementType()) << listText(length.coreDims());
  return success();
}

LogicalResult AttentionOp::verify() {
  batten::TensorType q = getQ().getType(), k = getK().getType(), v = getV().getType();
  // attention_c1
  for (batten::TensorType type : {k, v, getResult().getType()})
    if (type.getElementType() != q.getElementType())
      return emitOpError("on ") << dtypeName(q.getElementType()) << " and " << dtypeName(type.getElementType())
                                << "; there is no promotion";
  // attention_c2
  if (!agree(*this, q.coreDim(1), k.coreDim(1)))
    return emitOpError("multiplies queries of ") << q.coreDim(1).str() << " with keys of " << k.coreDim(1).str();
  if (!agree(*this, k.coreDim(0), v.coreDim(0)))
    return emitOpError("has ") << k.coreDim(0).str() << " keys and " << v.coreDim(0).str() << " values";
  // attention_c3
  Dim expected[] = {q.coreDim(0), v.coreDim(1)};
  if (SmallVector<Dim> core = getResult().getType().coreDims(); !agree(*this, core, expected))
    return emitOpError("makes core ") << listText(expected) << ", the result has " << listText(core);
  // attention_c4
  auto names = llvm::to_vector(getOptional().getAsValueRange<StringAttr>());
  auto isKnown = [](StringRef name) { return name == "mask" || name == "len"; };
  bool isOrdered = llvm::all_of(names, isKnown) && llvm::is_sorted(names, [](StringRef a, StringRef b) {
                     return a == b || (a == "mask" && b == "len"); // `a` must not stand behind `b`
                   });
  if (names.size() != getOthers().size() || !isOrdered)
    return emitOpError("has ") << getOthers().size() << " operands after v, which `optional` must name: mask, then len";
  // attention_c5
  if (Value mask = getMask())
    if (failed(verifyMask(*this, tensorType(mask), {q.coreDim(0), k.coreDim(0)})))
      return failure();
  return getLen() ? verifyLength(*this, tensorType(getLen())) : success();
}
