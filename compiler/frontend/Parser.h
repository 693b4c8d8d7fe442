// Parser.h - source text -> syntax tree.
//
// Recursive descent over the tokens of Lexer.h, one function a production of the grammar, which stands above it. At
// most three tokens are looked at. After an error the parser goes on at the next keyword that can begin an item or a
// statement, so that one mistake is one error.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_FRONTEND_PARSER_H
#define BATTEN_COMPILER_FRONTEND_PARSER_H

#include "compiler/frontend/AST.h"
#include "compiler/frontend/Diagnostics.h"

namespace batten::frontend {

// The tree of one file. Whatever could be read is in it, also after errors (`diagnostics.hasErrors()`), but then
// parts may be missing: only a tree that is whole keeps the promises of AST.h.
FileNode parse(const Sources &sources, uint32_t file, Diagnostics &diagnostics);

} // namespace batten::frontend

#endif
