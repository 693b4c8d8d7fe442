// VectorMath.cpp - see VectorMath.h. The sequences are those of dialect/MathSequences.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/VectorMath.h"
#include "compiler/kernels/cpu/VectorDivision.h"
#include "dialect/MathSequencesDoubleArguments.h"
#include "dialect/MathSequencesTrigonometric.h"
#include "dialect/MathTerms.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

using namespace mlir;

namespace batten {

using sequence::FloatTerm;

namespace {
using Sequence = FloatTerm (*)(FloatTerm);

template <typename Op> struct Expand : OpRewritePattern<Op> {
  Sequence single, wide; ///< of f32, of f64
  Expand(MLIRContext *context, Sequence single, Sequence wide)
      : OpRewritePattern<Op>(context), single(single), wide(wide) {}

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    Type element = getElementTypeOrSelf(op.getType());
    Sequence sequence = element.isF32() ? single : element.isF64() ? wide : nullptr;
    if (!sequence)
      return rewriter.notifyMatchFailure(op, "has no sequence for this type");
    FloatTerm argument{op.getOperand(), {&rewriter, op.getLoc()}};
    rewriter.replaceOp(op, sequence(argument).value);
    return success();
  }
};

/// p 2^n with n a whole number, rounded once: what two products by powers of two give, in one instruction.
Value scaleByPowerOfTwo(OpBuilder &b, Location loc, Value p, Value n) {
  Value everyLane = arith::ConstantOp::create(b, loc, b.getI16IntegerAttr(-1));
  Value currentRounding = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(4));
  auto call = LLVM::CallIntrinsicOp::create(b, loc, p.getType(), b.getStringAttr("llvm.x86.avx512.mask.scalef.ps.512"),
                                            ValueRange{p, n, p, everyLane, currentRounding});
  return call.getResults();
}

/// exp in fewer operations: no pair of factors that makes 2^n, so no choice between two such pairs.
FloatTerm expByScaling(FloatTerm x, bool isNonPositive, bool isToBf16, bool isInRange) {
  namespace c = coefficients;
  FloatTerm within = isInRange ? x : sequence::atLeast(x, c::expLowest);
  if (!isNonPositive)
    within = sequence::atMost(within, c::expHighest);
  FloatTerm shift = like(x, c::roundingShift);
  auto reduced = isToBf16 ? sequence::reduceByLn2ToBf16(within, shift) : sequence::reduceByLn2(within, shift);
  FloatTerm p = isToBf16 ? sequence::polynomial(reduced.r, c::expToBf16Polynomial) : sequence::expReduced(reduced.r);
  return {scaleByPowerOfTwo(*x.place.builder, x.place.loc, p.value, reduced.n.value), x.place};
}

/// A whole register of floats, on a level that has an instruction to scale them.
bool canScale(Type type, const Level &level) {
  auto vector = dyn_cast<VectorType>(type);
  return vector && level.hasScale() && vector.getNumElements() == 16 && vector.getElementType().isF32();
}

struct ExpandExp : Expand<math::ExpOp> {
  const Level &level;
  ExpandExp(MLIRContext *context, const Level &level)
      : Expand(context, sequence::expAny<FloatTerm>, sequence::f64::expAny<FloatTerm>), level(level) {}
  LogicalResult matchAndRewrite(math::ExpOp op, PatternRewriter &rewriter) const override {
    bool isNonPositive = op->hasAttr(nonPositiveAttrName), isToBf16 = op->hasAttr(toBf16AttrName);
    bool isInRange = op->hasAttr(inRangeAttrName);
    if (canScale(op.getType(), level)) {
      FloatTerm argument{op.getOperand(), {&rewriter, op.getLoc()}};
      rewriter.replaceOp(op, expByScaling(argument, isNonPositive, isToBf16, isInRange).value);
      return success();
    }
    if (!isNonPositive)
      return Expand::matchAndRewrite(op, rewriter);
    Sequence single = isToBf16    ? sequence::expToBf16<FloatTerm>
                      : isInRange ? sequence::expNormal<FloatTerm>
                                  : sequence::expNonPositive<FloatTerm>;
    Expand shorter(getContext(), single, sequence::f64::expNonPositive<FloatTerm>);
    return shorter.matchAndRewrite(op, rewriter);
  }
};
} // namespace

/// A sine and a cosine of one argument reduce it once.
static void expandSineAndCosine(math::SinOp sine, math::CosOp cosine) {
  Operation *first = sine->isBeforeInBlock(cosine) ? sine.getOperation() : cosine.getOperation();
  OpBuilder b(first);
  FloatTerm x{sine.getOperand(), {&b, first->getLoc()}}, magnitude = sequence::absolute(x);
  auto replace = [&](auto angle, auto sineAt, auto cosineAt) {
    sine.replaceAllUsesWith(sineAt(x, angle).value);
    cosine.replaceAllUsesWith(cosineAt(angle).value);
    sine.erase();
    cosine.erase();
  };
  if (getElementTypeOrSelf(sine.getType()).isF32())
    replace(sequence::reduceAngle(magnitude), sequence::sineAt<FloatTerm>, sequence::cosineAt<FloatTerm>);
  else
    replace(sequence::f64::reduceAngle(magnitude), sequence::f64::sineAt<FloatTerm>,
            sequence::f64::cosineAt<FloatTerm>);
}

static void expandSinesWithCosines(func::FuncOp kernel) {
  SmallVector<math::SinOp> sines;
  kernel.walk([&](math::SinOp sine) { sines.push_back(sine); });
  for (math::SinOp sine : sines)
    for (Operation *user : llvm::make_early_inc_range(sine.getOperand().getUsers()))
      if (auto cosine = dyn_cast<math::CosOp>(user); cosine && cosine->getBlock() == sine->getBlock()) {
        expandSineAndCosine(sine, cosine);
        break;
      }
}

void populateVectorMathPatterns(RewritePatternSet &patterns, const Level &level) {
  MLIRContext *context = patterns.getContext();
  patterns.add<ExpandExp>(context, level);
  patterns.add<Expand<math::LogOp>>(context, sequence::log<FloatTerm>, sequence::f64::log<FloatTerm>);
  patterns.add<Expand<math::TanhOp>>(context, sequence::tanh<FloatTerm>, sequence::f64::tanh<FloatTerm>);
  patterns.add<Expand<math::ErfOp>>(context, sequence::erf<FloatTerm>, nullptr); // gelu of f64 has its own
  patterns.add<Expand<math::SinOp>>(context, sequence::sin<FloatTerm>, sequence::f64::sin<FloatTerm>);
  patterns.add<Expand<math::CosOp>>(context, sequence::cos<FloatTerm>, sequence::f64::cos<FloatTerm>);
}

LogicalResult expandVectorMath(func::FuncOp kernel, const Level &level) {
  expandSinesWithCosines(kernel);
  RewritePatternSet patterns(kernel.getContext());
  populateVectorMathPatterns(patterns, level);
  walkAndApplyPatterns(kernel, std::move(patterns));
  expandDivisions(kernel);
  auto left = kernel.walk([](Operation *op) {
    if (!isa<math::ExpOp, math::LogOp, math::TanhOp, math::ErfOp, math::SinOp, math::CosOp>(op))
      return WalkResult::advance();
    op->emitOpError("has no sequence for ") << op->getResult(0).getType();
    return WalkResult::interrupt();
  });
  return failure(left.wasInterrupted());
}

} // namespace batten
