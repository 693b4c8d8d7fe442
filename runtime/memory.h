// memory.h - every allocation of the runtime.
//
// The library uses no operator new and no container of the standard library: they report a full memory by an exception
// or by abort, and the runtime does neither. All memory is 64-byte aligned, so that any of it can be handed to a
// program.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_RUNTIME_MEMORY_H
#define BATTEN_RUNTIME_MEMORY_H

#include <new>
#include <stddef.h>
#include <stdint.h>
#include <utility>

namespace batten::runtime {

constexpr int64_t memoryAlignment = 64;

/// Null when memory is lacking or `bytes` is negative; for 0 bytes a pointer like any other. Not cleared.
void *allocate(int64_t bytes);
/// Takes null.
void release(void *memory);

/// Rounds up to a multiple of 64; -1 when the result does not fit or `bytes` is negative.
int64_t alignUp(int64_t bytes);

/// Elements of a plain type in memory of their own.
template <class T> class Array {
public:
  Array() = default;
  Array(const Array &) = delete;
  Array &operator=(const Array &) = delete;
  ~Array() { release(elements); }

  /// Replaces the content by `size` cleared elements; false, and empty, when memory is lacking.
  bool create(int64_t size) {
    if (!createUncleared(size))
      return false;
    for (int64_t i = 0; i < size; ++i)
      new (elements + i) T{};
    return true;
  }
  /// The same for what is written at once.
  bool createUncleared(int64_t size) {
    release(elements);
    elements = nullptr;
    count = 0;
    int64_t bytes;
    if (__builtin_mul_overflow(size, (int64_t)sizeof(T), &bytes) || !(elements = static_cast<T *>(allocate(bytes))))
      return false;
    count = size;
    return true;
  }
  /// Forgets the elements from `size` on; the memory stays.
  void shrink(int64_t size) { count = size; }
  void swap(Array &other) {
    std::swap(elements, other.elements);
    std::swap(count, other.count);
  }
  int64_t size() const { return count; }
  T *data() { return elements; }
  const T *data() const { return elements; }
  T &operator[](int64_t i) { return elements[i]; }
  const T &operator[](int64_t i) const { return elements[i]; }
  T *begin() { return elements; }
  T *end() { return elements + count; }
  const T *begin() const { return elements; }
  const T *end() const { return elements + count; }

private:
  T *elements = nullptr;
  int64_t count = 0;
};

/// Makes an object in the runtime's memory; null when that is lacking. Undone by destroy().
template <class T, class... Arguments> T *create(Arguments &&...arguments) {
  void *memory = allocate(sizeof(T));
  return memory ? new (memory) T(std::forward<Arguments>(arguments)...) : nullptr;
}
template <class T> void destroy(T *object) {
  if (!object)
    return;
  object->~T();
  release(object);
}

/// Destroys what it holds unless that is taken out: for functions that may still refuse.
template <class T> class Owned {
public:
  explicit Owned(T *object) : object(object) {}
  Owned(const Owned &) = delete;
  Owned &operator=(const Owned &) = delete;
  ~Owned() { destroy(object); }
  T *operator->() const { return object; }
  T &operator*() const { return *object; }
  explicit operator bool() const { return object != nullptr; }
  T *take() { return std::exchange(object, nullptr); }

private:
  T *object;
};

} // namespace batten::runtime

#endif // BATTEN_RUNTIME_MEMORY_H
