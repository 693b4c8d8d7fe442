// ParserTest.cpp - what the parser promises beside its messages: ranges, flat chains, depth, doc comments, limits.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Parser.h"
#include "compiler/frontend/AstPrinter.h"

#include <gtest/gtest.h>
#include <limits>

using namespace batten::frontend;

namespace {

struct Parsed {
  Sources sources;
  Diagnostics diagnostics{sources};
  FileNode tree;

  explicit Parsed(std::string text) {
    uint32_t file = sources.add("test.btn", std::move(text));
    tree = parse(sources, file, diagnostics);
  }

  std::string codes() const {
    std::string text;
    for (const Diagnostic &diagnostic : diagnostics.all())
      text += (text.empty() ? "" : " ") + diagnostic.code;
    return text;
  }
  std::string_view text(const SourceRange &range) const { return sources.text(range); }
};

std::string repeated(const std::string &text, size_t count) {
  std::string all;
  for (size_t i = 0; i < count; ++i)
    all += text;
  return all;
}

std::string codesOf(std::string text) { return Parsed(std::move(text)).codes(); }

const Expr &resultOf(const Parsed &parsed) { return *cast<FunctionItem>(*parsed.tree.items.at(0)).body.results.at(0); }

TEST(Parser, AMillionTermsAreOneFlatChain) {
  Parsed parsed("fn f(x: f32) -> f32 = x" + repeated(" + x", 1'000'000));
  ASSERT_EQ(parsed.codes(), "");
  EXPECT_EQ(cast<ChainExpr>(resultOf(parsed)).links.size(), 1'000'000u);
  EXPECT_EQ(codesOf("dim D = 1" + repeated(" + 1", 1'000'000)), "");
  EXPECT_EQ(codesOf("fn f(x: f32) -> f32 = x" + repeated(" || x @ x", 100'000)), "");
}

TEST(Parser, DepthIsRefusedAtTheNextLevelOnly) {
  auto inFunction = [](const std::string &expr) { return codesOf("fn f(x: f32) -> f32 = " + expr); };
  EXPECT_EQ(inFunction(repeated("(", 256) + "x" + repeated(")", 256)), "");
  EXPECT_EQ(inFunction(repeated("(", 257) + "x" + repeated(")", 257)), "E0004");
  EXPECT_EQ(inFunction("x" + repeated(".T", 256)), "");
  EXPECT_EQ(inFunction("x" + repeated(".T", 257)), "E0004");
  EXPECT_EQ(inFunction("x" + repeated(" as f32", 257)), "E0004");
  EXPECT_EQ(inFunction(repeated("-", 257) + "x"), "E0004");
  // Suffixes wrap what stands in the parentheses before them.
  EXPECT_EQ(inFunction(repeated("(", 100) + "x" + repeated(".T)", 100) + repeated(".T", 56)), "");
  EXPECT_EQ(inFunction(repeated("(", 100) + "x" + repeated(".T)", 100) + repeated(".T", 57)), "E0004");
  EXPECT_EQ(inFunction("(" + repeated("[", 300) + " + 1) * ("), "E0004");
}

TEST(Parser, NoNestingReachesTheStack) {
  for (const char *open : {"(", "[", "-", "f(", "x[|", "grad ", "each w in ", "rearrange(", "f(a: ", "(a, "})
    EXPECT_EQ(codesOf("fn f(x: f32) -> f32 = " + repeated(open, 100'000)), "E0004") << open;
  EXPECT_EQ(codesOf("fn f(x: f32) -> f32 {" + repeated("for i in 0..1 {", 100'000)), "E0004");
  EXPECT_EQ(codesOf("fn f(x: f32) -> f32 = " + repeated("each w in p { return ", 100'000)), "E0004");
  EXPECT_EQ(codesOf("dim D = " + repeated("div(1, ", 100'000)), "E0004");
  EXPECT_EQ(codesOf("#[a" + repeated("(", 100'000)), "E0005");
  EXPECT_EQ(codesOf(repeated("/*", 100'000)), "E0002");
}

TEST(Parser, NewlinesAndSemicolonsDoNotMatter) {
  std::string tree = printAst(Parsed("fn f(x: f32) -> f32 { let a = x let b = a return b }").tree);
  EXPECT_EQ(printAst(Parsed("fn f(x:f32)->f32{let a\n=\nx;let b=a;return b;}").tree), tree);
  EXPECT_EQ(printAst(Parsed("fn f(x: f32) -> f32 {\r\n let a = x // c\r\n let b = a /* /**/ */ return b }").tree),
            tree);
}

TEST(Parser, RangesCoverWhatWasWritten) {
  Parsed parsed("pub fn f(x: f32[B | D]) -> f32 = (x.T + y) * g(x over B)[| 1:]");
  ASSERT_EQ(parsed.codes(), "");
  const auto &product = cast<ChainExpr>(resultOf(parsed));
  EXPECT_EQ(parsed.text(product.range), "(x.T + y) * g(x over B)[| 1:]");
  EXPECT_EQ(parsed.text(product.first->range), "(x.T + y)");
  EXPECT_EQ(parsed.text(product.links[0].opRange), "*");
  const auto &index = cast<IndexExpr>(*product.links[0].operand);
  EXPECT_EQ(parsed.text(index.bracketRange), "[| 1:]");
  EXPECT_EQ(parsed.text(cast<CallExpr>(*index.base).arguments[0].over->range), "B");
  const auto &function = cast<FunctionItem>(*parsed.tree.items[0]);
  EXPECT_EQ(parsed.text(function.signatureRange), "pub fn f(x: f32[B | D]) -> f32");
  EXPECT_EQ(parsed.text(function.parameters[0].type.range), "f32[B | D]");
}

TEST(Parser, NumbersKeepTheirValue) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  auto number = [](const std::string &text) {
    Parsed parsed("fn f() -> f32 = " + text);
    EXPECT_EQ(parsed.codes(), "") << text;
    const auto &literal = cast<NumberExpr>(resultOf(parsed));
    return std::pair(literal.isInteger, literal.isInteger ? double(literal.integer) : literal.real);
  };
  EXPECT_EQ(number("1_000"), std::pair(true, 1000.0));
  EXPECT_EQ(number("9223372036854775808"), std::pair(true, 9223372036854775808.0));
  EXPECT_EQ(number("1_0.2_5e+0_1"), std::pair(false, 102.5));
  EXPECT_EQ(number("1e400"), std::pair(false, infinity));
  EXPECT_EQ(number("0.001e309"), std::pair(false, 0.001e309));
  EXPECT_EQ(number("123.5e-400"), std::pair(false, 0.0));
  EXPECT_EQ(number("0." + std::string(400, '0') + "1"), std::pair(false, 0.0));
  EXPECT_EQ(number("0." + std::string(400, '0') + "1e800"), std::pair(false, infinity));
  EXPECT_EQ(number("1e99999999999999999999"), std::pair(false, infinity));
  EXPECT_EQ(codesOf("fn f() -> i64 = 9223372036854775809"), "E0601");
}

TEST(Parser, DocCommentsBelongToTheItemBelow) {
  Parsed parsed("/// One.\n/// Two.\n// no doc\n#[fast]\nfn f() -> f32 = 1\n//// none\nfn g() -> f32 = 1\n"
                "model M {\n  /// A weight.\n  param w: f32\n}");
  ASSERT_EQ(parsed.codes(), "");
  EXPECT_EQ(parsed.tree.items[0]->doc, "One.\nTwo.");
  EXPECT_EQ(parsed.tree.items[1]->doc, "");
  EXPECT_EQ(cast<ModelItem>(*parsed.tree.items[2]).members[0]->doc, "A weight.");
}

TEST(Parser, AttributesKeepTheirText) {
  Parsed parsed("#[allow(dropped-rows)] #[specialize(B = 1, 8)] fn f() -> f32 = 1");
  const std::vector<AttributeNode> &attributes = parsed.tree.items.at(0)->attributes;
  ASSERT_EQ(attributes.size(), 2u);
  EXPECT_EQ(attributes[0].argumentText, "dropped-rows");
  EXPECT_EQ(attributes[1].arguments.size(), 5u);
}

TEST(Parser, FilesBeyondTheLimitAreNotRead) {
  EXPECT_EQ(codesOf(std::string(SourceFile::maxBytes, ' ')), "");
  EXPECT_EQ(codesOf(std::string(SourceFile::maxBytes + 1, ' ')), "E0601");
}

TEST(Parser, OnlyValidUtf8IsRead) {
  EXPECT_EQ(codesOf("\xEF\xBB\xBF// caf\xC3\xA9 \xF0\x9F\x98\x80\ndim B"), "");
  for (const char *bytes : {"\x80", "\xC0\x80", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF"})
    EXPECT_EQ(codesOf(std::string("// ") + bytes), "E0003");
}

} // namespace
