// TileConvolution.h - convolutions by products of AMX tiles: see TileConvolution.cpp.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_TILECONVOLUTION_H
#define BATTEN_COMPILER_KERNELS_CPU_TILECONVOLUTION_H

#include "compiler/kernels/cpu/TileRows.h"
#include "compiler/kernels/cpu/WindowBuilder.h"

namespace batten {

class TileConvolution : WindowBuilder {
public:
  using WindowBuilder::WindowBuilder;
  llvm::FailureOr<Kernel> build();

private:
  static constexpr int64_t tilePixels = tileRowBytes / 4, panelTiles = 2, panelOutputs = panelTiles * amxTileRows;
  Operand weights;       ///< as they lie; panels have memory alone
  bool isPacked = false; ///< tiles[tile of outputs][kh][kw][step][output][channel of the step]
  bool isSigned = false; ///< of bytes
  int64_t granule = 1;   ///< elements
  Dim outputs, channels; ///< of a group
  Dim height, width, tapRows, tapColumns;

  // A part, in words.
  int64_t rowPhases = 1, columnPhases = 1, unitRows = 1;
  Dim shiftRows, pitch; ///< rows of a phase that its taps add; columns of its rows
  Dim phaseWords, planeWords, stageWords;
  mlir::Value ownWeights, imagePart, stage; ///< scratch

  // Of the unit that is being built.
  Part part;
  mlir::Value rowBegin, numRows;

  llvm::LogicalResult resolveShape();
  void chooseUnit();
  Dim makeScratch();
  Dim steps() const { return ceilDiv(channels, tileDepth(window.image.element)); }
  Dim tapTiles() const { return tapRows * tapColumns * steps(); }
  Dim panelCount() const { return ceilDiv(outputs, panelOutputs); }
  mlir::Value index(int64_t value) { return code.index(value); }

  void enterPart(mlir::Value number);
  void packPart();
  bool needsZeros() const;
  void clearWords(mlir::Value from, mlir::Value count);
  void packPhase(mlir::Value granuleNumber, mlir::Value rest, mlir::Value rowPhase, mlir::Value columnPhase);
  void packRow(mlir::Value source, mlir::Value target, mlir::Value columnPhase, mlir::Value rest);
  void packWeights(mlir::Value firstOutput);
  void panel(mlir::Value number);
  void stripsOf(mlir::Value weightBase, int64_t tall);
  void strip(mlir::Value pixel, mlir::Value weightBase, int64_t tall, int64_t wide);
  Values taps(mlir::Value pixel, mlir::Value weightBase, int64_t tall, int64_t wide, Values sums);
  mlir::Value placeOfTap(mlir::Value tap, int64_t phases, const Dim &phase, const Dim &shift);
  Values step(mlir::Value word, mlir::Value weightByte, int64_t tall, int64_t wide, mlir::ValueRange sums);
  void finishPanel(mlir::Value firstOutput);
};

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_TILECONVOLUTION_H
