// KeptLanesTurns.cpp - short rows: vectors of rows that are turned in registers.
//
// A row of ten columns fills ten lanes of sixteen, and folding it takes a shuffle for each halving. With a row a lane
// nothing is folded across lanes, but the elements of a column lie a row apart. So a unit first turns the rows that it
// reads: as many as a vector has lanes are loaded along their columns, transposed, and lie column by column on the
// stack, where the walks read them; results along the columns go the other way. Rows that fill no such unit are walked
// along their columns: a call of one row takes no longer for what many gain.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/KeptLanes.h"
#include "compiler/kernels/cpu/LoopCode.h"
#include "compiler/kernels/cpu/RowKernels.h"
#include "compiler/kernels/cpu/Rows.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace batten {

/// Longer rows fill their vectors.
constexpr int64_t longestShortRow = 16;
/// Each takes up to a KiB of the stack, of which a host's thread may have little.
constexpr size_t mostOnStack = 16;

static std::optional<Dim> alongColumns(const RowGroup &group, const Operand &access) {
  return flatStride(access, group.domain, group.split, group.domain.size());
}

/// True where the elements of a row lie side by side, and those of the next row elsewhere.
static bool isTurned(const RowGroup &group, const Operand &access, size_t from) {
  std::optional<Dim> columns = alongColumns(group, access);
  std::optional<Dim> lanes = flatStride(access, group.domain, from, group.split);
  return columns && lanes && columns->isConstant(1) && !lanes->isConstant(0);
}

/// Of a turned one: whether each row begins where the one before ends.
static bool rowsAreDense(const RowGroup &group, const Operand &access, size_t from) {
  return *flatStride(access, group.domain, from, group.split) == countOf(group.columns());
}

static bool fillVectors(const Dim &rows, int64_t lanes) {
  std::optional<int64_t> known = rows.constantValue();
  return known && *known % lanes == 0;
}

static bool isResult(const RowGroup &group, unsigned access) {
  return llvm::any_of(group.nodes, [&](const RowNode &node) { return node.result == access; });
}

bool hasShortRows(const RowGroup &group, int64_t lanes) {
  std::optional<int64_t> columns = countOf(group.columns()).constantValue();
  if (!group.hasReduction() || !columns || *columns < 2 || *columns > longestShortRow)
    return false;
  if (group.accesses.size() + size_t(llvm::count_if(group.nodes, [](const RowNode &node) { return node.kept; })) >
      mostOnStack)
    return false;
  size_t from = lanesFrom(group);
  Dim rows = countOf(ArrayRef<Dim>(group.domain).slice(from, group.split - from));
  if (from == group.split || rows.constantValue().value_or(lanes) < lanes)
    return false;
  if (!countOf(ArrayRef<Dim>(group.domain).take_front(from)).isConstant(1) && !fillVectors(rows, lanes))
    return false; // a part of a vector in every outer position
  bool any = false;
  for (auto [i, access] : llvm::enumerate(group.accesses)) {
    std::optional<Dim> along = flatStride(access, group.domain, from, group.split);
    std::optional<Dim> across = alongColumns(group, access);
    if (!across) // would be gathered
      return false;
    if (isTurned(group, access, from)) {
      if (isResult(group, unsigned(i)) && !rowsAreDense(group, access, from))
        return false;
      any = true;
      continue;
    }
    bool isPerRow = across->isConstant(0) && along->isConstant(1);
    if (!isPerRow && !along->isConstant(0))
      return false;
  }
  return any;
}

/// Room for the columns of a unit, by each access whose rows are turned.
void KeptLanes::placeTurned() {
  turned.resize(group.accesses.size());
  if (!single)
    return;
  single->setUp(/*streams=*/false);
  scratchBytes = single->scratch();
  for (auto [i, access] : llvm::enumerate(group.accesses))
    if (isTurned(group, access, firstLaneDim))
      turned[i] = columnsOnStack(access.element);
}

Value KeptLanes::columnsOnStack(Type element) {
  auto type = MemRefType::get({*positions.constantValue() * code.lanes}, storageType(element));
  return memref::AllocaOp::create(b, code.loc, type, b.getI64IntegerAttr(lineBytes));
}

Value KeptLanes::turnedPlace(int64_t column) const { return code.index(column * code.lanes); }

/// Whole vectors of rows, then the others in a loop of their own: nothing is done for the first where there are none.
void KeptLanes::walkShortRows() {
  LoopCode loops{b, code.loc};
  Value one = code.index(1), lanes = code.index(code.lanes);
  if (fillVectors(results, code.lanes))
    return loops.loop(frame.begin, frame.end, one, [&](Value index) { unit(index); });
  Value whole = loops.quotient(resultCount, lanes);
  loops.loop(frame.begin, loops.least(frame.end, whole), one, [&](Value index) { unit(index); });
  Value from = code.times(loops.most(frame.begin, whole), lanes);
  Value to = loops.least(code.times(frame.end, lanes), resultCount);
  loops.loop(from, to, one, [&](Value row) { single->unit(row); });
}

/// The first element of each row of the unit.
KeptLanes::Values KeptLanes::rowPlaces(unsigned access) {
  Value first = address(access, /*atPosition=*/false);
  return Values(llvm::map_range(llvm::seq(code.lanes), [&](int64_t row) {
    return code.add(first, code.times(code.index(row), laneStrides[access]));
  }));
}

/// What the unit reads along its rows.
void KeptLanes::turnOperands() {
  for (auto [i, access] : llvm::enumerate(group.accesses)) {
    if (!turned[i] || isResult(group, unsigned(i)))
      continue;
    Type stored = storageType(access.element);
    bool areDense = rowsAreDense(group, access, firstLaneDim);
    Values columns = code.loadTurned(access.memory, rowPlaces(i), *positions.constantValue(), stored, areDense);
    for (auto [column, vector] : llvm::enumerate(columns))
      code.store(vector, turned[i], turnedPlace(column), {});
  }
}

void KeptLanes::turnResults() {
  for (auto [i, access] : llvm::enumerate(group.accesses)) {
    if (!turned[i] || !isResult(group, unsigned(i)))
      continue;
    Type stored = storageType(access.element);
    auto columns = llvm::map_to_vector(llvm::seq(*positions.constantValue()), [&](int64_t column) {
      return code.load(turned[i], turnedPlace(column), code.index(1), stored, {});
    });
    code.storeTurned(columns, access.memory, rowPlaces(i), /*areDense=*/true);
  }
}

Kernel buildShortRows(RowGroup &group, KernelFrame &frame, GroupScalars &scalars, const Level &level) {
  RowGroup one = group; // has other walks
  Rows single(one, frame, scalars, level, /*inBlocks=*/false, /*oneByOne=*/true);
  return KeptLanes(group, frame, scalars, level, /*inBlocks=*/false, &single).build();
}

} // namespace batten
