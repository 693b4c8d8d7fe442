// TurnEpilogues.cpp - see TurnEpilogues.h.
//
// What takes a number for each channel is written for one pixel: the image is rearranged so that its channels are the
// core, scaled, and rearranged back. Neither moves an element if the operations between them run over the image as it
// was: back(f(there(image))) is f' (image), where f' has its loops in the order of the image's dims.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/schedule/TurnEpilogues.h"
#include "compiler/kernels/cpu/Window.h"
#include "compiler/schedule/Groups.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;

namespace batten {
namespace {

/// One value at each point of its loops, in their order.
bool isElementwise(linalg::GenericOp op) {
  return op.getNumReductionLoops() == 0 && op->getNumResults() == 1 &&
         op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity() &&
         op.getBody()->getOps<linalg::IndexOp>().empty();
}

/// True where `value` is what a window or its epilogue leaves, read by one operation.
bool isOfWindow(Value value) {
  auto op = value.getDefiningOp<linalg::GenericOp>();
  if (!op || !value.hasOneUse())
    return false;
  return isWindow(op) || (isElementwise(op) && llvm::any_of(op.getDpsInputOperands(), [&](OpOperand *input) {
                            return op.getMatchingIndexingMap(input).isIdentity() && isOfWindow(input->get());
                          }));
}

/// The operations from the transpose of a window's result that `back` undoes up to `value`, each of which the next one
/// alone reads; empty where there are none.
SmallVector<linalg::GenericOp> operationsBetween(Value value, linalg::TransposeOp back) {
  auto op = value.getDefiningOp<linalg::GenericOp>();
  if (!op || !isElementwise(op) || !value.hasOneUse())
    return {};
  for (OpOperand *input : op.getDpsInputOperands()) {
    if (!op.getMatchingIndexingMap(input).isIdentity())
      continue;
    SmallVector<linalg::GenericOp> before;
    auto there = input->get().getDefiningOp<linalg::TransposeOp>();
    bool isUndone = there && there->hasOneUse() && isOfWindow(there.getInput()) &&
                    there.getPermutation() == ArrayRef(invertPermutationVector(back.getPermutation()));
    if (!isUndone && (before = operationsBetween(input->get(), back)).empty())
      continue;
    before.push_back(op);
    return before;
  }
  return {};
}

class Turn {
public:
  Turn(func::FuncOp entry, ArrayRef<int64_t> order)
      : entry(entry), shapes(entry), order(order), places(invertPermutationVector(order)) {}
  /// The same operation with its loops in this order, which reads through transposes.
  linalg::GenericOp turned(linalg::GenericOp op);
  Value turnedBack(linalg::GenericOp op);

private:
  func::FuncOp entry;
  Shapes shapes;
  ArrayRef<int64_t> order;     ///< by new loop, the old one
  SmallVector<int64_t> places; ///< by old loop, the new one

  Value empty(OpBuilder &b, Value like, ArrayRef<Dim> extents) {
    return tensor::EmptyOp::create(b, like.getLoc(), operandsOf(b, like.getLoc(), entry, extents),
                                   getElementTypeOrSelf(like));
  }
};

linalg::GenericOp Turn::turned(linalg::GenericOp op) {
  OpBuilder b(op);
  AffineMap toOld = AffineMap::getPermutationMap(places, op.getContext());
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (OpOperand *input : op.getDpsInputOperands()) {
    AffineMap map = op.getMatchingIndexingMap(input).compose(toOld);
    Value read = input->get();
    if (auto transpose = read.getDefiningOp<linalg::TransposeOp>()) {
      SmallVector<int64_t> inverse = invertPermutationVector(transpose.getPermutation());
      map = AffineMap::getPermutationMap(inverse, op.getContext()).compose(map);
      read = transpose.getInput();
    }
    inputs.push_back(read);
    maps.push_back(map);
  }
  maps.push_back(AffineMap::getMultiDimIdentityMap(op.getNumLoops(), op.getContext()));
  ArrayRef<Dim> extents = shapes.of(op.getResult(0));
  auto mine = llvm::map_to_vector(order, [&](int64_t loop) { return extents[loop]; });
  Value init = empty(b, op.getResult(0), mine);
  auto result =
      linalg::GenericOp::create(b, op.getLoc(), init.getType(), inputs, init, maps, op.getIteratorTypesArray());
  result->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  IRMapping same;
  op.getRegion().cloneInto(&result.getRegion(), same);
  return result;
}

/// The value of `op`, which is turned, with its dims as they were.
Value Turn::turnedBack(linalg::GenericOp op) {
  OpBuilder b(op->getNextNode());
  ArrayRef<Dim> extents = shapes.of(op.getResult(0));
  auto old = llvm::map_to_vector(places, [&](int64_t loop) { return extents[loop]; });
  Value init = empty(b, op.getResult(0), old);
  return linalg::TransposeOp::create(b, op.getLoc(), op.getResult(0), init, places)->getResult(0);
}

} // namespace

/// Does it for one transpose; false where there is none left.
static bool turnOne(func::FuncOp entry) {
  for (auto back : entry.getOps<linalg::TransposeOp>()) {
    SmallVector<linalg::GenericOp> operations = operationsBetween(back.getInput(), back);
    if (operations.empty())
      continue;
    Turn turn(entry, back.getPermutation());
    linalg::GenericOp last;
    for (linalg::GenericOp op : operations) {
      last = turn.turned(op);
      op.getResult(0).replaceAllUsesWith(turn.turnedBack(last));
    }
    back->getResult(0).replaceAllUsesWith(last.getResult(0));
    eraseUnread(entry);
    return true;
  }
  return false;
}

void turnEpilogues(func::FuncOp entry) {
  while (turnOne(entry)) {
  }
}

} // namespace batten
