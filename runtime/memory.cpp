// memory.cpp - aligned memory from libc, with a hook that lets a test fail any one request.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "memory.h"

#include "hooks.h"

#include <stdlib.h>

namespace batten::runtime {

constinit Hooks hooks;

void *allocate(int64_t bytes) {
  const auto allowed = hooks.allocate.load(std::memory_order_relaxed);
  if (bytes < 0 || (allowed && !allowed(bytes)))
    return nullptr;
  // aligned_alloc wants a multiple of the alignment; malloc(0) may be null, so ask for something.
  const int64_t rounded = alignUp(bytes ? bytes : 1);
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
