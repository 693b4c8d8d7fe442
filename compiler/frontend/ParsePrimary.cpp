// ParsePrimary.cpp - numbers, parentheses, arrays, and the expressions that begin with a word of their own.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Advice.h"
#include "compiler/frontend/ParserImpl.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace batten::frontend {

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
  if (result.ec != std::errc::result_out_of_range && number->integer <= uint64_t(1) << 63)
    return number;
  broken = true;
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
