// Execution.cpp - see Execution.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/Execution.h"
#include "compiler/frontend/Types.h"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

namespace batten {

std::string functionFault(const CommandLine &options, const std::string &command) {
  size_t given = options.positional().size();
  if (given == 1 || given == 2)
    return "";
  return "`batten " + command + "` takes a source file or a library and a function, " + std::to_string(given) +
         " given: batten " + command + " FILE.btn FUNCTION";
}

const frontend::Function *findFunction(Session &session, const frontend::Program &program, const CommandLine &options) {
  bool named = options.positional().size() > 1;
  if (!named && program.functions.size() == 1)
    return &program.functions[0];
  std::vector<std::string> names;
  for (const frontend::Function &function : program.functions) {
    if (named && function.name == options.positional()[1])
      return &function;
    names.push_back(function.name);
  }
  if (!named) {
    const std::string &path = options.positional()[0];
    session.refuse(ExitUsage, names.empty() ? "'" + path + "' has no `pub fn`"
                                            : "which function of '" + path + "'? It has " + frontend::joined(names));
    return nullptr;
  }
  const std::string &name = options.positional()[1];
  if (name.find('=') != std::string::npos) {
    session.refuse(ExitUsage, "'" + name + "' is no function; each dim has a --dim of its own: --dim " + name);
    return nullptr;
  }
  std::string near = frontend::nearest(name, names).value_or("");
  session.refuse(ExitUsage, "no `pub fn " + name + "` in this program" +
                                (!near.empty()   ? "; did you mean `" + near + "`?"
                                 : names.empty() ? ""
                                                 : "; it has " + frontend::joined(names)));
  return nullptr;
}

frontend::Program onlyFunction(const frontend::Program &all, const frontend::Function &function) {
  frontend::Program program{all.name, {}, {function}, {}};
  for (const frontend::Argument &argument : function.arguments) {
    if (!argument.weight)
      continue;
    auto known = std::find_if(all.weights.begin(), all.weights.end(),
                              [&](const frontend::Weight &weight) { return weight.path == argument.path; });
    if (known != all.weights.end())
      program.weights.push_back(*known);
    else // what only tests read
      program.weights.push_back({.path = argument.path,
                                 .from = argument.from,
                                 .type = argument.type,
                                 .location = argument.location,
                                 .typeLocation = argument.location,
                                 .declared = argument.path + ": " + argument.type.str()});
  }
  return program;
}

/// Here and not at the bind, which knows no names of features.
int Execution::checkCpu(Compiler &compiler) {
  if (std::string fault = compiler.cpuFault(options.cpu); !fault.empty())
    return session.fail(ExitUsage, fault);
  std::vector<std::string> lacking = compiler.lackingFeatures(options.cpu);
  if (lacking.empty() || options.emulate)
    return ExitOk;
  session
      .refuse(ExitRefused,
              "this machine's CPU cannot run code for " + options.cpu + ": it lacks " + frontend::joined(lacking),
              "R0005")
      .help("`--target=cpu:native` runs here; `batten build` makes code for other machines");
  return session.finish();
}

Execution::Descriptor::~Descriptor() {
  if (number >= 0)
    close(number);
}

/// In as many writes as it takes: one writes 2 GiB at most.
static bool writeAll(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR)
      return false;
    bytes.remove_prefix(size_t(std::max<ssize_t>(written, 0)));
  }
  return true;
}

int Execution::load(const std::string &library) {
  memory.number = memfd_create("batten", MFD_CLOEXEC);
  if (memory.number < 0 || !writeAll(memory.number, library))
    return session.fail(ExitFiles, std::string("cannot keep the compiled program in memory: ") + strerror(errno));
  batten_error error{};
  batten_program *opened = nullptr;
  int result = batten_program_open(path().c_str(), program.name.c_str(), &opened, &error);
  loaded.reset(opened);
  if (!result)
    return ExitOk;
  session.diagnostics().internalError("load", error.message);
  return session.finish();
}

int Execution::open(const std::string &library) {
  isLibrary = true;
  batten_error error{};
  batten_program *opened = nullptr;
  int result = batten_program_open(library.c_str(), nullptr, &opened, &error);
  loaded.reset(opened);
  return result ? session.fail(BATTEN_CODE(result) == BATTEN_E_FILE ? ExitFiles : ExitRefused, error.message) : ExitOk;
}

void Execution::choose(const std::string &function) {
  for (entry = 0; function != describe().entries[entry].name; ++entry)
    ;
}

int Execution::compile(Compiler &compiler) {
  if (int exit = checkCpu(compiler))
    return exit;
  Compilation made;
  std::unique_ptr<Progress> progress = session.progress(made);
  bool compiled = compiler.compile(program, options, {Emission::SharedLibrary}, session.diagnostics(), made);
  progress.reset();
  session.phases(made);
  steps = std::move(made.launches);
  return compiled ? load(made.files[Emission::SharedLibrary]) : session.finish();
}

int64_t *Execution::launchTimes() const {
  void *library = dlopen(path().c_str(), RTLD_NOW | RTLD_NOLOAD); // `loaded` keeps it open
  if (!library)
    return nullptr;
  void *table = dlsym(library, (program.name + "_launch_times").c_str());
  dlclose(library);
  return static_cast<int64_t *>(table);
}

int Execution::bind(const std::string &weights) {
  batten_error error{};
  // What was built before may have its weights inside: a file beside it is refused there, not forgotten.
  bool given = !weights.empty() && (describe().weight_count > 0 || isLibrary);
  int result = given ? batten_program_bind_file(loaded.get(), weights.c_str(), nullptr, &error)
                     : batten_program_bind(loaded.get(), nullptr, 0, nullptr, &error);
  return result ? session.fail(BATTEN_CODE(result) == BATTEN_E_FILE ? ExitFiles : ExitRefused, error.message) : ExitOk;
}

int Execution::bind(const std::vector<HostTensor> &weights) {
  std::vector<batten_tensor> views;
  for (const HostTensor &weight : weights)
    views.push_back(view(weight));
  batten_error error{};
  int result = batten_program_bind(loaded.get(), views.data(), int64_t(views.size()), nullptr, &error);
  return result ? session.fail(ExitRefused, error.message) : ExitOk;
}

void Execution::prepare(const std::map<std::string, int64_t> &sizes, const std::vector<HostTensor> &arguments,
                        std::vector<HostTensor> &results) {
  tensors.clear();
  callSizes.clear();
  for (size_t i = 0; i < arguments.size(); ++i)
    if (!function().arguments[i].weight)
      tensors.push_back(view(arguments[i]));
  for (int value : function().results) {
    const frontend::TensorType &type = function().values[size_t(value)];
    results.push_back(emptyTensor(type.dtype, *shapeAt(type, sizes)));
    tensors.push_back(view(results.back()));
  }
  const batten_entry &called = describe().entries[entry];
  for (int64_t i = 0; i < called.symbol_count; ++i)
    callSizes.push_back(sizes.at(called.symbols[i].name));
}

/// The code of what a call refuses.
static std::string codeOf(int result) {
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

int Execution::call(batten_workspace *workspace, const batten_call &service) {
  int result = batten_program_call(loaded.get(), entry, callSizes.data(), tensors.data(), int64_t(tensors.size()),
                                   workspace, &service);
  return result ? session.fail(ExitRefused, function().name + "(): " + service.error->message, codeOf(result)) : ExitOk;
}

} // namespace batten
