// Pipeline.h - one compilation, from a checked program to files. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_PIPELINE_H
#define BATTEN_COMPILER_PIPELINE_H

#include "compiler/Compiler.h"
#include "compiler/codegen/Codegen.h"
#include "compiler/codegen/Levels.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

namespace mlir {
class PassManager;
}

namespace batten {

/// Of everything that was read, so that an artifact says what it was made of.
std::string hashOfSources(const frontend::Sources &sources);

/// The levels that kernels are made for, best first; none, and why, where one of them is unknown or too old.
std::vector<CpuLevel> levelsOf(const std::string &cpu, std::string &fault, bool emulated = false);

/// Of every compilation, in the order in which they run.
std::vector<std::string> passNames();

/// One compilation: its context, its module and how far it has come.
class Pipeline {
public:
  Pipeline(const frontend::Program &program, const Options &options, frontend::Diagnostics &diagnostics,
           Compilation &out);

  bool run(const std::vector<Emission> &wanted);
  /// The batten module alone, for the evaluators.
  mlir::ModuleOp emit();

private:
  const frontend::Program &program;
  const Options &options;
  frontend::Diagnostics &diagnostics;
  Compilation &out;
  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::vector<CpuLevel> levels; // best first
  std::string faults;           // what MLIR reported

  bool lower();
  bool schedule();
  void numberLaunches();
  bool generate(const std::vector<Emission> &wanted);
  bool runPasses(llvm::StringRef phase, llvm::function_ref<void(mlir::PassManager &)> add);
  std::optional<std::string> generateObject(const CodegenOptions &code, std::string &error);
  std::optional<std::string> generateOne(Emission emission, const CodegenOptions &code, llvm::StringRef object,
                                         std::string &error);
  void keep(Emission emission, const std::vector<Emission> &wanted);
  void timed(llvm::StringRef phase, llvm::function_ref<void()> work);
  bool internalError(llvm::StringRef phase, llvm::StringRef what);
  bool codegenFailed(const std::string &error);
  bool refuseForUser(mlir::Diagnostic &diagnostic);
  bool warnUser(mlir::Diagnostic &diagnostic);
};

} // namespace batten
#endif // BATTEN_COMPILER_PIPELINE_H
