// KeptLanesTurns.cpp - short rows: vectors of rows that are turned in registers.
//
// A row of ten columns fills ten lanes of sixteen, and folding it takes a shuffle for each halving. With a row a lane
// nothing is folded across lanes, but the elements of a column lie a row apart. So a unit first turns the rows that it
// reads: as many as a vector has lanes are loaded along their columns, transposed, and lie column by column in this
// thread's scratch, where the walks read them; results along the columns go the other way. A unit that is not full
// copies its elements one by one.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/KeptLanes.h"
#include "compiler/kernels/cpu/LoopCode.h"
#include "compiler/kernels/cpu/RowKernels.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace batten {

/// Longer rows fill their vectors.
constexpr int64_t longestShortRow = 16;
/// More rows a vector than this take more shuffles than they save.
constexpr int64_t mostTurnedLanes = 16;

static std::optional<Dim> alongColumns(const RowGroup &group, const Operand &access) {
  return flatStride(access, group.domain, group.split, group.domain.size());
}

/// True where the elements of a row lie side by side, and those of the next row elsewhere.
static bool isTurned(const RowGroup &group, const Operand &access, size_t from) {
  std::optional<Dim> columns = alongColumns(group, access);
  std::optional<Dim> lanes = flatStride(access, group.domain, from, group.split);
  return columns && lanes && columns->isConstant(1) && !lanes->isConstant(0);
}

bool hasShortRows(const RowGroup &group, int64_t lanes) {
  std::optional<int64_t> columns = countOf(group.columns()).constantValue();
  if (!group.hasReduction() || lanes > mostTurnedLanes || !columns || *columns < 2 || *columns > longestShortRow)
    return false;
  size_t from = lanesFrom(group);
  Dim rows = countOf(ArrayRef<Dim>(group.domain).slice(from, group.split - from));
  if (from == group.split || rows.constantValue().value_or(lanes) < lanes)
    return false;
  bool any = false;
  for (auto [i, access] : llvm::enumerate(group.accesses)) {
    bool isResult = llvm::any_of(group.nodes, [&](const RowNode &node) { return node.result == unsigned(i); });
    std::optional<Dim> along = flatStride(access, group.domain, from, group.split);
    if (isTurned(group, access, from)) {
      if (isResult && !along->isConstant(*columns))
        return false;
      any = true;
      continue;
    }
    std::optional<Dim> across = alongColumns(group, access);
    bool isPerRow = across && across->isConstant(0) && along->isConstant(1);
    if (!isPerRow && !along->isConstant(0))
      return false;
  }
  return any;
}

/// Room for the columns of a unit, by each access whose rows are turned.
void KeptLanes::placeTurned() {
  turned.resize(group.accesses.size());
  bool isShort = hasShortRows(group, code.lanes);
  for (auto [i, access] : llvm::enumerate(group.accesses)) {
    if (!isShort || !isTurned(group, access, firstLaneDim))
      continue;
    turned[i] = frame.scratchView(scratchBytes, access.element);
    scratchBytes = scratchBytes + positions * Dim::constant(vectors * code.lanes * elementBytes(access.element));
  }
}

Value KeptLanes::turnedPlace(int64_t column, size_t vector) const {
  return code.index((column * vectors + int64_t(vector)) * code.lanes);
}

/// Copies between memory and the scratch, `toMemory` or not: vectors of rows where all of them exist.
void KeptLanes::turn(unsigned access, bool toMemory) {
  LoopCode loops{b, code.loc};
  for (size_t j = 0; j < units.size(); ++j) {
    Value first = address(access, units[j], false), all = code.index(code.lanes);
    Value left = units[j].mask ? loops.minus(resultCount, units[j].at) : all;
    if (units[j].mask)
      left = loops.choose(loops.below(resultCount, units[j].at), code.index(0), loops.least(left, all));
    Value isFull = loops.same(left, all);
    loops.onlyIf(isFull, [&] { toMemory ? turnBack(access, j, first) : turnRows(access, j, first); });
    Value rest = loops.choose(isFull, code.index(0), left);
    loops.loop(code.index(0), rest, code.index(1), [&](Value row) { copyRow(access, j, first, row, toMemory); });
  }
}

/// The elements of one row.
void KeptLanes::copyRow(unsigned access, size_t vector, Value first, Value row, bool toMemory) {
  const Operand &operand = group.accesses[access];
  Value place = code.add(first, code.times(row, laneStrides[access]));
  for (int64_t column = 0; column < *positions.constantValue(); ++column) {
    Value theirs = code.add(place, code.index(column)), ours = code.add(turnedPlace(column, vector), row);
    Value from = toMemory ? turned[access] : operand.memory, to = toMemory ? operand.memory : turned[access];
    Value element = memref::LoadOp::create(b, code.loc, from, ValueRange{toMemory ? ours : theirs});
    memref::StoreOp::create(b, code.loc, element, to, ValueRange{toMemory ? theirs : ours});
  }
}

void KeptLanes::turnRows(unsigned access, size_t vector, Value first) {
  const Operand &operand = group.accesses[access];
  int64_t columns = *positions.constantValue();
  for (int64_t column = 0; column < columns; column += code.lanes) {
    Value mask = columns - column < code.lanes ? code.firstLanes(code.index(columns - column)) : Value();
    Values rows;
    for (int64_t row = 0; row < code.lanes; ++row) {
      Value at = code.add(first, code.times(code.index(row), laneStrides[access]));
      rows.push_back(code.load(operand.memory, code.add(at, code.index(column)), code.index(1),
                               storageType(operand.element), mask));
    }
    rows = code.transpose(rows);
    for (int64_t lane = 0; lane < std::min(code.lanes, columns - column); ++lane)
      code.store(rows[lane], turned[access], turnedPlace(column + lane, vector), {});
  }
}

/// What a row's last vector writes beyond it is written again by the next row; the last row writes no more than it has.
void KeptLanes::turnBack(unsigned access, size_t vector, Value first) {
  const Operand &operand = group.accesses[access];
  int64_t columns = *positions.constantValue();
  SmallVector<Values> parts;
  for (int64_t column = 0; column < columns; column += code.lanes) {
    Type stored = storageType(operand.element);
    Values rows(code.lanes, arith::ConstantOp::create(b, code.loc, b.getZeroAttr(code.type(stored))));
    for (int64_t lane = 0; lane < std::min(code.lanes, columns - column); ++lane)
      rows[lane] = code.load(turned[access], turnedPlace(column + lane, vector), code.index(1), stored, {});
    parts.push_back(code.transpose(rows));
  }
  for (int64_t row = 0; row < code.lanes; ++row)
    for (auto [part, rows] : llvm::enumerate(parts)) {
      int64_t column = int64_t(part) * code.lanes, left = columns * (code.lanes - row) - column;
      Value mask = left < code.lanes ? code.firstLanes(code.index(left)) : Value();
      code.store(rows[row], operand.memory, code.add(first, code.index(row * columns + column)), mask);
    }
}

/// What the unit reads along its rows.
void KeptLanes::turnOperands() {
  for (unsigned i = 0; i < turned.size(); ++i)
    if (turned[i] && !isResult(i))
      turn(i, /*toMemory=*/false);
}

void KeptLanes::turnResults() {
  for (unsigned i = 0; i < turned.size(); ++i)
    if (turned[i] && isResult(i))
      turn(i, /*toMemory=*/true);
}

bool KeptLanes::isResult(unsigned access) const {
  return llvm::any_of(group.nodes, [&](const RowNode &node) { return node.result == access; });
}

} // namespace batten
