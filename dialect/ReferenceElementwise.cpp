// ReferenceElementwise.cpp - element-wise ops in double precision, and the reference's list of families.
//
// The formulas are those of the mathematics, chosen so that double precision loses nothing that a float would show;
// functions are computed in extended precision, which does the same for f64.
// Integers are computed in 64 bits and wrap when they are stored.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Evaluation.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>
#include <limits>
#include <numbers>

using namespace mlir;

namespace batten::evaluation {

bool evaluateReference(const Step &step) {
  for (auto *family : {referenceElementwise, referenceContraction, referenceReduction, referenceLoss, referenceOrder,
                       referenceGather, referenceAttention, referenceWindow})
    if (family(step) || !step.error.empty())
      return step.error.empty();
  return false;
}

/// A function of f64 is judged by a format with more digits.
using Unary = Wide (*)(Wide);
using Binary = double (*)(double, double);
using IntegerBinary = int64_t (*)(int64_t, int64_t);

static Wide sigmoid(Wide x) { return 1 / (1 + std::exp(-x)); }
static Wide silu(Wide x) { return x == -INFINITY ? 0 : x * sigmoid(x); }
static Wide geluErf(Wide x) { return x == -INFINITY ? 0 : x * std::erfc(-x / std::numbers::sqrt2_v<Wide>) / 2; }
static Wide geluTanh(Wide x) {
  // x (1 + tanh(u)) / 2 = x sigmoid(2u), without the cancellation.
  return x == -INFINITY ? 0 : x * sigmoid(2 * std::sqrt(2 / std::numbers::pi_v<Wide>) * (x + 0.044715L * x * x * x));
}
static Wide softplus(Wide x) { return (x < 0 ? 0 : x) + std::log1p(std::exp(-std::abs(x))); }
static double power(double a, double b) { return static_cast<double>(std::pow(Wide(a), Wide(b))); }
static double maximum(double a, double b) { return std::isnan(a) ? a : std::isnan(b) || b > a ? b : a; }
static double minimum(double a, double b) { return std::isnan(a) ? a : std::isnan(b) || b < a ? b : a; }

static Unary unaryFunction(Operation *op) {
  return llvm::TypeSwitch<Operation *, Unary>(op)
      .Case([](NegOp) { return [](Wide x) { return -x; }; })
      .Case([](AbsOp) { return [](Wide x) { return std::abs(x); }; })
      .Case([](ReluOp) { return [](Wide x) { return x < 0 ? Wide(0) : x; }; })
      .Case([](SqrtOp) { return [](Wide x) -> Wide { return std::sqrt(static_cast<double>(x)); }; }) // one rounding
      .Case([](RsqrtOp) { return [](Wide x) { return 1 / std::sqrt(x); }; })
      .Case([](ExpOp) { return [](Wide x) { return std::exp(x); }; })
      .Case([](LogOp) { return [](Wide x) { return std::log(x); }; })
      .Case([](TanhOp) { return [](Wide x) { return std::tanh(x); }; })
      .Case([](SinOp) { return [](Wide x) { return std::sin(x); }; })
      .Case([](CosOp) { return [](Wide x) { return std::cos(x); }; })
      .Case([](SigmoidOp) { return sigmoid; })
      .Case([](SiluOp) { return silu; })
      .Case([](GeluOp gelu) { return gelu.getTanh() ? geluTanh : geluErf; })
      .Case([](SoftplusOp) { return softplus; })
      .Default(Unary());
}

static Binary binaryFunction(Operation *op) {
  return llvm::TypeSwitch<Operation *, Binary>(op)
      .Case([](AddOp) { return [](double a, double b) { return a + b; }; })
      .Case([](SubOp) { return [](double a, double b) { return a - b; }; })
      .Case([](MulOp) { return [](double a, double b) { return a * b; }; })
      .Case([](DivOp) { return [](double a, double b) { return a / b; }; })
      .Case([](RemOp) { return [](double a, double b) { return std::fmod(a, b); }; })
      .Case([](PowOp) { return power; })
      .Case([](MaxOp) { return maximum; })
      .Case([](MinOp) { return minimum; })
      .Default(Binary());
}

// Through uint64_t: signed overflow is undefined, wrapping is what is meant.
static int64_t quotient(int64_t a, int64_t b) { return b == 0 ? 0 : b == -1 ? int64_t(-uint64_t(a)) : a / b; }
static int64_t remainder(int64_t a, int64_t b) { return b == 0 ? a : b == -1 ? 0 : a % b; }

static IntegerBinary integerFunction(Operation *op) {
  return llvm::TypeSwitch<Operation *, IntegerBinary>(op)
      .Case([](AddOp) { return [](int64_t a, int64_t b) { return int64_t(uint64_t(a) + uint64_t(b)); }; })
      .Case([](SubOp) { return [](int64_t a, int64_t b) { return int64_t(uint64_t(a) - uint64_t(b)); }; })
      .Case([](MulOp) { return [](int64_t a, int64_t b) { return int64_t(uint64_t(a) * uint64_t(b)); }; })
      .Case([](DivOp) { return quotient; })
      .Case([](RemOp) { return remainder; })
      .Case([](MaxOp) { return [](int64_t a, int64_t b) { return std::max(a, b); }; })
      .Case([](MinOp) { return [](int64_t a, int64_t b) { return std::min(a, b); }; })
      .Case([](AndOp) { return [](int64_t a, int64_t b) { return a & b; }; })
      .Case([](OrOp) { return [](int64_t a, int64_t b) { return a | b; }; })
      .Default(IntegerBinary());
}

template <typename T> static std::optional<bool> compare(Operation *op, T a, T b) {
  return llvm::TypeSwitch<Operation *, std::optional<bool>>(op)
      .Case([&](EqOp) { return a == b; })
      .Case([&](NeOp) { return a != b; })
      .Case([&](LtOp) { return a < b; })
      .Case([&](LeOp) { return a <= b; })
      .Case([&](GtOp) { return a > b; })
      .Case([&](GeOp) { return a >= b; })
      .Default(std::nullopt);
}

static bool floats(const Step &step) {
  const DenseValue &x = *step.operands[0].value, &y = *step.operands.back().value;
  DenseValue &result = *step.result.value;
  if (Unary function = unaryFunction(step.op)) {
    forEachElement(step, [&](int64_t to, ArrayRef<int64_t> at) {
      result.setReal(to, static_cast<double>(function(x.real(at[0]))));
    });
    return true;
  }
  if (Binary function = binaryFunction(step.op)) {
    forEachElement(
        step, [&](int64_t to, ArrayRef<int64_t> at) { result.setReal(to, function(x.real(at[0]), y.real(at[1]))); });
    return true;
  }
  if (!compare(step.op, 0.0, 0.0))
    return false;
  forEachElement(step, [&](int64_t to, ArrayRef<int64_t> at) {
    result.setInteger(to, *compare(step.op, x.real(at[0]), y.real(at[1])));
  });
  return true;
}

static bool integers(const Step &step) {
  const DenseValue &x = *step.operands[0].value, &y = *step.operands.back().value;
  DenseValue &result = *step.result.value;
  if (isa<NegOp, AbsOp, NotOp>(step.op)) {
    bool isNot = isa<NotOp>(step.op), isAbs = isa<AbsOp>(step.op);
    forEachElement(step, [&](int64_t to, ArrayRef<int64_t> at) {
      int64_t value = x.integer(at[0]);
      result.setInteger(to, isNot ? !value : isAbs && value >= 0 ? value : int64_t(-uint64_t(value)));
    });
    return true;
  }
  if (IntegerBinary function = integerFunction(step.op)) {
    forEachElement(step, [&](int64_t to, ArrayRef<int64_t> at) {
      result.setInteger(to, function(x.integer(at[0]), y.integer(at[1])));
    });
    return true;
  }
  if (!compare(step.op, 0, 0))
    return false;
  forEachElement(step, [&](int64_t to, ArrayRef<int64_t> at) {
    result.setInteger(to, *compare(step.op, x.integer(at[0]), y.integer(at[1])));
  });
  return true;
}

/// Truncates and saturates; NaN gives 0.
static int64_t toInteger(double value, ElementKind kind) {
  if (std::isnan(value))
    return 0;
  if (kind == ElementKind::U8)
    return value <= 0 ? 0 : value >= 255 ? 255 : static_cast<int64_t>(value);
  int bits = kind == ElementKind::I64 ? 64 : kind == ElementKind::I32 ? 32 : 8;
  double beyond = std::ldexp(1.0, bits - 1);
  int64_t greatest = static_cast<int64_t>((uint64_t(1) << (bits - 1)) - 1);
  return value >= beyond ? greatest : value <= -beyond ? -greatest - 1 : static_cast<int64_t>(value);
}

/// To f16 and bf16 a number goes through f32: two roundings, which NUMERICS.md section 3 defines. An i64 has more
/// digits than a double, so it is rounded from where it stands.
static bool cast(const Step &step) {
  const DenseValue &x = *step.operands[0].value;
  DenseValue &result = *step.result.value;
  forEachElement(step, [&](int64_t to, ArrayRef<int64_t> at) {
    if (result.isReal() && result.element != ElementKind::F64)
      result.setReal(to, x.isReal() ? static_cast<float>(x.real(at[0])) : static_cast<float>(x.integer(at[0])));
    else if (result.isReal())
      result.setReal(to, x.real(at[0]));
    else if (!x.isReal())
      result.setInteger(to, x.integer(at[0]));
    else if (result.element == ElementKind::Bool)
      result.setInteger(to, x.real(at[0]) != 0);
    else
      result.setInteger(to, toInteger(x.real(at[0]), result.element));
  });
  return true;
}

static bool select(const Step &step) {
  const DenseValue &condition = *step.operands[0].value;
  DenseValue &result = *step.result.value;
  forEachElement(step, [&](int64_t to, ArrayRef<int64_t> at) {
    int chosen = condition.integer(at[0]) ? 1 : 2;
    const DenseValue &from = *step.operands[chosen].value;
    if (result.isReal())
      result.setReal(to, from.real(at[chosen]));
    else
      result.setInteger(to, from.integer(at[chosen]));
  });
  return true;
}

bool referenceElementwise(const Step &step) {
  if (isa<CastOp>(step.op))
    return cast(step);
  if (isa<SelectOp>(step.op))
    return select(step);
  if (step.operands.empty())
    return false;
  return step.operands[0].isReal() ? floats(step) : integers(step);
}

} // namespace batten::evaluation
