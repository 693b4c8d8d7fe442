// Ulp.h - how far a function of dialect/ScalarMath.h is from the double-precision library, in units in the last place.
//
// Shared by the test of the published bounds and by the exhaustive run. The unit is that of the true value, with the
// subnormal unit as the smallest; the reference is good to 1e-15, so the figures are good to about 1e-7.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_TEST_ULP_ULP_H
#define BATTEN_TEST_ULP_ULP_H

#include "dialect/ScalarMath.h"
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace batten::ulp {

struct Function {
  const char *name;
  float (*compute)(float);
  double (*reference)(double);
  double bound;              ///< published in dialect/NUMERICS.md
  double leastUnitBelow = 0; ///< of x < -1
  double boundOfF16 = 0.51, boundOfBf16 = 0.51;
  float (*computeBf16)(float) = nullptr; ///< where bf16 has a sequence of its own

  double errorAt(float x) const;
};

inline double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }
inline double geluTanh(double x) {
  return x * sigmoid(2.0 * std::sqrt(2.0 / 3.14159265358979323846) * (x + 0.044715 * x * x * x));
}

inline const std::vector<Function> &functions() {
  static const std::vector<Function> table = {
      {"exp", scalar::exp, [](double x) { return std::exp(x); }, 1.0},
      {"log", scalar::log, [](double x) { return std::log(x); }, 1.0},
      {"tanh", scalar::tanh, [](double x) { return std::tanh(x); }, 1.5},
      {"erf", scalar::erf, [](double x) { return std::erf(x); }, 2.0},
      {"sin", scalar::sin, [](double x) { return std::sin(x); }, 2.0},
      {"cos", scalar::cos, [](double x) { return std::cos(x); }, 2.0},
      {"sigmoid", scalar::sigmoid, sigmoid, 2.0},
      {"silu", scalar::silu, [](double x) { return std::isinf(x) && x < 0 ? -0.0 : x * sigmoid(x); }, 3.5},
      {"gelu", [](float x) { return scalar::gelu(x, false); },
       [](double x) { return std::isinf(x) && x < 0 ? -0.0 : 0.5 * x * std::erfc(-x / std::sqrt(2.0)); }, 4.0, 0x1p-25,
       0.6, 0.65, scalar::geluOfBf16},
      {"gelu_tanh", [](float x) { return scalar::gelu(x, true); },
       [](double x) { return x < -100 ? -0.0 : geluTanh(x); }, 4.0},
      {"softplus", scalar::softplus,
       [](double x) {
         return (x > 0 ? x : x < 0 ? 0.0 : x) + std::log1p(std::exp(-std::abs(x)));
       },
       3.0},
      {"rsqrt", scalar::rsqrt, [](double x) { return 1.0 / std::sqrt(x); }, 1.5},
  };
  return table;
}

/// Distance of `value` from `exact` in units in the last place of a float near `exact`; infinity where one is NaN and
/// the other not, or where one is infinite and the other is far from it. No unit is smaller than `leastUnit`.
inline double error(float value, double exact, double leastUnit = 0) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  constexpr double overflow = 0x1.ffffffp127; // from here on the nearest float is infinity
  if (std::isnan(value) || std::isnan(exact))
    return std::isnan(value) && std::isnan(exact) ? 0 : infinity;
  if (std::abs(exact) >= overflow && std::isinf(value))
    return std::signbit(value) == std::signbit(exact) ? 0 : infinity;
  if (std::isinf(exact))
    return infinity;
  int exponent = exact == 0 ? -149 : std::max(std::ilogb(exact) - 23, -149);
  double unit = std::max(std::ldexp(1.0, std::min(exponent, 104)), leastUnit);
  if (std::isinf(value)) // rounded up by less than a unit: the next float would have been 2^128
    return (std::copysign(0x1p128, value) - exact) / std::copysign(unit, value);
  return std::abs(value - exact) / unit;
}

inline double Function::errorAt(float x) const { return error(compute(x), reference(x), x < -1 ? leastUnitBelow : 0); }

struct Worst {
  double error = 0;
  float where = 0;
  uint64_t above1 = 0; ///< inputs that are further away than one unit
  void take(double candidate, float x) {
    above1 += candidate > 1;
    if (candidate > error) {
      error = candidate;
      where = x;
    }
  }
};

/// The largest error over the floats with bits begin, begin + stride, ... below end.
inline Worst scan(const Function &function, uint64_t begin, uint64_t end, uint64_t stride) {
  Worst worst;
  for (uint64_t bits = begin; bits < end; bits += stride) {
    float x = std::bit_cast<float>(static_cast<uint32_t>(bits));
    worst.take(function.errorAt(x), x);
  }
  return worst;
}

} // namespace batten::ulp
#endif // BATTEN_TEST_ULP_ULP_H
