// Lexer.h - source text -> tokens.
//
// The whole file is turned into tokens at once. Newlines and comments are no tokens; comments are kept aside for doc
// text and for the formatter. Words that are special in one place only (batch, last, core, tol, from, over, expect)
// are identifiers here; so is `_`.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_FRONTEND_LEXER_H
#define BATTEN_COMPILER_FRONTEND_LEXER_H

#include "compiler/frontend/Diagnostics.h"

namespace batten::frontend {

enum class TokenKind : uint8_t {
  End,
  Invalid, // already reported; the parser recovers in silence
  Identifier,
  Integer,
  Number, // with a fraction or an exponent
  String,
  DType, // f32 ...
  // Reserved words
  KwImport,
  KwAs,
  KwDim,
  KwType,
  KwConst,
  KwFn,
  KwPub,
  KwModel,
  KwParam,
  KwSub,
  KwTest,
  KwWhere,
  KwLet,
  KwVar,
  KwFor,
  KwIn,
  KwReturn,
  KwGrad,
  KwWrt,
  KwWith,
  KwEach,
  KwZeros,
  KwFill,
  KwRearrange,
  KwTrue,
  KwFalse,
  KwInf,
  KwInout,
  // Punctuation
  LeftParen,
  RightParen,
  LeftBracket,
  RightBracket,
  LeftBrace,
  RightBrace,
  Comma,
  Semicolon,
  Colon,
  Dot,
  DotDot,
  Question,
  Bar,
  BarBar,
  AmpAmp,
  Bang,
  BangEqual,
  Equal,
  EqualEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  Plus,
  Minus,
  Arrow,
  Star,
  Slash,
  Percent,
  At,
  Tilde,
  AttributeOpen, // #[
};

struct Token {
  TokenKind kind = TokenKind::End;
  SourceRange range;
};

struct Comment {
  enum class Kind { Line, Doc, Block }; // `//`, `///`, `/* */`
  Kind kind;
  SourceRange range; // without the line end
};

struct TokenList {
  std::vector<Token> tokens; // ends in an End
  std::vector<Comment> comments;
  // An unterminated comment swallowed the rest: what the End cuts short is no error of its own.
  bool truncated = false;
};

// Reports E0001, E0002, E0003, E0006, E0005 for characters that begin no token and E0601 for a file that is too large.
TokenList lex(const Sources &sources, uint32_t file, Diagnostics &diagnostics);

// "let", "[", "->"; "a name", "a number" and so on where there is no one spelling.
const char *spelling(TokenKind kind);
bool isReservedWord(TokenKind kind);
// Whether the two marks with nothing between them would be read as another one, or as the beginning of a comment.
bool wouldFuse(TokenKind left, TokenKind right);
// `import`, `fn`, `#[` ...: what an item or a member of a model may begin with.
bool beginsItem(TokenKind kind);

} // namespace batten::frontend

#endif
