// PixelConvolutionTiles.cpp - the chains of a tile of a convolution with pixels in lanes, and its results.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/PixelConvolution.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace batten {

/// Multiply-adds of a row of taps that are still unrolled.
constexpr int64_t unrolledProducts = 128;

//===- Chains -----------------------------------------------------------------------------------------------------===//

PixelConvolution::Values PixelConvolution::accumulate() {
  Value none = arith::ConstantOp::create(b, code.loc, b.getZeroAttr(code.type(accumulator)));
  Values zeros(numOutputs * tileHeight * tileVectors, none);
  Value from = code.index(0), to = size(window.extents[window.tapRowLoop()]);
  if (tileHeight == 1)
    std::tie(from, to) = tapRowsInside(row);
  else if (std::optional<int64_t> known = window.extents[window.tapRowLoop()].constantValue())
    to = code.index(*known);
  return fold(from, to, zeros, [&](Value tapRow, ValueRange sums) { return tapsOfRow(tapRow, sums); });
}

PixelConvolution::Values PixelConvolution::tapsOfRow(Value tapRow, ValueRange sums) {
  Values rowsInside;
  for (int64_t r = 0; r < tileHeight; ++r)
    rowsInside.push_back(insideRow(tapRow, r));
  Dim count = window.extents[window.tapColumnLoop()];
  std::optional<int64_t> known = count.constantValue();
  if (!known || *known * int64_t(sums.size()) > unrolledProducts)
    return fold(code.index(0), size(count), sums, [&](Value tapColumn, ValueRange values) {
      return tap({tapRow, tapColumn, constantIndex(tapColumn)}, rowsInside, values);
    });
  Values values(sums);
  for (int64_t k = 0; k < *known; ++k)
    values = tap({tapRow, code.index(k), k}, rowsInside, values);
  return values;
}

/// Whether row r of the tile meets the image in this row of taps; null: it does.
Value PixelConvolution::insideRow(Value tapRow, int64_t r) {
  if (window.pad == 0 || tileHeight == 1)
    return {};
  Value at = code.add(code.times(code.add(row, code.index(r)), code.index(window.stride)),
                      code.times(tapRow, code.index(window.dilation)));
  at = minus(at, code.index(window.pad)); // below 0 is beyond every height as an unsigned number
  return below(at, size(window.image.height));
}

/// Lanes of vector q that meet the image at this tap; null: all that exist do.
Value PixelConvolution::insideColumns(const Tap &tap, int64_t q) {
  if (window.pad == 0)
    return {};
  Value first = code.add(column, code.index(q * code.lanes));
  std::optional<int64_t> place = constantIndex(first), columns = width.constantValue(),
                         imageWidth = window.image.width.constantValue();
  int64_t stride = window.stride;
  bool fromStart = false, toEnd = false;
  if (tap.knownColumn) {
    int64_t shift = *tap.knownColumn * window.dilation - window.pad;
    fromStart = shift >= 0 || (place && *place * stride + shift >= 0);
    int64_t last = columns && place ? std::min(*place + code.lanes, *columns) - 1 : columns ? *columns - 1 : 0;
    toEnd = columns && imageWidth && last * stride + shift < *imageWidth;
  }
  Value before = minus(code.index(window.pad), code.times(tap.column, code.index(window.dilation))), mask;
  if (!toEnd)
    mask = code.firstLanes(minus(firstInside(code.add(before, size(window.image.width)), stride), first));
  if (fromStart)
    return mask;
  Value outside = code.firstLanes(minus(firstInside(before, stride), first));
  Value ones = arith::ConstantOp::create(b, code.loc, b.getOneAttr(outside.getType()));
  return both(mask, arith::XOrIOp::create(b, code.loc, outside, ones));
}

PixelConvolution::Values PixelConvolution::tap(const Tap &tap, ArrayRef<Value> rowsInside, ValueRange sums) {
  Values inside, read;
  for (int64_t q = 0; q < tileVectors; ++q)
    inside.push_back(insideColumns(tap, q));
  Values columns(inside);
  inside.clear();
  for (int64_t r = 0; r < tileHeight; ++r)
    for (int64_t q = 0; q < tileVectors; ++q) {
      inside.push_back(both(columns[q], allLanes(rowsInside[r])));
      read.push_back(both(inside.back(), both(tails[q], allLanes(exists[r]))));
    }
  return eachGranule(sums, [&](Value number, Value rest, ValueRange values) {
    return granule(tap, inside, read, number, rest, values);
  });
}

/// carried = body(number of the granule, how many channels there are; null: a whole granule, carried) for each granule.
PixelConvolution::Values PixelConvolution::eachGranule(ValueRange carried,
                                                       function_ref<Values(Value, Value, ValueRange)> body) {
  const Dim &channels = window.extents[window.depthLoop()];
  Dim elements = Dim::constant(dot.elements()), rest = Dim::modulo(channels, elements);
  Dim whole = Dim::floorDiv(channels, elements);
  auto granules = [&](const Dim &from, const Dim &to, Value rest, ValueRange values) {
    return fold(size(from), size(to), values,
                [&](Value number, ValueRange values) { return body(number, rest, values); });
  };
  Values values = granules(Dim::constant(0), whole, {}, carried);
  return rest.isConstant(0) ? values : granules(whole, ceilDiv(channels, dot.elements()), size(rest), values);
}

/// A granule of channels of one tap, or a part of it: the tile's vectors of pixels.
PixelConvolution::Values PixelConvolution::pixelsOf(const Tap &tap, ArrayRef<Value> read, Value number, Value rest,
                                                    int64_t part) {
  const Image &image = window.image;
  auto place = [&](Value at, Value tapNumber) { // of the image's row or column
    Value from = code.times(at, code.index(window.stride));
    return minus(code.add(from, code.times(tapNumber, code.index(window.dilation))), code.index(window.pad));
  };
  Value depth = code.times(number, code.index(dot.elements()));
  Value plane = code.add(this->part.image, code.times(depth, size(image.channelStride)));
  Value x = code.add(plane, code.times(place(column, tap.column), size(image.columnStride)));
  Dim lanesApart = image.columnStride * Dim::constant(window.stride);
  bool isRead = isFirstBlock && part == firstPart(rest); // from the image, else as it was stored then
  Values pixels;
  for (int64_t i = 0; i < tileHeight * tileVectors; ++i) {
    Value inPart = isPacked() ? placeInPart(number, i) : Value();
    if (inPart && !isRead) {
      Value granules = code.load(imagePart, inPart, code.index(1), dot.packedElement(), {});
      pixels.push_back(dot.partOf(code, granules, part));
      continue;
    }
    Value tileRow = code.add(row, code.index(i / tileVectors));
    Value at = code.add(x, code.times(place(tileRow, tap.row), size(image.rowStride)));
    at = code.add(at, size(lanesApart * Dim::constant(i % tileVectors * code.lanes)));
    GranuleRows rows{image.memory, at, size(lanesApart), size(image.channelStride), image.element};
    if (!inPart) {
      pixels.push_back(dot.partOfRows(code, rows, read[i], rest, part));
      continue;
    }
    Value granules = dot.ofRows(code, rows, read[i], rest);
    code.store(granules, imagePart, inPart, {});
    prefetchNextTile(at, i);
    pixels.push_back(dot.partOf(code, granules, part));
  }
  return pixels;
}

/// Vector `vector` of the next tile, where this one's channel is at `at`: channels are so far apart that the hardware
/// sees no stream. (Zen 3, 256 -> 64 channels @56: 0.82 of the time.)
void PixelConvolution::prefetchNextTile(Value at, int64_t vector) {
  bool beginsLine = vector * level.vectorBytes % lineBytes == 0;
  if (!level.hasManyRegisters() && beginsLine)
    code.prefetch(window.image.memory, code.add(at, code.index(tileVectors * code.lanes)), Cache::L2);
}

/// A part of those by each output's weight, in the lanes that are inside.
void PixelConvolution::addPart(const Tap &tap, ArrayRef<Value> inside, ArrayRef<Value> read, Value number, Value rest,
                               int64_t part, Values &sums) {
  Values pixels = pixelsOf(tap, read, number, rest, part);
  Value weightsAt = placeOfWeights(tap, number, part), weight;
  bool isAlone = part > 0 && rest && dot.isEmpty(part - 1);
  for (auto [i, sum] : llvm::enumerate(sums)) {
    size_t pixel = i % inside.size();
    if (pixel == 0)
      weight = weightOf(weightsAt, i / inside.size(), rest);
    Value before = isAlone ? dot.addNothing(code, sum) : sum, more = dot.addPart(code, weight, pixels[pixel], before);
    sum = inside[pixel] ? choose(inside[pixel], more, sum) : more;
  }
}

/// A part that is there alone needs nothing that would hold it apart from others.
PixelConvolution::Values PixelConvolution::granule(const Tap &tap, ArrayRef<Value> inside, ArrayRef<Value> read,
                                                   Value number, Value rest, ValueRange sums) {
  Values next(sums);
  for (int64_t part = firstPart(rest); part < dot.parts(); ++part) {
    addPart(tap, inside, read, number, rest, part, next);
    if (firstPart(rest) == 0)
      number = dot.endPart(code, number, next);
  }
  return next;
}

//===- Results ----------------------------------------------------------------------------------------------------===//

void PixelConvolution::store(ValueRange sums) {
  int64_t pixels = tileHeight * tileVectors;
  if (!onStack) {
    SmallVector<Result> results;
    for (auto [i, sum] : llvm::enumerate(sums)) {
      int64_t r = i % pixels / tileVectors;
      results.push_back(resultOf(sum, code.index(i / pixels), code.index(r), exists[r], i % tileVectors));
    }
    return finish(results);
  }
  for (auto [i, sum] : llvm::enumerate(sums))
    code.store(sum, onStack, code.index(i * code.lanes), {});
  loop(code.index(0), code.index(numOutputs * tileHeight), 1, [&](Value i) {
    Value o = quotient(i, code.index(tileHeight));
    Value r = remainder(i, code.index(tileHeight)), rowExists;
    if (exists[0])
      rowExists = signedBelow(code.add(row, r), size(height));
    SmallVector<Result> results;
    for (int64_t q = 0; q < tileVectors; ++q) {
      Value at = code.add(code.times(i, code.index(tileVectors * code.lanes)), code.index(q * code.lanes));
      results.push_back(resultOf(code.load(onStack, at, code.index(1), accumulator, {}), o, r, rowExists, q));
    }
    finish(results);
  });
}

/// Vector q of row r of output o.
PixelConvolution::Result PixelConvolution::resultOf(Value sum, Value o, Value r, Value rowExists, int64_t q) {
  Values digits(part.batch);
  digits.push_back(code.add(code.add(firstOutput, output), o));
  digits.push_back(code.add(row, r));
  if (rowExists) // what is the same in all lanes is read whatever the mask says
    digits.back() = signedLeast(digits.back(), minus(size(height), code.index(1)));
  return {sum, digits, code.add(column, code.index(q * code.lanes)), both(tails[q], allLanes(rowExists))};
}

} // namespace batten
