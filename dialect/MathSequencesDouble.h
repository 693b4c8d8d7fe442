// MathSequencesDouble.h - the functions of f64, operation by operation. See MathSequences.h.
//
// The forms are those of f32 but where 53 bits want another one: log divides, gelu has one polynomial in
// (a - 4) / (a + 4). dialect/NUMERICS.md has the table, test/ulp the figures.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_MATHSEQUENCESDOUBLE_H
#define BATTEN_DIALECT_MATHSEQUENCESDOUBLE_H

#include "dialect/MathCoefficientsDouble.h"
#include "dialect/MathSequences.h"

#pragma STDC FP_CONTRACT OFF

namespace batten::sequence::f64 {

// Calls of what both have name the namespace: on MLIR values the functions of f32 would be found as well. polynomial,
// atLeast and atMost serve both.
namespace c = batten::coefficients::f64;
inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr double notANumber = std::numeric_limits<double>::quiet_NaN();
inline constexpr uint64_t signBit = uint64_t(1) << 63;

template <typename F> F withSign(F magnitude, F sign) {
  auto bits = bitsOf(magnitude);
  return fromBits((bits & like(bits, ~signBit)) | (bitsOf(sign) & like(bits, signBit)));
}

/// What is added to a number to round it to a whole n whose 2^(n + up) is asked for.
template <typename F> F shiftFor(F x, double up) { return like(x, c::roundingShift + c::exponentBias + up); }
/// 2^n of the sum of n and such a shift.
template <typename F> F powerOfTwo(F shifted) {
  return fromBits(shiftLeft(bitsOf(shifted), like(bitsOf(shifted), uint64_t(52))));
}

template <typename F> Reduced<F> reduceByLn2(F x, F shift) {
  F shifted = fma(x, like(x, c::log2E), shift);
  F n = shifted - shift;
  F r = fma(n, like(x, -c::ln2High), x); // exact: both are multiples of 2^-54 below 1/2
  return {n, fma(n, like(x, -c::ln2Low), r), f64::powerOfTwo(shifted)};
}
template <typename F> F expSlope(F r) { return fma(polynomial(r, c::expPolynomial), r, like(r, 1.0)); }
template <typename F> F expReduced(F r) { return fma(f64::expSlope(r), r, like(r, 1.0)); }

template <typename F> F expAny(F x) {
  auto isNegative = x < like(x, 0.0);
  F shift = select(isNegative, f64::shiftFor(x, c::scaleExponent), f64::shiftFor(x, -c::scaleExponent));
  F unscale = select(isNegative, like(x, c::scaleDown), like(x, c::scaleUp));
  Reduced<F> reduced = f64::reduceByLn2(atMost(atLeast(x, c::expLowest), c::expHighest), shift);
  return f64::expReduced(reduced.r) * reduced.scale * unscale;
}

/// exp for x <= 0 (or NaN), the same bits as expAny.
template <typename F> F expNonPositive(F x) {
  Reduced<F> reduced = f64::reduceByLn2(atLeast(x, c::expLowest), f64::shiftFor(x, c::scaleExponent));
  return f64::expReduced(reduced.r) * reduced.scale * like(x, c::scaleDown);
}

/// The exponent comes out of the bits of 2^52 + e, which no level converts more slowly than another.
template <typename F> Split<F> splitExponent(F x) {
  auto isSubnormal = x < like(x, 0x1p-1022);
  F normal = select(isSubnormal, x * like(x, 0x1p54), x);
  auto bits = bitsOf(normal);
  auto above = bits - like(bits, c::sqrtHalfBits);
  F mantissa = fromBits((above & like(bits, uint64_t(0xfffffffffffff))) + like(bits, c::sqrtHalfBits));
  auto biased = shiftRight(above + like(bits, uint64_t(1024) << 52), like(bits, uint64_t(52)));
  F exponent = fromBits(biased | like(bits, uint64_t(1075) << 52)) - like(x, 0x1p52 + 1024);
  exponent = exponent - select(isSubnormal, like(x, 54.0), like(x, 0.0));
  return {exponent, mantissa - like(x, 1.0)};
}

template <typename F> F log(F x) {
  Split<F> split = f64::splitExponent(x);
  F f = split.f, zero = like(x, 0.0);
  F s = f / (like(x, 2.0) + f);
  F square = s * s, half = f * like(x, 0.5) * f;
  F rest = fma(square, polynomial(square, c::logPolynomial), half);
  F tail = fma(s, rest, split.exponent * like(x, c::logLn2Low));
  F result = split.exponent * like(x, c::logLn2High) - ((half - tail) - f); // the product is exact
  result = select(zero < x, result, select(x == zero, like(x, -infinity), like(x, notANumber)));
  return select(x == like(x, infinity), x, result);
}

template <typename F> F tanh(F x) {
  F a = absolute(x), one = like(x, 1.0);
  F square = a * a;
  F small = fma(a * square, polynomial(square, c::tanhPolynomial), a);
  Reduced<F> reduced = f64::reduceByLn2(atMost(a, c::tanhHighest) * like(x, -2.0), f64::shiftFor(x, 0));
  F e = f64::expReduced(reduced.r) * reduced.scale;
  F large = one - (e + e) / (one + e);
  return f64::withSign(select(like(x, c::tanhSmall) < a, large, small), x);
}

template <typename F> F sigmoid(F x) {
  F one = like(x, 1.0);
  F e = callExpNonPositive(negate(absolute(x)));
  F q = e / (one + e);
  F leading = select(x < like(x, 0.0), e, one);
  return fma(negate(leading), q, leading);
}

template <typename F> F silu(F x) {
  F one = like(x, 1.0);
  auto isNegative = x < like(x, 0.0);
  F bounded = atLeast(x, c::siluLowest);
  Reduced<F> reduced =
      f64::reduceByLn2(atLeast(negate(absolute(x)), c::siluLowest), f64::shiftFor(x, c::scaleExponent));
  F p = f64::expReduced(reduced.r);
  F e = p * reduced.scale * like(x, c::scaleDown);
  F quotient = bounded * select(isNegative, p, one) / (one + e);
  return select(isNegative, quotient * reduced.scale * like(x, c::scaleDown), quotient);
}

/// max(x, 0) - a erfc(a / sqrt 2) / 2 on a = |x|; the square of a is carried to twice the precision.
template <typename F> F geluErf(F x) {
  F a = atMost(absolute(x), c::geluHighest);
  F square = a * a;
  F squareLow = fma(a, a, negate(square));
  F shift = f64::shiftFor(x, c::scaleExponent);
  F shifted = fma(square, like(x, -0.5 * c::log2E), shift);
  F n = shifted - shift;
  F twiceR = fma(n, like(x, -2.0 * c::ln2High), negate(square));
  twiceR = twiceR + fma(n, like(x, -2.0 * c::ln2Low), negate(squareLow));
  F r = twiceR * like(x, 0.5);
  F centre = like(x, c::geluCentre), divisor = a + centre;
  F ratio = a * polynomial((a - centre) / divisor, c::geluPolynomial) / divisor;
  F tail = fma(ratio * f64::expSlope(r), r, ratio) * f64::powerOfTwo(shifted) * like(x, c::scaleDown);
  F zero = like(x, 0.0);
  return select(x < zero, zero, x) - tail;
}

/// x / (1 + exp(-v)), v = 2 sqrt(2/pi) (x + 0.044715 x^3), v carried to twice the precision as v + vLow.
template <typename F> F geluTanh(F x) {
  F one = like(x, 1.0);
  auto isNegative = x < like(x, 0.0);
  F a = atMost(absolute(x), c::geluTanhHighest);
  F square = a * a;
  F squareLow = fma(a, a, negate(square));
  F linear = like(x, c::geluTanhLinearHigh), cubic = like(x, c::geluTanhCubicHigh);
  F factor = fma(cubic, square, linear);
  F factorLow = fma(cubic, square, linear - factor);
  F constantsLow = fma(like(x, c::geluTanhCubicLow), square, like(x, c::geluTanhLinearLow));
  factorLow = factorLow + fma(cubic, squareLow, constantsLow);
  F v = a * factor;
  F vLow = fma(a, factorLow, fma(a, factor, negate(v)));
  Reduced<F> reduced = f64::reduceByLn2(negate(v), f64::shiftFor(x, c::scaleExponent));
  F p = f64::expReduced(reduced.r - vLow);
  F e = p * reduced.scale * like(x, c::scaleDown);
  F quotient = select(isNegative, negate(a) * p, x) / (one + e);
  return select(isNegative, quotient * reduced.scale * like(x, c::scaleDown), quotient);
}

/// log(1 + exp(-|x|)).
template <typename F> F softplusTail(F x) {
  F e = callExpNonPositive(negate(absolute(x)));
  F t = e / fma(e, like(x, 0.5), like(x, 1.0));
  F square = t * t;
  return fma(t * square, polynomial(square, c::log1pPolynomial), t);
}
template <typename F> F softplus(F x) {
  F zero = like(x, 0.0);
  return select(x < zero, zero, x) + f64::softplusTail(x);
}
template <typename F> F binaryCrossEntropy(F x, F y) {
  F zero = like(x, 0.0);
  return fma(negate(x), y, select(x < zero, zero, x)) + f64::softplusTail(x);
}

} // namespace batten::sequence::f64
#endif // BATTEN_DIALECT_MATHSEQUENCESDOUBLE_H
