// TileConvolutionPanels.cpp - the panels of a convolution by AMX tiles: weights, products and results.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/ColumnWalk.h"
#include "compiler/kernels/cpu/DotStep.h"
#include "compiler/kernels/cpu/TileConvolution.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace batten {

//===- Panels -----------------------------------------------------------------------------------------------------===//

/// Weights that lie as they lie: two tiles of outputs from `firstOutput` on.
void TileConvolution::packWeights(Value firstOutput) {
  Value base = size(weights.offset), outputStride = size(weights.strides[window.channelLoop()]);
  for (auto [i, digit] : llvm::enumerate(part.batch))
    base = code.add(base, code.times(digit, size(weights.strides[i])));
  Value groupBegin = code.times(part.group, size(outputs));
  loop(index(0), index(panelTiles), 1, [&](Value tile) {
    loop(index(0), size(tapRows), 1, [&](Value tapRow) {
      loop(index(0), size(tapColumns), 1, [&](Value tapColumn) {
        Value tap = code.add(code.times(tapRow, size(tapColumns)), tapColumn);
        Value at = code.times(code.add(code.times(tile, size(tapRows * tapColumns)), tap), size(steps()));
        auto placeOf = [&](Value output) {
          Value place = code.add(base, code.times(code.add(groupBegin, output), outputStride));
          place = code.add(place, code.times(tapRow, size(weights.strides[window.tapRowLoop()])));
          return code.add(place, code.times(tapColumn, size(weights.strides[window.tapColumnLoop()])));
        };
        TileRows rows{weights.memory, weights.element, channels, weights.strides[window.depthLoop()],
                      placeOf,        size(outputs)};
        emitTileRows(code, frame, rows, code.add(firstOutput, code.times(tile, index(amxTileRows))), ownWeights,
                     code.times(at, index(tileBytes / elementBytes(weights.element))));
      });
    });
  });
}

/// Outputs [32 number, 32 number + 32) of the group, or what there is of them.
void TileConvolution::panel(Value number) {
  Value firstOutput = code.times(number, index(panelOutputs)), weightBase = index(0);
  if (isPacked) {
    Value tile =
        code.add(code.times(part.group, size(ceilDiv(outputs, amxTileRows))), code.times(number, index(panelTiles)));
    weightBase = code.times(tile, size(tapTiles() * Dim::constant(tileBytes)));
  } else {
    packWeights(firstOutput);
  }
  std::optional<int64_t> known = outputs.constantValue();
  if (known && (*known % panelOutputs == 0 || *known % panelOutputs > amxTileRows)) {
    stripsOf(weightBase, panelTiles);
  } else if (known && *known <= amxTileRows) {
    stripsOf(weightBase, 1);
  } else {
    Value hasTwo = below(code.add(firstOutput, index(amxTileRows)), size(outputs));
    auto either = scf::IfOp::create(b, code.loc, hasTwo, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(either.thenBlock());
    stripsOf(weightBase, panelTiles);
    b.setInsertionPointToStart(either.elseBlock());
    stripsOf(weightBase, 1);
  }
  finishPanel(firstOutput);
}

/// All pixels of the part by `tall` tiles of outputs.
void TileConvolution::stripsOf(Value weightBase, int64_t tall) {
  Value last = code.add(code.times(minus(numRows, index(1)), size(pitch)), size(width));
  Value count = ceilQuotient(last, index(tilePixels)), pairs = quotient(count, index(2));
  loop(index(0), pairs, 1, [&](Value pair) { strip(code.times(pair, index(2 * tilePixels)), weightBase, tall, 2); });
  Value done = code.times(pairs, index(2));
  onlyIf(below(done, count), [&] { strip(code.times(done, index(tilePixels)), weightBase, tall, 1); });
}

void TileConvolution::strip(Value pixel, Value weightBase, int64_t tall, int64_t wide) {
  TileCode tiles{b, code.loc};
  Values sums;
  for (int64_t i = 0; i < tall * wide; ++i)
    sums.push_back(tiles.zero());
  sums = taps(pixel, weightBase, tall, wide, sums);
  Value rowBytes = size(stageWords * Dim::constant(4));
  for (int64_t i = 0; i < tall; ++i)
    for (int64_t j = 0; j < wide; ++j) {
      Value at = code.times(code.add(pixel, index(j * tilePixels)), index(4));
      at = code.add(at, size(stageWords * Dim::constant(4 * amxTileRows * i)));
      tiles.store(sums[i * wide + j], stage, at, rowBytes);
    }
}

/// Words of a part from where a pixel's first tap is to where tap number `tap` along a dim is.
Value TileConvolution::placeOfTap(Value tap, int64_t phases, const Dim &phase, const Dim &shift) {
  Value place = code.times(tap, index(window.dilation)), stride = index(window.stride);
  if (phases == 1) // one tap only, or a dilation of whole strides
    return code.times(code.times(tap, index(window.dilation / window.stride)), size(shift));
  Value number = remainder(place, stride), shifted = quotient(place, stride);
  return code.add(code.times(number, size(phase)), code.times(shifted, size(shift)));
}

/// All products of a strip.
TileConvolution::Values TileConvolution::taps(Value pixel, Value weightBase, int64_t tall, int64_t wide, Values sums) {
  return fold(index(0), size(tapRows), sums, [&](Value tapRow, ValueRange ofRows) {
    Value row = code.add(pixel, placeOfTap(tapRow, rowPhases, phaseWords * Dim::constant(columnPhases), pitch));
    Value firstTap = code.times(tapRow, size(tapColumns));
    return fold(index(0), size(tapColumns), ofRows, [&](Value tapColumn, ValueRange ofTaps) {
      Value word = code.add(row, placeOfTap(tapColumn, columnPhases, phaseWords, Dim::constant(1)));
      Value tap = code.times(code.add(firstTap, tapColumn), size(steps() * Dim::constant(tileBytes)));
      return fold(index(0), size(steps()), ofTaps, [&](Value number, ValueRange ofSteps) {
        Value weightByte = code.add(code.add(weightBase, tap), code.times(number, index(tileBytes)));
        Value from = code.add(word, code.times(number, size(planeWords * Dim::constant(amxTileRows))));
        return step(from, weightByte, tall, wide, ofSteps);
      });
    });
  });
}

/// One step of the channels: all tiles are loaded, then all products taken.
TileConvolution::Values TileConvolution::step(Value word, Value weightByte, int64_t tall, int64_t wide,
                                              ValueRange sums) {
  TileCode tiles{b, code.loc};
  Values left, right, next;
  Value memory = isPacked ? weights.memory : ownWeights;
  for (int64_t i = 0; i < tall; ++i)
    left.push_back(
        tiles.load(memory, code.add(weightByte, size(tapTiles() * Dim::constant(tileBytes * i))), index(tileRowBytes)));
  for (int64_t j = 0; j < wide; ++j)
    right.push_back(tiles.load(imagePart, code.times(code.add(word, index(j * tilePixels)), index(4)),
                               size(planeWords * Dim::constant(4))));
  for (int64_t i = 0; i < tall; ++i)
    for (int64_t j = 0; j < wide; ++j)
      next.push_back(tiles.multiply(sums[i * wide + j], left[i], right[j], window.image.element, isSigned));
  return next;
}

//===- Results ----------------------------------------------------------------------------------------------------===//

/// Epilogue and stores of a panel's outputs, row by row.
void TileConvolution::finishPanel(Value firstOutput) {
  Value groupBegin = code.times(part.group, size(outputs));
  Value count = signedLeast(index(panelOutputs), minus(size(outputs), firstOutput));
  loop(index(0), count, 1, [&](Value output) {
    loop(index(0), numRows, 1, [&](Value row) {
      Values digits(part.batch);
      digits.append({code.add(code.add(groupBegin, firstOutput), output), code.add(rowBegin, row)});
      Value from = code.add(code.times(output, size(stageWords)), code.times(row, size(pitch)));
      walkColumns(code, {index(0), size(width), width.constantValue()}, 1, 1, {}, [&](Value column, auto masks, auto) {
        Value sum = code.load(stage, code.add(from, column), index(1), accumulator, masks[0]);
        finish(Result{sum, digits, column, masks[0]});
        return Values();
      });
    });
  });
}

} // namespace batten
