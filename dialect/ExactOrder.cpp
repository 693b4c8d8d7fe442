// ExactOrder.cpp - what depends on the order of elements, as dialect/NUMERICS.md fixes it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/ExactArithmetic.h"

using namespace mlir;

namespace batten::evaluation {

template <typename Real> static bool isGreater(Real a, Real b) { return a > b || (std::isnan(a) && !std::isnan(b)); }
static bool isGreater(Wrapping a, Wrapping b) { return a.value > b.value; }

template <typename Number> static bool argmax(ArgmaxOp op, const Step &step) {
  const DenseValue &x = *step.operands[0].value;
  forEachFold(x.shape, foldedDim(step, op.getDim()), [&](int64_t output, ArrayRef<int64_t> elements) {
    int64_t greatest = 0;
    for (int64_t i = 1, end = elements.size(); i < end; ++i)
      if (isGreater(load<Number>(x, elements[i]), load<Number>(x, elements[greatest])))
        greatest = i;
    step.result.value->setInteger(output, greatest);
  });
  return true;
}

/// k rounds: the greatest that is not taken yet, the first of equal ones.
template <typename Number> static bool topk(TopkOp op, const Step &step) {
  const DenseValue &x = *step.operands[0].value;
  DenseValue &values = *step.results[0].value, &indices = *step.results[1].value;
  unsigned along = step.operands[0].type.batchRank() + op.getDim();
  int64_t k = values.shape[along], inner = numElements(ArrayRef(values.shape).drop_front(along + 1));
  int64_t bytes = x.elementBytes();
  forEachFold(x.shape, foldedDim(step, op.getDim()), [&](int64_t output, ArrayRef<int64_t> elements) {
    SmallVector<bool> isTaken(elements.size(), false);
    for (int64_t round = 0; round < k; ++round) {
      int64_t best = -1;
      for (int64_t i = 0, end = elements.size(); i < end; ++i)
        if (!isTaken[i] && (best < 0 || isGreater(load<Number>(x, elements[i]), load<Number>(x, elements[best]))))
          best = i;
      isTaken[best] = true;
      int64_t place = (output / inner * k + round) * inner + output % inner;
      std::copy_n(x.bytes.data() + elements[best] * bytes, bytes, values.bytes.data() + place * bytes);
      indices.setInteger(place, best);
    }
  });
  return true;
}

/// Groups of 16: within one, everybody adds what stands 1, 2, 4 and 8 places before it; then the sum of all groups
/// before is added.
template <typename Number> static bool cumsum(CumsumOp op, const Step &step) {
  const DenseValue &x = *step.operands[0].value;
  forEachFold(x.shape, foldedDim(step, op.getDim()), [&](int64_t, ArrayRef<int64_t> elements) {
    Number carry{};
    for (size_t first = 0; first < elements.size(); first += 16) {
      ArrayRef<int64_t> group = elements.slice(first, std::min<size_t>(16, elements.size() - first));
      auto y = llvm::map_to_vector<16>(group, [&](int64_t at) { return load<Number>(x, at); });
      for (size_t distance = 1; distance < 16; distance *= 2)
        for (size_t i = y.size(); i-- > distance;)
          y[i] = y[i] + y[i - distance];
      for (auto [at, sum] : llvm::zip_equal(group, y)) {
        sum = first == 0 ? sum : carry + sum;
        store(*step.result.value, at, sum);
      }
      carry = y.back();
    }
  });
  return true;
}

bool exactOrder(const Step &step) {
  if (!isa<ArgmaxOp, TopkOp, CumsumOp>(step.op))
    return false;
  return withNumber(step.operands[0].value->element, [&](auto number) {
    using Number = decltype(number);
    if (auto op = dyn_cast<ArgmaxOp>(step.op))
      return argmax<Number>(op, step);
    if (auto op = dyn_cast<TopkOp>(step.op))
      return topk<Number>(op, step);
    return cumsum<Number>(cast<CumsumOp>(step.op), step);
  });
}

} // namespace batten::evaluation
