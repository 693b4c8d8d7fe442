// LowerElementwise.cpp - one linalg.generic for each element-wise op.
//
// The region is the op's formula on scalars. f16 and bf16 are extended to f32, computed there and truncated once, which
// rounds the basic operations correctly; select only moves bits and stays in the narrow type.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/lower/Lowering.h"
#include "dialect/RegionMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace batten {

namespace {
/// Builds one op's scalar formula. `dtype` is that of the op's first value operand, the scalars are in the type that it
/// computes in.
struct Formula {
  OpBuilder &b;
  Location loc;
  Type dtype;
  ValueRange x;

  bool isReal() const { return isa<FloatType>(dtype); }
  bool isUnsigned() const { return dtype.isUnsignedInteger() || isBool(dtype); }
  Type type() const { return x[0].getType(); }
  Value constant(double value) const { return arith::ConstantOp::create(b, loc, numberAttr(type(), value)); }

  template <typename Op> Value make() const { return Op::create(b, loc, x); }
  template <typename Float, typename Integer> Value make() const { return isReal() ? make<Float>() : make<Integer>(); }
  template <typename Float, typename Signed, typename Unsigned> Value make() const {
    return isReal() ? make<Float>() : isUnsigned() ? make<Unsigned>() : make<Signed>();
  }

  Value compare(arith::CmpFPredicate real, arith::CmpIPredicate whole, arith::CmpIPredicate natural) const {
    if (isReal())
      return arith::CmpFOp::create(b, loc, real, x[0], x[1]);
    return arith::CmpIOp::create(b, loc, isUnsigned() ? natural : whole, x[0], x[1]);
  }
  Value negate() const {
    return isReal() ? make<arith::NegFOp>() : arith::SubIOp::create(b, loc, constant(0), x[0]).getResult();
  }
  Value absolute() const {
    if (isReal())
      return make<math::AbsFOp>();
    Value negative = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, x[0], constant(0));
    return isUnsigned() ? x[0] : arith::SelectOp::create(b, loc, negative, negate(), x[0]).getResult();
  }
  /// A comparison rather than a maximum: NaN is not below 0 and so stays.
  Value relu() const {
    Value zero = constant(0);
    Value negative = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, x[0], zero);
    return arith::SelectOp::create(b, loc, negative, zero, x[0]);
  }
  Value negateBool() const { return arith::XOrIOp::create(b, loc, x[0], constant(1)); }
  Value divide() const { return isReal() ? make<arith::DivFOp>() : divideIntegers(b, loc, x[0], x[1], isUnsigned()); }
  Value remainder() const {
    return isReal() ? make<arith::RemFOp>() : remainderOfIntegers(b, loc, x[0], x[1], isUnsigned());
  }
};
} // namespace

static Value buildFormula(Operation *op, const Formula &f) {
  using F = arith::CmpFPredicate;
  using I = arith::CmpIPredicate;
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](NegOp) { return f.negate(); })
      .Case([&](NotOp) { return f.negateBool(); })
      .Case([&](AbsOp) { return f.absolute(); })
      .Case([&](ReluOp) { return f.relu(); })
      .Case([&](SqrtOp) { return f.make<math::SqrtOp>(); })
      .Case([&](RsqrtOp) { return buildRsqrt(f.b, f.loc, f.x[0]); })
      .Case([&](ExpOp) { return f.make<math::ExpOp>(); })
      .Case([&](LogOp) { return f.make<math::LogOp>(); })
      .Case([&](SinOp) { return f.make<math::SinOp>(); })
      .Case([&](CosOp) { return f.make<math::CosOp>(); })
      .Case([&](TanhOp) { return f.make<math::TanhOp>(); })
      .Case([&](SigmoidOp) { return buildSigmoid(f.b, f.loc, f.x[0]); })
      .Case([&](SiluOp) { return buildSilu(f.b, f.loc, f.x[0]); })
      .Case([&](GeluOp gelu) {
        return f.dtype.isBF16() && !gelu.getTanh() ? buildGeluOfBf16(f.b, f.loc, f.x[0])
                                                   : buildGelu(f.b, f.loc, f.x[0], gelu.getTanh());
      })
      .Case([&](SoftplusOp) { return buildSoftplus(f.b, f.loc, f.x[0]); })
      .Case([&](AddOp) { return f.make<arith::AddFOp, arith::AddIOp>(); })
      .Case([&](SubOp) { return f.make<arith::SubFOp, arith::SubIOp>(); })
      .Case([&](MulOp) { return f.make<arith::MulFOp, arith::MulIOp>(); })
      .Case([&](DivOp) { return f.divide(); })
      .Case([&](RemOp) { return f.remainder(); })
      .Case([&](PowOp) { return buildPow(f.b, f.loc, f.x[0], f.x[1]); })
      .Case([&](MaxOp) { return f.make<arith::MaximumFOp, arith::MaxSIOp, arith::MaxUIOp>(); })
      .Case([&](MinOp) { return f.make<arith::MinimumFOp, arith::MinSIOp, arith::MinUIOp>(); })
      .Case([&](AndOp) { return f.make<arith::AndIOp>(); })
      .Case([&](OrOp) { return f.make<arith::OrIOp>(); })
      .Case([&](EqOp) { return f.compare(F::OEQ, I::eq, I::eq); })
      .Case([&](NeOp) { return f.compare(F::UNE, I::ne, I::ne); })
      .Case([&](LtOp) { return f.compare(F::OLT, I::slt, I::ult); })
      .Case([&](LeOp) { return f.compare(F::OLE, I::sle, I::ule); })
      .Case([&](GtOp) { return f.compare(F::OGT, I::sgt, I::ugt); })
      .Case([&](GeOp) { return f.compare(F::OGE, I::sge, I::uge); })
      .Case([&](SelectOp) { return f.make<arith::SelectOp>(); })
      .DefaultUnreachable("an element-wise op");
}

/// Inputs of an element-wise op: each has the result's core or an empty one.
static SmallVector<Input> elementwiseInputs(Operation *op, TensorType result, FunctionLowering &lowering) {
  return llvm::map_to_vector(op->getOperands(), [&](Value operand) {
    unsigned rank = cast<TensorType>(operand.getType()).coreRank();
    return lowering.input(operand, result.getBatch(), axisRange(result.batchRank(), rank));
  });
}

LogicalResult lowerElementwise(Operation *op, FunctionLowering &lowering) {
  auto result = cast<TensorType>(op->getResult(0).getType());
  Type from = cast<TensorType>(op->getOperands().front().getType()).getElementType(), to = result.getElementType();
  auto region = [&](OpBuilder &b, Location loc, ValueRange scalars) -> Value {
    if (isa<CastOp>(op))
      return castScalar(b, loc, scalars[0], from, to);
    if (isa<SelectOp>(op))
      return buildFormula(op, {b, loc, from, scalars});
    auto computed = llvm::map_to_vector(scalars, [&](Value scalar) {
      return castScalar(b, loc, scalar, scalar.getType(), computedAs(scalar.getType()));
    });
    Value value = buildFormula(op, {b, loc, from, computed});
    return castScalar(b, loc, value, value.getType(), storedAs(to));
  };
  SmallVector<Input> inputs = elementwiseInputs(op, result, lowering);
  lowering.set(op->getResult(0),
               lowering.pointwise(op->getLoc(), inputs, lowering.extents(result), storedAs(to), region));
  return success();
}

} // namespace batten
