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
  return fromStorage(repeatLanes(loaded, repeat), element);
}

Value VectorCode::repeatLanes(Value vector, int64_t times) const {
  if (!vector)
    return {};
  int64_t length = times * cast<VectorType>(vector.getType()).getNumElements();
  auto sources = llvm::map_to_vector(llvm::seq<int64_t>(0, length), [&](int64_t lane) { return lane / times; });
  return vector::ShuffleOp::create(builder, loc, vector, vector, sources);
}

/// Of 16 bits and less they are halves of words, which take no shuffle where they are widened next.
Value VectorCode::everywhere(const APInt &value) const {
  VectorType vector = type(builder.getIntegerType(value.getBitWidth()));
  return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(vector, value));
}

void VectorCode::prefetch(Value memory, Value at, Cache cache, bool isWrite) const {
  memref::PrefetchOp::create(builder, loc, memory, ValueRange{at}, isWrite, int32_t(cache), /*isDataCache=*/true);
}

void VectorCode::prefetchLines(Value memory, Value at, int64_t from, int64_t count, Type element, Cache cache,
                               bool isWrite) const {
  int64_t line = lineBytes / elementBytes(element);
  for (int64_t ahead = from; ahead < from + count; ahead += line)
    prefetch(memory, add(at, index(ahead)), cache, isWrite);
}

Value VectorCode::loadOfPairs(Value memory, Value at, int64_t half, Type element, Value mask) const {
  VectorCode pairs{builder, loc, 2 * lanes};
  return halfOfPairs(pairs.load(memory, at, index(1), storageType(element), mask), half, element);
}

Value VectorCode::halfOfPairs(Value pairs, int64_t half, Type element) const {
  Type stored = storageType(element);
  unsigned bits = stored.getIntOrFloatBitWidth();
  if (bits > 16) {
    auto order = llvm::map_to_vector(llvm::seq<int64_t>(0, lanes), [&](int64_t lane) { return 2 * lane + half; });
    return fromStorage(vector::ShuffleOp::create(builder, loc, pairs, pairs, order), element);
  }
  Value words = vector::BitCastOp::create(builder, loc, type(builder.getIntegerType(2 * bits)), pairs);
  if (half)
    words = arith::ShRUIOp::create(builder, loc, words, everywhere(APInt(2 * bits, bits)));
  return fromStorage(arith::TruncIOp::create(builder, loc, type(stored), words), element);
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

/// The bits by which x86 registers are cut: what lies within is interleaved by one instruction.
constexpr int64_t blockBits = 128;

static int64_t lanesOfBlock(Type element) { return blockBits / int64_t(element.getIntOrFloatBitWidth()); }

/// Each round exchanges a place of the bits of a vector's number and a lane's: first those within a block, by pairs of
/// vectors that are interleaved there, then those of whole blocks. All rounds of as many vectors as need each other,
/// and then those of the next ones, so that they stay in registers.
SmallVector<Value> VectorCode::turnSquares(SmallVector<Value> vectors) const {
  int64_t side = int64_t(vectors.size()), block = std::min(side, lanesOfBlock(getElementTypeOrSelf(vectors[0])));
  if (side == 1)
    return vectors;
  SmallVector<int64_t> interleaved[2], gathered[2]; // the lanes of two vectors in the order of the first, the second
  for (int64_t half : {0, 1})
    for (int64_t lane = 0; lane < lanes; ++lane) {
      int64_t inBlock = lane % block, inHalf = lane % side % (side / 2), ofSecond = lane % side / (side / 2) * lanes;
      interleaved[half].push_back(lane - inBlock + (half * block + inBlock) / 2 + inBlock % 2 * lanes);
      gathered[half].push_back(lane - lane % side + (2 * (inHalf / block) + half) * block + inHalf % block + ofSecond);
    }
  auto exchange = [&](int64_t first, int64_t distance, ArrayRef<SmallVector<int64_t>> orders) {
    Value pair[] = {vectors[size_t(first)], vectors[size_t(first + distance)]};
    for (int64_t half : {0, 1})
      vectors[size_t(first + half * distance)] =
          vector::ShuffleOp::create(builder, loc, pair[0], pair[1], orders[size_t(half)]);
  };
  for (int64_t group = 0; group < side; group += block)
    for (int64_t distance = block / 2; distance >= 1; distance /= 2)
      for (int64_t i = group; i < group + block; ++i)
        if ((i & distance) == 0)
          exchange(i, distance, interleaved);
  for (int64_t place = 0; place < block; ++place)
    for (int64_t distance = block; distance < side; distance *= 2)
      for (int64_t i = place; i < side; i += block)
        if ((i & distance) == 0)
          exchange(i, distance, gathered);
  return vectors;
}

/// Vectors one behind the other.
static Value join(const VectorCode &code, ArrayRef<Value> parts) {
  if (parts.size() == 1)
    return parts[0];
  Value low = join(code, parts.take_front(parts.size() / 2)), high = join(code, parts.drop_front(parts.size() / 2));
  int64_t length = 2 * cast<VectorType>(low.getType()).getNumElements();
  return vector::ShuffleOp::create(code.builder, code.loc, low, high, llvm::to_vector(llvm::seq(length)));
}

/// Whole registers of a place at a time, or the greatest part of them that it fills, but a block.
SmallVector<Value> VectorCode::loadTurned(Value memory, ArrayRef<Value> places, int64_t count, Type element,
                                          bool areDense) const {
  Type stored = storageType(element);
  VectorCode part{builder, loc, std::min(lanes, lanesOfBlock(stored))};
  while (part.lanes < lanes && 2 * part.lanes <= count)
    part.lanes *= 2;
  auto load = [&](int64_t place, int64_t from) {
    int64_t room = (areDense ? count * (lanes - place) : count) - from;
    Value mask = room < part.lanes ? part.firstLanes(index(room)) : Value();
    return part.load(memory, add(places[size_t(place)], index(from)), index(1), stored, mask);
  };
  SmallVector<Value> columns;
  while (int64_t(columns.size()) < count) {
    int64_t done = int64_t(columns.size()), from = std::min(done, std::max<int64_t>(0, count - part.lanes));
    SmallVector<Value> squares;
    for (int64_t i = 0; i < part.lanes; ++i) {
      auto parts = llvm::map_to_vector(llvm::seq<int64_t>(0, lanes / part.lanes),
                                       [&](int64_t square) { return load(square * part.lanes + i, from); });
      squares.push_back(join(*this, parts));
    }
    squares = turnSquares(squares);
    for (int64_t at = done; at < std::min(count, from + part.lanes); ++at) // those before are met again
      columns.push_back(fromStorage(squares[size_t(at - from)], element));
  }
  return columns;
}

/// What the last part of a dense place writes beyond it is written again by the next place; of the last one, and
/// where places lie apart, no more is written than there is.
void VectorCode::storeTurned(ArrayRef<Value> columns, Value memory, ArrayRef<Value> places, bool areDense) const {
  int64_t count = int64_t(columns.size());
  VectorCode part{builder, loc, std::min(lanes, lanesOfBlock(storageType(getElementTypeOrSelf(columns[0]))))};
  while (part.lanes < lanes && part.lanes < count)
    part.lanes *= 2;
  SmallVector<SmallVector<Value>> squares;
  for (int64_t at = 0; at < count; at += part.lanes)
    squares.push_back(turnSquares(llvm::map_to_vector(llvm::seq(at, at + part.lanes), [&](int64_t column) {
      return toStorage(columns[size_t(std::min(column, count - 1))]);
    })));
  for (int64_t i = 0; i < lanes; ++i)
    for (auto [number, vectors] : llvm::enumerate(squares)) {
      int64_t at = int64_t(number) * part.lanes, room = (areDense ? count * (lanes - i) : count) - at;
      Value mask = room < part.lanes ? part.firstLanes(index(room)) : Value();
      Value vector = vectors[size_t(i % part.lanes)];
      auto order = llvm::to_vector(llvm::seq(i - i % part.lanes, i - i % part.lanes + part.lanes));
      if (part.lanes < lanes)
        vector = vector::ShuffleOp::create(builder, loc, vector, vector, order);
      part.store(vector, memory, add(places[size_t(i)], index(at)), mask);
    }
}

SmallVector<Value> VectorCode::cloneBody(linalg::GenericOp generic, ValueRange arguments,
                                         function_ref<Value(int64_t)> loopIndex, bool onScalars,
                                         std::optional<Mark> mark) const {
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
    if (mark && mark->op == &op)
      clone->setAttr(mark->attribute, builder.getUnitAttr());
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
