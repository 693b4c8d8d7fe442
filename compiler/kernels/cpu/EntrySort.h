// EntrySort.h - entries of a key and an index sorted from the greatest down, in registers and in scratch.
//
// A bitonic network: every comparator puts the greater entry first. Entries stand in scratch in blocks of a few
// registers, and within a block entry i in lane i / registers of register i % registers, so that the many comparators
// of short distance meet whole registers and only those of a long one move lanes.
//
// Batcher, Sorting networks and their applications, 1968.  SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_ENTRYSORT_H
#define BATTEN_COMPILER_KERNELS_CPU_ENTRYSORT_H

#include "compiler/kernels/cpu/LoopCode.h"
#include "compiler/kernels/cpu/VectorCode.h"

namespace batten {

/// Vectors of integers. `inverse` is ~index, so that of equal keys the one with the lower index is above; null where
/// the low half of the key holds it.
struct Entries {
  mlir::Value key, inverse;
};

class EntrySort {
public:
  /// Sorts `keys` and `inverses` (null: they are in the keys), memrefs of i64.
  EntrySort(const VectorCode &code, int64_t registers, mlir::Value keys, mlir::Value inverses)
      : code(code), registers(registers), keys(keys), inverses(inverses) {}

  using Block = llvm::SmallVector<Entries>; ///< entry i in lane i / registers of register i % registers
  static void sortBlock(const VectorCode &code, Block &block) {
    EntrySort(code, int64_t(block.size()), {}, {}).sortBlock(block);
  }

  int64_t blockEntries() const { return registers * code.lanes; }
  /// Sorts `count` entries, blocks by a power of two, into [first, first + count); `source` gives those from a place
  /// in [0, count) on.
  void sort(mlir::Value first, mlir::Value count, llvm::function_ref<Entries(mlir::Value)> source);
  /// [0, count) and [count, 2 * count) are sorted: [0, count) becomes the greatest of both, sorted.
  void keepGreatest(mlir::Value count);
  /// Where in sorted entries that begin at 0 the one of `rank` stands.
  mlir::Value place(mlir::Value rank) const;

private:
  VectorCode code;
  int64_t registers;
  mlir::Value keys, inverses;

  LoopCode loopCode() const { return {code.builder, code.loc}; }
  void sortBlock(Block &block) const;
  void mergeBlock(Block &block) const;
  void flip(Block &block, int64_t size) const;
  void halve(Block &block, int64_t distance) const;
  void merge(mlir::Value first, mlir::Value count, mlir::Value distance);
  void flipRuns(mlir::Value first, mlir::Value count, mlir::Value run);
  void halveRuns(mlir::Value first, mlir::Value count, mlir::Value distance);

  std::pair<Entries, Entries> ordered(Entries lhs, Entries rhs) const;
  Entries shuffle(Entries lhs, Entries rhs, llvm::ArrayRef<int64_t> order) const;
  Entries reversed(Entries entries) const;
  Entries load(mlir::Value at) const;
  void store(Entries entries, mlir::Value at) const;
};

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_ENTRYSORT_H
