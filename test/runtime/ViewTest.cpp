// ViewTest.cpp - views know the shape of a sample: what does not fit does not compile, or is refused where only a call
// can tell.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "RowProgram.h"
#include "runtime/batten.hpp"

#include "gtest/gtest.h"

using namespace batten::test;
using batten::View;

namespace {

using Ten = float[10];
static_assert(std::is_convertible_v<float (&)[32][10], View<float, 10>>);
static_assert(std::is_convertible_v<float (&)[32][10], View<const float, 10>>);
static_assert(std::is_convertible_v<View<float, 10>, View<const float, 10>>);
static_assert(!std::is_convertible_v<View<const float, 10>, View<float, 10>>);
static_assert(!std::is_convertible_v<View<float, 9>, View<float, 10>>);
static_assert(!std::is_convertible_v<View<float, 9>, View<const float, 10>>);
static_assert(!std::is_convertible_v<View<double, 10>, View<float, 10>>);
static_assert(!std::is_convertible_v<View<float, 2, 5>, View<float, 5, 2>>);
static_assert(!std::is_constructible_v<View<float, 10>, float (&)[32][9]>);
static_assert(!std::is_constructible_v<View<float, 10>, const float (&)[32][10]>);
static_assert(!std::is_constructible_v<View<float, 10>, float *, int64_t>); // elements are no samples: View::at
static_assert(std::is_constructible_v<View<float, 10>, Ten *, int64_t>);
static_assert(std::is_same_v<View<float, 2, 5>::Sample, float[2][5]> && std::is_same_v<View<int>::Sample, int>);
static_assert(std::is_trivially_copyable_v<View<float, 10>> && sizeof(View<float, 10>) == 16);
static_assert(batten::dtypeOf<const batten::Bf16>() == BATTEN_BF16 && batten::dtypeOf<batten::F16>() == BATTEN_F16);
static_assert(batten::dtypeOf<uint16_t>() == BATTEN_DTYPE(1, 16) && sizeof(batten::Bf16) == 2);

TEST(Views, IndexSamplesOfArrays) {
  float x[4][2][3] = {};
  const View<float, 2, 3> samples = x;
  samples[3][1][2] = 5;
  EXPECT_EQ(x[3][1][2], 5);
  EXPECT_EQ(samples.count(), 4);
  EXPECT_EQ(samples.slice(3, 4)[0][1][2], 5);
  EXPECT_EQ(samples.data(), &x[0][0][0]);
  int64_t seen = 0;
  for (float (&sample)[2][3] : samples)
    seen += &sample == &x[seen];
  EXPECT_EQ(seen, 4);
  int scalars[3] = {1, 2, 3};
  const View<const int> plain = scalars;
  EXPECT_EQ(plain[2], 3);
}

TEST(Views, AreTensors) {
  float x[4][2][3] = {};
  const batten_tensor tensor = View<const float, 2, 3>(x);
  EXPECT_EQ(tensor.rank, 3);
  EXPECT_EQ(tensor.sizes[0], 4);
  EXPECT_EQ(tensor.sizes[2], 3);
  EXPECT_EQ(tensor.dtype, BATTEN_F32);
  EXPECT_EQ(tensor.data, x);
  EXPECT_EQ((View<float, 2>(nullptr, -1).tensor().rank), -1);
  EXPECT_EQ((View<float, 2>().tensor().sizes[0]), 0);
}

TEST(Views, OfTensorsAndBuffersAreChecked) {
  batten::Error error;
  batten::Buffer buffer = batten::Buffer::create<float, 2, 3>(8, error);
  ASSERT_TRUE(buffer && buffer.resize(5, error)) << error.message();
  EXPECT_EQ((buffer.view<float, 2, 3>(error).count()), 5);
  EXPECT_FALSE(error);
  const auto refused = [&](auto view, int code) {
    EXPECT_EQ(view.count(), 0);
    EXPECT_EQ(error.code(), code) << error.message();
    error.clear();
  };
  refused(buffer.view<float, 3, 2>(error), BATTEN_E_SHAPE);
  refused(buffer.view<float, 6>(error), BATTEN_E_SHAPE);
  refused(buffer.view<int32_t, 2, 3>(error), BATTEN_E_DTYPE);
  batten_tensor tensor = buffer;
  tensor.strides[0] = 7;
  refused(View<float, 2, 3>::of(tensor, error), BATTEN_E_SHAPE);
  tensor = buffer;
  tensor.device = BATTEN_CUDA;
  refused(View<float, 2, 3>::of(tensor, error), BATTEN_E_UNSUPPORTED);
  refused(View<float, 2, 3>::of(batten::view(buffer.data<float>(), {-5, 2, 3}), error), BATTEN_E_SHAPE);
}

TEST(Views, AreHandedToCalls) {
  batten::Error error;
  batten::Program program = batten::Program::from(&row::description, error);
  const float offset = 0;
  ASSERT_TRUE(program.bind({batten::view(&offset, {})}, error)) << error.message();
  float state[2][3] = {{1, 2, 3}, {4, 5, 6}};
  const float x[2][3] = {{1, 1, 1}, {2, 2, 2}};
  ASSERT_TRUE(program.call("add", {View<float, 3>(state), View<const float, 3>(x)}, batten::Workspace(), error))
      << error.message();
  EXPECT_EQ(state[1][2], 8);
}

} // namespace
