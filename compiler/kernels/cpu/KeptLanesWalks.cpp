// KeptLanesWalks.cpp - the walks of a unit of neighbouring results over their positions; see KeptLanes.cpp.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/ColumnWalk.h"
#include "compiler/kernels/cpu/KeptLanes.h"
#include "compiler/kernels/cpu/LoopCode.h"
#include "compiler/kernels/cpu/RowKernels.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace batten {

KeptLanes::Values KeptLanes::loop(Value from, Value to, int64_t step, ValueRange carried,
                                  llvm::function_ref<Values(Value, ValueRange)> body) {
  return LoopCode{b, code.loc}.fold(from, to, code.index(step), carried, body);
}

//===- Walks over the positions -----------------------------------------------------------------------------------===//

/// True of a fold that gives the same bits in any order.
static bool hasNoOrder(const RowNode &node) {
  Operation *fold = node.body()->getTerminator()->getOperand(0).getDefiningOp();
  return isa<arith::MaximumFOp, arith::MinimumFOp, arith::MaxSIOp, arith::MinSIOp, arith::MaxUIOp, arith::MinUIOp,
             arith::AndIOp, arith::OrIOp, arith::AddIOp>(fold);
}

void KeptLanes::walk() {
  SmallVector<unsigned> stores, reductions;
  for (auto [i, node] : llvm::enumerate(group.nodes)) {
    if (node.step != step)
      continue;
    if (node.kind == RowNode::reduction)
      reductions.push_back(i);
    if (node.kind == RowNode::column && (node.kept || node.result))
      stores.push_back(i);
  }
  for (size_t j = 0; j < units.size(); ++j) {
    select(j);
    for (unsigned node : stores)
      prepare(node);
    for (unsigned node : reductions)
      prepare(node);
  }
  isFirstVisit = step == 0;
  if (inBlocks && !reductions.empty())
    return reduceInBlocks(reductions, stores);
  for (unsigned node : reductions) {
    stack = stackOf(accumulatorElement(node));
    if (hasNoOrder(group.nodes[node]))
      reduceInAnyOrder(node, stores);
    else
      hasLaneEach() ? reduceByResidues(node, stores) : reduceByLanes(node, stores);
    stores.clear(); // kept with the first reduction of the step
    isFirstVisit = false;
  }
  if (stores.empty())
    return;
  loop(code.index(0), positionCount, 1, {}, [&](Value at, ValueRange) {
    enterPosition(at);
    for (size_t j = 0; j < units.size(); ++j) {
      select(j);
      Chunk chunk(units[j].at, {});
      for (unsigned node : stores)
        storeColumn(node, chunk);
    }
    flushStores();
    return Values();
  });
}

void KeptLanes::enterPosition(Value at) {
  position = at;
  positionDigits = digitsOf(code, at, positionExtents);
  positionOffsets.clear();
  for (const Values &strides : positionStrides) {
    Value offset = code.index(0);
    for (auto [digit, stride] : llvm::zip(positionDigits, strides))
      offset = code.add(offset, code.times(digit, stride));
    positionOffsets.push_back(offset);
  }
}

/// One chain a block of 256 positions, a vector and a reduction; block results are combined in order.
void KeptLanes::reduceInBlocks(Nodes reductions, Nodes stores) {
  Values identities;
  for (unsigned node : reductions)
    identities.append(units.size(), identity(node));
  auto chains = [&](Value at, ValueRange carried) {
    enterPosition(at);
    Values next(carried);
    eachVector([&](size_t j) {
      Chunk chunk(units[j].at, {}); // lanes without a result may hold anything
      for (unsigned node : stores)
        storeColumn(node, chunk);
      for (auto [r, node] : llvm::enumerate(reductions))
        next[r * units.size() + j] = accumulate(node, chunk, next[r * units.size() + j]);
      return Value();
    });
    flushStores();
    return next;
  };
  auto block = [&](Value first, ValueRange totals) {
    Value last = arith::MinUIOp::create(b, code.loc, code.add(first, code.index(blockPositions)), positionCount);
    Values sums = loop(first, last, 1, identities, chains), next;
    for (auto [i, total] : llvm::enumerate(totals))
      next.push_back(combine(reductions[i / units.size()], total, sums[i]));
    return next;
  };
  Values totals = loop(code.index(0), positionCount, blockPositions, identities, block);
  for (size_t j = 0; j < units.size(); ++j) {
    select(j);
    for (auto [r, node] : llvm::enumerate(reductions))
      rowValues[node] = finish(node, totals[r * units.size() + j]);
  }
}

//===- Sums by lanes ----------------------------------------------------------------------------------------------===//

KeptLanes::Values KeptLanes::eachVector(llvm::function_ref<Value(size_t)> value) {
  Values all;
  for (size_t j = 0; j < units.size(); ++j) {
    select(j);
    all.push_back(value(j));
  }
  return all;
}

/// The accumulators after the current position; lanes without a result may hold anything.
KeptLanes::Values KeptLanes::accumulateAll(unsigned node, Nodes stores, ValueRange accumulators) {
  Values next = eachVector([&](size_t j) {
    Chunk chunk(units[j].at, {});
    for (unsigned kept : stores)
      storeColumn(kept, chunk);
    return accumulate(node, chunk, accumulators[j]);
  });
  flushStores();
  return next;
}

KeptLanes::Values KeptLanes::combineAll(unsigned node, ValueRange low, ValueRange high) {
  return eachVector([&](size_t j) { return combine(node, low[j], high[j]); });
}

void KeptLanes::finishAll(unsigned node, ValueRange sums) {
  eachVector([&](size_t j) { return rowValues[node] = finish(node, sums[j]); });
}

void KeptLanes::storeLane(Value lane, ValueRange sums) {
  Value first = code.times(lane, code.index(vectors * code.lanes));
  for (auto [j, sum] : llvm::enumerate(sums))
    code.store(sum, stack, code.add(first, code.index(j * code.lanes)), {});
}

KeptLanes::Values KeptLanes::loadLane(Value lane, Type element) {
  Value first = code.times(lane, code.index(vectors * code.lanes));
  return eachVector([&](size_t j) {
    return code.load(stack, code.add(first, code.index(j * code.lanes)), code.index(1), element, {});
  });
}

/// What the halves make of `width` lanes, of which the first `count` do not hold the identity. Depth first: few of them
/// wait in registers.
KeptLanes::Values KeptLanes::combineHalves(unsigned node, int64_t count, int64_t width,
                                           llvm::function_ref<Values(int64_t)> lane, int64_t first, int64_t distance) {
  if (distance == width)
    return lane(first);
  Values low = combineHalves(node, count, width, lane, first, 2 * distance);
  if (first + distance >= count)
    return low;
  return combineAll(node, low, combineHalves(node, count, width, lane, first + distance, 2 * distance));
}

void KeptLanes::reduceInAnyOrder(unsigned node, Nodes stores) {
  Values start(units.size(), identity(node));
  if (isStraight()) {
    for (int64_t at = 0; at < *positions.constantValue(); ++at) {
      enterPosition(code.index(at));
      start = accumulateAll(node, stores, start);
    }
    return finishAll(node, start);
  }
  finishAll(node, loop(code.index(0), positionCount, 1, start, [&](Value at, ValueRange accumulators) {
              enterPosition(at);
              return accumulateAll(node, stores, accumulators);
            }));
}

/// At most one position a lane. The halves 32, 16 and 8 stay among positions that are equal modulo 8, which are a turn
/// of a loop: few streams through memory, each read in order.
void KeptLanes::reduceByResidues(unsigned node, Nodes stores) {
  int64_t count = *positions.constantValue(), shorter = count / residues;
  auto sumAt = [&](Value at) {
    enterPosition(at);
    return accumulateAll(node, stores, Values(units.size(), identity(node)));
  };
  if (isStraight())
    return finishAll(node, combineHalves(node, count, numLanes, [&](int64_t at) { return sumAt(code.index(at)); }));
  auto turns = [&](int64_t from, int64_t to, int64_t length) {
    loop(code.index(from), code.index(to), 1, {}, [&](Value residue, ValueRange) {
      auto lane = [&](int64_t i) { return sumAt(code.add(residue, code.index(i * residues))); };
      storeLane(residue, combineHalves(node, length, residues, lane));
      return Values();
    });
  };
  if (int64_t longer = count % residues)
    turns(0, longer, shorter + 1);
  if (shorter > 0)
    turns(count % residues, residues, shorter);
  auto stored = [&](int64_t i) { return loadLane(code.index(i), accumulatorElement(node)); };
  finishAll(node, combineHalves(node, std::min(count, residues), residues, stored));
}

/// Position k goes to lane k mod 64.
void KeptLanes::reduceByLanes(unsigned node, Nodes stores) {
  Type element = accumulatorElement(node);
  Values start(units.size(), identity(node));
  Value lanes = code.index(numLanes), first = arith::MinUIOp::create(b, code.loc, positionCount, lanes);
  auto each = [&](Value from, Value to, llvm::function_ref<void(Value)> turn) {
    loop(from, to, 1, {}, [&](Value at, ValueRange) {
      turn(at);
      return Values();
    });
  };
  each(code.index(0), first, [&](Value at) {
    enterPosition(at);
    storeLane(at, accumulateAll(node, stores, start));
  });
  each(first, lanes, [&](Value at) { storeLane(at, start); });
  each(lanes, positionCount, [&](Value at) {
    Value lane = arith::AndIOp::create(b, code.loc, at, code.index(numLanes - 1));
    enterPosition(at);
    storeLane(lane, accumulateAll(node, stores, loadLane(lane, element)));
  });
  for (int64_t half = numLanes / 2; half >= 1; half /= 2)
    each(code.index(0), code.index(half), [&](Value at) {
      storeLane(at, combineAll(node, loadLane(at, element), loadLane(code.add(at, code.index(half)), element)));
    });
  finishAll(node, loadLane(code.index(0), element));
}

} // namespace batten
