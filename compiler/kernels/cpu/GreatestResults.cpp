// GreatestResults.cpp - how sorted entries become results, and short rows, which are sorted and given side by side.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Greatest.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace batten {

/// So many results are given without a loop.
constexpr int64_t unrolledResults = 8;
/// Elements of rows that are sorted several at once, one a lane, at most: as many registers.
constexpr int64_t longestInLanes = 16;

//===- Short rows side by side ------------------------------------------------------------------------------------===//

bool Greatest::takesRowsInLanes() const {
  return level.hasManyRegisters() && areDense() && x.strides[dim].isConstant(1) &&
         extents[dim].constantValue().value_or(INT64_MAX) <= longestInLanes && count.constantValue();
}

/// A row a lane, which needs no moves to sort, from `index` on; where fewer are left, the last one again.
void Greatest::rowsInLanes(const DimWalk &rows, Value index) {
  VectorCode wide{b, code.loc, level.lanes(b.getI64Type())};
  OrderedKeys keys = order;
  keys.code.lanes = wide.lanes;
  EntryFormat wideFormat(keys, extents[dim].constantValue());
  SmallVector<SmallVector<Value>> firsts;
  for (int64_t lane = 0; lane < wide.lanes; ++lane) {
    Value there = least(code.add(index, code.index(lane)), subtract(frame.end, code.index(1)));
    firsts.push_back(rows.firstElements(code, frame, there));
  }
  auto placesOf = [&](size_t access) {
    return llvm::map_to_vector(firsts, [&](ArrayRef<Value> first) { return first[access]; });
  };

  EntrySort::Block block;
  int64_t elements = *extents[dim].constantValue(), results = *count.constantValue();
  for (Value loaded : wide.loadTurned(x.memory, placesOf(0), elements, x.element, /*areDense=*/false)) {
    Value column = keys.widen(loaded);
    block.push_back(wideFormat.pack(keys.of(column), wideFormat.tagsOfColumn(column, int64_t(block.size()))));
  }
  EntrySort(wide, elements, wideFormat.areDoubles(), /*hasLongMin=*/true, {}, {}).sortColumns(block);

  block.truncate(size_t(results));
  auto give = [&](const Operand &result, size_t access, function_ref<Value(Value)> part) {
    auto ranks = llvm::map_to_vector(block, [&](const Entries &entry) { return part(entry.key); });
    wide.storeTurned(ranks, result.memory, placesOf(access), /*areDense=*/false);
  };
  if (values)
    give(*values, 1, [&](Value entry) { return keys.elementOf(wideFormat.number(entry)); });
  if (indices)
    give(*indices, firsts[0].size() - 1, [&](Value entry) { return wideFormat.index(entry); });
}

//===- A sorted row -------------------------------------------------------------------------------------------------===//

void Greatest::giveResults(ArrayRef<Value> firsts) {
  if (givesVectors())
    return giveVectors(firsts);
  auto give = [&](Value rank) {
    Value index = indexAt(rank);
    auto store = [&](const Operand &result, Value first, Value value) {
      Value at = code.add(first, code.times(rank, frame.size(result.strides[dim])));
      memref::StoreOp::create(b, code.loc, value, result.memory, ValueRange{at});
    };
    if (values) {
      Value at = arith::IndexCastOp::create(b, code.loc, b.getIndexType(), index);
      at = code.add(firstOfX, code.times(at, xStride));
      store(*values, firsts.front(), memref::LoadOp::create(b, code.loc, x.memory, ValueRange{at}));
    }
    if (indices)
      store(*indices, firsts.back(), index);
  };
  std::optional<int64_t> known = count.constantValue();
  if (!known || *known > unrolledResults)
    return loopCode().loop(code.index(0), wanted, code.index(1), give);
  for (int64_t rank = 0; rank < *known; ++rank)
    give(code.index(rank));
}

/// Whether all of a result is in its entry, and results stand side by side.
bool Greatest::areDense() const {
  auto isDense = [&](const std::optional<Operand> &result) { return !result || result->strides[dim].isConstant(1); };
  return format.isPacked() && isDense(values) && isDense(indices);
}

bool Greatest::givesVectors() const {
  return areDense() && count.constantValue().value_or(INT64_MAX) > unrolledResults;
}

void Greatest::giveVectors(ArrayRef<Value> firsts) {
  std::optional<int64_t> known = count.constantValue(), most = knownRoom();
  int64_t column = most ? *most / entries.lanes : 0, lane = 0;
  sorted->forEachSorted(room, [&](Value entry, Value rank) {
    int64_t first = column * (lane++ % entries.lanes); // of the lane's ranks
    if (known && first >= *known)
      return;
    bool isWhole = known && first + column <= *known;
    Value mask = isWhole ? Value() : entries.firstLanes(subtract(wanted, rank));
    if (values)
      entries.store(order.elementOf(format.number(entry)), values->memory, code.add(firsts.front(), rank), mask);
    if (indices)
      entries.store(format.index(entry), indices->memory, code.add(firsts.back(), rank), mask);
  });
}

/// i32.
Value Greatest::indexAt(Value rank) {
  Value place = sorted->place(room, rank);
  Value held = memref::LoadOp::create(b, code.loc, format.isPacked() ? sortedKeys : sortedInverses, ValueRange{place});
  if (format.isPacked())
    return format.index(held);
  held = arith::TruncIOp::create(b, code.loc, b.getI32Type(), held);
  return arith::XOrIOp::create(b, code.loc, held, constantOf(code, held.getType(), b.getI32IntegerAttr(-1)));
}

} // namespace batten
