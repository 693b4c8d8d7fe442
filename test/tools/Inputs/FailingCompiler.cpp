// FailingCompiler.cpp - a libbatten-compiler.so whose every phase is an internal error, or a crash by name.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Compiler.h"
#include <csignal>

using namespace batten;

namespace {

/// Until the stack is used up.
[[gnu::noinline]] int recurse(const frontend::Program &program) {
  volatile char room[4096] = {};
  return program.functions.empty() ? 0 : recurse(program) + room[0];
}

class FailingCompiler : public Compiler {
public:
  bool compile(const frontend::Program &program, const Options &, const std::vector<Emission> &,
               frontend::Diagnostics &diagnostics, Compilation &) override {
    if (program.name == "crash")
      raise(SIGSEGV);
    if (program.name == "overrun")
      recurse(program);
    diagnostics.internalError("schedule", "'scf.for' op has no terminator");
    return false;
  }
  bool evaluate(const frontend::Program &, const frontend::Function &, Evaluator, const std::string &,
                const std::map<std::string, int64_t> &, const std::vector<HostTensor> &,
                frontend::Diagnostics &diagnostics, std::vector<HostTensor> &, std::string &) override {
    diagnostics.internalError("emit", "'batten.add' op has no operand");
    return false;
  }
  bool costs(const frontend::Program &, const frontend::Function &, frontend::Diagnostics &diagnostics,
             std::vector<frontend::OpCost> &) override {
    diagnostics.internalError("emit", "'batten.add' op has no operand");
    return false;
  }
  std::string sourceHash(const frontend::Sources &) override { return "0"; }
  std::vector<std::string> passes() override { return {}; }
  std::string cpuFault(const std::string &) override { return ""; }
  std::vector<std::string> lackingFeatures(const std::string &) override { return {}; }
};

} // namespace

extern "C" __attribute__((visibility("default"))) Compiler *batten_compiler() {
  static FailingCompiler compiler;
  return &compiler;
}
