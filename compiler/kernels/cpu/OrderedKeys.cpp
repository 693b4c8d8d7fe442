// OrderedKeys.cpp - see OrderedKeys.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/OrderedKeys.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace batten {

Value constantOf(const VectorCode &code, Type type, TypedAttr value) {
  if (auto vector = dyn_cast<VectorType>(type))
    value = DenseElementsAttr::get(vector, ArrayRef<Attribute>(value));
  return arith::ConstantOp::create(code.builder, code.loc, value);
}

Value flipNegative(const VectorCode &code, Value bits) {
  OpBuilder &b = code.builder;
  Type type = getElementTypeOrSelf(bits);
  unsigned width = type.getIntOrFloatBitWidth();
  Value shift = constantOf(code, bits.getType(), b.getIntegerAttr(type, width - 1));
  Value others = constantOf(code, bits.getType(), b.getIntegerAttr(type, APInt::getSignedMaxValue(width)));
  Value negative = arith::ShRSIOp::create(b, code.loc, bits, shift);
  return arith::XOrIOp::create(b, code.loc, bits, arith::AndIOp::create(b, code.loc, negative, others));
}

static Type keyType(OpBuilder &b, Type element) {
  return element.getIntOrFloatBitWidth() == 64 ? b.getI64Type() : b.getI32Type();
}

static Type numberType(OpBuilder &b, Type element) {
  if (!isa<FloatType>(element))
    return keyType(b, element);
  return element.isF64() ? Type(b.getF64Type()) : Type(b.getF32Type());
}

OrderedKeys::OrderedKeys(OpBuilder &builder, Location loc, Type element, bool isUnsigned, const Level &level)
    : type(keyType(builder, element)), code{builder, loc, level.lanes(type)}, element(element),
      wide(numberType(builder, element)), isUnsigned(isUnsigned) {}

Value OrderedKeys::load(Value memory, Value at, Value stride, Value mask) const {
  return widen(code.load(memory, at, stride, element, mask));
}

Value OrderedKeys::widen(Value vector) const {
  if (element == wide)
    return vector;
  if (isa<FloatType>(wide))
    return arith::ExtFOp::create(code.builder, code.loc, code.type(wide), vector);
  return isUnsigned ? arith::ExtUIOp::create(code.builder, code.loc, code.type(wide), vector).getResult()
                    : arith::ExtSIOp::create(code.builder, code.loc, code.type(wide), vector).getResult();
}

Value OrderedKeys::of(Value numbers) const {
  if (wide == type)
    return numbers;
  OpBuilder &b = code.builder;
  Value isNan = arith::CmpFOp::create(b, code.loc, arith::CmpFPredicate::UNO, numbers, numbers);
  Value zero = constantOf(code, numbers.getType(), b.getFloatAttr(wide, 0.0));
  numbers = arith::AddFOp::create(b, code.loc, numbers, zero); // makes 0 of -0
  Value key = flipNegative(code, arith::BitcastOp::create(b, code.loc, code.type(type), numbers));
  APInt nan = APFloat::getQNaN(cast<FloatType>(wide).getFloatSemantics()).bitcastToAPInt(); // above infinity
  return arith::SelectOp::create(b, code.loc, isNan, splat(b.getIntegerAttr(type, nan)), key);
}

Value OrderedKeys::number(Value key) const {
  if (wide == type)
    return key;
  auto vector = dyn_cast<VectorType>(key.getType());
  Type number = vector ? Type(vector.clone(wide)) : wide;
  return arith::BitcastOp::create(code.builder, code.loc, number, flipNegative(code, key));
}

Value OrderedKeys::signedIndex(Value numbers, int64_t at) const {
  OpBuilder &b = code.builder;
  Value twice = splat(b.getIntegerAttr(type, 2 * at));
  if (wide == type)
    return twice;
  Value bits = arith::BitcastOp::create(b, code.loc, code.type(type), numbers);
  Value sign = arith::ShRUIOp::create(b, code.loc, bits, splat(b.getIntegerAttr(type, signPlace())));
  return arith::OrIOp::create(b, code.loc, twice, sign);
}

Value OrderedKeys::index(Value signedIndex) const {
  OpBuilder &b = code.builder;
  Value index = arith::ShRUIOp::create(b, code.loc, signedIndex, splat(b.getIntegerAttr(type, 1)));
  return type.isInteger(32) ? index
                            : arith::TruncIOp::create(b, code.loc, code.type(b.getI32Type()), index).getResult();
}

Value OrderedKeys::number(Value key, Value signedIndex) const {
  if (wide == type)
    return key;
  OpBuilder &b = code.builder;
  Value sign = arith::ShLIOp::create(b, code.loc, signedIndex, splat(b.getIntegerAttr(type, signPlace())));
  Value bits = arith::OrIOp::create(b, code.loc, flipNegative(code, key), sign);
  return arith::BitcastOp::create(b, code.loc, code.type(wide), bits);
}

Value OrderedKeys::elementOf(Value number) const {
  if (element == wide)
    return number;
  auto vector = dyn_cast<VectorType>(number.getType());
  Type narrow = vector ? Type(vector.clone(element)) : element;
  if (isa<FloatType>(wide))
    return arith::TruncFOp::create(code.builder, code.loc, narrow, number);
  return arith::TruncIOp::create(code.builder, code.loc, narrow, number);
}

Value OrderedKeys::isAbove(Value numbers, Value bound, bool orEqual) const {
  using Int = arith::CmpIPredicate;
  using Float = arith::CmpFPredicate;
  OpBuilder &b = code.builder;
  if (wide == type)
    return arith::CmpIOp::create(b, code.loc, orEqual ? Int::sge : Int::sgt, numbers, bound);
  return arith::CmpFOp::create(b, code.loc, orEqual ? Float::UGE : Float::UGT, numbers, bound);
}

Value OrderedKeys::greaterOf(Value lhs, Value rhs) const {
  OpBuilder &b = code.builder;
  if (wide == type)
    return arith::MaxSIOp::create(b, code.loc, lhs, rhs);
  Value isGreater = arith::CmpFOp::create(b, code.loc, arith::CmpFPredicate::OGT, lhs, rhs);
  return arith::SelectOp::create(b, code.loc, isGreater, lhs, rhs);
}

TypedAttr OrderedKeys::least() const {
  return code.builder.getIntegerAttr(type, APInt::getSignedMinValue(type.getIntOrFloatBitWidth()));
}

Value OrderedKeys::splat(TypedAttr value) const { return constantOf(code, code.type(type), value); }

} // namespace batten
