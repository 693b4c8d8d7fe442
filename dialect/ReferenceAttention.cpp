// ReferenceAttention.cpp - attention in double precision.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/AttentionPlaces.h"

using namespace mlir;

namespace batten::evaluation {

static double score(const AttentionPlaces &places, int64_t query, int64_t key) {
  double sum = 0;
  for (int64_t c = 0; c < places.depth; ++c)
    sum += places.q.value->real(places.query(query, c)) * places.k.value->real(places.key(key, c));
  return sum * places.scale;
}

bool referenceAttention(const Step &step) {
  auto op = dyn_cast<AttentionOp>(step.op);
  if (!op)
    return false;
  AttentionPlaces places(op, step);
  places.forEachQuery([&](int64_t query, int64_t output) {
    SmallVector<int64_t> seen;
    SmallVector<double> weights;
    for (int64_t key = 0; key < places.keys; ++key)
      if (places.sees(query, key)) {
        seen.push_back(key);
        weights.push_back(score(places, query, key));
      }
    double max = -INFINITY, sum = 0;
    for (double weight : weights)
      max = std::max(max, weight);
    for (double &weight : weights)
      sum += weight = std::exp(weight - max);
    for (int64_t column = 0; column < places.columns; ++column) {
      double total = 0;
      for (auto [key, weight] : llvm::zip_equal(seen, weights))
        total += weight * places.v.value->real(places.value(key, column));
      step.result.value->setReal(output + column, seen.empty() ? 0 : total / sum);
    }
  });
  return true;
}

} // namespace batten::evaluation
