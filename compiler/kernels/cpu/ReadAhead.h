// ReadAhead.h - what the steps of a contraction's tile prefetch: what is read next, in even parts.
//
// The hardware follows lines that lie one behind the other, but neither the next panel of weights, nor the rows of the
// next tile, nor what the next batch entry reads. Each step of the depth fetches a line or two of these, so that they
// are there when they are wanted and no burst of misses waits for memory.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_READAHEAD_H
#define BATTEN_COMPILER_KERNELS_CPU_READAHEAD_H

#include "compiler/kernels/cpu/LoopCode.h"
#include "compiler/kernels/cpu/MicroKernel.h"

namespace batten {

/// What is read after a panel.
struct Following {
  mlir::Value right; ///< where its right side begins, that of the next panel or part; null: it is not asked for
  mlir::Value rows;  ///< how far behind a tile's rows those lie that are read next
};

class ReadAhead : LoopCode {
public:
  ReadAhead(ContractionCode &contraction, bool depthIsCut);

  /// How many tiles share the fetching of what follows a panel, at least.
  void setTiles(Value fewestTiles);
  /// True where tiles fetch what follows of the right side.
  bool takesRight() const { return step || rightLies == RightLies::InRows; }
  /// Of a tile of so few rows that it is the only one.
  llvm::SmallVector<Ahead> ofOnlyTile(const Strip &strip);
  /// Of tile `number` of its block.
  llvm::SmallVector<Ahead> of(const Strip &strip, const Tile &tile, mlir::Value number, const Following &next);

private:
  enum class RightLies {
    Apart,    ///< it is not followed
    Together, ///< what is read next is one piece of memory
    InRows    ///< the columns of a panel lie together, those of another depth elsewhere
  };
  RightLies whereRightLies() const;
  bool isOnePanel() const;
  bool rowsStream() const;
  int64_t lines(int64_t elements) const;
  int64_t sharing() const;

  ContractionCode &k;
  Contraction &c;
  VectorCode code;
  bool depthIsCut;
  RightLies rightLies;
  Value step; ///< RightLies::Together: elements for each depth; 0 where it would be too many; null: none

  std::optional<Ahead> left(const Strip &strip, const Tile &tile, const Following &next);
  std::optional<Ahead> result(const Strip &strip, const Tile &tile);
  llvm::SmallVector<Ahead> right(const Strip &strip, const Tile &tile, Value number, Value next);
  Ahead lineOfRows(Value number, Value next);
};

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_READAHEAD_H
