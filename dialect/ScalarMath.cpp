// ScalarMath.cpp - the sequences of MathSequences.h on floats.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/ScalarMath.h"
#include "dialect/MathScalars.h"

namespace batten::sequence {
static float callExpNonPositive(float x) { return scalar::expNonPositive(x); }
} // namespace batten::sequence

#include "dialect/MathSequencesPow.h"
#include "dialect/MathSequencesTrigonometric.h"

namespace batten::scalar {

float exp(float x) { return sequence::expAny(x); }
float expNonPositive(float x) { return sequence::expNonPositive(x); }
float log(float x) { return sequence::log(x); }
float tanh(float x) { return sequence::tanh(x); }
float erf(float x) { return sequence::erf(x); }
float sin(float x) { return sequence::sin(x); }
float cos(float x) { return sequence::cos(x); }
float sigmoid(float x) { return sequence::sigmoid(x); }
float silu(float x) { return sequence::silu(x); }
float gelu(float x, bool tanh) { return tanh ? sequence::geluTanh(x) : sequence::geluErf(x); }
float softplus(float x) { return sequence::softplus(x); }
float pow(float x, float y) { return sequence::pow(x, y); }
float rsqrt(float x) {
  float root = std::sqrt(x);
  return 1.0f / root;
}

} // namespace batten::scalar
