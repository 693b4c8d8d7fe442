// BattenTensorOps.cpp - checks of the ops on plain tensors.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Batten.h"

using namespace mlir;
using namespace batten;

//===- gather_rows, update_rows -----------------------------------------------------------------------------------===//

static int64_t rankOf(Value value) { return cast<RankedTensorType>(value.getType()).getRank(); }

/// One operand of an op that moves rows: it has a dim an axis, and `more` further ones.
static LogicalResult verifyAxes(Operation *op, Value operand, ArrayRef<int64_t> axes, int64_t more, int64_t loops) {
  // gather_rows_c1, update_rows_c1
  if (loops < 0 || rankOf(operand) != int64_t(axes.size()) + more)
    return op->emitOpError("has an operand of ") << rankOf(operand) << " dims for " << axes.size() << " axes";
  // gather_rows_c2, update_rows_c2
  if (!llvm::is_sorted(axes, std::less_equal<int64_t>()) ||
      llvm::any_of(axes, [&](int64_t axis) { return axis < 0 || axis >= loops; }))
    return op->emitOpError("has axes that are no ascending numbers of its ") << loops << " loops";
  return success();
}

static LogicalResult verifyElements(Operation *op, Value rows, Value numbers) {
  // gather_rows_c3, update_rows_c3
  if (getElementTypeOrSelf(rows) != getElementTypeOrSelf(op->getResult(0)))
    return op->emitOpError("moves rows of ")
           << getElementTypeOrSelf(rows) << " into " << getElementTypeOrSelf(op->getResult(0));
  Type number = getElementTypeOrSelf(numbers);
  if (!number.isSignlessInteger(8) && !number.isSignlessInteger(32) && !number.isSignlessInteger(64))
    return op->emitOpError("counts rows by i8, i32 or i64, not by ") << number;
  return success();
}

LogicalResult GatherRowsOp::verify() {
  int64_t loops = rankOf(getInit()) - 1;
  if (failed(verifyAxes(*this, getTable(), getTableAxes(), 2, loops)) ||
      failed(verifyAxes(*this, getId(), getIdAxes(), 0, loops)))
    return failure();
  return verifyElements(*this, getTable(), getId());
}

LogicalResult UpdateRowsOp::verify() {
  int64_t loops = rankOf(getInit()) - 2;
  if (failed(verifyAxes(*this, getRow(), getRowAxes(), 1, loops)) ||
      failed(verifyAxes(*this, getAt(), getAtAxes(), 0, loops)))
    return failure();
  return verifyElements(*this, getRow(), getAt());
}

//===- attend -----------------------------------------------------------------------------------------------------===//

AffineMap AttendOp::mapOf(OpOperand &operand) {
  return cast<AffineMapAttr>(getIndexingMaps()[operand.getOperandNumber()]).getValue();
}

LogicalResult AttendOp::verify() {
  // attend_c1
  if (getIndexingMaps().size() != getNumOperands())
    return emitOpError("has ") << getNumOperands() << " operands and " << getIndexingMaps().size() << " maps";
  for (OpOperand &operand : getOperation()->getOpOperands())
    if (cast<RankedTensorType>(operand.get().getType()).getRank() != mapOf(operand).getNumResults())
      return emitOpError("has a map of another rank for operand ") << operand.getOperandNumber();
  return success();
}

//===- scan, greatest ---------------------------------------------------------------------------------------------===//

LogicalResult ScanOp::verify() {
  // scan_c1
  auto x = cast<RankedTensorType>(getX().getType()), result = cast<RankedTensorType>(getResult().getType());
  if (getInit().getType() != result || x.getShape() != result.getShape())
    return emitOpError("keeps the shape of its operand");
  if (getDim() >= uint64_t(x.getRank()))
    return emitOpError("runs along dim ") << getDim() << " of " << x.getRank();
  return success();
}

LogicalResult GreatestOp::verify() {
  // greatest_c1
  if (getInits().getTypes() != getResultTypes())
    return emitOpError("writes its inits");
  auto x = cast<RankedTensorType>(getX().getType()), values = cast<RankedTensorType>(getValues().getType());
  auto indices = cast<RankedTensorType>(getIndices().getType());
  if (values.getRank() != x.getRank() || values.getShape() != indices.getShape())
    return emitOpError("makes values and indices of one shape, of the operand's rank");
  if (getDim() >= uint64_t(x.getRank()))
    return emitOpError("runs along dim ") << getDim() << " of " << x.getRank();
  return success();
}
