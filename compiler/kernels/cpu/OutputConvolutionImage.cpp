// OutputConvolutionImage.cpp - where a convolution with outputs in lanes has what its tiles read of the image.
//
//   in place   [row][column][channel], the channels of a granule side by side
//   packed     [row][granule of channels][part of a step][column]
//   by pixels  [row][column][part of a step][granule of channels], of an image whose channels lie side by side
//
// Where a step has parts (DotStep.h) the image is always packed, and what it multiplies is widened then: a tile has one
// broadcast from memory a pixel and part, as of f32, for every panel of outputs and every tap that meets the pixel.
// Weights stay as narrow as they are: a tile widens a vector of them for all its pixels.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/OutputConvolution.h"
#include "compiler/kernels/cpu/WidenedRow.h"

using namespace mlir;

namespace batten {

int64_t OutputConvolution::pixelWords() const {
  int64_t words = granules * dot.parts(), wordBytes = elementBytes(dot.packedElement());
  return byPixels && words * wordBytes % conflictBytes == 0 ? words + lineBytes / wordBytes : words;
}

Value OutputConvolution::rowStep() const {
  return frame.size(inPlace ? window.image.rowStride : Dim::constant(pixelWords()) * imageWidth);
}

Value OutputConvolution::columnStep() const {
  return inPlace ? frame.size(window.image.columnStride) : code.index(byPixels ? pixelWords() : 1);
}

Value OutputConvolution::granuleStep() const {
  if (inPlace || byPixels)
    return code.index(inPlace ? dot.elements() : 1);
  return frame.size(imageWidth * Dim::constant(dot.parts()));
}

Value OutputConvolution::partStep() const { return byPixels ? code.index(granules) : frame.size(imageWidth); }

/// A window of one tap meets the pixels of its stride alone: they are packed as an image of their own.
void OutputConvolution::skipPixels() {
  Image &image = window.image;
  image.rowStride = image.rowStride * Dim::constant(window.stride);
  image.columnStride = image.columnStride * Dim::constant(window.stride);
  image.height = height;
  image.width = width;
  window.stride = 1;
}

/// Rows [from, to) of an image whose channels lie side by side.
void OutputConvolution::packPixels(Value from, Value to) {
  const Image &image = window.image;
  loop(from, to, 1, [&](Value row) {
    Value source = code.add(part.image, code.times(minus(row, code.index(imagePad)), size(image.rowStride)));
    Value target = code.times(minus(row, imageRowBegin), rowStep());
    loop(code.index(0), size(imageWidth - Dim::constant(2 * imagePad)), 1, [&](Value column) {
      LeftRow pixel{image.memory, code.add(source, code.times(column, size(image.columnStride))), code.index(1),
                    code.index(channels)};
      Value at = code.add(target, code.times(code.add(column, code.index(imagePad)), columnStep()));
      SmallVector<WordPlace> planes;
      for (int64_t part = 0; part < dot.parts(); ++part)
        planes.push_back({imagePart, code.add(at, code.times(code.index(part), partStep()))});
      widenRow(code, dot, pixel, planes);
    });
  });
}

} // namespace batten
