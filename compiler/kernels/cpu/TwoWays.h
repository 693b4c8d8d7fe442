// TwoWays.h - a kernel that is built in two ways, of which each call takes one.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_TWOWAYS_H
#define BATTEN_COMPILER_KERNELS_CPU_TWOWAYS_H

#include "compiler/kernels/Kernels.h"
#include "compiler/kernels/cpu/LoopCode.h"

namespace batten {

/// `rare` where `flag` is set, else `usual`. Where it is, the range of `usual` has to be that of `rare`, too.
Kernel buildTwoWays(LoopCode code, mlir::Value flag, llvm::function_ref<Kernel()> rare,
                    llvm::function_ref<Kernel()> usual);

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_TWOWAYS_H
