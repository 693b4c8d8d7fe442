// AstPrinter.h - the syntax tree as indented s-expressions (--emit=ast).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_FRONTEND_ASTPRINTER_H
#define BATTEN_COMPILER_FRONTEND_ASTPRINTER_H

#include "compiler/frontend/AST.h"

#include <string>

namespace batten::frontend {

std::string printAst(const FileNode &file);

// One construct on one line, in source syntax: for messages and signatures.
std::string toString(const DimExpr &dim);
std::string toString(const TypeExpr &type);
std::string toString(const QualifiedName &name);
std::string toString(const Pattern &pattern);

} // namespace batten::frontend

#endif
