// MicroKernel.cpp - see MicroKernel.h.
//
// The left side is read in place, one granule broadcast a row and step, or packed where steps have parts. The epilogue
// is the generics' own regions cloned on vectors.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/MicroKernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace batten {

/// Of a part of a step: LLVM reads all that it can before it multiplies, and twice as many leave no registers to an
/// only row's sums.
constexpr int64_t vectorsAtOnce = 4;

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
  Tile row{{}, 1, v.index(0), depth, {}, {}, {}, {}, {}};
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

void MicroKernel::prefetch(const Ahead &ahead, const Step &at) {
  if (at.number % ahead.sharing == 0)
    k.code().prefetch(ahead.memory, k.code().add(ahead.start, offsetOf(at, ahead.step)), ahead.cache);
}

/// Panels are whole vectors and whole granules; what is read in place may end in either direction.
Value MicroKernel::granulesOf(const Strip &strip, const Sides &sides, int64_t vector, const Step &step) {
  VectorCode v = k.code();
  Value stride = k.isPlain() ? k.size(k.rhs.strides[k.c.depth]) : v.index(k.panelColumns());
  Value at = v.add(strip.right, offsetOf(step, stride));
  if (!k.isPlain()) {
    Value panel = v.times(v.index(vector / k.tileVectors), k.size(k.panelElements()));
    Value inPanel = v.index(vector % k.tileVectors * k.lanes * k.dot.elements());
    return k.dot.ofPanel(v, k.rightMemory(), v.add(v.add(at, panel), inPanel));
  }
  Value from = v.add(at, v.index(vector * k.lanes));
  return k.dot.ofRows(v, {k.rhs.memory, from, v.index(1), stride, k.rhs.element}, sides.masks[vector], step.rest);
}

Value MicroKernel::depthOf(Value place) {
  VectorCode v = k.code();
  return v.times(place, v.index(k.dot.elements() / placesOfStep()));
}

/// From depth 0, of what has its depths `stride` apart. The number is added last: a constant is part of an address.
Value MicroKernel::offsetOf(const Step &step, Value stride) {
  VectorCode v = k.code();
  Value further = v.times(v.index(step.number * k.dot.elements()), stride);
  return v.add(v.times(depthOf(step.place), stride), further);
}

/// Of a row what a step multiplies, or a part of it where the left side is packed, in every lane.
Value MicroKernel::leftOf(const Sides &sides, int64_t row, const Step &step, int64_t part) {
  if (sides.everyLeft)
    return sides.everyLeft;
  VectorCode v = k.code();
  if (packedLeft)
    return packedLeft->load(sides.left[part], row, v.add(step.place, v.index(step.number)));
  Value stride = k.size(k.lhs.strides[k.c.depth]), at = v.add(sides.left[row], offsetOf(step, stride));
  return k.dot.ofLeft(v, k.lhs.memory, at, stride, step.rest);
}

/// The same of a vector of the right side.
Value MicroKernel::rightOf(const Strip &strip, const Sides &sides, int64_t vector, const Step &step, int64_t part) {
  Value granules = granulesOf(strip, sides, vector, step);
  return packedLeft ? k.dot.partOf(k.code(), granules, part) : granules;
}

/// A step of every chain: as many elements as the dot takes.
MicroKernel::Values MicroKernel::step(const Strip &strip, const Tile &tile, const Sides &sides, Step at,
                                      ValueRange accumulators) {
  VectorCode v = k.code();
  Values sums(accumulators);
  int64_t parts = packedLeft ? k.dot.parts() : 1, width = packedLeft ? vectorsAtOnce : strip.vectors;
  for (int64_t turn = 0, turns = llvm::divideCeil(strip.vectors, width); turn < parts * turns; ++turn) {
    int64_t part = turn / turns, first = turn % turns * width, end = std::min(first + width, strip.vectors);
    Values right;
    for (int64_t q = first; q < end; ++q)
      right.push_back(rightOf(strip, sides, q, at, part));
    for (const Ahead &ahead : turn == 0 ? ArrayRef(tile.ahead) : ArrayRef<Ahead>())
      prefetch(ahead, at);
    for (int64_t p = 0; p < tile.rows; ++p) {
      Value left = leftOf(sides, p, at, part);
      for (int64_t q = first; q < end; ++q) {
        Value &sum = sums[p * strip.vectors + q];
        sum = packedLeft ? k.dot.addPart(v, left, right[q - first], sum) : k.dot.add(v, left, right[q - first], sum);
      }
    }
    if (packedLeft)
      at.place = k.dot.endPart(v, at.place, sums);
  }
  return sums;
}

/// What is left of the tile's depths from `place` on, less than a step.
MicroKernel::Values MicroKernel::lastStep(const Strip &strip, const Tile &tile, const Sides &sides, Value place,
                                          ValueRange accumulators) {
  Value rest = arith::SubIOp::create(b, loc, tile.to, depthOf(place));
  Value some = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, rest, k.code().index(0));
  auto ifOp = scf::IfOp::create(b, loc, accumulators.getTypes(), some, /*addThenBlock=*/true, /*addElseBlock=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  scf::YieldOp::create(b, loc, step(strip, tile, sides, {place, 0, rest}, accumulators));
  b.setInsertionPointToStart(ifOp.elseBlock());
  scf::YieldOp::create(b, loc, accumulators);
  return ifOp.getResults();
}

/// Behind the last whole step of a tile, as a place; where both sides are filled up with zeros all steps are whole.
Value MicroKernel::endOf(const Tile &tile, bool isFilled) {
  VectorCode v = k.code();
  LoopCode loops{b, loc};
  Value elements = v.index(k.dot.elements());
  if (isFilled)
    return loops.ceilQuotient(tile.to, elements);
  return packedLeft ? loops.quotient(tile.to, elements) : loops.minus(tile.to, loops.remainder(tile.to, elements));
}

/// Steps of a turn of the loop. Low tiles and what is at the edge are not worth the code. What comes from DRAM for an
/// only tile comes later so: five rows of 4096 x 4096 took 1.18 of the time. Of rows that lie where they are, LLVM may
/// read those of all steps first, for which it moves sums to memory.
int64_t MicroKernel::stepsOfTurn(const Strip &strip, const Tile &tile) {
  bool isTall = tile.rows + 1 >= k.tileRows && strip.vectors == k.tileVectors && !strip.masked;
  bool isPackedStep = !k.isPlain() && k.dot.elements() == 1 && k.dot.parts() == 1;
  int64_t together = k.level.stepsTogether();
  return isTall && isPackedStep && k.likelyDepth() >= 2 * together && !k.panelsStream() ? together : 1;
}

/// The steps from place `begin` to `end`, which are whole turns of so many.
MicroKernel::Values MicroKernel::turns(const Strip &strip, const Tile &tile, const Sides &sides, Value begin, Value end,
                                       int64_t steps, Values sums) {
  LoopCode loops{b, loc};
  return loops.fold(begin, end, k.code().index(steps * placesOfStep()), sums, [&](Value place, ValueRange before) {
    Values next(before);
    for (int64_t number = 0; number < steps; ++number)
      next = step(strip, tile, sides, {place, number}, next);
    return next;
  });
}

/// Behind the last whole turn.
Value MicroKernel::endOfTurns(Value begin, Value end, int64_t steps) {
  LoopCode loops{b, loc};
  std::optional<int64_t> first = constantIndex(begin), last = constantIndex(end);
  if (first && last)
    return k.code().index(*last - (*last - *first) % steps);
  return loops.minus(end, loops.remainder(loops.minus(end, begin), k.code().index(steps)));
}

/// The chains of a tile over its depths, going on from `sums`, row by row.
MicroKernel::Values MicroKernel::chains(const Strip &strip, const Tile &tile, const Sides &sides, Values sums) {
  VectorCode v = k.code();
  LoopCode loops{b, loc};
  int64_t elements = k.dot.elements(), ofTurn = stepsOfTurn(strip, tile);
  std::optional<int64_t> known = k.c.extents[k.c.depth].constantValue();
  bool isFilled = packedLeft && !k.isPlain();
  bool hasRest = !isFilled && elements > 1 && !(known && *known % elements == 0);
  Value begin = loops.quotient(tile.from, v.index(elements / placesOfStep()));
  Value end = hasRest || packedLeft ? endOf(tile, isFilled) : tile.to, whole = begin;
  if (ofTurn > 1) {
    whole = endOfTurns(begin, end, ofTurn);
    sums = turns(strip, tile, sides, begin, whole, ofTurn, sums);
  }
  sums = turns(strip, tile, sides, whole, end, 1, sums);
  return hasRest ? lastStep(strip, tile, sides, end, sums) : sums;
}

void MicroKernel::accumulate(const Strip &strip, const Tile &tile) {
  VectorCode v = k.code();
  Sides sides{{}, masksOf(strip)};
  if (packedLeft)
    sides.left = packedLeft->rowsFrom(tile.packedRow);
  else
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

/// A panel at a time: where accumulators wait, the epilogue is long, and a strip of many panels would hold it as often.
void MicroKernel::finishStaged(const Strip &strip, Value row, Value rows, Value at) {
  VectorCode v = k.code();
  LoopCode loops{b, loc};
  Strip panel = strip;
  panel.vectors = std::min(strip.vectors, k.tileVectors);
  loops.loop(v.index(0), rows, v.index(1), [&](Value p) {
    loops.loop(v.index(0), v.index(strip.vectors), v.index(panel.vectors), [&](Value q) {
      Value column = v.times(q, v.index(k.lanes));
      Value first = v.add(v.add(at, v.times(p, v.index(strip.vectors * k.lanes))), column);
      panel.firstColumn = v.add(strip.firstColumn, column);
      Values sums;
      for (int64_t i = 0; i < panel.vectors; ++i)
        sums.push_back(v.load(stage, v.add(first, v.index(i * k.lanes)), v.index(1), k.accumulator, {}));
      finish(sums, panel, v.add(row, p), masksOf(panel));
    });
  });
}

} // namespace batten
