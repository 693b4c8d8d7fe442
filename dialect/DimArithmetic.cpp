// DimArithmetic.cpp - see DimArithmetic.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/DimArithmetic.h"
#include "dialect/DimsSign.h"

using namespace mlir;

namespace batten {

Value buildAtom(OpBuilder &b, Location loc, const Atom &atom, Value lhs, Value rhs) {
  if (atom.kind == Atom::Kind::Least)
    return arith::MinSIOp::create(b, loc, lhs, rhs);
  bool isRemainder = atom.kind == Atom::Kind::Mod;
  if (isNonNegative(atom.lhs))
    return isRemainder ? arith::RemUIOp::create(b, loc, lhs, rhs).getResult()
                       : arith::DivUIOp::create(b, loc, lhs, rhs).getResult();
  Value quotient = arith::FloorDivSIOp::create(b, loc, lhs, rhs);
  if (!isRemainder)
    return quotient;
  return arith::SubIOp::create(b, loc, lhs, arith::MulIOp::create(b, loc, rhs, quotient));
}

std::optional<std::pair<Value, Value>> matchRemainder(arith::SubIOp difference) {
  auto product = difference.getRhs().getDefiningOp<arith::MulIOp>();
  for (unsigned i : {0, 1}) { // a constant goes to the right
    auto quotient = product ? product->getOperand(1 - i).getDefiningOp<arith::FloorDivSIOp>() : nullptr;
    if (quotient && quotient.getLhs() == difference.getLhs() && quotient.getRhs() == product->getOperand(i))
      return std::pair(quotient.getLhs(), quotient.getRhs());
  }
  return std::nullopt;
}

} // namespace batten
