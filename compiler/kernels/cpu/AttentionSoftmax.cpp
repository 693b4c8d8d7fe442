// AttentionSoftmax.cpp - a row of scores becomes exponentials; see Attention.cpp.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Attention.h"
#include "dialect/RegionMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace batten {

/// Groups of 64 keys: whole ones from `from` up to `limit`, then masked ones below `until`. `turn` gets the first key
/// of the group and a mask for each vector of it (null: all lanes are below the limit).
SmallVector<Value>
Attention::walkKeys(Value from, Value limit, Value until, ValueRange carried,
                    llvm::function_ref<SmallVector<Value>(Value, ArrayRef<Value>, ValueRange)> turn) {
  auto over = [&](Value from, Value to, ValueRange values, bool masked) {
    return fold(from, to, code.index(numLanes), values, [&](Value group, ValueRange values) {
      SmallVector<Value> masks(numLanes / code.lanes);
      for (int64_t j = 0; masked && j < int64_t(masks.size()); ++j)
        masks[j] = code.firstLanes(minus(limit, code.add(group, code.index(j * code.lanes))));
      return turn(group, masks, values);
    });
  };
  Value full = roundDown(limit, numLanes);
  SmallVector<Value> values = over(from, full, carried, /*masked=*/false);
  return over(full, until, values, /*masked=*/true);
}

/// Which of a vector of keys the query sees; null: all.
Value Attention::visible(Value row, Value key, Value inLimit) {
  if (!mask)
    return inLimit;
  Value step = frame.size(stride(*mask, keyLoop));
  Value at = code.add(maskBase, code.times(code.add(firstRow, row), frame.size(stride(*mask, queryLoop))));
  at = code.add(at, code.times(code.add(firstKey, key), step));
  Value given = code.load(mask->memory, at, step, mask->element, inLimit);
  return inLimit ? arith::AndIOp::create(b, loc, given, inLimit).getResult() : given;
}

/// Tiles leave the scale to whoever reads their sums.
Value Attention::loadScore(Value row, Value key) {
  Value score = code.load(scratchOf(scratch.scores), scoreAt(row, key), code.index(1), real, {});
  return inTiles ? arith::MulFOp::create(b, loc, score, scale).getResult() : score;
}

/// NaN need not win: its exponential makes the whole row NaN.
Value Attention::greater(Value max, Value value) {
  return choose(arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, value, max), value, max);
}

/// Of a vector of scores a lane: the tile knows them anyway, and all queries of it see them.
void Attention::raiseGreatest(Value row, ArrayRef<Value> scores) {
  Value memory = scratchOf(scratch.greatest), at = code.times(row, code.index(code.lanes));
  Value max = code.load(memory, at, code.index(1), real, {});
  for (Value score : scores)
    max = greater(max, score);
  code.store(max, memory, at, {});
}

/// Of what tiles have raised, and of the keys that only some of the tile's queries see.
Value Attention::maximumOf(Value row, Value limit) {
  Value least = number(-std::numeric_limits<double>::infinity());
  SmallVector<Value> maxima(numLanes / code.lanes, least);
  maxima[0] = code.load(scratchOf(scratch.greatest), code.times(row, code.index(code.lanes)), code.index(1), real, {});
  Value from = seenByTile(firstOfTile(row));
  maxima = walkKeys(from, limit, limit, maxima, [&](Value first, ArrayRef<Value> masks, ValueRange carried) {
    SmallVector<Value> next;
    for (auto [j, lanes] : llvm::enumerate(masks)) {
      Value key = code.add(first, code.index(j * code.lanes)), seen = visible(row, key, lanes);
      Value score = loadScore(row, key);
      if (seen)
        score = arith::SelectOp::create(b, loc, seen, score, least);
      next.push_back(greater(carried[j], score));
    }
    return next;
  });
  return foldLanes(code, maxima, numLanes, [&](Value lhs, Value rhs) { return greater(lhs, rhs); });
}

/// A group's weights in place of its scores, from element `at` on, -0 for what is not `seen`; the sums with them.
SmallVector<Value> Attention::keepWeights(Value at, ArrayRef<Value> weights, ArrayRef<Value> seen, ValueRange sums) {
  Value memory = scratchOf(scratch.scores), hidden = number(-0.0);
  SmallVector<Value> next;
  for (auto [j, weight] : llvm::enumerate(weights)) {
    Value kept = weight, sum = arith::AddFOp::create(b, loc, sums[j], weight);
    if (seen[j]) {
      sum = arith::SelectOp::create(b, loc, seen[j], sum, sums[j]);
      kept = arith::SelectOp::create(b, loc, seen[j], weight, hidden);
    }
    code.store(kept, memory, code.add(at, code.index(j * code.lanes)), {});
    next.push_back(sum);
  }
  return next;
}

/// Pairs of weights of the vector `number` of those that a group has, which begins at `group`.
void Attention::storePairs(Value words, Value row, Value group, int64_t number) {
  if (!inPlanes) {
    Value at = code.add(weightAt(row, group), code.index(2 * number * code.lanes));
    return code.store(asFactors(words), factorsOf(scratch.scores), at, {});
  }
  for (int64_t part = 0; part < dot.parts(); ++part) {
    Value at = code.add(weightPartAt(row, group, part), code.index(number * code.lanes));
    code.store(dot.partOf(code, words, part), wordsOf(scratch.scores), at, {});
  }
}

/// The same in pairs of bf16. They take no more than the scores' place, so a group ends before the next one's scores.
SmallVector<Value> Attention::keepPairs(Value row, Value group, ArrayRef<Value> weights, ArrayRef<Value> seen,
                                        ValueRange sums) {
  Value hidden = number(-0.0);
  auto word = VectorType::get({code.lanes}, b.getI32Type()), pairs = VectorType::get({2 * code.lanes}, factor);
  Value ones = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(word, int32_t(0x3f803f80)));
  StringRef intrinsic =
      code.lanes == 16 ? "llvm.x86.avx512bf16.cvtne2ps2bf16.512" : "llvm.x86.avx512bf16.cvtne2ps2bf16.256";
  SmallVector<Value> next;
  for (auto [j, sum] : llvm::enumerate(sums)) {
    Value both[2];
    for (int64_t i : {0, 1}) {
      Value weight = weights[2 * j + i], mask = seen[2 * j + i];
      both[i] = mask ? arith::SelectOp::create(b, loc, mask, weight, hidden).getResult() : weight;
    }
    auto rounded =
        LLVM::CallIntrinsicOp::create(b, loc, pairs, b.getStringAttr(intrinsic), ValueRange{both[1], both[0]});
    Value words = vector::BitCastOp::create(b, loc, word, rounded.getResult(0));
    storePairs(words, row, group, j);
    next.push_back(dot.add(code, words, ones, sum));
  }
  return next;
}

/// Weights exp(score - max) in place of the scores; returns their sum.
Value Attention::exponentials(Value row, Value limit, Value max) {
  Value until = limit;
  if (op.getCausal())
    until = limitInBlock(lastOfTile(firstOfTile(row)));
  SmallVector<Value> sums(numLanes / code.lanes / granule, number(0));
  sums = walkKeys(code.index(0), limit, until, sums, [&](Value first, ArrayRef<Value> masks, ValueRange carried) {
    SmallVector<Value> weights, seen;
    for (auto [j, lanes] : llvm::enumerate(masks)) {
      Value key = code.add(first, code.index(j * code.lanes));
      Value score = loadScore(row, key);
      Value distance = arith::SubFOp::create(b, loc, score, max);
      weights.push_back(granule == 1 ? buildNonPositiveExp(b, loc, distance) : buildExpToBf16(b, loc, distance));
      seen.push_back(visible(row, key, lanes));
    }
    return granule == 1 ? keepWeights(weightAt(row, first), weights, seen, carried)
                        : keepPairs(row, first, weights, seen, carried);
  });
  auto add = [&](Value lhs, Value rhs) { return arith::AddFOp::create(b, loc, lhs, rhs).getResult(); };
  return foldLanes(code, sums, numLanes / granule, add);
}

void Attention::rescale(Value row, Value factor) {
  Value totals = scratchOf(scratch.totals);
  loop(code.index(0), frame.size(paddedColumns), code.index(code.lanes), [&](Value column) {
    Value at = totalAt(row, column), total = code.load(totals, at, code.index(1), real, {});
    Value shrunk = arith::MulFOp::create(b, loc, total, factor);
    if (inTiles) { // which take it for a zero where they meet it
      Value isTiny = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, math::AbsFOp::create(b, loc, shrunk),
                                           number(std::numeric_limits<float>::min()));
      shrunk = choose(isTiny, number(0), shrunk);
    }
    code.store(shrunk, totals, at, {});
  });
}

/// Row `row` of the unit meets the keys of the block.
void Attention::softmaxRow(Value row) {
  Value limit = limitInBlock(row), max = maximumOf(row, limit), old;
  if (online) {
    old = code.loadSplat(scratchOf(scratch.maxima), row, real);
    max = greater(old, max);
    code.storeScalar(firstLane(max), scratchOf(scratch.maxima), row);
  }
  Value sum = exponentials(row, limit, max);
  if (!online)
    return code.storeScalar(firstLane(sum), scratchOf(scratch.sums), row);
  Value isFirst = same(firstKey, code.index(0));
  auto ifOp = scf::IfOp::create(b, loc, isFirst, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  code.storeScalar(firstLane(sum), scratchOf(scratch.sums), row);
  b.setInsertionPointToStart(ifOp.elseBlock());
  addToBlocksBefore(row, old, max, sum);
}

/// What came from earlier blocks shrinks as the maximum grows.
void Attention::addToBlocksBefore(Value row, Value old, Value max, Value sum) {
  Value isGreater = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, max, old);
  Value change = buildNonPositiveExp(b, loc, arith::SubFOp::create(b, loc, old, max));
  Value factor = choose(isGreater, change, number(1)), sums = scratchOf(scratch.sums);
  Value before = arith::MulFOp::create(b, loc, code.loadSplat(sums, row, real), factor);
  code.storeScalar(firstLane(arith::AddFOp::create(b, loc, before, sum)), sums, row);
  rescale(row, factor);
}

} // namespace batten
