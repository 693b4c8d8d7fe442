// ExactArithmetic.h - sums in the order of dialect/NUMERICS.md, for the exact evaluator.
//
// `Number` is the type that an op computes in: float for f32, f16 and bf16, double for f64, Wrapping for integers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_EXACTARITHMETIC_H
#define BATTEN_DIALECT_EXACTARITHMETIC_H

#include "dialect/Evaluation.h"
#include "llvm/ADT/bit.h"
#include <cmath>

#pragma STDC FP_CONTRACT OFF

namespace batten::evaluation {

/// An integer of any width: 64 bits that wrap, cut to the dtype when stored.
struct Wrapping {
  int64_t value = 0;
  Wrapping() = default;
  explicit Wrapping(int64_t value) : value(value) {}
  friend Wrapping operator+(Wrapping a, Wrapping b) { return Wrapping(int64_t(uint64_t(a.value) + uint64_t(b.value))); }
  friend Wrapping operator-(Wrapping a, Wrapping b) { return Wrapping(int64_t(uint64_t(a.value) - uint64_t(b.value))); }
  friend Wrapping operator*(Wrapping a, Wrapping b) { return Wrapping(int64_t(uint64_t(a.value) * uint64_t(b.value))); }
};

inline float multiplyAdd(float a, float b, float c) { return std::fma(a, b, c); }
inline double multiplyAdd(double a, double b, double c) { return std::fma(a, b, c); }
inline Wrapping multiplyAdd(Wrapping a, Wrapping b, Wrapping c) { return a * b + c; }

/// As VDPBF16PS multiplies and adds: subnormals count as zeros, and a sum that is below the normal range after it was
/// rounded to 24 bits becomes one. Of bf16 factors the product is exact in double, and so is the sum where it is small
/// enough to matter; the greatest one that is flushed lies half a unit of those 24 bits below 2^-126.
inline float multiplyAddFlushed(float a, float b, float c) {
  auto normal = [](float x) { return std::fabs(x) < 0x1p-126f ? std::copysign(0.0f, x) : x; };
  a = normal(a), b = normal(b), c = normal(c);
  float sum = std::fma(a, b, c);
  return std::fabs(double(a) * double(b) + double(c)) < 0x1p-126 - 0x1p-151 ? std::copysign(0.0f, sum) : sum;
}

/// A term of a sum in pairs of bf16 products, as a level takes it.
inline float multiplyAdd(Bf16Sums sums, float a, float b, float c) {
  return sums == Bf16Sums::FlushedPairs ? multiplyAddFlushed(a, b, c) : multiplyAdd(a, b, c);
}

inline float addFlushed(float a, float b) { return multiplyAddFlushed(a, 1.0f, b); }

/// To the nearest bf16, ties to even; a NaN keeps its sign and upper bits and becomes quiet.
inline float roundedToBf16(float x) {
  uint32_t bits = llvm::bit_cast<uint32_t>(x);
  bits = std::isnan(x) ? bits | 0x400000 : bits + 0x7fff + (bits >> 16 & 1);
  return llvm::bit_cast<float>(bits & 0xffff0000);
}

/// IEEE 754 maximum: NaN wins, -0 is below 0. Its result does not depend on an order.
template <typename Real> Real maximum(Real a, Real b) {
  if (std::isnan(a) || std::isnan(b))
    return std::isnan(a) ? a : b;
  return a > b || (a == b && !std::signbit(a)) ? a : b;
}
inline Wrapping maximum(Wrapping a, Wrapping b) { return a.value > b.value ? a : b; }

template <typename Number> Number load(const DenseValue &from, int64_t at) {
  return static_cast<Number>(from.real(at)); // exact: the dtype is no wider than Number
}
template <> inline Wrapping load<Wrapping>(const DenseValue &from, int64_t at) { return Wrapping(from.integer(at)); }
inline void store(DenseValue &to, int64_t at, double value) { to.setReal(at, value); }
inline void store(DenseValue &to, int64_t at, Wrapping value) { to.setInteger(at, value.value); }

/// One chain in ascending order, from 0: step(i, sum) gives the sum with term i in it.
template <typename Number, typename Step> Number chain(int64_t begin, int64_t end, Step step) {
  Number sum{};
  for (int64_t i = begin; i < end; ++i)
    sum = step(i, sum);
  return sum;
}

/// A chain that goes on from `sum`, in which each odd term comes before the even one that it follows. An odd count is
/// filled up by a term of two zeros, step(end, sum).
template <typename Number, typename Step> Number pairs(Number sum, int64_t end, Step step) {
  for (int64_t i = 0; i < end; i += 2)
    sum = step(i, step(i + 1, sum));
  return sum;
}

/// A sum that goes on from `sum` as TDPBF16PS sums: term(k, sum) adds the product at k, which is one of two zeros
/// beyond the depth.
template <typename Term> float tileSum(float sum, int64_t depth, Term term) {
  for (int64_t begin = 0; begin < depth; begin += 32) {
    float even = 0, odd = 0;
    for (int64_t k = begin; k < begin + 32; k += 2) {
      even = term(k, even);
      odd = term(k + 1, odd);
    }
    sum = addFlushed(sum, addFlushed(even, odd));
  }
  return sum;
}

/// A sum of products of bf16 that goes on from `sum`: factors(k) are what is multiplied at k, zeros beyond the depth.
template <typename Factors> float bf16Sum(Bf16Sums sums, bool inTiles, float sum, int64_t depth, Factors factors) {
  auto flushed = [&](int64_t k, float part) {
    auto [a, b] = factors(k);
    return multiplyAddFlushed(a, b, part);
  };
  auto term = [&](int64_t k, float part) {
    auto [a, b] = factors(k);
    return multiplyAdd(sums, a, b, part);
  };
  return inTiles ? tileSum(sum, depth, flushed) : pairs(sum, depth, term);
}

/// Term i goes to lane (i - begin) mod 64, each lane a chain; then the upper half of the lanes is added to the lower,
/// 32 to 1.
template <typename Number, typename Step> Number lanes(int64_t begin, int64_t end, Step step) {
  Number lane[64] = {};
  for (int64_t i = begin; i < end; ++i)
    lane[(i - begin) % 64] = step(i, lane[(i - begin) % 64]);
  for (int64_t half = 32; half > 0; half /= 2)
    for (int64_t i = 0; i < half; ++i)
      lane[i] = lane[i] + lane[i + half];
  return lane[0];
}

/// How a reduction adds its terms up.
enum class Order { Lanes, Blocks, LaneBlocks };

/// Blocks of 256 terms, each a chain (or a lane tree), their sums added in order from 0.
template <typename Number, typename Step> Number accumulate(Order order, int64_t count, Step step) {
  if (order == Order::Lanes)
    return lanes<Number>(0, count, step);
  Number total{};
  for (int64_t begin = 0; begin < count; begin += 256) {
    int64_t end = std::min(begin + 256, count);
    total = total + (order == Order::Blocks ? chain<Number>(begin, end, step) : lanes<Number>(begin, end, step));
  }
  return total;
}

/// Calls `body` with a value of the type that numbers of this dtype are computed in.
template <typename Body> auto withNumber(ElementKind kind, Body body) {
  if (kind == ElementKind::F64)
    return body(double());
  return kind <= ElementKind::BF16 ? body(float()) : body(Wrapping());
}

} // namespace batten::evaluation
#endif // BATTEN_DIALECT_EXACTARITHMETIC_H
