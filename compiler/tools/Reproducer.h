// Reproducer.h - what a developer of Batten needs to see an internal error or a crash again.
//
// A folder with the sources, in folders as they were so that imports find each other, the command line and the report.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_REPRODUCER_H
#define BATTEN_COMPILER_TOOLS_REPRODUCER_H

#include "compiler/frontend/Diagnostics.h"
#include "compiler/frontend/Source.h"
#include <memory>

namespace batten {

/// Writes it into a new folder of $TMPDIR, else of /tmp. Its path; empty where it can't be written.
std::string writeReproducer(const frontend::Sources &sources, const frontend::InternalError &fault);

/// While it lives, a signal that a fault of the compiler raises (SIGSEGV, SIGABRT ...) writes the reproducer and ends
/// the process with the status of internal errors. One at a time.
class CrashReport {
public:
  /// Everything is made ready here: a handler of signals may neither allocate nor look for anything.
  explicit CrashReport(const frontend::Sources &sources);
  CrashReport(const CrashReport &) = delete;
  CrashReport &operator=(const CrashReport &) = delete;
  ~CrashReport();
};

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_REPRODUCER_H
