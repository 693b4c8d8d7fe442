// ExactOrder.cpp - what depends on the order of elements, as dialect/NUMERICS.md fixes it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/ExactArithmetic.h"

using namespace mlir;

namespace batten::evaluation {

template <typename Real> static bool isGreater(Real a, Real b) { return a > b || (std::isnan(a) && !std::isnan(b)); }
static bool isGreater(Wrapping a, Wrapping b) { return a.value > b.value; }

template <typename Number> static bool argmax(ArgmaxOp op, const Step &step) {
  const DenseValue &x = *step.operands[0].value;
  forEachFold(x.shape, foldedDims(op), [&](int64_t output, ArrayRef<int64_t> elements) {
    int64_t greatest = 0;
    for (int64_t i = 1, end = elements.size(); i < end; ++i)
      if (isGreater(load<Number>(x, elements[i]), load<Number>(x, elements[greatest])))
        greatest = i;
    step.result.value->setInteger(output, greatest);
  });
  return true;
}

bool exactOrder(const Step &step) {
  auto op = dyn_cast<ArgmaxOp>(step.op);
  return op &&
         withNumber(step.operands[0].value->element, [&](auto number) { return argmax<decltype(number)>(op, step); });
}

} // namespace batten::evaluation
