// SharedDivisors.cpp - x / d, where the loop knows d beforehand, without the division unit.
//
//   r = 1 / d, once        q = x r        x / d = fma(fma(-d, q, x), r, q)
//
// is the correctly rounded quotient, the bits of a division, as long as nothing over- or underflows on the way
// (Markstein, IBM J. Res. Dev. 34(1), 1990; Brisebarre, Muller and Raina, IEEE Trans. Computers 53(8), 2004). That is
// so for 2^-30 <= |d| <= 2^30 and every x that is +0 or has 2^-90 <= |x| < 2^90, which one branch asks of all quotients
// of a turn; otherwise they are divided. A division of sixteen f32 keeps its unit busy for ten cycles on Zen 4 and Zen
// 5, the three operations take one each.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/SharedDivisors.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/MapVector.h"
#include <cmath>

using namespace mlir;

namespace batten {

/// Divisors are at least 2 to the first power and less than 2 to the second, numerators less than 2 to the third.
constexpr int leastDivisor = -30, mostDivisor = 30, mostNumerator = 90;

namespace {

/// Quotients of one block that can be computed where the last of them stands.
struct Quotients {
  Value divisor;
  SmallVector<arith::DivFOp> divisions;
};

class Rewriter {
public:
  explicit Rewriter(Quotients &quotients)
      : quotients(quotients), b(quotients.divisions.back()), loc(quotients.divisions.back().getLoc()),
        type(cast<VectorType>(quotients.divisor.getType())), bitsType(type.clone(b.getI32Type())) {}
  void run();
  void runSafe();

private:
  Quotients &quotients;
  OpBuilder b;
  Location loc;
  VectorType type, bitsType;

  Value constant(uint32_t bits) {
    return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(bitsType, APInt(32, bits)));
  }
  Value isWithin(Value vector, int least, int most);
  Value isSafe(Value numerator);
  Value allLanes(Value mask);
  Value reciprocalOfDivisor();
  Value quotient(Value numerator, Value reciprocal);
};

/// 2^least <= |vector| < 2^most, by the exponent field: twice the bits have no sign.
Value Rewriter::isWithin(Value vector, int least, int most) {
  Value bits = arith::BitcastOp::create(b, loc, bitsType, vector);
  Value magnitude = arith::ShLIOp::create(b, loc, bits, constant(1));
  Value above = arith::SubIOp::create(b, loc, magnitude, constant(uint32_t(least + 127) << 24));
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, above, constant(uint32_t(most - least) << 24));
}

Value Rewriter::isSafe(Value numerator) {
  Value bits = arith::BitcastOp::create(b, loc, bitsType, numerator);
  Value isZero = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, bits, constant(0));
  return arith::OrIOp::create(b, loc, isWithin(numerator, leastSafeExponent, mostNumerator), isZero);
}

Value Rewriter::allLanes(Value mask) { return vector::ReductionOp::create(b, loc, vector::CombiningKind::AND, mask); }

Value Rewriter::quotient(Value numerator, Value reciprocal) {
  Value first = arith::MulFOp::create(b, loc, numerator, reciprocal);
  Value negative = arith::NegFOp::create(b, loc, quotients.divisor);
  Value rest = math::FmaOp::create(b, loc, negative, first, numerator);
  return math::FmaOp::create(b, loc, rest, reciprocal, first);
}

/// Leaves the builder behind it.
Value Rewriter::reciprocalOfDivisor() {
  b.setInsertionPointAfterValue(quotients.divisor);
  Value one = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, b.getF32FloatAttr(1.0f).getValue()));
  return arith::DivFOp::create(b, loc, one, quotients.divisor);
}

void Rewriter::runSafe() {
  Value reciprocal = reciprocalOfDivisor();
  for (arith::DivFOp division : quotients.divisions) {
    b.setInsertionPoint(division);
    division.replaceAllUsesWith(quotient(division.getLhs(), reciprocal));
    division.erase();
  }
}

void Rewriter::run() {
  OpBuilder::InsertPoint turn = b.saveInsertionPoint();
  Value reciprocal = reciprocalOfDivisor();
  Value divisorIsSafe = allLanes(isWithin(quotients.divisor, leastDivisor, mostDivisor));
  b.restoreInsertionPoint(turn);

  Value safe;
  for (arith::DivFOp division : quotients.divisions) {
    Value mine = isSafe(division.getLhs());
    safe = safe ? arith::AndIOp::create(b, loc, safe, mine).getResult() : mine;
  }
  Value isQuick = arith::AndIOp::create(b, loc, divisorIsSafe, allLanes(safe));
  SmallVector<Type> types(quotients.divisions.size(), type);
  auto branch = scf::IfOp::create(b, loc, types, isQuick, /*addThenBlock=*/true, /*addElseBlock=*/true);
  SmallVector<Value> quick, divided;
  b.setInsertionPointToStart(branch.thenBlock());
  for (arith::DivFOp division : quotients.divisions)
    quick.push_back(quotient(division.getLhs(), reciprocal));
  scf::YieldOp::create(b, loc, quick);
  b.setInsertionPointToStart(branch.elseBlock());
  for (arith::DivFOp division : quotients.divisions)
    divided.push_back(arith::DivFOp::create(b, loc, division.getLhs(), division.getRhs()));
  scf::YieldOp::create(b, loc, divided);
  for (auto [division, result] : llvm::zip(quotients.divisions, branch.getResults())) {
    arith::DivFOp old = division;
    old.replaceAllUsesWith(result);
    old.erase();
  }
}

} // namespace

/// Nothing reads an earlier quotient before `last`, so that it may be computed there.
static bool isReadBefore(Quotients &quotients, Operation *last) {
  return llvm::any_of(quotients.divisions, [&](arith::DivFOp division) {
    return llvm::any_of(division->getUsers(), [&](Operation *user) {
      Operation *here = last->getBlock()->findAncestorOpInBlock(*user);
      return !here || here->isBeforeInBlock(last);
    });
  });
}

/// The quotients of a loop's body by divisors from outside it, those with one divisor together.
static void collect(scf::ForOp loop, SmallVectorImpl<Quotients> &found) {
  llvm::MapVector<Value, Quotients> open;
  for (auto division : loop.getBody()->getOps<arith::DivFOp>()) {
    auto type = dyn_cast<VectorType>(division.getType());
    Value divisor = division.getRhs();
    if (!type || !type.getElementType().isF32() || !loop.isDefinedOutsideOfLoop(divisor) ||
        divisor.getDefiningOp<arith::ConstantOp>())
      continue;
    Quotients &together = open[divisor];
    if (!together.divisions.empty() && isReadBefore(together, division)) {
      found.push_back(together);
      together.divisions.clear();
    }
    together.divisor = divisor;
    together.divisions.push_back(division);
  }
  for (auto &[divisor, together] : open)
    found.push_back(together);
}

Value isSafeDivisor(OpBuilder &b, Location loc, Value divisor) {
  auto power = [&](int exponent) {
    return arith::ConstantOp::create(b, loc, b.getF32FloatAttr(std::ldexp(1.0f, exponent))).getResult();
  };
  Value enough = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGE, divisor, power(leastDivisor));
  Value notMuch = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, divisor, power(mostDivisor));
  return arith::AndIOp::create(b, loc, enough, notMuch);
}

/// What is marked, wherever it stands: the divisor is the same for a row.
static void multiplySafeQuotients(func::FuncOp kernel) {
  llvm::MapVector<Value, Quotients> byDivisor;
  kernel.walk([&](arith::DivFOp division) {
    if (!division->hasAttr(safeQuotientAttrName))
      return;
    Quotients &together = byDivisor[division.getRhs()];
    together.divisor = division.getRhs();
    together.divisions.push_back(division);
  });
  for (auto &[divisor, together] : byDivisor)
    Rewriter(together).runSafe();
}

void multiplyByReciprocals(func::FuncOp kernel) {
  multiplySafeQuotients(kernel);
  SmallVector<Quotients> found;
  kernel.walk([&](scf::ForOp loop) { collect(loop, found); });
  for (Quotients &quotients : found)
    Rewriter(quotients).run();
}

} // namespace batten
