// ContractionShape.cpp - what a contraction's nest decides before it makes code: blocks, parts of the depth, tiles, and
// the memory that they take. Tile sizes: BLIS, Van Zee & van de Geijn, ACM TOMS 41(3), 2015.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/ContractionNest.h"
#include "compiler/kernels/cpu/PackPanel.h"
#include "compiler/kernels/cpu/UsualSizes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace batten {

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
/// Depths of their left side that are packed at a time.
constexpr int64_t packedDepthOfFewRows = 1024;
/// Chains that hide the latency of two FMA units.
constexpr int64_t chainsOfRow = 8;
/// The same where squares are turned meanwhile: see TurnedRow.cpp.
constexpr int64_t chainsOfTurnedRow = 2;
/// Multiply-adds of a unit, at least: what a thread takes no less of (LEAST_WORK of codegen/support/Launch.c).
constexpr int64_t leastProducts = 1 << 18;
/// Of a block whose panels are packed on the way: packing is then a small part of it.
constexpr int64_t tilesOfOwnPanel = 170;
/// Rows with which two tiles still take longer to fetch their panels than to multiply.
constexpr int64_t rowsThatWait(int64_t tileRows) { return tileRows + tileRows / 2; }

//===- A thread's memory ------------------------------------------------------------------------------------------===//
//
// Its panel, the block's left side where it is packed and, where the depth is cut, the accumulators of a block: as much
// as the rows of the call can use.

Dim ContractionNest::panelBytes() const {
  if (k.right != Right::OwnPanel)
    return Dim::constant(0);
  return depthBlock ? Dim::constant(depthBlock * k.panelColumns() * elementBytes(k.rhs.element)) : k.panelBytes();
}

Dim ContractionNest::stageBytes() const {
  if (!depthBlock)
    return Dim::constant(0);
  int64_t bytesOfTile = stageOfTile() * elementBytes(k.accumulator);
  return Dim::least(tileCount(), Dim::constant(blockTiles)) * Dim::constant(stagedPanels * bytesOfTile);
}

/// Of the depth, by which the left side is packed.
int64_t ContractionNest::packedParts() const {
  return packedDepth ? llvm::divideCeil(*c.extents[c.depth].constantValue(), packedDepth) : 1;
}

/// Of a part each, and of few rows of all parts.
Dim ContractionNest::packedRows() const {
  int64_t most = blockTiles * k.tileRows, parts = isInParts() ? 1 : packedParts();
  return Dim::least(rows * Dim::constant(parts), Dim::constant(std::max(most, rowsThatWait(k.tileRows) * parts)));
}

//===- What is decided --------------------------------------------------------------------------------------------===//

/// Of few rows that read the right side where it lies: all of them are a block.
void ContractionNest::decideParts() {
  depthBlock = llvm::alignTo(depthsOfPart, k.dot.elements());
  blockTiles = llvm::divideCeil(mostRowsInPlace(c.product, k.level), k.tileRows);
  stagedPanels = std::max<int64_t>(1, columnsOfPart / k.panelColumns());
  packedDepth = c.extents[c.depth].constantValue().value_or(0) > packedDepthOfFewRows ? packedDepthOfFewRows : 0;
}

/// Whether the only row reads its right side where it lies and turns it.
bool ContractionNest::turnsOnlyRow() const {
  return k.right == Right::OwnPanel && isTurned(k.rhs.strides[c.column], k.rhs.strides[c.depth]) &&
         k.dot.elements() == 1;
}

/// Wide panels of weights are chains enough, and a stream of their own.
void ContractionNest::decideOnlyRow(std::optional<int64_t> known) {
  bool helps = isInParts() || (k.right == Right::Packed && !k.level.hasManyRegisters());
  if (known.value_or(1) != 1)
    return;
  if (turnsOnlyRow())
    panelsOfOnlyRow = std::max<int64_t>(1, chainsOfTurnedRow / k.tileVectors);
  else if (int64_t panels = chainsOfRow / k.tileVectors; helps && panels > 1)
    panelsOfOnlyRow = panels;
}

/// A part of a panel takes a quarter of L2 at most, but a depth that is little more is not cut. The left side is packed
/// anew for the panels of each stage, so that is then the larger one: of 34 panels packing takes a hundredth.
void ContractionNest::decide() {
  std::optional<int64_t> depth = c.extents[c.depth].constantValue(), known = rows.constantValue();
  int64_t bytesOfOne = elementBytes(k.rhs.element);
  int64_t fits = std::min(k.level.cacheBytesL2 / 4 / (bytesOfOne * k.panelColumns()), deepestBytes / bytesOfOne);
  bool isOneTile = known && *known <= k.tileRows;
  bool readsAhead = k.right == Right::OwnPanel && k.dot.isOff(); // what chains begin with is of the panel's whole depth
  if (depth && *depth > fits + fits / 2 && !isOneTile && !k.isPlain() && !readsAhead)
    depthBlock = llvm::alignTo(evenly(depth, fits), k.dot.elements());
  int64_t bytesOfElement = packsLeft() ? PackedLeft::bytesOfElement(k) : elementBytes(k.lhs.element);
  int64_t depthInCache = depthBlock ? depthBlock : depth.value_or(usual::depthInCache);
  int64_t bytesOfTile = k.tileRows * depthInCache * bytesOfElement;
  bool isOwn = k.right == Right::OwnPanel && !packsLeft();
  blockTiles =
      isOwn ? tilesOfOwnPanel
            : std::clamp(k.level.cacheBytesL2 / 2 / std::max<int64_t>(bytesOfTile, 1), leastTiles(k.level), mostTiles);
  if (depthBlock && (k.right == Right::Packed || packsLeft())) {
    int64_t bytesOfPanel = blockTiles * stageOfTile() * elementBytes(k.accumulator);
    stagedPanels = std::max<int64_t>(1, k.level.cacheBytesL2 / (packsLeft() ? 2 : 4) / bytesOfPanel);
  }
  int64_t productsOfTile = k.tileRows * k.panelColumns() * k.likelyDepth();
  if (panelCount().isConstant(1) && !depthBlock && k.right != Right::OwnPanel) // no panel reads a row again
    blockTiles = std::clamp(leastProducts / productsOfTile, int64_t(4), blockTiles);
  packedDepth = depthBlock;
  if (isInParts())
    decideParts();
  stagedPanels = std::min(stagedPanels, std::max<int64_t>(1, panelCount().constantValue().value_or(stagedPanels)));
  decideOnlyRow(known);
  chooseHeights(known);
}

void ContractionNest::chooseHeights(std::optional<int64_t> known) {
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

void ContractionNest::countTiles() {
  auto number = [&](const Dim &dim) { return k.size(dim); };
  Dim count = rows.isConstant(0) ? Dim::constant(1) : tileCount();
  tiles = number(count);
  lower = number(Dim::floorDiv(rows, count));
  taller = number(Dim::modulo(rows, count));
  blocks = number(blockCount());
  panels = number(panelCount());
  std::optional<int64_t> t = count.constantValue(), n = blockCount().constantValue();
  if (t && n) {
    int64_t parts = std::max<int64_t>(*n, 1);
    fewestTiles = code.index(*t / parts);
    longerBlocks = code.index(*t % parts);
    tilesOfBlock = code.index(llvm::divideCeil(*t, parts));
  } else { // a division is dear in a small product
    fewestTiles = either(same(blocks, code.index(1)), [&] { return tiles; }, [&] { return quotient(tiles, blocks); });
    longerBlocks = minus(tiles, code.times(fewestTiles, blocks));
    tilesOfBlock = code.add(fewestTiles, least(longerBlocks, code.index(1)));
  }
  readAhead->setTiles(fewestTiles);
  if (depthBlock)
    cutDepth();
}

/// One tile reads a part once, whole but for what is packed. Two that have hardly more rows than one wait for memory:
/// each part is then so small that the second finds it in L1, and both leave time to what is prefetched; a panel is
/// read to its end.
void ContractionNest::cutDepth() {
  if (isInParts()) {
    depthStep = code.index(depthBlock);
    panelStep = code.index(stagedPanels);
    return;
  }
  int64_t fits = k.level.cacheBytesL1 / 2 / (elementBytes(k.rhs.element) * k.panelColumns());
  int64_t small = std::min<int64_t>(depthBlock, llvm::alignTo(fits, k.dot.elements()));
  Value wait = below(k.size(rows), code.index(rowsThatWait(k.tileRows) + 1));
  depthStep = choose(wait, code.index(small), code.index(depthBlock));
  Value most = packedLeft || k.right == Right::OwnPanel ? code.index(depthBlock) : k.extent(c.depth);
  depthStep = choose(same(tilesOfBlock, code.index(1)), most, depthStep);
  panelStep = choose(wait, code.index(1), code.index(stagedPanels));
  if (packedLeft)
    packsAhead = wait;
}

/// Accumulators lie in memory between parts of the depth and before a long epilogue.
void ContractionNest::makeStage() {
  if (packsLeft())
    packedLeft.emplace(packedIn(packedRows(), packedDepth ? Dim::constant(packedDepth) : c.extents[c.depth]));
  if (depthBlock) {
    stage = k.frame.scratchView(stageOffset(), k.accumulator);
  } else if (k.epilogue.isLong()) {
    auto type = MemRefType::get({stageOfTile()}, k.accumulator);
    stage = memref::AllocaOp::create(b, loc, type, b.getI64IntegerAttr(lineBytes));
  }
  micro = std::make_unique<MicroKernel>(k, stage, packedLeft ? &*packedLeft : nullptr);
  readAhead = std::make_unique<ReadAhead>(k, depthBlock != 0);
}

void ContractionNest::prepare() {
  decide();
  makeStage();
}

} // namespace batten
