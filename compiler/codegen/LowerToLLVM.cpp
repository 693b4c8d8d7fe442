// LowerToLLVM.cpp - the pass: kernels and plans -> the LLVM dialect, for a look at it and for tests.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Passes.h"
#include "compiler/codegen/Emit.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/UB/IR/UBOps.h"

namespace batten {
#define GEN_PASS_DEF_LOWERTOLLVM
#include "compiler/Passes.h.inc"

namespace {

struct LowerToLLVMPass : impl::LowerToLLVMBase<LowerToLLVMPass> {
  using LowerToLLVMBase::LowerToLLVMBase;
  void runOnOperation() override {
    mlir::ModuleOp module = getOperation();
    std::string error;
    CodegenOptions options;
    options.level = cpu;
    auto program = readProgram(module, options, error);
    if (!program) {
      module.emitError(error);
      return signalPassFailure();
    }
    if (failed(lowerKernels(module, program->levels)) || failed(emitEntries(module, *program)))
      signalPassFailure();
  }
};

} // namespace
} // namespace batten
