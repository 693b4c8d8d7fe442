// RegionMath.cpp - the sequences of MathSequences.h and MathSequencesDouble.h as operations.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/RegionMath.h"
#include "dialect/MathSequencesDoubleArguments.h"
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

Value buildExpToBf16(OpBuilder &builder, Location loc, Value x) {
  Value exp = buildNonPositiveExp(builder, loc, x);
  exp.getDefiningOp()->setAttr(toBf16AttrName, builder.getUnitAttr());
  return exp;
}

static bool isDouble(Value x) { return getElementTypeOrSelf(x.getType()).isF64(); }

Value buildSigmoid(OpBuilder &builder, Location loc, Value x) {
  FloatTerm a = term(builder, loc, x);
  return (isDouble(x) ? sequence::f64::sigmoid(a) : sequence::sigmoid(a)).value;
}

Value buildSilu(OpBuilder &builder, Location loc, Value x) {
  FloatTerm a = term(builder, loc, x);
  return (isDouble(x) ? sequence::f64::silu(a) : sequence::silu(a)).value;
}

Value buildSoftplus(OpBuilder &builder, Location loc, Value x) {
  FloatTerm a = term(builder, loc, x);
  return (isDouble(x) ? sequence::f64::softplus(a) : sequence::softplus(a)).value;
}

Value buildBinaryCrossEntropy(OpBuilder &builder, Location loc, Value x, Value y) {
  FloatTerm a = term(builder, loc, x), b = term(builder, loc, y);
  return (isDouble(x) ? sequence::f64::binaryCrossEntropy(a, b) : sequence::binaryCrossEntropy(a, b)).value;
}

Value buildGelu(OpBuilder &builder, Location loc, Value x, bool tanh) {
  FloatTerm a = term(builder, loc, x);
  if (isDouble(x))
    return (tanh ? sequence::f64::geluTanh(a) : sequence::f64::geluErf(a)).value;
  return (tanh ? sequence::geluTanh(a) : sequence::geluErf(a)).value;
}

Value buildGeluOfBf16(OpBuilder &builder, Location loc, Value x) {
  return sequence::geluErfShort(term(builder, loc, x)).value;
}

Value buildPow(OpBuilder &builder, Location loc, Value base, Value exponent) {
  FloatTerm a = term(builder, loc, base), b = term(builder, loc, exponent);
  return (isDouble(base) ? sequence::f64::pow(a, b) : sequence::pow(a, b)).value;
}

Value buildRsqrt(OpBuilder &builder, Location loc, Value x) {
  TypedAttr one = builder.getFloatAttr(getElementTypeOrSelf(x.getType()), 1.0);
  Value root = math::SqrtOp::create(builder, loc, x);
  return arith::DivFOp::create(builder, loc, sequence::Place{&builder, loc}.constant(x.getType(), one), root);
}

} // namespace batten
