// TestCommand.cpp - `batten test`: `test` blocks and `// expect-error:` comments.
//
// A test block is a function without arguments: it is compiled and called, or evaluated, as `batten run` does it. Each
// stands alone, so that one that is not compiled yet fails by itself.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Types.h"
#include "compiler/tools/CodeOptions.h"
#include "compiler/tools/Commands.h"
#include "compiler/tools/CompilerLibrary.h"
#include "compiler/tools/Execution.h"
#include "compiler/tools/ExpectedErrors.h"
#include "compiler/tools/Inputs.h"
#include "compiler/tools/SourceFiles.h"
#include "compiler/tools/Weights.h"
#include <algorithm>
#include <cmath>
#include <cstdio>

namespace batten {
namespace {

const char *examples = R"(
A test is `test "name" (B = 2) { expect a ~ b tol 1e-5 }`: it holds where abs(a - b) <= tol * max(1, abs(b)) or a == b
in every element. A file with comments `// expect-error: E0205` passes when it has exactly these errors on those lines.

Examples:
  batten test                              every .btn of this folder and those below it
  batten test qproj.btn                    one file
  batten test --filter=products qproj.btn  the tests whose line contains this
  batten test --evaluate qproj.btn         by the double-precision reference instead of compiled code
)";

std::vector<OptionSpec> testOptions() {
  return sessionOptions(codeOptions({
      {"--filter", "TEXT", "only tests whose line contains TEXT: a file or a name"},
      {"--weights", "FILE", "the .safetensors file of the weights that the tests read"},
      {"--evaluate", "", "compute by the double-precision reference instead"},
  }));
}

class TestRun {
public:
  explicit TestRun(const CommandLine &options) : options(options) {}
  int run();

private:
  using Clock = std::chrono::steady_clock;
  const CommandLine &options;
  Options compile;
  Compiler *compiler = nullptr;
  std::optional<frontend::WeightFile> weights; ///< the header, of the file whose tests run
  int passed = 0, failed = 0, exit = ExitOk;

  void testFile(const std::string &path);
  bool takeWeights(Session &session, const std::string &path, const frontend::Program &program);
  void testErrors(Session &session, const std::string &path, const ErrorPlaces &expected, Clock::time_point start);
  void testBlock(Session &session, const std::string &path, const frontend::Program &program,
                 const frontend::Test &test);
  void testBlocks(Session &session, const std::string &path, const frontend::Program &program, Clock::time_point start);
  int compute(Session &session, const std::string &name, const frontend::Program &program,
              std::vector<HostTensor> &results);
  int evaluate(Session &session, const frontend::Program &program, const std::map<std::string, int64_t> &sizes,
               std::vector<HostTensor> &results);
  bool loadCompilerOnce(Session &session);
  bool isWanted(const std::string &path, const std::string &name) const {
    return (path + ": " + name).find(options.get("--filter")) != std::string::npos;
  }
  bool isWanted(const std::string &path, const frontend::Test &test) const {
    return isWanted(path, "\"" + test.name + "\"");
  }
  void report(const std::string &path, const std::string &name, int status, Clock::time_point start);
};

void TestRun::report(const std::string &path, const std::string &name, int status, Clock::time_point start) {
  ++(status ? failed : passed);
  exit = std::max(exit, status);
  printf("%s  %s: %s  %.1f ms\n", status ? "FAIL" : "ok  ", path.c_str(), name.c_str(), millisecondsSince(start));
  fflush(stdout); // what is said of a failure comes after it
}

void TestRun::testErrors(Session &session, const std::string &path, const ErrorPlaces &expected,
                         Clock::time_point start) {
  std::string name = frontend::counted(expected.size(), "expected error", "expected errors");
  if (!isWanted(path, name))
    return;
  ErrorPlaces found = foundErrors(session.diagnostics());
  std::string differences = compareErrors(path, expected, found);
  report(path, name, differences.empty() ? ExitOk : ExitRefused, start);
  fputs(differences.c_str(), stderr);
  if (!differences.empty())
    session.finish();
}

bool TestRun::loadCompilerOnce(Session &session) {
  std::string error;
  if (!compiler)
    compiler = loadCompiler(error);
  if (!compiler)
    session.refuse(ExitFiles, error);
  return compiler;
}

int TestRun::evaluate(Session &session, const frontend::Program &program, const std::map<std::string, int64_t> &sizes,
                      std::vector<HostTensor> &results) {
  const frontend::Function &function = program.functions[0];
  Inputs inputs(session, options, function);
  if (!inputs.prepareWeights(options.get("--weights")))
    return session.finish();
  std::string error;
  if (compiler->evaluate(program, function, Evaluator::Reference, compile.cpu, sizes, inputs.tensors,
                         session.diagnostics(), results, error))
    return ExitOk;
  return error.empty() ? session.finish() : session.fail(ExitRefused, error);
}

int TestRun::compute(Session &session, const std::string &name, const frontend::Program &program,
                     std::vector<HostTensor> &results) {
  if (weights && !frontend::checkWeights(program, *weights, session.diagnostics()))
    return session.finish();
  if (!weights)
    if (int exit = requireWeights(session, /*path=*/"", program, program, /*help=*/"", "test " + name))
      return exit;
  std::map<std::string, int64_t> sizes;
  for (const frontend::Symbol &symbol : program.functions[0].symbols) // runtime ones, which are empty, first
    sizes[symbol.name] = symbol.isRuntime() ? 0 : symbol.definition().evaluate(sizes).value_or(0);
  if (!loadCompilerOnce(session))
    return session.finish();
  if (options.has("--evaluate"))
    return evaluate(session, program, sizes, results);
  Execution execution(session, compile, program);
  if (int exit = execution.compile(*compiler))
    return exit;
  if (int exit = execution.bind(options.get("--weights")))
    return exit;
  execution.prepare(sizes, std::vector<HostTensor>(program.functions[0].arguments.size()), results);
  batten_error error{};
  return execution.call(nullptr, batten_pool_call(nullptr, &error));
}

//===- Expectations -----------------------------------------------------------------------------------------------===//

/// "[1, 0]"
std::string placeOf(size_t index, const std::vector<int64_t> &shape) {
  std::vector<int64_t> place(shape.size());
  for (size_t i = shape.size(); i-- > 0; index /= size_t(shape[i]))
    place[i] = int64_t(index % size_t(shape[i]));
  return shapeText(place);
}

std::string numberText(long double value, frontend::DType dtype) {
  char text[64];
  int digits = dtype == frontend::DType::F64 ? 17 : frontend::isFloat(dtype) ? 9 : 20;
  snprintf(text, sizeof text, "%.*Lg", digits, value);
  return text;
}

/// Reports an expectation that does not hold, with the first element that is wrong.
void judge(Session &session, const frontend::Expectation &expectation, const HostTensor &actual,
           const HostTensor &expected) {
  HostTensor left = widened(actual), right = widened(expected);
  size_t count = size_t(elementsOf(left.sizes)), wrong = 0, first = 0;
  auto isWrong = [&](long double a, long double b) {
    return !(a == b || std::fabs(a - b) <= expectation.tolerance * std::max(1.0L, std::fabs(b)));
  };
  for (size_t i = 0; i < count; ++i)
    if (isWrong(elementAt(left, i), elementAt(right, i)) && wrong++ == 0)
      first = i;
  if (!wrong)
    return;
  long double a = elementAt(left, first), b = elementAt(right, first);
  std::string sentence = "expectation fails";
  if (count > 1)
    sentence += " in " + std::to_string(wrong) + " of " + std::to_string(count) + " elements";
  long double tolerated = expectation.tolerance * std::max(1.0L, std::fabs(b));
  session.diagnostics()
      .error("", frontend::rangeOf(expectation.location, session.sources()), sentence)
      .label((left.sizes.empty() ? "" : "first at " + placeOf(first, left.sizes) + ": ") + numberText(a, actual.dtype) +
             ", expected " + numberText(b, actual.dtype))
      .note("the difference is " + numberText(std::fabs(a - b), frontend::DType::F32) + ", " +
            numberText(tolerated, frontend::DType::F32) + " is tolerated");
}

void TestRun::testBlock(Session &session, const std::string &path, const frontend::Program &all,
                        const frontend::Test &test) {
  if (!isWanted(path, test))
    return;
  std::string name = "\"" + test.name + "\"";
  auto start = Clock::now();
  std::vector<HostTensor> results;
  session.clear();
  frontend::Program program = onlyFunction(all, test.function);
  if (int status = compute(session, name, program, results)) {
    report(path, name, status == ExitUsage ? ExitRefused : status, start);
    return;
  }
  for (const frontend::Expectation &expectation : test.expectations)
    judge(session, expectation, results[size_t(expectation.actual)], results[size_t(expectation.expected)]);
  report(path, name, session.diagnostics().hasErrors() ? ExitRefused : ExitOk, start);
  session.finish();
}

/// The header of --weights, where that is given, for all tests of a file; what none of them reads is said once.
bool TestRun::takeWeights(Session &session, const std::string &path, const frontend::Program &program) {
  auto runs = [&](const frontend::Test &test) { return isWanted(path, test); };
  if (options.get("--weights").empty() || std::none_of(program.tests.begin(), program.tests.end(), runs))
    return true;
  weights = readWeightFile(session, options.get("--weights"));
  if (weights)
    warnOfUnused(session, program, *weights);
  return weights.has_value();
}

void TestRun::testBlocks(Session &session, const std::string &path, const frontend::Program &program,
                         Clock::time_point start) {
  bool readable = takeWeights(session, path, program);
  if (session.diagnostics().hasErrors()) // with -Werror, unread tensors too; no test fails by these
    report(path, "weights", ExitRefused, start);
  exit = std::max(exit, session.finish()); // warnings, once
  for (const frontend::Test &test : program.tests)
    if (readable)
      testBlock(session, path, program, test);
}

void TestRun::testFile(const std::string &path) {
  auto start = Clock::now();
  Session session(options, /*dimsAreStatic=*/true, /*errorLimit=*/0);
  session.withTests = true;
  std::optional<frontend::Program> program = session.analyse(path);
  std::string fault;
  ErrorPlaces expected;
  if (session.sources().size())
    expected = expectedErrors(session.sources().file(0), fault);
  if (!fault.empty() || (!program && expected.empty())) {
    if (!fault.empty())
      session.refuse(ExitRefused, fault);
    report(path, "errors", ExitRefused, start);
    exit = std::max(exit, session.finish());
  } else if (!expected.empty()) {
    testErrors(session, path, expected, start);
  } else {
    testBlocks(session, path, *program, start);
  }
}

int TestRun::run() {
  if (std::string fault = readCodeOptions(options, compile); !fault.empty()) {
    fprintf(stderr, "batten: error: %s\n", fault.c_str());
    return ExitUsage;
  }
  if (compile.cpu != "native") { // known here, so that it is no fault of each test
    Session session(options);
    if (!loadCompilerOnce(session))
      return session.finish();
    if (std::string fault = compiler->cpuFault(compile.cpu); !fault.empty())
      return session.fail(ExitUsage, fault);
  }
  std::vector<std::string> paths = options.positional();
  for (const std::string &path : findSources(paths.empty() ? std::vector<std::string>{"."} : paths))
    testFile(path);
  printf("%d passed, %d failed\n", passed, failed);
  fflush(stdout);
  if (passed + failed > 0)
    return exit;
  std::string what = options.has("--filter") ? "no test's line contains '" + options.get("--filter") + "'" : "no tests";
  fprintf(stderr, "batten: error: %s\n", what.c_str());
  return ExitUsage;
}

} // namespace

int testCommand(const std::vector<std::string> &words) {
  CommandLine options(testOptions());
  if (std::optional<int> exit =
          options.begin(words, "batten test [options] [file.btn|folder...]: run the tests of programs", examples))
    return *exit;
  return TestRun(options).run();
}

} // namespace batten
