// Format.h - one style for sources: horizontal white space only.
//
// The lines are those of the author. Within them: two spaces a brace, four more where a statement goes on; three spaces
// between statements; a comment behind code at column 78, or three spaces behind it; parameters that stand one below
// the other in columns, one a line with their bars aligned. Tokens and comments never change.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_FRONTEND_FORMAT_H
#define BATTEN_COMPILER_FRONTEND_FORMAT_H

#include "compiler/frontend/Lexer.h"

namespace batten::frontend {

// The text of a file that parses, formatted. `list` are its tokens.
std::string format(const SourceFile &file, const TokenList &list);

} // namespace batten::frontend

#endif
