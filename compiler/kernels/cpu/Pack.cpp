// Pack.cpp - linalg.pack of a contraction's right-hand side: panels[panel][depth in
// granules][column in panel][element of the granule].
//
// One unit of the launch is one panel.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Granules.h"
#include "compiler/kernels/cpu/Operand.h"
#include "compiler/kernels/cpu/PackPanel.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include <numeric>

using namespace mlir;

namespace batten {

namespace {
struct PackPlan {
  Operand source;
  Dim columns, depth, columnStride, depthStride;
  int64_t panelColumns;
};
} // namespace

static std::optional<PackPlan> planPack(linalg::PackOp pack, Shapes &shapes, KernelFrame &frame) {
  AffineMap identity = AffineMap::getMultiDimIdentityMap(2, pack.getContext());
  std::optional<Operand> source = resolveOperand(pack.getSource(), identity, shapes, frame);
  if (!source || !source->memory)
    return std::nullopt;
  int64_t column = pack.getInnerDimsPos().front();
  ArrayRef<Dim> extents = shapes.of(pack.getSource());
  return PackPlan{*source,
                  extents[column],
                  extents[1 - column],
                  source->strides[column],
                  source->strides[1 - column],
                  *getConstantIntValue(pack.getMixedTiles().front())};
}

FailureOr<Kernel> buildPack(func::FuncOp group, StringRef name, const Level &level) {
  auto pack = *group.getOps<linalg::PackOp>().begin();
  Shapes shapes(group);
  KernelFrame frame(group, name, level);
  std::optional<PackPlan> plan = planPack(pack, shapes, frame);
  if (!plan)
    return pack.emitError("the source of this pack is no view of memory");
  OpBuilder &b = frame.builder;
  Location loc = pack.getLoc();
  VectorCode v{b, loc, std::gcd(level.lanes(plan->source.element), plan->panelColumns)}; // panels of whole vectors
  PanelSource source{plan->source.memory,          frame.size(plan->source.offset), plan->source.element,
                     frame.size(plan->columns),    frame.size(plan->depth),         frame.size(plan->columnStride),
                     frame.size(plan->depthStride)};
  int64_t elements = granuleElements(source.element);
  auto panels = scf::ForOp::create(b, loc, frame.begin, frame.end, v.index(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(panels.getBody());
  Value first = v.times(panels.getInductionVar(), v.index(plan->panelColumns));
  emitPanel(v, source, first, plan->panelColumns, frame.resultMemory(0),
            v.times(first, frame.size(granules(plan->depth, elements) * Dim::constant(elements))));
  Dim panelCount =
      Dim::floorDiv(plan->columns + Dim::constant(plan->panelColumns - 1), Dim::constant(plan->panelColumns));
  return Kernel{frame.function, panelCount, 1, Dim::constant(0)};
}

} // namespace batten
