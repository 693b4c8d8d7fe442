// RowKernels.h - the two ways to lay a rows group into vectors.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_ROWKERNELS_H
#define BATTEN_COMPILER_KERNELS_CPU_ROWKERNELS_H

#include "compiler/kernels/cpu/GroupScalars.h"
#include "compiler/kernels/cpu/RowGroup.h"

namespace batten {

/// Vectors run along the columns of one row.
Kernel buildColumnsInLanes(RowGroup &group, KernelFrame &frame, GroupScalars &scalars, const Level &level);

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_ROWKERNELS_H
