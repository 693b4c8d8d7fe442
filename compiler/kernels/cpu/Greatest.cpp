// Greatest.cpp - the builder of the k greatest elements of a row, sorted, with their indices.
//
//   for each row in [begin, end)
//     a heap of k entries that all stand below every element; its root is the one to beat
//     the first k elements replace these
//     for each vector of the others: where a lane is above the root, these elements one by one
//     k times: the root is the next result from behind, and an entry above all takes its place
//
// Elements are compared as integers in the order of the op: NaN above all, -0 equal to 0. Of equal ones that with the
// lower index is above, so no two entries are equal, and an element that comes later must be above the root's key to
// enter: most vectors of a long row cost one comparison. The values are read again by their indices.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/DimWalk.h"
#include "compiler/kernels/cpu/RowKernels.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <limits>

using namespace mlir;

namespace batten {
namespace {

/// What a grain takes a row of unknown length for.
constexpr int64_t usualExtent = 512;

/// An element by its key and its index, i32.
struct Entry {
  Value key, index;
};

class Greatest {
public:
  Greatest(GreatestOp op, func::FuncOp function, Operand x, KernelFrame &frame, const Level &level);
  Kernel build();

private:
  GreatestOp op;
  KernelFrame &frame;
  OpBuilder &b;
  VectorCode code;
  SmallVector<Dim> extents;
  size_t dim;
  Dim count; ///< of the elements that are wanted
  Operand x;
  std::optional<Operand> values, indices; ///< what of it the group returns
  Type keyType;
  Value keys, entries; ///< the heap: keys and indices of `count` entries, then one above all
  Dim scratchBytes;
  Value firstOfX, wanted, length, xStride;

  void row(const DimWalk &rows, Value index);
  void fillHeap();
  void visit(Value from, Value to);
  void visitVectors(Value from, Value to);
  void takeFromBehind(ArrayRef<Value> firsts);
  void replaceRoot(Entry entry);
  Value keyOf(Value element);
  Value elementAt(Value at) {
    return code.loadScalar(x.memory, code.add(firstOfX, code.times(at, xStride)), x.element);
  }
  Value isBelow(Entry a, Entry b);
  Entry entryAt(Value place);
  void setEntry(Value place, Entry entry);
  Entry extreme(bool greatest);
  void loop(Value from, Value to, int64_t step, function_ref<void(Value)> body);
  void when(Value condition, function_ref<void()> body);
  Value constant(Value like, TypedAttr value);
};

Type keyTypeOf(Type element) {
  unsigned bits = element.getIntOrFloatBitWidth() == 64 ? 64 : 32;
  return IntegerType::get(element.getContext(), bits);
}

Greatest::Greatest(GreatestOp op, func::FuncOp function, Operand operand, KernelFrame &frame, const Level &level)
    : op(op), frame(frame), b(frame.builder),
      code{b, op.getLoc(), level.vectorBytes * 8 / int64_t(keyTypeOf(operand.element).getIntOrFloatBitWidth())},
      dim(op.getDim()), x(std::move(operand)), keyType(keyTypeOf(x.element)) {
  Shapes shapes(function);
  extents = SmallVector<Dim>(shapes.of(op.getX()));
  count = shapes.of(op.getValues())[dim];
  for (auto [i, value] : llvm::enumerate(function.getBody().front().getTerminator()->getOperands()))
    (value == op.getValues() ? values : indices) = resultOperand(function, i, shapes, frame);
}

Kernel Greatest::build() {
  Type i32 = b.getI32Type();
  keys = frame.scratchView(scratchBytes, keyType);
  scratchBytes = scratchBytes + (count + Dim::constant(1)) * Dim::constant(elementBytes(keyType));
  entries = frame.scratchView(scratchBytes, i32);
  scratchBytes = scratchBytes + (count + Dim::constant(1)) * Dim::constant(elementBytes(i32));
  DimWalk rows(extents, dim, extents.size());
  rows.add(x);
  for (const std::optional<Operand> &result : {values, indices})
    if (result)
      rows.add(*result);
  wanted = frame.size(count);
  length = frame.size(extents[dim]);
  xStride = frame.size(x.strides[dim]);
  loop(frame.begin, frame.end, 1, [&](Value index) { row(rows, index); });
  int64_t elements = extents[dim].constantValue().value_or(usualExtent);
  return {frame.function, rows.count(), std::max<int64_t>(1, grainElements / elements), scratchBytes};
}

void Greatest::row(const DimWalk &rows, Value index) {
  SmallVector<Value> firsts = rows.firstElements(code, frame, index);
  firstOfX = firsts[0];
  fillHeap();
  visit(code.index(0), wanted);
  Value left = arith::SubIOp::create(b, code.loc, length, wanted), lanes = code.index(code.lanes);
  Value end = arith::SubIOp::create(b, code.loc, length, arith::RemUIOp::create(b, code.loc, left, lanes));
  visitVectors(wanted, end);
  visit(end, length);
  takeFromBehind(ArrayRef<Value>(firsts).drop_front());
}

void Greatest::fillHeap() {
  loop(code.index(0), wanted, 1, [&](Value place) { setEntry(place, extreme(/*greatest=*/false)); });
  setEntry(wanted, extreme(/*greatest=*/true));
}

/// Elements that are above the root replace it.
void Greatest::visit(Value from, Value to) {
  loop(from, to, 1, [&](Value at) {
    Entry entry{keyOf(elementAt(at)), arith::IndexCastOp::create(b, code.loc, b.getI32Type(), at)};
    when(isBelow(entryAt(code.index(0)), entry), [&] { replaceRoot(entry); });
  });
}

void Greatest::visitVectors(Value from, Value to) {
  loop(from, to, code.lanes, [&](Value first) {
    Value at = code.add(firstOfX, code.times(first, xStride));
    Value vector = keyOf(code.load(x.memory, at, xStride, x.element, {}));
    Value root = code.splat(entryAt(code.index(0)).key);
    Value above = arith::CmpIOp::create(b, code.loc, arith::CmpIPredicate::sgt, vector, root);
    Value any = vector::ReductionOp::create(b, code.loc, vector::CombiningKind::OR, above);
    when(any, [&] { visit(first, code.add(first, code.index(code.lanes))); });
  });
}

/// The root is the least entry, so results come last to first.
void Greatest::takeFromBehind(ArrayRef<Value> firsts) {
  loop(code.index(0), wanted, 1, [&](Value turn) {
    Value root = entryAt(code.index(0)).index, one = code.index(1);
    Value place = arith::SubIOp::create(b, code.loc, arith::SubIOp::create(b, code.loc, wanted, turn), one);
    auto store = [&](const Operand &result, Value first, Value value) {
      Value at = code.add(first, code.times(place, frame.size(result.strides[dim])));
      memref::StoreOp::create(b, code.loc, value, result.memory, ValueRange{at});
    };
    if (values) {
      Value at = arith::IndexCastOp::create(b, code.loc, b.getIndexType(), root);
      at = code.add(firstOfX, code.times(at, xStride));
      store(*values, firsts.front(), memref::LoadOp::create(b, code.loc, x.memory, ValueRange{at}));
    }
    if (indices)
      store(*indices, firsts.back(), root);
    replaceRoot(extreme(/*greatest=*/true));
  });
}

//===- The heap ---------------------------------------------------------------------------------------------------===//

/// Puts `entry` in place of the root, the least one: whatever of its children is below it moves up.
void Greatest::replaceRoot(Entry entry) {
  Type index = b.getIndexType(), i32 = b.getI32Type();
  auto child = [&](Value place, int64_t which) -> Value { // beyond the heap: the entry above all
    Value at = code.add(code.times(place, code.index(2)), code.index(which));
    return arith::MinUIOp::create(b, code.loc, at, wanted);
  };
  auto before = [&](OpBuilder &, Location, ValueRange arguments) {
    Value left = child(arguments[0], 1), right = child(arguments[0], 2);
    Entry leftEntry = entryAt(left), rightEntry = entryAt(right);
    Value isRight = isBelow(rightEntry, leftEntry);
    auto pick = [&](Value r, Value l) { return arith::SelectOp::create(b, code.loc, isRight, r, l).getResult(); };
    Entry least{pick(rightEntry.key, leftEntry.key), pick(rightEntry.index, leftEntry.index)};
    scf::ConditionOp::create(b, code.loc, isBelow(least, entry),
                             ValueRange{arguments[0], pick(right, left), least.key, least.index});
  };
  auto after = [&](OpBuilder &, Location, ValueRange arguments) {
    setEntry(arguments[0], {arguments[2], arguments[3]});
    scf::YieldOp::create(b, code.loc, arguments[1]);
  };
  auto sift = scf::WhileOp::create(b, code.loc, TypeRange{index, index, keyType, i32}, ValueRange{code.index(0)},
                                   before, after);
  setEntry(sift.getResult(0), entry);
}

/// Of equal keys that with the higher index is below.
Value Greatest::isBelow(Entry lhs, Entry rhs) {
  auto compare = [&](arith::CmpIPredicate predicate, Value l, Value r) {
    return arith::CmpIOp::create(b, code.loc, predicate, l, r).getResult();
  };
  Value less = compare(arith::CmpIPredicate::slt, lhs.key, rhs.key);
  Value equal = compare(arith::CmpIPredicate::eq, lhs.key, rhs.key);
  Value later = compare(arith::CmpIPredicate::sgt, lhs.index, rhs.index);
  return arith::OrIOp::create(b, code.loc, less, arith::AndIOp::create(b, code.loc, equal, later));
}

Entry Greatest::entryAt(Value place) {
  return {memref::LoadOp::create(b, code.loc, keys, ValueRange{place}),
          memref::LoadOp::create(b, code.loc, entries, ValueRange{place})};
}

void Greatest::setEntry(Value place, Entry entry) {
  memref::StoreOp::create(b, code.loc, entry.key, keys, ValueRange{place});
  memref::StoreOp::create(b, code.loc, entry.index, entries, ValueRange{place});
}

/// Below or above every element.
Entry Greatest::extreme(bool greatest) {
  unsigned bits = keyType.getIntOrFloatBitWidth();
  APInt key = greatest ? APInt::getSignedMaxValue(bits) : APInt::getSignedMinValue(bits);
  int32_t index = greatest ? -1 : std::numeric_limits<int32_t>::max();
  return {arith::ConstantOp::create(b, code.loc, IntegerAttr::get(keyType, key)),
          arith::ConstantOp::create(b, code.loc, b.getI32IntegerAttr(index))};
}

//===- Keys -------------------------------------------------------------------------------------------------------===//

/// `value` in the type of `like`, a scalar or a vector.
Value Greatest::constant(Value like, TypedAttr value) {
  if (auto vector = dyn_cast<VectorType>(like.getType()))
    value = DenseElementsAttr::get(vector, ArrayRef<Attribute>(value));
  return arith::ConstantOp::create(b, code.loc, value);
}

/// An element or a vector of them as a signed integer in the order of the op.
Value Greatest::keyOf(Value element) {
  auto shaped = [&](Type type) {
    auto vector = dyn_cast<VectorType>(element.getType());
    return vector ? Type(vector.clone(type)) : type;
  };
  unsigned bits = keyType.getIntOrFloatBitWidth();
  if (!isa<FloatType>(x.element)) {
    if (x.element == keyType)
      return element;
    return op.getIsUnsigned() ? arith::ExtUIOp::create(b, code.loc, shaped(keyType), element).getResult()
                              : arith::ExtSIOp::create(b, code.loc, shaped(keyType), element).getResult();
  }
  Type real = bits == 64 ? Type(b.getF64Type()) : Type(b.getF32Type());
  if (x.element != real)
    element = arith::ExtFOp::create(b, code.loc, shaped(real), element);
  Value zero = constant(element, b.getFloatAttr(real, 0.0));
  Value isZero = arith::CmpFOp::create(b, code.loc, arith::CmpFPredicate::OEQ, element, zero);
  Value isNan = arith::CmpFOp::create(b, code.loc, arith::CmpFPredicate::UNO, element, element);
  element = arith::SelectOp::create(b, code.loc, isZero, zero, element);
  Value key = arith::BitcastOp::create(b, code.loc, shaped(keyType), element);
  Value most = constant(key, IntegerAttr::get(keyType, APInt::getSignedMaxValue(bits)));
  // Below zero the bits of a float descend: flip all but the sign.
  Value negative = arith::ShRSIOp::create(b, code.loc, key, constant(key, b.getIntegerAttr(keyType, bits - 1)));
  key = arith::XOrIOp::create(b, code.loc, key, arith::AndIOp::create(b, code.loc, negative, most));
  return arith::SelectOp::create(b, code.loc, isNan, most, key);
}

//===- Control flow -----------------------------------------------------------------------------------------------===//

void Greatest::loop(Value from, Value to, int64_t step, function_ref<void(Value)> body) {
  auto forOp = scf::ForOp::create(b, code.loc, from, to, code.index(step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forOp.getBody());
  body(forOp.getInductionVar());
}

void Greatest::when(Value condition, function_ref<void()> body) {
  auto branch = scf::IfOp::create(b, code.loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  body();
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
