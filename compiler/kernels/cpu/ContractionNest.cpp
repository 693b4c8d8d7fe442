// ContractionNest.cpp - the loop nest of a contraction: register tiles over panels of the right-hand side.
//
//   for each batch entry and each block of rows   (the left block stays in L2)
//     for each part of the depth                  (where a panel would not stay in L2: of some panels in turn)
//       [widen the left block's part into this thread's scratch; of few rows all parts before]
//       for each panel of columns                 (units of the launch: panels of blocks of batch entries)
//         [pack the panel's part into this thread's scratch]
//         for each tile of rows
//           every accumulator is one chain in ascending depth, from zero; then the epilogue; then one store
//
// Few rows wait for their right side, and a row-major one is best read row by row: there a part of the depth is a few
// rows, and the accumulators of many panels stay in L1.
//
// All rows of a batch entry are cut into as few tiles as there must be, of two heights that differ by one: a tile of
// six rows and one of two would take the time of two sixes. Three builders share the nest and differ in where the
// panels lie: `Tiled` packs (or is given packed) panels, `InPlace` reads a row-major right side where it lies, where
// packing it would cost as much as the product, and `FewRows` by such parts. The tile itself is MicroKernel's, the
// sizes are ContractionShape.cpp's. Order of loops: BLIS, Van Zee & van de Geijn, ACM TOMS 41(3), 2015.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/ContractionNest.h"
#include "compiler/kernels/cpu/TwoWays.h"
#include "compiler/kernels/cpu/VectorMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace batten {

using Right = ContractionCode::Right;

//===- Parts of a nest --------------------------------------------------------------------------------------------===//

/// `body` once for each height that a tile may have, of which the one that it has is run.
void ContractionNest::dispatch(Value height, llvm::function_ref<void(int64_t)> body) {
  if (heights.size() == 1 || isAtOnlyRow)
    return body(isAtOnlyRow ? 1 : heights.front());
  OpBuilder::InsertionGuard guard(b);
  for (int64_t possible : ArrayRef(heights).drop_back()) { // in descending order; no table of jumps
    Value low = code.index(possible);
    auto ifOp = scf::IfOp::create(b, loc, below(height, low), /*withElseRegion=*/true);
    b.setInsertionPointToStart(ifOp.elseBlock());
    body(possible);
    b.setInsertionPointToStart(ifOp.thenBlock());
  }
  body(heights.back());
}

//===- The nest ---------------------------------------------------------------------------------------------------===//

/// Of block `number`. Blocks are even, as tiles are: the last one would else read all panels for what is left.
Value ContractionNest::firstTile(Value number) {
  Value longer = code.times(number, longerBlocks), before = code.times(number, fewestTiles);
  Value further = constantIndex(blocks) ? quotient(longer, blocks)
                                        : either(
                                              same(longerBlocks, code.index(0)), [&] { return code.index(0); },
                                              [&] { return quotient(longer, blocks); });
  return code.add(before, further);
}

void ContractionNest::units() {
  walkBlocks(k, blocks, panels, [&](Value batch, Value number, Value from, Value to) {
    Block block{batch, firstTile(number), firstTile(code.add(number, code.index(1)))};
    if (!isInParts())
      from = onlyRow(block, from, to);
    packAhead(block, from, to);
    if (!depthBlock)
      return walkPanels(k, from, to, [&](const PanelTurn &turn) { panel(block, turn); });
    loop(from, to, panelStep, [&](Value first) { partsOf(block, first, least(to, code.add(first, panelStep))); });
  });
}

/// Where there is but one row: `pack`, then `body` for some panels side by side at a time, from `from` on. Returns the
/// first one that is left; `from` where there are more rows.
Value ContractionNest::eachOfOnlyRow(Value from, Value to, llvm::function_ref<void()> pack,
                                     llvm::function_ref<void(const PanelTurn &)> body) {
  if (panelsOfOnlyRow == 0)
    return from;
  Value whole = k.size(Dim::floorDiv(c.extents[c.column], Dim::constant(k.panelColumns())));
  Value those = minus(most(from, least(to, whole)), from);
  those = minus(those, remainder(those, code.index(panelsOfOnlyRow)));
  Value end = code.add(from, choose(same(k.size(rows), code.index(1)), those, code.index(0)));
  isAtOnlyRow = true;
  onlyIf(below(from, end), [&] {
    pack();
    loop(from, end, code.index(panelsOfOnlyRow),
         [&](Value number) { body({number, {}, panelsOfOnlyRow * k.tileVectors, /*masked=*/false}); });
  });
  isAtOnlyRow = false;
  return end;
}

/// One packed panel gives a row a chain or two, which wait for themselves, and the hardware one stream to follow. Zen
/// 3, four at a time: 4096 x 4096 in 0.80 of the time, 512 x 512 in 0.68. Its left side is packed whole.
Value ContractionNest::onlyRow(const Block &block, Value from, Value to) {
  Value none = code.index(0);
  PackedLeft row = packedIn(Dim::constant(1), c.extents[c.depth]);
  MicroKernel micro(k, stage, packedLeft ? &row : nullptr);
  auto pack = [&] {
    if (packedLeft)
      row.pack(block.batch, none, code.index(1), none, k.extent(c.depth), none);
  };
  return eachOfOnlyRow(from, to, pack, [&](const PanelTurn &turn) {
    Part part{none, k.extent(c.depth), k.epilogue.isLong() ? none : Value(), none, none};
    Strip strip = stripOf(block, turn, part, rightOf(block.batch, turn.number));
    if (turnsOnlyRow())
      return micro.finish(sumsOfTurnedRow(k, strip), strip, none, SmallVector<Value>(strip.vectors));
    micro.accumulate(strip, {none, 1, part.from, part.to, none, part.stage, {}, {}, readAhead->ofOnlyTile(strip)});
    if (part.stage)
      micro.finishStaged(strip, none, code.index(1), part.stage);
  });
}

/// Panels [from, to), a part of the depth at a time: what the block reads of it stays in L2 for all of them.
void ContractionNest::partsOf(const Block &block, Value from, Value to) {
  eachPart(block, [&](const Part &part) {
    auto multiply = [&](const PanelTurn &turn) { partOfPanel(block, turn, from, part); };
    walkPanels(k, isInParts() ? eachOfOnlyRow(from, to, [] {}, multiply) : from, to, multiply);
  });
}

/// Few rows keep all parts of their left side, one behind the other, so that each panel is read to its end; what is not
/// cut is one part.
void ContractionNest::packAhead(const Block &block, Value from, Value to) {
  if (!packedLeft || (packedDepth && !packsAhead))
    return;
  Value isNeeded = below(from, to);
  if (packedDepth)
    isNeeded = arith::AndIOp::create(b, loc, packsAhead, isNeeded);
  onlyIf(isNeeded, [&] {
    loop(code.index(0), code.index(packedParts()), code.index(1), [&](Value part) {
      packPart(block, code.times(part, code.index(packedDepth)), code.times(part, rowsOf(block)));
    });
  });
}

/// Of all others the part that begins at depth `begin`, now. Returns the first packed row of that part.
Value ContractionNest::packOnTheWay(const Block &block, Value begin) {
  Value none = code.index(0);
  if (!packsAhead) {
    packPart(block, begin, none);
    return none;
  }
  auto row = [&] { return code.times(quotient(begin, code.index(packedDepth)), rowsOf(block)); };
  auto pack = [&] {
    packPart(block, begin, none);
    return none;
  };
  return either(packsAhead, row, pack);
}

void ContractionNest::packPart(const Block &block, Value begin, Value row) {
  Value depth = k.extent(c.depth), end = packedDepth ? least(depth, code.add(begin, code.index(packedDepth))) : depth;
  packedLeft->pack(block.batch, rowOf(block.begin), rowOf(block.end), begin, end, row);
}

/// The depth in steps of what is packed at a time, and these in steps of what is multiplied at a time.
void ContractionNest::eachPart(const Block &block, llvm::function_ref<void(const Part &)> body) {
  Value none = code.index(0), depth = k.extent(c.depth);
  std::optional<int64_t> known = c.extents[c.depth].constantValue();
  bool isUnrolled = isInParts() && known && *known % depthBlock == 0;
  auto parts = [&](Value begin, Value depth, Value row) {
    loop(none, depth, depthStep, [&](Value from) {
      Value to = code.add(from, depthStep);
      body({from, isUnrolled ? to : least(depth, to), {}, begin, row});
    });
  };
  if (!packedLeft || !packedDepth)
    return parts(none, depth, none);
  Value step = code.index(packedDepth);
  loop(none, depth, step, [&](Value begin) {
    Value row = packOnTheWay(block, begin);
    parts(begin, least(step, minus(depth, begin)), row);
  });
}

/// Where the right side of a panel lies: packed, or as the call is given it.
Value ContractionNest::rightOf(Value batch, Value panel) {
  Value columns = code.times(panel, code.index(k.panelColumns()));
  if (k.right == Right::Packed)
    return code.times(k.size(k.panelDepth()), columns);
  Value entry = code.add(k.size(k.rhs.offset), k.offsetOf(k.rhs, c.batch, batch));
  return code.add(entry, code.times(columns, k.size(k.rhs.strides[c.column])));
}

/// From a depth of the right side to the next one.
Value ContractionNest::depthStride() {
  return k.isPlain() ? k.size(k.rhs.strides[c.depth]) : code.index(k.panelColumns());
}

/// What is read after panel `number`: panel `next` of this block or, where that comes before, of the next one.
Following ContractionNest::following(const Block &block, Value number, Value next) {
  Value isLast = below(next, code.add(number, code.index(1)));
  Value rows =
      panelCount().isConstant(1) ? code.index(k.tileRows) : choose(isLast, rowsOf(block), code.index(k.tileRows));
  if (!readAhead->takesRight())
    return {{}, rows};
  Value endsEntry = arith::AndIOp::create(b, loc, isLast, same(block.end, tiles));
  Value batch = choose(endsEntry, code.add(block.batch, code.index(1)), block.batch);
  return {rightOf(batch, next), rows};
}

Strip ContractionNest::stripOf(const Block &block, const PanelTurn &turn, const Part &part, Value right) {
  Strip strip{block.batch, code.times(turn.number, code.index(k.panelColumns())), turn.vectors, turn.masked, right};
  Value begins = same(code.add(part.begin, part.from), code.index(0));
  strip.initial = micro->initialOf(strip, choose(begins, k.extent(c.depth), code.index(0)));
  return strip;
}

void ContractionNest::panel(const Block &block, const PanelTurn &turn) {
  Value none = code.index(0);
  Part part{none, k.extent(c.depth), k.epilogue.isLong() ? none : Value(), none, none};
  Value right = rightOfPart(block, turn, part);
  tilesOf(block, stripOf(block, turn, part, right), part, following(block, turn.number, turn.next));
}

/// Where the depth `part.begin` of a panel lies; of a panel that is packed on the way, the part is packed.
Value ContractionNest::rightOfPart(const Block &block, const PanelTurn &turn, const Part &part) {
  if (k.right != Right::OwnPanel)
    return code.add(rightOf(block.batch, turn.number), code.times(part.begin, depthStride()));
  Value from = code.add(part.begin, part.from), to = code.add(part.begin, part.to);
  k.packPanel(block.batch, code.times(turn.number, code.index(k.panelColumns())), from, to);
  return minus(code.index(0), code.times(part.from, depthStride()));
}

/// Behind the last of the panels comes the next part of the first one, or, at the end of the depth, another panel.
void ContractionNest::partOfPanel(const Block &block, const PanelTurn &turn, Value firstPanel, const Part &part) {
  Part staged = part;
  staged.stage = code.times(minus(turn.number, firstPanel), stageOfPanel());
  Value right = rightOfPart(block, turn, part);
  Following after = isInParts() ? Following() : following(block, turn.number, turn.next);
  if (after.right && k.right == Right::Packed) {
    Value isLast = below(turn.next, code.add(turn.number, code.index(1)));
    Value next = code.add(part.begin, choose(isLast, part.to, part.from));
    after.right = code.add(rightOf(block.batch, turn.next), code.times(next, depthStride()));
  }
  tilesOf(block, stripOf(block, turn, part, right), staged, after);
}

void ContractionNest::tilesOf(const Block &block, const Strip &strip, const Part &part, const Following &next) {
  loop(block.begin, block.end, code.index(1), [&](Value number) { tile(block, strip, number, part, next); });
}

void ContractionNest::tile(const Block &block, const Strip &strip, Value number, const Part &part,
                           const Following &next) {
  Value height = heights.size() == 1 ? code.index(heights[0])
                                     : choose(below(number, taller), code.add(lower, code.index(1)), lower);
  Value row = rowOf(number), ofBlock = minus(number, block.begin), stage = part.stage, fresh, last;
  bool waits = k.epilogue.isLong();
  Value packedRow;
  if (packedLeft)
    packedRow = code.add(minus(row, rowOf(block.begin)), part.packedRow);
  if (depthBlock) {
    stage = code.add(stage, code.times(ofBlock, code.index(stageOfTile())));
    fresh = same(code.add(part.begin, part.from), code.index(0));
    last = same(code.add(part.begin, part.to), k.extent(c.depth));
  }
  Tile tile{row, 0, part.from, part.to, packedRow, stage, fresh, waits ? Value() : last, {}};
  SmallVector<Ahead> ahead = isInParts() ? SmallVector<Ahead>() : readAhead->of(strip, tile, ofBlock, next);
  dispatch(height, [&](int64_t rows) {
    tile.rows = rows;
    tile.ahead = 2 * rows < k.tileRows ? readAhead->ofOnlyTile(strip) : ahead; // so low a tile is the only one
    micro->accumulate(strip, tile);
  });
  if (waits && last)
    onlyIf(last, [&] { micro->finishStaged(strip, row, height, stage); });
  else if (waits)
    micro->finishStaged(strip, row, height, stage);
}

Kernel ContractionNest::build() {
  countTiles();
  units();
  Dim batch = c.count(c.batch);
  // A panel is fetched once, which takes as long as to multiply two rows by it.
  Dim work = batch * (rows + Dim::constant(2)) * c.extents[c.column] * c.extents[c.depth];
  return {k.frame.function, batch * blockCount() * panelCount(), work, scratchBytes()};
}

//===- The kernel -------------------------------------------------------------------------------------------------===//

static Kernel onlyNest(ContractionCode &code) {
  ContractionNest nest(code);
  nest.prepare();
  return nest.build();
}

/// Two nests over the same units, of which the rows of the call choose: so few are one block of either.
static Kernel nestByRows(ContractionCode &usual, ContractionCode &ofFewRows) {
  ContractionNest many(usual), few(ofFewRows);
  many.prepare();
  few.prepare();
  LoopCode loops{usual.b, usual.loc};
  Value rows = usual.size(usual.c.count(usual.c.rows));
  Value areFew = loops.below(rows, usual.code().index(mostRowsInPlace(usual.c.product, usual.level) + 1));
  return buildTwoWays(loops, areFew, [&] { return few.build(); }, [&] { return many.build(); });
}

static FailureOr<Kernel> buildContraction(func::FuncOp group, StringRef name, const Level &level, Right right) {
  Shapes shapes(group);
  std::optional<Contraction> c = matchContraction(group, shapes);
  if (!c)
    return failure();
  KernelFrame frame(group, name, level);
  Right usual = right == Right::OwnPanel && c->packed ? Right::Packed : right;
  // What has the depth side by side (`x @ w.T`) is turned on the way, a panel at a time.
  Right rare = c->plain && liesAlong(c->column, *c, shapes) ? Right::InParts : Right::OwnPanel;
  ContractionCode code(*c, usual, frame, level, group), ofFewRows(*c, rare, frame, level, group);
  bool mayBeFew = right == Right::OwnPanel && rare != usual && fewRowsOf(*c, shapes, level) == FewRows::Sometimes;
  if (c->packed && c->plain && !mayBeFew)
    return group.emitError("internal: calls of few rows have no panels, and the kernel reads them");
  if (failed(code.resolve(group, shapes)) || (mayBeFew && failed(ofFewRows.resolve(group, shapes))))
    return failure();
  if (code.dot.flushes())
    frame.setRoute(Bf16Sums::FlushedPairs);
  Kernel kernel = mayBeFew ? nestByRows(code, ofFewRows) : onlyNest(code);
  if (failed(expandVectorMath(frame.function, level)))
    return failure();
  return kernel;
}

FailureOr<Kernel> buildTiledContraction(func::FuncOp group, StringRef name, const Level &level) {
  return buildContraction(group, name, level, Right::OwnPanel);
}

FailureOr<Kernel> buildInPlaceContraction(func::FuncOp group, StringRef name, const Level &level) {
  return buildContraction(group, name, level, Right::InPlace);
}

FailureOr<Kernel> buildFewRowsContraction(func::FuncOp group, StringRef name, const Level &level) {
  return buildContraction(group, name, level, Right::InParts);
}

} // namespace batten
