// TurnEpilogues.h - element-wise operations between a transpose and the one that undoes it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_SCHEDULE_TURNEPILOGUES_H
#define BATTEN_COMPILER_SCHEDULE_TURNEPILOGUES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace batten {

/// Those behind a convolution or pool of `entry` run in its order of dims, where they can be its epilogue.
void turnEpilogues(mlir::func::FuncOp entry);

} // namespace batten
#endif // BATTEN_COMPILER_SCHEDULE_TURNEPILOGUES_H
