// Parser.cpp - what all productions stand on: tokens, errors, depth and recovery. ParserImpl.h tells how errors unwind.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Parser.h"
#include "compiler/frontend/Advice.h"
#include "compiler/frontend/ParserImpl.h"
#include "compiler/frontend/Sema.h"

#include <algorithm>
#include <utility>

namespace batten::frontend {

FileNode parse(const Sources &sources, uint32_t file, Diagnostics &diagnostics) {
  return Parser(sources, file, diagnostics).parseFile();
}

//===- Tokens -----------------------------------------------------------------------------------------------------===//

Parser::Parser(const Sources &sources, uint32_t file, Diagnostics &diagnostics)
    : sources(sources), diagnostics(diagnostics) {
  size_t known = diagnostics.all().size();
  list = lex(sources, file, diagnostics);
  for (size_t i = known; i < diagnostics.all().size(); ++i)
    if (const Diagnostic &error = diagnostics.all()[i]; error.range)
      lexErrors.push_back(error.range->begin);
  endToken = list.tokens.back();
}

const Token &Parser::peek(unsigned ahead) const {
  if (failing || next + ahead >= list.tokens.size())
    return endToken;
  return list.tokens[next + ahead];
}

bool Parser::atWord(std::string_view word, unsigned ahead) const {
  return peek(ahead).kind == TokenKind::Identifier && text(peek(ahead)) == word;
}

Token Parser::advance() {
  Token token = peek();
  if (token.kind != TokenKind::End)
    ++next;
  return token;
}

bool Parser::accept(TokenKind kind) {
  if (!at(kind))
    return false;
  advance();
  return true;
}

Token Parser::expect(TokenKind kind, const char *expected) {
  if (at(kind))
    return advance();
  if (failing) // nothing of what follows would be heard
    return endToken;
  std::string quoted = std::string("`") + spelling(kind) + "`";
  unexpected(expected ? expected : quoted);
  return endToken;
}

Token Parser::expectClosing(TokenKind kind, const Token &open, const char *others) {
  if (at(kind))
    return advance();
  if (failing)
    return endToken;
  unexpected(std::string(others) + " or `" + spelling(kind) + "`")
      .note("`" + std::string(text(open)) + "` was opened at " + sources.at(open.range), open.range);
  return endToken;
}

std::string_view Parser::text(const Token &token) const { return sources.text(token.range); }

std::string Parser::describe(const Token &token) const {
  if (token.kind == TokenKind::End)
    return "end of file";
  if (token.kind == TokenKind::String)
    return "a string";
  return "`" + std::string(text(token)) + "`";
}

// `LSTM<20, 32>` around token `at`, a comma or the `>`, where a `(` or a `.` follows: not a comparison, but generics.
static std::optional<SourceRange> genericsAround(const std::vector<Token> &tokens, size_t at) {
  auto isSize = [&](size_t i) {
    TokenKind kind = tokens[i].kind;
    return kind == TokenKind::Integer || kind == TokenKind::Identifier || kind == TokenKind::Star ||
           kind == TokenKind::Slash || kind == TokenKind::Comma;
  };
  size_t first = at, last = at;
  while (first > 0 && isSize(first - 1))
    --first;
  while (isSize(last))
    ++last;
  bool isClosed = tokens[last].kind == TokenKind::Greater && last + 1 < tokens.size() &&
                  (tokens[last + 1].kind == TokenKind::LeftParen || tokens[last + 1].kind == TokenKind::Dot);
  if (!isClosed || first == at || first < 2 || tokens[first - 1].kind != TokenKind::Less ||
      tokens[first - 2].kind != TokenKind::Identifier)
    return std::nullopt;
  return tokens[first - 2].range.to(tokens[last].range);
}

Diagnostic &Parser::unexpected(const std::string &expected) {
  if (failing)
    return unheard = Diagnostic();
  const Token &found = peek();
  if (isReported(found))
    failing = true;
  bool misused = isMisusedName();
  Diagnostic &error = fail("E0005", found.range, "expected " + expected + ", found " + describe(found));
  // The word is passed over, or recovery would take it for the item that it begins elsewhere.
  if (misused) {
    error.label("`" + std::string(text(found)) + "` is a reserved word");
    ++next;
  }
  TokenKind before = next == 0 ? TokenKind::End : list.tokens[next - 1].kind;
  bool isDim = expected == "a dim", begins = before == TokenKind::LeftBracket || before == TokenKind::Bar;
  if (isDim && (found.kind == TokenKind::DotDot || found.kind == TokenKind::Minus)) // `f32[..., 64]`, `f32[-1, 64]`
    error.help("a size that only the call knows is a dim with a name: `dim B`, `f32[B | 64]`");
  else if (found.kind == TokenKind::DotDot && begins) // `x[..., 0:64]`
    error.help("an index has one entry for each core dim: `x[| 0:64, :]`");
  else if (found.kind == TokenKind::Colon && before == TokenKind::Colon) // `x[::2]`
    error.help(
        "an index has no step; every second is `rearrange(x, [B | (N S)] -> [B | N, S])[| :, 0]` with `dim S = 2`");
  // Outside of types, where it binds a dim: `c ? a : b`.
  if (found.kind == TokenKind::Question && before != TokenKind::LeftBracket && before != TokenKind::Comma &&
      before != TokenKind::Bar)
    error.help(adviceForStatement("if"));
  if (found.kind == TokenKind::Comma || found.kind == TokenKind::Greater)
    if (std::optional<SourceRange> generics = genericsAround(list.tokens, next))
      error.help("the generics of a model are given where an instance is declared, `sub name: " +
                 std::string(sources.text(*generics)) + "`; what is called is `name`");
  return error;
}

// What the lexer reported, what its error cut off, or where recovery stopped again is no second error.
bool Parser::isReported(const Token &token) const {
  if (token.kind == TokenKind::Invalid || (token.kind == TokenKind::End && list.truncated))
    return true;
  for (const Diagnostic &seen : diagnostics.all())
    if (seen.range && seen.range->file == token.range.file && seen.range->begin == token.range.begin)
      return true;
  return false;
}

// `let test = 3`: a reserved word where what follows shows that a name was meant, and no item begins.
bool Parser::isMisusedName() const {
  if (!isReservedWord(peek().kind))
    return false;
  switch (peek(1).kind) {
  case TokenKind::Equal:
  case TokenKind::Colon:
  case TokenKind::Comma:
  case TokenKind::RightParen:
  case TokenKind::RightBracket:
  case TokenKind::Greater:
    return true;
  default:
    return false;
  }
}

// `if c { a } else { b }` as a value. `if` is no reserved word, so that `if(x)` may call a function.
bool Parser::isBranch() const {
  if (!atWord("if"))
    return false;
  unsigned ahead = 1;
  if (peek(ahead).kind == TokenKind::LeftParen) { // `if (c) { a }`
    int open = 0;
    do
      open += (peek(ahead).kind == TokenKind::LeftParen) - (peek(ahead).kind == TokenKind::RightParen);
    while (peek(ahead++).kind != TokenKind::End && open > 0);
    return peek(ahead).kind == TokenKind::LeftBrace || atWord("then", ahead);
  }
  TokenKind after = peek(ahead).kind;
  return (after == TokenKind::Identifier && peek(ahead + 1).kind != TokenKind::Equal) || after == TokenKind::Integer ||
         after == TokenKind::Number || after == TokenKind::KwTrue || after == TokenKind::KwFalse ||
         after == TokenKind::Bang;
}

Diagnostic &Parser::fail(std::string code, SourceRange range, std::string message) {
  Diagnostic &error = report(std::move(code), range, std::move(message));
  failing = broken = true;
  return error;
}

Diagnostic &Parser::report(std::string code, SourceRange range, std::string message) {
  if (failing)
    return unheard = Diagnostic();
  return diagnostics.error(std::move(code), range, std::move(message));
}

SourceRange Parser::rangeFrom(const SourceRange &begin) const {
  uint32_t end = next == 0 ? begin.end : list.tokens[next - 1].range.end;
  return {begin.file, begin.begin, std::max(begin.begin, end)};
}

//===- Depth ------------------------------------------------------------------------------------------------------===//

Parser::Nest::Nest(Parser &parser, const char *what) : parser(parser) {
  if (parser.depth++ == 0)
    parser.outermost = parser.peek().range;
  parser.deepest = std::max(parser.deepest, parser.depth);
  if (parser.depth > maxDepth)
    parser.reportDepth(what, parser.peek().range);
}

void Parser::wrap(const Token &suffix, const SourceRange &begin) {
  if (depth == 0)
    outermost = begin;
  if (++deepest > maxDepth)
    reportDepth("expression", suffix.range);
}

void Parser::reportDepth(const char *what, const SourceRange &where) {
  LineColumn begin = sources.begin(outermost), level = sources.begin(where);
  std::string place = level.line == begin.line ? "column " + std::to_string(level.column) : sources.at(where);
  fail("E0004", {outermost.file, outermost.begin, outermost.begin + 1},
       std::string(what) + " is nested more than " + std::to_string(maxDepth) + " levels deep")
      .label("starts here; level " + std::to_string(maxDepth + 1) + " is at " + place)
      .help("bind inner parts with `let`; the limit also guards the compiler's own stack");
  // Going on would find the rest of the same nest at every level on the way out.
  abandoned = true;
}

//===- Recovery ---------------------------------------------------------------------------------------------------===//

bool Parser::beginsStatement() const {
  TokenKind kind = peek().kind, after = peek(1).kind;
  return kind == TokenKind::KwLet || kind == TokenKind::KwFor || kind == TokenKind::KwReturn ||
         (kind == TokenKind::KwVar && after != TokenKind::LeftParen) ||
         (kind == TokenKind::Identifier && after == TokenKind::Equal);
}

void Parser::recoverToBody() {
  if (!failing || abandoned)
    return;
  failing = false;
  while (!at(TokenKind::End) && !at(TokenKind::LeftBrace) && !at(TokenKind::RightBrace) && !beginsItem(peek().kind))
    advance();
  failing = !at(TokenKind::LeftBrace);
}

void Parser::closeBlock(const Token &open, const char *others) {
  expectClosing(TokenKind::RightBrace, open, others);
  if (!failing)
    return;
  recover(Scope::Model, SIZE_MAX);
  accept(TokenKind::RightBrace);
}

void Parser::recover(Scope scope, size_t progressFrom) {
  if (abandoned)
    return;
  failing = false;
  unsigned braces = 0;
  if (next == progressFrom)
    advance();
  for (; !at(TokenKind::End); advance()) {
    TokenKind kind = peek().kind;
    // An item keyword ends even an open block: a forgotten `}` must not swallow the file.
    if (beginsItem(kind) || (braces == 0 && scope == Scope::Statements && beginsStatement()))
      return;
    if (kind == TokenKind::LeftBrace)
      ++braces;
    if (kind == TokenKind::RightBrace && braces == 0 && scope != Scope::File)
      return;
    if (kind == TokenKind::RightBrace && braces > 0)
      --braces;
  }
}

//===- What is left out -------------------------------------------------------------------------------------------===//

/// Whether the lexer reported one of these tokens; each of its errors is found once.
bool Parser::hasLexError(size_t begin, size_t end) {
  SourceRange first = list.tokens[begin].range, last = list.tokens[std::max(begin + 1, end) - 1].range;
  return std::erase_if(lexErrors, [&](uint32_t place) { return first.begin <= place && place < last.end; }) != 0;
}

/// An item or member, or null if it has an error.
ItemPtr Parser::parseUnbroken(Scope scope) {
  size_t begin = next;
  bool around = std::exchange(broken, false);
  ItemPtr item = parseItem(scope);
  if (failing)
    recover(scope, begin);
  broken |= hasLexError(begin, next);
  if (broken) {
    isWhole = false;
    lose(begin, next);
    item = nullptr;
  }
  broken = around;
  return item;
}

/// The names that these tokens would have declared.
void Parser::lose(size_t begin, size_t end) {
  TokenKind item = TokenKind::End;
  for (size_t i = begin; i + 1 < end; ++i) {
    TokenKind kind = list.tokens[i].kind;
    const Token &after = list.tokens[i + 1];
    if (beginsItem(kind))
      item = kind;
    bool declares = kind == TokenKind::KwFn || kind == TokenKind::KwModel || kind == TokenKind::KwType ||
                    kind == TokenKind::KwConst || kind == TokenKind::KwSub || kind == TokenKind::KwParam ||
                    kind == TokenKind::KwAs || kind == TokenKind::KwDim ||
                    (kind == TokenKind::Comma && item == TokenKind::KwDim);
    if (declares && after.kind == TokenKind::Identifier)
      lost.insert(std::string(text(after)));
    if (kind == TokenKind::KwImport && after.kind == TokenKind::String)
      lost.insert(programNameOf(
          std::string(text({after.kind, {after.range.file, after.range.begin + 1, after.range.end - 1}}))));
  }
}

bool Parser::isAtMargin(size_t token) const { return sources.begin(list.tokens[token].range).column == 1; }

/// In a file with an error an item is one of the file's where it begins its line, and nothing broken (null here) goes
/// on behind it: what does not may stand in what a missing or a superfluous brace has taken apart.
void Parser::keepWhole(FileNode &file, const std::vector<size_t> &begins) {
  std::vector<ItemPtr> kept;
  for (size_t i = 0; i < file.items.size(); ++i) {
    bool goesOn = i + 1 < file.items.size() && !file.items[i + 1];
    if (file.items[i] && isAtMargin(begins[i]) && !goesOn)
      kept.push_back(std::move(file.items[i]));
    else
      lose(begins[i], begins[i + 1]);
  }
  file.items = std::move(kept);
}

} // namespace batten::frontend
