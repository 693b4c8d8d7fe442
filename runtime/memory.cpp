// memory.cpp - aligned memory from libc, in huge pages where it is large; a hook lets a test fail any one request.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "memory.h"

#include "hooks.h"

#include <stdlib.h>
#include <sys/mman.h>

namespace batten::runtime {

constinit Hooks hooks;

namespace {

constexpr int64_t hugePage = INT64_C(2) << 20, leastHuge = 2 * hugePage;

/// Kernels stream what is large, and pages of 4 KiB cost a fault each when they are first written and a walk through
/// the page tables whenever they are read. Only whole huge pages are asked for, so the end takes no more than its
/// bytes; a system that has none gives small ones.
void *allocateHuge(int64_t bytes) {
  void *memory = nullptr;
  if (posix_memalign(&memory, (size_t)hugePage, (size_t)bytes))
    return nullptr;
  madvise(memory, (size_t)(bytes & -hugePage), MADV_HUGEPAGE);
  return memory;
}

} // namespace

void *allocate(int64_t bytes) {
  const auto allowed = hooks.allocate.load(std::memory_order_relaxed);
  if (bytes < 0 || (allowed && !allowed(bytes)))
    return nullptr;
  // aligned_alloc wants a multiple of the alignment; malloc(0) may be null, so ask for something.
  const int64_t rounded = alignUp(bytes ? bytes : 1);
  if (rounded >= leastHuge)
    return allocateHuge(rounded);
  return rounded < 0 ? nullptr : aligned_alloc((size_t)memoryAlignment, (size_t)rounded);
}

void release(void *memory) { free(memory); }

int64_t alignUp(int64_t bytes) {
  int64_t rounded;
  if (bytes < 0 || __builtin_add_overflow(bytes, memoryAlignment - 1, &rounded))
    return -1;
  return rounded & -memoryAlignment;
}

} // namespace batten::runtime
