// Window.h - what a convolution or pool group is, found once and then built.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_WINDOW_H
#define BATTEN_COMPILER_KERNELS_CPU_WINDOW_H

#include "compiler/kernels/Kernels.h"
#include "compiler/kernels/cpu/Operand.h"

namespace batten {

/// The image that a window slides over, inside of its padding.
struct Image {
  mlir::Value tensor;
  mlir::Type element;
  Dim channels, height, width;
  mlir::Value memory; ///< this and the places in it, once it is resolved
  Dim offset;
  llvm::SmallVector<Dim> batchStrides; ///< by batch loop
  Dim channelStride, rowStride, columnStride;
};

/// result[batch.., channel, i, j] = epilogue(fold over kh, kw (and channels) of the image's element at row
/// i * stride + kh * dilation - pad and column likewise). Loops in this order, the batch ones first.
struct Window {
  mlir::linalg::GenericOp op;
  llvm::SmallVector<mlir::linalg::GenericOp> epilogue; ///< in order, each reads the one before
  llvm::SmallVector<Dim> extents;                      ///< of the loops
  unsigned batch = 0;                                  ///< how many batch loops there are
  Image image;
  int64_t stride = 1, dilation = 1, pad = 0;
  bool inGroups = false; ///< outputs read a part of the channels

  unsigned channelLoop() const { return batch; }
  unsigned rowLoop() const { return batch + 1; }
  unsigned columnLoop() const { return batch + 2; }
  unsigned tapRowLoop() const { return batch + 3; }
  unsigned tapColumnLoop() const { return batch + 4; }
  unsigned depthLoop() const { return batch + 5; } ///< of a convolution

  // Of a convolution: its groups, several of which have sizes that are known, and the outputs of one.
  int64_t groups() const {
    return inGroups ? *image.channels.constantValue() / *extents[depthLoop()].constantValue() : 1;
  }
  Dim outputsOfGroup() const {
    const Dim &outputs = extents[channelLoop()];
    return inGroups ? Dim::constant(*outputs.constantValue() / groups()) : outputs;
  }

  /// True for one tap that meets every pixel.
  bool isPointwise() const {
    return extents[tapRowLoop()].isConstant(1) && extents[tapColumnLoop()].isConstant(1) && stride == 1 && pad == 0;
  }
};

/// True for a generic whose first operand is read through a sliding window.
bool isWindow(mlir::linalg::GenericOp generic);

/// Vectors of pixels in a register tile along a line of `vectors`: of those that leave registers for three outputs or
/// more, the number that leaves the fewest idle.
int64_t tileVectorsOfLine(int64_t vectors, const Level &level);

/// All but the epilogue and where the image lies.
Window describeWindow(mlir::linalg::GenericOp window, Shapes &shapes);

/// True of a convolution that is one of AMX tiles at this level.
bool isOfTiles(const Window &window, const Level &level);

/// True of a convolution whose weights pass tap by tap where its outputs are in lanes (OutputConvolutionTaps.cpp):
/// tiles within its rows would be short, or a panel of all its taps would take much of L2. (Zen 3, 3x3 of 512 channels
/// @7: 0.77 of the time that rows take, from @14 by strides of 2 0.80; of 256 @14 0.95, of 128 @28 1.03.)
bool passesByTap(const Window &window, const Level &level);

/// Reads the group; nullopt (with an error at the op) where the image is no view of memory.
std::optional<Window> matchWindow(mlir::func::FuncOp group, Shapes &shapes, KernelFrame &frame);

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_WINDOW_H
