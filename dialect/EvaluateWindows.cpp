// EvaluateWindows.cpp - which elements meet in a window, for both evaluators; see Evaluation.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Evaluation.h"

using namespace mlir;

namespace batten::evaluation {

namespace {

/// A window sliding along one dim: output i and tap k meet at element `at(i, k)`, if that is one.
struct Slide {
  int64_t stride, pad, dilation, extent;
  int64_t at(int64_t output, int64_t tap) const { return output * stride + tap * dilation - pad; }
  bool isInside(int64_t element) const { return element >= 0 && element < extent; }
};

} // namespace

void forEachConvolution(const Step &step, function_ref<void(int64_t, ArrayRef<Tap>)> visit, bool withPadding) {
  auto op = cast<Conv2dOp>(step.op);
  ArrayRef<int64_t> x = step.operands[0].coreShape(), w = step.operands[1].coreShape(), y = step.result.coreShape();
  Lift xLift(step.operands[0], step.result), wLift(step.operands[1], step.result);
  int64_t stride = op.getStride(), pad = op.getPad(), dilation = op.getDilation();
  Slide rows{stride, pad, dilation, x[1]}, columns{stride, pad, dilation, x[2]};
  int64_t channels = w[1], outputsInGroup = w[0] / int64_t(op.getGroups()), output = 0;
  SmallVector<Tap> taps;
  for (int64_t position = 0, end = step.result.numPositions(); position < end; ++position)
    for (int64_t o = 0; o < y[0]; ++o)
      for (int64_t i = 0; i < y[1]; ++i)
        for (int64_t j = 0; j < y[2]; ++j) {
          taps.clear();
          int64_t firstChannel = o / outputsInGroup * channels;
          for (int64_t kh = 0; kh < w[2]; ++kh)
            for (int64_t kw = 0; kw < w[3]; ++kw) {
              int64_t row = rows.at(i, kh), column = columns.at(j, kw);
              bool isInside = rows.isInside(row) && columns.isInside(column);
              if (!isInside && !withPadding)
                continue;
              for (int64_t c = 0; c < channels; ++c) {
                int64_t at = xLift.coreAt(position) + ((firstChannel + c) * x[1] + row) * x[2] + column;
                taps.push_back(
                    {isInside ? at : Tap::none, wLift.coreAt(position) + ((o * channels + c) * w[2] + kh) * w[3] + kw});
              }
            }
          visit(output++, taps);
        }
}

void forEachPool(const Step &step, int64_t k, int64_t stride, function_ref<void(int64_t, ArrayRef<int64_t>)> visit) {
  ArrayRef<int64_t> x = step.operands[0].coreShape(), y = step.result.coreShape();
  int64_t planes = step.result.numPositions() * y[0], output = 0;
  SmallVector<int64_t> elements(k * k);
  for (int64_t plane = 0; plane < planes; ++plane)
    for (int64_t i = 0; i < y[1]; ++i)
      for (int64_t j = 0; j < y[2]; ++j) {
        for (int64_t tap = 0; tap < k * k; ++tap)
          elements[tap] = (plane * x[1] + i * stride + tap / k) * x[2] + j * stride + tap % k;
        visit(output++, elements);
      }
}

} // namespace batten::evaluation
