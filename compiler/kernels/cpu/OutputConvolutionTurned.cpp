// OutputConvolutionTurned.cpp - an image that a convolution with outputs in lanes packs with its channels innermost.
//
// A tile then reads a line of each pixel for many channels; where a row of each channel lies behind that of another, it
// reads a line or two of each row for a few pixels, and those of many channels leave L1 before the next tile comes.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/ColumnWalk.h"
#include "compiler/kernels/cpu/OutputConvolution.h"

using namespace mlir;

namespace batten {

/// Rows [from, to) of the image, squares of pixels by channels transposed. What a square has beyond its row is written
/// before the next row is. Rows of each channel are short and far apart: the next square's are fetched.
void OutputConvolution::packTurned(Value from, Value to) {
  const Image &image = window.image;
  Value columnStride = size(image.columnStride), channelStride = size(image.channelStride);
  Dim squareStride = image.channelStride * Dim::constant(code.lanes);
  ColumnRange columns{code.index(0), size(imageWidth), imageWidth.constantValue()};
  loop(from, to, 1, [&](Value row) {
    Value source = code.add(part.image, code.times(row, size(image.rowStride)));
    Value target = code.times(minus(row, imageRowBegin), size(imageWidth));
    loop(code.index(0), code.index(channels), code.lanes, [&](Value channel) {
      walkColumns(code, columns, 1, 1, {}, [&](Value column, ArrayRef<Value> masks, ValueRange) {
        Value at = code.add(source, code.times(column, columnStride));
        Values ofChannels, places;
        for (int64_t i = 0; i < code.lanes; ++i) {
          Value plane = code.times(code.add(channel, code.index(i)), channelStride);
          if (!isLine) // whose channels follow one another
            code.prefetch(image.memory, code.add(code.add(at, plane), size(squareStride)), Cache::L1);
          ofChannels.push_back(code.load(image.memory, code.add(at, plane), columnStride, accumulator, masks[0]));
          Value pixel = code.times(code.add(code.add(target, column), code.index(i)), code.index(pixelWords()));
          places.push_back(code.add(pixel, channel));
        }
        code.storeTurned(ofChannels, imagePart, places, /*areDense=*/false);
        return Values();
      });
    });
  });
}

} // namespace batten
