// ReferenceContractions.cpp - matmul, linear and outer in double precision.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Evaluation.h"

using namespace mlir;

namespace batten::evaluation {

/// Where linear's bias for an output lies: outputs are row-major, the bias repeats over positions that it lacks.
static int64_t biasAt(const Step &step, const Lift &lift, int64_t output) {
  int64_t core = step.result.coreElements();
  return lift.coreAt(output / core) + output % core;
}

static bool sums(const Step &step) {
  const DenseValue &left = *step.operands[0].value, &right = *step.operands[1].value;
  const Tensor *bias = step.operands.size() == 3 ? &step.operands[2] : nullptr;
  Lift biasLift(bias ? *bias : step.operands[0], step.result);
  forEachProduct(step, [&](const Product &product) {
    double real = 0;
    uint64_t integer = 0; // wraps
    for (int64_t k = 0; k < product.depth; ++k) {
      int64_t l = product.left + k, r = product.right + k * product.rightStride;
      if (left.isReal())
        real += left.real(l) * right.real(r);
      else
        integer += uint64_t(left.integer(l)) * uint64_t(right.integer(r));
    }
    if (bias) {
      int64_t at = biasAt(step, biasLift, product.output);
      if (left.isReal())
        real += bias->value->real(at);
      else
        integer += uint64_t(bias->value->integer(at));
    }
    if (left.isReal())
      step.result.value->setReal(product.output, real);
    else
      step.result.value->setInteger(product.output, int64_t(integer));
  });
  return true;
}

static bool outer(const Step &step) {
  const Tensor &left = step.operands[0], &right = step.operands[1];
  Lift leftLift(left, step.result), rightLift(right, step.result);
  DenseValue &result = *step.result.value;
  int64_t to = 0;
  for (int64_t position = 0, end = step.result.numPositions(); position < end; ++position)
    for (int64_t m = 0; m < left.coreElements(); ++m)
      for (int64_t n = 0; n < right.coreElements(); ++n, ++to) {
        int64_t l = leftLift.coreAt(position) + m, r = rightLift.coreAt(position) + n;
        if (result.isReal())
          result.setReal(to, left.value->real(l) * right.value->real(r));
        else
          result.setInteger(to, int64_t(uint64_t(left.value->integer(l)) * uint64_t(right.value->integer(r))));
      }
  return true;
}

bool referenceContraction(const Step &step) {
  if (isa<MatmulOp, LinearOp>(step.op))
    return sums(step);
  return isa<OuterOp>(step.op) && outer(step);
}

} // namespace batten::evaluation
