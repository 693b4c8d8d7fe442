// ModelTest.cpp - programs are exchanged under running calls: each call sees one set of weights, and each set is freed.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Files.h"
#include "RowProgram.h"
#include "runtime/batten.hpp"

#include <cstdio>
#include <thread>

using namespace batten::test;
using batten::view;

namespace {

struct Models : testing::Test {
  batten::Program bound(float offset, const batten_description &description = row::description) {
    batten::Program program = batten::Program::from(&description, error);
    EXPECT_TRUE(program.bind({view(&offset, {})}, error)) << error.message();
    return program;
  }
  batten::Model model(float offset) {
    batten::Program program = bound(offset);
    batten::Model made = batten::Model::create(program, error);
    EXPECT_TRUE(made && !program) << error.message();
    return made;
  }
  /// The offset of the weights that this call got.
  static float offsetOf(const batten::Model &model) {
    batten::Error mine;
    const float x[3] = {}, w[3] = {};
    const int32_t ids[1] = {};
    float out0[1] = {}, out1[1] = {};
    EXPECT_TRUE(model.call(row::Rows,
                           {view(x, {1, 1, 3}), view(w, {3}), view(ids, {1}), view(out0, {1, 1}), view(out1, {1})},
                           batten::Workspace(), mine))
        << mine.message();
    return out0[0];
  }
  batten::Error error;
};

TEST_F(Models, NewCallsGetTheNewProgram) {
  const batten::Model served = model(1);
  EXPECT_EQ(offsetOf(served), 1);
  batten::Program next = bound(2);
  ASSERT_TRUE(served.exchange(next, error)) << error.message();
  EXPECT_FALSE(next);
  EXPECT_EQ(offsetOf(served), 2);
}

TEST_F(Models, UsesKeepTheirProgram) {
  const batten::Model served = model(0);
  {
    const batten::Model::Use old = served.use();
    batten::Program next = bound(1);
    ASSERT_TRUE(served.exchange(next, error));
    EXPECT_STREQ(batten_program_describe(old.get())->name, "row"); // a sanitizer sees it when it is freed
    EXPECT_NE(old.get(), served.use().get());
  }
  EXPECT_EQ(offsetOf(served), 1);
}

TEST_F(Models, WeightsComeFromFiles) {
  const TemporaryFile file("offset.safetensors");
  const float offset = 7;
  ASSERT_TRUE(batten::Safetensors::save(file.path, {{"offset", view(&offset, {})}}, error));
  const batten::Model served = model(1);
  ASSERT_TRUE(served.exchangeWeights(file.path, error)) << error.message();
  EXPECT_EQ(offsetOf(served), 7);
  EXPECT_FALSE(served.exchangeWeights("/nonexistent.safetensors", error));
  EXPECT_EQ(error.code(), BATTEN_E_FILE);
  EXPECT_EQ(offsetOf(served), 7);
}

TEST_F(Models, OtherInterfacesAreRefused) {
  const batten::Model served = model(1);
  std::vector<batten_entry> entries = row::entries;
  batten_description other = row::description;
  other.entries = entries.data();
  const auto expectRefused = [&](const std::string &message) {
    batten::Program next = bound(2, other);
    EXPECT_FALSE(served.exchange(next, error));
    EXPECT_TRUE(next); // still the caller's
    EXPECT_EQ(error.code(), BATTEN_E_UNSUPPORTED);
    EXPECT_EQ(error.message(), message);
    EXPECT_EQ(offsetOf(served), 1);
  };
  const std::vector<batten_entry> twins = row::entries;
  batten_description twin = row::description;
  twin.entries = twins.data();
  batten::Program same = bound(1, twin);
  EXPECT_TRUE(served.exchange(same, error)) << error.message();
  other.entry_count = 3;
  expectRefused("row has 3 entries, the model's program 7");
  other.entry_count = 7;
  std::swap(entries[1], entries[4]);
  expectRefused("entry 1, even(), is not called as the model's mixed() is");
  std::swap(entries[1], entries[4]);
  std::vector<batten_argument> arguments(row::rowsArguments, row::rowsArguments + 5);
  entries[0].arguments = arguments.data();
  arguments[1].dtype = BATTEN_F64;
  expectRefused("entry 0, rows(), is not called as the model's rows() is");
  arguments[1] = row::rowsArguments[1];
  arguments[1].dims = &row::b;
  expectRefused("entry 0, rows(), is not called as the model's rows() is");
}

TEST_F(Models, OnlyFreeBoundProgramsAreTaken) {
  batten::Program unbound = batten::Program::from(&row::description, error);
  EXPECT_FALSE(batten::Model::create(unbound, error));
  EXPECT_EQ(error.code(), BATTEN_E_UNBOUND);
  const batten::Model served = model(1);
  EXPECT_FALSE(served.exchange(unbound, error));
  EXPECT_STREQ(error.message(), "row must be bound before it becomes a model's");
  const batten::Model::Use use = served.use();
  EXPECT_EQ(batten_model_exchange(served.get(), const_cast<batten_program *>(use.get()), error.get()), BATTEN_E_BUSY);
  EXPECT_STREQ(error.message(), "the program of row is a model's already");
  EXPECT_EQ(batten_model_exchange(served.get(), nullptr, nullptr), BATTEN_E_NULL);
  batten_model_release(served.get(), nullptr);
  batten_model_destroy(nullptr);
}

TEST_F(Models, EntriesGoByNameOrNumber) {
  const batten::Model served = model(0.5f);
  float x[16][3], out[4][16], rest[4][16];
  for (int i = 0; i < 48; ++i)
    x[i / 3][i % 3] = static_cast<float>(i);
  const float w[3] = {1, -2, 1};
  const int32_t ids[16] = {};
  const auto tensors = [&](int i) -> std::vector<batten_tensor> {
    return {view(x[0], {16, 1, 3}), view(w, {3}), view(ids, {16}), view(out[i], {16, 1}), view(rest[i], {16})};
  };
  EXPECT_TRUE(served.call("rows", tensors(0), batten::Workspace(), error)) << error.message();
  EXPECT_TRUE(served.call(row::Rows, tensors(1), batten::Workspace(), error)) << error.message();
  row::resetCounts();
  EXPECT_TRUE(served.callChunked("rows", 200, tensors(2), batten::Workspace(), error)) << error.message();
  EXPECT_GT(row::calls, 1);
  EXPECT_TRUE(
      served.callChunked(std::string("rows"), 200, tensors(3), batten::Workspace(), error, batten::Pool(), "B"));
  for (int i = 1; i < 4; ++i)
    EXPECT_EQ(memcmp(out[0], out[i], sizeof out[0]), 0) << i;
  const char *const unknown = "row has no entry `row`, it has rows, mixed, shared, turned, even, opaque, add";
  EXPECT_FALSE(served.call("row", tensors(0), batten::Workspace(), error));
  EXPECT_STREQ(error.message(), unknown);
  EXPECT_FALSE(served.callChunked("row", 200, tensors(0), batten::Workspace(), error));
  EXPECT_STREQ(error.message(), unknown);
  EXPECT_FALSE(batten::Batcher::create(served, "row", batten::Batcher::options(), error));
  EXPECT_STREQ(error.message(), unknown);
  EXPECT_TRUE(batten::Batcher::create(served, "rows", batten::Batcher::options(), error));
}

TEST_F(Models, SixtyThreeOldProgramsMayBeInUse) {
  const batten::Model served = model(0);
  std::vector<const batten_program *> held;
  for (int i = 1; i <= 63; ++i) {
    held.push_back(batten_model_acquire(served.get()));
    batten::Program next = bound(static_cast<float>(i));
    ASSERT_TRUE(served.exchange(next, error)) << error.message();
  }
  held.push_back(batten_model_acquire(served.get()));
  batten::Program next = bound(64);
  EXPECT_FALSE(served.exchange(next, error));
  EXPECT_EQ(error.code(), BATTEN_E_BUSY);
  batten_model_release(served.get(), held[20]);
  held[20] = nullptr;
  EXPECT_TRUE(served.exchange(next, error)) << error.message();
  for (const batten_program *program : held)
    batten_model_release(served.get(), program);
  EXPECT_EQ(offsetOf(served), 64);
}

TEST_F(Models, ProgramsAreExchangedUnderManyCalls) {
  const batten::Model served = model(0);
  std::atomic<bool> stop{false};
  std::atomic<int> newest{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      while (!stop) {
        const int atLeast = newest;
        const float got = offsetOf(served);
        ASSERT_GE(got, static_cast<float>(atLeast)); // never an older one than was there before the call
      }
    });
  for (int i = 1; i <= 500; ++i) {
    batten::Program next = bound(static_cast<float>(i));
    while (!served.exchange(next, error)) // all places are in use only when calls are slower than this loop
      ASSERT_EQ(error.code(), BATTEN_E_BUSY);
    newest = i;
  }
  stop = true;
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(offsetOf(served), 500);
}

/// Of this process, used or not.
int64_t addressBytes() {
  int64_t pages = 0;
  std::FILE *file = std::fopen("/proc/self/statm", "r");
  EXPECT_EQ(std::fscanf(file, "%ld", &pages), 1);
  std::fclose(file);
  return pages * 4096;
}

TEST_F(Models, OldProgramsAreFreedWithTheirLastCall) {
  const batten_description large = row::describeProgram(int64_t(64) << 20); // most of which is never touched
  batten::Program first = bound(0, large);
  const batten::Model served = batten::Model::create(first, error);
  const int64_t before = addressBytes();
  for (int i = 1; i <= 200; ++i) {
    const batten::Model::Use use = served.use();
    batten::Program next = bound(static_cast<float>(i), large);
    ASSERT_TRUE(served.exchange(next, error)) << error.message();
  }
  EXPECT_LT(addressBytes() - before, int64_t(2) << 30); // all 200 would be 12 GiB; sanitizers keep some for a while
}

TEST_F(Models, SeveralThreadsExchange) {
  const batten::Model served = model(0);
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      batten::Error mine;
      for (int i = 0; i < 100; ++i) {
        batten::Program next = batten::Program::from(&row::description, mine);
        const float offset = 1;
        ASSERT_TRUE(next.bind({view(&offset, {})}, mine));
        ASSERT_TRUE(served.exchange(next, mine)) << mine.message();
        ASSERT_EQ(offsetOf(served), 1);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
}

} // namespace
