// Pack.cpp - linalg.pack of what is multiplied by panels: panels[panel][depth..][column in panel]. Columns are those of
// a contraction's right-hand side, whose depth is cut into granules, or the outputs of a convolution, whose depth is
// kh, kw and channel, of which a granule lies together or, for AMX tiles, a whole row of one.
//
// One unit of the launch is one panel; several are packed block by block, so that pages are read by more than lines.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Granules.h"
#include "compiler/kernels/cpu/LoopCode.h"
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
/// A row of innermost depths: where it begins in the source, and its number among those of a panel.
struct DepthRow {
  Value from, number;
};

/// What is packed before what lies beside it in the source, and that before what lies below.
struct PackBlock {
  int64_t panels;
  Dim depths;
};
} // namespace

/// Of rows, 8 granules of as many panels as read 4 kB of each: a panel alone would read a line or two of each row, so
/// of each page, and a row alone would write a line or two of each panel.
static PackBlock blockOf(const PackPlan &plan) {
  if (plan.isInTiles() || !plan.columnStride.isConstant(1))
    return {1, plan.depths.back()};
  constexpr int64_t bytesOfRow = 4096, granules = 8;
  int64_t panels = bytesOfRow / (plan.panelColumns * elementBytes(plan.source.element));
  return {std::max<int64_t>(1, panels), Dim::constant(granules * plan.granule)};
}

/// Loops over the outer depths of a panel, which the builder stays in.
static DepthRow loopOverDepths(const VectorCode &v, KernelFrame &frame, const PackPlan &plan) {
  DepthRow row{frame.size(plan.source.offset), v.index(0)};
  for (auto [extent, stride] : llvm::drop_end(llvm::zip_equal(plan.depths, plan.depthStrides))) {
    auto depths = scf::ForOp::create(v.builder, v.loc, v.index(0), frame.size(extent), v.index(1));
    v.builder.setInsertionPointToStart(depths.getBody());
    row.from = v.add(row.from, v.times(depths.getInductionVar(), frame.size(stride)));
    row.number = v.add(v.times(row.number, frame.size(extent)), depths.getInductionVar());
  }
  return row;
}

/// `depths` of a row from `k` on, in one panel.
static void packRow(const VectorCode &v, KernelFrame &frame, const PackPlan &plan, DepthRow row, Value panel, Value k,
                    Value depths, bool pastCaches) {
  Value from = v.add(row.from, v.times(k, frame.size(plan.depthStrides.back())));
  PanelSource source{plan.source.memory,
                     from,
                     plan.source.element,
                     frame.size(plan.columns),
                     depths,
                     frame.size(plan.columnStride),
                     frame.size(plan.depthStrides.back()),
                     isTurned(plan.columnStride, plan.depthStrides.back()),
                     plan.granule,
                     pastCaches,
                     /*isWhole=*/Dim::modulo(plan.columns, Dim::constant(plan.panelColumns)).isConstant(0)};
  Dim rows = countOf(ArrayRef<Dim>(plan.depths).drop_back());
  Dim panelDepth = roundUp(plan.depths.back(), plan.granule) * Dim::constant(plan.panelColumns);
  Value number = v.add(v.times(panel, frame.size(rows)), row.number);
  Value at = v.add(v.times(number, frame.size(panelDepth)), v.times(k, v.index(plan.panelColumns)));
  Value first = v.times(panel, v.index(plan.panelColumns));
  if (!plan.isInTiles())
    return emitPanel(v, source, first, plan.panelColumns, frame.resultMemory(0), at);
  auto placeOf = [&](Value column) { return v.add(from, v.times(column, source.columnStride)); };
  TileRows tiles{source.memory, source.element, plan.depths.back(), plan.depthStrides.back(), placeOf, source.columns};
  emitTileRows(v, frame, tiles, first, frame.resultMemory(0), at);
}

/// The panels [begin, end), block by block.
static void packPanels(const VectorCode &v, KernelFrame &frame, const PackPlan &plan, Value begin, Value end,
                       bool pastCaches) {
  LoopCode loops{v.builder, v.loc};
  PackBlock block = blockOf(plan);
  OpBuilder::InsertionGuard guard(v.builder);
  DepthRow row = loopOverDepths(v, frame, plan);
  Value depth = frame.size(plan.depths.back()), most = frame.size(block.depths);
  bool isWhole = Dim::modulo(plan.depths.back(), block.depths).isConstant(0);
  loops.loop(v.index(0), depth, most, [&](Value k) {
    Value depths = isWhole ? most : loops.least(most, loops.minus(depth, k));
    loops.loop(begin, end, v.index(1),
               [&](Value panel) { packRow(v, frame, plan, row, panel, k, depths, pastCaches); });
  });
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
  Value panels = v.index(blockOf(*plan).panels);
  LoopCode loops{b, v.loc};
  loops.loop(frame.begin, frame.end, panels, [&](Value panel) {
    packPanels(v, frame, *plan, panel, loops.least(frame.end, v.add(panel, panels)), pastCaches);
  });
  if (pastCaches)
    v.orderStores();
  Dim work = workOfElements(plan->columns * countOf(plan->depths));
  return Kernel{frame.function, ceilDiv(plan->columns, plan->panelColumns), work, Dim::constant(0)};
}

} // namespace batten
