// ChunksTest.cpp - calls in chunks keep to their budget, give the bits of one call, and refuse what cannot be cut.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "RowProgram.h"
#include "runtime/batten.hpp"

#include "gtest/gtest.h"

#include <cmath>
#include <string>

using namespace batten::test;
using batten::view;

namespace {

struct Chunks : testing::Test {
  static constexpr int64_t B = 1000, T = 4;
  void SetUp() override {
    row::resetCounts();
    const float offset = 0.5f;
    program = batten::Program::from(&row::description, error);
    ASSERT_TRUE(program.bind({view(&offset, {})}, error)) << error.message();
    workspace = batten::Workspace::create(error);
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = std::sin(static_cast<float>(i));
    for (size_t i = 0; i < ids.size(); ++i)
      ids[i] = static_cast<int32_t>(i);
    ASSERT_TRUE(program.call("rows", tensors(B, want0, want1), workspace, error)) << error.message();
    row::resetCounts();
  }
  std::vector<batten_tensor> tensors(int64_t samples, std::vector<float> &first, std::vector<float> &second) {
    return {view(x.data(), {samples, T, 3}), view(w, {3}), view(ids.data(), {samples}),
            view(first.data(), {samples, T}), view(second.data(), {samples})};
  }
  bool call(int64_t budget, const batten::Pool &pool = batten::Pool(), int64_t samples = B) {
    return program.callChunked("rows", budget, tensors(samples, out0, out1), workspace, error, pool);
  }
  void expectSameBits() {
    EXPECT_EQ(memcmp(out0.data(), want0.data(), sizeof(float) * out0.size()), 0);
    EXPECT_EQ(memcmp(out1.data(), want1.data(), sizeof(float) * out1.size()), 0);
  }
  void expectRefused(int entry, const std::vector<batten_tensor> &given, int code, const std::string &message,
                     const char *dim = nullptr) {
    const batten_call call = batten_pool_call(nullptr, error.get());
    const int result = batten_program_call_chunked(program.get(), entry, dim, 1 << 20, nullptr, given.data(),
                                                   static_cast<int64_t>(given.size()), workspace.get(), &call);
    EXPECT_EQ(BATTEN_CODE(result), code);
    EXPECT_EQ(error.message(), message);
    EXPECT_EQ(row::calls, 0);
  }

  std::vector<float> x = std::vector<float>(B * T * 3), out0 = std::vector<float>(B * T), out1 = std::vector<float>(B);
  std::vector<float> want0 = out0, want1 = out1;
  std::vector<int32_t> ids = std::vector<int32_t>(B);
  float w[3] = {1.5f, -2, 0.25f};
  batten::Error error;
  batten::Program program;
  batten::Workspace workspace;
};

TEST_F(Chunks, EveryBudgetGivesTheSameBits) {
  // One sample takes 128 bytes, two 192.
  for (const int64_t budget : {128, 129, 192, 1000, 4096, 40'000, 64'063, 64'064, 1'000'000}) {
    std::fill(out0.begin(), out0.end(), -1.0f);
    std::fill(out1.begin(), out1.end(), -1.0f);
    row::resetCounts();
    workspace = batten::Workspace::create(error);
    ASSERT_TRUE(call(budget)) << error.message();
    expectSameBits();
    EXPECT_LE(batten_workspace_bytes(workspace.get()), budget + 256) << "with sizes and pointers";
    EXPECT_LE(64 + 16 * row::largest * T, budget);
    EXPECT_EQ(row::calls, (B + row::largest - 1) / row::largest);
    EXPECT_EQ(row::calls == 1, budget >= 64'064);
  }
}

TEST_F(Chunks, ChunksAreAsLargeAsTheyMayBe) {
  ASSERT_TRUE(call(192));
  EXPECT_EQ(row::largest, 2);
  ASSERT_TRUE(call(64 + 16 * 200 * T));
  EXPECT_EQ(row::largest, 192); // whole tiles
}

TEST_F(Chunks, ThreadsShareTheBudget) {
  const batten::Pool pool = batten::Pool::create(4, error);
  for (const int64_t budget : {128, 1024, 40'000}) {
    row::sleepUs = budget == 40'000 ? 20'000 : 200; // eight chunks must last until a busy machine wakes a thread
    std::fill(out1.begin(), out1.end(), -1.0f);
    workspace = batten::Workspace::create(error);
    ASSERT_TRUE(call(budget, pool, budget == 128 ? 50 : B)) << error.message();
    EXPECT_LE(batten_workspace_bytes(workspace.get()), budget + 1024);
    EXPECT_EQ(memcmp(out1.data(), want1.data(), sizeof(float) * (budget == 128 ? 50 : B)), 0);
    if (budget == 128) {
      EXPECT_EQ(row::mostAtOnce, 1); // there is room for one at a time
    } else {
      EXPECT_GT(row::mostAtOnce, 1);
    }
  }
  expectSameBits();
}

TEST_F(Chunks, WorkspaceIsUsedAgain) {
  ASSERT_TRUE(call(4096));
  const int64_t bytes = workspace.bytes();
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(call(4096));
  EXPECT_EQ(workspace.bytes(), bytes);
  workspace = batten::Workspace(); // or made for the call
  ASSERT_TRUE(call(4096));
  expectSameBits();
}

TEST_F(Chunks, NoSamplesAreNoError) {
  ASSERT_TRUE(call(0, batten::Pool(), 0)) << error.message();
  EXPECT_EQ(row::calls, 1);
  EXPECT_EQ(row::largest, 0);
}

TEST_F(Chunks, BudgetBelowOneSampleIsRefused) {
  EXPECT_FALSE(call(127));
  EXPECT_EQ(error.code(), BATTEN_E_WORKSPACE);
  EXPECT_STREQ(error.message(), "rows(): a single sample of B needs a workspace of 128 bytes, the budget is 127");
  EXPECT_FALSE(call(-1));
  EXPECT_EQ(error.code(), BATTEN_E_SIZE);
  EXPECT_EQ(row::calls, 0);
}

TEST_F(Chunks, DimIsChosenByName) {
  expectRefused(row::Rows, tensors(B, out0, out1), BATTEN_E_NAME, "rows() has no runtime dim `X`", "X");
  expectRefused(row::Rows, tensors(B, out0, out1), BATTEN_E_UNSUPPORTED,
                "rows(): argument `x` has T in dim 1, it must be the first dim and no other", "T");
  ASSERT_TRUE(program.callChunked("rows", 1000, tensors(B, out0, out1), workspace, error, batten::Pool(), "B"));
  expectSameBits();
}

TEST_F(Chunks, FunctionsThatMixSamplesAreRefused) {
  expectRefused(row::Mixed, {view(x.data(), {8, 3}), view(out1.data(), {8})}, BATTEN_E_UNSUPPORTED,
                "mixed() mixes samples of B, so no part of them can run alone: mean over batch at row.btn:2:5");
  expectRefused(row::Shared, {view(x.data(), {8, 3}), view(out1.data(), {8}), view(out0.data(), {3})},
                BATTEN_E_UNSUPPORTED,
                "shared(): argument `out1` is written and has no dim B, so parts of the samples cannot share it");
  expectRefused(row::Turned, {view(x.data(), {2, 8, 3}), view(out1.data(), {8})}, BATTEN_E_UNSUPPORTED,
                "turned(): argument `x` has B in dim 1, it must be the first dim and no other");
  expectRefused(row::Even, {view(x.data(), {8, 3}), view(out1.data(), {8})}, BATTEN_E_UNSUPPORTED,
                "even() wants B % 2 == 0, which a part of the samples need not hold");
  expectRefused(row::Opaque, {view(x.data(), {3}), view(out1.data(), {3})}, BATTEN_E_UNSUPPORTED,
                "opaque() has no argument that begins with a batch dim");
}

TEST_F(Chunks, WrongArgumentsAreRefusedBeforeAnythingRuns) {
  std::vector<batten_tensor> given = tensors(B, out0, out1);
  given[4].data = nullptr;
  EXPECT_FALSE(program.callChunked("rows", 1000, given, workspace, error));
  EXPECT_EQ(error.code(), BATTEN_E_NULL);
  EXPECT_EQ(error.argument(), 7);
  EXPECT_STREQ(error.message(), "an argument is NULL");
  given = tensors(B, out0, out1);
  given[2] = view(ids.data(), {B - 1});
  EXPECT_FALSE(program.callChunked("rows", 1000, given, workspace, error));
  EXPECT_EQ(error.code(), BATTEN_E_SHAPE);
  given.pop_back();
  EXPECT_FALSE(program.callChunked("rows", 1000, given, workspace, error));
  EXPECT_EQ(error.code(), BATTEN_E_SHAPE);
  EXPECT_EQ(row::calls, 0);
}

TEST_F(Chunks, ARefusedChunkEndsTheCall) {
  ids[500] = -1;
  const batten::Pool pool = batten::Pool::create(3, error);
  for (const bool threaded : {false, true}) {
    EXPECT_FALSE(threaded ? call(1024, pool) : call(1024));
    EXPECT_EQ(error.code(), BATTEN_E_INDEX);
    EXPECT_EQ(error.argument(), 5);
    EXPECT_STREQ(error.message(), "ids: below 0");
  }
  ids[500] = 500;
  EXPECT_TRUE(call(1024)); // the workspace is free again
}

TEST_F(Chunks, RowStatusIsOfTheWholeBatch) {
  std::vector<uint8_t> status(B, 7);
  x[T * 3 * 777] = NAN;
  batten_call call = batten_pool_call(nullptr, error.get());
  call.row_status = status.data();
  const auto given = tensors(B, out0, out1);
  ASSERT_EQ(batten_program_call_chunked(program.get(), 0, nullptr, 1000, nullptr, given.data(), 5, nullptr, &call), 0);
  for (int64_t i = 0; i < B; ++i)
    ASSERT_EQ(status[static_cast<size_t>(i)], i == 777);
}

TEST_F(Chunks, TheLastChunkMayEndAtTheLargestNumber) {
  static int64_t calls, samples;
  calls = samples = 0;
  batten_entry entry = row::describe("half", row::onlyB, row::sampleArguments, 0);
  const batten_argument bytes = {"x", BATTEN_INPUT, BATTEN_U8, 1, 1, row::bThree, 2, 0};
  entry.arguments = &bytes;
  entry.argument_count = 1;
  entry.workspace = [](const int64_t *sizes) -> int64_t { return sizes[0] > INT64_MAX / 4 ? 1024 : 64; };
  entry.call = [](const void *, const int64_t *sizes, void *const *, void *workspace, int64_t,
                  const batten_call *call) -> int {
    if (!workspace)
      return row::refuse(call, BATTEN_E_WORKSPACE, 4, "workspace_bytes: too few");
    ++calls;
    samples += sizes[0];
    return 0;
  };
  batten_description description = row::describeProgram();
  description.entries = &entry;
  description.entry_count = 1;
  program = batten::Program::from(&description, error);
  const float offset = 0;
  ASSERT_TRUE(program.bind({view(&offset, {})}, error)) << error.message();
  const int64_t most = INT64_MAX - 63;
  batten_tensor x;
  ASSERT_EQ(batten_tensor_make(BATTEN_U8, 1, &most, w, &x, nullptr), 0);
  ASSERT_TRUE(program.callChunked("half", 100, {x}, workspace, error)) << error.message();
  EXPECT_EQ(calls, 5);
  EXPECT_EQ(samples, most);
}

} // namespace
