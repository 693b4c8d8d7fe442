// random_programs.cpp - random-programs: compiles and checks random programs of the language, in one process.
//
//   random-programs [--count=2000] [--seed=1] [--first=0] [--jobs=2] [--program=K] [--dump] [--no-reduce]
//   random-programs --unchecked             only makes the programs and says what of the language they lack
//   random-programs --tails [--brief] [--op=NAME]   every op at all sizes about the tile edges, on whole numbers
//   random-programs FILE.btn...             the same checks on given programs
//
// Program K of a seed is the same on every machine. What fails is printed with its source, made smaller, and with the
// command that repeats it. A long run ends with how often each op, rule, rank and kernel was met, and fails if one
// never was.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/CompilerLibrary.h"
#include "test/fuzz/random/Checks.h"
#include "test/fuzz/random/Crash.h"
#include "test/fuzz/random/Files.h"
#include "test/fuzz/random/Generator.h"
#include "test/fuzz/random/Reduce.h"
#include "test/fuzz/random/Tails.h"
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstring>

using namespace batten;
using namespace batten::fuzz;

namespace {

struct RunOptions {
  int64_t count = 2000, seed = 1, first = 0, jobs = 2, program = -1;
  bool dump = false, reduce = true, tails = false, brief = false, unchecked = false;
  std::string op;
  std::vector<std::string> files;
};

class Runner {
public:
  Runner(Compiler &compiler, const RunOptions &options) : compiler(compiler), options(options) {}
  /// True if the program is right.
  bool runOne(int64_t number);
  Coverage coverage;

private:
  Compiler &compiler;
  const RunOptions &options;
  WatchedThreads threads;
  std::string repeatCommand(int64_t number) const {
    return "random-programs --seed=" + std::to_string(options.seed) + " --program=" + std::to_string(number);
  }
  std::string check(const Sketch &sketch, int64_t number, Coverage &counted);
  void fail(const Sketch &sketch, int64_t number, const std::string &fault);
};

std::string Runner::check(const Sketch &sketch, int64_t number, Coverage &counted) {
  Checked checked(sketch.source());
  if (!checked.program)
    return "the front end refuses it:\n" + checked.diagnostics.render();
  const frontend::Function &function = checked.program->functions.at(0);
  countFunction(function, counted);
  if (options.unchecked)
    return "";
  CheckOptions checks;
  checks.levels = number % 10 == 0;
  checks.schedule = number % 3 == 0;
  checks.data = number % 4 == 1 ? Data::Whole : number % 8 == 2 ? Data::Sparse : Data::Real;
  checks.independent.emplace();
  for (const RuntimeDim &dim : sketch.runtimeDims) {
    bool mixed = false;
    for (int result : sketch.entry.body.results)
      mixed |= sketch.entry.body.values[size_t(result)].mixed.count(dim.name) != 0;
    for (auto [parameter, value] : sketch.entry.body.updates)
      mixed |= sketch.entry.body.values[size_t(value)].mixed.count(dim.name) != 0;
    if (!mixed)
      checks.independent->insert(dim.name);
  }
  Random random(uint64_t(options.seed) ^ 0x5eed, uint64_t(number));
  return Checks(compiler, threads, counted, checked, checks, random).run(function, sketch.sizes());
}

void Runner::fail(const Sketch &sketch, int64_t number, const std::string &fault) {
  std::string text = "FAILED: program " + std::to_string(number) + ": " + fault + "\n" + sketch.source();
  Sketch small = sketch;
  std::string smallFault = fault;
  bool refused = fault.starts_with("the front end");
  if (options.reduce)
    small = reduced(sketch, [&](const Sketch &part) {
      Coverage unused;
      std::string found = check(part, number, unused);
      if (found.empty() || found.starts_with("the front end") != refused)
        return false;
      smallFault = found;
      return true;
    });
  std::string sizes;
  for (const auto &[dim, size] : small.sizes())
    sizes += " " + dim + " = " + std::to_string(size);
  if (options.reduce)
    text += "made smaller: " + smallFault + "\n" + small.source();
  text += "sizes:" + sizes + "\nrepeat: " + repeatCommand(number) + "\n\n";
  fputs(text.c_str(), stdout);
  fflush(stdout);
}

bool Runner::runOne(int64_t number) {
  setRepeatCommand(repeatCommand(number));
  Sketch sketch = Generator(uint64_t(options.seed), uint64_t(number)).make();
  if (options.dump) {
    printf("// program %lld\n%s\n", (long long)number, sketch.source().c_str());
    fflush(stdout); // what follows may crash
  }
  countFeatures(sketch.features(), coverage);
  std::string fault = check(sketch, number, coverage);
  if (!fault.empty())
    fail(sketch, number, fault);
  return fault.empty();
}

int runPrograms(Compiler &compiler, const RunOptions &options) {
  int64_t first = options.program >= 0 ? options.program : options.first;
  int64_t count = options.program >= 0 ? 1 : options.count;
  auto start = std::chrono::steady_clock::now();
  std::atomic<int64_t> next = first, failed = 0;
  std::vector<std::thread> workers;
  std::mutex mutex;
  Coverage coverage;
  for (int64_t i = 0; i < std::min(options.jobs, count); ++i)
    workers.emplace_back([&] {
      Runner runner(compiler, options);
      for (int64_t number; (number = next++) < first + count;)
        failed += !runner.runOne(number);
      std::lock_guard lock(mutex);
      coverage.add(runner.coverage);
    });
  for (std::thread &worker : workers)
    worker.join();
  bool covered = report(coverage, /*complete=*/count >= 2000 && !options.unchecked);
  if (options.unchecked)
    covered = coversLanguage(coverage);
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  printf("%lld programs of seed %lld in %.0f s, %lld failed\n", (long long)count, (long long)options.seed, seconds,
         (long long)failed);
  return failed || !covered;
}

bool parse(int argc, char **argv, RunOptions &options) {
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    size_t equals = word.find('=');
    std::string name = word.substr(0, equals), text = equals == std::string::npos ? "" : word.substr(equals + 1);
    const std::pair<const char *, bool *> flags[] = {{"--dump", &options.dump},
                                                     {"--tails", &options.tails},
                                                     {"--brief", &options.brief},
                                                     {"--unchecked", &options.unchecked}};
    const std::pair<const char *, int64_t *> numbers[] = {{"--count", &options.count},
                                                          {"--seed", &options.seed},
                                                          {"--first", &options.first},
                                                          {"--jobs", &options.jobs},
                                                          {"--program", &options.program}};
    bool known = false;
    for (auto [key, flag] : flags)
      if (word == key)
        known = *flag = true;
    for (auto [key, number] : numbers)
      if (name == key) {
        auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), *number);
        known = code == std::errc() && end == text.data() + text.size() && !text.empty() && *number >= 0;
      }
    if (word == "--no-reduce")
      known = true, options.reduce = false;
    if (name == "--op")
      known = true, options.op = text;
    if (!word.starts_with("-"))
      known = true, options.files.push_back(word);
    if (!known) {
      fprintf(stderr, "random-programs: '%s' is no option\n", argv[i]);
      return false;
    }
  }
  return true;
}

} // namespace

int main(int argc, char **argv) {
  RunOptions options;
  if (!parse(argc, argv, options))
    return 64;
  std::string error;
  Compiler *compiler = loadCompiler(error);
  if (!compiler) {
    fprintf(stderr, "random-programs: %s\n", error.c_str());
    return 66;
  }
  reportCrashes();
  if (!options.files.empty())
    return runFiles(*compiler, options.files);
  if (options.tails)
    return runTails(*compiler, options.op, options.brief, options.jobs);
  return runPrograms(*compiler, options);
}
