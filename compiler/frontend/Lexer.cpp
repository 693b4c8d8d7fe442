// Lexer.cpp - source text -> tokens.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Lexer.h"

#include <algorithm>
#include <unordered_map>

namespace batten::frontend {
namespace {

struct Spelling {
  TokenKind kind;
  std::string_view text;
};

constexpr Spelling reservedWords[] = {
    {TokenKind::KwImport, "import"}, {TokenKind::KwAs, "as"},         {TokenKind::KwDim, "dim"},
    {TokenKind::KwType, "type"},     {TokenKind::KwConst, "const"},   {TokenKind::KwFn, "fn"},
    {TokenKind::KwPub, "pub"},       {TokenKind::KwModel, "model"},   {TokenKind::KwParam, "param"},
    {TokenKind::KwSub, "sub"},       {TokenKind::KwTest, "test"},     {TokenKind::KwWhere, "where"},
    {TokenKind::KwLet, "let"},       {TokenKind::KwVar, "var"},       {TokenKind::KwFor, "for"},
    {TokenKind::KwIn, "in"},         {TokenKind::KwReturn, "return"}, {TokenKind::KwGrad, "grad"},
    {TokenKind::KwWrt, "wrt"},       {TokenKind::KwWith, "with"},     {TokenKind::KwEach, "each"},
    {TokenKind::KwZeros, "zeros"},   {TokenKind::KwFill, "fill"},     {TokenKind::KwRearrange, "rearrange"},
    {TokenKind::KwTrue, "true"},     {TokenKind::KwFalse, "false"},   {TokenKind::KwInf, "inf"},
    {TokenKind::KwInout, "inout"},
};

constexpr std::string_view dtypes[] = {"f64", "f32", "f16", "bf16", "i64", "i32", "i8", "u8", "bool"};

// Longer ones first, so that the first that fits is the longest; none has more than two characters.
constexpr Spelling punctuation[] = {
    {TokenKind::DotDot, ".."},    {TokenKind::BarBar, "||"},       {TokenKind::AmpAmp, "&&"},
    {TokenKind::BangEqual, "!="}, {TokenKind::EqualEqual, "=="},   {TokenKind::LessEqual, "<="},
    {TokenKind::Arrow, "->"},     {TokenKind::GreaterEqual, ">="}, {TokenKind::AttributeOpen, "#["},
    {TokenKind::LeftParen, "("},  {TokenKind::RightParen, ")"},    {TokenKind::LeftBracket, "["},
    {TokenKind::LeftBrace, "{"},  {TokenKind::RightBrace, "}"},    {TokenKind::RightBracket, "]"},
    {TokenKind::Comma, ","},      {TokenKind::Semicolon, ";"},     {TokenKind::Colon, ":"},
    {TokenKind::Dot, "."},        {TokenKind::Question, "?"},      {TokenKind::Bar, "|"},
    {TokenKind::Bang, "!"},       {TokenKind::Equal, "="},         {TokenKind::Less, "<"},
    {TokenKind::Greater, ">"},    {TokenKind::Plus, "+"},          {TokenKind::Minus, "-"},
    {TokenKind::Star, "*"},       {TokenKind::Slash, "/"},         {TokenKind::Percent, "%"},
    {TokenKind::At, "@"},         {TokenKind::Tilde, "~"},
};

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool isWordPart(char c) { return isLetter(c) || isDigit(c); }
bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

TokenKind wordKind(std::string_view word) {
  static const std::unordered_map<std::string_view, TokenKind> kinds = [] {
    std::unordered_map<std::string_view, TokenKind> map;
    for (const Spelling &reserved : reservedWords)
      map.emplace(reserved.text, reserved.kind);
    for (std::string_view dtype : dtypes)
      map.emplace(dtype, TokenKind::DType);
    return map;
  }();
  auto found = kinds.find(word);
  return found == kinds.end() ? TokenKind::Identifier : found->second;
}

class Lexer {
public:
  Lexer(const Sources &sources, uint32_t file, Diagnostics &diagnostics)
      : text(sources.file(file).text()), file(file), diagnostics(diagnostics) {}

  TokenList run() {
    if (text.substr(0, 3) == "\xEF\xBB\xBF") // a byte order mark
      next = 3;
    list.tokens.reserve(text.size() / 4 + 1);
    while (skipToToken())
      lexToken();
    list.tokens.push_back({TokenKind::End, rangeFrom(next)});
    return std::move(list);
  }

private:
  char peek(size_t ahead = 0) const { return next + ahead < text.size() ? text[next + ahead] : '\0'; }
  bool atEnd() const { return next >= text.size(); }
  SourceRange range(size_t begin, size_t end) const { return {file, uint32_t(begin), uint32_t(end)}; }
  SourceRange rangeFrom(size_t begin) const { return range(begin, next); }
  std::string textFrom(size_t begin) const { return std::string(text.substr(begin, next - begin)); }

  void push(TokenKind kind, size_t begin) { list.tokens.push_back({kind, rangeFrom(begin)}); }

  // False at the end of the file.
  bool skipToToken() {
    while (!atEnd()) {
      if (isSpace(peek()))
        ++next;
      else if (peek() == '/' && peek(1) == '/')
        skipLineComment();
      else if (peek() == '/' && peek(1) == '*')
        skipBlockComment();
      else
        return true;
    }
    return false;
  }

  void skipLineComment() {
    size_t begin = next;
    while (!atEnd() && peek() != '\n')
      ++next;
    bool doc = text.substr(begin, 3) == "///" && text.substr(begin, 4) != "////";
    size_t end = next > begin && text[next - 1] == '\r' ? next - 1 : next;
    list.comments.push_back({doc ? Comment::Kind::Doc : Comment::Kind::Line, range(begin, end)});
  }

  void skipBlockComment() {
    std::vector<size_t> open;
    std::optional<size_t> closedInner; // the last inner comment that was closed
    size_t begin = next;
    do {
      if (atEnd())
        return reportOpenComment(open, closedInner);
      if (peek() == '/' && peek(1) == '*') {
        open.push_back(next);
        next += 2;
      } else if (peek() == '*' && peek(1) == '/') {
        if (open.size() > 1)
          closedInner = open.back();
        open.pop_back();
        next += 2;
      } else {
        ++next;
      }
    } while (!open.empty());
    list.comments.push_back({Comment::Kind::Block, rangeFrom(begin)});
  }

  void reportOpenComment(const std::vector<size_t> &open, std::optional<size_t> closedInner) {
    list.truncated = true;
    std::string depth = std::to_string(open.size());
    std::string missing = open.size() == 1 ? "one more `*/`" : depth + " more `*/`";
    std::string inner = "add " + missing;
    if (closedInner)
      inner = "the inner one at " + at(*closedInner) + " is closed, add " + missing;
    else if (open.size() > 1)
      inner = "the innermost was opened at " + at(open.back()) + ", add " + missing;
    diagnostics.error("E0002", range(open.front(), open.front() + 2), "unterminated block comment")
        .label("opened here, depth " + depth + " at end of file")
        .help("block comments nest; " + inner);
  }

  std::string at(size_t offset) const { return diagnostics.at(range(offset, offset)); }

  void lexToken() {
    size_t begin = next;
    if (isLetter(peek())) {
      while (isWordPart(peek()))
        ++next;
      return push(wordKind(text.substr(begin, next - begin)), begin);
    }
    if (isDigit(peek()))
      return lexNumber();
    if (peek() == '"')
      return lexString();
    const Spelling *mark = punctuationHere();
    if (!mark)
      return lexUnknown();
    next += mark->text.size();
    push(mark->kind, begin);
  }

  // digits with single `_` between them
  void skipDigits() {
    while (isDigit(peek()) || (peek() == '_' && isDigit(peek(1))))
      ++next;
  }

  // NUMBER = INT [ "." digits ] [ ("e"|"E") ["+"|"-"] digits ]
  void lexNumber() {
    size_t begin = next;
    TokenKind kind = TokenKind::Integer;
    skipDigits();
    if (peek() == '.' && peek(1) != '.') { // `0..12` is a range
      ++next;
      kind = TokenKind::Number;
      if (!isDigit(peek()))
        return cutNumber(begin, "no digit after the point");
      skipDigits();
    }
    if (peek() == 'e' || peek() == 'E') {
      kind = TokenKind::Number;
      ++next;
      if (peek() == '+' || peek() == '-')
        ++next;
      if (!isDigit(peek()))
        return cutNumber(begin, "exponent has no digits");
      skipDigits();
    }
    if (isWordPart(peek()))
      return lexNumberSuffix(begin);
    push(kind, begin);
  }

  // 12ab, 0x1F, 1_, 2D
  void lexNumberSuffix(size_t begin) {
    std::string digits = textFrom(begin);
    size_t suffixBegin = next;
    while (isWordPart(peek()))
      ++next;
    std::string suffix = textFrom(suffixBegin);
    bool underscore = suffix[0] == '_';
    std::string what = underscore ? "misplaced `_`" : "`" + suffix + "` follows the digits";
    Diagnostic &error = malformedNumber(begin, what, underscore ? "`_` stands between two digits" : "");
    if (!underscore && digits == "0")
      error.help("numbers are decimal");
    else if (!underscore)
      error.help("a product is written `" + digits + "*" + suffix + "`");
  }

  void cutNumber(size_t begin, const std::string &what) {
    malformedNumber(begin, what, "expected a digit after `" + textFrom(begin) + "`");
  }

  // One error for the whole word; the token stays, so that the parser goes on as if it were right.
  Diagnostic &malformedNumber(size_t begin, const std::string &what, std::string label) {
    Diagnostic &error = diagnostics.error("E0001", rangeFrom(begin), "malformed number: " + what).label(label);
    while (isWordPart(peek()))
      ++next;
    push(TokenKind::Integer, begin);
    return error;
  }

  void lexString() {
    size_t begin = next++;
    while (!atEnd() && peek() != '"' && peek() != '\n')
      ++next;
    if (peek() == '"' && !atEnd()) {
      ++next;
    } else {
      diagnostics.error("E0006", rangeFrom(begin), "unterminated string")
          .label("no `\"` before the end of the line")
          .help("a string stands on one line and has no escapes");
    }
    push(TokenKind::String, begin);
  }

  // Characters that begin no token, a run of them as one error.
  void lexUnknown() {
    size_t begin = next;
    while (!atEnd() && !isSpace(peek()) && !isWordPart(peek()) && peek() != '"' && !punctuationHere())
      ++next;
    std::string found = textFrom(begin);
    Diagnostic &error = diagnostics.error("E0005", rangeFrom(begin), "`" + found + "` begins no token");
    if (found == "&")
      error.help("the operator is `&&`");
    else if (uint8_t(found[0]) >= 0x80)
      error.help("names are ASCII: letters, digits and `_`");
    else if (found == "'")
      error.help("strings stand in `\"`");
    else if (found == "#")
      error.help("an attribute is `#[name]`, a comment `// text`");
    else if (found == "^")
      error.help("a power is written `pow(x, 2.0)`, a square `x * x`");
    push(TokenKind::Invalid, begin);
  }

  const Spelling *punctuationHere() const {
    // By characters: comparing texts took half of all lexing.
    char first = peek(), second = peek(1);
    for (const Spelling &mark : punctuation)
      if (mark.text[0] == first && (mark.text.size() == 1 || mark.text[1] == second))
        return &mark;
    return nullptr;
  }

  std::string_view text;
  uint32_t file;
  Diagnostics &diagnostics;
  size_t next = 0;
  TokenList list;
};

void reportEncoding(const SourceFile &source, uint32_t file, uint32_t offset, Diagnostics &diagnostics) {
  static const char digits[] = "0123456789ABCDEF";
  std::string_view text = source.text();
  uint8_t byte = uint8_t(text[offset]);
  Diagnostic &error = diagnostics.error("E0003", {file, offset, offset + 1}, "source is not UTF-8");
  error.label(std::string("byte 0x") + digits[byte >> 4] + digits[byte & 15] + " at offset " + std::to_string(offset) +
              " starts no valid sequence");
  std::string name = source.name();
  if (text.substr(0, 2) == "\xFF\xFE" || text.substr(0, 2) == "\xFE\xFF")
    error.help("it looks like UTF-16: `iconv -f utf16 -t utf8 " + name + "`");
  else if (byte >= 0xA0)
    error.help("it looks like Latin-1: `iconv -f latin1 -t utf8 " + name + "`");
}

} // namespace

TokenList lex(const Sources &sources, uint32_t file, Diagnostics &diagnostics) {
  const SourceFile &source = sources.file(file);
  TokenList nothing;
  nothing.tokens.push_back({TokenKind::End, {file, 0, 0}});
  nothing.truncated = true;
  if (source.tooLarge()) {
    diagnostics.error("E0601", {file, 0, 0}, "source file is larger than 16 MiB");
    return nothing;
  }
  if (std::optional<uint32_t> offset = source.firstInvalidByte()) {
    reportEncoding(source, file, *offset, diagnostics);
    return nothing;
  }
  return Lexer(sources, file, diagnostics).run();
}

const char *spelling(TokenKind kind) {
  for (const Spelling &word : reservedWords)
    if (word.kind == kind)
      return word.text.data();
  for (const Spelling &mark : punctuation)
    if (mark.kind == kind)
      return mark.text.data();
  switch (kind) {
  case TokenKind::Identifier:
    return "a name";
  case TokenKind::Integer:
    return "a whole number";
  case TokenKind::Number:
    return "a number";
  case TokenKind::String:
    return "a string";
  case TokenKind::DType:
    return "a dtype";
  default:
    return "end of file";
  }
}

bool isReservedWord(TokenKind kind) {
  return kind == TokenKind::DType || (kind >= TokenKind::KwImport && kind <= TokenKind::KwInout);
}

bool wouldFuse(TokenKind left, TokenKind right) {
  if (left < TokenKind::LeftParen || right < TokenKind::LeftParen || spelling(left)[1] != '\0')
    return false;
  const char joined[] = {spelling(left)[0], spelling(right)[0], '\0'};
  auto isMark = [&](const Spelling &mark) { return mark.text == joined; };
  return std::any_of(std::begin(punctuation), std::end(punctuation), isMark) || joined == std::string_view("//") ||
         joined == std::string_view("/*");
}

bool beginsItem(TokenKind kind) {
  switch (kind) {
  case TokenKind::KwImport:
  case TokenKind::KwDim:
  case TokenKind::KwType:
  case TokenKind::KwConst:
  case TokenKind::KwFn:
  case TokenKind::KwPub:
  case TokenKind::KwModel:
  case TokenKind::KwParam:
  case TokenKind::KwSub:
  case TokenKind::KwTest:
  case TokenKind::AttributeOpen:
    return true;
  default:
    return false;
  }
}

} // namespace batten::frontend
