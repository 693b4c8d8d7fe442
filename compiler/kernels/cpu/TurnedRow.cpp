// TurnedRow.cpp - the only row of a product whose right side has the depth side by side (`x @ w.T`): squares of it are
// turned in registers and multiplied at once.
//
// Packed, each element would be stored and loaded again for a single multiplication (Zen 3, 1000 x 1000: 190 us, so
// 112; 1024 x 1024: 252 and 179). Two vectors of columns are chains enough to wait little for each other; of 32 columns
// 4 KiB apart L1 holds no two lines each (1024 x 1024: 426 us).
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/LoopCode.h"
#include "compiler/kernels/cpu/MicroKernel.h"

using namespace mlir;

namespace batten {

/// Zen 3, 1024 x 1024: none 261 us, two turns 179, four 180, sixteen 189.
constexpr int64_t turnsAhead = 2;

namespace {

class TurnedRow : LoopCode {
public:
  TurnedRow(ContractionCode &contraction, const Strip &strip)
      : LoopCode{contraction.b, contraction.loc}, k(contraction), code(k.code()), strip(strip),
        columnStride(k.size(k.rhs.strides[k.c.column])), left(k.offsetAt(k.lhs, strip.batch, code.index(0))) {}
  SmallVector<Value> sums();

private:
  using Values = SmallVector<Value>;
  ContractionCode &k;
  VectorCode code;
  const Strip &strip;
  Value columnStride, left;

  Value columnAt(int64_t column, Value depth) const;
  Values turned(int64_t vector, Value depth) const;
  void prefetch(int64_t vector, Value depth) const;
  Value leftAt(Value depth) const;
  int64_t depthsOfTurn() const;
  Values addSquares(Value depth, ValueRange sums) const;
  Values addStep(Value depth, ValueRange sums) const;
};
} // namespace

/// Place of an element of the strip's column `column`.
Value TurnedRow::columnAt(int64_t column, Value depth) const {
  return code.add(code.add(strip.right, depth), code.times(code.index(column), columnStride));
}

/// By depth from `depth` on, as many as there are lanes: the right side of vector `vector`.
TurnedRow::Values TurnedRow::turned(int64_t vector, Value depth) const {
  Values square;
  for (int64_t lane = 0; lane < code.lanes; ++lane) {
    Value at = columnAt(vector * code.lanes + lane, depth);
    square.push_back(code.load(k.rhs.memory, at, code.index(1), k.rhs.element, {}));
  }
  return code.turnSquares(square);
}

/// The lines of a later turn: the hardware does not follow so many columns.
void TurnedRow::prefetch(int64_t vector, Value depth) const {
  Value ahead = code.add(depth, code.index(turnsAhead * depthsOfTurn()));
  for (int64_t lane = 0; lane < code.lanes; ++lane)
    code.prefetch(k.rhs.memory, columnAt(vector * code.lanes + lane, ahead), Cache::L1);
}

Value TurnedRow::leftAt(Value depth) const {
  Value stride = k.size(k.lhs.strides[k.c.depth]);
  return k.dot.ofLeft(code, k.lhs.memory, code.add(left, code.times(depth, stride)), stride, {});
}

/// Depths of a turn: whole lines, which columns a power of two apart would throw out of L1 half read.
int64_t TurnedRow::depthsOfTurn() const { return std::max(code.lanes, lineBytes / elementBytes(k.rhs.element)); }

TurnedRow::Values TurnedRow::addSquares(Value depth, ValueRange sums) const {
  Values next(sums);
  for (int64_t q = 0; q < strip.vectors; ++q) {
    prefetch(q, depth);
    for (int64_t begin = 0; begin < depthsOfTurn(); begin += code.lanes)
      for (auto [i, right] : llvm::enumerate(turned(q, code.add(depth, code.index(begin)))))
        next[q] = k.dot.add(code, leftAt(code.add(depth, code.index(begin + i))), right, next[q]);
  }
  return next;
}

TurnedRow::Values TurnedRow::addStep(Value depth, ValueRange sums) const {
  Values next(sums);
  for (int64_t q = 0; q < strip.vectors; ++q) {
    GranuleRows rows{k.rhs.memory, columnAt(q * code.lanes, depth), columnStride, code.index(1), k.rhs.element};
    next[q] = k.dot.add(code, leftAt(depth), k.dot.ofRows(code, rows, {}, {}), next[q]);
  }
  return next;
}

/// By vector of the strip, chains in ascending depth.
TurnedRow::Values TurnedRow::sums() {
  Value depth = k.extent(k.c.depth), turn = code.index(depthsOfTurn()), whole = minus(depth, remainder(depth, turn));
  Values sums = fold(code.index(0), whole, turn, strip.initial,
                     [&](Value at, ValueRange before) { return addSquares(at, before); });
  return fold(whole, depth, code.index(1), sums, [&](Value at, ValueRange before) { return addStep(at, before); });
}

SmallVector<Value> sumsOfTurnedRow(ContractionCode &contraction, const Strip &strip) {
  return TurnedRow(contraction, strip).sums();
}

} // namespace batten
