// Rows.cpp - rows with their columns in the lanes of vectors.
//
//   for each unit in [begin, end)         a row, or a block of columns of one where there is no reduction
//     digits of the row index, the first element of every operand
//     for each step                       a walk over the columns, 64 at a time where something is reduced
//       loads, operations, stores; 64 accumulators a reduction, each a chain
//     what is computed once a row
//
// Element i of the row-major column index goes to lane i mod 64 (dialect/NUMERICS.md), so the columns must be one
// index: an operand that meets them at one stride is read in place, and one that has the same few elements again and
// again, as a bias of narrow rows, from a table that a kernel makes at its head. Any other is first gathered into this
// thread's scratch, or, where the columns are batch positions without bound, as it is read. The tail is a masked chunk;
// a row of at most 64 columns, or 128 in AVX-512, is straight-line code that stays in registers. Rows that are not much
// longer are walked a few at a time (RowsTogether.cpp), in AVX2 those from 17 columns on.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Rows.h"
#include "compiler/kernels/cpu/RowKernels.h"
#include "compiler/kernels/cpu/UsualSizes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace batten {

/// Columns of a unit where a row may be cut: a few pages of L1, so that a long vector is split over threads.
constexpr int64_t blockColumns = 4096;
/// Vectors of a row with reductions that stay in registers where there are 32 of them.
constexpr int64_t registerVectors = 8;
/// Operations of pow, and of no other function: of one register at a time they wait for each other.
constexpr int64_t longChain = 64;

/// Sequences with one chain through most of their operations. Zen 3, 64 rows of 1024, two at a time, us: sin 37.0 ->
/// 30.6, log 55.1 -> 46.2, pow 207 -> 155; of those whose chains are short, two need more than 16 registers (gelu 42.1
/// -> 49.6). Where there are 32, Zen 4 and 5 run one of sin or log as quickly.
static bool isLong(const RowNode &node, const Level &level) {
  auto waits = [](Operation &op) { return isa<math::SinOp, math::CosOp, math::LogOp>(op); };
  return int64_t(node.body()->getOperations().size()) >= longChain ||
         (!level.hasManyRegisters() && llvm::any_of(*node.body(), waits));
}

/// Lanes of the vectors of rows: a register, or two where an operation is a long chain. LLVM splits what is two,
/// instruction by instruction, so that neighbours are chains that run side by side.
static int64_t rowLanes(const RowGroup &group, const Level &level) {
  int64_t lanes = laneCount(group, level);
  bool waits = llvm::any_of(group.nodes, [&](const RowNode &node) { return isLong(node, level); });
  bool isWide = llvm::all_of(group.accesses, [](const Operand &access) { // halves have pairs of chains (RowPairs.cpp)
    return elementBytes(access.element) >= 4;
  });
  return waits && isWide && !group.hasReduction() ? 2 * lanes : lanes;
}

Rows::Rows(RowGroup &group, KernelFrame &frame, GroupScalars &scalars, const Level &level, bool inBlocks, bool oneByOne)
    : RowCode(group, frame, scalars, rowLanes(group, level)), level(level), count(countOf(group.columns())),
      inBlocks(inBlocks), oneByOne(oneByOne) {
  std::optional<int64_t> columns = count.constantValue();
  rowDims = mergeDims(group, 0, group.split);
  for (const Operand &access : group.accesses)
    columnElements.push_back(batten::columnElements(access, group.domain, group.split, code.lanes));
  tileDim = findTileDim();
  if (tileDim)
    code.lanes = tileLanes(*tileDim);
  // A value per row would be computed once a block, and written by several threads.
  blocked = !tileDim && !group.readsRows() && !(columns && *columns <= 2 * blockColumns);
  cross = findCross();
  inRegisters = staysInRegisters();
  inPairs = findPairs();
  group.plan(inRegisters, numLanes / code.lanes);
  quotients = findQuotients();
  greatest = findGreatest();
  replacesNumerators = quotientsReplaceNumerators();
  together = rowsTogether();
}

/// The longest row that is straight-line code: it overlaps with the next one, where ends of loops wait for each other.
int64_t Rows::columnsInRegisters() const {
  if (cross) // a loop of two turns costs more (Zen 3: 16384 x 64 products of rows of 128 7.6 ms, so 6.9)
    return 2 * numLanes;
  bool fillsRegisters = level.hasManyRegisters() && group.hasReduction();
  return fillsRegisters ? std::clamp<int64_t>(registerVectors * code.lanes, numLanes, 2 * numLanes) : numLanes;
}

//===- Once a kernel ----------------------------------------------------------------------------------------------===//

Dim Rows::blocksPerRow() const { return ceilDiv(count, blockColumns); }

/// The last walk over a row stores while the others compute functions. Zen 4, one thread: softmax 8192x768 past the
/// caches 3.3 ms, through them 2.0, and of rows that no cache holds as well.
bool Rows::storesInBursts() const {
  return group.steps > 1 && !inRegisters && llvm::any_of(group.nodes, [&](const RowNode &node) {
           return node.heavy && node.kind == RowNode::column && node.step + 1 < group.steps;
         });
}

/// Everything that does not depend on the row: strides, extents, places in the scratch.
void Rows::setUp(bool streams) {
  Value zero = code.index(0), one = code.index(1);
  for (const Dim &extent : rowDims.extents)
    rowExtents.push_back(frame.size(extent));
  for (auto [i, access] : llvm::enumerate(group.accesses)) {
    Values &strides = rowStrides.emplace_back();
    for (const Dim &stride : rowDims.strides[i])
      strides.push_back(frame.size(stride));
    Place place{access.memory, zero, one, access.element, {}};
    if (columnElements[i]) {
      place.stride = frame.size(columnElements[i]->stride);
      place.repeat = columnElements[i]->repeat;
      place.period = columnElements[i]->period;
    } else if (!inBlocks) {
      place.memory = scratchFor(access.element, 1);
    }
    places.push_back(place);
    if (place.period)
      tabulate(i);
  }
  for (auto [i, node] : llvm::enumerate(group.nodes)) {
    if (node.result && node.kind == RowNode::column)
      places[*node.result].stride = one; // dense, whatever an extent of 1 says
    if (node.kept && !node.result && !(replacesNumerators && i == quotients->numerator))
      keptPlaces[i] = {scratchFor(node.element(), together), zero, one, node.element(), {}};
  }
  range = {zero, frame.size(count), count.constantValue()};
  if (together > 1)
    layOutNumbers();
  if (streams && !storesInBursts() && !(tileDim && tilesAreTall()))
    streaming = isStreaming(level, [&](unsigned access) { return SmallVector<Dim>(rowDims.strides[access]); });
}

Kernel Rows::build() {
  setUp(/*streams=*/true);
  auto loop = scf::ForOp::create(b, code.loc, frame.begin, frame.end, code.index(together));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    if (tileDim)
      tileUnit(loop.getInductionVar());
    else if (cross)
      crossUnit(loop.getInductionVar());
    else if (together > 1)
      computeTogether(loop.getInductionVar());
    else
      unit(loop.getInductionVar());
  }
  orderStores(code, streaming);
  Dim units = cross ? countOf(cross->units) : tileDim ? tileCount() : countOf(group.rows());
  if (blocked)
    units = units * blocksPerRow();
  return {frame.function, units, workOfElements(countOf(group.domain)), scratchBytes};
}

//===- Once a unit ------------------------------------------------------------------------------------------------===//

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
  computeRow(digitsOf(code, row, rowExtents));
  range = whole;
}

void Rows::computeRow(const Values &place) {
  enterRow(place);
  for (step = 0; step < group.steps; ++step)
    walk();
  storeRowResults();
}

void Rows::enterRow(Values place) {
  digits = std::move(place);
  rowValues.clear();
  registerChunks.clear();
  numeratorsAreSafe = elementsAreNear = {};
  for (auto [i, access] : llvm::enumerate(group.accesses)) {
    places[i].everywhere = {};
    Value first = frame.size(access.offset);
    for (auto [digit, stride] : llvm::zip(digits, rowStrides[i]))
      first = code.add(first, code.times(digit, stride));
    firstOfRow[i] = first;
    if (!columnElements[i] && !inBlocks)
      gatherColumns(i);
    else if (!places[i].period)
      places[i].base = first;
  }
  findNextRows();
}

void Rows::storeRowResults() {
  for (auto [i, node] : llvm::enumerate(group.nodes)) {
    if (!node.result || node.kind == RowNode::column)
      continue;
    Value vector = rowValue(i);
    Value scalar = vector::ExtractOp::create(b, code.loc, vector, ArrayRef<int64_t>{0});
    code.storeScalar(scalar, group.accesses[*node.result].memory, firstOfRow[*node.result]);
  }
}

//===- Walks over the columns -------------------------------------------------------------------------------------===//

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
int64_t Rows::vectorsWithoutReduction(Nodes stores) const {
  if (inRegisters)
    return numLanes / code.lanes;
  size_t operations = 0;
  llvm::SmallDenseSet<unsigned> seen;
  for (unsigned node : stores)
    operations += operationsOf(node, seen);
  // Constants of an exponential that 16 registers don't hold are loaded once a turn. Zen 3: softmax of 1024 in 0.83 of
  // the time; what has more constants, exp or GELU alone, gains nothing.
  bool sharesConstants = isInRange && !level.hasManyRegisters();
  int64_t vectors = operations > 16 ? (sharesConstants ? 4 : 1) : operations > 6 ? 2 : 4;
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
  if (numeratorsAreSafe && step == quotients->step && reductions.empty())
    return walkQuotients(stores);
  if (elementsAreNear && watchesNumerators())
    return walkExponentials(stores, reductions);
  walkOnce(stores, reductions);
}

void Rows::walkOnce(Nodes stores, Nodes reductions) {
  int64_t vectors = reductions.empty() ? vectorsWithoutReduction(stores) : numLanes / code.lanes;
  Values identities;
  for (unsigned node : reductions)
    identities.append(vectors, identity(node));
  if (hasWatched())
    identities.push_back(firstWatched());
  VectorCode wide = walker();
  auto turn = [&](Value first, ArrayRef<Value> masks, ValueRange accumulators) {
    prefetchNextRow(first, masks.size() * wide.lanes);
    return inPairs ? pairs(first, masks, stores, reductions, accumulators)
                   : chunks(first, masks, stores, reductions, accumulators);
  };
  int64_t width = inRegisters ? llvm::divideCeil(*range.constant, code.lanes)
                  : inPairs   ? std::max<int64_t>(1, vectors / 2)
                              : vectors;
  Values accumulators =
      walkColumns(wide, range, width, reductions.empty() && !inRegisters ? 1 : width, identities, turn);
  for (auto [i, node] : llvm::enumerate(reductions)) {
    Values lanes(ArrayRef<Value>(accumulators).slice(i * vectors, vectors));
    if (inPairs)
      orderLanes(lanes);
    rowValues[node] = finish(node, combineLanes(node, lanes, range.constant.value_or(numLanes)));
  }
  if (hasWatched())
    finishWatched(accumulators.back());
}

/// 256 columns at a time: each block has its own 64 lanes, block results are combined in order.
void Rows::walkBlocks(Nodes reductions) {
  Values totals;
  for (unsigned node : reductions)
    totals.push_back(identity(node));
  Value size = code.index(blockPositions);
  Value tail = arith::RemUIOp::create(b, code.loc, range.extent, size);
  Value full = arith::SubIOp::create(b, code.loc, range.extent, tail);
  auto over = [&](Value from, Value to, Value extent, std::optional<int64_t> constant) {
    auto loop = scf::ForOp::create(b, code.loc, from, to, size, totals);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    ColumnRange block{loop.getInductionVar(), extent, constant};
    scf::YieldOp::create(b, code.loc, blockTurn(block, reductions, loop.getRegionIterArgs()));
    totals.assign(loop.getResults().begin(), loop.getResults().end());
  };
  over(range.first, full, size, blockPositions);
  if (!range.constant)
    over(full, range.extent, tail, std::nullopt); // none or one
  else if (int64_t left = *range.constant % blockPositions)
    over(full, range.extent, tail, left);
  for (auto [node, total] : llvm::zip(reductions, totals))
    rowValues[node] = finish(node, total);
}

Rows::Values Rows::blockTurn(const ColumnRange &block, Nodes reductions, ValueRange totals) {
  int64_t vectors = numLanes / code.lanes;
  Values identities, next;
  for (unsigned node : reductions)
    identities.append(vectors, identity(node));
  Values sums = walkColumns(code, block, vectors, vectors, identities,
                            [&](Value first, ArrayRef<Value> masks, ValueRange values) {
                              return chunks(first, masks, {}, reductions, values);
                            });
  for (auto [i, node] : llvm::enumerate(reductions)) {
    Values lanes(ArrayRef<Value>(sums).slice(i * vectors, vectors));
    next.push_back(combine(node, totals[i], combineLanes(node, lanes, block.constant.value_or(numLanes))));
  }
  return next;
}

/// Accumulators of each reduction.
size_t Rows::vectorsOf(Nodes reductions, ValueRange accumulators) const {
  return reductions.empty() ? 0 : (accumulators.size() - hasWatched()) / reductions.size();
}

/// One turn: masks.size() vectors from column `first` on.
Rows::Values Rows::chunks(Value first, ArrayRef<Value> masks, Nodes stores, Nodes reductions, ValueRange accumulators) {
  Values next(accumulators);
  if (inRegisters && registerChunks.empty())
    for (auto [j, mask] : llvm::enumerate(masks))
      registerChunks.emplace_back(code.add(first, code.index(j * code.lanes)), mask);
  size_t vectors = vectorsOf(reductions, accumulators);
  for (auto [j, mask] : llvm::enumerate(masks)) {
    Chunk fresh(inRegisters ? Value() : code.add(first, code.index(j * code.lanes)), mask);
    Chunk &chunk = inRegisters ? registerChunks[j] : fresh;
    for (unsigned node : stores)
      storeColumn(node, chunk);
    for (auto [r, node] : llvm::enumerate(reductions))
      next[r * vectors + j % vectors] = accumulate(node, chunk, next[r * vectors + j % vectors]);
    if (hasWatched())
      next.back() = watch(chunk, next.back());
  }
  flushStores();
  return next;
}

/// The same of masks.size() pairs of vectors.
Rows::Values Rows::pairs(Value first, ArrayRef<Value> masks, Nodes stores, Nodes reductions, ValueRange accumulators) {
  Values next(accumulators);
  size_t vectors = vectorsOf(reductions, accumulators);
  for (auto [j, mask] : llvm::enumerate(masks)) {
    auto [even, odd] = pairAt(code.add(first, code.index(2 * j * code.lanes)), mask);
    even.partner = &odd;
    odd.partner = &even;
    for (unsigned node : stores)
      storePair(node, even, odd);
    for (auto [r, node] : llvm::enumerate(reductions)) {
      Value *sums = &next[r * vectors + 2 * j];
      sums[0] = accumulate(node, even, sums[0]);
      sums[1] = accumulate(node, odd, sums[1]);
    }
    if (watchesNumerators())
      next.back() = leastNumerator(odd, leastNumerator(even, next.back()));
  }
  flushStores();
  return next;
}

int64_t laneCount(const RowGroup &group, const Level &level) {
  return std::min(numLanes, level.vectorBytes * 8 / int64_t(group.laneBits()));
}

Kernel buildColumnsInLanes(RowGroup &group, KernelFrame &frame, GroupScalars &scalars, const Level &level,
                           bool inBlocks) {
  return Rows(group, frame, scalars, level, inBlocks).build();
}

} // namespace batten
