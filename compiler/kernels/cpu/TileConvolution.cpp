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
#include "compiler/kernels/cpu/TileConvolution.h"
#include "compiler/kernels/cpu/ColumnWalk.h"
#include "compiler/kernels/cpu/DotStep.h"
#include "compiler/kernels/cpu/UsualSizes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace batten {

/// Pixels of a unit, about: enough that packing them costs little, few enough that threads share the rows of an image.
constexpr int64_t unitPixels = 512;

//===- What is built ----------------------------------------------------------------------------------------------===//

/// An odd number of cache lines: rows this far apart share no sets of a cache.
static Dim oddLines(const Dim &words) {
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
  outputs = window.outputsOfGroup();
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
  int64_t knownPitch = std::max<int64_t>(1, pitch.constantValue().value_or(usual::width));
  int64_t rowBytes = knownPitch * 4 * rowPhases * columnPhases;
  rowBytes *= llvm::divideCeilSigned(channels.constantValue().value_or(tileDepth(window.image.element)), granule);
  int64_t fitting = level.cacheBytesL2 / 2 / rowBytes - shiftRows.constantValue().value_or(0);
  int64_t rows = std::max<int64_t>(1, std::min(fitting, llvm::divideCeilSigned(unitPixels, knownPitch)));
  unitRows = evenly(height.constantValue(), rows);
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
  imagePart = take(planeWords * steps() * Dim::constant(4 * amxTileRows), b.getI32Type());
  return bytes;
}

//===- Parts of an image ------------------------------------------------------------------------------------------===//

void TileConvolution::enterPart(Value number) {
  part = partAt(number, ceilDiv(height, unitRows));
  rowBegin = code.times(part.block, index(unitRows));
  numRows = signedLeast(index(unitRows), minus(size(height), rowBegin));
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
    LoopCode::loop(from, to, index(1), [&](Value number) {
      LoopCode::loop(index(0), index(rowPhases), index(1), [&](Value rowPhase) {
        LoopCode::loop(index(0), index(columnPhases), index(1),
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
  Value to = signedLeast(end, firstInside(code.add(before, size(image.height)), window.stride));
  Value channel = code.times(granuleNumber, index(granule));
  Value plane = code.add(part.image, code.times(channel, size(image.channelStride)));
  Value phase = code.add(code.times(rowPhase, index(columnPhases)), columnPhase);
  Value target = code.add(code.times(granuleNumber, size(planeWords)), code.times(phase, size(phaseWords)));
  if (window.pad > 0) { // rows beside the image, where the part before may have had some of it
    clearWords(target, code.times(signedLeast(from, end), size(pitch)));
    Value behind = signedLeast(end, signedMost(from, to));
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
  Value to = signedLeast(size(pitch), firstInside(code.add(before, size(image.width)), window.stride));
  ColumnRange columns{from, signedMost(index(0), minus(to, from)), {}};
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

FailureOr<Kernel> TileConvolution::build() {
  if (failed(resolve()) || failed(resolveShape()))
    return failure();
  if (window.image.element.isBF16())
    frame.setRoute(Bf16Sums::Tiles);
  chooseUnit();
  Dim scratchBytes = makeScratch();
  if (needsZeros()) // what no part writes stays so
    clearWords(index(0), size(planeWords * steps() * Dim::constant(amxTileRows)));
  auto enter = [&](Value number) {
    enterPart(number);
    packPart();
  };
  walkParts(size(panelCount()), enter, [&](Value number) { panel(number); });
  Dim units = numUnits({Dim::constant(window.groups()), ceilDiv(height, unitRows), panelCount()});
  return finished(units, workOfTiles(folded()), scratchBytes);
}

FailureOr<Kernel> buildTileConvolution(func::FuncOp group, StringRef name, const Level &level) {
  return buildWindow<TileConvolution>(group, name, level);
}

} // namespace batten
