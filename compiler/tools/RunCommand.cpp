// RunCommand.cpp - `batten run`: compile in memory and call, or evaluate.
//
// The library goes to a memfd and is loaded from there by the runtime, exactly as a file would be: there is no second way
// of making or calling code.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/Commands.h"
#include "compiler/tools/CompilerLibrary.h"
#include "compiler/tools/Inputs.h"
#include "compiler/tools/Session.h"
#include "runtime/batten.h"
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <sys/mman.h>
#include <unistd.h>

namespace batten {
namespace {

const char *examples = R"(
Inputs: --x=@x.npy  --x=@f.safetensors:name  --x=0.5  --x=zeros|iota|normal:SEED; --arg x=... where --x is an option.

Examples:
  batten run simple.btn forward --weights=simple.safetensors --x=@x.npy -o y.npy
  batten run qproj.btn q_proj --x=normal:1 --wq=normal:2 --dim B=4 --dim T=16 -o q.npy
  batten run qproj.btn q_proj --x=@x.npy --wq=@wq.npy --evaluate -o reference.npy

Several results go to out.0.npy, out.1.npy, ... Without -o the shape and a few values are printed.
)";

std::vector<OptionSpec> runOptions() {
  std::vector<OptionSpec> specs = sessionOptions();
  std::vector<OptionSpec> own = {
      {"--weights", "FILE", "the .safetensors file of the model's weights"},
      {"--arg", "NAME=INPUT", "an input, where --NAME is an option", true},
      {"-o", "FILE.npy", "where the result goes"},
      {"--evaluate", "", "compute by the double-precision reference instead"},
      {"--exact", "", "compute by the exact evaluator instead: the bits of the compiled code"},
      {"--target", "cpu[:LEVEL]", "as for build"},
      {"--threads", "N", "threads of the call (1)"},
      {"--fuse", "on|off", "as for build"},
  };
  specs.insert(specs.end(), own.begin(), own.end());
  return specs;
}

double sample(const HostTensor &tensor, size_t i) {
  const char *at = tensor.bytes.data() + i * size_t(frontend::dtypeBytes(tensor.dtype));
  auto as = [&](auto value) {
    memcpy(&value, at, sizeof(value));
    return double(value);
  };
  switch (tensor.dtype) {
  case frontend::DType::F64:
    return as(double());
  case frontend::DType::F32:
    return as(float());
  case frontend::DType::I64:
    return as(int64_t());
  case frontend::DType::I32:
    return as(int32_t());
  case frontend::DType::I8:
    return as(int8_t());
  case frontend::DType::F16: {
    _Float16 value;
    memcpy(&value, at, sizeof(value));
    return double(value);
  }
  case frontend::DType::BF16: {
    uint16_t bits;
    memcpy(&bits, at, sizeof(bits));
    uint32_t wide = uint32_t(bits) << 16;
    float value;
    memcpy(&value, &wide, sizeof(value));
    return double(value);
  }
  default:
    return double(uint8_t(*at));
  }
}

void printTensor(const HostTensor &tensor) {
  std::string text = std::string(frontend::dtypeName(tensor.dtype)) + " [";
  for (size_t i = 0; i < tensor.sizes.size(); ++i)
    text += (i ? ", " : "") + std::to_string(tensor.sizes[i]);
  size_t count = tensor.bytes.size() / size_t(frontend::dtypeBytes(tensor.dtype));
  printf("%s]:", text.c_str());
  for (size_t i = 0; i < std::min<size_t>(count, 8); ++i)
    printf(" %.9g", sample(tensor, i));
  puts(count > 8 ? " ..." : "");
}

struct CloseProgram {
  void operator()(batten_program *program) const { batten_program_close(program); }
};

class Run {
public:
  explicit Run(const CommandLine &options) : options(options), session(options, /*dimsAreStatic=*/false) {}
  int run();

private:
  const CommandLine &options;
  Session session;
  frontend::Program program;
  const frontend::Function *function = nullptr;
  std::vector<HostTensor> results;

  int findFunction(const std::string &name);
  int prepare(Inputs &inputs);
  int evaluate(Compiler &compiler, Inputs &inputs);
  int compileAndCall(Compiler &compiler, Inputs &inputs);
  int bind(batten_program *loaded);
  int call(batten_program *loaded, Inputs &inputs);
  int save();
};

int Run::findFunction(const std::string &name) {
  std::vector<std::string> names;
  for (const frontend::Function &candidate : program.functions) {
    if (candidate.name == name)
      function = &candidate;
    names.push_back(candidate.name);
  }
  if (function)
    return ExitOk;
  std::string list, near = nearestName(name, names);
  for (const std::string &known : names)
    list += (list.empty() ? "" : ", ") + known;
  return session.fail(ExitUsage, "no `pub fn " + name + "` in this program" +
                                     (near.empty() ? "; it has: " + list : "; did you mean `" + near + "`?"));
}

int Run::prepare(Inputs &inputs) {
  GivenInputs given = options.inputs();
  for (const std::string &text : options.all("--arg")) {
    size_t equals = text.find('=');
    if (equals == std::string::npos)
      return session.fail(ExitUsage, "'--arg " + text + "': wanted --arg NAME=INPUT");
    given.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  std::map<std::string, int64_t> dims;
  for (const std::string &text : options.all("--dim")) {
    std::string name;
    int64_t size = 0;
    if (!parseDimension(text, name, size))
      return session.fail(ExitUsage, "'--dim " + text + "': wanted --dim NAME=N");
    dims[name] = size;
  }
  if (inputs.prepare(given, dims))
    return ExitOk;
  int exit = session.fail(inputs.notes.empty() ? ExitRefused : ExitUsage, inputs.error);
  for (const std::string &note : inputs.notes)
    fprintf(stderr, "  = note: %s\n", note.c_str());
  return exit;
}

int Run::evaluate(Compiler &compiler, Inputs &inputs) {
  if (!inputs.prepareWeights(options.get("--weights")))
    return session.fail(ExitRefused, inputs.error);
  std::string error;
  Evaluator evaluator = options.has("--exact") ? Evaluator::Exact : Evaluator::Reference;
  if (compiler.evaluate(program, *function, evaluator, inputs.sizes, inputs.tensors, session.diagnostics(), results,
                        error))
    return ExitOk;
  return error.empty() ? session.finish(ExitInternal) : session.fail(ExitRefused, error);
}

int Run::bind(batten_program *loaded) {
  batten_report report{[](void *, const batten_problem *problem) {
                         bool warning = problem->kind == BATTEN_WEIGHT_UNUSED;
                         fprintf(stderr, "batten: %s: %s\n", warning ? "warning" : "error", problem->message);
                         if (problem->help)
                           fprintf(stderr, "  = help: %s\n", problem->help);
                       },
                       nullptr};
  batten_error error{};
  int result = options.has("--weights")
                   ? batten_program_bind_file(loaded, options.get("--weights").c_str(), &report, &error)
                   : batten_program_bind(loaded, nullptr, 0, &report, &error);
  if (!result)
    return ExitOk;
  bool file = BATTEN_CODE(result) == BATTEN_E_FILE || BATTEN_CODE(result) == BATTEN_E_FORMAT;
  return session.fail(file ? ExitFiles : ExitRefused, error.message);
}

int Run::call(batten_program *loaded, Inputs &inputs) {
  std::vector<batten_tensor> tensors;
  auto add = [&](const HostTensor &tensor) {
    batten_tensor made;
    batten_dtype dtype = batten_program_describe(loaded)
                             ->entries[batten_program_find(loaded, function->name.c_str())]
                             .arguments[tensors.size()]
                             .dtype;
    batten_tensor_make(dtype, int32_t(tensor.sizes.size()), tensor.sizes.data(),
                       const_cast<char *>(tensor.bytes.data()), &made, nullptr);
    tensors.push_back(made);
  };
  for (size_t i = 0; i < function->arguments.size(); ++i)
    if (!function->arguments[i].weight)
      add(inputs.tensors[i]);
  for (int value : function->results) {
    const frontend::TensorType &type = function->values[value];
    auto shape = shapeAt(type, inputs.sizes);
    int64_t bytes = frontend::dtypeBytes(type.dtype);
    for (int64_t size : shape.value_or(std::vector<int64_t>{-1}))
      if (size < 0 || __builtin_mul_overflow(bytes, size, &bytes))
        return session.fail(ExitRefused, function->name + "(): a result of type " + type.str() + " is too large");
    results.push_back({type.dtype, *shape, std::vector<char>(size_t(bytes))});
  }
  for (const HostTensor &result : results)
    add(result);

  int64_t entry = batten_program_find(loaded, function->name.c_str());
  const batten_entry &described = batten_program_describe(loaded)->entries[entry];
  std::vector<int64_t> sizes;
  for (int64_t i = 0; i < described.symbol_count; ++i)
    sizes.push_back(inputs.sizes[described.symbols[i].name]);
  batten_error error{};
  batten_pool *pool = nullptr;
  int threads = atoi(options.get("--threads", "1").c_str());
  if (threads != 1 && batten_pool_create(threads, &pool, &error))
    return session.fail(ExitUsage, error.message);
  batten_call service = batten_pool_call(pool, &error);
  auto start = std::chrono::steady_clock::now();
  int result = batten_program_call(loaded, entry, sizes.data(), tensors.data(), int64_t(tensors.size()), nullptr, &service);
  session.phase("call", millisecondsSince(start));
  batten_pool_destroy(pool);
  return result ? session.fail(ExitRefused, function->name + "(): " + error.message) : ExitOk;
}

int Run::compileAndCall(Compiler &compiler, Inputs &inputs) {
  Options compile;
  std::string target = options.get("--target", "cpu");
  if (target.starts_with("cpu:"))
    compile.cpu = target.substr(4);
  else if (target != "cpu")
    return session.fail(ExitUsage, "unknown target '" + target + "'; wanted cpu or cpu:LEVEL");
  std::string fuse = options.get("--fuse", "on");
  if (fuse != "on" && fuse != "off")
    return session.fail(ExitUsage, "'--fuse=" + fuse + "': wanted on or off");
  compile.fuse = fuse == "on";
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

int Run::save() {
  std::string path = options.get("-o");
  for (size_t i = 0; i < results.size(); ++i) {
    if (path.empty()) {
      printTensor(results[i]);
      continue;
    }
    std::string stem = path.ends_with(".npy") ? path.substr(0, path.size() - 4) : path;
    std::string name = results.size() == 1 ? path : stem + "." + std::to_string(i) + ".npy";
    if (std::string fault = saveTensor(name, results[i]); !fault.empty())
      return session.fail(ExitFiles, fault);
  }
  return session.finish();
}

int Run::run() {
  if (options.positional().size() != 2)
    return session.fail(ExitUsage, "`batten run` takes a source file and a function, " +
                                       std::to_string(options.positional().size()) + " given");
  std::optional<frontend::Program> analysed = session.analyse(options.positional()[0]);
  if (!analysed)
    return session.finish();
  program = std::move(*analysed);
  if (int exit = findFunction(options.positional()[1]))
    return exit;
  Inputs inputs(*function);
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
  CommandLine options(runOptions(), /*takesFree=*/true);
  std::string error;
  if (!options.parse(words, error)) {
    fprintf(stderr, "batten: error: %s\n", error.c_str());
    return ExitUsage;
  }
  if (options.has("--help")) {
    printf("batten run [options] file.btn function: compile in memory and call\n\n%s%s", options.describe().c_str(),
           examples);
    return ExitOk;
  }
  return Run(options).run();
}

} // namespace batten
