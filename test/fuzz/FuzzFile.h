// FuzzFile.h - the fuzzer's bytes as a file, and a bound on what a reader may allocate for them.
//
// A file in memory, opened by its path, so that the whole reader runs: open, size, pread. A reader that asks for more
// than twice the file and a little is a finding, as a crash is.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_TEST_FUZZ_FUZZFILE_H
#define BATTEN_TEST_FUZZ_FUZZFILE_H

#include "runtime/hooks.h"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace batten::fuzz {

inline std::atomic<int64_t> budget;

/// A path under which these bytes are found until the next call.
inline const char *fileOf(const uint8_t *data, size_t size) {
  static const int descriptor = memfd_create("fuzz", MFD_CLOEXEC);
  static const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  if (descriptor < 0 || ftruncate(descriptor, 0) || pwrite(descriptor, data, size, 0) != static_cast<ssize_t>(size))
    abort();
  budget = 2 * static_cast<int64_t>(size) + (1 << 16);
  runtime::hooks.allocate = [](int64_t bytes) {
    if ((budget -= bytes) < 0)
      abort();
    return true;
  };
  return path.c_str();
}

inline void require(bool condition) {
  if (!condition)
    abort();
}

} // namespace batten::fuzz

#endif // BATTEN_TEST_FUZZ_FUZZFILE_H
