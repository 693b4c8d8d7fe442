// ColumnWalk.h - the loop over a range of columns, several vectors a turn, with a masked tail.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_COLUMNWALK_H
#define BATTEN_COMPILER_KERNELS_CPU_COLUMNWALK_H

#include "compiler/kernels/cpu/VectorCode.h"

namespace batten {

/// Lanes of a reduction (dialect/NUMERICS.md).
inline constexpr int64_t numLanes = 64;

struct ColumnRange {
  mlir::Value first, extent;       ///< index values
  std::optional<int64_t> constant; ///< the extent, where it is known
};

/// One turn: the first column and a mask (null: all lanes) for each vector in it; carried values in, next ones out.
using ColumnTurn =
    llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, llvm::ArrayRef<mlir::Value>, mlir::ValueRange)>;

/// Walks `range` with `vectors` vectors a turn. A known tail is one turn of the vectors that have a column in it; an
/// unknown one is turns of `tailVectors` vectors, masked but for those that are whole. Returns what is carried out.
llvm::SmallVector<mlir::Value> walkColumns(VectorCode &code, const ColumnRange &range, int64_t vectors,
                                           int64_t tailVectors, mlir::ValueRange carried, ColumnTurn turn);

/// The walk of a copy: up to four vectors a turn, `body` for each with its first column and its mask.
void walkCopies(VectorCode &code, const ColumnRange &range,
                llvm::function_ref<void(mlir::Value at, mlir::Value mask)> body);

/// The lanes of `vectors` combined by halves (dialect/NUMERICS.md), in every lane of the result. Lanes from `live` on
/// hold nothing.
mlir::Value foldLanes(VectorCode &code, llvm::SmallVector<mlir::Value> vectors, int64_t live,
                      llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> combine);

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_COLUMNWALK_H
