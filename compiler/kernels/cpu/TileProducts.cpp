// TileProducts.cpp - a contraction of bf16 or of bytes by products of AMX tiles.
//
//   for each batch entry and each block of rows       (packed into this thread's scratch as tiles)
//     for each panel of two tiles' columns            (units of the launch: panels of blocks of batch entries)
//       [pack the panel into this thread's scratch]
//       for each band of two tiles' rows
//         2 x 2 sums over the depth, a tile's depth a step; then through memory to the epilogue
//
// A panel is in the order that the instructions want: a row of it is a granule of each column. What is left of the
// depth behind whole tiles is filled up with zeros on both sides, and so are the rows of the last tile. Rows are packed
// since that makes whole tiles of any rows; it is a small part of a block that meets many panels, and few rows wait for
// the panels' memory anyway. A band of one tile's rows or less has 1 x 2 sums.
//
// Sums of bf16 are in an order of their own (dialect/NUMERICS.md), which is that of the instruction whatever is around
// it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/LoopCode.h"
#include "compiler/kernels/cpu/MicroKernel.h"
#include "compiler/kernels/cpu/TileCode.h"
#include "compiler/kernels/cpu/VectorMath.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace batten {
namespace {

using Right = ContractionCode::Right;

constexpr int64_t bandRows = 2 * tileRows;
/// Of a block: 256 rows, or more where they share the packing of a panel.
constexpr int64_t mostBands = 8, mostBandsOfOwnPanel = 32;
/// Multiply-adds that are worth a thread's while: about 5 us.
constexpr int64_t leastProducts = 1 << 21;
/// What a depth that only the call knows is taken for.
constexpr int64_t usualDepth = 1024;

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

  int64_t blockBands = 1, grain = 1;
  Value blocks, panels;       ///< of a batch entry
  Value wholeSteps, allSteps; ///< of the depth

  /// Bands [begin, end) of a batch entry.
  struct Block {
    Value batch, begin, end;
  };

  int64_t stepDepth() const { return tileRowBytes / elementSize; }
  Dim steps() const { return ceilDiv(depth, stepDepth()); }
  bool hasRest() const { return !(depth.constantValue() && *depth.constantValue() % stepDepth() == 0); }
  int64_t panelRowBytes() const { return k.panelColumns() * 4; }
  Dim blockCount() const { return ceilDiv(rows, blockBands * bandRows); }
  Dim panelCount() const { return ceilDiv(c.extents[c.column], k.panelColumns()); }
  Dim restPlace() const;
  Dim leftPlace() const;
  Dim scratchBytes() const;
  Value scaled(int64_t by, Value of) { return code.times(of, code.index(by)); }

  void decide();
  void begin();
  void units();
  void packRows(const Block &block);
  void packRow(Value target, Value batch, Value row, Value isThere);
  void packStep(const VectorCode &line, Value target, Value from, Value step, Value mask);
  void panelsOf(const Block &block, Value from, Value to);
  void panel(const Block &block, Value number, int64_t vectors, bool masked);
  void packRest(Value right);
  void band(const Block &block, const Strip &strip, Value number);
  void products(const Strip &strip, Value bandInBlock, int64_t tall);
  SmallVector<Value> step(const Strip &strip, Value bandInBlock, int64_t tall, Value number, bool isRest,
                          ValueRange sums);
};

//===- Scratch ----------------------------------------------------------------------------------------------------===//

/// Of a thread: its panel, the last rows of a panel filled up to a tile, and a block of rows.
Dim TileNest::restPlace() const {
  return k.right == Right::OwnPanel ? roundUp(k.panelBytes(), lineBytes) : Dim::constant(0);
}

Dim TileNest::leftPlace() const { return restPlace() + Dim::constant(hasRest() ? tileRows * panelRowBytes() : 0); }

Dim TileNest::scratchBytes() const { return leftPlace() + steps() * Dim::constant(blockBands * 2 * tileBytes); }

/// A block of rows takes half of L2 at most.
void TileNest::decide() {
  int64_t knownDepth = depth.constantValue().value_or(usualDepth);
  int64_t bytesOfBand = 2 * tileBytes * std::max<int64_t>(1, llvm::divideCeil(knownDepth, stepDepth()));
  int64_t most = k.right == Right::OwnPanel ? mostBandsOfOwnPanel : mostBands;
  blockBands = std::clamp<int64_t>(k.level.cacheBytesL2 / 2 / bytesOfBand, 1, most);
  if (std::optional<int64_t> known = rows.constantValue())
    blockBands = std::clamp<int64_t>(llvm::divideCeil(*known, bandRows), 1, blockBands);
  grain = std::max<int64_t>(1, leastProducts /
                                   (blockBands * bandRows * k.panelColumns() * std::max<int64_t>(knownDepth, 1)));
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

/// Elements of one row and one step to target[line of the row in its tile].
void TileNest::packStep(const VectorCode &line, Value target, Value from, Value step, Value mask) {
  Value stride = k.size(k.lhs.strides[c.depth]);
  Value at = line.add(from, line.times(line.times(step, line.index(line.lanes)), stride));
  Value memory = k.frame.scratchView(leftPlace(), element);
  Value to = line.add(target, line.times(step, line.index(tileBytes / elementSize)));
  line.store(line.load(k.lhs.memory, at, stride, k.lhs.element, mask), memory, to, {});
}

/// A row of the left side, or zeros. `target`: of its first step, in elements.
void TileNest::packRow(Value target, Value batch, Value row, Value isThere) {
  VectorCode line = code;
  line.lanes = stepDepth();
  auto ifOp = scf::IfOp::create(b, loc, isThere, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  Value from = k.offsetAt(k.lhs, batch, row);
  loop(code.index(0), wholeSteps, code.index(1), [&](Value step) { packStep(line, target, from, step, {}); });
  if (hasRest()) {
    Value rest = line.firstLanes(minus(k.extent(c.depth), scaled(stepDepth(), wholeSteps)));
    loop(wholeSteps, allSteps, code.index(1), [&](Value step) { packStep(line, target, from, step, rest); });
  }
  b.setInsertionPointToStart(ifOp.elseBlock());
  Value none = arith::ConstantOp::create(b, loc, b.getZeroAttr(line.type(storageType(element))));
  loop(code.index(0), allSteps, code.index(1), [&](Value step) {
    Value memory = k.frame.scratchView(leftPlace(), element);
    line.store(none, memory, code.add(target, scaled(tileBytes / elementSize, step)), {});
  });
}

/// tiles[tile of the block][step][row of the tile][depth of the step]; tiles without a row are left out.
void TileNest::packRows(const Block &block) {
  Value first = scaled(bandRows, block.begin);
  Value count = minus(least(k.size(rows), scaled(bandRows, block.end)), first);
  Value all = scaled(tileRows, ceilQuotient(count, code.index(tileRows)));
  loop(code.index(0), all, code.index(1), [&](Value row) {
    Value tile = quotient(row, code.index(tileRows)), line = minus(row, scaled(tileRows, tile));
    Value target = scaled(tileBytes / elementSize, code.times(tile, allSteps));
    target = code.add(target, scaled(stepDepth(), line));
    packRow(target, block.batch, code.add(first, row), below(row, count));
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
  copy(there, code.index(tileRows), /*isThere=*/false);
}

//===- The nest ---------------------------------------------------------------------------------------------------===//

/// Unit u is panel u % panels of block u / panels, counted through all batch entries.
void TileNest::units() {
  Value begin = k.frame.begin, end = k.frame.end;
  Value bands = k.size(ceilDiv(rows, bandRows));
  loop(quotient(begin, panels), ceilQuotient(end, panels), code.index(1), [&](Value outer) {
    Value first = code.times(outer, panels), from = minus(most(begin, first), first);
    Value to = minus(least(end, code.add(first, panels)), first);
    Value batch = quotient(outer, blocks), band = scaled(blockBands, minus(outer, code.times(batch, blocks)));
    Block block{batch, band, least(bands, code.add(band, code.index(blockBands)))};
    packRows(block);
    panelsOf(block, from, to);
  });
}

/// Panels [from, to) of a block; the last one of all may have fewer columns.
void TileNest::panelsOf(const Block &block, Value from, Value to) {
  int64_t width = k.panelColumns();
  std::optional<int64_t> known = c.extents[c.column].constantValue();
  Value whole = k.size(Dim::floorDiv(c.extents[c.column], Dim::constant(width)));
  if (!known || *known >= width)
    loop(from, least(to, whole), code.index(1),
         [&](Value number) { panel(block, number, k.tileVectors, /*masked=*/false); });
  if (known && *known % width == 0)
    return;
  int64_t rest = known ? *known % width : width; // only the tiles that hold a column
  onlyIf(below(whole, to),
         [&] { panel(block, whole, llvm::divideCeil(rest, k.lanes), /*masked=*/!known || rest % k.lanes != 0); });
}

void TileNest::panel(const Block &block, Value number, int64_t vectors, bool masked) {
  Value firstColumn = scaled(k.panelColumns(), number), right = code.index(0);
  if (k.right == Right::OwnPanel)
    k.packPanel(block.batch, firstColumn);
  else
    right = code.times(number, scaled(k.panelColumns(), k.size(k.panelDepth())));
  if (hasRest())
    packRest(right);
  Strip strip{block.batch, firstColumn, vectors, masked, right};
  loop(block.begin, block.end, code.index(1), [&](Value number) { band(block, strip, number); });
}

void TileNest::band(const Block &block, const Strip &strip, Value number) {
  Value row = scaled(bandRows, number), height = least(minus(k.size(rows), row), code.index(bandRows));
  Value inBlock = minus(number, block.begin);
  std::optional<int64_t> known = rows.constantValue();
  if (known && (*known % bandRows == 0 || *known % bandRows > tileRows)) {
    products(strip, inBlock, 2);
  } else if (known && *known <= tileRows) {
    products(strip, inBlock, 1);
  } else {
    Value isTall = below(code.index(tileRows), height);
    auto ifOp = scf::IfOp::create(b, loc, isTall, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(ifOp.thenBlock());
    products(strip, inBlock, 2);
    b.setInsertionPointToStart(ifOp.elseBlock());
    products(strip, inBlock, 1);
  }
  micro->finishStaged(strip, row, height, code.index(0));
}

/// One step of the depth: all tiles are loaded, then all products taken.
SmallVector<Value> TileNest::step(const Strip &strip, Value bandInBlock, int64_t tall, Value number, bool isRest,
                                  ValueRange sums) {
  Value leftMemory = k.frame.scratchView(leftPlace(), element);
  Value rightMemory = isRest ? k.frame.scratchView(restPlace(), element) : k.rightMemory();
  Value rightByte =
      isRest ? code.index(0) : code.add(scaled(elementSize, strip.right), scaled(tileRows * panelRowBytes(), number));
  SmallVector<Value> left, right, next;
  for (int64_t i = 0; i < tall; ++i) {
    Value tile = code.add(scaled(2, bandInBlock), code.index(i));
    Value byte = scaled(tileBytes, code.add(code.times(tile, allSteps), number));
    left.push_back(tiles.load(leftMemory, byte, code.index(tileRowBytes)));
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
void TileNest::products(const Strip &strip, Value bandInBlock, int64_t tall) {
  SmallVector<Value> sums;
  for (int64_t i = 0; i < tall * strip.vectors; ++i)
    sums.push_back(tiles.zero());
  auto steps = [&](Value from, Value to, bool isRest) {
    auto loop = scf::ForOp::create(b, loc, from, to, code.index(1), sums);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    scf::YieldOp::create(b, loc,
                         step(strip, bandInBlock, tall, loop.getInductionVar(), isRest, loop.getRegionIterArgs()));
    sums.assign(loop.result_begin(), loop.result_end());
  };
  steps(code.index(0), wholeSteps, /*isRest=*/false);
  if (hasRest()) // one turn at most
    steps(wholeSteps, allSteps, /*isRest=*/true);
  int64_t rowBytes = strip.vectors * tileRowBytes;
  for (int64_t i = 0; i < tall; ++i)
    for (int64_t j = 0; j < strip.vectors; ++j)
      tiles.store(sums[i * strip.vectors + j], stage, code.index(i * tileRows * rowBytes + j * tileRowBytes),
                  code.index(rowBytes));
}

Kernel TileNest::build() {
  decide();
  begin();
  units();
  return {k.frame.function, c.count(c.batch) * blockCount() * panelCount(), grain, scratchBytes()};
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
