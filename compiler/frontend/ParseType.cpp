// ParseType.cpp - dims, tensor types and rearrange patterns.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/ParserImpl.h"

#include <algorithm>

namespace batten::frontend {

//===- Types ------------------------------------------------------------------------------------------------------===//

// ty = dtype [ "[" [ bdim { "," bdim } ] "|" [ cdim { "," cdim } ] "]" ] | qname "." "params"
TypeExpr Parser::parseType() {
  TypeExpr type;
  SourceRange begin = peek().range;
  if (at(TokenKind::Identifier) && peek(1).kind == TokenKind::Dot) {
    type.kind = TypeExpr::Kind::Params;
    type.model = parseQualifiedName();
    Identifier last = std::move(type.model.parts.back());
    type.model.parts.pop_back();
    if (last.name != "params")
      fail("E0005", last.range, "expected `params`, found `" + last.name + "`")
          .help("a model's parameters as a type are written `Model.params`");
    if (!type.model.parts.empty())
      type.model.range = type.model.parts.front().range.to(type.model.parts.back().range);
  } else {
    type.dtype = parseDType();
    if (at(TokenKind::LeftBracket))
      parseTypeDims(type);
  }
  type.range = rangeFrom(begin);
  return type;
}

// dtype: one of the built-in ones or an alias
DTypeName Parser::parseDType() {
  if (!at(TokenKind::DType) && !at(TokenKind::Identifier)) {
    unexpected("a type");
    return {};
  }
  Token token = advance();
  return {std::string(text(token)), token.kind == TokenKind::DType, token.range};
}

void Parser::parseTypeDims(TypeExpr &type) {
  Token open = advance();
  type.hasDims = true;
  type.batch = parseTypeDimList();
  if (at(TokenKind::Bar)) {
    type.barRange = advance().range;
    type.core = parseTypeDimList();
    expectClosing(TokenKind::RightBracket, open, "`,`");
    checkBatchDims(type);
    return;
  }
  expectClosing(TokenKind::RightBracket, open, "`,`, `|`");
  type.range = rangeFrom(type.dtype.range);
  if (!failing)
    reportMissingBar(type);
}

std::vector<TypeDim> Parser::parseTypeDimList() {
  std::vector<TypeDim> dims;
  if (at(TokenKind::Bar) || at(TokenKind::RightBracket))
    return dims;
  do
    dims.push_back(parseTypeDim());
  while (accept(TokenKind::Comma));
  return dims;
}

// bdim = IDENT | "?" IDENT ;   cdim = dexpr | "?" IDENT | "_"
TypeDim Parser::parseTypeDim() {
  TypeDim dim{TypeDim::Kind::Size, peek().range, nullptr, {}};
  TokenKind after = peek(1).kind;
  if (accept(TokenKind::Question)) {
    dim.kind = TypeDim::Kind::Binder;
    dim.binder = parseIdentifier("the name of a new dim");
  } else if (atWord("_") &&
             (after == TokenKind::Comma || after == TokenKind::RightBracket || after == TokenKind::Bar)) {
    dim.kind = TypeDim::Kind::Wildcard;
    advance();
  } else {
    dim.size = parseDimExpr();
  }
  dim.range = rangeFrom(dim.range);
  return dim;
}

// Nothing more is said of it; where it was to bind names, of nothing.
void Parser::refuse(TypeExpr &type) {
  type.refused = true;
  for (const std::vector<TypeDim> *dims : {&type.batch, &type.core})
    for (const TypeDim &dim : *dims)
      broken |= dim.kind == TypeDim::Kind::Binder;
}

// The list left of the bar was read as if it were right of it, since the bar comes after it.
void Parser::checkBatchDims(TypeExpr &type) {
  for (const TypeDim &dim : type.batch) {
    if (failing || dim.kind == TypeDim::Kind::Binder ||
        (dim.kind == TypeDim::Kind::Size && dim.size->kind == DimExpr::Kind::Name))
      continue;
    refuse(type);
    std::string written(sources.text(dim.range));
    if (dim.kind == TypeDim::Kind::Wildcard)
      report("E0005", dim.range, "expected the name of a dim, found `_`").help("`_` may stand right of the bar only");
    else if (dim.size->kind == DimExpr::Kind::Integer)
      report("E0214", dim.range, "`" + written + "` stands left of the bar")
          .label("a batch dim is a name")
          .help("give it one: `dim N = " + written + "`; or put it right of the bar");
    else
      report("E0214", dim.range, "`" + written + "` stands left of the bar")
          .label("a batch dim is a name")
          .help("a computed size can only stand right of the bar");
  }
}

// What the bar should separate can only be guessed: the help shows both readings.
void Parser::reportMissingBar(TypeExpr &type) {
  std::string batch, core, all;
  bool leading = true; // names so far; but the last of several is taken for a core dim
  for (size_t i = 0; i < type.batch.size(); ++i) {
    const TypeDim &dim = type.batch[i];
    std::string written(sources.text(dim.range));
    bool name = dim.kind == TypeDim::Kind::Size && dim.size->kind == DimExpr::Kind::Name;
    leading = leading && name && (i == 0 || i + 1 < type.batch.size());
    std::string &list = leading ? batch : core;
    list += (list.empty() ? "" : ", ") + written;
    all += (all.empty() ? "" : ", ") + written;
  }
  std::string dtype = type.dtype.name, space = core.empty() ? "" : " ";
  std::string weight = "all core (a weight): `" + dtype + "[| " + all + "]`";
  std::string help = weight;
  if (all.empty())
    help = "a single number is `" + dtype + "`, which is `" + dtype + "[|]`";
  else if (!batch.empty())
    help = "batch `" + batch + "`" + (core.empty() ? "" : ", core `" + core + "`") + ": `" + dtype + "[" + batch +
           " |" + space + core + "]`; " + weight;
  report("E0209", type.range, "tensor type needs a bar").label("which dims are batch?").help(help);
  refuse(type);
  type.core = std::move(type.batch);
  type.batch.clear();
}

//===- Dims -------------------------------------------------------------------------------------------------------===//

static std::optional<DimOperator> dimOperator(TokenKind kind, bool product) {
  switch (kind) {
  case TokenKind::Plus:
    return product ? std::nullopt : std::optional(DimOperator::Add);
  case TokenKind::Minus:
    return product ? std::nullopt : std::optional(DimOperator::Sub);
  case TokenKind::Star:
    return product ? std::optional(DimOperator::Mul) : std::nullopt;
  case TokenKind::Slash:
    return product ? std::optional(DimOperator::Div) : std::nullopt;
  case TokenKind::Percent:
    return product ? std::optional(DimOperator::Mod) : std::nullopt;
  default:
    return std::nullopt;
  }
}

// dexpr = dterm { ( "+" | "-" ) dterm }
DimExprPtr Parser::parseDimExpr() { return parseDimLevel(/*product=*/false); }

// dterm = dfac { ( "*" | "/" | "%" ) dfac }
DimExprPtr Parser::parseDimLevel(bool product) {
  auto operand = [&] { return product ? parseDimFactor() : parseDimLevel(/*product=*/true); };
  SourceRange begin = peek().range;
  DimExprPtr first = operand();
  if (!dimOperator(peek().kind, product))
    return first;
  auto chain = std::make_unique<DimExpr>(DimExpr{DimExpr::Kind::Chain, begin, 0, "", std::move(first), nullptr, {}});
  while (std::optional<DimOperator> op = dimOperator(peek().kind, product)) {
    SourceRange opRange = advance().range;
    chain->links.push_back({*op, opRange, operand()});
  }
  chain->range = rangeFrom(begin);
  return chain;
}

// dfac = INT | IDENT | "div" "(" dexpr "," dexpr ")" | "(" dexpr ")"
DimExprPtr Parser::parseDimFactor() {
  Token begin = peek();
  auto dim = std::make_unique<DimExpr>(DimExpr{DimExpr::Kind::Integer, begin.range, 0, "", nullptr, nullptr, {}});
  if (atWord("div") && peek(1).kind == TokenKind::LeftParen) {
    Nest nest(*this, "dim");
    advance();
    Token open = advance();
    dim->kind = DimExpr::Kind::FloorDiv;
    dim->lhs = parseDimExpr();
    expect(TokenKind::Comma);
    dim->rhs = parseDimExpr();
    expectClosing(TokenKind::RightParen, open, "an operator");
  } else if (at(TokenKind::Identifier)) {
    dim->kind = DimExpr::Kind::Name;
    dim->name = parseIdentifier().name;
  } else if (at(TokenKind::Integer)) {
    dim->value = parseInteger();
  } else if (at(TokenKind::LeftParen)) {
    Nest nest(*this, "dim");
    advance();
    dim = parseDimExpr();
    expectClosing(TokenKind::RightParen, begin, "an operator");
  } else {
    unexpected("a dim");
  }
  if (dim)
    dim->range = rangeFrom(begin);
  return dim;
}

//===- Patterns ---------------------------------------------------------------------------------------------------===//

// pat = "[" [ pd { "," pd } ] "|" [ pd { "," pd } ] "]"
Pattern Parser::parsePattern() {
  Pattern pattern;
  Token open = expect(TokenKind::LeftBracket);
  pattern.batch = parsePatternDims(/*leftOfBar=*/true);
  if (!at(TokenKind::Bar))
    unexpected("`,` or `|`").help("a pattern has a bar, as a type has: `[B | T, D]`");
  advance();
  pattern.core = parsePatternDims(/*leftOfBar=*/false);
  expectClosing(TokenKind::RightBracket, open, "`,`");
  pattern.refused = std::any_of(pattern.batch.begin(), pattern.batch.end(),
                                [](const PatternDim &dim) { return dim.kind == PatternDim::Kind::Integer; });
  pattern.range = rangeFrom(open);
  return pattern;
}

std::vector<PatternDim> Parser::parsePatternDims(bool leftOfBar) {
  std::vector<PatternDim> dims;
  if (at(TokenKind::Bar) || at(TokenKind::RightBracket))
    return dims;
  do
    dims.push_back(parsePatternDim(leftOfBar));
  while (accept(TokenKind::Comma));
  return dims;
}

// pd = IDENT | INT | IDENT ":" IDENT | "(" IDENT { IDENT } ")"
PatternDim Parser::parsePatternDim(bool leftOfBar) {
  PatternDim dim;
  Token begin = peek();
  if (at(TokenKind::Integer)) {
    dim.kind = PatternDim::Kind::Integer;
    dim.value = parseInteger();
    if (leftOfBar)
      report("E0214", begin.range, "`" + std::string(text(begin)) + "` stands left of the bar")
          .label("a batch dim is a name");
  } else if (at(TokenKind::LeftParen) && leftOfBar) {
    unexpected("the name of a dim").help("groups `( )` stand right of the bar only: a batch dim is never a product");
  } else if (at(TokenKind::LeftParen)) {
    dim.kind = PatternDim::Kind::Group;
    advance();
    do
      dim.names.push_back(parseIdentifier("the name of a dim"));
    while (at(TokenKind::Identifier));
    expectClosing(TokenKind::RightParen, begin, "the name of a dim");
  } else {
    dim.names.push_back(parseIdentifier("the name of a dim"));
    if (accept(TokenKind::Colon)) {
      dim.kind = PatternDim::Kind::Rename;
      dim.names.push_back(parseIdentifier("the name of a dim"));
    }
  }
  dim.range = rangeFrom(begin);
  return dim;
}

} // namespace batten::frontend
