// Versions.h - several schedules of one program in one module.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_SCHEDULE_VERSIONS_H
#define BATTEN_COMPILER_SCHEDULE_VERSIONS_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include <vector>

namespace batten {

/// The schedules of one program for several CPU levels as one module: kernels and plans get the name of their level,
/// behind a point and as `batten.level`. Program memory has room for the largest. A single one stays as it is.
mlir::OwningOpRef<mlir::ModuleOp> mergeVersions(std::vector<mlir::OwningOpRef<mlir::ModuleOp>> versions);

} // namespace batten
#endif // BATTEN_COMPILER_SCHEDULE_VERSIONS_H
