// Windows.cpp - convolutions and pools of the generator.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/random/Generator.h"

namespace batten::fuzz {

static constexpr int64_t multiplications = 120000;

/// How many windows of this span there are; nullopt: it does not fit. Where a size of the call decides, it is kept so
/// large that it does.
std::optional<Dim> Generator::windows(const Dim &in, int64_t pad, int64_t span, int64_t stride) {
  int64_t least = span - 2 * pad;
  bool fits = in.constantValue().value_or(0) >= least;
  for (RuntimeDim &dim : sketch.runtimeDims)
    if (scope->kind == ScopeKind::Entry && in == Dim::symbol(dim.name) && least <= std::min(dim.most, dim.bound)) {
      dim.least = std::max(dim.least, least);
      fits = true;
    }
  if (!fits)
    return std::nullopt;
  return Dim::floorDiv(in - Dim::constant(least), Dim::constant(stride)) + Dim::constant(1);
}

/// A value with three core dims of fixed size; made anew where there is none.
int Generator::image(bool integers) {
  int found = pick([&](const Value &value) {
    const TensorType &type = value.type;
    return type.core.size() == 3 && (integers || frontend::isFloat(type.dtype)) && type.core[0].isConstant();
  });
  if (found >= 0 && random.chance(0.6))
    return found;
  DType dtype = integers && random.chance(0.2)
                    ? random.pick({DType::I8, DType::U8, DType::I32, DType::I64, DType::Bool})
                    : mainType;
  if (wish && (integers || frontend::isFloat(*wish)))
    dtype = *wish;
  static const std::vector<int64_t> channels = {1, 2, 3, 4, 6, 7, 8, 12, 13},
                                    sides = {1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 18, 33, 37, 66};
  Dim height = Dim::constant(random.pick({1, 2, 3, 5, 6, 9})), width = Dim::constant(random.pick(sides));
  if (scope->kind == ScopeKind::Entry && scope->bounded.count("T") && random.chance(0.3))
    (random.chance(0.5) ? height : width) = Dim::symbol("T");
  TensorType type{dtype, {}, {Dim::constant(random.pick(channels)), height, width}};
  if (scope->kind == ScopeKind::Entry)
    type.batch = random.chance(0.8) ? Batch{"B"} : Batch();
  return fresh(type);
}

bool Generator::convolution() {
  int x = image(/*integers=*/true);
  if (x < 0)
    return false;
  const TensorType in = at(x).type;
  int64_t channels = sizeOf(in.core[0]);
  int64_t stride = random.pick({1, 1, 1, 2, 2, 3, 5}), pad = random.pick({0, 0, 1, 1, 2, 4});
  int64_t dilation = random.pick({1, 1, 1, 2, 3}), kh = random.pick({1, 1, 2, 3, 3, 5}),
          kw = random.chance(0.7) ? kh : 4;
  int64_t groups = random.chance(0.6) ? 1 : random.chance(0.6) || channels % 2 ? channels : 2;
  int64_t outputs = groups * random.pick({1, 1, 2, 3, 5, 7, 13, 20}), depth = channels / groups;
  std::optional<Dim> ho = windows(in.core[1], pad, dilation * (kh - 1) + 1, stride);
  std::optional<Dim> wo = ho ? windows(in.core[2], pad, dilation * (kw - 1) + 1, stride) : std::nullopt;
  if (!wo)
    return false;
  TensorType weights{in.dtype, {}, {}};
  for (int64_t size : {outputs, depth, kh, kw})
    weights.core.push_back(Dim::constant(size));
  if (scope->kind == ScopeKind::Entry && random.chance(0.15))
    weights.batch = sublist(in.batch);
  TensorType type{accumulatorOf(in.dtype), in.batch, {Dim::constant(outputs), *ho, *wo}};
  int64_t terms = depth * kh * kw;
  if (elements(type) * terms > multiplications)
    return false;
  int w = fresh(weights, {-1, 1});
  DType added = random.chance(0.5) ? in.dtype : type.dtype;
  int b = w >= 0 && random.chance(0.6) ? operandOf({added, {}, {type.core[0]}}, 0.7) : -1;
  if (w < 0)
    return false;
  std::vector<int> operands = {x, w};
  if (b >= 0)
    operands.push_back(b);
  double bound =
      double(terms) * at(x).range.magnitude() * at(w).range.magnitude() + (b < 0 ? 0 : at(b).range.magnitude());
  std::string text = b < 0 ? "conv2d($0, $1" : "conv2d($0, $1, $2";
  std::vector<std::string> features = {b < 0                 ? "convolution without bias"
                                       : added != type.dtype ? "convolution with a bias of the operands' dtype"
                                                             : "convolution with bias"};
  auto option = [&](const char *name, int64_t value, int64_t usual) {
    if (value == usual)
      return;
    text += std::string(", ") + name + ": " + std::to_string(value);
    features.push_back(std::string("convolution with ") + name);
  };
  option("stride", stride, 1);
  option("pad", pad, 0);
  option("dilation", dilation, 1);
  option("groups", groups, 1);
  if (!ho->isConstant() || !wo->isConstant())
    features.push_back("convolution with a size of the call");
  if (depth == 1 && groups > 1)
    features.push_back("depthwise convolution");
  moderate(emit(text + ")", operands, type, {-bound, bound}, elementsOf(type) * Dim::constant(terms), features));
  return true;
}

bool Generator::pool() {
  bool mean = random.chance(0.5);
  int x = image(/*integers=*/!mean);
  if (x < 0)
    return false;
  TensorType type = at(x).type;
  int64_t k = random.pick({1, 2, 2, 3, 5}), stride = random.chance(0.5) ? k : random.pick({1, 2, 3, 5});
  std::optional<Dim> ho = windows(type.core[1], 0, k, stride);
  std::optional<Dim> wo = ho ? windows(type.core[2], 0, k, stride) : std::nullopt;
  if (!wo || type.dtype == DType::Bool)
    return false;
  type.core[1] = *ho;
  type.core[2] = *wo;
  std::string text = std::string(mean ? "avg" : "max") + "_pool2d($0, k: " + std::to_string(k);
  if (stride != k)
    text += ", stride: " + std::to_string(stride);
  emit(text + ")", {x}, type, at(x).range, elementsOf(type) * Dim::constant(k * k),
       {stride < k   ? "pool whose windows overlap"
        : stride > k ? "pool whose windows leave gaps"
                     : "pool whose windows tile"});
  return true;
}

} // namespace batten::fuzz
