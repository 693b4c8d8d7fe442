// EntrySort.cpp - see EntrySort.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/EntrySort.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace batten {

/// `body` for each power of two times `first`, up from it while `goesOn`, or down from it.
static void loopOverPowers(const VectorCode &code, Value first, bool up, Value last, function_ref<void(Value)> body) {
  OpBuilder &b = code.builder;
  auto goesOn = [&](OpBuilder &, Location, ValueRange power) {
    auto predicate = up ? arith::CmpIPredicate::ule : arith::CmpIPredicate::uge;
    scf::ConditionOp::create(b, code.loc, arith::CmpIOp::create(b, code.loc, predicate, power[0], last), power);
  };
  auto turn = [&](OpBuilder &, Location, ValueRange power) {
    body(power[0]);
    Value one = code.index(1);
    Value next = up ? arith::ShLIOp::create(b, code.loc, power[0], one).getResult()
                    : arith::ShRUIOp::create(b, code.loc, power[0], one).getResult();
    scf::YieldOp::create(b, code.loc, next);
  };
  scf::WhileOp::create(b, code.loc, TypeRange{b.getIndexType()}, ValueRange{first}, goesOn, turn);
}

static Value half(const VectorCode &code, Value size) {
  return arith::ShRUIOp::create(code.builder, code.loc, size, code.index(1));
}

static Value subtract(const VectorCode &code, Value lhs, Value rhs) {
  return arith::SubIOp::create(code.builder, code.loc, lhs, rhs);
}

//===- In scratch -------------------------------------------------------------------------------------------------===//

void EntrySort::sort(Value first, Value count, function_ref<Entries(Value)> source) {
  Value step = code.index(blockEntries());
  loopCode().loop(code.index(0), count, step, [&](Value from) {
    Block block;
    for (int64_t i = 0; i < registers; ++i)
      block.push_back(source(code.add(from, code.index(i * code.lanes))));
    sortBlock(block);
    for (auto [i, entries] : llvm::enumerate(block))
      store(entries, code.add(code.add(first, from), code.index(int64_t(i) * code.lanes)));
  });
  if (constantIndex(count) == blockEntries())
    return;
  loopOverPowers(code, step, /*up=*/true, half(code, count), [&](Value run) {
    flipRuns(first, count, run);
    merge(first, count, half(code, run));
  });
}

void EntrySort::keepGreatest(Value count) {
  Value lanes = code.index(code.lanes),
        last = subtract(code, arith::ShLIOp::create(code.builder, code.loc, count, code.index(1)), lanes);
  loopCode().loop(code.index(0), count, lanes,
                  [&](Value at) { store(ordered(load(at), reversed(load(subtract(code, last, at)))).first, at); });
  merge(code.index(0), count, half(code, count));
}

/// Comparators of `distance` and all its halves, among entries of which each run of two distances is bitonic.
void EntrySort::merge(Value first, Value count, Value distance) {
  Value step = code.index(blockEntries());
  if (constantIndex(count) != blockEntries())
    loopOverPowers(code, distance, /*up=*/false, step, [&](Value distance) { halveRuns(first, count, distance); });
  loopCode().loop(code.index(0), count, step, [&](Value from) {
    Block block;
    auto place = [&](size_t i) { return code.add(code.add(first, from), code.index(int64_t(i) * code.lanes)); };
    for (int64_t i = 0; i < registers; ++i)
      block.push_back(load(place(size_t(i))));
    mergeBlock(block);
    for (auto [i, entries] : llvm::enumerate(block))
      store(entries, place(i));
  });
}

/// Of each two neighbouring runs the first with the second backwards.
void EntrySort::flipRuns(Value first, Value count, Value run) {
  Value lanes = code.index(code.lanes), both = code.add(run, run);
  loopCode().loop(first, code.add(first, count), both, [&](Value from) {
    Value last = subtract(code, code.add(from, both), lanes);
    loopCode().loop(code.index(0), run, lanes, [&](Value at) {
      Value left = code.add(from, at), right = subtract(code, last, at);
      auto [above, below] = ordered(load(left), reversed(load(right)));
      store(above, left);
      store(reversed(below), right);
    });
  });
}

void EntrySort::halveRuns(Value first, Value count, Value distance) {
  loopCode().loop(first, code.add(first, count), code.add(distance, distance), [&](Value from) {
    loopCode().loop(from, code.add(from, distance), code.index(code.lanes), [&](Value left) {
      Value right = code.add(left, distance);
      auto [above, below] = ordered(load(left), load(right));
      store(above, left);
      store(below, right);
    });
  });
}

Value EntrySort::place(Value rank) const {
  OpBuilder &b = code.builder;
  int64_t size = blockEntries();
  auto bits = [&](int64_t mask) { return arith::AndIOp::create(b, code.loc, rank, code.index(mask)); };
  Value lane = arith::ShRUIOp::create(b, code.loc, bits(size - 1), code.index(llvm::Log2_64(uint64_t(registers))));
  return code.add(code.add(bits(-size), code.times(bits(registers - 1), code.index(code.lanes))), lane);
}

Entries EntrySort::load(Value at) const {
  Type i64 = code.builder.getI64Type();
  Value one = code.index(1);
  return {code.load(keys, at, one, i64, {}), inverses ? code.load(inverses, at, one, i64, {}) : Value()};
}

void EntrySort::store(Entries entries, Value at) const {
  code.store(entries.key, keys, at, {});
  if (inverses)
    code.store(entries.inverse, inverses, at, {});
}

//===- In registers -----------------------------------------------------------------------------------------------===//

void EntrySort::sortBlock(Block &block) const {
  for (int64_t size = 2; size <= blockEntries(); size *= 2) {
    flip(block, size);
    for (int64_t distance = size / 4; distance; distance /= 2)
      halve(block, distance);
  }
}

void EntrySort::mergeBlock(Block &block) const {
  for (int64_t distance = blockEntries() / 2; distance; distance /= 2)
    halve(block, distance);
}

/// Comparators between i and i ^ (size - 1): each half of a run of `size` is sorted.
void EntrySort::flip(Block &block, int64_t size) const {
  int64_t registerBits = std::min(size, registers) - 1, laneBits = std::max<int64_t>(1, size / registers) - 1;
  int64_t upper = (laneBits + 1) / 2;
  SmallVector<int64_t> fellows, straight, turned;
  for (int64_t lane = 0; lane < code.lanes; ++lane) {
    fellows.push_back(lane ^ laneBits);
    straight.push_back(lane & upper ? code.lanes + lane : lane);
    turned.push_back((lane & upper ? code.lanes : 0) + (lane ^ laneBits));
  }
  for (int64_t i = 0; i < registers; ++i) {
    int64_t j = i ^ registerBits;
    if (j < i)
      continue;
    auto [above, below] = ordered(block[i], laneBits ? shuffle(block[j], block[j], fellows) : block[j]);
    block[i] = laneBits ? shuffle(above, below, straight) : above;
    block[j] = laneBits ? shuffle(above, below, turned) : below;
  }
}

/// Comparators between i and i ^ distance, a power of two.
void EntrySort::halve(Block &block, int64_t distance) const {
  if (distance < registers) {
    for (int64_t i = 0; i < registers; ++i)
      if (!(i & distance))
        std::tie(block[i], block[i | distance]) = ordered(block[i], block[i | distance]);
    return;
  }
  int64_t bit = distance / registers;
  SmallVector<int64_t> fellows, either;
  for (int64_t lane = 0; lane < code.lanes; ++lane) {
    fellows.push_back(lane ^ bit);
    either.push_back(lane & bit ? code.lanes + lane : lane);
  }
  for (Entries &entries : block) {
    auto [above, below] = ordered(entries, shuffle(entries, entries, fellows));
    entries = shuffle(above, below, either);
  }
}

/// Lane by lane the greater and the lesser.
std::pair<Entries, Entries> EntrySort::ordered(Entries lhs, Entries rhs) const {
  OpBuilder &b = code.builder;
  if (!lhs.inverse)
    return {{arith::MaxSIOp::create(b, code.loc, lhs.key, rhs.key), {}},
            {arith::MinSIOp::create(b, code.loc, lhs.key, rhs.key), {}}};
  auto compare = [&](arith::CmpIPredicate predicate, Value l, Value r) {
    return arith::CmpIOp::create(b, code.loc, predicate, l, r).getResult();
  };
  Value greater = compare(arith::CmpIPredicate::sgt, lhs.key, rhs.key);
  Value equal = compare(arith::CmpIPredicate::eq, lhs.key, rhs.key);
  Value earlier = compare(arith::CmpIPredicate::sgt, lhs.inverse, rhs.inverse);
  Value isLeft = arith::OrIOp::create(b, code.loc, greater, arith::AndIOp::create(b, code.loc, equal, earlier));
  auto pick = [&](Entries yes, Entries no) {
    return Entries{arith::SelectOp::create(b, code.loc, isLeft, yes.key, no.key),
                   arith::SelectOp::create(b, code.loc, isLeft, yes.inverse, no.inverse)};
  };
  return {pick(lhs, rhs), pick(rhs, lhs)};
}

Entries EntrySort::shuffle(Entries lhs, Entries rhs, ArrayRef<int64_t> order) const {
  auto one = [&](Value l, Value r) -> Value {
    return l ? vector::ShuffleOp::create(code.builder, code.loc, l, r, order).getResult() : Value();
  };
  return {one(lhs.key, rhs.key), one(lhs.inverse, rhs.inverse)};
}

Entries EntrySort::reversed(Entries entries) const {
  return shuffle(entries, entries, llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, code.lanes))));
}

} // namespace batten
