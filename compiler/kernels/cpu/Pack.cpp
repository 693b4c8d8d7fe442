// Pack.cpp - linalg.pack of what is multiplied by panels: panels[panel][depth..][column in panel]. Columns are those of
// a contraction's right-hand side, whose depth is cut into granules, or the outputs of a convolution, whose depth is
// kh, kw and channel, of which a granule lies together or, for AMX tiles, a whole row of one.
//
// One unit of the launch is one panel.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Granules.h"
#include "compiler/kernels/cpu/Operand.h"
#include "compiler/kernels/cpu/PackPanel.h"
#include "compiler/kernels/cpu/RowGroup.h"
#include "compiler/kernels/cpu/TileRows.h"
#include "compiler/kernels/cpu/UsualSizes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include <numeric>

using namespace mlir;

namespace batten {

namespace {
struct PackPlan {
  Operand source;
  Dim columns, columnStride;
  SmallVector<Dim> depths, depthStrides; ///< outermost first
  int64_t panelColumns, granule;

  bool isInTiles() const { return granule > granuleElements(source.element); }
};
} // namespace

static std::optional<PackPlan> planPack(linalg::PackOp pack, Shapes &shapes, KernelFrame &frame) {
  ArrayRef<Dim> extents = shapes.of(pack.getSource());
  AffineMap identity = AffineMap::getMultiDimIdentityMap(extents.size(), pack.getContext());
  std::optional<Operand> source = resolveOperand(pack.getSource(), identity, shapes, frame);
  if (!source || !source->memory)
    return std::nullopt;
  int64_t column = pack.getInnerDimsPos().front();
  SmallVector<OpFoldResult> tiles = pack.getMixedTiles();
  int64_t panelColumns = *getConstantIntValue(tiles.front());
  int64_t granule = tiles.size() > 1 ? *getConstantIntValue(tiles.back()) : 1;
  PackPlan plan{*source, extents[column], source->strides[column], {}, {}, panelColumns, granule};
  for (int64_t dim : pack.getOuterDimsPerm().drop_front()) {
    plan.depths.push_back(extents[dim]);
    plan.depthStrides.push_back(source->strides[dim]);
  }
  return plan;
}

/// Panels that would fill the last cache are stored past it: ordinary stores would first read the memory that they
/// write, which is a third of the traffic.
static bool fillsCaches(const PackPlan &plan, const Level &level) {
  Dim bytes = plan.columns * Dim::constant(2 * elementBytes(plan.source.element)); // read and written
  for (const Dim &depth : plan.depths)
    bytes = bytes * depth;
  return bytes.constantValue().value_or(0) > level.cacheBytesL3 / 2;
}

namespace {
/// A row of innermost depths: where it begins in the source, and its number among those of all panels.
struct DepthRow {
  Value from, number;
};
} // namespace

/// Loops over the outer depths of a panel, which the builder stays in.
static DepthRow loopOverDepths(const VectorCode &v, KernelFrame &frame, const PackPlan &plan, Value panel) {
  DepthRow row{frame.size(plan.source.offset), panel};
  for (auto [extent, stride] : llvm::drop_end(llvm::zip_equal(plan.depths, plan.depthStrides))) {
    auto depths = scf::ForOp::create(v.builder, v.loc, v.index(0), frame.size(extent), v.index(1));
    v.builder.setInsertionPointToStart(depths.getBody());
    row.from = v.add(row.from, v.times(depths.getInductionVar(), frame.size(stride)));
    row.number = v.add(v.times(row.number, frame.size(extent)), depths.getInductionVar());
  }
  return row;
}

/// The columns of a panel from `first` on.
static void packRow(const VectorCode &v, KernelFrame &frame, const PackPlan &plan, DepthRow row, Value first,
                    bool pastCaches) {
  PanelSource source{plan.source.memory,
                     row.from,
                     plan.source.element,
                     frame.size(plan.columns),
                     frame.size(plan.depths.back()),
                     frame.size(plan.columnStride),
                     frame.size(plan.depthStrides.back()),
                     plan.granule,
                     pastCaches,
                     /*isWhole=*/Dim::modulo(plan.columns, Dim::constant(plan.panelColumns)).isConstant(0)};
  Dim panelDepth = roundUp(plan.depths.back(), plan.granule) * Dim::constant(plan.panelColumns);
  Value at = v.times(row.number, frame.size(panelDepth));
  if (!plan.isInTiles())
    return emitPanel(v, source, first, plan.panelColumns, frame.resultMemory(0), at);
  auto placeOf = [&](Value column) { return v.add(row.from, v.times(column, source.columnStride)); };
  TileRows tiles{source.memory, source.element, plan.depths.back(), plan.depthStrides.back(), placeOf, source.columns};
  emitTileRows(v, frame, tiles, first, frame.resultMemory(0), at);
}

FailureOr<Kernel> buildPack(func::FuncOp group, StringRef name, const Level &level) {
  auto pack = *group.getOps<linalg::PackOp>().begin();
  Shapes shapes(group);
  KernelFrame frame(group, name, level);
  std::optional<PackPlan> plan = planPack(pack, shapes, frame);
  if (!plan)
    return pack.emitError("the source of this pack is no view of memory");
  OpBuilder &b = frame.builder;
  int64_t lanes = std::max<int64_t>(1, level.lanes(plan->source.element) / plan->granule);
  VectorCode v{b, pack.getLoc(), std::gcd(lanes, plan->panelColumns)}; // panels of whole vectors
  bool pastCaches = !plan->isInTiles() && fillsCaches(*plan, level) && v.canStorePastCaches(plan->source.element);
  auto panels = scf::ForOp::create(b, v.loc, frame.begin, frame.end, v.index(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(panels.getBody());
  Value first = v.times(panels.getInductionVar(), v.index(plan->panelColumns));
  packRow(v, frame, *plan, loopOverDepths(v, frame, *plan, panels.getInductionVar()), first, pastCaches);
  if (pastCaches) {
    b.setInsertionPointAfter(panels);
    v.orderStores();
  }
  Dim work = workOfElements(plan->columns * countOf(plan->depths));
  return Kernel{frame.function, ceilDiv(plan->columns, plan->panelColumns), work, Dim::constant(0)};
}

} // namespace batten
