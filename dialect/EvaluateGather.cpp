// EvaluateGather.cpp - embed and update: no arithmetic, so both evaluators take them from here.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Evaluation.h"
#include <limits>

using namespace mlir;

namespace batten::evaluation {

static bool embed(const Step &step) {
  const Tensor &table = step.operands[0], &id = step.operands[1], &result = step.result;
  Lift tableLift(table, result), idLift(id, result);
  int64_t rows = table.coreShape()[0], columns = table.coreShape()[1];
  for (int64_t position = 0, end = result.numPositions(); position < end; ++position) {
    int64_t row = id.value->integer(idLift.coreAt(position));
    for (int64_t j = 0; j < columns; ++j) {
      int64_t target = position * columns + j;
      if (row >= 0 && row < rows)
        copyElement(table, tableLift.coreAt(position) + row * columns + j, result, target);
      else if (result.isReal())
        result.value->setReal(target, std::numeric_limits<double>::quiet_NaN());
    }
  }
  return true;
}

static bool update(const Step &step) {
  const Tensor &c = step.operands[0], &row = step.operands[1], &at = step.operands[2], &result = step.result;
  Lift cLift(c, result), rowLift(row, result), atLift(at, result);
  int64_t rows = result.coreShape()[0], columns = result.coreShape()[1], target = 0;
  for (int64_t position = 0, end = result.numPositions(); position < end; ++position) {
    int64_t replaced = at.value->integer(atLift.coreAt(position));
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j, ++target) {
        if (i == replaced)
          copyElement(row, rowLift.coreAt(position) + j, result, target);
        else
          copyElement(c, cLift.coreAt(position) + i * columns + j, result, target);
      }
  }
  return true;
}

bool evaluateGather(const Step &step) {
  if (isa<EmbedOp>(step.op))
    return embed(step);
  return isa<UpdateOp>(step.op) && update(step);
}

} // namespace batten::evaluation
