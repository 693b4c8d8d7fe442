// ScalarMath.cpp - the sequences of MathSequences.h on floats and doubles.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/ScalarMath.h"
#include "dialect/MathScalars.h"

namespace batten::sequence {
static float callExpNonPositive(float x) { return scalar::expNonPositive(x); }
static double callExpNonPositive(double x) { return scalar::expNonPositive(x); }
} // namespace batten::sequence

#include "dialect/MathSequencesDoubleArguments.h"
#include "dialect/MathSequencesPow.h"
#include "dialect/MathSequencesTrigonometric.h"

namespace batten::scalar {

float exp(float x) { return sequence::expAny(x); }
float expNonPositive(float x) { return sequence::expNonPositive(x); }
float expNormal(float x) { return sequence::expNormal(x); }
float expToBf16(float x) { return sequence::expToBf16(x); }
float log(float x) { return sequence::log(x); }
float tanh(float x) { return sequence::tanh(x); }
float erf(float x) { return sequence::erf(x); }
float sin(float x) { return sequence::sin(x); }
float cos(float x) { return sequence::cos(x); }
float sigmoid(float x) { return sequence::sigmoid(x); }
float silu(float x) { return sequence::silu(x); }
float gelu(float x, bool tanh) { return tanh ? sequence::geluTanh(x) : sequence::geluErf(x); }
float geluOfBf16(float x) { return sequence::geluErfShort(x); }
float softplus(float x) { return sequence::softplus(x); }
float binaryCrossEntropy(float x, float y) { return sequence::binaryCrossEntropy(x, y); }
float pow(float x, float y) { return sequence::pow(x, y); }
float rsqrt(float x) {
  float root = std::sqrt(x);
  return 1.0f / root;
}

double exp(double x) { return sequence::f64::expAny(x); }
double expNonPositive(double x) { return sequence::f64::expNonPositive(x); }
double log(double x) { return sequence::f64::log(x); }
double tanh(double x) { return sequence::f64::tanh(x); }
double sin(double x) { return sequence::f64::sin(x); }
double cos(double x) { return sequence::f64::cos(x); }
double sigmoid(double x) { return sequence::f64::sigmoid(x); }
double silu(double x) { return sequence::f64::silu(x); }
double gelu(double x, bool tanh) { return tanh ? sequence::f64::geluTanh(x) : sequence::f64::geluErf(x); }
double softplus(double x) { return sequence::f64::softplus(x); }
double binaryCrossEntropy(double x, double y) { return sequence::f64::binaryCrossEntropy(x, y); }
double pow(double x, double y) { return sequence::f64::pow(x, y); }
double rsqrt(double x) {
  double root = std::sqrt(x);
  return 1.0 / root;
}

} // namespace batten::scalar
