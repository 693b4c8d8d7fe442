// ParseItem.cpp - imports, dims, types, constants, functions, models, subs and tests.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Advice.h"
#include "compiler/frontend/ParserImpl.h"

#include <algorithm>
#include <charconv>

namespace batten::frontend {

// file = { item }
FileNode Parser::parseFile() {
  FileNode file{endToken.range.file, {}};
  std::vector<size_t> begins; // of the items, and what follows each
  while (!at(TokenKind::End)) {
    size_t begin = next;
    ItemPtr item = parseUnbroken(Scope::File);
    if (item || !isAtMargin(begin)) { // what breaks amid a line may be the rest of the item before
      file.items.push_back(std::move(item));
      begins.push_back(begin);
    }
  }
  begins.push_back(next);
  file.isWhole = isWhole && lexErrors.empty();
  file.isCut = abandoned || list.truncated;
  if (!file.isWhole)
    keepWhole(file, begins);
  file.lost = std::move(lost);
  return file;
}

// item = attrs ( import | dim | type | const | fn | model | sub | test )
ItemPtr Parser::parseItem(Scope scope) {
  size_t begin = next;
  std::vector<AttributeNode> attributes = parseAttributes();
  ItemPtr item = parseItemBody(scope);
  if (item) {
    item->attributes = std::move(attributes);
    item->doc = takeDoc(begin);
  }
  return item;
}

// `#[` begins one too.
bool Parser::isMember(TokenKind kind) {
  return kind != TokenKind::KwImport && kind != TokenKind::KwType && kind != TokenKind::KwModel &&
         kind != TokenKind::KwTest && beginsItem(kind);
}

ItemPtr Parser::parseItemBody(Scope scope) {
  TokenKind kind = peek().kind;
  if (scope == Scope::Model && !isMember(kind)) {
    bool unmarked = at(TokenKind::Identifier) && peek(1).kind == TokenKind::Colon; // `w: f32[| 5, 10]`
    std::string advice = unmarked ? "a weight is declared `param " + std::string(text(peek())) + ": ..`"
                                  : adviceForStatement(text(peek()));
    Diagnostic &error = unexpected("`param`, `sub`, `fn`, `dim`, `const` or `}`");
    if (!advice.empty())
      error.help(advice);
    return nullptr;
  }
  switch (kind) {
  case TokenKind::KwDim:
    return parseDim();
  case TokenKind::KwConst:
    return parseConst();
  case TokenKind::KwFn:
  case TokenKind::KwPub:
    return parseFunction();
  case TokenKind::KwSub:
    return parseSub();
  case TokenKind::KwImport:
    return parseImport();
  case TokenKind::KwType:
    return parseTypeAlias();
  case TokenKind::KwModel:
    return parseModel();
  case TokenKind::KwTest:
    return parseTest();
  case TokenKind::KwParam:
    if (scope == Scope::Model)
      return parseParam();
    unexpected("an item").help("a `param` belongs to a `model`");
    return nullptr;
  default: {
    std::string advice = adviceForStatement(text(peek()));
    Diagnostic &error = unexpected("`import`, `dim`, `type`, `const`, `fn`, `model`, `sub` or `test`");
    if (!advice.empty())
      error.help(advice);
    return nullptr;
  }
  }
}

// attrs = { "#[" IDENT [ "(" balanced ")" ] "]" }
std::vector<AttributeNode> Parser::parseAttributes() {
  std::vector<AttributeNode> attributes;
  while (at(TokenKind::AttributeOpen)) {
    Token open = advance();
    AttributeNode attribute;
    attribute.name = parseIdentifier("the name of an attribute");
    if (at(TokenKind::LeftParen))
      parseAttributeArguments(attribute);
    expectClosing(TokenKind::RightBracket, open, "`(`");
    attribute.range = rangeFrom(open);
    attributes.push_back(std::move(attribute));
  }
  return attributes;
}

static AttributeToken::Kind attributeTokenKind(TokenKind kind) {
  if (kind == TokenKind::Identifier || isReservedWord(kind))
    return AttributeToken::Kind::Identifier;
  if (kind == TokenKind::Integer || kind == TokenKind::Number)
    return AttributeToken::Kind::Number;
  return kind == TokenKind::String ? AttributeToken::Kind::String : AttributeToken::Kind::Punctuation;
}

static TokenKind closingOf(TokenKind open) {
  return open == TokenKind::LeftParen     ? TokenKind::RightParen
         : open == TokenKind::LeftBracket ? TokenKind::RightBracket
         : open == TokenKind::LeftBrace   ? TokenKind::RightBrace
                                          : TokenKind::End;
}

void Parser::parseAttributeArguments(AttributeNode &attribute) {
  attribute.hasArguments = true;
  std::vector<Token> open{advance()};
  SourceRange begin = open.front().range;
  while (true) {
    TokenKind kind = peek().kind;
    bool closes = kind == TokenKind::RightParen || kind == TokenKind::RightBracket || kind == TokenKind::RightBrace;
    if (kind == TokenKind::End || kind == TokenKind::Invalid || (closes && kind != closingOf(open.back().kind))) {
      expectClosing(closingOf(open.back().kind), open.back(), "an argument");
      return;
    }
    if (closes)
      open.pop_back();
    else if (closingOf(kind) != TokenKind::End)
      open.push_back(peek());
    Token token = advance();
    if (open.empty()) {
      attribute.argumentText = sources.text({begin.file, begin.end, token.range.begin});
      return;
    }
    std::string_view written = text(token);
    if (kind == TokenKind::String && written.size() >= 2)
      written = written.substr(1, written.size() - 2);
    attribute.arguments.push_back({attributeTokenKind(kind), std::string(written), token.range});
  }
}

// The `///` lines between the token before and this one.
std::string Parser::takeDoc(size_t tokenIndex) const {
  uint32_t from = tokenIndex == 0 ? 0 : list.tokens[tokenIndex - 1].range.end;
  uint32_t to = list.tokens[tokenIndex].range.begin;
  auto comment = std::lower_bound(list.comments.begin(), list.comments.end(), from,
                                  [](const Comment &c, uint32_t offset) { return c.range.begin < offset; });
  std::string doc;
  for (; comment != list.comments.end() && comment->range.end <= to; ++comment) {
    if (comment->kind != Comment::Kind::Doc)
      continue;
    std::string_view line = sources.text(comment->range).substr(3);
    if (line.starts_with(' '))
      line.remove_prefix(1);
    doc += (doc.empty() ? "" : "\n") + std::string(line);
  }
  return doc;
}

// import = "import" STRING [ "as" IDENT ]
ItemPtr Parser::parseImport() {
  auto item = std::make_unique<ImportItem>(advance().range);
  if (!at(TokenKind::String))
    unexpected("a string").help(adviceForStatement("from"));
  item->path = parseString();
  if (accept(TokenKind::KwAs))
    item->alias = parseIdentifier();
  item->range = rangeFrom(item->range);
  return item;
}

// dim = "dim" dimdef { "," dimdef }
ItemPtr Parser::parseDim() {
  auto item = std::make_unique<DimItem>(advance().range);
  do
    item->definitions.push_back(parseDimDefinition());
  while (accept(TokenKind::Comma));
  item->range = rangeFrom(item->range);
  return item;
}

// dimdef = IDENT [ ( "=" | "<=" ) dexpr ]
DimDefinition Parser::parseDimDefinition() {
  DimDefinition definition;
  definition.name = parseIdentifier("the name of a dim");
  if (accept(TokenKind::Equal))
    definition.kind = DimDefinition::Kind::Static;
  else if (accept(TokenKind::LessEqual))
    definition.kind = DimDefinition::Kind::Bounded;
  if (definition.kind != DimDefinition::Kind::Unbounded)
    definition.value = parseDimExpr();
  definition.range = rangeFrom(definition.name.range);
  return definition;
}

// type = "type" IDENT "=" ty
ItemPtr Parser::parseTypeAlias() {
  auto item = std::make_unique<TypeAliasItem>(advance().range);
  item->name = parseIdentifier();
  expect(TokenKind::Equal);
  item->type = parseType();
  item->range = rangeFrom(item->range);
  return item;
}

// const = "const" IDENT ":" ty "=" expr
ItemPtr Parser::parseConst() {
  auto item = std::make_unique<ConstItem>(advance().range);
  item->name = parseIdentifier();
  expect(TokenKind::Colon);
  item->type = parseType();
  expect(TokenKind::Equal);
  item->value = parseExpr();
  item->range = rangeFrom(item->range);
  return item;
}

// fn = [ "pub" ] "fn" IDENT [ gen ] "(" [ par { "," par } ] ")" "->" rty [ where ] ( "=" expr | block )
ItemPtr Parser::parseFunction() {
  auto item = std::make_unique<FunctionItem>(peek().range);
  item->isPublic = accept(TokenKind::KwPub);
  expect(TokenKind::KwFn);
  parseSignature(*item);
  item->signatureRange = rangeFrom(item->range);
  if (at(TokenKind::Equal)) {
    advance();
    item->expressionBody = true;
    SourceRange begin = peek().range;
    item->body.results.push_back(parseExpr());
    item->body.range = rangeFrom(begin);
    item->body.returnRange = begin.atBegin();
  } else if (at(TokenKind::LeftBrace)) {
    item->body = parseBlock();
  } else {
    unexpected("`=`, `{` or `where`");
  }
  item->range = rangeFrom(item->range);
  return item;
}

void Parser::parseSignature(FunctionItem &function) {
  function.name = parseIdentifier("the name of a function");
  function.generics = parseGenerics();
  Token open = expect(TokenKind::LeftParen);
  if (!at(TokenKind::RightParen)) {
    do
      function.parameters.push_back(parseParameter());
    while (accept(TokenKind::Comma));
  }
  expectClosing(TokenKind::RightParen, open, "`,`");
  if (!at(TokenKind::Arrow))
    unexpected("`->`").help("a function says what it returns: `fn f(x: f32[B | 10]) -> f32[B | 5]`");
  advance();
  // rty = ty | "(" ty { "," ty } ")"
  Token results = peek();
  function.tupleResult = accept(TokenKind::LeftParen);
  do
    function.results.push_back(parseType());
  while (function.tupleResult && accept(TokenKind::Comma));
  if (function.tupleResult)
    expectClosing(TokenKind::RightParen, results, "`,`");
  function.conditions = parseWhere();
}

// par = [ "inout" ] IDENT ":" ty
Parameter Parser::parseParameter() {
  Parameter parameter;
  Token begin = peek();
  parameter.isInout = accept(TokenKind::KwInout);
  parameter.name = parseIdentifier("the name of a parameter");
  if (!at(TokenKind::Colon)) {
    std::string advice = adviceForStatement(parameter.name.name);
    unexpected("`:`").help(advice.empty() ? "a parameter has a type: `x: f32[B | 10]`" : advice);
  }
  advance();
  parameter.type = parseType();
  parameter.range = rangeFrom(begin);
  return parameter;
}

// model = "model" IDENT [ gen ] [ where ] "{" { attrs ( param | sub | fn | dim | const ) } "}"
ItemPtr Parser::parseModel() {
  auto item = std::make_unique<ModelItem>(advance().range);
  item->name = parseIdentifier("the name of a model");
  item->generics = parseGenerics();
  item->conditions = parseWhere();
  recoverToBody();
  Token open = expect(TokenKind::LeftBrace);
  // What can't be a member stands after a forgotten `}`.
  auto foreign = [&] { return beginsItem(peek().kind) && !isMember(peek().kind); };
  while (!at(TokenKind::RightBrace) && !at(TokenKind::End) && !foreign()) {
    if (ItemPtr member = parseUnbroken(Scope::Model))
      item->members.push_back(std::move(member));
  }
  expectClosing(TokenKind::RightBrace, open, "a member of the model");
  item->range = rangeFrom(item->range);
  return item;
}

// param = "param" IDENT ":" ty [ "from" STRING ]
ItemPtr Parser::parseParam() {
  auto item = std::make_unique<ParamItem>(advance().range);
  item->name = parseIdentifier();
  expect(TokenKind::Colon);
  item->type = parseType();
  item->from = parseFrom();
  item->range = rangeFrom(item->range);
  return item;
}

// sub = "sub" IDENT [ "[" dexpr "]" ] ":" qname [ "<" dexpr { "," dexpr } ">" ] [ "from" STRING ]
ItemPtr Parser::parseSub() {
  auto item = std::make_unique<SubItem>(advance().range);
  item->name = parseIdentifier();
  if (at(TokenKind::LeftBracket)) {
    Token open = advance();
    item->count = parseDimExpr();
    expectClosing(TokenKind::RightBracket, open, "an operator");
  }
  expect(TokenKind::Colon);
  item->model = parseQualifiedName();
  if (at(TokenKind::Less)) {
    Token open = advance();
    do
      item->arguments.push_back(parseDimExpr());
    while (accept(TokenKind::Comma));
    expectClosing(TokenKind::Greater, open, "`,`");
  }
  item->from = parseFrom();
  item->range = rangeFrom(item->range);
  return item;
}

// test = "test" STRING [ "(" IDENT "=" INT { "," IDENT "=" INT } ")" ] "{" { stmt | expect } "}"
ItemPtr Parser::parseTest() {
  auto item = std::make_unique<TestItem>(advance().range);
  item->name = parseString();
  if (at(TokenKind::LeftParen)) {
    Token open = advance();
    do {
      TestBinding binding;
      binding.dim = parseIdentifier("the name of a dim");
      expect(TokenKind::Equal);
      binding.value = parseInteger();
      item->bindings.push_back(std::move(binding));
    } while (accept(TokenKind::Comma));
    expectClosing(TokenKind::RightParen, open, "`,`");
  }
  Nest nest(*this, "block");
  recoverToBody();
  if (at(TokenKind::LeftBrace)) {
    Token open = advance();
    item->body = parseStatements(/*inTest=*/true);
    closeBlock(open, "`let`, `var`, `for`, `name =`, `expect`");
  } else {
    unexpected(item->bindings.empty() ? "`(` or `{`" : "`{`");
  }
  item->range = rangeFrom(item->range);
  return item;
}

} // namespace batten::frontend
