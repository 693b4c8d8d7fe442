// ParseExpression.cpp - expressions.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Advice.h"
#include "compiler/frontend/ParserImpl.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace batten::frontend {

//===- Binary operators -------------------------------------------------------------------------------------------===//

namespace {

struct OperatorEntry {
  TokenKind token;
  unsigned level;
  BinaryOperator op;
};

// Loosest first; level 5 is a cast.
constexpr OperatorEntry operators[] = {
    {TokenKind::BarBar, 0, BinaryOperator::Or},     {TokenKind::AmpAmp, 1, BinaryOperator::And},
    {TokenKind::EqualEqual, 2, BinaryOperator::Eq}, {TokenKind::BangEqual, 2, BinaryOperator::Ne},
    {TokenKind::Less, 2, BinaryOperator::Lt},       {TokenKind::LessEqual, 2, BinaryOperator::Le},
    {TokenKind::Greater, 2, BinaryOperator::Gt},    {TokenKind::GreaterEqual, 2, BinaryOperator::Ge},
    {TokenKind::Plus, 3, BinaryOperator::Add},      {TokenKind::Minus, 3, BinaryOperator::Sub},
    {TokenKind::Star, 4, BinaryOperator::Mul},      {TokenKind::Slash, 4, BinaryOperator::Div},
    {TokenKind::Percent, 4, BinaryOperator::Rem},   {TokenKind::At, 4, BinaryOperator::Matmul},
};
constexpr unsigned comparisonLevel = 2, castLevel = 5;

const OperatorEntry *findOperator(TokenKind token, unsigned level) {
  for (const OperatorEntry &entry : operators)
    if (entry.token == token && entry.level == level)
      return &entry;
  return nullptr;
}

} // namespace

// expr = or
ExprPtr Parser::parseExpr() { return parseLevel(0); }

// or = and { "||" and } ;  and = cmp { "&&" cmp } ;  cmp = sum [ ("==" | ...) sum ] ;  sum = mul { ("+" | "-") mul } ;
// mul = cast { ( "*" | "/" | "%" | "@" ) cast }
ExprPtr Parser::parseLevel(unsigned level) {
  if (level == castLevel)
    return parseCast();
  SourceRange begin = peek().range;
  ExprPtr first = parseLevel(level + 1);
  if (!findOperator(peek().kind, level))
    return first;
  auto chain = std::make_unique<ChainExpr>(begin);
  chain->first = std::move(first);
  while (const OperatorEntry *entry = findOperator(peek().kind, level)) {
    if (level == comparisonLevel && !chain->links.empty()) {
      Diagnostic &error = unexpected("`&&`, `||` or the end of the comparison");
      if (error.remarks.empty())
        error.help("comparisons don't chain: write `a < b && b < c`");
      break;
    }
    SourceRange opRange = advance().range;
    chain->links.push_back({entry->op, opRange, parseLevel(level + 1)});
  }
  chain->range = rangeFrom(begin);
  return chain;
}

// cast = unary { "as" dtype }
ExprPtr Parser::parseCast() {
  unsigned outside = deepest;
  deepest = depth;
  SourceRange begin = peek().range;
  ExprPtr operand = parseUnary();
  while (at(TokenKind::KwAs)) {
    wrap(advance(), begin);
    auto cast = std::make_unique<CastExpr>(begin);
    cast->operand = std::move(operand);
    cast->dtype = parseDType();
    cast->range = rangeFrom(begin);
    operand = std::move(cast);
  }
  deepest = std::max(deepest, outside);
  return operand;
}

// unary = ( "-" | "!" ) unary | post
ExprPtr Parser::parseUnary() {
  if (!at(TokenKind::Minus) && !at(TokenKind::Bang))
    return parsePost();
  Nest nest(*this, "expression");
  Token token = advance();
  auto unary = std::make_unique<UnaryExpr>(token.range);
  unary->op = token.kind == TokenKind::Minus ? UnaryOperator::Neg : UnaryOperator::Not;
  unary->opRange = token.range;
  unary->operand = parseUnary();
  unary->range = rangeFrom(token);
  return unary;
}

//===- Suffixes ---------------------------------------------------------------------------------------------------===//

// post = prim { "." IDENT | "(" ... ")" | "[" "|" slice { "," slice } "]" }
ExprPtr Parser::parsePost() {
  unsigned outside = deepest;
  deepest = depth;
  SourceRange begin = peek().range;
  ExprPtr base = parsePrimary();
  while (at(TokenKind::Dot) || at(TokenKind::LeftParen) || at(TokenKind::LeftBracket)) {
    Token suffix = peek();
    if (suffix.kind == TokenKind::LeftParen) {
      base = parseCall(std::move(base), begin);
    } else if (suffix.kind == TokenKind::LeftBracket) {
      base = parseIndex(std::move(base), begin);
    } else {
      auto member = std::make_unique<MemberExpr>(begin);
      advance();
      member->base = std::move(base);
      member->name = parseIdentifier();
      member->range = rangeFrom(begin);
      base = std::move(member);
    }
    wrap(suffix, begin);
  }
  deepest = std::max(deepest, outside);
  return base;
}

// "(" [ arg { "," arg } ] [ ";" expr ] ")"
ExprPtr Parser::parseCall(ExprPtr callee, const SourceRange &begin) {
  Nest nest(*this, "expression");
  auto call = std::make_unique<CallExpr>(begin);
  Token open = advance();
  call->callee = std::move(callee);
  if (!at(TokenKind::RightParen) && !at(TokenKind::Semicolon)) {
    do
      call->arguments.push_back(parseArgument());
    while (accept(TokenKind::Comma));
  }
  if (accept(TokenKind::Semicolon))
    call->tree = parseExpr();
  expectClosing(TokenKind::RightParen, open, call->tree ? "an operator" : "`,`, `;`");
  call->argumentsRange = rangeFrom(open);
  call->range = rangeFrom(begin);
  return call;
}

// arg = [ IDENT ":" ] expr [ "over" axes ]
CallArgument Parser::parseArgument() {
  CallArgument argument;
  Token begin = peek();
  if (at(TokenKind::Identifier) && peek(1).kind == TokenKind::Colon) {
    argument.name = parseIdentifier();
    advance();
  } else if (at(TokenKind::Identifier) && peek(1).kind == TokenKind::Equal) {
    std::string name = parseIdentifier().name, advice = adviceForOption(name);
    unexpected("`:`").help(advice.empty() ? "an option is written `" + name + ": ..`" : advice);
  }
  if (argument.name && at(TokenKind::DType)) {
    auto dtype = std::make_unique<DTypeExpr>(peek().range);
    dtype->dtype = parseDType();
    argument.value = std::move(dtype);
  } else {
    argument.value = parseExpr();
  }
  if (atWord("over"))
    argument.over = parseOver();
  argument.range = rangeFrom(begin);
  return argument;
}

// axes = "batch" IDENT { "," IDENT } | "last" [ INT ] | "core" | IDENT { "," IDENT }
OverAxes Parser::parseOver() {
  OverAxes axes;
  axes.overRange = advance().range;
  SourceRange begin = peek().range;
  if (atWord("last")) {
    advance();
    axes.kind = OverAxes::Kind::Last;
    if (at(TokenKind::Integer))
      axes.count = parseInteger();
  } else if (atWord("core")) {
    advance();
    axes.kind = OverAxes::Kind::Core;
  } else {
    if (atWord("batch")) {
      advance();
      axes.kind = OverAxes::Kind::Batch;
    }
    bool batch = axes.kind == OverAxes::Kind::Batch;
    if (std::string size(text(peek())); at(TokenKind::Integer))
      unexpected(batch ? "the name of a batch dim" : "`batch`, `last`, `core` or the name of a dim")
          .help("a size is no name: declare `dim N = " + size + "` and write `over N`, or say `over last`");
    axes.names.push_back(
        parseIdentifier(batch ? "the name of a batch dim" : "`batch`, `last`, `core` or the name of a dim"));
    // `, name:` is the next argument.
    while (at(TokenKind::Comma) && peek(1).kind == TokenKind::Identifier && peek(2).kind != TokenKind::Colon) {
      advance();
      axes.names.push_back(parseIdentifier());
    }
  }
  axes.range = rangeFrom(begin);
  return axes;
}

// "[" "|" slice { "," slice } "]"; without the bar it is sema's error, which can name the type
ExprPtr Parser::parseIndex(ExprPtr base, const SourceRange &begin) {
  Nest nest(*this, "expression");
  auto index = std::make_unique<IndexExpr>(begin);
  Token open = advance();
  index->base = std::move(base);
  index->hasBar = accept(TokenKind::Bar);
  do
    index->slices.push_back(parseSlice());
  while (accept(TokenKind::Comma));
  if (!index->hasBar && at(TokenKind::Bar))
    unexpected("`,` or `]`").help("batch dims can't be indexed: write `[| ...]`, with one entry for each core dim");
  expectClosing(TokenKind::RightBracket, open, "`,`");
  index->bracketRange = rangeFrom(open);
  index->range = rangeFrom(begin);
  return index;
}

// slice = expr | [ expr ] ":" [ expr ]
Slice Parser::parseSlice() {
  Slice slice;
  SourceRange begin = peek().range;
  ExprPtr first;
  if (!at(TokenKind::Colon))
    first = parseExpr();
  slice.isRange = accept(TokenKind::Colon);
  if (slice.isRange && !at(TokenKind::Comma) && !at(TokenKind::RightBracket))
    slice.upper = parseExpr();
  if (slice.isRange && at(TokenKind::Colon))
    unexpected("`,` or `]`")
        .help("a slice has no step: split the dim, `rearrange(x, [B | (N S)] -> [B | N, S])`, and take `[| :, 0]`");
  (slice.isRange ? slice.lower : slice.index) = std::move(first);
  slice.range = rangeFrom(begin);
  return slice;
}

} // namespace batten::frontend
