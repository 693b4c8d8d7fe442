// VectorDivision.h - quotients of integers and remainders of integers and floats, in vectors.
//
// x86 divides no vectors of integers, and LLVM calls a library for every remainder of floats. Here they become a few
// operations on floats that give the same integers, or the exact remainder of dialect/NUMERICS.md.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_VECTORDIVISION_H
#define BATTEN_COMPILER_KERNELS_CPU_VECTORDIVISION_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace batten {

/// Expands arith.remf in `kernel`, and divsi, divui, remsi and remui of vectors of i8, i32 and i64 (not of index) by
/// what is no constant: that LLVM turns into a product. Integers must be such that nothing is undefined.
void expandDivisions(mlir::func::FuncOp kernel);

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_VECTORDIVISION_H
