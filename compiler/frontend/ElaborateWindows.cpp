// ElaborateWindows.cpp - convolution and pools: what slides over an image.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Elaborate.h"

#include <algorithm>

namespace batten::frontend {

//===- Sizes ------------------------------------------------------------------------------------------------------===//

using SizeOptions = std::map<std::string, Dim>;

static Dim optionOf(const SizeOptions &options, const char *name, int64_t otherwise) {
  auto found = options.find(name);
  return found == options.end() ? Dim::constant(otherwise) : found->second;
}

/// How far a window can slide: in + 2*pad - dilation*(kernel - 1) - 1.
static Dim freePlaces(const Dim &in, const Dim &kernel, const SizeOptions &options) {
  Dim one = Dim::constant(1);
  return in + Dim::constant(2) * optionOf(options, "pad", 0) - optionOf(options, "dilation", 1) * (kernel - one) - one;
}

/// div(in + 2*pad - dilation*(kernel - 1) - 1, stride) + 1
static Dim countOf(const Dim &in, const Dim &kernel, const SizeOptions &options) {
  return Dim::floorDiv(freePlaces(in, kernel, options), optionOf(options, "stride", 1)) + Dim::constant(1);
}

/// How many windows there are along `in`.
std::optional<CoreDim> Elaborator::windows(OpCall &call, const CoreDim &in, const Dim &kernel,
                                           const SizeOptions &options) {
  Dim free = freePlaces(in.size, kernel, options);
  Truth fits = facts.holds(Dim(), DimRelation::Le, free);
  if (fits == Truth::False) {
    context
        .error("E0219", call.name,
               std::string("`") + call.op->name + "`: a window of " + str(kernel) + " does not fit into " +
                   str(in, true))
        .secondary(call.operands[0].range)
        .label(str(call.operands[0].value.type, true));
    return std::nullopt;
  }
  if (fits == Truth::Maybe && !checking)
    guard({Dim(), free, DimRelation::Le, call.name});
  if (!checking)
    warnOfDropped(call, in, kernel, Dim::modulo(free, optionOf(options, "stride", 1)) - optionOf(options, "pad", 0));
  return CoreDim{countOf(in.size, kernel, options), "", nullptr};
}

/// `dropped`: how many places of the image the last window does not reach, below zero where they are padding.
void Elaborator::warnOfDropped(OpCall &call, const CoreDim &in, const Dim &kernel, const Dim &dropped) {
  std::optional<int64_t> count = dropped.constantValue();
  if (!count || *count <= 0)
    return;
  context.diagnostics
      .warning("dropped-rows", call.name,
               std::string("`") + call.op->name + "`: the last window of " + str(kernel) + " ends before " +
                   (*count == 1 ? "the last row or column" : "the last " + std::to_string(*count)) + " of " +
                   str(in, true))
      .secondary(call.operands[0].range)
      .label(str(call.operands[0].value.type, true))
      .help("a slice such as `x[| :, 0:28, 0:28]` takes what is meant; `#[allow(dropped-rows)]` says that this is");
}

//===- Advice -----------------------------------------------------------------------------------------------------===//

/// True if the last two sizes of `core` are those of `call` with other options.
bool Elaborator::gives(const WindowCall &call, const SizeOptions &options, const std::vector<CoreDim> &core) {
  for (size_t i = 0; i < 2; ++i) {
    Dim side = options.count("k") ? options.at("k") : call.kernel[i];
    if (facts.equal(countOf(call.in[i], side, options), core[core.size() - 2 + i].size) != Truth::True)
      return false;
  }
  return true;
}

void Elaborator::keepWindows(const std::string &name, const std::vector<CoreDim> &image, const Dim &height,
                             const Dim &width, const SizeOptions &options) {
  if (checking)
    windowCalls.push_back({name, {image[1].size, image[2].size}, {height, width}, options});
}

/// Other options, the likeliest first: of a convolution another padding, then another stride, then both; of a pool
/// another stride, windows side by side, then any.
static std::vector<SizeOptions> choicesOf(bool isPool, int64_t most) {
  constexpr int64_t mostStride = 16;
  std::vector<SizeOptions> choices;
  auto choose = [&](std::optional<int64_t> value, std::optional<int64_t> stride) {
    choices.push_back({});
    if (value)
      choices.back()[isPool ? "k" : "pad"] = Dim::constant(*value);
    if (stride)
      choices.back()["stride"] = Dim::constant(*stride);
  };
  for (int64_t pad = 0; !isPool && pad <= most; ++pad)
    choose(pad, std::nullopt);
  for (int64_t stride = 1; stride <= mostStride; ++stride)
    choose(std::nullopt, stride);
  for (int64_t side = 1; isPool && side <= most; ++side)
    choose(side, side);
  for (int64_t stride = 1; stride <= mostStride; ++stride)
    for (int64_t value = isPool; value <= most; ++value)
      choose(value, stride);
  return choices;
}

/// What would make a convolution or pool that gave the last two sizes of `found` give those of `wanted`; empty where
/// none did.
std::string Elaborator::adviceForWindows(const std::vector<CoreDim> &found, const std::vector<CoreDim> &wanted) {
  if (found.size() != wanted.size() || found.size() < 2)
    return "";
  auto made = std::find_if(windowCalls.rbegin(), windowCalls.rend(), [&](const WindowCall &call) {
    return gives(call, call.options, found) && !gives(call, call.options, wanted);
  });
  if (made == windowCalls.rend())
    return "";
  bool isPool = made->options.count("k");
  std::string sizes = str(wanted[wanted.size() - 2].size) + " x " + str(wanted.back().size);
  Dim reach = optionOf(made->options, "dilation", 1) * (made->kernel[0] - Dim::constant(1));
  for (const SizeOptions &choice :
       choicesOf(isPool, isPool ? 16 : std::min<int64_t>(reach.constantValue().value_or(8), 16))) {
    SizeOptions options = made->options;
    std::vector<std::string> texts;
    for (const auto &[name, value] : choice) {
      options[name] = value;
      texts.push_back(name + ": " + str(value));
    }
    if (gives(*made, options, wanted))
      return "`" + made->name + "` gives " + sizes + " with `" + joined(texts) + "`";
  }
  return "no " + std::string(isPool ? "`k` and" : "`pad` and") + " `stride` make `" + made->name + "` give " + sizes +
         ": there are " + (isPool ? "div(h - k, stride)" : "div(h + 2*pad - dilation*(kh - 1) - 1, stride)") +
         " + 1 windows along h";
}

//===- The ops ----------------------------------------------------------------------------------------------------===//

/// The channels of image and kernels, by groups.
bool Elaborator::checkChannels(OpCall &call, const Dim &groups) {
  Operand &x = call.operands[0], &w = call.operands[1];
  const std::vector<CoreDim> &image = x.value.type.core, &kernel = w.value.type.core;
  std::optional<Dim> share = Dim::exactDiv(image[0].size, groups); // the channels that a group sees
  if (!share) {
    context
        .error("E0219", call.options["groups"]->range,
               "`conv2d`: " + str(image[0], true) + " channels are not divisible by " + str(groups) + " groups")
        .secondary(x.range)
        .label(str(x.value.type, true));
    return false;
  }
  CoreDim channels{kernel[1].size * groups, groups.isConstant(1) ? kernel[1].text : "", nullptr};
  auto mismatch = [&] {
    if (groups.isConstant(1))
      return contractionMismatch("conv2d", call.name, x, w, image[0], channels, 1);
    contractionMismatch("conv2d", call.name, x, w, {*share, "", nullptr}, {kernel[1].size, "", nullptr}, 1);
  };
  if (!requireEqual(image[0], channels, call.name, mismatch))
    return false;
  if (isMultiple(kernel[0].size, groups, call.name))
    return true;
  context.error("E0219", call.options["groups"]->range,
                "`groups` must divide the " + str(kernel[0], true) + " outputs");
  return false;
}

/// The bias: a number for each output, of the dtype of the sums.
bool Elaborator::checkBias(OpCall &call, DType dtype) {
  Operand &x = call.operands[0], &w = call.operands[1], &b = call.operands[2];
  if (b.value.type.dtype != dtype && !meet("conv2d", call.name, {&x, &w, &b}))
    return false;
  return equalDims(call, w, w.value.type.core[0], b, b.value.type.core[0]);
}

Value Elaborator::opConv2d(OpCall &call) {
  Operand &x = call.operands[0], &w = call.operands[1];
  bool biased = call.operands.size() == 3;
  std::map<std::string, Dim> options = {
      {"stride", Dim::constant(1)}, {"pad", Dim()}, {"dilation", Dim::constant(1)}, {"groups", Dim::constant(1)}};
  takeProductBrackets(call);
  if (!allTensors(call) || !coreRank(call, 0, 3) || !coreRank(call, 1, 4) || (biased && !coreRank(call, 2, 1)))
    return Value();
  if (!sizeOption(call, "stride", 1, options) || !sizeOption(call, "pad", 0, options) ||
      !sizeOption(call, "dilation", 1, options) || !sizeOption(call, "groups", 1, options))
    return Value();
  if (!meet("conv2d", call.name, {&x, &w}))
    return Value();
  Type type;
  type.dtype = accumulated(x.value.type.dtype);
  if (!checkChannels(call, options["groups"]) || (biased && !checkBias(call, type.dtype)))
    return Value();
  const std::vector<CoreDim> &image = x.value.type.core, &kernel = w.value.type.core;
  std::optional<CoreDim> height = windows(call, image[1], kernel[2].size, options);
  std::optional<CoreDim> width = height ? windows(call, image[2], kernel[3].size, options) : std::nullopt;
  std::vector<const Operand *> operands;
  std::vector<const Value *> values;
  for (Operand &operand : call.operands) {
    operands.push_back(&operand);
    values.push_back(&operand.value);
  }
  if (width)
    keepWindows("conv2d", image, kernel[2].size, kernel[3].size, options);
  std::optional<BatchList> batch = width ? combine("conv2d", call.name, operands, false) : std::nullopt;
  if (!batch)
    return Value();
  type.batch = *batch;
  type.core = {kernel[0], *height, *width};
  return accumulate(call.expr->range, "conv2d", values, type, optionAttributes(call, options),
                    accumulation(&call, call.name, x.value.type.dtype, type.dtype));
}

Value Elaborator::opPool2d(OpCall &call) {
  Operand &x = call.operands[0];
  std::map<std::string, Dim> options;
  takeBrackets({&x});
  if (!allTensors(call) || !coreRank(call, 0, 3) || !sizeOption(call, "k", 1, options))
    return Value();
  options["stride"] = options["k"];
  if (!sizeOption(call, "stride", 1, options))
    return Value();
  std::string name = call.op->name;
  if (name == "avg_pool2d" ? !requireFloat(name, call.name, x) : x.value.type.dtype == DType::Bool) {
    if (name != "avg_pool2d")
      wrongDType(name, call.name, x, "numbers");
    return Value();
  }
  keepWindows(name, x.value.type.core, options["k"], options["k"], options);
  Type type = x.value.type;
  for (size_t i = 1; i < 3; ++i) {
    std::optional<CoreDim> size = windows(call, type.core[i], options["k"], options);
    if (!size)
      return Value();
    type.core[i] = *size;
  }
  return emit(call.expr->range, name, {&x.value}, type, optionAttributes(call, options));
}

} // namespace batten::frontend
