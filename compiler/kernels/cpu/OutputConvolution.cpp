// OutputConvolution.cpp - convolutions with outputs in lanes: panels of packed weights by pixels of an image.
//
//   for each part of an image: a batch entry, a group and a block of rows     (packed as [row][granule of channels]
//     [column], unless its channels lie side by side)
//     for each panel of outputs                   (its weights stay in the caches over the block; parts by panels are
//     the units)
//       for each row of the result
//         for each tile of pixels along it
//           for kh, for kw, for each granule of channels    every accumulator is one chain in this order
//             vectors of weights by one pixel in every lane
//         the epilogue and stores of every pixel where its outputs lie side by side; where they lie far apart, the row
//         is transposed first, and stored along the columns
//
// A tap beside the image is left out: rows by a shorter loop over kh, columns by tiles of their own at the ends of a
// row, whose taps are unrolled and meet only the pixels that they reach. Of integers the packed image has its padding
// instead: products with zeros change no sum.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/ColumnWalk.h"
#include "compiler/kernels/cpu/DotStep.h"
#include "compiler/kernels/cpu/RowCode.h"
#include "compiler/kernels/cpu/WindowBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace batten {
namespace {

/// Pixels of a unit, about: enough that packing them costs little, few enough that threads share the rows of an image.
constexpr int64_t unitPixels = 256;

class OutputConvolution : WindowBuilder {
public:
  using WindowBuilder::WindowBuilder;
  FailureOr<Kernel> build();

private:
  Value panels; ///< weights[panel][kh][kw][granule of channels][output in panel][channel of the granule]
  DotStep dot;
  int64_t panelVectors = 0, panelOutputs = 0;
  int64_t groups = 1, outputs = 0, channels = 0, granules = 0; ///< a group's
  int64_t height = 0, width = 0, tapRows = 0, tapColumns = 0;
  int64_t imageWidth = 0, imagePad = 0; ///< as it is packed
  bool inPlace = false;                 ///< the image is read as it lies
  bool isLine = false;                  ///< rows are pieces of one line of pixels
  int64_t tilePixels = 0, unitRows = 0;
  int64_t aheadStep = 0;              ///< elements of the next panel that a step prefetches; 0: its weights are few
  Value imagePart, rowBuffer, square; ///< scratch

  // Of what is being built.
  Values batch, initial; ///< what the chains of a panel begin with, by vector
  Values exist;          ///< by vector of a panel, the outputs that are there; null: all
  Value groupNumber, imageBase, rowBegin, rowEnd, imageRowBegin;
  Value panelBase, firstOutput, tileNumber;

  void resolveShape();
  int64_t numPanels() const { return llvm::divideCeilSigned(outputs, panelOutputs); }
  int64_t granuleStride() const { return panelOutputs * dot.elements(); } ///< of a panel
  int64_t partRows() const { return (unitRows - 1) * window.stride + (tapRows - 1) * window.dilation + 1; }
  bool makesChannelsLast() const { return lanesLoop == window.channelLoop(); }
  bool hasRowBuffer() const { return !makesChannelsLast() || epilogue.isLong(); }
  Value rowStep() const { return inPlace ? frame.size(window.image.rowStride) : code.index(granules * imageWidth); }
  Value columnStep() const { return inPlace ? frame.size(window.image.columnStride) : code.index(1); }
  Value granuleStep() const { return code.index(inPlace ? dot.elements() : imageWidth); }
  Dim makeScratch();

  void enterPart(Value part);
  void packPart();
  void packRows(Value from, Value to, Value granule, Value rest);
  void clearPart();
  void panel(Value number);
  Values initialOf(Value weightBase);
  Values existing() const;
  Values weightsAt(Value at);
  void tilesOfRow(Value row, Value weightBase);
  bool isInside(int64_t tileColumn, int64_t pixels) const;
  void tile(Value row, Value column, int64_t pixels, Value weightBase);
  std::pair<int64_t, int64_t> pixelsInside(int64_t tileColumn, int64_t pixels, int64_t tapColumn) const;
  Values tapsOfRow(Value at, Value column, int64_t pixels, Value weightAt, ValueRange sums);
  Values tap(Value at, Value tapColumn, int64_t first, int64_t end, Value weightAt, ValueRange sums);
  void prefetchNextPanel(Value weightAt);
  Value pixelAt(Value at) const;
  void finishPixel(ValueRange sums, Value row, Value column);
  void finishPixels(Value row);
  void finishRow(Value row);
  void finishSquare(ArrayRef<Value> vectors, ValueRange digits, Value outputsBegin, Value numOutputs, Value column,
                    Value mask);
  void finishOutput(Value sum, ValueRange digits, Value output, Value column, Value mask);
};

//===- What is built ----------------------------------------------------------------------------------------------===//

/// The rows of a line: its greatest divisor that is no longer than a few tiles.
int64_t rowOfLine(int64_t pixels) {
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
  groups = *window.image.channels.constantValue() / channels;
  outputs = extent(window.channelLoop()) / groups;
  height = extent(window.rowLoop());
  width = extent(window.columnLoop());
  tapRows = extent(window.tapRowLoop());
  tapColumns = extent(window.tapColumnLoop());
  Image &image = window.image;
  inPlace = image.channelStride.isConstant(1) && isa<FloatType>(image.element) && channels % dot.elements() == 0;
  if (out.strides[window.channelLoop()].isConstant(1))
    lanesLoop = window.channelLoop();
  if (isa<IntegerType>(accumulator))
    std::swap(imagePad, window.pad);
  imageWidth = *image.width.constantValue() + 2 * imagePad;
  isLine = window.isPointwise() && imagePad == 0 && image.rowStride == image.columnStride * image.width &&
           epilogue.joins(window.rowLoop(), window.columnLoop(), image.width);
  if (isLine) {
    imageWidth = rowOfLine(height * width);
    height = height * width / imageWidth;
    width = imageWidth;
    image.rowStride = image.columnStride * Dim::constant(width);
    image.height = Dim::constant(height);
  }
  int64_t most = level.convolutionPixels(panelVectors);
  tilePixels = llvm::divideCeilSigned(width, llvm::divideCeilSigned(width, most));
  int64_t rowBytes = granules * imageWidth * elementBytes(dot.packedElement());
  int64_t fitting = (level.cacheBytesL2 / 4 / rowBytes - (tapRows - 1) * window.dilation - 1) / window.stride + 1;
  int64_t rows = std::clamp<int64_t>(std::min(fitting, llvm::divideCeilSigned(unitPixels, width)), 1, height);
  unitRows = llvm::divideCeilSigned(height, llvm::divideCeilSigned(height, rows));
  int64_t tiles = unitRows * llvm::divideCeilSigned(width, tilePixels);
  if (tiles <= granuleStride())
    aheadStep = llvm::divideCeilSigned(granuleStride(), tiles);
}

Dim OutputConvolution::makeScratch() {
  int64_t bytes = 0;
  auto take = [&](int64_t elements, Type element) {
    Value view = frame.scratchView(Dim::constant(bytes), element);
    bytes += llvm::alignTo(elements * elementBytes(element), lineBytes);
    return view;
  };
  if (!inPlace)
    imagePart = take(partRows() * granules * imageWidth, dot.packedElement());
  if (hasRowBuffer())
    rowBuffer = take(llvm::alignTo(width, code.lanes) * panelOutputs, accumulator);
  if (!makesChannelsLast())
    square = take(code.lanes * code.lanes, accumulator);
  return Dim::constant(bytes);
}

//===- Parts of an image ------------------------------------------------------------------------------------------===//

void OutputConvolution::enterPart(Value part) {
  Dim blocks = Dim::constant(llvm::divideCeilSigned(height, unitRows));
  Values digits = digitsOfUnit(part, {Dim::constant(groups), blocks});
  batch.assign(digits.begin(), digits.end() - 2);
  groupNumber = groups == 1 ? code.index(0) : digits[window.batch];
  imageBase =
      code.add(imageOf(batch), code.times(groupNumber, size(Dim::constant(channels) * window.image.channelStride)));
  rowBegin = code.times(digits.back(), code.index(unitRows));
  rowEnd = least(code.index(height), code.add(rowBegin, code.index(unitRows)));
  imageRowBegin = code.index(0);
  if (inPlace)
    return;
  imageRowBegin = code.times(rowBegin, code.index(window.stride));
  if (window.pad > 0)
    imageRowBegin = greatest(code.index(0), minus(imageRowBegin, code.index(window.pad)));
}

/// The rows of the image that the part's rows of the result meet.
void OutputConvolution::packPart() {
  Value last = code.times(minus(rowEnd, code.index(1)), code.index(window.stride));
  Value end = code.add(last, code.index((tapRows - 1) * window.dilation + 1 - window.pad));
  end = least(code.add(size(window.image.height), code.index(imagePad)), end);
  Value begin = imageRowBegin;
  if (imagePad > 0) {
    clearPart();
    begin = greatest(begin, code.index(imagePad));
  }
  int64_t whole = channels / dot.elements(), rest = channels % dot.elements();
  loop(code.index(0), code.index(whole), 1, [&](Value granule) { packRows(begin, end, granule, {}); });
  if (rest > 0)
    packRows(begin, end, code.index(whole), code.index(rest));
}

/// Rows [from, to) of one granule of channels, of which `rest` (null: all) are there.
void OutputConvolution::packRows(Value from, Value to, Value granule, Value rest) {
  const Image &image = window.image;
  Value channel = code.times(granule, code.index(dot.elements())), columnStride = size(image.columnStride);
  Value plane = code.add(imageBase, code.times(channel, size(image.channelStride)));
  int64_t pixels = imageWidth - 2 * imagePad;
  loop(from, to, 1, [&](Value row) {
    Value source = code.add(plane, code.times(minus(row, code.index(imagePad)), size(image.rowStride)));
    Value target = code.times(minus(row, imageRowBegin), code.index(granules));
    target = code.times(code.add(target, granule), code.index(imageWidth));
    walkColumns(code, {code.index(imagePad), code.index(pixels), pixels}, 1, 1, {},
                [&](Value column, auto masks, auto) {
                  Value at = code.add(source, code.times(minus(column, code.index(imagePad)), columnStride));
                  GranuleRows rows{image.memory, at, columnStride, size(image.channelStride), image.element};
                  code.store(dot.packLeft(code, rows, masks[0], rest), imagePart, code.add(target, column), masks[0]);
                  return Values();
                });
  });
}

/// Makes all of a part padding.
void OutputConvolution::clearPart() {
  Value zeros = dot.ofLeftZeros(code);
  if (!zeros)
    zeros = arith::ConstantOp::create(b, code.loc, b.getZeroAttr(code.type(dot.packedElement())));
  loop(code.index(0), code.index(partRows() * granules * imageWidth), code.lanes,
       [&](Value at) { code.store(zeros, imagePart, at, {}); });
}

void OutputConvolution::panel(Value number) {
  Value ofAll = code.add(code.times(groupNumber, code.index(numPanels())), number);
  Value weightBase = code.times(ofAll, code.index(tapRows * tapColumns * granules * granuleStride()));
  panelBase = weightBase;
  firstOutput = code.times(number, code.index(panelOutputs));
  initial = initialOf(weightBase);
  exist = existing();
  loop(rowBegin, rowEnd, 1, [&](Value row) {
    tilesOfRow(row, weightBase);
    if (!makesChannelsLast())
      finishRow(row);
    else if (hasRowBuffer())
      finishPixels(row);
  });
}

/// Which outputs of the panel there are.
OutputConvolution::Values OutputConvolution::existing() const {
  Values masks(panelVectors);
  for (int64_t q = 0; outputs % panelOutputs != 0 && q < panelVectors; ++q) {
    Value first = code.add(firstOutput, code.index(q * code.lanes));
    masks[q] = code.firstLanes(arith::SubIOp::create(b, code.loc, code.index(outputs), first));
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

//===- Tiles ------------------------------------------------------------------------------------------------------===//

/// True if every tap of every pixel meets the image.
bool OutputConvolution::isInside(int64_t tileColumn, int64_t pixels) const {
  int64_t first = tileColumn * window.stride - window.pad;
  return first >= 0 && first + (pixels - 1) * window.stride + (tapColumns - 1) * window.dilation < imageWidth;
}

/// Tiles at the ends of a row, where taps fall beside the image or pixels are few, are built for their place; those
/// between them are one loop.
void OutputConvolution::tilesOfRow(Value row, Value weightBase) {
  for (int64_t at = 0; at < width;) {
    int64_t end = at;
    while (end + tilePixels <= width && isInside(end, tilePixels))
      end += tilePixels;
    if (end - at > tilePixels) {
      loop(code.index(at), code.index(end), tilePixels,
           [&](Value column) { tile(row, column, tilePixels, weightBase); });
      at = end;
    } else {
      tile(row, code.index(at), std::min(tilePixels, width - at), weightBase);
      at += tilePixels;
    }
  }
}

void OutputConvolution::tile(Value row, Value column, int64_t pixels, Value weightBase) {
  auto [from, to] = tapRowsInside(row);
  int64_t tilesOfRow = llvm::divideCeilSigned(width, tilePixels);
  tileNumber = code.add(code.times(minus(row, rowBegin), code.index(tilesOfRow)),
                        arith::DivUIOp::create(b, code.loc, column, code.index(tilePixels)));
  Value imageRow = minus(code.times(row, code.index(window.stride)), imageRowBegin);
  Value imageColumn = code.times(column, code.index(window.stride));
  imageColumn = code.times(minus(imageColumn, code.index(window.pad)), columnStep());
  if (inPlace)
    imageColumn = code.add(imageBase, imageColumn);
  Values begin;
  for (int64_t p = 0; p < pixels; ++p)
    llvm::append_range(begin, initial);
  Values sums = fold(from, to, begin, [&](Value tapRow, ValueRange carried) {
    Value at = code.add(imageRow, code.times(tapRow, code.index(window.dilation)));
    at = code.add(imageColumn, code.times(minus(at, code.index(window.pad)), rowStep()));
    Value weightAt = code.add(weightBase, code.times(tapRow, code.index(tapColumns * granules * granuleStride())));
    return tapsOfRow(at, column, pixels, weightAt, carried);
  });
  for (int64_t p = 0; p < pixels; ++p) {
    Value pixel = code.add(column, code.index(p));
    ValueRange mine = ValueRange(sums).slice(p * panelVectors, panelVectors);
    if (!hasRowBuffer())
      finishPixel(mine, row, pixel);
    for (int64_t q = 0; hasRowBuffer() && q < panelVectors; ++q)
      code.store(mine[q], rowBuffer, code.add(code.times(pixel, code.index(panelOutputs)), code.index(q * code.lanes)),
                 {});
  }
}

/// Pixels [first, second) of a tile that meet the image at tap column `tapColumn`.
std::pair<int64_t, int64_t> OutputConvolution::pixelsInside(int64_t tileColumn, int64_t pixels,
                                                            int64_t tapColumn) const {
  auto isOutside = [&](int64_t p) {
    int64_t place = (tileColumn + p) * window.stride + tapColumn * window.dilation - window.pad;
    return place < 0 || place >= imageWidth;
  };
  int64_t first = 0, end = pixels;
  while (first < end && isOutside(first))
    ++first;
  while (first < end && isOutside(end - 1))
    --end;
  return {first, end};
}

/// Neighbouring tap columns that meet the same pixels are one loop.
OutputConvolution::Values OutputConvolution::tapsOfRow(Value at, Value column, int64_t pixels, Value weightAt,
                                                       ValueRange sums) {
  std::optional<int64_t> known = constantIndex(column);
  auto met = [&](int64_t k) { return known ? pixelsInside(*known, pixels, k) : std::pair(int64_t(0), pixels); };
  Values carried(sums);
  for (int64_t from = 0, to = 0; from < tapColumns; from = to) {
    auto [first, end] = met(from);
    while (to < tapColumns && met(to) == std::pair(first, end))
      ++to;
    if (first < end)
      carried =
          fold(code.index(from), code.index(to), carried, [&, first = first, end = end](Value k, ValueRange values) {
            return tap(at, k, first, end, weightAt, values);
          });
  }
  return carried;
}

/// All channels of one tap for pixels [first, end) of the tile.
OutputConvolution::Values OutputConvolution::tap(Value at, Value tapColumn, int64_t first, int64_t end, Value weightAt,
                                                 ValueRange sums) {
  Value pixelsAt = code.add(at, code.times(code.times(tapColumn, code.index(window.dilation)), columnStep()));
  Value tapAt = code.add(weightAt, code.times(tapColumn, code.index(granules * granuleStride())));
  ValueRange met = sums.slice(first * panelVectors, (end - first) * panelVectors);
  Values more = fold(code.index(0), code.index(granules), met, [&](Value granule, ValueRange carried) {
    Value granuleAt = code.add(pixelsAt, code.times(granule, granuleStep()));
    Value weightsBegin = code.add(tapAt, code.times(granule, code.index(granuleStride())));
    Values weights = weightsAt(weightsBegin), next;
    prefetchNextPanel(weightsBegin);
    for (int64_t p = first; p < end; ++p) {
      Value pixel = pixelAt(code.add(granuleAt, code.times(code.index(p * window.stride), columnStep())));
      for (Value weight : weights)
        next.push_back(dot.add(code, pixel, weight, carried[next.size()]));
    }
    return next;
  });
  Values all(sums);
  llvm::copy(more, all.begin() + first * panelVectors);
  return all;
}

/// A granule of a pixel in every lane.
Value OutputConvolution::pixelAt(Value at) const {
  return inPlace ? dot.ofLeft(code, window.image.memory, at, code.index(1), {}) : dot.ofPackedLeft(code, imagePart, at);
}

/// The panel that comes next, spread over the steps of all tiles of this one: weights of many channels stay in no
/// cache from call to call. Prefetches beyond the last panel read nothing that could fault.
void OutputConvolution::prefetchNextPanel(Value weightAt) {
  if (aheadStep == 0)
    return;
  int64_t steps = tapRows * tapColumns * granules;
  Value step = arith::DivUIOp::create(b, code.loc, minus(weightAt, panelBase), code.index(granuleStride()));
  step = code.add(step, code.times(tileNumber, code.index(steps)));
  Value at =
      code.add(code.add(panelBase, code.index(steps * granuleStride())), code.times(step, code.index(aheadStep)));
  memref::PrefetchOp::create(b, code.loc, panels, ValueRange{at}, /*isWrite=*/false, /*localityHint=*/2,
                             /*isDataCache=*/true);
}

/// A granule of every output of a panel.
OutputConvolution::Values OutputConvolution::weightsAt(Value at) {
  Values weights;
  for (int64_t q = 0; q < panelVectors; ++q)
    weights.push_back(dot.ofPanel(code, panels, code.add(at, code.index(q * code.lanes * dot.elements()))));
  return weights;
}

//===- Results ----------------------------------------------------------------------------------------------------===//

/// Epilogue and store of a panel's outputs of one pixel.
void OutputConvolution::finishPixel(ValueRange sums, Value row, Value column) {
  Values digits(batch);
  Value output = code.add(code.times(groupNumber, code.index(outputs)), firstOutput);
  digits.append(
      {Value(), isLine ? code.index(0) : row, isLine ? code.add(code.times(row, code.index(width)), column) : column});
  for (auto [q, sum] : llvm::enumerate(sums)) {
    digits[window.batch] = code.add(output, code.index(int64_t(q) * code.lanes));
    finish(sum, digits, code.index(0), exist[q]);
  }
}

/// The same of a row, where the epilogue is long.
void OutputConvolution::finishPixels(Value row) {
  loop(code.index(0), code.index(width), 1, [&](Value column) {
    Values sums;
    for (int64_t q = 0; q < panelVectors; ++q) {
      Value at = code.add(code.times(column, code.index(panelOutputs)), code.index(q * code.lanes));
      sums.push_back(code.load(rowBuffer, at, code.index(1), accumulator, {}));
    }
    finishPixel(sums, row, column);
  });
}

/// Squares of the row are transposed into vectors along the columns.
void OutputConvolution::finishRow(Value row) {
  Values digits(batch);
  Value groupBegin = code.times(groupNumber, code.index(outputs));
  digits.append({Value(), isLine ? code.index(0) : row});
  Value left = least(code.index(panelOutputs), minus(code.index(outputs), firstOutput));
  ColumnRange columns{code.index(0), code.index(width), width};
  loop(code.index(0), left, code.lanes, [&](Value place) {
    Value numOutputs = least(code.index(code.lanes), minus(left, place));
    Value outputsBegin = code.add(code.add(groupBegin, firstOutput), place);
    walkColumns(code, columns, 1, 1, {}, [&](Value column, ArrayRef<Value> masks, ValueRange) {
      Values pixels;
      for (int64_t i = 0; i < code.lanes; ++i) {
        Value at = code.times(code.add(column, code.index(i)), code.index(panelOutputs));
        pixels.push_back(code.load(rowBuffer, code.add(at, place), code.index(1), accumulator, {}));
      }
      Value first = isLine ? code.add(code.times(row, code.index(width)), column) : column;
      finishSquare(code.transpose(pixels), digits, outputsBegin, numOutputs, first, masks[0]);
      return Values();
    });
  });
}

/// Epilogue and store of the outputs of a square, which are unrolled where all are there and the epilogue is short.
void OutputConvolution::finishSquare(ArrayRef<Value> vectors, ValueRange digits, Value outputsBegin, Value numOutputs,
                                     Value column, Value mask) {
  if (outputs % code.lanes == 0 && !epilogue.isLong()) {
    for (auto [i, vector] : llvm::enumerate(vectors))
      finishOutput(vector, digits, code.add(outputsBegin, code.index(i)), column, mask);
    return;
  }
  for (auto [i, vector] : llvm::enumerate(vectors))
    code.store(vector, square, code.index(int64_t(i) * code.lanes), {});
  loop(code.index(0), numOutputs, 1, [&](Value output) {
    Value sum = code.load(square, code.times(output, code.index(code.lanes)), code.index(1), accumulator, {});
    finishOutput(sum, digits, code.add(outputsBegin, output), column, mask);
  });
}

void OutputConvolution::finishOutput(Value sum, ValueRange digits, Value output, Value column, Value mask) {
  Values here(digits);
  here[window.batch] = output;
  Value at = code.add(elementAt(code, frame, out, here), code.times(column, size(out.strides[window.columnLoop()])));
  Value below =
      code.add(at, size(out.strides[window.rowLoop()])); // written next, and each output's is a page of its own
  memref::PrefetchOp::create(b, code.loc, out.memory, ValueRange{below}, /*isWrite=*/true, /*localityHint=*/3,
                             /*isDataCache=*/true);
  finish(sum, here, column, mask);
}

FailureOr<Kernel> OutputConvolution::build() {
  if (failed(resolve()))
    return failure();
  dot = DotStep(window.op, level);
  if (dot.flushes())
    frame.setRoute(Bf16Sums::FlushedPairs);
  resolveShape();
  Dim scratchBytes = makeScratch();
  Value count = code.index(numPanels());
  Value firstPart = arith::DivUIOp::create(b, code.loc, frame.begin, count);
  Value endPart = arith::CeilDivUIOp::create(b, code.loc, frame.end, count);
  loop(firstPart, endPart, 1, [&](Value part) {
    enterPart(part);
    if (!inPlace)
      packPart();
    Value first = code.times(part, count);
    Value from = greatest(code.index(0), minus(frame.begin, first)), to = least(count, minus(frame.end, first));
    loop(from, to, 1, [&](Value number) { panel(number); });
  });
  Dim blocks = Dim::constant(llvm::divideCeilSigned(height, unitRows));
  return finished(numUnits({Dim::constant(groups), blocks, Dim::constant(numPanels())}), 1, scratchBytes);
}

} // namespace

FailureOr<Kernel> buildOutputConvolution(func::FuncOp group, StringRef name, const Level &level) {
  return buildWindow<OutputConvolution>(group, name, level);
}

} // namespace batten
