// PixelConvolutionWeights.cpp - the weights of a convolution with pixels in lanes.
//
// They are read as they lie, [output][channel][kh][kw]; where a step has parts (DotStep.h), a unit widens those of a
// block of outputs first, for all its pixels. What lies in lanes is widened by the tile, which has several outputs for
// each vector of it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/PixelConvolution.h"
#include "compiler/kernels/cpu/WidenedRow.h"

using namespace mlir;

namespace batten {

/// An odd number of cache lines, or all outputs of a tile would lie in the same few lines of L1.
Dim PixelConvolution::wordsOfOutput() const {
  Dim taps = window.extents[window.tapRowLoop()] * window.extents[window.tapColumnLoop()];
  constexpr int64_t lineWords = lineBytes / 4;
  return roundUp(wordsOfTap() * taps, 2 * lineWords) + Dim::constant(lineWords);
}

/// Those of the block at hand.
void PixelConvolution::widenWeights() {
  auto stride = [&](unsigned loop) { return size(weights.strides[loop]); };
  auto count = [&](unsigned loop) { return size(window.extents[loop]); };
  unsigned rows = window.tapRowLoop(), columns = window.tapColumnLoop(), depth = window.depthLoop();
  loop(code.index(0), code.index(numOutputs), 1, [&](Value o) {
    Value from = code.add(weightBase, code.times(code.add(output, o), stride(window.channelLoop())));
    loop(code.index(0), count(rows), 1, [&](Value tapRow) {
      Value fromRow = code.add(from, code.times(tapRow, stride(rows)));
      loop(code.index(0), count(columns), 1, [&](Value tapColumn) {
        LeftRow row{weights.memory, code.add(fromRow, code.times(tapColumn, stride(columns))), stride(depth),
                    count(depth)};
        SmallVector<WordPlace> planes;
        for (int64_t part = 0; part < dot.parts(); ++part) {
          Value at = placeOfWeights({tapRow, tapColumn, {}}, code.index(0), part);
          planes.push_back({widened, code.add(at, code.times(o, size(wordsOfOutput())))});
        }
        widenRow(code, dot, row, planes);
      });
    });
  });
}

/// Where granule `number` of a tap has its weight, or a part of it, of the block's first output.
Value PixelConvolution::placeOfWeights(const Tap &tap, Value number, int64_t part) {
  if (widened) {
    Value taps = code.times(tap.row, size(window.extents[window.tapColumnLoop()]));
    Value at = code.times(code.add(taps, tap.column), size(wordsOfTap()));
    return code.add(code.add(at, number), size(granules() * Dim::constant(part)));
  }
  Value depth = code.times(number, code.index(dot.elements()));
  Value at = code.add(weightBase, code.times(depth, size(weights.strides[window.depthLoop()])));
  at = code.add(at, code.times(tap.row, size(weights.strides[window.tapRowLoop()])));
  return code.add(at, code.times(tap.column, size(weights.strides[window.tapColumnLoop()])));
}

/// The same of output `o` of the block, in every lane.
Value PixelConvolution::weightOf(Value weightsAt, int64_t o, Value rest) {
  if (widened)
    return code.loadSplat(widened, code.add(weightsAt, size(wordsOfOutput() * Dim::constant(o))), b.getI32Type());
  Value at = code.times(code.add(output, code.index(o)), size(weights.strides[window.channelLoop()]));
  return dot.ofLeft(code, weights.memory, code.add(weightsAt, at), size(weights.strides[window.depthLoop()]), rest);
}

} // namespace batten
