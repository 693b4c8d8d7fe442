// safetensors_save.cpp - writing .safetensors files.
//
// The header is measured and then written by the same function, so it is allocated once. It is padded with spaces to a
// multiple of 8, and tensors follow in the order given; the largest alignment first is the caller's choice.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "file.h"
#include "memory.h"
#include "safetensors_header.h"
#include "status.h"
#include "tensor.h"
#include "utf8.h"

#include <algorithm>
#include <stdio.h>
#include <string.h>

using namespace batten::runtime;

namespace {

/// Counts what it is given; stores it too where it has memory.
class HeaderWriter {
public:
  explicit HeaderWriter(char *memory) : memory(memory) {}
  void put(const char *text, int64_t bytes) {
    if (memory)
      memcpy(memory + length, text, (size_t)bytes);
    length += bytes;
  }
  void put(const char *text) { put(text, (int64_t)strlen(text)); }
  void putNumber(int64_t number) {
    char digits[24];
    snprintf(digits, sizeof digits, "%lld", (long long)number);
    put(digits);
  }
  void putString(const char *text);
  int64_t length = 0;

private:
  char *memory;
};

void HeaderWriter::putString(const char *text) {
  put("\"");
  for (; *text; ++text) {
    char escaped[8];
    const unsigned char byte = (unsigned char)*text;
    if (byte == '"' || byte == '\\')
      snprintf(escaped, sizeof escaped, "\\%c", byte);
    else if (byte < 0x20)
      snprintf(escaped, sizeof escaped, "\\u%04x", byte);
    else
      snprintf(escaped, sizeof escaped, "%c", byte);
    put(escaped);
  }
  put("\"");
}

void writeHeader(HeaderWriter &out, const batten_named_tensor *tensors, int64_t count) {
  int64_t offset = 0;
  out.put("{");
  for (int64_t i = 0; i < count; ++i) {
    const batten_tensor &tensor = tensors[i].tensor;
    out.put(i ? "," : "");
    out.putString(tensors[i].name);
    out.put(":{\"dtype\":\"");
    out.put(dtypeToSafetensors(tensor.dtype));
    out.put("\",\"shape\":[");
    for (int32_t d = 0; d < tensor.rank; ++d) {
      out.put(d ? "," : "");
      out.putNumber(tensor.sizes[d]);
    }
    out.put("],\"data_offsets\":[");
    out.putNumber(offset);
    offset += batten_tensor_bytes(&tensor);
    out.put(",");
    out.putNumber(offset);
    out.put("]}");
  }
  out.put("}");
  while (out.length % 8)
    out.put(" ");
}

int checkTensor(const batten_named_tensor &named, int64_t &total, batten_error *error) {
  if (!named.name)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "a tensor to be saved has no name");
  const Printable printable(named.name);
  char what[192];
  snprintf(what, sizeof what, "tensor `%s`", printable.text());
  const int64_t nameLength = (int64_t)strlen(named.name);
  for (int64_t i = 0, step; i < nameLength; i += step)
    if (!(step = utf8Length(named.name + i, nameLength - i)))
      return BATTEN_REFUSE(error, BATTEN_E_FORMAT, "the name of %s is not UTF-8", what);
  if (!strcmp(named.name, "__metadata__"))
    return BATTEN_REFUSE(error, BATTEN_E_FORMAT, "`__metadata__` is no name for a tensor: the format keeps it");
  if (const int result = requireDenseCpu(&named.tensor, what, error))
    return result;
  if (!dtypeToSafetensors(named.tensor.dtype) || dtypeBits(named.tensor.dtype) % 8)
    return BATTEN_REFUSE(error, BATTEN_E_UNSUPPORTED, "%s is %s, which is not written to .safetensors", what,
                         batten_dtype_name(named.tensor.dtype));
  if (__builtin_add_overflow(total, batten_tensor_bytes(&named.tensor), &total))
    return BATTEN_REFUSE(error, BATTEN_E_SHAPE, "the tensors have more than 2^63 - 1 bytes together");
  return 0;
}

int checkDistinct(const batten_named_tensor *tensors, int64_t count, batten_error *error) {
  Array<const char *> names;
  if (!names.create(count))
    return BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "no memory to save %lld tensors", (long long)count);
  for (int64_t i = 0; i < count; ++i)
    names[i] = tensors[i].name;
  std::sort(names.begin(), names.end(), [](const char *a, const char *b) { return strcmp(a, b) < 0; });
  for (int64_t i = 1; i < count; ++i)
    if (!strcmp(names[i - 1], names[i]))
      return BATTEN_REFUSE(error, BATTEN_E_FORMAT, "two tensors are named `%s`", Printable(names[i]).text());
  return 0;
}

} // namespace

int batten_safetensors_save(const char *path, const batten_named_tensor *tensors, int64_t count, batten_error *error) {
  if (!tensors && count > 0)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "the tensors are NULL");
  int64_t total = 0;
  for (int64_t i = 0; i < count; ++i)
    if (const int result = checkTensor(tensors[i], total, error))
      return result;
  if (const int result = checkDistinct(tensors, count, error))
    return result;
  HeaderWriter measure(nullptr);
  writeHeader(measure, tensors, count);
  const int64_t length = measure.length;
  if (length > maximumHeaderBytes)
    return BATTEN_REFUSE(error, BATTEN_E_UNSUPPORTED, "a header of %lld bytes, more than the %lld allowed",
                         (long long)length, (long long)maximumHeaderBytes);
  Array<char> bytes;
  if (!bytes.create(8 + length))
    return BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "no memory for a header of %lld bytes", (long long)length);
  for (int i = 0; i < 8; ++i)
    bytes[i] = (char)(length >> (8 * i));
  HeaderWriter header(bytes.data() + 8);
  writeHeader(header, tensors, count);

  OutputFile file;
  if (const int result = file.open(path, error))
    return result;
  if (const int result = file.write(bytes.data(), bytes.size(), error))
    return result;
  for (int64_t i = 0; i < count; ++i)
    if (const int result = file.write(tensors[i].tensor.data, batten_tensor_bytes(&tensors[i].tensor), error))
      return result;
  return file.close(error);
}
