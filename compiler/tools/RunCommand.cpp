// RunCommand.cpp - `batten run`: compile in memory and call, or evaluate.
//
// The library goes to a memfd and is loaded from there by the runtime, exactly as a file would be: there is no second
// way of making or calling code.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Types.h"
#include "compiler/tools/CodeOptions.h"
#include "compiler/tools/Commands.h"
#include "compiler/tools/CompilerLibrary.h"
#include "compiler/tools/Inputs.h"
#include "compiler/tools/Weights.h"
#include <cstring>
#include <memory>
#include <sys/mman.h>
#include <unistd.h>

namespace batten {
namespace {

const char *examples = R"(
Inputs: --x=@x.npy  --x=@f.safetensors:name  --x=0.5  --x=true  --x=zeros  --x=iota  --x=normal:SEED
        --arg x=... where --x is an option. 16-bit floats come and go as f32.

Examples:
  batten run simple.btn forward --weights=simple.safetensors --x=@x.npy -o y.npy
  batten run qproj.btn q_proj --x=normal:1 --wq=normal:2 --dim B=4 --dim T=16 -o q.npy
  batten run qproj.btn q_proj --x=normal:1 --wq=normal:2 --dim B=4 --dim T=16 --evaluate -o reference.npy

Several results go to out.0.npy, out.1.npy, ... Without -o the shape and a few values are printed.
)";

std::vector<OptionSpec> runOptions() {
  return sessionOptions(codeOptions({
      {"--weights", "FILE", "the .safetensors file of the model's weights"},
      {"--arg", "NAME=INPUT", "an input, where --NAME is an option", true},
      {"-o", "FILE.npy", "where the result goes"},
      {"--evaluate", "", "compute by the double-precision reference instead"},
      {"--exact", "", "compute by the exact evaluator instead: the bits of the compiled code"},
      {"--threads", "1..1024", "threads of the call (1)"},
  }));
}

struct CloseProgram {
  void operator()(batten_program *program) const { batten_program_close(program); }
};

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
  frontend::Program program;       ///< the function and what it needs: the others need not even be compilable
  std::vector<HostTensor> results; ///< what it returns, then what it updates in place
  std::vector<const frontend::Argument *> updates; ///< the arguments of the latter

  const frontend::Function &function() const { return program.functions[0]; }
  std::string readOptions();
  int select(frontend::Program all, const std::string &name);
  int checkWeights(const frontend::Program &all);
  int checkResults(const Inputs &inputs);
  int checkCpu(Compiler &compiler);
  int evaluate(Compiler &compiler, Inputs &inputs);
  int compileAndCall(Compiler &compiler, Inputs &inputs);
  int bind(batten_program *loaded);
  int call(batten_program *loaded, Inputs &inputs);
  std::string pathOf(size_t result) const;
  std::string saveTree(size_t &result) const;
  int save();
};

std::string Run::readOptions() {
  if (options.positional().size() != 2)
    return "`batten run` takes a source file and a function, " + std::to_string(options.positional().size()) +
           " given: batten run FILE.btn FUNCTION";
  if (options.has("--evaluate") && options.has("--exact"))
    return "--evaluate and --exact are two ways to compute one result; give one of them";
  if (options.has("-o") && !output.ends_with(".npy"))
    return "'-o " + output + "': results are written as .npy, so wanted -o FILE.npy";
  return readCodeOptions(options, compile);
}

/// Keeps of the program what the function of that name needs.
int Run::select(frontend::Program all, const std::string &name) {
  std::vector<std::string> names;
  auto found = all.functions.end();
  for (auto candidate = all.functions.begin(); candidate != all.functions.end(); ++candidate) {
    if (candidate->name == name)
      found = candidate;
    names.push_back(candidate->name);
  }
  if (found == all.functions.end()) {
    std::string list, near = frontend::nearest(name, names).value_or("");
    for (const std::string &known : names)
      list += (list.empty() ? "; it has " : ", ") + known;
    return session.fail(ExitUsage, "no `pub fn " + name + "` in this program" +
                                       (near.empty() ? list : "; did you mean `" + near + "`?"));
  }
  program = {all.name, {}, {*found}, {}};
  for (const frontend::Weight &weight : all.weights)
    for (const frontend::Argument &argument : found->arguments)
      if (argument.weight && argument.path == weight.path)
        program.weights.push_back(weight);
  for (const frontend::Argument &argument : function().arguments)
    if (argument.inout)
      updates.push_back(&argument);
  return checkWeights(all);
}

int Run::checkWeights(const frontend::Program &all) {
  if (options.has("--weights"))
    return batten::checkWeights(session, options.get("--weights"), program, all) ? ExitOk : session.finish();
  if (program.weights.empty())
    return ExitOk;
  frontend::Diagnostic &error = session.refuse(
      ExitUsage, function().name + "() reads " + frontend::counted(program.weights.size(), "weight", "weights") +
                     ": give --weights=FILE.safetensors");
  size_t shown = std::min<size_t>(program.weights.size(), 8), more = program.weights.size() - shown;
  for (size_t i = 0; i < shown; ++i)
    error.note("`" + program.weights[i].from + "` " + program.weights[i].type.str());
  if (more)
    error.note("and " + std::to_string(more) + " more");
  return session.finish();
}

/// Before anything is computed for them.
int Run::checkResults(const Inputs &inputs) {
  for (size_t i = 0; i < function().results.size(); ++i) {
    const frontend::TensorType &type = function().values[function().results[i]];
    std::optional<std::vector<int64_t>> shape = shapeAt(type, inputs.sizes);
    std::string fault = shape ? sizeFault(type.dtype, *shape) : "would have a size that does not fit into 64 bits";
    if (!fault.empty())
      session.refuse(ExitRefused,
                     function().name + "(): result " + std::to_string(i) + ", " + type.str() + ", " + fault, "R0002");
  }
  return session.diagnostics().hasErrors() ? session.finish() : ExitOk;
}

/// Here and not at the bind, which knows no names of features.
int Run::checkCpu(Compiler &compiler) {
  std::vector<std::string> lacking = compiler.lackingFeatures(compile.cpu);
  if (lacking.empty())
    return ExitOk;
  session
      .refuse(ExitRefused,
              "this machine's CPU cannot run code for " + compile.cpu + ": it lacks " + frontend::joined(lacking),
              "R0005")
      .help("`--target=cpu:native` runs here; `batten build` makes code for other machines");
  return session.finish();
}

int Run::evaluate(Compiler &compiler, Inputs &inputs) {
  if (!program.weights.empty() && !inputs.prepareWeights(options.get("--weights")))
    return session.finish();
  std::string error;
  Evaluator evaluator = options.has("--exact") ? Evaluator::Exact : Evaluator::Reference;
  if (compiler.evaluate(program, function(), evaluator, inputs.sizes, inputs.tensors, session.diagnostics(), results,
                        error))
    return ExitOk;
  return error.empty() ? session.finish(ExitInternal) : session.fail(ExitRefused, function().name + "(): " + error);
}

int Run::bind(batten_program *loaded) {
  batten_error error{};
  int result = program.weights.empty()
                   ? batten_program_bind(loaded, nullptr, 0, nullptr, &error)
                   : batten_program_bind_file(loaded, options.get("--weights").c_str(), nullptr, &error);
  return result ? session.fail(BATTEN_CODE(result) == BATTEN_E_FILE ? ExitFiles : ExitRefused, error.message) : ExitOk;
}

/// The code of what a call refuses.
std::string codeOf(int result) {
  switch (BATTEN_CODE(result)) {
  case BATTEN_E_SHAPE:
    return "R0001";
  case BATTEN_E_SIZE:
    return "R0002";
  case BATTEN_E_EMPTY:
    return "R0003";
  case BATTEN_E_INDEX:
    return "R0004";
  default:
    return "";
  }
}

int Run::call(batten_program *loaded, Inputs &inputs) {
  std::vector<batten_tensor> tensors;
  for (size_t i = 0; i < inputs.tensors.size(); ++i)
    if (!function().arguments[i].weight)
      tensors.push_back(view(inputs.tensors[i]));
  for (int value : function().results) {
    const frontend::TensorType &type = function().values[value];
    results.push_back(emptyTensor(type.dtype, *shapeAt(type, inputs.sizes)));
    tensors.push_back(view(results.back()));
  }
  const batten_entry &entry = batten_program_describe(loaded)->entries[0];
  std::vector<int64_t> sizes;
  for (int64_t i = 0; i < entry.symbol_count; ++i)
    sizes.push_back(inputs.sizes[entry.symbols[i].name]);
  batten_error error{};
  batten_pool *pool = nullptr;
  if (options.has("--threads") && batten_pool_create(int32_t(options.number("--threads", 1)), &pool, &error))
    return session.fail(ExitRefused, error.message);
  batten_call service = batten_pool_call(pool, &error);
  auto start = std::chrono::steady_clock::now();
  int result = batten_program_call(loaded, 0, sizes.data(), tensors.data(), int64_t(tensors.size()), nullptr, &service);
  session.phase("call", millisecondsSince(start));
  batten_pool_destroy(pool);
  if (result)
    return session.fail(ExitRefused, function().name + "(): " + error.message, codeOf(result));
  for (size_t i = 0; i < inputs.tensors.size(); ++i)
    if (function().arguments[i].inout)
      results.push_back(std::move(inputs.tensors[i]));
  return ExitOk;
}

int Run::compileAndCall(Compiler &compiler, Inputs &inputs) {
  if (int exit = checkCpu(compiler))
    return exit;
  Compilation made;
  bool compiled = compiler.compile(program, compile, {Emission::SharedLibrary}, session.diagnostics(), made);
  for (const auto &[name, milliseconds] : made.phases)
    session.phase(name, milliseconds);
  if (!compiled)
    return session.finish(ExitInternal);
  const std::string &bytes = made.files[Emission::SharedLibrary];
  int file = memfd_create("batten", MFD_CLOEXEC);
  if (file < 0 || write(file, bytes.data(), bytes.size()) != ssize_t(bytes.size()))
    return session.fail(ExitFiles, "cannot keep the compiled program in memory");
  batten_error error{};
  batten_program *opened = nullptr;
  std::string path = "/proc/self/fd/" + std::to_string(file);
  // The descriptor stays open: the loader knows a library by its path, and this one is a number that would be reused.
  int result = batten_program_open(path.c_str(), program.name.c_str(), &opened, &error);
  std::unique_ptr<batten_program, CloseProgram> loaded(opened);
  if (result)
    return session.fail(ExitInternal, error.message);
  if (int exit = bind(opened))
    return exit;
  return call(opened, inputs);
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

/// The leaves of a tree that was updated in place, beginning with this result; sets `result` to the last of them.
std::string Run::saveTree(size_t &result) const {
  size_t numResults = function().results.size();
  const std::string name = updates[result - numResults]->name;
  std::vector<batten_named_tensor> leaves;
  std::string path = pathOf(result);
  path.replace(path.size() - strlen(".npy"), std::string::npos, ".safetensors");
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

int Run::run() {
  if (std::string fault = readOptions(); !fault.empty())
    return session.fail(ExitUsage, fault);
  std::optional<frontend::Program> analysed = session.analyse(options.positional()[0]);
  if (!analysed)
    return session.finish();
  if (int exit = select(std::move(*analysed), options.positional()[1]))
    return exit;
  Inputs inputs(session, options, function());
  if (!inputs.prepare())
    return session.finish();
  if (int exit = checkResults(inputs))
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
  if (std::optional<int> exit =
          options.begin(words, "batten run [options] file.btn function: compile in memory and call", examples))
    return *exit;
  return Run(options).run();
}

} // namespace batten
