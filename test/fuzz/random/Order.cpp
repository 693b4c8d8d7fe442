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

/// Makes it so, by a `where` of the entry on a dim of the call.
bool Generator::isAtLeast(const Dim &dim, const Dim &least) {
  for (RuntimeDim &known : sketch.runtimeDims) {
    int64_t size = least.constantValue().value_or(INT64_MAX);
    if (scope->kind != ScopeKind::Entry || dim != Dim::symbol(known.name) || !known.bound || !known.keepTo(size))
      continue;
    known.stated = std::max(known.stated, size);
    return true;
  }
  return false;
}

/// Known to be, or made so by what the entry asks of a dim of the call.
bool Generator::isMultiple(const Dim &dim, int64_t of) {
  if (Dim::modulo(dim, Dim::constant(of)).isConstant(0))
    return true;
  for (RuntimeDim &known : sketch.runtimeDims)
    if (scope->kind == ScopeKind::Entry && dim == Dim::symbol(known.name))
      return known.keepTo(known.least, known.most, of);
  return false;
}

bool Generator::topk() {
  int x = pick([](const Value &value) { return value.type.dtype != DType::Bool && !value.type.core.empty(); });
  auto axes = x < 0 ? std::nullopt : axesOf(at(x), true);
  if (!axes)
    return false;
  size_t axis = size_t(axes->second[0]);
  Dim extent = at(x).type.core[axis], k = extent;
  int64_t n = sizeOf(extent);
  if (extent.isConstant())
    k = Dim::constant(random.pick({int64_t(1), n, random.between(1, n), random.between(1, std::min<int64_t>(n, 8))}));
  else if (random.chance(0.5) && !isAtLeast(extent, k = Dim::constant(random.between(1, 8))))
    return false;
  TensorType values = at(x).type;
  values.core[axis] = k;
  TensorType indices = values;
  indices.dtype = DType::I32;
  Interval range{std::min(0.0, at(x).range.low), std::max(double(n) - 1, at(x).range.high)};
  bool last = axis + 1 == values.core.size();
  emitMany("topk($0" + axes->first + ", k: " + k.str() + ")", {x}, {values, indices}, range, elementsOf(at(x).type),
           {last ? "topk over the last dim" : "topk over an outer dim", extent.isConstant() ? "topk of a known size"
                                                                        : k.isConstant()
                                                                            ? "topk of few of the call's"
                                                                            : "topk of all of the call's"});
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
