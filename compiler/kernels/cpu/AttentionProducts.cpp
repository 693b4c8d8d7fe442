// AttentionProducts.cpp - the two products of attention, and what is moved for them; see Attention.cpp.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Attention.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace batten {

/// Granules of keys whose values stay in L1 while all queries of the unit pass.
static constexpr int64_t granulesOfChunk = 64;

//===- What is moved ----------------------------------------------------------------------------------------------===//

/// queries[row][depth] as they are multiplied. The last query is repeated to fill its tile.
void Attention::copyQueries() {
  Value target = factorsOf(scratch.queries), last = frame.size(queries - Dim::constant(1));
  Value step = frame.size(stride(q, depthLoop)), rowStep = frame.size(stride(q, queryLoop)),
        width = frame.size(paddedDepth);
  ColumnRange range{code.index(0), frame.size(depth), depth.constantValue()};
  Value padded = arith::CeilDivSIOp::create(b, loc, rows, code.index(tileRows));
  loop(code.index(0), code.times(padded, code.index(tileRows)), code.index(1), [&](Value row) {
    Value query = least(code.add(firstRow, row), last);
    Value from = code.add(qBase, code.times(query, rowStep)), to = code.times(row, width);
    if (inPlanes)
      return widenQuery(from, row);
    if (granule > 1) { // what fills the last granule or step up; where nothing does, it is written over
      int64_t filled = inTiles ? code.lanes * granule : granule;
      auto type = VectorType::get({filled}, storageType(factor));
      Value none = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
      code.store(none, target, code.add(to, frame.size(paddedDepth - Dim::constant(filled))), {});
    }
    walkColumns(code, range, 1, 1, {}, [&](Value first, ArrayRef<Value> masks, ValueRange) {
      for (auto [j, lanes] : llvm::enumerate(masks)) {
        Value at = code.add(first, code.index(j * code.lanes));
        Value loaded = code.load(q.memory, code.add(from, code.times(at, step)), step, q.element, lanes);
        code.store(factor == q.element ? loaded : widened(loaded), target, code.add(to, at), lanes);
      }
      return SmallVector<Value>();
    });
  });
}

/// keys[panel][granule of depth][key in panel] likewise, of the block's first `count` keys.
void Attention::packKeys(Value count) {
  loop(code.index(0), count, code.index(panelKeys()), [&](Value key) {
    loop(code.index(0), code.index(panelKeys()), code.index(code.lanes),
         [&](Value vector) { packKeysAt(key, vector, count); });
  });
}

/// One vector of keys of the panel that begins at `key`: squares are transposed in registers where the depth lies side
/// by side, what is left over is gathered.
void Attention::packKeysAt(Value key, Value vector, Value count) {
  Value target = factorsOf(scratch.keys), width = frame.size(depth), first = code.add(key, vector);
  Value keyStep = frame.size(stride(k, keyLoop)), depthStep = frame.size(stride(k, depthLoop));
  Value last = minus(count, code.index(1));
  auto keyAt = [&](Value index) { return code.add(kBase, code.times(code.add(firstKey, index), keyStep)); };
  auto store = [&](Value granules, Value c) {
    Value panel = code.add(code.times(key, frame.size(paddedDepth)), code.times(c, code.index(panelKeys())));
    code.store(asFactors(granules), target, code.add(panel, code.times(vector, code.index(granule))), {});
  };
  Value squares = code.index(0);
  if (stride(k, depthLoop).isConstant(1)) {
    int64_t side = code.lanes * granule;
    squares = frame.size(Dim::floorDiv(depth, Dim::constant(side)) * Dim::constant(side));
    loop(code.index(0), squares, code.index(side), [&](Value c) {
      SmallVector<Value> square;
      for (int64_t i = 0; i < code.lanes; ++i) {
        Value from = code.add(keyAt(least(code.add(first, code.index(i)), last)), c);
        square.push_back(factor == k.element ? dot.ofPanel(code, k.memory, from)
                                             : widened(code.load(k.memory, from, code.index(1), k.element, {})));
      }
      for (auto [i, column] : llvm::enumerate(code.turnSquares(square)))
        store(column, code.add(c, code.index(i * granule)));
    });
  }
  Value lanes = code.firstLanes(minus(count, first));
  loop(squares, width, code.index(granule), [&](Value c) {
    Value from = code.add(keyAt(first), code.times(c, depthStep));
    GranuleRows columns{k.memory, from, keyStep, depthStep, k.element};
    Value rest = minus(width, c);
    store(factor == k.element ? dot.ofRows(code, columns, lanes, rest)
                              : widened(code.load(k.memory, from, keyStep, k.element, lanes)),
          c);
  });
  if (inTiles)
    loop(frame.size(roundUp(depth, granule)), frame.size(paddedDepth), code.index(granule),
         [&](Value c) { store(noGranules(), c); });
}

/// values[granule of keys][column] likewise.
void Attention::copyValues(Value count) {
  if (inTiles)
    code.store(asFactors(noGranules()), factorsOf(scratch.apart), code.index(0), {});
  Value whole = roundDown(count, granule), rest = minus(count, whole);
  loop(code.index(0), whole, code.index(granule), [&](Value key) { copyValuesAt(key, {}); });
  if (granule > 1)
    loop(whole, count, code.index(granule), [&](Value key) { copyValuesAt(key, rest); });
  if (!inTiles)
    return;
  int64_t step = code.lanes * granule;
  Value first = roundDown(code.add(count, code.index(granule - 1)), granule);
  Value last = roundDown(code.add(count, code.index(step - 1)), step), width = frame.size(paddedColumns);
  loop(first, last, code.index(granule), [&](Value key) {
    loop(code.index(0), width, code.index(code.lanes), [&](Value column) {
      Value at = code.add(code.times(key, width), code.times(column, code.index(granule)));
      code.store(asFactors(noGranules()), factorsOf(scratch.values), at, {});
    });
  });
}

/// A granule of keys, of which `rest` (null: all) are there.
void Attention::copyValuesAt(Value key, Value rest) {
  Value target = factorsOf(scratch.values), width = frame.size(paddedColumns);
  Value step = frame.size(stride(v, columnLoop)), keyStep = frame.size(stride(v, keyLoop));
  Value from = code.add(vBase, code.times(code.add(firstKey, key), keyStep)), to = code.times(key, width);
  ColumnRange range{code.index(0), frame.size(columns), columns.constantValue()};
  walkColumns(code, range, 1, 1, {}, [&](Value first, ArrayRef<Value> masks, ValueRange) {
    for (auto [j, lanes] : llvm::enumerate(masks)) {
      Value at = code.add(first, code.index(j * code.lanes));
      GranuleRows rows{v.memory, code.add(from, code.times(at, step)), step, keyStep, v.element};
      Value loaded = factor == v.element ? dot.ofRows(code, rows, lanes, rest)
                                         : widened(code.load(v.memory, rows.at, step, v.element, lanes));
      Value packed = inTiles ? withoutApart(loaded) : asFactors(loaded);
      code.store(packed, target, code.add(to, code.times(at, code.index(granule))), {});
    }
    return SmallVector<Value>();
  });
}

//===- Queries times keys -----------------------------------------------------------------------------------------===//

Value Attention::chosenScale() {
  if (std::optional<APFloat> given = op.getScale())
    return number(given->convertToDouble());
  Type f64 = b.getF64Type();
  Value whole = arith::IndexCastOp::create(b, loc, b.getI64Type(), frame.size(depth));
  Value root = math::SqrtOp::create(b, loc, arith::SIToFPOp::create(b, loc, f64, whole));
  Value one = arith::ConstantOp::create(b, loc, b.getF64FloatAttr(1));
  Value inverse = arith::DivFOp::create(b, loc, one, root);
  return code.splat(real == f64 ? inverse : arith::TruncFOp::create(b, loc, real, inverse).getResult());
}

/// Where some query of the tile may see the key.
void Attention::onlyIfSeen(Value row, Value key, llvm::function_ref<void()> body) {
  op.getCausal() ? onlyIf(below(key, limitInBlock(lastOfTile(row))), body) : body();
}

/// A panel of keys stays in L1 while all queries of the unit pass.
void Attention::scores() {
  loop(code.index(0), blockCount, code.index(panelKeys()), [&](Value key) {
    loop(code.index(0), rows, code.index(tileRows), [&](Value row) {
      onlyIf(same(code.add(firstKey, key), code.index(0)),
             [&] { fetchAhead({q, nextQ, queryLoop, depthLoop}, {k, nextK, keyLoop, depthLoop}, row); });
      onlyIfSeen(row, key, [&] { scoreTile(row, key); });
    });
  });
}

void Attention::scoreTile(Value row, Value key) {
  Value queriesAt = factorsOf(scratch.queries), keysAt = factorsOf(scratch.keys), width = frame.size(paddedDepth);
  Value panel = code.times(key, width);
  SmallVector<Value> scores(tileRows * panelVectors, number(0));
  auto query = [&](Value c, int64_t i) {
    Value at = code.add(code.times(code.add(row, code.index(i)), width), c);
    return dot.ofLeft(code, queriesAt, at, code.index(1), {});
  };
  auto queryPart = [&](Value c, int64_t i, int64_t part) {
    return code.loadSplat(wordsOf(scratch.queries), queryPartAt(code.add(row, code.index(i)), c, part), b.getI32Type());
  };
  auto keysOf = [&](Value c, int64_t j) {
    Value from = code.add(panel, code.times(c, code.index(panelKeys())));
    return dot.ofPanel(code, keysAt, code.add(from, code.index(j * code.lanes * granule)));
  };
  scores = fold(code.index(0), width, code.index(granule), scores, [&](Value c, ValueRange chains) {
    return inPlanes ? dot.addParts(code, c, panelVectors, queryPart, keysOf, chains)
                    : dot.addTile(code, c, panelVectors, query, keysOf, chains);
  });
  Value target = scratchOf(scratch.scores);
  for (auto [n, score] : llvm::enumerate(scores)) {
    Value column = code.add(key, code.index(n % panelVectors * code.lanes));
    score = arith::MulFOp::create(b, loc, score, scale);
    code.store(score, target, scoreAt(code.add(row, code.index(n / panelVectors)), column), {});
  }
  if (mask)
    return;
  onlyIf(below(key, seenByTile(row)), [&] { // whole panels, since they fill the groups
    for (int64_t i = 0; i < tileRows; ++i)
      raiseGreatest(code.add(row, code.index(i)), ArrayRef(scores).slice(i * panelVectors, panelVectors));
  });
}

//===- Exponentials times values ----------------------------------------------------------------------------------===//

/// Keys from, up to which all queries of the tile see them, and up to which some may; all of them in whole granules,
/// of which packed values hold nothing but zeros where there is no such key.
void Attention::values() {
  int64_t chunk = granulesOfChunk * granule;
  auto wholeBelow = [&](Value key) -> Value {
    Value granules = arith::DivUIOp::create(b, loc, key, code.index(granule));
    return code.times(granules, code.index(granule));
  };
  auto wholeAbove = [&](Value key) -> Value { return wholeBelow(code.add(key, code.index(granule - 1))); };
  loop(code.index(0), blockCount, code.index(chunk), [&](Value first) {
    Value last = least(code.add(first, code.index(chunk)), blockCount);
    loop(code.index(0), rows, code.index(tileRows), [&](Value row) {
      onlyIf(same(code.add(firstKey, first), code.index(0)),
             [&] { fetchAhead({out, nextOut, queryLoop, columnLoop}, {v, nextV, keyLoop, columnLoop}, row); });
      Value limit = clamp(limitInBlock(row), first, last), common = mask ? first : wholeAbove(limit);
      if (!mask && op.getCausal())
        common = wholeBelow(limit);
      Value keys[] = {first, common, wholeAbove(clamp(limitInBlock(lastOfTile(row)), first, last))};
      if (mask && granule == 1)
        onlyIf(seesAny(row, first), [&] { valueTiles(row, keys); });
      else
        valueTiles(row, keys);
    });
  });
}

/// Those of all columns.
void Attention::valueTiles(Value row, ArrayRef<Value> keys) {
  int64_t width = columnVectors * code.lanes;
  std::optional<int64_t> known = columns.constantValue();
  Value full = frame.size(Dim::floorDiv(columns, Dim::constant(width)) * Dim::constant(width));
  if (!known || *known >= width)
    loop(code.index(0), full, code.index(width),
         [&](Value column) { valueTile(row, column, columnVectors, /*masked=*/false, keys); });
  if (!known || *known % width != 0) {
    int64_t left = known ? *known % width : width;
    loop(full, frame.size(columns), code.index(width), [&](Value column) {
      valueTile(row, column, (left + code.lanes - 1) / code.lanes, /*masked=*/left % code.lanes != 0 || !known, keys);
    });
  }
}

void Attention::valueTile(Value row, Value column, int64_t vectors, bool masked, ArrayRef<Value> keys) {
  Value totals = scratchOf(scratch.totals);
  SmallVector<Value> masks(vectors), places, accumulators;
  for (int64_t j = 0; masked && j < vectors; ++j)
    masks[j] = columnMask(code.add(column, code.index(j * code.lanes)));
  for (int64_t i = 0; i < tileRows; ++i)
    for (int64_t j = 0; j < vectors; ++j) {
      Value at = totalAt(code.add(row, code.index(i)), code.add(column, code.index(j * code.lanes)));
      places.push_back(at);
      accumulators.push_back(code.load(totals, at, code.index(1), real, masks[j]));
    }
  if (mask && granule == 1) {
    accumulators = addMasked(row, column, masks, keys, accumulators);
  } else {
    accumulators = addValues(row, column, masks, keys[0], keys[1], /*someHidden=*/false, accumulators);
    if (mask || op.getCausal())
      accumulators = addValues(row, column, masks, keys[1], keys[2], /*someHidden=*/true, accumulators);
  }
  for (auto [n, at] : llvm::enumerate(places))
    code.store(accumulators[n], totals, at, masks[n % vectors]);
}

/// Whether a query of the tile sees any key of a chunk.
Value Attention::seesAny(Value row, Value chunk) {
  Value weights = scratchOf(scratch.scores), allHidden, last = arith::SubIOp::create(b, loc, rows, code.index(1));
  for (int64_t i = 0; i < tileRows; ++i)
    for (int64_t j = 0; j < granulesOfChunk; j += code.lanes) {
      Value query =
          arith::MinUIOp::create(b, loc, code.add(row, code.index(i)), last); // nothing is behind the last one
      Value at = scoreAt(query, code.add(chunk, code.index(j)));
      Value hidden = isHidden(code.load(weights, at, code.index(1), real, {}));
      allHidden = allHidden ? arith::AndIOp::create(b, loc, allHidden, hidden).getResult() : hidden;
    }
  Value all = vector::ReductionOp::create(b, loc, vector::CombiningKind::AND, allHidden);
  return same(all, arith::ConstantOp::create(b, loc, b.getBoolAttr(false)));
}

/// Keys that a mask hides are added with their weights of -0, as if they were seen: a sum changes by that where a value
/// is no number, and then is none, or where it is a zero. Where such a sum comes out, they are left out (a select each
/// makes attention under a mask 1.8 times as slow as without). A column of values that are all zeros is in doubt
/// always.
SmallVector<Value> Attention::addMasked(Value row, Value column, ArrayRef<Value> masks, ArrayRef<Value> keys,
                                        ValueRange accumulators) {
  SmallVector<Value> sums = addValues(row, column, masks, keys[0], keys[2], /*someHidden=*/false, accumulators);
  Value none = number(0), anyInDoubt;
  for (auto [n, sum] : llvm::enumerate(sums)) {
    Value inDoubt = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UEQ, sum, none);
    if (Value lanes = masks[n % masks.size()])
      inDoubt = arith::AndIOp::create(b, loc, inDoubt, lanes);
    Value isRow = code.splat(below(code.add(row, code.index(int64_t(n / masks.size()))), rows));
    inDoubt = arith::AndIOp::create(b, loc, inDoubt, isRow);
    anyInDoubt = anyInDoubt ? arith::OrIOp::create(b, loc, anyInDoubt, inDoubt).getResult() : inDoubt;
  }
  Value redo = vector::ReductionOp::create(b, loc, vector::CombiningKind::OR, anyInDoubt);
  auto ifOp = scf::IfOp::create(b, loc, ValueRange(sums).getTypes(), redo, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  scf::YieldOp::create(b, loc, addValues(row, column, masks, keys[0], keys[2], /*someHidden=*/true, accumulators));
  b.setInsertionPointToStart(ifOp.elseBlock());
  scf::YieldOp::create(b, loc, sums);
  return SmallVector<Value>(ifOp.getResults());
}

/// Of weights in every lane, or of the elements of their granules where they are not in planes: -0, which no
/// exponential is.
Value Attention::isHidden(Value weights) {
  Type factors = inPlanes ? real : storageType(factor);
  auto bits = b.getIntegerType(factors.getIntOrFloatBitWidth());
  int64_t lanes = code.lanes * (inPlanes ? 1 : granule);
  auto type = VectorType::get({lanes}, bits);
  Value each = weights.getType() == type ? weights : vector::BitCastOp::create(b, loc, type, weights).getResult();
  Value mark = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, APInt::getSignMask(bits.getWidth())));
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, each, mark);
}

/// sum + weights * values without the hidden ones: -0 times 0 is left of them in a granule, which changes no sum. Where
/// that flushes a sum which was rescaled, a key that the query sees would have: one in this block raised the maximum.
Value Attention::addSeen(Value weights, Value values, Value hidden, Value sum) {
  if (granule == 1)
    return arith::SelectOp::create(b, loc, hidden, sum, dot.add(code, weights, values, sum));
  Value each = asFactors(values);
  Value none = arith::ConstantOp::create(b, loc, b.getZeroAttr(each.getType()));
  Value seen = arith::SelectOp::create(b, loc, hidden, none, each);
  return dot.add(code, weights, vector::BitCastOp::create(b, loc, values.getType(), seen), sum);
}

/// The chains of a tile go on over keys [from, to).
SmallVector<Value> Attention::addValues(Value row, Value column, ArrayRef<Value> masks, Value from, Value to,
                                        bool someHidden, ValueRange accumulators) {
  Value weights = factorsOf(scratch.scores), memory = v.memory;
  Value base = code.add(code.add(vBase, code.times(firstKey, frame.size(stride(v, keyLoop)))), column);
  Value step = frame.size(stride(v, keyLoop));
  if (!valuesInPlace) {
    memory = factorsOf(scratch.values);
    base = code.times(column, code.index(granule));
    step = frame.size(paddedColumns);
  }
  auto valuesAt = [&](Value key, int64_t j) {
    Value at = code.add(code.add(base, code.times(key, step)), code.index(j * code.lanes * granule));
    return valuesInPlace ? code.load(memory, at, code.index(1), real, masks[j]) : dot.ofPanel(code, memory, at);
  };
  auto weightOf = [&](Value key, int64_t i) {
    return dot.ofLeft(code, weights, weightAt(code.add(row, code.index(i)), key), code.index(1), {});
  };
  auto weightPart = [&](Value key, int64_t i, int64_t part) {
    Value at = weightPartAt(code.add(row, code.index(i)), key, part);
    return code.loadSplat(wordsOf(scratch.scores), at, b.getI32Type());
  };
  return fold(from, to, code.index(granule), accumulators, [&](Value key, ValueRange sums) {
    if (!someHidden)
      return inPlanes ? dot.addParts(code, key, masks.size(), weightPart, valuesAt, sums)
                      : dot.addTile(code, key, masks.size(), weightOf, valuesAt, sums);
    SmallVector<Value> right, next;
    for (size_t j = 0; j < masks.size(); ++j)
      right.push_back(valuesAt(key, j));
    if (inPlanes)
      return addSeenParts(row, key, right, sums);
    for (int64_t i = 0; i < tileRows; ++i) {
      Value weight = weightOf(key, i), hidden = isHidden(weight);
      for (Value value : right)
        next.push_back(addSeen(weight, value, hidden, sums[next.size()]));
    }
    return next;
  });
}

} // namespace batten
