// Rows.h - the builder of rows with their columns in the lanes of vectors; see Rows.cpp.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_ROWS_H
#define BATTEN_COMPILER_KERNELS_CPU_ROWS_H

#include "compiler/kernels/cpu/ColumnWalk.h"
#include "compiler/kernels/cpu/RowCode.h"
#include "llvm/ADT/DenseSet.h"

namespace batten {

class Rows : RowCode {
public:
  /// `oneByOne`: another builder's loop is around each `unit`.
  Rows(RowGroup &group, KernelFrame &frame, GroupScalars &scalars, const Level &level, bool inBlocks,
       bool oneByOne = false);
  Kernel build();
  /// What `build` does itself: once at the head of a kernel, and for each unit.
  /// `streams`: whether results may be stored past the caches, which `build` orders.
  void setUp(bool streams);
  void unit(mlir::Value index);
  const Dim &scratch() const { return scratchBytes; } ///< bytes that units use, once it is set up

private:
  using Nodes = mlir::ArrayRef<unsigned>;
  using Values = llvm::SmallVector<mlir::Value>;

  /// Where a walk finds an access, or a kept value, along the columns of the current row.
  struct Place {
    mlir::Value memory, base, stride;
    mlir::Type element;
    mlir::Value everywhere; ///< stride 0: the vector of its one element
    int64_t repeat = 1;     ///< columns that an element stands for
    int64_t period = 0;     ///< elements that come again and again; 0: none does
  };

  /// The exponentials of a softmax, which a walk keeps, and their sum, by which a later walk divides them.
  struct Quotients {
    mlir::Operation *division;             ///< in the group
    unsigned quotient, numerator, divisor; ///< nodes
    unsigned step;                         ///< that divides
  };

  /// Rows of a unit along one dim, and how many such blocks there are.
  struct RowBlock {
    size_t dim; ///< of rowDims
    int64_t rows;
    Dim blocks;
  };
  /// Units are blocks of rows along both of the innermost rowDims.
  struct Cross {
    RowBlock outer, inner;
    llvm::SmallVector<Dim> units; ///< by loop: those of an inner block for all outer ones in turn
  };

  const Level &level;
  Dim count;     ///< of columns
  bool blocked;  ///< units are blocks of columns
  bool inBlocks; ///< reductions begin anew every 256 columns
  bool oneByOne; ///< no walk is over several rows
  bool inPairs;  ///< chunks are the even and the odd ones of twice as many columns
  MergedDims rowDims;
  Values rowExtents;                                               ///< of rowDims
  llvm::SmallVector<Values> rowStrides;                            ///< by access, of rowDims
  llvm::SmallVector<std::optional<ColumnElements>> columnElements; ///< by access; nullopt: gathered into scratch
  Dim scratchBytes;
  std::optional<size_t> tileDim; ///< of rowDims: units are tiles of this dim's rows
  std::optional<Cross> cross;
  std::optional<Quotients> quotients;
  std::optional<unsigned> greatest; ///< the reduction that the numerators of `quotients` are measured from
  int64_t together = 1;             ///< rows that each walk is over before the next one
  bool replacesNumerators; ///< the results of `quotients` are written over its numerators, where these are kept

  // Of the row that is being built.
  llvm::SmallVector<Place> places;                  ///< by access
  llvm::DenseMap<unsigned, Place> keptPlaces;       ///< by node
  llvm::DenseMap<unsigned, mlir::Value> firstOfRow; ///< by access
  Values digits;
  llvm::SmallVector<Chunk> registerChunks;
  ColumnRange range;
  llvm::SmallVector<std::pair<unsigned, mlir::Value>> nextRows; ///< access, first element of the row to fetch
  mlir::Value numeratorsAreSafe;                                ///< i1: those of `quotients`, once they are known
  mlir::Value elementsAreNear; ///< i1: none is so far below the greatest that its exponential would not be safe
  bool isInRange = false;      ///< of the walk that is being built: they are

  // Of rows together: memory of a number each, and what of it walks have written.
  llvm::DenseMap<unsigned, mlir::Value> numbers; ///< by node
  mlir::Value areNear, areSafe;                  ///< elementsAreNear, numeratorsAreSafe
  llvm::SmallDenseSet<unsigned> isNumberKept;
  bool hasNear = false, hasSafe = false;

  // Rows.cpp: units and walks.
  int64_t columnsInRegisters() const;
  Dim blocksPerRow() const;
  bool storesInBursts() const;
  void computeRow(const Values &place);
  void enterRow(Values place);
  void storeRowResults();
  void walk();
  void walkOnce(Nodes stores, Nodes reductions);
  void walkBlocks(Nodes reductions);
  Values blockTurn(const ColumnRange &block, Nodes reductions, mlir::ValueRange totals);
  size_t vectorsOf(Nodes reductions, mlir::ValueRange accumulators) const;
  Values chunks(mlir::Value first, mlir::ArrayRef<mlir::Value> masks, Nodes stores, Nodes reductions,
                mlir::ValueRange accumulators);
  Values pairs(mlir::Value first, mlir::ArrayRef<mlir::Value> masks, Nodes stores, Nodes reductions,
               mlir::ValueRange accumulators);
  size_t operationsOf(unsigned node, llvm::SmallDenseSet<unsigned> &seen) const;
  int64_t vectorsWithoutReduction(Nodes stores) const;

  // RowQuotients.cpp: a softmax divides by multiplying.
  std::optional<Quotients> findQuotients() const;
  bool quotientsReplaceNumerators() const;
  bool watchesNumerators() const { return quotients && !isInRange && step == group.nodes[quotients->numerator].step; }
  bool watchesElements() const { return greatest && step == group.nodes[*greatest].step; }
  bool hasWatched() const { return watchesNumerators() || watchesElements(); }
  std::optional<unsigned> findGreatest() const;
  mlir::Value firstWatched();
  mlir::Value watch(Chunk &chunk, mlir::Value watched);
  void finishWatched(mlir::Value watched);
  mlir::Value leastElement(Chunk &chunk, mlir::Value least);
  mlir::Value isNearGreatest(mlir::Value least);
  void walkExponentials(Nodes stores, Nodes reductions);
  mlir::Value leastNumerator(Chunk &chunk, mlir::Value least);
  mlir::Value areSafeNumerators(mlir::Value least) const;
  void walkQuotients(Nodes stores);

  // RowsTogether.cpp: short rows.
  bool mayGoTogether() const;
  bool staysInRegisters();
  int64_t rowsTogether() const;
  mlir::Value numbersOfRows(mlir::Type element);
  void layOutNumbers();
  void recallNumbers(mlir::Value row);
  void keepNumbers(mlir::Value row);
  void computeTogether(mlir::Value first);

  // RowTiles.cpp: squares of rows and columns.
  bool tilesOverlap() const;
  int64_t tileLanes(size_t dim) const;
  bool tilesAreTall() const;
  std::optional<size_t> findTileDim();
  Dim tilesAcross() const;
  Dim tileCount() const;
  void tileUnit(mlir::Value index);
  void tileRows(const Values &place);
  void rowsOneByOne(Values place, mlir::Value count, const ColumnRange &part);
  void prefetchResult(unsigned access, mlir::Value at);
  void tile(const Values &place, const Values &offsets, mlir::Value at, int64_t columns);

  // RowCrosses.cpp: blocks of rows of two operands.
  int64_t bytesOfInnerRow() const;
  bool meetsEachWithEach() const;
  RowBlock blockAlong(size_t dim, int64_t most) const;
  std::optional<Cross> findCross() const;
  void crossUnit(mlir::Value index);

  // RowPairs.cpp: even and odd columns.
  bool findPairs() const;
  VectorCode walker() const;
  std::pair<Chunk, Chunk> pairAt(mlir::Value at, mlir::Value mask);
  mlir::Value loadHalf(const Place &place, const Chunk &chunk);
  mlir::Value roundedPair(unsigned node, Chunk &chunk);
  mlir::Value columnValue(unsigned node, Chunk &chunk) override;
  mlir::Value joinHalves(mlir::Value even, mlir::Value odd);
  void storePair(unsigned node, Chunk &even, Chunk &odd);
  mlir::Value keptAt(const Chunk &chunk) const;
  void orderLanes(Values &accumulators) const;

  // RowMemory.cpp: scratch, loads, stores, prefetches.
  Dim keptColumns() const;
  mlir::Value scratchFor(mlir::Type element, int64_t rows);
  const Place &keptPlace(unsigned node) const;
  void gatherColumns(unsigned access);
  void tabulate(unsigned access);
  mlir::Value placeOfVector(const Place &place, mlir::Value at) const;
  mlir::Value columnOffsets(unsigned access, mlir::Value at);
  void storeColumn(unsigned node, Chunk &chunk);
  int64_t rowsAhead(unsigned access) const;
  void findNextRows();
  void prefetchNextRow(mlir::Value first, int64_t columns);
  mlir::Value load(unsigned access, Chunk &chunk) override;
  mlir::Value loadForRow(unsigned access) override;
  mlir::Value loadKept(unsigned node, Chunk &chunk) override;
  mlir::Value loopIndex(int64_t dim, Chunk *chunk) override;
  void beforeWalk(unsigned access) override;
};

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_ROWS_H
