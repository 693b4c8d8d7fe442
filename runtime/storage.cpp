// storage.cpp - counted blocks, and a pool of them in classes of sizes.
//
// Four classes a doubling: a block has at most a quarter more than was asked for, and buffers of nearly the same size
// find each other's blocks. The pool itself is counted by its owner and by every block that is out.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "storage.h"

#include "memory.h"
#include "status.h"

#include <bit>
#include <pthread.h>

using namespace batten::runtime;

namespace {

constexpr int64_t headerBytes = memoryAlignment;
static_assert(sizeof(Storage) <= headerBytes);

constexpr int stepsPerDoubling = 4, classCount = 64 * stepsPerDoubling;

/// The smallest class that has room for `bytes`, and how much room it has; -1 when that does not fit into 63 bits.
int findClass(int64_t bytes, int64_t &outBytes) {
  if (bytes <= memoryAlignment) {
    outBytes = memoryAlignment;
    return 0;
  }
  const int doubling = (int)std::bit_width((uint64_t)bytes - 1) - 1; // bytes - 1 in [2^doubling, 2^(doubling + 1))
  const int64_t step = (int64_t)1 << (doubling - 2);
  const int64_t steps = (bytes - 1 - ((int64_t)1 << doubling)) / step; // whole ones above the power
  int64_t room;
  if (__builtin_add_overflow((int64_t)1 << doubling, (steps + 1) * step, &room))
    return -1;
  outBytes = room;
  return doubling * stepsPerDoubling + (int)steps;
}

Storage *makeBlock(int64_t bytes) {
  int64_t total;
  if (__builtin_add_overflow(bytes, headerBytes, &total))
    return nullptr;
  void *memory = allocate(total);
  if (!memory)
    return nullptr;
  Storage *storage = new (memory) Storage;
  storage->data = static_cast<char *>(memory) + headerBytes;
  storage->bytes = bytes;
  return storage;
}

} // namespace

struct batten_buffer_pool {
  mutable pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  int64_t users = 1; ///< its owner, and blocks that are out
  bool closed = false;
  int64_t idleLimit = 0, idleBytes = 0;
  Storage *idle[classCount] = {};

  ~batten_buffer_pool() { pthread_mutex_destroy(&mutex); }
  Storage *take(int index);
  void giveBack(Storage *storage);
  void close();

private:
  void leave();
};

/// A block of that class, counted as being out; null where none is unused.
Storage *batten_buffer_pool::take(int index) {
  pthread_mutex_lock(&mutex);
  Storage *storage = idle[index];
  if (storage) {
    idle[index] = storage->next;
    idleBytes -= storage->bytes;
  }
  ++users;
  pthread_mutex_unlock(&mutex);
  return storage;
}

/// Null is a block that take() did not find and the host did not give either.
void batten_buffer_pool::giveBack(Storage *storage) {
  int64_t bytes;
  pthread_mutex_lock(&mutex);
  if (storage && !closed && storage->bytes <= idleLimit - idleBytes) {
    Storage *&first = idle[findClass(storage->bytes, bytes)];
    storage->next = first;
    first = storage;
    idleBytes += storage->bytes;
    storage = nullptr;
  }
  leave();
  ::release(storage);
}

void batten_buffer_pool::close() {
  pthread_mutex_lock(&mutex);
  closed = true;
  for (Storage *&first : idle)
    while (Storage *storage = first) {
      first = storage->next;
      ::release(storage);
    }
  idleBytes = 0;
  leave();
}

/// With the mutex locked; unlocks it, and is the last that is done with the pool.
void batten_buffer_pool::leave() {
  const bool last = --users == 0;
  pthread_mutex_unlock(&mutex);
  if (last)
    destroy(this);
}

namespace batten::runtime {

Storage *allocateStorage(int64_t bytes, batten_buffer_pool *pool) {
  if (!pool)
    return makeBlock(bytes);
  int64_t room;
  const int index = findClass(bytes, room);
  if (index < 0)
    return nullptr;
  Storage *storage = pool->take(index);
  if (!storage && !(storage = makeBlock(room))) {
    pool->giveBack(nullptr);
    return nullptr;
  }
  storage->users.store(1, std::memory_order_relaxed);
  storage->pool = pool;
  return storage;
}

Storage *lendStorage(void *data, void (*release)(void *context, void *data), void *context) {
  Storage *storage = create<Storage>();
  if (!storage)
    return nullptr;
  storage->data = data;
  storage->release = release;
  storage->context = context;
  return storage;
}

Storage *retain(Storage *storage) {
  storage->users.fetch_add(1, std::memory_order_relaxed);
  return storage;
}

void drop(Storage *storage) {
  // What others wrote before they dropped theirs must be over before the memory is anybody else's.
  if (storage->users.fetch_sub(1, std::memory_order_acq_rel) > 1)
    return;
  if (storage->pool)
    return storage->pool->giveBack(storage);
  if (storage->release)
    storage->release(storage->context, storage->data);
  release(storage);
}

} // namespace batten::runtime

int batten_buffer_pool_create(int64_t idle_bytes, batten_buffer_pool **out_pool, batten_error *error) {
  if (!out_pool)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "a pool of buffers needs a place to be written to");
  if (idle_bytes < 0)
    return BATTEN_REFUSE(error, BATTEN_E_SIZE, "a pool that keeps %lld bytes; it must be 0 or more",
                         (long long)idle_bytes);
  batten_buffer_pool *pool = create<batten_buffer_pool>();
  if (!pool)
    return BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "no memory for a pool of buffers");
  pool->idleLimit = idle_bytes;
  *out_pool = pool;
  return 0;
}

void batten_buffer_pool_destroy(batten_buffer_pool *pool) {
  if (pool)
    pool->close();
}

int64_t batten_buffer_pool_idle_bytes(const batten_buffer_pool *pool) {
  if (!pool)
    return 0;
  pthread_mutex_lock(&pool->mutex);
  const int64_t bytes = pool->idleBytes;
  pthread_mutex_unlock(&pool->mutex);
  return bytes;
}
