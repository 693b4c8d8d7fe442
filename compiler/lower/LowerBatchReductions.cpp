// LowerBatchReductions.cpp - reduce_batch: the one op whose positions see each other.
//
// The reduced batch dims become reduction dims of one generic with order "blocks": 256 positions a block, blocks added
// in order. That makes the sum independent of threads and of where a kernel cuts. With an empty core there would be one
// chain and nothing beside it to vectorise, so there a block is summed by the lane tree.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/lower/Lowering.h"

using namespace mlir;

namespace batten {

LogicalResult lowerReduceBatch(ReduceBatchOp op, FunctionLowering &lowering) {
  TensorType x = op.getX().getType(), result = op.getType();
  unsigned kept = 0, folded = result.batchRank() + result.coreRank();
  Axes axes;
  Extents reduced;
  for (auto [name, extent] : llvm::zip_equal(x.getBatch(), lowering.batchExtents(x))) {
    bool isReduced = llvm::is_contained(op.getDims().getValue(), name);
    axes.push_back(isReduced ? folded++ : kept++);
    if (isReduced)
      reduced.push_back(extent);
  }
  llvm::append_range(axes, axisRange(result.batchRank(), result.coreRank()));
  Input input{lowering.tensor(op.getX()), axes, {}};
  const Order &order = x.coreRank() == 0 ? orderLaneBlocks : orderBlocks;
  Folding folding{op.getLoc(), input, x.getElementType(), lowering.extents(result), reduced, order};
  lowering.set(op, fold(folding, op.getKind(), op.getCorrection(), result.getElementType(), lowering));
  return success();
}

} // namespace batten
