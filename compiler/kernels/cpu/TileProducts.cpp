// TileProducts.cpp - a contraction of bf16 or of bytes by products of AMX tiles.
//
//   for each batch entry and each block of rows       (read in place or packed into this thread's scratch as tiles)
//     for each panel of two tiles' columns            (units of the launch: panels of blocks of batch entries)
//       [pack the panel into this thread's scratch]
//       for each band of two tiles' rows
//         2 x 2 sums over the depth, a tile's depth a step; then through memory to the epilogue
//
// A panel is in the order that the instructions want: a row of it is a granule of each column. What is left of the
// depth behind whole tiles is filled up with zeros on both sides, and so are the rows of the last tile. A packed row is
// a tile's wherever it lay before, which is a small part of a block that meets many panels. Of few panels whole bands
// are read where they lie, if tiles can be. A band of one tile's rows or less has 1 x 2 sums.
//
// Sums of bf16 are in an order of their own (dialect/NUMERICS.md), which is that of the instruction whatever is around
// it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/LoopCode.h"
#include "compiler/kernels/cpu/MicroKernel.h"
#include "compiler/kernels/cpu/PanelWalk.h"
#include "compiler/kernels/cpu/TileRows.h"
#include "compiler/kernels/cpu/VectorMath.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace batten {
namespace {

using Right = ContractionCode::Right;

constexpr int64_t bandRows = 2 * amxTileRows;
/// Of a block: 256 rows, or more where they share the packing of a panel.
constexpr int64_t mostBands = 8, mostBandsOfOwnPanel = 32;
/// Panels that rows meet without being packed. Rows a multiple of so many bytes apart share a set of the first cache,
/// which then does not hold a tile of them.
constexpr int64_t mostPanelsInPlace = 16, aliasingBytes = 4096;

class TileNest : LoopCode {
public:
  explicit TileNest(ContractionCode &contraction)
      : LoopCode{contraction.b, contraction.loc}, k(contraction), c(k.c), code(k.code()), tiles{k.b, k.loc},
        element(k.rhs.element), elementSize(elementBytes(element)), rows(c.count(c.rows)), depth(c.extents[c.depth]) {}

  Kernel build();

private:
  ContractionCode &k;
  Contraction &c;
  VectorCode code;
  TileCode tiles;
  Type element;
  int64_t elementSize; ///< bytes
  Dim rows, depth;
  std::unique_ptr<MicroKernel> micro;
  Value stage; ///< the sums of a band

  int64_t blockBands = 1;
  std::optional<Dim> rowStride; ///< of rows that are read in place, in elements
  Value blocks, panels;         ///< of a batch entry
  Value wholeSteps, allSteps;   ///< of the depth

  /// Bands [begin, end) of a batch entry.
  struct Block {
    Value batch, begin, end;
  };
  /// Where the tiles of a band lie: bytes to the first one and from one to the next, by rows, by steps, and in them.
  struct Left {
    Value memory, first, tileApart, stepApart, rowApart;
  };

  int64_t stepDepth() const { return tileDepth(element); }
  Dim steps() const { return ceilDiv(depth, stepDepth()); }
  bool hasRest() const { return !(depth.constantValue() && *depth.constantValue() % stepDepth() == 0); }
  int64_t panelRowBytes() const { return k.panelColumns() * 4; }
  Dim blockCount() const { return ceilDiv(rows, blockBands * bandRows); }
  Dim panelCount() const { return ceilDiv(c.extents[c.column], k.panelColumns()); }
  Dim restPlace() const;
  Dim leftPlace() const;
  Dim scratchBytes() const;
  bool packsAllRows() const { return !rowStride; }
  Dim wholeBands() const { return Dim::floorDiv(rows, Dim::constant(bandRows)); }
  bool hasPackedRows() const { return packsAllRows() || rows != wholeBands() * Dim::constant(bandRows); }
  Value scaled(int64_t by, Value of) { return code.times(of, code.index(by)); }

  std::optional<Dim> strideInPlace() const;
  void decide();
  void begin();
  void units();
  void packRows(const Block &block);
  void panel(const Block &block, const PanelTurn &turn);
  void packRest(Value right);
  Left packedLeft(Value bandInBlock);
  Left leftInPlace(Value batch, Value row);
  void packedBand(const Strip &strip, Value number, Value bandInBlock);
  void products(const Strip &strip, const Left &left, int64_t tall);
  SmallVector<Value> step(const Strip &strip, const Left &left, int64_t tall, Value number, bool isRest,
                          ValueRange sums);
};

//===- Scratch ----------------------------------------------------------------------------------------------------===//

/// Of a thread: its panel, the last rows of a panel filled up to a tile, and a block of rows.
Dim TileNest::restPlace() const {
  return k.right == Right::OwnPanel ? roundUp(k.panelBytes(), lineBytes) : Dim::constant(0);
}

Dim TileNest::leftPlace() const { return restPlace() + Dim::constant(hasRest() ? amxTileRows * panelRowBytes() : 0); }

Dim TileNest::scratchBytes() const {
  int64_t bands = packsAllRows() ? blockBands : hasPackedRows() ? 1 : 0;
  return leftPlace() + steps() * Dim::constant(bands * 2 * tileBytes);
}

/// From row to row, if whole bands are to be read in place: whole tiles of depth, side by side, and rows that are as
/// far from one another as one is from the next.
std::optional<Dim> TileNest::strideInPlace() const {
  std::optional<int64_t> columns = c.extents[c.column].constantValue();
  if (hasRest() || !k.lhs.strides[c.depth].isConstant(1) || c.rows.empty() || !columns ||
      *columns > mostPanelsInPlace * k.panelColumns())
    return std::nullopt;
  for (auto [outer, inner] : llvm::zip(c.rows, llvm::drop_begin(c.rows)))
    if (k.lhs.strides[outer] != k.lhs.strides[inner] * c.extents[inner])
      return std::nullopt;
  Dim stride = k.lhs.strides[c.rows.back()];
  std::optional<int64_t> known = stride.constantValue();
  return known && *known * elementSize % aliasingBytes == 0 ? std::nullopt : std::optional(stride);
}

/// A block of rows takes half of L2 at most.
void TileNest::decide() {
  rowStride = strideInPlace();
  int64_t knownDepth = depth.constantValue().value_or(usual::depthInCache);
  int64_t bytesOfBand = 2 * tileBytes * std::max<int64_t>(1, llvm::divideCeil(knownDepth, stepDepth()));
  int64_t most = k.right == Right::OwnPanel ? mostBandsOfOwnPanel : mostBands;
  blockBands = std::clamp<int64_t>(k.level.cacheBytesL2 / 2 / bytesOfBand, 1, most);
  if (std::optional<int64_t> known = rows.constantValue())
    blockBands = std::clamp<int64_t>(llvm::divideCeil(*known, bandRows), 1, blockBands);
}

void TileNest::begin() {
  auto type = MemRefType::get({bandRows * k.panelColumns()}, k.accumulator);
  stage = memref::AllocaOp::create(b, loc, type, b.getI64IntegerAttr(lineBytes));
  micro = std::make_unique<MicroKernel>(k, stage);
  blocks = k.size(blockCount());
  panels = k.size(panelCount());
  wholeSteps = k.size(Dim::floorDiv(depth, Dim::constant(stepDepth())));
  allSteps = k.size(steps());
}

//===- Packing ----------------------------------------------------------------------------------------------------===//

/// tiles[tile of the block][step][row of the tile][depth of the step]; tiles without a row, and bands that are read in
/// place, are left out.
void TileNest::packRows(const Block &block) {
  if (!hasPackedRows())
    return;
  Value begin = packsAllRows() ? block.begin : k.size(wholeBands());
  Value first = scaled(bandRows, begin), end = least(k.size(rows), scaled(bandRows, block.end));
  auto placeOf = [&](Value row) { return k.offsetAt(k.lhs, block.batch, row); };
  TileRows packed{k.lhs.memory, element, depth, k.lhs.strides[c.depth], placeOf, end};
  Value beyond = scaled(amxTileRows, ceilQuotient(end, code.index(amxTileRows))); // before `first` of other blocks
  loop(first, beyond, code.index(amxTileRows), [&](Value row) {
    Value tile = quotient(minus(row, first), code.index(amxTileRows));
    emitTileRows(code, k.frame, packed, row, k.frame.scratchView(leftPlace(), element),
                 scaled(tileBytes / elementSize, code.times(tile, allSteps)));
  });
}

/// The rows of a panel behind the whole steps, with zeros below them.
void TileNest::packRest(Value right) {
  VectorCode line = code;
  line.lanes = stepDepth();
  int64_t granule = k.dot.elements(), rowElements = panelRowBytes() / elementSize;
  Value from = code.add(right, scaled(k.panelColumns(), scaled(stepDepth(), wholeSteps)));
  Value rest = minus(k.extent(c.depth), scaled(stepDepth(), wholeSteps));
  Value there = ceilQuotient(rest, code.index(granule));
  Value none = arith::ConstantOp::create(b, loc, b.getZeroAttr(line.type(storageType(element))));
  Value memory = k.rightMemory(), to = k.frame.scratchView(restPlace(), element);
  auto copy = [&](Value begin, Value end, bool isThere) {
    loop(begin, end, code.index(1), [&](Value row) {
      for (int64_t at = 0; at < rowElements; at += line.lanes) {
        Value place = code.add(scaled(rowElements, row), code.index(at));
        Value loaded = none;
        if (isThere)
          loaded = vector::LoadOp::create(b, loc, line.type(storageType(element)), memory,
                                          ValueRange{code.add(from, place)});
        line.store(loaded, to, place, {});
      }
    });
  };
  copy(code.index(0), there, /*isThere=*/true);
  copy(there, code.index(amxTileRows), /*isThere=*/false);
}

//===- The nest ---------------------------------------------------------------------------------------------------===//

void TileNest::units() {
  Value bands = k.size(ceilDiv(rows, bandRows));
  walkBlocks(k, blocks, panels, [&](Value batch, Value number, Value from, Value to) {
    Value band = scaled(blockBands, number);
    Block block{batch, band, least(bands, code.add(band, code.index(blockBands)))};
    packRows(block);
    walkPanels(k, from, to, [&](const PanelTurn &turn) { panel(block, turn); });
  });
}

void TileNest::panel(const Block &block, const PanelTurn &turn) {
  Value firstColumn = scaled(k.panelColumns(), turn.number), right = code.index(0);
  if (k.right == Right::OwnPanel)
    k.packPanel(block.batch, firstColumn, code.index(0), k.extent(c.depth));
  else
    right = code.times(turn.number, scaled(k.panelColumns(), k.size(k.panelDepth())));
  if (hasRest())
    packRest(right);
  Strip strip{block.batch, firstColumn, turn.vectors, turn.masked, right};
  if (packsAllRows()) {
    loop(block.begin, block.end, code.index(1),
         [&](Value number) { packedBand(strip, number, minus(number, block.begin)); });
    return;
  }
  Value whole = k.size(wholeBands());
  loop(block.begin, least(block.end, whole), code.index(1), [&](Value number) {
    Value row = scaled(bandRows, number);
    products(strip, leftInPlace(block.batch, row), 2);
    micro->finishStaged(strip, row, code.index(bandRows), code.index(0));
  });
  if (hasPackedRows())
    onlyIf(below(whole, block.end), [&] { packedBand(strip, whole, code.index(0)); });
}

TileNest::Left TileNest::packedLeft(Value bandInBlock) {
  Value tile = scaled(tileBytes, allSteps);
  return {k.frame.scratchView(leftPlace(), element), code.times(scaled(2, bandInBlock), tile), tile,
          code.index(tileBytes), code.index(tileRowBytes)};
}

TileNest::Left TileNest::leftInPlace(Value batch, Value row) {
  Value apart = scaled(elementSize, k.size(*rowStride));
  return {k.lhs.memory, scaled(elementSize, k.offsetAt(k.lhs, batch, row)), scaled(amxTileRows, apart),
          code.index(tileRowBytes), apart};
}

/// A band of packed rows, which may be less than 32.
void TileNest::packedBand(const Strip &strip, Value number, Value bandInBlock) {
  Value row = scaled(bandRows, number), height = least(minus(k.size(rows), row), code.index(bandRows));
  Left left = packedLeft(bandInBlock);
  std::optional<int64_t> known = rows.constantValue();
  if (known && (*known % bandRows == 0 || *known % bandRows > amxTileRows)) {
    products(strip, left, 2);
  } else if (known && *known <= amxTileRows) {
    products(strip, left, 1);
  } else {
    Value isTall = below(code.index(amxTileRows), height);
    auto ifOp = scf::IfOp::create(b, loc, isTall, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(ifOp.thenBlock());
    products(strip, left, 2);
    b.setInsertionPointToStart(ifOp.elseBlock());
    products(strip, left, 1);
  }
  micro->finishStaged(strip, row, height, code.index(0));
}

/// One step of the depth: all tiles are loaded, then all products taken.
SmallVector<Value> TileNest::step(const Strip &strip, const Left &from, int64_t tall, Value number, bool isRest,
                                  ValueRange sums) {
  Value rightMemory = isRest ? k.frame.scratchView(restPlace(), element) : k.rightMemory();
  Value rightByte = isRest ? code.index(0)
                           : code.add(scaled(elementSize, strip.right), scaled(amxTileRows * panelRowBytes(), number));
  SmallVector<Value> left, right, next;
  for (int64_t i = 0; i < tall; ++i) {
    Value byte = code.add(code.add(from.first, scaled(i, from.tileApart)), code.times(number, from.stepApart));
    left.push_back(tiles.load(from.memory, byte, from.rowApart));
  }
  for (int64_t j = 0; j < strip.vectors; ++j)
    right.push_back(
        tiles.load(rightMemory, code.add(rightByte, code.index(j * tileRowBytes)), code.index(panelRowBytes())));
  for (int64_t i = 0; i < tall; ++i)
    for (int64_t j = 0; j < strip.vectors; ++j)
      next.push_back(tiles.multiply(sums[i * strip.vectors + j], left[i], right[j], element, k.dot.isOfSignedBytes()));
  return next;
}

/// The sums of a band, `tall` tiles of rows, to the stage.
void TileNest::products(const Strip &strip, const Left &left, int64_t tall) {
  SmallVector<Value> sums;
  for (int64_t i = 0; i < tall * strip.vectors; ++i)
    sums.push_back(tiles.zero());
  auto steps = [&](Value from, Value to, bool isRest) {
    auto loop = scf::ForOp::create(b, loc, from, to, code.index(1), sums);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    scf::YieldOp::create(b, loc, step(strip, left, tall, loop.getInductionVar(), isRest, loop.getRegionIterArgs()));
    sums.assign(loop.result_begin(), loop.result_end());
  };
  steps(code.index(0), wholeSteps, /*isRest=*/false);
  if (hasRest()) // one turn at most
    steps(wholeSteps, allSteps, /*isRest=*/true);
  int64_t rowBytes = strip.vectors * tileRowBytes;
  for (int64_t i = 0; i < tall; ++i)
    for (int64_t j = 0; j < strip.vectors; ++j)
      tiles.store(sums[i * strip.vectors + j], stage, code.index(i * amxTileRows * rowBytes + j * tileRowBytes),
                  code.index(rowBytes));
}

Kernel TileNest::build() {
  decide();
  begin();
  units();
  Dim work = workOfTiles(c.count(c.batch) * rows * c.extents[c.column] * depth);
  return {k.frame.function, c.count(c.batch) * blockCount() * panelCount(), work, scratchBytes()};
}

} // namespace

FailureOr<Kernel> buildTileProducts(func::FuncOp group, StringRef name, const Level &level) {
  Shapes shapes(group);
  std::optional<Contraction> c = matchContraction(group, shapes);
  if (!c)
    return failure();
  KernelFrame frame(group, name, level);
  ContractionCode code(*c, c->packed ? Right::Packed : Right::OwnPanel, frame, level, group);
  if (failed(code.resolve(group, shapes)))
    return failure();
  if (code.rhs.element.isBF16())
    frame.setRoute(Bf16Sums::Tiles);
  Kernel kernel = TileNest(code).build();
  if (failed(expandVectorMath(frame.function, level)))
    return failure();
  return kernel;
}

} // namespace batten
