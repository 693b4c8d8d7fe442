// ExactContractions.cpp - matmul, linear and outer in the order of dialect/NUMERICS.md.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/ExactArithmetic.h"

using namespace mlir;

namespace batten::evaluation {

template <typename Number> static void sums(const Step &step) {
  const DenseValue &left = *step.operands[0].value, &right = *step.operands[1].value;
  const Tensor *bias = step.operands.size() == 3 ? &step.operands[2] : nullptr;
  Lift biasLift(bias ? *bias : step.operands[0], step.result);
  bool isDot = step.operands[1].type.coreRank() == 1;
  int64_t core = step.result.coreElements();
  forEachProduct(step, [&](const Product &p) {
    auto add = [&](int64_t k, Number sum) {
      return multiplyAdd(load<Number>(left, p.left + k), load<Number>(right, p.right + k * p.rightStride), sum);
    };
    Number sum = isDot ? lanes<Number>(0, p.depth, add) : chain<Number>(0, p.depth, add);
    if (bias)
      sum = sum + load<Number>(*bias->value, biasLift.coreAt(p.output / core) + p.output % core);
    store(*step.result.value, p.output, sum);
  });
}

template <typename Number> static void outer(const Step &step) {
  const Tensor &left = step.operands[0], &right = step.operands[1];
  Lift leftLift(left, step.result), rightLift(right, step.result);
  int64_t rows = left.coreElements(), columns = right.coreElements();
  for (int64_t to = 0, end = step.result.value->numElements(); to < end; ++to) {
    int64_t position = to / (rows * columns), row = to / columns % rows, column = to % columns;
    Number product = load<Number>(*left.value, leftLift.coreAt(position) + row) *
                     load<Number>(*right.value, rightLift.coreAt(position) + column);
    store(*step.result.value, to, product);
  }
}

bool exactContraction(const Step &step) {
  bool isSum = isa<MatmulOp, LinearOp>(step.op);
  if (!isSum && !isa<OuterOp>(step.op))
    return false;
  withNumber(step.operands[0].value->element,
             [&](auto number) { isSum ? sums<decltype(number)>(step) : outer<decltype(number)>(step); });
  return true;
}

} // namespace batten::evaluation
