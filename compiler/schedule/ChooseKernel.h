// ChooseKernel.h - which builder takes a group.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_SCHEDULE_CHOOSEKERNEL_H
#define BATTEN_COMPILER_SCHEDULE_CHOOSEKERNEL_H

#include "compiler/kernels/Kernels.h"

namespace batten {

using KernelBuilder = mlir::FailureOr<Kernel> (*)(mlir::func::FuncOp group, mlir::StringRef name, const Level &level);

/// A builder and the word for it that reports print.
struct KernelChoice {
  KernelBuilder build = nullptr; ///< null: no builder takes this group, an internal error
  llvm::StringRef name;
};

/// Decides by the group's kind and shapes alone, so that equal groups get equal kernels.
KernelChoice chooseKernel(mlir::func::FuncOp group, const Level &level);

} // namespace batten
#endif // BATTEN_COMPILER_SCHEDULE_CHOOSEKERNEL_H
