// ExactElementwise.cpp - element-wise ops as dialect/NUMERICS.md fixes them, and the exact evaluator's families.
//
// f16 and bf16 are computed in f32 and rounded once. The functions are those of ScalarMath.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/ExactArithmetic.h"
#include "dialect/ScalarMath.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace batten::evaluation {

bool evaluateExact(const Step &step) {
  for (auto *family : {exactElementwise, exactContraction, exactReduction, exactLoss, exactOrder, exactGather,
                       exactAttention, exactWindow})
    if (family(step) || !step.error.empty())
      return step.error.empty();
  return false;
}

//===- Floats -----------------------------------------------------------------------------------------------------===//

template <typename Real> using Unary = Real (*)(Real);
template <typename Real> using Binary = Real (*)(Real, Real);

/// exp and its like.
template <typename Real> static Unary<Real> sequenceOf(Operation *op) {
  using Function = Unary<Real>;
  return llvm::TypeSwitch<Operation *, Function>(op)
      .Case([](ExpOp) -> Function { return scalar::exp; })
      .Case([](LogOp) -> Function { return scalar::log; })
      .Case([](TanhOp) -> Function { return scalar::tanh; })
      .Case([](SinOp) -> Function { return scalar::sin; })
      .Case([](CosOp) -> Function { return scalar::cos; })
      .Case([](SigmoidOp) -> Function { return scalar::sigmoid; })
      .Case([](SiluOp) -> Function { return scalar::silu; })
      .Case([](GeluOp op) {
        if constexpr (std::is_same_v<Real, float>)
          if (op.getType().getElementType().isBF16() && !op.getTanh())
            return Function(scalar::geluOfBf16);
        return op.getTanh() ? Function([](Real x) { return scalar::gelu(x, true); })
                            : Function([](Real x) { return scalar::gelu(x, false); });
      })
      .Case([](SoftplusOp) -> Function { return scalar::softplus; })
      .Default(Function());
}

template <typename Real> static Unary<Real> unaryFunction(Operation *op) {
  if (Unary<Real> sequence = sequenceOf<Real>(op))
    return sequence;
  return llvm::TypeSwitch<Operation *, Unary<Real>>(op)
      .Case([](NegOp) { return [](Real x) { return -x; }; })
      .Case([](AbsOp) { return [](Real x) { return std::abs(x); }; })
      .Case([](ReluOp) { return [](Real x) { return x < 0 ? Real(0) : x; }; })
      .Case([](SqrtOp) { return [](Real x) { return std::sqrt(x); }; })
      .Case([](RsqrtOp) {
        return [](Real x) {
          Real root = std::sqrt(x);
          return Real(1) / root;
        };
      })
      .Default(Unary<Real>());
}

template <typename Real> static Binary<Real> binaryFunction(Operation *op) {
  if (isa<PowOp>(op))
    return scalar::pow;
  return llvm::TypeSwitch<Operation *, Binary<Real>>(op)
      .Case([](AddOp) { return [](Real a, Real b) { return a + b; }; })
      .Case([](SubOp) { return [](Real a, Real b) { return a - b; }; })
      .Case([](MulOp) { return [](Real a, Real b) { return a * b; }; })
      .Case([](DivOp) { return [](Real a, Real b) { return a / b; }; })
      .Case([](RemOp) { return [](Real a, Real b) { return std::fmod(a, b); }; }) // exact: there is no rounding
      .Case([](MaxOp) { return [](Real a, Real b) { return maximum(a, b); }; })
      .Case([](MinOp) { return [](Real a, Real b) { return -maximum(-a, -b); }; })
      .Default(Binary<Real>());
}

template <typename Real> static bool floats(const Step &step) {
  const DenseValue &x = *step.operands[0].value, &y = *step.operands.back().value;
  if (Unary<Real> function = unaryFunction<Real>(step.op)) {
    forEachElement(
        step, [&](int64_t to, ArrayRef<int64_t> at) { store(*step.result.value, to, function(load<Real>(x, at[0]))); });
    return true;
  }
  Binary<Real> function = binaryFunction<Real>(step.op);
  if (!function)
    return false;
  forEachElement(step, [&](int64_t to, ArrayRef<int64_t> at) {
    store(*step.result.value, to, function(load<Real>(x, at[0]), load<Real>(y, at[1])));
  });
  return true;
}

//===- Integers ---------------------------------------------------------------------------------------------------===//

/// `/` truncates, `x / 0` is 0 and `x % 0` is x; division by -1 wraps.
static int64_t integerOp(Operation *op, int64_t a, int64_t b) {
  Wrapping x(a), y(b);
  return llvm::TypeSwitch<Operation *, int64_t>(op)
      .Case([&](AddOp) { return (x + y).value; })
      .Case([&](SubOp) { return (x - y).value; })
      .Case([&](MulOp) { return (x * y).value; })
      .Case([&](DivOp) { return b == 0    ? 0
                                : b == -1 ? (Wrapping(0) - x).value
                                          : a / b; })
      .Case([&](RemOp) { return b == 0    ? a
                                : b == -1 ? 0
                                          : a % b; })
      .Case([&](MaxOp) { return a > b ? a : b; })
      .Case([&](MinOp) { return a < b ? a : b; })
      .Case([&](AndOp) { return a & b; })
      .Case([&](OrOp) { return a | b; })
      .Case([&](NegOp) { return (Wrapping(0) - x).value; })
      .Case([&](AbsOp) { return a < 0 ? (Wrapping(0) - x).value : a; })
      .Case([&](NotOp) { return int64_t(a == 0); })
      .DefaultUnreachable("an integer op");
}

static bool integers(const Step &step) {
  if (!isa<AddOp, SubOp, MulOp, DivOp, RemOp, MaxOp, MinOp, AndOp, OrOp, NegOp, AbsOp, NotOp>(step.op))
    return false;
  const DenseValue &x = *step.operands[0].value, &y = *step.operands.back().value;
  forEachElement(step, [&](int64_t to, ArrayRef<int64_t> at) {
    step.result.value->setInteger(to, integerOp(step.op, x.integer(at[0]), y.integer(at.back())));
  });
  return true;
}

//===- Comparisons, select, casts ---------------------------------------------------------------------------------===//

template <typename T> static bool holds(Operation *op, T a, T b) {
  if (isa<EqOp>(op))
    return a == b;
  if (isa<NeOp>(op))
    return a != b;
  if (isa<LtOp>(op))
    return a < b;
  if (isa<LeOp>(op))
    return a <= b;
  return isa<GtOp>(op) ? a > b : a >= b;
}

static bool compare(const Step &step) {
  const DenseValue &x = *step.operands[0].value, &y = *step.operands[1].value;
  forEachElement(step, [&](int64_t to, ArrayRef<int64_t> at) {
    bool result =
        x.isReal() ? holds(step.op, x.real(at[0]), y.real(at[1])) : holds(step.op, x.integer(at[0]), y.integer(at[1]));
    step.result.value->setInteger(to, result);
  });
  return true;
}

static bool select(const Step &step) {
  int64_t bytes = step.result.value->elementBytes();
  forEachElement(step, [&](int64_t to, ArrayRef<int64_t> at) {
    int chosen = step.operands[0].value->integer(at[0]) ? 1 : 2;
    const char *from = step.operands[chosen].value->bytes.data() + at[chosen] * bytes;
    std::copy(from, from + bytes, step.result.value->bytes.data() + to * bytes);
  });
  return true;
}

/// A narrow float is reached through f32 from anything wider, as every other op on it is computed there.
static double throughF32(double value, const DenseValue &result) {
  bool isNarrow = result.element == ElementKind::F16 || result.element == ElementKind::BF16;
  return isNarrow ? static_cast<double>(static_cast<float>(value)) : value;
}

static double integerToFloat(int64_t value, const DenseValue &result) {
  // One rounding to what the op computes in; by way of double a large i64 would be rounded twice.
  return result.element == ElementKind::F64 ? static_cast<double>(value)
                                            : static_cast<double>(static_cast<float>(value));
}

static int64_t floatToInteger(double value, ElementKind kind) {
  int bits = kind == ElementKind::I64 ? 64 : kind == ElementKind::I32 ? 32 : 8;
  bool isUnsigned = kind == ElementKind::U8;
  double least = isUnsigned ? 0 : -std::ldexp(1, bits - 1), beyond = std::ldexp(1, isUnsigned ? bits : bits - 1);
  if (std::isnan(value))
    return 0;
  if (value >= beyond)
    return isUnsigned ? 255 : int64_t(~uint64_t(0) >> (65 - bits));
  if (value < least)
    return isUnsigned ? 0 : -int64_t(~uint64_t(0) >> (65 - bits)) - 1;
  return static_cast<int64_t>(value);
}

static bool cast(const Step &step) {
  const DenseValue &x = *step.operands[0].value;
  DenseValue &result = *step.result.value;
  forEachElement(step, [&](int64_t to, ArrayRef<int64_t> at) {
    if (result.isReal())
      result.setReal(to, x.isReal() ? throughF32(x.real(at[0]), result) : integerToFloat(x.integer(at[0]), result));
    else if (!x.isReal())
      result.setInteger(to, x.integer(at[0]));
    else if (result.element == ElementKind::Bool)
      result.setInteger(to, x.real(at[0]) != 0);
    else
      result.setInteger(to, floatToInteger(x.real(at[0]), result.element));
  });
  return true;
}

bool exactElementwise(const Step &step) {
  if (isa<CastOp>(step.op))
    return cast(step);
  if (isa<SelectOp>(step.op))
    return select(step);
  if (isa<EqOp, NeOp, LtOp, LeOp, GtOp, GeOp>(step.op))
    return compare(step);
  if (!isa<NegOp, NotOp, AbsOp, ReluOp, GeluOp, SiluOp, TanhOp, SigmoidOp, ExpOp, LogOp, SqrtOp, RsqrtOp, SinOp, CosOp,
           SoftplusOp, AddOp, SubOp, MulOp, DivOp, RemOp, PowOp, MaxOp, MinOp, AndOp, OrOp>(step.op))
    return false;
  if (!step.operands[0].isReal())
    return integers(step);
  return step.operands[0].value->element == ElementKind::F64 ? floats<double>(step) : floats<float>(step);
}

} // namespace batten::evaluation
