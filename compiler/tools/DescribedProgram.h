// DescribedProgram.h - a compiled library as the tools know programs: by its own description, without its source.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_DESCRIBEDPROGRAM_H
#define BATTEN_COMPILER_TOOLS_DESCRIBEDPROGRAM_H

#include "compiler/frontend/Program.h"
#include "runtime/abi.h"

namespace batten {

/// Overflowed, where it is not known.
Dim dimOf(const batten_formula &formula);
/// The sizes that a call gives.
std::vector<frontend::Symbol> symbolsOf(const batten_entry &entry);
/// The entries with their arguments, results, sizes and weights, and without operations.
frontend::Program programOf(const batten_description &description);

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_DESCRIBEDPROGRAM_H
