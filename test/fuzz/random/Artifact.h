// Artifact.h - a compiled program in memory, called with everything around its buffers watched.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_TEST_FUZZ_RANDOM_ARTIFACT_H
#define BATTEN_TEST_FUZZ_RANDOM_ARTIFACT_H

#include "compiler/Compiler.h"
#include "runtime/batten.h"
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace batten::fuzz {

using Sizes = std::map<std::string, int64_t>;

/// Why something failed: `error` where it says so, else the diagnostics, which know of internal errors too.
std::string reason(const std::string &error, const frontend::Diagnostics &diagnostics);

/// Bytes between two red zones: what writes beside them is found, and what reads beside them reads NaN. Or in front of
/// a page that nobody may touch: what reads beyond the end stops the process.
class ZonedBytes {
public:
  /// `offset` bytes beyond a multiple of 64.
  ZonedBytes(size_t bytes, size_t offset);
  static ZonedBytes beforeGuard(size_t bytes);
  ZonedBytes(ZonedBytes &&other) noexcept;
  ~ZonedBytes();
  char *data() { return memory + begin; }
  size_t size() const { return bytes; }
  bool intact() const;

private:
  static constexpr size_t zone = 192;
  static constexpr char pattern = char(0xff);
  char *memory;
  size_t length; ///< of what may be touched; a guard page follows
  size_t begin, bytes;
  explicit ZonedBytes(size_t length);
};

/// Two threads for `batten_call`, which look at what they are given.
class WatchedThreads {
public:
  WatchedThreads();
  ~WatchedThreads();
  WatchedThreads(const WatchedThreads &) = delete;
  batten_call service(batten_error *error);

  std::string fault;  ///< ranges that overlap or leave something out; empty: none
  int64_t calls = 0;  ///< of parallel_for
  int64_t shared = 0; ///< of these, on two threads

private:
  struct Range {
    int64_t begin, end;
    std::thread::id thread;
  };
  using Body = void (*)(void *context, int64_t begin, int64_t end);
  batten_pool *pool = nullptr;
  std::mutex mutex;
  std::vector<Range> ranges;
  Body body = nullptr;
  void *context = nullptr;
  static void parallelFor(void *self, int64_t count, Body body, void *context);
  static void record(void *self, int64_t begin, int64_t end);
  void check(int64_t count);
};

class Artifact {
public:
  /// Compiles and loads. nullptr: `error` says why.
  static std::unique_ptr<Artifact> make(Compiler &compiler, const frontend::Program &program, const Options &options,
                                        frontend::Diagnostics &diagnostics, std::string &error,
                                        std::vector<Emission> also = {});
  ~Artifact();

  /// Binds, by the uniform functions of the description. false: `error`.
  bool bind(const std::vector<HostTensor> &weights, std::string &error);
  /// Calls the entry of `function` on its arguments (weights left out); gives its results, then what became of its
  /// inouts, of which the call gets copies. nullopt: `error`; a refusal also sets `status`.
  std::optional<std::vector<HostTensor>> call(const frontend::Function &function, const Sizes &sizes,
                                              const std::vector<HostTensor> &arguments, WatchedThreads *threads,
                                              std::string &error, int *status = nullptr) const;
  const batten_entry &entry(const frontend::Function &function) const;
  const batten_description &description() const { return *described; }

  Compilation compilation;

private:
  int file = -1;
  batten_program *opened = nullptr;
  const batten_description *described = nullptr;
  std::unique_ptr<ZonedBytes> memory;
  const void *bound = nullptr;
};

/// The values that a call gives: results, then what inouts become.
std::vector<int> valuesGiven(const frontend::Function &function);
int64_t elementsOf(const std::vector<int64_t> &sizes);
/// Zeros.
HostTensor emptyTensor(frontend::DType dtype, std::vector<int64_t> sizes);
std::vector<int64_t> shapeAt(const frontend::TensorType &type, const Sizes &sizes);

} // namespace batten::fuzz
#endif // BATTEN_TEST_FUZZ_RANDOM_ARTIFACT_H
