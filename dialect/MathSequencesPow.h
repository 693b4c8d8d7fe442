// MathSequencesPow.h - pow(x, y) = 2^(y log2 |x|), operation by operation. See MathSequences.h.
//
// The logarithm must be finer than a float by the size of the exponent, so it is carried as an unevaluated sum of two
// floats (high, low) up to the last step. Special cases are those of IEEE 754 pow.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_MATHSEQUENCESPOW_H
#define BATTEN_DIALECT_MATHSEQUENCESPOW_H

#include "dialect/MathSequences.h"

#pragma STDC FP_CONTRACT OFF

namespace batten::sequence {

/// A number as the sum of two floats, |low| at most half a unit in the last place of high.
template <typename F> struct Pair {
  F high, low;
};

/// a + b, exact; |a| >= |b| or a = 0.
template <typename F> Pair<F> orderedSum(F a, F b) {
  F sum = a + b;
  return {sum, b - (sum - a)};
}
template <typename F> Pair<F> product(Pair<F> a, Pair<F> b) {
  F high = a.high * b.high;
  F low = fma(a.high, b.high, negate(high));
  return {high, low + fma(a.high, b.low, a.low * b.high)};
}

/// log2(a) of a positive finite a: exponent + k s + k s^3 / 3 + ..., s = f / (2 + f).
template <typename F> Pair<F> log2Pair(F a) {
  Split<F> split = splitExponent(a);
  F f = split.f;
  Pair<F> denominator = orderedSum(like(a, 2.0f), f);
  F reciprocal = like(a, 1.0f) / denominator.high;
  Pair<F> s{f * reciprocal, f};
  F remainder = fma(negate(s.high), denominator.high, f);
  s.low = fma(negate(s.high), denominator.low, remainder) * reciprocal;
  Pair<F> square = product(s, s);
  F rest = square.high * polynomial(square.high, c::powPolynomial);
  Pair<F> cubic = orderedSum(like(a, c::powCubicHigh), rest);
  cubic.low = cubic.low + like(a, c::powCubicLow);
  Pair<F> term = product(square, cubic);
  Pair<F> slope = orderedSum(like(a, c::powLinearHigh), term.high);
  slope.low = slope.low + (term.low + like(a, c::powLinearLow));
  Pair<F> fraction = product(slope, s);
  Pair<F> result = orderedSum(split.exponent, fraction.high);
  return {result.high, result.low + fraction.low};
}

/// 2^(high + low) for |high| <= 160.
template <typename F> F exp2Pair(Pair<F> x) {
  auto isNegative = x.high < like(x.high, 0.0f);
  F shift = select(isNegative, like(x.high, c::roundingShift + 127 + 64), like(x.high, c::roundingShift + 127 - 64));
  F unscale = select(isNegative, like(x.high, c::scaleDown), like(x.high, c::scaleUp));
  F shifted = x.high + shift;
  F r = (x.high - (shifted - shift)) + x.low;
  F scale = fromBits(shiftLeft(bitsOf(shifted), like(bitsOf(shifted), 23u)));
  F slope = fma(polynomial(r, c::exp2Polynomial), r, like(r, c::ln2High));
  return fma(slope, r, like(r, 1.0f)) * scale * unscale;
}

template <typename F> F pow(F x, F y) {
  F zero = like(x, 0.0f), one = like(x, 1.0f);
  F a = absolute(x);
  Pair<F> logarithm = log2Pair(a);
  // 0 and infinity go through as the infinite logarithms that they have; 1 must not meet an infinite y.
  F high = select(a == zero, like(x, -infinity), select(a == like(x, infinity), a, logarithm.high));
  F product = y * high;
  F productLow = fma(y, high, negate(product)) + y * logarithm.low;
  auto isModerate = absolute(product) < like(x, c::powHighest);
  product = select(high == zero, zero, atMost(atLeast(product, -c::powHighest), c::powHighest));
  Pair<F> exponent{product, select(isModerate, productLow, zero)};
  F result = exp2Pair(exponent);
  F half = y * like(x, 0.5f);
  auto isWhole = floor(y) == y;
  F sign = select(isWhole, select(floor(half) == half, one, like(x, -1.0f)), one);
  F negative = select(isWhole, result * sign,
                      select(a == zero, result, select(a == like(x, infinity), result, like(x, notANumber))));
  // The sign bit, not x < 0: -0 to an odd power keeps its sign.
  auto signBits = bitsOf(x) & like(bitsOf(x), signBit);
  result = select(isEqual(signBits, like(signBits, 0u)), result, negative);
  result = select(x == x, select(y == y, result, y), x);
  return select(y == zero, one, select(x == one, one, result));
}

} // namespace batten::sequence
#endif // BATTEN_DIALECT_MATHSEQUENCESPOW_H
