// PixelConvolution.h - convolutions with pixels in lanes: see PixelConvolution.cpp.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_PIXELCONVOLUTION_H
#define BATTEN_COMPILER_KERNELS_CPU_PIXELCONVOLUTION_H

#include "compiler/kernels/cpu/DotStep.h"
#include "compiler/kernels/cpu/WindowBuilder.h"

namespace batten {

class PixelConvolution : WindowBuilder {
public:
  using WindowBuilder::WindowBuilder;
  llvm::FailureOr<Kernel> build();

private:
  /// A tap: its numbers as values, and kw where it is known.
  struct Tap {
    mlir::Value row, column;
    std::optional<int64_t> knownColumn;
  };
  Operand weights;
  DotStep dot;
  mlir::Value onStack;   ///< accumulators, for a long epilogue
  mlir::Value imagePart; ///< scratch, of a packed unit: [tile][granule of channels][pixel]
  mlir::Value widened;   ///< scratch, where steps have parts: weights[output of the block][tap][part][granule]

  // Shapes of the nest.
  Dim outputs, height, width; ///< of a group's result
  bool isLine = false;        ///< an image is one row
  int64_t tileOutputs = 0, tileHeight = 0, tileVectors = 0;
  int64_t unitRows = 0, unitColumns = 0; ///< multiples of the tile's

  // Of the unit and the tile that are being built.
  Part part;
  mlir::Value unitColumn;              ///< its first one
  mlir::Value firstOutput, weightBase; ///< of the group
  mlir::Value output, row, column;
  int64_t numOutputs = 0;
  bool isFirstBlock = false;    ///< of the outputs of a packed unit
  bool hasWholeColumns = false; ///< all of the tile's exist, though not all rows are so
  Values exists, tails;         ///< by row and by vector of the tile; null: all

  llvm::LogicalResult resolve();
  void chooseTile();
  Dim blocks() const;
  mlir::Value both(mlir::Value a, mlir::Value c);
  mlir::Value allLanes(mlir::Value flag) { return flag ? code.splat(flag) : mlir::Value(); }

  /// Where there are several blocks of outputs: the first one packs. (Zen 3, 1024 -> 256 channels @14: 72 -> 93 GF/s;
  /// tiles of 512 bits read lines of whole vectors as quickly where they lie.)
  /// Of a granule, of which `rest` (null: all) channels are there.
  int64_t firstPart(mlir::Value rest) const { return rest && dot.isEmpty(0) ? 1 : 0; }
  bool isPacked() const {
    bool isShort = !level.hasManyRegisters();
    return isLine && (isShort || dot.elements() > 1) && window.extents[window.depthLoop()].isConstant() &&
           outputs.constantValue().value_or(0) > tileOutputs;
  }
  Dim granules() const { return ceilDiv(window.extents[window.depthLoop()], dot.elements()); }
  void unit(mlir::Value index);
  mlir::Value placeInPart(mlir::Value granule, int64_t vector);
  void tilesOfOutputs(mlir::Value rowEnd, mlir::Value columnEnd, mlir::Value rowBegin, mlir::Value columnBegin);
  void tilesOfRow(mlir::Value from, mlir::Value to);
  void tile();
  void findEdges();
  Values accumulate();
  Values tapsOfRow(mlir::Value tapRow, mlir::ValueRange sums);
  Values tap(const Tap &tap, llvm::ArrayRef<mlir::Value> rowsInside, mlir::ValueRange sums);
  Values eachGranule(mlir::ValueRange carried,
                     llvm::function_ref<Values(mlir::Value, mlir::Value, mlir::ValueRange)> body);
  Values pixelsOf(const Tap &tap, llvm::ArrayRef<mlir::Value> read, mlir::Value number, mlir::Value rest, int64_t part);
  void prefetchNextTile(mlir::Value at, int64_t vector);
  Values granule(const Tap &tap, llvm::ArrayRef<mlir::Value> inside, llvm::ArrayRef<mlir::Value> read,
                 mlir::Value number, mlir::Value rest, mlir::ValueRange sums);
  void addPart(const Tap &tap, llvm::ArrayRef<mlir::Value> inside, llvm::ArrayRef<mlir::Value> read, mlir::Value number,
               mlir::Value rest, int64_t part, Values &sums);
  Dim wordsOfTap() const { return granules() * Dim::constant(dot.parts()); }
  Dim wordsOfOutput() const;
  void widenWeights();
  mlir::Value placeOfWeights(const Tap &tap, mlir::Value number, int64_t part);
  mlir::Value weightOf(mlir::Value weightsAt, int64_t o, mlir::Value rest);
  mlir::Value insideRow(mlir::Value tapRow, int64_t r);
  mlir::Value insideColumns(const Tap &tap, int64_t q);
  void store(mlir::ValueRange sums);
  Result resultOf(mlir::Value sum, mlir::Value o, mlir::Value r, mlir::Value rowExists, int64_t q);
};

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_PIXELCONVOLUTION_H
