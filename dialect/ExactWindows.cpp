// ExactWindows.cpp - conv2d and pools in the order of dialect/NUMERICS.md.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/ExactArithmetic.h"

using namespace mlir;

namespace batten::evaluation {

/// True of a convolution whose sums are those of tiles.
static bool isOfTiles(const Step &step) {
  int64_t groups = cast<Conv2dOp>(step.op).getGroups();
  ArrayRef<int64_t> w = step.operands[1].coreShape();
  return step.operands[0].value->element == ElementKind::BF16 && step.bf16Sums == Bf16Sums::Tiles &&
         convolvesByTiles(groups, w[1], w[0] / groups);
}

/// The sum of a bf16 convolution: pairs, or steps of tiles, of channels in each tap.
static float bf16Sum(const Step &step, ArrayRef<Tap> taps) {
  const DenseValue &x = *step.operands[0].value, &w = *step.operands[1].value;
  bool inTiles = isOfTiles(step);
  float sum = 0;
  for (int64_t channels = step.operands[1].coreShape()[1]; !taps.empty(); taps = taps.drop_front(channels)) {
    auto factors = [&](int64_t c) {
      return std::pair(c < channels && taps[c].x != Tap::none ? load<float>(x, taps[c].x) : 0.0f,
                       c < channels ? load<float>(w, taps[c].w) : 0.0f);
    };
    sum = bf16Sum(step.bf16Sums, inTiles, sum, channels, factors);
  }
  return sum;
}

template <typename Number> static Number sumOf(const Step &step, ArrayRef<Tap> taps) {
  const DenseValue &x = *step.operands[0].value, &w = *step.operands[1].value;
  if constexpr (std::is_same_v<Number, float>)
    if (x.element == ElementKind::BF16)
      return bf16Sum(step, taps);
  return chain<Number>(0, taps.size(), [&](int64_t i, Number sum) {
    return multiplyAdd(load<Number>(x, taps[i].x), load<Number>(w, taps[i].w), sum);
  });
}

template <typename Number> static void convolution(const Step &step) {
  const Tensor *bias = step.operands.size() == 3 ? &step.operands[2] : nullptr;
  Lift biasLift(bias ? *bias : step.operands[0], step.result);
  int64_t core = step.result.coreElements(), image = core / std::max<int64_t>(1, step.result.coreShape()[0]);
  auto visit = [&](int64_t output, ArrayRef<Tap> taps) {
    Number sum = sumOf<Number>(step, taps);
    if (bias)
      sum = sum + load<Number>(*bias->value, biasLift.coreAt(output / core) + output % core / image);
    store(*step.result.value, output, sum);
  };
  forEachConvolution(step, visit, /*withPadding=*/isOfTiles(step));
}

template <typename Number> static void maxPool(const Step &step, MaxPool2dOp op) {
  const DenseValue &x = *step.operands[0].value;
  forEachPool(step, op.getK(), op.getStride(), [&](int64_t output, ArrayRef<int64_t> elements) {
    Number greatest = load<Number>(x, elements[0]);
    for (int64_t at : elements.drop_front())
      greatest = maximum(greatest, load<Number>(x, at));
    store(*step.result.value, output, greatest);
  });
}

template <typename Real> static void averagePool(const Step &step, AvgPool2dOp op) {
  const DenseValue &x = *step.operands[0].value;
  forEachPool(step, op.getK(), op.getStride(), [&](int64_t output, ArrayRef<int64_t> elements) {
    Real sum = load<Real>(x, elements[0]);
    for (int64_t at : elements.drop_front())
      sum = sum + load<Real>(x, at);
    store(*step.result.value, output, sum / static_cast<Real>(elements.size()));
  });
}

bool exactWindow(const Step &step) {
  ElementKind kind = step.operands[0].value->element;
  if (isa<Conv2dOp>(step.op)) {
    withNumber(kind, [&](auto number) { convolution<decltype(number)>(step); });
  } else if (auto op = dyn_cast<MaxPool2dOp>(step.op)) {
    withNumber(kind, [&](auto number) { maxPool<decltype(number)>(step, op); });
  } else if (auto op = dyn_cast<AvgPool2dOp>(step.op)) {
    kind == ElementKind::F64 ? averagePool<double>(step, op) : averagePool<float>(step, op);
  } else {
    return false;
  }
  return true;
}

} // namespace batten::evaluation
