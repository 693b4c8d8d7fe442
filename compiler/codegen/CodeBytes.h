// CodeBytes.h - how much machine code each CPU level has, measured in the object and written into its description.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_CODEGEN_CODEBYTES_H
#define BATTEN_COMPILER_CODEGEN_CODEBYTES_H

#include "compiler/codegen/Levels.h"

namespace batten {

/// The section of an object that has the level's kernels and nothing else.
std::string codeSection(const CpuLevel &level);

/// Of each level. nullopt and a sentence in `error`: it is no object of ours.
std::optional<std::vector<int64_t>> codeBytes(llvm::StringRef object, llvm::ArrayRef<CpuLevel> levels,
                                              std::string &error);

/// Writes the words into the table of this name in the object.
bool fillTable(std::string &object, llvm::StringRef table, llvm::ArrayRef<int64_t> words, std::string &error);

} // namespace batten
#endif // BATTEN_COMPILER_CODEGEN_CODEBYTES_H
