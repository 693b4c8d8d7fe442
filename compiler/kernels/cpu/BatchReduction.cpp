// BatchReduction.cpp - the builder of reductions over batch dims: blocks of 256 positions (dialect/NUMERICS.md).
//
// What it reduces may be made by element-wise operations first, in its own loops.
//
// With a core the blocks are chains and the kept dims run along lanes, in register tiles where two sides cross
// (BatchProducts.cpp); without one (attribute batten.lanes) there is nothing beside a position, so each block is a lane
// tree along the positions. Parallel over results only: blocks of one result are combined in order, whoever computes
// it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/RowKernels.h"

using namespace mlir;

namespace batten {

FailureOr<Kernel> buildBatchReduction(func::FuncOp function, StringRef name, const Level &level) {
  auto lay = [&](RowGroup &group, KernelFrame &frame, GroupScalars &scalars) -> FailureOr<Kernel> {
    auto isElement = [](const RowNode &node) { return node.kind == RowNode::column && !node.result; };
    if (group.nodes.back().kind != RowNode::reduction || !llvm::all_of(llvm::drop_end(group.nodes), isElement))
      return function.emitError("a batch reduction is one reduction, of what element-wise operations give");
    if (group.nodes.back().op->hasAttr(attr::lanes))
      return buildColumnsInLanes(group, frame, scalars, level, /*inBlocks=*/true);
    if (std::optional<Kernel> kernel = buildBatchProducts(group, frame, scalars, level))
      return *kernel;
    return buildRowsInLanes(group, frame, scalars, level, /*inBlocks=*/true);
  };
  return buildRowGroup(function, name, level, lay);
}

} // namespace batten
