// OutputConvolutionTiles.cpp - the tiles of a convolution with outputs in lanes, and how their sums become results.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/ColumnWalk.h"
#include "compiler/kernels/cpu/LoopCode.h"
#include "compiler/kernels/cpu/OutputConvolution.h"
#include "compiler/kernels/cpu/RowCode.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace batten {

//===- Tiles ------------------------------------------------------------------------------------------------------===//

/// True if every tap of every pixel meets the image.
bool OutputConvolution::isInside(int64_t tileColumn, int64_t pixels) const {
  int64_t first = tileColumn * window.stride - window.pad;
  return first >= 0 &&
         first + (pixels - 1) * window.stride + (tapColumns - 1) * window.dilation < *imageWidth.constantValue();
}

/// Tiles of a row differ by a pixel at most: a short one would read the weights for little. Those whose taps fall
/// beside the image are built for their place; those between them are loops.
void OutputConvolution::tilesOfRow(Value row, Value weightBase) {
  int64_t ofRow = *width.constantValue(), tiles = llvm::divideCeilSigned(ofRow, tilePixels);
  int64_t numLong = ofRow - tiles * (tilePixels - 1);
  Value firstTile = code.times(minus(row, rowBegin), code.index(tiles));
  for (int64_t number = 0, at = 0; number < tiles;) {
    int64_t pixels = number < numLong ? tilePixels : tilePixels - 1, of = number < numLong ? numLong : tiles;
    int64_t count = 0;
    while (number + count < of && isInside(at + count * pixels, pixels))
      ++count;
    count = std::max<int64_t>(count, 1);
    LoopCode::loop(code.index(at), code.index(at + count * pixels), code.index(pixels), [&](Value column) {
      Value before = quotient(minus(column, code.index(at)), code.index(pixels));
      tileNumber = code.add(code.add(firstTile, code.index(number)), before);
      tile(row, column, pixels, weightBase);
    });
    at += count * pixels;
    number += count;
  }
}

void OutputConvolution::tile(Value row, Value column, int64_t pixels, Value weightBase) {
  auto [from, to] = tapRowsInside(row);
  Value imageRow = minus(code.times(row, code.index(window.stride)), imageRowBegin);
  Value imageColumn = code.times(column, code.index(window.stride));
  imageColumn = code.times(minus(imageColumn, code.index(window.pad)), columnStep());
  if (inPlace)
    imageColumn = code.add(part.image, imageColumn);
  Values begin;
  for (int64_t p = 0; p < pixels; ++p)
    llvm::append_range(begin, initial);
  findOperandsAhead(pixels, row, column);
  Values sums = fold(from, to, begin, [&](Value tapRow, ValueRange carried) {
    Value at = code.add(imageRow, code.times(tapRow, code.index(window.dilation)));
    at = code.add(imageColumn, code.times(minus(at, code.index(window.pad)), rowStep()));
    Value weightAt = code.add(weightBase, code.times(tapRow, code.index(tapColumns * granules * granuleStride())));
    return isAtEdge ? tapsAtEdge(at, column, pixels, weightAt, carried)
                    : tapsOfRow(at, column, pixels, weightAt, carried);
  });
  if (!hasRowBuffer())
    return isAtEdge ? finishEdge(sums, row, column) : finishPixels(sums, row, column);
  for (auto [i, sum] : llvm::enumerate(sums)) {
    Value pixel = code.add(column, code.index(i / panelVectors));
    Value vector = code.index(i % panelVectors * code.lanes);
    code.store(sum, rowBuffer, code.add(code.times(pixel, code.index(panelOutputs)), vector), {});
  }
}

/// Pixels [first, second) of a tile that meet the image at tap column `tapColumn`.
std::pair<int64_t, int64_t> OutputConvolution::pixelsInside(int64_t tileColumn, int64_t pixels,
                                                            int64_t tapColumn) const {
  auto isOutside = [&](int64_t p) {
    int64_t place = (tileColumn + p) * window.stride + tapColumn * window.dilation - window.pad;
    return place < 0 || place >= *imageWidth.constantValue();
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
  Values pixels;
  for (int64_t p = first; p < end; ++p)
    pixels.push_back(code.add(pixelsAt, code.times(code.index(p * window.stride), columnStep())));
  ValueRange met = sums.slice(first * panelVectors, (end - first) * panelVectors);
  Values all(sums);
  llvm::copy(channelsOfTap(pixels, tapColumn, weightAt, met), all.begin() + first * panelVectors);
  return all;
}

/// The same of pixels whose first channels are at `pixels`.
OutputConvolution::Values OutputConvolution::channelsOfTap(ValueRange pixels, Value tapColumn, Value weightAt,
                                                           ValueRange sums) {
  Value tapAt = code.add(weightAt, code.times(tapColumn, code.index(granules * granuleStride())));
  auto turns = [&](int64_t from, int64_t to, int64_t steps, bool areWhole, ValueRange sums) {
    return LoopCode::fold(code.index(from), code.index(to), code.index(steps), sums, [&](Value granule, auto before) {
      Values next(before);
      for (int64_t number = 0; number < steps; ++number)
        next = step(pixels, {granule, number}, tapAt, areWhole, next);
      return next;
    });
  };
  int64_t whole = dot.isEmpty(0) ? channels / dot.elements() : granules, ofTurn = stepsOfTurn(pixels.size());
  int64_t turned = whole / ofTurn * ofTurn;
  Values carried = turns(0, turned, ofTurn, true, sums);
  return turns(whole, granules, 1, false, turns(turned, whole, 1, true, carried));
}

/// As of a product (MicroKernel.cpp). Zen 3 beside busy neighbours: 3x3 of 128 channels @28 in 0.93 of the time.
int64_t OutputConvolution::stepsOfTurn(int64_t pixels) const {
  int64_t together = level.stepsTogether();
  bool isTall = pixels + 1 >= level.convolutionPixels(panelVectors);
  return isTall && dot.parts() == 1 && granules >= 2 * together ? together : 1;
}

/// Of what has its granules `stride` apart. The number is added last: a constant is part of an address.
Value OutputConvolution::offsetOf(const Step &step, Value stride) {
  return code.add(code.times(step.granule, stride), code.times(code.index(step.number), stride));
}

/// Those of a granule.
OutputConvolution::Values OutputConvolution::step(ValueRange pixels, Step at, Value tapAt, bool isWhole,
                                                  ValueRange sums) {
  Values next(sums);
  for (int64_t part = 0; part < dot.parts(); ++part) {
    if (isWhole || !dot.isEmpty(part))
      addPart(pixels, at, part, tapAt, next);
    else
      for (Value &sum : next)
        sum = dot.addNothing(code, sum);
    at.granule = dot.endPart(code, at.granule, next);
  }
  return next;
}

/// A part of them, the last of which fetches what comes later.
void OutputConvolution::addPart(ValueRange pixels, const Step &step, int64_t part, Value tapAt, Values &sums) {
  Value granuleAt = offsetOf(step, granuleStep());
  if (part > 0)
    granuleAt = code.add(granuleAt, code.times(code.index(part), partStep()));
  Value weightsBegin = code.add(tapAt, offsetOf(step, code.index(granuleStride())));
  Values weights = weightsAt(weightsBegin);
  for (Value &weight : weights)
    weight = dot.partOf(code, weight, part);
  if (part == dot.parts() - 1)
    prefetch(weightsBegin);
  for (auto [p, at] : llvm::enumerate(pixels)) {
    Value pixel = pixelAt(code.add(at, granuleAt));
    for (auto [q, weight] : llvm::enumerate(weights)) {
      Value &sum = sums[p * panelVectors + q];
      sum = dot.addPart(code, pixel, weight, sum);
    }
  }
}

/// In the step whose weights are at `weightsBegin`.
void OutputConvolution::prefetch(Value weightsBegin) {
  Value step = quotient(minus(weightsBegin, panelBase), code.index(granuleStride()));
  prefetchNextPanel(step);
  prefetchOperands(step);
}

/// A granule of a pixel in every lane, or the part of it that lies there.
Value OutputConvolution::pixelAt(Value at) const {
  return inPlace ? dot.ofLeft(code, window.image.memory, at, code.index(1), {}) : dot.ofPackedLeft(code, imagePart, at);
}

/// The panel that comes next, spread over the steps of all tiles of this one: weights of many channels stay in no
/// cache from call to call. Prefetches beyond the last panel read nothing that could fault.
void OutputConvolution::prefetchNextPanel(Value step) {
  if (aheadStep == 0)
    return;
  step = code.add(step, code.times(tileNumber, code.index(steps())));
  Value at =
      code.add(code.add(panelBase, code.index(steps() * granuleStride())), code.times(step, code.index(aheadStep)));
  code.prefetch(panels, at, Cache::L2);
}

/// What is added to the pixels of a tile.
void OutputConvolution::findOperandsAhead(int64_t pixels, Value row, Value column) {
  operandsAhead.clear();
  pixelsAhead = pixels;
  if (hasRowBuffer() || steps() < pixels)
    return;
  Result first = resultsOf(Values(1), row, column).front();
  for (const Operand *operand : epilogue.operandsAlong(window.columnLoop()))
    operandsAhead.push_back({operand->memory, placeOf(first, *operand), size(operand->strides[window.columnLoop()])});
}

/// A pixel of it every few steps: each panel meets a line or two of a pixel, no stream that the hardware would see, and
/// all at once would hold up the weights.
void OutputConvolution::prefetchOperands(Value step) {
  int64_t stepsOfPixel = llvm::bit_floor(uint64_t(steps() / pixelsAhead));
  for (const Ahead &operand : operandsAhead) {
    Value pixel = signedLeast(quotient(step, code.index(stepsOfPixel)), code.index(pixelsAhead - 1));
    Value at = code.add(operand.at, code.times(pixel, operand.pixelStep));
    for (int64_t q = 0; q < panelVectors; ++q)
      code.prefetch(operand.memory, code.add(at, code.index(q * code.lanes)), Cache::L1);
  }
}

/// A granule of every output of a panel.
OutputConvolution::Values OutputConvolution::weightsAt(Value at) {
  Values weights;
  for (int64_t q = 0; q < panelVectors; ++q)
    weights.push_back(dot.ofPanel(code, panels, code.add(at, code.index(q * code.lanes * dot.elements()))));
  return weights;
}

//===- Results ----------------------------------------------------------------------------------------------------===//

/// A panel's outputs of the pixels from `column` on.
SmallVector<OutputConvolution::Result> OutputConvolution::resultsOf(ValueRange sums, Value row, Value column) {
  Value output = code.add(code.times(part.group, code.index(outputs)), firstOutput);
  SmallVector<Result> results;
  for (auto [i, sum] : llvm::enumerate(sums)) {
    Value pixel = code.add(column, code.index(i / panelVectors));
    int64_t q = i % panelVectors;
    Values digits(part.batch);
    digits.push_back(code.add(output, code.index(q * code.lanes)));
    if (isLine)
      digits.append({code.index(0), code.add(code.times(row, size(width)), pixel)});
    else
      digits.append({row, pixel});
    results.push_back({sum, digits, code.index(0), exist[q]});
  }
  return results;
}

/// Where the sums of a pixel are: a row's, or those of all rows of the part.
Value OutputConvolution::bufferOf(Value row, Value column) const {
  Value pixel = isByTaps ? code.add(code.times(minus(row, rowBegin), frame.size(width)), column) : column;
  return code.times(pixel, code.index(panelOutputs));
}

/// The same of a row, where the epilogue is long.
void OutputConvolution::finishPixelsOf(Value row) {
  loop(code.index(0), size(width), 1, [&](Value column) {
    Values sums;
    for (int64_t q = 0; q < panelVectors; ++q) {
      Value at = code.add(bufferOf(row, column), code.index(q * code.lanes));
      sums.push_back(code.load(rowBuffer, at, code.index(1), accumulator, {}));
    }
    finishPixels(sums, row, column);
  });
}

/// Squares of the row are transposed into vectors along the columns.
void OutputConvolution::finishRow(Value row) {
  Values digits(part.batch);
  Value groupBegin = code.times(part.group, code.index(outputs));
  digits.append({Value(), isLine ? code.index(0) : row});
  Value left = signedLeast(code.index(panelOutputs), minus(code.index(outputs), firstOutput));
  ColumnRange columns{code.index(0), size(width), width.constantValue()};
  loop(code.index(0), left, code.lanes, [&](Value place) {
    Value numOutputs = signedLeast(code.index(code.lanes), minus(left, place));
    Value outputsBegin = code.add(code.add(groupBegin, firstOutput), place);
    walkColumns(code, columns, 1, 1, {}, [&](Value column, ArrayRef<Value> masks, ValueRange) {
      Values pixels;
      for (int64_t i = 0; i < code.lanes; ++i) {
        Value at = bufferOf(row, code.add(column, code.index(i)));
        pixels.push_back(code.load(rowBuffer, code.add(at, place), code.index(1), accumulator, {}));
      }
      Value first = isLine ? code.add(code.times(row, size(width)), column) : column;
      finishSquare(code.turnSquares(pixels), digits, outputsBegin, numOutputs, first, masks[0]);
      return Values();
    });
  });
}

/// Epilogue and store of the outputs of a square, which are unrolled where all are there and the epilogue is short.
void OutputConvolution::finishSquare(ArrayRef<Value> vectors, ValueRange digits, Value outputsBegin, Value numOutputs,
                                     Value column, Value mask) {
  if (outputs % code.lanes == 0 && !epilogue.isLong()) {
    SmallVector<Result> results;
    for (auto [i, vector] : llvm::enumerate(vectors))
      results.push_back(resultOf(vector, digits, code.add(outputsBegin, code.index(i)), column, mask));
    return finish(results);
  }
  for (auto [i, vector] : llvm::enumerate(vectors))
    code.store(vector, square, code.index(int64_t(i) * code.lanes), {});
  loop(code.index(0), numOutputs, 1, [&](Value output) {
    Value sum = code.load(square, code.times(output, code.index(code.lanes)), code.index(1), accumulator, {});
    finish(resultOf(sum, digits, code.add(outputsBegin, output), column, mask));
  });
}

/// Its place is fetched meanwhile.
OutputConvolution::Result OutputConvolution::resultOf(Value sum, ValueRange digits, Value output, Value column,
                                                      Value mask) {
  Values here(digits);
  here[window.batch] = output;
  Value at = code.add(elementAt(code, frame, out, here), code.times(column, size(out.strides[window.columnLoop()])));
  // Written next, and each output's is a page of its own.
  Value below = code.add(at, size(out.strides[window.rowLoop()]));
  code.prefetch(out.memory, below, Cache::L1, /*isWrite=*/true);
  return {sum, here, column, mask};
}

} // namespace batten
