// ExactLosses.cpp - losses and sq_norm in the order of dialect/NUMERICS.md.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/ExactArithmetic.h"
#include "dialect/ScalarMath.h"

using namespace mlir;

namespace batten::evaluation {

namespace {
/// The core of an operand at one position of the result, in the type that the op computes in.
template <typename Real> struct Core {
  const Tensor &operand;
  int64_t first;
  Core(const Tensor &operand, const Step &step, int64_t position)
      : operand(operand), first(Lift(operand, step.result).coreAt(position)) {}
  int64_t size() const { return operand.coreElements(); }
  Real operator[](int64_t i) const { return load<Real>(*operand.value, first + i); }
};
} // namespace

/// NaN where y is no class: nothing is picked then.
template <typename Real> static Real crossEntropy(const Core<Real> &x, int64_t y) {
  if (y < 0 || y >= x.size())
    return NAN;
  Real max = -INFINITY;
  for (int64_t i = 0; i < x.size(); ++i)
    max = std::isnan(max) || x[i] <= max ? max : x[i];
  Real sum = lanes<Real>(0, x.size(), [&](int64_t i, Real sum) { return sum + scalar::exp(x[i] - max); });
  return scalar::log(sum) - (x[y] - max);
}

template <typename Real> static Real meanSquaredError(const Core<Real> &a, const Core<Real> &b) {
  Real sum = lanes<Real>(0, a.size(), [&](int64_t i, Real sum) {
    Real c = a[i] - b[i];
    return multiplyAdd(c, c, sum);
  });
  return sum / static_cast<Real>(a.size());
}

template <typename Real> static Real squaredNorm(const Step &step, int64_t position) {
  Real total = 0;
  for (const Tensor &leaf : step.operands) {
    Core<Real> x(leaf, step, position);
    total = total + lanes<Real>(0, x.size(), [&](int64_t i, Real sum) { return multiplyAdd(x[i], x[i], sum); });
  }
  return total;
}

template <typename Real> static Real lossAt(const Step &step, int64_t position) {
  auto core = [&](unsigned operand) { return Core<Real>(step.operands[operand], step, position); };
  if (isa<SqNormOp>(step.op))
    return squaredNorm<Real>(step, position);
  if (isa<MseOp>(step.op))
    return meanSquaredError<Real>(core(0), core(1));
  if (isa<BceOp>(step.op))
    return scalar::binaryCrossEntropy(core(0)[0], core(1)[0]);
  return crossEntropy<Real>(core(0), step.operands[1].value->integer(core(1).first));
}

bool exactLoss(const Step &step) {
  if (!isa<CrossEntropyOp, MseOp, BceOp, SqNormOp>(step.op))
    return false;
  bool isDouble = step.operands[0].value->element == ElementKind::F64;
  for (int64_t position = 0, end = step.result.numPositions(); position < end; ++position)
    store(*step.result.value, position, isDouble ? lossAt<double>(step, position) : lossAt<float>(step, position));
  return true;
}

} // namespace batten::evaluation
