// UlpDouble.h - how far a function of f64 in dialect/ScalarMath.h is from 113-bit arithmetic, in units in the last
// place.
//
// 2^64 arguments can't all be tried. These are samples of four kinds: all bit patterns (every exponent alike, so that
// half are below 1), evenly over the range where the function bends, the doubles next to multiples of pi/2, where most
// digits of an angle cancel, and the neighbours of every number at which a sequence takes another path. A published
// bound is above the maximum of four million of them (`ulp-sampled --count=4000000`), with a margin for what they miss:
// the errors of the sequences are sums of a few roundings, so that the maximum grows slowly with the number of samples.
//
// The reference is libm's _Float128, which compilers other than GCC do not declare for C++.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_TEST_ULP_ULPDOUBLE_H
#define BATTEN_TEST_ULP_ULPDOUBLE_H

#include "dialect/ScalarMath.h"
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

extern "C" {
__float128 expf128(__float128);
__float128 logf128(__float128);
__float128 tanhf128(__float128);
__float128 sinf128(__float128);
__float128 cosf128(__float128);
__float128 log1pf128(__float128);
__float128 erfcf128(__float128);
__float128 sqrtf128(__float128);
__float128 powf128(__float128, __float128);
}

namespace batten::ulp {

using Quad = __float128;

struct DoubleFunction {
  const char *name;
  double (*compute)(double);
  Quad (*reference)(Quad);
  double bound;     ///< published in dialect/NUMERICS.md
  double low, high; ///< where it bends
};

inline Quad magnitude(Quad x) { return x < 0 ? -x : x; }
inline Quad sigmoidOf(Quad x) { return 1 / (1 + expf128(-x)); }
inline Quad geluTanhOf(Quad x) {
  static const Quad pi = 3.141592653589793238462643383279502884Q;
  static const Quad cubic = 0.044715Q;
  return x * sigmoidOf(2 * sqrtf128(2 / pi) * (x + cubic * x * x * x));
}

inline const std::vector<DoubleFunction> &doubleFunctions() {
  static const std::vector<DoubleFunction> table = {
      {"exp", [](double x) { return scalar::exp(x); }, expf128, 1.0, -750, 712},
      {"log", [](double x) { return scalar::log(x); }, logf128, 1.0, 0, 4},
      {"tanh", [](double x) { return scalar::tanh(x); }, tanhf128, 1.5, -20, 20},
      {"sin", [](double x) { return scalar::sin(x); }, sinf128, 2.0, -7, 7},
      {"cos", [](double x) { return scalar::cos(x); }, cosf128, 2.0, -7, 7},
      {"sigmoid", [](double x) { return scalar::sigmoid(x); }, sigmoidOf, 2.0, -40, 40},
      {"silu", [](double x) { return scalar::silu(x); },
       [](Quad x) { return x < -12000 ? Quad(-0.0) : x * sigmoidOf(x); }, 3.5, -40, 40},
      {"gelu", [](double x) { return scalar::gelu(x, false); },
       [](Quad x) { return x < -150 ? Quad(-0.0) : x * erfcf128(-x / sqrtf128(2)) / 2; }, 5.0, -39, 9},
      {"gelu_tanh", [](double x) { return scalar::gelu(x, true); },
       [](Quad x) { return x < -60  ? Quad(-0.0)
                           : x > 60 ? x
                                    : geluTanhOf(x); }, 4.0, -23, 9},
      {"softplus", [](double x) { return scalar::softplus(x); },
       [](Quad x) {
         return (x > 0 ? x : x < 0 ? 0 : x) + log1pf128(expf128(-magnitude(x)));
       },
       3.0, -40, 40},
      {"rsqrt", [](double x) { return scalar::rsqrt(x); }, [](Quad x) { return 1 / sqrtf128(x); }, 1.5, 0, 4},
  };
  return table;
}

/// Distance of `value` from `exact` in units in the last place of a double near `exact`, as ulp::error.
inline double errorOfDouble(double value, Quad exact) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const Quad overflow = Quad(0x1.fffffffffffffp1023) + Quad(0x1p970) / 2; // from here on the nearest double is infinity
  if (std::isnan(value) || exact != exact)
    return std::isnan(value) && exact != exact ? 0 : infinity;
  if (magnitude(exact) >= overflow && std::isinf(value))
    return std::signbit(value) == (exact < 0) ? 0 : infinity;
  if (magnitude(exact) > overflow * 2)
    return infinity;
  double near = static_cast<double>(exact);
  int exponent = near == 0 ? -1074 : std::max(std::ilogb(near) - 52, -1074);
  Quad unit = std::ldexp(1.0, std::min(exponent, 971));
  if (std::isinf(value)) // rounded up by less than a unit: the next double would have been 2^1024
    return static_cast<double>((Quad(0x1p1023) * 2 - magnitude(exact)) / unit);
  return static_cast<double>(magnitude(Quad(value) - exact) / unit);
}

struct WorstDouble {
  double error = 0, where = 0;
  void take(double candidate, double x) {
    if (candidate > error) {
      error = candidate;
      where = x;
    }
  }
};

/// Sample number `index` for a function that bends in [low, high].
inline double sampleOf(uint64_t index, double low, double high) {
  uint64_t state = index + 0x9e3779b97f4a7c15; // splitmix64
  auto next = [&] {
    uint64_t z = (state += 0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  };
  static const double edges[] = {0.0,     0x1p-1074, 0x1p-1022, 0.5625, 1.0,      2.0,    22.0,  39.0,
                                 0x1p27,  709.79,    708.4,     745.14, 760.0,    6.0,    0.25,  0.7071067811865476,
                                 1.41421, 0.3465736, 1.0397208, 512.0,  0x1p1023, 0.7854, 1.5708};
  uint64_t bits = next();
  switch (index % 8) {
  case 0:
  case 1:
    return std::bit_cast<double>(bits);
  case 2: {
    double multiple = std::floor(std::ldexp(1.0, int(bits % 60)) * (1 + double(next() >> 11) * 0x1p-53));
    double angle = static_cast<double>(Quad(multiple) * 1.570796326794896619231321691639751442Q);
    return bits >> 63 ? -angle : angle;
  }
  case 3: {
    double edge = edges[bits % (sizeof edges / sizeof *edges)];
    double near = std::bit_cast<double>(std::bit_cast<uint64_t>(edge) + (next() % 4096) - (edge == 0 ? 0 : 2048));
    return bits >> 63 ? -near : near;
  }
  default:
    return low + (high - low) * (double(bits >> 11) * 0x1p-53);
  }
}

inline WorstDouble scan(const DoubleFunction &function, uint64_t begin, uint64_t end) {
  WorstDouble worst;
  for (uint64_t index = begin; index < end; ++index) {
    double x = sampleOf(index, function.low, function.high);
    worst.take(errorOfDouble(function.compute(x), function.reference(x)), x);
  }
  return worst;
}

inline constexpr double powBound = 1.0; ///< published

/// pow: the largest error of samples whose result is a double, and where (base).
inline WorstDouble scanPow(uint64_t begin, uint64_t end) {
  WorstDouble worst;
  for (uint64_t index = begin; index < end; ++index) {
    double x = std::abs(sampleOf(8 * index, 0, 1));
    double target = sampleOf(8 * index + 7, -1080, 1028);
    if (index % 3 == 0)
      x = sampleOf(8 * index + 6, 0.5, 2);
    double y = index % 7 ? target / std::log2(x) : sampleOf(8 * index + 5, -8, 8);
    worst.take(errorOfDouble(scalar::pow(x, y), powf128(x, y)), x);
  }
  return worst;
}

} // namespace batten::ulp
#endif // BATTEN_TEST_ULP_ULPDOUBLE_H
