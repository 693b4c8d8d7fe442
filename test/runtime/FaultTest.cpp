// FaultTest.cpp - the n-th allocation fails: statuses, never a crash or a leak.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "FakeProgram.h"
#include "Files.h"
#include "RowProgram.h"
#include "runtime/batten.hpp"
#include "runtime/hooks.h"

#include <atomic>
#include <functional>

using namespace batten::test;
using batten::view;
using batten::runtime::hooks;

namespace {

std::atomic<int64_t> countdown;
bool persistent;

/// Runs `action` with its first, second, ... allocation failing, once or from there on, until it succeeds.
void failEveryAllocation(const std::function<int()> &action) {
  for (const bool forGood : {false, true}) {
    persistent = forGood;
    int64_t n = 1;
    for (;; ++n) {
      ASSERT_LT(n, 100);
      countdown = n;
      hooks.allocate = [](int64_t) {
        const int64_t left = --countdown;
        return persistent ? left > 0 : left != 0;
      };
      const int result = action();
      hooks.allocate = nullptr;
      if (result == 0)
        break;
      EXPECT_EQ(BATTEN_CODE(result), BATTEN_E_OUT_OF_MEMORY);
    }
    EXPECT_GT(n, 1) << "nothing was allocated";
  }
}

TEST(Fault, FilesAreReadOrRefusedWhenMemoryIsLacking) {
  failEveryAllocation([] {
    batten_safetensors *file = nullptr;
    batten_tensor tensor{};
    int result = batten_safetensors_open(fixture("types.safetensors").c_str(), &file, nullptr);
    if (!result)
      result = batten_safetensors_load(file, 0, &tensor, nullptr);
    batten_safetensors_close(file);
    batten_tensor_release(&tensor);
    return result;
  });
  failEveryAllocation([] {
    batten_tensor tensor{};
    const int result = batten_npy_load(fixture("f4.npy").c_str(), &tensor, nullptr);
    batten_tensor_release(&tensor);
    return result;
  });
  const TemporaryFile path("save.safetensors");
  failEveryAllocation([&] {
    float data[1] = {};
    const batten_named_tensor tensor = {"a", view(data, {1})};
    return batten_safetensors_save(path.c_str(), &tensor, 1, nullptr);
  });
}

TEST(Fault, ProgramsAreBoundAndCalledOrRefusedWhenMemoryIsLacking) {
  bindStatus = 0;
  failEveryAllocation([] {
    batten_program *program = nullptr;
    int result = batten_program_from(&withWeights, &program, nullptr);
    if (!result)
      result = batten_program_bind_file(program, fixture("simple.safetensors").c_str(), nullptr, nullptr);
    batten_program_close(program);
    return result;
  });
  failEveryAllocation([] {
    batten_program *program = nullptr;
    batten_workspace *workspace = nullptr;
    float x[6] = {}, out[6] = {}, factor = 1;
    int32_t ids[1] = {};
    bool mask[2] = {};
    const batten_tensor tensors[] = {view(x, {1, 1, 6}), view(ids, {1, 1}), view(mask, {2}), view(&factor, {}),
                                     view(out, {1, 1, 6})};
    int result = batten_program_from(&withoutWeights, &program, nullptr);
    if (!result)
      result = batten_program_bind(program, nullptr, 0, nullptr, nullptr);
    if (!result)
      result = batten_workspace_create(&workspace, nullptr);
    if (!result)
      result = batten_program_call(program, 0, nullptr, tensors, 5, workspace, nullptr);
    if (!result)
      result = batten_program_call(program, 0, nullptr, tensors, 5, nullptr, nullptr);
    batten_workspace_destroy(workspace);
    batten_program_close(program);
    return result;
  });
}

TEST(Fault, PoolsAreMadeOrRefusedWhenMemoryIsLacking) {
  failEveryAllocation([] {
    batten_pool *pool = nullptr;
    const int result = batten_pool_create(3, &pool, nullptr);
    batten_pool_destroy(pool);
    return result;
  });
}

TEST(Fault, BuffersAreMadeOrRefusedWhenMemoryIsLacking) {
  const auto freed = [](void *context, void *) { ++*static_cast<int *>(context); };
  int made = 0, released = 0;
  float data[6] = {};
  const batten_tensor samples = view(data, {3, 2});
  failEveryAllocation([&] {
    batten_buffer_pool *pool = nullptr;
    batten_buffer *buffer = nullptr, *adopted = nullptr, *slice = nullptr, *imported = nullptr;
    batten_dlpack *exported = nullptr;
    int result = batten_buffer_pool_create(1 << 20, &pool, nullptr);
    if (!result)
      result = batten_buffer_create(BATTEN_F32, 1, &samples.sizes[1], 3, pool, &buffer, nullptr);
    if (!result)
      result = batten_buffer_append(buffer, &samples, nullptr);
    if (!result && (result = batten_buffer_reserve(buffer, 100, nullptr)))
      EXPECT_EQ(batten_buffer_count(buffer), 3); // as it was
    if (!result && !(result = batten_buffer_adopt(&samples, freed, &released, &adopted, nullptr)))
      ++made;
    if (!result)
      result = batten_buffer_slice(adopted, 1, 2, &slice, nullptr);
    if (!result)
      result = batten_buffer_export(slice, &exported, nullptr);
    if (!result && (result = batten_buffer_import(exported, &imported, nullptr)))
      exported->deleter(exported); // still ours
    batten_buffer_destroy(adopted);
    batten_buffer_destroy(slice);
    batten_buffer_destroy(imported);
    batten_buffer_destroy(buffer);
    batten_buffer_pool_destroy(pool);
    return result;
  });
  EXPECT_EQ(made, released);
}

batten_program *boundRows(int *outResult) {
  batten_program *program = nullptr;
  const float offset = 1;
  const batten_tensor weight = view(&offset, {});
  if (!(*outResult = batten_program_from(&row::description, &program, nullptr)))
    *outResult = batten_program_bind(program, &weight, 1, nullptr, nullptr);
  return program;
}

TEST(Fault, ChunksRunOrAreRefusedWhenMemoryIsLacking) {
  const std::vector<float> x(50 * 3), w(3);
  const std::vector<int32_t> ids(50);
  std::vector<float> out0(50), out1(50);
  const batten_tensor tensors[] = {view(x.data(), {50, 1, 3}), view(w.data(), {3}), view(ids.data(), {50}),
                                   view(out0.data(), {50, 1}), view(out1.data(), {50})};
  failEveryAllocation([&] {
    int result;
    batten_program *program = boundRows(&result);
    if (!result)
      result = batten_program_call_chunked(program, row::Rows, nullptr, 200, nullptr, tensors, 5, nullptr, nullptr);
    batten_program_close(program);
    return result;
  });
}

TEST(Fault, ModelsAndBatchersAreMadeOrRefusedWhenMemoryIsLacking) {
  const float offset = 1;
  const TemporaryFile file("fault.safetensors");
  batten::Error error;
  ASSERT_TRUE(batten::Safetensors::save(file.path, {{"offset", view(&offset, {})}}, error)) << error.message();
  failEveryAllocation([&] {
    int result;
    batten_program *program = boundRows(&result);
    batten_model *model = nullptr;
    batten_batcher *batcher = nullptr;
    const batten_batcher_options options = batten::Batcher::options();
    if (!result && !(result = batten_model_create(program, &model, nullptr)))
      program = nullptr;
    if (!result)
      result = batten_model_exchange_weights(model, file.path.c_str(), nullptr, nullptr);
    if (!result)
      result = batten_batcher_create(model, row::Rows, &options, &batcher, nullptr);
    batten_batcher_destroy(batcher);
    batten_model_destroy(model);
    batten_program_close(program);
    return result;
  });
}

TEST(Fault, RequestsAreDoneOrRefusedWhenMemoryIsLacking) {
  struct Ask {
    float x[3] = {1, 2, 3}, out0[1] = {}, out1[1] = {};
    int32_t ids[1] = {};
    int32_t result = -1;
  };
  int result;
  batten::Program program(boundRows(&result));
  batten::Error error;
  const batten::Model model = batten::Model::create(program, error);
  const float w[3] = {1, 1, 1};
  bool someRefused = false;
  // What a worker has is kept, so each round has a batcher of its own; both requests run in one batch.
  for (static std::atomic<int64_t> left; const int64_t allowed : {0, 1, 2, 3, 4, 5, 6}) {
    Ask asks[2];
    {
      batten_batcher_options options = batten::Batcher::options();
      options.delay_us = 3'600'000'000;
      const batten::Batcher batcher = batten::Batcher::create(model, row::Rows, options, error);
      left = allowed;
      hooks.allocate = [](int64_t) { return --left >= 0; };
      for (Ask &ask : asks)
        ASSERT_TRUE(batcher.submit(
            {view(ask.x, {1, 1, 3}), view(w, {3}), view(ask.ids, {1}), view(ask.out0, {1, 1}), view(ask.out1, {1})},
            [](void *context, const batten_error *how) { static_cast<Ask *>(context)->result = how->result; }, &ask,
            error))
            << error.message();
    }
    hooks.allocate = nullptr;
    for (const Ask &ask : asks) {
      ASSERT_TRUE(ask.result == 0 || ask.result == BATTEN_E_OUT_OF_MEMORY) << ask.result;
      ASSERT_EQ(ask.out0[0], ask.result ? 0 : 7);
      someRefused |= ask.result != 0;
    }
    if (allowed == 6)
      ASSERT_EQ(asks[0].result | asks[1].result, 0);
  }
  EXPECT_TRUE(someRefused);
}

TEST(Fault, CallWithoutMemoryForMoreThreadsRunsOnOne) {
  batten::Error error;
  batten::Program program = batten::Program::from(&withoutWeights, error);
  ASSERT_TRUE(program.bind(error));
  const batten::Workspace workspace = batten::Workspace::create(error);
  const batten::Pool pool = batten::Pool::create(2, error);
  float x[6] = {}, out[6] = {}, factor = 1;
  int32_t ids[1] = {};
  bool mask[2] = {};
  hooks.allocate = [](int64_t bytes) { return bytes <= 256; };
  EXPECT_TRUE(program.call(
      "scale", {view(x, {1, 1, 6}), view(ids, {1, 1}), view(mask, {2}), view(&factor, {}), view(out, {1, 1, 6})},
      workspace, error, pool))
      << error.message();
  hooks.allocate = nullptr;
  EXPECT_EQ(recorded.workspaceBytes, 256);
}

} // namespace
