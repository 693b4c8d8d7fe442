// Losses.cpp - losses and sq_norm of the generator.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/random/Generator.h"

namespace batten::fuzz {

/// One number a position of `operands`, or -1 where their batches do not combine.
int Generator::loss(const std::string &text, std::vector<int> operands, Interval range) {
  std::optional<Batch> batch = combine(operands);
  if (!batch)
    return -1;
  TensorType type{at(operands[0]).type.dtype, *batch, {}}, whole = at(operands[0]).type;
  whole.batch = *batch;
  return elements(whole) > 60000 ? -1 : moderate(emit(text, operands, type, range, elementsOf(whole), {"loss"}));
}

bool Generator::crossEntropy() {
  int x = anyFloat(1, 1);
  if (x < 0)
    return false;
  std::vector<Dim> core = at(x).type.core;
  int other = peerOf(x, at(x).type.dtype, &core); // its argmax is a class of x
  Interval range{0, 2 * at(x).range.magnitude() + 12};
  return other >= 0 && at(other).type.core == core && loss("cross_entropy($0, argmax($1))", {x, other}, range) >= 0;
}

bool Generator::squaredError() {
  int x = anyFloat(1, 1);
  if (x < 0)
    return false;
  std::vector<Dim> core = at(x).type.core;
  int other = peerOf(x, at(x).type.dtype, &core);
  if (other < 0 || at(other).type.core != core)
    return false;
  double difference = at(x).range.magnitude() + at(other).range.magnitude();
  return loss("mse($0, $1)", {x, other}, {0, difference * difference}) >= 0;
}

bool Generator::binaryCrossEntropy() {
  int x = anyFloat(0, 0);
  if (x < 0)
    return false;
  std::vector<Dim> none;
  int label = peerOf(x, at(x).type.dtype, &none);
  return label >= 0 && at(label).type.core.empty() &&
         loss("bce($0, sigmoid($1))", {x, label}, {0, at(x).range.magnitude() + 1}) >= 0;
}

bool Generator::squaredNorm() {
  int x = anyFloat();
  if (x < 0)
    return false;
  DType dtype = at(x).type.dtype;
  double size = at(x).range.magnitude() * at(x).range.magnitude() * double(elements({dtype, {}, at(x).type.core}));
  if (random.chance(0.4))
    return loss("sq_norm($0)", {x}, {0, size}) >= 0;
  int other = peerOf(x, dtype);
  if (other < 0)
    return false;
  size +=
      at(other).range.magnitude() * at(other).range.magnitude() * double(elements({dtype, {}, at(other).type.core}));
  return loss("sq_norm(($0, $1))", {x, other}, {0, size}) >= 0;
}

} // namespace batten::fuzz
