// Inspect.h - the two things that `batten inspect` can look at, and how a source's graph is drawn.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_INSPECT_H
#define BATTEN_COMPILER_TOOLS_INSPECT_H

#include "compiler/tools/Session.h"
#include <set>

namespace batten {

/// A compiled library, from its own description alone.
int inspectLibrary(Session &session, const std::string &path, bool json);

/// Operations as boxes, values as edges with their types; what mixes samples `over batch` is red.
std::string graphAsDot(const frontend::Program &program);
std::string graphAsSvg(const frontend::Program &program);

/// "sample", or "call" where no dim is unbounded: every size is in the formula then.
const char *costUnit(const std::set<std::string> &samples);
/// A line that says what a sample is, where that is not plain: "a sample is one of B and T"; else empty. `cost` is that
/// of one.
std::string sampleText(const std::set<std::string> &samples, const Dim &cost);

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_INSPECT_H
