// OrderedKeys.h - elements as signed integers in the order of topk: NaN above all, -0 equal to 0.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_ORDEREDKEYS_H
#define BATTEN_COMPILER_KERNELS_CPU_ORDEREDKEYS_H

#include "compiler/kernels/Kernels.h"
#include "compiler/kernels/cpu/VectorCode.h"

namespace batten {

/// Elements are loaded as numbers of a key's width: floats as f32 or f64, integers as the keys that they are.
class OrderedKeys {
public:
  OrderedKeys(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type element, bool isUnsigned, const Level &level);

  mlir::Type type; ///< of a key: i64 of elements of 64 bits, i32 of all others
  VectorCode code; ///< as many lanes as keys have in a register

  mlir::Value load(mlir::Value memory, mlir::Value at, mlir::Value stride, mlir::Value mask) const;
  /// Numbers of a vector of elements.
  mlir::Value widen(mlir::Value elements) const;
  /// The keys of a vector of numbers.
  mlir::Value of(mlir::Value numbers) const;
  /// The number of a key, a scalar or a vector of any length, and what memory holds of it.
  mlir::Value number(mlir::Value key) const;
  mlir::Value elementOf(mlir::Value number) const;

  // A key loses the sign of a -0 and of a NaN. It is kept in the last bit of an index of the key's type:
  mlir::Value signedIndex(mlir::Value numbers, int64_t at) const; ///< of numbers that stand at `at` in their rows
  mlir::Value index(mlir::Value signedIndex) const;               ///< i32
  mlir::Value number(mlir::Value key, mlir::Value signedIndex) const;

  /// Whether numbers are above `bound`, or equal to it if `orEqual`. NaN is, whatever the bound.
  mlir::Value isAbove(mlir::Value numbers, mlir::Value bound, bool orEqual) const;
  /// One of both, lane by lane, and the greater one unless one is NaN.
  mlir::Value greaterOf(mlir::Value lhs, mlir::Value rhs) const;

  mlir::TypedAttr least() const; ///< of all keys
  mlir::Value splat(mlir::TypedAttr value) const;

private:
  mlir::Type element, wide; ///< in memory, as a number
  bool isUnsigned;

  int64_t signPlace() const { return type.getIntOrFloatBitWidth() - 1; }
};

/// Bits of floats, scalars or vectors, as integers that ascend with them: below zero, where they descend, all but the
/// sign's are flipped. Its own inverse.
mlir::Value flipNegative(const VectorCode &code, mlir::Value bits);

/// `value` as one of `type`, of scalars or of vectors.
mlir::Value constantOf(const VectorCode &code, mlir::Type type, mlir::TypedAttr value);

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_ORDEREDKEYS_H
