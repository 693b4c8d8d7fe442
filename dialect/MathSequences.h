// MathSequences.h - exp, log, tanh, erf and what is made of them, operation by operation.
//
// This is the executable form of the table in dialect/NUMERICS.md. Each function is written once, as a template over
// its arithmetic: on floats it is the evaluator's function (ScalarMath.cpp), on MLIR values it emits what a kernel runs
// (RegionMath.cpp, compiler/kernels/cpu/VectorMath.cpp). So the two can't drift apart, and whether the sequence is
// right is decided by test/ulp, which compares all 2^32 floats with the double-precision library.
//
// A statement holds one rounding for each operator. No operation here differs between CPU levels: no reciprocal
// estimates, no scalef, no library. Selects, not branches, treat the special cases: comparisons are false for NaN, and
// each is turned so that false lets NaN pass.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_MATHSEQUENCES_H
#define BATTEN_DIALECT_MATHSEQUENCES_H

#include "dialect/MathCoefficients.h"
#include "dialect/MathScalars.h"
#include <cstddef>
#include <limits>

#pragma STDC FP_CONTRACT OFF // a product and a sum that share an expression stay two roundings

namespace batten::sequence {

namespace c = batten::coefficients;
inline constexpr float infinity = std::numeric_limits<float>::infinity();
inline constexpr float notANumber = std::numeric_limits<float>::quiet_NaN();
inline constexpr uint32_t signBit = 0x80000000;

/// c0 + x (c1 + x (c2 + ...)), innermost first, one fused multiply-add a power.
template <typename F, typename Real, size_t n> F polynomial(F x, const Real (&coefficients)[n]) {
  F sum = like(x, coefficients[n - 1]);
  for (size_t i = n - 1; i-- > 0;)
    sum = fma(sum, x, like(x, coefficients[i]));
  return sum;
}

/// |magnitude| with the sign of `sign`.
template <typename F> F withSign(F magnitude, F sign) {
  auto bits = bitsOf(magnitude);
  return fromBits((bits & like(bits, ~signBit)) | (bitsOf(sign) & like(bits, signBit)));
}
/// x, but no less than `lowest`; NaN stays.
template <typename F, typename Real> F atLeast(F x, Real lowest) {
  return select(x < like(x, lowest), like(x, lowest), x);
}
/// x, but no more than `highest`; NaN stays.
template <typename F, typename Real> F atMost(F x, Real highest) {
  return select(like(x, highest) < x, like(x, highest), x);
}

/// x = n ln 2 + r with |r| <= ln(2) / 2. `scale` is 2^n times what `shift` added to n, `n` is exact.
template <typename F> struct Reduced {
  F n, r, scale;
};
template <typename F> Reduced<F> reduceByLn2(F x, F shift) {
  F shifted = fma(x, like(x, c::log2E), shift);
  F n = shifted - shift;
  F r = fma(n, like(x, -c::ln2High), x); // exact: both are multiples of 2^-25 below 1
  r = fma(n, like(x, -c::ln2Low), r);
  return {n, r, fromBits(shiftLeft(bitsOf(shifted), like(bitsOf(shifted), 23u)))};
}

/// (e^r - 1) / r for |r| <= ln(2) / 2.
template <typename F> F expSlope(F r) { return fma(polynomial(r, c::expPolynomial), r, like(r, 1.0f)); }
/// e^r for |r| <= ln(2) / 2, in [0.7, 1.42].
template <typename F> F expReduced(F r) { return fma(expSlope(r), r, like(r, 1.0f)); }

/// exp for any x. Two factors make 2^n, so that the one rounding of a subnormal result is the last operation, and a
/// result beyond the largest float becomes infinity by itself.
template <typename F> F expAny(F x) {
  F zero = like(x, 0.0f);
  auto isNegative = x < zero;
  F shift = select(isNegative, like(x, c::roundingShift + 127 + 64), like(x, c::roundingShift + 127 - 64));
  F unscale = select(isNegative, like(x, c::scaleDown), like(x, c::scaleUp));
  Reduced<F> reduced = reduceByLn2(atMost(atLeast(x, c::expLowest), c::expHighest), shift);
  return expReduced(reduced.r) * reduced.scale * unscale;
}

/// exp for x <= 0 (or NaN), the same bits as expAny: p 2^n is rounded once in either.
template <typename F> F expNonPositive(F x) {
  Reduced<F> reduced = reduceByLn2(atLeast(x, c::expLowest), like(x, c::roundingShift + 127 + 64));
  return expReduced(reduced.r) * reduced.scale * like(x, c::scaleDown);
}

/// exp for x in [-87, 0] (or NaN), the same bits: 2^n is a normal float there, so one product scales.
template <typename F> F expNormal(F x) {
  Reduced<F> reduced = reduceByLn2(x, like(x, c::roundingShift + 127));
  return expReduced(reduced.r) * reduced.scale;
}

/// The same reduction where r need not be exact.
template <typename F> Reduced<F> reduceByLn2ToBf16(F x, F shift) {
  F shifted = fma(x, like(x, c::log2E), shift);
  F n = shifted - shift;
  return {n, fma(n, like(x, -c::ln2High), x), fromBits(shiftLeft(bitsOf(shifted), like(bitsOf(shifted), 23u)))};
}

/// exp for x <= 0 (or NaN) that will be rounded to bf16.
template <typename F> F expToBf16(F x) {
  Reduced<F> reduced = reduceByLn2ToBf16(atLeast(x, c::expLowest), like(x, c::roundingShift + 127 + 64));
  return polynomial(reduced.r, c::expToBf16Polynomial) * reduced.scale * like(x, c::scaleDown);
}

/// e^x - 1 for x in [-30, 0].
template <typename F> F expm1NonPositive(F x) {
  Reduced<F> reduced = reduceByLn2(x, like(x, c::roundingShift + 127));
  F square = reduced.r * reduced.r;
  F small = fma(square, polynomial(reduced.r, c::expm1Polynomial), reduced.r);
  return fma(reduced.scale, small, reduced.scale - like(x, 1.0f));
}

/// x = 2^exponent (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), for positive finite x; f is exact.
template <typename F> struct Split {
  F exponent, f;
};
template <typename F> Split<F> splitExponent(F x) {
  auto isSubnormal = x < like(x, 0x1p-126f);
  F normal = select(isSubnormal, x * like(x, 0x1p23f), x);
  auto bits = bitsOf(normal);
  auto above = bits - like(bits, c::sqrtHalfBits);
  F mantissa = fromBits((above & like(bits, 0x7fffffu)) + like(bits, c::sqrtHalfBits));
  F exponent = toFloat(shiftRightSigned(above, like(bits, 23u)));
  exponent = exponent - select(isSubnormal, like(x, 23.0f), like(x, 0.0f));
  return {exponent, mantissa - like(x, 1.0f)};
}

template <typename F> F log(F x) {
  Split<F> split = splitExponent(x);
  F f = split.f, square = f * f;
  F tail = f * square * polynomial(f, c::logPolynomial);
  tail = fma(split.exponent, like(x, c::logLn2Low), tail);
  tail = fma(square, like(x, -0.5f), tail);
  // The two leading terms, and what the rounding of their sum leaves out. The product is exact.
  F whole = split.exponent * like(x, c::logLn2High);
  F head = whole + f;
  tail = tail + (f - (head - whole));
  F result = head + tail;
  F zero = like(x, 0.0f);
  result = select(zero < x, result, select(x == zero, like(x, -infinity), like(x, notANumber)));
  return select(x == like(x, infinity), x, result);
}

/// On a = |x|: 1 - 2 e / (1 + e), e = exp(-2a), which loses digits near 0, where a polynomial takes its place. Odd by
/// its bits.
template <typename F> F tanh(F x) {
  F a = absolute(x), one = like(x, 1.0f);
  F square = a * a;
  F small = fma(a * square, polynomial(square, c::tanhPolynomial), a);
  Reduced<F> reduced = reduceByLn2(atMost(a, c::tanhHighest) * like(x, -2.0f), like(x, c::roundingShift + 127));
  F e = expReduced(reduced.r) * reduced.scale;
  F large = one - (e + e) / (one + e);
  return withSign(select(like(x, c::tanhSmall) < a, large, small), x);
}

/// erf a = 1 - exp(-w), w = a + a p(a): one polynomial from 0 to where erf rounds to 1.
template <typename F> F erf(F x) {
  F a = atMost(absolute(x), c::erfHighest);
  F w = fma(a, polynomial(a, c::erfPolynomial), a);
  return withSign(expm1NonPositive(negate(w)), x);
}

/// q = e / (1 + e), e = exp(-|x|), is the result for -|x|. As 1 - q above 0 and e (1 - q) below, the errors of the sum
/// and of the quotient shrink by the factor e.
template <typename F> F sigmoid(F x) {
  F one = like(x, 1.0f);
  F e = callExpNonPositive(negate(absolute(x)));
  F q = e / (one + e);
  F leading = select(x < like(x, 0.0f), e, one);
  return fma(negate(leading), q, leading);
}

/// x sigmoid(x). Below 0 the power of two of exp(x) comes last: exp(x) itself may be subnormal where the result is not.
template <typename F> F silu(F x) {
  F one = like(x, 1.0f);
  auto isNegative = x < like(x, 0.0f);
  F bounded = atLeast(x, c::siluLowest);
  Reduced<F> reduced = reduceByLn2(atLeast(negate(absolute(x)), c::siluLowest), like(x, c::roundingShift + 127 + 64));
  F p = expReduced(reduced.r);
  F e = p * reduced.scale * like(x, c::scaleDown);
  F quotient = bounded * select(isNegative, p, one) / (one + e);
  return select(isNegative, quotient * reduced.scale * like(x, c::scaleDown), quotient);
}

/// max(x, 0) - a erfc(a / sqrt 2) / 2 on a = |x|. The exponent is never rounded as a sum: both its whole part and the
/// rest come from one multiply-add.
template <typename F> F geluErf(F x) {
  F a = atMost(absolute(x), c::geluHighest);
  F p = polynomial(a, c::geluPolynomial);
  F shift = like(x, c::roundingShift + 127);
  F shifted = fma(negate(a), p, shift);
  F n = shifted - shift;
  F r = fma(negate(a), p, negate(n));
  F scale = fromBits(shiftLeft(bitsOf(shifted), like(bitsOf(shifted), 23u)));
  F tail = a * polynomial(r, c::halfExp2Polynomial);
  F zero = like(x, 0.0f);
  return fma(negate(tail), scale, select(x < zero, zero, x));
}

/// The same as good as bf16 needs it, down to its subnormals.
template <typename F> F geluErfShort(F x) {
  F a = atMost(absolute(x), c::geluShortHighest);
  F exponent = a * polynomial(a, c::geluShortPolynomial);
  F shift = like(x, c::roundingShift + 127 + 64);
  F shifted = shift - exponent;
  F r = (shifted - shift) + exponent;
  F scale = fromBits(shiftLeft(bitsOf(shifted), like(bitsOf(shifted), 23u)));
  F tail = a * polynomial(r, c::halfExp2ShortPolynomial) * scale;
  F zero = like(x, 0.0f);
  return fma(negate(tail), like(x, c::scaleDown), select(x < zero, zero, x));
}

/// x / (1 + exp(-v)), v = 2 sqrt(2/pi) (x + 0.044715 x^3), which is x (1 + tanh(v/2)) / 2 without its cancellation.
/// v is carried to twice the precision as v + vLow.
template <typename F> F geluTanh(F x) {
  F one = like(x, 1.0f);
  auto isNegative = x < like(x, 0.0f);
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
  Reduced<F> reduced = reduceByLn2(negate(v), like(x, c::roundingShift + 127 + 64));
  F p = expReduced(reduced.r - vLow);
  F e = p * reduced.scale * like(x, c::scaleDown);
  F quotient = select(isNegative, negate(a) * p, x) / (one + e);
  return select(isNegative, quotient * reduced.scale * like(x, c::scaleDown), quotient);
}

/// log(1 + exp(-|x|)).
template <typename F> F softplusTail(F x) {
  F e = callExpNonPositive(negate(absolute(x)));
  F t = e / fma(e, like(x, 0.5f), like(x, 1.0f));
  F square = t * t;
  return fma(t * square, polynomial(square, c::log1pPolynomial), t);
}

/// max(x, 0) + log(1 + exp(-|x|)).
template <typename F> F softplus(F x) {
  F zero = like(x, 0.0f);
  return select(x < zero, zero, x) + softplusTail(x);
}

/// -y log(sigmoid(x)) - (1 - y) log(1 - sigmoid(x)): no term can overflow, whatever the logit.
template <typename F> F binaryCrossEntropy(F x, F y) {
  F zero = like(x, 0.0f);
  return fma(negate(x), y, select(x < zero, zero, x)) + softplusTail(x);
}

} // namespace batten::sequence
#endif // BATTEN_DIALECT_MATHSEQUENCES_H
