// ExactGather.cpp - rope in the order of dialect/NUMERICS.md.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/ExactArithmetic.h"
#include "dialect/Rotation.h"
#include "dialect/ScalarMath.h"

using namespace mlir;

namespace batten {

std::vector<double> rotation::frequencies(double base, int64_t d) {
  std::vector<double> radians;
  for (int64_t i = 0; i < d / 2; ++i)
    radians.push_back(scalar::pow(base, double(-2 * i) / double(d)));
  return radians;
}

float rotation::angle(double position, double frequency) {
  double radians = position * frequency, turns = std::fma(radians, turnsPerRadian, shift) - shift;
  return static_cast<float>(std::fma(turns, -turnLow, std::fma(turns, -turn, radians)));
}

namespace evaluation {

template <typename Real> static Real angleOf(double position, double frequency) {
  if constexpr (std::is_same_v<Real, double>)
    return position * frequency;
  else
    return rotation::angle(position, frequency);
}

template <typename Real> static void turnPairs(RopeOp op, const Step &step) {
  const DenseValue &x = *step.operands[0].value, &at = *step.operands[1].value;
  Lift xLift(step.operands[0], step.result), atLift(step.operands[1], step.result);
  int64_t d = step.result.coreElements();
  std::vector<double> frequencies = rotation::frequencies(op.getBase().convertToDouble(), d);
  for (int64_t position = 0, end = step.result.numPositions(); position < end; ++position)
    for (int64_t i = 0; i < d / 2; ++i) {
      int64_t first = op.getInterleaved() ? 2 * i : i, second = op.getInterleaved() ? 2 * i + 1 : i + d / 2;
      Real angle = angleOf<Real>(static_cast<double>(at.integer(atLift.coreAt(position))), frequencies[i]);
      Real sine = scalar::sin(angle), cosine = scalar::cos(angle);
      Real x1 = load<Real>(x, xLift.coreAt(position) + first), x2 = load<Real>(x, xLift.coreAt(position) + second);
      store(*step.result.value, position * d + first, std::fma(x1, cosine, -(x2 * sine)));
      store(*step.result.value, position * d + second, std::fma(x1, sine, x2 * cosine));
    }
}

bool exactGather(const Step &step) {
  auto op = dyn_cast<RopeOp>(step.op);
  if (!op)
    return false;
  step.result.value->element == ElementKind::F64 ? turnPairs<double>(op, step) : turnPairs<float>(op, step);
  return true;
}

} // namespace evaluation
} // namespace batten
