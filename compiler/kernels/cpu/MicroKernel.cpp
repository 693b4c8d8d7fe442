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

MicroKernel::MicroKernel(ContractionCode &contraction) : k(contraction), b(k.b), loc(k.loc) {
  if (!k.epilogue.isLong())
    return;
  auto type = MemRefType::get({k.level.tileRows * k.panelColumns()}, k.accumulator);
  onStack = memref::AllocaOp::create(b, loc, type, b.getI64IntegerAttr(64));
}

void MicroKernel::emit(const Tile &tile) {
  VectorCode v = k.code();
  masks.assign(tile.vectors, {});
  for (int64_t q = 0; tile.masked && q < tile.vectors; ++q) {
    Value column = v.add(tile.firstColumn, v.index(q * k.lanes));
    masks[q] = v.firstLanes(arith::SubIOp::create(b, loc, k.extent(k.c.column), column));
  }
  store(accumulate(tile), tile);
}

MicroKernel::Sides MicroKernel::sidesOf(const Tile &tile) {
  VectorCode v = k.code();
  Sides sides;
  for (int64_t p = 0; p < tile.rows; ++p)
    sides.left.push_back(k.offsetAt(k.lhs, tile.batch, v.add(tile.row, v.index(p))));
  sides.leftStride = k.size(k.lhs.strides[k.c.depth]);
  if (k.right == ContractionCode::Right::InPlace) {
    sides.rightMemory = k.rhs.memory;
    sides.right = v.add(v.add(k.size(k.rhs.offset), k.offsetOf(k.rhs, k.c.batch, tile.batch)), tile.firstColumn);
    sides.rightStride = k.size(k.rhs.strides[k.c.depth]);
  } else {
    sides.rightMemory = k.panels();
    sides.right = v.times(tile.firstColumn, k.size(k.steps() * Dim::constant(k.dot.elements())));
    sides.rightStride = v.index(k.panelColumns());
  }
  return sides;
}

/// Panels are whole vectors and whole granules; what is read in place may end in either direction.
Value MicroKernel::rightOf(const Sides &sides, Value depth, int64_t vector, Value rest) {
  VectorCode v = k.code();
  Value at = v.add(sides.right, v.times(depth, sides.rightStride));
  if (k.right != ContractionCode::Right::InPlace)
    return k.dot.ofPanel(v, sides.rightMemory, v.add(at, v.index(vector * k.lanes * k.dot.elements())));
  Value from = v.add(at, v.index(vector * k.lanes));
  return k.dot.ofRows(v, {sides.rightMemory, from, v.index(1), sides.rightStride, k.rhs.element}, masks[vector], rest);
}

/// The elements from `depth` on of every chain, as many as the dot takes; `rest` (null: none) of them are there.
MicroKernel::Values MicroKernel::step(const Tile &tile, const Sides &sides, Value depth, Value rest,
                                      ValueRange accumulators) {
  VectorCode v = k.code();
  Values right, next;
  for (int64_t q = 0; q < tile.vectors; ++q)
    right.push_back(rightOf(sides, depth, q, rest));
  for (int64_t p = 0; p < tile.rows; ++p) {
    Value at = v.add(sides.left[p], v.times(depth, sides.leftStride));
    Value left = k.dot.ofLeft(v, k.lhs.memory, at, sides.leftStride, rest);
    for (int64_t q = 0; q < tile.vectors; ++q)
      next.push_back(k.dot.add(v, left, right[q], accumulators[p * tile.vectors + q]));
  }
  return next;
}

/// What is left of the depth from `depth` on, less than a step.
MicroKernel::Values MicroKernel::lastStep(const Tile &tile, const Sides &sides, Value depth, ValueRange accumulators) {
  VectorCode v = k.code();
  std::optional<int64_t> known = k.c.extents[k.c.depth].constantValue();
  if (k.dot.elements() == 1 || (known && *known % k.dot.elements() == 0))
    return accumulators;
  Value rest = known ? v.index(*known % k.dot.elements())
                     : arith::SubIOp::create(b, loc, k.extent(k.c.depth), depth).getResult();
  if (known)
    return step(tile, sides, depth, rest, accumulators);
  Value some = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, rest, v.index(0));
  auto ifOp = scf::IfOp::create(b, loc, accumulators.getTypes(), some, /*addThenBlock=*/true, /*addElseBlock=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  scf::YieldOp::create(b, loc, step(tile, sides, depth, rest, accumulators));
  b.setInsertionPointToStart(ifOp.elseBlock());
  scf::YieldOp::create(b, loc, accumulators);
  return ifOp.getResults();
}

/// The depth where whole steps end.
Value MicroKernel::wholeSteps() {
  VectorCode v = k.code();
  Dim elements = Dim::constant(k.dot.elements());
  return k.size(Dim::floorDiv(k.c.extents[k.c.depth], elements) * elements);
}

/// Chains of `rows` x `vectors` accumulators in ascending depth, row by row.
MicroKernel::Values MicroKernel::accumulate(const Tile &tile) {
  VectorCode v = k.code();
  Sides sides = sidesOf(tile);
  Value none = arith::ConstantOp::create(b, loc, b.getZeroAttr(v.type(k.accumulator)));
  Values zeros(tile.rows * tile.vectors, none);
  Value elements = v.index(k.dot.elements()), end = wholeSteps();
  auto depths = scf::ForOp::create(b, loc, v.index(0), end, elements, zeros);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(depths.getBody());
    scf::YieldOp::create(b, loc, step(tile, sides, depths.getInductionVar(), {}, depths.getRegionIterArgs()));
  }
  return lastStep(tile, sides, end, depths.getResults());
}

/// Epilogue and store of one vector of the result.
void MicroKernel::finish(Value accumulator, const Tile &tile, Value row, int64_t vector) {
  VectorCode v = k.code();
  Value column = v.add(tile.firstColumn, v.index(vector * k.lanes));
  auto at = [&](const Operand &operand) {
    return v.add(k.offsetAt(operand, tile.batch, row), v.times(column, k.size(operand.strides[k.c.column])));
  };
  Value chain = k.epilogue.apply(v, k.frame, accumulator, k.c.column, at, masks[vector]);
  v.store(chain, k.out.memory, v.add(k.offsetAt(k.out, tile.batch, row), column), masks[vector]);
}

void MicroKernel::store(ValueRange accumulators, const Tile &tile) {
  VectorCode v = k.code();
  int64_t count = tile.rows * tile.vectors;
  if (!onStack || tile.rows == 1) {
    for (int64_t i = 0; i < count; ++i)
      finish(accumulators[i], tile, v.add(tile.row, v.index(i / tile.vectors)), i % tile.vectors);
    return;
  }
  for (int64_t i = 0; i < count; ++i)
    v.store(accumulators[i], onStack, v.index(i * k.lanes), {});
  auto rows = scf::ForOp::create(b, loc, v.index(0), v.index(tile.rows), v.index(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(rows.getBody());
  Value p = rows.getInductionVar();
  for (int64_t q = 0; q < tile.vectors; ++q) {
    Value at = v.add(v.times(p, v.index(tile.vectors * k.lanes)), v.index(q * k.lanes));
    finish(v.load(onStack, at, v.index(1), k.accumulator, {}), tile, v.add(tile.row, p), q);
  }
}

} // namespace batten
