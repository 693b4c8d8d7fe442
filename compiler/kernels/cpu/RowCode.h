// RowCode.h - values of a rows group, one vector at a time.
//
// A builder decides what the lanes of a vector run along (columns of one row, or rows at one column) and where it
// stands; this computes the operations of the group there. Everything that is the same for the whole row is one vector
// in `rowValues`, whether its lanes are equal (columns in lanes) or not (rows in lanes).
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_ROWCODE_H
#define BATTEN_COMPILER_KERNELS_CPU_ROWCODE_H

#include "compiler/kernels/cpu/Extremes.h"
#include "compiler/kernels/cpu/RowGroup.h"
#include "compiler/kernels/cpu/VectorCode.h"

namespace batten {

/// One vector of columns: where it stands and what has been computed there.
struct Chunk {
  Chunk(mlir::Value at, mlir::Value mask) : at(at), mask(mask) {}
  mlir::Value at;                                      ///< index of the first column
  mlir::Value mask;                                    ///< of the lanes that exist; null: all
  llvm::DenseMap<unsigned, mlir::Value> loads, values; ///< by access, by node

  // Of a pair (RowPairs.cpp).
  Chunk *partner = nullptr;                      ///< the other half
  bool isOdd = false;                            ///< its lanes are the odd columns
  mlir::Value pairMask;                          ///< of the pair's columns; null: all
  llvm::DenseMap<unsigned, mlir::Value> rounded; ///< by node, of the even half: both halves side by side
};

/// A vector and where it goes, and whether it may go past the caches; masked ones never do.
struct StreamableStore {
  mlir::Value value, memory, at, mask;
  bool mayStream;
};

class RowCode {
public:
  RowCode(RowGroup &group, KernelFrame &frame, GroupScalars &scalars, int64_t lanes);
  virtual ~RowCode() = default;

protected:
  RowGroup &group;
  KernelFrame &frame;
  GroupScalars &scalars;
  mlir::OpBuilder &b;
  VectorCode code;
  unsigned step = 0;                                ///< the walk that is being built
  bool inRegisters = false;                         ///< chunks outlive a walk
  std::optional<Mark> mark;                         ///< of an operation's copies, while a walk is built
  llvm::DenseMap<unsigned, mlir::Value> rowValues;  ///< row and reduction nodes of the current row
  llvm::SmallVector<StreamableStore> pendingStores; ///< of this turn
  mlir::Value streaming;                            ///< i1: results bypass the caches; null: never

  /// Elements of an access at a chunk / for all columns of the row.
  virtual mlir::Value load(unsigned access, Chunk &chunk) = 0;
  virtual mlir::Value loadForRow(unsigned access) = 0;
  /// A value that an earlier walk has stored.
  virtual mlir::Value loadKept(unsigned node, Chunk &chunk) = 0;
  /// linalg.index `dim`, at a chunk or (null) for the row.
  virtual mlir::Value loopIndex(int64_t dim, Chunk *chunk) = 0;
  /// Called before a walk that loads `access` at every chunk.
  virtual void beforeWalk(unsigned access) {}

  virtual mlir::Value columnValue(unsigned node, Chunk &chunk);
  mlir::Value rowValue(unsigned node);
  /// Makes whatever `node` needs that is the same for the whole row, ahead of the walk.
  void prepare(unsigned node);
  /// Accumulators are of `accumulatorElement`: what the reduction folds, or integers for it (Extremes.h), which
  /// `finish` turns back.
  mlir::Type accumulatorElement(unsigned node) const;
  mlir::Value identity(unsigned node);
  mlir::Value finish(unsigned node, mlir::Value accumulator);
  /// The accumulator after the chunk's elements; lanes outside its mask keep theirs.
  mlir::Value accumulate(unsigned node, Chunk &chunk, mlir::Value accumulator);
  /// Two accumulators of one reduction, `lhs` the one of the lower lane or the earlier block.
  mlir::Value combine(unsigned node, mlir::Value lhs, mlir::Value rhs);
  /// The 64 lanes, as vectors, combined by halves 32, 16, ... 1; the result stands in every lane. Lanes from `live` on
  /// hold the identity, which changes no bit, so halves without a live lane are left out.
  mlir::Value combineLanes(unsigned node, llvm::SmallVector<mlir::Value> accumulators, int64_t live);

  /// What `streaming` should be. `distances`: of a result's access, the elements between the first ones of any two
  /// rows.
  mlir::Value isStreaming(const Level &level, llvm::function_ref<llvm::SmallVector<Dim>(unsigned access)> distances);
  /// Stores what the turn has computed; one branch decides how its results go.
  void flushStores();

  /// Index of domain dim `dim` in each lane, where lanes count dims [from, to) row-major and the first one is at `at`.
  mlir::Value laneIndex(mlir::Value at, size_t from, size_t to, size_t dim);

private:
  std::optional<Extremes> extremes(unsigned node) const;
  mlir::Value inputValue(const RowInput &input, Chunk *chunk);
  bool isReloaded(const RowNode &node) const { return node.kept && node.step < step && !inRegisters; }
};

/// Results of a launch: their memory, and bytes between the first ones of any two vectors, from the memory's start on.
struct StreamedResult {
  mlir::Value memory;
  llvm::SmallVector<Dim> distances;
};
/// i1, null where it is never so: `bytes`, those of inputs and results together, exceed half of the last cache and
/// every vector of the results is aligned.
mlir::Value isStreaming(const VectorCode &code, KernelFrame &frame, const Level &level, const Dim &bytes,
                        llvm::ArrayRef<StreamedResult> results);
/// One branch on `streaming` (null: never) decides how those go that may.
void storeAll(const VectorCode &code, mlir::Value streaming, llvm::ArrayRef<StreamableStore> stores);
/// Behind all of a kernel's: what another thread may read next waits for those that went past the caches.
void orderStores(const VectorCode &code, mlir::Value streaming);

/// Domain dims [from, to) as the loops that enumerate them: neighbours that every access meets as one are one.
struct MergedDims {
  llvm::SmallVector<Dim> extents;
  llvm::SmallVector<llvm::SmallVector<Dim>> strides; ///< by access, by merged dim
  llvm::SmallVector<int> dimOf;                      ///< by domain dim - from: the merged dim, or -1 for an extent of 1
};
MergedDims mergeDims(const RowGroup &group, size_t from, size_t to);

/// Digits of `flat` in the mixed radix of `extents`, outermost first.
llvm::SmallVector<mlir::Value> digitsOf(const VectorCode &code, mlir::Value flat, mlir::ValueRange extents);

/// The element of `operand` whose first loops stand at `digits` and whose other ones stand at 0.
mlir::Value elementAt(const VectorCode &code, KernelFrame &frame, const Operand &operand, mlir::ValueRange digits);
/// The first element of each access of `group` in its row `index`.
llvm::SmallVector<mlir::Value> firstElements(const VectorCode &code, KernelFrame &frame, const RowGroup &group,
                                             mlir::Value index);

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_ROWCODE_H
