// ExactAttention.cpp - attention in the order of dialect/NUMERICS.md.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/AttentionPlaces.h"
#include "dialect/ExactArithmetic.h"
#include "dialect/ScalarMath.h"

using namespace mlir;

namespace batten::evaluation {

namespace {
/// What one query has of the keys so far: the greatest score, the sum of exponentials, the sums of values.
template <typename Real> struct Running {
  Real max = -INFINITY, sum = 0;
  SmallVector<Real> values;
};
} // namespace

/// NaN need not win: its exponential makes the whole row NaN.
template <typename Real> static Real greatest(Real max, ArrayRef<Real> scores) {
  for (Real score : scores)
    max = score > max ? score : max;
  return max;
}

template <typename Real>
static void addBlock(Running<Real> &row, ArrayRef<int64_t> keys, ArrayRef<Real> scores, const AttentionPlaces &places) {
  Real max = greatest(row.max, scores), rescale = row.max == max ? 1 : scalar::exp(row.max - max);
  row.max = max;
  Real lane[64] = {};
  for (Real &value : row.values)
    value = value * rescale;
  for (auto [key, score] : llvm::zip_equal(keys, scores)) {
    Real weight = scalar::exp(score - max);
    lane[key % 64] = lane[key % 64] + weight;
    for (auto [column, value] : llvm::enumerate(row.values))
      value = multiplyAdd(weight, load<Real>(*places.v.value, places.value(key, column)), value);
  }
  for (int64_t half = 32; half > 0; half /= 2)
    for (int64_t i = 0; i < half; ++i)
      lane[i] = lane[i] + lane[i + half];
  row.sum = row.sum * rescale + lane[0];
}

template <typename Real> static Real score(const AttentionPlaces &places, int64_t query, int64_t key, Real scale) {
  return chain<Real>(0, places.depth,
                     [&](int64_t c, Real sum) {
                       return multiplyAdd(load<Real>(*places.q.value, places.query(query, c)),
                                          load<Real>(*places.k.value, places.key(key, c)), sum);
                     }) *
         scale;
}

template <typename Real> static void attend(AttentionPlaces places, const Step &step) {
  Real scale = static_cast<Real>(places.scale);
  int64_t block = places.keys <= 2048 ? std::max<int64_t>(places.keys, 1) : 1024;
  places.forEachQuery([&](int64_t query, int64_t output) {
    Running<Real> row;
    row.values.assign(places.columns, 0);
    for (int64_t begin = 0; begin < places.keys; begin += block) {
      SmallVector<int64_t> keys;
      SmallVector<Real> scores;
      for (int64_t key = begin, end = std::min(begin + block, places.keys); key < end; ++key)
        if (places.sees(query, key)) {
          keys.push_back(key);
          scores.push_back(score<Real>(places, query, key, scale));
        }
      addBlock<Real>(row, keys, scores, places);
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
