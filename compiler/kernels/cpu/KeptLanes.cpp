// KeptLanes.cpp - reductions with the dims that are kept in the lanes of vectors.
//
//   for each unit in [begin, end)         some vectors of neighbouring results
//     for each step
//       for each position of the reduced dims, row-major: loads, operations, accumulators, stores
//
// Where the reduced dims are not the contiguous ones (a sum over the batch, the first of two core dims, the pixels of
// an image) the results lie side by side, so a vector holds as many of them and every lane does the same positions. The
// order of arithmetic is the group's: "blocks" is one chain a block of 256 positions, block results added in order;
// "lanes" are 64 accumulators a result: a tree in registers where no lane has two positions, else on the stack; where
// no order changes a bit there is one accumulator. The walks are in KeptLanesWalks.cpp.
//
// Element-wise results (softmax over a dim that is not the last) are written a column of vectors after the other; what
// their walks read again is the unit's columns alone, which stay in L2.
//
// Short rows are turned in registers first, so that their columns lie as those of other operands (KeptLanesTurns.cpp).
//
// A unit's positions lie apart, a line or a few at each, which no hardware follows well: every load of its first walk
// prefetches what stands at its place a few positions or a row later. A second walk finds its elements in L2 and leaves
// the memory idle, so its loads prefetch the next unit.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/KeptLanes.h"
#include "compiler/kernels/cpu/ColumnWalk.h"
#include "compiler/kernels/cpu/LoopCode.h"
#include "compiler/kernels/cpu/RowKernels.h"
#include "compiler/kernels/cpu/UsualSizes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace batten {

/// Of a unit's vectors: four cache lines of every position, and 16 KiB of accumulators where they are on the stack. Two
/// lines at a time come from DRAM at two thirds of the speed (Zen 3: sums of 16 x 1024 x 512 over the middle 4.1 ms, so
/// 3.1).
constexpr int64_t unitBytes = 256;
/// Where each position is tens of operations, no more of them are code of their own.
constexpr int64_t mostHeavyPositions = 16;
/// How far ahead of a load its prefetch is: positions of a long row or a batch reduction, else rows. Into L2: L1 waits
/// for too few lines at once.
constexpr int64_t rowsAhead = 1, longestRow = 16384;

KeptLanes::KeptLanes(RowGroup &group, KernelFrame &frame, GroupScalars &scalars, const Level &level, bool inBlocks,
                     Rows *single)
    : RowCode(group, frame, scalars, laneCount(group, level)), level(level), inBlocks(inBlocks), single(single),
      firstLaneDim(lanesFrom(group)) {
  ArrayRef<Dim> domain(group.domain);
  results = countOf(domain.slice(firstLaneDim, group.split - firstLaneDim));
  positions = countOf(group.columns());
  vectors = vectorsOfUnit();
  outerDims = mergeDims(group, 0, firstLaneDim);
  positionDims = mergeDims(group, group.split, domain.size());
  group.plan(/*inRegisters=*/false, /*unrolled=*/hasLaneEach() ? numLanes : vectors);
}

/// In "blocks" order half of the registers are accumulators. Units of one size, so that none is mostly empty.
int64_t KeptLanes::vectorsOfUnit() const {
  int64_t unitVectors = unitBytes / level.vectorBytes;
  std::optional<int64_t> count = results.constantValue();
  if (single)
    return 1; // as many rows as are turned at once
  if (!count)
    return inBlocks ? unitVectors : 1;
  int64_t most = inBlocks ? level.vectorRegisters() / 2 : unitVectors;
  return evenly(std::max<int64_t>(1, llvm::divideCeil(*count, code.lanes)), most);
}

Dim KeptLanes::unitsPerRow() const { return ceilDiv(results, vectors * code.lanes); }

/// At most one position for each of the 64 lanes.
bool KeptLanes::hasLaneEach() const {
  bool heavy = llvm::any_of(group.nodes, [](const RowNode &node) { return node.heavy; });
  std::optional<int64_t> count = positions.constantValue();
  return count && *count > 0 && *count <= (heavy ? mostHeavyPositions : numLanes);
}

/// Short rows are folded in straight code where registers are few.
bool KeptLanes::isStraight() const { return single && !level.hasManyRegisters(); }

//===- Once a kernel ----------------------------------------------------------------------------------------------===//

void KeptLanes::setUp() {
  auto values = [&](ArrayRef<Dim> dims) {
    return Values(llvm::map_range(dims, [&](const Dim &dim) { return frame.size(dim); }));
  };
  outerExtents = values(outerDims.extents);
  positionExtents = values(positionDims.extents);
  for (auto [i, access] : llvm::enumerate(group.accesses)) {
    outerStrides.push_back(values(outerDims.strides[i]));
    positionStrides.push_back(values(positionDims.strides[i]));
    laneStrides.push_back(frame.size(*flatStride(access, group.domain, firstLaneDim, group.split)));
    laterPlaces.push_back(laterPlace(i));
    nextPlaces.push_back(nextPlace(i));
  }
  placeTurned();
  resultCount = frame.size(results);
  positionCount = frame.size(positions);
  streaming = isStreaming(level, [&](unsigned access) {
    SmallVector<Dim> distances(outerDims.strides[access]);
    llvm::append_range(distances, positionDims.strides[access]);
    distances.push_back(Dim::constant(code.lanes)); // of the vectors of a unit
    return distances;
  });
  int64_t widest = 1;
  for (auto [i, node] : llvm::enumerate(group.nodes)) {
    if (node.result && !turned[*node.result]) // dense, whatever an extent of 1 says
      laneStrides[*node.result] = code.index(1);
    if (node.kept && single) {
      keptMemory[i] = columnsOnStack(node.element());
    } else if (node.kept) {
      keptMemory[i] = frame.scratchView(scratchBytes, node.element());
      int64_t bytes = code.lanes * elementBytes(node.element());
      scratchBytes = scratchBytes + positions * Dim::constant(vectors * bytes); // multiples of a vector, so aligned
    }
    if (node.kind == RowNode::reduction)
      widest = std::max(widest, elementBytes(node.element()));
  }
  if (inBlocks)
    return;
  int64_t elements = (hasLaneEach() ? residues : numLanes) * vectors * code.lanes;
  stackBytes = memref::AllocaOp::create(b, code.loc, MemRefType::get({elements * widest}, b.getI8Type()),
                                        b.getI64IntegerAttr(lineBytes));
}

Value KeptLanes::stackOf(Type element) {
  int64_t bytes = cast<MemRefType>(stackBytes.getType()).getDimSize(0);
  auto type = MemRefType::get({bytes / elementBytes(element)}, storageType(element));
  return memref::ViewOp::create(b, code.loc, type, stackBytes, code.index(0), ValueRange());
}

/// Elements from a load of `access` to what it prefetches; null: nothing.
Value KeptLanes::laterPlace(unsigned access) {
  Dim rowBytes = positions * results * Dim::constant(elementBytes(group.accesses[access].element));
  bool inRow = inBlocks || rowBytes.constantValue().value_or(longestRow + 1) > longestRow;
  const MergedDims &dims = inRow ? positionDims : outerDims;
  if (dims.extents.empty() || dims.strides[access].back().isConstant(0))
    return {};
  int64_t positionsAhead = level.hasManyRegisters() ? 24 : 12; // Zen 4, Zen 3
  return code.times(frame.size(dims.strides[access].back()), code.index(inRow ? positionsAhead : rowsAhead));
}

/// Elements to those of the next unit, where it finds room beside this one; null: nowhere. Two that fill L2 drive out
/// each other's lines, which pays where they come from memory: from L3 nothing is fetched but what is there.
Value KeptLanes::nextPlace(unsigned access) {
  Dim element = Dim::constant(elementBytes(group.accesses[access].element)), all = countOf(group.domain) * element;
  Dim width = Dim::constant(vectors * code.lanes), bytes = positions * width * element;
  int64_t ofUnit = bytes.constantValue().value_or(level.cacheBytesL2);
  bool isAlone = results.constantValue().value_or(INT64_MAX) <= *width.constantValue();
  if (single || ofUnit > level.cacheBytesL2 / 2 || isAlone || constantIndex(laneStrides[access]) == 0)
    return {};
  Value next = code.times(frame.size(width), laneStrides[access]);
  if (ofUnit <= level.cacheBytesL2 / 4)
    return next;
  LoopCode loops{b, code.loc};
  return loops.choose(loops.below(code.index(level.cacheBytesL3 / 2), frame.size(all)), next, code.index(0));
}

Kernel KeptLanes::build() {
  setUp();
  LoopCode loops{b, code.loc};
  if (single)
    walkShortRows();
  else
    loops.loop(frame.begin, frame.end, code.index(1), [&](Value index) { unit(index); });
  orderStores(code, streaming);
  return {frame.function, countOf(ArrayRef<Dim>(group.domain).take_front(firstLaneDim)) * unitsPerRow(),
          workOfElements(countOf(group.domain)), scratchBytes};
}

//===- Once a unit ------------------------------------------------------------------------------------------------===//

void KeptLanes::unit(Value index) {
  enterUnit(index);
  turnOperands();
  for (step = 0; step < group.steps; ++step)
    walk();
  storeResults();
  turnResults();
  units.clear();
  rowValuesOf.clear();
  rowValues.clear();
}

void KeptLanes::enterUnit(Value index) {
  int64_t width = vectors * code.lanes;
  std::optional<int64_t> count = results.constantValue();
  Value first = code.index(0), outer = index;
  if (!count || *count > width) {
    Value perRow = frame.size(unitsPerRow());
    Value block = index;
    if (!outerExtents.empty()) {
      block = arith::RemUIOp::create(b, code.loc, index, perRow);
      outer = arith::DivUIOp::create(b, code.loc, index, perRow);
    }
    first = code.times(block, code.index(width));
  }
  for (int64_t j = 0; j < vectors; ++j) {
    Value at = code.add(first, code.index(j * code.lanes)), mask;
    if (!single && (!count || *count % code.lanes != 0 || *count % width != 0))
      mask = code.firstLanes(arith::SubIOp::create(b, code.loc, resultCount, at));
    units.emplace_back(at, mask);
  }
  rowValuesOf.resize(vectors);
  current = 0;
  outerDigits = digitsOf(code, outer, outerExtents);
  unitOffsets.clear();
  for (auto [i, access] : llvm::enumerate(group.accesses)) {
    Value offset = frame.size(access.offset);
    for (auto [digit, stride] : llvm::zip(outerDigits, outerStrides[i]))
      offset = code.add(offset, code.times(digit, stride));
    unitOffsets.push_back(offset);
  }
}

/// Makes `vector` the one whose values are computed.
void KeptLanes::select(size_t vector) {
  std::swap(rowValuesOf[current], rowValues);
  std::swap(rowValuesOf[vector], rowValues);
  current = vector;
}

void KeptLanes::storeResults() {
  for (size_t j = 0; j < units.size(); ++j) {
    select(j);
    for (auto [i, node] : llvm::enumerate(group.nodes)) {
      if (!node.result || node.kind == RowNode::column)
        continue;
      Value value = rowValue(i);
      code.loc = node.op.getLoc();
      code.store(value, group.accesses[*node.result].memory, address(*node.result, false), units[j].mask);
    }
  }
}

//===- Loads ------------------------------------------------------------------------------------------------------===//

/// Of the current vector. What tells it from the others of its unit comes last, a constant mostly: they share a
/// register.
Value KeptLanes::address(unsigned access, bool atPosition) {
  Value first = code.add(unitOffsets[access], code.times(units[0].at, laneStrides[access]));
  if (atPosition)
    first = code.add(first, positionOffsets[access]);
  return code.add(first, code.times(code.index(current * code.lanes), laneStrides[access]));
}

Value KeptLanes::load(unsigned access, Chunk &chunk) {
  if (turned[access])
    return code.load(turned[access], keptPlace(), code.index(1), group.accesses[access].element, {});
  Value memory = group.accesses[access].memory, at = address(access, true);
  Value later = isFirstVisit ? laterPlaces[access] : isSecondWalk() ? nextPlaces[access] : Value();
  if (later)
    code.prefetch(memory, code.add(at, later), Cache::L2);
  return code.load(memory, at, laneStrides[access], group.accesses[access].element, units[current].mask);
}

Value KeptLanes::loadForRow(unsigned access) {
  Chunk &chunk = units[current];
  return code.load(group.accesses[access].memory, address(access, false), laneStrides[access],
                   group.accesses[access].element, chunk.mask);
}

Value KeptLanes::keptPlace() {
  return code.add(code.times(position, code.index(vectors * code.lanes)), code.index(current * code.lanes));
}

void KeptLanes::storeColumn(unsigned index, Chunk &chunk) {
  const RowNode &node = group.nodes[index];
  Value value = columnValue(index, chunk);
  if (node.kept)
    code.store(value, keptMemory[index], keptPlace(), {});
  if (node.result && turned[*node.result])
    code.store(value, turned[*node.result], keptPlace(), {});
  else if (node.result)
    pendingStores.push_back({value, group.accesses[*node.result].memory, address(*node.result, true),
                             units[current].mask, code.canStorePastCaches(node.element())});
}

Value KeptLanes::loadKept(unsigned node, Chunk &chunk) {
  return code.load(keptMemory[node], keptPlace(), code.index(1), group.nodes[node].element(), {});
}

Value KeptLanes::loopIndex(int64_t dim, Chunk *chunk) {
  size_t d = dim;
  auto digit = [&](const MergedDims &dims, size_t first, ArrayRef<Value> digits) {
    int merged = dims.dimOf[d - first];
    return merged < 0 ? code.index(0) : digits[merged];
  };
  if (d < firstLaneDim)
    return digit(outerDims, 0, outerDigits);
  if (d >= group.split)
    return digit(positionDims, group.split, positionDigits);
  return laneIndex((chunk ? *chunk : units[current]).at, firstLaneDim, group.split, d);
}

size_t lanesFrom(const RowGroup &group) {
  size_t from = group.split;
  auto flat = [&](size_t candidate) {
    ArrayRef<bool> indexed = ArrayRef<bool>(group.indexed).slice(candidate, group.split - candidate);
    return !(llvm::is_contained(indexed, true) && indexed.size() > 1) &&
           llvm::all_of(group.accesses, [&](const Operand &access) {
             return flatStride(access, group.domain, candidate, group.split).has_value();
           });
  };
  while (from > 0 && flat(from - 1))
    --from;
  return from;
}

Kernel buildRowsInLanes(RowGroup &group, KernelFrame &frame, GroupScalars &scalars, const Level &level, bool inBlocks) {
  return KeptLanes(group, frame, scalars, level, inBlocks).build();
}

} // namespace batten
