// TurnedPanel.cpp - a panel whose source has the depth side by side (`x @ w.T`): squares, turned in registers.
//
// A gather reads one element at a time; a square of 16 by 16 is 16 loads, 64 shuffles and 16 stores.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/PackPanel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace batten {

/// Depths [k, k + lanes) of as many columns from `column` on; a column beyond the last is not read and zero.
static void packSquare(const VectorCode &v, const PanelSource &source, Value k, Value column, int64_t panelColumns,
                       Value target, Value at) {
  OpBuilder &b = v.builder;
  SmallVector<Value> square;
  for (int64_t i = 0; i < v.lanes; ++i) {
    Value mine = v.add(column, v.index(i));
    Value exists = arith::CmpIOp::create(b, v.loc, arith::CmpIPredicate::slt, mine, source.columns);
    Value from = v.add(v.add(source.base, k), v.times(mine, source.columnStride));
    square.push_back(v.load(source.memory, from, v.index(1), source.element, v.splat(exists)));
  }
  for (auto [i, row] : llvm::enumerate(v.transpose(square)))
    v.store(row, target, v.add(at, v.index(int64_t(i) * panelColumns)), {});
}

Value emitTurnedPanel(const VectorCode &v, const PanelSource &source, Value first, int64_t panelColumns, Value target,
                      Value at) {
  bool isTurned = constantIndex(source.depthStride) == 1 && constantIndex(source.columnStride) != 1;
  if (!isTurned || source.element.getIntOrFloatBitWidth() < 32)
    return v.index(0);
  OpBuilder &b = v.builder;
  Value rest = arith::RemUIOp::create(b, v.loc, source.depth, v.index(v.lanes));
  Value whole = arith::SubIOp::create(b, v.loc, source.depth, rest);
  auto depths = scf::ForOp::create(b, v.loc, v.index(0), whole, v.index(v.lanes));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(depths.getBody());
  Value k = depths.getInductionVar();
  auto columns = scf::ForOp::create(b, v.loc, v.index(0), v.index(panelColumns), v.index(v.lanes));
  b.setInsertionPointToStart(columns.getBody());
  Value column = columns.getInductionVar();
  Value packed = v.add(v.add(at, v.times(k, v.index(panelColumns))), column);
  packSquare(v, source, k, v.add(first, column), panelColumns, target, packed);
  return whole;
}

} // namespace batten
