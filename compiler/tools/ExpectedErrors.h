// ExpectedErrors.h - `// expect-error: E0205` at the end of the line that the error points to.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_EXPECTEDERRORS_H
#define BATTEN_COMPILER_TOOLS_EXPECTEDERRORS_H

#include "compiler/frontend/Diagnostics.h"
#include <set>

namespace batten {

/// A line (0: none) and a code there.
using ErrorPlaces = std::multiset<std::pair<uint32_t, std::string>>;

/// What the comments of a file promise; several codes are separated by commas. Reads bare lines, as the file need not
/// even consist of tokens. A comment that names no code is an error.
ErrorPlaces expectedErrors(const frontend::SourceFile &file, std::string &fault);
/// The errors that were found, in this file or elsewhere.
ErrorPlaces foundErrors(const frontend::Diagnostics &diagnostics);
/// One sentence a difference, in the order of the lines; empty where the two are equal.
std::string compareErrors(const std::string &file, const ErrorPlaces &expected, const ErrorPlaces &found);

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_EXPECTEDERRORS_H
