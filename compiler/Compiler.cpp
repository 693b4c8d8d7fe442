// Compiler.cpp - what the executable loads: compilations, the evaluators and costs.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Pipeline.h"
#include "compiler/frontend/EmitLayers.h"
#include "compiler/frontend/Types.h"
#include "dialect/Batten.h"
#include "dialect/Evaluate.h"

using namespace mlir;

namespace batten {
namespace {

/// As at the level that a bind on this machine takes; where it has none of them, at the best.
std::optional<Evaluation> evaluationOf(Evaluator evaluator, const std::string &cpu, std::string &fault) {
  if (evaluator == Evaluator::Reference)
    return EvaluationMode::Reference;
  std::vector<CpuLevel> levels = levelsOf(cpu, fault);
  if (levels.empty())
    return std::nullopt;
  auto here = llvm::find_if(levels, [](const CpuLevel &level) { return lackingFeatures(level.name).empty(); });
  return Evaluation{EvaluationMode::Exact, bf16SumsOf(here == levels.end() ? levels.front().name : here->name)};
}

/// The function's own block arguments are in the order of the front end's arguments.
bool evaluateFunction(FuncOp function, Evaluation how, const std::map<std::string, int64_t> &sizes,
                      const std::vector<HostTensor> &arguments, std::vector<HostTensor> &results,
                      frontend::Diagnostics &diagnostics, std::string &error) {
  std::vector<DenseValue> values;
  for (const HostTensor &argument : arguments) {
    DenseValue value;
    value.element = static_cast<ElementKind>(argument.dtype);
    value.shape = argument.sizes;
    value.bytes.assign(argument.bytes.begin(), argument.bytes.end());
    values.push_back(std::move(value));
  }
  EvaluationFault fault;
  std::optional<std::vector<DenseValue>> found = evaluate(function, sizes, values, how, &error, &fault);
  if (!found && fault != EvaluationFault::Other) {
    diagnostics.error(fault == EvaluationFault::Size ? "R0002" : "R0003", function.getName().str() + "(): " + error);
    error.clear();
  }
  if (!found)
    return false;
  for (DenseValue &value : *found)
    results.push_back({static_cast<frontend::DType>(value.element),
                       std::move(value.shape),
                       {value.bytes.begin(), value.bytes.end()}});
  return true;
}

class CompilerImplementation : public Compiler {
public:
  bool compile(const frontend::Program &program, const Options &options, const std::vector<Emission> &wanted,
               frontend::Diagnostics &diagnostics, Compilation &out) override {
    bool compiled = Pipeline(program, options, diagnostics, out).run(wanted);
    if (!compiled && !diagnostics.hasErrors())
      diagnostics.internalError(out.phases.empty() ? "begin" : out.phases.back().name, "it failed without a reason");
    return compiled;
  }
  bool evaluate(const frontend::Program &program, const frontend::Function &function, Evaluator evaluator,
                const std::string &cpu, const std::map<std::string, int64_t> &sizes,
                const std::vector<HostTensor> &arguments, frontend::Diagnostics &diagnostics,
                std::vector<HostTensor> &results, std::string &error) override {
    std::optional<Evaluation> how = evaluationOf(evaluator, cpu, error);
    if (!how)
      return false;
    Options options;
    Compilation unused;
    frontend::Program alone{program.name, program.weights, {function}, {}}; // the others need not be compilable
    Pipeline pipeline(alone, options, diagnostics, unused);
    ModuleOp module = pipeline.emit();
    if (!module)
      return false;
    return evaluateFunction(*module.getOps<FuncOp>().begin(), *how, sizes, arguments, results, diagnostics, error);
  }
  bool costs(const frontend::Program &program, const frontend::Function &function, frontend::Diagnostics &diagnostics,
             std::vector<frontend::OpCost> &out) override {
    Options options;
    Compilation unused;
    frontend::Program alone{program.name, program.weights, {function}, {}};
    Pipeline pipeline(alone, options, diagnostics, unused);
    ModuleOp module = pipeline.emit();
    if (!module)
      return false;
    out = frontend::costsOf(*module.getOps<FuncOp>().begin());
    return out.size() == function.ops.size();
  }
  std::string sourceHash(const frontend::Sources &sources) override { return hashOfSources(sources); }
  std::vector<std::string> passes() override { return passNames(); }
  std::string cpuFault(const std::string &cpu) override {
    std::string fault;
    levelsOf(cpu, fault);
    return fault;
  }
  std::vector<std::string> lackingFeatures(const std::string &cpu) override { return batten::lackingFeatures(cpu); }
};

} // namespace
} // namespace batten

extern "C" __attribute__((visibility("default"))) batten::Compiler *batten_compiler() {
  static batten::CompilerImplementation compiler;
  return &compiler;
}
