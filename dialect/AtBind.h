// AtBind.h - which operations of a function the bind computes, once, so that no call does.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_ATBIND_H
#define BATTEN_DIALECT_ATBIND_H

#include "dialect/Batten.h"
#include "llvm/ADT/DenseSet.h"

namespace batten {

/// Those that read weights, directly or by way of each other, and neither an argument nor a size of the call. What the
/// function returns is written in the call, and what an update writes into is no weight.
llvm::DenseSet<mlir::Operation *> operationsAtBind(FuncOp func);

} // namespace batten
#endif // BATTEN_DIALECT_ATBIND_H
