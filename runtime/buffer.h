// buffer.h - a buffer of samples, as DLPack's export sees it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_RUNTIME_BUFFER_H
#define BATTEN_RUNTIME_BUFFER_H

#include "memory.h"
#include "storage.h"

struct batten_buffer {
  batten::runtime::Storage *storage = nullptr;
  batten_tensor samples{}; ///< [count, sample sizes...]
  int64_t capacity = 0;
  int64_t sampleBytes = 0;
  bool isView = false; ///< others may stand behind its samples

  batten_buffer() = default;
  batten_buffer(const batten_buffer &) = delete;
  batten_buffer &operator=(const batten_buffer &) = delete;
  ~batten_buffer() {
    if (storage)
      batten::runtime::drop(storage);
  }
  int64_t count() const { return samples.sizes[0]; }
  char *sample(int64_t index) const { return static_cast<char *>(samples.data) + index * sampleBytes; }
};

namespace batten::runtime {

/// What memory of somebody else's must be to become a buffer.
int requireSamples(const batten_tensor &samples, batten_error *error);

/// A full buffer that takes over its user's share of `storage`, or null when memory is lacking: then nothing is taken.
batten_buffer *wrapSamples(const batten_tensor &samples, Storage *storage);

} // namespace batten::runtime

#endif // BATTEN_RUNTIME_BUFFER_H
