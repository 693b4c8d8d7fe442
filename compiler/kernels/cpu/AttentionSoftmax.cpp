// AttentionSoftmax.cpp - a row of scores becomes exponentials; see Attention.cpp.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Attention.h"
#include "dialect/RegionMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace batten {

/// Groups of 64 keys: whole ones below `limit`, then masked ones below `until`. `turn` gets the first key of the group
/// and a mask for each vector of it (null: all lanes are below the limit).
SmallVector<Value>
Attention::walkKeys(Value limit, Value until, ValueRange carried,
                    llvm::function_ref<SmallVector<Value>(Value, ArrayRef<Value>, ValueRange)> turn) {
  int64_t vectors = numLanes / code.lanes;
  auto over = [&](Value from, Value to, ValueRange values, bool masked) {
    auto forOp = scf::ForOp::create(b, code.loc, from, to, code.index(numLanes), values);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(forOp.getBody());
    SmallVector<Value> masks(vectors);
    for (int64_t j = 0; masked && j < vectors; ++j) {
      Value first = code.add(forOp.getInductionVar(), code.index(j * code.lanes));
      masks[j] = code.firstLanes(arith::SubIOp::create(b, code.loc, limit, first));
    }
    scf::YieldOp::create(b, code.loc, turn(forOp.getInductionVar(), masks, forOp.getRegionIterArgs()));
    return SmallVector<Value>(forOp.getResults());
  };
  Value rest = arith::RemUIOp::create(b, code.loc, limit, code.index(numLanes));
  Value full = arith::SubIOp::create(b, code.loc, limit, rest);
  SmallVector<Value> values = over(code.index(0), full, carried, /*masked=*/false);
  return over(full, until, values, /*masked=*/true);
}

/// Which of a vector of keys the query sees; null: all.
Value Attention::visible(Value row, Value key, Value inLimit) {
  if (!mask)
    return inLimit;
  Value step = frame.size(stride(*mask, 2));
  Value at = code.add(maskBase, code.times(code.add(firstRow, row), frame.size(stride(*mask, 0))));
  at = code.add(at, code.times(code.add(firstKey, key), step));
  Value given = code.load(mask->memory, at, step, mask->element, inLimit);
  return inLimit ? arith::AndIOp::create(b, code.loc, given, inLimit).getResult() : given;
}

/// NaN need not win: its exponential makes the whole row NaN.
Value Attention::maximumOf(Value row, Value limit) {
  Value memory = scratchOf(scratch.scores), least = number(-std::numeric_limits<double>::infinity());
  auto greater = [&](Value max, Value value) {
    Value isGreater = arith::CmpFOp::create(b, code.loc, arith::CmpFPredicate::OGT, value, max);
    return arith::SelectOp::create(b, code.loc, isGreater, value, max).getResult();
  };
  SmallVector<Value> maxima(numLanes / code.lanes, least);
  maxima = walkKeys(limit, limit, maxima, [&](Value first, ArrayRef<Value> masks, ValueRange carried) {
    SmallVector<Value> next;
    for (auto [j, lanes] : llvm::enumerate(masks)) {
      Value key = code.add(first, code.index(j * code.lanes)), seen = visible(row, key, lanes);
      Value score = code.load(memory, scoreAt(row, key), code.index(1), real, {});
      if (seen)
        score = arith::SelectOp::create(b, code.loc, seen, score, least);
      next.push_back(greater(carried[j], score));
    }
    return next;
  });
  return foldLanes(code, maxima, numLanes, greater);
}

/// exp(score - max) in place of the scores, -1 where the key is hidden; returns the sum.
Value Attention::exponentials(Value row, Value limit, Value max) {
  Value memory = scratchOf(scratch.scores), hidden = number(-1);
  Value until = op.getCausal()
                    ? limitInBlock(lastOfTile(code.times(arith::DivUIOp::create(b, code.loc, row, code.index(tileRows)),
                                                         code.index(tileRows))))
                    : limit;
  SmallVector<Value> sums(numLanes / code.lanes, number(0));
  sums = walkKeys(limit, until, sums, [&](Value first, ArrayRef<Value> masks, ValueRange carried) {
    SmallVector<Value> next;
    for (auto [j, lanes] : llvm::enumerate(masks)) {
      Value key = code.add(first, code.index(j * code.lanes)), seen = visible(row, key, lanes);
      Value at = scoreAt(row, key), score = code.load(memory, at, code.index(1), real, {});
      Value weight = buildNonPositiveExp(b, code.loc, arith::SubFOp::create(b, code.loc, score, max));
      Value sum = arith::AddFOp::create(b, code.loc, carried[j], weight);
      if (seen) {
        sum = arith::SelectOp::create(b, code.loc, seen, sum, carried[j]);
        weight = arith::SelectOp::create(b, code.loc, seen, weight, hidden);
      }
      code.store(weight, memory, at, {});
      next.push_back(sum);
    }
    return next;
  });
  auto add = [&](Value lhs, Value rhs) { return arith::AddFOp::create(b, code.loc, lhs, rhs).getResult(); };
  return foldLanes(code, sums, numLanes, add);
}

void Attention::rescale(Value row, Value factor) {
  Value totals = scratchOf(scratch.totals);
  loop(code.index(0), frame.size(paddedColumns), code.index(code.lanes), [&](Value column) {
    Value at = totalAt(row, column), total = code.load(totals, at, code.index(1), real, {});
    code.store(arith::MulFOp::create(b, code.loc, total, factor), totals, at, {});
  });
}

/// Row `row` of the unit meets the keys of the block.
void Attention::softmaxRow(Value row) {
  auto first = [&](Value vector) { return vector::ExtractOp::create(b, code.loc, vector, int64_t(0)).getResult(); };
  Value limit = limitInBlock(row), max = maximumOf(row, limit), sums = scratchOf(scratch.sums);
  if (!online) {
    code.storeScalar(first(exponentials(row, limit, max)), sums, row);
    return;
  }
  Value maxima = scratchOf(scratch.maxima), old = code.loadSplat(maxima, row, real);
  Value isGreater = arith::CmpFOp::create(b, code.loc, arith::CmpFPredicate::OGT, max, old);
  max = arith::SelectOp::create(b, code.loc, isGreater, max, old);
  Value change = buildNonPositiveExp(b, code.loc, arith::SubFOp::create(b, code.loc, old, max));
  Value factor = arith::SelectOp::create(b, code.loc, isGreater, change, number(1));
  Value sum = exponentials(row, limit, max);
  Value before = arith::MulFOp::create(b, code.loc, code.loadSplat(sums, row, real), factor);
  code.storeScalar(first(arith::AddFOp::create(b, code.loc, before, sum)), sums, row);
  code.storeScalar(first(max), maxima, row);
  rescale(row, factor);
}

} // namespace batten
