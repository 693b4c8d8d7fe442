// GroupScalars.cpp - see GroupScalars.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/GroupScalars.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace batten {

GroupScalars::GroupScalars(func::FuncOp group, KernelFrame &frame) : last(frame.scratch.getDefiningOp()) {
  for (auto [i, argument] : llvm::enumerate(group.getArguments()))
    if (isa<IndexType>(argument.getType()))
      known[argument] = frame.function.getArgument(i + 2); // begin and end come first
}

Value GroupScalars::get(Value scalar) {
  if (Value value = known.lookup(scalar))
    return value;
  Operation *op = scalar.getDefiningOp();
  IRMapping map;
  for (Value operand : op->getOperands())
    map.map(operand, get(operand));
  OpBuilder head(op->getContext());
  head.setInsertionPointAfter(last);
  Operation *clone = last = head.clone(*op, map);
  for (auto [theirs, mine] : llvm::zip(op->getResults(), clone->getResults()))
    known[theirs] = mine;
  return known.lookup(scalar);
}

Value GroupScalars::uniform(Value tensor) {
  if (auto fill = tensor.getDefiningOp<linalg::FillOp>())
    return get(fill.getInputs()[0]);
  auto constant = tensor.getDefiningOp<arith::ConstantOp>();
  auto dense = constant ? dyn_cast<DenseElementsAttr>(constant.getValue()) : nullptr;
  if (!dense || !dense.isSplat())
    return {};
  Value &value = known[tensor];
  if (!value) {
    OpBuilder head(tensor.getContext());
    head.setInsertionPointAfter(last);
    value = arith::ConstantOp::create(head, constant.getLoc(), cast<TypedAttr>(dense.getSplatValue<Attribute>()));
    last = value.getDefiningOp();
  }
  return value;
}

} // namespace batten
