// Execution.h - one function of a program, compiled in memory and called.
//
// The library goes to a memfd and is loaded from there by the runtime, exactly as a file would be: there is no second
// way of making or calling code. Every step gives an exit status; what is wrong has been said when it is not ExitOk.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_EXECUTION_H
#define BATTEN_COMPILER_TOOLS_EXECUTION_H

#include "compiler/tools/HostTensors.h"
#include "compiler/tools/Session.h"
#include <memory>

namespace batten {

/// The sentence where the command line names more than a program and one of its functions, or nothing; or empty.
std::string functionFault(const CommandLine &options, const std::string &command);
/// The entry that it names, or the only one there is; null: refused.
const frontend::Function *findFunction(Session &session, const frontend::Program &program, const CommandLine &options);

/// The function and what it needs of the program: the others need not even be compilable.
frontend::Program onlyFunction(const frontend::Program &all, const frontend::Function &function);

class Execution {
public:
  /// `program` is of one function and outlives this.
  Execution(Session &session, const Options &options, const frontend::Program &program)
      : session(session), options(options), program(program) {}

  /// Loads what was compiled before; `program` may be made of what it describes, and then chosen from by the name of
  /// its function.
  int open(const std::string &library);
  const batten_description &describe() const { return *batten_program_describe(loaded.get()); }
  void choose(const std::string &function);
  /// Compiles for a CPU that this machine must be, and loads.
  int compile(Compiler &compiler);
  /// `weights`: the .safetensors file; not read where the function needs none.
  int bind(const std::string &weights);
  /// `weights`: one a Weight of the program.
  int bind(const std::vector<HostTensor> &weights);
  /// Makes the results and describes all tensors of the calls to come. `arguments`: one an Argument, weights empty.
  void prepare(const std::map<std::string, int64_t> &sizes, const std::vector<HostTensor> &arguments,
               std::vector<HostTensor> &results);
  /// One call of what was prepared. `workspace` may be null; `service.error` must be there.
  int call(batten_workspace *workspace, const batten_call &service);
  /// Of a compilation with Options::timeLaunches: the steps, and the table that calls count them in.
  const std::vector<Launch> &launches() const { return steps; }
  int64_t *launchTimes() const;

private:
  Session &session;
  const Options &options;
  const frontend::Program &program;
  struct Close {
    void operator()(batten_program *loaded) const { batten_program_close(loaded); }
  };
  /// Of the library. It is open as long as this is loaded: the loader knows a library by its path, and this one is a
  /// number that the next file would get.
  class Descriptor {
  public:
    Descriptor() = default;
    Descriptor(const Descriptor &) = delete;
    Descriptor &operator=(const Descriptor &) = delete;
    ~Descriptor();
    int number = -1;
  };
  Descriptor memory;
  std::unique_ptr<batten_program, Close> loaded; ///< closed before `memory`
  std::vector<int64_t> callSizes;
  std::vector<batten_tensor> tensors;
  std::vector<Launch> steps;
  int64_t entry = 0;      ///< of the library's
  bool isLibrary = false; ///< made before, by `batten build`

  const frontend::Function &function() const { return program.functions[0]; }
  int checkCpu(Compiler &compiler);
  std::string path() const { return "/proc/self/fd/" + std::to_string(memory.number); }
  int load(const std::string &library);
};

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_EXECUTION_H
