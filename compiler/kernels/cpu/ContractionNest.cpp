// ContractionNest.cpp - the loop nest of a contraction: register tiles over panels of the right-hand side.
//
//   for each batch entry            (units of the launch where there are batch loops)
//     [pack the right side into panels of this thread's scratch]
//     for each block of rows        (the left block stays in L2; units of the launch where there is no batch loop)
//       for each panel of columns
//         for each tile of rows     (6, then what is left by 2 and 1)
//           every accumulator is one chain in ascending depth, from zero; then the epilogue; then one store
//
// Two builders share the nest and differ in where the panels lie: `Tiled` packs (or is given packed) panels, `Narrow`
// reads a row-major right side where it lies, where packing it would cost as much as the product. The tile itself is
// MicroKernel's. Tile sizes and order of loops: BLIS, Van Zee & van de Geijn, ACM TOMS 41(3), 2015.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/MicroKernel.h"
#include "compiler/kernels/cpu/PackPanel.h"
#include "compiler/kernels/cpu/VectorMath.h"
#include "dialect/Numerics.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace batten {
namespace {

using Right = ContractionCode::Right;

/// Rows of the left side that one pass over all panels keeps in L2.
constexpr int64_t rowBlock = 120;

class Nest {
public:
  explicit Nest(ContractionCode &contraction) : k(contraction), c(k.c), b(k.b), loc(k.loc), tile(k) {}

  Kernel build();

private:
  ContractionCode &k;
  Contraction &c;
  OpBuilder &b;
  Location loc;
  MicroKernel tile;

  Dim scratchBytes() const;
  void packPanels(Value batch);
  void blocks(Value batch, Value begin, Value end);
  void rowsOf(Value batch, Value begin, Value end);
  void tiles(Value batch, Value begin, Value end, Value firstColumn, int64_t vectors, bool masked);
  void loop(Value from, Value to, Value step, llvm::function_ref<void(Value)> body);
};

void Nest::loop(Value from, Value to, Value step, llvm::function_ref<void(Value)> body) {
  auto forOp = scf::ForOp::create(b, loc, from, to, step);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forOp.getBody());
  body(forOp.getInductionVar());
}

Dim Nest::scratchBytes() const {
  if (k.right != Right::OwnPanels)
    return Dim::constant(0);
  Dim width = Dim::constant(k.panelColumns());
  Dim panels = Dim::floorDiv(c.extents[c.column] + width - Dim::constant(1), width);
  int64_t bytes = std::max(8u, k.rhs.element.getIntOrFloatBitWidth()) / 8 * k.panelColumns() * k.dot.elements();
  return panels * k.steps() * Dim::constant(bytes);
}

/// All panels of one batch entry into this thread's scratch.
void Nest::packPanels(Value batch) {
  VectorCode v = k.code();
  Value base = v.add(k.size(k.rhs.offset), k.offsetOf(k.rhs, c.batch, batch));
  PanelSource source{k.rhs.memory,
                     base,
                     k.rhs.element,
                     k.extent(c.column),
                     k.extent(c.depth),
                     k.size(k.rhs.strides[c.column]),
                     k.size(k.rhs.strides[c.depth])};
  Value panels = k.panels(), depth = k.size(k.steps() * Dim::constant(k.dot.elements()));
  loop(v.index(0), source.columns, v.index(k.panelColumns()),
       [&](Value first) { emitPanel(v, source, first, k.panelColumns(), panels, v.times(first, depth)); });
}

/// Tiles of the level's height, then what is left two rows and one row at a time: cheap in code, and at most one short
/// tile of each a panel.
void Nest::tiles(Value batch, Value begin, Value end, Value firstColumn, int64_t vectors, bool masked) {
  VectorCode v = k.code();
  Value from = begin;
  for (int64_t rows : {k.level.tileRows, int64_t(2), int64_t(1)}) {
    Value count = arith::SubIOp::create(b, loc, end, from);
    Value whole = arith::SubIOp::create(b, loc, count, arith::RemUIOp::create(b, loc, count, v.index(rows)));
    Value to = v.add(from, whole);
    loop(from, to, v.index(rows), [&](Value row) { tile.emit({batch, row, rows, firstColumn, vectors, masked}); });
    from = to;
  }
}

/// All panels of columns for the rows [begin, end).
void Nest::rowsOf(Value batch, Value begin, Value end) {
  VectorCode v = k.code();
  int64_t width = k.panelColumns();
  std::optional<int64_t> known = c.extents[c.column].constantValue();
  Value columns = k.extent(c.column);
  Value full = known ? v.index(*known / width * width)
                     : v.times(arith::DivUIOp::create(b, loc, columns, v.index(width)), v.index(width));
  if (!known || *known >= width)
    loop(v.index(0), full, v.index(width),
         [&](Value first) { tiles(batch, begin, end, first, k.tileVectors, /*masked=*/false); });
  if (known && *known % width == 0)
    return;
  if (known) { // only the vectors that hold a column
    int64_t rest = *known % width;
    tiles(batch, begin, end, full, (rest + k.lanes - 1) / k.lanes, /*masked=*/rest % k.lanes != 0);
    return;
  }
  Value some = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, full, columns);
  auto ifOp = scf::IfOp::create(b, loc, some, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  tiles(batch, begin, end, full, k.tileVectors, /*masked=*/true);
}

void Nest::blocks(Value batch, Value begin, Value end) {
  VectorCode v = k.code();
  loop(begin, end, v.index(rowBlock), [&](Value first) {
    rowsOf(batch, first, arith::MinUIOp::create(b, loc, end, v.add(first, v.index(rowBlock))));
  });
}

Kernel Nest::build() {
  VectorCode v = k.code();
  KernelFrame &frame = k.frame;
  if (c.batch.empty() && k.right != Right::OwnPanels) {
    blocks(v.index(0), frame.begin, frame.end);
    return {frame.function, c.count(c.rows), rowBlock, Dim::constant(0)};
  }
  loop(frame.begin, frame.end, v.index(1), [&](Value batch) {
    if (k.right == Right::OwnPanels)
      packPanels(batch);
    blocks(batch, v.index(0), k.size(c.count(c.rows)));
  });
  return {frame.function, c.count(c.batch), 1, scratchBytes()};
}

FailureOr<Kernel> buildContraction(func::FuncOp group, StringRef name, const Level &level, bool inPlace) {
  Shapes shapes(group);
  std::optional<Contraction> c = matchContraction(group, shapes);
  if (!c)
    return failure();
  KernelFrame frame(group, name, level);
  ContractionCode code(*c,
                       c->packed ? Right::Packed
                       : inPlace ? Right::InPlace
                                 : Right::OwnPanels,
                       frame, level, group);
  if (failed(code.resolve(group, shapes)))
    return failure();
  if (code.dot.flushes())
    frame.function->setAttr(flushesAttribute, frame.builder.getUnitAttr());
  Kernel kernel = Nest(code).build();
  if (failed(expandVectorMath(frame.function, level)))
    return failure();
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
