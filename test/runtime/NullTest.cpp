// NullTest.cpp - what was never made, or could not be, is refused wherever it is used; nothing crashes on it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "FakeProgram.h"
#include "Files.h"
#include "runtime/batten.hpp"

using namespace batten::test;

namespace {

/// Expects BATTEN_E_NULL with a sentence; `refused` is handed the error.
template <class Refused> void expectNull(const Refused &refused, const char *message) {
  batten_error error{};
  EXPECT_EQ(refused(&error), BATTEN_E_NULL);
  EXPECT_STREQ(error.message, message);
}

const char *const noProgram = "program is NULL: opening it was refused, or never done";

TEST(Null, ProgramsAreRefused) {
  const batten_program *none = nullptr;
  int64_t sizes[3] = {};
  batten_tensor tensor{};
  EXPECT_EQ(batten_program_describe(none), nullptr);
  EXPECT_EQ(batten_program_find(none, "forward"), -1);
  EXPECT_EQ(batten_program_level(none), nullptr);
  expectNull([](batten_error *e) { return batten_program_bind(nullptr, nullptr, 0, nullptr, e); }, noProgram);
  expectNull([](batten_error *e) { return batten_program_bind_file(nullptr, "w", nullptr, e); }, noProgram);
  expectNull([&](batten_error *e) { return batten_program_check_file(none, "w", nullptr, e); }, noProgram);
  expectNull([&](batten_error *e) { return batten_program_solve(none, 0, nullptr, 0, sizes, e); }, noProgram);
  expectNull([&](batten_error *e) { return batten_program_shape(none, 0, 0, sizes, &tensor, e); }, noProgram);
  expectNull([](batten_error *e) { return batten_model_create(nullptr, nullptr, e); }, noProgram);
  expectNull(
      [&](batten_error *e) {
        const batten_call call = batten_pool_call(nullptr, e);
        return batten_program_call(none, 0, nullptr, nullptr, 0, nullptr, &call);
      },
      noProgram);
  expectNull(
      [&](batten_error *e) {
        const batten_call call = batten_pool_call(nullptr, e);
        return batten_program_call_chunked(none, 0, nullptr, 0, nullptr, nullptr, 0, nullptr, &call);
      },
      noProgram);
  batten_program_close(nullptr);
}

TEST(Null, ModelsAreRefused) {
  const batten_model *none = nullptr;
  const auto call = [&](batten_error *e) {
    const batten_call service = batten_pool_call(nullptr, e);
    return batten_model_call(none, 0, nullptr, nullptr, 0, nullptr, &service);
  };
  const auto chunked = [&](batten_error *e) {
    const batten_call service = batten_pool_call(nullptr, e);
    return batten_model_call_chunked(none, 0, nullptr, 0, nullptr, nullptr, 0, nullptr, &service);
  };
  expectNull(call, "model is NULL");
  expectNull(chunked, "model is NULL");
  expectNull([&](batten_error *e) { return batten_model_exchange(none, nullptr, e); }, "model is NULL");
  expectNull([&](batten_error *e) { return batten_model_exchange_weights(none, "w", nullptr, e); }, "model is NULL");
  EXPECT_EQ(batten_model_acquire(none), nullptr);
  batten_model_release(none, nullptr);
  batten_model_destroy(nullptr);
  EXPECT_EQ(batten_model_call(none, 0, nullptr, nullptr, 0, nullptr, nullptr), BATTEN_E_NULL);
}

TEST(Null, BuffersAndFilesAreEmpty) {
  EXPECT_EQ(batten_buffer_count(nullptr), 0);
  EXPECT_EQ(batten_buffer_capacity(nullptr), 0);
  EXPECT_EQ(batten_buffer_tensor(nullptr).rank, -1);
  EXPECT_EQ(batten_buffer_pool_idle_bytes(nullptr), 0);
  EXPECT_EQ(batten_workspace_bytes(nullptr), 0);
  EXPECT_EQ(batten_pool_threads(nullptr), 0);
  EXPECT_EQ(batten_safetensors_count(nullptr), 0);
  EXPECT_EQ(batten_safetensors_find(nullptr, "w"), -1);
  EXPECT_EQ(batten_safetensors_name(nullptr, 0), nullptr);
  const char *key, *value;
  EXPECT_EQ(batten_safetensors_metadata(nullptr, 0, &key, &value), 0);
  batten_tensor tensor{};
  expectNull([&](batten_error *e) { return batten_safetensors_shape(nullptr, 0, &tensor, e); }, "the file is NULL");
  expectNull([&](batten_error *e) { return batten_safetensors_load(nullptr, 0, &tensor, e); }, "the file is NULL");
  expectNull([&](batten_error *e) { return batten_safetensors_read(nullptr, 0, &key, 8, e); }, "the file is NULL");
  expectNull([](batten_error *e) { return batten_safetensors_save("f", nullptr, 1, e); }, "the tensors are NULL");
  expectNull([](batten_error *e) { return batten_tensor_allocate(nullptr, e); }, "the tensor is NULL");
  EXPECT_EQ(batten_tensor_elements(nullptr), -1);
  EXPECT_EQ(batten_tensor_bytes(nullptr), -1);
  EXPECT_EQ(batten_tensor_is_dense(nullptr), 0);
}

TEST(Null, PlacesForResultsAreRefused) {
  expectNull([](batten_error *e) { return batten_program_open("f", nullptr, nullptr, e); }, "out_program is NULL");
  expectNull([](batten_error *e) { return batten_program_from(&withWeights, nullptr, e); }, "out_program is NULL");
  expectNull([](batten_error *e) { return batten_safetensors_open("f", nullptr, e); }, "out_file is NULL");
  expectNull([](batten_error *e) { return batten_npy_load("f", nullptr, e); }, "out_tensor is NULL");
  expectNull([](batten_error *e) { return batten_pool_create(1, nullptr, e); }, "out_pool is NULL");
  expectNull([](batten_error *e) { return batten_workspace_create(nullptr, e); }, "out_workspace is NULL");
}

TEST(Null, ArgumentsOfPresentProgramsAreRefused) {
  batten::Error error;
  batten::Program program = batten::Program::from(&withWeights, error);
  ASSERT_TRUE(program) << error.message();
  const batten_program *fake = program.get();
  batten_tensor tensor{};
  int64_t sizes[3] = {};
  EXPECT_EQ(batten_program_find(fake, nullptr), -1);
  batten::Program bound = batten::Program::from(&withoutWeights, error);
  ASSERT_TRUE(bound.bind(error)) << error.message();
  expectNull([&](batten_error *e) { return batten_model_create(bound.get(), nullptr, e); }, "out_model is NULL");
  expectNull([&](batten_error *e) { return batten_program_copy(fake, nullptr, e); }, "out_program is NULL");
  expectNull([&](batten_error *e) { return batten_program_solve(fake, 0, nullptr, 1, sizes, e); },
             "fake_scale(): the tensors are NULL");
  expectNull([&](batten_error *e) { return batten_program_solve(fake, 0, &tensor, 0, nullptr, e); },
             "fake_scale(): the sizes are NULL");
  expectNull([&](batten_error *e) { return batten_program_shape(fake, 0, 0, nullptr, &tensor, e); },
             "fake_scale(): the sizes are NULL");
  expectNull([&](batten_error *e) { return batten_program_shape(fake, 0, 0, sizes, nullptr, e); },
             "fake_scale(): out_tensor is NULL");
  expectNull([&](batten_error *e) { return batten_program_bind(program.get(), nullptr, 2, nullptr, e); },
             "the weights are NULL");
}

// Whoever does not look at what open() returned is told so by whatever comes next.
TEST(Null, AProgramThatDidNotOpenIsRefusedByAllThatUsesIt) {
  batten::Error error;
  batten::Program program = batten::Program::open("/nowhere/none.so", error);
  EXPECT_EQ(error.code(), BATTEN_E_FILE);
  const auto expectRefused = [&](bool done) {
    EXPECT_FALSE(done);
    EXPECT_EQ(error.code(), BATTEN_E_NULL);
    EXPECT_STREQ(error.message(), noProgram);
    error.clear();
  };
  const batten::Workspace workspace;
  std::vector<int64_t> sizes;
  for (const batten::Entry &entry : {batten::Entry("forward"), batten::Entry(0)}) {
    expectRefused(program.call(entry, {}, workspace, error));
    expectRefused(program.callChunked(entry, 100, {}, workspace, error));
    expectRefused(program.solve(entry, {}, sizes, error));
    expectRefused(static_cast<bool>(program.allocate(entry, 0, sizes, error)));
  }
  expectRefused(program.bind(error));
  expectRefused(program.bind("w.safetensors", error));
  expectRefused(program.check("w.safetensors", error, [](const batten_problem &) {}));
  expectRefused(static_cast<bool>(program.copy(error)));
  expectRefused(static_cast<bool>(batten::Model::create(program, error)));
  EXPECT_EQ(program.find("forward"), -1);
  EXPECT_EQ(program.describe().entry_count, 0);
  EXPECT_STREQ(program.describe().name, "");
}

TEST(Null, OtherObjectsThatWereNotMadeAreRefused) {
  batten::Error error;
  const batten::Model model;
  const batten::Batcher batcher;
  const batten::Safetensors file;
  const auto expectRefused = [&](bool done, const char *message) {
    EXPECT_FALSE(done);
    EXPECT_EQ(error.code(), BATTEN_E_NULL);
    EXPECT_STREQ(error.message(), message);
    error.clear();
  };
  for (const batten::Entry &entry : {batten::Entry("forward"), batten::Entry(0)}) {
    expectRefused(model.call(entry, {}, batten::Workspace(), error), "model is NULL");
    expectRefused(model.callChunked(entry, 100, {}, batten::Workspace(), error), "model is NULL");
    expectRefused(static_cast<bool>(batten::Batcher::create(model, entry, batten::Batcher::options(), error)),
                  "a batcher needs a model and a place to be written to");
  }
  expectRefused(batcher.call({}, error), "batcher is NULL");
  EXPECT_EQ(batcher.counts().requests, 0);
  batcher.close();
  expectRefused(static_cast<bool>(file.load(0, error)), "the file is NULL");
  EXPECT_EQ(file.count(), 0);
  EXPECT_EQ(file.shape(0).rank, -1);
  EXPECT_EQ(batten::Buffer().tensor().rank, -1);
  int64_t seen = 0;
  batten::Pool().parallelFor(3, [&](int64_t begin, int64_t end) { seen += end - begin; });
  EXPECT_EQ(seen, 3);
}

} // namespace
