// Unused.h - warnings of what a file declares and nothing uses.
//
// Includes no MLIR.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_FRONTEND_UNUSED_H
#define BATTEN_COMPILER_FRONTEND_UNUSED_H

#include "compiler/frontend/Declarations.h"

namespace batten::frontend {

/// -Wunused-let, -Wunused-param and -Wunused-fn of a file in which no error was found.
void warnOfUnused(Context &context, Module &module);

} // namespace batten::frontend

#endif
