// Operand.cpp - see Operand.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Operand.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace batten {

std::optional<Operand> resolveOperand(Value tensor, AffineMap map, Shapes &shapes, KernelFrame &frame) {
  std::optional<Access> access = resolveAccess(tensor, shapes);
  if (!access)
    return std::nullopt;
  Operand operand;
  operand.element = cast<RankedTensorType>(tensor.getType()).getElementType();
  operand.strides.assign(map.getNumDims(), Dim::constant(0));
  operand.memory = frame.memory(access->root);
  operand.offset = access->offset;
  for (auto [position, expression] : llvm::enumerate(map.getResults()))
    if (auto dim = dyn_cast<AffineDimExpr>(expression))
      operand.strides[dim.getPosition()] = access->strides[position];
  if (!operand.memory)
    return std::nullopt;
  return operand;
}

Operand resultOperand(func::FuncOp group, unsigned index, Shapes &shapes, KernelFrame &frame) {
  Value result = group.getBody().front().getTerminator()->getOperand(index);
  Operand operand;
  operand.memory = frame.resultMemory(index);
  operand.element = cast<RankedTensorType>(result.getType()).getElementType();
  operand.strides = denseStrides(shapes.of(result));
  if (auto insert = result.getDefiningOp<tensor::InsertSliceOp>()) // a part of a larger tensor, from its first element
    result = insert.getSource();
  if (auto transpose = result.getDefiningOp<linalg::TransposeOp>()) {
    SmallVector<Dim> stored = operand.strides;
    for (auto [place, dim] : llvm::enumerate(transpose.getPermutation()))
      operand.strides[dim] = stored[place];
  }
  return operand;
}

SmallVector<Dim> loopExtents(linalg::GenericOp generic, Shapes &shapes) {
  SmallVector<Dim> extents(generic.getNumLoops(), Dim::constant(1));
  for (OpOperand &operand : generic->getOpOperands()) {
    AffineMap map = generic.getMatchingIndexingMap(&operand);
    for (auto [position, expression] : llvm::enumerate(map.getResults()))
      if (auto dim = dyn_cast<AffineDimExpr>(expression))
        extents[dim.getPosition()] = shapes.of(operand.get())[position];
  }
  return extents;
}

} // namespace batten
