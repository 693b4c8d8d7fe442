// ExactAttention.cpp - attention in the order of dialect/NUMERICS.md.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/AttentionPlaces.h"
#include "dialect/ExactArithmetic.h"
#include "dialect/ScalarMath.h"

using namespace mlir;

namespace batten::evaluation {

namespace {
/// What one query has of the keys so far: the greatest score, the sum of weights, the sums of values.
template <typename Real> struct Running {
  Real max = -INFINITY, sum = 0;
  SmallVector<Real> values;
};

/// What the dtype and the level decide: of bf16, sums are in pairs or in tiles and weights of that dtype.
struct Arithmetic {
  bool isPairs, isFlushed, isTiles;

  /// Keys, and elements of depth, in the order in which they are added; of an odd number the last one may not be there.
  int64_t inOrder(int64_t i) const { return isPairs ? i ^ 1 : i; }
  int64_t lane(int64_t key) const { return isPairs ? key / 2 % 32 : key % 64; }

  double add(double a, double b, double sum) const { return multiplyAdd(a, b, sum); }
  float add(float a, float b, float sum) const {
    return isFlushed ? multiplyAddFlushed(a, b, sum) : multiplyAdd(a, b, sum);
  }
  double weight(double distance) const { return scalar::exp(distance); }
  float weight(float distance) const {
    if (!isPairs)
      return scalar::exp(distance);
    float weight = scalar::expToBf16(distance);
    return weight < 0x1p-126f ? 0 : roundedToBf16(weight);
  }
};
} // namespace

/// NaN need not win: its exponential makes the whole row NaN.
template <typename Real> static Real greatest(Real max, ArrayRef<Real> scores) {
  for (Real score : scores)
    max = score > max ? score : max;
  return max;
}

template <typename Real>
static void addValues(Running<Real> &row, ArrayRef<int64_t> keys, ArrayRef<Real> weights, const AttentionPlaces &places,
                      const Arithmetic &arithmetic) {
  for (auto [key, weight] : llvm::zip_equal(keys, weights))
    for (auto [column, value] : llvm::enumerate(row.values))
      value = arithmetic.add(weight, load<Real>(*places.v.value, places.value(key, column)), value);
}

/// A step is of 32 keys, and of values that are finite; the others come last.
static float addStepsOfTiles(float sum, ArrayRef<int64_t> keys, ArrayRef<float> weights, ArrayRef<float> values) {
  for (size_t i = 0; i < keys.size();) {
    float even = 0, odd = 0;
    for (int64_t step = keys[i] / 32; i < keys.size() && keys[i] / 32 == step; ++i)
      if (float &part = keys[i] % 2 ? odd : even; std::isfinite(values[i]))
        part = multiplyAddFlushed(weights[i], values[i], part);
    sum = addFlushed(sum, addFlushed(even, odd));
  }
  for (auto [weight, value] : llvm::zip_equal(weights, values))
    sum = std::isfinite(value) ? sum : multiplyAdd(weight, value, sum);
  return sum;
}

static void addValuesInTiles(Running<float> &row, ArrayRef<int64_t> keys, ArrayRef<float> weights,
                             const AttentionPlaces &places) {
  for (auto [column, sum] : llvm::enumerate(row.values)) {
    SmallVector<float> values;
    for (int64_t key : keys)
      values.push_back(load<float>(*places.v.value, places.value(key, column)));
    sum = addStepsOfTiles(std::fabs(sum) < 0x1p-126f ? 0 : sum, keys, weights, values);
  }
}

template <typename Real>
static void addBlock(Running<Real> &row, ArrayRef<int64_t> keys, ArrayRef<Real> scores, const AttentionPlaces &places,
                     const Arithmetic &arithmetic) {
  Real max = greatest(row.max, scores), rescale = row.max == max ? 1 : scalar::exp(row.max - max);
  row.max = max;
  Real lane[64] = {};
  SmallVector<Real> weights;
  for (auto [key, score] : llvm::zip_equal(keys, scores)) {
    weights.push_back(arithmetic.weight(score - max));
    Real &sum = lane[arithmetic.lane(key)];
    sum = sum + weights.back();
  }
  for (Real &value : row.values)
    value = value * rescale;
  if constexpr (std::is_same_v<Real, float>)
    if (arithmetic.isTiles)
      addValuesInTiles(row, keys, weights, places);
  if (!arithmetic.isTiles)
    addValues<Real>(row, keys, weights, places, arithmetic);
  for (int64_t half = 32; half > 0; half /= 2)
    for (int64_t i = 0; i < half; ++i)
      lane[i] = lane[i] + lane[i + half];
  row.sum = row.sum * rescale + lane[0];
}

template <typename Real>
static Real score(const AttentionPlaces &places, int64_t query, int64_t key, Real scale, const Arithmetic &arithmetic) {
  auto term = [&](int64_t c, Real sum) {
    if (c >= places.depth)
      return arithmetic.add(Real(0), Real(0), sum);
    return arithmetic.add(load<Real>(*places.q.value, places.query(query, c)),
                          load<Real>(*places.k.value, places.key(key, c)), sum);
  };
  if (arithmetic.isTiles)
    return tileSum(0.0f, places.depth, term) * scale;
  return (arithmetic.isPairs ? pairs(Real(0), places.depth, term) : chain<Real>(0, places.depth, term)) * scale;
}

template <typename Real> static void attend(AttentionPlaces places, const Step &step) {
  bool isPairs = places.q.value->element == ElementKind::BF16;
  Arithmetic arithmetic{isPairs, isPairs && step.bf16Sums != Bf16Sums::Pairs,
                        isPairs && step.bf16Sums == Bf16Sums::Tiles};
  Real scale = static_cast<Real>(places.scale);
  int64_t block = places.keys <= 2048 ? std::max<int64_t>(places.keys, 1) : 1024;
  places.forEachQuery([&](int64_t query, int64_t output) {
    Running<Real> row;
    row.values.assign(places.columns, 0);
    for (int64_t begin = 0; begin < places.keys; begin += block) {
      SmallVector<int64_t> keys;
      SmallVector<Real> scores;
      int64_t end = std::min(begin + block, places.keys);
      for (int64_t i = begin; i < end + (isPairs ? end % 2 : 0); ++i) {
        int64_t key = arithmetic.inOrder(i);
        if (key == end || !places.sees(query, key))
          continue;
        keys.push_back(key);
        scores.push_back(score<Real>(places, query, key, scale, arithmetic));
      }
      addBlock<Real>(row, keys, scores, places, arithmetic);
    }
    for (auto [column, value] : llvm::enumerate(row.values)) {
      Real total = arithmetic.isTiles ? value + 0 : value; // no zero is negative
      store(*step.result.value, output + column, row.sum == 0 ? 0 : total / row.sum);
    }
  });
}

bool exactAttention(const Step &step) {
  auto op = dyn_cast<AttentionOp>(step.op);
  if (!op)
    return false;
  AttentionPlaces places(op, step);
  step.result.value->element == ElementKind::F64 ? attend<double>(places, step) : attend<float>(places, step);
  return true;
}

} // namespace batten::evaluation
