// FormatTokens.cpp - the gaps between tokens. The file parses, so a few tokens around each tell what it is.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/FormatTokens.h"

namespace batten::frontend {
namespace {

// What is open around a token.
struct Scope {
  enum Kind { Brace, Paren, Bracket, Generics, Attribute };
  Kind kind;
  bool isTight = false; // dims stand here: `3*D` has no spaces
  bool isTest = false;  // of a test block: `expect` begins a statement
};

bool isProduct(TokenKind kind) {
  return kind == TokenKind::Star || kind == TokenKind::Slash || kind == TokenKind::Percent;
}

class Layouter {
public:
  Layouter(const SourceFile &file, const std::vector<Token> &tokens) : file(file), tokens(tokens) {}

  std::vector<TokenLayout> run() {
    for (at = 0; at < tokens.size(); ++at) {
      TokenLayout layout;
      layout.startsStatement = startsStatement();
      if (layout.startsStatement)
        beginStatement();
      bool opensGenerics = kind() == TokenKind::Less && isGenericName();
      closesGenerics = kind() == TokenKind::Greater && top() == Scope::Generics;
      layout.gap = at == 0 ? 0 : gap(layout.startsStatement, opensGenerics);
      if (layout.gap == 0 && wouldFuse(before(), kind())) // `- >` in an attribute, which holds any tokens
        layout.gap = 1;
      layout.insideList = !scopes.empty() && top() != Scope::Brace;
      layout.depth = depth - (kind() == TokenKind::RightBrace);
      layouts.push_back(layout);
      step(opensGenerics);
    }
    return std::move(layouts);
  }

private:
  const SourceFile &file;
  const std::vector<Token> &tokens;
  size_t at = 0;
  std::vector<TokenLayout> layouts;
  std::vector<Scope> scopes;
  unsigned depth = 0;                   // braces in `scopes`
  TokenKind statement = TokenKind::End; // what the present statement begins with
  bool inDims = false;                  // of a `where` or the range of a `for`
  bool closesGenerics = false;          // the present token
  // What the token before was, beyond its kind.
  bool wasOperand = false, wasPrefix = false, wasAttribute = false;

  TokenKind kind() const { return tokens[at].kind; }
  TokenKind before(size_t steps = 1) const { return at >= steps ? tokens[at - steps].kind : TokenKind::End; }
  TokenKind next() const { return at + 1 < tokens.size() ? tokens[at + 1].kind : TokenKind::End; }
  Scope::Kind top() const { return scopes.empty() ? Scope::Brace : scopes.back().kind; }
  bool isTight() const { return inDims || (!scopes.empty() && scopes.back().isTight); }
  bool isWord(const char *word) const { return kind() == TokenKind::Identifier && file.text(tokens[at].range) == word; }

  bool inTest() const {
    for (const Scope &scope : scopes)
      if (scope.isTest)
        return true;
    return false;
  }

  //===-- Statements ----------------------------------------------------------------------------------------------===//

  // Where a keyword or `name =` follows what can end a statement, without an operator between them.
  bool startsStatement() const {
    bool mayEnd =
        at == 0 || wasOperand || wasAttribute || before() == TokenKind::LeftBrace || before() == TokenKind::Semicolon;
    if (!mayEnd || top() != Scope::Brace)
      return false;
    if (beginsItem(kind()))
      return true;
    switch (kind()) {
    case TokenKind::KwLet:
    case TokenKind::KwFor:
    case TokenKind::KwReturn:
      return true;
    case TokenKind::KwVar: // else the reduction
      return next() == TokenKind::Identifier;
    default:
      return kind() == TokenKind::Identifier && (next() == TokenKind::Equal || (isWord("expect") && inTest()));
    }
  }

  void beginStatement() {
    statement = kind();
    inDims = kind() == TokenKind::KwFor;
  }

  // fn heads<N>, model Mha<D, H>, sub mha: Mha<512, 8>
  bool isGenericName() const {
    return statement == TokenKind::KwSub || before(2) == TokenKind::KwFn || before(2) == TokenKind::KwModel;
  }

  //===-- Gaps ----------------------------------------------------------------------------------------------------===//

  unsigned gap(bool starts, bool opensGenerics) const {
    if (starts)
      return before() == TokenKind::LeftBrace || before() == TokenKind::Semicolon || wasAttribute ? 1 : 3;
    if (opensGenerics || closesGenerics || wasPrefix || isTightPair())
      return 0;
    switch (kind()) {
    case TokenKind::Comma:
    case TokenKind::Semicolon:
    case TokenKind::RightParen:
    case TokenKind::RightBracket:
    case TokenKind::DotDot:
      return 0;
    case TokenKind::Dot: // `5.` would be a number
      return before() == TokenKind::Integer;
    case TokenKind::Colon: // a slice may begin with it
      return before() == TokenKind::Bar || before() == TokenKind::Comma;
    case TokenKind::LeftParen:
    case TokenKind::LeftBracket:
      return !bindsToName();
    case TokenKind::RightBrace:
      return before() != TokenKind::LeftBrace;
    default:
      return 1;
    }
  }

  // What stands close to whatever follows it, slices and products of dims included.
  bool isTightPair() const {
    TokenKind previous = before();
    if (previous == TokenKind::Colon && top() == Scope::Bracket)
      return true;
    if (isInAttribute() && (kind() == TokenKind::Minus || previous == TokenKind::Minus)) // allow(unused-fn)
      return true;
    return isTight() && (isProduct(kind()) || isProduct(previous));
  }

  bool isInAttribute() const { return scopes.size() > 1 && scopes[scopes.size() - 2].kind == Scope::Attribute; }

  // A call, an index or a type: `f(`, `x[`, `f32[`, `zeros(`, `var(`.
  bool bindsToName() const {
    TokenKind previous = before();
    bool isKeyword = previous == TokenKind::KwZeros || previous == TokenKind::KwFill ||
                     previous == TokenKind::KwRearrange || previous == TokenKind::KwVar;
    bool isStatement = at > 0 && layouts[at - 1].startsStatement; // expect (a + b) ~ c
    return (wasOperand && previous != TokenKind::String && !isStatement) || isKeyword;
  }

  //===-- State ---------------------------------------------------------------------------------------------------===//

  bool isOperand() const {
    switch (kind()) {
    case TokenKind::Identifier:
    case TokenKind::Integer:
    case TokenKind::Number:
    case TokenKind::String:
    case TokenKind::DType:
    case TokenKind::KwTrue:
    case TokenKind::KwFalse:
    case TokenKind::KwInf:
    case TokenKind::RightParen:
    case TokenKind::RightBracket:
    case TokenKind::RightBrace:
      return true;
    default:
      return closesGenerics;
    }
  }

  bool isPrefix(bool opensGenerics) const {
    switch (kind()) {
    case TokenKind::LeftParen:
    case TokenKind::LeftBracket:
    case TokenKind::AttributeOpen:
    case TokenKind::Dot:
    case TokenKind::DotDot:
    case TokenKind::Question:
    case TokenKind::Bang:
      return true;
    case TokenKind::Minus:
      return !wasOperand;
    default:
      return opensGenerics;
    }
  }

  void open(Scope::Kind scope, bool tight) { scopes.push_back({scope, tight, false}); }

  void step(bool opensGenerics) {
    bool closesAttribute = kind() == TokenKind::RightBracket && top() == Scope::Attribute;
    bool prefix = isPrefix(opensGenerics), operand = isOperand() && !closesAttribute;
    switch (kind()) {
    case TokenKind::LeftBrace:
      scopes.push_back({Scope::Brace, false, statement == TokenKind::KwTest});
      ++depth;
      inDims = false;
      break;
    case TokenKind::LeftParen:
      open(Scope::Paren, isTight());
      break;
    case TokenKind::LeftBracket:
      open(Scope::Bracket, bindsToName() || isTight()); // a vector of expressions is not
      break;
    case TokenKind::AttributeOpen:
      open(Scope::Attribute, false);
      break;
    case TokenKind::KwWhere:
      inDims = true;
      break;
    case TokenKind::Equal:
      inDims = false;
      break;
    case TokenKind::RightBrace:
    case TokenKind::RightParen:
    case TokenKind::RightBracket:
      close();
      break;
    default:
      if (opensGenerics)
        open(Scope::Generics, true);
      else if (closesGenerics)
        close();
    }
    wasPrefix = prefix;
    wasOperand = operand;
    wasAttribute = closesAttribute;
  }

  void close() {
    if (scopes.empty())
      return;
    depth -= scopes.back().kind == Scope::Brace;
    scopes.pop_back();
  }
};

} // namespace

std::vector<TokenLayout> layOutTokens(const SourceFile &file, const std::vector<Token> &tokens) {
  return Layouter(file, tokens).run();
}

} // namespace batten::frontend
