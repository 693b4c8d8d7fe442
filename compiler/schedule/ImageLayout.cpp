// ImageLayout.cpp - see ImageLayout.h.
//
// Every result of a convolution or pool is taken for such an image first; those whose makers or readers would meet
// another layout are dropped until none is left.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/schedule/ImageLayout.h"
#include "compiler/kernels/cpu/Granules.h"
#include "compiler/kernels/cpu/Window.h"
#include "compiler/schedule/PackOperands.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;

namespace batten {
namespace {

class Choice {
public:
  Choice(ArrayRef<Group> groups, Shapes &shapes, const Level &level);
  ImageLayout run();

private:
  ArrayRef<Group> groups;
  Shapes &shapes;
  const Level &level;
  DenseMap<Operation *, size_t> groupOf;
  llvm::DenseSet<Value> chosen;

  static bool isWindowGroup(const Group &group) {
    return group.kind == GroupKind::Convolution || group.kind == GroupKind::Pool;
  }
  static Value resultOf(const Group &group) { return group.operations.back()->getResult(0); }
  bool makesChannelsLast(const Group &group);
  bool readsChannelsLast(OpOperand &use);
  bool windowReads(const Group &group, linalg::GenericOp window);
  bool rowsRead(const Group &group, linalg::GenericOp reduction);
  bool operandsFit(const Group &group);
};

Choice::Choice(ArrayRef<Group> groups, Shapes &shapes, const Level &level)
    : groups(groups), shapes(shapes), level(level) {
  for (auto [i, group] : llvm::enumerate(groups))
    for (Operation *op : group.operations)
      groupOf[op] = i;
}

/// The image that a window slides over, inside of its padding.
Value imageOf(Operation *window) {
  Value image = window->getOperand(0);
  auto pad = image.getDefiningOp<tensor::PadOp>();
  return pad ? pad.getSource() : image;
}

/// Regardless of the images beside this one.
bool Choice::makesChannelsLast(const Group &group) {
  if (!isWindowGroup(group) || !isa<FloatType>(getElementTypeOrSelf(resultOf(group).getType())))
    return false;
  return group.kind == GroupKind::Pool ||
         mayHaveOutputsInLanes(cast<linalg::GenericOp>(group.operations.front()), shapes, level);
}

/// A granule of channels must lie side by side.
bool Choice::windowReads(const Group &group, linalg::GenericOp window) {
  if (group.kind == GroupKind::Pool)
    return chosen.contains(resultOf(group));
  Type element = getElementTypeOrSelf(imageOf(window).getType());
  std::optional<int64_t> channels = loopExtents(window, shapes).back().constantValue();
  return channels && *channels % granuleElements(element) == 0 && mayHaveOutputsInLanes(window, shapes, level);
}

/// Sums over all pixels, whose kernel has the channels in its lanes, and what is made of them.
bool Choice::rowsRead(const Group &group, linalg::GenericOp reduction) {
  size_t kept = reduction.getNumLoops() - 2;
  return reduction.getNumReductionLoops() == 2 && llvm::all_of(group.operations, [&](Operation *op) {
           auto generic = dyn_cast<linalg::GenericOp>(op);
           return generic && generic.getNumParallelLoops() == kept &&
                  (op == reduction || generic.getNumLoops() == kept);
         });
}

bool Choice::readsChannelsLast(OpOperand &use) {
  Operation *reader = use.getOwner();
  if (isa<tensor::PadOp>(reader))
    return llvm::all_of(reader->getUses(), [&](OpOperand &next) { return readsChannelsLast(next); });
  auto found = groupOf.find(reader);
  auto generic = dyn_cast<linalg::GenericOp>(reader);
  if (found == groupOf.end() || !generic || !generic.isDpsInput(&use))
    return false;
  const Group &group = groups[found->second];
  AffineMap map = generic.getMatchingIndexingMap(&use);
  if (isWindow(generic))
    return use.getOperandNumber() == 0 && windowReads(group, generic);
  if (!map.isIdentity())
    return false;
  return isWindowGroup(group) ? chosen.contains(resultOf(group))
                              : group.kind == GroupKind::Rows && rowsRead(group, generic);
}

/// What the group meets pixel by pixel and channel by channel has to lie as its result does.
bool Choice::operandsFit(const Group &group) {
  if (group.kind == GroupKind::Pool && !chosen.contains(imageOf(group.operations.front())))
    return false;
  for (Operation *op : ArrayRef(group.operations).drop_front()) {
    auto generic = cast<linalg::GenericOp>(op);
    unsigned rank = generic.getNumLoops();
    for (OpOperand *operand : generic.getDpsInputOperands()) {
      auto varies = [&](unsigned loop) { return generic.getMatchingIndexingMap(operand).isFunctionOfDim(loop); };
      bool isOwn = llvm::is_contained(group.operations, operand->get().getDefiningOp());
      if (!isOwn && varies(rank - 3) && (varies(rank - 2) || varies(rank - 1)) && !chosen.contains(operand->get()))
        return false;
    }
  }
  return true;
}

ImageLayout Choice::run() {
  for (const Group &group : groups)
    if (makesChannelsLast(group))
      chosen.insert(resultOf(group));
  for (bool changed = true; changed;) {
    changed = false;
    for (const Group &group : groups) {
      auto fits = [&] {
        return operandsFit(group) && llvm::all_of(resultOf(group).getUses(), [&](OpOperand &use) {
                 return llvm::is_contained(group.operations, use.getOwner()) || readsChannelsLast(use);
               });
      };
      if (chosen.contains(resultOf(group)) && !fits())
        changed |= chosen.erase(resultOf(group));
    }
  }
  ImageLayout layout{chosen, {}};
  for (const Group &group : groups)
    if (group.kind == GroupKind::Convolution &&
        (chosen.contains(resultOf(group)) || chosen.contains(imageOf(group.operations.front()))))
      layout.windows.insert(group.operations.front());
  return layout;
}

/// Dims in the order of memory.
SmallVector<int64_t> channelsBehind(int64_t rank) {
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  std::rotate(order.end() - 3, order.end() - 2, order.end());
  return order;
}

SmallVector<OpFoldResult> inOrder(ArrayRef<OpFoldResult> sizes, ArrayRef<int64_t> order) {
  return llvm::map_to_vector(order, [&](int64_t dim) { return sizes[dim]; });
}

Value transposed(OpBuilder &b, Value source, ArrayRef<OpFoldResult> sizes, ArrayRef<int64_t> order) {
  Location loc = source.getLoc();
  Value init = tensor::EmptyOp::create(b, loc, sizes, getElementTypeOrSelf(source.getType()));
  return linalg::TransposeOp::create(b, loc, source, init, order)->getResult(0);
}

} // namespace

ImageLayout chooseImageLayout(ArrayRef<Group> groups, Shapes &shapes, const Level &level) {
  return Choice(groups, shapes, level).run();
}

SmallVector<Dim> ImageLayout::stored(ArrayRef<Dim> extents, Type element) {
  SmallVector<Dim> sizes =
      llvm::map_to_vector(channelsBehind(extents.size()), [&](int64_t dim) { return extents[dim]; });
  int64_t bytes = *sizes.back().constantValue() * elementBytes(element);
  if (bytes % conflictBytes == 0)
    sizes.back() = sizes.back() + Dim::constant(lineBytes / elementBytes(element));
  return sizes;
}

Value storeChannelsLast(OpBuilder &b, Value image, ArrayRef<OpFoldResult> sizes, ArrayRef<OpFoldResult> storedSizes) {
  SmallVector<int64_t> order = channelsBehind(sizes.size());
  SmallVector<OpFoldResult> mine = inOrder(sizes, order);
  Value last = transposed(b, image, mine, order);
  if (mine.back() == storedSizes.back())
    return last;
  Value room = tensor::EmptyOp::create(b, image.getLoc(), storedSizes, getElementTypeOrSelf(image.getType()));
  SmallVector<OpFoldResult> zeros(sizes.size(), b.getIndexAttr(0)), ones(sizes.size(), b.getIndexAttr(1));
  return tensor::InsertSliceOp::create(b, image.getLoc(), last, room, zeros, mine, ones);
}

Value viewChannelsFirst(OpBuilder &b, Value stored, ArrayRef<OpFoldResult> sizes) {
  SmallVector<int64_t> order = channelsBehind(sizes.size()), back = invertPermutationVector(order);
  SmallVector<OpFoldResult> mine = inOrder(sizes, order);
  SmallVector<OpFoldResult> zeros(sizes.size(), b.getIndexAttr(0)), ones(sizes.size(), b.getIndexAttr(1));
  auto type = cast<RankedTensorType>(stored.getType());
  if (OpFoldResult(b.getIndexAttr(type.getShape().back())) != mine.back())
    stored = tensor::ExtractSliceOp::create(b, stored.getLoc(), stored, zeros, mine, ones);
  return transposed(b, stored, sizes, back);
}

} // namespace batten
