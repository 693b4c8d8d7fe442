// CallTest.cpp - the described call: sizes come out of extents, what does not fit is refused at its argument, and a
// refused call never reaches the program.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "FakeProgram.h"
#include "runtime/batten.hpp"
#include "runtime/formula.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <string>
#include <thread>

using namespace batten::test;
using batten::view;
using namespace batten::runtime;

namespace {

struct Call : testing::Test {
  void SetUp() override {
    recorded = {};
    bindStatus = 0;
    program = batten::Program::from(&withoutWeights, error);
    ASSERT_TRUE(program.bind(error)) << error.message();
    workspace = batten::Workspace::create(error);
    tensors = {view(x, {2, 3, 6}), view(ids, {2, 3}), view(mask, {2}), view(&factor, {}), view(out, {2, 3, 6})};
  }

  void expectRefused(int status, int argument, const std::string &message) {
    recorded = {};
    EXPECT_FALSE(program.call("scale", tensors, workspace, error));
    EXPECT_EQ(error.code(), status) << error.message();
    EXPECT_EQ(error.argument(), argument) << error.message();
    EXPECT_EQ(error.message(), message);
    EXPECT_EQ(recorded.calls, 0);
    // The same without anybody to hear the sentence.
    EXPECT_EQ(batten_program_call(program.get(), 0, nullptr, tensors.data(), static_cast<int64_t>(tensors.size()),
                                  workspace.get(), nullptr),
              status | argument << 8);
  }

  float x[36] = {}, out[36] = {}, factor = 2;
  int32_t ids[6] = {};
  bool mask[2] = {};
  std::vector<batten_tensor> tensors;
  batten::Error error;
  batten::Program program;
  batten::Workspace workspace;
};

TEST_F(Call, SizesComeFromExtents) {
  ASSERT_TRUE(program.call("scale", tensors, workspace, error)) << error.message();
  EXPECT_EQ(recorded.sizes, (std::vector<int64_t>{2, 3, 2}));
  EXPECT_EQ(recorded.tensors, (std::vector<void *>{x, ids, mask, &factor, out}));
  EXPECT_EQ(recorded.workspaceBytes, 256 * 6);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(recorded.workspace) % 64, 0u);
  EXPECT_TRUE(program.call("fake_scale", tensors, workspace, error)); // the C symbol is a name too
}

TEST_F(Call, EmptyBatchIsNoError) {
  tensors = {view(x, {0, 3, 6}), view(ids, {0, 3}), view(mask, {2}), view(&factor, {}), view(out, {0, 3, 6})};
  ASSERT_TRUE(program.call("scale", tensors, workspace, error)) << error.message();
  EXPECT_EQ(recorded.sizes, (std::vector<int64_t>{0, 3, 2}));
  EXPECT_EQ(recorded.workspace, nullptr);
}

TEST_F(Call, EachSizeIsBoundOnce) {
  tensors[1] = view(ids, {2, 2});
  expectRefused(BATTEN_E_SHAPE, 5, "fake_scale(): argument `ids`: dim T is 2, but T was bound to 3 by argument `x`");
  tensors[1] = view(ids, {2, 3});
  tensors[4] = view(out, {1, 3, 6});
  expectRefused(BATTEN_E_SHAPE, 8, "fake_scale(): argument `out`: dim B is 1, but B was bound to 2 by argument `x`");
  tensors[4] = view(out, {2, 3, 6});
  tensors[2] = view(mask, {1});
  expectRefused(BATTEN_E_SHAPE, 6, "fake_scale(): argument `mask`: dim D is 1, but D was bound to 2 by argument `x`");
}

TEST_F(Call, ExtentsThatNoSizeGivesAreRefused) {
  tensors[0] = view(x, {2, 3, 5});
  expectRefused(BATTEN_E_SHAPE, 4, "fake_scale(): argument `x`: dim 2 is 5, which no D gives for 3*D");
  tensors[0] = view(x, {2, 3, 6});
  tensors[4] = view(out, {2, 3, 3});
  expectRefused(BATTEN_E_SHAPE, 8, "fake_scale(): argument `out`: dim 2 is 3, it must be 3*D = 6");
}

TEST_F(Call, RankAndDtypeMustBeThoseOfTheSource) {
  tensors[0] = view(x, {6, 6});
  expectRefused(BATTEN_E_SHAPE, 4, "fake_scale(): argument `x`: rank is 2, it must be 3: f32[B, T | 3*D]");
  tensors[0] = view(x, {2, 3, 6});
  tensors[1] = view(ids, {6, 1, 1});
  expectRefused(BATTEN_E_SHAPE, 5, "fake_scale(): argument `ids`: rank is 3, it must be 2: i32[B, T |]");
  tensors[1] = view(x, {2, 3});
  expectRefused(BATTEN_E_DTYPE, 5, "fake_scale(): argument `ids`: dtype is f32, it must be i32");
  tensors[1] = view(ids, {2, 3});
  tensors[2] = view(mask, {});
  expectRefused(BATTEN_E_SHAPE, 6, "fake_scale(): argument `mask`: rank is 0, it must be 1: bool[| D]");
  tensors[2] = view(mask, {2});
  tensors[3] = view(&factor, {1});
  expectRefused(BATTEN_E_SHAPE, 7, "fake_scale(): argument `factor`: rank is 1, it must be 0: f32[|]");
}

TEST_F(Call, TensorsMustBeDenseAndOnTheCpu) {
  tensors[0].strides[1] = 12;
  expectRefused(BATTEN_E_SHAPE, 4, "fake_scale(): argument `x`: its elements must lie row-major without gaps");
  tensors[0] = view(x, {2, 3, 6});
  tensors[0].device = BATTEN_CUDA;
  expectRefused(BATTEN_E_UNSUPPORTED, 4, "fake_scale(): argument `x`: it is on device 2, it must be on the CPU");
  tensors[0].device = BATTEN_CPU;
  tensors[0].sizes[0] = -2;
  expectRefused(
      BATTEN_E_SHAPE, 4,
      "fake_scale(): argument `x`: its rank is not 0 to 8, a size is negative, or its bytes do not fit into 63 bits");
  tensors[0] = view(x, {-2, 3, 6});
  expectRefused(
      BATTEN_E_SHAPE, 4,
      "fake_scale(): argument `x`: its rank is not 0 to 8, a size is negative, or its bytes do not fit into 63 bits");
}

TEST_F(Call, CountOfTensorsMustBeTheEntrys) {
  tensors.pop_back();
  expectRefused(BATTEN_E_SHAPE, 0, "fake_scale() has 5 arguments, 4 were given");
}

TEST_F(Call, UnknownEntriesAndUnboundProgramsAreRefused) {
  EXPECT_FALSE(program.call("scales", tensors, workspace, error));
  EXPECT_EQ(error.code(), BATTEN_E_NAME);
  EXPECT_STREQ(error.message(), "fake has no entry `scales`, it has scale, fill, joined");
  EXPECT_FALSE(program.callChunked("scales", 0, tensors, workspace, error));
  EXPECT_STREQ(error.message(), "fake has no entry `scales`, it has scale, fill, joined");
  EXPECT_FALSE(program.call(-1, tensors, workspace, error));
  EXPECT_STREQ(error.message(), "fake has no entry -1, it has 0 to 2: scale, fill, joined");
  const batten::Program unbound = batten::Program::from(&withoutWeights, error);
  EXPECT_FALSE(unbound.call("scale", tensors, workspace, error));
  EXPECT_EQ(error.code(), BATTEN_E_UNBOUND);
  EXPECT_EQ(batten_program_call(nullptr, 0, nullptr, tensors.data(), 5, nullptr, nullptr), BATTEN_E_NULL);
  batten_call call{};
  call.size = 8;
  EXPECT_EQ(batten_program_call(program.get(), 0, nullptr, tensors.data(), 5, nullptr, &call), BATTEN_E_ABI);
}

TEST_F(Call, SizesThatNoTensorFixesAreGiven) {
  const std::vector<batten_tensor> first = {view(&factor, {})};
  std::vector<int64_t> sizes = {BATTEN_UNKNOWN};
  EXPECT_FALSE(program.solve(1, first, sizes, error));
  EXPECT_EQ(error.code(), BATTEN_E_SIZE);
  EXPECT_EQ(error.argument(), 1);
  EXPECT_STREQ(error.message(), "fake_fill(): no argument fixes dim N, its size must be given");
  sizes = {7};
  ASSERT_TRUE(program.solve(1, first, sizes, error)) << error.message();
  const batten::Tensor result = program.allocate(1, 1, sizes, error);
  EXPECT_EQ(result.sizes(), std::vector<int64_t>{7});
  const batten_tensor both[] = {first[0], result};
  EXPECT_EQ(batten_program_call(program.get(), 1, sizes.data(), both, 2, nullptr, nullptr), 0);
  sizes = {6};
  EXPECT_FALSE(program.solve(1, {both[0], both[1]}, sizes, error));
  EXPECT_STREQ(error.message(), "fake_fill(): argument `out`: dim N is 7, but N was given as 6");
}

TEST_F(Call, SizesBecomeAsManyAsTheEntryHasDims) {
  std::vector<int64_t> none, many(40, BATTEN_UNKNOWN);
  ASSERT_TRUE(program.solve(0, tensors, none, error)) << error.message();
  EXPECT_EQ(none.size(), 3u);
  ASSERT_TRUE(program.solve(0, tensors, many, error)) << error.message();
  EXPECT_EQ(many, none);
  EXPECT_FALSE(program.allocate(0, 4, {}, error));
  EXPECT_EQ(error.code(), BATTEN_E_SIZE);
}

TEST_F(Call, ProductsOfUnknownsWaitForTheirFactors) {
  float a[12] = {}, b[4] = {}, c[3] = {};
  tensors = {view(a, {12}), view(b, {4}), view(c, {3}), view(&factor, {})};
  ASSERT_TRUE(program.call("joined", tensors, workspace, error)) << error.message();
  EXPECT_EQ(recorded.sizes, (std::vector<int64_t>{3, 4}));
  tensors[0] = view(a, {11});
  EXPECT_FALSE(program.call("joined", tensors, workspace, error));
  EXPECT_STREQ(error.message(), "fake_joined(): argument `a`: dim 0 is 11, it must be D*H = 12");
  std::vector<int64_t> sizes = {BATTEN_UNKNOWN, BATTEN_UNKNOWN};
  EXPECT_FALSE(program.solve(2, {view(a, {12})}, sizes, error));
  EXPECT_EQ(error.code(), BATTEN_E_SIZE);
  sizes = {BATTEN_UNKNOWN, 6};
  ASSERT_TRUE(program.solve(2, {view(a, {12})}, sizes, error));
  EXPECT_EQ(sizes[0], 2);
}

TEST_F(Call, QuotientsWaitForTheirDim) {
  // a: f32[| div(D, 2)], b: f32[| D]
  const int64_t halfCode[] = {BATTEN_SIZE, 0, BATTEN_CONSTANT, 2, BATTEN_DIV};
  const batten_formula half[] = {formula("div(D, 2)", halfCode)};
  const batten_argument arguments[] = {{"a", BATTEN_INPUT, BATTEN_F32, 0, 1, half, 2, 0},
                                       {"b", BATTEN_INPUT, BATTEN_F32, 0, 1, dDims, 3, 0}};
  const batten_symbol symbols[] = {{"D", 64, 1, 0}};
  const batten_entry entry = describeEntry("halved", "fake_halved", symbols, arguments);
  batten_description description = withoutWeights;
  description.entries = &entry;
  description.entry_count = 1;
  const batten::Program halved = batten::Program::from(&description, error);
  std::vector<int64_t> sizes = {BATTEN_UNKNOWN};
  ASSERT_TRUE(halved.solve(0, {view(x, {3}), view(x, {7})}, sizes, error)) << error.message();
  EXPECT_EQ(sizes[0], 7);
  sizes = {BATTEN_UNKNOWN};
  EXPECT_FALSE(halved.solve(0, {view(x, {4}), view(x, {7})}, sizes, error));
  EXPECT_STREQ(error.message(), "fake_halved(): argument `a`: dim 0 is 4, it must be div(D, 2) = 3");
  sizes = {BATTEN_UNKNOWN};
  EXPECT_FALSE(halved.solve(0, {view(x, {3})}, sizes, error));
  EXPECT_EQ(error.code(), BATTEN_E_SIZE);
  EXPECT_FALSE(halved.solve(0, {view(x, {3}), view(x, {7}), view(x, {7})}, sizes, error));
  EXPECT_EQ(error.code(), BATTEN_E_SHAPE);
  EXPECT_FALSE(halved.solve(1, {}, sizes, error));
  EXPECT_EQ(error.code(), BATTEN_E_NAME);
}

TEST_F(Call, GivenSizesThatOverflowAreRefused) {
  std::vector<int64_t> sizes = {2, 3, INT64_MAX};
  EXPECT_FALSE(program.solve(0, tensors, sizes, error));
  EXPECT_EQ(error.code(), BATTEN_E_SHAPE);
  EXPECT_STREQ(error.message(),
               "fake_scale(): argument `x`: dim 2 is 6, and what it must be does not fit into 64 bits");
}

TEST_F(Call, SizesAndShapesAreAskedForByNameToo) {
  std::vector<int64_t> sizes, again;
  ASSERT_TRUE(program.solve("scale", tensors, sizes, error)) << error.message();
  ASSERT_TRUE(program.solve("fake_scale", tensors, again, error)) << error.message();
  EXPECT_EQ(sizes, again);
  EXPECT_EQ(program.allocate("scale", 4, sizes, error).sizes(), program.allocate(0, 4, sizes, error).sizes());
  EXPECT_FALSE(program.solve("scales", tensors, sizes, error));
  EXPECT_STREQ(error.message(), "fake has no entry `scales`, it has scale, fill, joined");
  error.clear();
  EXPECT_FALSE(program.allocate("scales", 4, sizes, error));
  EXPECT_STREQ(error.message(), "fake has no entry `scales`, it has scale, fill, joined");
}

TEST_F(Call, ShapesOfResultsCanBeAskedFor) {
  const std::vector<int64_t> sizes = {4, 5, 2}, huge = {INT64_MAX, INT64_MAX, 2};
  EXPECT_EQ(program.allocate(0, 4, sizes, error).sizes(), (std::vector<int64_t>{4, 5, 6}));
  EXPECT_EQ(program.allocate(0, 2, sizes, error).dtype(), BATTEN_BOOL);
  EXPECT_FALSE(program.allocate(0, 4, huge, error));
  EXPECT_EQ(error.code(), BATTEN_E_SIZE);
  EXPECT_EQ(error.argument(), 8);
  EXPECT_FALSE(program.allocate(0, 5, sizes, error));
  EXPECT_FALSE(program.allocate(3, 0, sizes, error));
  EXPECT_EQ(error.code(), BATTEN_E_NAME);
}

TEST_F(Call, WorkspaceGrowsAndIsReused) {
  ASSERT_TRUE(program.call("scale", tensors, workspace, error));
  void *const first = recorded.workspace;
  const int64_t held = workspace.bytes();
  tensors = {view(x, {1, 3, 6}), view(ids, {1, 3}), view(mask, {2}), view(&factor, {}), view(out, {1, 3, 6})};
  ASSERT_TRUE(program.call("scale", tensors, workspace, error));
  EXPECT_EQ(recorded.workspace, first);
  EXPECT_EQ(workspace.bytes(), held);
  EXPECT_EQ(recorded.workspaceBytes, 256 * 3);
}

TEST_F(Call, FurtherThreadsGetTheirScratch) {
  const batten::Pool pool = batten::Pool::create(3, error);
  ASSERT_TRUE(program.call("scale", tensors, workspace, error, pool));
  EXPECT_EQ(recorded.threads, 3);
  EXPECT_EQ(recorded.workspaceBytes, 256 * 6 + 2 * 320); // 100*T rounded up to 64
}

// The entry refuses them; until then they must not become 2^31 - 1 threads.
TEST_F(Call, AbsurdThreadsGetNoScratch) {
  batten_error refusal;
  batten_call call = batten_pool_call(nullptr, &refusal);
  call.parallel_for = batten_pool_parallel_for;
  call.threads = INT32_MIN;
  ASSERT_EQ(
      batten_program_call(program.get(), 0, nullptr, tensors.data(), int64_t(tensors.size()), workspace.get(), &call),
      0);
  EXPECT_EQ(recorded.workspaceBytes, 256 * 6);
}

TEST_F(Call, OneWorkspaceServesOneCallAtATime) {
  // The program calls itself from within, on the same workspace.
  static batten_workspace *shared;
  static const batten_program *same;
  static std::vector<batten_tensor> again;
  shared = workspace.get();
  same = program.get();
  again = tensors;
  batten_entry nested = entries[0];
  nested.call = [](const void *, const int64_t *, void *const *, void *, int64_t, const batten_call *call) {
    return batten_program_call(same, 0, nullptr, again.data(), 5, shared, call);
  };
  batten_description description = withoutWeights;
  description.entries = &nested;
  description.entry_count = 1;
  batten::Program outer = batten::Program::from(&description, error);
  ASSERT_TRUE(outer.bind(error));
  EXPECT_FALSE(outer.call(0, tensors, workspace, error));
  EXPECT_EQ(error.code(), BATTEN_E_BUSY);
  EXPECT_TRUE(program.call(0, tensors, workspace, error));
}

TEST_F(Call, SizesOutOfRangeAreLeftToTheEntry) {
  // The fake accepts what its own workspace formula refuses; what matters is that it is asked, with no workspace.
  std::vector<float> rows(3000 * 6);
  std::vector<int32_t> many(3000);
  tensors = {view(rows.data(), {1, 3000, 6}), view(many.data(), {1, 3000}), view(mask, {2}), view(&factor, {}),
             view(rows.data(), {1, 3000, 6})};
  EXPECT_TRUE(program.call("scale", tensors, workspace, error));
  EXPECT_EQ(recorded.workspace, nullptr);
  EXPECT_EQ(recorded.workspaceBytes, 0);
}

TEST_F(Call, ManyThreadsShareOneBoundProgram) {
  batten_entry doubling = entries[0];
  doubling.call = [](const void *, const int64_t *sizes, void *const *pointers, void *work, int64_t,
                     const batten_call *) {
    for (int64_t i = 0; i < sizes[0] * sizes[1] * 3 * sizes[2]; ++i) {
      static_cast<float *>(work)[i] = static_cast<const float *>(pointers[0])[i];
      static_cast<float *>(pointers[4])[i] = 2 * static_cast<float *>(work)[i];
    }
    return 0;
  };
  batten_description description = withoutWeights;
  description.entries = &doubling;
  description.entry_count = 1;
  batten::Program shared = batten::Program::from(&description, error);
  ASSERT_TRUE(shared.bind(error));
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      batten::Error own;
      const batten::Workspace space = batten::Workspace::create(own);
      float in[36], result[36];
      for (int round = 0; round < 200; ++round) {
        std::fill(in, in + 36, static_cast<float>(t + round));
        EXPECT_TRUE(shared.call(
            0, {view(in, {2, 3, 6}), view(ids, {2, 3}), view(mask, {2}), view(&factor, {}), view(result, {2, 3, 6})},
            space, own));
        for (const float value : result)
          EXPECT_EQ(value, static_cast<float>(2 * (t + round)));
      }
    });
  for (std::thread &thread : threads)
    thread.join();
}

TEST(Program, DescriptionsOfAnotherAbiAreRefused) {
  batten::Error error;
  batten_description description = withoutWeights;
  description.abi = BATTEN_ABI + 1;
  EXPECT_FALSE(batten::Program::from(&description, error));
  EXPECT_EQ(error.code(), BATTEN_E_ABI);
  description.abi = BATTEN_ABI;
  description.size = 8;
  EXPECT_FALSE(batten::Program::from(&description, error));
  EXPECT_FALSE(batten::Program::from(nullptr, error));
  EXPECT_EQ(error.code(), BATTEN_E_NULL);
}

template <int64_t n> Solution solve(const int64_t (&code)[n], int64_t value, int64_t &size) {
  const batten_formula formula = {"", code, n};
  int64_t sizes[2] = {BATTEN_UNKNOWN, 5};
  const Solution solution = solveFormula(formula, value, 0, sizes);
  size = sizes[0];
  return solution;
}

TEST(Formula, LinesAreSolvedAndNothingElse) {
  int64_t size;
  const int64_t line[] = {BATTEN_SIZE, 0, BATTEN_SIZE, 1, BATTEN_MUL, BATTEN_CONSTANT, 3, BATTEN_ADD}; // 5*x + 3
  EXPECT_EQ(solve(line, 13, size), Solution::Found);
  EXPECT_EQ(size, 2);
  EXPECT_EQ(solve(line, 14, size), Solution::Impossible);
  EXPECT_EQ(size, BATTEN_UNKNOWN);
  EXPECT_EQ(solve(line, -2, size), Solution::Impossible); // x = -1
  const int64_t bare[] = {BATTEN_SIZE, 0};
  EXPECT_EQ(solve(bare, 0, size), Solution::Found);
  EXPECT_EQ(size, 0);
  EXPECT_EQ(solve(bare, -1, size), Solution::Impossible);
  EXPECT_EQ(size, BATTEN_UNKNOWN);
  const int64_t square[] = {BATTEN_SIZE, 0, BATTEN_SIZE, 0, BATTEN_MUL};
  EXPECT_EQ(solve(square, 1, size), Solution::Unclear);
  const int64_t half[] = {BATTEN_SIZE, 0, BATTEN_CONSTANT, 2, BATTEN_DIV};
  EXPECT_EQ(solve(half, 1, size), Solution::Unclear);
  // x * (x - 1) * (x - 2) + x is a line at 0, 1 and 2 only.
  const int64_t cubic[] = {BATTEN_SIZE, 0,          BATTEN_SIZE, 0, BATTEN_CONSTANT, 1,
                           BATTEN_SUB,  BATTEN_MUL, BATTEN_SIZE, 0, BATTEN_CONSTANT, 2,
                           BATTEN_SUB,  BATTEN_MUL, BATTEN_SIZE, 0, BATTEN_ADD};
  EXPECT_EQ(solve(cubic, 30, size), Solution::Unclear);
  const int64_t falling[] = {BATTEN_CONSTANT, 9, BATTEN_SIZE, 0, BATTEN_SUB};
  EXPECT_EQ(solve(falling, 1, size), Solution::Unclear);
  const int64_t steep[] = {BATTEN_SIZE, 0, BATTEN_CONSTANT, INT64_MAX, BATTEN_MUL};
  EXPECT_EQ(solve(steep, 1, size), Solution::Unclear); // does not fit at 2
}

} // namespace
