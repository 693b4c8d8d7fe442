// safetensors.cpp - reading .safetensors files: 8 bytes of length, a JSON header, the elements.
//
// The order of trust: length, against the real size of the file; then the header is allocated, read and checked whole
// (safetensors_header.cpp); only then is a tensor's memory asked for, of a size that the file is known to have.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "safetensors.h"

#include "status.h"

#include <string.h>

using namespace batten::runtime;

namespace {

constexpr int64_t lengthBytes = 8;

int requireIndex(const batten_safetensors *file, int64_t index, batten_error *error) {
  if (!file)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "the file is NULL");
  if (index >= 0 && index < file->header.count())
    return 0;
  return BATTEN_REFUSE(error, BATTEN_E_NAME, "`%s` has %lld tensors, no number %lld", file->input.name(),
                       (long long)file->header.count(), (long long)index);
}

} // namespace

namespace batten::runtime {

int openSafetensors(batten_safetensors &file, const char *path, batten_error *error) {
  if (const int result = file.input.open(path, error))
    return result;
  const char *name = file.input.name();
  const int64_t size = file.input.size();
  if (size < lengthBytes)
    return BATTEN_REFUSE(error, BATTEN_E_FORMAT, "`%s` has %lld bytes, too few for a .safetensors file", name,
                         (long long)size);
  unsigned char bytes[lengthBytes + 1] = {}; // the length, and the `{` of the header after it
  if (const int result = file.input.read(0, bytes, size > lengthBytes ? lengthBytes + 1 : lengthBytes, error))
    return result;
  uint64_t length = 0;
  for (int i = lengthBytes - 1; i >= 0; --i)
    length = length << 8 | bytes[i];
  if (!memcmp(bytes, "PK\3\4", 4))
    return BATTEN_REFUSE(error, BATTEN_E_FORMAT,
                         "`%s` is a zip, as PyTorch's .pt files are: convert it by "
                         "safetensors.torch.save_file(torch.load(\"file.pt\"), \"file.safetensors\")",
                         name);
  if (length > (uint64_t)(size - lengthBytes) && size > lengthBytes && bytes[lengthBytes] != '{')
    return BATTEN_REFUSE(error, BATTEN_E_FORMAT,
                         "`%s` is not a .safetensors file: no header stands after its first 8 bytes", name);
  if (length > (uint64_t)(size - lengthBytes))
    return BATTEN_REFUSE(error, BATTEN_E_FORMAT, "`%s`: its header is to have %llu bytes, but the file has only %lld",
                         name, (unsigned long long)length, (long long)size);
  if (length > (uint64_t)maximumHeaderBytes)
    return BATTEN_REFUSE(error, BATTEN_E_FORMAT, "`%s`: its header has %llu bytes, more than the %lld allowed", name,
                         (unsigned long long)length, (long long)maximumHeaderBytes);
  Array<char> header;
  if (!header.createUncleared((int64_t)length + 1))
    return BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "`%s`: no memory for its header of %llu bytes", name,
                         (unsigned long long)length);
  if (const int result = file.input.read(lengthBytes, header.data(), (int64_t)length, error))
    return result;
  file.dataOffset = lengthBytes + (int64_t)length;
  return file.header.parse(header, size - file.dataOffset, name, error);
}

} // namespace batten::runtime

int batten_safetensors_open(const char *path, batten_safetensors **out_file, batten_error *error) {
  if (!out_file)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "out_file is NULL");
  Owned<batten_safetensors> file(create<batten_safetensors>());
  if (!file)
    return BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "no memory to open a file");
  if (const int result = openSafetensors(*file, path, error))
    return result;
  *out_file = file.take();
  return 0;
}

void batten_safetensors_close(batten_safetensors *file) { destroy(file); }

int64_t batten_safetensors_count(const batten_safetensors *file) { return file ? file->header.count() : 0; }

int64_t batten_safetensors_find(const batten_safetensors *file, const char *name) {
  return file && name ? file->header.find(name) : -1;
}

const char *batten_safetensors_name(const batten_safetensors *file, int64_t index) {
  return index >= 0 && index < batten_safetensors_count(file) ? file->header.name(index) : nullptr;
}

int batten_safetensors_shape(const batten_safetensors *file, int64_t index, batten_tensor *out_tensor,
                             batten_error *error) {
  if (const int result = requireIndex(file, index, error))
    return result;
  file->header.shape(index, *out_tensor);
  return 0;
}

int batten_safetensors_read(const batten_safetensors *file, int64_t index, void *data, int64_t bytes,
                            batten_error *error) {
  if (const int result = requireIndex(file, index, error))
    return result;
  if (bytes != file->header.bytes(index))
    return BATTEN_REFUSE(error, BATTEN_E_SHAPE, "tensor `%.60s` has %lld bytes, not %lld",
                         Printable(file->header.name(index)).text(), (long long)file->header.bytes(index),
                         (long long)bytes);
  return file->input.read(file->dataOffset + file->header.begin(index), data, bytes, error);
}

int batten_safetensors_load(const batten_safetensors *file, int64_t index, batten_tensor *out_tensor,
                            batten_error *error) {
  batten_tensor tensor;
  if (const int result = batten_safetensors_shape(file, index, &tensor, error))
    return result;
  if (const int result = batten_tensor_allocate(&tensor, error))
    return result;
  if (const int result = batten_safetensors_read(file, index, tensor.data, file->header.bytes(index), error)) {
    batten_tensor_release(&tensor);
    return result;
  }
  *out_tensor = tensor;
  return 0;
}

int batten_safetensors_metadata(const batten_safetensors *file, int64_t index, const char **out_key,
                                const char **out_value) {
  if (!file || index < 0 || index >= file->header.metadataCount())
    return 0;
  *out_key = file->header.metadataKey(index);
  *out_value = *out_key + strlen(*out_key) + 1;
  return 1;
}
