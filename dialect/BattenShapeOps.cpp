// BattenShapeOps.cpp - checks of the ops that make tensors or only move elements.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Batten.h"

using namespace mlir;
using namespace batten;

//===- constant, fill -----------------------------------------------------------------------------------------------===//

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

std::optional<unsigned> FillOp::operandCoreRank(unsigned) { return 0; }
LogicalResult FillOp::verifyBatch() { return success(); }

//===- rearrange ----------------------------------------------------------------------------------------------------===//

SmallVector<Dim> RearrangeOp::sourceDims() {
  SmallVector<Dim> dims = llvm::map_to_vector(getX().getType().getBatch(),
                                              [](StringAttr name) { return Dim::symbol(name.str()); });
  for (Attribute factors : getSplits())
    llvm::append_range(dims, toDims(cast<ArrayAttr>(factors)));
  return dims;
}

LogicalResult RearrangeOp::verifyBatch() { return success(); }

SmallVector<StringAttr> RearrangeOp::mixedSymbols() {
  ArrayRef<StringAttr> batch = getX().getType().getBatch();
  SmallVector<StringAttr> mixed;
  for (int64_t source : getPermutation().drop_front(getResult().getType().batchRank()))
    if (source < static_cast<int64_t>(batch.size()))
      mixed.push_back(batch[source]);
  return mixed;
}

//===- spread -------------------------------------------------------------------------------------------------------===//

LogicalResult SpreadOp::verifyBatch() { return success(); }
