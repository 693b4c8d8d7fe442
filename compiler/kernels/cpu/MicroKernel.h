// MicroKernel.h - the register tile of a contraction: chains of accumulators over the depth, epilogue, store.
//
// What a step of the depth reads and how it multiplies is decided here alone; the loops around it know rows, panels and
// batch entries.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_MICROKERNEL_H
#define BATTEN_COMPILER_KERNELS_CPU_MICROKERNEL_H

#include "compiler/kernels/cpu/ContractionCode.h"

namespace batten {

/// `rows` rows from `row` on by `vectors` vectors of columns from `firstColumn` on, of which the last may be part of
/// one.
struct Tile {
  mlir::Value batch, row;
  int64_t rows;
  mlir::Value firstColumn;
  int64_t vectors;
  bool masked;
};

class MicroKernel {
public:
  /// At the head of the kernel: a long epilogue takes some of its stack.
  explicit MicroKernel(ContractionCode &contraction);
  /// Computes and stores one tile at the builder's place.
  void emit(const Tile &tile);

private:
  using Values = llvm::SmallVector<mlir::Value>;
  ContractionCode &k;
  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Value onStack; ///< accumulators, for a looped epilogue
  Values masks;        ///< by vector of the tile; null: all lanes

  /// Where the tile's operands lie at depth 0, and how far apart two depths are.
  struct Sides {
    Values left; ///< by row
    mlir::Value leftStride;
    mlir::Value right, rightStride; ///< of panels: from one step to the next
    mlir::Value rightMemory;
  };
  Sides sidesOf(const Tile &tile);
  Values accumulate(const Tile &tile);
  mlir::Value wholeSteps();
  Values step(const Tile &tile, const Sides &sides, mlir::Value depth, mlir::Value rest, mlir::ValueRange accumulators);
  mlir::Value rightOf(const Sides &sides, mlir::Value depth, int64_t vector, mlir::Value rest);
  Values lastStep(const Tile &tile, const Sides &sides, mlir::Value depth, mlir::ValueRange accumulators);
  void finish(mlir::Value accumulator, const Tile &tile, mlir::Value row, int64_t vector);
  void store(mlir::ValueRange accumulators, const Tile &tile);
};

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_MICROKERNEL_H
