// MathSequencesTrigonometric.h - sin and cos of every float, operation by operation. See MathSequences.h.
//
// Up to 2^17 the argument is reduced by three parts of pi/2 with fused multiply-adds. Beyond, x times 2/pi modulo 4
// is formed in integers from the 96 bits of 2/pi that matter at the exponent of x (Payne and Hanek); a vector comes
// there only if one of its lanes is that large. Both work on |x|, so the functions are odd and even by their bits.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_MATHSEQUENCESTRIGONOMETRIC_H
#define BATTEN_DIALECT_MATHSEQUENCESTRIGONOMETRIC_H

#include "dialect/MathSequences.h"

#pragma STDC FP_CONTRACT OFF

namespace batten::sequence {

/// |x| = (quadrant + 4k) pi/2 + r. Only the two low bits of the quadrant count, and it travels as the bits of a float
/// so that a vector can select both together.
template <typename F> struct Angle {
  F r, quadrant;
};
template <typename F> Angle<F> select(bool condition, Angle<F> ifTrue, Angle<F> ifFalse) {
  return condition ? ifTrue : ifFalse;
}

template <typename F> Angle<F> reduceModerate(F a) {
  F shift = like(a, c::roundingShift);
  F shifted = fma(a, like(a, c::twoOverPi), shift);
  F n = shifted - shift;
  F r = fma(n, like(a, -c::halfPi[0]), a); // exact: a multiple of 2^-24 below 1
  r = fma(n, like(a, -c::halfPi[1]), r);
  return {fma(n, like(a, -c::halfPi[2]), r), shifted};
}

/// Bits [offset, offset + 32) of the table, for word = offset / 32 and bit = offset % 32, word at most 3.
template <typename I> I tableBits(I word, I bit, size_t skip) {
  auto entry = [&](size_t i) { return like(word, c::twoOverPiBits[i]); };
  auto at = [&](size_t first) {
    I value = entry(first);
    for (uint32_t i = 1; i < 4; ++i)
      value = select(isEqual(word, like(word, i)), entry(first + i), value);
    return value;
  };
  I low = shiftRight(shiftRight(at(skip + 1), like(bit, 1u)), like(bit, 31u) - bit); // 32 - bit may be 32
  return shiftLeft(at(skip), bit) | low;
}

/// |x| = m 2^k with a whole m < 2^32, k from -14 to 96. product = m 2^k 2/pi modulo 4, 2 bits before the point and 62
/// behind: table bits of weight 4 and more give multiples of 4 and are left out.
template <typename F> Angle<F> reduceLarge(F a) {
  auto bits = bitsOf(a);
  auto integer = [&](uint32_t value) { return like(bits, value); };
  auto m = shiftLeft((bits & integer(0x7fffff)) | integer(0x800000), integer(8));
  auto offset = shiftRight(bits, integer(23)) - integer(158 - 14); // k + 14: the first bit has weight 2 of the product
  auto word = shiftRight(offset, integer(5)), bit = offset & integer(31);
  auto first = tableBits(word, bit, 0), second = tableBits(word, bit, 1), third = tableBits(word, bit, 2);
  auto middle = m * second;
  auto low = middle + highProduct(m, third);
  auto carry = select(isBelow(low, middle), integer(1), integer(0));
  auto high = m * first + highProduct(m, second) + carry;
  // The nearest quarter, then the rest, signed, in units of 2^-62.
  auto quadrant = shiftRight(high + integer(0x20000000), integer(30));
  auto rest = high - shiftLeft(quadrant, integer(30));
  // 22 + 24 + 16 bits, each exact as a float; head and tail hold them to twice the precision.
  F top = toFloat(rest & integer(0xffffff00)) * like(a, 0x1p-30f);
  F next = toFloat(shiftLeft(rest & integer(0xff), integer(16)) | shiftRight(low, integer(16))) * like(a, 0x1p-46f);
  F last = toFloat(low & integer(0xffff)) * like(a, 0x1p-62f);
  F head = top + next;
  F tail = (next - (head - top)) + last;
  F halfPi = like(a, c::halfPi[0]);
  F r = fma(head, halfPi, fma(head, like(a, c::halfPi[1]), tail * halfPi));
  return {select(a < like(a, infinity), r, like(a, notANumber)), fromBits(quadrant)};
}

template <typename F> Angle<F> reduceAngle(F a) {
  return selectRare(like(a, c::trigonometricModerate) < a, reduceModerate(a), [&] { return reduceLarge(a); });
}

/// sin(r + quadrant pi/2), r as in Angle.
template <typename F, typename I> F sineOf(F r, I quadrant) {
  F square = r * r;
  F sine = fma(r * square, polynomial(square, c::sinPolynomial), r);
  F cosine = fma(square, like(r, -0.5f), like(r, 1.0f));
  cosine = fma(square * square, polynomial(square, c::cosPolynomial), cosine);
  auto isOdd = isEqual(quadrant & like(quadrant, 1u), like(quadrant, 1u));
  auto flip = shiftLeft(quadrant & like(quadrant, 2u), like(quadrant, 30u));
  return fromBits(bitsOf(select(isOdd, cosine, sine)) ^ flip);
}

/// sin x and cos x, where |x| is the angle.
template <typename F> F sineAt(F x, Angle<F> angle) {
  F y = sineOf(angle.r, bitsOf(angle.quadrant));
  return fromBits(bitsOf(y) ^ (bitsOf(x) & like(bitsOf(x), signBit)));
}
template <typename F> F cosineAt(Angle<F> angle) {
  auto quadrant = bitsOf(angle.quadrant);
  return sineOf(angle.r, quadrant + like(quadrant, 1u));
}

template <typename F> F sin(F x) { return sineAt(x, reduceAngle(absolute(x))); }
template <typename F> F cos(F x) { return cosineAt(reduceAngle(absolute(x))); }

} // namespace batten::sequence
#endif // BATTEN_DIALECT_MATHSEQUENCESTRIGONOMETRIC_H
