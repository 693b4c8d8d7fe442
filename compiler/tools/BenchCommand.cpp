// BenchCommand.cpp - `batten bench`: how fast one function runs, at one or several sizes.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Version.h"
#include "compiler/frontend/Types.h"
#include "compiler/tools/Amounts.h"
#include "compiler/tools/BenchResults.h"
#include "compiler/tools/CallBytes.h"
#include "compiler/tools/CodeOptions.h"
#include "compiler/tools/Commands.h"
#include "compiler/tools/CompilerLibrary.h"
#include "compiler/tools/DescribedProgram.h"
#include "compiler/tools/Execution.h"
#include "compiler/tools/Inputs.h"
#include "compiler/tools/KernelTimes.h"
#include "compiler/tools/Measure.h"
#include "compiler/tools/SourceFiles.h"
#include "compiler/tools/TextTable.h"
#include "compiler/tools/Weights.h"
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <unistd.h>

namespace batten {
namespace {

const char *examples = R"(
Inputs and weights that are not given are random; what numbers rows, classes, positions or keys (`len`) is drawn from all
that there are. They are given as for `batten run`. Time is that of one described call (batten_program_call), some
0.1 us more than by the function of the header, with the interval of its median at 95 % confidence; GFLOP/s counts the
operations as they are written, but for those of weights alone, which the bind has done; GB/s the arguments, weights and
results, each once, of tables, slices and caches the rows that a call reads or writes (a library with its weights inside
does not tell; other libraries tell of all rows). "of peak" is against FMA chains measured before and after on as many
threads. What disturbed a measurement is said below it.

--kernels builds the program once more so that it reads the cycle counter around each launch: the same kernels in the same
order. Times are means of the faster half of the calls. A kernel stands at the line of the first operation that it does;
one that serves several lines (layers of one shape) is one row with as many launches, and "between them" is what checks and
sizes take.

Examples:
  batten bench qproj.btn q_proj --dim B=1,32 --dim T=128
  batten bench qproj.btn q_proj --dim B=32 --dim T=128 --threads=2 --seconds=1
  batten bench qproj.btn q_proj --dim B=1 --dim T=128 --json > old.json
  batten bench qproj.btn q_proj --dim B=1 --dim T=128 --compare=old.json
  batten bench encoder.btn forward --dim B=4 --dim T=64 --kernels
)";

std::vector<OptionSpec> benchOptions() {
  std::vector<OptionSpec> specs = sessionOptions(codeOptions({
      {"--weights", "FILE", "the .safetensors file of the model's weights; without it they are random"},
      {"--arg", "NAME=INPUT", "an input, where --NAME is an option", true},
      {"--threads", "1..1024", "threads of a call (1)"},
      {"--seconds", "1..60", "at most so long for each row (3)"},
      {"--kernels", "", "what each kernel takes of a call, in place of the rows"},
      {"--json", "", "as JSON, which --compare takes"},
      {"--compare", "FILE", "also show how the times of an older --json compare"},
  }));
  for (OptionSpec &spec : specs)
    if (spec.name == "--dim")
      spec = {"--dim", "NAME=SIZE,..", "sizes of a dim: `--dim B=1,8,64` makes three rows", true};
  return specs;
}

using Sizes = std::map<std::string, int64_t>;

/// Every choice of one size a dim, in the order of the command line. The sentence of the fault, or empty.
std::string readSweep(const std::vector<std::string> &words,
                      std::vector<std::vector<std::pair<std::string, int64_t>>> &out) {
  out = {{}};
  std::vector<std::string> seen;
  for (const std::string &word : words) {
    size_t equals = word.find('=');
    std::string name = word.substr(0, equals);
    std::string fault = "'--dim " + word + "': wanted --dim NAME=SIZE or --dim NAME=SIZE,SIZE";
    if (equals == std::string::npos || name.empty())
      return fault;
    if (std::find(seen.begin(), seen.end(), name) != seen.end())
      return "dim `" + name + "` is given twice; several sizes are written --dim " + name + "=1,8";
    seen.push_back(name);
    std::vector<std::vector<std::pair<std::string, int64_t>>> longer;
    for (const auto &choice : out)
      for (size_t begin = equals + 1; begin <= word.size();) {
        size_t end = std::min(word.find(',', begin), word.size());
        std::string digits = word.substr(begin, end - begin);
        if (digits.find('=') != std::string::npos)
          return fault + "; each dim has a --dim of its own: --dim " + word.substr(0, begin - 1) + " --dim " + digits;
        if (digits.empty() || digits.size() > 18 || digits.find_first_not_of("0123456789") != std::string::npos)
          return fault;
        longer.push_back(choice);
        longer.back().emplace_back(name, std::stoll(digits));
        begin = end + 1;
      }
    out = std::move(longer);
  }
  return "";
}

/// "B=8 T=2"
std::string dimsText(const std::vector<std::pair<std::string, int64_t>> &choice) {
  std::string text;
  for (const auto &[name, size] : choice)
    text += (text.empty() ? "" : " ") + name + "=" + std::to_string(size);
  return text;
}

struct DestroyPool {
  void operator()(batten_pool *pool) const { batten_pool_destroy(pool); }
};
struct DestroyWorkspace {
  void operator()(batten_workspace *workspace) const { batten_workspace_destroy(workspace); }
};

class Bench {
public:
  explicit Bench(const CommandLine &options) : options(options), session(options, /*dimsAreStatic=*/false) {}
  int run();

private:
  const CommandLine &options;
  Session session;
  Options compile;
  frontend::Program program; ///< of the function alone
  std::vector<std::vector<std::pair<std::string, int64_t>>> sweep;
  std::vector<BenchRow> older, rows;
  std::vector<std::pair<std::string, CallTimes>> kernels; ///< of --kernels, by dims
  std::vector<frontend::OpCost> costs;
  std::unique_ptr<batten_pool, DestroyPool> pool;
  double peak = 0;
  std::string otherMachine; ///< a sentence, where --compare has times of one

  const frontend::Function &function() const { return program.functions[0]; }
  bool isDouble() const;
  std::string readOptions();
  int readOlder();
  int createPool();
  int prepare();
  int open(Execution &execution);
  int compileProgram(Execution &execution);
  int bind(Execution &execution);
  int measureAt(Execution &execution, const std::vector<std::pair<std::string, int64_t>> &choice);
  int measureShown(Execution &execution, size_t row);
  void count(BenchRow &row, const Sizes &sizes) const;
  double bytesAt(const Sizes &sizes) const;
  void print() const;
  void printJson(const std::string &what) const;
};

bool Bench::isDouble() const {
  return std::any_of(function().values.begin(), function().values.end(),
                     [](const frontend::TensorType &type) { return type.dtype == frontend::DType::F64; });
}

std::string Bench::readOptions() {
  if (std::string fault = functionFault(options, "bench"); !fault.empty())
    return fault;
  if (std::string fault = readSweep(options.all("--dim"), sweep); !fault.empty())
    return fault;
  if (options.has("--kernels") && options.has("--compare"))
    return "--kernels and --compare do not go together";
  compile.timeLaunches = options.has("--kernels");
  return readCodeOptions(options, compile);
}

/// Times are compared where all but the compiler is the same: the rows' dims are looked up in the table.
int Bench::readOlder() {
  if (!options.has("--compare"))
    return ExitOk;
  std::string path = options.get("--compare");
  BenchSubject before, now = {function().name, compile.cpu, options.number("--threads", 1), processorName()};
  if (std::string fault = readBenchRows(path, before, older); !fault.empty())
    return session.fail(ExitFiles, fault);
  std::vector<std::string> differences;
  auto compare = [&](const char *what, const std::string &then, const std::string &here) {
    if (then != here)
      differences.push_back(std::string(what) + " " + then + ", not " + here);
  };
  compare("function", before.function, now.function);
  compare("CPU", before.cpu, now.cpu);
  compare("threads", std::to_string(before.threads), std::to_string(now.threads));
  if (!before.machine.empty() && before.machine != now.machine)
    otherMachine = "'" + path + "' was measured on another machine: " + before.machine + "; this is " + now.machine;
  return differences.empty() ? ExitOk
                             : session.fail(ExitUsage, "'" + path + "' cannot be compared with this: it measured " +
                                                           frontend::joined(differences, "; "));
}

/// What was built before; what an operation costs is summed up in its description.
int Bench::open(Execution &execution) {
  const std::string &path = options.positional()[0];
  if (std::string fault = optionsOfSource(options, path, {"--kernels"}); !fault.empty())
    return session.fail(ExitUsage, fault);
  if (int exit = execution.open(path))
    return exit;
  frontend::Program all = programOf(execution.describe());
  const frontend::Function *found = findFunction(session, all, options);
  if (!found)
    return session.finish();
  program = onlyFunction(all, *found);
  program.weights = all.weights; // all are bound
  if (options.has("--weights") && !program.weights.empty())
    if (int exit = requireWeights(session, options.get("--weights"), program, all))
      return exit;
  execution.choose(found->name);
  const batten_entry &entry = execution.describe().entries[found - all.functions.data()];
  costs = {{Dim::parse(entry.flops.text).value_or(Dim()), Dim::parse(entry.bytes.text).value_or(Dim())}};
  return ExitOk;
}

int Bench::compileProgram(Execution &execution) {
  std::string error;
  Compiler *compiler = loadCompiler(error);
  if (!compiler)
    return session.fail(ExitFiles, error);
  if (int exit = execution.compile(*compiler))
    return exit;
  compiler->costs(program, function(), session.diagnostics(), costs); // it compiles, so they are known
  std::erase_if(costs, [](const frontend::OpCost &cost) { return cost.atBind; });
  return ExitOk;
}

int Bench::createPool() {
  int64_t threads = options.number("--threads", 1);
  batten_pool *made = nullptr;
  batten_error error{};
  if (threads > 1 && batten_pool_create(int32_t(threads), &made, &error))
    return session.fail(ExitRefused, error.message);
  pool.reset(made);
  return ExitOk;
}

/// The front end; the function is in `program` afterwards.
int Bench::prepare() {
  std::optional<frontend::Program> all = session.analyse(options.positional()[0]);
  const frontend::Function *found = all ? findFunction(session, *all, options) : nullptr;
  if (!found)
    return session.finish();
  program = onlyFunction(*all, *found);
  if (options.has("--weights"))
    if (int exit = requireWeights(session, options.get("--weights"), program, *all))
      return exit;
  return ExitOk;
}

int Bench::bind(Execution &execution) {
  if (options.has("--weights") || program.weights.empty())
    return execution.bind(options.get("--weights"));
  std::vector<HostTensor> weights;
  for (const frontend::Weight &weight : program.weights) {
    weights.push_back(emptyTensor(weight.type.dtype, *shapeAt(weight.type, {})));
    fillTensor(weights.back(), "normal:" + std::to_string(weights.size()));
  }
  return execution.bind(weights);
}

/// Operations and samples of a call at these sizes.
void Bench::count(BenchRow &row, const Sizes &sizes) const {
  Dim flops;
  for (const frontend::OpCost &cost : costs)
    flops = flops + cost.flops;
  row.flops = double(flops.evaluate(sizes).value_or(0));
  row.samples = 1;
  for (const frontend::Symbol &symbol : function().symbols)
    if (symbol.kind == frontend::Symbol::Unbounded)
      row.samples *= double(sizes.at(symbol.name));
}

/// What the operations move bounds it too, where that is all that is known: of a library.
double Bench::bytesAt(const Sizes &sizes) const {
  Dim moved;
  for (const frontend::OpCost &cost : costs)
    moved = moved + cost.bytes;
  double touched = double(bytesOfCall(function(), sizes));
  std::optional<int64_t> most = moved.isConstant(-1) ? std::nullopt : moved.evaluate(sizes);
  return most ? std::min(touched, double(*most)) : touched;
}

int Bench::measureAt(Execution &execution, const std::vector<std::pair<std::string, int64_t>> &choice) {
  Inputs inputs(session, options, function());
  inputs.dims = {choice.begin(), choice.end()};
  inputs.otherwise = "normal:";
  if (!inputs.prepare())
    return session.finish();
  std::vector<HostTensor> results;
  execution.prepare(inputs.sizes, inputs.tensors, results);
  batten_workspace *made = nullptr;
  batten_error error{};
  if (batten_workspace_create(&made, &error))
    return session.fail(ExitRefused, error.message);
  std::unique_ptr<batten_workspace, DestroyWorkspace> workspace(made);
  batten_call service = batten_pool_call(pool.get(), &error);
  auto call = [&] { return execution.call(made, service) == ExitOk; };
  double seconds = double(options.number("--seconds", 3));
  std::string dims = dimsText(choice);
  if (options.has("--kernels")) {
    kernels.emplace_back(dims, timeKernels(call, execution.launches(), inputs.sizes, execution.launchTimes(), seconds));
    return kernels.back().second.calls ? ExitOk : ExitRefused;
  }
  BenchRow row;
  row.dims = dims;
  row.timing = measure(call, seconds);
  if (row.timing.calls == 0)
    return ExitRefused; // the call has said why
  double after = peakFlops(pool.get(), isDouble());
  row.slowestPeak = std::min(peak, after);
  row.peak = peak = std::max(peak, after);
  count(row, inputs.sizes);
  if (!execution.describe().placed_weights)
    row.bytes = bytesAt(inputs.sizes);
  rows.push_back(std::move(row));
  return ExitOk;
}

/// A row takes seconds, and the table comes when all are there: a terminal shows which one it is.
int Bench::measureShown(Execution &execution, size_t row) {
  bool isShown = isatty(STDERR_FILENO) && !options.has("--quiet");
  if (isShown)
    fprintf(stderr, "[%zu/%zu] %s\r", row + 1, sweep.size(), dimsText(sweep[row]).c_str()); // an error goes over it
  int exit = measureAt(execution, sweep[row]);
  if (isShown)
    fputs("\x1b[K", stderr);
  return exit;
}

void Bench::printJson(const std::string &what) const {
  std::vector<std::string> texts;
  for (const BenchRow &row : rows)
    texts.push_back(rowJson(row));
  for (const auto &[dims, times] : kernels)
    texts.push_back(kernelsJson(dims, times, peak));
  fputs(benchJson(texts, what, compile.cpu, options.number("--threads", 1)).c_str(), stdout);
}

void Bench::print() const {
  std::string what = function().name + " of " + options.positional()[0];
  if (options.has("--json"))
    return printJson(what);
  printf("%s, %s, peak %s of %s FMA\n", what.c_str(),
         frontend::counted(size_t(options.number("--threads", 1)), "thread", "threads").c_str(),
         amount(peak, "FLOP/s").c_str(), isDouble() ? "f64" : "f32");
  for (const auto &[dims, times] : kernels) {
    printf("\n%s%s%s", dims.c_str(), dims.empty() ? "" : "\n", tableText(kernelTable(times, peak)).c_str());
    for (const std::string &remark : kernelRemarks("", times, peak))
      printf("%s\n", remark.c_str());
  }
  if (!otherMachine.empty())
    printf("%s\n", otherMachine.c_str());
  if (kernels.empty())
    fputs(tableText(benchTable(rows, older)).c_str(), stdout);
  for (const std::string &remark : benchRemarks(rows))
    printf("%s\n", remark.c_str());
}

int Bench::run() {
  if (std::string fault = readOptions(); !fault.empty())
    return session.fail(ExitUsage, fault);
  if (int exit = createPool())
    return exit;
  Execution execution(session, compile, program);
  bool isLibrary = kindOf(options.positional()[0]) == FileKind::Library;
  if (int exit = isLibrary ? open(execution) : prepare())
    return exit;
  if (int exit = readOlder())
    return exit;
  if (int exit = isLibrary ? ExitOk : compileProgram(execution))
    return exit;
  if (int exit = bind(execution))
    return exit;
  peak = peakFlops(pool.get(), isDouble());
  for (size_t row = 0; row < sweep.size(); ++row)
    if (int exit = measureShown(execution, row))
      return exit;
  print();
  return session.finish();
}

} // namespace

int benchCommand(const std::vector<std::string> &words) {
  CommandLine options(benchOptions(), /*takesInputs=*/true);
  if (std::optional<int> exit = options.begin(
          words, "batten bench [options] file.btn|library.so [function]: measure one of its functions", examples))
    return *exit;
  return Bench(options).run();
}

} // namespace batten
