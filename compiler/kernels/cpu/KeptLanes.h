// KeptLanes.h - the builder of reductions with the dims that are kept in the lanes of vectors; see KeptLanes.cpp.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_KEPTLANES_H
#define BATTEN_COMPILER_KERNELS_CPU_KEPTLANES_H

#include "compiler/kernels/cpu/RowCode.h"

namespace batten {
class Rows;

/// Lanes whose positions are equal modulo this are combined by the halves 32, 16 and 8, what is left by 4, 2 and 1.
inline constexpr int64_t residues = 8;

class KeptLanes : RowCode {
public:
  /// `single` (null: rows are not short) builds rows that fill no vector, one by one.
  KeptLanes(RowGroup &group, KernelFrame &frame, GroupScalars &scalars, const Level &level, bool inBlocks,
            Rows *single = nullptr);
  Kernel build();

private:
  using Nodes = mlir::ArrayRef<unsigned>;
  using Values = llvm::SmallVector<mlir::Value>;

  const Level &level;
  bool inBlocks;
  Rows *single;
  size_t firstLaneDim; ///< kept dims from here on run along lanes
  Dim results;         ///< along lanes
  Dim positions;
  int64_t vectors = 1; ///< a unit
  MergedDims outerDims, positionDims;
  Values outerExtents, positionExtents;
  llvm::SmallVector<Values> outerStrides, positionStrides; ///< by access
  Values laneStrides;                                      ///< by access
  /// By access: from a load of the first, of the second walk to what it prefetches, or null.
  Values laterPlaces, nextPlaces;
  mlir::Value resultCount, positionCount;
  mlir::Value stackBytes, stack; ///< accumulators of a reduction, a vector of the unit after the other
  llvm::DenseMap<unsigned, mlir::Value> keptMemory;
  Values turned; ///< by access: where a unit's columns lie on the stack; null: read and written in place
  Dim scratchBytes;

  // Of the unit that is being built.
  Values outerDigits, unitOffsets, positionDigits, positionOffsets;
  llvm::SmallVector<Chunk> units;                                       ///< the vectors, without a position
  llvm::SmallVector<llvm::DenseMap<unsigned, mlir::Value>> rowValuesOf; ///< by vector
  size_t current = 0;                                                   ///< vector whose values `rowValues` holds
  mlir::Value position;
  bool isFirstVisit = false; ///< no earlier walk of the unit has loaded its elements
  bool isSecondWalk() const { return step == 1; }

  // KeptLanes.cpp: units and memory.
  Dim unitsPerRow() const;
  bool hasLaneEach() const;
  bool isStraight() const;
  int64_t vectorsOfUnit() const;
  void setUp();
  mlir::Value stackOf(mlir::Type element);
  mlir::Value laterPlace(unsigned access);
  mlir::Value nextPlace(unsigned access);
  void unit(mlir::Value index);
  void enterUnit(mlir::Value index);
  void select(size_t vector);
  void storeResults();
  mlir::Value address(unsigned access, bool atPosition);
  mlir::Value keptPlace();
  void storeColumn(unsigned node, Chunk &chunk);
  mlir::Value load(unsigned access, Chunk &chunk) override;
  mlir::Value loadForRow(unsigned access) override;
  mlir::Value loadKept(unsigned node, Chunk &chunk) override;
  mlir::Value loopIndex(int64_t dim, Chunk *chunk) override;

  // KeptLanesTurns.cpp: short rows.
  void placeTurned();
  mlir::Value columnsOnStack(mlir::Type element);
  void walkShortRows();
  mlir::Value turnedPlace(int64_t column) const;
  Values rowPlaces(unsigned access);
  void turnOperands();
  void turnResults();

  // KeptLanesWalks.cpp: walks over the positions.
  void walk();
  void enterPosition(mlir::Value at);
  void reduceInBlocks(Nodes reductions, Nodes stores);
  void reduceInAnyOrder(unsigned node, Nodes stores);
  void reduceByResidues(unsigned node, Nodes stores);
  void reduceByLanes(unsigned node, Nodes stores);
  Values combineHalves(unsigned node, int64_t count, int64_t width, llvm::function_ref<Values(int64_t)> lane,
                       int64_t first = 0, int64_t distance = 1);
  Values eachVector(llvm::function_ref<mlir::Value(size_t)> value);
  Values accumulateAll(unsigned node, Nodes stores, mlir::ValueRange accumulators);
  Values combineAll(unsigned node, mlir::ValueRange low, mlir::ValueRange high);
  void finishAll(unsigned node, mlir::ValueRange sums);
  void storeLane(mlir::Value lane, mlir::ValueRange sums);
  Values loadLane(mlir::Value lane, mlir::Type element);
  Values loop(mlir::Value from, mlir::Value to, int64_t step, mlir::ValueRange carried,
              llvm::function_ref<Values(mlir::Value, mlir::ValueRange)> body);
};

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_KEPTLANES_H
