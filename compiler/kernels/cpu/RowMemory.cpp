// RowMemory.cpp - how rows reach memory: places in scratch, loads, stores, prefetches.
//
// Two things serve rows that come from DRAM, where several walks over a row would leave the bus idle in between: the
// next row is prefetched during the second walk, and results that no cache could hold are stored past it. Not so where
// there are functions in other walks: the last one is then a burst of stores, which only caches spread over the time of
// the others.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Rows.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace batten {

/// Longer rows do not wait beside the current one, shorter ones are soon done: the hardware follows both well.
constexpr int64_t longestPrefetch = 16384, shortestPrefetch = 1024;
/// Bytes from rows that are walked together to those that are fetched beside them. Zen 3, softmax 65536x128: 0.73 of
/// the time without; half or twice of it is as good.
constexpr int64_t operandsAhead = 8192, resultsAhead = 4096;

//===- Scratch ----------------------------------------------------------------------------------------------------===//

/// Elements from a row in the scratch to the next one, which begins on a cache line of its own.
Dim Rows::keptColumns() const { return roundUp(count, lineBytes); }

/// Room for rows of `element` in the scratch.
Value Rows::scratchFor(Type element, int64_t rows) {
  Value view = frame.scratchView(scratchBytes, element);
  Dim columns = inPairs ? roundUp(count, walker().lanes) : count;
  columns = columns + keptColumns() * Dim::constant(rows - 1);
  scratchBytes = scratchBytes + roundUp(columns * Dim::constant(elementBytes(element)), lineBytes);
  return view;
}

/// Where the value of a node is stored.
const Rows::Place &Rows::keptPlace(unsigned index) const {
  if (replacesNumerators && index == quotients->numerator)
    return places[*group.nodes[quotients->quotient].result];
  const RowNode &node = group.nodes[index];
  return node.result ? places[*node.result] : keptPlaces.find(index)->second;
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
  for (size_t d = group.split; d < inner; ++d) {
    if (group.domain[d].isConstant(1))
      continue;
    auto loop = scf::ForOp::create(b, code.loc, code.index(0), frame.size(group.domain[d]), code.index(1));
    b.setInsertionPointToStart(loop.getBody());
    Value turn = loop.getInductionVar();
    Dim columnsInside = countOf(ArrayRef<Dim>(group.domain).drop_front(d + 1));
    from = code.add(from, code.times(turn, frame.size(access.strides[d])));
    to = code.add(to, code.times(turn, frame.size(columnsInside)));
  }
  ColumnRange run{code.index(0), frame.size(runLength), runLength.constantValue()};
  walkColumns(code, run, /*vectors=*/1, /*tailVectors=*/1, {}, [&](Value at, ArrayRef<Value> masks, ValueRange) {
    Value element = code.load(access.memory, code.add(from, code.times(at, stride)), stride, access.element, masks[0]);
    code.store(element, places[index].memory, code.add(to, at), masks[0]);
    return Values();
  });
}

/// Puts the elements of a periodic access side by side, so often that a vector can be loaded from wherever
/// placeOfVector says: on the stack, of which LLVM makes registers where all vectors are the same.
void Rows::tabulate(unsigned index) {
  Place &place = places[index];
  VectorCode wide = walker();
  int64_t period = place.period, lanes = wide.lanes, last = (period - 1) / lanes * lanes;
  Type stored = storageType(place.element);
  Value first = frame.size(group.accesses[index].offset);
  Values elements;
  for (int64_t done = 0; done <= last; done += lanes) {
    Value mask = period - done < lanes ? wide.firstLanes(code.index(period - done)) : Value();
    Value at = code.add(first, code.times(code.index(done), place.stride));
    elements.push_back(wide.load(place.memory, at, place.stride, stored, mask));
  }
  auto order = llvm::map_to_vector(llvm::seq(lanes), [&](int64_t lane) { // after the last element, the first ones
    int64_t element = (last + lane) % period;
    return element < last ? element : lanes + element - last;
  });
  elements.back() = vector::ShuffleOp::create(b, code.loc, elements.front(), elements.back(), order);
  int64_t length = 2 * (period - 1) + lanes, copied = std::max<int64_t>(1, lanes / period) * period;
  auto type = MemRefType::get({length + lanes}, stored);
  place.memory = memref::AllocaOp::create(b, code.loc, type, b.getI64IntegerAttr(lineBytes));
  place.stride = code.index(1);
  for (int64_t at = (length - 1) / copied * copied; at >= 0;
       at -= copied) // a call of few rows loads what it stores last
    for (auto [i, vector] : llvm::enumerate(elements))
      if (int64_t to = at + int64_t(i) * lanes; to < length)
        wide.store(vector, place.memory, code.index(to), {});
}

//===- Loads ------------------------------------------------------------------------------------------------------===//

/// Where the vector of `place` at column `at` begins. Those of a turn share a remainder.
Value Rows::placeOfVector(const Place &place, Value at) const {
  if (place.period == 0)
    return code.add(place.base, code.times(at, place.stride));
  if (walker().lanes % place.period == 0) // so is where a chunk begins, if need be as many lanes before the end
    return place.base;
  int64_t past = 0;
  if (auto sum = at.getDefiningOp<arith::AddIOp>(); sum && constantIndex(sum.getRhs())) {
    past = *constantIndex(sum.getRhs()) % place.period;
    at = sum.getLhs();
  }
  Value phase = arith::RemUIOp::create(b, code.loc, at, code.index(place.period));
  return code.add(phase, code.index(past));
}

/// Where the elements of the vector at column `at` lie from the row's first one; null for what was gathered before.
Value Rows::columnOffsets(unsigned index, Value at) {
  if (!inBlocks)
    return {};
  const Operand &access = group.accesses[index];
  size_t rank = group.domain.size();
  Value offsets;
  for (size_t d = group.split; d < rank; ++d) {
    if (access.strides[d].isConstant(0) || group.domain[d].isConstant(1))
      continue;
    Value stride = code.splat(frame.size(access.strides[d]));
    Value part = arith::MulIOp::create(b, code.loc, laneIndex(at, group.split, rank, d), stride);
    offsets = offsets ? arith::AddIOp::create(b, code.loc, offsets, part).getResult() : part;
  }
  return offsets;
}

Value Rows::load(unsigned access, Chunk &chunk) {
  const Place &place = places[access];
  if (place.everywhere)
    return place.everywhere;
  if (inPairs && constantIndex(place.stride) == 1)
    return loadHalf(place, chunk);
  if (!columnElements[access])
    if (Value offsets = columnOffsets(access, chunk.at))
      return code.gather(place.memory, place.base, offsets, place.element, chunk.mask);
  if (place.repeat > 1) {
    Value element = arith::DivUIOp::create(b, code.loc, chunk.at, code.index(place.repeat));
    Value at = code.add(place.base, code.times(element, place.stride));
    return code.loadRepeated(place.memory, at, place.stride, place.repeat, place.element, chunk.mask);
  }
  return code.load(place.memory, placeOfVector(place, chunk.at), place.stride, place.element,
                   place.period ? Value() : chunk.mask);
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
  const Place &place = keptPlace(index);
  if (inPairs && place.element.isBF16())
    return loadHalf(place, chunk);
  return code.load(place.memory, code.add(place.base, keptAt(chunk)), place.stride, place.element, chunk.mask);
}

Value Rows::loopIndex(int64_t dim, Chunk *chunk) {
  if (size_t(dim) < group.split)
    return rowDims.dimOf[dim] < 0 ? code.index(0) : digits[rowDims.dimOf[dim]];
  if (auto period = lanePeriod(group.domain, dim,
                               code.lanes)) { // so is where a chunk begins, if need be as many lanes before the end
    auto numbers = llvm::map_to_vector(llvm::seq<int64_t>(0, code.lanes), [&](int64_t lane) -> Attribute {
      return b.getIndexAttr(lane / period->inner % period->extent);
    });
    return arith::ConstantOp::create(b, code.loc, DenseElementsAttr::get(code.type(b.getIndexType()), numbers));
  }
  return laneIndex(chunk->at, group.split, group.domain.size(), dim);
}

//===- Stores -----------------------------------------------------------------------------------------------------===//

void Rows::storeColumn(unsigned index, Chunk &chunk) {
  RowNode &node = group.nodes[index];
  Value value = columnValue(index, chunk);
  const Place &place = keptPlace(index);
  code.loc = node.op.getLoc();
  pendingStores.push_back({value, place.memory, code.add(place.base, keptAt(chunk)), chunk.mask,
                           node.result && !node.kept && code.canStorePastCaches(node.element())});
}

//===- Prefetches -------------------------------------------------------------------------------------------------===//

/// How many rows ahead an access is fetched; 0: it is not.
int64_t Rows::rowsAhead(unsigned index) const {
  const Operand &access = group.accesses[index];
  bool isResult = llvm::any_of(group.nodes, [&](const RowNode &node) { return node.result == index; });
  std::optional<int64_t> bytes = (count * Dim::constant(elementBytes(access.element))).constantValue();
  if (together > 1) // what is stored past the caches has nothing to wait for
    return isResult && streaming ? 0 : std::max<int64_t>(1, (isResult ? resultsAhead : operandsAhead) / *bytes);
  return !isResult && !(bytes && (*bytes > longestPrefetch || *bytes < shortestPrefetch));
}

/// Where rows begin that are to be fetched, in all that lies along the columns. A single walk reads memory in order and
/// needs no help.
void Rows::findNextRows() {
  nextRows.clear();
  if (inRegisters || group.steps == 1 || rowExtents.empty())
    return;
  for (unsigned i : llvm::seq<unsigned>(0, group.accesses.size())) {
    Value stride = rowStrides[i].back();
    int64_t ahead = rowsAhead(i);
    if (ahead == 0 || !columnElements[i] || !columnElements[i]->stride.isConstant(1) || columnElements[i]->repeat > 1 ||
        constantIndex(stride) == 0)
      continue;
    nextRows.push_back({i, code.add(firstOfRow[i], code.times(stride, code.index(ahead)))});
  }
}

/// The second walk, which computes most, fetches the next row as it goes. Two rows ahead, or a part in each walk, is
/// slower (Zen 4, one thread: layer norm 8192x768 1.9 ms, so 1.3). To L2: L1 waits for too few lines at once.
void Rows::prefetchNextRow(Value first, int64_t columns) {
  if (step != 1)
    return;
  for (auto [access, row] : nextRows) {
    bool isWritten = llvm::any_of(group.nodes, [&](const RowNode &node) { return node.result == access; });
    code.prefetchLines(places[access].memory, code.add(row, first), 0, columns, group.accesses[access].element,
                       isWritten ? Cache::L1 : Cache::L2, isWritten);
  }
}

} // namespace batten
