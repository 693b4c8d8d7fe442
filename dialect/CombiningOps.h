// CombiningOps.h - the ops in which positions of a dim that stands right of the bar see each other.
//
// By their names: the front end, which asks too, knows no other form of an op.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_COMBININGOPS_H
#define BATTEN_DIALECT_COMBININGOPS_H

#include "dialect/Dims.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace batten {

/// What computes an element from several of an operand, or uses a size as a number. All others move elements, or
/// compute each from those at its place. A gradient is an op of the front end alone.
inline constexpr std::string_view combiningOps[] = {
    "argmax", "attention",    "avg_pool2d", "conv2d",      "cross_entropy", "cumsum",     "dim",  "embed",
    "grad",   "layer_norm",   "linear",     "log_softmax", "matmul",        "max_pool2d", "mse",  "outer",
    "reduce", "reduce_batch", "rms_norm",   "rope",        "softmax",       "sq_norm",    "topk", "update",
};

/// `offsets`: where a slice begins, which may be a size.
inline bool combines(std::string_view op, const std::vector<Dim> &offsets) {
  return std::find(std::begin(combiningOps), std::end(combiningOps), op) != std::end(combiningOps) ||
         std::any_of(offsets.begin(), offsets.end(), [](const Dim &offset) { return !offset.isConstant(); });
}

} // namespace batten
#endif // BATTEN_DIALECT_COMBININGOPS_H
