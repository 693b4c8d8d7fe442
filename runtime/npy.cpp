// npy.cpp - .npy files to tensors and back.
//
// As for .safetensors: the length of the header is held against the file's size before it is allocated, the size that
// the header implies must be exactly what the file has left, and only then is memory for the elements asked for.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "file.h"
#include "memory.h"
#include "npy_header.h"
#include "status.h"
#include "tensor.h"

#include <string.h>

using namespace batten::runtime;

namespace {

/// Magic and version, and where the dict stands.
int readPreamble(const InputFile &file, int64_t &outBegin, int64_t &outLength, batten_error *error) {
  unsigned char bytes[12] = {};
  if (file.size() < npyPreambleBytes)
    return BATTEN_REFUSE(error, BATTEN_E_FORMAT, "`%s` has %lld bytes, too few for a .npy file", file.name(),
                         (long long)file.size());
  const int64_t present = file.size() < (int64_t)sizeof bytes ? file.size() : (int64_t)sizeof bytes;
  if (const int result = file.read(0, bytes, present, error))
    return result;
  if (memcmp(bytes, "\x93NUMPY", 6))
    return BATTEN_REFUSE(error, BATTEN_E_FORMAT, "`%s` is no .npy file: it does not begin with \\x93NUMPY",
                         file.name());
  if (bytes[6] < 1 || bytes[6] > 3 || bytes[7] != 0)
    return BATTEN_REFUSE(error, BATTEN_E_UNSUPPORTED, "`%s` is .npy version %d.%d; read are 1.0, 2.0 and 3.0",
                         file.name(), bytes[6], bytes[7]);
  const bool isShort = bytes[6] == 1;
  outBegin = isShort ? npyPreambleBytes : npyPreambleBytes + 2;
  outLength = bytes[8] | bytes[9] << 8;
  if (!isShort)
    outLength |= (int64_t)bytes[10] << 16 | (int64_t)bytes[11] << 24;
  if (outLength > file.size() - outBegin)
    return BATTEN_REFUSE(error, BATTEN_E_FORMAT, "`%s`: its header is to have %lld bytes, but the file has only %lld",
                         file.name(), (long long)outLength, (long long)file.size());
  if (outLength > maximumNpyHeaderBytes)
    return BATTEN_REFUSE(error, BATTEN_E_FORMAT, "`%s`: its header has %lld bytes, more than the %lld allowed",
                         file.name(), (long long)outLength, (long long)maximumNpyHeaderBytes);
  return 0;
}

int readShape(const InputFile &file, batten_tensor &out, int64_t &outData, batten_error *error) {
  int64_t begin, length;
  if (const int result = readPreamble(file, begin, length, error))
    return result;
  Array<char> header;
  if (!header.create(length + 1))
    return BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "`%s`: no memory for its header", file.name());
  if (const int result = file.read(begin, header.data(), length, error))
    return result;
  header[length] = 0;
  if (const int result = parseNpyHeader(header.data(), length, file.name(), out, error))
    return result;
  outData = begin + length;
  const int64_t wanted = batten_tensor_bytes(&out), present = file.size() - outData;
  if (wanted != present)
    return BATTEN_REFUSE(error, BATTEN_E_FORMAT, "`%s`: its header says %lld bytes of elements, the file has %lld",
                         file.name(), (long long)wanted, (long long)present);
  return 0;
}

} // namespace

int batten_npy_load(const char *path, batten_tensor *out_tensor, batten_error *error) {
  if (!out_tensor)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "out_tensor is NULL");
  InputFile file;
  batten_tensor tensor;
  int64_t data;
  if (const int result = file.open(path, error))
    return result;
  if (const int result = readShape(file, tensor, data, error))
    return result;
  if (const int result = batten_tensor_allocate(&tensor, error))
    return result;
  if (const int result = file.read(data, tensor.data, batten_tensor_bytes(&tensor), error)) {
    batten_tensor_release(&tensor);
    return result;
  }
  *out_tensor = tensor;
  return 0;
}

int batten_npy_save(const char *path, const batten_tensor *tensor, batten_error *error) {
  if (const int result = requireDenseCpu(tensor, "the tensor to save", error))
    return result;
  char header[npyHeaderRoom];
  const int64_t length = formatNpyHeader(*tensor, header);
  if (length < 0)
    return BATTEN_REFUSE(error, BATTEN_E_UNSUPPORTED, "NumPy has no dtype %s; convert to f32 or write .safetensors",
                         batten_dtype_name(tensor->dtype));
  OutputFile file;
  if (const int result = file.open(path, error))
    return result;
  if (const int result = file.write(header, length, error))
    return result;
  if (const int result = file.write(tensor->data, batten_tensor_bytes(tensor), error))
    return result;
  return file.close(error);
}
