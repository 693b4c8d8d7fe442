// SharedDivisors.h - quotients of a loop that share their divisor.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_SHAREDDIVISORS_H
#define BATTEN_COMPILER_KERNELS_CPU_SHAREDDIVISORS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace batten {

/// Replaces divisions of f32 vectors by a divisor from outside their loop with products and multiply-adds that give the
/// same bits; see SharedDivisors.cpp.
void multiplyByReciprocals(mlir::func::FuncOp kernel);

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_SHAREDDIVISORS_H
