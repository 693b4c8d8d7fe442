// RegionMath.h - the element-wise functions that no operation of MLIR has, as sequences of arith and math operations.
//
// Every builder takes f32 or f64 values (scalars in the region of a linalg.generic, or vectors) and emits the sequence
// of dialect/NUMERICS.md, so that a kernel gives the bits of dialect/ScalarMath.h. For f16 and bf16 the caller extends
// to f32 and truncates once. math.exp and its like stay in the sequences; compiler/kernels/cpu/VectorMath expands them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_REGIONMATH_H
#define BATTEN_DIALECT_REGIONMATH_H

#include "mlir/IR/Builders.h"

namespace batten {

/// On a math.exp: the operand is never above 0 (or is NaN), so the expansion leaves out half of its scaling. Same bits.
inline constexpr const char *nonPositiveAttrName = "batten.nonpositive";

/// On an arith.maximumf that folds: its value matters only where every element is a number, and which of two zeros it
/// is does not matter, as in a softmax, whose exponentials become NaN with any element.
inline constexpr const char *numbersOnlyAttrName = "batten.numbers_only";

/// On such a math.exp of f32: its result will be rounded to bf16, so the expansion is another, shorter sequence.
inline constexpr const char *toBf16AttrName = "batten.to_bf16";

/// exp(x) where x <= 0 is known, as in a softmax after its maximum was subtracted.
mlir::Value buildNonPositiveExp(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);
/// The same of f32 for a result that will be rounded to bf16.
mlir::Value buildExpToBf16(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);
mlir::Value buildSigmoid(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);
mlir::Value buildSilu(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);
/// The form with erf, or with `tanh` the approximation through tanh.
mlir::Value buildGelu(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x, bool tanh);
/// The form with erf of an f32 that was a bf16, and whose result will be one.
mlir::Value buildGeluOfBf16(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);
mlir::Value buildSoftplus(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);
/// bce of a logit and a label.
mlir::Value buildBinaryCrossEntropy(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x, mlir::Value y);
mlir::Value buildPow(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value base, mlir::Value exponent);
/// 1 / sqrt(x), both rounded; also for f64.
mlir::Value buildRsqrt(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);

} // namespace batten
#endif // BATTEN_DIALECT_REGIONMATH_H
