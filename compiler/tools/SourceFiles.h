// SourceFiles.h - the sources that a command line names.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_SOURCEFILES_H
#define BATTEN_COMPILER_TOOLS_SOURCEFILES_H

#include <string>
#include <vector>

namespace batten {

/// The files as they are named; for a folder the .btn files in it and below it, in order of path.
std::vector<std::string> findSources(const std::vector<std::string> &paths);

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_SOURCEFILES_H
