// CheckCommand.cpp - `batten check`: the front end alone. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/Commands.h"
#include "compiler/tools/Session.h"
#include <algorithm>
#include <cstdio>

namespace batten {
namespace {

const char *examples = R"(
Examples:
  batten check model.btn
  batten check *.btn                       every file; the status is that of the worst
  batten check --independent=B model.btn   refuses when samples of B meet somewhere, and says where
)";

/// What each entry says of `symbol`, a line an entry; ExitRefused where its positions meet.
int reportIndependence(const frontend::Program &program, const std::string &symbol) {
  int exit = ExitOk;
  bool seen = false;
  for (const frontend::Function &function : program.functions) {
    bool has = std::any_of(function.symbols.begin(), function.symbols.end(),
                           [&](const frontend::Symbol &s) { return s.name == symbol; });
    if (!has)
      continue;
    seen = true;
    auto mix = std::find_if(function.mixes.begin(), function.mixes.end(),
                            [&](const frontend::Mix &m) { return m.dim == symbol; });
    if (mix == function.mixes.end()) {
      printf("%s: independent over %s: no operation brings two of its positions together\n", function.name.c_str(),
             symbol.c_str());
      continue;
    }
    printf("%s: mixes %s at %s:%d:%d: %s\n", function.name.c_str(), symbol.c_str(), mix->location.file.c_str(),
           mix->location.line, mix->location.column, mix->what.c_str());
    exit = ExitRefused;
  }
  if (seen)
    return exit;
  fprintf(stderr, "batten: error: no entry of this program has a dim `%s`\n", symbol.c_str());
  return ExitUsage;
}

int checkFile(const CommandLine &options, const std::string &path) {
  Session session(options);
  if (!options.has("--independent")) {
    session.check(path);
    return session.finish();
  }
  std::optional<frontend::Program> program = session.analyse(path);
  if (int exit = session.finish(); exit != ExitOk || !program)
    return exit;
  return reportIndependence(*program, options.get("--independent"));
}

} // namespace

int checkCommand(const std::vector<std::string> &words) {
  std::vector<OptionSpec> specs = sessionOptions();
  specs.push_back({"--independent", "DIM", "also prove that positions of DIM never meet"});
  CommandLine options(specs);
  std::string error;
  if (!options.parse(words, error)) {
    fprintf(stderr, "batten: error: %s\n", error.c_str());
    return ExitUsage;
  }
  if (options.has("--help")) {
    printf("batten check [options] file.btn...: look for errors only\n\n%s%s", options.describe().c_str(), examples);
    return ExitOk;
  }
  if (options.positional().empty()) {
    fputs("batten: error: `batten check` takes at least one source file\n", stderr);
    return ExitUsage;
  }
  int worst = ExitOk;
  for (const std::string &path : options.positional())
    worst = std::max(worst, checkFile(options, path));
  return worst;
}

} // namespace batten
