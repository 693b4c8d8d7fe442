// ContractionNest.cpp - the loop nest of a contraction: register tiles over panels of the right-hand side.
//
//   for each batch entry and each block of rows   (the left block stays in L2)
//     [widen the left block into this thread's scratch]
//     for each part of the depth                  (where a panel would not stay in L2: of some panels in turn)
//       for each panel of columns                 (units of the launch: panels of blocks of batch entries)
//         [pack the panel into this thread's scratch]
//         for each tile of rows
//           every accumulator is one chain in ascending depth, from zero; then the epilogue; then one store
//
// Few rows wait for their right side, and a row-major one is best read row by row: there a part of the depth is a few
// rows, and the accumulators of many panels stay in L1.
//
// All rows of a batch entry are cut into as few tiles as there must be, of two heights that differ by one: a tile of
// six rows and one of two would take the time of two sixes. Three builders share the nest and differ in where the
// panels lie: `Tiled` packs (or is given packed) panels, `InPlace` reads a row-major right side where it lies, where
// packing it would cost as much as the product. The tile itself is MicroKernel's. Tile sizes and order of loops: BLIS,
// Van Zee & van de Geijn, ACM TOMS 41(3), 2015.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/LoopCode.h"
#include "compiler/kernels/cpu/PanelWalk.h"
#include "compiler/kernels/cpu/ReadAhead.h"
#include "compiler/kernels/cpu/TwoWays.h"
#include "compiler/kernels/cpu/VectorMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace batten {
namespace {

using Right = ContractionCode::Right;

/// Tiles of a block of rows: fewer read the panels too often, more leave threads without a part.
constexpr int64_t mostTiles = 42;
/// A small L2 holds no 20 tiles of a deep product beside its panels. Zen 3, 1024^3: 10 tiles 97.6 GF/s, 20 tiles 95.0.
static int64_t leastTiles(const Level &level) { return level.hasManyRegisters() ? 20 : 10; }
/// Of a part of the depth, in bytes of one column. Narrow panels could be deeper, but then the left block could not.
constexpr int64_t deepestBytes = 4 << 10;
/// Depths and columns of a part of a right side that few rows read where it lies. The hardware's prefetches follow
/// eight rows of a page; the accumulators of 12 rows of 512 columns fill 24 KiB.
constexpr int64_t depthsOfPart = 8, columnsOfPart = 512;
/// Chains that hide the latency of two FMA units.
constexpr int64_t chainsOfRow = 8;
/// Multiply-adds that are worth a thread's while: about 5 us.
constexpr int64_t leastProducts = 1 << 18;
/// Of a block whose panels are packed on the way: packing is then a small part of it.
constexpr int64_t tilesOfOwnPanel = 170;
/// Rows with which two tiles still take longer to fetch their panels than to multiply.
constexpr int64_t fewRows(int64_t tileRows) { return tileRows + tileRows / 2; }

class Nest : LoopCode {
public:
  explicit Nest(ContractionCode &contraction)
      : LoopCode{contraction.b, contraction.loc}, k(contraction), c(k.c), code(k.code()), rows(c.count(c.rows)) {}

  /// What is decided, and memory on the stack, which belongs to the function's first block.
  void prepare();
  Kernel build();

private:
  ContractionCode &k;
  Contraction &c;
  VectorCode code;
  Dim rows;
  std::optional<PackedLeft> packedLeft; ///< where packing it pays
  std::unique_ptr<MicroKernel> micro;
  std::unique_ptr<ReadAhead> readAhead;

  // What is decided.
  int64_t depthBlock = 0;       ///< at most; 0: the whole depth
  int64_t stagedPanels = 1;     ///< whose accumulators wait in the stage for the next part of the depth
  int64_t blockTiles = 0;       ///< at most
  int64_t panelsOfOnlyRow = 1;  ///< that it meets side by side
  bool isAtOnlyRow = false;     ///< the builder stands where there is one row
  int64_t grain = 1;            ///< units
  SmallVector<int64_t> heights; ///< of tiles, what there may be

  // Numbers of the call.
  Value tiles, lower, taller;         ///< the first `taller` tiles have lower + 1 rows, the others `lower`
  Value blocks, tilesOfBlock, panels; ///< of a batch entry
  Value depthStep, panelStep;         ///< of a part of the depth, and panels that share it, where the depth is cut

  /// A block of rows: tiles [begin, end) of a batch entry.
  struct Block {
    Value batch, begin, end;
  };
  /// What tiles of a panel multiply: the depths [from, to); where their accumulators wait (null: nowhere).
  struct Part {
    Value from, to, stage;
  };
  Value rowOf(Value tile) { return code.add(code.times(tile, lower), least(tile, taller)); }

  Dim tileCount() const { return ceilDiv(rows, k.tileRows); }
  Dim blockCount() const { return ceilDiv(rows, k.tileRows * blockTiles); }
  Dim panelCount() const { return ceilDiv(c.extents[c.column], k.panelColumns()); }
  int64_t stageOfTile() const { return k.tileRows * k.panelColumns(); }
  int64_t stageOfPanel() const { return blockTiles * stageOfTile(); }
  bool isInParts() const { return k.right == Right::InParts; }
  bool packsLeft() const { return PackedLeft::pays(k, panelCount().isConstant(1)); }
  Dim panelBytes() const { return k.right == Right::OwnPanel ? k.panelBytes() : Dim::constant(0); }
  Dim stageBytes() const {
    return Dim::constant(depthBlock ? stagedPanels * stageOfPanel() * elementBytes(k.accumulator) : 0);
  }
  Dim stageOffset() const { return roundUp(panelBytes(), lineBytes); }
  Dim packedOffset() const { return roundUp(stageOffset() + stageBytes(), lineBytes); }
  Dim scratchBytes() const;

  void decide();
  void decideParts();
  void chooseHeights(std::optional<int64_t> known);
  void countTiles();
  void cutDepth();
  void makeStage();
  void units();
  Value endOfOnlyRow(Value from, Value to);
  Value onlyRow(const Block &block, Value from, Value to);
  Value partOfOnlyRow(const Block &block, Value from, Value to, const Part &part);
  void partsOf(const Block &block, Value from, Value to);
  void panel(const Block &block, const PanelTurn &turn);
  void partOfPanel(const Block &block, const PanelTurn &turn, Value firstPanel, const Part &part);
  Value rightOf(Value batch, Value panel);
  Following following(const Block &block, Value number, Value next);
  Strip stripOf(const Block &block, const PanelTurn &turn, const Part &part, Value right);
  void tilesOf(const Block &block, const Strip &strip, const Part &part, const Following &next);
  void tile(const Block &block, const Strip &strip, Value number, const Part &part, const Following &next);
  void dispatch(Value height, llvm::function_ref<void(int64_t)> body);
};

//===- Parts of a nest --------------------------------------------------------------------------------------------===//

/// `body` once for each height that a tile may have, of which the one that it has is run.
void Nest::dispatch(Value height, llvm::function_ref<void(int64_t)> body) {
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

//===- What is decided --------------------------------------------------------------------------------------------===//

/// Of a thread: its panel, where the depth is cut the accumulators of a block, and the block's left side if it is
/// packed.
Dim Nest::scratchBytes() const {
  if (packedLeft)
    return packedOffset() + packedLeft->bytes();
  return depthBlock ? stageOffset() + stageBytes() : panelBytes();
}

/// Of few rows that read the right side where it lies: all of them are a block.
void Nest::decideParts() {
  depthBlock = llvm::alignTo(depthsOfPart, k.dot.elements());
  blockTiles = llvm::divideCeil(mostRowsInPlace(c.product, k.level), k.tileRows);
  stagedPanels = std::max<int64_t>(1, columnsOfPart / k.panelColumns());
  panelsOfOnlyRow = std::min(stagedPanels, std::max<int64_t>(1, chainsOfRow / k.tileVectors));
}

/// A part of a panel takes a quarter of L2 at most, but a depth that is little more is not cut.
void Nest::decide() {
  std::optional<int64_t> depth = c.extents[c.depth].constantValue(), known = rows.constantValue();
  int64_t bytesOfOne = elementBytes(k.rhs.element);
  int64_t fits = std::min(k.level.cacheBytesL2 / 4 / (bytesOfOne * k.panelColumns()), deepestBytes / bytesOfOne);
  bool isOneTile = known && *known <= k.tileRows;
  if (depth && *depth > fits + fits / 2 && !isOneTile && !k.isPlain()) {
    int64_t parts = llvm::divideCeil(*depth, fits);
    depthBlock = llvm::alignTo(llvm::divideCeil(*depth, parts), k.dot.elements());
  }
  int64_t bytesOfElement = packsLeft() ? PackedLeft::bytesOfElement(k) : elementBytes(k.lhs.element);
  int64_t depthInCache = depthBlock ? depthBlock : depth.value_or(usual::depthInCache);
  int64_t bytesOfTile = k.tileRows * depthInCache * bytesOfElement;
  bool isOwn = k.right == Right::OwnPanel && !packsLeft();
  blockTiles =
      isOwn ? tilesOfOwnPanel
            : std::clamp(k.level.cacheBytesL2 / 2 / std::max<int64_t>(bytesOfTile, 1), leastTiles(k.level), mostTiles);
  if (k.right == Right::Packed && !k.level.hasManyRegisters() && known.value_or(1) == 1)
    panelsOfOnlyRow = 4;
  if (depthBlock && k.right == Right::Packed)
    stagedPanels = std::max<int64_t>(1, k.level.cacheBytesL2 / 4 / (stageOfPanel() * elementBytes(k.accumulator)));
  int64_t productsOfTile = k.tileRows * k.panelColumns() * k.likelyDepth();
  if (panelCount().isConstant(1) && !depthBlock && k.right != Right::OwnPanel) // no panel reads a row again
    blockTiles = std::clamp(leastProducts / productsOfTile, int64_t(4), blockTiles);
  if (isInParts())
    decideParts();
  int64_t tilesOfUnit = blockTiles;
  if (known)
    tilesOfUnit = std::min<int64_t>(blockTiles, std::max<int64_t>(1, llvm::divideCeil(*known, k.tileRows)));
  grain = std::max<int64_t>(1, leastProducts / (tilesOfUnit * productsOfTile));
  chooseHeights(known);
}

void Nest::chooseHeights(std::optional<int64_t> known) {
  if (!known) {
    for (int64_t height = k.tileRows; height > 0; --height)
      heights.push_back(height);
    return;
  }
  int64_t count = std::max<int64_t>(1, llvm::divideCeil(*known, k.tileRows)), low = *known / count;
  if (*known % count != 0)
    heights.push_back(low + 1);
  if (low > 0 || heights.empty())
    heights.push_back(low);
}

void Nest::countTiles() {
  auto number = [&](const Dim &dim) { return k.size(dim); };
  Dim count = rows.isConstant(0) ? Dim::constant(1) : tileCount();
  tiles = number(count);
  lower = number(Dim::floorDiv(rows, count));
  taller = number(Dim::modulo(rows, count));
  blocks = number(blockCount());
  panels = number(panelCount());
  std::optional<int64_t> t = count.constantValue(), n = blockCount().constantValue();
  if (t && n)
    tilesOfBlock = code.index(llvm::divideCeil(*t, std::max<int64_t>(*n, 1)));
  else // a division is dear in a small product
    tilesOfBlock =
        either(same(blocks, code.index(1)), [&] { return tiles; }, [&] { return ceilQuotient(tiles, blocks); });
  readAhead->setTiles(tilesOfBlock);
  if (depthBlock)
    cutDepth();
}

/// One tile reads a part once. Two that have hardly more rows than one wait for memory: each part is then so small that
/// the second finds it in L1, and both leave time to what is prefetched; a panel is read to its end.
void Nest::cutDepth() {
  if (isInParts()) {
    depthStep = code.index(depthBlock);
    panelStep = code.index(stagedPanels);
    return;
  }
  int64_t fits = k.level.cacheBytesL1 / 2 / (elementBytes(k.rhs.element) * k.panelColumns());
  int64_t small = std::min<int64_t>(depthBlock, llvm::alignTo(fits, k.dot.elements()));
  Value isFew = below(k.size(rows), code.index(fewRows(k.tileRows) + 1));
  depthStep = choose(isFew, code.index(small), code.index(depthBlock));
  depthStep = choose(same(tilesOfBlock, code.index(1)), k.extent(c.depth), depthStep);
  panelStep = choose(isFew, code.index(1), code.index(stagedPanels));
}

/// Accumulators lie in memory between parts of the depth and before a long epilogue.
void Nest::makeStage() {
  Value stage;
  if (depthBlock) {
    stage = k.frame.scratchView(stageOffset(), k.accumulator);
  } else if (k.epilogue.isLong()) {
    auto type = MemRefType::get({stageOfTile()}, k.accumulator);
    stage = memref::AllocaOp::create(b, loc, type, b.getI64IntegerAttr(lineBytes));
  }
  if (packsLeft())
    packedLeft.emplace(k, packedOffset(), blockTiles * k.tileRows);
  micro = std::make_unique<MicroKernel>(k, stage, packedLeft ? &*packedLeft : nullptr);
  readAhead = std::make_unique<ReadAhead>(k, depthBlock != 0);
}

//===- The nest ---------------------------------------------------------------------------------------------------===//

void Nest::units() {
  walkBlocks(k, blocks, panels, [&](Value batch, Value number, Value from, Value to) {
    Value tile = code.times(number, tilesOfBlock);
    Block block{batch, tile, least(tiles, code.add(tile, tilesOfBlock))};
    if (packedLeft)
      packedLeft->pack(batch, rowOf(block.begin), rowOf(block.end));
    if (!isInParts())
      from = onlyRow(block, from, to);
    if (!depthBlock)
      return walkPanels(k, from, to, [&](const PanelTurn &turn) { panel(block, turn); });
    loop(from, to, panelStep, [&](Value first) { partsOf(block, first, least(to, code.add(first, panelStep))); });
  });
}

/// Behind the last of the panels from `from` on that an only row meets side by side; `from` where there are more rows.
Value Nest::endOfOnlyRow(Value from, Value to) {
  Value whole = k.size(Dim::floorDiv(c.extents[c.column], Dim::constant(k.panelColumns())));
  Value those = minus(most(from, least(to, whole)), from);
  those = minus(those, remainder(those, code.index(panelsOfOnlyRow)));
  return code.add(from, choose(same(k.size(rows), code.index(1)), those, code.index(0)));
}

/// Where there is but one row: multiplies it with the panels from `from` on, some at a time, and returns the first one
/// that is left. One panel gives it a chain or two, which wait for themselves, and the hardware one stream to follow.
/// Zen 3, four at a time: 4096 x 4096 in 0.80 of the time, 512 x 512 in 0.68.
Value Nest::onlyRow(const Block &block, Value from, Value to) {
  if (panelsOfOnlyRow == 1)
    return from;
  Value none = code.index(0), end = endOfOnlyRow(from, to);
  loop(from, end, code.index(panelsOfOnlyRow), [&](Value number) {
    Part part{none, k.extent(c.depth), k.epilogue.isLong() ? none : Value()};
    PanelTurn turn{number, {}, panelsOfOnlyRow * k.tileVectors, /*masked=*/false};
    Strip strip = stripOf(block, turn, part, rightOf(block.batch, number));
    micro->accumulate(strip, {none, 1, part.from, part.to, none, part.stage, {}, {}, readAhead->ofOnlyTile(strip)});
    if (part.stage)
      micro->finishStaged(strip, none, code.index(1), part.stage);
  });
  return end;
}

/// The same of a part of the depth whose accumulators wait in the stage.
Value Nest::partOfOnlyRow(const Block &block, Value from, Value to, const Part &part) {
  std::optional<int64_t> known = rows.constantValue();
  if (panelsOfOnlyRow == 1 || known.value_or(1) != 1)
    return from;
  Value end = endOfOnlyRow(from, to);
  isAtOnlyRow = true;
  loop(from, end, code.index(panelsOfOnlyRow), [&](Value number) {
    partOfPanel(block, {number, {}, panelsOfOnlyRow * k.tileVectors, /*masked=*/false}, from, part);
  });
  isAtOnlyRow = false;
  return end;
}

/// Panels [from, to), a part of the depth at a time: what the block reads of it stays in L2 for all of them.
void Nest::partsOf(const Block &block, Value from, Value to) {
  if (k.right == Right::OwnPanel)
    k.packPanel(block.batch, code.times(from, code.index(k.panelColumns())));
  Value depth = k.extent(c.depth);
  std::optional<int64_t> known = c.extents[c.depth].constantValue();
  bool isUnrolled = isInParts() && known && *known % depthBlock == 0;
  loop(code.index(0), depth, depthStep, [&](Value begin) {
    Value end = code.add(begin, depthStep);
    Part part{begin, isUnrolled ? end : least(depth, end), {}};
    Value left = isInParts() ? partOfOnlyRow(block, from, to, part) : from;
    walkPanels(k, left, to, [&](const PanelTurn &turn) { partOfPanel(block, turn, from, part); });
  });
}

/// Where the right side of a panel lies: packed, or as the call is given it.
Value Nest::rightOf(Value batch, Value panel) {
  Value columns = code.times(panel, code.index(k.panelColumns()));
  if (k.right == Right::Packed)
    return code.times(k.size(k.panelDepth()), columns);
  Value entry = code.add(k.size(k.rhs.offset), k.offsetOf(k.rhs, c.batch, batch));
  return code.add(entry, code.times(columns, k.size(k.rhs.strides[c.column])));
}

/// What is read after panel `number`: panel `next` of this block or, where that comes before, of the next one.
Following Nest::following(const Block &block, Value number, Value next) {
  Value isLast = below(next, code.add(number, code.index(1)));
  Value rows = panelCount().isConstant(1)
                   ? code.index(k.tileRows)
                   : choose(isLast, minus(rowOf(block.end), rowOf(block.begin)), code.index(k.tileRows));
  if (!readAhead->takesRight())
    return {{}, rows};
  Value endsEntry = arith::AndIOp::create(b, loc, isLast, same(block.end, tiles));
  Value batch = choose(endsEntry, code.add(block.batch, code.index(1)), block.batch);
  return {rightOf(batch, next), rows};
}

Strip Nest::stripOf(const Block &block, const PanelTurn &turn, const Part &part, Value right) {
  Strip strip{block.batch, code.times(turn.number, code.index(k.panelColumns())), turn.vectors, turn.masked, right};
  Value begins = same(part.from, code.index(0));
  strip.initial = micro->initialOf(strip, choose(begins, k.extent(c.depth), code.index(0)));
  return strip;
}

void Nest::panel(const Block &block, const PanelTurn &turn) {
  bool isOwn = k.right == Right::OwnPanel;
  if (isOwn)
    k.packPanel(block.batch, code.times(turn.number, code.index(k.panelColumns())));
  Value right = isOwn ? code.index(0) : rightOf(block.batch, turn.number);
  Part part{code.index(0), k.extent(c.depth), k.epilogue.isLong() ? code.index(0) : Value()};
  tilesOf(block, stripOf(block, turn, part, right), part, following(block, turn.number, turn.next));
}

/// Behind the last of the panels comes the next part of the first one, or, at the end of the depth, another panel.
void Nest::partOfPanel(const Block &block, const PanelTurn &turn, Value firstPanel, const Part &part) {
  Part staged = part;
  staged.stage = code.times(minus(turn.number, firstPanel), code.index(stageOfPanel()));
  Value right = k.right == Right::OwnPanel ? code.index(0) : rightOf(block.batch, turn.number);
  Following after = isInParts() ? Following() : following(block, turn.number, turn.next);
  if (after.right && k.right == Right::Packed) {
    Value isLast = below(turn.next, code.add(turn.number, code.index(1)));
    Value next = code.times(choose(isLast, part.to, part.from), code.index(k.panelColumns()));
    after.right = code.add(rightOf(block.batch, turn.next), next);
  }
  tilesOf(block, stripOf(block, turn, part, right), staged, after);
}

void Nest::tilesOf(const Block &block, const Strip &strip, const Part &part, const Following &next) {
  loop(block.begin, block.end, code.index(1), [&](Value number) { tile(block, strip, number, part, next); });
}

void Nest::tile(const Block &block, const Strip &strip, Value number, const Part &part, const Following &next) {
  Value height = heights.size() == 1 ? code.index(heights[0])
                                     : choose(below(number, taller), code.add(lower, code.index(1)), lower);
  Value row = rowOf(number), ofBlock = minus(number, block.begin), stage = part.stage, fresh, last;
  bool waits = k.epilogue.isLong();
  Value packedRow;
  if (packedLeft)
    packedRow = minus(row, rowOf(block.begin));
  if (depthBlock) {
    stage = code.add(stage, code.times(ofBlock, code.index(stageOfTile())));
    fresh = same(part.from, code.index(0));
    last = same(part.to, k.extent(c.depth));
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

void Nest::prepare() {
  decide();
  makeStage();
}

Kernel Nest::build() {
  countTiles();
  units();
  return {k.frame.function, c.count(c.batch) * blockCount() * panelCount(), grain, scratchBytes()};
}

//===- The kernel -------------------------------------------------------------------------------------------------===//

Kernel onlyNest(ContractionCode &code) {
  Nest nest(code);
  nest.prepare();
  return nest.build();
}

/// Two nests over the same units, of which the rows of the call choose: so few are one block of either.
Kernel nestByRows(ContractionCode &usual, ContractionCode &ofFewRows) {
  Nest many(usual), few(ofFewRows);
  many.prepare();
  few.prepare();
  LoopCode loops{usual.b, usual.loc};
  Value rows = usual.size(usual.c.count(usual.c.rows));
  Value areFew = loops.below(rows, usual.code().index(mostRowsInPlace(usual.c.product, usual.level) + 1));
  return buildTwoWays(loops, areFew, [&] { return few.build(); }, [&] { return many.build(); });
}

FailureOr<Kernel> buildContraction(func::FuncOp group, StringRef name, const Level &level, Right right) {
  Shapes shapes(group);
  std::optional<Contraction> c = matchContraction(group, shapes);
  if (!c)
    return failure();
  KernelFrame frame(group, name, level);
  ContractionCode code(*c, right == Right::OwnPanel && c->packed ? Right::Packed : right, frame, level, group);
  ContractionCode ofFewRows(*c, Right::InParts, frame, level, group);
  bool mayBeFew = right == Right::OwnPanel && fewRowsOf(*c, shapes, level) == FewRows::Sometimes;
  if (failed(code.resolve(group, shapes)) || (mayBeFew && failed(ofFewRows.resolve(group, shapes))))
    return failure();
  if (code.dot.flushes())
    frame.setRoute(Bf16Sums::FlushedPairs);
  Kernel kernel = mayBeFew ? nestByRows(code, ofFewRows) : onlyNest(code);
  if (failed(expandVectorMath(frame.function, level)))
    return failure();
  return kernel;
}

} // namespace

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
