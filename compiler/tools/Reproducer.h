// Reproducer.h - what a developer of Batten needs to see an internal error again.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_REPRODUCER_H
#define BATTEN_COMPILER_TOOLS_REPRODUCER_H

#include "compiler/frontend/Diagnostics.h"
#include "compiler/frontend/Source.h"

namespace batten {

/// Writes the sources, in folders as they were so that imports find each other, the command line and the report into
/// a new folder of $TMPDIR, else of /tmp. Its path; empty where it can't be written.
std::string writeReproducer(const frontend::Sources &sources, const frontend::InternalError &fault);

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_REPRODUCER_H
