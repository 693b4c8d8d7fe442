// SideBySide.h - the order of a turn's operations; see SideBySide.cpp.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_SIDEBYSIDE_H
#define BATTEN_COMPILER_KERNELS_CPU_SIDEBYSIDE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace batten {

/// In loops that round pairs: what a turn computes before it stores.
void putPairsSideBySide(mlir::func::FuncOp kernel);

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_SIDEBYSIDE_H
