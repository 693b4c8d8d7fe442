// VectorMath.cpp - see VectorMath.h. The sequences are those of dialect/MathSequences.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/VectorMath.h"
#include "dialect/MathSequencesTrigonometric.h"
#include "dialect/MathTerms.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

using namespace mlir;

namespace batten {

using sequence::FloatTerm;

namespace {
template <typename Op> struct Expand : OpRewritePattern<Op> {
  using Sequence = FloatTerm (*)(FloatTerm);
  Sequence sequence;
  Expand(MLIRContext *context, Sequence sequence) : OpRewritePattern<Op>(context), sequence(sequence) {}

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return rewriter.notifyMatchFailure(op, "has a sequence for f32 only");
    FloatTerm argument{op.getOperand(), {&rewriter, op.getLoc()}};
    rewriter.replaceOp(op, sequence(argument).value);
    return success();
  }
};

struct ExpandExp : Expand<math::ExpOp> {
  using Expand::Expand;
  LogicalResult matchAndRewrite(math::ExpOp op, PatternRewriter &rewriter) const override {
    Expand chosen(getContext(),
                  op->hasAttr(nonPositiveAttrName) ? sequence::expNonPositive<FloatTerm> : sequence::expAny<FloatTerm>);
    return chosen.matchAndRewrite(op, rewriter);
  }
};
} // namespace

void populateVectorMathPatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<ExpandExp>(context, sequence::expAny<FloatTerm>);
  patterns.add<Expand<math::LogOp>>(context, sequence::log<FloatTerm>);
  patterns.add<Expand<math::TanhOp>>(context, sequence::tanh<FloatTerm>);
  patterns.add<Expand<math::ErfOp>>(context, sequence::erf<FloatTerm>);
  patterns.add<Expand<math::SinOp>>(context, sequence::sin<FloatTerm>);
  patterns.add<Expand<math::CosOp>>(context, sequence::cos<FloatTerm>);
}

LogicalResult expandVectorMath(func::FuncOp kernel) {
  RewritePatternSet patterns(kernel.getContext());
  populateVectorMathPatterns(patterns);
  walkAndApplyPatterns(kernel, std::move(patterns));
  auto left = kernel.walk([](Operation *op) {
    if (!isa<math::ExpOp, math::LogOp, math::TanhOp, math::ErfOp, math::SinOp, math::CosOp>(op))
      return WalkResult::advance();
    op->emitOpError("has no sequence for ") << op->getResult(0).getType();
    return WalkResult::interrupt();
  });
  return failure(left.wasInterrupted());
}

} // namespace batten
