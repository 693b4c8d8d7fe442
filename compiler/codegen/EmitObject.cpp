// EmitObject.cpp - a scheduled module -> LLVM IR -> object or assembly.
//
// One LLVM module a program: kernels, entries and tables. It is compiled in parts, which are joined with the fixed part
// of every artifact (support/) to one object. Everything but the C interface becomes local, so two programs link into
// one and nothing can be interposed.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/Backend.h"
#include "compiler/codegen/CodeBytes.h"
#include "compiler/codegen/Emit.h"
#include "compiler/codegen/Join.h"
#include "compiler/codegen/WeightsObject.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Transforms/IPO/Internalize.h"

using namespace mlir;

namespace batten {

/// The fixed part of every artifact, compiled when Batten was built.
static const unsigned char supportObject[] = {
#include "compiler/codegen/Support.o.inc"
};

void registerCodegen(DialectRegistry &registry) {
  registry.insert<LLVM::LLVMDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

namespace {
/// A program on its way through LLVM.
struct Compilation {
  std::unique_ptr<llvm::LLVMContext> context = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> module;
  std::unique_ptr<llvm::TargetMachine> machine;
  std::vector<CpuLevel> levels;
  std::string codeBytesTable; ///< of `levels`, to be filled in the object
};

/// Turns MLIR diagnostics of the current scope into one error text.
class DiagnosticText {
public:
  DiagnosticText(MLIRContext *context, std::string &error)
      : handler(context, [&error](Diagnostic &diagnostic) {
          if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
            error += (error.empty() ? "" : "\n") + diagnostic.str();
          return success();
        }) {}

private:
  ScopedDiagnosticHandler handler;
};
} // namespace

static void internalize(llvm::Module &module, const ProgramInfo &program) {
  llvm::StringSet<> exported;
  exported.insert({program.name + "_bind"});
  exported.insert({program.name + "_describe"});
  exported.insert({launchTimesName(program)}); // where `batten bench` asked for them
  for (const EntryInfo &entry : program.entries) {
    exported.insert({entry.cSymbol});
    exported.insert({entry.cSymbol + "_workspace"});
  }
  llvm::internalizeModule(module, [&](const llvm::GlobalValue &value) { return exported.contains(value.getName()); });
}

/// The module in LLVM IR, complete but not optimised.
static std::optional<Compilation> translate(ModuleOp source, const CodegenOptions &options, std::string &error) {
  DiagnosticText diagnostics(source.getContext(), error);
  OwningOpRef<ModuleOp> module = source.clone();
  auto program = readProgram(*module, options, error);
  if (!program)
    return std::nullopt;
  auto failure = [&]() -> std::optional<Compilation> {
    if (error.empty())
      error = "internal error: code generation failed";
    return std::nullopt;
  };
  if (failed(lowerKernels(*module, program->levels)) || failed(emitEntries(*module, *program)))
    return failure();
  PassManager passes(module->getContext());
  if (options.debugInfo)
    passes.addPass(LLVM::createDIScopeForLLVMFuncOpPass());
  if (failed(passes.run(*module)))
    return failure();

  Compilation compilation;
  compilation.levels = program->levels;
  compilation.codeBytesTable = codeBytesName(*program);
  compilation.machine = createTargetMachine(options.optLevel, error);
  compilation.module = translateModuleToLLVMIR(*module, *compilation.context, program->name);
  if (!compilation.machine || !compilation.module)
    return failure();
  compilation.module->setTargetTriple(compilation.machine->getTargetTriple());
  compilation.module->setDataLayout(compilation.machine->createDataLayout());
  for (llvm::DICompileUnit *unit : compilation.module->debug_compile_units())
    unit->replaceOperandWith(1, llvm::MDString::get(*compilation.context, program->compiler)); // its DW_AT_producer
  defineDescription(*compilation.module, *program);
  internalize(*compilation.module, *program);
  return compilation;
}

/// The promise of the C interface. A function that a kernel was not to call (a libm one, say) shows here, not at the
/// user's link.
static bool checkUndefined(llvm::StringRef bytes, llvm::StringRef weights, std::string &error) {
  auto object = llvm::object::ObjectFile::createObjectFile(llvm::MemoryBufferRef(bytes, "object"));
  if (!object) {
    error = llvm::toString(object.takeError());
    return false;
  }
  for (const llvm::object::SymbolRef &symbol : (*object)->symbols()) {
    auto flags = symbol.getFlags();
    auto name = symbol.getName();
    if (!flags || !name) {
      llvm::consumeError(flags.takeError());
      llvm::consumeError(name.takeError());
      continue;
    }
    bool allowed = name->empty() || *name == "memcpy" || *name == "memmove" || *name == "memset" || *name == "memcmp" ||
                   *name == weights;
    if ((*flags & llvm::object::SymbolRef::SF_Undefined) && !allowed) {
      error = "internal error: the generated code calls `" + name->str() + "`";
      return false;
    }
  }
  return true;
}

std::optional<std::string> emitObject(ModuleOp module, const CodegenOptions &options, std::string &error) {
  auto compilation = translate(module, options, error);
  if (!compilation)
    return std::nullopt;
  auto parts = compileParts(*compilation->module, options.optLevel, error);
  if (!parts)
    return std::nullopt;
  llvm::SmallVector<StringRef> objects(parts->begin(), parts->end());
  objects.push_back(StringRef(reinterpret_cast<const char *>(supportObject), sizeof supportObject));
  std::optional<std::string> joined = joinObjects(objects, error);
  std::optional<std::string> object = joined ? localizeHidden(*joined, error) : std::nullopt;
  std::string weights = module->hasAttr(weightOffsetsName) ? weightsSymbol(compilation->module->getName()) : "";
  if (!object || !checkUndefined(*object, weights, error))
    return std::nullopt;
  auto bytes = codeBytes(*object, compilation->levels, error);
  if (!bytes || !fillTable(*object, compilation->codeBytesTable, *bytes, error))
    return std::nullopt;
  return object;
}

std::optional<std::string> emitAssembly(ModuleOp module, const CodegenOptions &options, std::string &error) {
  auto compilation = translate(module, options, error);
  if (!compilation)
    return std::nullopt;
  optimize(*compilation->module, *compilation->machine, options.optLevel);
  return generate(*compilation->module, *compilation->machine, llvm::CodeGenFileType::AssemblyFile, error);
}

std::optional<std::string> emitLLVM(ModuleOp module, const CodegenOptions &options, std::string &error) {
  auto compilation = translate(module, options, error);
  if (!compilation)
    return std::nullopt;
  std::string text;
  llvm::raw_string_ostream stream(text);
  compilation->module->print(stream, nullptr);
  return text;
}

} // namespace batten
