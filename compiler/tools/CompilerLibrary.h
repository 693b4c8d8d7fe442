// CompilerLibrary.h - loads libbatten-compiler.so.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_COMPILERLIBRARY_H
#define BATTEN_COMPILER_TOOLS_COMPILERLIBRARY_H

#include "compiler/Compiler.h"

namespace batten {

/// The compiler, loaded when first asked for from beside the executable (`../lib`, where an installation has it too).
/// nullptr: `error` says where it was looked for.
Compiler *loadCompiler(std::string &error);

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_COMPILERLIBRARY_H
