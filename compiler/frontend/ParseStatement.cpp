// ParseStatement.cpp - blocks and statements.
//
// A statement starts with a keyword or with `name =`, so neither newlines nor `;` are needed to tell where one ends.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Advice.h"
#include "compiler/frontend/ParserImpl.h"

namespace batten::frontend {

// block = "{" { stmt } "return" expr { "," expr } "}", at its brace
Block Parser::parseBlock() {
  Nest nest(*this, "block");
  Block block;
  Token open = advance();
  bool endsBroken = false;
  block.statements = parseStatements(/*inTest=*/false, &endsBroken);
  block.returnRange = peek().range;
  if (accept(TokenKind::KwReturn)) {
    do
      block.results.push_back(parseExpr());
    while (accept(TokenKind::Comma));
    accept(TokenKind::Semicolon);
  } else if (at(TokenKind::RightBrace) && endsBroken) {
    failing = true; // `h + x }`: what was skipped is the forgotten `return`
  } else if (at(TokenKind::RightBrace)) {
    unexpected("a statement or `return`").help("a block ends with `return`");
  } else {
    Diagnostic &error = unexpected("`let`, `var`, `for`, `name =` or `return`");
    if (error.remarks.empty())
      error.help("a block ends with `return value`");
  }
  closeBlock(open, "`,`");
  block.range = rangeFrom(open);
  return block;
}

// Up to what begins no statement: `return`, `}`, an item or a mistake. A broken statement is skipped.
std::vector<StmtPtr> Parser::parseStatements(bool inTest, bool *endsBroken) {
  std::vector<StmtPtr> statements;
  while (at(TokenKind::KwLet) || at(TokenKind::KwVar) || at(TokenKind::KwFor) || at(TokenKind::Identifier)) {
    size_t begin = next;
    StmtPtr statement = parseStatement(inTest);
    accept(TokenKind::Semicolon);
    if (endsBroken)
      *endsBroken = failing;
    if (failing)
      recover(Scope::Statements, begin);
    else
      statements.push_back(std::move(statement));
  }
  return statements;
}

// stmt = ( let | var | IDENT "=" expr | for ) [ ";" ]
StmtPtr Parser::parseStatement(bool inTest) {
  if (at(TokenKind::KwLet))
    return parseLet();
  if (at(TokenKind::KwVar))
    return parseVar();
  if (at(TokenKind::KwFor))
    return parseFor();
  if (atWord("expect") && peek(1).kind != TokenKind::Equal) {
    if (inTest)
      return parseExpect();
    unexpected("a statement or `return`").help("`expect` stands in a `test` only");
    return nullptr;
  }
  return parseAssign();
}

// let = "let" ( IDENT | "(" IDENT { "," IDENT } ")" ) [ ":" ty ] "=" expr
StmtPtr Parser::parseLet() {
  auto statement = std::make_unique<LetStmt>(advance().range);
  if (at(TokenKind::LeftParen)) {
    Token open = advance();
    statement->destructures = true;
    statement->names = parseIdentifierList();
    expectClosing(TokenKind::RightParen, open, "`,`");
  } else {
    statement->names.push_back(parseIdentifier("a name or `(`"));
  }
  if (accept(TokenKind::Colon))
    statement->type = parseType();
  expect(TokenKind::Equal, statement->type ? "`=`" : "`:` or `=`");
  statement->value = parseExpr();
  statement->range = rangeFrom(statement->range);
  return statement;
}

// var = "var" IDENT [ ":" ty ] "=" expr
StmtPtr Parser::parseVar() {
  auto statement = std::make_unique<VarStmt>(advance().range);
  statement->name = parseIdentifier();
  if (accept(TokenKind::Colon))
    statement->type = parseType();
  expect(TokenKind::Equal, statement->type ? "`=`" : "`:` or `=`");
  statement->value = parseExpr();
  statement->range = rangeFrom(statement->range);
  return statement;
}

// IDENT "=" expr
StmtPtr Parser::parseAssign() {
  auto statement = std::make_unique<AssignStmt>(peek().range);
  statement->name = parseIdentifier();
  if (!at(TokenKind::Equal)) {
    std::string advice = adviceForStatement(statement->name.name);
    bool isStep = peek(1).kind == TokenKind::Equal; // `y += x`
    if (isStep)
      advice = "a `var` is set by `" + statement->name.name + " = " + statement->name.name + " " +
               std::string(text(peek())) + " ..`";
    unexpected("`=`").help(advice.empty() ? "a value alone does nothing; a block ends with `return value`" : advice);
  }
  advance();
  statement->value = parseExpr();
  statement->range = rangeFrom(statement->range);
  return statement;
}

// for = "for" IDENT { "," IDENT } "in" iter { "," iter } "{" { stmt } "}"
StmtPtr Parser::parseFor() {
  Nest nest(*this, "block");
  auto statement = std::make_unique<ForStmt>(advance().range);
  statement->names = parseIdentifierList();
  expect(TokenKind::KwIn, "`,` or `in`");
  do
    statement->iterators.push_back(parseIterator());
  while (accept(TokenKind::Comma));
  if (!at(TokenKind::LeftBrace)) {
    unexpected("`,`, `..` or `{`");
    return nullptr;
  }
  Token open = advance();
  statement->body = parseStatements(/*inTest=*/false);
  if (at(TokenKind::KwReturn))
    unexpected("a statement or `}`").help("a `for` has no value: assign to a `var` declared before it");
  closeBlock(open, "a statement");
  statement->range = rangeFrom(statement->range);
  return statement;
}

// iter = expr [ ".." expr ]
ForIterator Parser::parseIterator() {
  ForIterator iterator;
  SourceRange begin = peek().range;
  iterator.lower = parseExpr();
  if (accept(TokenKind::DotDot))
    iterator.upper = parseExpr();
  iterator.range = rangeFrom(begin);
  return iterator;
}

// "expect" expr "~" expr [ "tol" NUMBER ]
StmtPtr Parser::parseExpect() {
  auto statement = std::make_unique<ExpectStmt>(advance().range);
  statement->actual = parseExpr();
  expect(TokenKind::Tilde, "an operator or `~`");
  statement->expected = parseExpr();
  if (atWord("tol") && peek(1).kind != TokenKind::Equal) {
    advance();
    if (at(TokenKind::Integer) || at(TokenKind::Number))
      statement->tolerance = realValue(advance());
    else
      unexpected("a number");
  }
  statement->range = rangeFrom(statement->range);
  return statement;
}

} // namespace batten::frontend
