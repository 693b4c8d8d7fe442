// Attention.h - the kernel of batten.attend: what is found of the group, and the steps that its builder is made of.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_ATTENTION_H
#define BATTEN_COMPILER_KERNELS_CPU_ATTENTION_H

#include "compiler/kernels/cpu/ColumnWalk.h"
#include "compiler/kernels/cpu/DotStep.h"
#include "compiler/kernels/cpu/LoopCode.h"
#include "compiler/kernels/cpu/Operand.h"
#include "compiler/kernels/cpu/TileCode.h"

namespace batten {

class Attention : LoopCode {
public:
  Attention(AttendOp op, mlir::func::FuncOp group, KernelFrame &frame, const Level &level)
      : LoopCode{frame.builder, op.getLoc()}, op(op), frame(frame), level(level), shapes(group), real(computedType(op)),
        factor(factorType(op)), dot(factor, level), granule(dot.elements()), inTiles(factor.isBF16() && level.hasTiles),
        inPlanes(!inTiles && dot.parts() > 1), code{frame.builder, op.getLoc(), level.lanes(real)},
        tiles{frame.builder, op.getLoc()} {}

  mlir::LogicalResult resolve(mlir::func::FuncOp group);
  Kernel build();
  /// The order of its sums, where that is not every level's.
  std::optional<Bf16Sums> route() const {
    return inTiles         ? std::optional(Bf16Sums::Tiles)
           : dot.flushes() ? std::optional(Bf16Sums::FlushedPairs)
                           : std::nullopt;
  }

private:
  AttendOp op;
  KernelFrame &frame;
  const Level &level;
  Shapes shapes;
  mlir::Type real;   ///< of everything between the operands and the result, but for factors
  mlir::Type factor; ///< of what is multiplied: f32 also for f16, but bf16 as it is, in granules
  DotStep dot;
  int64_t granule; ///< factors that one step takes
  bool inTiles;    ///< both products are made of AMX tiles
  bool inPlanes;   ///< queries and weights are widened, each part of a step in a plane (AttentionPlanes.cpp)
  VectorCode code;
  TileCode tiles;

  // What the group says. Strides are by loop: batch.., query, column, key, depth.
  static constexpr int64_t queryLoop = 0, columnLoop = 1, keyLoop = 2, depthLoop = 3;
  Operand q, k, v, out;
  std::optional<Operand> mask, len;
  mlir::SmallVector<Dim> batch;
  Dim queries, columns, keys, depth;
  int64_t numBatch = 0;
  bool online = false;        ///< there may be more keys than one block
  bool valuesInPlace = false; ///< v is computed in as it is, and its columns lie side by side
  int64_t panelVectors = 1;   ///< of keys
  int64_t columnVectors = 1;  ///< of a tile of columns
  int64_t tileRows = 1;       ///< queries of a tile; in AMX tiles of one or two
  int64_t unitRows = 1;       ///< queries of a unit of the launch
  Dim blockKeys, paddedKeys;  ///< most keys of a block; the same in whole lane groups
  Dim scoreStride;            ///< from a query's scores to the next one's
  Dim paddedColumns;          ///< in whole vectors
  Dim paddedDepth;            ///< in whole granules, or steps of tiles
  struct {
    Dim queries, keys, values, scores, greatest, sums, maxima, totals, apart, bytes;
  } scratch; ///< byte offsets

  // Where the builder stands: index values of the unit, then of the block of keys.
  mlir::Value scale;                                  ///< of the scores, in every lane
  mlir::Value firstRow, rows, seenKeys;               ///< `seenKeys`: what `len` leaves, of the entry
  mlir::Value qBase, kBase, vBase, maskBase, outBase; ///< of the batch entry, in elements
  mlir::Value firstKey, blockCount;                   ///< of the block; keys that some query of the unit sees
  mlir::Value nextQ, nextOut, nextK, nextV;           ///< the next unit's first rows, the next entry's

  int64_t panelKeys() const { return panelVectors * code.lanes; }
  Dim stride(const Operand &operand, int64_t loop) const { return operand.strides[numBatch + loop]; }
  /// f32 also for f16 and bf16.
  static mlir::Type computedType(AttendOp op) {
    mlir::Type element = mlir::getElementTypeOrSelf(op.getQ().getType());
    return element.isF64() ? element : mlir::Float32Type::get(op.getContext());
  }
  static mlir::Type factorType(AttendOp op) {
    mlir::Type element = mlir::getElementTypeOrSelf(op.getQ().getType());
    return element.isBF16() ? element : computedType(op);
  }
  mlir::Value clamp(mlir::Value value, mlir::Value low, mlir::Value high);
  mlir::Value roundDown(mlir::Value count, int64_t to);
  mlir::Value widened(mlir::Value value);
  mlir::Value asFactors(mlir::Value granules);
  mlir::Value number(double value);
  mlir::Value noGranules() { return mlir::arith::ConstantOp::create(b, loc, b.getZeroAttr(code.type(b.getI32Type()))); }
  mlir::Value firstLane(mlir::Value vector);
  mlir::Value scratchOf(const Dim &offset) { return frame.scratchView(offset, real); }
  mlir::Value factorsOf(const Dim &offset) { return frame.scratchView(offset, factor); }
  mlir::Value scoreAt(mlir::Value row, mlir::Value key);
  mlir::Value weightAt(mlir::Value row, mlir::Value key); ///< of factorsOf(scratch.scores)
  mlir::Value totalAt(mlir::Value row, mlir::Value column);
  mlir::Value limitOf(mlir::Value row);       ///< keys that a query of the unit may see, but for the mask
  mlir::Value limitInBlock(mlir::Value row);  ///< the same, counted from the first key of the block
  mlir::Value seenByTile(mlir::Value row);    ///< keys of the block, in lane groups, that all queries of a tile see
  mlir::Value firstOfTile(mlir::Value row);   ///< the first query of the tile that `row` is in
  mlir::Value lastOfTile(mlir::Value row);    ///< the last query of the tile that begins at `row`
  mlir::Value columnMask(mlir::Value column); ///< of the columns that exist; null: all

  // Attention.cpp
  void chooseTiles();
  void choosePanel(int64_t keyVectors);
  void layOutScratch();
  void enterEntry(mlir::Value entry);
  void unit(mlir::Value unit, mlir::Value blocksOfRows);
  void block(mlir::Value isFresh);
  void beginRows();
  void finishRows();

  // AttentionAhead.cpp
  struct RowsAhead {
    const Operand &operand;
    mlir::Value first; ///< in elements
    int64_t rowLoop, columnLoop;
  };
  void lookAhead();
  void fetch(const RowsAhead &rows, mlir::Value row);
  void fetchAhead(const RowsAhead &ofQueries, const RowsAhead &ofKeys, mlir::Value row);

  // AttentionProducts.cpp
  void copyQueries();
  void packKeys(mlir::Value count);
  void packKeysAt(mlir::Value key, mlir::Value vector, mlir::Value count);
  void copyValues(mlir::Value count);
  void copyValuesAt(mlir::Value key, mlir::Value rest);
  void onlyIfSeen(mlir::Value row, mlir::Value key, llvm::function_ref<void()> body);
  void scores();
  void scoreTile(mlir::Value row, mlir::Value key);
  void raiseGreatest(mlir::Value row, mlir::ArrayRef<mlir::Value> scores);
  void values();
  void valueTiles(mlir::Value row, mlir::ArrayRef<mlir::Value> keys);
  void valueTile(mlir::Value row, mlir::Value column, int64_t vectors, bool masked, mlir::ArrayRef<mlir::Value> keys);
  mlir::SmallVector<mlir::Value> addValues(mlir::Value row, mlir::Value column, mlir::ArrayRef<mlir::Value> masks,
                                           mlir::Value from, mlir::Value to, bool someHidden,
                                           mlir::ValueRange accumulators);
  mlir::Value seesAny(mlir::Value row, mlir::Value chunk);
  mlir::SmallVector<mlir::Value> addMasked(mlir::Value row, mlir::Value column, mlir::ArrayRef<mlir::Value> masks,
                                           mlir::ArrayRef<mlir::Value> keys, mlir::ValueRange accumulators);
  mlir::Value isHidden(mlir::Value weights);
  mlir::Value addSeen(mlir::Value weights, mlir::Value values, mlir::Value hidden, mlir::Value sum);
  mlir::Value chosenScale();

  // AttentionPlanes.cpp
  mlir::Value wordsOf(const Dim &offset);
  mlir::Value queryPartAt(mlir::Value row, mlir::Value step, int64_t part);
  void widenQuery(mlir::Value from, mlir::Value row);
  mlir::Value weightPartAt(mlir::Value row, mlir::Value key, int64_t part);
  mlir::SmallVector<mlir::Value> addSeenParts(mlir::Value row, mlir::Value key, mlir::ArrayRef<mlir::Value> values,
                                              mlir::ValueRange sums);

  // AttentionTiles.cpp
  mlir::Value twice(mlir::Value index) { return code.times(index, code.index(2)); }
  mlir::Value fourfold(mlir::Value index) { return code.times(index, code.index(4)); }
  mlir::SmallVector<mlir::Value> tileProducts(mlir::ArrayRef<mlir::Value> left, mlir::ArrayRef<mlir::Value> right,
                                              mlir::ValueRange sums);
  void scoresInTiles();
  void scoresInTiles(mlir::Value row, mlir::Value key);
  void valuesInTiles();
  void valuesInTiles(mlir::Value row, mlir::Value column, int64_t wide, mlir::Value until);
  mlir::Value withoutApart(mlir::Value granules);
  void addApart();
  void addApartOf(mlir::Value row, mlir::Value key, mlir::Value weight);

  // AttentionSoftmax.cpp
  void softmaxRow(mlir::Value row);
  mlir::Value loadScore(mlir::Value row, mlir::Value key);
  mlir::Value greater(mlir::Value max, mlir::Value value);
  mlir::Value maximumOf(mlir::Value row, mlir::Value limit);
  void addToBlocksBefore(mlir::Value row, mlir::Value old, mlir::Value max, mlir::Value sum);
  mlir::Value exponentials(mlir::Value row, mlir::Value limit, mlir::Value max);
  mlir::Value visible(mlir::Value row, mlir::Value key, mlir::Value inLimit);
  mlir::SmallVector<mlir::Value> keepWeights(mlir::Value at, mlir::ArrayRef<mlir::Value> weights,
                                             mlir::ArrayRef<mlir::Value> seen, mlir::ValueRange sums);
  void storePairs(mlir::Value words, mlir::Value row, mlir::Value group, int64_t number);
  mlir::SmallVector<mlir::Value> keepPairs(mlir::Value row, mlir::Value group, mlir::ArrayRef<mlir::Value> weights,
                                           mlir::ArrayRef<mlir::Value> seen, mlir::ValueRange sums);
  void rescale(mlir::Value row, mlir::Value factor);
  mlir::SmallVector<mlir::Value> walkKeys(
      mlir::Value from, mlir::Value limit, mlir::Value until, mlir::ValueRange carried,
      llvm::function_ref<mlir::SmallVector<mlir::Value>(mlir::Value, mlir::ArrayRef<mlir::Value>, mlir::ValueRange)>
          turn);
};

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_ATTENTION_H
