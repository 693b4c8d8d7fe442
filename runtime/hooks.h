// hooks.h - where a test makes the host fail: the n-th allocation, a short or interrupted read.
//
// Null means the real thing. Only tests set them, before they start threads; the shared
// library does not export it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_RUNTIME_HOOKS_H
#define BATTEN_RUNTIME_HOOKS_H

#include <atomic>
#include <stdint.h>
#include <sys/types.h>

namespace batten::runtime {

struct Hooks {
  /// Returns false to make this allocation fail.
  std::atomic<bool (*)(int64_t bytes)> allocate{nullptr};
  /// In place of pread and write.
  std::atomic<ssize_t (*)(int descriptor, void *data, size_t bytes, off_t offset)> read{nullptr};
  std::atomic<ssize_t (*)(int descriptor, const void *data, size_t bytes)> write{nullptr};
};
extern Hooks hooks;

} // namespace batten::runtime

#endif // BATTEN_RUNTIME_HOOKS_H
