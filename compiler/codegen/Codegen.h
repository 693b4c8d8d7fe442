// Codegen.h - a scheduled module (kernels and plans) -> what a user gets.
//
// Every function reads the module as the schedule left it and changes a copy only. nullopt comes with a sentence in
// `error`. Safe to call from several threads on modules of contexts that allow it; linking goes one at a time.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_CODEGEN_CODEGEN_H
#define BATTEN_COMPILER_CODEGEN_CODEGEN_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>

namespace mlir {
class DialectRegistry;
}

namespace batten {

struct CodegenOptions {
  std::string level;              ///< LLVM CPU names with commas between, or "native"; empty: the module's batten.level
  unsigned optLevel = 2;          ///< 0..3; below 2 code is made sooner and runs slower, with the same results
  bool debugInfo = false;         ///< lines of the source in the object
  std::string flags;              ///< of earlier stages, which the description is to name too: " --fuse=off"
  std::string placedWeights = {}; ///< "w.safetensors:embed", where the weights are built in
  bool emulated = false;          ///< the levels in instructions of x86-64-v3
};

/// What the context of a module needs to be translated, besides the dialects that the module uses.
void registerCodegen(mlir::DialectRegistry &registry);

std::optional<std::string> emitObject(mlir::ModuleOp module, const CodegenOptions &options, std::string &error);
std::optional<std::string> emitAssembly(mlir::ModuleOp module, const CodegenOptions &options, std::string &error);
/// LLVM IR as text, before LLVM's own passes.
std::optional<std::string> emitLLVM(mlir::ModuleOp module, const CodegenOptions &options, std::string &error);

std::optional<std::string> emitHeader(mlir::ModuleOp module, const CodegenOptions &options, std::string &error);
/// The description as JSON. `object`: what emitObject made of the module.
std::optional<std::string> emitManifest(mlir::ModuleOp module, const CodegenOptions &options, llvm::StringRef object,
                                        std::string &error);

/// How `error` begins where not the compiler is at fault but this machine, which has no room for the linker's files.
inline constexpr llvm::StringLiteral noRoom = "no room for the linker";

/// A static library with one member, "NAME.o".
std::optional<std::string> makeArchive(llvm::StringRef object, llvm::StringRef name, std::string &error);
/// A shared library; `name` becomes its SONAME where given.
std::optional<std::string> linkShared(llvm::StringRef object, llvm::StringRef name, std::string &error);

} // namespace batten
#endif // BATTEN_COMPILER_CODEGEN_CODEGEN_H
