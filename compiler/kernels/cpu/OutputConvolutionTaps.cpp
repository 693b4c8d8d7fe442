// OutputConvolutionTaps.cpp - a convolution with outputs in lanes whose weights pass tap by tap.
//
//   for each panel of outputs
//     the sums of all pixels of the part begin
//     for kh, for kw, for each slice of the channels     its weights stay in L1 while all pixels meet them
//       for each tile of the pixels that the tap meets
//         the tile's sums go on through the slice: the same chains as in one go
//     the epilogue and stores of every row
//
// A tile is a list of pixels that may end in the next row, so that images whose rows are short fill registers, and no
// tile has pixels that a tap does not meet.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/OutputConvolution.h"
#include <set>

using namespace mlir;

namespace batten {

//===- What is built ----------------------------------------------------------------------------------------------===//

/// How many of the places `from` .. `to` along one side of the result meet one of `extent` pixels at a tap.
int64_t OutputConvolution::numMet(int64_t from, int64_t to, int64_t tap, int64_t extent) const {
  int64_t before = window.pad - tap * window.dilation;
  auto inside = [&](int64_t end) { return std::max<int64_t>(0, llvm::divideCeilSigned(end, window.stride)); };
  return std::max<int64_t>(0, std::min(to, inside(before + extent)) - std::max(from, inside(before)));
}

/// Finds the tiles that there must be code for: those of every number of pixels that a tap of a part meets.
void OutputConvolution::cutTaps() {
  int64_t rows = *height.constantValue(), ofPart = *unitRows.constantValue();
  int64_t imageRows = *window.image.height.constantValue(), imageColumns = *imageWidth.constantValue();
  std::set<int64_t, std::greater<>> sizes;
  for (int64_t begin = 0; begin < rows; begin += ofPart)
    for (int64_t tapRow = 0; tapRow < tapRows; ++tapRow)
      for (int64_t tapColumn = 0; tapColumn < tapColumns; ++tapColumn) {
        int64_t pixels = numMet(begin, std::min(begin + ofPart, rows), tapRow, imageRows) *
                         numMet(0, *width.constantValue(), tapColumn, imageColumns);
        if (int64_t tiles = llvm::divideCeilSigned(pixels, tilePixels))
          sizes.insert({pixels / tiles, llvm::divideCeilSigned(pixels, tiles)});
      }
  tileSizes.assign(sizes.begin(), sizes.end());
  cutChannels(llvm::divideCeilSigned(ofPart * *width.constantValue(), tilePixels));
}

/// Slices fill half of L1; the tiles of a part, or of the part of it that a tap meets, fetch the next one.
void OutputConvolution::cutChannels(int64_t tilesOfPart) {
  int64_t bytesOfChannel = panelOutputs * elementBytes(accumulator);
  int64_t slices = llvm::divideCeilSigned(channels * bytesOfChannel, level.cacheBytesL1 / 2);
  sliceChannels = llvm::divideCeilSigned(channels, slices);
  linesOfTile = llvm::divideCeilSigned(sliceChannels * bytesOfChannel, tilesOfPart * lineBytes);
}

//===- Passes -----------------------------------------------------------------------------------------------------===//

void OutputConvolution::beginSums() {
  Value pixels = code.times(minus(rowEnd, rowBegin), size(width));
  loop(code.index(0), pixels, 1, [&](Value pixel) {
    for (int64_t q = 0; q < panelVectors; ++q) {
      Value at = code.add(code.times(pixel, code.index(panelOutputs)), code.index(q * code.lanes));
      code.store(initial[q], rowBuffer, at, {});
    }
  });
}

void OutputConvolution::passTaps(Value weightBase) {
  beginSums();
  LoopCode::loop(code.index(0), code.index(tapRows), code.index(1), [&](Value tapRow) {
    LoopCode::loop(code.index(0), code.index(tapColumns), code.index(1), [&](Value tapColumn) {
      Value tap = code.add(code.times(tapRow, code.index(tapColumns)), tapColumn);
      Value tapAt = code.add(weightBase, code.times(tap, code.index(channels * panelOutputs)));
      PixelsMet met = pixelsMet(tapRow, tapColumn);
      LoopCode::loop(code.index(0), code.index(channels), code.index(sliceChannels), [&](Value from) {
        Value to = signedLeast(code.index(channels), code.add(from, code.index(sliceChannels)));
        passSlice(met, tapAt, from, to);
      });
    });
  });
}

/// Places [first, second) of `from` .. `to` along one side of the result where a tap meets one of `extent` pixels.
std::pair<Value, Value> OutputConvolution::placesMet(Value from, Value to, Value tap, const Dim &extent) {
  if (window.pad == 0)
    return {from, to};
  Value before = minus(code.index(window.pad), code.times(tap, code.index(window.dilation)));
  Value end = firstInside(code.add(before, size(extent)), window.stride);
  return {signedMost(from, firstInside(before, window.stride)), signedLeast(to, end)};
}

OutputConvolution::PixelsMet OutputConvolution::pixelsMet(Value tapRow, Value tapColumn) {
  auto [firstRow, endRow] = placesMet(rowBegin, rowEnd, tapRow, window.image.height);
  auto [firstColumn, endColumn] = placesMet(code.index(0), size(width), tapColumn, imageWidth);
  auto imagePlace = [&](Value place, Value tap) {
    Value at = code.add(code.times(place, code.index(window.stride)), code.times(tap, code.index(window.dilation)));
    return minus(at, code.index(window.pad));
  };
  Value imageRow = minus(imagePlace(firstRow, tapRow), imageRowBegin);
  Value image = code.add(code.times(imageRow, rowStep()), code.times(imagePlace(firstColumn, tapColumn), columnStep()));
  if (inPlace)
    image = code.add(part.image, image);
  Value pixel = code.add(code.times(minus(firstRow, rowBegin), size(width)), firstColumn);
  Value columns = signedMost(code.index(0), minus(endColumn, firstColumn));
  Value rows = signedMost(code.index(0), minus(endRow, firstRow));
  Value lastColumn = minus(columns, code.index(1));
  Value pixelStep = code.times(columnStep(), code.index(window.stride));
  Value rowJump = minus(code.times(rowStep(), code.index(window.stride)), code.times(lastColumn, pixelStep));
  Value sumJump = code.times(minus(size(width), lastColumn), code.index(panelOutputs));
  return {code.times(rows, columns),
          lastColumn,
          pixelStep,
          rowJump,
          sumJump,
          {image, code.times(pixel, code.index(panelOutputs)), code.index(0)}};
}

/// The pixel behind `pixel`: the next of its row, or the first of the next row.
OutputConvolution::Pixel OutputConvolution::behind(const Pixel &pixel, const PixelsMet &met) {
  Value isLast = same(pixel.column, met.lastColumn);
  return {code.add(pixel.image, choose(isLast, met.rowJump, met.pixelStep)),
          code.add(pixel.sum, choose(isLast, met.sumJump, code.index(panelOutputs))),
          choose(isLast, code.index(0), code.add(pixel.column, code.index(1)))};
}

/// Channels [from, to) of a tap: as few tiles as there must be, of two sizes that differ by one.
void OutputConvolution::passSlice(const PixelsMet &met, Value tapAt, Value from, Value to) {
  Value tiles = ceilQuotient(met.count, code.index(tilePixels));
  Value least = quotient(met.count, most(tiles, code.index(1)));
  Value longer = minus(met.count, code.times(least, tiles));
  Value behindSlice = code.add(tapAt, code.times(to, code.index(panelOutputs)));
  Values carried{met.first.image, met.first.sum, met.first.column, behindSlice};
  for (int64_t pixels : tileSizes) {
    Value shorter = choose(same(least, code.index(pixels)), minus(tiles, longer), code.index(0));
    Value count = choose(same(least, code.index(pixels - 1)), longer, shorter);
    carried = fold(code.index(0), count, carried, [&](Value, ValueRange at) {
      Pixel next{at[0], at[1], at[2]};
      SmallVector<Pixel> tile;
      for (int64_t p = 0; p < pixels; ++p, next = behind(next, met))
        tile.push_back(next);
      passTile(tile, tapAt, from, to);
      return Values{next.image, next.sum, next.column, prefetchLines(at[3])};
    });
  }
}

/// A tile's share of the weights behind a slice, which are the next one's: no cache holds them from call to call.
Value OutputConvolution::prefetchLines(Value at) {
  int64_t ofLine = lineBytes / elementBytes(accumulator);
  for (int64_t line = 0; line < linesOfTile; ++line)
    code.prefetch(panels, code.add(at, code.index(line * ofLine)), Cache::L2);
  return code.add(at, code.index(linesOfTile * ofLine));
}

void OutputConvolution::passTile(ArrayRef<Pixel> tile, Value tapAt, Value from, Value to) {
  auto placeOfSum = [&](int64_t i) {
    return code.add(tile[i / panelVectors].sum, code.index(i % panelVectors * code.lanes));
  };
  int64_t count = int64_t(tile.size()) * panelVectors;
  Values begin;
  for (int64_t i = 0; i < count; ++i)
    begin.push_back(code.load(rowBuffer, placeOfSum(i), code.index(1), accumulator, {}));
  Values sums = fold(from, to, begin, [&](Value channel, ValueRange carried) {
    Values weights = weightsAt(code.add(tapAt, code.times(channel, code.index(panelOutputs)))), next;
    for (const Pixel &pixel : tile) {
      Value value = pixelAt(code.add(pixel.image, code.times(channel, granuleStep())));
      for (Value weight : weights)
        next.push_back(dot.add(code, value, weight, carried[next.size()]));
    }
    return next;
  });
  for (int64_t i = 0; i < count; ++i)
    code.store(sums[i], rowBuffer, placeOfSum(i), {});
}

} // namespace batten
