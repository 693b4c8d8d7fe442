// VectorDivision.cpp - see VectorDivision.h.
//
// Why the quotient of floats is that of integers: where l / r is no whole number, the next one is at least 1 / |r|
// away, 1 / |l| of the quotient. For i8 in f32, i32 in f64, and i64 of less than 52 bits in f64, that is more than the
// error of one rounding, so it never reaches the whole number, and truncation gives what truncation of l / r does.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/VectorDivision.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include <cmath>

using namespace mlir;

namespace batten {
namespace {

/// Code in the place of one operation on two operands, numbers or vectors of them.
class Division {
public:
  explicit Division(Operation *op)
      : b(op), loc(op->getLoc()), op(op), lhs(op->getOperand(0)), rhs(op->getOperand(1)),
        type(op->getResultTypes()[0]) {}
  Value remainderOfFloats();
  Value ofNarrowIntegers();
  Value ofWords();
  Value ofLongIntegers();

private:
  OpBuilder b;
  Location loc;
  Operation *op;
  Value lhs, rhs;
  Type type;

  bool isSigned() const { return isa<arith::DivSIOp, arith::RemSIOp>(op); }
  bool isRemainder() const { return isa<arith::RemSIOp, arith::RemUIOp>(op); }
  Type with(Type element) const {
    auto vector = dyn_cast<VectorType>(type);
    return vector ? Type(vector.clone(element)) : element;
  }
  Value splat(Type type, TypedAttr value) {
    auto vector = dyn_cast<VectorType>(type);
    return arith::ConstantOp::create(b, loc, vector ? DenseElementsAttr::get(vector, Attribute(value)) : value);
  }
  Value real(Type type, double value) { return splat(type, b.getFloatAttr(getElementTypeOrSelf(type), value)); }
  Value whole(int64_t value) { return splat(type, b.getIntegerAttr(getElementTypeOrSelf(type), value)); }
  Value compare(arith::CmpFPredicate predicate, Value left, Value right) {
    return arith::CmpFOp::create(b, loc, predicate, left, right);
  }
  Value reduce(vector::CombiningKind kind, Value lanes) {
    return isa<VectorType>(lanes.getType()) ? vector::ReductionOp::create(b, loc, kind, lanes).getResult() : lanes;
  }
  /// `quick` or `slow`, each of which gives one value of `type`.
  Value choose(Value condition, Type type, function_ref<Value()> quick, function_ref<Value()> slow);

  Value divided(Value rest, Value multiple);
  Value dividedByMultiples(Value rest, ArrayRef<Value> multiples);
  Value fromInteger(Value integer, Type to);
  Value toDouble(Value integer);
  Value fromDouble(Value number);
};

Value Division::choose(Value condition, Type type, function_ref<Value()> quick, function_ref<Value()> slow) {
  auto branch = scf::IfOp::create(b, loc, type, condition, /*addThenBlock=*/true, /*addElseBlock=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(b, loc, quick());
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b, loc, slow());
  return branch.getResult(0);
}

//===- Floats -----------------------------------------------------------------------------------------------------===//

/// rest modulo multiple, where their quotient has no more bits than a float but one. That is exact: where rest >=
/// multiple, rest - q multiple is a multiple of the latter's last bit and no larger than it. The rounded quotient is at
/// most one too great, which makes the difference negative.
Value Division::divided(Value rest, Value multiple) {
  Value quotient = math::FloorOp::create(b, loc, arith::DivFOp::create(b, loc, rest, multiple));
  Value less = math::FmaOp::create(b, loc, arith::NegFOp::create(b, loc, quotient), multiple, rest);
  Value isNegative = compare(arith::CmpFPredicate::OLT, less, real(type, 0));
  less = arith::SelectOp::create(b, loc, isNegative, arith::AddFOp::create(b, loc, less, multiple), less);
  Value fits = compare(arith::CmpFPredicate::OGE, rest, multiple);
  return arith::SelectOp::create(b, loc, fits, less, rest);
}

/// By the greatest multiple first, until the quotient by the divisor itself is short.
Value Division::dividedByMultiples(Value rest, ArrayRef<Value> multiples) {
  for (Value multiple : llvm::reverse(multiples))
    rest = divided(rest, multiple);
  return rest;
}

/// Long division of |x| by |y|, as many bits of the quotient a step as a float holds but one. Few quotients have more
/// than one step; of a vector that has one, all lanes take all steps.
Value Division::remainderOfFloats() {
  auto element = cast<FloatType>(getElementTypeOrSelf(type));
  const llvm::fltSemantics &semantics = element.getFloatSemantics();
  int bits = APFloat::semanticsPrecision(semantics) - 1;
  int range = APFloat::semanticsMaxExponent(semantics) - APFloat::semanticsMinExponent(semantics) + bits;
  Value up = real(type, std::ldexp(1.0, bits));
  Value dividend = math::AbsFOp::create(b, loc, lhs), divisor = math::AbsFOp::create(b, loc, rhs);
  Value infinity = splat(type, b.getFloatAttr(element, APFloat::getInf(semantics)));
  Value isDefined = arith::AndIOp::create(b, loc, compare(arith::CmpFPredicate::OLT, dividend, infinity),
                                          compare(arith::CmpFPredicate::OGT, divisor, real(type, 0)));
  Value multiple = arith::MulFOp::create(b, loc, divisor, up);
  Value isLong = arith::AndIOp::create(b, loc, isDefined, compare(arith::CmpFPredicate::OGE, dividend, multiple));
  auto longDivision = [&] {
    SmallVector<Value> multiples{multiple};
    while (int(multiples.size()) < range / bits)
      multiples.push_back(arith::MulFOp::create(b, loc, multiples.back(), up));
    return dividedByMultiples(dividend, multiples);
  };
  Value any = reduce(vector::CombiningKind::OR, isLong);
  Value rest = divided(choose(any, type, longDivision, [&] { return dividend; }), divisor);
  Value undefined = splat(type, b.getFloatAttr(element, APFloat::getNaN(semantics)));
  return arith::SelectOp::create(b, loc, isDefined, math::CopySignOp::create(b, loc, rest, lhs), undefined);
}

//===- Integers ---------------------------------------------------------------------------------------------------===//

Value Division::fromInteger(Value integer, Type to) {
  return isSigned() ? arith::SIToFPOp::create(b, loc, to, integer).getResult()
                    : arith::UIToFPOp::create(b, loc, to, integer).getResult();
}

/// i8 in f32, the remainder too: there is no product of bytes. By way of i32, where the least number over -1 has room.
Value Division::ofNarrowIntegers() {
  Type floats = with(b.getF32Type());
  Value left = fromInteger(lhs, floats), right = fromInteger(rhs, floats);
  Value result = arith::DivFOp::create(b, loc, left, right);
  if (isRemainder()) {
    Value negative = arith::NegFOp::create(b, loc, math::TruncOp::create(b, loc, result));
    result = math::FmaOp::create(b, loc, negative, right, left);
  }
  Value word = arith::FPToSIOp::create(b, loc, with(b.getI32Type()), result);
  return arith::TruncIOp::create(b, loc, type, word);
}

/// i32 in f64.
Value Division::ofWords() {
  Type doubles = with(b.getF64Type());
  Value real = arith::DivFOp::create(b, loc, fromInteger(lhs, doubles), fromInteger(rhs, doubles));
  Value quotient = arith::FPToSIOp::create(b, loc, type, real);
  if (!isRemainder())
    return quotient;
  return arith::SubIOp::create(b, loc, lhs, arith::MulIOp::create(b, loc, quotient, rhs));
}

/// Numbers of 52 bits, sign included, as a double and back: AVX2 has no instruction for it. Next to 1.5 * 2^52 the last
/// bit of a double is 1.
constexpr double wholeShift = 0x1.8p52;
constexpr int64_t wholeShiftBits = 0x4338000000000000;

Value Division::toDouble(Value integer) {
  Value bits = arith::AddIOp::create(b, loc, integer, whole(wholeShiftBits));
  Type doubles = with(b.getF64Type());
  Value shifted = arith::BitcastOp::create(b, loc, doubles, bits);
  return arith::SubFOp::create(b, loc, shifted, real(doubles, wholeShift));
}

Value Division::fromDouble(Value number) {
  Value shifted = arith::AddFOp::create(b, loc, number, real(number.getType(), wholeShift));
  return arith::SubIOp::create(b, loc, arith::BitcastOp::create(b, loc, type, shifted), whole(wholeShiftBits));
}

/// i64 in f64 where all lanes are short enough, one by one where not.
Value Division::ofLongIntegers() {
  Value half = whole(int64_t(1) << 51);
  Value both =
      arith::OrIOp::create(b, loc, arith::AddIOp::create(b, loc, lhs, half), arith::AddIOp::create(b, loc, rhs, half));
  Value isShort = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, both, whole(int64_t(1) << 52));
  auto quick = [&]() -> Value {
    Value left = toDouble(lhs), right = toDouble(rhs);
    Value quotient = math::TruncOp::create(b, loc, arith::DivFOp::create(b, loc, left, right));
    if (!isRemainder())
      return fromDouble(quotient);
    return fromDouble(math::FmaOp::create(b, loc, arith::NegFOp::create(b, loc, quotient), right, left));
  };
  return choose(reduce(vector::CombiningKind::AND, isShort), type, quick, [&] { return b.clone(*op)->getResult(0); });
}

} // namespace

static bool isConstant(Value value) {
  if (auto broadcast = value.getDefiningOp<vector::BroadcastOp>())
    value = broadcast.getSource();
  return matchPattern(value, m_Constant());
}

/// What takes the place of `op`; null where it stays.
static Value expanded(Operation *op) {
  Type type = op->getResultTypes()[0];
  if (isa<arith::RemFOp>(op))
    return Division(op).remainderOfFloats();
  auto element = dyn_cast<IntegerType>(getElementTypeOrSelf(type));
  if (!isa<VectorType>(type) || !element || isConstant(op->getOperand(1)))
    return {};
  if (element.getWidth() == 8)
    return Division(op).ofNarrowIntegers();
  if (isa<arith::DivUIOp, arith::RemUIOp>(op)) // of bool and u8 alone, in this language
    return {};
  return element.getWidth() == 32 ? Division(op).ofWords() : Division(op).ofLongIntegers();
}

void expandDivisions(func::FuncOp kernel) {
  SmallVector<Operation *> divisions;
  kernel.walk([&](Operation *op) {
    if (isa<arith::RemFOp, arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp>(op))
      divisions.push_back(op);
  });
  for (Operation *op : divisions) {
    Value result = expanded(op);
    if (!result)
      continue;
    op->getResult(0).replaceAllUsesWith(result);
    op->erase();
  }
}

} // namespace batten
