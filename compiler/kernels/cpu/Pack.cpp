// Pack.cpp - linalg.pack of a contraction's right-hand side: panels[panel][depth][column in panel].
//
// One unit of the launch is one panel. Columns beyond the last are zero, so that the contraction may read whole
// vectors.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Operand.h"
#include "compiler/kernels/cpu/VectorCode.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
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
  Value columns = frame.size(plan->columns), depth = frame.size(plan->depth), base = frame.size(plan->source.offset);
  Value columnStride = frame.size(plan->columnStride), depthStride = frame.size(plan->depthStride);
  Value zero = v.index(0), one = v.index(1), width = v.index(plan->panelColumns);

  auto panels = scf::ForOp::create(b, loc, frame.begin, frame.end, one);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(panels.getBody());
  Value first = v.times(panels.getInductionVar(), width);
  auto rows = scf::ForOp::create(b, loc, zero, depth, one);
  b.setInsertionPointToStart(rows.getBody());
  Value k = rows.getInductionVar();
  Value source = v.add(base, v.times(k, depthStride)), target = v.add(v.times(first, depth), v.times(k, width));
  for (int64_t q = 0; q < plan->panelColumns; q += v.lanes) {
    Value column = v.add(first, v.index(q));
    // Counted in signed arithmetic: past the last column the count is negative and the mask empty.
    Value mask = v.firstLanes(arith::SubIOp::create(b, loc, columns, column));
    Value at = v.add(source, v.times(column, columnStride));
    Value loaded = v.load(plan->source.memory, at, columnStride, plan->source.element, mask);
    v.store(loaded, frame.resultMemory(0), v.add(target, v.index(q)), {});
  }
  Dim panelCount =
      Dim::floorDiv(plan->columns + Dim::constant(plan->panelColumns - 1), Dim::constant(plan->panelColumns));
  return Kernel{frame.function, panelCount, 1, Dim::constant(0)};
}

} // namespace batten
