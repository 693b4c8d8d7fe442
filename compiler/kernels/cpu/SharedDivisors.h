// SharedDivisors.h - quotients of a loop that share their divisor.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_SHAREDDIVISORS_H
#define BATTEN_COMPILER_KERNELS_CPU_SHAREDDIVISORS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace batten {

/// On a division of f32 vectors: its operands are known to be in the range of SharedDivisors.cpp.
inline constexpr const char *safeQuotientAttrName = "batten.safe_quotient";
/// Numerators are 0 or at least 2 to this power.
constexpr int leastSafeExponent = -90;
/// Whether a positive f32, or whatever it is, is in the range of divisors; i1.
mlir::Value isSafeDivisor(mlir::OpBuilder &b, mlir::Location loc, mlir::Value divisor);

/// Replaces divisions of f32 vectors by a divisor from outside their loop with products and multiply-adds that give the
/// same bits; see SharedDivisors.cpp.
void multiplyByReciprocals(mlir::func::FuncOp kernel);

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_SHAREDDIVISORS_H
