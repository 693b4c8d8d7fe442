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

/// What the dtype decides: of bf16, sums are in pairs and weights of that dtype.
struct Arithmetic {
  bool isPairs, isFlushed;

  /// Keys, and elements of depth, in the order in which they are added; of an odd number the last one may not be there.
  int64_t inOrder(int64_t i) const { return isPairs ? i ^ 1 : i; }
  int64_t lane(int64_t key) const { return isPairs ? key / 2 % 32 : key % 64; }

  double add(double a, double b, double sum) const { return multiplyAdd(a, b, sum); }
  float add(float a, float b, float sum) const {
    return isFlushed ? multiplyAddFlushed(a, b, sum) : multiplyAdd(a, b, sum);
  }
  double weight(double distance) const { return scalar::exp(distance); }
  float weight(float distance) const {
    float weight = scalar::exp(distance);
    return !isPairs ? weight : weight < 0x1p-126f ? 0 : roundedToBf16(weight);
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
static void addBlock(Running<Real> &row, ArrayRef<int64_t> keys, ArrayRef<Real> scores, const AttentionPlaces &places,
                     const Arithmetic &arithmetic) {
  Real max = greatest(row.max, scores), rescale = row.max == max ? 1 : scalar::exp(row.max - max);
  row.max = max;
  Real lane[64] = {};
  for (Real &value : row.values)
    value = value * rescale;
  for (auto [key, score] : llvm::zip_equal(keys, scores)) {
    Real weight = arithmetic.weight(score - max), &sum = lane[arithmetic.lane(key)];
    sum = sum + weight;
    for (auto [column, value] : llvm::enumerate(row.values))
      value = arithmetic.add(weight, load<Real>(*places.v.value, places.value(key, column)), value);
  }
  for (int64_t half = 32; half > 0; half /= 2)
    for (int64_t i = 0; i < half; ++i)
      lane[i] = lane[i] + lane[i + half];
  row.sum = row.sum * rescale + lane[0];
}

template <typename Real>
static Real score(const AttentionPlaces &places, int64_t query, int64_t key, Real scale, const Arithmetic &arithmetic) {
  int64_t depth = arithmetic.isPairs ? (places.depth + 1) / 2 * 2 : places.depth;
  Real sum = chain<Real>(0, depth, [&](int64_t i, Real sum) {
    int64_t c = arithmetic.inOrder(i);
    if (c == places.depth)
      return arithmetic.add(Real(0), Real(0), sum);
    return arithmetic.add(load<Real>(*places.q.value, places.query(query, c)),
                          load<Real>(*places.k.value, places.key(key, c)), sum);
  });
  return sum * scale;
}

template <typename Real> static void attend(AttentionPlaces places, const Step &step) {
  bool isPairs = places.q.value->element == ElementKind::BF16;
  Arithmetic arithmetic{isPairs, isPairs && step.bf16Sums == Bf16Sums::FlushedPairs};
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
    for (auto [column, value] : llvm::enumerate(row.values))
      store(*step.result.value, output + column, row.sum == 0 ? 0 : value / row.sum);
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
