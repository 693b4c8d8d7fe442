// ScalarMathTest.cpp - the element-wise functions keep the bounds that dialect/NUMERICS.md publishes, on about two
// million floats each and the places where they are likely to fail; all 2^32 are for test/ulp/exhaustive.cpp.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/ScalarMath.h"
#include "dialect/Evaluate.h"
#include "dialect/Numerics.h"
#include "test/ulp/Ulp.h"
#include "test/ulp/UlpDouble.h"
#include <fstream>
#include <gtest/gtest.h>
#include <regex>
#include <set>
#include <sstream>

using namespace batten;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

class PublishedBound : public testing::TestWithParam<ulp::Function> {};

TEST_P(PublishedBound, HoldsOnEverySign) {
  const ulp::Function &function = GetParam();
  ulp::Worst worst = ulp::scan(function, 0, uint64_t(1) << 32, 2039);
  EXPECT_LE(worst.error, function.bound) << function.name << " at " << worst.where;
}

TEST_P(PublishedBound, HoldsAtEdges) {
  const ulp::Function &function = GetParam();
  std::vector<float> edges = {0.0f,   1.0f,      infinity,    nan,        0x1p-149f,  0x1p-126f, 0x1.fffffep127f,
                              1e-30f, 1e30f,     88.72283f,   88.72284f,  87.33654f,  87.33655f, 103.9720f,
                              104.0f, 104.5f,    0.5625f,     10.0f,      4.0f,       14.5f,     11.0f,
                              110.0f, 131072.0f, 0.70710677f, 1.5707964f, 16367173.0f};
  for (float edge : edges)
    for (int step = -2; step <= 2; ++step) {
      float x = std::bit_cast<float>(std::bit_cast<uint32_t>(edge) + step);
      EXPECT_LE(function.errorAt(x), function.bound) << function.name << " at " << x;
      EXPECT_LE(function.errorAt(-x), function.bound) << function.name << " at " << -x;
    }
}

/// In a narrow float little more than the one rounding is left to see: every value of the dtype, error in its own
/// units.
double worstInNarrow(const ulp::Function &function, float (*compute)(float), ElementKind element, int digits,
                     int leastExponent) {
  DenseValue x(element, {1}), y(element, {1});
  double worst = 0;
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    x.bytes = {char(bits & 0xff), char(bits >> 8)};
    double exact = function.reference(x.real(0));
    y.setReal(0, compute(float(x.real(0))));
    double value = y.real(0), unit = std::ldexp(1.0, std::max(std::ilogb(exact), leastExponent) - digits);
    if (std::isfinite(exact) && std::isfinite(value) && exact != 0)
      worst = std::max(worst, std::abs(value - exact) / unit);
  }
  return worst;
}

TEST_P(PublishedBound, IsLittleMoreThanHalfAnUlpInF16AndBf16) {
  const ulp::Function &function = GetParam();
  auto computeBf16 = function.computeBf16 ? function.computeBf16 : function.compute;
  EXPECT_LE(worstInNarrow(function, function.compute, ElementKind::F16, 10, -14), function.boundOfF16);
  EXPECT_LE(worstInNarrow(function, computeBf16, ElementKind::BF16, 7, -126), function.boundOfBf16);
}

INSTANTIATE_TEST_SUITE_P(, PublishedBound, testing::ValuesIn(ulp::functions()),
                         [](const testing::TestParamInfo<ulp::Function> &info) { return info.param.name; });

class PublishedBoundOfDouble : public testing::TestWithParam<ulp::DoubleFunction> {};

TEST_P(PublishedBoundOfDouble, HoldsForSamples) {
  const ulp::DoubleFunction &function = GetParam();
  ulp::WorstDouble worst = ulp::scan(function, 0, 200'000);
  EXPECT_LE(worst.error, function.bound) << function.name << " at " << worst.where;
}

TEST_P(PublishedBoundOfDouble, HoldsAtTheEnds) {
  const ulp::DoubleFunction &function = GetParam();
  for (double x : {0.0, 0x1p-1074, 0x1p-1022, 0x1.fffffffffffffp1023, double(infinity), double(nan)})
    for (double signedX : {x, -x})
      EXPECT_LE(ulp::errorOfDouble(function.compute(signedX), function.reference(signedX)), function.bound)
          << function.name << " at " << signedX;
}

INSTANTIATE_TEST_SUITE_P(, PublishedBoundOfDouble, testing::ValuesIn(ulp::doubleFunctions()),
                         [](const testing::TestParamInfo<ulp::DoubleFunction> &info) { return info.param.name; });

std::string fileText(const std::string &path) {
  std::ifstream file(std::string(BATTEN_TEST_SOURCE_DIR) + "/../" + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Numerics, ThePageHasEveryConstantOfTheCode) {
  std::string page = fileText("dialect/NUMERICS.md");
  std::string code = fileText("dialect/MathCoefficients.h") + fileText("dialect/MathCoefficientsDouble.h");
  EXPECT_NE(page.find(numericsId), std::string::npos);
  std::regex constant("0x1\\.[0-9a-f]+p[+-]?[0-9]+");
  std::set<std::string> printed(std::sregex_token_iterator(page.begin(), page.end(), constant), {});
  for (std::sregex_token_iterator at(code.begin(), code.end(), constant), end; at != end; ++at)
    EXPECT_TRUE(printed.count(at->str())) << at->str();
}

TEST(ScalarMath, OddFunctionsAreOddAndEvenOnesEvenBitForBit) {
  for (uint32_t bits = 0; bits < 0x7f800000; bits += 4099) {
    float x = std::bit_cast<float>(bits);
    ASSERT_EQ(std::bit_cast<uint32_t>(scalar::tanh(-x)), std::bit_cast<uint32_t>(-scalar::tanh(x)));
    ASSERT_EQ(std::bit_cast<uint32_t>(scalar::erf(-x)), std::bit_cast<uint32_t>(-scalar::erf(x)));
    ASSERT_EQ(std::bit_cast<uint32_t>(scalar::sin(-x)), std::bit_cast<uint32_t>(-scalar::sin(x)));
    ASSERT_EQ(std::bit_cast<uint32_t>(scalar::cos(-x)), std::bit_cast<uint32_t>(scalar::cos(x)));
  }
}

TEST(ScalarMath, PowOfF64IsWithinOneUlp) {
  ulp::WorstDouble worst = ulp::scanPow(0, 300'000);
  EXPECT_LE(worst.error, ulp::powBound) << worst.where;
}

TEST(ScalarMath, FunctionsOfF64AreOddAndEvenBitForBit) {
  for (uint64_t i = 0; i < 100'000; ++i) {
    double x = ulp::sampleOf(i, 0, 10);
    if (std::isnan(x))
      continue;
    ASSERT_EQ(std::bit_cast<uint64_t>(scalar::tanh(-x)), std::bit_cast<uint64_t>(-scalar::tanh(x)));
    ASSERT_EQ(std::bit_cast<uint64_t>(scalar::sin(-x)) << 1, std::bit_cast<uint64_t>(-scalar::sin(x)) << 1);
    ASSERT_EQ(std::bit_cast<uint64_t>(scalar::cos(-x)) << 1, std::bit_cast<uint64_t>(scalar::cos(x)) << 1);
  }
}

TEST(ScalarMath, TheShortExpOfF64HasTheBitsOfTheLongOne) {
  for (uint64_t i = 0; i < 200'000; ++i) {
    double x = -std::abs(ulp::sampleOf(i, -750, 0));
    if (!std::isnan(x)) {
      ASSERT_EQ(std::bit_cast<uint64_t>(scalar::expNonPositive(x)), std::bit_cast<uint64_t>(scalar::exp(x))) << x;
    }
  }
}

TEST(ScalarMath, TheShortExpHasTheBitsOfTheLongOne) {
  for (uint64_t bits = 0x80000000; bits <= 0xff800000; bits += 1021) {
    float x = std::bit_cast<float>(static_cast<uint32_t>(bits));
    ASSERT_EQ(std::bit_cast<uint32_t>(scalar::expNonPositive(x)), std::bit_cast<uint32_t>(scalar::exp(x))) << x;
  }
}

TEST(ScalarMath, TheExpOfNormalResultsHasTheBitsOfTheLongOne) {
  for (float x = -0.0f; x >= -87; x = std::bit_cast<float>(std::bit_cast<uint32_t>(x) + 127))
    ASSERT_EQ(std::bit_cast<uint32_t>(scalar::expNormal(x)), std::bit_cast<uint32_t>(scalar::exp(x))) << x;
  for (uint32_t bits : {0x7f800001u, 0x7fc00000u, 0x7fc001ffu, 0xffffffffu})
    ASSERT_TRUE(std::isnan(scalar::expNormal(std::bit_cast<float>(bits)))) << bits;
}

TEST(ScalarMath, TheExpOfWeightsIsGoodForBf16) {
  for (uint64_t bits = 0x80000000; bits <= 0xc2aeac00; bits += 1021) { // -0 to ln 2^-126
    float x = std::bit_cast<float>(static_cast<uint32_t>(bits));
    ASSERT_LE(std::abs(scalar::expToBf16(x) / std::exp(double(x)) - 1), 0x1p-13) << x;
  }
  EXPECT_EQ(scalar::expToBf16(-infinity), scalar::expToBf16(-104.0f));
  EXPECT_LT(scalar::expToBf16(-infinity), 0x1p-126f);
  EXPECT_TRUE(std::isnan(scalar::expToBf16(std::nanf(""))));
}

TEST(ScalarMath, ActivationsVanishFarBelowZero) {
  EXPECT_EQ(scalar::gelu(-10.95f, false), 0.0f);
  EXPECT_EQ(scalar::gelu(-1e30f, false), 0.0f);
  EXPECT_EQ(scalar::gelu(-1e30f, true), 0.0f);
  EXPECT_EQ(scalar::gelu(-infinity, false), 0.0f);
  EXPECT_EQ(scalar::gelu(-infinity, true), 0.0f);
  EXPECT_EQ(scalar::silu(-infinity), 0.0f);
  EXPECT_EQ(scalar::softplus(-infinity), 0.0f);
}

TEST(ScalarMath, PowIsWithinOneUlp) {
  uint32_t state = 1;
  auto next = [&state] { return state = state * 1664525 + 1013904223; };
  double worst = 0;
  for (int i = 0; i < 2'000'000; ++i) {
    float x = std::bit_cast<float>(next() & 0x7fffffff);
    double target = (double(next()) * 0x1p-32 - 0.5) * 330; // of y log2 x
    float y = static_cast<float>(i % 3 ? target / std::log2(double(x)) : std::bit_cast<float>(next()));
    double error = ulp::error(scalar::pow(x, y), std::pow(double(x), double(y)));
    ASSERT_LE(error, 1.0) << x << " to the power " << y;
    worst = std::max(worst, error);
  }
  RecordProperty("worst_ulp", std::to_string(worst));
  for (int i = 0; i < 500'000; ++i) { // next to 1, where the exponent may be huge
    float x = 1 + (double(next()) * 0x1p-32 - 0.5) * 0.9;
    float y = std::bit_cast<float>(next());
    ASSERT_LE(ulp::error(scalar::pow(x, y), std::pow(double(x), double(y))), 1.0) << x << " to the power " << y;
  }
}

TEST(ScalarMath, PowHasTheSpecialCasesOfIeee754) {
  const float values[] = {0.0f,   1.0f,  2.0f,  3.0f,        0.5f,       1.5f,     0.25f,
                          1e-40f, 1e10f, 3e38f, 16777217.0f, 8388607.0f, infinity, nan};
  for (float x : values)
    for (float y : values)
      for (float p : {x, -x})
        for (float q : {y, -y}) {
          float expected = static_cast<float>(std::pow(double(p), double(q))), result = scalar::pow(p, q);
          if (std::isnan(expected)) {
            EXPECT_TRUE(std::isnan(result)) << p << " to the power " << q;
            continue;
          }
          EXPECT_LE(ulp::error(result, std::pow(double(p), double(q))), 1.0) << p << " to the power " << q;
          EXPECT_EQ(std::signbit(result), std::signbit(expected)) << p << " to the power " << q;
        }
}

TEST(ScalarMath, PowOfF64HasTheSpecialCasesOfIeee754) {
  const double values[] = {0.0,    1.0,   2.0,   3.0,          0.5,          1.5,      0.25,
                           1e-310, 1e100, 1e308, 0x1p53 + 2.0, 0x1p52 - 1.0, infinity, nan};
  for (double x : values)
    for (double y : values)
      for (double p : {x, -x})
        for (double q : {y, -y}) {
          double expected = std::pow(p, q), result = scalar::pow(p, q);
          if (std::isnan(expected)) {
            EXPECT_TRUE(std::isnan(result)) << p << " to the power " << q;
            continue;
          }
          EXPECT_LE(ulp::errorOfDouble(result, powf128(p, q)), ulp::powBound) << p << " to the power " << q;
          EXPECT_EQ(std::signbit(result), std::signbit(expected)) << p << " to the power " << q;
        }
}

} // namespace
