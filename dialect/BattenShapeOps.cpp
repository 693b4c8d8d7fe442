// BattenShapeOps.cpp - checks of the ops that make tensors or only move elements.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Checks.h"

#include <numeric>

using namespace mlir;
using namespace batten;

//===- constant, fill, dim, iota ----------------------------------------------------------------------------------===//

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

LogicalResult FillOp::verifyBatch() {
  // fill_c1
  if (ArrayRef<StringAttr> batch = getX().getType().getBatch(); !batch.empty())
    return emitOpError("repeats one number, the operand has batch dims ") << listText(batch);
  return success();
}

LogicalResult FillOp::verify() { return verifyDtypeKept(*this); } // fill_c2

LogicalResult DimOp::verify() {
  // dim_c1; that no operand gives batch dims has been seen already
  if (getResult().getType().coreRank() != 0)
    return emitOpError("makes one number, the result has core ") << listText(getResult().getType().coreDims());
  // dim_c2
  return verifyBounded(*this, toDim(getValueAttr()));
}

LogicalResult IotaOp::verify() {
  // iota_c1; that no operand gives batch dims has been seen already
  batten::TensorType type = getResult().getType();
  if (type.coreRank() != 1 || !type.getElementType().isSignlessInteger(32))
    return emitOpError("makes a vector of i32");
  return success();
}

//===- rearrange --------------------------------------------------------------------------------------------------===//

SmallVector<Dim> RearrangeOp::sourceDims() {
  auto dims = llvm::map_to_vector(getX().getType().getBatch(), [](StringAttr name) { return Dim::symbol(name.str()); });
  for (Attribute factors : getSplits())
    llvm::append_range(dims, toDims(cast<ArrayAttr>(factors)));
  return dims;
}

SmallVector<StringAttr> RearrangeOp::mixedSymbols() {
  ArrayRef<StringAttr> batch = getX().getType().getBatch();
  SmallVector<StringAttr> mixed;
  for (int64_t source : getPermutation().drop_front(getResult().getType().batchRank()))
    if (source < int64_t(batch.size()))
      mixed.push_back(batch[source]);
  return mixed;
}

/// Splits and permutation: what must hold before anything may be looked up by them.
static LogicalResult verifySources(RearrangeOp op) {
  SmallVector<Dim> core = op.getX().getType().coreDims();
  // rearrange_c1
  if (op.getSplits().size() != core.size())
    return op.emitOpError("splits ") << op.getSplits().size() << " dims of core " << listText(core);
  for (auto [dim, factors] : llvm::zip_equal(core, op.getSplits()))
    if (SmallVector<Dim> list = toDims(cast<ArrayAttr>(factors)); !agree(op, dim, product(list)))
      return op.emitOpError("splits ") << dim.str() << " into " << listText(list);
  // rearrange_c2
  SmallVector<int64_t> sorted(op.getPermutation());
  llvm::sort(sorted);
  if (sorted.size() != op.sourceDims().size() ||
      !llvm::all_of(llvm::enumerate(sorted), [](auto entry) { return entry.value() == int64_t(entry.index()); }))
    return op.emitOpError("loses or repeats one of the ") << op.sourceDims().size() << " dims that it permutes";
  return success();
}

/// Runs before verify(), so it has to see to the permutation itself.
LogicalResult RearrangeOp::verifyBatch() {
  if (failed(verifySources(*this)))
    return failure();
  SmallVector<Dim> dims = sourceDims();
  ArrayRef<StringAttr> result = getResult().getType().getBatch();
  // rearrange_c4
  if (result.size() > dims.size())
    return emitOpError("has ") << dims.size() << " dims, too few for the result's batch " << listText(result);
  for (auto [name, source] : llvm::zip(result, getPermutation()))
    if (!agree(*this, Dim::symbol(name.str()), dims[source]))
      return emitOpError("names a dim of size ") << dims[source].str() << " " << name.getValue();
  // rearrange_c5
  for (StringAttr name : mixedSymbols())
    if (auto func = (*this)->getParentOfType<FuncOp>())
      if (SymbolAttr symbol = func.lookupSymbol(name); symbol && func.isUnbounded(symbol))
        return emitOpError("moves ") << name.getValue() << " right of the bar, which has no upper bound";
  return success();
}

LogicalResult RearrangeOp::verify() {
  SmallVector<Dim> dims = sourceDims(), core = getResult().getType().coreDims();
  auto rest = getPermutation().drop_front(getResult().getType().batchRank());
  // rearrange_c3
  if (getJoins().size() != core.size() || llvm::any_of(getJoins(), [](int64_t count) { return count < 0; }) ||
      std::accumulate(getJoins().begin(), getJoins().end(), int64_t(0)) != int64_t(rest.size()))
    return emitOpError("joins do not make core ") << listText(core) << " of " << rest.size() << " dims";
  for (auto [dim, count] : llvm::zip_equal(core, getJoins())) {
    auto joined = llvm::map_to_vector(rest.take_front(count), [&](int64_t source) { return dims[source]; });
    rest = rest.drop_front(count);
    if (!agree(*this, dim, product(joined)))
      return emitOpError("joins ") << listText(joined) << " into " << dim.str();
  }
  return verifyDtypeKept(*this); // rearrange_c6
}

//===- slice ------------------------------------------------------------------------------------------------------===//

LogicalResult SliceOp::verify() {
  SmallVector<Dim> core = getX().getType().coreDims(), offsets = toDims(getOffsets()), sizes = toDims(getSizes());
  // slice_c1
  if (offsets.size() != core.size() || sizes.size() != core.size())
    return emitOpError("needs an offset and a size for each dim of core ") << listText(core);
  // slice_c2
  for (auto [dim, offset, size] : llvm::zip_equal(core, offsets, sizes))
    if (offset.constantValue().value_or(0) < 0 || (dim - offset - size).constantValue().value_or(0) < 0)
      return emitOpError("takes ") << size.str() << " from " << offset.str() << " on of a dim of size " << dim.str();
  // slice_c3
  ArrayRef<int64_t> dropped = getDropped();
  if (!llvm::is_sorted(dropped, std::less_equal<int64_t>()))
    return emitOpError("names its dropped dims out of order or twice");
  for (int64_t position : dropped)
    if (position < 0 || position >= int64_t(core.size()) || !sizes[position].isConstant(1))
      return emitOpError("drops dim ") << position << ", which is not one of size 1";
  // slice_c4
  SmallVector<Dim> expected;
  for (auto [position, size] : llvm::enumerate(sizes))
    if (!llvm::is_contained(dropped, int64_t(position)))
      expected.push_back(size);
  if (SmallVector<Dim> result = getResult().getType().coreDims(); !agree(*this, result, expected))
    return emitOpError("leaves core ") << listText(expected) << ", the result has " << listText(result);
  return verifyDtypeKept(*this);
}

// The whole of the operand: equal types leave no offset but 0.
OpFoldResult SliceOp::fold(FoldAdaptor) { return getX().getType() == getType() ? getX() : Value(); }

//===- concat, stack, spread --------------------------------------------------------------------------------------===//

LogicalResult ConcatOp::verify() {
  SmallVector<Dim> result = getResult().getType().coreDims();
  if (getOperands().empty() || result.empty())
    return emitOpError("needs operands with a core dim"); // concat_c1
  ArrayRef<Dim> leading = ArrayRef<Dim>(result).drop_back();
  Dim total;
  for (Value operand : getOperands()) {
    // concat_c1
    SmallVector<Dim> core = tensorType(operand).coreDims();
    if (core.size() != result.size() || !agree(*this, ArrayRef<Dim>(core).drop_back(), leading))
      return emitOpError("puts ") << listText(core) << " into " << listText(result) << ": only the last dim may differ";
    if (tensorType(operand).getElementType() != getResult().getType().getElementType())
      return emitOpError("on ") << dtypeName(getResult().getType().getElementType()) << " and "
                                << dtypeName(tensorType(operand).getElementType()) << "; there is no promotion";
    total = total + core.back();
  }
  // concat_c2
  if (!agree(*this, result.back(), total))
    return emitOpError("makes a last dim of ") << total.str() << ", the result has " << result.back().str();
  return success();
}

LogicalResult StackOp::verify() {
  if (getOperands().empty())
    return emitOpError("needs operands"); // stack_c1
  SmallVector<Dim> core = tensorType(getOperands().front()).coreDims();
  Type element = getResult().getType().getElementType();
  for (Value operand : getOperands()) {
    // stack_c1
    if (tensorType(operand).getElementType() != element)
      return emitOpError("on ") << dtypeName(element) << " and " << dtypeName(tensorType(operand).getElementType())
                                << "; there is no promotion";
    if (!agree(*this, tensorType(operand).coreDims(), core))
      return emitOpError("needs equal cores, found ")
             << listText(core) << " and " << listText(tensorType(operand).coreDims());
  }
  // stack_c2
  SmallVector<Dim> expected{Dim::constant(getOperands().size())};
  llvm::append_range(expected, core);
  if (SmallVector<Dim> result = getResult().getType().coreDims(); !agree(*this, result, expected))
    return emitOpError("makes core ") << listText(expected) << ", the result has " << listText(result);
  return success();
}

LogicalResult SpreadOp::verifyBatch() {
  // spread_c1
  ArrayRef<StringAttr> operand = getX().getType().getBatch(), result = getResult().getType().getBatch();
  if (!isSublist(operand, result))
    return emitOpError("batch dims ") << listText(operand) << " are no in-order sublist of " << listText(result);
  return success();
}

// spread_c2
LogicalResult SpreadOp::verify() { return failure(failed(verifyDtypeKept(*this)) || failed(verifyCoreKept(*this))); }

OpFoldResult SpreadOp::fold(FoldAdaptor) { return getX().getType() == getType() ? getX() : Value(); }
