// ParseParts.cpp - what items are made of: generics, conditions, names, strings and whole numbers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/ParserImpl.h"

#include <algorithm>
#include <charconv>

namespace batten::frontend {

// gen = "<" IDENT { "," IDENT } ">"
std::vector<Identifier> Parser::parseGenerics() {
  if (!at(TokenKind::Less))
    return {};
  Token open = advance();
  std::vector<Identifier> generics = parseIdentifierList("the name of a dim");
  expectClosing(TokenKind::Greater, open, "`,`");
  return generics;
}

// where = "where" dcond { "," dcond }
std::vector<DimCondition> Parser::parseWhere() {
  std::vector<DimCondition> conditions;
  if (!accept(TokenKind::KwWhere))
    return conditions;
  do
    conditions.push_back(parseCondition());
  while (accept(TokenKind::Comma));
  return conditions;
}

static std::optional<DimRelation> relationOf(TokenKind kind) {
  switch (kind) {
  case TokenKind::EqualEqual:
    return DimRelation::Eq;
  case TokenKind::BangEqual:
    return DimRelation::Ne;
  case TokenKind::Less:
    return DimRelation::Lt;
  case TokenKind::LessEqual:
    return DimRelation::Le;
  case TokenKind::Greater:
    return DimRelation::Gt;
  case TokenKind::GreaterEqual:
    return DimRelation::Ge;
  default:
    return std::nullopt;
  }
}

// dcond = dexpr ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) dexpr
DimCondition Parser::parseCondition() {
  DimCondition condition;
  SourceRange begin = peek().range;
  condition.lhs = parseDimExpr();
  std::optional<DimRelation> relation = relationOf(peek().kind);
  if (relation)
    advance();
  else
    unexpected("`==`, `!=`, `<`, `<=`, `>` or `>=`");
  condition.relation = relation.value_or(DimRelation::Eq);
  condition.rhs = parseDimExpr();
  condition.range = rangeFrom(begin);
  return condition;
}

Identifier Parser::parseIdentifier(const char *expected) {
  Token token = expect(TokenKind::Identifier, expected);
  return {std::string(text(token)), token.range};
}

std::vector<Identifier> Parser::parseIdentifierList(const char *expected) {
  std::vector<Identifier> names;
  do
    names.push_back(parseIdentifier(expected));
  while (accept(TokenKind::Comma));
  return names;
}

StringLiteral Parser::parseString() {
  Token token = expect(TokenKind::String, "a string");
  std::string_view written = text(token);
  bool complete = written.size() >= 2 && written.back() == '"';
  return {std::string(complete ? written.substr(1, written.size() - 2) : ""), token.range};
}

std::optional<StringLiteral> Parser::parseFrom() {
  if (!atWord("from"))
    return std::nullopt;
  advance();
  return parseString();
}

int64_t Parser::parseInteger() { return integerValue(expect(TokenKind::Integer, "a whole number")); }

int64_t Parser::integerValue(const Token &token) {
  std::string digits;
  for (char c : text(token))
    if (c != '_')
      digits += c;
  int64_t value = 0;
  std::from_chars_result result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  broken |= result.ec == std::errc::result_out_of_range;
  if (result.ec == std::errc::result_out_of_range)
    report("E0601", token.range, "number does not fit in 64 bits");
  return value;
}

// qname = IDENT { "." IDENT }
QualifiedName Parser::parseQualifiedName() {
  QualifiedName name;
  SourceRange begin = peek().range;
  do
    name.parts.push_back(parseIdentifier("the name of a model"));
  while (accept(TokenKind::Dot));
  name.range = rangeFrom(begin);
  return name;
}

} // namespace batten::frontend
