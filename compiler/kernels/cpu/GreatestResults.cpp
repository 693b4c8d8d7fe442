// GreatestResults.cpp - how sorted entries become results.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Greatest.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace batten {

/// So many results are given without a loop.
constexpr int64_t unrolledResults = 8;

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

/// Whether results stand side by side.
bool Greatest::areDense() const {
  auto isDense = [&](const std::optional<Operand> &result) { return !result || result->strides[dim].isConstant(1); };
  return isDense(values) && isDense(indices);
}

bool Greatest::givesVectors() const {
  return format.isPacked() && areDense() && count.constantValue().value_or(INT64_MAX) > unrolledResults;
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
