// Operand.h - an operand of a linalg.generic as memory and one stride a loop dimension.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_OPERAND_H
#define BATTEN_COMPILER_KERNELS_CPU_OPERAND_H

#include "compiler/kernels/Kernels.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace batten {

/// The element that loop indices (d0, d1, ...) meet is memory[offset + sum of strides[i] * d_i].
struct Operand {
  mlir::Value memory;
  mlir::Type element;
  Dim offset = Dim::constant(0);
  llvm::SmallVector<Dim> strides;
};

/// Resolves `tensor`, read by `map`, inside the group of `frame`; nullopt where its views do not resolve.
std::optional<Operand> resolveOperand(mlir::Value tensor, mlir::AffineMap map, Shapes &shapes, KernelFrame &frame);

/// The group's result `index` as written by loops whose indices run over its dims in order; what is returned may be
/// its transpose, or lie in a larger tensor.
Operand resultOperand(mlir::func::FuncOp group, unsigned index, Shapes &shapes, KernelFrame &frame);

/// Extents of the loops of `generic`.
llvm::SmallVector<Dim> loopExtents(mlir::linalg::GenericOp generic, Shapes &shapes);

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_OPERAND_H
