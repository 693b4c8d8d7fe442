// half.h - f16 and bf16 bit patterns to f32 and back, to nearest, ties to even.
//
// Done on the bits: the same on every CPU and in every rounding mode. NaN stays NaN and keeps its sign; a payload that
// does not fit is cut and made quiet, so that cutting never gives infinity.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_RUNTIME_HALF_H
#define BATTEN_RUNTIME_HALF_H

#include <bit>
#include <stdint.h>

namespace batten::runtime {

inline float floatFromBf16(uint16_t bits) { return std::bit_cast<float>((uint32_t)bits << 16); }

inline uint16_t bf16FromFloat(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u)
    return (uint16_t)(bits >> 16 | 0x40u);
  // Half of the last place, less one where the kept part is even. The carry runs into the exponent, as it should: the
  // largest finite values round to infinity.
  return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

inline float floatFromF16(uint16_t bits) {
  const uint32_t sign = (uint32_t)(bits & 0x8000u) << 16;
  const uint32_t exponent = bits >> 10 & 0x1fu, mantissa = bits & 0x3ffu;
  if (exponent == 0) { // zero or subnormal: mantissa * 2^-24, exact in f32
    const float magnitude = (float)mantissa * 0x1p-24f;
    return std::bit_cast<float>(std::bit_cast<uint32_t>(magnitude) | sign);
  }
  const uint32_t wide = exponent == 0x1fu ? 0xffu : exponent + 112u;
  return std::bit_cast<float>(sign | wide << 23 | mantissa << 13);
}

inline uint16_t f16FromFloat(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u)
    return (uint16_t)(sign | 0x7e00u | (magnitude >> 13 & 0x3ffu));
  if (magnitude >= 0x477ff000u) // 65520 and up: nearest is infinity
    return (uint16_t)(sign | 0x7c00u);
  if (magnitude >= 0x38800000u) { // 2^-14 and up: normal. Rebias, then round off 13 bits as in bf16FromFloat.
    const uint32_t rebiased = magnitude - (112u << 23);
    return (uint16_t)(sign | ((rebiased + 0xfffu + (rebiased >> 13 & 1u)) >> 13));
  }
  if (magnitude < 0x33000000u) // below 2^-25, half of the smallest subnormal
    return (uint16_t)sign;
  // Subnormal: the 24-bit significand shifted down to units of 2^-24, with what falls off deciding the rounding.
  const uint32_t shift = 126u - (magnitude >> 23);
  const uint32_t significand = (magnitude & 0x7fffffu) | 0x800000u;
  const uint32_t kept = significand >> shift, lost = significand & ((1u << shift) - 1u), half = 1u << (shift - 1u);
  return (uint16_t)(sign | (kept + (lost > half || (lost == half && (kept & 1u)))));
}

} // namespace batten::runtime

#endif // BATTEN_RUNTIME_HALF_H
