// Backend.cpp - see Backend.h.
//
// The LLVM passes are a short list: kernels arrive scheduled, so what is left is the cleaning-up of address arithmetic.
// Against default<O3> it took 9.5 instead of 42 ms for the same speed and 13 % less code.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/Backend.h"
#include "compiler/codegen/Emit.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/OptBisect.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include <mutex>

namespace batten {

/// Decoded instructions are kept by lines of 64 bytes of code, and a thread that shares its core with another is given
/// a piece of a line every other cycle: from wherever a loop happened to lie, convolutions of Zen 3 took up to 1.24 of
/// this time beside a neighbour, products 1.1; alone all are as fast. It is 4 to 8 % of the code, and 32 bytes do not
/// hold all.
constexpr unsigned loopAlignment = 64;

std::unique_ptr<llvm::TargetMachine> createTargetMachine(unsigned optLevel, std::string &error) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
  });
  llvm::Triple triple("x86_64-unknown-linux-gnu");
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return nullptr;
  auto effort = static_cast<llvm::CodeGenOptLevel>(std::min(optLevel, 3u));
  llvm::TargetOptions options;
  options.LoopAlignment = loopAlignment;
  return std::unique_ptr<llvm::TargetMachine>(
      target->createTargetMachine(triple, "x86-64", "", options, llvm::Reloc::PIC_, std::nullopt, effort));
}

/// Of IR, from here on a run of launches is translated the quick way: it took a third of the time of BERT's 96 launches
/// in registers, and a launch takes far longer than what leads to it.
static constexpr unsigned longRun = 500;

static void hurryLongRuns(llvm::Module &module) {
  for (llvm::Function &function : module) {
    if (!function.hasFnAttribute(launchesAttribute) || function.getInstructionCount() < longRun)
      continue;
    function.addFnAttr(llvm::Attribute::OptimizeNone);
    function.addFnAttr(llvm::Attribute::NoInline);
  }
}

void optimize(llvm::Module &module, llvm::TargetMachine &machine, unsigned optLevel) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  llvm::ModulePassManager passes;
  llvm::cantFail(builder.parsePassPipeline(passes, optLevel
                                                       ? "globaldce,function(lower-expect,sroa,early-cse,instcombine<"
                                                         "no-verify-fixpoint>,simplifycfg,loop-mssa(licm),gvn,dce)"
                                                       : "globaldce"));
  passes.run(module, modules);
  spellOutFirstLanes(module, machine);
  mendMaskedMemory(module);
  hurryLongRuns(module);
}

/// Without an effort LLVM cannot keep tiles in registers from block to block.
static void workOnTiles(const llvm::Module &module, llvm::TargetMachine &machine) {
  if (module.getFunction("llvm.x86.tilezero.internal") && machine.getOptLevel() == llvm::CodeGenOptLevel::None)
    machine.setOptLevel(llvm::CodeGenOptLevel::Less);
}

/// A quarter of the time to translate a convolution went into finding other addresses for its loops, whose own ones are
/// as fast: kernels of all kinds took 0.99 to 1.01 of their time without.
class LeaveAddresses : public llvm::OptPassGate {
public:
  bool shouldRunPass(llvm::StringRef pass, llvm::StringRef) const override { return pass != "Loop Strength Reduction"; }
  bool isEnabled() const override { return true; }
};

std::optional<std::string> generate(llvm::Module &module, llvm::TargetMachine &machine, llvm::CodeGenFileType kind,
                                    std::string &error) {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  workOnTiles(module, machine);
  static LeaveAddresses gate; // lives as long as the context
  module.getContext().setOptPassGate(gate);
  if (machine.addPassesToEmitFile(passes, stream, nullptr, kind)) {
    error = "internal error: this target makes no such file";
    return std::nullopt;
  }
  passes.run(module);
  return std::string(bytes.begin(), bytes.end());
}

} // namespace batten
