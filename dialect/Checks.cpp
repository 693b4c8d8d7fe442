// Checks.cpp - see Checks.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Checks.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace batten;

/// True if a guard of the function states an equality.
static bool hasEquation(FuncOp func) {
  return func && func.getGuards() && llvm::any_of(func.getGuards()->getAsRange<StringAttr>(), [](StringAttr guard) {
           return guard.getValue().contains("==");
         });
}

bool batten::agree(Operation *op, const Dim &lhs, const Dim &rhs) {
  if (lhs == rhs)
    return true;
  auto func = op->getParentOfType<FuncOp>();
  Dim difference = lhs - rhs;
  if (func)
    difference = difference.substitute(func.definitions());
  return difference.isConstant() ? difference.isConstant(0) : hasEquation(func);
}

bool batten::agree(Operation *op, ArrayRef<Dim> lhs, ArrayRef<Dim> rhs) {
  return lhs.size() == rhs.size() &&
         llvm::all_of(llvm::zip(lhs, rhs), [&](auto pair) { return agree(op, std::get<0>(pair), std::get<1>(pair)); });
}

LogicalResult batten::verifyBounded(Operation *op, const Dim &dim) {
  auto func = dyn_cast<FuncOp>(op);
  if (!func && !(func = op->getParentOfType<FuncOp>()))
    return success();
  for (const std::string &name : dim.symbols()) {
    SymbolAttr symbol = func.lookupSymbol(name);
    if (!symbol)
      return op->emitOpError("has the size ") << dim.str() << ", but the function has no dim " << name;
    if (func.isUnbounded(symbol))
      return op->emitOpError("has the size ")
             << dim.str() << ", but " << name << " has no upper bound, so it may only stand left of the bar";
  }
  return success();
}

std::string batten::listText(ArrayRef<Dim> dims) {
  return "[" + llvm::join(llvm::map_range(dims, [](const Dim &dim) { return dim.str(); }), ", ") + "]";
}

std::string batten::listText(ArrayRef<StringAttr> batch) {
  return "[" + llvm::join(llvm::map_range(batch, [](StringAttr name) { return name.getValue(); }), ", ") + "]";
}

Dim batten::oneOperationEach(Operation *op) { return tensorType(op->getResult(0)).numElements(); }

LogicalResult batten::verifyEqualDtypes(Operation *op, ValueRange operands) {
  Type first = tensorType(operands.front()).getElementType();
  for (Value operand : operands)
    if (Type element = tensorType(operand).getElementType(); element != first)
      return op->emitOpError("on ") << dtypeName(first) << " and " << dtypeName(element) << "; there is no promotion";
  return success();
}

LogicalResult batten::verifyDtypeKept(Operation *op) {
  Type operand = tensorType(op->getOperand(0)).getElementType(), result = tensorType(op->getResult(0)).getElementType();
  if (operand == result)
    return success();
  return op->emitOpError("makes ") << dtypeName(result) << " of " << dtypeName(operand) << "; the dtype stays";
}

LogicalResult batten::verifyCoreKept(Operation *op) {
  SmallVector<Dim> operand = tensorType(op->getOperand(0)).coreDims(), result = tensorType(op->getResult(0)).coreDims();
  if (agree(op, operand, result))
    return success();
  return op->emitOpError("makes core ") << listText(result) << " of " << listText(operand) << "; the core stays";
}

LogicalResult batten::verifyProductDtypes(Operation *op, Value lhs, Value rhs, Value bias) {
  Type left = tensorType(lhs).getElementType(), right = tensorType(rhs).getElementType();
  Type result = tensorType(op->getResult(0)).getElementType();
  if (left != right)
    return op->emitOpError("on ") << dtypeName(left) << " and " << dtypeName(right) << "; there is no promotion";
  if (isFloat(left) ? !isFloat(result) : !isInteger(result))
    return op->emitOpError("of ") << dtypeName(left) << " makes no " << dtypeName(result);
  Type added = bias ? tensorType(bias).getElementType() : result;
  if (added != left && added != result)
    return op->emitOpError("has a bias of ") << dtypeName(added) << " for a result of " << dtypeName(result);
  return success();
}
