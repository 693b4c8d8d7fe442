// buffer.cpp - buffers of samples: making, growing, and moving samples by copies of whole ones.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "buffer.h"

#include "status.h"
#include "tensor.h"

#include <string.h>

using namespace batten::runtime;

namespace {

int requireWholeBytes(batten_dtype dtype, batten_error *error) {
  if (dtypeBits(dtype) > 0 && dtypeBits(dtype) % 8 == 0 && dtype >> 16 == 1)
    return 0;
  return BATTEN_REFUSE(error, BATTEN_E_UNSUPPORTED, "a buffer cannot hold %s: one element must be whole bytes",
                       batten_dtype_name(dtype));
}

/// [count, sizes...] without memory, and the bytes of it all.
int describeSamples(batten_dtype dtype, int32_t rank, const int64_t *sizes, int64_t count, batten_tensor &out,
                    batten_error *error) {
  int64_t extents[BATTEN_MAX_RANK] = {count};
  if (rank < 0 || rank >= BATTEN_MAX_RANK)
    return BATTEN_REFUSE(error, BATTEN_E_SHAPE, "the rank of a sample is %d, it must be 0 to %d", rank,
                         BATTEN_MAX_RANK - 1);
  for (int32_t i = 0; i < rank; ++i)
    extents[i + 1] = sizes[i];
  if (!makeDense(dtype, rank + 1, extents, nullptr, out))
    return BATTEN_REFUSE(error, BATTEN_E_SHAPE, "a size is negative, or %lld samples have more than 2^63 - 1 bytes",
                         (long long)count);
  return 0;
}

void setCount(batten_buffer &buffer, int64_t count) { buffer.samples.sizes[0] = count; }

int64_t bytesOfSample(const batten_tensor &samples) {
  batten_tensor one = samples;
  one.sizes[0] = 1;
  return batten_tensor_bytes(&one);
}

void addSample(Sentence &sentence, const batten_tensor &samples, int32_t first) {
  sentence.add("%s ", batten_dtype_name(samples.dtype));
  sentence.addShape(samples.rank - first, samples.sizes + first);
}

/// `first`: where the sample's own dims begin.
int requireSameSample(const batten_tensor &from, int32_t first, const batten_buffer &to, batten_error *error) {
  const bool sameDtype = from.dtype == to.samples.dtype;
  if (sameDtype && sameShape(from.rank - first, from.sizes + first, to.samples.rank - 1, to.samples.sizes + 1))
    return 0;
  char text[200];
  Sentence sentence(text, sizeof text);
  sentence.add("a sample is ");
  addSample(sentence, from, first);
  sentence.add(", the buffer's are ");
  addSample(sentence, to.samples, 1);
  return BATTEN_REFUSE(error, sameDtype ? BATTEN_E_SHAPE : BATTEN_E_DTYPE, "%s", text);
}

int requireIndices(const int64_t *indices, int64_t count, int64_t bound, batten_error *error) {
  if (count < 0)
    return BATTEN_REFUSE(error, BATTEN_E_SIZE, "%lld indices; there must be 0 or more", (long long)count);
  if (!indices && count > 0)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "the indices are NULL");
  for (int64_t i = 0; i < count; ++i)
    if (indices[i] < 0 || indices[i] >= bound)
      return BATTEN_REFUSE(error, BATTEN_E_INDEX, "index %lld is %lld, the buffer has %lld samples", (long long)i,
                           (long long)indices[i], (long long)bound);
  return 0;
}

int requireApart(const batten_buffer &from, const batten_buffer &to, int64_t toCount, batten_error *error) {
  const char *const fromEnd = from.sample(from.count()), *const toEnd = to.sample(toCount);
  const bool empty = from.sample(0) == fromEnd || to.sample(0) == toEnd;
  if (empty || from.sample(0) >= toEnd || to.sample(0) >= fromEnd)
    return 0;
  return BATTEN_REFUSE(error, BATTEN_E_OVERLAP, "the buffers overlap in memory");
}

int requireBuffer(const batten_buffer *buffer, batten_error *error) {
  return buffer ? 0 : BATTEN_REFUSE(error, BATTEN_E_NULL, "a buffer is NULL");
}

/// memcpy may not be given NULL, not even for no bytes.
void copySamples(char *to, const char *from, int64_t bytes) {
  if (bytes > 0)
    memmove(to, from, (size_t)bytes);
}

} // namespace

namespace batten::runtime {

int requireSamples(const batten_tensor &samples, batten_error *error) {
  if (const int result = requireDenseCpu(&samples, "the tensor", error))
    return result;
  if (samples.rank < 1)
    return BATTEN_REFUSE(error, BATTEN_E_SHAPE, "the tensor has rank 0, its first dim must count the samples");
  if (const int result = requireWholeBytes(samples.dtype, error))
    return result;
  const int64_t elementBytes = BATTEN_DTYPE_BYTES(samples.dtype);
  // Complex numbers align to their halves, and no element to more than 8 bytes.
  if (reinterpret_cast<uintptr_t>(samples.data) % (uintptr_t)(elementBytes < 8 ? elementBytes : 8))
    return BATTEN_REFUSE(error, BATTEN_E_ALIGN, "the tensor must be aligned to its elements of %lld bytes",
                         (long long)elementBytes);
  return 0;
}

batten_buffer *wrapSamples(const batten_tensor &samples, Storage *storage) {
  batten_buffer *buffer = create<batten_buffer>();
  if (!buffer)
    return nullptr;
  buffer->storage = storage;
  makeDense(samples.dtype, samples.rank, samples.sizes, samples.data, buffer->samples); // strides of 1-sized dims
  buffer->capacity = samples.sizes[0];
  buffer->sampleBytes = bytesOfSample(samples);
  return buffer;
}

} // namespace batten::runtime

int batten_buffer_create(batten_dtype dtype, int32_t sample_rank, const int64_t *sample_sizes, int64_t capacity,
                         batten_buffer_pool *pool, batten_buffer **out_buffer, batten_error *error) {
  if (!out_buffer || (!sample_sizes && sample_rank > 0))
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "a buffer needs the sizes of a sample and a place to be written to");
  if (const int result = requireWholeBytes(dtype, error))
    return result;
  batten_tensor samples;
  if (const int result = describeSamples(dtype, sample_rank, sample_sizes, capacity, samples, error))
    return result;
  const int64_t bytes = batten_tensor_bytes(&samples);
  Storage *storage = allocateStorage(bytes, pool);
  batten_buffer *buffer = storage ? wrapSamples(samples, storage) : nullptr;
  if (!buffer) {
    if (storage)
      drop(storage);
    return BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "no memory for a buffer of %lld bytes", (long long)bytes);
  }
  buffer->samples.data = storage->data;
  setCount(*buffer, 0);
  *out_buffer = buffer;
  return 0;
}

int batten_buffer_adopt(const batten_tensor *samples, void (*release)(void *context, void *data), void *context,
                        batten_buffer **out_buffer, batten_error *error) {
  if (!samples || !out_buffer)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "a buffer needs a tensor and a place to be written to");
  if (const int result = requireSamples(*samples, error))
    return result;
  Storage *storage = lendStorage(samples->data, nullptr, context);
  batten_buffer *buffer = storage ? wrapSamples(*samples, storage) : nullptr;
  if (!buffer) {
    if (storage)
      drop(storage);
    return BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "no memory for a buffer");
  }
  storage->release = release; // not before it is certain that the memory is taken over
  *out_buffer = buffer;
  return 0;
}

int batten_buffer_slice(const batten_buffer *buffer, int64_t begin, int64_t end, batten_buffer **out_view,
                        batten_error *error) {
  if (!buffer || !out_view)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "a view needs a buffer and a place to be written to");
  if (begin < 0 || begin > end || end > buffer->count())
    return BATTEN_REFUSE(error, BATTEN_E_INDEX, "samples %lld to %lld of a buffer that has %lld", (long long)begin,
                         (long long)end, (long long)buffer->count());
  batten_tensor window = buffer->samples;
  window.data = buffer->samples.data ? buffer->sample(begin) : nullptr;
  window.sizes[0] = end - begin;
  batten_buffer *view = wrapSamples(window, buffer->storage);
  if (!view)
    return BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "no memory for a view");
  retain(buffer->storage);
  view->isView = true;
  *out_view = view;
  return 0;
}

void batten_buffer_destroy(batten_buffer *buffer) { destroy(buffer); }

int64_t batten_buffer_count(const batten_buffer *buffer) { return buffer ? buffer->count() : 0; }

int64_t batten_buffer_capacity(const batten_buffer *buffer) { return buffer ? buffer->capacity : 0; }

batten_tensor batten_buffer_tensor(const batten_buffer *buffer) {
  if (buffer)
    return buffer->samples;
  batten_tensor none{};
  none.rank = -1; // which every function refuses
  return none;
}

int batten_buffer_resize(batten_buffer *buffer, int64_t count, batten_error *error) {
  if (const int result = requireBuffer(buffer, error))
    return result;
  if (count < 0 || count > buffer->capacity)
    return BATTEN_REFUSE(error, BATTEN_E_SIZE, "%lld samples, the buffer has room for %lld", (long long)count,
                         (long long)buffer->capacity);
  setCount(*buffer, count);
  return 0;
}

int batten_buffer_reserve(batten_buffer *buffer, int64_t capacity, batten_error *error) {
  if (const int result = requireBuffer(buffer, error))
    return result;
  if (capacity <= buffer->capacity)
    return 0;
  if (buffer->isView || buffer->storage->shared())
    return BATTEN_REFUSE(error, BATTEN_E_BUSY, "%s cannot grow", buffer->isView ? "a view" : "a buffer with views");
  batten_tensor samples;
  if (const int result = describeSamples(buffer->samples.dtype, buffer->samples.rank - 1, buffer->samples.sizes + 1,
                                         capacity, samples, error))
    return result;
  const int64_t bytes = batten_tensor_bytes(&samples);
  Storage *storage = allocateStorage(bytes, buffer->storage->pool);
  if (!storage)
    return BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "no memory for a buffer of %lld bytes", (long long)bytes);
  copySamples(static_cast<char *>(storage->data), buffer->sample(0), buffer->count() * buffer->sampleBytes);
  drop(buffer->storage);
  buffer->storage = storage;
  buffer->samples.data = storage->data;
  buffer->capacity = capacity;
  return 0;
}

int batten_buffer_append(batten_buffer *buffer, const batten_tensor *samples, batten_error *error) {
  if (const int result = requireBuffer(buffer, error))
    return result;
  if (const int result = requireDenseCpu(samples, "the tensor to append", error))
    return result;
  const bool isOne = samples->rank == buffer->samples.rank - 1;
  if (const int result = requireSameSample(*samples, isOne || samples->rank == 0 ? 0 : 1, *buffer, error))
    return result;
  const int64_t count = buffer->count(), more = isOne ? 1 : samples->sizes[0];
  if (more > buffer->capacity - count)
    return BATTEN_REFUSE(error, BATTEN_E_SIZE, "%lld samples more than the %lld present, the buffer has room for %lld",
                         (long long)more, (long long)count, (long long)buffer->capacity);
  copySamples(buffer->sample(count), static_cast<const char *>(samples->data), more * buffer->sampleBytes);
  setCount(*buffer, count + more);
  return 0;
}

int batten_buffer_gather(const batten_buffer *from, const int64_t *indices, int64_t count, batten_buffer *to,
                         batten_error *error) {
  if (!from || !to)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "a buffer is NULL");
  if (const int result = requireSameSample(from->samples, 1, *to, error))
    return result;
  if (const int result = requireIndices(indices, count, from->count(), error))
    return result;
  if (count > to->capacity)
    return BATTEN_REFUSE(error, BATTEN_E_SIZE, "%lld samples, the buffer has room for %lld", (long long)count,
                         (long long)to->capacity);
  if (const int result = requireApart(*from, *to, count, error))
    return result;
  for (int64_t i = 0; i < count; ++i)
    copySamples(to->sample(i), from->sample(indices[i]), to->sampleBytes);
  setCount(*to, count);
  return 0;
}

int batten_buffer_scatter(const batten_buffer *from, const int64_t *indices, int64_t count, batten_buffer *to,
                          batten_error *error) {
  if (!from || !to)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "a buffer is NULL");
  if (const int result = requireSameSample(from->samples, 1, *to, error))
    return result;
  if (count != from->count())
    return BATTEN_REFUSE(error, BATTEN_E_SIZE, "%lld indices for %lld samples", (long long)count,
                         (long long)from->count());
  if (const int result = requireIndices(indices, count, to->count(), error))
    return result;
  if (const int result = requireApart(*from, *to, to->count(), error))
    return result;
  for (int64_t i = 0; i < count; ++i)
    copySamples(to->sample(indices[i]), from->sample(i), to->sampleBytes);
  return 0;
}
