// Inspect.h - the two things that `batten inspect` can look at, and how a source's graph is drawn.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_INSPECT_H
#define BATTEN_COMPILER_TOOLS_INSPECT_H

#include "compiler/tools/Session.h"

namespace batten {

/// A compiled library, from its own description alone.
int inspectLibrary(Session &session, const CommandLine &options);

/// Operations as boxes, values as edges with their types; what mixes samples `over batch` is red.
std::string graphAsDot(const frontend::Program &program);
std::string graphAsSvg(const frontend::Program &program);

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_INSPECT_H
