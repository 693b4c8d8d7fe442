// Extremes.h - maximum and minimum of floats, folded as integers in the same order.
//
// IEEE 754 wants NaN to win and -0 below 0: five dependent instructions on x86, and floats of 16 bits it would widen
// first. Of integers it is one instruction, whatever their width.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_EXTREMES_H
#define BATTEN_COMPILER_KERNELS_CPU_EXTREMES_H

#include "compiler/kernels/cpu/VectorCode.h"

namespace batten {

/// Whether `fold` is such an operation.
bool isExtremeOfFloats(mlir::Operation *fold);

/// The extremes that `fold` folds, and integers as wide as its floats.
struct Extremes {
  mlir::FloatType element;
  bool isMaximum;
  explicit Extremes(mlir::Operation *fold);

  mlir::Type integer() const { return mlir::IntegerType::get(element.getContext(), element.getIntOrFloatBitWidth()); }
  mlir::Value toIntegers(const VectorCode &code, mlir::Value floats) const;
  mlir::Value toFloats(const VectorCode &code, mlir::Value integers) const;
  mlir::Value combine(const VectorCode &code, mlir::Value lhs, mlir::Value rhs) const;

private:
  mlir::Value numNans(const VectorCode &code) const;
};

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_EXTREMES_H
