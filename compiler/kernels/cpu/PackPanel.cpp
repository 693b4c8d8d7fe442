// PackPanel.cpp - see PackPanel.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/PackPanel.h"
#include "compiler/kernels/cpu/Granules.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace batten {

void storePanel(const VectorCode &v, const PanelSource &source, Value vector, Value target, Value at) {
  if (source.pastCaches)
    v.storePastCaches(vector, target, at);
  else
    v.store(vector, target, at, {});
}

/// The granules of the panel's columns from depth `k` on; `rest` (null: all) elements of them are there.
static void packRow(const VectorCode &v, const PanelSource &source, Value first, int64_t panelColumns, Value k,
                    Value rest, Value target, Value at) {
  OpBuilder &b = v.builder;
  Value row = v.add(source.base, v.times(k, source.depthStride));
  Value packed = v.add(at, v.times(k, v.index(panelColumns)));
  for (int64_t q = 0; q < panelColumns; q += v.lanes) {
    Value column = v.add(first, v.index(q));
    // Counted in signed arithmetic: past the last column the count is negative and the mask empty.
    Value mask = v.firstLanes(arith::SubIOp::create(b, v.loc, source.columns, column));
    Value from = v.add(row, v.times(column, source.columnStride));
    GranuleRows rows{source.memory, from, source.columnStride, source.depthStride, source.element};
    Value loaded = source.granule == 1 ? v.toStorage(v.load(rows.memory, from, rows.columnStride, rows.element, mask))
                                       : loadGranules(v, rows, mask, rest);
    storePanel(v, source, loaded, target, v.add(packed, v.index(q * source.granule)));
  }
}

void emitPanel(const VectorCode &v, const PanelSource &source, Value first, int64_t panelColumns, Value target,
               Value at) {
  OpBuilder &b = v.builder;
  Value elements = v.index(source.granule);
  Value rest = arith::RemUIOp::create(b, v.loc, source.depth, elements);
  Value whole = arith::SubIOp::create(b, v.loc, source.depth, rest);
  Value from = emitTurnedPanel(v, source, first, panelColumns, target, at);
  auto depths = scf::ForOp::create(b, v.loc, from, whole, elements);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(depths.getBody());
  packRow(v, source, first, panelColumns, depths.getInductionVar(), {}, target, at);
  if (source.granule == 1)
    return;
  b.setInsertionPointAfter(depths);
  Value some = arith::CmpIOp::create(b, v.loc, arith::CmpIPredicate::ne, rest, v.index(0));
  auto ifOp = scf::IfOp::create(b, v.loc, some, /*withElseRegion=*/false);
  b.setInsertionPointToStart(ifOp.thenBlock());
  packRow(v, source, first, panelColumns, whole, rest, target, at);
}

} // namespace batten
