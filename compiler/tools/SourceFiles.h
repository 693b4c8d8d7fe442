// SourceFiles.h - the files that a command line names.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_SOURCEFILES_H
#define BATTEN_COMPILER_TOOLS_SOURCEFILES_H

#include <string>
#include <vector>

namespace batten {

enum class FileKind { Source, Library, Object, Weights, Companion }; // the last: a header or a manifest
/// By what is in it: a library may be called libx.so.1. What cannot be read is what its name says.
FileKind kindOf(const std::string &path);

/// The sentence where a file is no source but something else that is known here; or empty. `takesWeights`: the command
/// has --weights.
std::string notASource(const std::string &path, bool takesWeights);

/// The files as they are named; for a folder the .btn files in it and below it, in order of path.
std::vector<std::string> findSources(const std::vector<std::string> &paths);
/// The sentence where there is none.
std::string noSourcesIn(const std::vector<std::string> &folders);

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_SOURCEFILES_H
