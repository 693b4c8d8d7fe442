// IdFault.h - what --check-ids means where nothing is compiled (`run --evaluate` and `--exact`).
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_IDFAULT_H
#define BATTEN_COMPILER_TOOLS_IDFAULT_H

#include "compiler/Compiler.h"

namespace batten {

/// The first element of an argument that is to number rows and does not, in the words of a compiled call; empty: there
/// is none. `arguments`: one an Argument. As there, numbers that the program computes are not looked at.
std::string idFault(const frontend::Function &function, const std::map<std::string, int64_t> &sizes,
                    const std::vector<HostTensor> &arguments);

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_IDFAULT_H
