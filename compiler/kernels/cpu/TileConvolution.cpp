// TileConvolution.cpp - a convolution of bf16 or of bytes by products of AMX tiles.
//
//   for each part of an image: a batch entry, a group and a block of rows     (packed as [granule of channels][phase]
//     [row][column])
//     for each panel of two tiles of outputs        (parts by panels are the units)
//       [pack its weights]
//       for each two tiles of pixels
//         for kh, for kw, for each step of channels
//           2 x 2 sums, to the stage
//       for each output, for each row: the epilogue; stores along the columns
//
// Weights are the left side, outputs by channels, and the image is the right side, whose rows are a granule of pixels
// that lie side by side: neither the image nor the result is transposed. A stride of s makes s x s images of the part,
// each of every s-th row and column (its phases), so that neighbours of the result meet neighbours at every tap. A tile
// takes pixels of a part as they follow one another, also from row to row: the columns that no result has are computed
// and left. Padding is zeros in the part, and so are the channels that fill up the last step.
//
// Sums of bf16 are in an order of their own (dialect/NUMERICS.md).
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/ColumnWalk.h"
#include "compiler/kernels/cpu/DotStep.h"
#include "compiler/kernels/cpu/LoopCode.h"
#include "compiler/kernels/cpu/TileRows.h"
#include "compiler/kernels/cpu/WindowBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace batten {
namespace {

constexpr int64_t tilePixels = tileRowBytes / 4, panelTiles = 2, panelOutputs = panelTiles * tileRows;
/// Pixels of a unit, about: enough that packing them costs little, few enough that threads share the rows of an image.
constexpr int64_t unitPixels = 512;
/// What a width that only the call knows is taken for.
constexpr int64_t usualWidth = 64;

class TileConvolution : WindowBuilder {
public:
  using WindowBuilder::WindowBuilder;
  FailureOr<Kernel> build();

private:
  Operand weights;       ///< as they lie; panels have memory alone
  bool isPacked = false; ///< tiles[tile of outputs][kh][kw][step][output][channel of the step]
  bool isSigned = false; ///< of bytes
  int64_t granule = 1;   ///< elements
  Dim outputs, channels; ///< of a group
  int64_t groups = 1;
  Dim height, width, tapRows, tapColumns;

  // A part, in words.
  int64_t rowPhases = 1, columnPhases = 1, unitRows = 1;
  Dim shiftRows, pitch; ///< rows of a phase that its taps add; columns of its rows
  Dim phaseWords, planeWords, stageWords;
  Value ownWeights, imagePart, partElements, stage; ///< scratch

  // Of the unit that is being built.
  Values batch;
  Value groupNumber, imageBase, rowBegin, numRows;

  LogicalResult resolveShape();
  void chooseUnit();
  Dim makeScratch();
  Dim steps() const { return ceilDiv(channels, tileDepth(window.image.element)); }
  Dim tapTiles() const { return tapRows * tapColumns * steps(); }
  Dim panelCount() const { return ceilDiv(outputs, panelOutputs); }
  Value index(int64_t value) { return code.index(value); }
  LoopCode loops() { return {b, code.loc}; }

  void enterPart(Value part);
  void packPart();
  bool needsZeros() const;
  void clearWords(Value from, Value count);
  void packPhase(Value granuleNumber, Value rest, Value rowPhase, Value columnPhase);
  void packRow(Value source, Value target, Value columnPhase, Value rest);
  void packWeights(Value firstOutput);
  void panel(Value number);
  void stripsOf(Value weightBase, int64_t tall);
  void strip(Value pixel, Value weightBase, int64_t tall, int64_t wide);
  Values taps(Value pixel, Value weightBase, int64_t tall, int64_t wide, Values sums);
  Value placeOfTap(Value tap, int64_t phases, const Dim &phase, const Dim &shift);
  Values step(Value word, Value weightByte, int64_t tall, int64_t wide, ValueRange sums);
  void finishPanel(Value firstOutput);
};

//===- What is built ----------------------------------------------------------------------------------------------===//

/// An odd number of cache lines: rows this far apart share no sets of a cache.
Dim oddLines(const Dim &words) {
  constexpr int64_t line = lineBytes / 4;
  return Dim::floorDiv(words + Dim::constant(line - 1), Dim::constant(2 * line)) * Dim::constant(2 * line) +
         Dim::constant(line);
}

LogicalResult TileConvolution::resolveShape() {
  Value right = window.op.getDpsInputs()[1];
  if (auto packed = right.getDefiningOp<linalg::UnPackOp>()) {
    isPacked = true;
    weights.memory = frame.memory(packed.getSource());
  } else if (auto operand = resolveOperand(right, window.op.getIndexingMapsArray()[1], shapes, frame)) {
    weights = *operand;
  }
  if (!weights.memory)
    return window.op.emitError("the weights of this convolution are no view of memory");
  DotStep dot(window.op, level);
  isSigned = dot.isOfSignedBytes();
  granule = dot.elements();
  channels = window.extents[window.depthLoop()];
  outputs = window.extents[window.channelLoop()];
  if (window.inGroups) {
    groups = *window.image.channels.constantValue() / *channels.constantValue();
    outputs = Dim::constant(*outputs.constantValue() / groups);
  }
  height = window.extents[window.rowLoop()];
  width = window.extents[window.columnLoop()];
  tapRows = window.extents[window.tapRowLoop()];
  tapColumns = window.extents[window.tapColumnLoop()];
  return success();
}

void TileConvolution::chooseUnit() {
  auto phases = [&](const Dim &taps) {
    return taps.isConstant(1) || window.dilation % window.stride == 0 ? 1 : window.stride;
  };
  auto shift = [&](const Dim &taps) {
    Dim last = (taps - Dim::constant(1)) * Dim::constant(window.dilation);
    return Dim::floorDiv(last, Dim::constant(window.stride));
  };
  rowPhases = phases(tapRows);
  columnPhases = phases(tapColumns);
  shiftRows = shift(tapRows);
  pitch = width + shift(tapColumns);
  int64_t knownPitch = std::max<int64_t>(1, pitch.constantValue().value_or(usualWidth));
  int64_t rowBytes = knownPitch * 4 * rowPhases * columnPhases;
  rowBytes *= llvm::divideCeilSigned(channels.constantValue().value_or(tileDepth(window.image.element)), granule);
  int64_t fitting = level.cacheBytesL2 / 2 / rowBytes - shiftRows.constantValue().value_or(0);
  int64_t rows = std::max<int64_t>(1, std::min(fitting, llvm::divideCeilSigned(unitPixels, knownPitch)));
  if (std::optional<int64_t> known = height.constantValue(); known && *known > 0)
    rows = llvm::divideCeilSigned(*known, llvm::divideCeilSigned(*known, std::min(rows, *known)));
  unitRows = rows;
  Dim pixels = roundUp(Dim::constant(unitRows) * pitch, tilePixels);
  phaseWords = pixels + shiftRows * pitch + shift(tapColumns);
  planeWords = oddLines(phaseWords * Dim::constant(rowPhases * columnPhases));
  stageWords = oddLines(pixels);
}

Dim TileConvolution::makeScratch() {
  Dim bytes;
  auto take = [&](const Dim &size, Type element) {
    Value view = frame.scratchView(bytes, element);
    bytes = bytes + size;
    return view;
  };
  stage = take(stageWords * Dim::constant(4 * panelOutputs), accumulator);
  Dim weightBytes = isPacked ? Dim() : tapTiles() * Dim::constant(panelTiles * tileBytes);
  ownWeights = take(weightBytes, window.image.element);
  imagePart = take(planeWords * steps() * Dim::constant(4 * tileRows), b.getI32Type());
  return bytes;
}

//===- Parts of an image ------------------------------------------------------------------------------------------===//

void TileConvolution::enterPart(Value part) {
  Values digits = digitsOfUnit(part, {Dim::constant(groups), ceilDiv(height, unitRows)});
  batch.assign(digits.begin(), digits.end() - 2);
  groupNumber = groups == 1 ? index(0) : digits[window.batch];
  imageBase = code.add(imageOf(batch), code.times(groupNumber, size(channels * window.image.channelStride)));
  rowBegin = code.times(digits.back(), index(unitRows));
  numRows = least(index(unitRows), minus(size(height), rowBegin));
}

/// True unless every word of a part that a result depends on is one of the image.
bool TileConvolution::needsZeros() const {
  std::optional<int64_t> known = channels.constantValue();
  return window.pad > 0 || !known || *known % tileDepth(window.image.element) != 0;
}

void TileConvolution::clearWords(Value from, Value count) {
  Value none = arith::ConstantOp::create(b, code.loc, b.getZeroAttr(code.type(b.getI32Type())));
  walkColumns(code, {from, count, {}}, 1, 1, {}, [&](Value at, auto masks, auto) {
    code.store(none, imagePart, at, masks[0]);
    return Values();
  });
}

void TileConvolution::packPart() {
  Value whole = size(Dim::floorDiv(channels, Dim::constant(granule)));
  auto pack = [&](Value from, Value to, Value rest) {
    loops().loop(from, to, index(1), [&](Value number) {
      loops().loop(index(0), index(rowPhases), index(1), [&](Value rowPhase) {
        loops().loop(index(0), index(columnPhases), index(1),
                     [&](Value columnPhase) { packPhase(number, rest, rowPhase, columnPhase); });
      });
    });
  };
  pack(index(0), whole, {});
  pack(whole, size(ceilDiv(channels, granule)),
       size(channels - Dim::floorDiv(channels, Dim::constant(granule)) * Dim::constant(granule)));
}

/// The rows of a phase that the part's rows of the result meet; `rest` (null: all) channels of the granule are there.
void TileConvolution::packPhase(Value granuleNumber, Value rest, Value rowPhase, Value columnPhase) {
  const Image &image = window.image;
  Value stride = index(window.stride);
  // The first row of the phase lies `before` rows of the image before its first one.
  Value before = minus(index(window.pad), code.add(rowPhase, code.times(rowBegin, stride)));
  Value from = firstInside(before, window.stride);
  Value end = code.add(numRows, size(shiftRows));
  Value to = least(end, firstInside(code.add(before, size(image.height)), window.stride));
  Value channel = code.times(granuleNumber, index(granule));
  Value plane = code.add(imageBase, code.times(channel, size(image.channelStride)));
  Value phase = code.add(code.times(rowPhase, index(columnPhases)), columnPhase);
  Value target = code.add(code.times(granuleNumber, size(planeWords)), code.times(phase, size(phaseWords)));
  if (window.pad > 0) { // rows beside the image, where the part before may have had some of it
    clearWords(target, code.times(least(from, end), size(pitch)));
    Value behind = least(end, greatest(from, to));
    clearWords(code.add(target, code.times(behind, size(pitch))), code.times(minus(end, behind), size(pitch)));
  }
  loop(from, to, 1, [&](Value row) {
    Value source = code.add(plane, code.times(minus(code.times(row, stride), before), size(image.rowStride)));
    packRow(source, code.add(target, code.times(row, size(pitch))), columnPhase, rest);
  });
}

void TileConvolution::packRow(Value source, Value target, Value columnPhase, Value rest) {
  const Image &image = window.image;
  Value before = minus(index(window.pad), columnPhase), from = firstInside(before, window.stride);
  Value to = least(size(pitch), firstInside(code.add(before, size(image.width)), window.stride));
  ColumnRange columns{from, greatest(index(0), minus(to, from)), {}};
  if (std::optional<int64_t> w = image.width.constantValue(), all = pitch.constantValue();
      columnPhases == 1 && w && all) {
    int64_t first = llvm::divideCeilSigned(window.pad, window.stride);
    int64_t end = std::min(*all, llvm::divideCeilSigned(window.pad + *w, window.stride));
    columns = {index(first), index(std::max<int64_t>(0, end - first)), std::max<int64_t>(0, end - first)};
  }
  Value stride = size(image.columnStride * Dim::constant(window.stride));
  walkColumns(code, columns, 1, 1, {}, [&](Value column, auto masks, auto) {
    Value place = code.times(minus(code.times(column, index(window.stride)), before), size(image.columnStride));
    GranuleRows rows{image.memory, code.add(source, place), stride, size(image.channelStride), image.element};
    Value granules = loadGranules(code, rows, masks[0], rest);
    Value words = vector::BitCastOp::create(b, code.loc, code.type(b.getI32Type()), granules);
    code.store(words, imagePart, code.add(target, column), masks[0]);
    return Values();
  });
}

//===- Panels -----------------------------------------------------------------------------------------------------===//

/// Weights that lie as they lie: two tiles of outputs from `firstOutput` on.
void TileConvolution::packWeights(Value firstOutput) {
  Value base = size(weights.offset), outputStride = size(weights.strides[window.channelLoop()]);
  for (auto [i, digit] : llvm::enumerate(batch))
    base = code.add(base, code.times(digit, size(weights.strides[i])));
  Value groupBegin = code.times(groupNumber, size(outputs));
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
        emitTileRows(code, frame, rows, code.add(firstOutput, code.times(tile, index(tileRows))), ownWeights,
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
        code.add(code.times(groupNumber, size(ceilDiv(outputs, tileRows))), code.times(number, index(panelTiles)));
    weightBase = code.times(tile, size(tapTiles() * Dim::constant(tileBytes)));
  } else {
    packWeights(firstOutput);
  }
  std::optional<int64_t> known = outputs.constantValue();
  if (known && (*known % panelOutputs == 0 || *known % panelOutputs > tileRows)) {
    stripsOf(weightBase, panelTiles);
  } else if (known && *known <= tileRows) {
    stripsOf(weightBase, 1);
  } else {
    Value hasTwo = loops().below(code.add(firstOutput, index(tileRows)), size(outputs));
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
  Value count = loops().ceilQuotient(last, index(tilePixels)), pairs = loops().quotient(count, index(2));
  loop(index(0), pairs, 1, [&](Value pair) { strip(code.times(pair, index(2 * tilePixels)), weightBase, tall, 2); });
  Value done = code.times(pairs, index(2));
  loops().onlyIf(loops().below(done, count), [&] { strip(code.times(done, index(tilePixels)), weightBase, tall, 1); });
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
      at = code.add(at, size(stageWords * Dim::constant(4 * tileRows * i)));
      tiles.store(sums[i * wide + j], stage, at, rowBytes);
    }
}

/// Words of a part from where a pixel's first tap is to where tap number `tap` along a dim is.
Value TileConvolution::placeOfTap(Value tap, int64_t phases, const Dim &phase, const Dim &shift) {
  Value place = code.times(tap, index(window.dilation)), stride = index(window.stride);
  if (phases == 1) // one tap only, or a dilation of whole strides
    return code.times(code.times(tap, index(window.dilation / window.stride)), size(shift));
  Value number = arith::RemUIOp::create(b, code.loc, place, stride), shifted = loops().quotient(place, stride);
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
        Value from = code.add(word, code.times(number, size(planeWords * Dim::constant(tileRows))));
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
  Value groupBegin = code.times(groupNumber, size(outputs));
  Value count = least(index(panelOutputs), minus(size(outputs), firstOutput));
  loop(index(0), count, 1, [&](Value output) {
    loop(index(0), numRows, 1, [&](Value row) {
      Values digits(batch);
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

FailureOr<Kernel> TileConvolution::build() {
  if (failed(resolve()) || failed(resolveShape()))
    return failure();
  if (window.image.element.isBF16())
    frame.setRoute(Bf16Sums::Tiles);
  chooseUnit();
  Dim scratchBytes = makeScratch();
  if (needsZeros()) // what no part writes stays so
    clearWords(index(0), size(planeWords * steps() * Dim::constant(tileRows)));
  Value count = size(panelCount());
  Value firstPart = loops().quotient(frame.begin, count), endPart = loops().ceilQuotient(frame.end, count);
  loop(firstPart, endPart, 1, [&](Value part) {
    enterPart(part);
    packPart();
    Value first = code.times(part, count);
    loop(greatest(index(0), minus(frame.begin, first)), least(count, minus(frame.end, first)), 1,
         [&](Value number) { panel(number); });
  });
  return finished(numUnits({Dim::constant(groups), ceilDiv(height, unitRows), panelCount()}), 1, scratchBytes);
}

} // namespace

FailureOr<Kernel> buildTileConvolution(func::FuncOp group, StringRef name, const Level &level) {
  return buildWindow<TileConvolution>(group, name, level);
}

} // namespace batten
