// FileFaultTest.cpp - reads and writes come short, are interrupted or fail: statuses, and files as they were.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "FakeProgram.h"
#include "Files.h"
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
