// MathScalars.h - the arithmetic of dialect/MathSequences.h on plain numbers.
//
// The sequences are written once, over a float, an integer and a mask type. Here these are float, uint32_t and bool, or
// double, uint64_t and bool;
// dialect/MathTerms.h has the same functions on MLIR values. Nothing below may round other than IEEE 754 does.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_MATHSCALARS_H
#define BATTEN_DIALECT_MATHSCALARS_H

#include <bit>
#include <cmath>
#include <cstdint>

namespace batten::sequence {

inline float like(float, float constant) { return constant; }
inline uint32_t like(uint32_t, uint32_t constant) { return constant; }
inline float fma(float a, float b, float c) { return std::fma(a, b, c); }
inline float floor(float a) { return std::floor(a); }
inline float absolute(float a) { return std::fabs(a); }
inline float negate(float a) { return -a; }
inline uint32_t bitsOf(float a) { return std::bit_cast<uint32_t>(a); }
inline float fromBits(uint32_t a) { return std::bit_cast<float>(a); }
/// The value as a signed number; below 2^24 in magnitude wherever a sequence asks.
inline float toFloat(uint32_t a) { return static_cast<float>(static_cast<int32_t>(a)); }
inline uint32_t shiftLeft(uint32_t a, uint32_t by) { return a << by; }
inline uint32_t shiftRight(uint32_t a, uint32_t by) { return a >> by; }
inline uint32_t shiftRightSigned(uint32_t a, uint32_t by) {
  return static_cast<uint32_t>(static_cast<int32_t>(a) >> by);
}
inline uint32_t highProduct(uint32_t a, uint32_t b) { return static_cast<uint32_t>(uint64_t(a) * b >> 32); }
inline bool isEqual(uint32_t a, uint32_t b) { return a == b; }
inline bool isBelow(uint32_t a, uint32_t b) { return a < b; }

inline double like(double, double constant) { return constant; }
inline uint64_t like(uint64_t, uint64_t constant) { return constant; }
inline double fma(double a, double b, double c) { return std::fma(a, b, c); }
inline double floor(double a) { return std::floor(a); }
inline double absolute(double a) { return std::fabs(a); }
inline double negate(double a) { return -a; }
inline uint64_t bitsOf(double a) { return std::bit_cast<uint64_t>(a); }
inline double fromBits(uint64_t a) { return std::bit_cast<double>(a); }
inline double toFloat(uint64_t a) { return static_cast<double>(static_cast<int64_t>(a)); }
inline uint64_t shiftLeft(uint64_t a, uint64_t by) { return a << by; }
inline uint64_t shiftRight(uint64_t a, uint64_t by) { return a >> by; }
inline uint64_t highProduct(uint64_t a, uint64_t b) {
  return static_cast<uint64_t>(static_cast<unsigned __int128>(a) * b >> 64);
}
inline bool isEqual(uint64_t a, uint64_t b) { return a == b; }
inline bool isBelow(uint64_t a, uint64_t b) { return a < b; }

template <typename T> T select(bool condition, T ifTrue, T ifFalse) { return condition ? ifTrue : ifFalse; }

/// `rare()` where the condition holds, `usual` elsewhere; a vector skips the rare part when no lane needs it.
template <typename T, typename Rare> T selectRare(bool condition, T usual, Rare rare) {
  return condition ? rare() : usual;
}

} // namespace batten::sequence
#endif // BATTEN_DIALECT_MATHSCALARS_H
