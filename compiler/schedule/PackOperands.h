// PackOperands.h - which operands are packed into panels, once, outside of the kernels that read them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_SCHEDULE_PACKOPERANDS_H
#define BATTEN_COMPILER_SCHEDULE_PACKOPERANDS_H

#include "compiler/kernels/Kernels.h"
#include "compiler/schedule/ImageLayout.h"

namespace batten {

/// Gives the right-hand sides of products and the weights of convolutions that the batch shares a linalg.pack each (of
/// a weight it runs at bind) and a linalg.unpack that the kernels see through.
void packSharedOperands(mlir::func::FuncOp entry, Shapes &shapes, const ImageLayout &images, const Level &level);

/// True if the kernel with outputs in lanes takes this convolution where its images lie with their channels innermost.
bool mayHaveOutputsInLanes(mlir::linalg::GenericOp convolution, Shapes &shapes, const Level &level);

} // namespace batten
#endif // BATTEN_COMPILER_SCHEDULE_PACKOPERANDS_H
