// LowerKernels.cpp - kernels (scf, arith, math, vector, memref) -> the LLVM dialect.
//
// One conversion for all of them. A rank-0 memref becomes a plain pointer (the bare-pointer convention allows static
// memrefs only, and this one is static). Each kernel gets the target of its level as function attributes, so that one
// LLVM module may hold code for several levels while everything else stays plain x86-64.
//
// Two surprises, both for the sake of bits. Kernels say math.fma, which rounds once: vector.fma would become
// llvm.fmuladd, which leaves it to the target whether it rounds once or twice. And a bf16 becomes an i16: no register
// holds bf16, so LLVM widens one that is chosen or goes from block to block and rounds it back by a call of a library.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/CodeBytes.h"
#include "compiler/codegen/Emit.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Transforms/DialectConversion.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace batten {

static bool isOfBf16(Type type) { return getElementTypeOrSelf(type).isBF16(); }

namespace {
/// To f64 by way of f32, which is exact: the expansion knows no other way from bf16.
struct WidenTwice : OpRewritePattern<arith::ExtFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::ExtFOp op, PatternRewriter &rewriter) const override {
    Type from = op.getIn().getType(), f32 = rewriter.getF32Type();
    if (!isOfBf16(from) || !getElementTypeOrSelf(op.getType()).isF64())
      return failure();
    if (auto vector = dyn_cast<VectorType>(from))
      f32 = vector.clone(f32);
    Value number = arith::ExtFOp::create(rewriter, op.getLoc(), f32, op.getIn());
    rewriter.replaceOpWithNewOp<arith::ExtFOp>(op, op.getType(), number);
    return success();
  }
};
} // namespace

/// Rewrites that have to come before the conversion, since it has no pattern of its own for their results.
static LogicalResult prepare(ModuleOp module) {
  RewritePatternSet patterns(module.getContext());
  patterns.add<WidenTwice>(module.getContext());
  arith::populateExpandBFloat16Patterns(patterns);
  arith::populateCeilFloorDivExpandOpsPatterns(patterns);
  vector::populateVectorBroadcastLoweringPatterns(patterns);
  FrozenRewritePatternSet frozen(std::move(patterns));
  // Kernels only: plans are data, nothing may fold them.
  for (auto kernel : module.getOps<func::FuncOp>())
    if (failed(applyPatternsGreedily(kernel, frozen)))
      return failure();
  return success();
}

/// A bf16 is an i16, but where an instruction takes or gives it.
static void convertBf16ToBits(LLVMTypeConverter &types) {
  types.addConversion([](BFloat16Type type) -> Type { return IntegerType::get(type.getContext(), 16); });
  types.addConversion([](VectorType type) -> std::optional<Type> {
    if (!isOfBf16(type) || type.getRank() != 1)
      return std::nullopt; // is converted as others are
    return type.clone(IntegerType::get(type.getContext(), 16));
  });
  auto recast = [](OpBuilder &b, Type to, ValueRange from, Location loc) -> Value {
    if (!isOfBf16(to) && !isOfBf16(from.front().getType()))
      return Value();
    return LLVM::BitcastOp::create(b, loc, to, from);
  };
  types.addSourceMaterialization(recast);
  types.addTargetMaterialization(recast);
}

static LogicalResult convert(ModuleOp module) {
  MLIRContext *context = module.getContext();
  LowerToLLVMOptions options(context);
  options.useBarePtrCallConv = true;
  LLVMTypeConverter types(context, options);
  convertBf16ToBits(types);
  RewritePatternSet patterns(context);
  populateFuncToLLVMConversionPatterns(types, patterns);
  cf::populateControlFlowToLLVMConversionPatterns(types, patterns);
  populateFinalizeMemRefToLLVMConversionPatterns(types, patterns);
  arith::populateArithToLLVMConversionPatterns(types, patterns);
  populateMathToLLVMConversionPatterns(types, patterns);
  ub::populateUBToLLVMConversionPatterns(types, patterns);
  populateVectorToLLVMConversionPatterns(types, patterns);
  populateSCFToControlFlowConversionPatterns(patterns);
  LLVMConversionTarget target(*context);
  target.addLegalOp<ModuleOp>();
  target.addLegalDialect<BattenDialect>();
  return applyFullConversion(module, target, std::move(patterns));
}

static void setTarget(LLVM::LLVMFuncOp kernel, const CpuLevel &level) {
  kernel.setTargetCpu(level.cpu);
  // Widths are the kernels' choice; LLVM must not halve them on CPUs where it would prefer 256 bits of its own accord.
  std::string features = level.features;
  if (level.vectorBits == 512)
    features += (features.empty() ? "" : ",") + std::string("-prefer-256-bit");
  if (!features.empty())
    kernel.setTargetFeaturesAttr(LLVM::TargetFeaturesAttr::get(kernel.getContext(), features));
  kernel.setPreferVectorWidth(std::to_string(level.vectorBits));
}

/// The level that the kernel names, or the only one.
static const CpuLevel *levelOf(Operation *kernel, ArrayRef<CpuLevel> levels) {
  auto name = kernel->getAttrOfType<StringAttr>(attr::level);
  if (!name)
    return levels.size() == 1 ? levels.begin() : nullptr;
  auto found = llvm::find_if(levels, [&](const CpuLevel &level) { return level.name == name.getValue(); });
  return found == levels.end() ? nullptr : found;
}

LogicalResult lowerKernels(ModuleOp module, ArrayRef<CpuLevel> levels) {
  // What the conversion makes on the way; outside of a pass nobody else loads it.
  module.getContext()
      ->loadDialect<arith::ArithDialect, cf::ControlFlowDialect, LLVM::LLVMDialect, math::MathDialect, ub::UBDialect,
                    vector::VectorDialect>();
  for (auto kernel : module.getOps<func::FuncOp>())
    if (const CpuLevel *level = levelOf(kernel, levels)) { // that there is one is seen to below
      if (failed(spellOutInstructions(kernel, *level)))
        return failure();
      spellOutRoundings(kernel, *level);
    }
  if (failed(prepare(module)) || failed(convert(module)))
    return failure();
  for (auto kernel : module.getOps<LLVM::LLVMFuncOp>()) {
    const CpuLevel *level = levelOf(kernel, levels);
    if (!level)
      return kernel.emitError("internal error: a kernel of no level of the program");
    setTarget(kernel, *level);
    kernel.setSection(codeSection(*level));
    kernel.setVisibility_(LLVM::Visibility::Hidden);
    kernel.setDsoLocal(true);
    kernel.setNoUnwind(true);
  }
  return success();
}

} // namespace batten
