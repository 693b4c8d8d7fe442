// ExplainCommand.cpp - `batten explain`: what a code means, with an example.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Explain.h"
#include "compiler/frontend/Types.h"
#include "compiler/tools/CommandLine.h"
#include "compiler/tools/Commands.h"
#include <algorithm>
#include <cstdio>

namespace batten {

static const char *examples = R"(
Examples:
  batten explain                  a line for every code
  batten explain E0205
  batten explain unused-tensor    a warning goes by its name
)";

/// `e0205` and `[E0205]` are meant as they look.
static std::string codeOf(std::string word) {
  std::erase_if(word, [](char c) { return c == '[' || c == ']'; });
  if (word.size() == 5)
    word[0] = char(toupper(word[0]));
  return word;
}

static int explain(const std::string &word) {
  std::string code = codeOf(word);
  if (const frontend::Page *page = frontend::findPage(code)) {
    fputs(frontend::printPage(*page).c_str(), stdout);
    return ExitOk;
  }
  std::vector<std::string> codes;
  for (const frontend::Page &page : frontend::pages())
    codes.push_back(page.code);
  std::string near = frontend::nearest(code, codes).value_or("");
  fprintf(stderr, "batten: error: there is no code '%s'%s\n", word.c_str(),
          near.empty() ? "; `batten explain` lists them" : ("; did you mean '" + near + "'?").c_str());
  return ExitUsage;
}

int explainCommand(const std::vector<std::string> &words) {
  CommandLine options({{"--help", "", "this text"}});
  std::vector<std::string> plain = words;
  for (std::string &word : plain)
    if (word.starts_with("-W"))
      word.erase(0, 2);
  if (std::optional<int> exit =
          options.begin(plain, "batten explain [CODE...]: what a code means, with an example", examples))
    return *exit;
  if (options.positional().empty())
    fputs(frontend::listPages().c_str(), stdout);
  int worst = ExitOk;
  for (size_t i = 0; i < options.positional().size(); ++i) {
    if (i > 0)
      fputs("\n", stdout);
    worst = std::max(worst, explain(options.positional()[i]));
  }
  return worst;
}

} // namespace batten
