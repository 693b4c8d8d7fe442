// PackPanel.cpp - see PackPanel.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/PackPanel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace batten {

void emitPanel(const VectorCode &v, const PanelSource &source, Value first, int64_t panelColumns, Value target,
               Value at) {
  OpBuilder &b = v.builder;
  auto depths = scf::ForOp::create(b, v.loc, v.index(0), source.depth, v.index(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(depths.getBody());
  Value k = depths.getInductionVar();
  Value row = v.add(source.base, v.times(k, source.depthStride));
  Value packed = v.add(at, v.times(k, v.index(panelColumns)));
  for (int64_t q = 0; q < panelColumns; q += v.lanes) {
    Value column = v.add(first, v.index(q));
    // Counted in signed arithmetic: past the last column the count is negative and the mask empty.
    Value mask = v.firstLanes(arith::SubIOp::create(b, v.loc, source.columns, column));
    Value from = v.add(row, v.times(column, source.columnStride));
    v.store(v.load(source.memory, from, source.columnStride, source.element, mask), target, v.add(packed, v.index(q)),
            {});
  }
}

} // namespace batten
