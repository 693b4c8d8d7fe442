// EntryFormat.h - a key and the index of its element as one integer, or as two.
//
// Of equal keys the one with the lower index is above. A key of 32 bits stands above a tag of 2 * (last index - index),
// plus 1 if the element has a sign: that of a -0, whose key is the one of 0, is found again there. Where rows are no
// longer than `mostOfDoubles` the entry is also a positive normal f64, in the same order: x86 compares those faster.
// A key of 64 bits has ~index beside it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_ENTRYFORMAT_H
#define BATTEN_COMPILER_KERNELS_CPU_ENTRYFORMAT_H

#include "compiler/kernels/cpu/EntrySort.h"
#include "compiler/kernels/cpu/OrderedKeys.h"

namespace batten {

class EntryFormat {
public:
  /// `mostElements` of a row; none: not known.
  EntryFormat(const OrderedKeys &order, std::optional<int64_t> mostElements);

  bool isPacked() const { return order.type.isInteger(32); }
  bool areDoubles() const { return isPacked() && tagBits == doubleTagBits; }
  /// The tags of a vector of numbers, those of the row from `at` on, in the type of keys.
  mlir::Value tags(mlir::Value numbers, mlir::Value at) const;
  /// Those of numbers that all stand at `at` in their rows.
  mlir::Value tagsOfColumn(mlir::Value numbers, int64_t at) const;
  /// With the least key: below every element.
  mlir::TypedAttr leastTag() const;
  Entries pack(mlir::Value keys, mlir::Value tags) const;

  // Of packed entries, scalars or vectors of any length:
  mlir::Value key(mlir::Value entry) const;
  mlir::Value number(mlir::Value entry) const; ///< as OrderedKeys::load gives it; of a NaN the sign is left
  mlir::Value index(mlir::Value entry) const;  ///< i32

private:
  static constexpr int64_t doubleTagBits = 30;
  static constexpr int64_t mostOfDoubles = int64_t(1) << (doubleTagBits - 1);
  OrderedKeys order;
  int64_t tagBits; ///< of a packed entry

  int64_t firstTag() const { return isPacked() ? (int64_t(1) << tagBits) - 2 : -1; }
  int64_t tagStep() const { return isPacked() ? 2 : 1; }
  mlir::Value withSigns(mlir::Value tags, mlir::Value numbers) const;
  mlir::Value low(mlir::Value entry) const;
  mlir::Value constant(mlir::Value like, int64_t value) const;
};

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_ENTRYFORMAT_H
