// VectorMath.h - math.exp, log, tanh, erf, sin and cos as exact IEEE operations; divisions by VectorDivision.h.
//
// Takes a kernel whose bodies hold these operations on f32, f64 (not erf) or vectors of them; leaves additions,
// products, fused multiply-adds, integer operations, bit casts and selects in the order of dialect/NUMERICS.md: the
// same bits on every CPU level, and no call into a library. Where 512-bit registers are, exp scales by their own
// instruction.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_VECTORMATH_H
#define BATTEN_COMPILER_KERNELS_CPU_VECTORMATH_H

#include "compiler/kernels/Kernels.h"
#include "mlir/IR/PatternMatch.h"

namespace batten {

/// On an exp of f32 that is never above 0: its argument is at least -87, so that its result is a normal float, or NaN.
inline constexpr const char *inRangeAttrName = "batten.in_range";

void populateVectorMathPatterns(mlir::RewritePatternSet &patterns, const Level &level);
/// Expands every one of these operations in `kernel`; fails, with an error at the operation, where one has another
/// type.
mlir::LogicalResult expandVectorMath(mlir::func::FuncOp kernel, const Level &level);

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_VECTORMATH_H
