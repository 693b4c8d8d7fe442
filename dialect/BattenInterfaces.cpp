// BattenInterfaces.cpp - the batch rule that all ops share, and the bytes of an op's values.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Checks.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace batten;

bool batten::isSublist(ArrayRef<StringAttr> list, ArrayRef<StringAttr> of) {
  const StringAttr *next = list.begin();
  for (StringAttr name : of)
    if (next != list.end() && *next == name)
      ++next;
  return next == list.end();
}

// The result of an inlined call may have batch dims of several operands none of which has them all: dims of the callee
// stay behind the loop dims that other arguments bring. So the result is checked, not computed from the operands.
LogicalResult batten::verifyLifted(Operation *op) {
  for (Type resultType : op->getResultTypes()) {
    ArrayRef<StringAttr> result = cast<batten::TensorType>(resultType).getBatch();
    for (auto [i, type] : llvm::enumerate(op->getOperandTypes()))
      if (ArrayRef<StringAttr> batch = cast<batten::TensorType>(type).getBatch(); !isSublist(batch, result))
        return op->emitOpError("batch dims ") << listText(batch) << " of operand " << i
                                              << " are no in-order sublist of " << listText(result) << " of the result";
    for (StringAttr name : result)
      if (!llvm::any_of(op->getOperandTypes(),
                        [&](Type type) { return cast<batten::TensorType>(type).hasBatch(name); }))
        return op->emitOpError("batch dim ") << name.getValue() << " of the result stands in no operand";
  }
  return success();
}

std::optional<unsigned> batten::coreRankIn(StringRef signature, unsigned i) {
  if (signature.contains(';'))
    return std::nullopt;
  StringRef operands = signature.split("->").first;
  for (; i; --i)
    operands = operands.drop_front(operands.find(')') + 1);
  StringRef core = operands.split('(').second.split(')').first;
  if (!operands.contains('(') || core == "..")
    return std::nullopt;
  return core.empty() ? 0 : core.count(',') + 1;
}

LogicalResult batten::verifyBatched(BatchedOp op) {
  for (auto [i, type] : llvm::enumerate(op->getOperandTypes())) {
    auto tensor = cast<batten::TensorType>(type);
    if (std::optional<unsigned> rank = op.operandCoreRank(i); rank && *rank != tensor.coreRank())
      return op->emitOpError("operand ") << i << " needs " << *rank << " core dims, " << tensor << " has "
                                         << tensor.coreRank();
  }
  return op.verifyBatch();
}

static Dim bytesOf(Value value) {
  auto tensor = dyn_cast<batten::TensorType>(value.getType());
  return tensor ? tensor.numElements() * Dim::constant(tensor.elementBytes()) : Dim();
}

Dim batten::bytesOfValues(Operation *op) {
  if (auto slice = dyn_cast<SliceOp>(op)) // what it leaves out is not read
    return Dim::constant(2) * bytesOf(slice.getResult());
  llvm::SmallSetVector<Value, 4> values(op->operand_begin(), op->operand_end());
  values.insert_range(op->getResults());
  Dim bytes;
  for (Value value : values)
    bytes = bytes + bytesOf(value);
  return bytes;
}
