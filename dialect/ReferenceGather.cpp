// ReferenceGather.cpp - rope in double precision.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Evaluation.h"
#include <cmath>

using namespace mlir;

namespace batten::evaluation {

bool referenceGather(const Step &step) {
  auto op = dyn_cast<RopeOp>(step.op);
  if (!op)
    return false;
  const DenseValue &x = *step.operands[0].value, &at = *step.operands[1].value;
  Lift xLift(step.operands[0], step.result), atLift(step.operands[1], step.result);
  int64_t d = step.result.coreElements(), half = d / 2;
  double base = op.getBase().convertToDouble();
  for (int64_t position = 0, end = step.result.numPositions(); position < end; ++position)
    for (int64_t i = 0; i < half; ++i) {
      double angle = static_cast<double>(at.integer(atLift.coreAt(position))) *
                     std::pow(base, -2.0 * static_cast<double>(i) / static_cast<double>(d));
      int64_t first = op.getInterleaved() ? 2 * i : i, second = op.getInterleaved() ? 2 * i + 1 : i + half;
      double x1 = x.real(xLift.coreAt(position) + first), x2 = x.real(xLift.coreAt(position) + second);
      step.result.value->setReal(position * d + first, x1 * std::cos(angle) - x2 * std::sin(angle));
      step.result.value->setReal(position * d + second, x1 * std::sin(angle) + x2 * std::cos(angle));
    }
  return true;
}

} // namespace batten::evaluation
