// ColumnWalk.cpp - see ColumnWalk.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/ColumnWalk.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace batten {

/// for at = from to to by step: carried = turn(at).
static SmallVector<Value> loopOver(VectorCode &code, Value from, Value to, int64_t step, ValueRange carried,
                                   llvm::function_ref<SmallVector<Value>(Value, ValueRange)> turn) {
  Location loc = code.loc;
  auto loop = scf::ForOp::create(code.builder, loc, from, to, code.index(step), carried);
  OpBuilder::InsertionGuard guard(code.builder);
  code.builder.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> next = turn(loop.getInductionVar(), loop.getRegionIterArgs());
  if (!next.empty())
    scf::YieldOp::create(code.builder, loc, next);
  return SmallVector<Value>(loop.getResults());
}

static SmallVector<Value> walkKnown(VectorCode &code, const ColumnRange &range, int64_t vectors,
                                    SmallVector<Value> carried, ColumnTurn turn) {
  int64_t width = vectors * code.lanes, full = *range.constant / width * width, tail = *range.constant - full;
  SmallVector<Value> all(vectors);
  if (full == width) {
    carried = turn(range.first, all, carried);
  } else if (full > 0) {
    Value end = code.add(range.first, code.index(full));
    carried = loopOver(code, range.first, end, width, carried,
                       [&](Value at, ValueRange values) { return turn(at, all, values); });
  }
  if (tail == 0)
    return carried;
  SmallVector<Value> masks(tail / code.lanes);
  if (int64_t left = tail % code.lanes)
    masks.push_back(code.firstLanes(code.index(left)));
  return turn(code.add(range.first, code.index(full)), masks, carried);
}

SmallVector<Value> walkColumns(VectorCode &code, const ColumnRange &range, int64_t vectors, int64_t tailVectors,
                               ValueRange carried, ColumnTurn turn) {
  if (range.constant)
    return walkKnown(code, range, vectors, SmallVector<Value>(carried), turn);
  int64_t width = vectors * code.lanes;
  Value end = code.add(range.first, range.extent);
  Value left = arith::RemUIOp::create(code.builder, code.loc, range.extent, code.index(width));
  Value full = arith::SubIOp::create(code.builder, code.loc, end, left);
  SmallVector<Value> all(vectors);
  SmallVector<Value> values = loopOver(code, range.first, full, width, carried,
                                       [&](Value at, ValueRange values) { return turn(at, all, values); });
  return loopOver(code, full, end, tailVectors * code.lanes, values, [&](Value at, ValueRange values) {
    SmallVector<Value> masks;
    for (int64_t j = 0; j < tailVectors; ++j) {
      Value past = code.add(at, code.index(j * code.lanes));
      masks.push_back(code.firstLanes(arith::SubIOp::create(code.builder, code.loc, end, past)));
    }
    return turn(at, masks, values);
  });
}

} // namespace batten
