// RowKernels.h - the two ways to lay a rows group into vectors.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_ROWKERNELS_H
#define BATTEN_COMPILER_KERNELS_CPU_ROWKERNELS_H

#include "compiler/kernels/cpu/GroupScalars.h"
#include "compiler/kernels/cpu/RowGroup.h"

namespace batten {

/// Positions of a block of a batch reduction (dialect/NUMERICS.md).
inline constexpr int64_t blockPositions = 256;

/// Lanes of every vector of a group's kernel: as many as fill a register where the work is (RowGroup::laneBits).
int64_t laneCount(const RowGroup &group, const Level &level);

/// A group read, its kernel's body made by `lay` and its functions expanded; where it fails no kernel is left.
using RowLayout = llvm::function_ref<llvm::FailureOr<Kernel>(RowGroup &, KernelFrame &, GroupScalars &)>;
mlir::FailureOr<Kernel> buildRowGroup(mlir::func::FuncOp function, mlir::StringRef name, const Level &level,
                                      RowLayout lay);

/// Vectors run along the columns of one row. `inBlocks`: reductions in blocks of 256, each summed by the lane tree.
Kernel buildColumnsInLanes(RowGroup &group, KernelFrame &frame, GroupScalars &scalars, const Level &level,
                           bool inBlocks = false);

/// Vectors run along the last kept dims: from `lanesFrom` up to the split; column values that are results lie along
/// them too. `inBlocks`: reductions in blocks of 256, each one chain.
Kernel buildRowsInLanes(RowGroup &group, KernelFrame &frame, GroupScalars &scalars, const Level &level,
                        bool inBlocks = false);
size_t lanesFrom(const RowGroup &group);
/// Register tiles of a sum over the batch to which two sides give that lie along different dims of the result; nullopt
/// for any other.
std::optional<Kernel> buildBatchProducts(RowGroup &group, KernelFrame &frame, GroupScalars &scalars,
                                         const Level &level);
/// Rows so short that vectors of `lanes` of them do better than vectors of their columns.
bool hasShortRows(const RowGroup &group, int64_t lanes);
Kernel buildShortRows(RowGroup &group, KernelFrame &frame, GroupScalars &scalars, const Level &level);

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_ROWKERNELS_H
