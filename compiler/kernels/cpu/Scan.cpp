// Scan.cpp - the builder of sums of the first elements: groups of 16 along the dim, each in registers.
//
// Where the dim is the last one a group is one vector of 16 lanes, which is shifted against itself by 1, 2, 4 and 8
// lanes. Elsewhere neighbouring columns stand in the lanes, some vectors side by side, and a group is 16 vectors of
// each: the same sums in the same order (dialect/NUMERICS.md), one after the other instead of side by side. -0 is what
// adds nothing to a float, -0 included.
//
// Sums that outgrow the caches are stored past them, in whole lines: where a vector is half of one, the groups of two
// neighbours wait for each other. A unit has both walks, since within the caches these would only leave the registers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/DimWalk.h"
#include "compiler/kernels/cpu/RowKernels.h"
#include "compiler/kernels/cpu/UsualSizes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace batten {
namespace {

constexpr int64_t groupElements = 16;
/// Of the neighbouring columns in a unit: a line or two at a place are not worth their page.
constexpr int64_t unitBytes = 256;
/// Longer rows prefetch their own next group, shorter ones the next row.
constexpr int64_t longestRow = 16384;

class Scan {
public:
  Scan(ScanOp op, func::FuncOp function, Operand x, KernelFrame &frame, const Level &level);
  Kernel build();

private:
  using Values = SmallVector<Value>;

  const Level &level;
  ScanOp op;
  KernelFrame &frame;
  OpBuilder &b;
  VectorCode code;
  SmallVector<Dim> extents;
  size_t dim, lanesFrom; ///< dims from lanesFrom on stand in the lanes; the rank where the dim itself does
  Operand x, result;
  Type accumulator;

  int64_t vectors = 1, lineVectors = 1; ///< of a unit, of a line of the result
  Value streaming;                      ///< i1: sums bypass the caches; null: never
  bool past = false;                    ///< they do in the walk that is being built
  Dim prefetchDistance;

  // Of the unit that is being built, by vector.
  Values firstOfX, firstOfResult, columns; ///< columns: mask of those that exist; null: all

  bool isAlongLanes() const { return lanesFrom == extents.size(); }
  Dim innerCount() const { return countOf(ArrayRef<Dim>(extents).drop_front(lanesFrom)); }
  Dim unitsPerRow() const;
  void unit(const DimWalk &rows, Value index);
  void walkEither();
  void walk();
  Value groupInLanes(Value first, Value mask, Value carry);
  Value exists(size_t vector, Value at, Value end);
  Values groupOfVectors(size_t vector, Value first, int64_t count, Value end, Value carry);
  Values groupsOfVectors(Value first, int64_t count, Value end, ValueRange carries);
  Value neutral();
  Value add(Value lhs, Value rhs);
  Value load(Value at, Value mask);
  Value isStreaming();
  void store(ArrayRef<Value> sums, ArrayRef<Value> places, ArrayRef<Value> masks);
};

Scan::Scan(ScanOp op, func::FuncOp function, Operand x, KernelFrame &frame, const Level &level)
    : level(level), op(op), frame(frame), b(frame.builder), code{b, op.getLoc(), groupElements}, dim(op.getDim()),
      x(std::move(x)) {
  Shapes shapes(function);
  extents = SmallVector<Dim>(shapes.of(op.getResult()));
  result = resultOperand(function, 0, shapes, frame);
  accumulator = accumulatorType(result.element);
  lanesFrom = extents.size();
  if (dim + 1 == extents.size())
    return;
  while (lanesFrom > dim + 1 && flatStride(this->x, extents, lanesFrom - 1, extents.size()))
    --lanesFrom;
  code.lanes = level.vectorBytes * 8 / int64_t(accumulator.getIntOrFloatBitWidth());
  if (std::optional<int64_t> known = innerCount().constantValue()) { // units of one size, so that none is mostly empty
    vectors = evenly(std::max<int64_t>(1, llvm::divideCeil(*known, code.lanes)), unitBytes / level.vectorBytes);
    lineVectors = std::min(vectors, lineBytes / (code.lanes * elementBytes(result.element)));
  }
  Dim rowBytes = countOf(ArrayRef<Dim>(extents).drop_front(dim)) * Dim::constant(elementBytes(this->x.element));
  bool isLong = rowBytes.constantValue().value_or(longestRow + 1) > longestRow;
  prefetchDistance = this->x.strides[dim] * (isLong ? Dim::constant(groupElements) : extents[dim]);
}

Dim Scan::unitsPerRow() const {
  return isAlongLanes() ? Dim::constant(1) : ceilDiv(innerCount(), vectors * code.lanes);
}

Kernel Scan::build() {
  DimWalk rows(extents, dim, lanesFrom);
  rows.add(x);
  rows.add(result);
  streaming = isStreaming();
  auto loop = scf::ForOp::create(b, code.loc, frame.begin, frame.end, code.index(1));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    unit(rows, loop.getInductionVar());
  }
  orderStores(code, streaming);
  return {frame.function, rows.count() * unitsPerRow(), workOfElements(countOf(extents)), Dim()};
}

void Scan::unit(const DimWalk &rows, Value index) {
  columns.assign(vectors, {});
  if (isAlongLanes()) {
    Values firsts = rows.firstElements(code, frame, index);
    firstOfX = {firsts[0]};
    firstOfResult = {firsts[1]};
    return walkEither();
  }
  Value perRow = frame.size(unitsPerRow());
  Value first = code.times(arith::RemUIOp::create(b, code.loc, index, perRow), code.index(vectors * code.lanes));
  Values firsts = rows.firstElements(code, frame, arith::DivUIOp::create(b, code.loc, index, perRow));
  std::optional<int64_t> known = innerCount().constantValue();
  Value apart = frame.size(*flatStride(x, extents, lanesFrom, extents.size()));
  firstOfX.clear();
  firstOfResult.clear();
  for (int64_t vector = 0; vector < vectors; ++vector) {
    Value at = code.add(first, code.index(vector * code.lanes));
    if (!known || *known % (vectors * code.lanes) != 0)
      columns[vector] = code.firstLanes(arith::SubIOp::create(b, code.loc, frame.size(innerCount()), at));
    firstOfX.push_back(code.add(firsts[0], code.times(at, apart)));
    firstOfResult.push_back(code.add(firsts[1], at)); // dense: its lanes lie side by side
  }
  walkEither();
}

void Scan::walkEither() {
  if (!streaming)
    return walk();
  auto branch = scf::IfOp::create(b, code.loc, streaming, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  for (bool goesPast : {true, false}) {
    b.setInsertionPointToStart(goesPast ? branch.thenBlock() : branch.elseBlock());
    past = goesPast;
    walk();
  }
}

/// Whole groups, then what is left.
void Scan::walk() {
  Value count = frame.size(extents[dim]), size = code.index(groupElements);
  Value left = arith::RemUIOp::create(b, code.loc, count, size);
  Value full = arith::SubIOp::create(b, code.loc, count, left);
  auto loop = scf::ForOp::create(b, code.loc, code.index(0), full, size, Values(vectors, neutral()));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value first = loop.getInductionVar();
    ValueRange carries = loop.getRegionIterArgs();
    scf::YieldOp::create(b, code.loc,
                         isAlongLanes() ? Values{groupInLanes(first, {}, carries[0])}
                                        : groupsOfVectors(first, groupElements, {}, carries));
  }
  std::optional<int64_t> known = extents[dim].constantValue();
  if (known && *known % groupElements == 0)
    return;
  if (isAlongLanes())
    groupInLanes(full, code.firstLanes(left), loop.getResult(0));
  else if (known)
    groupsOfVectors(full, *known % groupElements, {}, loop.getResults());
  else
    groupsOfVectors(full, groupElements - 1, count, loop.getResults());
}

/// The group from element `first` on; returns the sum up to its end in every lane.
Value Scan::groupInLanes(Value first, Value mask, Value carry) {
  Value sums = load(code.add(firstOfX[0], code.times(first, frame.size(x.strides[dim]))), mask), none = neutral();
  for (int64_t distance = 1; distance < groupElements; distance *= 2) {
    SmallVector<int64_t> before;
    for (int64_t lane = 0; lane < groupElements; ++lane)
      before.push_back(lane < distance ? groupElements + lane : lane - distance);
    sums = add(sums, vector::ShuffleOp::create(b, code.loc, sums, none, before));
  }
  store({add(carry, sums)}, {code.add(firstOfResult[0], first)}, {mask});
  SmallVector<int64_t> last(groupElements, groupElements - 1);
  return add(carry, vector::ShuffleOp::create(b, code.loc, sums, sums, last));
}

Scan::Values Scan::groupsOfVectors(Value first, int64_t count, Value end, ValueRange carries) {
  Value strideOfResult = frame.size(result.strides[dim]);
  Values next;
  int64_t together = past ? lineVectors : 1;
  for (int64_t line = 0; line < vectors; line += together) {
    SmallVector<Values> groups;
    for (int64_t vector = line; vector < std::min(vectors, line + together); ++vector)
      next.push_back(groups.emplace_back(groupOfVectors(vector, first, count, end, carries[vector])).back());
    Values sums, places, masks;
    for (int64_t i = 0; i < count; ++i)
      for (auto [number, group] : llvm::enumerate(groups)) {
        Value firstPlace = code.add(firstOfResult[line + number], code.times(first, strideOfResult));
        sums.push_back(group[i]);
        places.push_back(code.add(firstPlace, code.times(code.index(i), strideOfResult)));
        masks.push_back(exists(line + number, code.add(first, code.index(i)), end));
      }
    store(sums, places, masks);
  }
  return next;
}

/// Mask of the columns that have an element `at`, before `end` (null: it is); null: all.
Value Scan::exists(size_t vector, Value at, Value end) {
  if (!end)
    return columns[vector];
  Value mask = code.splat(arith::CmpIOp::create(b, code.loc, arith::CmpIPredicate::ult, at, end));
  return columns[vector] ? arith::AndIOp::create(b, code.loc, mask, columns[vector]).getResult() : mask;
}

/// The sums of `count` elements from `first` on, of every column; those from `end` on (null: none) do not exist.
Scan::Values Scan::groupOfVectors(size_t vector, Value first, int64_t count, Value end, Value carry) {
  Value strideOfX = frame.size(x.strides[dim]);
  Values sums;
  Value firstPlace = code.add(firstOfX[vector], code.times(first, strideOfX));
  for (int64_t i = 0; i < count; ++i) {
    Value place = code.add(firstPlace, code.times(code.index(i), strideOfX));
    sums.push_back(load(place, exists(vector, code.add(first, code.index(i)), end)));
  }
  for (int64_t distance = 1; distance < groupElements; distance *= 2)
    for (int64_t i = count; i-- > distance;)
      sums[i] = add(sums[i], sums[i - distance]);
  for (Value &sum : sums)
    sum = add(carry, sum);
  return sums;
}

Value Scan::neutral() {
  TypedAttr zero = b.getZeroAttr(accumulator);
  if (isa<FloatType>(accumulator))
    zero = b.getFloatAttr(accumulator, -0.0);
  return code.splat(arith::ConstantOp::create(b, code.loc, zero));
}

Value Scan::add(Value lhs, Value rhs) {
  return isa<FloatType>(accumulator) ? arith::AddFOp::create(b, code.loc, lhs, rhs).getResult()
                                     : arith::AddIOp::create(b, code.loc, lhs, rhs).getResult();
}

/// In the accumulator's type.
Value Scan::load(Value at, Value mask) {
  Value stride =
      isAlongLanes() ? frame.size(x.strides[dim]) : frame.size(*flatStride(x, extents, lanesFrom, extents.size()));
  if (!isAlongLanes()) { // elements of a column lie apart, which no hardware follows well
    Value later = code.add(at, frame.size(prefetchDistance));
    code.prefetch(x.memory, later, Cache::L2);
  }
  Value vector = code.load(x.memory, at, stride, x.element, mask);
  if (x.element == accumulator)
    return vector;
  Type wide = code.type(accumulator);
  if (isa<FloatType>(accumulator))
    return arith::ExtFOp::create(b, code.loc, wide, vector);
  return op.getIsUnsigned() ? arith::ExtUIOp::create(b, code.loc, wide, vector).getResult()
                            : arith::ExtSIOp::create(b, code.loc, wide, vector).getResult();
}

Value Scan::isStreaming() {
  if (!code.canStorePastCaches(result.element) || vectors % lineVectors != 0)
    return {};
  int64_t resultBytes = elementBytes(result.element);
  SmallVector<Dim> distances(ArrayRef<Dim>(result.strides).take_front(lanesFrom));
  if (isAlongLanes())
    distances.pop_back();
  distances.push_back(Dim::constant(lineVectors * code.lanes));
  distances.push_back(result.offset);
  for (Dim &distance : distances)
    distance = distance * Dim::constant(resultBytes);
  Dim bytes = countOf(extents) * Dim::constant(resultBytes + elementBytes(x.element));
  return batten::isStreaming(code, frame, level, bytes, {{result.memory, distances}});
}

/// All are rounded first, since roundings to bf16 that stand together are asked together for subnormals.
void Scan::store(ArrayRef<Value> sums, ArrayRef<Value> places, ArrayRef<Value> masks) {
  Type narrow = code.type(result.element);
  auto elements = llvm::map_to_vector(sums, [&](Value sum) -> Value {
    return result.element == accumulator ? sum : arith::TruncFOp::create(b, code.loc, narrow, sum);
  });
  for (auto [element, at, mask] : llvm::zip_equal(elements, places, masks)) {
    if (past && !mask)
      code.storePastCaches(element, result.memory, at);
    else
      code.store(element, result.memory, at, mask);
  }
}

} // namespace

FailureOr<Kernel> buildScan(func::FuncOp function, StringRef name, const Level &level) {
  auto op = *function.getOps<ScanOp>().begin();
  Shapes shapes(function);
  KernelFrame frame(function, name, level);
  AffineMap identity = AffineMap::getMultiDimIdentityMap(shapes.of(op.getX()).size(), op.getContext());
  std::optional<Operand> x = resolveOperand(op.getX(), identity, shapes, frame);
  if (x && x->memory)
    return Scan(op, function, *x, frame, level).build();
  frame.function.erase();
  return op.emitError("the operand of this scan is no view of memory");
}

} // namespace batten
