// PackPanel.cpp - see PackPanel.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/PackPanel.h"
#include "compiler/kernels/cpu/Granules.h"
#include "compiler/kernels/cpu/LoopCode.h"

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
    Value mask = source.isWhole ? Value() : v.firstLanes(LoopCode{b, v.loc}.minus(source.columns, column));
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
  LoopCode loops{b, v.loc};
  Value rest = loops.remainder(source.depth, elements), whole = loops.minus(source.depth, rest);
  Value from = emitTurnedPanel(v, source, first, panelColumns, target, at);
  loops.loop(from, whole, elements, [&](Value k) { packRow(v, source, first, panelColumns, k, {}, target, at); });
  if (source.granule > 1)
    loops.onlyIf(loops.below(v.index(0), rest),
                 [&] { packRow(v, source, first, panelColumns, whole, rest, target, at); });
}

} // namespace batten
