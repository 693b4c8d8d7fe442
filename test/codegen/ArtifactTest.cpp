// ArtifactTest.cpp - what a call of a compiled program promises: results, refusals, threads, row status.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Tiny.h"
#include "gtest/gtest.h"
#include <cmath>
#include <cstring>
#include <thread>
#include <vector>

namespace {

/// A correct call of tiny_add, to be spoilt one argument at a time.
struct AddCall {
  explicit AddCall(int64_t B = 4) : B(B), x(5 * B + 1), out(5 * B + 1, -1.0f), workspace(4096) {
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = float(i);
    call.size = sizeof call;
    call.error = &error;
  }
  int run() {
    return tiny().add(program, B, xPointer ? xPointer : x.data(), 2.0f, outPointer ? outPointer : out.data(),
                      workspacePointer, workspaceBytes, &call);
  }
  /// The refusal is said in `sentence` and has written nothing.
  void expectRefusal(batten_status status, int argument, const char *sentence) {
    int result = run();
    EXPECT_EQ(BATTEN_STATUS(result), status) << error.message;
    EXPECT_EQ(BATTEN_ARGUMENT(result), argument) << error.message;
    EXPECT_EQ(error.result, result);
    EXPECT_STREQ(error.message, sentence);
    for (float value : out)
      EXPECT_EQ(value, -1.0f);
  }

  struct alignas(64) Line {
    char bytes[64];
  };
  const void *program = tiny().program;
  int64_t B;
  std::vector<float> x, out;
  std::vector<Line> workspace;
  const float *xPointer = nullptr;
  float *outPointer = nullptr;
  void *workspacePointer = workspace.data();
  int64_t workspaceBytes = tiny().addWorkspace(B);
  batten_error error{};
  batten_call call{};
};

/// parallel_for on threads of its own, one an index, and a record of what they were given.
struct Pool {
  std::vector<std::pair<int64_t, int64_t>> ranges;
  static void run(void *pool, int64_t count, void (*body)(void *, int64_t, int64_t), void *context) {
    std::vector<std::thread> threads;
    for (int64_t i = 0; i < count; ++i) {
      static_cast<Pool *>(pool)->ranges.push_back({i, count});
      threads.emplace_back([=] { body(context, i, i + 1); });
    }
    for (std::thread &thread : threads)
      thread.join();
  }
};

/// parallel_for one index after another, with a look at some memory after each.
struct Observer {
  std::vector<int32_t> &watched;
  std::vector<std::vector<int32_t>> seen;
  static void run(void *pool, int64_t count, void (*body)(void *, int64_t, int64_t), void *context) {
    auto *self = static_cast<Observer *>(pool);
    for (int64_t i = 0; i < count; ++i) {
      body(context, i, i + 1);
      self->seen.push_back(self->watched);
    }
  }
};

} // namespace

TEST(Call, ComputesEverySizeFromZero) {
  for (int64_t B : {0, 1, 2, 3, 7, 100}) {
    AddCall call(B);
    ASSERT_EQ(call.run(), 0) << call.error.message;
    for (int64_t i = 0; i < 5 * B; ++i)
      ASSERT_EQ(call.out[i], (float(i) + float(i % 5 + 1)) * 2.0f) << B << " " << i;
    EXPECT_EQ(call.out[5 * B], -1.0f);
  }
}

TEST(Call, EmptyBatchTakesNullTensors) {
  EXPECT_EQ(tiny().add(tiny().program, 0, nullptr, 2.0f, nullptr, AddCall().workspacePointer, tiny().addWorkspace(0),
                       nullptr),
            0);
}

TEST(Call, UsesThreadsAndAsManyAsTheWorkspaceAllows) {
  for (int further : {0, 1, 2, 7}) {
    AddCall call(9); // five units of two rows, the last one cut
    Pool pool;
    call.workspaceBytes += 64 * further;
    call.call.threads = 3;
    call.call.parallel_for = Pool::run;
    call.call.pool = &pool;
    ASSERT_EQ(call.run(), 0) << call.error.message;
    for (int64_t i = 0; i < 45; ++i)
      ASSERT_EQ(call.out[i], (float(i) + float(i % 5 + 1)) * 2.0f) << i;
    // The first launch has no scratch: three slots. The second one has as many as there are scratches.
    ASSERT_GE(pool.ranges.size(), 3u);
    EXPECT_EQ(pool.ranges[0].second, 3);
    EXPECT_EQ(pool.ranges.size() - 3, further == 0 ? 0 : std::min(further + 1, 3));
  }
}

/// What the kernel adds to each row shows which rows it was given, and how often.
TEST(Call, ThreadsGetRowsOfTheirOwnAndEveryRowIsDoneOnce) {
  for (int32_t threads : {2, 3, 7})
    for (int64_t B = threads; B < 30; ++B) {
      std::vector<int32_t> x(size_t(2 * B), 1), y(size_t(B), 0), before = y;
      Observer observer{y, {}};
      batten_call call{};
      call.size = sizeof call;
      call.threads = threads;
      call.parallel_for = Observer::run;
      call.pool = &observer;
      ASSERT_EQ(tiny().window(tiny().program, B, 2, x.data(), y.data(), nullptr, 0, &call), 0);
      ASSERT_EQ(observer.seen.size(), size_t(threads));
      EXPECT_EQ(y, std::vector<int32_t>(size_t(B), 2)) << B << " rows on " << threads << " threads";
      for (const std::vector<int32_t> &after : observer.seen) {
        int64_t rows = 0;
        for (size_t row = 0; row < y.size(); ++row)
          rows += after[row] != before[row];
        EXPECT_TRUE(rows == B / threads || rows == B / threads + 1) << rows << " of " << B << " rows";
        before = after;
      }
    }
}

TEST(Call, ProgramIsReadOnlyAndSharedByThreads) {
  char before[128];
  std::memcpy(before, tiny().memory, sizeof before);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([] {
      AddCall call(50);
      for (int repeat = 0; repeat < 100; ++repeat)
        ASSERT_EQ(call.run(), 0);
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(std::memcmp(before, tiny().memory, sizeof before), 0);
}

TEST(Call, InoutIsUpdatedInPlace) {
  int32_t x[6] = {1, 2, 3, 4, 5, 6}, y[3] = {10, 20, 30};
  EXPECT_EQ(tiny().windowWorkspace(3, 2), 0);
  EXPECT_EQ(tiny().window(tiny().program, 3, 2, x, y, nullptr, 0, nullptr), 0);
  EXPECT_EQ(y[0], 13);
  EXPECT_EQ(y[1], 27);
  EXPECT_EQ(y[2], 41);
}

TEST(Call, RowStatusMarksNanAndInfinity) {
  AddCall call(5);
  uint8_t status[5] = {9, 9, 9, 9, 9};
  call.call.row_status = status;
  call.x[5] = NAN;
  call.x[19] = INFINITY;
  ASSERT_EQ(call.run(), 0);
  const uint8_t expected[5] = {0, 1, 0, 1, 0};
  EXPECT_EQ(std::memcmp(status, expected, sizeof status), 0);
}

//===- Refusals ---------------------------------------------------------------------------------------------------===//

TEST(Refusal, Program) {
  AddCall call;
  call.program = nullptr;
  call.expectRefusal(BATTEN_E_NULL, 0, "program: it is NULL");
  call.program = tiny().memory + 8;
  call.expectRefusal(BATTEN_E_ALIGN, 0, "program: it must be aligned to 64 bytes");
  alignas(64) char other[128] = {};
  call.program = other;
  call.expectRefusal(BATTEN_E_ABI, 0, "program: it was not made by tiny_bind");
}

TEST(Refusal, Sizes) {
  AddCall call;
  call.B = -3;
  call.expectRefusal(BATTEN_E_SIZE, 1, "x: B is -3, it must not be negative");
  call.B = INT64_MAX;
  call.expectRefusal(BATTEN_E_SIZE, 2, "x: it would have more than 2^63 - 1 bytes");
  call.B = INT64_MIN;
  call.expectRefusal(BATTEN_E_SIZE, 1, "x: B is -9223372036854775808, it must not be negative");
}

TEST(Refusal, BoundsGuardsAndEmptyBatches) {
  int32_t x[64] = {}, y[8] = {};
  struct {
    int64_t B, T;
    batten_status status;
    int argument;
    const char *sentence;
  } cases[] = {{2, 0, BATTEN_E_SIZE, 2, "x: T is 0, it must be at least 1"},
               {2, -1, BATTEN_E_SIZE, 2, "x: T is -1, it must be at least 1"},
               {2, 9, BATTEN_E_SIZE, 2, "x: T is 9, it must be at most 8"},
               {2, 3, BATTEN_E_SIZE, 2, "x: T is 3, but it must hold that T != 3"},
               {0, 2, BATTEN_E_EMPTY, 1, "x: B is 0, but a mean, max, min or var over it needs at least one sample"},
               {-1, 0, BATTEN_E_SIZE, 1, "x: B is -1, it must not be negative"}};
  for (const auto &c : cases) {
    batten_error error{};
    batten_call call{};
    call.size = sizeof call;
    call.error = &error;
    int result = tiny().window(tiny().program, c.B, c.T, x, y, nullptr, 0, &call);
    EXPECT_EQ(BATTEN_STATUS(result), c.status);
    EXPECT_EQ(BATTEN_ARGUMENT(result), c.argument);
    EXPECT_STREQ(error.message, c.sentence);
    EXPECT_EQ(tiny().windowWorkspace(c.B, c.T), -1);
  }
}

TEST(Refusal, Pointers) {
  AddCall call;
  call.xPointer = reinterpret_cast<const float *>(reinterpret_cast<const char *>(call.x.data()) + 1);
  call.expectRefusal(BATTEN_E_ALIGN, 2, "x: it must be aligned to 4 bytes");
  int result = tiny().add(tiny().program, 4, nullptr, 2.0f, call.out.data(), call.workspacePointer, call.workspaceBytes,
                          &call.call);
  EXPECT_EQ(result, BATTEN_E_NULL + (2 << 8));
  EXPECT_STREQ(call.error.message, "x: it is NULL");
  result = tiny().add(tiny().program, 4, call.x.data(), 2.0f, nullptr, call.workspacePointer, call.workspaceBytes,
                      &call.call);
  EXPECT_EQ(result, BATTEN_E_NULL + (4 << 8));
  EXPECT_STREQ(call.error.message, "out: it is NULL");
}

TEST(Refusal, Overlap) {
  AddCall call;
  call.outPointer = call.x.data() + 19; // the last element of x
  call.expectRefusal(BATTEN_E_OVERLAP, 4, "out: it overlaps x");
  call.outPointer = reinterpret_cast<float *>(call.workspace.data());
  call.expectRefusal(BATTEN_E_OVERLAP, 4, "out: it overlaps the workspace");
  call.outPointer = reinterpret_cast<float *>(tiny().memory + 64);
  call.expectRefusal(BATTEN_E_OVERLAP, 4, "out: it overlaps the program");
  call.outPointer = nullptr;
  call.xPointer = reinterpret_cast<float *>(call.workspace.data());
  call.expectRefusal(BATTEN_E_OVERLAP, 2, "x: it overlaps the workspace");
  call.xPointer = nullptr;
  call.workspacePointer = tiny().memory;
  call.expectRefusal(BATTEN_E_OVERLAP, 5, "workspace: it overlaps the program");

  int32_t x[8] = {}, *y = x + 4; // inout beside the input, then in it
  EXPECT_EQ(tiny().window(tiny().program, 2, 2, x, y, nullptr, 0, nullptr), 0);
  EXPECT_EQ(tiny().window(tiny().program, 2, 2, x, y - 1, nullptr, 0, nullptr), BATTEN_E_OVERLAP + (4 << 8));
}

TEST(Refusal, Workspace) {
  AddCall call;
  int64_t needed = call.workspaceBytes;
  EXPECT_EQ(needed, 20 * 4 + 64 + 64); // the buffer, what rounding may add, one scratch
  call.workspaceBytes = needed - 1;
  call.expectRefusal(BATTEN_E_WORKSPACE, 6, "workspace_bytes: 207 given, 208 needed");
  call.workspaceBytes = -1;
  call.expectRefusal(BATTEN_E_WORKSPACE, 6, "workspace_bytes: -1 given, 208 needed");
  call.workspacePointer = nullptr;
  call.expectRefusal(BATTEN_E_NULL, 5, "workspace: it is NULL, 208 bytes are needed");
  call.workspacePointer = reinterpret_cast<char *>(call.workspace.data()) + 32;
  call.expectRefusal(BATTEN_E_ALIGN, 5, "workspace: it must be aligned to 64 bytes");
  EXPECT_EQ(tiny().addWorkspace(-1), -1);
  EXPECT_EQ(tiny().addWorkspace(INT64_MAX / 8), -1);
}

TEST(Refusal, CallStruct) {
  AddCall call;
  call.call.size = 40; // has the error, not all of the rest
  call.expectRefusal(BATTEN_E_ABI, 7, "call: its size is 40, but a batten_call has 48 bytes");
  call.call.size = sizeof call.call;
  call.call.parallel_for = Pool::run;
  call.call.threads = 0;
  call.expectRefusal(BATTEN_E_SIZE, 7, "call: threads is 0, it must be at least 1");
}

TEST(Refusal, FirstFaultIsReported) {
  AddCall call;
  call.B = -1;
  call.workspaceBytes = 0;
  call.outPointer = call.x.data();
  call.expectRefusal(BATTEN_E_SIZE, 1, "x: B is -1, it must not be negative");
}

TEST(Refusal, Bind) {
  alignas(64) char memory[192] = {};
  const float *none[1] = {nullptr};
  const float *odd[1] = {reinterpret_cast<const float *>(reinterpret_cast<const char *>(tiny().weight) + 2)};
  const float *inside[1] = {reinterpret_cast<const float *>(memory + 100)};
  const void *program = memory + 1;
  struct {
    char *memory;
    int64_t bytes;
    const float *const *weights;
    const void **program;
    int result;
    const char *sentence;
  } cases[] = {
      {nullptr, 128, tiny().weights, &program, BATTEN_E_NULL, "memory: it is NULL"},
      {memory + 4, 128, tiny().weights, &program, BATTEN_E_ALIGN, "memory: it must be aligned to 64 bytes"},
      {memory, 127, tiny().weights, &program, BATTEN_E_MEMORY + (1 << 8), "memory_bytes: 127 given, 128 needed"},
      {memory, 128, nullptr, &program, BATTEN_E_NULL + (2 << 8), "weights: it is NULL"},
      {memory, 128, none, &program, BATTEN_E_WEIGHTS + (2 << 8), "weights.m_w: it is NULL"},
      {memory, 128, odd, &program, BATTEN_E_ALIGN + (2 << 8), "weights.m_w: it is not aligned to its element size"},
      {memory, 128, inside, &program, BATTEN_E_OVERLAP + (2 << 8), "weights.m_w: it overlaps the program's memory"},
      {memory, 128, tiny().weights, nullptr, BATTEN_E_NULL + (3 << 8), "program: it is NULL"},
  };
  for (const auto &c : cases) {
    batten_error error{};
    EXPECT_EQ(tiny().bind(c.memory, c.bytes, c.weights, c.program, &error), c.result) << c.sentence;
    EXPECT_STREQ(error.message, c.sentence);
    EXPECT_EQ(error.result, c.result);
    EXPECT_EQ(program, memory + 1);
  }
  for (char byte : memory)
    EXPECT_EQ(byte, 0);
}
