// OutputConvolution.h - convolutions with outputs in lanes: see OutputConvolution.cpp.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_OUTPUTCONVOLUTION_H
#define BATTEN_COMPILER_KERNELS_CPU_OUTPUTCONVOLUTION_H

#include "compiler/kernels/cpu/DotStep.h"
#include "compiler/kernels/cpu/WindowBuilder.h"
#include "llvm/Support/MathExtras.h"

namespace batten {

class OutputConvolution : WindowBuilder {
public:
  using WindowBuilder::WindowBuilder;
  llvm::FailureOr<Kernel> build();

private:
  mlir::Value panels; ///< weights[panel][kh][kw][granule of channels][output in panel][channel of the granule]
  DotStep dot;
  int64_t panelVectors = 0, panelOutputs = 0;
  int64_t outputs = 0, channels = 0, granules = 0; ///< a group's
  int64_t tapRows = 0, tapColumns = 0;
  Dim height, width;     ///< of the result
  Dim imageWidth;        ///< as it is packed
  int64_t imagePad = 0;  ///< likewise
  bool inPlace = false;  ///< the image is read as it lies
  bool isLine = false;   ///< rows are pieces of one line of pixels
  bool byPixels = false; ///< else: the channels of a packed pixel lie side by side, part by part
  bool isByTaps = false; ///< weights pass tap by tap
  int64_t tilePixels = 0;
  Dim unitRows, partPixels; ///< of the image, that a unit's rows meet
  int64_t aheadStep = 0;    ///< elements of the next panel that a step prefetches; 0: its weights are few
  mlir::Value imagePart, rowBuffer, square; ///< scratch

  // Of rows whose width the call knows.
  struct TilesOfRow {
    int64_t pixels; ///< of each
    mlir::Value begin, end;
  };
  llvm::SmallVector<TilesOfRow> tilesOfRows;

  // Of weights that pass tap by tap.
  struct Pixel {
    mlir::Value image, sum; ///< where its channels and its sums begin
    mlir::Value column;     ///< of those that the tap meets
  };
  struct PixelsMet {
    mlir::Value count, lastColumn;
    mlir::Value pixelStep, rowJump, sumJump; ///< to the next pixel, from the last one of a row to the next row
    Pixel first;
  };
  llvm::SmallVector<int64_t> tileSizes;
  int64_t sliceChannels = 0, linesOfTile = 0; ///< of the next slice's weights, that a tile prefetches

  // Of what is being built.
  Part part;
  bool isAtEdge = false; ///< pixels of the tile may have taps beside the image, or be beyond the row
  Values initial;        ///< what the chains of a panel begin with, by vector
  Values exist;          ///< by vector of a panel, the outputs that are there; null: all
  mlir::Value rowBegin, rowEnd, imageRowBegin;
  mlir::Value panelBase, firstOutput, tileNumber;

  /// What the epilogue reads along the columns: the first element of the tile, and how far apart pixels are.
  struct Ahead {
    mlir::Value memory, at, pixelStep;
  };
  llvm::SmallVector<Ahead> operandsAhead;
  int64_t pixelsAhead = 0;

  void resolveShape();
  void cutLine();
  void chooseTile();
  void chooseUnit();
  void lookAhead();
  bool knowsColumns() const { return width.isConstant() && imageWidth.isConstant(); }
  Dim blocks() const { return ceilDiv(height, unitRows); } ///< of rows of an image
  int64_t numPanels() const { return llvm::divideCeilSigned(outputs, panelOutputs); }
  int64_t granuleStride() const { return panelOutputs * dot.elements(); }  ///< of a panel
  int64_t haloRows() const { return (tapRows - 1) * window.dilation + 1; } ///< of the image, that a row meets
  int64_t steps() const { return tapRows * tapColumns * granules; }        ///< of a tile
  bool makesChannelsLast() const { return lanesLoop == window.channelLoop(); }
  bool hasRowBuffer() const { return !makesChannelsLast() || epilogue.isLong() || isByTaps; }

  // Of what tiles read.
  int64_t pixelWords() const; ///< of a packed pixel
  mlir::Value rowStep() const;
  mlir::Value columnStep() const;
  mlir::Value granuleStep() const;
  mlir::Value partStep() const;

  Dim makeScratch();
  void cutRow();

  void enterPart(mlir::Value number);
  void skipPixels();
  void packPart();
  void packPixels(mlir::Value from, mlir::Value to);
  void packTurned(mlir::Value from, mlir::Value to);
  void packRows(mlir::Value from, mlir::Value to, mlir::Value granule, mlir::Value rest);
  void clearPart();
  void panel(mlir::Value number);
  Values initialOf(mlir::Value weightBase);
  Values existing() const;
  Values weightsAt(mlir::Value at);
  void tilesOfRow(mlir::Value row, mlir::Value weightBase);
  bool isInside(int64_t tileColumn, int64_t pixels) const;
  void tile(mlir::Value row, mlir::Value column, int64_t pixels, mlir::Value weightBase);
  std::pair<int64_t, int64_t> pixelsInside(int64_t tileColumn, int64_t pixels, int64_t tapColumn) const;
  Values tapsOfRow(mlir::Value at, mlir::Value column, int64_t pixels, mlir::Value weightAt, mlir::ValueRange sums);
  Values tap(mlir::Value at, mlir::Value tapColumn, int64_t first, int64_t end, mlir::Value weightAt,
             mlir::ValueRange sums);
  Values channelsOfTap(mlir::ValueRange pixels, mlir::Value tapColumn, mlir::Value weightAt, mlir::ValueRange sums);
  void tilesOfUnknownRow(mlir::Value row, mlir::Value weightBase);
  mlir::Value isInside(mlir::Value column, int64_t pixels);
  Values tapsAtEdge(mlir::Value at, mlir::Value column, int64_t pixels, mlir::Value weightAt, mlir::ValueRange sums);
  void finishEdge(mlir::ValueRange sums, mlir::Value row, mlir::Value column);
  int64_t stepsOfTurn(int64_t pixels) const;
  /// A step of the channels: the granule that stands `number` behind `granule`.
  struct Step {
    mlir::Value granule;
    int64_t number = 0;
  };
  mlir::Value offsetOf(const Step &step, mlir::Value stride);
  Values step(mlir::ValueRange pixels, Step at, mlir::Value tapAt, bool isWhole, mlir::ValueRange sums);
  void addPart(mlir::ValueRange pixels, const Step &step, int64_t part, mlir::Value tapAt, Values &sums);
  void prefetch(mlir::Value weightsBegin);
  void prefetchNextPanel(mlir::Value step);
  mlir::Value pixelAt(mlir::Value at) const;
  llvm::SmallVector<Result> resultsOf(mlir::ValueRange sums, mlir::Value row, mlir::Value column);
  void findOperandsAhead(int64_t pixels, mlir::Value row, mlir::Value column);
  void prefetchOperands(mlir::Value step);
  void finishPixels(mlir::ValueRange sums, mlir::Value row, mlir::Value column) {
    finish(resultsOf(sums, row, column));
  }
  void finishPixelsOf(mlir::Value row);
  void finishRow(mlir::Value row);
  mlir::Value bufferOf(mlir::Value row, mlir::Value column) const;

  int64_t numMet(int64_t from, int64_t to, int64_t tap, int64_t extent) const;
  void cutTaps();
  void cutChannels(int64_t tilesOfPart);
  void beginSums();
  void passTaps(mlir::Value weightBase);
  std::pair<mlir::Value, mlir::Value> placesMet(mlir::Value from, mlir::Value to, mlir::Value tap, const Dim &extent);
  PixelsMet pixelsMet(mlir::Value tapRow, mlir::Value tapColumn);
  Pixel behind(const Pixel &pixel, const PixelsMet &met);
  void passSlice(const PixelsMet &met, mlir::Value tapAt, mlir::Value from, mlir::Value to);
  mlir::Value prefetchLines(mlir::Value at);
  void passTile(llvm::ArrayRef<Pixel> tile, mlir::Value tapAt, mlir::Value from, mlir::Value to);
  void finishSquare(llvm::ArrayRef<mlir::Value> vectors, mlir::ValueRange digits, mlir::Value outputsBegin,
                    mlir::Value numOutputs, mlir::Value column, mlir::Value mask);
  Result resultOf(mlir::Value sum, mlir::ValueRange digits, mlir::Value output, mlir::Value column, mlir::Value mask);
};

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_OUTPUTCONVOLUTION_H
