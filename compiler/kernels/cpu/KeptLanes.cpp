// KeptLanes.cpp - reductions with the dims that are kept in the lanes of vectors.
//
//   for each unit in [begin, end)         some vectors of neighbouring results
//     for each step
//       for each position of the reduced dims, row-major: loads, operations, accumulators
//
// Where the reduced dims are not the contiguous ones (a sum over the batch, the first of two core dims, the pixels of
// an image) the results lie side by side, so a vector holds as many of them and every lane does the same positions. The
// order of arithmetic is the group's: "blocks" is one chain a block of 256 positions, block results added in order;
// "lanes" are 64 accumulators a result, which stay on the stack, 4 KiB at most.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/ColumnWalk.h"
#include "compiler/kernels/cpu/RowCode.h"
#include "compiler/kernels/cpu/RowKernels.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace batten {
namespace {

/// Vectors a unit in "blocks" order: independent chains, and whole cache lines of every position.
constexpr int64_t blockVectors = 4;
/// Up to this many positions the 64 lanes are registers.
constexpr int64_t unrolledPositions = 16;

class KeptLanes : RowCode {
public:
  KeptLanes(RowGroup &group, KernelFrame &frame, GroupScalars &scalars, int64_t lanes, bool inBlocks);
  Kernel build();

private:
  bool inBlocks;
  size_t firstLaneDim; ///< kept dims from here on run along lanes
  Dim results;         ///< along lanes
  Dim positions;
  int64_t vectors = 1; ///< a unit
  MergedDims outerDims, positionDims;
  SmallVector<Value> outerExtents, positionExtents;
  SmallVector<SmallVector<Value>> outerStrides, positionStrides; ///< by access
  SmallVector<Value> laneStrides;                                ///< by access
  Value resultCount, positionCount;
  Value accumulators; ///< memref of 64 vectors
  DenseMap<unsigned, Value> keptMemory;
  Dim scratchBytes;

  // Of the unit that is being built.
  SmallVector<Value> outerDigits, unitOffsets, positionDigits, positionOffsets;
  SmallVector<Chunk> units;                           ///< the vectors, without a position
  SmallVector<DenseMap<unsigned, Value>> rowValuesOf; ///< by vector
  size_t current = 0;                                 ///< vector whose values `rowValues` holds
  Value position;

  Dim unitsPerRow() const;
  void setUp();
  void unit(Value index);
  void enterUnit(Value index);
  void enterPosition(Value at);
  void select(size_t vector);
  void walk();
  void reduceInBlocks(ArrayRef<unsigned> reductions, ArrayRef<unsigned> stores);
  void reduceInLanes(unsigned node, ArrayRef<unsigned> stores);
  void reduceUnrolled(unsigned node, ArrayRef<unsigned> stores, int64_t count);
  void combineOnStack(unsigned node);
  Value accumulateAt(unsigned node, ArrayRef<unsigned> stores, Value accumulator);
  void storeKept(unsigned node, Chunk &chunk);
  void storeResults();
  Value address(unsigned access, Chunk &chunk, bool atPosition);
  SmallVector<Value> loop(Value from, Value to, int64_t step, ValueRange carried,
                          llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body);

  Value load(unsigned access, Chunk &chunk) override;
  Value loadForRow(unsigned access) override;
  Value loadKept(unsigned node, Chunk &chunk) override;
  Value loopIndex(int64_t dim, Chunk *chunk) override;
};

KeptLanes::KeptLanes(RowGroup &group, KernelFrame &frame, GroupScalars &scalars, int64_t lanes, bool inBlocks)
    : RowCode(group, frame, scalars, lanes), inBlocks(inBlocks), firstLaneDim(lanesFrom(group)) {
  ArrayRef<Dim> domain(group.domain);
  results = countOf(domain.slice(firstLaneDim, group.split - firstLaneDim));
  positions = countOf(group.columns());
  if (inBlocks)
    vectors = blockVectors;
  if (std::optional<int64_t> count = results.constantValue())
    vectors = std::min(vectors, (*count + lanes - 1) / lanes);
  outerDims = mergeDims(group, 0, firstLaneDim);
  positionDims = mergeDims(group, group.split, domain.size());
  group.plan(/*inRegisters=*/false);
}

Dim KeptLanes::unitsPerRow() const { return ceilDiv(results, vectors * code.lanes); }

//===- Once a kernel ----------------------------------------------------------------------------------------------===//

void KeptLanes::setUp() {
  auto values = [&](ArrayRef<Dim> dims) {
    return SmallVector<Value>(llvm::map_range(dims, [&](const Dim &dim) { return frame.size(dim); }));
  };
  outerExtents = values(outerDims.extents);
  positionExtents = values(positionDims.extents);
  for (auto [i, access] : llvm::enumerate(group.accesses)) {
    outerStrides.push_back(values(outerDims.strides[i]));
    positionStrides.push_back(values(positionDims.strides[i]));
    laneStrides.push_back(frame.size(*flatStride(access, group.domain, firstLaneDim, group.split)));
  }
  resultCount = frame.size(results);
  positionCount = frame.size(positions);
  int64_t widest = 1;
  for (auto [i, node] : llvm::enumerate(group.nodes)) {
    if (node.result) // dense, whatever an extent of 1 says
      laneStrides[*node.result] = code.index(1);
    if (node.kept) {
      keptMemory[i] = frame.scratchView(scratchBytes, node.element());
      int64_t bytes = code.lanes * elementBytes(node.element());
      scratchBytes = scratchBytes + positions * Dim::constant(bytes); // multiples of a vector, so aligned
    }
    if (node.kind == RowNode::reduction)
      widest = std::max(widest, elementBytes(node.element()));
  }
  if (inBlocks || positions.constantValue().value_or(unrolledPositions + 1) <= unrolledPositions)
    return;
  int64_t bytes = numLanes * code.lanes * widest;
  accumulators =
      memref::AllocaOp::create(b, code.loc, MemRefType::get({bytes}, b.getI8Type()), b.getI64IntegerAttr(64));
}

Kernel KeptLanes::build() {
  setUp();
  loop(frame.begin, frame.end, 1, {}, [&](Value index, ValueRange) {
    unit(index);
    return SmallVector<Value>();
  });
  int64_t width = vectors * code.lanes;
  int64_t elements = positions.constantValue().value_or(256) * width;
  return {frame.function, countOf(ArrayRef<Dim>(group.domain).take_front(firstLaneDim)) * unitsPerRow(),
          std::max<int64_t>(1, grainElements / std::max<int64_t>(1, elements)), scratchBytes};
}

SmallVector<Value> KeptLanes::loop(Value from, Value to, int64_t step, ValueRange carried,
                                   llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto forOp = scf::ForOp::create(b, code.loc, from, to, code.index(step), carried);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forOp.getBody());
  SmallVector<Value> next = body(forOp.getInductionVar(), forOp.getRegionIterArgs());
  if (!next.empty())
    scf::YieldOp::create(b, code.loc, next);
  return SmallVector<Value>(forOp.getResults());
}

//===- Once a unit ------------------------------------------------------------------------------------------------===//

void KeptLanes::unit(Value index) {
  enterUnit(index);
  for (step = 0; step < group.steps; ++step)
    walk();
  storeResults();
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
    if (!count || *count % code.lanes != 0 || *count % width != 0)
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
      if (!node.result)
        continue;
      Value value = rowValue(i);
      code.loc = node.op.getLoc();
      code.store(value, group.accesses[*node.result].memory, address(*node.result, units[j], false), units[j].mask);
    }
  }
}

//===- Walks over the positions -----------------------------------------------------------------------------------===//

void KeptLanes::walk() {
  SmallVector<unsigned> stores, reductions;
  for (auto [i, node] : llvm::enumerate(group.nodes)) {
    if (node.step != step)
      continue;
    if (node.kind == RowNode::reduction)
      reductions.push_back(i);
    if (node.kind == RowNode::column && node.kept)
      stores.push_back(i);
  }
  for (size_t j = 0; j < units.size(); ++j) {
    select(j);
    for (unsigned node : stores)
      prepare(node);
    for (unsigned node : reductions)
      prepare(node);
  }
  if (inBlocks && !reductions.empty())
    return reduceInBlocks(reductions, stores);
  for (unsigned node : reductions) {
    reduceInLanes(node, stores);
    stores.clear(); // kept with the first reduction of the step
  }
  if (stores.empty())
    return;
  loop(code.index(0), positionCount, 1, {}, [&](Value at, ValueRange) {
    enterPosition(at);
    Chunk chunk(units[0].at, {});
    for (unsigned node : stores)
      storeKept(node, chunk);
    return SmallVector<Value>();
  });
}

void KeptLanes::enterPosition(Value at) {
  position = at;
  positionDigits = digitsOf(code, at, positionExtents);
  positionOffsets.clear();
  for (const SmallVector<Value> &strides : positionStrides) {
    Value offset = code.index(0);
    for (auto [digit, stride] : llvm::zip(positionDigits, strides))
      offset = code.add(offset, code.times(digit, stride));
    positionOffsets.push_back(offset);
  }
}

/// One chain a block of 256 positions, a vector and a reduction; block results are combined in order.
void KeptLanes::reduceInBlocks(ArrayRef<unsigned> reductions, ArrayRef<unsigned> stores) {
  SmallVector<Value> identities;
  for (unsigned node : reductions)
    identities.append(units.size(), identity(node));
  auto chains = [&](Value at, ValueRange carried) {
    enterPosition(at);
    SmallVector<Value> next(carried);
    for (size_t j = 0; j < units.size(); ++j) {
      select(j);
      Chunk chunk(units[j].at, {}); // lanes without a result may hold anything
      for (unsigned node : stores)
        storeKept(node, chunk);
      for (auto [r, node] : llvm::enumerate(reductions))
        next[r * units.size() + j] = accumulate(node, chunk, next[r * units.size() + j]);
    }
    return next;
  };
  auto block = [&](Value first, ValueRange totals) {
    Value last = arith::MinUIOp::create(b, code.loc, code.add(first, code.index(blockPositions)), positionCount);
    SmallVector<Value> sums = loop(first, last, 1, identities, chains), next;
    for (auto [i, total] : llvm::enumerate(totals))
      next.push_back(combine(reductions[i / units.size()], total, sums[i]));
    return next;
  };
  SmallVector<Value> totals = loop(code.index(0), positionCount, blockPositions, identities, block);
  for (size_t j = 0; j < units.size(); ++j) {
    select(j);
    for (auto [r, node] : llvm::enumerate(reductions))
      rowValues[node] = finish(node, totals[r * units.size() + j]);
  }
}

Value KeptLanes::accumulateAt(unsigned node, ArrayRef<unsigned> stores, Value accumulator) {
  Chunk chunk(units[0].at, {});
  for (unsigned kept : stores)
    storeKept(kept, chunk);
  return accumulate(node, chunk, accumulator);
}

/// Position k goes to accumulator k mod 64, on the stack.
void KeptLanes::reduceInLanes(unsigned node, ArrayRef<unsigned> stores) {
  std::optional<int64_t> count = positions.constantValue();
  if (count && *count <= unrolledPositions)
    return reduceUnrolled(node, stores, *count);
  Type element = accumulatorElement(node);
  auto type = MemRefType::get({numLanes * code.lanes}, storageType(element));
  Value stack = memref::ViewOp::create(b, code.loc, type, accumulators, code.index(0), ValueRange());
  Value one = code.index(1), lanes = code.index(code.lanes), start = identity(node);
  auto none = SmallVector<Value>();
  Value first = arith::MinUIOp::create(b, code.loc, positionCount, code.index(numLanes));
  loop(code.index(0), first, 1, {}, [&](Value at, ValueRange) {
    enterPosition(at);
    code.store(accumulateAt(node, stores, start), stack, code.times(at, lanes), {});
    return none;
  });
  loop(first, code.index(numLanes), 1, {}, [&](Value at, ValueRange) {
    code.store(start, stack, code.times(at, lanes), {});
    return none;
  });
  loop(code.index(numLanes), positionCount, 1, {}, [&](Value at, ValueRange) {
    Value lane = arith::AndIOp::create(b, code.loc, at, code.index(numLanes - 1));
    Value place = code.times(lane, lanes);
    enterPosition(at);
    code.store(accumulateAt(node, stores, code.load(stack, place, one, element, {})), stack, place, {});
    return none;
  });
  for (int64_t half = numLanes / 2; half >= 1; half /= 2)
    loop(code.index(0), code.index(half), 1, {}, [&](Value at, ValueRange) {
      Value low = code.times(at, lanes), high = code.add(low, code.index(half * code.lanes));
      Value lhs = code.load(stack, low, one, element, {}), rhs = code.load(stack, high, one, element, {});
      code.store(combine(node, lhs, rhs), stack, low, {});
      return none;
    });
  rowValues[node] = finish(node, code.load(stack, code.index(0), one, element, {}));
}

/// A few positions: each has an accumulator of its own, and lanes that hold the identity are left out.
void KeptLanes::reduceUnrolled(unsigned node, ArrayRef<unsigned> stores, int64_t count) {
  SmallVector<Value> sums;
  for (int64_t k = 0; k < count; ++k) {
    enterPosition(code.index(k));
    sums.push_back(accumulateAt(node, stores, identity(node)));
  }
  for (int64_t half = numLanes / 2; half >= 1; half /= 2)
    for (int64_t k = 0; k < half && k + half < count; ++k)
      sums[k] = combine(node, sums[k], sums[k + half]);
  rowValues[node] = finish(node, sums[0]);
}

//===- Loads ------------------------------------------------------------------------------------------------------===//

Value KeptLanes::address(unsigned access, Chunk &chunk, bool atPosition) {
  Value at = code.add(unitOffsets[access], code.times(chunk.at, laneStrides[access]));
  return atPosition ? code.add(at, positionOffsets[access]) : at;
}

Value KeptLanes::load(unsigned access, Chunk &chunk) {
  return code.load(group.accesses[access].memory, address(access, chunk, true), laneStrides[access],
                   group.accesses[access].element, units[current].mask);
}

Value KeptLanes::loadForRow(unsigned access) {
  Chunk &chunk = units[current];
  return code.load(group.accesses[access].memory, address(access, chunk, false), laneStrides[access],
                   group.accesses[access].element, chunk.mask);
}

void KeptLanes::storeKept(unsigned node, Chunk &chunk) {
  Value value = columnValue(node, chunk);
  code.store(value, keptMemory[node], code.times(position, code.index(code.lanes)), {});
}

Value KeptLanes::loadKept(unsigned node, Chunk &chunk) {
  Value at = code.times(position, code.index(code.lanes));
  return code.load(keptMemory[node], at, code.index(1), group.nodes[node].element(), {});
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

} // namespace

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
  return KeptLanes(group, frame, scalars, laneCount(group, level), inBlocks).build();
}

} // namespace batten
