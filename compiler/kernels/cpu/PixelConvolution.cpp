// PixelConvolution.cpp - convolutions with pixels in lanes: register tiles of outputs by pixels, straight from the
// image.
//
//   for each unit: a batch entry, a group and a block of pixels
//     for each block of outputs of the group     (its weights stay in the caches over the block)
//       for each tile of pixels                  (rows of the result by vectors along a row)
//         for kh, for kw, for each granule of channels    every accumulator is one chain in this order, from zero
//           a vector of pixels by one weight in every lane
//         the epilogue, one store
//
// The lanes run along the result's rows, so image and result are read and written as they lie; but of a line the first
// block of outputs leaves what it has read side by side for the others, where elements are multiplied in granules, or
// where a tile is short: its channels lie as far apart as an image is large. A tap beside the image is left out: rows
// by a shorter loop over kh (or, in a tile of several rows, lanes that keep their sum), columns by lanes that keep
// theirs; neither reads memory there. A window of one tap without padding has no rows: an image is one line.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/PixelConvolution.h"
#include "compiler/kernels/cpu/UsualSizes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace batten {

/// More vectors of pixels a tile hide no more latency.
constexpr int64_t mostVectors = 8;
/// Pixels of a unit, about: their part of the image stays in L2 while all outputs pass over it.
constexpr int64_t unitPixels = 256;

//===- What is built ----------------------------------------------------------------------------------------------===//

LogicalResult PixelConvolution::resolve() {
  if (failed(WindowBuilder::resolve()))
    return failure();
  auto right = resolveOperand(window.op.getDpsInputs()[1], window.op.getIndexingMapsArray()[1], shapes, frame);
  if (!right)
    return window.op.emitError("the weights of this convolution are no view of memory");
  weights = *right;
  dot = DotStep(window.op, level, /*mayBeOff=*/false); // a lane may leave a tap out
  if (dot.flushes())
    frame.setRoute(Bf16Sums::FlushedPairs);
  outputs = window.outputsOfGroup();
  height = window.extents[window.rowLoop()];
  width = window.extents[window.columnLoop()];
  const Image &image = window.image;
  isLine = window.isPointwise() && image.rowStride == image.columnStride * image.width &&
           epilogue.joins(window.rowLoop(), window.columnLoop(), width);
  if (isLine) {
    width = width * height;
    height = Dim::constant(1);
  }
  return success();
}

/// As many accumulators as the registers hold: 6 outputs where there are so many, the rest pixels; where a row of the
/// result is short, of several rows.
void PixelConvolution::chooseTile() {
  int64_t registers = level.tileRows * level.tileVectors;
  std::optional<int64_t> known = outputs.constantValue(), columns = width.constantValue(),
                         rows = height.constantValue();
  tileOutputs = std::min(level.tileRows, known.value_or(level.tileRows));
  int64_t most = std::min(mostVectors, registers / tileOutputs);
  tileVectors = most;
  if (columns) {
    int64_t vectors = llvm::divideCeilSigned(*columns, code.lanes);
    tileVectors = isLine ? tileVectorsOfLine(vectors, level) : evenly(vectors, most);
  }
  tileHeight = std::max<int64_t>(1, std::min(most / tileVectors, rows.value_or(most)));
  tileOutputs = std::min(registers / (tileHeight * tileVectors), known.value_or(registers));
  int64_t tileWidth = tileVectors * code.lanes;
  unitRows = tileHeight * std::max<int64_t>(1, unitPixels / (tileHeight * columns.value_or(usual::width)));
  int64_t pixelBytes =
      window.extents[window.depthLoop()].constantValue().value_or(1) * elementBytes(window.image.element);
  int64_t fitting = std::min(unitPixels, level.cacheBytesL2 / 2 / pixelBytes);
  unitColumns = tileWidth * std::max<int64_t>(1, fitting / tileWidth);
}

/// Units of one image: blocks of rows, or of the columns of a line.
Dim PixelConvolution::blocks() const { return isLine ? ceilDiv(width, unitColumns) : ceilDiv(height, unitRows); }

//===- Small steps ------------------------------------------------------------------------------------------------===//

/// Conjunction of two masks; null is true.
Value PixelConvolution::both(Value a, Value c) {
  return a && c ? arith::AndIOp::create(b, code.loc, a, c).getResult() : a ? a : c;
}

//===- Units and tiles --------------------------------------------------------------------------------------------===//

void PixelConvolution::unit(Value index) {
  part = partAt(index, blocks());
  weightBase = size(weights.offset);
  for (auto [i, digit] : llvm::enumerate(part.batch))
    weightBase = code.add(weightBase, code.times(digit, size(weights.strides[i])));
  firstOutput = code.times(part.group, size(outputs));
  weightBase = code.add(weightBase, code.times(firstOutput, size(weights.strides[window.channelLoop()])));
  Value zero = code.index(0);
  Value from = code.times(part.block, code.index(isLine ? unitColumns : unitRows));
  Value to = signedLeast(size(isLine ? width : height), code.add(from, code.index(isLine ? unitColumns : unitRows)));
  unitColumn = from;
  if (isLine)
    tilesOfOutputs(code.index(1), to, zero, from);
  else
    tilesOfOutputs(to, size(width), from, zero);
}

/// Of a vector of the tile at hand: its granules lie one behind the other.
Value PixelConvolution::placeInPart(Value granule, int64_t vector) {
  Value tile = code.times(minus(column, unitColumn), size(granules()));
  Value place = code.add(tile, code.times(granule, code.index(tileVectors * code.lanes)));
  return code.add(place, code.index(vector * code.lanes));
}

/// All outputs of the group for these rows and columns.
void PixelConvolution::tilesOfOutputs(Value rowEnd, Value columnEnd, Value rowBegin, Value columnBegin) {
  int64_t tileWidth = tileVectors * code.lanes;
  auto pixels = [&](Value first, int64_t count) {
    output = first;
    numOutputs = count;
    if (widened)
      widenWeights();
    loop(rowBegin, rowEnd, tileHeight, [&](Value tileRow) {
      row = tileRow;
      column = columnBegin;
      if (std::optional<int64_t> known = width.constantValue(); !isLine && known && *known <= tileWidth)
        return tile(); // its columns are known
      tilesOfRow(columnBegin, columnEnd);
    });
  };
  std::optional<int64_t> known = outputs.constantValue();
  Value all = size(outputs), left = remainder(all, code.index(tileOutputs));
  Value full = known ? code.index(*known / tileOutputs * tileOutputs) : minus(all, left);
  isFirstBlock = isPacked();
  if (isFirstBlock)
    pixels(code.index(0), tileOutputs);
  Value next = code.index(isFirstBlock ? tileOutputs : 0);
  isFirstBlock = false;
  loop(next, full, tileOutputs, [&](Value first) { pixels(first, tileOutputs); });
  if (!known)
    loop(full, all, 1, [&](Value first) { pixels(first, 1); });
  else if (int64_t rest = *known % tileOutputs)
    pixels(full, rest);
}

/// The tiles of a row: the last one of a line has no more vectors than it needs.
void PixelConvolution::tilesOfRow(Value from, Value to) {
  int64_t tileWidth = tileVectors * code.lanes;
  auto tiles = [&](Value first, Value end, bool areWhole) {
    hasWholeColumns = areWhole;
    loop(first, end, tileWidth, [&](Value tileColumn) {
      column = tileColumn;
      tile();
    });
    hasWholeColumns = false;
  };
  std::optional<int64_t> known = width.constantValue();
  if (!isLine || (known && *known % tileWidth == 0))
    return tiles(from, to, false);
  Value wholeEnd = minus(to, remainder(minus(to, from), code.index(tileWidth)));
  tiles(from, wholeEnd, true);
  int64_t whole = tileVectors;
  if (known)
    tileVectors = llvm::divideCeilSigned(*known % tileWidth, code.lanes);
  tiles(wholeEnd, to, false);
  tileVectors = whole;
}

void PixelConvolution::tile() {
  findEdges();
  store(accumulate());
}

/// Which rows of the tile exist, and which lanes.
void PixelConvolution::findEdges() {
  exists.assign(tileHeight, Value());
  tails.assign(tileVectors, Value());
  std::optional<int64_t> rows = height.constantValue(), columns = width.constantValue();
  if (tileHeight > 1 && !(rows && *rows % tileHeight == 0))
    for (int64_t r = 0; r < tileHeight; ++r)
      exists[r] = signedBelow(code.add(row, code.index(r)), size(height));
  if (hasWholeColumns || (columns && *columns % (tileVectors * code.lanes) == 0))
    return;
  for (int64_t q = 0; q < tileVectors; ++q) {
    Value first = code.add(column, code.index(q * code.lanes));
    std::optional<int64_t> known = constantIndex(first);
    if (!(columns && known && *known + code.lanes <= *columns))
      tails[q] = code.firstLanes(minus(size(width), first));
  }
}

FailureOr<Kernel> PixelConvolution::build() {
  if (failed(resolve()))
    return failure();
  chooseTile();
  Dim scratchBytes;
  if (isPacked()) {
    scratchBytes = granules() * Dim::constant(unitColumns * elementBytes(dot.packedElement()));
    imagePart = frame.scratchView(Dim::constant(0), dot.packedElement());
  }
  if (dot.parts() > 1) {
    widened = frame.scratchView(scratchBytes, b.getI32Type());
    scratchBytes = scratchBytes + wordsOfOutput() * Dim::constant(tileOutputs * elementBytes(b.getI32Type()));
  }
  if (epilogue.isLong()) {
    auto type = MemRefType::get({tileOutputs * tileHeight * tileVectors * code.lanes}, accumulator);
    onStack = memref::AllocaOp::create(b, code.loc, type, b.getI64IntegerAttr(64));
  }
  loop(frame.begin, frame.end, 1, [&](Value index) { unit(index); });
  return finished(numUnits({Dim::constant(window.groups()), blocks()}), folded(), scratchBytes);
}

FailureOr<Kernel> buildPixelConvolution(func::FuncOp group, StringRef name, const Level &level) {
  return buildWindow<PixelConvolution>(group, name, level);
}

} // namespace batten
