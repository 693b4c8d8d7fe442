// Tensors.cpp - elements of host tensors: read, written, drawn, compared.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/random/Checks.h"
#include <bit>
#include <cmath>
#include <cstring>

namespace batten::fuzz {

using frontend::DType;

template <class T> static T load(const HostTensor &tensor, int64_t index) {
  T value;
  memcpy(&value, tensor.bytes.data() + size_t(index) * sizeof(T), sizeof(T));
  return value;
}

template <class T> static void store(HostTensor &tensor, int64_t index, T value) {
  memcpy(tensor.bytes.data() + size_t(index) * sizeof(T), &value, sizeof(T));
}

double elementOf(const HostTensor &tensor, int64_t index) {
  switch (tensor.dtype) {
  case DType::F64:
    return load<double>(tensor, index);
  case DType::F32:
    return load<float>(tensor, index);
  case DType::F16:
    return double(load<_Float16>(tensor, index));
  case DType::BF16:
    return std::bit_cast<float>(uint32_t(load<uint16_t>(tensor, index)) << 16);
  case DType::I64:
    return double(load<int64_t>(tensor, index));
  case DType::I32:
    return load<int32_t>(tensor, index);
  case DType::I8:
    return load<int8_t>(tensor, index);
  default:
    return load<uint8_t>(tensor, index);
  }
}

/// To nearest even; NaN stays NaN.
static uint16_t roundedToBFloat(double value) {
  uint32_t bits = std::bit_cast<uint32_t>(float(value));
  if (std::isnan(value))
    return 0x7fc0;
  return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

void setElement(HostTensor &tensor, int64_t index, double value) {
  switch (tensor.dtype) {
  case DType::F64:
    return store(tensor, index, value);
  case DType::F32:
    return store(tensor, index, float(value));
  case DType::F16:
    return store(tensor, index, _Float16(value));
  case DType::BF16:
    return store(tensor, index, roundedToBFloat(value));
  case DType::I64:
    return store(tensor, index, int64_t(value));
  case DType::I32:
    return store(tensor, index, int32_t(value));
  case DType::I8:
    return store(tensor, index, int8_t(value));
  case DType::U8:
    return store(tensor, index, uint8_t(value));
  case DType::Bool:
    return store(tensor, index, uint8_t(value != 0));
  }
}

/// Finite numbers: any, whole ones, or with many zeros of both signs and some subnormals.
HostTensor randomTensor(const frontend::TensorType &type, const Sizes &sizes, Data data, double scale, Random &random) {
  HostTensor tensor = emptyTensor(type.dtype, shapeAt(type, sizes));
  bool real = frontend::isFloat(type.dtype), isUnsigned = type.dtype == DType::U8 || type.dtype == DType::Bool;
  for (int64_t i = 0, count = elementsOf(tensor.sizes); i < count; ++i) {
    double value = real && data != Data::Whole ? random.uniform(-scale, scale) : double(random.between(-3, 3));
    if (!real)
      value = double(isUnsigned ? random.between(0, type.dtype == DType::Bool ? 1 : 9) : random.between(-9, 9));
    if (real && data == Data::Sparse)
      switch (random.below(8)) {
      case 0:
        value = -0.0;
        break;
      case 1:
      case 2:
        value = 0;
        break;
      case 3:
        value *= type.dtype == DType::F16 ? 1e-6 : 1e-40;
        break;
      default:
        break;
      }
    setElement(tensor, i, value);
  }
  return tensor;
}

static std::string placeOf(int64_t index, const std::vector<int64_t> &sizes) {
  std::string text;
  for (size_t i = sizes.size(); i-- > 0; index /= sizes[i])
    text = std::to_string(index % sizes[i]) + (text.empty() ? "" : ", ") + text;
  return "[" + text + "]";
}

std::string firstDifference(const HostTensor &found, const HostTensor &wanted) {
  if (found.dtype != wanted.dtype || found.sizes != wanted.sizes)
    return "another dtype or shape";
  size_t width = size_t(frontend::dtypeBytes(found.dtype));
  if (found.bytes == wanted.bytes)
    return "";
  for (int64_t i = 0, count = elementsOf(found.sizes); i < count; ++i) {
    if (memcmp(found.bytes.data() + size_t(i) * width, wanted.bytes.data() + size_t(i) * width, width) == 0)
      continue;
    double a = elementOf(found, i), b = elementOf(wanted, i);
    if (std::isnan(a) && std::isnan(b))
      continue;
    char text[160];
    snprintf(text, sizeof text, " is %.17g (%a), not %.17g (%a)", a, a, b, b);
    return "element " + placeOf(i, found.sizes) + text;
  }
  return "";
}

} // namespace batten::fuzz
