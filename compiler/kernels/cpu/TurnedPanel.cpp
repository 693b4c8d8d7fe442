// TurnedPanel.cpp - a panel whose source has the depth side by side (`x @ w.T`): squares, turned in registers.
//
// A gather reads one element at a time; a square of 16 by 16 granules is 16 loads, 64 shuffles and 16 stores.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/Kernels.h"
#include "compiler/kernels/cpu/LoopCode.h"
#include "compiler/kernels/cpu/PackPanel.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace batten {

static unsigned granuleBits(const PanelSource &source) {
  return unsigned(8 * elementBytes(source.element) * source.granule);
}

/// As many granules from depth k on as there are lanes, of as many columns from `column` on; those beyond the last are
/// the last once more.
static void packSquare(const VectorCode &v, const PanelSource &source, Value k, Value column, int64_t panelColumns,
                       Value target, Value at) {
  OpBuilder &b = v.builder;
  VectorCode elements{b, v.loc, v.lanes * source.granule};
  Type stored = storageType(source.element), granule = b.getIntegerType(granuleBits(source));
  LoopCode loops{b, v.loc};
  Value last = loops.minus(source.columns, v.index(1));
  SmallVector<Value> square;
  for (int64_t i = 0; i < v.lanes; ++i) {
    Value mine = v.add(column, v.index(i));
    if (!source.isWhole)
      mine = loops.least(mine, last);
    Value from = v.add(v.add(source.base, k), v.times(mine, source.columnStride));
    Value row = elements.load(source.memory, from, v.index(1), stored, {});
    square.push_back(vector::BitCastOp::create(b, v.loc, v.type(granule), row));
  }
  for (auto [i, row] : llvm::enumerate(v.turnSquares(square))) {
    Value panelRow = vector::BitCastOp::create(b, v.loc, elements.type(stored), row);
    storePanel(v, source, panelRow, target, v.add(at, v.index(int64_t(i) * panelColumns * source.granule)));
  }
}

Value emitTurnedPanel(const VectorCode &v, const PanelSource &source, Value first, int64_t panelColumns, Value target,
                      Value at) {
  if (!source.isTurned || granuleBits(source) < 32)
    return v.index(0);
  OpBuilder &b = v.builder;
  Value depthsOfSquare = v.index(v.lanes * source.granule);
  LoopCode loops{b, v.loc};
  Value whole = loops.minus(source.depth, loops.remainder(source.depth, depthsOfSquare));
  auto depths = scf::ForOp::create(b, v.loc, v.index(0), whole, depthsOfSquare);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(depths.getBody());
  Value k = depths.getInductionVar();
  auto columns = scf::ForOp::create(b, v.loc, v.index(0), v.index(panelColumns), v.index(v.lanes));
  b.setInsertionPointToStart(columns.getBody());
  Value column = columns.getInductionVar();
  Value packed = v.add(v.add(at, v.times(k, v.index(panelColumns))), v.times(column, v.index(source.granule)));
  packSquare(v, source, k, v.add(first, column), panelColumns, target, packed);
  return whole;
}

} // namespace batten
