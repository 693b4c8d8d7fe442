// Remarks.h - what -Wperf says of kernels: work that a program written in another way would not ask for.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_SCHEDULE_REMARKS_H
#define BATTEN_COMPILER_SCHEDULE_REMARKS_H

#include "compiler/kernels/Kernels.h"

namespace batten {

struct Remark {
  std::string what, help; ///< no help: nothing can be done about it
};

/// Of an outlined group, where it runs in every call.
std::optional<Remark> remarkOn(mlir::func::FuncOp group);

} // namespace batten
#endif // BATTEN_COMPILER_SCHEDULE_REMARKS_H
