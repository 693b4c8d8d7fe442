// dlpack.cpp - tensors from and to other libraries, without a copy, by DLPack's managed tensor.
//
// The struct is declared by hand, so that nobody needs DLPack's header; these offsets are what its version 1 fixes.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "buffer.h"
#include "status.h"
#include "tensor.h"

using namespace batten::runtime;

static_assert(offsetof(batten_dlpack, device) == 8 && offsetof(batten_dlpack, rank) == 16);
static_assert(offsetof(batten_dlpack, dtype) == 20 && offsetof(batten_dlpack, sizes) == 24);
static_assert(offsetof(batten_dlpack, strides) == 32 && offsetof(batten_dlpack, byte_offset) == 40);
static_assert(offsetof(batten_dlpack, manager) == 48 && offsetof(batten_dlpack, deleter) == 56);
static_assert(sizeof(batten_dlpack) == 64);

namespace {

/// What an exported tensor points to.
struct Export {
  batten_dlpack tensor{};
  Storage *storage = nullptr;
  int64_t sizes[BATTEN_MAX_RANK] = {}, strides[BATTEN_MAX_RANK] = {};
};

void deleteExport(batten_dlpack *tensor) {
  Export *exported = static_cast<Export *>(tensor->manager);
  drop(exported->storage);
  destroy(exported);
}

void deleteImported(void *context, void *) {
  batten_dlpack *tensor = static_cast<batten_dlpack *>(context);
  if (tensor->deleter)
    tensor->deleter(tensor);
}

} // namespace

int batten_buffer_import(batten_dlpack *tensor, batten_buffer **out_buffer, batten_error *error) {
  if (!tensor)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "the tensor to import is NULL");
  if (tensor->rank < 1 || tensor->rank > BATTEN_MAX_RANK || !tensor->sizes)
    return BATTEN_REFUSE(error, BATTEN_E_SHAPE, "the tensor to import has rank %d, it must be 1 to %d", tensor->rank,
                         BATTEN_MAX_RANK);
  batten_tensor samples;
  if (!makeDense(tensor->dtype, tensor->rank, tensor->sizes, nullptr, samples))
    return BATTEN_REFUSE(error, BATTEN_E_SHAPE, "a size of the tensor to import is out of range");
  if (tensor->data)
    samples.data = static_cast<char *>(tensor->data) + tensor->byte_offset;
  samples.device = tensor->device;
  samples.device_id = tensor->device_id;
  for (int32_t i = 0; tensor->strides && i < tensor->rank; ++i)
    samples.strides[i] = tensor->strides[i];
  return batten_buffer_adopt(&samples, deleteImported, tensor, out_buffer, error);
}

int batten_buffer_export(const batten_buffer *buffer, batten_dlpack **out_tensor, batten_error *error) {
  if (!buffer || !out_tensor)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "an export needs a buffer and a place to be written to");
  Export *exported = create<Export>();
  if (!exported)
    return BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "no memory to export a buffer");
  const batten_tensor &samples = buffer->samples;
  for (int32_t i = 0; i < samples.rank; ++i) {
    exported->sizes[i] = samples.sizes[i];
    exported->strides[i] = samples.strides[i];
  }
  exported->storage = retain(buffer->storage);
  exported->tensor = {samples.data,  samples.device,  samples.device_id, samples.rank,
                      samples.dtype, exported->sizes, exported->strides, 0,
                      exported,      deleteExport};
  *out_tensor = &exported->tensor;
  return 0;
}
