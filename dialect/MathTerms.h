// MathTerms.h - the arithmetic of dialect/MathSequences.h on MLIR values: instead of computing, it emits.
//
// A FloatTerm is an f32 or f64 value or a vector of them, an IntegerTerm and a MaskTerm the integer of as many bits and
// the i1 that go with it. Each function makes the one operation that MathScalars.h computes; the sequences find them by
// their arguments.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_MATHTERMS_H
#define BATTEN_DIALECT_MATHTERMS_H

#include "dialect/RegionMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

namespace batten::sequence {

/// Where operations are made: builder and location travel with every term.
struct Place {
  mlir::OpBuilder *builder;
  mlir::Location loc;
  template <typename Op, typename... Arguments> mlir::Value make(Arguments... arguments) const {
    return Op::create(*builder, loc, arguments...).getResult();
  }
  /// `element`, or a vector of it where `like` is a vector.
  static mlir::Type shaped(mlir::Value like, mlir::Type element) {
    auto vector = mlir::dyn_cast<mlir::VectorType>(like.getType());
    return vector ? mlir::Type(vector.clone(element)) : element;
  }
  mlir::Value constant(mlir::Type type, mlir::TypedAttr scalar) const {
    if (auto vector = mlir::dyn_cast<mlir::VectorType>(type))
      return make<mlir::arith::ConstantOp>(
          mlir::DenseElementsAttr::get(vector, mlir::ArrayRef<mlir::Attribute>(scalar)));
    return make<mlir::arith::ConstantOp>(scalar);
  }
};

template <int kind> struct Term {
  mlir::Value value;
  Place place;
  template <typename Op> Term binary(Term other) const { return {place.make<Op>(value, other.value), place}; }
};
using FloatTerm = Term<0>;
using IntegerTerm = Term<1>;
using MaskTerm = Term<2>;

inline FloatTerm like(FloatTerm x, double constant) {
  mlir::Type type = x.value.getType();
  return {x.place.constant(type, x.place.builder->getFloatAttr(mlir::getElementTypeOrSelf(type), constant)), x.place};
}
inline IntegerTerm like(IntegerTerm x, uint64_t constant) {
  mlir::Type type = x.value.getType(), element = mlir::getElementTypeOrSelf(type);
  llvm::APInt bits(element.getIntOrFloatBitWidth(), constant, /*isSigned=*/false, /*implicitTrunc=*/true);
  return {x.place.constant(type, x.place.builder->getIntegerAttr(element, bits)), x.place};
}

inline FloatTerm operator+(FloatTerm a, FloatTerm b) { return a.binary<mlir::arith::AddFOp>(b); }
inline FloatTerm operator-(FloatTerm a, FloatTerm b) { return a.binary<mlir::arith::SubFOp>(b); }
inline FloatTerm operator*(FloatTerm a, FloatTerm b) { return a.binary<mlir::arith::MulFOp>(b); }
inline FloatTerm operator/(FloatTerm a, FloatTerm b) { return a.binary<mlir::arith::DivFOp>(b); }
inline FloatTerm fma(FloatTerm a, FloatTerm b, FloatTerm c) {
  return {a.place.make<mlir::math::FmaOp>(a.value, b.value, c.value), a.place};
}
inline FloatTerm floor(FloatTerm a) { return {a.place.make<mlir::math::FloorOp>(a.value), a.place}; }
inline FloatTerm absolute(FloatTerm a) { return {a.place.make<mlir::math::AbsFOp>(a.value), a.place}; }
inline FloatTerm negate(FloatTerm a) { return {a.place.make<mlir::arith::NegFOp>(a.value), a.place}; }

inline IntegerTerm operator+(IntegerTerm a, IntegerTerm b) { return a.binary<mlir::arith::AddIOp>(b); }
inline IntegerTerm operator-(IntegerTerm a, IntegerTerm b) { return a.binary<mlir::arith::SubIOp>(b); }
inline IntegerTerm operator*(IntegerTerm a, IntegerTerm b) { return a.binary<mlir::arith::MulIOp>(b); }
inline IntegerTerm operator&(IntegerTerm a, IntegerTerm b) { return a.binary<mlir::arith::AndIOp>(b); }
inline IntegerTerm operator|(IntegerTerm a, IntegerTerm b) { return a.binary<mlir::arith::OrIOp>(b); }
inline IntegerTerm operator^(IntegerTerm a, IntegerTerm b) { return a.binary<mlir::arith::XOrIOp>(b); }
inline IntegerTerm shiftLeft(IntegerTerm a, IntegerTerm by) { return a.binary<mlir::arith::ShLIOp>(by); }
inline IntegerTerm shiftRight(IntegerTerm a, IntegerTerm by) { return a.binary<mlir::arith::ShRUIOp>(by); }
inline IntegerTerm shiftRightSigned(IntegerTerm a, IntegerTerm by) { return a.binary<mlir::arith::ShRSIOp>(by); }
inline IntegerTerm highProduct(IntegerTerm a, IntegerTerm b) {
  auto product = mlir::arith::MulUIExtendedOp::create(*a.place.builder, a.place.loc, a.value, b.value);
  return {product.getHigh(), a.place};
}

/// The integer or float that has as many bits as the elements of `value`.
inline mlir::Type integerLike(Place place, mlir::Value value) {
  unsigned bits = mlir::getElementTypeOrSelf(value.getType()).getIntOrFloatBitWidth();
  return Place::shaped(value, place.builder->getIntegerType(bits));
}
inline mlir::Type floatLike(Place place, mlir::Value value) {
  bool isDouble = mlir::getElementTypeOrSelf(value.getType()).getIntOrFloatBitWidth() == 64;
  return Place::shaped(value, isDouble ? mlir::Type(place.builder->getF64Type()) : place.builder->getF32Type());
}
inline IntegerTerm bitsOf(FloatTerm a) {
  return {a.place.make<mlir::arith::BitcastOp>(integerLike(a.place, a.value), a.value), a.place};
}
inline FloatTerm fromBits(IntegerTerm a) {
  return {a.place.make<mlir::arith::BitcastOp>(floatLike(a.place, a.value), a.value), a.place};
}
inline FloatTerm toFloat(IntegerTerm a) {
  return {a.place.make<mlir::arith::SIToFPOp>(floatLike(a.place, a.value), a.value), a.place};
}

// The ordered comparisons: false where an operand is NaN, as in C.
inline MaskTerm compare(mlir::arith::CmpFPredicate predicate, FloatTerm a, FloatTerm b) {
  return {a.place.make<mlir::arith::CmpFOp>(predicate, a.value, b.value), a.place};
}
inline MaskTerm operator<(FloatTerm a, FloatTerm b) { return compare(mlir::arith::CmpFPredicate::OLT, a, b); }
inline MaskTerm operator==(FloatTerm a, FloatTerm b) { return compare(mlir::arith::CmpFPredicate::OEQ, a, b); }
inline MaskTerm isEqual(IntegerTerm a, IntegerTerm b) {
  return {a.place.make<mlir::arith::CmpIOp>(mlir::arith::CmpIPredicate::eq, a.value, b.value), a.place};
}
inline MaskTerm isBelow(IntegerTerm a, IntegerTerm b) {
  return {a.place.make<mlir::arith::CmpIOp>(mlir::arith::CmpIPredicate::ult, a.value, b.value), a.place};
}
template <int kind> Term<kind> select(MaskTerm condition, Term<kind> ifTrue, Term<kind> ifFalse) {
  return {condition.place.make<mlir::arith::SelectOp>(condition.value, ifTrue.value, ifFalse.value), condition.place};
}

template <typename F> struct Angle;
/// The rare part runs, for all lanes, if any lane needs it; the builder stands in that branch while `rare` emits.
template <typename F, typename Rare> Angle<F> selectRare(MaskTerm condition, Angle<F> usual, Rare rare) {
  Place place = condition.place;
  mlir::OpBuilder &builder = *place.builder;
  mlir::Value any = condition.value;
  if (mlir::isa<mlir::VectorType>(any.getType()))
    any = place.make<mlir::vector::ReductionOp>(mlir::vector::CombiningKind::OR, any);
  auto yield = [&](Angle<F> angle) {
    mlir::scf::YieldOp::create(builder, place.loc, mlir::ValueRange{angle.r.value, angle.quadrant.value});
  };
  auto branch = mlir::scf::IfOp::create(builder, place.loc,
                                        mlir::TypeRange{usual.r.value.getType(), usual.quadrant.value.getType()}, any,
                                        /*withElseRegion=*/true);
  mlir::OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  Angle<F> large = rare();
  yield({select(condition, large.r, usual.r), select(condition, large.quadrant, usual.quadrant)});
  builder.setInsertionPointToStart(branch.elseBlock());
  yield(usual);
  return {{branch.getResult(0), place}, {branch.getResult(1), place}};
}

inline FloatTerm callExpNonPositive(FloatTerm x) {
  return {buildNonPositiveExp(*x.place.builder, x.place.loc, x.value), x.place};
}

} // namespace batten::sequence
#endif // BATTEN_DIALECT_MATHTERMS_H
