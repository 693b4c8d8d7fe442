// ProgramInfo.cpp - reads the plans and attributes of a scheduled module.
//
// Everything that the C side shows is decided here: C names, positions in the argument lists, formulas, which sizes are
// checked against what. A module that the schedule made passes; what is refused here is an internal error in words.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/ProgramInfo.h"
#include "compiler/Version.h"
#include "compiler/codegen/CNames.h"
#include "compiler/codegen/ReadEntry.h"
#include "compiler/codegen/WeightsObject.h"
#include "dialect/Numerics.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/xxhash.h"
#include <map>
#include <set>

using namespace mlir;

namespace batten {

static std::string textOf(ModuleOp module, StringRef name, StringRef otherwise) {
  auto text = module->getAttrOfType<StringAttr>(name);
  return text ? text.str() : otherwise.str();
}

static bool readWeights(ModuleOp module, ProgramInfo &program, std::string &error) {
  CNames fields(program.name, {});
  auto weights = module->getAttrOfType<ArrayAttr>(attr::weights);
  if (!weights)
    return true;
  for (auto argument : weights.getAsRange<ArgumentAttr>()) {
    WeightInfo weight;
    weight.path = argument.getPath().str();
    weight.from = argument.getFrom().str();
    weight.field = fields.take(argument.getPath());
    weight.dtype = dtypeOf(argument.getType().getElementType());
    for (const Dim &dim : argument.getType().dims()) {
      if (!dim.isConstant()) {
        error = "internal error: weight " + weight.path + " has no static shape";
        return false;
      }
      weight.shape.push_back(*dim.constantValue());
    }
    program.weights.push_back(std::move(weight));
  }
  return true;
}

/// The bind has no workspace and no sizes.
static bool checkBind(PlanOp bind, const ProgramInfo &program, std::string &error) {
  bool fits = bind.getBody().getNumArguments() == program.weights.size() && bind.getBody().getOps<BufferOp>().empty();
  for (auto launch : bind.getBody().getOps<LaunchOp>())
    fits &= toDim(launch.getScratchAttr()).isConstant() && toDim(launch.getRangeAttr()).isConstant();
  if (!fits)
    error = "internal error: the bind plan must take the program's weights and needs no sizes and no buffers";
  return fits;
}

/// The position of the level that the plan names, or of the only one.
static std::optional<unsigned> levelOf(PlanOp plan, ArrayRef<CpuLevel> levels) {
  auto name = plan->getAttrOfType<StringAttr>(attr::level);
  for (auto [i, level] : llvm::enumerate(levels))
    if (name ? name.getValue() == level.name : levels.size() == 1)
      return i;
  return std::nullopt;
}

std::vector<batten_version> EntryInfo::fixedSizes() const {
  std::vector<batten_version> sizes;
  for (const VersionInfo &version : versions)
    if (version.fixed && version.level == 0)
      sizes.push_back(*version.fixed);
  return sizes;
}

/// How many kernels only this plan launches.
static int32_t ownKernels(PlanOp plan, const llvm::StringMap<llvm::SmallPtrSet<Operation *, 2>> &users) {
  llvm::StringSet<> own;
  for (auto launch : plan.getBody().getOps<LaunchOp>())
    if (users.lookup(launch.getKernel()).size() == 1)
      own.insert(launch.getKernel());
  return own.size();
}

static void countKernels(ModuleOp module, ProgramInfo &program) {
  llvm::StringMap<llvm::SmallPtrSet<Operation *, 2>> users;
  for (auto plan : module.getOps<PlanOp>())
    for (auto launch : plan.getBody().getOps<LaunchOp>())
      users[launch.getKernel()].insert(plan);
  for (EntryInfo &entry : program.entries)
    for (VersionInfo &version : entry.versions)
      if (version.fixed)
        version.fixed->kernels = ownKernels(version.plan, users);
}

/// The versions of an entry are the plans of its name. Those for all sizes come last, since any call fits them.
static bool readPlans(ModuleOp module, ProgramInfo &program, std::string &error) {
  llvm::MapVector<StringRef, std::vector<VersionInfo>> entries;
  for (auto plan : module.getOps<PlanOp>()) {
    std::optional<unsigned> level = levelOf(plan, program.levels);
    if (!level) {
      error = ("internal error: plan @" + plan.getSymName() + " is of no level of the program").str();
      return false;
    }
    if (plan.getKind() == "bind" && !checkBind(plan, program, error))
      return false;
    (plan.getKind() == "bind" ? program.bind : entries[entryOf(plan)]).push_back({plan, *level, {}});
  }
  auto runtimeDims = [](PlanOp plan) {
    return llvm::count_if(plan.getSymbols().getAsRange<SymbolAttr>(),
                          [](SymbolAttr symbol) { return symbol.isRuntime(); });
  };
  for (auto &[name, versions] : entries) {
    auto all = runtimeDims(versions[0].plan); // which the lowering leaves first
    std::vector<VersionInfo> ordered;
    for (bool last : {false, true})
      llvm::copy_if(versions, std::back_inserter(ordered),
                    [&](const VersionInfo &version) { return (runtimeDims(version.plan) == all) == last; });
    if (!readEntry(std::move(ordered), program, error))
      return false;
  }
  countKernels(module, program);
  return true;
}

/// Of all that says where in the program's memory what lies, so that no build takes an object that another laid out:
/// the flags (the level, what --dim and --fuse say), the weights' shapes, and the plans with their offsets.
static uint64_t magicOf(const ProgramInfo &program) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  for (const std::string &part : {program.name, program.sourceHash, program.compiler, program.flags})
    stream << part << '\n';
  stream << program.programBytes << '\n';
  for (const WeightInfo &weight : program.weights) {
    stream << weight.path << ' ' << dtypeText(weight.dtype);
    for (int64_t size : weight.shape)
      stream << ' ' << size;
    stream << '\n';
  }
  for (const EntryInfo &entry : program.entries)
    for (const VersionInfo &version : entry.versions)
      stream << version.plan << '\n';
  for (const VersionInfo &version : program.bind)
    stream << version.plan;
  return llvm::xxh3_64bits(text);
}

/// The id of the numerics page, and the levels at which some kernel sums by a route of its own.
static std::string numericsOf(ModuleOp module, ArrayRef<CpuLevel> levels) {
  std::map<StringRef, std::set<StringRef>> routes;
  for (Operation &op : *module.getBody())
    if (auto route = op.getAttrOfType<StringAttr>(routeAttribute)) {
      auto name = op.getAttrOfType<StringAttr>(attr::level);
      routes[route.getValue()].insert(name ? name.getValue() : StringRef(levels.front().name));
    }
  std::string id = numericsId;
  for (const auto &[route, names] : routes)
    id += "+" + route.str() + ":" + llvm::join(names, ",");
  return id;
}

std::optional<ProgramInfo> readProgram(ModuleOp module, const CodegenOptions &options, std::string &error) {
  ProgramInfo program;
  program.name = textOf(module, attr::program, "program");
  program.source = textOf(module, attr::source, "");
  program.sourceHash = textOf(module, attr::sourceHash, "");
  program.compiler = "batten " BATTEN_VERSION;
  auto bytes = module->getAttrOfType<IntegerAttr>(attr::programBytes);
  program.programBytes = std::max<int64_t>(bytes ? bytes.getInt() : 0, sizeof(batten_program_header));

  std::string levelName = options.level.empty() ? textOf(module, attr::level, "x86-64-v3") : options.level;
  auto known = lookupLevels(levelName, error, options.emulated);
  if (!known)
    return std::nullopt;
  program.levels = std::move(*known);
  program.numerics = numericsOf(module, program.levels);
  program.isEmulated = options.emulated;
  program.flags = "--target=cpu:" + namesOf(program.levels) + (options.emulated ? " --emulate" : "") + " -O" +
                  std::to_string(options.optLevel) + (options.debugInfo ? " -g" : "") + options.flags;
  program.placedWeights = options.placedWeights;
  if (!readWeights(module, program, error) || !readPlans(module, program, error))
    return std::nullopt;
  program.magic = magicOf(program);
  if (module->hasAttr(weightOffsetsName))
    program.weights.clear(); // to its users it has none
  return program;
}

} // namespace batten
