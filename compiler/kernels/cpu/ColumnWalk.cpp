// ColumnWalk.cpp - see ColumnWalk.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/ColumnWalk.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace batten {

/// for at = from to to by step: carried = turn(at).
static SmallVector<Value> loopOver(VectorCode &code, Value from, Value to, int64_t step, ValueRange carried,
                                   llvm::function_ref<SmallVector<Value>(Value, ValueRange)> turn) {
  Location loc = code.loc;
  auto loop = scf::ForOp::create(code.builder, loc, from, to, code.index(step), carried);
  OpBuilder::InsertionGuard guard(code.builder);
  code.builder.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> next = turn(loop.getInductionVar(), loop.getRegionIterArgs());
  if (!next.empty())
    scf::YieldOp::create(code.builder, loc, next);
  return SmallVector<Value>(loop.getResults());
}

static SmallVector<Value> walkKnown(VectorCode &code, const ColumnRange &range, int64_t vectors,
                                    SmallVector<Value> carried, ColumnTurn turn) {
  int64_t width = vectors * code.lanes, full = *range.constant / width * width, tail = *range.constant - full;
  SmallVector<Value> all(vectors);
  if (full == width) {
    carried = turn(range.first, all, carried);
  } else if (full > 0) {
    Value end = code.add(range.first, code.index(full));
    carried = loopOver(code, range.first, end, width, carried,
                       [&](Value at, ValueRange values) { return turn(at, all, values); });
  }
  if (tail == 0)
    return carried;
  SmallVector<Value> masks(tail / code.lanes);
  if (int64_t left = tail % code.lanes)
    masks.push_back(code.firstLanes(code.index(left)));
  return turn(code.add(range.first, code.index(full)), masks, carried);
}

SmallVector<Value> walkColumns(VectorCode &code, const ColumnRange &range, int64_t vectors, int64_t tailVectors,
                               ValueRange carried, ColumnTurn turn) {
  if (range.constant)
    return walkKnown(code, range, vectors, SmallVector<Value>(carried), turn);
  Value end = code.add(range.first, range.extent), done = range.first;
  SmallVector<Value> values(carried);
  auto walkWhole = [&](int64_t count) {
    int64_t width = count * code.lanes;
    Value left = arith::RemUIOp::create(code.builder, code.loc, range.extent, code.index(width));
    Value full = arith::SubIOp::create(code.builder, code.loc, end, left);
    SmallVector<Value> all(count);
    values =
        loopOver(code, done, full, width, values, [&](Value at, ValueRange values) { return turn(at, all, values); });
    done = full;
  };
  walkWhole(vectors);
  if (tailVectors < vectors)
    walkWhole(tailVectors);
  return loopOver(code, done, end, tailVectors * code.lanes, values, [&](Value at, ValueRange values) {
    SmallVector<Value> masks;
    for (int64_t j = 0; j < tailVectors; ++j) {
      Value past = code.add(at, code.index(j * code.lanes));
      masks.push_back(code.firstLanes(arith::SubIOp::create(code.builder, code.loc, end, past)));
    }
    return turn(at, masks, values);
  });
}

void walkCopies(VectorCode &code, const ColumnRange &range, function_ref<void(Value at, Value mask)> body) {
  constexpr int64_t copyVectors = 4;
  int64_t vectors = copyVectors;
  if (range.constant)
    vectors = std::clamp<int64_t>(*range.constant / code.lanes, 1, copyVectors);
  walkColumns(code, range, vectors, /*tailVectors=*/1, {}, [&](Value first, ArrayRef<Value> masks, ValueRange) {
    for (auto [j, mask] : llvm::enumerate(masks))
      body(code.add(first, code.index(j * code.lanes)), mask);
    return SmallVector<Value>();
  });
}

Value foldLanes(VectorCode &code, SmallVector<Value> vectors, int64_t live,
                llvm::function_ref<Value(Value, Value)> combine) {
  for (size_t half = vectors.size() / 2; half >= 1; half /= 2)
    for (size_t j = 0; j < half; ++j)
      if (int64_t((j + half) * code.lanes) < live)
        vectors[j] = combine(vectors[j], vectors[j + half]);
  Value result = vectors[0];
  auto lanesOf = [&](ArrayRef<int64_t> numbers) -> Value {
    return vector::ShuffleOp::create(code.builder, code.loc, result, result, numbers);
  };
  auto range = [](int64_t first, int64_t count) { return llvm::to_vector(llvm::seq(first, first + count)); };
  // Halves become vectors of their own: where lanes are known to be zero, LLVM makes a 20-cycle vexpandpd of a shuffle
  // of the whole register. From four lanes on only the lower ones matter.
  for (int64_t half = code.lanes / 2; half >= 1; half /= 2) {
    Value upper = half >= 4 ? lanesOf(range(half, half)) : Value();
    Value lower = half >= 4 ? lanesOf(range(0, half)) : result;
    if (half < 4 && half < live) {
      int64_t width = cast<VectorType>(result.getType()).getNumElements();
      upper = lanesOf(llvm::map_to_vector(range(0, width), [&](int64_t lane) { return (lane + half) % width; }));
    }
    result = half < live ? combine(lower, upper) : lower;
  }
  return lanesOf(SmallVector<int64_t>(code.lanes, 0));
}

} // namespace batten
