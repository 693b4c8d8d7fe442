// ReadEntry.h - a step of readProgram.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_CODEGEN_READENTRY_H
#define BATTEN_COMPILER_CODEGEN_READENTRY_H

#include "compiler/codegen/ProgramInfo.h"

namespace batten {

/// The entry that `versions` are plans of, appended to `program`, whose weights learn that they are read. False, and a
/// sentence in `error`, where they make none.
bool readEntry(std::vector<VersionInfo> versions, ProgramInfo &program, std::string &error);

/// A version is named by its entry, a point and what tells it from the others.
inline llvm::StringRef entryOf(PlanOp plan) { return plan.getSymName().split('.').first; }

} // namespace batten
#endif // BATTEN_COMPILER_CODEGEN_READENTRY_H
