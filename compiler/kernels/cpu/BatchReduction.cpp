// BatchReduction.cpp - the builder of reductions over batch dims: blocks of 256 positions (dialect/NUMERICS.md).
//
// With a core the blocks are chains and the kept dims run along lanes; without one (attribute batten.lanes) there is
// nothing beside a position, so each block is a lane tree along the positions. Parallel over results only: blocks of
// one result are combined in order, whoever computes it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/RowKernels.h"
#include "compiler/kernels/cpu/VectorMath.h"

using namespace mlir;

namespace batten {

FailureOr<Kernel> buildBatchReduction(func::FuncOp function, StringRef name, const Level &level) {
  Shapes shapes(function);
  KernelFrame frame(function, name, level);
  GroupScalars scalars(function, frame);
  auto build = [&]() -> FailureOr<Kernel> {
    FailureOr<RowGroup> group = matchRows(function, shapes, frame, scalars);
    if (failed(group))
      return failure();
    if (group->nodes.size() != 1 || group->nodes[0].kind != RowNode::reduction)
      return function.emitError("a batch reduction is one reduction");
    bool lanesInBlocks = group->nodes[0].op->hasAttr(attr::lanes);
    Kernel kernel = lanesInBlocks ? buildColumnsInLanes(*group, frame, scalars, level, /*inBlocks=*/true)
                                  : buildRowsInLanes(*group, frame, scalars, level, /*inBlocks=*/true);
    if (failed(expandVectorMath(kernel.function, level)))
      return failure();
    return kernel;
  };
  FailureOr<Kernel> kernel = build();
  if (failed(kernel))
    frame.function.erase();
  return kernel;
}

} // namespace batten
