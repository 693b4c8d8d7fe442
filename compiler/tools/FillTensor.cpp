// FillTensor.cpp - the elements of an input that comes from no file: zeros, iota, normal:SEED, one number.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/HostTensors.h"
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>

namespace batten {

using frontend::DType;

namespace {

/// Numbers that depend on the seed alone (splitmix64, Steele et al. 2014; Box-Muller).
class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}
  double normal() {
    double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  }
  /// At least 0 and below 1.
  double uniform() {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return double((z ^ (z >> 31)) >> 11) * 0x1p-53;
  }

private:
  uint64_t state;
};

/// FNV-1a of the name of a stream, from the seed on; the seed itself where there is no name.
uint64_t seedOf(const std::string &stream, uint64_t seed) {
  for (unsigned char c : stream)
    seed = (seed ^ c) * 0x100000001b3;
  return seed;
}

template <class T> void put(HostTensor &tensor, int64_t i, T value) {
  memcpy(tensor.bytes.data() + size_t(i) * sizeof(T), &value, sizeof(T));
}

template <class T> std::optional<T> parse(const std::string &text) {
  T value{};
  auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

/// Of normal:SEED or any:SEED.
std::optional<Random> sourceOf(const std::string &how, const std::string &stream) {
  std::optional<uint64_t> seed = parse<uint64_t>(how.substr(how.find(':') + 1));
  return seed ? std::optional(Random(seedOf(stream, *seed))) : std::nullopt;
}

void putReal(HostTensor &tensor, int64_t i, double value) {
  tensor.dtype == DType::F64 ? put(tensor, i, value) : put(tensor, i, float(value));
}

void putWhole(HostTensor &tensor, int64_t i, int64_t value) {
  switch (tensor.dtype) {
  case DType::I64:
    return put(tensor, i, value);
  case DType::I32:
    return put(tensor, i, int32_t(value));
  case DType::Bool:
    return put(tensor, i, uint8_t(value > 0));
  default:
    return put(tensor, i, uint8_t(value)); // i8 has the same bits
  }
}

/// Calls `element(i)` for each, as a float or as a whole number.
template <class Real, class Whole> void fillAll(HostTensor &tensor, Real real, Whole whole) {
  for (int64_t i = 0, count = elementsOf(tensor.sizes); i < count; ++i)
    frontend::isFloat(tensor.dtype) ? putReal(tensor, i, real(i)) : putWhole(tensor, i, whole(i));
}

/// Of a 16-bit float of equal elements.
bool isInfinite(const HostTensor &tensor) {
  uint16_t bits = 0;
  memcpy(&bits, tensor.bytes.data(), std::min(sizeof bits, tensor.bytes.size()));
  return (bits & 0x7fff) == (tensor.dtype == DType::F16 ? 0x7c00 : 0x7f80);
}

std::string fillNumber(HostTensor &tensor, const std::string &text) {
  std::optional<double> real = parse<double>(text);
  std::optional<int64_t> whole = parse<int64_t>(text);
  if (tensor.dtype == DType::Bool) {
    if (text != "true" && text != "false")
      return "wanted " + inputForms(tensor.dtype);
    whole = text == "true";
  } else if (!real) {
    return "wanted " + inputForms(tensor.dtype);
  } else if (!frontend::isFloat(tensor.dtype)) {
    auto [least, most] = frontend::integerLimits(tensor.dtype);
    if (!whole || *whole < least || *whole > most)
      return "wanted a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  } else if (tensor.dtype != DType::F64 && std::isfinite(*real) && !std::isfinite(float(*real))) {
    return "it does not fit into f32";
  }
  fillAll(tensor, [&](int64_t) { return *real; }, [&](int64_t) { return *whole; });
  return "";
}

} // namespace

std::string inputForms(DType dtype) {
  return std::string("@FILE.npy, @FILE.safetensors:NAME, zeros, iota, normal:SEED") +
         (dtype == DType::Bool ? ", true or false" : " or a number");
}

std::string fillIds(HostTensor &tensor, const std::string &how, int64_t least, int64_t end, const std::string &stream) {
  std::optional<Random> source = sourceOf(how, stream);
  if (!source)
    return "wanted a whole number as the seed of any:SEED";
  int64_t most = std::min(end - 1, frontend::integerLimits(tensor.dtype).high);
  double count = double(std::max<int64_t>(1, most - least + 1)); // of none there is no id that would do
  for (int64_t i = 0, n = elementsOf(tensor.sizes); i < n; ++i)
    putWhole(tensor, i, least + int64_t(source->uniform() * count));
  return "";
}

std::string fillTensor(HostTensor &tensor, const std::string &how, const std::string &stream) {
  if (is16BitFloat(tensor.dtype)) {
    HostTensor wide = emptyTensor(DType::F32, tensor.sizes);
    if (std::string fault = fillTensor(wide, how, stream); !fault.empty())
      return fault;
    batten_tensor from = view(wide), to = view(tensor);
    batten_tensor_convert(&from, &to, nullptr);
    std::optional<double> number = parse<double>(how);
    bool overflows = number && std::isfinite(*number) && isInfinite(tensor);
    return overflows ? std::string("it does not fit into ") + frontend::dtypeName(tensor.dtype) : "";
  }
  if (how == "zeros")
    return ""; // as it was made
  if (how == "iota") {
    fillAll(tensor, [](int64_t i) { return double(i); }, [](int64_t i) { return i; });
    return "";
  }
  if (!how.starts_with("normal:"))
    return fillNumber(tensor, how);
  std::optional<Random> source = sourceOf(how, stream);
  if (!source)
    return "wanted a whole number as the seed of normal:SEED";
  // Whole numbers take three times the deviation, or most of them would be 0.
  bool isUnsigned = tensor.dtype == DType::U8;
  fillAll(
      tensor, [&](int64_t) { return source->normal(); },
      [&](int64_t) {
        int64_t value = std::llround(3.0 * source->normal());
        return isUnsigned ? std::abs(value) : value;
      });
  return "";
}

} // namespace batten
