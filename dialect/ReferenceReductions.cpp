// ReferenceReductions.cpp - reductions, softmax and norms in extended precision.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Evaluation.h"
#include <cmath>
#include <limits>

using namespace mlir;

namespace batten::evaluation {

static Wide meanOf(ArrayRef<Wide> x) {
  Wide sum = 0;
  for (Wide value : x)
    sum += value;
  return sum / static_cast<Wide>(x.size());
}

/// Sum of squared differences.
static Wide squaresAround(ArrayRef<Wide> x, Wide centre) {
  Wide sum = 0;
  for (Wide value : x)
    sum += (value - centre) * (value - centre);
  return sum;
}

static Wide extreme(ArrayRef<Wide> x, bool least) {
  Wide result = least ? INFINITY : -INFINITY;
  for (Wide value : x) {
    if (std::isnan(value))
      return value;
    result = least ? std::min(result, value) : std::max(result, value);
  }
  return result;
}

static Wide foldReal(StringRef kind, ArrayRef<Wide> x, int64_t correction) {
  if (kind == "max" || kind == "min")
    return extreme(x, kind == "min");
  Wide mean = meanOf(x);
  if (kind == "mean")
    return mean;
  if (kind == "var")
    return squaresAround(x, mean) / static_cast<Wide>(int64_t(x.size()) - correction);
  Wide sum = 0;
  for (Wide value : x)
    sum += value;
  return sum;
}

static int64_t foldInteger(StringRef kind, ArrayRef<int64_t> x) {
  if (kind == "sum") {
    uint64_t sum = 0;
    for (int64_t value : x)
      sum += uint64_t(value);
    return int64_t(sum);
  }
  if (kind == "any")
    return llvm::any_of(x, [](int64_t value) { return value != 0; });
  if (kind == "all")
    return llvm::all_of(x, [](int64_t value) { return value != 0; });
  return kind == "max" ? *llvm::max_element(x) : *llvm::min_element(x);
}

template <typename Op> static bool reduce(Op op, const Step &step) {
  const DenseValue &x = *step.operands[0].value;
  DenseValue &result = *step.result.value;
  StringRef kind = op.getKind();
  bool isFine = true;
  forEachFold(x.shape, foldedDims(op), [&](int64_t output, ArrayRef<int64_t> elements) {
    if (elements.empty() && kind != "sum" && kind != "any" && kind != "all") {
      isFine = false;
    } else if (x.isReal()) {
      auto values = llvm::map_to_vector(elements, [&](int64_t at) -> Wide { return x.real(at); });
      result.setReal(output, static_cast<double>(foldReal(kind, values, op.getCorrection())));
    } else {
      auto values = llvm::map_to_vector(elements, [&](int64_t at) { return x.integer(at); });
      result.setInteger(output, foldInteger(kind, values));
    }
  });
  return isFine || step.fail("over an empty batch has no value");
}

static bool softmax(const Step &step, unsigned dim, bool isLog) {
  const Tensor &x = step.operands[0];
  forEachFold(x.value->shape, foldedDim(step, dim), [&](int64_t, ArrayRef<int64_t> elements) {
    auto values = llvm::map_to_vector(elements, [&](int64_t at) -> Wide { return x.value->real(at); });
    Wide max = extreme(values, false), sum = 0;
    for (Wide value : values)
      sum += std::exp(value - max);
    for (auto [at, value] : llvm::zip_equal(elements, values)) {
      Wide y = isLog ? value - max - std::log(sum) : std::exp(value - max) / sum;
      step.result.value->setReal(at, static_cast<double>(y));
    }
  });
  return true;
}

/// Both norms: `b` is absent for rms_norm, which takes no mean either.
static bool norm(const Step &step, double eps) {
  const Tensor &x = step.operands[0], &g = step.operands[1];
  bool isLayer = step.operands.size() == 3;
  const Tensor &b = step.operands.back();
  Lift xLift(x, step.result), gLift(g, step.result), bLift(b, step.result);
  int64_t n = x.coreElements();
  for (int64_t position = 0, end = step.result.numPositions(); position < end; ++position) {
    SmallVector<Wide> row(n);
    for (int64_t i = 0; i < n; ++i)
      row[i] = x.value->real(xLift.coreAt(position) + i);
    Wide mean = isLayer ? meanOf(row) : 0;
    Wide scale = 1 / std::sqrt(squaresAround(row, mean) / static_cast<Wide>(n) + eps);
    for (int64_t i = 0; i < n; ++i) {
      Wide y = (row[i] - mean) * scale * g.value->real(gLift.coreAt(position) + i);
      y = isLayer ? y + b.value->real(bLift.coreAt(position) + i) : y;
      step.result.value->setReal(position * n + i, static_cast<double>(y));
    }
  }
  return true;
}

bool referenceReduction(const Step &step) {
  if (auto op = dyn_cast<ReduceOp>(step.op))
    return reduce(op, step);
  if (auto op = dyn_cast<ReduceBatchOp>(step.op))
    return reduce(op, step);
  if (auto op = dyn_cast<SoftmaxOp>(step.op))
    return softmax(step, op.getDim(), false);
  if (auto op = dyn_cast<LogSoftmaxOp>(step.op))
    return softmax(step, op.getDim(), true);
  if (auto op = dyn_cast<LayerNormOp>(step.op))
    return norm(step, op.getEps().convertToDouble());
  auto op = dyn_cast<RmsNormOp>(step.op);
  return op && norm(step, op.getEps().convertToDouble());
}

} // namespace batten::evaluation
