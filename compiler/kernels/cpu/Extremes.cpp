// Extremes.cpp - see Extremes.h.
//
// Floats ascend as their bits do, below zero as the others descend. NaNs then stand beyond the infinity of their sign;
// moved up by their number, those beyond +inf wrap around to where they are below all, moved down those beyond -inf to
// where they are above all.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Extremes.h"
#include "compiler/kernels/cpu/OrderedKeys.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace batten {

bool isExtremeOfFloats(Operation *fold) { return isa<arith::MaximumFOp, arith::MinimumFOp>(fold); }

Extremes::Extremes(Operation *fold)
    : element(cast<FloatType>(getElementTypeOrSelf(fold->getResult(0).getType()))),
      isMaximum(isa<arith::MaximumFOp>(fold)) {}

/// Of one sign.
Value Extremes::numNans(const VectorCode &code) const {
  unsigned fraction = APFloat::semanticsPrecision(element.getFloatSemantics()) - 1;
  return code.everywhere(APInt::getLowBitsSet(element.getIntOrFloatBitWidth(), fraction));
}

Value Extremes::toIntegers(const VectorCode &code, Value floats) const {
  OpBuilder &b = code.builder;
  Value ordered = flipNegative(code, arith::BitcastOp::create(b, code.loc, code.type(integer()), floats));
  if (isMaximum)
    return arith::SubIOp::create(b, code.loc, ordered, numNans(code));
  return arith::AddIOp::create(b, code.loc, ordered, numNans(code));
}

Value Extremes::toFloats(const VectorCode &code, Value integers) const {
  OpBuilder &b = code.builder;
  Value ordered = isMaximum ? arith::AddIOp::create(b, code.loc, integers, numNans(code)).getResult()
                            : arith::SubIOp::create(b, code.loc, integers, numNans(code)).getResult();
  return arith::BitcastOp::create(b, code.loc, code.type(element), flipNegative(code, ordered));
}

Value Extremes::combine(const VectorCode &code, Value lhs, Value rhs) const {
  if (isMaximum)
    return arith::MaxSIOp::create(code.builder, code.loc, lhs, rhs);
  return arith::MinSIOp::create(code.builder, code.loc, lhs, rhs);
}

} // namespace batten
