// FormatTokens.h - what the formatter must know of each token: where statements begin, what stands inside what.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_FRONTEND_FORMATTOKENS_H
#define BATTEN_COMPILER_FRONTEND_FORMATTOKENS_H

#include "compiler/frontend/Lexer.h"

namespace batten::frontend {

struct TokenLayout {
  bool startsStatement = false; // or an item, or its attributes
  bool insideList = false;      // before it a bracket other than a brace is open
  unsigned depth = 0;           // braces around it; a closing one counts as outside
  unsigned gap = 0;             // spaces between the token before and this one on one line
};

// One a token, the End included.
std::vector<TokenLayout> layOutTokens(const SourceFile &file, const std::vector<Token> &tokens);

} // namespace batten::frontend

#endif
