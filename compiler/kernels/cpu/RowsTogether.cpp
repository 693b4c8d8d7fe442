// RowsTogether.cpp - short rows: each walk over a few of them before the next walk.
//
// A walk over a row of 128 columns takes about as long as what follows it: the lanes are folded by halves and what they
// give is spread again, operation after operation, before the next walk can begin. Here the next walk is over another
// row, which waits for nothing. What walks leave for later ones, a number a row, lies on the stack. (Zen 3, softmax of
// 128 columns in L1: 0.77 of the time of row by row, of 768 0.96, of 4096 1.) Rows are computed as ever.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/LoopCode.h"
#include "compiler/kernels/cpu/Rows.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace batten {

/// Rows that hide what one waits for, and the longest that gain by it.
constexpr int64_t mostTogether = 4, longestTogether = 512;

/// Whether a walk may be over several rows, if they gain by it.
bool Rows::mayGoTogether() const {
  std::optional<int64_t> columns = count.constantValue();
  bool isGathered = llvm::any_of(columnElements, [](const auto &elements) { return !elements; });
  return columns && *columns <= longestTogether && !oneByOne && !inBlocks && !tileDim && !cross && !isGathered &&
         !level.hasManyRegisters();
}

/// Rows that are walked together; 1: none are.
int64_t Rows::rowsTogether() const { return mayGoTogether() && group.steps > 1 && !inRegisters ? mostTogether : 1; }

/// Where there are 16 registers, rows that wait for what they fold are the quicker together from three vectors on. Zen
/// 3, 256 rows of 64, time of those in registers: softmax 0.87, log_softmax 0.81, layer_norm 0.86; of 32 1, 0.76, 0.86.
bool Rows::staysInRegisters() {
  std::optional<int64_t> columns = count.constantValue();
  if (tileDim || inBlocks || !columns || *columns > columnsInRegisters())
    return false;
  group.plan(/*inRegisters=*/true, numLanes / code.lanes);
  return !mayGoTogether() || group.steps == 1 || *columns <= 2 * code.lanes;
}

/// Room for a number of each row.
Value Rows::numbersOfRows(Type element) {
  auto type = MemRefType::get({together}, storageType(element));
  return memref::AllocaOp::create(b, code.loc, type, b.getI64IntegerAttr(lineBytes));
}

void Rows::layOutNumbers() {
  for (auto [i, node] : llvm::enumerate(group.nodes))
    if (node.kind != RowNode::column)
      numbers[i] = numbersOfRows(node.element());
  if (quotients) {
    areNear = numbersOfRows(b.getI1Type());
    areSafe = numbersOfRows(b.getI1Type());
  }
}

/// What walks before this one have left of row `row`.
void Rows::recallNumbers(Value row) {
  for (auto [i, node] : llvm::enumerate(group.nodes))
    if (isNumberKept.contains(i))
      rowValues[i] = code.loadSplat(numbers[i], row, node.element());
  if (hasNear)
    elementsAreNear = code.loadScalar(areNear, row, b.getI1Type());
  if (hasSafe)
    numeratorsAreSafe = code.loadScalar(areSafe, row, b.getI1Type());
}

void Rows::keepNumbers(Value row) {
  for (auto [i, node] : llvm::enumerate(group.nodes)) {
    Value known = rowValues.lookup(i);
    if (!known || !isNumberKept.insert(i).second)
      continue;
    code.storeScalar(vector::ExtractOp::create(b, code.loc, known, int64_t(0)), numbers[i], row);
  }
  if (elementsAreNear && !std::exchange(hasNear, true))
    code.storeScalar(elementsAreNear, areNear, row);
  if (numeratorsAreSafe && !std::exchange(hasSafe, true))
    code.storeScalar(numeratorsAreSafe, areSafe, row);
}

/// Rows from `first` on.
void Rows::computeTogether(Value first) {
  LoopCode loops{b, code.loc};
  Value rows = loops.least(code.index(together), loops.minus(frame.end, first));
  for (step = 0; step < group.steps; ++step)
    loops.loop(code.index(0), rows, code.index(1), [&](Value row) {
      enterRow(digitsOf(code, code.add(first, row), rowExtents));
      for (auto &[node, place] : keptPlaces)
        place.base = code.times(row, frame.size(keptColumns()));
      recallNumbers(row);
      walk();
      step + 1 < group.steps ? keepNumbers(row) : storeRowResults();
    });
}

} // namespace batten
