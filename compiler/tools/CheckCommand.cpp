// CheckCommand.cpp - `batten check`: the front end alone.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Types.h"
#include "compiler/tools/Commands.h"
#include "compiler/tools/SourceFiles.h"
#include "compiler/tools/Weights.h"
#include <algorithm>
#include <cstdio>

namespace batten {
namespace {

const char *examples = R"(
Examples:
  batten check simple.btn
  batten check *.btn                       every file; the status is that of the worst
  batten check .                           every .btn of this folder and those below it, and how many have errors
  batten check --independent=B qproj.btn   proves that samples of B never meet, or says where they do and refuses
  batten check --weights=simple.safetensors simple.btn
)";

/// What each entry says of `symbol`, a line an entry; ExitRefused where its positions meet.
int reportIndependence(const std::string &path, const frontend::Program &program, const std::string &symbol) {
  int exit = ExitOk;
  std::vector<std::string> names;
  bool seen = false;
  for (const frontend::Function &function : program.functions) {
    bool has = false;
    for (const frontend::Symbol &known : function.symbols) {
      has |= known.name == symbol;
      names.push_back(known.name);
    }
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
  std::string near = frontend::nearest(symbol, names).value_or("");
  fprintf(stderr, "batten: error: no entry of '%s' has a dim `%s`%s\n", path.c_str(), symbol.c_str(),
          near.empty() ? "" : ("; did you mean `" + near + "`?").c_str());
  return ExitUsage;
}

int checkFile(const CommandLine &options, const std::string &path) {
  Session session(options);
  std::optional<frontend::Program> program = session.analyse(path);
  if (program && options.has("--weights"))
    checkWeights(session, options.get("--weights"), *program, *program);
  if (int exit = session.finish(); exit != ExitOk || !options.has("--independent"))
    return exit;
  return reportIndependence(path, *program, options.get("--independent"));
}

int checkFiles(const CommandLine &options) {
  std::vector<std::string> files = findSources(options.positional());
  if (files.empty())
    return Session(options).fail(ExitUsage, noSourcesIn(options.positional()));
  int worst = ExitOk;
  size_t refused = 0;
  for (const std::string &path : files) {
    int exit = checkFile(options, path);
    refused += exit != ExitOk;
    worst = std::max(worst, exit);
  }
  if (files != options.positional() && !options.has("--quiet")) // a folder was named
    printf("%s, %zu with errors\n", frontend::counted(files.size(), "file", "files").c_str(), refused);
  return worst;
}

} // namespace

int checkCommand(const std::vector<std::string> &words) {
  CommandLine options(sessionOptions({
      {"--independent", "DIM", "also prove that positions of DIM never meet"},
      {"--weights", "FILE", "also hold the .safetensors file against the parameters"},
  }));
  if (std::optional<int> exit =
          options.begin(words, "batten check [options] file.btn|folder...: look for errors only", examples))
    return *exit;
  if (options.positional().empty()) {
    fputs("batten: error: `batten check` takes at least one source file or folder\n", stderr);
    return ExitUsage;
  }
  return checkFiles(options);
}

} // namespace batten
