// EntrySort.h - entries of a key and an index sorted from the greatest down, in registers and in scratch.
//
// Every comparator puts the greater entry first. Entry i of R registers stands in lane i / R of register i % R, so that
// each lane is a run of the order: the first levels of the network compare whole registers, without a move between
// lanes, and only as many levels as the lanes are halved have moves. As many registers as fit are taken from scratch at
// once and meet all comparators among them.
//
// Batcher, Sorting networks and their applications, 1968: the odd-even network in the first registers, merges of
// bitonic runs after that.  SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_ENTRYSORT_H
#define BATTEN_COMPILER_KERNELS_CPU_ENTRYSORT_H

#include "compiler/kernels/cpu/LoopCode.h"
#include "compiler/kernels/cpu/VectorCode.h"

namespace batten {

/// Vectors of integers. Of equal keys the entry with the greater `inverse` is above; null where the key holds all.
struct Entries {
  mlir::Value key, inverse;
};

class EntrySort {
public:
  using Block = llvm::SmallVector<Entries>;
  using Value = mlir::Value;

  /// Sorts `keys` and `inverses` (null: they are in the keys), memrefs of i64, `registers` at once. `areDoubles`: the
  /// keys have the same order as f64, none of them NaN or subnormal.
  EntrySort(const VectorCode &code, int64_t registers, bool areDoubles, bool hasLongMin, Value keys, Value inverses)
      : code(code), registers(registers), areDoubles(areDoubles), hasLongMin(hasLongMin), keys(keys),
        inverses(inverses) {}

  /// Each lane by itself: the odd-even network, which has fewer comparators than a bitonic one.
  void sortColumns(Block &block) const;
  static void sortBlock(const VectorCode &code, Block &block) {
    EntrySort(code, int64_t(block.size()), /*areDoubles=*/false, /*hasLongMin=*/true, {}, {}).sortBlock(block);
  }

  int64_t blockEntries() const { return registers * code.lanes; }
  /// Sorts `count` entries, blocks by a power of two, into [first, first + count); `source` gives those from a place
  /// in [0, count) on.
  void sort(Value first, Value count, llvm::function_ref<Entries(Value)> source);
  /// [0, count) and [count, 2 * count) are sorted: [0, count) becomes the greatest of both, sorted.
  void keepGreatest(Value count);
  /// Where in `count` sorted entries that begin at 0 the one of `rank` stands.
  Value place(Value count, Value rank) const;
  /// The keys of `count` sorted entries: `body` gets each vector of them in order and the rank of its first one.
  void forEachSorted(Value count, llvm::function_ref<void(Value, Value)> body) const;

private:
  VectorCode code;
  int64_t registers;
  bool areDoubles, hasLongMin;
  Value keys, inverses;

  LoopCode loopCode() const { return {code.builder, code.loc}; }
  void forEachPower(Value first, bool up, Value last, llvm::function_ref<void(Value)> body) const;
  int64_t partsOf(Value extent, int64_t most) const;
  Value part(Value extent, int64_t parts) const;
  void withBlock(llvm::ArrayRef<Value> places, llvm::function_ref<void(Block &)> body) const;

  Value face(Value left, Value right, Value extent, int64_t span) const;
  void halveBelow(Value first, Value count, Value extent) const;
  void halvePass(Value first, Value count, Value run, int64_t parts) const;

  void sortBlock(Block &block) const;
  void flip(Block &block, int64_t span) const;
  void halveLanes(Block &block, int64_t lanes) const;
  void halveRegisters(Block &block, int64_t count) const;

  void order(Entries &above, Entries &below) const;
  Entries shuffle(Entries lhs, Entries rhs, llvm::ArrayRef<int64_t> order) const;
  Entries reversed(Entries entries) const;
  Entries load(Value at) const;
  void store(Entries entries, Value at) const;
};

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_ENTRYSORT_H
