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
      unexpected("`&&`, `||` or the end of the comparison").help("comparisons don't chain: write `a < b && b < c`");
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
  (slice.isRange ? slice.lower : slice.index) = std::move(first);
  slice.range = rangeFrom(begin);
  return slice;
}

//===- Primary expressions ----------------------------------------------------------------------------------------===//

// prim = NUMBER | "true" | "false" | "inf" | IDENT | "(" ... ")" | "[" ... "]" | fill | rearrange | grad | each
ExprPtr Parser::parsePrimary() {
  Token token = peek();
  switch (token.kind) {
  case TokenKind::Integer:
  case TokenKind::Number:
    return parseNumber();
  case TokenKind::KwTrue:
  case TokenKind::KwFalse: {
    auto literal = std::make_unique<BoolExpr>(advance().range);
    literal->value = token.kind == TokenKind::KwTrue;
    return literal;
  }
  case TokenKind::KwInf:
    return std::make_unique<InfExpr>(advance().range);
  case TokenKind::LeftParen:
    return parseParenthesised();
  case TokenKind::LeftBracket:
    return parseArray();
  case TokenKind::KwZeros:
  case TokenKind::KwFill:
    return parseFill();
  case TokenKind::KwRearrange:
    return parseRearrange();
  case TokenKind::KwGrad:
    return parseGrad();
  case TokenKind::KwEach:
    return parseEach();
  default:
    break;
  }
  // `var` before `(` is the reduction.
  bool isName = token.kind == TokenKind::Identifier && !isBranch();
  if (isName || (token.kind == TokenKind::KwVar && peek(1).kind == TokenKind::LeftParen)) {
    auto name = std::make_unique<NameExpr>(advance().range);
    name->name = text(token);
    return name;
  }
  Diagnostic &error = unexpected("a value");
  if (token.kind == TokenKind::DType)
    error.help("a dtype is no value; a cast is written `x as " + std::string(text(token)) + "`");
  else if (token.kind == TokenKind::Dot)
    error.help("a number begins with a digit: `0.5`");
  else if (token.kind == TokenKind::Star)
    error.help("a power is written `pow(x, 2.0)`");
  else if (std::string advice = adviceForOption(text(token)) + adviceForStatement(text(token)); !advice.empty())
    error.help(advice);
  return nullptr;
}

// What from_chars leaves undecided when a number is beyond the range of f64: is it too large or too small? The
// decimal exponent of the first digit that isn't zero decides.
static double beyondRange(std::string_view digits) {
  size_t exponentAt = std::min(digits.find_first_of("eE"), digits.size());
  std::string_view mantissa = digits.substr(0, exponentAt);
  size_t point = std::min(mantissa.find('.'), mantissa.size());
  size_t first = mantissa.find_first_not_of("0.");
  if (first == std::string_view::npos)
    return 0;
  bool negativeExponent = exponentAt + 1 < digits.size() && digits[exponentAt + 1] == '-';
  std::string_view exponentDigits = digits.substr(std::min(exponentAt + 1, digits.size()));
  if (exponentDigits.starts_with('+') || exponentDigits.starts_with('-'))
    exponentDigits.remove_prefix(1);
  int64_t exponent = 0;
  auto result = std::from_chars(exponentDigits.data(), exponentDigits.data() + exponentDigits.size(), exponent);
  // No mantissa in a file of 16 MiB outweighs an exponent that doesn't fit.
  if (result.ec == std::errc::result_out_of_range)
    exponent = int64_t(1) << 40;
  int64_t position = first < point ? int64_t(point - first) : -int64_t(first - point);
  bool large = position + (negativeExponent ? -exponent : exponent) > 0;
  return large ? std::numeric_limits<double>::infinity() : 0;
}

double Parser::realValue(const Token &token) const {
  std::string digits(text(token));
  std::erase(digits, '_');
  double value = 0;
  auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return result.ec == std::errc::result_out_of_range ? beyondRange(digits) : value;
}

ExprPtr Parser::parseNumber() {
  Token token = advance();
  auto number = std::make_unique<NumberExpr>(token.range);
  number->text = text(token);
  number->real = realValue(token);
  number->isInteger = token.kind == TokenKind::Integer;
  if (!number->isInteger)
    return number;
  std::string digits = number->text;
  std::erase(digits, '_');
  auto result = std::from_chars(digits.data(), digits.data() + digits.size(), number->integer);
  if (result.ec == std::errc::result_out_of_range || number->integer > uint64_t(1) << 63)
    report("E0601", token.range, "number does not fit in 64 bits")
        .help("a fraction makes it real: `" + number->text + ".0`");
  return number;
}

// "(" expr { "," expr } ")"
ExprPtr Parser::parseParenthesised() {
  Nest nest(*this, "expression");
  Token open = advance();
  std::vector<ExprPtr> elements;
  do
    elements.push_back(parseExpr());
  while (accept(TokenKind::Comma));
  expectClosing(TokenKind::RightParen, open, "an operator, `,`");
  ExprPtr result = std::move(elements.front());
  if (elements.size() > 1) {
    auto tuple = std::make_unique<TupleExpr>(open.range);
    elements.front() = std::move(result);
    tuple->elements = std::move(elements);
    result = std::move(tuple);
  }
  if (result)
    result->range = rangeFrom(open);
  return result;
}

// "[" expr { "," expr } "]"
ExprPtr Parser::parseArray() {
  Nest nest(*this, "expression");
  Token open = advance();
  auto array = std::make_unique<ArrayExpr>(open.range);
  do
    array->elements.push_back(parseExpr());
  while (accept(TokenKind::Comma));
  expectClosing(TokenKind::RightBracket, open, "an operator, `,`");
  array->range = rangeFrom(open);
  return array;
}

// ( "zeros" | "fill" ) "(" ty [ "," expr ] ")"
ExprPtr Parser::parseFill() {
  Nest nest(*this, "expression");
  Token word = advance();
  auto fill = std::make_unique<FillExpr>(word.range);
  fill->zeros = word.kind == TokenKind::KwZeros;
  Token open = expect(TokenKind::LeftParen);
  fill->type = parseType();
  if (!fill->zeros) {
    expect(TokenKind::Comma);
    fill->value = parseExpr();
  }
  expectClosing(TokenKind::RightParen, open, fill->zeros ? "`[`" : "an operator");
  fill->range = rangeFrom(word);
  return fill;
}

// "rearrange" "(" expr "," pat "->" pat ")"
ExprPtr Parser::parseRearrange() {
  Nest nest(*this, "expression");
  Token word = advance();
  auto rearrange = std::make_unique<RearrangeExpr>(word.range);
  Token open = expect(TokenKind::LeftParen);
  rearrange->operand = parseExpr();
  expect(TokenKind::Comma, "an operator or `,`");
  rearrange->from = parsePattern();
  expect(TokenKind::Arrow);
  rearrange->to = parsePattern();
  expectClosing(TokenKind::RightParen, open, "the end of the pattern");
  rearrange->range = rangeFrom(word);
  return rearrange;
}

// "grad" post "wrt" post [ "with" post ]
ExprPtr Parser::parseGrad() {
  static constexpr char advice[] = "operands of `grad` bind tightly: put a sum, a product or a sign in parentheses";
  Nest nest(*this, "expression");
  Token word = advance();
  auto grad = std::make_unique<GradExpr>(word.range);
  auto operand = [&] {
    if (at(TokenKind::Minus) || at(TokenKind::Bang))
      unexpected("a value").help(advice);
    return parsePost();
  };
  grad->value = operand();
  if (!at(TokenKind::KwWrt))
    unexpected("`wrt`").help(advice);
  advance();
  grad->wrt = operand();
  if (accept(TokenKind::KwWith))
    grad->seed = operand();
  grad->range = rangeFrom(word);
  return grad;
}

// "each" IDENT "in" expr { "," IDENT "in" expr } block
ExprPtr Parser::parseEach() {
  Nest nest(*this, "expression");
  Token word = advance();
  auto each = std::make_unique<EachExpr>(word.range);
  do {
    EachBinding binding;
    binding.name = parseIdentifier();
    expect(TokenKind::KwIn);
    binding.tree = parseExpr();
    each->bindings.push_back(std::move(binding));
  } while (accept(TokenKind::Comma));
  if (!at(TokenKind::LeftBrace))
    unexpected("an operator, `,` or `{`");
  else
    each->body = parseBlock();
  each->range = rangeFrom(word);
  return each;
}

} // namespace batten::frontend
