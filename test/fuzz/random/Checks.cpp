// Checks.cpp - see Checks.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/random/Checks.h"
#include "compiler/frontend/Parser.h"
#include "compiler/frontend/Sema.h"
#include <algorithm>
#include <cstring>

namespace batten::fuzz {

using frontend::Symbol;

Checked::Checked(const std::string &source) : diagnostics(sources) {
  uint32_t file = sources.add("random.btn", source);
  frontend::FileNode tree = frontend::parse(sources, file, diagnostics);
  if (!diagnostics.hasErrors())
    program = frontend::analyse(tree, diagnostics);
}

const std::string emulated = " emulated";

/// What this machine can run, by trying: a bind refuses what the CPU lacks. That runs too, without its instructions.
std::vector<std::string> levelsToRun(Compiler &compiler) {
  std::vector<std::string> levels;
  Checked tiny("dim B\npub fn f(x: f32[B | 2]) -> f32[B | 2] = -x\n");
  for (const char *cpu : {"native", "x86-64-v3", "x86-64-v4", "znver4", "sapphirerapids"}) {
    Options options;
    options.cpu = cpu;
    std::string error;
    auto artifact = Artifact::make(compiler, *tiny.program, options, tiny.diagnostics, error);
    if (artifact && !artifact->bind({}, error))
      levels.push_back(cpu + emulated);
    else if (artifact && std::find(levels.begin(), levels.end(), artifact->compilation.cpu) == levels.end())
      levels.push_back(artifact->compilation.cpu);
  }
  return levels;
}

Checks::Checks(Compiler &compiler, WatchedThreads &threads, Coverage &coverage, Checked &checked, CheckOptions options,
               Random random)
    : compiler(compiler), threads(threads), coverage(coverage), checked(checked), options(options), random(random) {}

/// Weights are one for all functions of a program, as in a file.
void Checks::makeInputs() {
  const frontend::Program &program = *checked.program;
  while (weights.size() < program.weights.size())
    weights.push_back(randomTensor(program.weights[weights.size()].type, {}, options.data, 1.0, random));
  arguments.clear();
  inputs.clear();
  for (const frontend::Argument &argument : function->arguments) {
    if (argument.weight) {
      auto isThis = [&](const frontend::Weight &weight) { return weight.path == argument.path; };
      auto found = std::find_if(program.weights.begin(), program.weights.end(), isThis);
      arguments.push_back(weights[size_t(found - program.weights.begin())]);
    } else {
      inputs.push_back(randomTensor(argument.type, sizes, options.data, 2.0, random));
      arguments.push_back(inputs.back());
    }
  }
}

/// `level` as levelsToRun gives them.
const Artifact *Checks::artifact(const std::string &level, bool fuse, std::string &error) {
  std::unique_ptr<Artifact> &known = artifacts[level + (fuse ? "" : ", not fused")];
  if (known)
    return known.get();
  Options build;
  build.emulate = level.ends_with(emulated);
  build.cpu = level.substr(0, level.find(emulated));
  build.fuse = fuse;
  build.optimise = fuse ? 3 : 1; // two ways at once: neither may change a bit
  std::vector<Emission> also;
  if (options.schedule && fuse)
    also.push_back(Emission::Scheduled);
  std::unique_ptr<Artifact> made = Artifact::make(compiler, *checked.program, build, checked.diagnostics, error, also);
  if (!made || !made->bind(weights, error)) {
    error = "compiled for " + level + (fuse ? ": " : ", not fused: ") + error;
    return nullptr;
  }
  known = std::move(made);
  return known.get();
}

std::string Checks::compare(const std::vector<HostTensor> &found, const std::vector<HostTensor> &wanted,
                            const std::string &what) const {
  for (size_t i = 0; i < wanted.size(); ++i)
    if (std::string fault = firstDifference(found[i], wanted[i]); !fault.empty())
      return what + ": result " + std::to_string(i) + ", " + fault;
  return "";
}

//===- One call against another -----------------------------------------------------------------------------------===//

std::string Checks::checkBits(const Artifact &native) {
  std::vector<HostTensor> values;
  std::string fault = checkAccuracy(compiler, checked, *function, sizes, arguments, options.data, values);
  if (!fault.empty())
    return fault;
  std::string error;
  auto found = native.call(*function, sizes, inputs, nullptr, error);
  if (!found)
    return "serial call: " + error;
  results = std::move(*found);
  std::vector<HostTensor> wanted;
  for (int value : valuesGiven(*function))
    wanted.push_back(values[size_t(value)]);
  return compare(results, wanted, "against the exact evaluator");
}

std::string Checks::checkThreads(const Artifact &native) {
  std::string error;
  int64_t shared = threads.shared;
  auto found = native.call(*function, sizes, inputs, &threads, error);
  coverage.add("calls", "with 2 threads");
  if (threads.shared != shared)
    coverage.add("calls", "with 2 threads that both worked");
  return found ? compare(*found, results, "with 2 threads") : "with 2 threads: " + error;
}

/// What the exact evaluator gives at another level than this machine's.
std::string Checks::exactAt(const std::string &level, std::vector<HostTensor> &values) {
  std::string error, cpu = level.substr(0, level.find(emulated));
  coverage.add("variants", "of other numerics");
  bool done = compiler.evaluate(*checked.program, *function, Evaluator::Exact, cpu, sizes, arguments,
                                checked.diagnostics, values, error);
  return done ? "" : "the exact evaluator at " + cpu + ": " + reason(error, checked.diagnostics);
}

std::string Checks::checkVariants(const Artifact &native) {
  static const std::vector<std::string> levels = levelsToRun(compiler);
  for (size_t i = 0; i < (options.levels ? levels.size() : 1); ++i) {
    bool unfused = i == 0;
    std::string error;
    const Artifact *variant = artifact(unfused ? "native" : levels[i], /*fuse=*/!unfused, error);
    auto found = variant ? variant->call(*function, sizes, inputs, nullptr, error) : std::nullopt;
    std::string what = unfused ? "not fused" : "at " + levels[i];
    coverage.add("variants", what);
    std::vector<HostTensor> others;
    bool same = !variant || strcmp(variant->description().numerics, native.description().numerics) == 0;
    std::string fault = same ? "" : exactAt(levels[i], others);
    if (fault.empty())
      fault = found ? compare(*found, same ? results : others, what) : what + ": " + error;
    if (!fault.empty())
      return fault;
  }
  return "";
}

/// A tenth above what is needed at once, and 64 bytes a buffer for alignment.
static int64_t roomFor(const PlanFacts &plan) {
  return plan.peak + plan.peak / 10 + 64 * (plan.buffers + 1) + plan.scratch + 64;
}

/// The same of the versions for single sizes, whose buffers lie in the same workspace.
static int64_t roomForVersions(const std::string &scheduled, const std::string &entry, const Sizes &sizes) {
  int64_t most = 0;
  const std::string plan = "batten.plan @", begin = plan + entry + ".";
  for (size_t at = scheduled.find(begin); at != std::string::npos; at = scheduled.find(begin, at)) {
    at += plan.size();
    std::string version = scheduled.substr(at, scheduled.find('[', at) - at);
    if (std::optional<PlanFacts> facts = readPlan(scheduled, version, sizes))
      most = std::max(most, roomFor(*facts));
  }
  return most;
}

/// The workspace has no more room than its plans need, at the sizes that they are made for (schedule/Workspace.cpp).
std::string Checks::checkSchedule(const Artifact &native) {
  auto text = native.compilation.files.find(Emission::Scheduled);
  if (text == native.compilation.files.end())
    return "";
  Sizes planned = sizes;
  for (const Symbol &symbol : function->symbols)
    if (symbol.isRuntime())
      planned[symbol.name] = symbol.kind == Symbol::Bounded ? std::min<int64_t>(symbol.value, 96) : 96;
  std::optional<PlanFacts> plan = readPlan(text->second, function->name, planned);
  if (!plan)
    return "the plan cannot be read";
  for (const std::string &builder : plan->builders)
    coverage.add("kernels", builder);
  coverage.add("workspaces", plan->buffers == 0 ? "none" : plan->buffers == 1 ? "one buffer" : "several buffers");
  const batten_entry &entry = native.entry(*function);
  int64_t bytes = 0;
  std::vector<int64_t> list;
  for (int64_t i = 0; i < entry.symbol_count; ++i)
    list.push_back(planned.at(entry.symbols[i].name));
  bytes = entry.workspace(list.data());
  int64_t most = std::max(roomFor(*plan), roomForVersions(text->second, function->name, planned));
  if (bytes <= most)
    return "";
  return "the workspace has " + std::to_string(bytes) + " bytes, " + std::to_string(plan->peak) +
         " are needed at once in " + std::to_string(plan->buffers) + " buffers, " + std::to_string(plan->scratch) +
         " of scratch";
}

//===- All of it --------------------------------------------------------------------------------------------------===//

std::string Checks::run(const frontend::Function &which, const Sizes &at) {
  function = &which;
  sizes.clear();
  for (const Symbol &symbol : which.symbols)
    sizes[symbol.name] = symbol.isRuntime() ? at.at(symbol.name) : symbol.definition().evaluate(sizes).value_or(0);
  makeInputs();
  std::string error;
  const Artifact *native = artifact("native", true, error);
  if (!native)
    return error;
  for (const Symbol &symbol : which.symbols)
    if (symbol.kind == Symbol::Unbounded && sizes[symbol.name] == 0)
      return checkEmpty(*native, symbol.name);
  std::string fault = checkBits(*native);
  if (fault.empty())
    fault = checkThreads(*native);
  if (fault.empty() && options.invariance)
    fault = checkIndependence(*native);
  if (fault.empty())
    fault = checkVariants(*native);
  if (fault.empty())
    fault = checkSchedule(*native);
  return fault;
}

} // namespace batten::fuzz
