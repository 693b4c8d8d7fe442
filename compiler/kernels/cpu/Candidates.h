// Candidates.h - elements of a row that may be among the greatest, side by side in scratch before they are sorted.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_CANDIDATES_H
#define BATTEN_COMPILER_KERNELS_CPU_CANDIDATES_H

#include "compiler/kernels/cpu/EntryFormat.h"

namespace batten {

class Candidates {
public:
  /// `keys` and `tags` are memrefs of the type of keys, which have room for a vector more than there are candidates.
  Candidates(const OrderedKeys &order, const EntryFormat &format, const Level &level, mlir::Value keys,
             mlir::Value tags)
      : order(order), format(format), code(order.code), hasCompress(level.hasCompress()), keys(keys), tags(tags) {}

  /// No elements in [from, to), up to a vector.
  void clear(mlir::Value from, mlir::Value to) const;
  /// A vector of numbers, those of the row from `at` on, in the places of the same number; outside `mask` (null: all)
  /// no elements.
  void put(mlir::Value numbers, mlir::Value at, mlir::Value mask) const;
  /// The lanes of such a vector that are taken, behind the first `filled` candidates; returns how many there are then.
  /// `areOften`: there mostly are some, so that no branch asks. After the last time `end` is called.
  mlir::Value append(mlir::Value numbers, mlir::Value at, mlir::Value isTaken, mlir::Value filled, bool areOften) const;
  void end(mlir::Value filled) const;
  /// Those from `at` on, as the lanes of `entries` hold them.
  Entries load(const VectorCode &entries, mlir::Value at) const;
  /// Indices of a row's elements from `at` on in the type of keys.
  mlir::Value placesFrom(mlir::Value at) const;
  /// An index in the type of keys.
  mlir::Value asKey(mlir::Value index) const;

private:
  OrderedKeys order;
  EntryFormat format;
  VectorCode code;
  bool hasCompress; ///< an instruction that moves the lanes of a mask side by side
  mlir::Value keys, tags;

  mlir::Value appendCompressed(mlir::Value key, mlir::Value tag, mlir::Value isTaken, mlir::Value filled) const;
  mlir::Value appendPermuted(mlir::Value key, mlir::Value tag, mlir::Value isTaken, mlir::Value filled) const;
};

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_CANDIDATES_H
