// Pipeline.cpp - THE page: from a checked program to the files that were asked for, one function a stage.
//
//   frontend::Program --emit--> batten --describe, lower--> linalg --fuse--> groups --build--> kernels + plans
//   --codegen--> files
//
// Every stage can be printed (`--emit=`) and run alone (`batten-opt`). Stages meet only in the IR.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Pipeline.h"
#include "compiler/Passes.h"
#include "compiler/codegen/Codegen.h"
#include "compiler/codegen/Join.h"
#include "compiler/codegen/Levels.h"
#include "compiler/codegen/WeightsObject.h"
#include "compiler/frontend/EmitBatten.h"
#include "compiler/frontend/EmitLayers.h"
#include "compiler/frontend/Types.h"
#include "compiler/schedule/Versions.h"
#include "dialect/Batten.h"
#include "dialect/IndexChecks.h"
#include "dialect/LaunchTimes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/SHA256.h"
#include <chrono>

using namespace mlir;

namespace batten {

static DialectRegistry registry() {
  DialectRegistry dialects;
  dialects.insert<BattenDialect, arith::ArithDialect, func::FuncDialect, linalg::LinalgDialect, math::MathDialect,
                  memref::MemRefDialect, scf::SCFDialect, tensor::TensorDialect, vector::VectorDialect>();
  registerCodegen(dialects);
  return dialects;
}

Pipeline::Pipeline(const frontend::Program &program, const Options &options, frontend::Diagnostics &diagnostics,
                   Compilation &out)
    : program(program), options(options), diagnostics(diagnostics), out(out) {
  context.appendDialectRegistry(registry());
  context.loadDialect<BattenDialect>(); // all that the evaluators need: the rest takes longer than most of their calls
  // MLIR's own reports are about our IR, never about the user's program, except for what a lowering refuses and what
  // the schedule remarks.
  context.getDiagEngine().registerHandler([this](Diagnostic &diagnostic) {
    if (!refuseForUser(diagnostic) && !warnUser(diagnostic)) {
      llvm::raw_string_ostream stream(faults);
      stream << diagnostic.getLocation() << ": " << diagnostic << "\n";
    }
    return success();
  });
}

static frontend::Location locationOf(FileLineColLoc place) {
  int line = int(place.getLine()), column = int(place.getColumn());
  return {place.getFilename().str(), line, column, column + 1};
}

/// "'batten.x' op is not compiled yet", at a place in the source: the user's business, in the user's words.
bool Pipeline::refuseForUser(Diagnostic &diagnostic) {
  std::string message = diagnostic.str();
  auto place = diagnostic.getLocation()->findInstanceOf<FileLineColLoc>();
  StringRef name = message;
  if (!place || !name.consume_front("'batten.") || !name.consume_back("' op is not compiled yet"))
    return false;
  diagnostics.error("E0602", frontend::rangeOf(locationOf(place), diagnostics.sources()),
                    "`" + name.str() + "` is not compiled yet for these types");
  return true;
}

bool Pipeline::warnUser(Diagnostic &diagnostic) {
  auto place = diagnostic.getLocation()->findInstanceOf<FileLineColLoc>();
  if (!place || diagnostic.getSeverity() != DiagnosticSeverity::Remark)
    return false;
  frontend::Diagnostic &warning =
      diagnostics.warning("perf", frontend::rangeOf(locationOf(place), diagnostics.sources()), diagnostic.str());
  for (Diagnostic &help : diagnostic.getNotes())
    warning.help(help.str());
  return true;
}

void Pipeline::timed(StringRef phase, llvm::function_ref<void()> work) {
  if (out.onPhase)
    out.onPhase(phase.str());
  auto start = std::chrono::steady_clock::now();
  work();
  std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
  out.phases.push_back({phase.str(), elapsed.count(), {}});
}

bool Pipeline::internalError(StringRef phase, StringRef what) {
  diagnostics.internalError(phase.str(), what.str());
  return false;
}

bool Pipeline::codegenFailed(const std::string &error) {
  if (!StringRef(error).starts_with(noRoom))
    return internalError("codegen", error);
  diagnostics.error("", error);
  return false;
}

namespace {
/// Times the passes of one run, one after the other: no pass here runs others.
class PassTimes : public PassInstrumentation {
public:
  explicit PassTimes(std::vector<Phase> &out) : out(out) {}
  void runBeforePass(Pass *, Operation *) override { start = std::chrono::steady_clock::now(); }
  void runAfterPass(Pass *pass, Operation *) override {
    std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
    out.push_back({pass->getArgument().str(), elapsed.count(), {}});
  }

private:
  std::vector<Phase> &out;
  std::chrono::steady_clock::time_point start;
};
} // namespace

namespace {
/// Shows the module as named passes leave it, headed as `mlir-opt --mlir-print-ir-after` does.
class PassPrinter : public PassInstrumentation {
public:
  explicit PassPrinter(const std::vector<std::string> &names) : names(names) {}
  void runAfterPass(Pass *pass, Operation *module) override {
    if (llvm::is_contained(names, pass->getArgument()))
      llvm::errs() << "// -----// IR Dump After " << pass->getName() << " (" << pass->getArgument() << ") //----- //\n"
                   << *module << "\n\n";
  }

private:
  const std::vector<std::string> &names;
};
} // namespace

std::vector<std::string> passNames() {
  std::vector<std::string> names;
  std::unique_ptr<Pass> passes[] = {createDescribeEntries(), createCSEPass(), createLowerToLinalg(), createFuse(),
                                    createBuildKernels()};
  for (const std::unique_ptr<Pass> &pass : passes)
    names.push_back(pass->getArgument().str());
  return names;
}

bool Pipeline::runPasses(StringRef phase, llvm::function_ref<void(PassManager &)> add) {
  PassManager passes(&context);
  add(passes);
  std::vector<Phase> times;
  passes.addInstrumentation(std::make_unique<PassTimes>(times));
  passes.addInstrumentation(std::make_unique<PassPrinter>(options.printAfter));
  bool passed = false;
  timed(phase, [&] { passed = succeeded(passes.run(*module)); });
  out.phases.back().passes = std::move(times);
  if (!passed && !diagnostics.hasErrors())
    internalError(phase, faults);
  return passed;
}

void Pipeline::keep(Emission emission, const std::vector<Emission> &wanted) {
  if (!llvm::is_contained(wanted, emission))
    return;
  llvm::raw_string_ostream stream(out.files[emission]);
  module->print(stream);
  stream << "\n";
}

std::string hashOfSources(const frontend::Sources &sources) {
  llvm::SHA256 hash;
  for (uint32_t i = 0; i < sources.size(); ++i) {
    StringRef text = sources.file(i).text();
    hash.update(std::to_string(text.size()) + ":"); // text can't move between files unseen
    hash.update(text);
  }
  return llvm::toHex(hash.final(), /*LowerCase=*/true).substr(0, 16);
}

ModuleOp Pipeline::emit() {
  timed("emit", [&] { module = frontend::emitBatten(program, context, diagnostics); });
  if (!module)
    return {};
  if (failed(verify(*module)))
    return internalError("emit", faults), ModuleOp();
  (*module)->setAttr(attr::sourceHash, StringAttr::get(&context, hashOfSources(diagnostics.sources())));
  return *module;
}

/// batten -> linalg. The description first: afterwards batch and core can't be told apart.
bool Pipeline::lower() {
  frontend::emitLayers(program, *module);
  context.loadAllAvailableDialects();
  if (options.checkIds)
    (*module)->setAttr(attr::checkIds, UnitAttr::get(&context));
  if (options.timeLaunches)
    (*module)->setAttr(attr::timeLaunches, UnitAttr::get(&context));
  return runPasses("lower", [&](PassManager &passes) {
    passes.addPass(createDescribeEntries());
    if (options.fuse)
      passes.addPass(createCSEPass()); // what is written twice is computed once
    passes.addPass(createLowerToLinalg());
  });
}

/// linalg -> kernels and plans, once a CPU level. Two passes, so that the groups can be looked at between them.
bool Pipeline::schedule() {
  OwningOpRef<ModuleOp> source = std::move(module);
  std::vector<OwningOpRef<ModuleOp>> versions;
  for (const CpuLevel &level : levels) {
    module = &level == &levels.back() ? std::move(source) : OwningOpRef<ModuleOp>(source->clone());
    bool passed = runPasses("schedule", [&](PassManager &passes) {
      passes.addPass(createFuse({level.name, options.fuse}));
      passes.addPass(createBuildKernels({level.name}));
    });
    if (!passed)
      return false;
    versions.push_back(std::move(module));
  }
  module = mergeVersions(std::move(versions));
  if (options.timeLaunches)
    numberLaunches();
  return true;
}

/// Each launch of an entry gets its place in the table of times, and the tool that reads it the list.
void Pipeline::numberLaunches() {
  Builder b(&context);
  for (auto plan : module->getOps<PlanOp>())
    for (auto launch : plan.getBody().getOps<LaunchOp>()) {
      if (plan.getKind() != "entry")
        continue;
      launch->setAttr(attr::launchNumber, b.getI64IntegerAttr(int64_t(out.launches.size())));
      auto place = launch->getLoc()->findInstanceOf<FileLineColLoc>();
      auto flops = launch->getAttrOfType<StringAttr>(attr::launchFlops);
      out.launches.push_back({launch.getKernel().str(), place ? locationOf(place) : frontend::Location(),
                              flops ? Dim::parse(flops.str()) : std::nullopt});
    }
  (*module)->setAttr(attr::timeLaunches, b.getI64IntegerAttr(int64_t(out.launches.size())));
}

/// What is made of the object, or of what is measured in it.
static bool needsObject(Emission emission) {
  return emission == Emission::Object || emission == Emission::Archive || emission == Emission::SharedLibrary ||
         emission == Emission::Manifest;
}

std::optional<std::string> Pipeline::generateOne(Emission emission, const CodegenOptions &code, StringRef object,
                                                 std::string &error) {
  switch (emission) {
  case Emission::Llvm:
    return emitLLVM(*module, code, error);
  case Emission::Asm:
    return emitAssembly(*module, code, error);
  case Emission::Archive:
    return makeArchive(object, program.name, error);
  case Emission::SharedLibrary:
    return linkShared(object, "", error);
  case Emission::Header:
    return emitHeader(*module, code, error);
  case Emission::Manifest:
    return emitManifest(*module, code, object, error);
  case Emission::Weights:
    return makeWeightsObject(options.weights.bytes, weightsSymbol(program.name));
  default:
    return object.str();
  }
}

static std::string placedWeightsOf(const Options &options) {
  return options.weights.mode.empty() ? "" : options.weights.file + ":" + options.weights.mode;
}

/// As the command line spells what the code generator does not see.
static std::string flagsOf(const Options &options) {
  std::string flags = options.fuse ? "" : " --fuse=off";
  flags += options.checkIds ? " --check-ids" : "";
  for (const auto &[name, size] : options.dims)
    flags += " --dim " + name + "=" + std::to_string(size);
  if (!options.weights.mode.empty())
    flags += " --weights=" + placedWeightsOf(options);
  return flags;
}

/// With its weights, where they are to be embedded.
std::optional<std::string> Pipeline::generateObject(const CodegenOptions &code, std::string &error) {
  std::optional<std::string> object = emitObject(*module, code, error);
  if (!object || options.weights.mode != "embed")
    return object;
  std::string weights = makeWeightsObject(options.weights.bytes, weightsSymbol(program.name));
  return joinObjects({*object, weights}, error);
}

bool Pipeline::generate(const std::vector<Emission> &wanted) {
  if (!options.weights.mode.empty())
    (*module)->setAttr(weightOffsetsName, DenseI64ArrayAttr::get(&context, options.weights.offsets));
  if (size_t bytes = options.weights.bytes.size(); !options.weights.mode.empty() && bytes >= leastReleasedBytes)
    (*module)->setAttr(releasedBytesName, OpBuilder(&context).getI64IntegerAttr(int64_t(bytes)));
  CodegenOptions code{out.cpu,          unsigned(options.optimise), options.debugLines,
                      flagsOf(options), placedWeightsOf(options),   options.emulate};
  std::string error;
  std::optional<std::string> object;
  bool needed = llvm::any_of(wanted, needsObject), written = true;
  if (needed)
    timed("codegen", [&] { object = generateObject(code, error); });
  if (needed && !object)
    return codegenFailed(error);
  timed("write", [&] {
    for (Emission emission : wanted) {
      if (emission < Emission::Llvm)
        continue;
      std::optional<std::string> file = generateOne(emission, code, object ? StringRef(*object) : "", error);
      written = file.has_value();
      if (!written)
        return;
      out.files[emission] = std::move(*file);
    }
  });
  return written || codegenFailed(error);
}

std::vector<CpuLevel> levelsOf(const std::string &cpu, std::string &fault, bool emulated) {
  std::optional<std::vector<CpuLevel>> known = lookupLevels(cpu, fault, emulated);
  if (known && known->back().vectorBits >= 256)
    return *known;
  if (known)
    fault = "CPU level '" + known->back().name + "' is too old; " + wantedLevels;
  return {};
}

bool Pipeline::run(const std::vector<Emission> &wanted) {
  std::string fault;
  levels = levelsOf(options.cpu, fault, options.emulate);
  if (levels.empty()) {
    diagnostics.error("", fault);
    return false;
  }
  out.cpu = namesOf(levels);
  if (!emit())
    return false;
  keep(Emission::Batten, wanted);
  Emission last = *std::max_element(wanted.begin(), wanted.end());
  if (last == Emission::Batten)
    return true;
  if (!lower())
    return false;
  keep(Emission::Linalg, wanted);
  if (last == Emission::Linalg)
    return true;
  if (!schedule())
    return false;
  keep(Emission::Scheduled, wanted);
  if (diagnostics.hasErrors()) // of -Werror
    return false;
  return last == Emission::Scheduled || generate(wanted);
}

} // namespace batten
