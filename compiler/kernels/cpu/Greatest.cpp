// Greatest.cpp - the builder of the k greatest elements of a row, sorted, with their indices.
//
//   rows of 16 elements at most, one a lane: each column of the network is a register
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
#include "compiler/kernels/cpu/Candidates.h"
#include "compiler/kernels/cpu/DimWalk.h"
#include "compiler/kernels/cpu/RowKernels.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace batten {
namespace {

/// What a grain takes a row of unknown length for.
constexpr int64_t usualExtent = 512;
/// Entries of a sorted block at least: two registers of two lanes.
constexpr int64_t fewestEntries = 4;
/// Registers of a sorted block at most, of 32 that there are: its network is straight code.
constexpr int64_t mostRegisters = 16;
/// So many results are given without a loop.
constexpr int64_t unrolledResults = 8;
/// Elements of rows that are sorted several at once, one a lane, at most: as many registers.
constexpr int64_t longestInLanes = 16;
/// Elements of a row that a first bound is taken from, at most: they are read twice.
constexpr int64_t sampledElements = 4096;

class Greatest {
public:
  Greatest(GreatestOp op, func::FuncOp function, Operand x, KernelFrame &frame, const Level &level);
  Kernel build();

private:
  KernelFrame &frame;
  const Level &level;
  OpBuilder &b;
  SmallVector<Dim> extents;
  size_t dim;
  Dim count; ///< of the elements that are wanted
  Operand x;
  std::optional<Operand> values, indices; ///< what of it the group returns
  OrderedKeys order;
  EntryFormat format;
  VectorCode code;    ///< lanes of keys
  VectorCode entries; ///< lanes of i64
  int64_t registers;  ///< of a sorted block
  Dim scratchBytes;
  std::optional<Candidates> candidates;
  std::optional<EntrySort> sorted; ///< what is greatest so far, and behind it what is new
  Value sortedKeys, sortedInverses;
  Value firstOfX, firstOfNext, wanted, length, room, xStride; ///< the next row's first element, or this one's again

  LoopCode loopCode() const { return {b, code.loc}; }
  std::optional<int64_t> knownRoom() const;
  bool allFit() const;
  bool samples() const;
  Dim roomBound() const;
  Value roomOf();
  void makeScratch();

  bool takesRowsInLanes() const;
  void rowsInLanes(const DimWalk &rows, Value index);
  void row(const DimWalk &rows, Value index);
  Value turn(Value from);
  Value begin();
  Value sampleThreshold();
  void takeAll(ArrayRef<Value> firsts);
  void takeFirst();
  void fetch(Value memory, Value first, Value at, bool toWrite) const;
  void fetchNext(Value at) const;
  Value takeAbove(Value from, Value threshold, bool orEqual);
  void sort(Value first);
  Value threshold();
  void giveResults(ArrayRef<Value> firsts);
  bool areDense() const;
  bool givesVectors() const;
  void giveVectors(ArrayRef<Value> firsts);
  Value indexAt(Value rank);

  Value load(Value at, Value mask = {}) {
    return order.load(x.memory, code.add(firstOfX, code.times(at, xStride)), xStride, mask);
  }
  Value compare(arith::CmpIPredicate predicate, Value lhs, Value rhs) {
    return arith::CmpIOp::create(b, code.loc, predicate, lhs, rhs);
  }
  Value subtract(Value lhs, Value rhs) { return b.createOrFold<arith::SubIOp>(code.loc, lhs, rhs); }
  Value least(Value lhs, Value rhs) { return b.createOrFold<arith::MinUIOp>(code.loc, lhs, rhs); }
  Value remainder(Value lhs, Value rhs) { return b.createOrFold<arith::RemUIOp>(code.loc, lhs, rhs); }
};

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
  int64_t registersOfEntry = format.isPacked() ? 1 : 2, vectorRegisters = level.vectorBytes == 64 ? 32 : 16;
  int64_t most = mostRegisters * vectorRegisters / 32 / registersOfEntry;
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
  bool inLanes = takesRowsInLanes();
  loopCode().loop(frame.begin, frame.end, code.index(inLanes ? level.lanes(b.getI64Type()) : 1),
                  [&](Value index) { inLanes ? rowsInLanes(rows, index) : row(rows, index); });
  int64_t elements = extents[dim].constantValue().value_or(usualExtent);
  return {frame.function, rows.count(), std::max<int64_t>(1, grainElements / elements), scratchBytes};
}

//===- Sizes ------------------------------------------------------------------------------------------------------===//

std::optional<int64_t> Greatest::knownRoom() const {
  std::optional<int64_t> known = count.constantValue();
  if (!known)
    return std::nullopt;
  return std::max<int64_t>(registers * entries.lanes, int64_t(llvm::PowerOf2Ceil(uint64_t(*known))));
}

/// Whether no row is longer than what is sorted at once.
bool Greatest::allFit() const {
  std::optional<int64_t> most = knownRoom(), elements = extents[dim].constantValue();
  return count == extents[dim] || (most && elements && *elements <= *most);
}

/// Whether a bound from a sample pays: the more elements pass, the more are sorted either way.
bool Greatest::samples() const {
  std::optional<int64_t> most = knownRoom();
  return most == registers * entries.lanes && *count.constantValue() * 2 <= *most;
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
  sorted.emplace(entries, registers, format.areDoubles(), /*hasLongMin=*/level.vectorBytes == 64, sortedKeys,
                 sortedInverses);
  Value keys = take(order.type, withVector);
  candidates.emplace(order, format, level, keys, take(order.type, withVector));
}

//===- Short rows side by side ------------------------------------------------------------------------------------===//

/// With the registers of AVX-512 only.
bool Greatest::takesRowsInLanes() const {
  return level.vectorBytes == 64 && areDense() && x.strides[dim].isConstant(1) &&
         extents[dim].constantValue().value_or(INT64_MAX) <= longestInLanes && count.constantValue();
}

/// A row a lane, which needs no moves to sort, from `index` on; where fewer are left, the last one again.
void Greatest::rowsInLanes(const DimWalk &rows, Value index) {
  VectorCode wide{b, code.loc, level.lanes(b.getI64Type())};
  OrderedKeys keys = order;
  keys.code.lanes = wide.lanes;
  EntryFormat wideFormat(keys, extents[dim].constantValue());
  SmallVector<SmallVector<Value>> firsts;
  for (int64_t lane = 0; lane < wide.lanes; ++lane) {
    Value there = least(code.add(index, code.index(lane)), subtract(frame.end, code.index(1)));
    firsts.push_back(rows.firstElements(code, frame, there));
  }
  auto maskOf = [&](int64_t lanes) { return lanes < wide.lanes ? wide.firstLanes(code.index(lanes)) : Value(); };

  EntrySort::Block block;
  int64_t elements = *extents[dim].constantValue(), results = *count.constantValue();
  for (int64_t at = 0; at < elements; at = int64_t(block.size())) {
    int64_t from = std::min(at, std::max<int64_t>(0, elements - wide.lanes)); // some may be met again
    auto columns = wide.transpose(llvm::map_to_vector(firsts, [&](ArrayRef<Value> first) {
      return keys.load(x.memory, code.add(first[0], code.index(from)), code.index(1), maskOf(elements));
    }));
    for (; at < std::min(elements, from + wide.lanes); ++at) {
      Value column = columns[size_t(at - from)];
      block.push_back(wideFormat.pack(keys.of(column), wideFormat.tagsOfColumn(column, at)));
    }
  }
  EntrySort(wide, elements, wideFormat.areDoubles(), /*hasLongMin=*/true, {}, {}).sortColumns(block);

  auto give = [&](const Operand &result, size_t access, int64_t rank, function_ref<Value(Value)> part) {
    SmallVector<Value> ranks;
    for (int64_t i = 0; i < wide.lanes; ++i) // what is not wanted is not stored
      ranks.push_back(wide.toStorage(part(block[size_t(std::min(rank + i, results - 1))].key)));
    for (auto [vector, first] : llvm::zip(wide.transpose(ranks), firsts))
      wide.store(vector, result.memory, code.add(first[access], code.index(rank)), maskOf(results - rank));
  };
  for (int64_t rank = 0; rank < results; rank += wide.lanes) {
    if (values)
      give(*values, 1, rank, [&](Value entry) { return keys.elementOf(wideFormat.number(entry)); });
    if (indices)
      give(*indices, firsts[0].size() - 1, rank, [&](Value entry) { return wideFormat.index(entry); });
  }
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
  memref::PrefetchOp::create(b, code.loc, memory, ValueRange{code.add(first, at)}, toWrite, /*localityHint=*/3,
                             /*isDataCache=*/true);
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
  Value lanes = code.index(code.lanes), most = subtract(room, lanes), last = subtract(length, lanes);
  Value bound = code.splat(order.number(threshold));
  auto goesOn = [&](OpBuilder &, Location, ValueRange next) {
    Value isThere = compare(arith::CmpIPredicate::ult, next[0], length);
    Value hasRoom = compare(arith::CmpIPredicate::ule, next[1], most);
    scf::ConditionOp::create(b, code.loc, arith::AndIOp::create(b, code.loc, isThere, hasRoom), next);
  };
  auto turn = [&](OpBuilder &, Location, ValueRange next) {
    Value at = next[0];
    std::optional<int64_t> known = extents[dim].constantValue();
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
    scf::YieldOp::create(b, code.loc,
                         ValueRange{code.add(next[0], lanes), candidates->append(vector, at, isTaken, next[1])});
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

void Greatest::giveResults(ArrayRef<Value> firsts) {
  if (givesVectors())
    return giveVectors(firsts);
  auto give = [&](Value rank) {
    Value index = indexAt(rank);
    auto store = [&](const Operand &result, Value first, Value value) {
      Value at = code.add(first, code.times(rank, frame.size(result.strides[dim])));
      memref::StoreOp::create(b, code.loc, value, result.memory, ValueRange{at});
    };
    if (values) {
      Value at = arith::IndexCastOp::create(b, code.loc, b.getIndexType(), index);
      at = code.add(firstOfX, code.times(at, xStride));
      store(*values, firsts.front(), memref::LoadOp::create(b, code.loc, x.memory, ValueRange{at}));
    }
    if (indices)
      store(*indices, firsts.back(), index);
  };
  std::optional<int64_t> known = count.constantValue();
  if (!known || *known > unrolledResults)
    return loopCode().loop(code.index(0), wanted, code.index(1), give);
  for (int64_t rank = 0; rank < *known; ++rank)
    give(code.index(rank));
}

/// Whether all of a result is in its entry, and results stand side by side.
bool Greatest::areDense() const {
  auto isDense = [&](const std::optional<Operand> &result) { return !result || result->strides[dim].isConstant(1); };
  return format.isPacked() && isDense(values) && isDense(indices);
}

bool Greatest::givesVectors() const {
  return areDense() && count.constantValue().value_or(INT64_MAX) > unrolledResults;
}

void Greatest::giveVectors(ArrayRef<Value> firsts) {
  std::optional<int64_t> known = count.constantValue(), most = knownRoom();
  int64_t column = most ? *most / entries.lanes : 0, lane = 0;
  sorted->forEachSorted(room, [&](Value entry, Value rank) {
    int64_t first = column * (lane++ % entries.lanes); // of the lane's ranks
    if (known && first >= *known)
      return;
    bool isWhole = known && first + column <= *known;
    Value mask = isWhole ? Value() : entries.firstLanes(subtract(wanted, rank));
    if (values)
      entries.store(order.elementOf(format.number(entry)), values->memory, code.add(firsts.front(), rank), mask);
    if (indices)
      entries.store(format.index(entry), indices->memory, code.add(firsts.back(), rank), mask);
  });
}

/// i32.
Value Greatest::indexAt(Value rank) {
  Value place = sorted->place(room, rank);
  Value held = memref::LoadOp::create(b, code.loc, format.isPacked() ? sortedKeys : sortedInverses, ValueRange{place});
  if (format.isPacked())
    return format.index(held);
  held = arith::TruncIOp::create(b, code.loc, b.getI32Type(), held);
  return arith::XOrIOp::create(b, code.loc, held, constantOf(code, held.getType(), b.getI32IntegerAttr(-1)));
}

} // namespace

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
