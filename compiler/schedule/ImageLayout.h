// ImageLayout.h - which images between convolutions and pools lie with their channels innermost.
//
// A convolution with outputs in lanes makes all channels of a pixel side by side, and multiplies a pixel's channels one
// after the other. An image that only such kernels meet is therefore stored so: nobody transposes or packs it. It is a
// choice of memory, made where groups are outlined; the operations keep their order of dims and see it through a view.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_SCHEDULE_IMAGELAYOUT_H
#define BATTEN_COMPILER_SCHEDULE_IMAGELAYOUT_H

#include "compiler/schedule/Groups.h"
#include "llvm/ADT/DenseSet.h"

namespace batten {

struct Level;

struct ImageLayout {
  llvm::DenseSet<mlir::Value> channelsLast;  ///< results of groups
  llvm::DenseSet<mlir::Operation *> windows; ///< convolutions that read or make one

  /// The sizes of such an image, [batch.., row, column, channel], from those of [batch.., channel, row, column].
  static llvm::SmallVector<Dim> stored(llvm::ArrayRef<Dim> extents, mlir::Type element);
};

/// The choice for these groups; it looks at operations alone, so they may be grouped anew.
ImageLayout chooseImageLayout(llvm::ArrayRef<Group> groups, Shapes &shapes, const Level &level);

/// `image` as it is stored, what a group returns in its place; and such an image as the operations know it.
mlir::Value storeChannelsLast(mlir::OpBuilder &builder, mlir::Value image, llvm::ArrayRef<mlir::OpFoldResult> sizes,
                              llvm::ArrayRef<mlir::OpFoldResult> storedSizes);
mlir::Value viewChannelsFirst(mlir::OpBuilder &builder, mlir::Value stored, llvm::ArrayRef<mlir::OpFoldResult> sizes);

} // namespace batten
#endif // BATTEN_COMPILER_SCHEDULE_IMAGELAYOUT_H
