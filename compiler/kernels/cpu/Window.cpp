// Window.cpp - see Window.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Window.h"
#include "compiler/kernels/cpu/Granules.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace batten {

bool isWindow(linalg::GenericOp generic) {
  return generic.getNumReductionLoops() != 0 && generic.getNumDpsInputs() == 2 &&
         !generic.getIndexingMapsArray().front().isProjectedPermutation();
}

int64_t tileVectorsOfLine(int64_t vectors, const Level &level) {
  int64_t best = std::min(level.tileVectors, vectors);
  for (int64_t tile = best; 3 * tile <= level.tileRows * level.tileVectors; ++tile)
    if (llvm::alignTo(vectors, tile) < llvm::alignTo(vectors, best))
      best = tile;
  return best;
}

/// Channels of a tap for which reading and writing the sums of a tile costs little.
constexpr int64_t fewestOfPass = 128;

/// What one step of loop `loop` adds to result `position` of an affine map without constants.
static int64_t stepOf(AffineMap map, unsigned position, unsigned loop) {
  SmallVector<int64_t> point(map.getNumDims(), 0);
  point[loop] = 1;
  return map.compose(point)[position];
}

Window describeWindow(linalg::GenericOp op, Shapes &shapes) {
  Window window;
  window.op = op;
  window.extents = loopExtents(op, shapes);
  window.batch = op.getNumParallelLoops() - 3;
  AffineMap map = op.getIndexingMapsArray().front();
  unsigned row = map.getNumResults() - 2;
  window.stride = stepOf(map, row, window.rowLoop());
  window.dilation = stepOf(map, row, window.tapRowLoop());
  window.inGroups = window.extents.size() > window.depthLoop() && !isa<AffineDimExpr>(map.getResult(row - 1));
  Image &image = window.image;
  image.tensor = op.getDpsInputs()[0];
  if (auto pad = image.tensor.getDefiningOp<tensor::PadOp>()) {
    window.pad = *getConstantIntValue(pad.getMixedLowPad().back());
    image.tensor = pad.getSource();
  }
  image.element = cast<RankedTensorType>(image.tensor.getType()).getElementType();
  ArrayRef<Dim> core = shapes.of(image.tensor).take_back(3);
  image.channels = core[0];
  image.height = core[1];
  image.width = core[2];
  return window;
}

bool isOfTiles(const Window &window, const Level &level) {
  if (!level.hasTiles || granuleElements(window.image.element) == 1 || window.extents.size() <= window.depthLoop())
    return false;
  if (!window.inGroups)
    return true;
  int64_t channels = *window.extents[window.depthLoop()].constantValue();
  return convolvesByTiles(window.groups(), channels, *window.outputsOfGroup().constantValue());
}

bool passesByTap(const Window &window, const Level &level) {
  linalg::GenericOp op = window.op;
  Type sums = getElementTypeOrSelf(op.getResult(0).getType());
  ArrayRef<Dim> core = ArrayRef<Dim>(window.extents).drop_front(window.batch);
  bool isKnown = llvm::all_of(core, [](const Dim &extent) { return extent.isConstant(); }) &&
                 window.image.height.isConstant() && window.image.width.isConstant();
  if (level.hasManyRegisters() || !isKnown || !isa<FloatType>(sums) || window.image.element != sums)
    return false;
  auto extent = [&](unsigned loop) { return *window.extents[loop].constantValue(); };
  int64_t channels = extent(window.depthLoop()), width = extent(window.columnLoop());
  if (channels < fewestOfPass || channels % level.lanes(sums) != 0)
    return false;
  int64_t taps = extent(window.tapRowLoop()) * extent(window.tapColumnLoop());
  int64_t mostPixels = level.convolutionPixels(level.tileVectors);
  int64_t pixels = evenly(width, mostPixels); // of a tile of a row
  if (taps == 1)
    return !window.isPointwise() && pixels < mostPixels - 1;
  return pixels < mostPixels || taps * channels * level.tileVectors * level.vectorBytes > level.cacheBytesL2 / 4;
}

/// Finds where the image lies; false where it is no view of memory.
static bool resolveImage(Window &window, Shapes &shapes, KernelFrame &frame) {
  Image &image = window.image;
  std::optional<Access> access = resolveAccess(image.tensor, shapes);
  if (!access || !frame.memory(access->root))
    return false;
  image.memory = frame.memory(access->root);
  image.offset = access->offset;
  ArrayRef<Dim> strides = access->strides, core = strides.take_back(3);
  image.channelStride = core[0];
  image.rowStride = core[1];
  image.columnStride = core[2];
  image.batchStrides.assign(window.batch, Dim());
  AffineMap map = window.op.getIndexingMapsArray().front();
  for (auto [i, stride] : llvm::enumerate(strides.drop_back(3)))
    image.batchStrides[cast<AffineDimExpr>(map.getResult(i)).getPosition()] = stride;
  return true;
}

std::optional<Window> matchWindow(func::FuncOp group, Shapes &shapes, KernelFrame &frame) {
  linalg::GenericOp op;
  SmallVector<linalg::GenericOp> epilogue;
  for (auto generic : group.getOps<linalg::GenericOp>()) {
    if (isWindow(generic))
      op = generic;
    else
      epilogue.push_back(generic);
  }
  if (!op) {
    group.emitError("a window group needs a generic with a sliding window");
    return std::nullopt;
  }
  Window window = describeWindow(op, shapes);
  window.epilogue = std::move(epilogue);
  if (resolveImage(window, shapes, frame))
    return window;
  op.emitError("the image of this window is no view of memory");
  return std::nullopt;
}

} // namespace batten
