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
    if (scope->kind == ScopeKind::Entry && in == Dim::symbol(dim.name) && dim.bound)
      fits = dim.keepTo(least);
  if (!fits)
    return std::nullopt;
  return Dim::floorDiv(in - Dim::constant(least), Dim::constant(stride)) + Dim::constant(1);
}

/// A dim of the call that may stand right of the bar, where there is one.
RuntimeDim *Generator::dimOfTheCall() {
  for (RuntimeDim &dim : sketch.runtimeDims)
    if (scope->kind == ScopeKind::Entry && dim.bound)
      return &dim;
  return nullptr;
}

/// A value with three core dims; made anew where there is none.
int Generator::image(bool integers) {
  int found = pick([&](const Value &value) {
    const TensorType &type = value.type;
    return type.core.size() == 3 && (integers || frontend::isFloat(type.dtype));
  });
  if (found >= 0 && random.chance(0.6))
    return found;
  DType dtype = integers && random.chance(0.35)
                    ? random.pick({DType::I8, DType::U8, DType::I32, DType::I64, DType::Bool})
                    : mainType;
  if (wish && (integers || frontend::isFloat(*wish)))
    dtype = *wish;
  static const std::vector<int64_t> channels = {1, 2, 3, 4, 6, 7, 8, 12, 13},
                                    sides = {1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 18, 33, 37, 66};
  Dim height = Dim::constant(random.pick({1, 2, 3, 5, 6, 9})), width = Dim::constant(random.pick(sides));
  if (RuntimeDim *dim = random.chance(0.3) ? dimOfTheCall() : nullptr)
    (random.chance(0.5) ? height : width) = Dim::symbol(dim->name);
  TensorType type{dtype, {}, {Dim::constant(random.pick(channels)), height, width}};
  if (RuntimeDim *dim = random.chance(0.15) ? dimOfTheCall() : nullptr)
    type.core[0] = Dim::symbol(dim->name) * Dim::constant(random.pick({1, 2, 3}));
  if (int made = random.chance(0.1) ? sizeOfTheCall(type) : -1; made >= 0)
    return made;
  if (scope->kind == ScopeKind::Entry)
    type.batch = random.chance(0.8) ? Batch{"B"} : Batch();
  return fresh(type);
}

/// How a convolution slides; `groups` divides its channels and `outputs`.
struct Generator::Taps {
  int64_t kh, kw, stride, pad, dilation, groups;
  Dim outputs;
};

/// A convolution of `x` with new weights; -1 where it does not fit.
int Generator::convolve(int x, const Taps &taps) {
  const TensorType in = at(x).type;
  std::optional<Dim> ho = windows(in.core[1], taps.pad, taps.dilation * (taps.kh - 1) + 1, taps.stride);
  std::optional<Dim> wo =
      ho ? windows(in.core[2], taps.pad, taps.dilation * (taps.kw - 1) + 1, taps.stride) : std::nullopt;
  if (!wo)
    return -1;
  Dim depth = *Dim::exactDiv(in.core[0], Dim::constant(taps.groups));
  TensorType weights{in.dtype, {}, {taps.outputs, depth, Dim::constant(taps.kh), Dim::constant(taps.kw)}};
  if (scope->kind == ScopeKind::Entry && random.chance(0.15))
    weights.batch = sublist(in.batch);
  TensorType type{accumulatorOf(in.dtype), in.batch, {taps.outputs, *ho, *wo}};
  Dim terms = depth * Dim::constant(taps.kh * taps.kw);
  if (elements(type) * sizeOf(terms) > multiplications || !isMultiple(taps.outputs, taps.groups))
    return -1;
  int w = fresh(weights, {-1, 1});
  DType added = random.chance(0.5) ? in.dtype : type.dtype;
  int b = w >= 0 && random.chance(frontend::isFloat(in.dtype) ? 0.6 : 0.9) ? operandOf({added, {}, {type.core[0]}}, 0.7)
                                                                           : -1;
  if (w < 0)
    return -1;
  std::vector<int> operands = {x, w};
  if (b >= 0)
    operands.push_back(b);
  double bound =
      double(sizeOf(terms)) * at(x).range.magnitude() * at(w).range.magnitude() + (b < 0 ? 0 : at(b).range.magnitude());
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
  option("stride", taps.stride, 1);
  option("pad", taps.pad, 0);
  option("dilation", taps.dilation, 1);
  option("groups", taps.groups, 1);
  if (b < 0 || frontend::isFloat(in.dtype))
    text += wider(in.dtype, type.dtype, features);
  if (!ho->isConstant() || !wo->isConstant())
    features.push_back("convolution with a size of the call");
  if (!depth.isConstant() || !taps.outputs.isConstant())
    features.push_back(taps.groups > 1 ? "convolution in groups of the call" : "convolution with channels of the call");
  if (depth.isConstant(1) && taps.groups > 1)
    features.push_back("depthwise convolution");
  return moderate(emit(text + ")", operands, type, {-bound, bound}, elementsOf(type) * terms, features));
}

bool Generator::convolution() {
  int x = image(/*integers=*/true);
  if (x < 0)
    return false;
  Dim channels = at(x).type.core[0];
  Taps taps{random.pick({1, 1, 2, 3, 3, 5}),
            4,
            random.pick({1, 1, 1, 2, 2, 3, 5}),
            random.pick({0, 0, 1, 1, 2, 4}),
            random.pick({1, 1, 1, 2, 3}),
            1,
            {}};
  if (random.chance(0.7))
    taps.kw = taps.kh;
  if (std::optional<int64_t> known = channels.constantValue(); known && random.chance(0.4))
    taps.groups = random.chance(0.6) || *known % 2 ? *known : 2;
  for (int64_t groups : {3, 2})
    if (!channels.isConstant() && random.chance(0.8) && Dim::modulo(channels, Dim::constant(groups)).isConstant(0))
      taps.groups = groups;
  taps.outputs = Dim::constant(taps.groups * random.pick({1, 1, 2, 3, 5, 7, 13, 20}));
  if (RuntimeDim *dim = random.chance(0.2) ? dimOfTheCall() : nullptr)
    taps.outputs = Dim::symbol(dim->name) * Dim::constant(random.chance(0.4) ? 1 : taps.groups);
  return convolve(x, taps) >= 0;
}

/// A number for each channel, on one pixel at a time: what a batch norm that has been trained is.
int Generator::scaledChannels(int x) {
  const TensorType type = at(x).type;
  std::string c = nameOf(*type.core[0].constantValue(), {});
  std::string h = nameOf(*type.core[1].constantValue(), {c}), w = nameOf(*type.core[2].constantValue(), {c, h});
  TensorType pixels{type.dtype, type.batch, {type.core[0]}}, channels{type.dtype, {}, {type.core[0]}};
  pixels.batch.insert(pixels.batch.end(), {h, w});
  const std::string there = c + ", " + h + ", " + w + "]", pixel = "[" + h + ", " + w + " | " + c + "]";
  int scale = fresh(channels, {-1, 1}), shift = scale < 0 ? -1 : fresh(channels);
  if (shift < 0)
    return x;
  Interval range = at(x).range;
  x = emit("rearrange($0, [| " + there + " -> " + pixel + ")", {x}, pixels, range);
  double most = range.magnitude() * at(scale).range.magnitude();
  x = emit("$0 * $1", {x, scale}, pixels, {-most, most});
  most += at(shift).range.magnitude();
  x = emit("$0 + $1", {x, shift}, pixels, {-most, most});
  return emit("rearrange($0, " + pixel + " -> [| " + there + ")", {x}, type, {-most, most}, Dim(),
              {"a number for each channel"});
}

/// Scale and shift, a residual where `before` has the size, an activation: each or none.
int Generator::behindConvolution(int x, int before) {
  if (random.chance(0.4))
    x = scaledChannels(x);
  if (at(x).type == at(before).type && random.chance(0.7)) {
    Interval a = at(x).range, b = at(before).range;
    x = emit("$0 + $1", {x, before}, at(x).type, {a.low + b.low, a.high + b.high}, Dim(),
             {"an image beside a convolution"});
  }
  std::string activation = random.pick<std::string>({"", "relu", "relu", "silu", "sigmoid", "tanh"});
  double most = std::max(1.0, at(x).range.high);
  return moderate(activation.empty() ? x : emit(activation + "($0)", {x}, at(x).type, {-1, most}));
}

/// A few layers of a network of images: what lies between them may have its channels innermost.
bool Generator::images() {
  if (scope->kind != ScopeKind::Entry)
    return false;
  const std::vector<int64_t> channels = {8, 16, 17, 24, 32};
  Dim side = Dim::constant(random.pick({2, 3, 4, 5})), width = Dim::constant(random.pick(channels));
  int x = fresh({mainType, {"B"}, {Dim::constant(random.pick(channels)), side, side}});
  int64_t made = 0;
  for (int64_t wanted = random.between(2, 4); x >= 0 && made < wanted; ++made) {
    int64_t k = random.pick({1, 1, 3}), stride = random.pick({1, 1, 1, 2});
    Dim outputs = random.chance(0.6) ? width : Dim::constant(random.pick(channels));
    int next = convolve(x, {k, k, stride, k / 2, 1, 1, outputs});
    if (next < 0)
      break;
    if (made > 0)
      scope->body->statements.back().features.push_back("convolutions one after the other");
    x = behindConvolution(next, x);
  }
  return made > 0;
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
