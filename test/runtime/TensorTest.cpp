// TensorTest.cpp - shapes, strides, bytes and conversions of batten_tensor.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/batten.hpp"
#include "runtime/half.h"

#include "gtest/gtest.h"

#include <bit>
#include <cmath>
#include <limits>
#include <random>

using namespace batten::runtime;

namespace {

batten_tensor make(std::vector<int64_t> sizes, batten_dtype dtype = BATTEN_F32) {
  return batten::view(dtype, nullptr, sizes);
}

TEST(Tensor, MakeGivesRowMajorStrides) {
  const batten_tensor tensor = make({2, 3, 4});
  EXPECT_EQ(tensor.rank, 3);
  EXPECT_EQ(tensor.strides[0], 12);
  EXPECT_EQ(tensor.strides[1], 4);
  EXPECT_EQ(tensor.strides[2], 1);
  EXPECT_EQ(tensor.device, BATTEN_CPU);
  EXPECT_EQ(batten_tensor_elements(&tensor), 24);
  EXPECT_EQ(batten_tensor_bytes(&tensor), 96);
}

TEST(Tensor, ScalarHasOneElementAndEmptyHasNone) {
  const batten_tensor scalar = make({}), empty = make({4, 0, 3});
  EXPECT_EQ(batten_tensor_elements(&scalar), 1);
  EXPECT_EQ(batten_tensor_elements(&empty), 0);
  EXPECT_EQ(batten_tensor_bytes(&empty), 0);
  EXPECT_TRUE(batten_tensor_is_dense(&empty));
}

TEST(Tensor, MakeRefusesWhatIsOutOfRange) {
  batten_tensor tensor;
  batten::Error error;
  std::vector<int64_t> sizes(17, 1);
  EXPECT_EQ(batten_tensor_make(BATTEN_F32, 17, sizes.data(), nullptr, &tensor, error.get()), BATTEN_E_SHAPE);
  EXPECT_STREQ(error.message(), "rank is 17, it must be 0 to 16");
  EXPECT_EQ(batten_tensor_make(BATTEN_F32, -1, sizes.data(), nullptr, &tensor, nullptr), BATTEN_E_SHAPE);
  sizes = {2, -1};
  EXPECT_EQ(batten_tensor_make(BATTEN_F32, 2, sizes.data(), nullptr, &tensor, nullptr), BATTEN_E_SHAPE);
  sizes = {int64_t{1} << 31, int64_t{1} << 30}; // 2^61 elements fit, 2^63 bytes do not
  EXPECT_EQ(batten_tensor_make(BATTEN_F32, 2, sizes.data(), nullptr, &tensor, nullptr), BATTEN_E_SHAPE);
  EXPECT_EQ(batten_tensor_make(BATTEN_I8, 2, sizes.data(), nullptr, &tensor, nullptr), 0);
  sizes = {int64_t{1} << 62, 0, int64_t{1} << 62}; // no element, but strides that do not fit
  EXPECT_EQ(batten_tensor_make(BATTEN_I8, 3, sizes.data(), nullptr, &tensor, nullptr), BATTEN_E_SHAPE);
  EXPECT_EQ(batten_tensor_make(BATTEN_F32, 1, nullptr, nullptr, &tensor, nullptr), BATTEN_E_NULL);
}

TEST(Tensor, DenseIgnoresStridesOfUnitDims) {
  batten_tensor tensor = make({2, 1, 3});
  tensor.strides[1] = 77;
  EXPECT_TRUE(batten_tensor_is_dense(&tensor));
  tensor.strides[0] = 4;
  EXPECT_FALSE(batten_tensor_is_dense(&tensor));
}

TEST(Tensor, SmallFloatsCountWholeBytes) {
  const batten_tensor half = make({3}, BATTEN_DTYPE(17, 4));
  EXPECT_EQ(batten_tensor_bytes(&half), 2);
  EXPECT_STREQ(batten_dtype_name(half.dtype), "f4_e2m1fn");
  EXPECT_STREQ(batten_dtype_name(0), "unknown");
}

TEST(Tensor, AllocateGivesAlignedMemory) {
  batten::Error error;
  batten_tensor tensor = make({3, 5});
  ASSERT_EQ(batten_tensor_allocate(&tensor, error.get()), 0);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.data) % 64, 0u);
  batten_tensor_release(&tensor);
  EXPECT_EQ(tensor.data, nullptr);
  batten_tensor_release(&tensor);
  batten_tensor_release(nullptr);
}

TEST(Tensor, WhatIsOutOfRangeIsRefusedEverywhere) {
  batten::Error error;
  batten_tensor tensor = make({2});
  tensor.rank = 17;
  EXPECT_EQ(batten_tensor_elements(&tensor), -1);
  EXPECT_EQ(batten_tensor_bytes(&tensor), -1);
  EXPECT_EQ(batten_tensor_allocate(&tensor, error.get()), BATTEN_E_SHAPE);
  const batten_tensor good = make({0});
  EXPECT_EQ(batten_tensor_convert(&tensor, &good, error.get()), BATTEN_E_SHAPE);
  EXPECT_EQ(batten_tensor_convert(&good, &tensor, error.get()), BATTEN_E_SHAPE);
  EXPECT_EQ(make({-1}).rank, -1);
  EXPECT_FALSE(batten::Tensor::allocate(BATTEN_F32, {-1}, error));
  EXPECT_STREQ(error.message(), "a size is negative, or the tensor has more than 2^63 - 1 bytes");
  tensor = make({4}, BATTEN_DTYPE(17, 4));
  tensor.sizes[0] = INT64_MAX;
  EXPECT_EQ(batten_tensor_bytes(&tensor), -1);
}

TEST(Tensor, BfloatsAreWrittenRounded) {
  batten::Error error;
  batten::Tensor wide = batten::Tensor::allocate(BATTEN_F32, {2}, error);
  wide.data<float>()[0] = 1.00390625f; // half way: ties to even
  wide.data<float>()[1] = 1.01171875f;
  const batten::Tensor narrow = wide.converted(BATTEN_BF16, error);
  EXPECT_EQ(narrow.data<uint16_t>()[0], 0x3f80);
  EXPECT_EQ(narrow.data<uint16_t>()[1], 0x3f82);
  wide = narrow.converted(BATTEN_F32, error);
  EXPECT_EQ(wide.data<float>()[1], 1.015625f);
}

TEST(Tensor, ConvertRefusesPairsThatFilesDoNotNeed) {
  batten::Error error;
  const batten::Tensor from = batten::Tensor::allocate(BATTEN_F64, {2}, error);
  EXPECT_FALSE(from.converted(BATTEN_F32, error));
  EXPECT_EQ(error.code(), BATTEN_E_UNSUPPORTED);
  EXPECT_STREQ(error.message(), "no conversion from f64 to f32");
  EXPECT_TRUE(from.converted(BATTEN_F64, error));
  const batten::Tensor other = batten::Tensor::allocate(BATTEN_F64, {3}, error);
  EXPECT_EQ(batten_tensor_convert(&from.get(), &other.get(), error.get()), BATTEN_E_SHAPE);
}

/// The value rounded to `digits` significant bits with exponents from `smallest` on, by the library's own rounding.
double roundTo(double value, int digits, int smallest, double limit) {
  if (value == 0.0 || !std::isfinite(value))
    return value;
  const int exponent = std::max(std::ilogb(value), smallest);
  const double rounded = std::ldexp(std::nearbyint(std::ldexp(value, digits - 1 - exponent)), exponent - digits + 1);
  return std::fabs(rounded) >= limit ? std::copysign(std::numeric_limits<double>::infinity(), value) : rounded;
}

void expectRounding(float value) {
  const double f16 = roundTo(value, 11, -14, 65536.0), bf16 = roundTo(value, 8, -126, 0x1p128);
  EXPECT_EQ(static_cast<double>(floatFromF16(f16FromFloat(value))), f16) << value;
  EXPECT_EQ(static_cast<double>(floatFromBf16(bf16FromFloat(value))), bf16) << value;
  EXPECT_EQ(std::signbit(floatFromF16(f16FromFloat(value))), std::signbit(value)) << value;
}

TEST(Half, EveryBitPatternComesBack) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    if (const float value = floatFromF16(half); std::isnan(value))
      EXPECT_TRUE(std::isnan(floatFromF16(f16FromFloat(value))));
    else
      EXPECT_EQ(f16FromFloat(value), half);
    if (const float value = floatFromBf16(half); std::isnan(value))
      EXPECT_TRUE(std::isnan(floatFromBf16(bf16FromFloat(value))));
    else
      EXPECT_EQ(bf16FromFloat(value), half);
  }
}

TEST(Half, RoundsToNearestEven) {
  // Each f16 value, the middle to the next one, and the floats beside both: all ties and all edges.
  for (uint32_t bits = 0; bits < 0x7c00; ++bits) {
    const float value = floatFromF16(static_cast<uint16_t>(bits));
    const float next = bits == 0x7bff ? 65536.0f : floatFromF16(static_cast<uint16_t>(bits + 1));
    const float middle = static_cast<float>((static_cast<double>(value) + next) / 2);
    for (const float each : {value, middle, std::nextafter(middle, 0.0f), std::nextafter(middle, 1e9f)}) {
      expectRounding(each);
      expectRounding(-each);
    }
  }
  std::mt19937 random(1);
  for (int i = 0; i < 1'000'000; ++i)
    if (const float value = std::bit_cast<float>(static_cast<uint32_t>(random())); !std::isnan(value))
      expectRounding(value);
}

TEST(Half, NanKeepsItsSignAndNeverBecomesInfinity) {
  for (const uint32_t bits : {0x7f800001u, 0xff800001u, 0x7fc00000u, 0xffffffffu}) {
    const float nan = std::bit_cast<float>(bits);
    EXPECT_GT(f16FromFloat(nan) & 0x7fff, 0x7c00);
    EXPECT_GT(bf16FromFloat(nan) & 0x7fff, 0x7f80);
    EXPECT_EQ(f16FromFloat(nan) >> 15, bits >> 31);
    EXPECT_EQ(bf16FromFloat(nan) >> 15, bits >> 31);
  }
}

} // namespace
