// Backend.h - LLVM modules -> machine code.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_CODEGEN_BACKEND_H
#define BATTEN_COMPILER_CODEGEN_BACKEND_H

#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"
#include <optional>
#include <string>
#include <vector>

namespace batten {

/// For plain x86-64; a function's attributes say more. nullptr, and why, if this LLVM has no such target.
std::unique_ptr<llvm::TargetMachine> createTargetMachine(unsigned optLevel, std::string &error);

/// The passes before instruction selection.
void optimize(llvm::Module &module, llvm::TargetMachine &machine, unsigned optLevel);

std::optional<std::string> generate(llvm::Module &module, llvm::TargetMachine &machine, llvm::CodeGenFileType kind,
                                    std::string &error);

/// Objects that together are a module, which is not optimised yet: its kernels are compiled side by side on the
/// machine's cores. What they show each other is hidden. The bytes do not depend on how many cores there are.
std::optional<std::vector<std::string>> compileParts(llvm::Module &module, unsigned optLevel, std::string &error);

} // namespace batten
#endif // BATTEN_COMPILER_CODEGEN_BACKEND_H
