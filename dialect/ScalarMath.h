// ScalarMath.h - the element-wise functions of dialect/NUMERICS.md on one float or double, bit for bit what a
// kernel computes.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_SCALARMATH_H
#define BATTEN_DIALECT_SCALARMATH_H

namespace batten::scalar {

float exp(float x);
/// The short form of exp that kernels take where x <= 0 is known; the same bits.
float expNonPositive(float x);
/// The same where x >= -87, too.
float expNormal(float x);
/// Where x <= 0 is known and the result will be rounded to bf16: within 2^-13 of itself.
float expToBf16(float x);
float log(float x);
float tanh(float x);
float erf(float x);
float sin(float x);
float cos(float x);
float sigmoid(float x);
float silu(float x);
float gelu(float x, bool tanh);
/// The form with erf as it is computed for bf16.
float geluOfBf16(float x);
float softplus(float x);
float binaryCrossEntropy(float x, float y);
float pow(float x, float y);
float rsqrt(float x);

double exp(double x);
double expNonPositive(double x);
double log(double x);
double tanh(double x);
double sin(double x);
double cos(double x);
double sigmoid(double x);
double silu(double x);
double gelu(double x, bool tanh);
double softplus(double x);
double binaryCrossEntropy(double x, double y);
double pow(double x, double y);
double rsqrt(double x);

} // namespace batten::scalar
#endif // BATTEN_DIALECT_SCALARMATH_H
