// BuildRows.cpp - the builder of rows groups: reads the group, cuts its domain, chooses what the lanes run along.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/RowKernels.h"
#include "compiler/kernels/cpu/SharedDivisors.h"
#include "compiler/kernels/cpu/SideBySide.h"
#include "compiler/kernels/cpu/VectorMath.h"

using namespace mlir;

namespace batten {

/// True where what `node` returns lies side by side along the columns: parts of a concatenation have gaps between rows.
static bool isDenseFrom(const RowNode &node, const RowGroup &group, size_t from) {
  if (!node.result)
    return true;
  std::optional<Dim> apart = flatStride(group.accesses[*node.result], group.domain, from, group.domain.size());
  return apart && (apart->isConstant(0) || apart->isConstant(1));
}

/// True where rows of `columns` elements, of which an operand has the same ones in each, are better side by side than
/// one by one: where they fill less than two vectors. Zen 3, (x - m) * s of 4096 rows of f32 in parts of the time of
/// one by one: of 2 columns 0.24, 5 0.5, 10 0.84, 16 0.97, 28 1. With AVX-512 part of a vector is as quick as all of
/// it, and elements of a row are better kept in registers. bf16 is walked in pairs of vectors.
static bool areBetterSideBySide(int64_t columns, Type element, int64_t lanes, const Level &level) {
  if (element.isBF16())
    lanes *= 2;
  return level.hasManyRegisters() ? columns <= lanes : columns < 2 * lanes;
}

/// Element-wise: as many trailing dims as every operand meets as one are the columns.
static size_t freeSplit(const RowGroup &group, int64_t lanes, const Level &level) {
  size_t rank = group.domain.size();
  auto flat = [&](size_t from) {
    bool cheapIndices = from + 1 == rank || llvm::all_of(llvm::seq(from, rank), [&](size_t dim) {
                          return !group.indexed[dim] || lanePeriod(group.domain, dim, lanes);
                        });
    auto isOne = [&](const Operand &access) {
      std::optional<ColumnElements> elements = columnElements(access, group.domain, from, lanes);
      return elements && (elements->period == 0 || areBetterSideBySide(elements->period, access.element, lanes, level));
    };
    auto isDense = [&](const RowNode &node) { return isDenseFrom(node, group, from); };
    return cheapIndices && llvm::all_of(group.accesses, isOne) && llvm::all_of(group.nodes, isDense);
  };
  size_t split = rank;
  while (split > 0 && flat(split - 1))
    --split;
  return split;
}

/// Fewer results side by side than this leave most of a vector empty.
constexpr int64_t fewestResultsInLanes = 4;

/// True where no operand lies along the reduced dims and some lie along the kept ones.
static bool reducesAcrossRows(const RowGroup &group) {
  if (!group.hasReduction() || group.split == 0 || group.split == group.domain.size())
    return false;
  for (const RowNode &node : group.nodes)
    if (node.kind == RowNode::column && node.result)
      return false; // results lie along the columns
  size_t from = lanesFrom(group);
  std::optional<int64_t> results = countOf(ArrayRef<Dim>(group.domain).slice(from, group.split - from)).constantValue();
  if (results && *results < fewestResultsInLanes)
    return false;
  bool any = false;
  for (const Operand &access : group.accesses) {
    bool varies = llvm::any_of(llvm::seq(group.split, group.domain.size()), [&](size_t d) {
      return !group.domain[d].isConstant(1) && !access.strides[d].isConstant(0);
    });
    std::optional<Dim> along = flatStride(access, group.domain, from, group.split);
    if (!varies || !along || along->isConstant(0))
      continue; // the same for all columns, or for all results: cheap either way
    if (!along->isConstant(1))
      return false;
    any = true;
  }
  return any;
}

/// Chooses what the lanes run along.
static Kernel layRows(RowGroup &group, KernelFrame &frame, GroupScalars &scalars, const Level &level) {
  if (group.hasTurnedLoops() || reducesAcrossRows(group))
    return buildRowsInLanes(group, frame, scalars, level);
  if (hasShortRows(group, laneCount(group, level)))
    return buildShortRows(group, frame, scalars, level);
  return buildColumnsInLanes(group, frame, scalars, level);
}

FailureOr<Kernel> buildRowGroup(func::FuncOp function, StringRef name, const Level &level, RowLayout lay) {
  Shapes shapes(function);
  KernelFrame frame(function, name, level);
  GroupScalars scalars(function, frame);
  FailureOr<RowGroup> group = matchRows(function, shapes, frame, scalars);
  FailureOr<Kernel> kernel = succeeded(group) ? lay(*group, frame, scalars) : FailureOr<Kernel>(failure());
  if (succeeded(kernel) && succeeded(expandVectorMath(kernel->function, level)))
    return kernel;
  frame.function.erase();
  return failure();
}

FailureOr<Kernel> buildRows(func::FuncOp function, StringRef name, const Level &level) {
  auto lay = [&](RowGroup &group, KernelFrame &frame, GroupScalars &scalars) -> FailureOr<Kernel> {
    if (!group.readsRows())
      group.splitAt(freeSplit(group, laneCount(group, level), level));
    Kernel kernel = layRows(group, frame, scalars, level);
    if (!group.hasReduction() && group.steps != 1) // see RowCode::flushStores
      return function.emitError("internal: a group that reduces nothing walks over its elements twice");
    return kernel;
  };
  FailureOr<Kernel> kernel = buildRowGroup(function, name, level, lay);
  if (failed(kernel))
    return failure();
  multiplyByReciprocals(kernel->function);
  putPairsSideBySide(kernel->function);
  return kernel;
}

} // namespace batten
