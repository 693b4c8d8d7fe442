// AtBind.cpp - see AtBind.h; schedule/Grouping and schedule/BuildKernels do what it says.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/AtBind.h"

using namespace mlir;

namespace batten {

/// True if neither the shape of a value nor a number of the operation is a size of the call.
static bool readsNoSize(Operation *op, const std::map<std::string, Dim> &definitions) {
  auto isFixed = [&](const Dim &size) { return size.substitute(definitions).isConstant(); };
  auto isStatic = [&](Type type) {
    auto tensor = cast<TensorType>(type);
    return llvm::all_of(tensor.coreDims(), isFixed) &&
           llvm::all_of(tensor.getBatch(), [&](StringAttr dim) { return isFixed(Dim::symbol(dim.str())); });
  };
  auto isNumber = [&](Attribute size) { return isFixed(toDim(size)); };
  if (auto slice = dyn_cast<SliceOp>(op); slice && !llvm::all_of(slice.getOffsets(), isNumber))
    return false;
  if (auto dim = dyn_cast<DimOp>(op); dim && !isNumber(dim.getValueAttr()))
    return false;
  return llvm::all_of(op->getOperandTypes(), isStatic) && llvm::all_of(op->getResultTypes(), isStatic);
}

/// What lies in the memory that the function returns.
static llvm::DenseSet<Value> returnedValues(FuncOp func) {
  llvm::DenseSet<Value> returned;
  for (Value value : func.getBody().front().getTerminator()->getOperands()) {
    returned.insert(value);
    while (auto turned = value.getDefiningOp<RearrangeOp>())
      returned.insert(value = turned.getX());
  }
  return returned;
}

llvm::DenseSet<Operation *> operationsAtBind(FuncOp func) {
  llvm::DenseSet<Operation *> atBind;
  llvm::DenseSet<Value> ofWeights, constants, returned = returnedValues(func);
  std::map<std::string, Dim> definitions = func.definitions();
  for (BlockArgument argument : func.getArguments())
    if (func.getArgAttr(argument.getArgNumber(), attr::weight))
      ofWeights.insert(argument);
  for (Operation &op : func.getBody().front().without_terminator()) {
    if (isa<UpdateOp>(op) || !readsNoSize(&op, definitions) ||
        !llvm::all_of(op.getOperands(), [&](Value v) { return ofWeights.contains(v) || constants.contains(v); }) ||
        llvm::any_of(op.getResults(), [&](Value value) { return returned.contains(value); }))
      continue;
    bool readsWeights = llvm::any_of(op.getOperands(), [&](Value value) { return ofWeights.contains(value); });
    (readsWeights ? ofWeights : constants).insert(op.result_begin(), op.result_end());
    if (readsWeights)
      atBind.insert(&op);
  }
  return atBind;
}

} // namespace batten
