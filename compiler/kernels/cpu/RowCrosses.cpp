// RowCrosses.cpp - reductions of each row of one operand with each row of another: blocks of both.
//
// One by one, the rows of the inner loop would be read again for each row of the outer one: from DRAM, where they are
// more than the caches hold. Instead a unit is a block of each with a block of the other. Those of the inner loop stay
// in L1 while a few of the outer one go past them; the next unit has the same inner and the next outer ones, so that
// what comes from afar is read once, or once for a block of the other. No row knows of it: each is computed as ever.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/LoopCode.h"
#include "compiler/kernels/cpu/Rows.h"
#include "compiler/kernels/cpu/UsualSizes.h"

using namespace mlir;

namespace batten {

/// Rows of the outer loop in a block: the least that make reading the inner ones from DRAM quicker than computing.
constexpr int64_t outerRows = 16;
/// Of the inner loop: as many as half of L1 holds, within these.
constexpr int64_t fewestInnerRows = 4, mostInnerRows = 64;

/// Bytes of a row of the operands that lie along the inner loop.
int64_t Rows::bytesOfInnerRow() const {
  int64_t bytes = 0, columns = count.constantValue().value_or(usual::columns);
  for (auto [i, access] : llvm::enumerate(group.accesses))
    if (!rowDims.strides[i].back().isConstant(0) && !(columnElements[i] && columnElements[i]->stride.isConstant(0)))
      bytes += columns * elementBytes(access.element);
  return std::max<int64_t>(bytes, 1);
}

/// True where the two innermost row dims each have operands of their own, and nothing lies along both and the columns.
/// Of longer rows than L2 holds a few, blocks would save nothing and leave little to other threads.
bool Rows::meetsEachWithEach() const {
  size_t dims = rowDims.extents.size();
  if (tileDim || blocked || inBlocks || dims < 2 || !group.hasReduction() ||
      fewestInnerRows * bytesOfInnerRow() > level.cacheBytesL2 / 2)
    return false;
  bool hasInner = false, hasOuter = false;
  for (auto [i, access] : llvm::enumerate(group.accesses)) {
    if (columnElements[i] && columnElements[i]->stride.isConstant(0))
      continue; // an element a row
    bool alongInner = !rowDims.strides[i][dims - 1].isConstant(0),
         alongOuter = !rowDims.strides[i][dims - 2].isConstant(0);
    if (alongInner && alongOuter)
      return false;
    hasInner |= alongInner;
    hasOuter |= alongOuter;
  }
  return hasInner && hasOuter;
}

/// Rows of a block along row dim `dim`.
Rows::RowBlock Rows::blockAlong(size_t dim, int64_t most) const {
  std::optional<int64_t> extent = rowDims.extents[dim].constantValue();
  int64_t rows = std::min(most, extent.value_or(most));
  return {dim, rows, ceilDiv(rowDims.extents[dim], rows)};
}

std::optional<Rows::Cross> Rows::findCross() const {
  if (!meetsEachWithEach())
    return std::nullopt;
  size_t inner = rowDims.extents.size() - 1;
  int64_t rows = std::clamp(level.cacheBytesL1 / 2 / bytesOfInnerRow(), fewestInnerRows, mostInnerRows);
  Cross found{blockAlong(inner - 1, outerRows), blockAlong(inner, rows), {}};
  found.units.append(rowDims.extents.begin(), rowDims.extents.end() - 2);
  found.units.append({found.inner.blocks, found.outer.blocks});
  return found;
}

void Rows::crossUnit(Value index) {
  const auto &[outer, inner, units] = *cross;
  auto extents = llvm::map_to_vector(units, [&](const Dim &extent) { return frame.size(extent); });
  Values place = digitsOf(code, index, extents);
  std::swap(place[inner.dim], place[outer.dim]); // as the dims stand
  LoopCode loops{b, code.loc};
  auto along = [&](const RowBlock &block, llvm::function_ref<void()> body) {
    Value first = code.times(place[block.dim], code.index(block.rows));
    Value end = loops.least(code.add(first, code.index(block.rows)), rowExtents[block.dim]);
    loops.loop(first, end, code.index(1), [&](Value row) {
      place[block.dim] = row;
      body();
    });
  };
  along(outer, [&] {
    Value innerBlock = place[inner.dim];
    along(inner, [&] { computeRow(place); });
    place[inner.dim] = innerBlock;
  });
}

} // namespace batten
