// OutputConvolution.cpp - convolutions with outputs in lanes: panels of packed weights by pixels of an image.
//
//   for each part of an image: a batch entry, a group and a block of rows
//     [pack it as [row][granule of channels][column], unless its channels lie side by side; with channels innermost
//      where a granule is widened (OutputConvolutionImage.cpp) or weights pass tap by tap (OutputConvolutionTaps.cpp)]
//     for each panel of outputs                   (units of the launch: panels of parts; weights stay in the caches)
//       for each row of the result
//         for each tile of pixels along it
//           for kh, for kw, for each granule of channels    every accumulator is one chain in this order
//             vectors of weights by one pixel in every lane
//         the epilogue and stores of every pixel where its outputs lie side by side; where they lie far apart, the row
//         is transposed first, and stored along the columns
//
// A tap beside the image is left out: rows by a shorter loop over kh, columns by tiles of their own at the ends of a
// row, whose taps are unrolled and meet only the pixels that they reach; OutputConvolutionRows.cpp has the rows of
// images whose width the call knows. Of integers the packed image has its padding instead: products with zeros change
// no sum.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/OutputConvolution.h"
#include "compiler/kernels/cpu/ColumnWalk.h"
#include "compiler/kernels/cpu/RowCode.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace batten {
/// Pixels of a unit, about: enough that packing them costs little, few enough that threads share the rows of an image.
constexpr int64_t unitPixels = 256;
/// Where squares of it are transposed, also those of rows that two units meet.
constexpr int64_t turnedUnitPixels = 512;

//===- What is built ----------------------------------------------------------------------------------------------===//

/// The rows of a line: its greatest divisor that is no longer than a few tiles.
static int64_t rowOfLine(int64_t pixels) {
  constexpr int64_t longest = 64;
  for (int64_t length = std::min(longest, pixels);; --length)
    if (pixels % length == 0)
      return length;
}

void OutputConvolution::resolveShape() {
  auto extent = [&](unsigned loop) { return *window.extents[loop].constantValue(); };
  Value weights = window.op.getDpsInputs()[1];
  auto packed = weights.getDefiningOp<linalg::UnPackOp>();
  panels = frame.memory(packed.getSource());
  panelOutputs = *getConstantIntValue(packed.getMixedTiles().front());
  panelVectors = panelOutputs / code.lanes;
  channels = extent(window.depthLoop());
  granules = llvm::divideCeilSigned(channels, dot.elements());
  outputs = *window.outputsOfGroup().constantValue();
  height = window.extents[window.rowLoop()];
  width = window.extents[window.columnLoop()];
  tapRows = extent(window.tapRowLoop());
  tapColumns = extent(window.tapColumnLoop());
  Image &image = window.image;
  inPlace = image.channelStride.isConstant(1) && isa<FloatType>(image.element) && channels % dot.elements() == 0 &&
            dot.parts() == 1;
  if (out.strides[window.channelLoop()].isConstant(1))
    lanesLoop = window.channelLoop();
  if (isa<IntegerType>(accumulator))
    std::swap(imagePad, window.pad);
  if (dot.parts() > 1 && tapRows == 1 && tapColumns == 1 && imagePad == 0 && window.pad == 0)
    skipPixels();
  imageWidth = image.width + Dim::constant(2 * imagePad);
  isLine = window.isPointwise() && imagePad == 0 && height.isConstant() && knowsColumns() &&
           image.rowStride == image.columnStride * image.width &&
           epilogue.joins(window.rowLoop(), window.columnLoop(), image.width);
  if (isLine)
    cutLine();
  isByTaps = passesByTap(window, level);
  bool mayTurn = !inPlace && !level.hasManyRegisters() && image.element == accumulator && isa<FloatType>(accumulator) &&
                 channels % code.lanes == 0;
  byPixels = mayTurn || (dot.parts() > 1 && image.channelStride.isConstant(1));
}

/// Rows that an image of one line is taken to have.
void OutputConvolution::cutLine() {
  Image &image = window.image;
  int64_t pixels = *(height * width).constantValue(), row = rowOfLine(pixels);
  imageWidth = width = Dim::constant(row);
  height = Dim::constant(pixels / row);
  image.rowStride = image.columnStride * width;
  image.height = height;
}

/// Of rows whose width is known, the longest tile.
void OutputConvolution::chooseTile() {
  tilePixels = level.convolutionPixels(panelVectors);
  if (!knowsColumns() || isByTaps)
    return;
  tilePixels = evenly(width.constantValue(), tilePixels);
}

/// Rows of a unit: about as many pixels as it should have, whose image stays in L2 beside a panel. All weights pass by
/// once a unit (Zen 3, half of L2 instead of a quarter: 3x3 of 512 channels @14, stride 2, 3.50 -> 3.13 ms).
void OutputConvolution::chooseUnit() {
  // One tap in place reads no pixel between its strides, however far they are apart.
  bool readsAll = !inPlace || tapRows > 1 || tapColumns > 1;
  int64_t pixelBytes = pixelWords() * elementBytes(dot.packedElement());
  // Narrow panels leave room, slices of them all of it.
  int64_t fitting = level.cacheBytesL2 / (isByTaps ? 1 : level.hasManyRegisters() ? 4 : 2) / pixelBytes;
  int64_t aboutPixels = byPixels ? turnedUnitPixels : unitPixels;
  Dim rows, halo = Dim::constant(haloRows());
  if (knowsColumns()) {
    int64_t pixels = *width.constantValue(), ofRow = readsAll ? *imageWidth.constantValue() : pixels;
    fitting = fitting / ofRow;
    if (readsAll)
      fitting = (fitting - haloRows()) / window.stride + 1;
    int64_t most = std::max<int64_t>(1, std::min(fitting, llvm::divideCeilSigned(aboutPixels, pixels)));
    rows = Dim::constant(std::min(most, height.constantValue().value_or(most)));
    if (height.isConstant())
      rows = evenly(height, rows);
    partPixels = ((rows - Dim::constant(1)) * Dim::constant(window.stride) + halo) * imageWidth;
  } else { // as a number of the image's pixels, so that what they take is a polynomial
    int64_t most = std::min(aboutPixels * window.stride, readsAll ? fitting / window.stride : fitting * window.stride);
    most = std::max<int64_t>(1, most);
    rows = ceilDiv(Dim::constant(most), imageWidth);
    partPixels = Dim::constant((most - 1) * window.stride) + halo * imageWidth;
  }
  unitRows = evenly(height, rows);
}

/// What a step prefetches of the next panel, whose weights are few for a unit of many tiles. Where only the call knows
/// how many, counting steps takes more time than it saves.
void OutputConvolution::lookAhead() {
  std::optional<int64_t> tiles = (unitRows * ceilDiv(width, tilePixels)).constantValue();
  if (tiles && *tiles <= granuleStride())
    aheadStep = llvm::divideCeilSigned(granuleStride(), *tiles);
}

Dim OutputConvolution::makeScratch() {
  Dim bytes;
  auto take = [&](const Dim &elements, Type element) {
    Value view = frame.scratchView(bytes, element);
    bytes = bytes + roundUp(elements * Dim::constant(elementBytes(element)), lineBytes);
    return view;
  };
  // A square of pixels may end beyond the last row.
  Dim squareTail = Dim::constant(code.lanes);
  if (!inPlace)
    imagePart =
        take((byPixels ? partPixels + squareTail : partPixels) * Dim::constant(pixelWords()), dot.packedElement());
  if (hasRowBuffer()) {
    Dim pixels = knowsColumns() ? width : width + Dim::constant(tilePixels); // the last tile may end beyond the row
    if (isByTaps)
      pixels = width * unitRows + squareTail;
    rowBuffer = take(roundUp(pixels, code.lanes) * Dim::constant(panelOutputs), accumulator);
  }
  if (!makesChannelsLast())
    square = take(Dim::constant(code.lanes * code.lanes), accumulator);
  return bytes;
}

//===- Parts of an image ------------------------------------------------------------------------------------------===//

void OutputConvolution::enterPart(Value number) {
  part = partAt(number, blocks());
  rowBegin = code.times(part.block, size(unitRows));
  rowEnd = signedLeast(size(height), code.add(rowBegin, size(unitRows)));
  imageRowBegin = code.index(0);
  if (inPlace)
    return;
  imageRowBegin = code.times(rowBegin, code.index(window.stride));
  if (window.pad > 0)
    imageRowBegin = signedMost(code.index(0), minus(imageRowBegin, code.index(window.pad)));
}

/// The rows of the image that the part's rows of the result meet.
void OutputConvolution::packPart() {
  Value last = code.times(minus(rowEnd, code.index(1)), code.index(window.stride));
  Value end = code.add(last, code.index(haloRows() - window.pad));
  end = signedLeast(code.add(size(window.image.height), code.index(imagePad)), end);
  Value begin = imageRowBegin;
  if (imagePad > 0) {
    clearPart();
    begin = signedMost(begin, code.index(imagePad));
  }
  if (byPixels)
    return dot.parts() > 1 ? packPixels(begin, end) : packTurned(begin, end);
  int64_t whole = channels / dot.elements(), rest = channels % dot.elements();
  loop(code.index(0), code.index(whole), 1, [&](Value granule) { packRows(begin, end, granule, {}); });
  if (rest > 0)
    packRows(begin, end, code.index(whole), code.index(rest));
}

/// Rows [from, to) of one granule of channels, of which `rest` (null: all) are there.
void OutputConvolution::packRows(Value from, Value to, Value granule, Value rest) {
  const Image &image = window.image;
  Value channel = code.times(granule, code.index(dot.elements())), columnStride = size(image.columnStride);
  Value plane = code.add(part.image, code.times(channel, size(image.channelStride)));
  Dim pixels = imageWidth - Dim::constant(2 * imagePad);
  ColumnRange columns{code.index(imagePad), size(pixels), pixels.constantValue()};
  loop(from, to, 1, [&](Value row) {
    Value source = code.add(plane, code.times(minus(row, code.index(imagePad)), size(image.rowStride)));
    Value target = code.times(minus(row, imageRowBegin), code.index(granules));
    target = code.times(code.add(target, granule), granuleStep());
    walkColumns(code, columns, 1, 1, {}, [&](Value column, auto masks, auto) {
      Value at = code.add(source, code.times(minus(column, code.index(imagePad)), columnStride));
      GranuleRows rows{image.memory, at, columnStride, size(image.channelStride), image.element};
      Value granules = dot.packLeft(code, rows, masks[0], rest), to = code.add(target, column);
      for (int64_t part = 0; part < dot.parts(); ++part)
        code.store(dot.partOf(code, granules, part), imagePart, code.add(to, code.times(code.index(part), partStep())),
                   masks[0]);
      return Values();
    });
  });
}

/// Makes all of a part padding.
void OutputConvolution::clearPart() {
  Value zeros = dot.ofLeftZeros(code);
  if (!zeros)
    zeros = arith::ConstantOp::create(b, code.loc, b.getZeroAttr(code.type(dot.packedElement())));
  Value rows = code.times(minus(minus(rowEnd, code.index(1)), rowBegin), code.index(window.stride));
  rows = code.add(rows, code.index(haloRows()));
  loop(code.index(0), code.times(rows, rowStep()), code.lanes, [&](Value at) { code.store(zeros, imagePart, at, {}); });
}

void OutputConvolution::panel(Value number) {
  Value ofAll = code.add(code.times(part.group, code.index(numPanels())), number);
  Value weightBase = code.times(ofAll, code.index(tapRows * tapColumns * granules * granuleStride()));
  panelBase = weightBase;
  firstOutput = code.times(number, code.index(panelOutputs));
  initial = initialOf(weightBase);
  exist = existing();
  auto tiles = [&](Value row) {
    return knowsColumns() ? tilesOfRow(row, weightBase) : tilesOfUnknownRow(row, weightBase);
  };
  if (isByTaps)
    passTaps(weightBase);
  loop(rowBegin, rowEnd, 1, [&](Value row) {
    if (!isByTaps)
      tiles(row);
    if (!makesChannelsLast())
      finishRow(row);
    else if (hasRowBuffer())
      finishPixelsOf(row);
  });
}

/// Which outputs of the panel there are.
OutputConvolution::Values OutputConvolution::existing() const {
  Values masks(panelVectors);
  for (int64_t q = 0; outputs % panelOutputs != 0 && q < panelVectors; ++q) {
    Value first = code.add(firstOutput, code.index(q * code.lanes));
    masks[q] = code.firstLanes(minus(code.index(outputs), first));
  }
  return masks;
}

/// Zeros, less by what the image is off.
OutputConvolution::Values OutputConvolution::initialOf(Value weightBase) {
  Value none = arith::ConstantOp::create(b, code.loc, b.getZeroAttr(code.type(accumulator)));
  Values initial(panelVectors, none);
  Value zeros = dot.ofLeftZeros(code);
  if (!zeros)
    return initial;
  Values excess = fold(code.index(0), code.index(tapRows * tapColumns * granules), initial, [&](Value i, auto sums) {
    Values weights = weightsAt(code.add(weightBase, code.times(i, code.index(granuleStride())))), next;
    for (auto [weight, sum] : llvm::zip_equal(weights, sums))
      next.push_back(dot.add(code, zeros, weight, sum));
    return next;
  });
  return llvm::map_to_vector(excess,
                             [&](Value sum) { return arith::SubIOp::create(b, code.loc, none, sum).getResult(); });
}

FailureOr<Kernel> OutputConvolution::build() {
  if (failed(resolve()))
    return failure();
  dot = DotStep(window.op, level);
  if (dot.flushes())
    frame.setRoute(Bf16Sums::FlushedPairs);
  resolveShape();
  chooseTile();
  chooseUnit();
  if (isByTaps)
    cutTaps();
  else
    lookAhead();
  Dim scratchBytes = makeScratch();
  if (!knowsColumns())
    cutRow();
  auto enter = [&](Value number) {
    enterPart(number);
    if (!inPlace)
      packPart();
  };
  walkParts(code.index(numPanels()), enter, [&](Value number) { panel(number); });
  Dim units = numUnits({Dim::constant(window.groups()), blocks(), Dim::constant(numPanels())});
  return finished(units, folded(), scratchBytes);
}

FailureOr<Kernel> buildOutputConvolution(func::FuncOp group, StringRef name, const Level &level) {
  return buildWindow<OutputConvolution>(group, name, level);
}

} // namespace batten
