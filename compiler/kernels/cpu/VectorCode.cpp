// VectorCode.cpp - see VectorCode.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/VectorCode.h"
#include "compiler/kernels/Kernels.h"
#include "dialect/Batten.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace batten {

std::optional<int64_t> constantIndex(Value value) { return getConstantIntValue(value); }

Value VectorCode::index(int64_t value) const { return arith::ConstantIndexOp::create(builder, loc, value); }

Value VectorCode::add(Value lhs, Value rhs) const {
  if (constantIndex(lhs) == 0)
    return rhs;
  if (constantIndex(rhs) == 0)
    return lhs;
  return arith::AddIOp::create(builder, loc, lhs, rhs);
}

Value VectorCode::times(Value lhs, Value rhs) const {
  std::optional<int64_t> l = constantIndex(lhs), r = constantIndex(rhs);
  if (l == 0 || r == 1)
    return lhs;
  if (r == 0 || l == 1)
    return rhs;
  return arith::MulIOp::create(builder, loc, lhs, rhs);
}

Value VectorCode::splat(Value scalar) const {
  if (isa<VectorType>(scalar.getType()))
    return scalar;
  return vector::BroadcastOp::create(builder, loc, type(scalar.getType()), scalar);
}

Value VectorCode::laneNumbers(Type element) const {
  auto numbers = llvm::map_to_vector(llvm::seq<int64_t>(0, lanes),
                                     [&](int64_t lane) -> Attribute { return builder.getIntegerAttr(element, lane); });
  return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type(element), numbers));
}

/// A comparison with the lane numbers, which is what a mask register is loaded from anyway. In 32 bits: sixteen lanes
/// fit one register.
Value VectorCode::firstLanes(Value count) const {
  Value none = index(0), all = index(lanes);
  Value clamped = arith::MinSIOp::create(builder, loc, arith::MaxSIOp::create(builder, loc, count, none), all);
  Value narrow = arith::IndexCastOp::create(builder, loc, builder.getI32Type(), clamped);
  Value lane = laneNumbers(builder.getI32Type());
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, lane, splat(narrow));
}

Value VectorCode::fromStorage(Value loaded, Type element) const {
  if (storageType(element) == element)
    return loaded;
  if (isBool(element)) {
    Value zero = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(loaded.getType()));
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, loaded, zero);
  }
  if (auto vector = dyn_cast<VectorType>(loaded.getType()))
    element = vector.clone(element);
  return arith::BitcastOp::create(builder, loc, element, loaded);
}

Value VectorCode::toStorage(Value value) const {
  Type element = getElementTypeOrSelf(value.getType()), stored = storageType(element);
  if (stored == element)
    return value;
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    stored = vector.clone(stored);
  if (isBool(element))
    return arith::ExtUIOp::create(builder, loc, stored, value);
  return arith::BitcastOp::create(builder, loc, stored, value);
}

/// The elements from the first to the last one as whole vectors, of which every `step`th element is taken: no gather,
/// and nothing outside is read. The last vector ends with the last element.
Value VectorCode::loadStrided(Value memory, Value at, int64_t step, Type element, Value mask) const {
  VectorType stored = type(storageType(element));
  Value none = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(stored)), taken = none;
  for (int64_t part = 0, next = 0; part < step; ++part) {
    int64_t first = part + 1 < step ? part * lanes : (lanes - 1) * (step - 1);
    SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, lanes)), lanesOf(lanes, lanes);
    for (; next < lanes && next * step < first + lanes; ++next) {
      order[next] = lanes + next * step - first;
      lanesOf[next * step - first] = next;
    }
    Value from = add(at, index(first)), loaded;
    if (mask) {
      Value off = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(mask.getType()));
      Value wanted = vector::ShuffleOp::create(builder, loc, mask, off, lanesOf);
      loaded = vector::MaskedLoadOp::create(builder, loc, stored, memory, ValueRange{from}, wanted, none);
    } else {
      loaded = vector::LoadOp::create(builder, loc, stored, memory, ValueRange{from});
    }
    taken = vector::ShuffleOp::create(builder, loc, taken, loaded, order);
  }
  return fromStorage(taken, element);
}

Value VectorCode::load(Value memory, Value at, Value stride, Type element, Value mask) const {
  std::optional<int64_t> step = constantIndex(stride);
  if (step == 0)
    return loadSplat(memory, at, element);
  if (step && *step > 1 && *step <= std::min(longestStep, lanes))
    return loadStrided(memory, at, *step, element, mask);
  if (step != 1) {
    Value lane = laneNumbers(builder.getIndexType());
    return gather(memory, at, arith::MulIOp::create(builder, loc, lane, splat(stride)), element, mask);
  }
  VectorType stored = type(storageType(element));
  if (!mask)
    return fromStorage(vector::LoadOp::create(builder, loc, stored, memory, ValueRange{at}), element);
  Value none = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(stored));
  return fromStorage(vector::MaskedLoadOp::create(builder, loc, stored, memory, ValueRange{at}, mask, none), element);
}

Value VectorCode::loadRepeated(Value memory, Value at, Value stride, int64_t repeat, Type element, Value mask) const {
  VectorCode few{builder, loc, lanes / repeat};
  if (mask) {
    auto firsts = llvm::map_to_vector(llvm::seq<int64_t>(0, few.lanes), [&](int64_t i) { return i * repeat; });
    mask = vector::ShuffleOp::create(builder, loc, mask, mask, firsts);
  }
  Value loaded = few.toStorage(few.load(memory, at, stride, element, mask));
  auto sources = llvm::map_to_vector(llvm::seq<int64_t>(0, lanes), [&](int64_t lane) { return lane / repeat; });
  return fromStorage(vector::ShuffleOp::create(builder, loc, loaded, loaded, sources), element);
}

Value VectorCode::gather(Value memory, Value at, Value offsets, Type element, Value mask) const {
  VectorType stored = type(storageType(element));
  Value none = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(stored));
  Value all = mask ? mask : firstLanes(index(lanes));
  return fromStorage(vector::GatherOp::create(builder, loc, stored, memory, ValueRange{at}, offsets, all, none),
                     element);
}

Value VectorCode::loadScalar(Value memory, Value at, Type element) const {
  return fromStorage(memref::LoadOp::create(builder, loc, memory, ValueRange{at}), element);
}

Value VectorCode::loadSplat(Value memory, Value at, Type element) const {
  Value loaded = memref::LoadOp::create(builder, loc, memory, ValueRange{at});
  return fromStorage(splat(loaded), element);
}

void VectorCode::store(Value vector, Value memory, Value at, Value mask) const {
  vector = toStorage(vector);
  if (mask)
    vector::MaskedStoreOp::create(builder, loc, memory, ValueRange{at}, mask, vector);
  else
    vector::StoreOp::create(builder, loc, vector, memory, ValueRange{at});
}

void VectorCode::storePastCaches(Value vector, Value memory, Value at) const {
  vector = toStorage(vector);
  auto type = cast<VectorType>(vector.getType());
  int64_t bytes = std::min(lineBytes, type.getNumElements() * int64_t(type.getElementTypeBitWidth()) / 8);
  vector::StoreOp::create(builder, loc, vector, memory, ValueRange{at}, /*nontemporal=*/true, llvm::MaybeAlign(bytes));
}

bool VectorCode::canStorePastCaches(Type element) const { return lanes * elementBytes(element) >= 16; }

void VectorCode::orderStores() const {
  LLVM::CallIntrinsicOp::create(builder, loc, builder.getStringAttr("llvm.x86.sse.sfence"), ValueRange());
}

void VectorCode::storeScalar(Value scalar, Value memory, Value at) const {
  memref::StoreOp::create(builder, loc, toStorage(scalar), memory, ValueRange{at});
}

/// Each round interleaves a vector of the first half with its fellow of the second, which turns the bits of
/// (vector, lane) by one place.
SmallVector<Value> VectorCode::transpose(SmallVector<Value> vectors) const {
  SmallVector<int64_t> low(lanes), high(lanes);
  for (int64_t lane = 0; lane < lanes; ++lane) {
    low[lane] = lane / 2 + lane % 2 * lanes;
    high[lane] = low[lane] + lanes / 2;
  }
  for (int64_t round = 1; round < lanes; round *= 2) {
    SmallVector<Value> next;
    for (int64_t i = 0; i < lanes / 2; ++i)
      for (const SmallVector<int64_t> &half : {low, high})
        next.push_back(vector::ShuffleOp::create(builder, loc, vectors[i], vectors[i + lanes / 2], half));
    vectors = std::move(next);
  }
  return vectors;
}

SmallVector<Value> VectorCode::loadTurned(Value memory, ArrayRef<Value> places, int64_t count, Type element) const {
  Value mask = count < lanes ? firstLanes(index(count)) : Value();
  SmallVector<Value> columns;
  while (int64_t(columns.size()) < count) {
    int64_t done = int64_t(columns.size()), from = std::min(done, std::max<int64_t>(0, count - lanes));
    SmallVector<Value> square = transpose(llvm::map_to_vector(places, [&](Value place) {
      return load(memory, add(place, index(from)), index(1), storageType(element), mask);
    }));
    for (int64_t at = done; at < std::min(count, from + lanes); ++at) // those before are met again
      columns.push_back(fromStorage(square[size_t(at - from)], element));
  }
  return columns;
}

/// What the last vector of a dense place writes beyond it is written again by the next place; of the last one, and
/// where places lie apart, no more is written than there is.
void VectorCode::storeTurned(ArrayRef<Value> columns, Value memory, ArrayRef<Value> places, bool areDense) const {
  int64_t count = int64_t(columns.size());
  SmallVector<SmallVector<Value>> parts;
  for (int64_t at = 0; at < count; at += lanes)
    parts.push_back(transpose(llvm::map_to_vector(llvm::seq(at, at + lanes), [&](int64_t column) {
      return toStorage(columns[size_t(std::min(column, count - 1))]);
    })));
  for (int64_t i = 0; i < lanes; ++i)
    for (auto [part, vectors] : llvm::enumerate(parts)) {
      int64_t at = int64_t(part) * lanes, room = (areDense ? count * (lanes - i) : count) - at;
      Value mask = room < lanes ? firstLanes(index(room)) : Value();
      store(vectors[size_t(i)], memory, add(places[size_t(i)], index(at)), mask);
    }
}

SmallVector<Value> VectorCode::cloneBody(linalg::GenericOp generic, ValueRange arguments,
                                         function_ref<Value(int64_t)> loopIndex, bool onScalars) const {
  IRMapping map;
  map.map(generic.getBody()->getArguments(), arguments);
  auto lifted = [&](Value value) -> Value { // what the region takes from outside, and its constants
    bool isOutside = outside && !map.contains(value) && value.getParentRegion() != &generic.getRegion();
    Value mine = isOutside ? outside(value) : map.lookupOrDefault(value);
    return onScalars ? mine : splat(mine);
  };
  for (Operation &op : generic.getBody()->without_terminator()) {
    if (auto at = dyn_cast<linalg::IndexOp>(op)) {
      Value mine = loopIndex(at.getDim());
      map.map(at.getResult(), onScalars ? mine : splat(mine));
      continue;
    }
    for (Value operand : op.getOperands())
      if (!map.contains(operand) || map.lookup(operand).getType() == operand.getType())
        map.map(operand, lifted(operand));
    Operation *clone = builder.clone(op, map);
    clone->setLoc(op.getLoc());
    if (isa<arith::ConstantOp>(op) || onScalars)
      continue; // a constant is broadcast where it is used
    for (auto [mine, theirs] : llvm::zip(clone->getResults(), op.getResults()))
      mine.setType(type(theirs.getType()));
  }
  SmallVector<Value> results;
  for (Value value : generic.getBody()->getTerminator()->getOperands())
    results.push_back(lifted(value));
  return results;
}

} // namespace batten
