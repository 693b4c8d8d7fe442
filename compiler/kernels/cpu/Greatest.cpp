// Greatest.cpp - the builder of the k greatest elements of a row, sorted, with their indices.
//
//   rows of 16 elements at most, one a lane: each column is a register
//   else for each row in [begin, end)
//     the first P elements, P a power of two of at least k, sorted: the greatest so far
//     while there are elements left
//       P of those above the k-th greatest so far, or all there are, put side by side and sorted
//       the greatest of both
//     the first k are the result
//
// Elements are compared as integers in the order of the op: NaN above all, -0 equal to 0. Of equal ones that with the
// lower index is above, so no two entries are equal, and an element that comes later must be above the k-th key to
// enter. A key of 32 bits and its index are one entry of 64 bits, from which values and indices come out vector by
// vector; else, or where results are not side by side, the values are read again by their indices.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Greatest.h"
#include "compiler/kernels/cpu/UsualSizes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace batten {
/// Entries of a sorted block at least: two registers of two lanes.
constexpr int64_t fewestEntries = 4;
/// Elements of a row that a first bound is taken from, at most: they are read twice.
constexpr int64_t sampledElements = 4096;
/// Groups of that sample where registers are few. Zen 3: the 64 greatest of 1024 f32 take 0.8 us, without a sample 2.
constexpr int64_t sampledGroups = 128;
/// Vectors a candidate, at most, where a branch for those without one is foreseen too seldom.
constexpr int64_t vectorsOfBranch = 8;

Greatest::Greatest(GreatestOp op, func::FuncOp function, Operand operand, KernelFrame &frame, const Level &level)
    : frame(frame), level(level), b(frame.builder), dim(op.getDim()), x(std::move(operand)),
      order(b, op.getLoc(), x.element, op.getIsUnsigned(), level),
      format(order, Shapes(function).of(op.getX())[dim].constantValue()), code(order.code),
      entries{b, op.getLoc(), level.lanes(b.getI64Type())} {
  Shapes shapes(function);
  extents = SmallVector<Dim>(shapes.of(op.getX()));
  count = shapes.of(op.getValues())[dim];
  for (auto [i, value] : llvm::enumerate(function.getBody().front().getTerminator()->getOperands()))
    (value == op.getValues() ? values : indices) = resultOperand(function, i, shapes, frame);
  // Four times what is wanted: the more are sorted at once, the fewer of a long row are sorted at all. And two vectors
  // at least, of which one may be left empty for want of room for the next.
  int64_t enough = std::max(count.constantValue().value_or(INT64_MAX / 8) * 4, 2 * code.lanes);
  enough = std::min(enough, extents[dim].constantValue().value_or(enough));
  int64_t block = int64_t(llvm::PowerOf2Ceil(uint64_t(enough)));
  // At most half of the registers that there are: the network of a sorted block is straight code.
  int64_t registersOfEntry = format.isPacked() ? 1 : 2;
  int64_t most = level.vectorRegisters() / 2 / registersOfEntry;
  block = std::clamp<int64_t>(block, fewestEntries, most * entries.lanes);
  while (entries.lanes * entries.lanes > block) // many registers of few lanes need fewer moves between lanes
    entries.lanes /= 2;
  registers = block / entries.lanes;
}

Kernel Greatest::build() {
  makeScratch();
  DimWalk rows(extents, dim, extents.size());
  rows.add(x);
  for (const std::optional<Operand> &result : {values, indices})
    if (result)
      rows.add(*result);
  wanted = frame.size(count);
  length = frame.size(extents[dim]);
  room = roomOf();
  xStride = frame.size(x.strides[dim]);
  if (takesRowsInLanes())
    shortRows(rows);
  else
    loopCode().loop(frame.begin, frame.end, code.index(1), [&](Value index) { row(rows, index); });
  return {frame.function, rows.count(), workOfElements(countOf(extents)), scratchBytes};
}

//===- Sizes ------------------------------------------------------------------------------------------------------===//

std::optional<int64_t> Greatest::knownRoom() const {
  std::optional<int64_t> known = count.constantValue();
  if (!known)
    return std::nullopt;
  auto half = uint64_t(2 * *known <= mostSampled() ? 2 * *known : *known);
  return std::max<int64_t>(registers * entries.lanes, int64_t(llvm::PowerOf2Ceil(half)));
}

/// The greatest room whose groups are kept in registers, and sorted there: few registers spill, and gain all the same.
int64_t Greatest::mostSampled() const { return level.hasManyRegisters() ? registers * entries.lanes : sampledGroups; }

/// Whether no row is longer than what is sorted at once.
bool Greatest::allFit() const {
  std::optional<int64_t> most = knownRoom(), elements = extents[dim].constantValue();
  return count == extents[dim] || (most && elements && *elements <= *most);
}

/// Whether a bound from a sample pays: the more elements pass, the more are sorted either way.
bool Greatest::samples() const {
  std::optional<int64_t> most = knownRoom();
  return most && *most <= mostSampled() && *count.constantValue() * 2 <= *most;
}

Value Greatest::roomOf() {
  if (std::optional<int64_t> known = knownRoom())
    return code.index(*known);
  Type i64 = b.getI64Type();
  Value block = code.index(registers * entries.lanes), one = code.index(1);
  Value before = arith::DivUIOp::create(b, code.loc, subtract(wanted, one), block); // blocks but one
  Value zeros = math::CountLeadingZerosOp::create(b, code.loc, arith::IndexCastOp::create(b, code.loc, i64, before));
  Value bits = subtract(code.index(64), arith::IndexCastOp::create(b, code.loc, b.getIndexType(), zeros));
  return arith::ShLIOp::create(b, code.loc, block, bits);
}

/// At least the room, which is a formula in the sizes no more than a power of two is.
Dim Greatest::roomBound() const {
  if (std::optional<int64_t> known = knownRoom())
    return Dim::constant(*known);
  return count * Dim::constant(2) + Dim::constant(registers * entries.lanes);
}

void Greatest::makeScratch() {
  auto take = [&](Type type, const Dim &size) {
    Value view = frame.scratchView(scratchBytes, type);
    scratchBytes = scratchBytes + size * Dim::constant(elementBytes(type));
    return view;
  };
  Dim most = roomBound() * Dim::constant(allFit() ? 1 : 2), withVector = roomBound() + Dim::constant(code.lanes);
  sortedKeys = take(b.getI64Type(), most);
  sortedInverses = format.isPacked() ? Value() : take(b.getI64Type(), most);
  sorted.emplace(entries, registers, format.areDoubles(), level.hasLongMin(), sortedKeys, sortedInverses);
  Value keys = take(order.type, withVector);
  candidates.emplace(order, format, level, keys, take(order.type, withVector));
}

//===- A row ------------------------------------------------------------------------------------------------------===//

void Greatest::row(const DimWalk &rows, Value index) {
  SmallVector<Value> firsts = rows.firstElements(code, frame, index);
  Value next = least(code.add(index, code.index(1)), subtract(frame.end, code.index(1)));
  firstOfX = firsts[0], firstOfNext = rows.firstElements(code, frame, next)[0];
  if (allFit()) {
    takeAll(ArrayRef<Value>(firsts).drop_front());
    return giveResults(ArrayRef<Value>(firsts).drop_front());
  }
  auto goesOn = [&](OpBuilder &, Location, ValueRange next) {
    Value from = turn(next[0]);
    scf::ConditionOp::create(b, code.loc, compare(arith::CmpIPredicate::ult, from, length), from);
  };
  auto yield = [&](OpBuilder &, Location, ValueRange next) { scf::YieldOp::create(b, code.loc, next); };
  scf::WhileOp::create(b, code.loc, TypeRange{b.getIndexType()}, ValueRange{code.index(0)}, goesOn, yield);
  giveResults(ArrayRef<Value>(firsts).drop_front());
}

/// Sorts elements from `from` on; returns where the next ones are.
Value Greatest::turn(Value from) {
  Value isFirst = compare(arith::CmpIPredicate::eq, from, code.index(0));
  auto first = [&](OpBuilder &, Location) { scf::YieldOp::create(b, code.loc, begin()); };
  auto later = [&](OpBuilder &, Location) {
    scf::YieldOp::create(b, code.loc, takeAbove(from, threshold(), /*orEqual=*/false));
  };
  Value next = scf::IfOp::create(b, code.loc, isFirst, first, later).getResult(0);
  sort(arith::SelectOp::create(b, code.loc, isFirst, code.index(0), room));
  auto nothing = [&](OpBuilder &, Location) { scf::YieldOp::create(b, code.loc); };
  auto keep = [&](OpBuilder &, Location) {
    sorted->keepGreatest(room);
    scf::YieldOp::create(b, code.loc);
  };
  scf::IfOp::create(b, code.loc, isFirst, nothing, keep);
  return next;
}

/// The first turn has no result so far to compare with.
Value Greatest::begin() {
  auto first = [&] {
    takeFirst();
    return room;
  };
  auto above = [&] { return takeAbove(code.index(0), sampleThreshold(), /*orEqual=*/true); };
  if (!samples())
    return first();
  if (extents[dim].constantValue())
    return above();
  auto yield = [&](function_ref<Value()> build) {
    return [&b = b, loc = code.loc, build](OpBuilder &, Location) { scf::YieldOp::create(b, loc, build()); };
  };
  Value isShort = compare(arith::CmpIPredicate::ule, length, room);
  return scf::IfOp::create(b, code.loc, isShort, yield(first), yield(above)).getResult(0);
}

/// A key that at least as many elements reach as are wanted: among the greatest of a room of groups, lane by lane of
/// the first rooms of the row, the one of that rank.
Value Greatest::sampleThreshold() {
  Value enough = least(length, code.index(sampledElements));
  Value end = subtract(enough, remainder(enough, room));
  SmallVector<Value> groups;
  for (int64_t at = 0; at < *knownRoom(); at += code.lanes)
    groups.push_back(load(code.index(at)));
  auto body = [&](OpBuilder &, Location, Value from, ValueRange so) {
    SmallVector<Value> next;
    for (auto [i, group] : llvm::enumerate(so))
      next.push_back(order.greaterOf(load(code.add(from, code.index(int64_t(i) * code.lanes))), group));
    scf::YieldOp::create(b, code.loc, next);
  };
  auto walk = scf::ForOp::create(b, code.loc, room, end, room, groups, body);
  EntrySort::Block block;
  for (Value group : walk.getResults())
    block.push_back({order.of(group), {}});
  EntrySort::sortBlock(code, block);
  int64_t rank = *count.constantValue() - 1, width = int64_t(block.size());
  return vector::ExtractOp::create(b, code.loc, block[size_t(rank % width)].key, rank / width);
}

/// Rows of just the elements that there is room for go from the row into registers. While they are sorted the next row
/// comes from memory, and the places of the results.
void Greatest::takeAll(ArrayRef<Value> firsts) {
  if (!extents[dim].constantValue() || extents[dim].constantValue() != knownRoom()) {
    takeFirst();
    return sort(code.index(0));
  }
  OrderedKeys narrow = order;
  narrow.code.lanes = entries.lanes;
  EntryFormat narrowFormat(narrow, *knownRoom());
  sorted->sort(code.index(0), room, [&](Value at) {
    fetchNext(at);
    for (auto [result, first] : {std::pair(&values, firsts.front()), std::pair(&indices, firsts.back())})
      if (givesVectors() && *result)
        fetch((*result)->memory, first, at, /*toWrite=*/true);
    Value numbers = narrow.load(x.memory, code.add(firstOfX, code.times(at, xStride)), xStride, {});
    return narrowFormat.pack(narrow.of(numbers), narrowFormat.tags(numbers, at));
  });
}

void Greatest::fetch(Value memory, Value first, Value at, bool toWrite) const {
  code.prefetch(memory, code.add(first, at), Cache::L1, toWrite);
}

/// The caches foresee no row but the one that is read.
void Greatest::fetchNext(Value at) const {
  if (constantIndex(xStride) == 1)
    fetch(x.memory, firstOfNext, at, /*toWrite=*/false);
}

/// As many of the first elements as there is room for.
void Greatest::takeFirst() {
  std::optional<int64_t> most = knownRoom(), elements = extents[dim].constantValue();
  Value lanes = code.index(code.lanes), there = least(room, length);
  Value left = remainder(there, lanes), full = subtract(there, left);
  bool isFull = most && elements && *elements >= *most && *most % code.lanes == 0;
  if (!isFull)
    candidates->clear(
        b.createOrFold<arith::MulIOp>(code.loc, b.createOrFold<arith::CeilDivUIOp>(code.loc, there, lanes), lanes),
        room);
  loopCode().loop(code.index(0), full, lanes, [&](Value at) { candidates->put(load(at), at, {}); });
  if (isFull)
    return;
  loopCode().loop(full, there, lanes, [&](Value at) { // one turn or none
    Value mask = code.firstLanes(left);
    candidates->put(load(at, mask), at, mask);
  });
}

/// Elements above the threshold from `from` on, until there may be no room for more; returns where it stopped. Some
/// that are not above may come along: a NaN does, for the price of being sorted.
Value Greatest::takeAbove(Value from, Value threshold, bool orEqual) {
  candidates->clear(code.index(0), room);
  Value lanes = code.index(code.lanes), lastRoom = subtract(room, lanes), last = subtract(length, lanes);
  Value bound = code.splat(order.number(threshold));
  std::optional<int64_t> known = extents[dim].constantValue(), most = count.constantValue();
  bool areOften = !level.hasManyRegisters() && known && most && *known < *most * code.lanes * vectorsOfBranch;
  auto goesOn = [&](OpBuilder &, Location, ValueRange next) {
    Value isThere = compare(arith::CmpIPredicate::ult, next[0], length);
    Value hasRoom = compare(arith::CmpIPredicate::ule, next[1], lastRoom);
    scf::ConditionOp::create(b, code.loc, arith::AndIOp::create(b, code.loc, isThere, hasRoom), next);
  };
  auto turn = [&](OpBuilder &, Location, ValueRange next) {
    Value at = next[0];
    bool isWhole = known && *known % code.lanes == 0;
    if (!isWhole) // the last vector ends with the row, and some lanes of it were met before
      at = least(at, last);
    fetchNext(at);
    Value vector = load(at), isTaken = order.isAbove(vector, bound, orEqual);
    if (!isWhole) {
      Value isNew =
          compare(arith::CmpIPredicate::sge, candidates->placesFrom(at), code.splat(candidates->asKey(next[0])));
      isTaken = arith::AndIOp::create(b, code.loc, isTaken, isNew);
    }
    scf::YieldOp::create(
        b, code.loc, ValueRange{code.add(next[0], lanes), candidates->append(vector, at, isTaken, next[1], areOften)});
  };
  Type index = b.getIndexType();
  auto walk = scf::WhileOp::create(b, code.loc, TypeRange{index, index}, ValueRange{from, code.index(0)}, goesOn, turn);
  candidates->end(walk.getResult(1));
  return walk.getResult(0);
}

void Greatest::sort(Value first) {
  sorted->sort(first, room, [&](Value at) { return candidates->load(entries, at); });
}

/// The key of the last of those that are wanted.
Value Greatest::threshold() {
  Value place = sorted->place(room, subtract(wanted, code.index(1)));
  Value entry = memref::LoadOp::create(b, code.loc, sortedKeys, ValueRange{place});
  return format.isPacked() ? format.key(entry) : entry;
}

FailureOr<Kernel> buildGreatest(func::FuncOp function, StringRef name, const Level &level) {
  auto op = *function.getOps<GreatestOp>().begin();
  Shapes shapes(function);
  KernelFrame frame(function, name, level);
  AffineMap identity = AffineMap::getMultiDimIdentityMap(shapes.of(op.getX()).size(), op.getContext());
  std::optional<Operand> x = resolveOperand(op.getX(), identity, shapes, frame);
  if (x && x->memory)
    return Greatest(op, function, *x, frame, level).build();
  frame.function.erase();
  return op.emitError("the operand of this selection is no view of memory");
}

} // namespace batten
