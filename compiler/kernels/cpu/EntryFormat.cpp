// EntryFormat.cpp - see EntryFormat.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/EntryFormat.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace batten {

/// The least exponent of a normal f64, above what key and tag take.
constexpr int64_t leastNormal = int64_t(1) << 52;
constexpr int64_t signBit = int64_t(1) << 31;

EntryFormat::EntryFormat(const OrderedKeys &order, std::optional<int64_t> mostElements)
    : order(order), tagBits(mostElements && *mostElements < mostOfDoubles ? doubleTagBits : 32) {}

Value EntryFormat::constant(Value like, int64_t value) const {
  auto type = cast<IntegerType>(getElementTypeOrSelf(like.getType()));
  APInt bits = APInt(64, uint64_t(value)).trunc(type.getWidth());
  return constantOf(order.code, like.getType(), order.code.builder.getIntegerAttr(type, bits));
}

TypedAttr EntryFormat::leastTag() const {
  OpBuilder &b = order.code.builder;
  return isPacked() ? b.getIntegerAttr(order.type, 0)
                    : b.getIntegerAttr(order.type, APInt::getSignedMinValue(order.type.getIntOrFloatBitWidth()));
}

Value EntryFormat::tags(Value numbers, Value at) const {
  const VectorCode &code = order.code;
  OpBuilder &b = code.builder;
  Value first = arith::IndexCastOp::create(b, code.loc, order.type, code.times(at, code.index(tagStep())));
  auto each = llvm::map_to_vector(llvm::seq<int64_t>(0, code.lanes), [&](int64_t lane) {
    APInt bits(64, uint64_t(firstTag() - lane * tagStep()));
    return Attribute(b.getIntegerAttr(order.type, bits.trunc(order.type.getIntOrFloatBitWidth())));
  });
  Value tags = arith::ConstantOp::create(b, code.loc, DenseElementsAttr::get(code.type(order.type), each));
  return withSigns(arith::SubIOp::create(b, code.loc, tags, code.splat(first)), numbers);
}

Value EntryFormat::tagsOfColumn(Value numbers, int64_t at) const {
  APInt bits(64, uint64_t(firstTag() - at * tagStep()));
  Type type = order.type;
  return withSigns(order.splat(order.code.builder.getIntegerAttr(type, bits.trunc(type.getIntOrFloatBitWidth()))),
                   numbers);
}

Value EntryFormat::withSigns(Value tags, Value numbers) const {
  OpBuilder &b = order.code.builder;
  Location loc = order.code.loc;
  if (!isPacked() || !isa<FloatType>(getElementTypeOrSelf(numbers.getType())))
    return tags;
  Value bits = arith::BitcastOp::create(b, loc, tags.getType(), numbers);
  return arith::OrIOp::create(b, loc, tags, arith::ShRUIOp::create(b, loc, bits, constant(bits, 31)));
}

Entries EntryFormat::pack(Value keys, Value tags) const {
  if (!isPacked())
    return {keys, tags};
  OpBuilder &b = order.code.builder;
  Location loc = order.code.loc;
  Type wide = cast<VectorType>(keys.getType()).clone(b.getI64Type());
  if (areDoubles())
    keys = arith::XOrIOp::create(b, loc, keys, constant(keys, signBit));
  Value entry = arith::ExtUIOp::create(b, loc, wide, keys);
  entry = arith::ShLIOp::create(b, loc, entry, constant(entry, tagBits));
  entry = arith::OrIOp::create(b, loc, entry, arith::ExtUIOp::create(b, loc, wide, tags));
  if (areDoubles())
    entry = arith::AddIOp::create(b, loc, entry, constant(entry, leastNormal));
  return {entry, {}};
}

/// The low 32 bits.
Value EntryFormat::low(Value entry) const {
  OpBuilder &b = order.code.builder;
  auto vector = dyn_cast<VectorType>(entry.getType());
  Type narrow = vector ? Type(vector.clone(b.getI32Type())) : Type(b.getI32Type());
  return arith::TruncIOp::create(b, order.code.loc, narrow, entry);
}

Value EntryFormat::key(Value entry) const {
  OpBuilder &b = order.code.builder;
  Location loc = order.code.loc;
  Value key = low(arith::ShRUIOp::create(b, loc, entry, constant(entry, tagBits)));
  if (!areDoubles())
    return key;
  return arith::AddIOp::create(b, loc, key, constant(key, signBit - (leastNormal >> tagBits)));
}

Value EntryFormat::number(Value entry) const {
  OpBuilder &b = order.code.builder;
  Location loc = order.code.loc;
  Value number = order.number(key(entry)), tag = low(entry);
  if (!isa<FloatType>(getElementTypeOrSelf(number.getType())))
    return number;
  Value sign = arith::ShLIOp::create(b, loc, tag, constant(tag, 31));
  Value bits = arith::BitcastOp::create(b, loc, tag.getType(), number);
  return arith::BitcastOp::create(b, loc, number.getType(), arith::OrIOp::create(b, loc, bits, sign));
}

Value EntryFormat::index(Value entry) const {
  OpBuilder &b = order.code.builder;
  Location loc = order.code.loc;
  Value twice = low(entry);
  twice = arith::SubIOp::create(b, loc, constant(twice, firstTag() + 1), twice);
  if (areDoubles()) // the low bits of the key are above
    twice = arith::AndIOp::create(b, loc, twice, constant(twice, (int64_t(1) << tagBits) - 1));
  return arith::ShRUIOp::create(b, loc, twice, constant(twice, 1));
}

} // namespace batten
