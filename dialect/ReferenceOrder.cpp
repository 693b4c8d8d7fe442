// ReferenceOrder.cpp - what depends on the order of elements, plainly written.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Evaluation.h"
#include <cmath>

using namespace mlir;

namespace batten::evaluation {

/// NaN above all, -0 equal to 0.
static bool isLess(const DenseValue &x, int64_t a, int64_t b) {
  if (!x.isReal())
    return x.integer(a) < x.integer(b);
  return x.real(a) < x.real(b) || (std::isnan(x.real(b)) && !std::isnan(x.real(a)));
}

static bool argmax(ArgmaxOp op, const Step &step) {
  const DenseValue &x = *step.operands[0].value;
  forEachFold(x.shape, foldedDims(op), [&](int64_t output, ArrayRef<int64_t> elements) {
    auto greatest = llvm::max_element(elements, [&](int64_t a, int64_t b) { return isLess(x, a, b); }); // the first one
    step.result.value->setInteger(output, greatest - elements.begin());
  });
  return true;
}

bool referenceOrder(const Step &step) {
  auto op = dyn_cast<ArgmaxOp>(step.op);
  return op && argmax(op, step);
}

} // namespace batten::evaluation
