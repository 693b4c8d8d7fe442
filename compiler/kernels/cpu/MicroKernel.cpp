// MicroKernel.cpp - see MicroKernel.h.
//
// The left side is read in place, one granule broadcast a row and step. The epilogue is the generics' own regions
// cloned on vectors.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/MicroKernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace batten {

/// By vector of the strip; null: all lanes hold a column.
MicroKernel::Values MicroKernel::masksOf(const Strip &strip) {
  VectorCode v = k.code();
  Values masks(strip.vectors);
  for (int64_t q = 0; strip.masked && q < strip.vectors; ++q) {
    Value column = v.add(strip.firstColumn, v.index(q * k.lanes));
    masks[q] = v.firstLanes(arith::SubIOp::create(b, loc, k.extent(k.c.column), column));
  }
  return masks;
}

/// Zeros, less by what the left side is off.
MicroKernel::Values MicroKernel::initialOf(const Strip &strip, Value depth) {
  VectorCode v = k.code();
  Value none = arith::ConstantOp::create(b, loc, b.getZeroAttr(v.type(k.accumulator)));
  Values initial(strip.vectors, none);
  Value zeros = k.dot.ofLeftZeros(v);
  if (!zeros)
    return initial;
  Tile row{{}, 1, v.index(0), depth, {}, {}, {}, {}};
  for (auto [first, excess] : llvm::zip_equal(initial, chains(strip, row, {{}, masksOf(strip), zeros}, initial)))
    first = arith::SubIOp::create(b, loc, none, excess);
  return initial;
}

/// What the chains of a tile begin with.
MicroKernel::Values MicroKernel::start(const Strip &strip, const Tile &tile) {
  VectorCode v = k.code();
  int64_t count = tile.rows * strip.vectors;
  Values initial;
  for (int64_t p = 0; p < tile.rows; ++p)
    llvm::append_range(initial, strip.initial);
  if (!tile.fresh)
    return initial;
  auto ifOp = scf::IfOp::create(b, loc, TypeRange(ValueRange(initial)), tile.fresh, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(ifOp.thenBlock());
  scf::YieldOp::create(b, loc, initial);
  b.setInsertionPointToEnd(ifOp.elseBlock());
  Values stored;
  for (int64_t i = 0; i < count; ++i)
    stored.push_back(v.load(stage, v.add(tile.stage, v.index(i * k.lanes)), v.index(1), k.accumulator, {}));
  scf::YieldOp::create(b, loc, stored);
  return ifOp.getResults();
}

void MicroKernel::prefetch(const Ahead &ahead, Value depth) {
  VectorCode v = k.code();
  Value at = v.add(ahead.start, v.times(depth, ahead.step));
  v.prefetch(ahead.memory, at, ahead.cache);
}

/// Panels are whole vectors and whole granules; what is read in place may end in either direction.
Value MicroKernel::rightOf(const Strip &strip, const Sides &sides, int64_t vector, Value depth, Value rest) {
  VectorCode v = k.code();
  bool inPlace = k.right == ContractionCode::Right::InPlace;
  Value stride = inPlace ? k.size(k.rhs.strides[k.c.depth]) : v.index(k.panelColumns());
  Value at = v.add(strip.right, v.times(depth, stride));
  if (!inPlace) {
    Value panel = v.times(v.index(vector / k.tileVectors), k.size(k.panelElements()));
    Value inPanel = v.index(vector % k.tileVectors * k.lanes * k.dot.elements());
    return k.dot.ofPanel(v, k.rightMemory(), v.add(v.add(at, panel), inPanel));
  }
  Value from = v.add(at, v.index(vector * k.lanes));
  return k.dot.ofRows(v, {k.rhs.memory, from, v.index(1), stride, k.rhs.element}, sides.masks[vector], rest);
}

/// The elements from `depth` on of every chain, as many as the dot takes; `rest` (null: all) of them are there.
MicroKernel::Values MicroKernel::step(const Strip &strip, const Tile &tile, const Sides &sides, Value depth, Value rest,
                                      ValueRange accumulators) {
  VectorCode v = k.code();
  Value leftStride = k.size(k.lhs.strides[k.c.depth]);
  Values right, next;
  for (int64_t q = 0; q < strip.vectors; ++q)
    right.push_back(rightOf(strip, sides, q, depth, rest));
  for (const Ahead &ahead : tile.ahead)
    prefetch(ahead, depth);
  for (int64_t p = 0; p < tile.rows; ++p) {
    Value left = sides.everyLeft;
    if (!left)
      left = k.dot.ofLeft(v, k.lhs.memory, v.add(sides.left[p], v.times(depth, leftStride)), leftStride, rest);
    for (int64_t q = 0; q < strip.vectors; ++q)
      next.push_back(k.dot.add(v, left, right[q], accumulators[p * strip.vectors + q]));
  }
  return next;
}

/// What is left of the tile's depths from `depth` on, less than a step.
MicroKernel::Values MicroKernel::lastStep(const Strip &strip, const Tile &tile, const Sides &sides, Value depth,
                                          ValueRange accumulators) {
  Value rest = arith::SubIOp::create(b, loc, tile.to, depth);
  Value some = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, rest, k.code().index(0));
  auto ifOp = scf::IfOp::create(b, loc, accumulators.getTypes(), some, /*addThenBlock=*/true, /*addElseBlock=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  scf::YieldOp::create(b, loc, step(strip, tile, sides, depth, rest, accumulators));
  b.setInsertionPointToStart(ifOp.elseBlock());
  scf::YieldOp::create(b, loc, accumulators);
  return ifOp.getResults();
}

/// The chains of a tile over its depths, going on from `sums`, row by row.
MicroKernel::Values MicroKernel::chains(const Strip &strip, const Tile &tile, const Sides &sides, Values sums) {
  VectorCode v = k.code();
  int64_t elements = k.dot.elements();
  std::optional<int64_t> known = k.c.extents[k.c.depth].constantValue();
  bool whole = elements == 1 || (known && *known % elements == 0);
  Value end = tile.to; // where whole steps end
  if (!whole)
    end = arith::SubIOp::create(b, loc, end, arith::RemUIOp::create(b, loc, end, v.index(elements)));
  auto depths = scf::ForOp::create(b, loc, tile.from, end, v.index(elements), sums);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(depths.getBody());
    scf::YieldOp::create(b, loc, step(strip, tile, sides, depths.getInductionVar(), {}, depths.getRegionIterArgs()));
  }
  return whole ? Values(depths.getResults()) : lastStep(strip, tile, sides, end, depths.getResults());
}

void MicroKernel::accumulate(const Strip &strip, const Tile &tile) {
  VectorCode v = k.code();
  Sides sides{{}, masksOf(strip)};
  for (int64_t p = 0; p < tile.rows; ++p)
    sides.left.push_back(k.offsetAt(k.lhs, strip.batch, v.add(tile.row, v.index(p))));
  Values sums = chains(strip, tile, sides, start(strip, tile)), rows;
  for (int64_t p = 0; p < tile.rows; ++p)
    rows.push_back(v.add(tile.row, v.index(p)));
  auto keep = [&] {
    for (auto [i, sum] : llvm::enumerate(sums))
      v.store(sum, stage, v.add(tile.stage, v.index(int64_t(i) * k.lanes)), {});
  };
  if (!tile.stage)
    return finish(sums, strip, rows, sides.masks);
  if (!tile.last)
    return keep();
  auto ifOp = scf::IfOp::create(b, loc, tile.last, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  finish(sums, strip, rows, sides.masks);
  b.setInsertionPointToStart(ifOp.elseBlock());
  keep();
}

/// Epilogue and stores of rows of the result; `masks` by vector of the strip.
void MicroKernel::finish(ValueRange accumulators, const Strip &strip, ValueRange rows, ArrayRef<Value> masks) {
  VectorCode v = k.code();
  Values columns, every;
  for (int64_t q = 0; q < strip.vectors; ++q)
    columns.push_back(v.add(strip.firstColumn, v.index(q * k.lanes)));
  for (size_t row = 0; row < rows.size(); ++row)
    llvm::append_range(every, masks);
  auto at = [&](size_t i, const Operand &operand) {
    Value column = v.times(columns[i % strip.vectors], k.size(operand.strides[k.c.column]));
    return v.add(k.offsetAt(operand, strip.batch, rows[i / strip.vectors]), column);
  };
  for (auto [i, value] : llvm::enumerate(k.epilogue.apply(v, k.frame, accumulators, k.c.column, at, every)))
    v.store(value, k.out.memory, at(i, k.out), every[i]);
}

void MicroKernel::finishStaged(const Strip &strip, Value row, Value rows, Value at) {
  VectorCode v = k.code();
  Values masks = masksOf(strip);
  auto loop = scf::ForOp::create(b, loc, v.index(0), rows, v.index(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value p = loop.getInductionVar(), first = v.add(at, v.times(p, v.index(strip.vectors * k.lanes)));
  Values sums;
  for (int64_t q = 0; q < strip.vectors; ++q)
    sums.push_back(v.load(stage, v.add(first, v.index(q * k.lanes)), v.index(1), k.accumulator, {}));
  finish(sums, strip, v.add(row, p), masks);
}

} // namespace batten
