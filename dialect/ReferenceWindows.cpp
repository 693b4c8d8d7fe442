// ReferenceWindows.cpp - conv2d and pools in double precision.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Evaluation.h"
#include <cmath>

using namespace mlir;

namespace batten::evaluation {

static bool convolution(const Step &step) {
  const DenseValue &x = *step.operands[0].value, &w = *step.operands[1].value;
  const Tensor *bias = step.operands.size() == 3 ? &step.operands[2] : nullptr;
  Lift biasLift(bias ? *bias : step.operands[0], step.result);
  int64_t core = step.result.coreElements(), image = core / std::max<int64_t>(1, step.result.coreShape()[0]);
  forEachConvolution(step, [&](int64_t output, ArrayRef<Tap> taps) {
    int64_t biasAt = bias ? biasLift.coreAt(output / core) + output % core / image : 0;
    if (!x.isReal()) {
      uint64_t sum = bias ? uint64_t(bias->value->integer(biasAt)) : 0; // wraps
      for (const Tap &tap : taps)
        sum += uint64_t(x.integer(tap.x)) * uint64_t(w.integer(tap.w));
      return step.result.value->setInteger(output, int64_t(sum));
    }
    double sum = 0;
    for (const Tap &tap : taps)
      sum += x.real(tap.x) * w.real(tap.w);
    step.result.value->setReal(output, bias ? sum + bias->value->real(biasAt) : sum);
  });
  return true;
}

static bool maxPool(const Step &step, MaxPool2dOp op) {
  const DenseValue &x = *step.operands[0].value;
  forEachPool(step, op.getK(), op.getStride(), [&](int64_t output, ArrayRef<int64_t> elements) {
    if (!x.isReal()) {
      int64_t greatest = x.integer(elements[0]);
      for (int64_t at : elements)
        greatest = std::max(greatest, x.integer(at));
      return step.result.value->setInteger(output, greatest);
    }
    double greatest = x.real(elements[0]);
    for (int64_t at : elements) {
      double value = x.real(at);
      bool isGreater = value > greatest || (value == greatest && !std::signbit(value));
      greatest = std::isnan(greatest) || !(std::isnan(value) || isGreater) ? greatest : value;
    }
    step.result.value->setReal(output, greatest);
  });
  return true;
}

static bool averagePool(const Step &step, AvgPool2dOp op) {
  const DenseValue &x = *step.operands[0].value;
  forEachPool(step, op.getK(), op.getStride(), [&](int64_t output, ArrayRef<int64_t> elements) {
    double sum = -0.0;
    for (int64_t at : elements)
      sum += x.real(at);
    step.result.value->setReal(output, sum / double(elements.size()));
  });
  return true;
}

bool referenceWindow(const Step &step) {
  if (isa<Conv2dOp>(step.op))
    return convolution(step);
  if (auto op = dyn_cast<MaxPool2dOp>(step.op))
    return maxPool(step, op);
  auto op = dyn_cast<AvgPool2dOp>(step.op);
  return op && averagePool(step, op);
}

} // namespace batten::evaluation
