// FaultTest.cpp - the n-th allocation fails, reads come short, are interrupted or fail: statuses, never a crash or a
// leak.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "FakeProgram.h"
#include "Files.h"
#include "RowProgram.h"
#include "runtime/batten.hpp"
#include "runtime/hooks.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>

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

std::atomic<int> readCalls;

TEST(Fault, ShortAndInterruptedReadsAreContinued) {
  readCalls = 0;
  hooks.read = [](int descriptor, void *data, size_t bytes, off_t offset) -> ssize_t {
    if (++readCalls % 3 == 0) {
      errno = EINTR;
      return -1;
    }
    return pread(descriptor, data, bytes < 5 ? bytes : 5, offset);
  };
  batten::Error error;
  const batten::Tensor tensor = batten::Tensor::loadNpy(fixture("f4.npy"), error);
  hooks.read = nullptr;
  ASSERT_TRUE(tensor) << error.message();
  for (int64_t i = 0; i < tensor.elements(); ++i)
    EXPECT_EQ(tensor.data<float>()[i], static_cast<float>(i - 3));
  EXPECT_GT(readCalls, 40);
}

std::string changing; ///< path of the file that a read changes
std::atomic<int> changeAt;

TEST(Fault, FilesThatChangeWhileTheyAreReadAreRefused) {
  const std::string bytes = readBytes(fixture("simple.safetensors"));
  const auto overwrite = [] { // one byte, and a time that no clock is too coarse for
    std::fstream(changing, std::ios::in | std::ios::out | std::ios::binary).seekp(-1, std::ios::end).put('x');
    const timespec times[2] = {{1, 1}, {1, 1}};
    ASSERT_EQ(utimensat(AT_FDCWD, changing.c_str(), times, 0), 0);
  };
  const auto append = [] { std::ofstream(changing, std::ios::app) << "x"; };
  const auto replace = [] { // as a writer should: readers keep the file that they opened
    std::ofstream(changing + ".new") << "x";
    ASSERT_EQ(std::rename((changing + ".new").c_str(), changing.c_str()), 0);
  };
  static void (*change)();
  for (void (*const each)() : {+overwrite, +append, +replace})
    for (int n = 1; n <= 4; ++n) { // length, header, two tensors
      const TemporaryFile file("changing.safetensors", bytes);
      changing = file.path;
      changeAt = n;
      change = each;
      hooks.read = [](int descriptor, void *data, size_t count, off_t offset) -> ssize_t {
        if (--changeAt == 0)
          change();
        return pread(descriptor, data, count, offset);
      };
      bindStatus = 0;
      batten::Error error;
      batten::Program program = batten::Program::from(&withWeights, error);
      const bool bound = program.bind(file.path, error);
      hooks.read = nullptr;
      EXPECT_EQ(bound, each == +replace) << n << error.message();
      if (bound)
        continue;
      EXPECT_EQ(error.code(), BATTEN_E_FILE);
      EXPECT_TRUE(std::string(error.message()).ends_with("changing.safetensors` was changed while it was read"))
          << error.message();
    }
}

std::atomic<int> failAt;

TEST(Fault, EveryReadMayFailOrEnd) {
  for (const bool shrinks : {false, true})
    for (int n = 1;; ++n) {
      static bool ends;
      ends = shrinks;
      failAt = n;
      hooks.read = [](int descriptor, void *data, size_t bytes, off_t offset) -> ssize_t {
        if (--failAt == 0) {
          errno = EIO;
          return ends ? 0 : -1;
        }
        return pread(descriptor, data, bytes, offset);
      };
      bindStatus = 0;
      batten::Error error;
      batten::Program program = batten::Program::from(&withWeights, error);
      const bool bound = program.bind(fixture("simple.safetensors"), error);
      hooks.read = nullptr;
      if (bound) {
        EXPECT_EQ(n, 5); // length, header, two tensors
        break;
      }
      EXPECT_EQ(error.code(), BATTEN_E_FILE);
      const std::string message = error.message();
      EXPECT_TRUE(message.ends_with(shrinks ? "simple.safetensors` became shorter while it was read"
                                            : "simple.safetensors`: Input/output error"))
          << message;
    }
}

/// The n-th read fails for n = 1, 2, ... until the action succeeds; returns that n.
int failEveryRead(const std::function<int()> &action) {
  for (int n = 1;; ++n) {
    failAt = n;
    hooks.read = [](int descriptor, void *data, size_t bytes, off_t offset) -> ssize_t {
      if (--failAt)
        return pread(descriptor, data, bytes, offset);
      errno = EIO;
      return -1;
    };
    const int result = action();
    hooks.read = nullptr;
    if (!result)
      return n;
    EXPECT_EQ(result, BATTEN_E_FILE);
  }
}

TEST(Fault, FailedReadsLeaveNothingBehind) {
  EXPECT_EQ(failEveryRead([] {
              batten_tensor tensor{};
              const int result = batten_npy_load(fixture("f4.npy").c_str(), &tensor, nullptr);
              EXPECT_EQ(result == 0, tensor.data != nullptr);
              batten_tensor_release(&tensor);
              return result;
            }),
            4); // preamble, dict, elements
  EXPECT_EQ(failEveryRead([] {
              batten_safetensors *file = nullptr;
              batten_tensor tensor{};
              int result = batten_safetensors_open(fixture("simple.safetensors").c_str(), &file, nullptr);
              if (!result)
                result = batten_safetensors_load(file, 0, &tensor, nullptr);
              batten_safetensors_close(file);
              batten_tensor_release(&tensor);
              return result;
            }),
            4); // length, header, elements
}

TEST(Fault, EveryWriteMayFail) {
  const TemporaryFile path("full.safetensors");
  float data[4] = {};
  const batten_named_tensor tensors[] = {{"a", view(data, {2})}, {"b", view(data, {4})}};
  for (int n = 1;; ++n) {
    failAt = n;
    hooks.write = [](int descriptor, const void *bytes, size_t count) -> ssize_t {
      if (--failAt)
        return write(descriptor, bytes, count);
      errno = ENOSPC;
      return -1;
    };
    const int result = batten_safetensors_save(path.c_str(), tensors, 2, nullptr);
    const int other = n <= 2 ? batten_npy_save(path.c_str(), &tensors[0].tensor, nullptr) : BATTEN_E_FILE;
    hooks.write = nullptr;
    if (!result) {
      EXPECT_EQ(n, 4); // header and two tensors
      break;
    }
    EXPECT_EQ(result, BATTEN_E_FILE);
    EXPECT_TRUE(other == 0 || other == BATTEN_E_FILE);
  }
}

/// A folder of the test's own; what a failed write left in it would be found.
class TemporaryFolder {
public:
  TemporaryFolder() : path(testing::TempDir() + "batten-XXXXXX") { EXPECT_TRUE(mkdtemp(path.data())); }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  std::string operator/(const std::string &name) const { return path + "/" + name; }
  int64_t files() const { return std::distance(std::filesystem::directory_iterator(path), {}); }
  std::string path;
};

class Replace : public testing::Test {
protected:
  int save(const std::string &name) {
    const std::string path = name[0] == '/' ? name : folder / name;
    return name.ends_with(".npy") ? batten_npy_save(path.c_str(), &tensor, error.get()) : saveNamed(path);
  }
  int saveNamed(const std::string &path) {
    const batten_named_tensor named = {"a", tensor};
    return batten_safetensors_save(path.c_str(), &named, 1, error.get());
  }
  void put(const std::string &name, const std::string &bytes) { std::ofstream(folder / name) << bytes; }
  std::vector<float> data = std::vector<float>(10000, 1.5f);
  batten_tensor tensor = view(data.data(), {10000});
  TemporaryFolder folder;
  batten::Error error;
};

TEST_F(Replace, AFailedWriteLeavesTheEarlierFile) {
  for (const std::string name : {"w.npy", "w.safetensors"}) {
    put(name, "the earlier one");
    rlimit unlimited;
    getrlimit(RLIMIT_FSIZE, &unlimited);
    const rlimit small = {20000, unlimited.rlim_max}; // as a disk that is full half way through
    const auto handler = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    const int result = save(name);
    setrlimit(RLIMIT_FSIZE, &unlimited);
    signal(SIGXFSZ, handler);
    EXPECT_EQ(result, BATTEN_E_FILE);
    EXPECT_EQ(readBytes(folder / name), "the earlier one");
    EXPECT_EQ(folder.files(), 1);
    EXPECT_EQ(save(name), 0) << error.message();
    EXPECT_GT(readBytes(folder / name).size(), 40000);
    EXPECT_EQ(folder.files(), 1);
    std::filesystem::remove(folder / name);
  }
}

TEST_F(Replace, ModeAndLinksStay) {
  put("real.npy", "");
  chmod((folder / "real.npy").c_str(), 0640);
  std::filesystem::create_symlink("real.npy", folder / "link.npy");
  std::filesystem::create_symlink("new.npy", folder / "dangling.npy");
  EXPECT_EQ(save("link.npy"), 0) << error.message();
  EXPECT_EQ(save("dangling.npy"), 0) << error.message();
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link.npy"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "dangling.npy"));
  EXPECT_EQ(readBytes(folder / "real.npy").size(), 40128);
  EXPECT_EQ(readBytes(folder / "new.npy").size(), 40128);
  struct stat status;
  ASSERT_EQ(stat((folder / "real.npy").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0640);
  EXPECT_EQ(save(std::string(251, 'n') + ".npy"), 0) << error.message(); // the longest name
}

TEST_F(Replace, PipesAndOpenDescriptorsAreWrittenDirectly) {
  const std::string pipe = folder / "pipe.npy";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::string piped;
  std::thread reader([&] { piped = readBytes(pipe); });
  EXPECT_EQ(save("pipe.npy"), 0) << error.message();
  reader.join();
  EXPECT_EQ(piped.size(), 40128);
  EXPECT_EQ(save("/dev/null"), 0) << error.message();
  put("y.npy", "what stood there");
  const int descriptor = open((folder / "y.npy").c_str(), O_RDWR | O_CLOEXEC);
  struct stat before, after;
  fstat(descriptor, &before);
  EXPECT_EQ(save("/dev/fd/" + std::to_string(descriptor)), 0) << error.message();
  ASSERT_EQ(stat((folder / "y.npy").c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  EXPECT_GT(after.st_size, 40000);
  close(descriptor);
}

TEST(Fault, ShortWritesAreContinued) {
  readCalls = 0;
  hooks.write = [](int descriptor, const void *data, size_t bytes) -> ssize_t {
    if (++readCalls % 3 == 0) {
      errno = EINTR;
      return -1;
    }
    return write(descriptor, data, bytes < 7 ? bytes : 7);
  };
  batten::Error error;
  const TemporaryFile copy("short.npy");
  EXPECT_TRUE(batten::Tensor::loadNpy(fixture("f8.npy"), error).saveNpy(copy.path, error));
  hooks.write = nullptr;
  EXPECT_EQ(readBytes(copy.path), readBytes(fixture("f8.npy")));
}

} // namespace
