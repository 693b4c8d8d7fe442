// TileRows.cpp - see TileRows.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/TileRows.h"
#include "compiler/kernels/cpu/LoopCode.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace batten {

void emitTileRows(const VectorCode &code, KernelFrame &frame, const TileRows &rows, Value first, Value target,
                  Value at) {
  OpBuilder &b = code.builder;
  LoopCode loops{b, code.loc};
  VectorCode line{b, code.loc, tileDepth(rows.element)};
  Value one = line.index(1), stride = frame.size(rows.depthStride), lineDepth = line.index(line.lanes);
  Value whole = frame.size(Dim::floorDiv(rows.depth, Dim::constant(line.lanes)));
  Value all = frame.size(ceilDiv(rows.depth, line.lanes));
  Value rest = line.firstLanes(loops.minus(frame.size(rows.depth), line.times(whole, lineDepth)));
  Value none = arith::ConstantOp::create(b, code.loc, b.getZeroAttr(line.type(storageType(rows.element))));
  auto packRow = [&](Value row) {
    Value to = line.add(at, line.times(row, lineDepth)), number = line.add(first, row);
    auto placeOf = [&](Value step) {
      return line.add(to, line.times(step, line.index(tileBytes / elementBytes(rows.element))));
    };
    auto exists = scf::IfOp::create(b, code.loc, loops.below(number, rows.end), /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(exists.thenBlock());
    Value place = rows.placeOf(number);
    auto copy = [&](Value step, Value mask) {
      Value from = line.add(place, line.times(line.times(step, lineDepth), stride));
      line.store(line.load(rows.memory, from, stride, rows.element, mask), target, placeOf(step), {});
    };
    loops.loop(line.index(0), whole, one, [&](Value step) { copy(step, {}); });
    loops.loop(whole, all, one, [&](Value step) { copy(step, rest); });
    b.setInsertionPointToStart(exists.elseBlock());
    loops.loop(line.index(0), all, one, [&](Value step) { line.store(none, target, placeOf(step), {}); });
  };
  loops.loop(line.index(0), line.index(amxTileRows), one, packRow);
}

} // namespace batten
