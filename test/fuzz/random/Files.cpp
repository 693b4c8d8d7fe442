// Files.cpp - programs that once were compiled wrongly, or that somebody wants checked, from files.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/random/Files.h"
#include "test/fuzz/random/Checks.h"
#include <fstream>
#include <sstream>

namespace batten::fuzz {

using frontend::Function;
using frontend::Symbol;

/// The sizes of a run: the unbounded dims differ, so that none stands in for another.
static Sizes sizesFor(const Function &function, int64_t unbounded) {
  Sizes sizes;
  for (const Symbol &symbol : function.symbols) {
    if (symbol.kind == Symbol::Unbounded)
      sizes[symbol.name] = unbounded++;
    else if (symbol.kind == Symbol::Bounded)
      sizes[symbol.name] = std::min(symbol.value, unbounded + 4);
  }
  return sizes;
}

static bool runFile(Compiler &compiler, WatchedThreads &threads, const std::string &path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) {
    fprintf(stderr, "random-programs: %s: cannot be read\n", path.c_str());
    return false;
  }
  Checked checked(text.str());
  if (!checked.program) {
    fprintf(stderr, "random-programs: %s: is refused:\n%s", path.c_str(), checked.diagnostics.render().c_str());
    return false;
  }
  bool good = true;
  for (const Function &function : checked.program->functions)
    for (int64_t unbounded : {1, 7, 40}) {
      Coverage coverage;
      CheckOptions options;
      options.levels = options.schedule = true;
      Random random(0xba77e, uint64_t(unbounded));
      std::string fault =
          Checks(compiler, threads, coverage, checked, options, random).run(function, sizesFor(function, unbounded));
      if (fault.empty())
        continue;
      printf("FAILED: %s: %s: %s\n", path.c_str(), function.name.c_str(), fault.c_str());
      good = false;
    }
  return good;
}

int runFiles(Compiler &compiler, const std::vector<std::string> &paths) {
  WatchedThreads threads;
  size_t failed = 0;
  for (const std::string &path : paths)
    failed += !runFile(compiler, threads, path);
  printf("%zu files, %zu failed\n", paths.size(), failed);
  return failed != 0;
}

} // namespace batten::fuzz
