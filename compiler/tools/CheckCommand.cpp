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
  batten check                             every .btn of this folder and those below it, and how many have errors
  batten check simple.btn
  batten check *.btn                       every file; the status is that of the worst
  batten check --independent=B qproj.btn   proves that samples of B never meet, or says where they do and refuses
  batten check --weights=simple.safetensors simple.btn
)";

/// What --independent found so far, over all files.
struct Independence {
  std::string symbol;
  bool namesFiles = false;        ///< there are several
  bool seen = false;              ///< an entry has the dim
  std::vector<std::string> names; ///< dims that entries have
};

/// What each entry says of the dim, a line an entry; ExitRefused where its positions meet.
int reportIndependence(const std::string &path, const frontend::Program &program, Independence &asked) {
  int exit = ExitOk;
  const std::string &symbol = asked.symbol, before = asked.namesFiles ? path + ": " : "";
  for (const frontend::Function &function : program.functions) {
    bool has = false;
    for (const frontend::Symbol &known : function.symbols) {
      has |= known.name == symbol;
      asked.names.push_back(known.name);
    }
    if (!has)
      continue;
    asked.seen = true;
    auto mix = std::find_if(function.mixes.begin(), function.mixes.end(),
                            [&](const frontend::Mix &m) { return m.dim == symbol; });
    if (mix == function.mixes.end()) {
      printf("%s%s: independent over %s: no operation brings two of its positions together\n", before.c_str(),
             function.name.c_str(), symbol.c_str());
      continue;
    }
    printf("%s%s: mixes %s at %s:%d:%d: %s\n", before.c_str(), function.name.c_str(), symbol.c_str(),
           mix->location.file.c_str(), mix->location.line, mix->location.column, mix->what.c_str());
    exit = ExitRefused;
  }
  return exit;
}

/// ExitUsage where no entry of any file has the dim.
int requireSeen(const Independence &asked, const std::vector<std::string> &files) {
  if (asked.symbol.empty() || asked.seen)
    return ExitOk;
  std::string near = frontend::nearest(asked.symbol, asked.names).value_or("");
  fprintf(stderr, "batten: error: no entry of %s has a dim `%s`%s\n",
          files.size() == 1 ? ("'" + files[0] + "'").c_str() : "these files", asked.symbol.c_str(),
          near.empty() ? "" : ("; did you mean `" + near + "`?").c_str());
  return ExitUsage;
}

int checkFile(const CommandLine &options, const std::string &path, Independence &asked) {
  Session session(options);
  session.withTests = session.withUnused = true;
  std::optional<frontend::Program> program = session.analyse(path);
  if (program && options.has("--weights"))
    checkWeights(session, options.get("--weights"), *program, *program);
  if (int exit = session.finish(); exit != ExitOk || asked.symbol.empty())
    return exit;
  return reportIndependence(path, *program, asked);
}

int checkFiles(const CommandLine &options) {
  std::vector<std::string> paths = options.positional();
  if (paths.empty())
    paths = {"."};
  std::vector<std::string> files = findSources(paths);
  if (files.empty())
    return Session(options).fail(ExitUsage, noSourcesIn(paths));
  int worst = ExitOk;
  size_t refused = 0;
  Independence asked{options.get("--independent"), files.size() > 1, false, {}};
  for (const std::string &path : files) {
    int exit = checkFile(options, path, asked);
    refused += exit != ExitOk;
    worst = std::max(worst, exit);
  }
  if (files != paths && !options.has("--quiet")) // a folder was named
    printf("%s, %zu with errors\n", frontend::counted(files.size(), "file", "files").c_str(), refused);
  return worst == ExitOk ? requireSeen(asked, files) : worst;
}

} // namespace

int checkCommand(const std::vector<std::string> &words) {
  CommandLine options(sessionOptions({
      {"--independent", "DIM", "also prove that positions of DIM never meet"},
      {"--weights", "FILE", "also hold the .safetensors file against the parameters"},
  }));
  if (std::optional<int> exit =
          options.begin(words, "batten check [options] [file.btn|folder...]: look for errors only", examples))
    return *exit;
  return checkFiles(options);
}

} // namespace batten
