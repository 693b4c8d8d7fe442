// AST.cpp - spellings of operators.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/AST.h"

namespace batten::frontend {

const char *spelling(BinaryOperator op) {
  static const char *const names[] = {"||", "&&", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "@"};
  return names[size_t(op)];
}

const char *spelling(UnaryOperator op) { return op == UnaryOperator::Neg ? "-" : "!"; }

const char *spelling(DimOperator op) {
  static const char *const names[] = {"+", "-", "*", "/", "%"};
  return names[size_t(op)];
}

const char *spelling(DimRelation relation) {
  static const char *const names[] = {"==", "!=", "<", "<=", ">", ">="};
  return names[size_t(relation)];
}

} // namespace batten::frontend
