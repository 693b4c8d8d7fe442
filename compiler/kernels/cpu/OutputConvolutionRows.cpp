// OutputConvolutionRows.cpp - tiles of a convolution with outputs in lanes whose rows are as wide as the call says.
//
// A row is cut as one of a known width is, into as few tiles as there must be, of two sizes that differ by little;
// there is code for a few sizes, down to half of what the registers hold. A tile whose taps all meet the image is as
// any other. One at an end of the row reads the nearest pixel of the image in place of one beside it, whose sum then
// stays what it was; what it has beyond the row is not stored.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/OutputConvolution.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace batten {

/// Sizes of tiles that there is code for.
constexpr int64_t mostTileSizes = 4;

/// Finds which columns of a row are tiles of how many pixels, the longer ones first.
void OutputConvolution::cutRow() {
  // More pixels than fill one tile are tiles of more than half of that.
  int64_t fewest = tilePixels / 2 + 1, step = llvm::divideCeilSigned(tilePixels - fewest + 1, mostTileSizes);
  int64_t last = (tilePixels - fewest) / step;
  Value all = size(width), tiles = size(ceilDiv(width, tilePixels));
  Value idle = minus(code.times(tiles, code.index(tilePixels)), all), idleOfStep = code.times(tiles, code.index(step));
  Value chosen = least(quotient(idle, idleOfStep), code.index(last));
  idle = minus(idle, code.times(chosen, idleOfStep));
  Value numShort = choose(same(chosen, code.index(last)), code.index(0), quotient(idle, code.index(step)));
  Value longPixels = minus(code.index(tilePixels), code.times(chosen, code.index(step)));
  Value longEnd = code.times(minus(tiles, numShort), longPixels);
  for (int64_t number = 0; number <= last; ++number) {
    Value end = choose(same(chosen, code.index(number)), longEnd, code.index(0)), begin = code.index(0);
    if (number > 0) {
      Value areShort = same(chosen, code.index(number - 1));
      begin = choose(areShort, longEnd, begin);
      end = choose(areShort, all, end);
    }
    tilesOfRows.push_back({tilePixels - number * step, begin, end});
  }
}

void OutputConvolution::tilesOfUnknownRow(Value row, Value weightBase) {
  for (const TilesOfRow &tiles : tilesOfRows)
    loop(tiles.begin, tiles.end, tiles.pixels, [&](Value column) {
      auto build = [&](bool atEdge) {
        isAtEdge = atEdge;
        tile(row, column, tiles.pixels, weightBase);
      };
      branch(isInside(column, tiles.pixels), [&] { build(false); }, [&] { build(true); });
    });
}

/// Whether every tap of every pixel meets the image; those beyond the row have one that does not.
Value OutputConvolution::isInside(Value column, int64_t pixels) {
  Value first = minus(code.times(column, code.index(window.stride)), code.index(window.pad));
  int64_t reach = (pixels - 1) * window.stride + (tapColumns - 1) * window.dilation;
  Value endsInside = signedBelow(code.add(first, code.index(reach)), size(imageWidth));
  if (window.pad == 0)
    return endsInside;
  Value beginsInside = signedBelow(code.index(-1), first);
  return arith::AndIOp::create(b, code.loc, beginsInside, endsInside);
}

/// As tapsOfRow; which pixels meet the image at a tap is asked.
OutputConvolution::Values OutputConvolution::tapsAtEdge(Value at, Value column, int64_t pixels, Value weightAt,
                                                        ValueRange sums) {
  Value begin = minus(code.times(column, code.index(window.stride)), code.index(window.pad));
  Value rowAt = minus(at, code.times(begin, columnStep())), last = minus(size(imageWidth), code.index(1));
  return fold(code.index(0), code.index(tapColumns), sums, [&](Value tapColumn, ValueRange before) {
    Value first = code.add(begin, code.times(tapColumn, code.index(window.dilation)));
    Values places, isMet;
    for (int64_t p = 0; p < pixels; ++p) {
      Value place = code.add(first, code.index(p * window.stride));
      Value nearest = signedMost(code.index(0), signedLeast(place, last));
      places.push_back(code.add(rowAt, code.times(nearest, columnStep())));
      isMet.push_back(same(place, nearest));
    }
    Values next = channelsOfTap(places, tapColumn, weightAt, before);
    for (auto [i, sum] : llvm::enumerate(next))
      sum = choose(isMet[i / panelVectors], sum, before[i]);
    return next;
  });
}

/// Results of the pixels that the row has.
void OutputConvolution::finishEdge(ValueRange sums, Value row, Value column) {
  for (size_t i = 0; i < sums.size(); i += panelVectors) {
    Value pixel = code.add(column, code.index(i / panelVectors));
    onlyIf(below(pixel, size(width)), [&] { finishPixels(sums.slice(i, panelVectors), row, pixel); });
  }
}

} // namespace batten
