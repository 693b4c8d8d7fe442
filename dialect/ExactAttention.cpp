// ExactAttention.cpp - attention in the order of dialect/NUMERICS.md.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/AttentionPlaces.h"
#include "dialect/ExactArithmetic.h"
#include "dialect/ScalarMath.h"

using namespace mlir;

namespace batten::evaluation {

namespace {
/// What one query has of the keys so far: the greatest score, the sum of exponentials, the sums of values.
struct Running {
  float max = -INFINITY, sum = 0;
  SmallVector<float> values;
};
} // namespace

/// NaN need not win: its exponential makes the whole row NaN.
static float greatest(float max, ArrayRef<float> scores) {
  for (float score : scores)
    max = score > max ? score : max;
  return max;
}

static void addBlock(Running &row, ArrayRef<int64_t> keys, ArrayRef<float> scores, const AttentionPlaces &places) {
  float max = greatest(row.max, scores), rescale = row.max == max ? 1 : scalar::exp(row.max - max);
  row.max = max;
  float lane[64] = {};
  for (float &value : row.values)
    value = value * rescale;
  for (auto [key, score] : llvm::zip_equal(keys, scores)) {
    float weight = scalar::exp(score - max);
    lane[key % 64] = lane[key % 64] + weight;
    for (auto [column, value] : llvm::enumerate(row.values))
      value = multiplyAdd(weight, load<float>(*places.v.value, places.value(key, column)), value);
  }
  for (int64_t half = 32; half > 0; half /= 2)
    for (int64_t i = 0; i < half; ++i)
      lane[i] = lane[i] + lane[i + half];
  row.sum = row.sum * rescale + lane[0];
}

static float score(const AttentionPlaces &places, int64_t query, int64_t key, float scale) {
  return chain<float>(0, places.depth,
                      [&](int64_t c, float sum) {
                        return multiplyAdd(load<float>(*places.q.value, places.query(query, c)),
                                           load<float>(*places.k.value, places.key(key, c)), sum);
                      }) *
         scale;
}

bool exactAttention(const Step &step) {
  auto op = dyn_cast<AttentionOp>(step.op);
  if (!op)
    return false;
  if (step.result.value->element == ElementKind::F64)
    return step.fail("has no exact sequence for f64");
  AttentionPlaces places(op, step);
  float scale = static_cast<float>(places.scale);
  int64_t block = places.keys <= 2048 ? std::max<int64_t>(places.keys, 1) : 1024;
  places.forEachQuery([&](int64_t query, int64_t output) {
    Running row;
    row.values.assign(places.columns, 0.0f);
    for (int64_t begin = 0; begin < places.keys; begin += block) {
      SmallVector<int64_t> keys;
      SmallVector<float> scores;
      for (int64_t key = begin, end = std::min(begin + block, places.keys); key < end; ++key)
        if (places.sees(query, key)) {
          keys.push_back(key);
          scores.push_back(score(places, query, key, scale));
        }
      addBlock(row, keys, scores, places);
    }
    for (auto [column, value] : llvm::enumerate(row.values))
      store(*step.result.value, output + column, row.sum == 0 ? 0.0f : value / row.sum);
  });
  return true;
}

} // namespace batten::evaluation
