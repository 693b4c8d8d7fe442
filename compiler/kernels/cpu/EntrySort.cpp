// EntrySort.cpp - see EntrySort.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/EntrySort.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace batten {

//===- In scratch -------------------------------------------------------------------------------------------------===//

void EntrySort::sort(Value first, Value count, function_ref<Entries(Value)> source) {
  Value step = code.index(blockEntries());
  bool isOneBlock = constantIndex(count) == blockEntries();
  loopCode().loop(code.index(0), count, step, [&](Value from) {
    Block block;
    for (int64_t i = 0; i < registers; ++i)
      block.push_back(source(code.add(from, code.index(i * code.lanes))));
    isOneBlock ? sortBlock(block) : sortColumns(block);
    for (auto [i, entries] : llvm::enumerate(block))
      store(entries, code.add(code.add(first, from), code.index(int64_t(i) * code.lanes)));
  });
  if (isOneBlock)
    return;
  forEachPower(step, /*up=*/true, part(count, 2), [&](Value run) { // columns of registers
    loopCode().loop(first, code.add(first, count), code.add(run, run),
                    [&](Value from) { face(from, code.add(from, run), run, /*span=*/1); });
    halveBelow(first, count, part(run, partsOf(run, registers / 2)));
  });
  for (int64_t span = 2; span <= code.lanes; span *= 2) // the lanes, each a sorted column
    halveBelow(first, count, face(first, first, count, span));
}

/// Reads what lies backwards behind the first results and keeps the greater half.
void EntrySort::keepGreatest(Value count) {
  bool isOneBlock = constantIndex(count) == blockEntries();
  int64_t parts = isOneBlock ? registers : partsOf(count, registers);
  Value stride = part(count, parts), lanes = code.index(code.lanes);
  Value last = loopCode().minus(code.add(count, count), lanes);
  loopCode().loop(code.index(0), stride, lanes, [&](Value offset) {
    SmallVector<Value> places;
    for (int64_t i = 0; i < parts; ++i)
      places.push_back(code.add(offset, code.times(code.index(i), stride)));
    withBlock(places, [&](Block &block) {
      for (auto [entries, place] : llvm::zip(block, places)) {
        Entries fellow = reversed(load(loopCode().minus(last, place)));
        order(entries, fellow);
      }
      halveLanes(block, code.lanes);
      halveRegisters(block, parts);
    });
  });
  if (!isOneBlock)
    halveBelow(code.index(0), count, stride);
}

/// The first comparators of a merge, between registers of two runs of `extent`, the second one backwards, and then
/// those inside either run that meet the same registers. With a span of lanes above 1 both runs are all registers, the
/// columns are merged by so many lanes at once. Returns below which distance comparators are left.
EntrySort::Value EntrySort::face(Value left, Value right, Value extent, int64_t span) const {
  int64_t parts = partsOf(extent, registers / 2);
  Value stride = part(extent, parts), lanes = code.index(code.lanes);
  loopCode().loop(code.index(0), span > 1 ? part(stride, 2) : stride, lanes, [&](Value offset) {
    Value backwards = loopCode().minus(loopCode().minus(stride, lanes), offset);
    SmallVector<Value> places;
    for (auto [run, at] : {std::pair(left, offset), std::pair(right, backwards)})
      for (int64_t i = 0; i < parts; ++i)
        places.push_back(code.add(code.add(run, at), code.times(code.index(i), stride)));
    withBlock(places, [&](Block &block) {
      flip(block, span);
      halveLanes(block, span / 2);
      halveRegisters(block, parts);
    });
  });
  return stride;
}

/// Comparators of all distances below `extent`, among runs of it that are bitonic.
void EntrySort::halveBelow(Value first, Value count, Value extent) const {
  Value step = code.index(blockEntries());
  if (constantIndex(extent)) {
    while (*constantIndex(extent) > blockEntries()) {
      int64_t parts = partsOf(extent, registers);
      halvePass(first, count, extent, parts);
      extent = part(extent, parts);
    }
  } else {
    forEachPower(extent, /*up=*/false, code.add(step, step),
                 [&](Value run) { halvePass(first, count, run, /*parts=*/2); });
  }
  halvePass(first, count, step, registers);
}

/// Comparators of distances from half of `run` to `run` / `parts`.
void EntrySort::halvePass(Value first, Value count, Value run, int64_t parts) const {
  Value stride = part(run, parts);
  loopCode().loop(first, code.add(first, count), run, [&](Value from) {
    loopCode().loop(code.index(0), stride, code.index(code.lanes), [&](Value offset) {
      SmallVector<Value> places;
      for (int64_t i = 0; i < parts; ++i)
        places.push_back(code.add(code.add(from, offset), code.times(code.index(i), stride)));
      withBlock(places, [&](Block &block) { halveRegisters(block, parts); });
    });
  });
}

/// `body` for each power of two times `first`, up from it to `last`, or down.
void EntrySort::forEachPower(Value first, bool up, Value last, function_ref<void(Value)> body) const {
  std::optional<int64_t> from = constantIndex(first), to = constantIndex(last);
  if (from && to) {
    for (int64_t power = *from; up ? power <= *to : power >= *to; power = up ? power * 2 : power / 2)
      body(code.index(power));
    return;
  }
  OpBuilder &b = code.builder;
  auto goesOn = [&](OpBuilder &, Location, ValueRange power) {
    auto predicate = up ? arith::CmpIPredicate::ule : arith::CmpIPredicate::uge;
    scf::ConditionOp::create(b, code.loc, arith::CmpIOp::create(b, code.loc, predicate, power[0], last), power);
  };
  auto turn = [&](OpBuilder &, Location, ValueRange power) {
    body(power[0]);
    scf::YieldOp::create(b, code.loc, up ? code.add(power[0], power[0]) : part(power[0], 2));
  };
  scf::WhileOp::create(b, code.loc, TypeRange{b.getIndexType()}, ValueRange{first}, goesOn, turn);
}

/// Into how many parts of a block or more an extent is cut: no more than `most`, and one if it is not known.
int64_t EntrySort::partsOf(Value extent, int64_t most) const {
  return std::min(most, constantIndex(extent).value_or(0) / blockEntries() + !constantIndex(extent));
}

/// Both are powers of two.
EntrySort::Value EntrySort::part(Value extent, int64_t parts) const {
  if (std::optional<int64_t> known = constantIndex(extent))
    return code.index(*known / parts);
  return parts == 1 ? extent : arith::DivUIOp::create(code.builder, code.loc, extent, code.index(parts)).getResult();
}

void EntrySort::withBlock(ArrayRef<Value> places, function_ref<void(Block &)> body) const {
  Block block = llvm::map_to_vector(places, [&](Value place) { return load(place); });
  body(block);
  for (auto [entries, place] : llvm::zip(block, places))
    store(entries, place);
}

EntrySort::Value EntrySort::place(Value count, Value rank) const {
  OpBuilder &b = code.builder;
  Value column = part(count, code.lanes);
  Value lane = arith::DivUIOp::create(b, code.loc, rank, column);
  Value at = arith::RemUIOp::create(b, code.loc, rank, column);
  return code.add(code.times(at, code.index(code.lanes)), lane);
}

void EntrySort::forEachSorted(Value count, function_ref<void(Value, Value)> body) const {
  Value column = part(count, code.lanes), lanes = code.index(code.lanes);
  loopCode().loop(code.index(0), column, lanes, [&](Value from) {
    SmallVector<Value> vectors;
    for (int64_t i = 0; i < code.lanes; ++i)
      vectors.push_back(load(code.times(code.add(from, code.index(i)), lanes)).key);
    for (auto [lane, vector] : llvm::enumerate(code.turnSquares(vectors)))
      body(vector, code.add(from, code.times(code.index(int64_t(lane)), column)));
  });
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
  sortColumns(block);
  for (int64_t span = 2; span <= code.lanes; span *= 2) {
    flip(block, span);
    halveLanes(block, span / 2);
    halveRegisters(block, int64_t(block.size()));
  }
}

/// As if least entries followed those of the block: no comparator moves them.
void EntrySort::sortColumns(Block &block) const {
  auto size = int64_t(block.size());
  for (int64_t run = 1; run < size; run *= 2)
    for (int64_t distance = run; distance; distance /= 2)
      for (int64_t i = distance % run; i + distance < size; ++i)
        if ((i - distance % run) / distance % 2 == 0 && i / (2 * run) == (i + distance) / (2 * run))
          order(block[i], block[i + distance]);
}

/// Comparators between each register and the one as far from the end, whose lanes are turned around within each
/// `span`: where both halves of the positions, columns of a span of lanes, are sorted, either is bitonic after that.
void EntrySort::flip(Block &block, int64_t span) const {
  SmallVector<int64_t> fellows, straight, turned;
  for (int64_t lane = 0; lane < code.lanes; ++lane) {
    bool isUpper = lane & (span / 2);
    fellows.push_back(lane ^ (span - 1));
    straight.push_back(isUpper ? code.lanes + lane : lane);
    turned.push_back((isUpper ? code.lanes : 0) + (lane ^ (span - 1)));
  }
  for (size_t i = 0, j = block.size() - 1; i < j; ++i, --j) {
    if (span == 1) {
      order(block[i], block[j]);
      continue;
    }
    Entries above = block[i], below = shuffle(block[j], block[j], fellows);
    order(above, below);
    block[i] = shuffle(above, below, straight);
    block[j] = shuffle(above, below, turned);
  }
}

/// Comparators between lanes, from half of `lanes` down.
void EntrySort::halveLanes(Block &block, int64_t lanes) const {
  for (int64_t bit = lanes / 2; bit; bit /= 2) {
    SmallVector<int64_t> fellows, either;
    for (int64_t lane = 0; lane < code.lanes; ++lane) {
      fellows.push_back(lane ^ bit);
      either.push_back(lane & bit ? code.lanes + lane : lane);
    }
    for (Entries &entries : block) {
      Entries fellow = shuffle(entries, entries, fellows);
      order(entries, fellow);
      entries = shuffle(entries, fellow, either);
    }
  }
}

/// Comparators between registers, from half of `count` down, in each run of so many.
void EntrySort::halveRegisters(Block &block, int64_t count) const {
  for (auto distance = size_t(count / 2); distance; distance /= 2)
    for (size_t i = 0; i < block.size(); ++i)
      if (!(i & distance))
        order(block[i], block[i | distance]);
}

/// Lane by lane the greater one and the lesser.
void EntrySort::order(Entries &above, Entries &below) const {
  OpBuilder &b = code.builder;
  Entries lhs = above, rhs = below;
  if (areDoubles) {
    auto flags = arith::FastMathFlags::nnan | arith::FastMathFlags::nsz; // one instruction
    auto number = [&](Value key) { return arith::BitcastOp::create(b, code.loc, code.type(b.getF64Type()), key); };
    auto entry = [&](Value key) { return arith::BitcastOp::create(b, code.loc, lhs.key.getType(), key); };
    Value l = number(lhs.key), r = number(rhs.key);
    above.key = entry(arith::MaximumFOp::create(b, code.loc, l, r, flags));
    // Zen 4 has two pipes for the one and two for the other.
    below.key = hasLongMin ? arith::MinSIOp::create(b, code.loc, lhs.key, rhs.key).getResult()
                           : entry(arith::MinimumFOp::create(b, code.loc, l, r, flags));
    return;
  }
  if (!lhs.inverse) {
    above.key = arith::MaxSIOp::create(b, code.loc, lhs.key, rhs.key);
    below.key = arith::MinSIOp::create(b, code.loc, lhs.key, rhs.key);
    return;
  }
  auto compare = [&](arith::CmpIPredicate predicate, Value l, Value r) -> Value {
    return arith::CmpIOp::create(b, code.loc, predicate, l, r);
  };
  Value greater = compare(arith::CmpIPredicate::sgt, lhs.key, rhs.key);
  Value equal = compare(arith::CmpIPredicate::eq, lhs.key, rhs.key);
  Value earlier = compare(arith::CmpIPredicate::sgt, lhs.inverse, rhs.inverse);
  auto pick = [&](Value flag, Value yes, Value no) -> Value {
    return arith::SelectOp::create(b, code.loc, flag, yes, no);
  };
  Value isLeft = arith::OrIOp::create(b, code.loc, greater, arith::AndIOp::create(b, code.loc, equal, earlier));
  above = {pick(isLeft, lhs.key, rhs.key), pick(isLeft, lhs.inverse, rhs.inverse)};
  below = {pick(isLeft, rhs.key, lhs.key), pick(isLeft, rhs.inverse, lhs.inverse)};
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
