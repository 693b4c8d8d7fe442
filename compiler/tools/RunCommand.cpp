// RunCommand.cpp - `batten run`: compile in memory and call, or evaluate.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Types.h"
#include "compiler/tools/CodeOptions.h"
#include "compiler/tools/Commands.h"
#include "compiler/tools/CompilerLibrary.h"
#include "compiler/tools/DescribedProgram.h"
#include "compiler/tools/Execution.h"
#include "compiler/tools/IdFault.h"
#include "compiler/tools/Inputs.h"
#include "compiler/tools/SourceFiles.h"
#include "compiler/tools/Weights.h"
#include <algorithm>
#include <cstring>
#include <filesystem>

namespace batten {
namespace {

const char *examples = R"(
Inputs: --x=@x.npy  --x=@f.safetensors:name  --x=0.5  --x=true  --x=zeros  --x=iota  --x=normal:SEED  --x=any:SEED
        --arg x=... where --x is an option. 16-bit floats come and go as f32. any:SEED is for what
        numbers rows, classes, positions or keys: any that there are.

Examples:
  batten run simple.btn forward --weights=simple.safetensors --x=@x.npy -o y.npy
  batten run qproj.btn q_proj --x=normal:1 --wq=normal:2 --dim B=4 --dim T=16 -o q.npy
  batten run qproj.btn q_proj --x=normal:1 --wq=normal:2 --dim B=4 --dim T=16 --evaluate -o reference.npy
  batten run ./libsimple.so forward --weights=simple.safetensors --x=@x.npy      what was built before

With -o out.npy several results go to out.0.npy, out.1.npy, ..., and what an `inout c` has become to out.c.npy (of a tree of
tensors to out.c.safetensors). Without -o the shapes and a few values are printed.
)";

std::vector<OptionSpec> runOptions() {
  return sessionOptions(codeOptions({
      {"--weights", "FILE", "the .safetensors file of the model's weights"},
      {"--arg", "NAME=INPUT", "an input, where --NAME is an option", true},
      {"-o", "FILE.npy", "where the result goes; several and inout ones: see below"},
      {"--evaluate", "", "compute by the double-precision reference instead"},
      {"--exact", "", "compute by the exact evaluator instead: the bits of the compiled code"},
      {"--threads", "1..1024", "threads of the call (1)"},
  }));
}

class Run {
public:
  explicit Run(const CommandLine &options)
      : options(options), session(options, /*dimsAreStatic=*/false), output(options.get("-o")) {}
  int run();

private:
  const CommandLine &options;
  Session session;
  std::string output;
  Options compile;
  frontend::Program program;                       ///< of the function alone
  std::vector<HostTensor> results;                 ///< what it returns, then what it updates in place
  std::vector<const frontend::Argument *> updates; ///< the arguments of the latter

  const frontend::Function &function() const { return program.functions[0]; }
  std::string readOptions();
  int select(const frontend::Program &all);
  int checkOutputs();
  int checkResults(const Inputs &inputs);
  int prepare(Inputs &inputs);
  int evaluate(Compiler &compiler, Inputs &inputs);
  int compileAndCall(Compiler &compiler, Inputs &inputs);
  int runSource();
  int runLibrary(const std::string &path);
  int call(Execution &execution, Inputs &inputs);
  bool isArgument(const std::string &name) const;
  std::string weightsHelp() const;
  std::string pathOf(size_t result) const;
  std::string treePathOf(size_t result) const;
  std::string saveTree(size_t &result) const;
  int save();
};

std::string Run::readOptions() {
  if (std::string fault = functionFault(options, "run"); !fault.empty())
    return fault;
  if (options.has("--evaluate") && options.has("--exact"))
    return "--evaluate and --exact are two ways to compute one result; give one of them";
  if (options.has("-o") && !output.ends_with(".npy"))
    return "'-o " + output + "': results are written as .npy, so wanted -o FILE.npy";
  return readCodeOptions(options, compile);
}

/// Keeps of the program what the function needs.
int Run::select(const frontend::Program &all) {
  const frontend::Function *found = findFunction(session, all, options);
  if (!found)
    return session.finish();
  program = onlyFunction(all, *found);
  for (const frontend::Argument &argument : function().arguments)
    if (argument.inout)
      updates.push_back(&argument);
  if (kindOf(options.positional()[0]) == FileKind::Library) {
    program.weights = all.weights; // all are bound
    if (all.weights.empty())       // the bind refuses a file beside those that are inside
      return ExitOk;
  }
  // A name that nothing has is told first: what lacks beside it may be what was meant.
  if (weightsHelp().empty() && !Inputs(session, options, function()).refuseUnknownNames())
    return session.finish();
  return requireWeights(session, options.get("--weights"), program, all, weightsHelp());
}

bool Run::isArgument(const std::string &name) const {
  return std::any_of(function().arguments.begin(), function().arguments.end(),
                     [&](const frontend::Argument &argument) { return !argument.weight && argument.name == name; });
}

/// For `--weight=FILE`, which looks like an argument of the function.
std::string Run::weightsHelp() const {
  for (const auto &[name, how] : options.inputs())
    if (frontend::nearest(name, {"weights"}) && !isArgument(name))
      return "did you mean '--weights=" + how + "' where '--" + name + "=" + how + "' stands?";
  return "";
}

/// No result may take the place of a file that is read: a slip of the tab key is not to cost an input.
int Run::checkOutputs() {
  std::vector<std::string> read = {options.get("--weights")};
  for (uint32_t i = 0; i < session.sources().size(); ++i)
    read.push_back(session.sources().file(i).name());
  for (const auto &[name, how] : options.inputs())
    if (how.starts_with("@")) {
      read.push_back(how.substr(1));
      read.push_back(how.substr(1, how.rfind(':') - 1)); // FILE.safetensors:NAME
    }
  std::error_code code;
  size_t numResults = function().results.size();
  for (size_t i = 0; i < numResults + updates.size() && !output.empty(); ++i) {
    bool isTree = i >= numResults && !updates[i - numResults]->tree.empty();
    std::string path = isTree ? treePathOf(i) : pathOf(i);
    for (const std::string &known : read)
      if (std::filesystem::equivalent(path, known, code))
        return session.fail(ExitUsage, "'" + path + "' is read by this call; the result needs another name");
  }
  return ExitOk;
}

/// Before anything is computed for them.
int Run::checkResults(const Inputs &inputs) {
  for (size_t i = 0; i < function().results.size(); ++i) {
    const frontend::TensorType &type = function().values[function().results[i]];
    if (std::string fault = sizeFault(type.dtype, *shapeAt(type, inputs.sizes)); !fault.empty())
      session.refuse(ExitRefused,
                     function().name + "(): result " + std::to_string(i) + ", " + type.str() + ", " + fault, "R0002");
  }
  return session.diagnostics().hasErrors() ? session.finish() : ExitOk;
}

/// All that can be refused before anything is compiled, bound or called.
int Run::prepare(Inputs &inputs) {
  if (int exit = checkOutputs())
    return exit;
  return inputs.prepare() ? checkResults(inputs) : session.finish();
}

int Run::evaluate(Compiler &compiler, Inputs &inputs) {
  if (!program.weights.empty() && !inputs.prepareWeights(options.get("--weights")))
    return session.finish();
  if (options.has("--check-ids"))
    if (std::string fault = idFault(function(), inputs.sizes, inputs.tensors); !fault.empty())
      return session.fail(ExitRefused, function().name + "(): " + fault, "R0004");
  std::string error;
  Evaluator evaluator = options.has("--exact") ? Evaluator::Exact : Evaluator::Reference;
  if (compiler.evaluate(program, function(), evaluator, compile.cpu, inputs.sizes, inputs.tensors,
                        session.diagnostics(), results, error))
    return ExitOk;
  return error.empty() ? session.finish() : session.fail(ExitRefused, function().name + "(): " + error);
}

int Run::call(Execution &execution, Inputs &inputs) {
  execution.prepare(inputs.sizes, inputs.tensors, results);
  batten_error error{};
  batten_pool *pool = nullptr;
  if (options.has("--threads") && batten_pool_create(int32_t(options.number("--threads", 1)), &pool, &error))
    return session.fail(ExitRefused, error.message);
  auto start = std::chrono::steady_clock::now();
  int exit = execution.call(nullptr, batten_pool_call(pool, &error));
  session.phase("call", millisecondsSince(start));
  batten_pool_destroy(pool);
  if (exit)
    return exit;
  for (size_t i = 0; i < inputs.tensors.size(); ++i)
    if (function().arguments[i].inout)
      results.push_back(std::move(inputs.tensors[i]));
  return ExitOk;
}

int Run::compileAndCall(Compiler &compiler, Inputs &inputs) {
  Execution execution(session, compile, program);
  if (int exit = execution.compile(compiler))
    return exit;
  if (int exit = execution.bind(options.get("--weights")))
    return exit;
  return call(execution, inputs);
}

/// `y.npy` or `y.0.npy`, `y.1.npy` ..., and for what was updated in place `y.NAME.npy`.
std::string Run::pathOf(size_t result) const {
  std::string path = output, name;
  if (result >= function().results.size())
    name = updates[result - function().results.size()]->name;
  else if (function().results.size() > 1)
    name = std::to_string(result);
  return name.empty() ? path : path.insert(path.size() - strlen(".npy"), "." + name);
}

std::string Run::treePathOf(size_t result) const {
  std::string path = pathOf(result);
  return path.replace(path.size() - strlen(".npy"), std::string::npos, ".safetensors");
}

/// The leaves of a tree that was updated in place, beginning with this result; sets `result` to the last of them.
std::string Run::saveTree(size_t &result) const {
  size_t numResults = function().results.size();
  const std::string name = updates[result - numResults]->name;
  std::vector<batten_named_tensor> leaves;
  std::string path = treePathOf(result);
  for (; result < results.size() && updates[result - numResults]->name == name; ++result)
    leaves.push_back({updates[result - numResults]->path.c_str(), view(results[result])});
  --result;
  batten_error error{};
  return batten_safetensors_save(path.c_str(), leaves.data(), int64_t(leaves.size()), &error) ? error.message : "";
}

int Run::save() {
  for (size_t i = 0; i < results.size(); ++i) {
    const frontend::Argument *updated =
        i < function().results.size() ? nullptr : updates[i - function().results.size()];
    std::string fault;
    if (output.empty())
      printTensor(results[i], !updated ? "" : updated->name + (updated->tree.empty() ? "" : "." + updated->path));
    else
      fault = updated && !updated->tree.empty() ? saveTree(i) : saveTensor(pathOf(i), results[i]);
    if (!fault.empty())
      return session.fail(ExitFiles, fault);
  }
  return session.finish();
}

/// What was built before: its description says all that a source would.
int Run::runLibrary(const std::string &path) {
  if (std::string fault = optionsOfSource(options, path, {"--evaluate", "--exact"}); !fault.empty())
    return session.fail(ExitUsage, fault);
  Execution execution(session, compile, program);
  if (int exit = execution.open(path))
    return exit;
  frontend::Program all = programOf(execution.describe());
  if (int exit = select(all))
    return exit;
  execution.choose(function().name);
  Inputs inputs(session, options, function());
  if (int exit = prepare(inputs))
    return exit;
  if (int exit = execution.bind(options.get("--weights")))
    return exit;
  if (int exit = call(execution, inputs))
    return exit;
  return save();
}

int Run::run() {
  if (std::string fault = readOptions(); !fault.empty())
    return session.fail(ExitUsage, fault);
  const std::string &path = options.positional()[0];
  return kindOf(path) == FileKind::Library ? runLibrary(path) : runSource();
}

int Run::runSource() {
  std::optional<frontend::Program> analysed = session.analyse(options.positional()[0]);
  if (!analysed)
    return session.finish();
  if (int exit = select(*analysed))
    return exit;
  Inputs inputs(session, options, function());
  if (int exit = prepare(inputs))
    return exit;
  std::string error;
  Compiler *compiler = loadCompiler(error);
  if (!compiler)
    return session.fail(ExitFiles, error);
  bool evaluating = options.has("--evaluate") || options.has("--exact");
  if (int exit = evaluating ? evaluate(*compiler, inputs) : compileAndCall(*compiler, inputs))
    return exit;
  return save();
}

} // namespace

int runCommand(const std::vector<std::string> &words) {
  CommandLine options(runOptions(), /*takesInputs=*/true);
  if (std::optional<int> exit = options.begin(
          words, "batten run [options] file.btn|library.so [function]: compile in memory and call", examples))
    return *exit;
  return Run(options).run();
}

} // namespace batten
