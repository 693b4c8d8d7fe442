// Sema.h - the entry of semantic analysis: syntax tree -> checked, elaborated Program.
//
// Every function and model is checked once at its definition, with its generics as opaque symbols, also when nobody
// calls it. If that finds no error, each `pub fn` is elaborated: calls inlined, generics bound (Program.h).
//
// Includes no MLIR.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_FRONTEND_SEMA_H
#define BATTEN_COMPILER_FRONTEND_SEMA_H

#include "compiler/frontend/AST.h"
#include "compiler/frontend/Diagnostics.h"
#include "compiler/frontend/Program.h"

#include <functional>
#include <map>
#include <optional>

namespace batten::frontend {

struct SemaOptions {
  /// `--dim D=512`: replaces the size of a static dim, or makes a runtime one static. Of the main file only.
  std::map<std::string, int64_t> dims;
  /// NAME of the artifact; empty: made from the file's name.
  std::string programName;
  bool withTests = true;  ///< false: `test` blocks are not looked at
  bool withUnused = true; ///< what is declared and not used is warned of
  /// Brings the file that `import "path"` in `importer` names into the Sources and returns its index; the same file
  /// must give the same index. nullopt: it can't be read. Unset: imports are refused.
  std::function<std::optional<uint32_t>(uint32_t importer, const std::string &path)> loadImport;
};

/// Reads imports beside the importing file, else in the first of `folders` that has them, each file once.
std::function<std::optional<uint32_t>(uint32_t, const std::string &)>
importFromFiles(Sources &sources, std::vector<std::string> folders = {});
/// The names that -Wno-... and `#[allow(...)]` take.
const std::vector<std::string> &knownLints();
/// Those of them that are off unless -W turns them on.
const std::vector<std::string> &quietLints();

/// nullopt if there are errors; they are in `diagnostics`. Warnings leave a program.
std::optional<Program> analyse(const FileNode &file, Diagnostics &diagnostics, const SemaOptions &options = {});

/// The stem of a path as a C identifier: "a/my-model.btn" -> "my_model".
std::string programNameOf(const std::string &path);

} // namespace batten::frontend

#endif
