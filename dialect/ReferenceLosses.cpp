// ReferenceLosses.cpp - losses and sq_norm in extended precision.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Evaluation.h"
#include <cmath>

using namespace mlir;

namespace batten::evaluation {

/// The core of `operand` at one position of the result.
static SmallVector<Wide> coreOf(const Tensor &operand, const Step &step, int64_t position) {
  int64_t first = Lift(operand, step.result).coreAt(position);
  return llvm::map_to_vector(llvm::seq(first, first + operand.coreElements()),
                             [&](int64_t at) -> Wide { return operand.value->real(at); });
}

static Wide crossEntropy(ArrayRef<Wide> x, int64_t y) {
  if (y < 0 || y >= int64_t(x.size()))
    return NAN;
  Wide max = -INFINITY, sum = 0;
  for (Wide value : x)
    max = std::isnan(value) || value > max ? value : max;
  for (Wide value : x)
    sum += std::exp(value - max);
  return std::log(sum) - (x[y] - max);
}

static Wide meanSquaredError(ArrayRef<Wide> a, ArrayRef<Wide> b) {
  Wide sum = 0;
  for (auto [x, y] : llvm::zip_equal(a, b))
    sum += (x - y) * (x - y);
  return sum / static_cast<Wide>(a.size());
}

static Wide binaryCrossEntropy(Wide x, Wide y) {
  return std::fmax(x, Wide(0)) - x * y + std::log1p(std::exp(-std::abs(x)));
}

bool referenceLoss(const Step &step) {
  if (!isa<CrossEntropyOp, MseOp, BceOp, SqNormOp>(step.op))
    return false;
  for (int64_t position = 0, end = step.result.numPositions(); position < end; ++position) {
    auto core = [&](unsigned operand) { return coreOf(step.operands[operand], step, position); };
    Wide loss = 0;
    if (isa<CrossEntropyOp>(step.op))
      loss =
          crossEntropy(core(0), step.operands[1].value->integer(Lift(step.operands[1], step.result).coreAt(position)));
    else if (isa<MseOp>(step.op))
      loss = meanSquaredError(core(0), core(1));
    else if (isa<BceOp>(step.op))
      loss = binaryCrossEntropy(core(0)[0], core(1)[0]);
    else
      for (unsigned leaf = 0; leaf < step.operands.size(); ++leaf)
        for (Wide x : core(leaf))
          loss += x * x;
    step.result.value->setReal(position, static_cast<double>(loss));
  }
  return true;
}

} // namespace batten::evaluation
