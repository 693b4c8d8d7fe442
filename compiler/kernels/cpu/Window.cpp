// Window.cpp - see Window.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Window.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace batten {

bool isWindow(linalg::GenericOp generic) {
  return generic.getNumReductionLoops() != 0 && generic.getNumDpsInputs() == 2 &&
         !generic.getIndexingMapsArray().front().isProjectedPermutation();
}

/// What one step of loop `loop` adds to result `position` of an affine map without constants.
static int64_t stepOf(AffineMap map, unsigned position, unsigned loop) {
  SmallVector<int64_t> point(map.getNumDims(), 0);
  point[loop] = 1;
  return map.compose(point)[position];
}

static bool resolveImage(Window &window, Shapes &shapes, KernelFrame &frame) {
  Value source = window.op.getDpsInputs()[0];
  if (auto pad = source.getDefiningOp<tensor::PadOp>()) {
    window.pad = *getConstantIntValue(pad.getMixedLowPad().back());
    source = pad.getSource();
  }
  std::optional<Access> access = resolveAccess(source, shapes);
  if (!access || !frame.memory(access->root))
    return false;
  ArrayRef<Dim> extents = shapes.of(source), strides = access->strides;
  size_t channel = extents.size() - 3;
  window.image = {frame.memory(access->root),
                  cast<RankedTensorType>(source.getType()).getElementType(),
                  access->offset,
                  SmallVector<Dim>(window.batch),
                  strides[channel],
                  strides[channel + 1],
                  strides[channel + 2],
                  extents[channel],
                  extents[channel + 1],
                  extents[channel + 2]};
  AffineMap map = window.op.getIndexingMapsArray().front();
  for (size_t i = 0; i < channel; ++i)
    window.image.batchStrides[cast<AffineDimExpr>(map.getResult(i)).getPosition()] = strides[i];
  return true;
}

std::optional<Window> matchWindow(func::FuncOp group, Shapes &shapes, KernelFrame &frame) {
  Window window;
  for (auto generic : group.getOps<linalg::GenericOp>()) {
    if (isWindow(generic))
      window.op = generic;
    else
      window.epilogue.push_back(generic);
  }
  if (!window.op) {
    group.emitError("a window group needs a generic with a sliding window");
    return std::nullopt;
  }
  window.extents = loopExtents(window.op, shapes);
  window.batch = window.op.getNumParallelLoops() - 3;
  AffineMap map = window.op.getIndexingMapsArray().front();
  unsigned row = map.getNumResults() - 2;
  window.stride = stepOf(map, row, window.rowLoop());
  window.dilation = stepOf(map, row, window.tapRowLoop());
  window.inGroups = window.extents.size() > window.depthLoop() && !isa<AffineDimExpr>(map.getResult(row - 1));
  if (resolveImage(window, shapes, frame))
    return window;
  window.op.emitError("the image of this window is no view of memory");
  return std::nullopt;
}

} // namespace batten
