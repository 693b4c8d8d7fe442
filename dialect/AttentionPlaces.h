// AttentionPlaces.h - where the elements of attention's operands lie, and which keys a query sees; for the evaluators.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_ATTENTIONPLACES_H
#define BATTEN_DIALECT_ATTENTIONPLACES_H

#include "dialect/Evaluation.h"
#include <cmath>

namespace batten::evaluation {

struct AttentionPlaces {
  AttentionPlaces(AttentionOp op, const Step &step)
      : q(step.operands[0]), k(step.operands[1]), v(step.operands[2]), result(step.result), causal(op.getCausal()),
        queries(q.coreShape()[0]), keys(k.coreShape()[0]), depth(q.coreShape()[1]), columns(v.coreShape()[1]),
        scale(op.getScale() ? op.getScale()->convertToDouble() : 1 / std::sqrt(static_cast<double>(depth))) {
    for (auto [i, name] : llvm::enumerate(op.getOptional().getAsValueRange<mlir::StringAttr>()))
      (name == "mask" ? mask : len) = step.operands[3 + i];
  }

  Tensor q, k, v, result;
  std::optional<Tensor> mask, len;
  bool causal;
  int64_t queries, keys, depth, columns;
  double scale;

  int64_t query(int64_t i, int64_t c) const { return qCore + i * depth + c; }
  int64_t key(int64_t j, int64_t c) const { return kCore + j * depth + c; }
  int64_t value(int64_t j, int64_t column) const { return vCore + j * columns + column; }

  bool sees(int64_t i, int64_t j) const {
    if (causal && j > i + keys - queries)
      return false;
    if (len && j >= len->value->integer(lenCore))
      return false;
    return !mask || mask->value->integer(maskCore + i * keys + j) != 0;
  }

  /// Every query of every position, and where its row of the result begins.
  void forEachQuery(llvm::function_ref<void(int64_t query, int64_t output)> visit) {
    Lift qLift(q, result), kLift(k, result), vLift(v, result);
    Lift maskLift(mask.value_or(q), result), lenLift(len.value_or(q), result);
    for (int64_t position = 0, end = result.numPositions(); position < end; ++position) {
      qCore = qLift.coreAt(position);
      kCore = kLift.coreAt(position);
      vCore = vLift.coreAt(position);
      maskCore = maskLift.coreAt(position);
      lenCore = lenLift.coreAt(position);
      for (int64_t i = 0; i < queries; ++i)
        visit(i, (position * queries + i) * columns);
    }
  }

private:
  int64_t qCore = 0, kCore = 0, vCore = 0, maskCore = 0, lenCore = 0; // of the position that is visited
};

} // namespace batten::evaluation
#endif // BATTEN_DIALECT_ATTENTIONPLACES_H
