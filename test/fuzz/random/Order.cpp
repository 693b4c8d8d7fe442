// Order.cpp - statements of the generator that depend on the order of elements: argmax, topk, cumsum.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/random/Generator.h"

namespace batten::fuzz {

bool Generator::argmax() {
  int x = pick([](const Value &value) { return value.type.dtype != DType::Bool && !value.type.core.empty(); });
  auto axes = x < 0 ? std::nullopt : axesOf(at(x), true);
  if (!axes)
    return false;
  TensorType type = at(x).type;
  type.dtype = DType::I32;
  type.core.erase(type.core.begin() + axes->second[0]);
  bool last = axes->second[0] == int64_t(type.core.size());
  double greatest = double(sizeOf(at(x).type.core[size_t(axes->second[0])])) - 1;
  emit("argmax($0" + axes->first + ")", {x}, type, {0, greatest}, elementsOf(at(x).type),
       {last ? "argmax over the last dim" : "argmax over an outer dim"});
  return true;
}

bool Generator::topk() {
  int x = pick([](const Value &value) { return value.type.dtype != DType::Bool && !value.type.core.empty(); });
  auto axes = x < 0 ? std::nullopt : axesOf(at(x), true);
  if (!axes)
    return false;
  size_t axis = size_t(axes->second[0]);
  std::optional<int64_t> n = at(x).type.core[axis].constantValue(); // or it takes a `where` to say that k <= n
  if (!n)
    return false;
  int64_t k = random.pick({int64_t(1), *n, random.between(1, *n), random.between(1, std::min<int64_t>(*n, 8))});
  TensorType values = at(x).type;
  values.core[axis] = Dim::constant(k);
  TensorType indices = values;
  indices.dtype = DType::I32;
  Interval range{std::min(0.0, at(x).range.low), std::max(double(*n) - 1, at(x).range.high)};
  bool last = axis + 1 == values.core.size();
  emitMany("topk($0" + axes->first + ", k: " + std::to_string(k) + ")", {x}, {values, indices}, range,
           elementsOf(at(x).type), {last ? "topk over the last dim" : "topk over an outer dim"});
  return true;
}

bool Generator::cumsum() {
  int x = pick([](const Value &value) { return !value.type.core.empty(); });
  auto axes = x < 0 ? std::nullopt : axesOf(at(x), true);
  if (!axes)
    return false;
  TensorType type = at(x).type;
  type.dtype = accumulatorOf(type.dtype);
  double n = double(sizeOf(type.core[size_t(axes->second[0])]));
  Interval range{std::min(0.0, n * at(x).range.low), std::max(0.0, n * at(x).range.high)};
  bool last = axes->second[0] + 1 == int64_t(type.core.size());
  moderate(emit("cumsum($0" + axes->first + ")", {x}, type, range, elementsOf(type),
                {last ? "cumsum over the last dim" : "cumsum over an outer dim"}));
  return true;
}

} // namespace batten::fuzz
