// ParserImpl.h - the parser's state and its productions, shared by Parser.cpp (tokens, errors, recovery) and
// Parse*.cpp.
//
// After an error the parser *fails*: every further look at the tokens sees the end of the file and nothing more is
// reported, so all productions run out on their own and need no error paths. recover() then finds the next place to go
// on from and ends that state. Nodes made while failing may lack children; no production looks into a child.
//
// An item or member with an error in it is left out of the tree, and what it would have declared is `lost`: sema checks
// the others, and is silent of those names.
//
// Depth: a production that nests opens a Nest. Suffixes and casts wrap what was already parsed, so they are counted
// afterwards (`wrap`), from the deepest level that lies in what they wrap.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_FRONTEND_PARSERIMPL_H
#define BATTEN_COMPILER_FRONTEND_PARSERIMPL_H

#include "compiler/frontend/AST.h"
#include "compiler/frontend/Lexer.h"

namespace batten::frontend {

class Parser {
public:
  Parser(const Sources &sources, uint32_t file, Diagnostics &diagnostics);
  FileNode parseFile();

private:
  static constexpr unsigned maxDepth = 256;

  // One level of nesting, for as long as it lives.
  class Nest {
  public:
    // `what`: "expression", "dim" or "block", for the message; the level begins at the current token.
    Nest(Parser &parser, const char *what);
    ~Nest() { --parser.depth; }
    Nest(const Nest &) = delete;

  private:
    Parser &parser;
  };

  // Tokens
  const Token &peek(unsigned ahead = 0) const;
  bool at(TokenKind kind) const { return peek().kind == kind; }
  bool atWord(std::string_view word, unsigned ahead = 0) const;
  Token advance();
  bool accept(TokenKind kind);
  // The token, or an error: "expected ..., found ..."; `expected` defaults to the kind's spelling.
  Token expect(TokenKind kind, const char *expected = nullptr);
  // A closing bracket; the error names where `open` stands. `others` is what else could have stood here.
  Token expectClosing(TokenKind kind, const Token &open, const char *others);
  std::string_view text(const Token &token) const;
  std::string describe(const Token &token) const;
  Diagnostic &unexpected(const std::string &expected);
  bool isReported(const Token &token) const;
  bool isMisusedName() const;
  bool isBranch() const;
  Diagnostic &fail(std::string code, SourceRange range, std::string message);
  // From the start of `begin` to the end of the last token consumed.
  SourceRange rangeFrom(const Token &begin) const { return rangeFrom(begin.range); }
  SourceRange rangeFrom(const SourceRange &begin) const;

  // An error that stands alone: parsing goes on, and what was read is whole.
  Diagnostic &report(std::string code, SourceRange range, std::string message);

  // Recovery: to the next item, member or statement, or a `}` that closes the present block.
  enum class Scope { File, Model, Statements };
  void recover(Scope scope, size_t progressFrom);
  // After a broken header, to the `{` of its body if that comes first.
  void recoverToBody();
  // The `}` of a block that was opened, whatever else the block holds.
  void closeBlock(const Token &open, const char *others);
  bool hasLexError(size_t begin, size_t end);
  void lose(size_t begin, size_t end);
  bool isAtMargin(size_t token) const;
  void keepWhole(FileNode &file, const std::vector<size_t> &begins);
  static bool isMember(TokenKind kind);
  bool beginsStatement() const;
  // Counts a level around all that the present postfix or cast expression holds.
  void wrap(const Token &suffix, const SourceRange &begin);
  void reportDepth(const char *what, const SourceRange &where);

  // ParseItem.cpp, ParseParts.cpp
  std::vector<AttributeNode> parseAttributes();
  void parseAttributeArguments(AttributeNode &attribute);
  std::string takeDoc(size_t tokenIndex) const;
  ItemPtr parseUnbroken(Scope scope);
  ItemPtr parseItem(Scope scope);
  ItemPtr parseItemBody(Scope scope);
  ItemPtr parseImport();
  ItemPtr parseDim();
  DimDefinition parseDimDefinition();
  ItemPtr parseTypeAlias();
  ItemPtr parseConst();
  ItemPtr parseFunction();
  void parseSignature(FunctionItem &function);
  Parameter parseParameter();
  ItemPtr parseModel();
  ItemPtr parseParam();
  ItemPtr parseSub();
  ItemPtr parseTest();
  std::vector<Identifier> parseGenerics();
  std::vector<DimCondition> parseWhere();
  DimCondition parseCondition();
  Identifier parseIdentifier(const char *expected = "a name");
  std::vector<Identifier> parseIdentifierList(const char *expected = "a name");
  StringLiteral parseString();
  std::optional<StringLiteral> parseFrom();
  int64_t parseInteger();
  int64_t integerValue(const Token &token);
  double realValue(const Token &token) const;
  QualifiedName parseQualifiedName();

  // ParseType.cpp: dims, types, patterns
  TypeExpr parseType();
  void parseTypeDims(TypeExpr &type);
  std::vector<TypeDim> parseTypeDimList();
  TypeDim parseTypeDim();
  void checkBatchDims(TypeExpr &type);
  void reportMissingBar(TypeExpr &type);
  void refuse(TypeExpr &type);
  DTypeName parseDType();
  DimExprPtr parseDimExpr();
  DimExprPtr parseDimLevel(bool product);
  DimExprPtr parseDimFactor();
  Pattern parsePattern();
  std::vector<PatternDim> parsePatternDims(bool leftOfBar);
  PatternDim parsePatternDim(bool leftOfBar);

  // ParseStatement.cpp
  Block parseBlock();
  std::vector<StmtPtr> parseStatements(bool inTest, bool *endsBroken = nullptr);
  StmtPtr parseStatement(bool inTest);
  StmtPtr parseLet();
  StmtPtr parseVar();
  StmtPtr parseAssign();
  StmtPtr parseFor();
  ForIterator parseIterator();
  StmtPtr parseExpect();

  // ParseExpression.cpp, ParsePrimary.cpp
  ExprPtr parseExpr();
  ExprPtr parseLevel(unsigned level); // one level of binary operators
  ExprPtr parseCast();
  ExprPtr parseUnary();
  ExprPtr parsePost();
  ExprPtr parseCall(ExprPtr callee, const SourceRange &begin);
  CallArgument parseArgument();
  OverAxes parseOver();
  ExprPtr parseIndex(ExprPtr base, const SourceRange &begin);
  Slice parseSlice();
  ExprPtr parsePrimary();
  ExprPtr parseNumber();
  ExprPtr parseParenthesised();
  ExprPtr parseArray();
  ExprPtr parseFill();
  ExprPtr parseRearrange();
  ExprPtr parseGrad();
  ExprPtr parseEach();

  const Sources &sources;
  Diagnostics &diagnostics;
  TokenList list;
  Token endToken;  // what peek() shows while failing
  size_t next = 0; // index of the next token
  bool failing = false;
  bool broken = false; // the present item lacks something
  bool isWhole = true; // so far no item was broken
  std::set<std::string> lost;
  std::vector<uint32_t> lexErrors; // where, of those that no item has been found to hold
  bool abandoned = false;          // too deep: nothing more is read
  Diagnostic unheard;              // takes what is said while failing
  unsigned depth = 0;              // of open Nests
  unsigned deepest = 0;            // level reached in the expression being parsed
  SourceRange outermost;           // where level 1 began
};

} // namespace batten::frontend

#endif
