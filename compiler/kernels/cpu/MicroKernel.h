// MicroKernel.h - the register tile of a contraction: chains of accumulators over the depth, epilogue, store.
//
// What a step of the depth reads and how it multiplies is decided here alone; the loops around it know rows, panels and
// batch entries.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_MICROKERNEL_H
#define BATTEN_COMPILER_KERNELS_CPU_MICROKERNEL_H

#include "compiler/kernels/cpu/PackedLeft.h"

namespace batten {

/// Columns that tiles share: `vectors` vectors from `firstColumn` on, of a panel, whose last one may be part of one, or
/// of several whole packed panels.
struct Strip {
  mlir::Value batch, firstColumn;
  int64_t vectors;
  bool masked;
  mlir::Value right;                           ///< where its right side begins in memory
  llvm::SmallVector<mlir::Value> initial = {}; ///< of its chains, by vector
};

/// What a step of the depth prefetches: the cache line of memory[start + depth * step].
struct Ahead {
  mlir::Value memory, start, step;
  Cache cache;
  int64_t sharing = 1; ///< of so many steps side by side in the code, which together reach a line, one fetches it
};

/// `rows` rows of a strip from `row` on, over the depths [from, to).
struct Tile {
  mlir::Value row;
  int64_t rows;
  mlir::Value from, to;
  mlir::Value packedRow; ///< number of the packed row that holds these depths of `row`, where the left side is packed
  mlir::Value stage;     ///< where its accumulators go in the stage; null: through the epilogue to the result
  mlir::Value fresh;     ///< i1: the chains begin here, else with the accumulators of the stage; null: they do
  mlir::Value last;      ///< i1: the chains end here and go through the epilogue all the same; null: they do not
  llvm::SmallVector<Ahead> ahead;
};

class MicroKernel {
public:
  /// `stage`: memory for accumulators, where there are tiles that use it; `left`: where there are parts of a step.
  MicroKernel(ContractionCode &contraction, mlir::Value stage, const PackedLeft *left = nullptr)
      : k(contraction), b(k.b), loc(k.loc), stage(stage), packedLeft(left) {}
  /// What the chains of a strip begin with, whose first `depth` steps are all that there are; 0 where none begins.
  llvm::SmallVector<mlir::Value> initialOf(const Strip &strip, mlir::Value depth);
  /// The chains of one tile at the builder's place.
  void accumulate(const Strip &strip, const Tile &tile);
  /// Epilogue and store of `rows` rows whose accumulators are in the stage from `at` on.
  void finishStaged(const Strip &strip, mlir::Value row, mlir::Value rows, mlir::Value at);
  /// Epilogue and store of `rows`, whose accumulators are given row by row; `masks` by vector of the strip.
  void finish(mlir::ValueRange accumulators, const Strip &strip, mlir::ValueRange rows,
              llvm::ArrayRef<mlir::Value> masks);

private:
  using Values = llvm::SmallVector<mlir::Value>;
  ContractionCode &k;
  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Value stage;
  const PackedLeft *packedLeft;

  Values masksOf(const Strip &strip);
  Values start(const Strip &strip, const Tile &tile);
  /// What the steps of a tile read: the first elements of its rows, or packed rows by part, and the columns that there
  /// are.
  struct Sides {
    Values left, masks;
    mlir::Value everyLeft = {}; ///< if set: the granule that stands for all of the left side
  };
  /// The step `number` behind the one at a place in the depth, which counts elements; where the left side is packed,
  /// steps. `rest` (null: all) elements of it are there.
  struct Step {
    mlir::Value place;
    int64_t number = 0;
    mlir::Value rest = {};
  };
  int64_t placesOfStep() const { return packedLeft ? 1 : k.dot.elements(); }
  mlir::Value depthOf(mlir::Value place);
  mlir::Value offsetOf(const Step &step, mlir::Value stride);
  mlir::Value granulesOf(const Strip &strip, const Sides &sides, int64_t vector, const Step &at);
  mlir::Value rightOf(const Strip &strip, const Sides &sides, int64_t vector, const Step &at, int64_t part);
  mlir::Value leftOf(const Sides &sides, int64_t row, const Step &at, int64_t part);
  Values step(const Strip &strip, const Tile &tile, const Sides &sides, Step at, mlir::ValueRange accumulators);
  int64_t stepsOfTurn(const Strip &strip, const Tile &tile);
  mlir::Value endOfTurns(mlir::Value begin, mlir::Value end, int64_t steps);
  Values turns(const Strip &strip, const Tile &tile, const Sides &sides, mlir::Value begin, mlir::Value end,
               int64_t steps, Values sums);
  Values lastStep(const Strip &strip, const Tile &tile, const Sides &sides, mlir::Value place,
                  mlir::ValueRange accumulators);
  mlir::Value endOf(const Tile &tile, bool isFilled);
  Values chains(const Strip &strip, const Tile &tile, const Sides &sides, Values sums);
  void prefetch(const Ahead &ahead, const Step &at);
};

/// The chains of the only row of a right side that lies at `strip.right` with the depth side by side, in steps of one
/// element: by vector of the strip, which is whole panels.
llvm::SmallVector<mlir::Value> sumsOfTurnedRow(ContractionCode &contraction, const Strip &strip);

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_MICROKERNEL_H
