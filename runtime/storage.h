// storage.h - blocks of memory that buffers, views and exported tensors share, and the pool that keeps them for reuse.
//
// A block is counted, and goes back where it came from with its last user: to its pool, to the host, or to whoever lent
// it. Blocks of our own are one allocation, the Storage in its first 64 bytes.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_RUNTIME_STORAGE_H
#define BATTEN_RUNTIME_STORAGE_H

#include "batten.h"

#include <atomic>

namespace batten::runtime {

struct Storage {
  std::atomic<int64_t> users{1};
  void *data = nullptr;
  int64_t bytes = 0;                                    ///< of data; where the block is a pool's, its whole class
  batten_buffer_pool *pool = nullptr;                   ///< where it goes back to
  Storage *next = nullptr;                              ///< in the pool's list of unused ones
  void (*release)(void *context, void *data) = nullptr; ///< of whoever lent the memory
  void *context = nullptr;

  bool shared() const { return users.load(std::memory_order_acquire) > 1; }
};

/// At least so many bytes, from the pool if there is one; null when memory is lacking.
Storage *allocateStorage(int64_t bytes, batten_buffer_pool *pool);
/// Memory that somebody lends; null when memory for the few bytes is lacking.
Storage *lendStorage(void *data, void (*release)(void *context, void *data), void *context);

Storage *retain(Storage *storage);
void drop(Storage *storage);

} // namespace batten::runtime

#endif // BATTEN_RUNTIME_STORAGE_H
