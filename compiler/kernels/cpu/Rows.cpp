// Rows.cpp - rows with their columns in the lanes of vectors.
//
//   for each unit in [begin, end)         a row, or a block of columns of one where there is no reduction
//     digits of the row index, the first element of every operand
//     for each step                       a walk over the columns, 64 at a time where something is reduced
//       loads, operations, stores; 64 accumulators a reduction, each a chain
//     what is computed once a row
//
// Element i of the row-major column index goes to lane i mod 64 (dialect/NUMERICS.md), so the columns must be one index:
// an operand that meets them at one stride is read in place, any other is first gathered into this thread's scratch.
// The tail is a masked chunk; a row of at most 64 columns is straight-line code that stays in registers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/ColumnWalk.h"
#include "compiler/kernels/cpu/RowCode.h"
#include "compiler/kernels/cpu/RowKernels.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;

namespace batten {
namespace {

/// Columns of a unit where a row may be cut: a few pages of L1, so that a long vector is split over threads.
constexpr int64_t blockColumns = 4096;

class Rows : RowCode {
public:
  Rows(RowGroup &group, KernelFrame &frame, GroupScalars &scalars, int64_t lanes, bool inBlocks);
  Kernel build();

private:
  Dim count;      ///< of columns
  bool blocked;   ///< units are blocks of columns
  bool inBlocks;  ///< reductions begin anew every 256 columns
  MergedDims rowDims;
  SmallVector<Value> rowExtents;       ///< of rowDims
  SmallVector<SmallVector<Value>> rowStrides;
  SmallVector<std::optional<Dim>> columnStrides; ///< nullopt: gathered into scratch
  Dim scratchBytes;

  /// Where a walk finds an access, or a kept value, along the columns of the current row.
  struct Place {
    Value memory, base, stride;
    Type element;
    Value everywhere; ///< stride 0: the vector of its one element
  };
  SmallVector<Place> places;           ///< by access
  DenseMap<unsigned, Place> keptPlaces; ///< by node
  DenseMap<unsigned, Value> firstOfRow;
  SmallVector<Value> digits;
  SmallVector<Chunk> registerChunks;
  ColumnRange range;

  Dim unitCount() const;
  Dim blocksPerRow() const { return Dim::floorDiv(count + Dim::constant(blockColumns - 1), Dim::constant(blockColumns)); }
  Value scratchFor(Type element);
  void setUp();
  void unit(Value index);
  void enterRow(Value row);
  void gatherColumns(unsigned access);
  void walk();
  void walkBlocks(ArrayRef<unsigned> reductions);
  SmallVector<Value> blockTurn(const ColumnRange &block, ArrayRef<unsigned> reductions, ValueRange totals);
  SmallVector<Value> chunks(Value first, ArrayRef<Value> masks, ArrayRef<unsigned> stores,
                            ArrayRef<unsigned> reductions, ValueRange accumulators);
  void storeColumn(unsigned node, Chunk &chunk);
  void storeRowResults();
  size_t operationsOf(unsigned node, llvm::SmallDenseSet<unsigned> &seen) const;
  int64_t vectorsWithoutReduction(ArrayRef<unsigned> stores) const;

  Value load(unsigned access, Chunk &chunk) override;
  Value loadForRow(unsigned access) override;
  Value loadKept(unsigned node, Chunk &chunk) override;
  Value loopIndex(int64_t dim, Chunk *chunk) override;
  void beforeWalk(unsigned access) override;
};

Rows::Rows(RowGroup &group, KernelFrame &frame, GroupScalars &scalars, int64_t lanes, bool inBlocks)
    : RowCode(group, frame, scalars, lanes), count(countOf(group.columns())), inBlocks(inBlocks) {
  std::optional<int64_t> columns = count.constantValue();
  // A value per row would be computed once a block, and written by several threads.
  blocked = !group.readsRows() && !(columns && *columns <= 2 * blockColumns);
  inRegisters = columns && *columns <= numLanes && !inBlocks;
  group.plan(inRegisters);
  rowDims = mergeDims(group, 0, group.split);
  for (const Operand &access : group.accesses)
    columnStrides.push_back(flatStride(access, group.domain, group.split, group.domain.size()));
}

//===- Once a kernel --------------------------------------------------------------------------------------------------===//

Dim Rows::unitCount() const {
  return blocked ? countOf(group.rows()) * blocksPerRow() : countOf(group.rows());
}

/// Room for one row of `element` in the scratch, on a cache line of its own.
Value Rows::scratchFor(Type element) {
  Value view = frame.scratchView(scratchBytes, element);
  Dim bytes = count * Dim::constant(storageType(element).getIntOrFloatBitWidth() / 8);
  scratchBytes = scratchBytes + Dim::floorDiv(bytes + Dim::constant(63), Dim::constant(64)) * Dim::constant(64);
  return view;
}

/// Everything that does not depend on the row: strides, extents, places in the scratch.
void Rows::setUp() {
  Value zero = code.index(0), one = code.index(1);
  for (const Dim &extent : rowDims.extents)
    rowExtents.push_back(frame.size(extent));
  for (auto [i, access] : llvm::enumerate(group.accesses)) {
    SmallVector<Value> &strides = rowStrides.emplace_back();
    for (const Dim &stride : rowDims.strides[i])
      strides.push_back(frame.size(stride));
    Place place{access.memory, zero, one, access.element, {}};
    if (columnStrides[i])
      place.stride = frame.size(*columnStrides[i]);
    else
      place.memory = scratchFor(access.element);
    places.push_back(place);
  }
  for (auto [i, node] : llvm::enumerate(group.nodes)) {
    if (node.result && node.kind == RowNode::column)
      places[*node.result].stride = one; // dense, whatever an extent of 1 says
    if (node.kept && !node.result) {
      Type element = cast<RankedTensorType>(node.op.getResult(0).getType()).getElementType();
      keptPlaces[i] = {scratchFor(element), zero, one, element, {}};
    }
  }
  range = {zero, frame.size(count), count.constantValue()};
}

Kernel Rows::build() {
  setUp();
  auto loop = scf::ForOp::create(b, code.loc, frame.begin, frame.end, code.index(1));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    unit(loop.getInductionVar());
  }
  int64_t perUnit = count.constantValue().value_or(blocked ? blockColumns : 512);
  if (blocked)
    perUnit = std::min(perUnit, blockColumns);
  return {frame.function, unitCount(), std::max<int64_t>(1, grainElements / perUnit), scratchBytes};
}

//===- Once a unit ----------------------------------------------------------------------------------------------------===//

void Rows::unit(Value index) {
  ColumnRange whole = range;
  Value row = index;
  if (blocked) {
    Value size = code.index(blockColumns), block = index;
    if (!rowExtents.empty()) {
      Value blocks = frame.size(blocksPerRow());
      block = arith::RemUIOp::create(b, code.loc, index, blocks);
      row = arith::DivUIOp::create(b, code.loc, index, blocks);
    }
    range.first = arith::MulIOp::create(b, code.loc, block, size);
    Value left = arith::SubIOp::create(b, code.loc, whole.extent, range.first);
    bool even = whole.constant && *whole.constant % blockColumns == 0;
    range.extent = even ? size : arith::MinUIOp::create(b, code.loc, left, size).getResult();
    range.constant = even ? std::optional<int64_t>(blockColumns) : std::nullopt;
  }
  enterRow(row);
  for (step = 0; step < group.steps; ++step)
    walk();
  storeRowResults();
  range = whole;
}

void Rows::enterRow(Value row) {
  digits = digitsOf(code, row, rowExtents);
  for (auto [i, access] : llvm::enumerate(group.accesses)) {
    Value first = frame.size(access.offset);
    for (auto [digit, stride] : llvm::zip(digits, rowStrides[i]))
      first = code.add(first, code.times(digit, stride));
    firstOfRow[i] = first;
    if (columnStrides[i])
      places[i].base = first;
    else
      gatherColumns(i);
  }
}

/// Copies the columns of an access, in row-major order, side by side into its place in the scratch.
void Rows::gatherColumns(unsigned index) {
  const Operand &access = group.accesses[index];
  size_t rank = group.domain.size(), inner = rank - 1;
  while (inner > group.split && flatStride(access, group.domain, inner - 1, rank))
    --inner;
  Dim runLength = countOf(ArrayRef<Dim>(group.domain).drop_front(inner));
  Value stride = frame.size(*flatStride(access, group.domain, inner, rank));
  Value from = firstOfRow[index], to = code.index(0);
  OpBuilder::InsertionGuard guard(b);
  Dim block = count; // columns that one turn of the current loop covers
  for (size_t d = group.split; d < inner; ++d) {
    if (group.domain[d].isConstant(1))
      continue;
    block = *Dim::exactDiv(block, group.domain[d]);
    auto loop = scf::ForOp::create(b, code.loc, code.index(0), frame.size(group.domain[d]), code.index(1));
    b.setInsertionPointToStart(loop.getBody());
    Value turn = loop.getInductionVar();
    from = code.add(from, code.times(turn, frame.size(access.strides[d])));
    to = code.add(to, code.times(turn, frame.size(block)));
  }
  ColumnRange run{code.index(0), frame.size(runLength), runLength.constantValue()};
  walkColumns(code, run, /*vectors=*/1, /*tailVectors=*/1, {}, [&](Value at, ArrayRef<Value> masks, ValueRange) {
    Value element = code.load(access.memory, code.add(from, code.times(at, stride)), stride, access.element, masks[0]);
    code.store(element, places[index].memory, code.add(to, at), masks[0]);
    return SmallVector<Value>();
  });
}

void Rows::storeRowResults() {
  for (auto [i, node] : llvm::enumerate(group.nodes)) {
    if (!node.result || node.kind == RowNode::column)
      continue;
    Value vector = rowValue(i);
    Value scalar = vector::ExtractOp::create(b, code.loc, vector, ArrayRef<int64_t>{0});
    code.storeScalar(scalar, group.accesses[*node.result].memory, firstOfRow[*node.result]);
  }
  rowValues.clear();
  firstOfRow.clear();
  registerChunks.clear();
  for (Place &place : places)
    place.everywhere = {};
}

//===- Walks over the columns -----------------------------------------------------------------------------------------===//

/// Operations that computing `index` in this walk takes.
size_t Rows::operationsOf(unsigned index, llvm::SmallDenseSet<unsigned> &seen) const {
  const RowNode &node = group.nodes[index];
  if (node.kind != RowNode::column || (node.kept && node.step < step) || !seen.insert(index).second)
    return 0;
  size_t operations = node.heavy ? 32 : node.body()->getOperations().size() - 1;
  for (const RowInput &input : node.inputs)
    if (input.kind == RowInput::node)
      operations += operationsOf(input.index, seen);
  return operations;
}

/// Independent vectors a turn: enough to hide latencies, few where each is tens of operations already.
int64_t Rows::vectorsWithoutReduction(ArrayRef<unsigned> stores) const {
  if (inRegisters)
    return numLanes / code.lanes;
  size_t operations = 0;
  llvm::SmallDenseSet<unsigned> seen;
  for (unsigned node : stores)
    operations += operationsOf(node, seen);
  int64_t vectors = operations > 16 ? 1 : operations > 6 ? 2 : 4;
  if (range.constant)
    vectors = std::min(vectors, std::max<int64_t>(1, *range.constant / code.lanes));
  return vectors;
}

void Rows::walk() {
  SmallVector<unsigned> stores, reductions;
  for (auto [i, node] : llvm::enumerate(group.nodes)) {
    if (node.step != step || node.kind == RowNode::row)
      continue;
    if (node.kind == RowNode::reduction)
      reductions.push_back(i);
    else if (node.result || node.kept)
      stores.push_back(i);
  }
  if (stores.empty() && reductions.empty())
    return;
  for (unsigned node : stores)
    prepare(node);
  for (unsigned node : reductions)
    prepare(node);
  if (inBlocks)
    return walkBlocks(reductions);
  SmallVector<Value> identities;
  int64_t vectors = reductions.empty() ? vectorsWithoutReduction(stores) : numLanes / code.lanes;
  for (unsigned node : reductions)
    identities.append(vectors, identity(node));
  auto body = [&](Value first, ArrayRef<Value> masks, ValueRange accumulators) {
    return chunks(first, masks, stores, reductions, accumulators);
  };
  SmallVector<Value> accumulators =
      walkColumns(code, range, vectors, reductions.empty() && !inRegisters ? 1 : vectors, identities, body);
  for (auto [i, node] : llvm::enumerate(reductions)) {
    SmallVector<Value> lanes(ArrayRef<Value>(accumulators).slice(i * vectors, vectors));
    rowValues[node] = combineLanes(node, lanes, range.constant.value_or(numLanes));
  }
}

/// 256 columns at a time: each block has its own 64 lanes, block results are combined in order.
void Rows::walkBlocks(ArrayRef<unsigned> reductions) {
  SmallVector<Value> totals;
  for (unsigned node : reductions)
    totals.push_back(identity(node));
  Value size = code.index(blockPositions);
  Value tail = arith::RemUIOp::create(b, code.loc, range.extent, size);
  Value full = arith::SubIOp::create(b, code.loc, range.extent, tail);
  auto loop = scf::ForOp::create(b, code.loc, code.index(0), full, size, totals);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    ColumnRange block{loop.getInductionVar(), size, blockPositions};
    scf::YieldOp::create(b, code.loc, blockTurn(block, reductions, loop.getRegionIterArgs()));
  }
  totals.assign(loop.getResults().begin(), loop.getResults().end());
  if (!range.constant || *range.constant % blockPositions != 0) {
    auto last = scf::ForOp::create(b, code.loc, full, range.extent, size, totals); // none or one
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(last.getBody());
    ColumnRange block{last.getInductionVar(), tail, std::nullopt};
    if (range.constant)
      block.constant = *range.constant % blockPositions;
    scf::YieldOp::create(b, code.loc, blockTurn(block, reductions, last.getRegionIterArgs()));
    totals.assign(last.getResults().begin(), last.getResults().end());
  }
  for (auto [node, total] : llvm::zip(reductions, totals))
    rowValues[node] = total;
}

SmallVector<Value> Rows::blockTurn(const ColumnRange &block, ArrayRef<unsigned> reductions, ValueRange totals) {
  int64_t vectors = numLanes / code.lanes;
  SmallVector<Value> identities, next;
  for (unsigned node : reductions)
    identities.append(vectors, identity(node));
  SmallVector<Value> sums = walkColumns(
      code, block, vectors, vectors, identities,
      [&](Value first, ArrayRef<Value> masks, ValueRange values) { return chunks(first, masks, {}, reductions, values); });
  for (auto [i, node] : llvm::enumerate(reductions)) {
    SmallVector<Value> lanes(ArrayRef<Value>(sums).slice(i * vectors, vectors));
    next.push_back(combine(node, totals[i], combineLanes(node, lanes, block.constant.value_or(numLanes))));
  }
  return next;
}

/// One turn: masks.size() vectors from column `first` on.
SmallVector<Value> Rows::chunks(Value first, ArrayRef<Value> masks, ArrayRef<unsigned> stores,
                                ArrayRef<unsigned> reductions, ValueRange accumulators) {
  SmallVector<Value> next(accumulators);
  if (inRegisters && registerChunks.empty())
    for (auto [j, mask] : llvm::enumerate(masks))
      registerChunks.emplace_back(code.add(first, code.index(j * code.lanes)), mask);
  size_t vectors = reductions.empty() ? 0 : accumulators.size() / reductions.size();
  for (auto [j, mask] : llvm::enumerate(masks)) {
    Chunk fresh(inRegisters ? Value() : code.add(first, code.index(j * code.lanes)), mask);
    Chunk &chunk = inRegisters ? registerChunks[j] : fresh;
    for (unsigned node : stores)
      storeColumn(node, chunk);
    for (auto [r, node] : llvm::enumerate(reductions))
      next[r * vectors + j] = accumulate(node, chunk, next[r * vectors + j]);
  }
  return next;
}

void Rows::storeColumn(unsigned index, Chunk &chunk) {
  RowNode &node = group.nodes[index];
  Value value = columnValue(index, chunk);
  const Place &place = node.result ? places[*node.result] : keptPlaces[index];
  code.loc = node.op.getLoc();
  code.store(value, place.memory, code.add(place.base, chunk.at), chunk.mask);
}

//===- Loads ----------------------------------------------------------------------------------------------------------===//

Value Rows::load(unsigned access, Chunk &chunk) {
  const Place &place = places[access];
  if (place.everywhere)
    return place.everywhere;
  Value at = code.add(place.base, code.times(chunk.at, place.stride));
  return code.load(place.memory, at, place.stride, place.element, chunk.mask);
}

/// What is the same in every column is loaded before the walk.
void Rows::beforeWalk(unsigned access) {
  Place &place = places[access];
  if (constantIndex(place.stride) == 0 && !place.everywhere)
    place.everywhere = loadForRow(access);
}

Value Rows::loadForRow(unsigned access) {
  return code.loadSplat(group.accesses[access].memory, firstOfRow[access], group.accesses[access].element);
}

Value Rows::loadKept(unsigned index, Chunk &chunk) {
  RowNode &node = group.nodes[index];
  const Place &place = node.result ? places[*node.result] : keptPlaces[index];
  return code.load(place.memory, code.add(place.base, chunk.at), place.stride, place.element, chunk.mask);
}

Value Rows::loopIndex(int64_t dim, Chunk *chunk) {
  if (size_t(dim) < group.split)
    return rowDims.dimOf[dim] < 0 ? code.index(0) : digits[rowDims.dimOf[dim]];
  return laneIndex(chunk->at, group.split, group.domain.size(), dim);
}

} // namespace

int64_t laneCount(const RowGroup &group, const Level &level) {
  return std::min(numLanes, level.vectorBytes * 8 / int64_t(group.widestBits()));
}

Kernel buildColumnsInLanes(RowGroup &group, KernelFrame &frame, GroupScalars &scalars, const Level &level,
                           bool inBlocks) {
  return Rows(group, frame, scalars, laneCount(group, level), inBlocks).build();
}

} // namespace batten
