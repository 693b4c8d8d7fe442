// ContractionNest.cpp - the loop nest of a contraction: register tiles over panels of the right-hand side.
//
//   for each batch entry            (units of the launch where there are batch loops)
//     [pack the right side into panels of this thread's scratch]
//     for each block of rows        (the left block stays in L2; units of the launch where there is no batch loop)
//       for each panel of columns
//         for each tile of rows     (6, then what is left by 2 and 1)
//           every accumulator is one chain in ascending depth, from zero; then the epilogue; then one store
//
// The left side is read in place, one scalar broadcast a row and step. The epilogue is the generics' own regions cloned
// on vectors. Two builders share the nest and differ in where the panels lie: `Tiled` packs (or is given packed)
// panels, `Narrow` reads a row-major right side where it lies, where packing it would cost as much as the
// product. Tile sizes and order of loops: BLIS, Van Zee & van de Geijn, ACM TOMS 41(3), 2015; figures in the schedule's
// README.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Contraction.h"
#include "compiler/kernels/cpu/Epilogue.h"
#include "compiler/kernels/cpu/GroupScalars.h"
#include "compiler/kernels/cpu/VectorCode.h"
#include "compiler/kernels/cpu/VectorMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace batten {
namespace {

/// Rows of the left side that one pass over all panels keeps in L2.
constexpr int64_t rowBlock = 120;
class Nest {
public:
  Nest(Contraction &c, KernelFrame &frame, const Level &level, Shapes &shapes, func::FuncOp group)
      : c(c), frame(frame), level(level), shapes(shapes), group(group), scalars(group, frame), b(frame.builder),
        loc(c.product.getLoc()) {}

  LogicalResult resolve();
  void build(bool panelsInPlace);
  Dim scratchBytes(bool panelsInPlace) const;

private:
  Contraction &c;
  KernelFrame &frame;
  const Level &level;
  Shapes &shapes;
  func::FuncOp group;
  GroupScalars scalars;
  OpBuilder &b;
  Location loc;
  int64_t lanes = 0, tileVectors = 0;
  Operand lhs, rhs, out;
  Epilogue epilogue;
  Value tile; // accumulators on the stack, for a looped epilogue

  VectorCode code() {
    return {b, loc, lanes, [this](Value value) { return scalars.get(value); }};
  }
  int64_t panelColumns() const { return tileVectors * lanes; }
  Value zero() { return code().index(0); }
  Value offsetOf(const Operand &operand, ArrayRef<int64_t> loops, Value flattened);
  Value offsetAt(const Operand &operand, Value batch, Value row);
  void packPanels(Value batch);
  void rowsOf(Value batch, Value begin, Value end, bool inPlace);
  void tiles(Value batch, Value begin, Value end, Value firstColumn, int64_t vectors, bool masked, bool inPlace);
  void microKernel(Value batch, Value row, int64_t rows, Value firstColumn, int64_t vectors, bool masked, bool inPlace);
  SmallVector<Value> accumulate(Value batch, Value row, int64_t rows, Value firstColumn, int64_t vectors,
                                ArrayRef<Value> masks, bool inPlace);
  void finish(Value accumulator, Value batch, Value row, Value column, Value mask);
  void storeTile(ValueRange accumulators, Value batch, Value row, int64_t rows, Value firstColumn, int64_t vectors,
                 ArrayRef<Value> masks);
  void loop(Value from, Value to, Value step, llvm::function_ref<void(Value)> body);
};

void Nest::loop(Value from, Value to, Value step, llvm::function_ref<void(Value)> body) {
  auto forOp = scf::ForOp::create(b, loc, from, to, step);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forOp.getBody());
  body(forOp.getInductionVar());
}

LogicalResult Nest::resolve() {
  auto maps = c.product.getIndexingMapsArray();
  auto left = resolveOperand(c.product.getDpsInputs()[0], maps[0], shapes, frame);
  Value rightValue = c.product.getDpsInputs()[1];
  std::optional<Operand> right;
  if (c.packed) {
    right.emplace();
    right->memory = frame.memory(rightValue.getDefiningOp<linalg::UnPackOp>().getSource());
    right->element = cast<RankedTensorType>(rightValue.getType()).getElementType();
    right->strides.assign(c.extents.size(), Dim::constant(0));
  } else {
    right = resolveOperand(rightValue, maps[1], shapes, frame);
  }
  if (!left || !right || !left->memory || !right->memory)
    return c.product.emitError("an operand of this product is no view of memory");
  lhs = *left;
  rhs = *right;
  out = resultOperand(group, 0, shapes, frame);
  out.strides.resize(c.extents.size(), Dim::constant(0));
  Type accumulator = cast<RankedTensorType>(c.product.getResult(0).getType()).getElementType();
  lanes = level.lanes(accumulator);
  tileVectors = level.tileVectors;
  if (std::optional<int64_t> columns = c.extents[c.column].constantValue()) // 5 columns need no panel of 64
    tileVectors = std::min(tileVectors, (*columns + lanes - 1) / lanes);
  if (c.packed)
    tileVectors = c.panelColumns / lanes;
  return epilogue.resolve(c.epilogue, c.product.getResult(0), shapes, frame, scalars);
}

Dim Nest::scratchBytes(bool panelsInPlace) const {
  if (c.packed || panelsInPlace)
    return Dim::constant(0);
  Dim panels = Dim::floorDiv(c.extents[c.column] + Dim::constant(panelColumns() - 1), Dim::constant(panelColumns()));
  int64_t bytes = std::max(8u, rhs.element.getIntOrFloatBitWidth()) / 8 * panelColumns();
  return panels * c.extents[c.depth] * Dim::constant(bytes);
}

/// Sum of strides over `loops`, whose indices are the digits of `flattened`. Loops that lie side by side in this
/// operand are read as one, so that the usual case is a single multiplication.
Value Nest::offsetOf(const Operand &operand, ArrayRef<int64_t> loops, Value flattened) {
  VectorCode v = code();
  Value sum = zero(), rest = flattened;
  for (size_t end = loops.size(); end > 0;) {
    size_t first = end - 1;
    Dim extent = c.extents[loops[first]], stride = operand.strides[loops[first]];
    while (first > 0 && operand.strides[loops[first - 1]] == stride * extent)
      extent = extent * c.extents[loops[--first]];
    Value digit = rest;
    if (first > 0) {
      Value size = frame.size(extent);
      digit = arith::RemUIOp::create(b, loc, rest, size);
      rest = arith::DivUIOp::create(b, loc, rest, size);
    }
    sum = v.add(sum, v.times(digit, frame.size(stride)));
    end = first;
  }
  return sum;
}

Value Nest::offsetAt(const Operand &operand, Value batch, Value row) {
  VectorCode v = code();
  Value at = v.add(frame.size(operand.offset), offsetOf(operand, c.batch, batch));
  return v.add(at, offsetOf(operand, c.rows, row));
}

/// scratch[panel][depth][column in panel] of one batch entry; columns beyond the last are zero.
void Nest::packPanels(Value batch) {
  VectorCode v = code();
  Value columns = frame.size(c.extents[c.column]), depth = frame.size(c.extents[c.depth]);
  Value panels = frame.scratchView(Dim::constant(0), rhs.element);
  Value base = v.add(frame.size(rhs.offset), offsetOf(rhs, c.batch, batch));
  Value columnStride = frame.size(rhs.strides[c.column]), depthStride = frame.size(rhs.strides[c.depth]);
  loop(zero(), columns, v.index(panelColumns()), [&](Value first) {
    loop(zero(), depth, v.index(1), [&](Value k) {
      Value row = v.add(base, v.times(k, depthStride));
      Value target = v.add(v.times(first, depth), v.times(k, v.index(panelColumns())));
      for (int64_t q = 0; q < tileVectors; ++q) {
        Value column = v.add(first, v.index(q * lanes));
        Value mask = v.firstLanes(arith::SubIOp::create(b, loc, columns, column));
        Value loaded = v.load(rhs.memory, v.add(row, v.times(column, columnStride)), columnStride, rhs.element, mask);
        v.store(loaded, panels, v.add(target, v.index(q * lanes)), {});
      }
    });
  });
}

/// Chains of `rows` x `vectors` accumulators in ascending depth.
SmallVector<Value> Nest::accumulate(Value batch, Value row, int64_t rows, Value firstColumn, int64_t vectors,
                                    ArrayRef<Value> masks, bool inPlace) {
  VectorCode v = code();
  Type element = cast<RankedTensorType>(c.product.getResult(0).getType()).getElementType();
  Value depth = frame.size(c.extents[c.depth]), leftStep = frame.size(lhs.strides[c.depth]);
  SmallVector<Value> lefts;
  for (int64_t p = 0; p < rows; ++p)
    lefts.push_back(offsetAt(lhs, batch, v.add(row, v.index(p))));
  Value memory = rhs.memory, start, step = v.index(panelColumns());
  if (inPlace) {
    start = v.add(v.add(frame.size(rhs.offset), offsetOf(rhs, c.batch, batch)), firstColumn);
    step = frame.size(rhs.strides[c.depth]);
  } else {
    memory = c.packed ? rhs.memory : frame.scratchView(Dim::constant(0), rhs.element);
    start = v.times(firstColumn, depth);
  }
  Value none = arith::ConstantOp::create(b, loc, b.getZeroAttr(v.type(element)));
  SmallVector<Value> zeros(rows * vectors, none);
  auto forOp = scf::ForOp::create(b, loc, zero(), depth, v.index(1), zeros);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forOp.getBody());
  Value k = forOp.getInductionVar();
  SmallVector<Value> right, next;
  Value at = v.add(start, v.times(k, step));
  for (int64_t q = 0; q < vectors; ++q)
    right.push_back(
        v.load(memory, v.add(at, v.index(q * lanes)), v.index(1), rhs.element, inPlace ? masks[q] : Value()));
  for (int64_t p = 0; p < rows; ++p) {
    Value left = v.loadSplat(lhs.memory, v.add(lefts[p], v.times(k, leftStep)), lhs.element);
    for (int64_t q = 0; q < vectors; ++q) {
      Value accumulator = forOp.getRegionIterArg(p * vectors + q);
      next.push_back(v.cloneBody(c.product, {left, right[q], accumulator}, {})[0]);
    }
  }
  scf::YieldOp::create(b, loc, next);
  return forOp.getResults();
}

/// Epilogue and store of one vector of the result.
void Nest::finish(Value accumulator, Value batch, Value row, Value column, Value mask) {
  VectorCode v = code();
  auto at = [&](const Operand &operand) {
    return v.add(offsetAt(operand, batch, row), v.times(column, frame.size(operand.strides[c.column])));
  };
  Value chain = epilogue.apply(v, frame, accumulator, c.column, at, mask);
  v.store(chain, out.memory, v.add(offsetAt(out, batch, row), column), mask);
}

void Nest::storeTile(ValueRange accumulators, Value batch, Value row, int64_t rows, Value firstColumn, int64_t vectors,
                     ArrayRef<Value> masks) {
  VectorCode v = code();
  auto column = [&](int64_t q) { return v.add(firstColumn, v.index(q * lanes)); };
  if (!tile || rows == 1) {
    for (int64_t i = 0; i < rows * vectors; ++i)
      finish(accumulators[i], batch, v.add(row, v.index(i / vectors)), column(i % vectors), masks[i % vectors]);
    return;
  }
  for (int64_t i = 0; i < rows * vectors; ++i)
    v.store(accumulators[i], tile, v.index(i * lanes), {});
  Type element = cast<VectorType>(accumulators[0].getType()).getElementType();
  loop(zero(), v.index(rows), v.index(1), [&](Value p) {
    for (int64_t q = 0; q < vectors; ++q) {
      Value at = v.add(v.times(p, v.index(vectors * lanes)), v.index(q * lanes));
      Value accumulator = v.load(tile, at, v.index(1), element, {});
      finish(accumulator, batch, v.add(row, p), column(q), masks[q]);
    }
  });
}

void Nest::microKernel(Value batch, Value row, int64_t rows, Value firstColumn, int64_t vectors, bool masked,
                       bool inPlace) {
  VectorCode v = code();
  SmallVector<Value> masks(vectors);
  for (int64_t q = 0; masked && q < vectors; ++q) {
    Value column = v.add(firstColumn, v.index(q * lanes));
    masks[q] = v.firstLanes(arith::SubIOp::create(b, loc, frame.size(c.extents[c.column]), column));
  }
  SmallVector<Value> sums = accumulate(batch, row, rows, firstColumn, vectors, masks, inPlace);
  storeTile(sums, batch, row, rows, firstColumn, vectors, masks);
}

/// Tiles of the level's height, then what is left two rows and one row at a time: cheap in code, and at most one short
/// tile of each a panel.
void Nest::tiles(Value batch, Value begin, Value end, Value firstColumn, int64_t vectors, bool masked, bool inPlace) {
  VectorCode v = code();
  Value from = begin;
  for (int64_t rows : {level.tileRows, int64_t(2), int64_t(1)}) {
    Value count = arith::SubIOp::create(b, loc, end, from);
    Value whole = arith::SubIOp::create(b, loc, count, arith::RemUIOp::create(b, loc, count, v.index(rows)));
    Value to = v.add(from, whole);
    loop(from, to, v.index(rows),
         [&](Value row) { microKernel(batch, row, rows, firstColumn, vectors, masked, inPlace); });
    from = to;
  }
}

/// All panels of columns for the rows [begin, end).
void Nest::rowsOf(Value batch, Value begin, Value end, bool inPlace) {
  VectorCode v = code();
  int64_t width = panelColumns();
  Dim columns = c.extents[c.column];
  std::optional<int64_t> known = columns.constantValue();
  Value full = known ? v.index(*known / width * width)
                     : v.times(arith::DivUIOp::create(b, loc, frame.size(columns), v.index(width)), v.index(width));
  if (!known || *known >= width)
    loop(zero(), full, v.index(width),
         [&](Value first) { tiles(batch, begin, end, first, tileVectors, /*masked=*/false, inPlace); });
  if (known && *known % width == 0)
    return;
  if (known) { // only the vectors that hold a column
    int64_t rest = *known % width;
    tiles(batch, begin, end, full, (rest + lanes - 1) / lanes, /*masked=*/rest % lanes != 0, inPlace);
    return;
  }
  Value some = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, full, frame.size(columns));
  auto ifOp = scf::IfOp::create(b, loc, some, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  tiles(batch, begin, end, full, tileVectors, /*masked=*/true, inPlace);
}

void Nest::build(bool panelsInPlace) {
  VectorCode v = code();
  if (epilogue.isLong()) {
    Type element = cast<RankedTensorType>(c.product.getResult(0).getType()).getElementType();
    auto type = MemRefType::get({level.tileRows * panelColumns()}, element);
    tile = memref::AllocaOp::create(b, loc, type, b.getI64IntegerAttr(64));
  }
  auto blocks = [&](Value batch, Value begin, Value end) {
    loop(begin, end, v.index(rowBlock), [&](Value first) {
      Value last = arith::MinUIOp::create(b, loc, end, v.add(first, v.index(rowBlock)));
      rowsOf(batch, first, last, panelsInPlace);
    });
  };
  bool ownPanels = !c.packed && !panelsInPlace;
  if (c.batch.empty() && !ownPanels) {
    blocks(zero(), frame.begin, frame.end);
    return;
  }
  loop(frame.begin, frame.end, v.index(1), [&](Value batch) {
    if (ownPanels)
      packPanels(batch);
    blocks(batch, zero(), frame.size(c.count(c.rows)));
  });
}

FailureOr<Kernel> buildContraction(func::FuncOp group, StringRef name, const Level &level, bool inPlace) {
  Shapes shapes(group);
  std::optional<Contraction> c = matchContraction(group, shapes);
  if (!c)
    return failure();
  KernelFrame frame(group, name, level);
  Nest nest(*c, frame, level, shapes, group);
  if (failed(nest.resolve()))
    return failure();
  nest.build(inPlace);
  if (failed(expandVectorMath(frame.function, level)))
    return failure();
  Kernel kernel{frame.function, c->count(c->batch), 1, nest.scratchBytes(inPlace)};
  if (c->batch.empty() && (c->packed || inPlace)) {
    kernel.range = c->count(c->rows);
    kernel.grain = rowBlock;
  }
  return kernel;
}

} // namespace

FailureOr<Kernel> buildTiledContraction(func::FuncOp group, StringRef name, const Level &level) {
  return buildContraction(group, name, level, /*inPlace=*/false);
}

FailureOr<Kernel> buildNarrowContraction(func::FuncOp group, StringRef name, const Level &level) {
  return buildContraction(group, name, level, /*inPlace=*/true);
}

} // namespace batten
