// ExactReductions.cpp - reductions, softmax and norms in the order of dialect/NUMERICS.md.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/ExactArithmetic.h"
#include "dialect/ScalarMath.h"

using namespace mlir;

namespace batten::evaluation {

/// Values that one output is made of, in the type that they are computed in.
template <typename Number> using Row = SmallVector<Number>;

template <typename Number> static Row<Number> loadRow(const DenseValue &from, ArrayRef<int64_t> elements) {
  return llvm::map_to_vector(elements, [&](int64_t at) { return load<Number>(from, at); });
}

template <typename Number> static Number sumOf(const Row<Number> &x, Order order) {
  return accumulate<Number>(order, x.size(), [&](int64_t i, Number sum) { return sum + x[i]; });
}

/// The sum of (x - centre)^2, one multiply-add each.
template <typename Real> static Real squaresAround(const Row<Real> &x, Real centre, Order order) {
  return accumulate<Real>(order, x.size(), [&](int64_t i, Real sum) {
    Real c = x[i] - centre;
    return multiplyAdd(c, c, sum);
  });
}

template <typename Number> static Number maximumOf(const Row<Number> &x) {
  Number result = x[0];
  for (Number value : ArrayRef(x).drop_front())
    result = maximum(result, value);
  return result;
}

/// min(x) = -max(-x); 64 bits hold the negative of every element but the least i64, which is its own.
template <typename Real> static Real minimumOf(Row<Real> x) {
  for (Real &value : x)
    value = -value;
  return -maximumOf(x);
}
static Wrapping minimumOf(const Row<Wrapping> &x) {
  return *llvm::min_element(x, [](Wrapping a, Wrapping b) { return a.value < b.value; });
}

template <typename Real> static Real fold(StringRef kind, const Row<Real> &x, int64_t correction, Order order) {
  Real sum = sumOf(x, order);
  if (kind == "sum")
    return sum;
  Real mean = sum / static_cast<Real>(x.size());
  if (kind == "mean")
    return mean;
  return squaresAround(x, mean, order) / static_cast<Real>(int64_t(x.size()) - correction);
}

static Wrapping fold(StringRef kind, const Row<Wrapping> &x, int64_t, Order order) {
  if (kind == "any")
    return Wrapping(llvm::any_of(x, [](Wrapping value) { return value.value != 0; }));
  if (kind == "all")
    return Wrapping(llvm::all_of(x, [](Wrapping value) { return value.value != 0; }));
  return sumOf(x, order);
}

template <typename Number, typename Op> static bool reduce(Op op, const Step &step, Order order) {
  const DenseValue &x = *step.operands[0].value;
  StringRef kind = op.getKind();
  bool isExtreme = kind == "max" || kind == "min", isFine = true;
  forEachFold(x.shape, foldedDims(op), [&](int64_t output, ArrayRef<int64_t> elements) {
    if (elements.empty() && (isExtreme || kind == "mean" || kind == "var")) {
      isFine = false;
      return;
    }
    Row<Number> row = loadRow<Number>(x, elements);
    Number result = !isExtreme      ? fold(kind, row, op.getCorrection(), order)
                    : kind == "max" ? maximumOf(row)
                                    : minimumOf(row);
    store(*step.result.value, output, result);
  });
  return isFine || step.fail("over an empty batch has no value");
}

static void softmaxOfBf16(const Step &step, unsigned dim) {
  const Tensor &x = step.operands[0];
  forEachFold(x.value->shape, foldedDim(step, dim), [&](int64_t, ArrayRef<int64_t> elements) {
    Row<float> row = loadRow<float>(*x.value, elements), exps;
    float max = maximumOf(row);
    for (float value : row)
      exps.push_back(scalar::expToBf16(value - max));
    float reciprocal = 1 / sumOf(exps, Order::Lanes);
    for (auto [exp, at] : llvm::zip_equal(exps, elements))
      store(*step.result.value, at, exp * reciprocal);
  });
}

template <typename Real> static void softmax(const Step &step, unsigned dim, bool isLog) {
  const Tensor &x = step.operands[0];
  forEachFold(x.value->shape, foldedDim(step, dim), [&](int64_t, ArrayRef<int64_t> elements) {
    Row<Real> row = loadRow<Real>(*x.value, elements), exps;
    Real max = maximumOf(row);
    for (Real value : row)
      exps.push_back(scalar::exp(value - max));
    Real sum = sumOf(exps, Order::Lanes), log = scalar::log(sum);
    for (auto [i, at] : llvm::enumerate(elements)) {
      Real shifted = row[i] - max;
      store(*step.result.value, at, isLog ? shifted - log : exps[i] / sum);
    }
  });
}

static bool softmaxOf(const Step &step, unsigned dim, bool isLog) {
  ElementKind element = step.operands[0].value->element;
  if (element == ElementKind::BF16 && !isLog)
    softmaxOfBf16(step, dim);
  else if (element == ElementKind::F64)
    softmax<double>(step, dim, isLog);
  else
    softmax<float>(step, dim, isLog);
  return true;
}

/// layer_norm, or rms_norm where there is no `b`: no mean then, and the product with g is one rounding of its own.
template <typename Real> static void norm(const Step &step, double eps) {
  const Tensor &x = step.operands[0], &g = step.operands[1], &b = step.operands.back();
  bool isLayer = step.operands.size() == 3;
  Lift xLift(x, step.result), gLift(g, step.result), bLift(b, step.result);
  int64_t n = x.coreElements();
  for (int64_t position = 0, end = step.result.numPositions(); position < end; ++position) {
    Row<Real> row(n);
    for (int64_t i = 0; i < n; ++i)
      row[i] = load<Real>(*x.value, xLift.coreAt(position) + i);
    Real mean = isLayer ? sumOf(row, Order::Lanes) / static_cast<Real>(n) : Real(0);
    Real variance = squaresAround(row, mean, Order::Lanes) / static_cast<Real>(n);
    Real deviation = std::sqrt(variance + static_cast<Real>(eps));
    Real scale = Real(1) / deviation;
    for (int64_t i = 0; i < n; ++i) {
      Real scaled = (row[i] - mean) * scale, gain = load<Real>(*g.value, gLift.coreAt(position) + i);
      Real y = isLayer ? multiplyAdd(scaled, gain, load<Real>(*b.value, bLift.coreAt(position) + i)) : scaled * gain;
      store(*step.result.value, position * n + i, y);
    }
  }
}

static bool normOf(const Step &step, double eps) {
  step.operands[0].value->element == ElementKind::F64 ? norm<double>(step, eps) : norm<float>(step, eps);
  return true;
}

bool exactReduction(const Step &step) {
  auto folded = [&](auto op, Order order) {
    return withNumber(step.operands[0].value->element,
                      [&](auto number) { return reduce<decltype(number)>(op, step, order); });
  };
  if (auto op = dyn_cast<ReduceOp>(step.op))
    return folded(op, Order::Lanes);
  if (auto op = dyn_cast<ReduceBatchOp>(step.op))
    return folded(op, op.getX().getType().coreRank() == 0 ? Order::LaneBlocks : Order::Blocks);
  if (auto op = dyn_cast<SoftmaxOp>(step.op))
    return softmaxOf(step, op.getDim(), false);
  if (auto op = dyn_cast<LogSoftmaxOp>(step.op))
    return softmaxOf(step, op.getDim(), true);
  if (auto op = dyn_cast<LayerNormOp>(step.op))
    return normOf(step, op.getEps().convertToDouble());
  auto op = dyn_cast<RmsNormOp>(step.op);
  return op && normOf(step, op.getEps().convertToDouble());
}

} // namespace batten::evaluation
