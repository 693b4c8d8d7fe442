// ReferenceOrder.cpp - what depends on the order of elements, plainly written; sums in extended precision.
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
  forEachFold(x.shape, foldedDim(step, op.getDim()), [&](int64_t output, ArrayRef<int64_t> elements) {
    auto greatest = llvm::max_element(elements, [&](int64_t a, int64_t b) { return isLess(x, a, b); }); // the first one
    step.result.value->setInteger(output, greatest - elements.begin());
  });
  return true;
}

/// The elements of each result, in order, that the fold `output` of an operand fills.
static SmallVector<SmallVector<int64_t>> folds(const Tensor &result, ArrayRef<bool> isFolded) {
  SmallVector<SmallVector<int64_t>> all;
  forEachFold(result.value->shape, isFolded,
              [&](int64_t, ArrayRef<int64_t> elements) { all.emplace_back(elements.begin(), elements.end()); });
  return all;
}

static bool topk(TopkOp op, const Step &step) {
  const DenseValue &x = *step.operands[0].value;
  DenseValue &values = *step.results[0].value, &indices = *step.results[1].value;
  SmallVector<bool> isFolded = foldedDim(step, op.getDim());
  SmallVector<SmallVector<int64_t>> places = folds(step.results[0], isFolded);
  forEachFold(x.shape, isFolded, [&](int64_t output, ArrayRef<int64_t> elements) {
    SmallVector<int64_t> sorted = llvm::to_vector(llvm::seq<int64_t>(0, elements.size()));
    llvm::sort(sorted, [&](int64_t a, int64_t b) {
      return isLess(x, elements[b], elements[a]) || (a < b && !isLess(x, elements[a], elements[b]));
    });
    for (auto [place, index] : llvm::zip(places[output], sorted)) {
      x.isReal() ? values.setReal(place, x.real(elements[index]))
                 : values.setInteger(place, x.integer(elements[index]));
      indices.setInteger(place, index);
    }
  });
  return true;
}

static bool cumsum(CumsumOp op, const Step &step) {
  const DenseValue &x = *step.operands[0].value;
  forEachFold(x.shape, foldedDim(step, op.getDim()), [&](int64_t, ArrayRef<int64_t> elements) {
    Wide sum = 0;
    uint64_t whole = 0;
    for (int64_t at : elements) {
      if (x.isReal())
        step.result.value->setReal(at, static_cast<double>(sum += x.real(at)));
      else
        step.result.value->setInteger(at, int64_t(whole += uint64_t(x.integer(at))));
    }
  });
  return true;
}

bool referenceOrder(const Step &step) {
  if (auto op = dyn_cast<ArgmaxOp>(step.op))
    return argmax(op, step);
  if (auto op = dyn_cast<TopkOp>(step.op))
    return topk(op, step);
  auto op = dyn_cast<CumsumOp>(step.op);
  return op && cumsum(op, step);
}

} // namespace batten::evaluation
