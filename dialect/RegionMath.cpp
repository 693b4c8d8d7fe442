// RegionMath.cpp - the sequences of MathSequences.h as operations.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/RegionMath.h"
#include "dialect/MathSequencesPow.h"
#include "dialect/MathTerms.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace batten {

using sequence::FloatTerm;

static FloatTerm term(OpBuilder &builder, Location loc, Value x) { return {x, {&builder, loc}}; }

Value buildNonPositiveExp(OpBuilder &builder, Location loc, Value x) {
  auto exp = math::ExpOp::create(builder, loc, x);
  exp->setAttr(nonPositiveAttrName, builder.getUnitAttr());
  return exp;
}

Value buildSigmoid(OpBuilder &builder, Location loc, Value x) { return sequence::sigmoid(term(builder, loc, x)).value; }
Value buildSilu(OpBuilder &builder, Location loc, Value x) { return sequence::silu(term(builder, loc, x)).value; }
Value buildSoftplus(OpBuilder &builder, Location loc, Value x) {
  return sequence::softplus(term(builder, loc, x)).value;
}

Value buildGelu(OpBuilder &builder, Location loc, Value x, bool tanh) {
  FloatTerm argument = term(builder, loc, x);
  return (tanh ? sequence::geluTanh(argument) : sequence::geluErf(argument)).value;
}

Value buildPow(OpBuilder &builder, Location loc, Value base, Value exponent) {
  return sequence::pow(term(builder, loc, base), term(builder, loc, exponent)).value;
}

Value buildRsqrt(OpBuilder &builder, Location loc, Value x) {
  TypedAttr one = builder.getFloatAttr(getElementTypeOrSelf(x.getType()), 1.0);
  Value root = math::SqrtOp::create(builder, loc, x);
  return arith::DivFOp::create(builder, loc, sequence::Place{&builder, loc}.constant(x.getType(), one), root);
}

} // namespace batten
