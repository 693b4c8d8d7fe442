// AST.cpp - spellings of operators, attributes by their names.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/AST.h"

#include <algorithm>

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

const AttributeNode *Item::attribute(std::string_view name) const {
  auto found = std::find_if(attributes.begin(), attributes.end(),
                            [&](const AttributeNode &attribute) { return attribute.name.name == name; });
  return found == attributes.end() ? nullptr : &*found;
}

} // namespace batten::frontend
