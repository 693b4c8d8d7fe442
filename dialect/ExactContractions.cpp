// ExactContractions.cpp - matmul, linear and outer in the order of dialect/NUMERICS.md.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/ExactArithmetic.h"

using namespace mlir;

namespace batten::evaluation {

/// The sum of a bf16 contraction but for dot products.
static float bf16Sum(const Step &step, const Product &p) {
  const DenseValue &left = *step.operands[0].value, &right = *step.operands[1].value;
  auto factors = [&](int64_t k) {
    return k < p.depth ? std::pair(load<float>(left, p.left + k), load<float>(right, p.right + k * p.rightStride))
                       : std::pair(0.0f, 0.0f);
  };
  return bf16Sum(step.bf16Sums, step.bf16Sums == Bf16Sums::Tiles, 0.0f, p.depth, factors);
}

template <typename Number> static Number sumOf(const Step &step, const Product &p) {
  const DenseValue &left = *step.operands[0].value, &right = *step.operands[1].value;
  auto add = [&](int64_t k, Number sum) {
    return multiplyAdd(load<Number>(left, p.left + k), load<Number>(right, p.right + k * p.rightStride), sum);
  };
  if (step.operands[1].type.coreRank() == 1)
    return lanes<Number>(0, p.depth, add);
  if constexpr (std::is_same_v<Number, float>)
    if (left.element == ElementKind::BF16)
      return bf16Sum(step, p);
  return chain<Number>(0, p.depth, add);
}

template <typename Number> static void sums(const Step &step) {
  const Tensor *bias = step.operands.size() == 3 ? &step.operands[2] : nullptr;
  Lift biasLift(bias ? *bias : step.operands[0], step.result);
  int64_t core = step.result.coreElements();
  forEachProduct(step, [&](const Product &p) {
    Number sum = sumOf<Number>(step, p);
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
