// MathSequencesDoubleArguments.h - the functions of f64 that need more than f64 to reduce their argument: sin, cos,
// pow.
//
// As those of f32 (MathSequencesTrigonometric.h, MathSequencesPow.h), with words of 64 bits and one more pair.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_MATHSEQUENCESDOUBLEARGUMENTS_H
#define BATTEN_DIALECT_MATHSEQUENCESDOUBLEARGUMENTS_H

#include "dialect/MathSequencesDouble.h"
#include "dialect/MathSequencesPow.h"
#include "dialect/MathSequencesTrigonometric.h"
#include <array>
#include <utility>

#pragma STDC FP_CONTRACT OFF

namespace batten::sequence::f64 {

//===- sin, cos ---------------------------------------------------------------------------------------------------===//

template <typename F> Angle<F> reduceModerate(F a) {
  F shift = like(a, c::roundingShift);
  F shifted = fma(a, like(a, c::twoOverPi), shift);
  F n = shifted - shift;
  F r = fma(n, like(a, -c::halfPi[0]), a); // exact: a multiple of 2^-53 below 1
  r = fma(n, like(a, -c::halfPi[1]), r);
  return {fma(n, like(a, -c::halfPi[2]), r), shifted};
}

/// Words word .. word + 3 of the table, word at most 15: each bit of it chooses between two halves of what is left.
template <typename I, size_t... i> std::array<I, 19> tableWords(I word, std::index_sequence<i...>) {
  std::array<I, 19> words{like(word, c::twoOverPiBits[i])...};
  for (uint64_t step = 8; step > 0; step /= 2) {
    auto isUpper = isEqual(word & like(word, step), like(word, step));
    for (size_t at = 0; at < 3 + step; ++at)
      words[at] = select(isUpper, words[at + step], words[at]);
  }
  return words;
}

/// |x| = m 2^k with a whole m < 2^64, k from -36 to 960. product = m 2^k 2/pi modulo 4, 2 bits before the point and 126
/// behind: table bits of weight 4 and more give multiples of 4 and are left out.
template <typename F> Angle<F> reduceLarge(F a) {
  auto bits = bitsOf(a);
  auto integer = [&](uint64_t value) { return like(bits, value); };
  using I = decltype(bits);
  I m = shiftLeft((bits & integer(0xfffffffffffff)) | integer(uint64_t(1) << 52), integer(11));
  I offset = shiftRight(bits, integer(52)) - integer(1086 - 62); // k + 62: the first bit has weight 2 of the product
  I bit = offset & integer(63);
  std::array<I, 19> words = f64::tableWords(shiftRight(offset, integer(6)), std::make_index_sequence<19>());
  auto window = [&](size_t i) {
    I low = shiftRight(shiftRight(words[i + 1], integer(1)), integer(63) - bit); // 64 - bit may be 64
    return shiftLeft(words[i], bit) | low;
  };
  I first = window(0), second = window(1), third = window(2);
  I middle = m * second;
  I low = middle + highProduct(m, third);
  I carry = select(isBelow(low, middle), integer(1), integer(0));
  I high = m * first + highProduct(m, second) + carry;
  // The nearest quarter, then the rest, signed, in units of 2^-126.
  I quadrant = shiftRight(high + integer(uint64_t(1) << 61), integer(62));
  I rest = high - shiftLeft(quadrant, integer(62));
  // 53 + 53 + 22 bits, each exact as a float; head and tail hold them to twice the precision.
  F top = toFloat(rest & integer(~uint64_t(0x7ff))) * like(a, 0x1p-62);
  F next = toFloat(shiftLeft(rest & integer(0x7ff), integer(42)) | shiftRight(low, integer(22))) * like(a, 0x1p-104);
  F last = toFloat(low & integer(0x3fffff)) * like(a, 0x1p-126);
  F head = top + next;
  F tail = (next - (head - top)) + last;
  F halfPi = like(a, c::halfPi[0]);
  F r = fma(head, halfPi, fma(head, like(a, c::halfPi[1]), tail * halfPi));
  return {select(a < like(a, infinity), r, like(a, notANumber)), fromBits(quadrant)};
}

template <typename F> Angle<F> reduceAngle(F a) {
  return selectRare(like(a, c::trigonometricModerate) < a, f64::reduceModerate(a), [&] { return f64::reduceLarge(a); });
}

template <typename F, typename I> F sineOf(F r, I quadrant) {
  F square = r * r;
  F sine = fma(r * square, polynomial(square, c::sinPolynomial), r);
  F cosine = fma(square, like(r, -0.5), like(r, 1.0));
  cosine = fma(square * square, polynomial(square, c::cosPolynomial), cosine);
  I one = like(quadrant, uint64_t(1)), two = like(quadrant, uint64_t(2));
  auto isOdd = isEqual(quadrant & one, one);
  I flip = shiftLeft(quadrant & two, like(quadrant, uint64_t(62)));
  return fromBits(bitsOf(select(isOdd, cosine, sine)) ^ flip);
}

template <typename F> F sineAt(F x, Angle<F> angle) {
  F y = f64::sineOf(angle.r, bitsOf(angle.quadrant));
  return fromBits(bitsOf(y) ^ (bitsOf(x) & like(bitsOf(x), signBit)));
}
template <typename F> F cosineAt(Angle<F> angle) {
  auto quadrant = bitsOf(angle.quadrant);
  return f64::sineOf(angle.r, quadrant + like(quadrant, uint64_t(1)));
}

template <typename F> F sin(F x) { return f64::sineAt(x, f64::reduceAngle(absolute(x))); }
template <typename F> F cos(F x) { return f64::cosineAt(f64::reduceAngle(absolute(x))); }

//===- pow --------------------------------------------------------------------------------------------------------===//

/// high + low + (a pair of constants), |high + low| being the smaller.
template <typename F> Pair<F> addToConstant(double high, double low, Pair<F> term) {
  Pair<F> sum = orderedSum(like(term.high, high), term.high);
  sum.low = sum.low + (term.low + like(term.high, low));
  return sum;
}

/// log2(a) of a positive finite a: exponent + k s + k s^3 / 3 + ..., s = f / (2 + f).
template <typename F> Pair<F> log2Pair(F a) {
  Split<F> split = f64::splitExponent(a);
  F f = split.f;
  Pair<F> denominator = orderedSum(like(a, 2.0), f);
  F reciprocal = like(a, 1.0) / denominator.high;
  Pair<F> s{f * reciprocal, f};
  F remainder = fma(negate(s.high), denominator.high, f);
  s.low = fma(negate(s.high), denominator.low, remainder) * reciprocal;
  Pair<F> square = product(s, s);
  F rest = square.high * polynomial(square.high, c::powPolynomial);
  Pair<F> quintic = f64::addToConstant(c::powQuinticHigh, c::powQuinticLow, Pair<F>{rest, like(a, 0.0)});
  Pair<F> cubic = f64::addToConstant(c::powCubicHigh, c::powCubicLow, product(square, quintic));
  Pair<F> slope = f64::addToConstant(c::powLinearHigh, c::powLinearLow, product(square, cubic));
  Pair<F> fraction = product(slope, s);
  Pair<F> result = orderedSum(split.exponent, fraction.high);
  return {result.high, result.low + fraction.low};
}

/// 2^(high + low) for |high| <= 1200.
template <typename F> F exp2Pair(Pair<F> x) {
  auto isNegative = x.high < like(x.high, 0.0);
  F shift = select(isNegative, f64::shiftFor(x.high, c::scaleExponent), f64::shiftFor(x.high, -c::scaleExponent));
  F unscale = select(isNegative, like(x.high, c::scaleDown), like(x.high, c::scaleUp));
  F shifted = x.high + shift;
  F r = (x.high - (shifted - shift)) + x.low;
  F slope = fma(polynomial(r, c::exp2Polynomial), r, like(r, c::ln2High));
  return fma(slope, r, like(r, 1.0)) * f64::powerOfTwo(shifted) * unscale;
}

template <typename F> F pow(F x, F y) {
  F zero = like(x, 0.0), one = like(x, 1.0);
  F a = absolute(x);
  Pair<F> logarithm = f64::log2Pair(a);
  // 0 and infinity go through as the infinite logarithms that they have; 1 must not meet an infinite y.
  F high = select(a == zero, like(x, -infinity), select(a == like(x, infinity), a, logarithm.high));
  F product = y * high;
  F productLow = fma(y, high, negate(product)) + y * logarithm.low;
  auto isModerate = absolute(product) < like(x, c::powHighest);
  product = select(high == zero, zero, atMost(atLeast(product, -c::powHighest), c::powHighest));
  F result = f64::exp2Pair(Pair<F>{product, select(isModerate, productLow, zero)});
  F half = y * like(x, 0.5);
  auto isWhole = floor(y) == y;
  F sign = select(isWhole, select(floor(half) == half, one, like(x, -1.0)), one);
  F negative = select(isWhole, result * sign,
                      select(a == zero, result, select(a == like(x, infinity), result, like(x, notANumber))));
  auto signBits = bitsOf(x) & like(bitsOf(x), signBit);
  result = select(isEqual(signBits, like(signBits, uint64_t(0))), result, negative);
  result = select(x == x, select(y == y, result, y), x);
  return select(y == zero, one, select(x == one, one, result));
}

} // namespace batten::sequence::f64
#endif // BATTEN_DIALECT_MATHSEQUENCESDOUBLEARGUMENTS_H
