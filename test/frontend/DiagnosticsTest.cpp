// DiagnosticsTest.cpp - how diagnostics look: windows, labels, long lines, short and JSON forms, limits.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Diagnostics.h"

#include <gtest/gtest.h>

using namespace batten::frontend;

namespace {

class DiagnosticsTest : public testing::Test {
protected:
  void open(std::string text) { sources.add("q.btn", std::move(text)); }

  // The first place of `needle` at or after `from`.
  SourceRange find(std::string_view needle, size_t from = 0) const {
    size_t begin = sources.file(0).text().find(needle, from);
    return {0, uint32_t(begin), uint32_t(begin + needle.size())};
  }

  Sources sources;
  DiagnosticOptions options;
};

TEST_F(DiagnosticsTest, OneLabelSpeaksForAllUnderlines) {
  open("\n\n  let h = tok + pos\n");
  Diagnostics diagnostics(sources, options);
  diagnostics.error("E0205", find("+"), "ambiguous broadcast of batch dims [B] and [T]")
      .secondary(find("tok"))
      .secondary(find("pos"))
      .label("neither list contains the other")
      .note("`B` is bound at " + diagnostics.at(find("let")))
      .help("write `spread(tok, [B, T]) + pos`");
  EXPECT_EQ(diagnostics.render(), "q.btn:3:15: error: ambiguous broadcast of batch dims [B] and [T] [E0205]\n"
                                  "3 |   let h = tok + pos\n"
                                  "  |           --- ^ --- neither list contains the other\n"
                                  "  = note: `B` is bound at q.btn:3:3\n"
                                  "  = help: write `spread(tok, [B, T]) + pos`\n");
}

TEST_F(DiagnosticsTest, SeveralLabelsHangBelow) {
  open("aa + bb\n\ncc\n");
  Diagnostics diagnostics(sources, options);
  diagnostics.error("E1", find("+"), "m")
      .label("middle")
      .secondary(find("aa"), "left")
      .secondary(find("bb"), "right")
      .secondary(find("cc"), "below");
  EXPECT_EQ(diagnostics.render(), "q.btn:1:4: error: m [E1]\n"
                                  "1 | aa + bb\n"
                                  "  | -- ^ -- right\n"
                                  "  | |  |\n"
                                  "  | |  middle\n"
                                  "  | left\n"
                                  "...\n"
                                  "3 | cc\n"
                                  "  | -- below\n");
}

TEST_F(DiagnosticsTest, GutterAlignsWithTheLongestNumber) {
  open("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n");
  Diagnostics diagnostics(sources, options);
  diagnostics.error("E1", find("j"), "m").secondary(find("i")).help("h");
  EXPECT_EQ(diagnostics.render(), "q.btn:10:1: error: m [E1]\n"
                                  " 9 | i\n"
                                  "   | -\n"
                                  "10 | j\n"
                                  "   | ^\n"
                                  "   = help: h\n");
}

TEST_F(DiagnosticsTest, OddCharactersKeepTheColumns) {
  open("\tlet \xC3\xA9 \x1B[31m \xE4\xBD\xA0 = y\n");
  Diagnostics diagnostics(sources, options);
  diagnostics.error("E1", find("y"), "m").label("here");
  EXPECT_EQ(diagnostics.render(), "q.btn:1:18: error: m [E1]\n"
                                  "1 |     let \xC3\xA9 \\x1B[31m \xE4\xBD\xA0 = y\n"
                                  "  |                         ^ here\n");
}

TEST_F(DiagnosticsTest, LongLinesAreCutAroundThePrimaryRange) {
  open(std::string(300, 'a') + "X" + std::string(300, 'b'));
  options.windowColumns = 12;
  Diagnostics diagnostics(sources, options);
  diagnostics.error("E1", find("X"), "m").secondary(find("aaa"));
  EXPECT_EQ(diagnostics.render(diagnostics.all()[0]), "q.btn:1:301: error: m [E1]\n"
                                                      "1 | ...aaaaXbbbbbbb...\n"
                                                      "  |    -   ^\n");
}

TEST_F(DiagnosticsTest, AnEmptyRangeAtTheEndIsOneCaret) {
  open("ab");
  Diagnostics diagnostics(sources, options);
  diagnostics.error("E1", find("ab").atEnd(), "m");
  EXPECT_EQ(diagnostics.render(), "q.btn:1:3: error: m [E1]\n1 | ab\n  |   ^\n");
}

TEST_F(DiagnosticsTest, OtherFilesAreNamed) {
  open("ab");
  uint32_t other = sources.add("nn.btn", "\n cd");
  Diagnostics diagnostics(sources, options);
  diagnostics.error("E1", find("ab"), "m").secondary({other, 2, 4}, "declared");
  EXPECT_EQ(diagnostics.render(), "q.btn:1:1: error: m [E1]\n1 | ab\n  | ^^\n  = note: declared at nn.btn:2:2\n");
}

TEST_F(DiagnosticsTest, SourceOrderAndNoRepetition) {
  open("ab");
  options.mode = DiagnosticMode::Short;
  Diagnostics diagnostics(sources, options);
  diagnostics.error("R1", "no place");
  diagnostics.error("E2", find("b"), "later");
  diagnostics.warning("unused", find("a"), "first");
  diagnostics.error("E2", find("b"), "later");
  EXPECT_EQ(diagnostics.render(), "q.btn:1:1: warning: first [-Wunused]\n"
                                  "q.btn:1:2: error: later [E2]\n"
                                  "batten: error: no place [R1]\n");
  EXPECT_EQ(diagnostics.errorCount(), 2u);
}

TEST_F(DiagnosticsTest, WarningsCanBeErrorsOrOff) {
  open("ab");
  options.mode = DiagnosticMode::Short;
  options.warningsAsErrors = true;
  options.disabled = {"off"};
  Diagnostics diagnostics(sources, options);
  diagnostics.warning("off", find("a"), "unheard").label("x");
  diagnostics.warning("perf", find("a"), "copies");
  EXPECT_EQ(diagnostics.render(), "q.btn:1:1: error: copies [-Werror,-Wperf]\n");
  EXPECT_TRUE(diagnostics.hasErrors());
}

TEST_F(DiagnosticsTest, BeyondTheLimitErrorsAreCounted) {
  open("abc");
  options.mode = DiagnosticMode::Short;
  options.errorLimit = 2;
  Diagnostics diagnostics(sources, options);
  for (const char *letter : {"a", "b", "c"})
    diagnostics.error("E1", find(letter), "m").label("l");
  EXPECT_EQ(diagnostics.render(), "q.btn:1:1: error: m [E1]\nq.btn:1:2: error: m [E1]\n"
                                  "batten: 1 more errors; only the first 2 are shown (--error-limit)\n");
  EXPECT_EQ(diagnostics.errorCount(), 3u);
}

TEST_F(DiagnosticsTest, JsonIsOneObjectALine) {
  open("a\n\"b\"");
  options.mode = DiagnosticMode::Json;
  Diagnostics diagnostics(sources, options);
  diagnostics.error("E1", find("\"b\""), "say \"b\"\xFF").label("l").secondary(find("a"), "s").note("n", find("a"));
  diagnostics.error("R1", "no place");
  EXPECT_EQ(
      diagnostics.render(),
      "{\"severity\":\"error\",\"code\":\"E1\",\"message\":\"say \\\"b\\\"\\ufffd\",\"file\":\"q.btn\",\"line\":2,"
      "\"column\":1,\"endLine\":2,\"endColumn\":4,\"label\":\"l\",\"secondary\":[{\"file\":\"q.btn\",\"line\":1,"
      "\"column\":1,\"endLine\":1,\"endColumn\":2,\"label\":\"s\"}],\"remarks\":[{\"kind\":\"note\",\"text\":\"n\","
      "\"file\":\"q.btn\",\"line\":1,\"column\":1,\"endLine\":1,\"endColumn\":2}]}\n"
      "{\"severity\":\"error\",\"code\":\"R1\",\"message\":\"no place\",\"secondary\":[],\"remarks\":[]}\n");
}

TEST_F(DiagnosticsTest, ColourOnlyOnDemand) {
  open("ab");
  options.colour = true;
  Diagnostics diagnostics(sources, options);
  diagnostics.error("E1", find("ab"), "m");
  EXPECT_NE(diagnostics.render().find("\x1B[1;32m^^\x1B[0m"), std::string::npos);
}

} // namespace
