// AttentionTiles.cpp - the two products of bf16 attention by AMX tiles; see Attention.cpp.
//
// Everything else stays as it is, since what is packed for dot instructions is what tiles are loaded from: rows of
// queries and of weights, and granules of keys and of values. Only what fills a step up has to be there, as zeros.
//
// A tile multiplies what some of its queries don't see as well, by weights of zero. So values that are not finite are
// not packed but added apart, by the queries that see them; and since a product of a zero may be a zero of either sign,
// results have no negative zeros (dialect/NUMERICS.md).
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Attention.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace batten {

/// Rows or columns of a tile; the elements of depth or keys that a product takes are of two bytes.
static constexpr int64_t side = amxTileRows, stepElements = tileRowBytes / 2;

/// sums[i, j] + left[i] right[j].
SmallVector<Value> Attention::tileProducts(ArrayRef<Value> left, ArrayRef<Value> right, ValueRange sums) {
  SmallVector<Value> next;
  for (Value rows : left)
    for (Value columns : right)
      next.push_back(tiles.multiply(sums[next.size()], rows, columns, factor, /*isSigned=*/true));
  return next;
}

/// Scores without their scale, of as many queries and keys as four tiles hold (of few queries two).
void Attention::scoresInTiles(Value row, Value key) {
  Value width = frame.size(paddedDepth), queriesAt = factorsOf(scratch.queries), keysAt = factorsOf(scratch.keys);
  auto rowOf = [&](int64_t i) { return code.add(row, code.index(i * side)); };
  int64_t tall = tileRows / side;
  SmallVector<Value> sums;
  for (int64_t i = 0; i < tall * panelVectors; ++i)
    sums.push_back(tiles.zero());
  sums = fold(code.index(0), width, code.index(stepElements), sums, [&](Value c, ValueRange sums) {
    SmallVector<Value> left, right;
    for (int64_t i = 0; i < tall; ++i)
      left.push_back(tiles.load(queriesAt, twice(code.add(code.times(rowOf(i), width), c)), twice(width)));
    Value panel = twice(code.add(code.times(key, width), code.times(c, code.index(panelKeys()))));
    for (int64_t j = 0; j < panelVectors; ++j)
      right.push_back(
          tiles.load(keysAt, code.add(panel, code.index(j * tileRowBytes)), twice(code.index(2 * panelKeys()))));
    return tileProducts(left, right, sums);
  });
  Value stride = fourfold(frame.size(scoreStride)), target = scratchOf(scratch.scores);
  for (auto [n, sum] : llvm::enumerate(sums)) {
    Value at = scoreAt(rowOf(n / panelVectors), code.add(key, code.index(n % panelVectors * side)));
    tiles.store(sum, target, fourfold(at), stride);
  }
}

/// Totals of a tile's queries and of `wide` tiles of columns go on over the block's keys below `until`.
void Attention::valuesInTiles(Value row, Value column, int64_t wide, Value until) {
  Value weightsAt = factorsOf(scratch.scores), valuesAt = factorsOf(scratch.values), totals = scratchOf(scratch.totals);
  Value width = fourfold(frame.size(paddedColumns)), weightStride = fourfold(frame.size(scoreStride));
  auto rowOf = [&](int64_t i) { return code.add(row, code.index(i * side)); };
  auto columnOf = [&](int64_t j) { return code.add(column, code.index(j * side)); };
  SmallVector<Value> places, sums;
  for (int64_t i = 0; i < tileRows / side; ++i)
    for (int64_t j = 0; j < wide; ++j) {
      places.push_back(fourfold(totalAt(rowOf(i), columnOf(j))));
      sums.push_back(tiles.load(totals, places.back(), width));
    }
  sums = fold(code.index(0), until, code.index(stepElements), sums, [&](Value key, ValueRange sums) {
    SmallVector<Value> left, right;
    for (int64_t i = 0; i < tileRows / side; ++i)
      left.push_back(tiles.load(weightsAt, twice(weightAt(rowOf(i), key)), weightStride));
    Value granules = code.times(quotient(key, code.index(granule)), width);
    for (int64_t j = 0; j < wide; ++j)
      right.push_back(tiles.load(valuesAt, code.add(granules, fourfold(columnOf(j))), width));
    return tileProducts(left, right, sums);
  });
  for (auto [sum, at] : llvm::zip_equal(sums, places))
    tiles.store(sum, totals, at, width);
}

/// Both, for all queries of the unit.
void Attention::scoresInTiles() {
  loop(code.index(0), blockCount, code.index(panelKeys()), [&](Value key) {
    loop(code.index(0), rows, code.index(tileRows),
         [&](Value row) { onlyIfSeen(row, key, [&] { scoresInTiles(row, key); }); });
  });
}

void Attention::valuesInTiles() {
  constexpr int64_t pair = 2 * side;
  Dim whole = Dim::floorDiv(paddedColumns, Dim::constant(pair)) * Dim::constant(pair);
  loop(code.index(0), rows, code.index(tileRows), [&](Value row) {
    Value limit = limitInBlock(lastOfTile(row));
    Value until = roundDown(code.add(limit, code.index(stepElements - 1)), stepElements);
    loop(code.index(0), frame.size(whole), code.index(pair),
         [&](Value column) { valuesInTiles(row, column, 2, until); });
    loop(frame.size(whole), frame.size(paddedColumns), code.index(pair),
         [&](Value column) { valuesInTiles(row, column, 1, until); });
  });
  addApart();
}

//===- Values that are not finite ---------------------------------------------------------------------------------===//

/// Granules of values without those; that there were some is noted.
Value Attention::withoutApart(Value granules) {
  Value each = asFactors(granules), notes = factorsOf(scratch.apart);
  auto type = cast<VectorType>(each.getType());
  Value none = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  Value exponent = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, APInt(16, 0x7f80)));
  Value isApart =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, arith::AndIOp::create(b, loc, each, exponent), exponent);
  Value noted = vector::LoadOp::create(b, loc, type, notes, ValueRange{code.index(0)});
  code.store(arith::OrIOp::create(b, loc, noted, choose(isApart, each, none)), notes, code.index(0), {});
  return choose(isApart, none, each);
}

/// totals + weights * values of those only; hidden keys are marked.
void Attention::addApart() {
  Type word = b.getI32Type();
  Value notes = code.load(frame.scratchView(scratch.apart, word), code.index(0), code.index(1), word, {});
  Value noted = vector::ReductionOp::create(b, loc, vector::CombiningKind::OR, notes);
  Value none = arith::ConstantOp::create(b, loc, b.getZeroAttr(word));
  onlyIf(arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, noted, none), [&] {
    loop(code.index(0), rows, code.index(1), [&](Value row) {
      loop(code.index(0), limitInBlock(row), code.index(1), [&](Value key) {
        Value weights = factorsOf(scratch.scores), at = weightAt(row, key);
        Value mark = arith::ConstantOp::create(b, loc, b.getIntegerAttr(storageType(factor), 0x8000));
        Value bits = code.loadScalar(weights, at, storageType(factor));
        Value isSeen = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, bits, mark);
        onlyIf(isSeen, [&] { addApartOf(row, key, widened(code.loadSplat(weights, at, factor))); });
      });
    });
  });
}

void Attention::addApartOf(Value row, Value key, Value weight) {
  Value totals = scratchOf(scratch.totals), step = frame.size(stride(v, columnLoop));
  Value from = code.add(vBase, code.times(code.add(firstKey, key), frame.size(stride(v, keyLoop))));
  ColumnRange range{code.index(0), frame.size(columns), columns.constantValue()};
  walkColumns(code, range, 1, 1, {}, [&](Value first, ArrayRef<Value> masks, ValueRange) {
    for (auto [j, lanes] : llvm::enumerate(masks)) {
      Value column = code.add(first, code.index(j * code.lanes)), at = totalAt(row, column);
      Value value = widened(code.load(v.memory, code.add(from, code.times(column, step)), step, v.element, lanes));
      Value total = code.load(totals, at, code.index(1), real, {});
      Value isApart = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE,
                                            arith::SubFOp::create(b, loc, value, value), number(0));
      Value sum = math::FmaOp::create(b, loc, weight, value, total);
      code.store(choose(isApart, sum, total), totals, at, {});
    }
    return SmallVector<Value>();
  });
}

} // namespace batten
