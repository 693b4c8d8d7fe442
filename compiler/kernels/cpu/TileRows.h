// TileRows.h - rows of a matrix as AMX tiles hold the left side of a product: tiles[step][row][depth of the step].
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_TILEROWS_H
#define BATTEN_COMPILER_KERNELS_CPU_TILEROWS_H

#include "compiler/kernels/Kernels.h"
#include "compiler/kernels/cpu/TileCode.h"
#include "compiler/kernels/cpu/VectorCode.h"

namespace batten {

/// Elements of depth in a row of a tile.
inline int64_t tileDepth(mlir::Type element) { return tileRowBytes / elementBytes(element); }

struct TileRows {
  mlir::Value memory;
  mlir::Type element;
  Dim depth, depthStride;
  llvm::function_ref<mlir::Value(mlir::Value)> placeOf; ///< where a row begins in memory
  mlir::Value end;                                      ///< how many rows there are
};

/// Packs the rows [first, first + 16) to target[at..], a tile for each step of the depth; rows and depths that there
/// are not read no memory and are zero.
void emitTileRows(const VectorCode &code, KernelFrame &frame, const TileRows &rows, mlir::Value first,
                  mlir::Value target, mlir::Value at);

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_TILEROWS_H
