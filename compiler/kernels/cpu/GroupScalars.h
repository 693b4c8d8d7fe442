// GroupScalars.h - scalars of a group inside its kernel.
//
// A region or a fill may read constants, symbols and arithmetic on them from outside. This gives the kernel its own
// copy of each, made once at its head.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_GROUPSCALARS_H
#define BATTEN_COMPILER_KERNELS_CPU_GROUPSCALARS_H

#include "compiler/kernels/Kernels.h"

namespace batten {

class GroupScalars {
public:
  GroupScalars(mlir::func::FuncOp group, KernelFrame &frame);
  /// The kernel's value of `scalar`, which is defined in the body of the group.
  mlir::Value get(mlir::Value scalar);
  /// The one scalar that `tensor` holds everywhere (a fill, a constant of one value); null where there are several.
  mlir::Value uniform(mlir::Value tensor);

private:
  mlir::Operation *last; ///< of the kernel's head; the next copy stands behind it
  llvm::DenseMap<mlir::Value, mlir::Value> known;
};

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_GROUPSCALARS_H
