// VectorCode.h - the few vector operations that every CPU kernel is made of.
//
// All vectors of a kernel have the same number of lanes whatever their element type (LLVM splits what is wider than a
// register), so that one scalar region, cloned on vectors, serves every element-wise fusion with exactly its own
// semantics. bool is a byte in memory and i1 in a vector.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_VECTORCODE_H
#define BATTEN_COMPILER_KERNELS_CPU_VECTORCODE_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Builders.h"

namespace batten {

/// Elements farther apart than this are gathered: a gather of 16 elements takes as long as 16 loads and shuffles.
inline constexpr int64_t longestStep = 8;

/// Where a line is fetched to, as memref.prefetch numbers it.
enum class Cache : int32_t { L2 = 2, L1 = 3 };

/// What copies of an operation of a region are told apart by: a unit attribute.
struct Mark {
  mlir::Operation *op;
  llvm::StringRef attribute;
};

struct VectorCode {
  mlir::OpBuilder &builder;
  mlir::Location loc;
  int64_t lanes;
  /// The kernel's copy of a scalar that a region takes from outside of itself; none: it is already of this function.
  std::function<mlir::Value(mlir::Value)> outside = {};

  mlir::VectorType type(mlir::Type element) const { return mlir::VectorType::get({lanes}, element); }
  mlir::Value index(int64_t value) const;
  mlir::Value add(mlir::Value lhs, mlir::Value rhs) const;   ///< of index values; folds a constant 0
  mlir::Value times(mlir::Value lhs, mlir::Value rhs) const; ///< of index values; folds constants 0 and 1
  /// A scalar in every lane; a vector stays as it is.
  mlir::Value splat(mlir::Value scalar) const;
  /// `value` in every lane, of integers of its width.
  mlir::Value everywhere(const llvm::APInt &value) const;
  /// 0, 1, 2, ... as elements of an integer or index type.
  mlir::Value laneNumbers(mlir::Type element) const;
  /// vector<lanes x i1> of the first `count` (an index value) lanes.
  mlir::Value firstLanes(mlir::Value count) const;

  /// Fetches the line of memory[at], which need not exist.
  void prefetch(mlir::Value memory, mlir::Value at, Cache cache, bool isWrite = false) const;
  /// The lines of elements [at + from, at + from + count).
  void prefetchLines(mlir::Value memory, mlir::Value at, int64_t from, int64_t count, mlir::Type element, Cache cache,
                     bool isWrite = false) const;
  /// Elements memory[at], memory[at + stride], ... as a vector of `element`; lanes outside `mask` (null: none) read no
  /// memory and hold zero. Stride 1 is a load, 0 a broadcast, anything else a gather.
  mlir::Value load(mlir::Value memory, mlir::Value at, mlir::Value stride, mlir::Type element, mlir::Value mask) const;
  /// The same for a small stride of more than 1.
  mlir::Value loadStrided(mlir::Value memory, mlir::Value at, int64_t step, mlir::Type element, mlir::Value mask) const;
  /// Every second element: the first (`half` 0) or the second (1) of each of the pairs from memory[at] on. `mask` has a
  /// lane for each element of all pairs.
  mlir::Value loadOfPairs(mlir::Value memory, mlir::Value at, int64_t half, mlir::Type element, mlir::Value mask) const;
  /// The same of pairs as memory holds them.
  mlir::Value halfOfPairs(mlir::Value pairs, int64_t half, mlir::Type element) const;
  /// `vector`, null for none, with each lane `times` times side by side.
  mlir::Value repeatLanes(mlir::Value vector, int64_t times) const;
  /// The same as `load` where each element stands in `repeat` lanes side by side, `repeat` a divisor of the lanes.
  mlir::Value loadRepeated(mlir::Value memory, mlir::Value at, mlir::Value stride, int64_t repeat, mlir::Type element,
                           mlir::Value mask) const;
  /// Elements memory[at + offsets] likewise; `offsets` is a vector of index values.
  mlir::Value gather(mlir::Value memory, mlir::Value at, mlir::Value offsets, mlir::Type element,
                     mlir::Value mask) const;
  /// One element in every lane.
  mlir::Value loadSplat(mlir::Value memory, mlir::Value at, mlir::Type element) const;
  mlir::Value loadScalar(mlir::Value memory, mlir::Value at, mlir::Type element) const;
  /// As memory holds it; the stores below do this themselves. A vector of f16 or bf16 that goes from one block to
  /// another should go like this, or LLVM may take it apart.
  mlir::Value toStorage(mlir::Value value) const;
  /// What memory holds as an element or a vector of them; of a bool any nonzero byte is true.
  mlir::Value fromStorage(mlir::Value loaded, mlir::Type element) const;
  /// Stores the lanes inside `mask` (null: all) side by side.
  void store(mlir::Value vector, mlir::Value memory, mlir::Value at, mlir::Value mask) const;
  /// Stores all lanes, at an address that is a multiple of their bytes or of a cache line, without a place in the
  /// caches.
  void storePastCaches(mlir::Value vector, mlir::Value memory, mlir::Value at) const;
  /// x86 has such stores of 16 bytes and more.
  bool canStorePastCaches(mlir::Type element) const;
  /// Such stores are ordered with nothing else: what another thread may read next waits for this.
  void orderStores() const;
  void storeScalar(mlir::Value scalar, mlir::Value memory, mlir::Value at) const;

  /// The lanes of some vectors are squares with as many lanes as there are vectors: in each of them, lane i of vector k
  /// becomes lane k of vector i.
  llvm::SmallVector<mlir::Value> turnSquares(llvm::SmallVector<mlir::Value> vectors) const;
  /// `count` elements side by side from each of `places` on, of which there are as many as lanes: element k of every
  /// place is vector k, a place a lane. `areDense`: each place begins where the elements of the one before end.
  llvm::SmallVector<mlir::Value> loadTurned(mlir::Value memory, llvm::ArrayRef<mlir::Value> places, int64_t count,
                                            mlir::Type element, bool areDense) const;
  /// The other way.
  void storeTurned(llvm::ArrayRef<mlir::Value> columns, mlir::Value memory, llvm::ArrayRef<mlir::Value> places,
                   bool areDense) const;

  /// The region of `generic` on vectors, or on scalars where `onScalars`: one value a block argument comes in, one a
  /// yielded value goes out. `loopIndex(d)` gives linalg.index d as an index value or vector, where the region asks.
  /// The copy of an operation that `mark` names has its attribute.
  llvm::SmallVector<mlir::Value> cloneBody(mlir::linalg::GenericOp generic, mlir::ValueRange arguments,
                                           llvm::function_ref<mlir::Value(int64_t)> loopIndex, bool onScalars = false,
                                           std::optional<Mark> mark = {}) const;
};

/// The value of a constant index, if it is one.
std::optional<int64_t> constantIndex(mlir::Value value);

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_VECTORCODE_H
