// GreatestOfShortRows.cpp - short rows, a row a lane: nothing moves between lanes to sort.
//
// With the registers of AVX-512 the columns go through a network of packed entries. With fewer, the keys stay as narrow
// as they are, so that a register has twice the rows: each column is put among the greatest so far, from the first on.
// Of equal elements the earlier one stays above without being compared by index.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Greatest.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace batten {

/// Elements of such rows, at most: as many registers.
constexpr int64_t longestInLanes = 16;

/// Whether elements (.., 0) of neighbouring rows are as far apart as there are elements in a row.
static bool isRowMajor(const Operand &operand, ArrayRef<Dim> extents, const Dim &last) {
  Dim stride = Dim::constant(1);
  for (size_t d = extents.size(); d-- > 0;) {
    if (operand.strides[d] != stride && !extents[d].isConstant(1))
      return false;
    stride = stride * (d + 1 == extents.size() ? last : extents[d]);
  }
  return true;
}

bool Greatest::sortsInNetwork() const { return level.hasManyRegisters(); }

bool Greatest::takesRowsInLanes() const {
  if (!x.strides[dim].isConstant(1) || extents[dim].constantValue().value_or(INT64_MAX) > longestInLanes ||
      !count.constantValue())
    return false;
  if (sortsInNetwork())
    return format.isPacked() && areDense();
  auto isDense = [&](const std::optional<Operand> &result) { return !result || isRowMajor(*result, extents, count); };
  return dim + 1 == extents.size() && isDense(values) && isDense(indices);
}

int64_t Greatest::rowsAtOnce() const { return sortsInNetwork() ? level.lanes(b.getI64Type()) : code.lanes; }

/// Rows from `begin` to `end`. The last vector has the last row in all lanes that are left: a row's bits, those of its
/// NaN as well, do not tell where it stands.
void Greatest::shortRows(const DimWalk &rows) {
  Value lanes = code.index(rowsAtOnce());
  if (sortsInNetwork())
    return loopCode().loop(frame.begin, frame.end, lanes, [&](Value index) { rowsInLanes(rows, index, false); });
  Value whole = subtract(frame.end, remainder(subtract(frame.end, frame.begin), lanes));
  loopCode().loop(frame.begin, whole, lanes, [&](Value index) { rowsInLanes(rows, index, true); });
  loopCode().loop(whole, frame.end, lanes, [&](Value index) { rowsInLanes(rows, index, false); });
}

/// `areWhole`: there is a row for each lane, so that they are read and written at once.
void Greatest::rowsInLanes(const DimWalk &rows, Value index, bool areWhole) {
  VectorCode wide{b, code.loc, rowsAtOnce()};
  OrderedKeys keys = order;
  keys.code.lanes = wide.lanes;
  SmallVector<SmallVector<Value>> firsts;
  for (int64_t lane = 0; lane < wide.lanes; ++lane) {
    Value there = code.add(index, code.index(lane));
    if (!areWhole)
      there = least(there, subtract(frame.end, code.index(1)));
    firsts.push_back(rows.firstElements(code, frame, there));
  }
  auto placesOf = [&](size_t access) {
    return llvm::map_to_vector(firsts, [&](ArrayRef<Value> first) { return first[access]; });
  };

  SmallVector<Value> columns = wide.loadTurned(x.memory, placesOf(0), *extents[dim].constantValue(), x.element,
                                               areWhole && isRowMajor(x, extents, extents[dim]));
  EntryFormat format(keys, extents[dim].constantValue());
  EntrySort::Block block = sortsInNetwork() ? sortColumns(keys, format, columns) : insertColumns(keys, columns);
  auto give = [&](const Operand &result, size_t access, function_ref<Value(const Entries &)> part) {
    wide.storeTurned(llvm::map_to_vector(block, part), result.memory, placesOf(access), areWhole);
  };
  if (values)
    give(*values, 1, [&](const Entries &entry) {
      return keys.elementOf(sortsInNetwork() ? format.number(entry.key) : keys.number(entry.key, entry.inverse));
    });
  if (indices)
    give(*indices, firsts[0].size() - 1,
         [&](const Entries &entry) { return sortsInNetwork() ? format.index(entry.key) : keys.index(entry.inverse); });
}

EntrySort::Block Greatest::sortColumns(const OrderedKeys &keys, const EntryFormat &format, ArrayRef<Value> columns) {
  EntrySort::Block block;
  for (Value column : columns) {
    Value numbers = keys.widen(column);
    block.push_back(format.pack(keys.of(numbers), format.tagsOfColumn(numbers, int64_t(block.size()))));
  }
  EntrySort(keys.code, int64_t(block.size()), format.areDoubles(), /*hasLongMin=*/true, {}, {}).sortColumns(block);
  block.truncate(size_t(*count.constantValue()));
  return block;
}

/// A column goes where the first one that it is above stands, and those from there on to the next rank.
EntrySort::Block Greatest::insertColumns(const OrderedKeys &keys, ArrayRef<Value> columns) {
  auto most = size_t(*count.constantValue());
  auto choose = [&](Value flag, Value yes, Value no) -> Value {
    return arith::SelectOp::create(b, code.loc, flag, yes, no);
  };
  EntrySort::Block greatest;
  for (auto [at, column] : llvm::enumerate(columns)) {
    Value numbers = keys.widen(column);
    Entries mine{keys.of(numbers), keys.signedIndex(numbers, int64_t(at))};
    SmallVector<Value> isAbove;
    for (const Entries &entry : greatest)
      isAbove.push_back(compare(arith::CmpIPredicate::sgt, mine.key, entry.key));
    EntrySort::Block next;
    for (size_t rank = 0; rank < std::min(greatest.size() + 1, most); ++rank) {
      Entries moved = mine;
      if (rank > 0)
        moved = {choose(isAbove[rank - 1], greatest[rank - 1].key, mine.key),
                 choose(isAbove[rank - 1], greatest[rank - 1].inverse, mine.inverse)};
      if (rank < greatest.size())
        moved = {choose(isAbove[rank], moved.key, greatest[rank].key),
                 choose(isAbove[rank], moved.inverse, greatest[rank].inverse)};
      next.push_back(moved);
    }
    greatest = next;
  }
  return greatest;
}

} // namespace batten
