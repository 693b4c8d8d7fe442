// HostTensors.cpp - see HostTensors.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/HostTensors.h"
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <sys/resource.h>
#include <unistd.h>

namespace batten {

using frontend::DType;

static batten_dtype runtimeDType(DType dtype) {
  switch (dtype) {
  case DType::F64:
    return BATTEN_F64;
  case DType::F32:
    return BATTEN_F32;
  case DType::F16:
    return BATTEN_F16;
  case DType::BF16:
    return BATTEN_BF16;
  case DType::I64:
    return BATTEN_I64;
  case DType::I32:
    return BATTEN_I32;
  case DType::I8:
    return BATTEN_I8;
  case DType::U8:
    return BATTEN_U8;
  case DType::Bool:
    return BATTEN_BOOL;
  }
  return BATTEN_F32;
}

bool is16BitFloat(DType dtype) { return dtype == DType::F16 || dtype == DType::BF16; }

std::string shapeText(const std::vector<int64_t> &shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

int64_t elementsOf(const std::vector<int64_t> &shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    if (__builtin_mul_overflow(count, size, &count))
      return 0; // of sizes that were checked: an empty tensor, whose other sizes may be anything
  return count;
}

std::optional<std::vector<int64_t>> shapeAt(const frontend::TensorType &type,
                                            const std::map<std::string, int64_t> &sizes) {
  std::vector<int64_t> shape;
  for (const std::string &symbol : type.batch)
    shape.push_back(sizes.at(symbol));
  for (const Dim &dim : type.core) {
    std::optional<int64_t> size = dim.evaluate(sizes);
    if (!size || *size < 0)
      return std::nullopt;
    shape.push_back(*size);
  }
  return shape;
}

/// What the machine has, or less where a limit is set: what is beyond it can't be had, whatever else is free.
static int64_t bytesOfMachine() {
  int64_t bytes = int64_t(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    bytes = std::min(bytes, int64_t(limit.rlim_cur));
  return bytes;
}

std::string sizeFault(DType dtype, const std::vector<int64_t> &shape) {
  int64_t bytes = frontend::dtypeBytes(dtype), memory = bytesOfMachine();
  bool fits = true, isEmpty = std::find(shape.begin(), shape.end(), 0) != shape.end();
  for (int64_t size : shape)
    fits = fits && !__builtin_mul_overflow(bytes, size, &bytes);
  if (isEmpty || (fits && bytes <= memory))
    return "";
  return "would have the shape " + shapeText(shape) + ": " + (fits ? std::to_string(bytes) : "more than 2^63 - 1") +
         " bytes, this machine has " + std::to_string(memory);
}

HostTensor emptyTensor(DType dtype, std::vector<int64_t> shape) {
  HostTensor tensor{dtype, std::move(shape), {}};
  tensor.bytes.resize(size_t(elementsOf(tensor.sizes) * frontend::dtypeBytes(dtype)));
  return tensor;
}

batten_tensor view(const HostTensor &tensor) {
  batten_tensor made{}; // the front end keeps types within what a batten_tensor holds
  batten_tensor_make(runtimeDType(tensor.dtype), int32_t(tensor.sizes.size()), tensor.sizes.data(),
                     const_cast<char *>(tensor.bytes.data()), &made, nullptr);
  return made;
}

HostTensor widened(const HostTensor &tensor) {
  if (!is16BitFloat(tensor.dtype))
    return tensor;
  HostTensor wide = emptyTensor(DType::F32, tensor.sizes);
  batten_tensor from = view(tensor), to = view(wide);
  batten_tensor_convert(&from, &to, nullptr);
  return wide;
}

std::string saveTensor(const std::string &path, const HostTensor &tensor) {
  if (is16BitFloat(tensor.dtype))
    return saveTensor(path, widened(tensor));
  batten_error error{};
  batten_tensor made = view(tensor);
  return batten_npy_save(path.c_str(), &made, &error) ? error.message : "";
}

long double elementAt(const HostTensor &tensor, size_t index) {
  const char *at = tensor.bytes.data() + index * size_t(frontend::dtypeBytes(tensor.dtype));
  auto as = [&](auto value) {
    memcpy(&value, at, sizeof(value));
    return static_cast<long double>(value);
  };
  switch (tensor.dtype) {
  case DType::F64:
    return as(double());
  case DType::F32:
    return as(float());
  case DType::I64:
    return as(int64_t());
  case DType::I32:
    return as(int32_t());
  case DType::I8:
    return as(int8_t());
  default:
    return as(uint8_t());
  }
}

void printTensor(const HostTensor &tensor, const std::string &name) {
  size_t elementBytes = size_t(frontend::dtypeBytes(tensor.dtype)), count = tensor.bytes.size() / elementBytes;
  size_t shown = std::min<size_t>(count, 8);
  HostTensor first{tensor.dtype, {int64_t(shown)}, {tensor.bytes.begin(), tensor.bytes.begin() + shown * elementBytes}};
  first = widened(first);
  printf("%s%s%s %s:", name.c_str(), name.empty() ? "" : " ", frontend::dtypeName(tensor.dtype),
         shapeText(tensor.sizes).c_str());
  for (size_t i = 0; i < shown; ++i)
    frontend::isFloat(tensor.dtype) ? printf(" %.9g", double(elementAt(first, i)))
                                    : printf(" %.0Lf", elementAt(first, i)); // every digit: it has 64 bits of them
  puts(count > shown ? " ..." : "");
}

} // namespace batten
