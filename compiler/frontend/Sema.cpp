// Sema.cpp - drives semantic analysis: declare, check every definition, elaborate every entry; see Sema.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Sema.h"

#include "compiler/frontend/Elaborate.h"
#include "compiler/frontend/Unused.h"

#include <algorithm>
#include <cctype>

namespace batten::frontend {

std::string programNameOf(const std::string &path) {
  size_t slash = path.find_last_of('/');
  std::string stem = slash == std::string::npos ? path : path.substr(slash + 1);
  size_t dot = stem.find_last_of('.');
  if (dot != std::string::npos && dot > 0)
    stem.resize(dot);
  for (char &c : stem)
    if (!std::isalnum(static_cast<unsigned char>(c)) || static_cast<unsigned char>(c) >= 128)
      c = '_';
  if (stem.empty() || std::isdigit(static_cast<unsigned char>(stem[0])))
    stem = "_" + stem;
  return stem;
}

std::function<std::optional<uint32_t>(uint32_t, const std::string &)>
importFromFiles(Sources &sources, std::vector<std::string> folders) {
  auto load = [&sources](const std::string &whole) -> std::optional<uint32_t> {
    for (uint32_t index = 0; index < sources.size(); ++index)
      if (sources.file(index).name() == whole)
        return index;
    return sources.load(whole);
  };
  return [&sources, load, folders = std::move(folders)](uint32_t importer,
                                                        const std::string &path) -> std::optional<uint32_t> {
    const std::string &name = sources.file(importer).name();
    size_t slash = name.find_last_of('/');
    bool isAbsolute = path.rfind('/', 0) == 0;
    std::optional<uint32_t> file =
        load(isAbsolute || slash == std::string::npos ? path : name.substr(0, slash + 1) + path);
    for (size_t i = 0; !file && !isAbsolute && i < folders.size(); ++i)
      file = load(folders[i] + "/" + path);
    return file;
  };
}

namespace {

/// Checks the definitions of one module, and of what it imports.
class Checker {
public:
  explicit Checker(Context &context) : context(context) {}

  void check(Module &module);

private:
  void checkModel(ModelDecl &model);
  using Path = std::vector<ModelDecl *>::const_iterator;
  size_t cutCycles(ModelDecl &model, std::vector<ModelDecl *> &path);
  void reportCycle(const SubDecl &sub, Path begin, Path end);

  static constexpr size_t deepestModel = 256;
  Context &context;
  std::map<const ModelDecl *, size_t> depths; ///< of those whose cycles are cut
  std::set<const Module *> done;
};

/// Finds the models of subs, and cuts each sub by which one would contain itself or lie too deep. Returns how deep
/// models are nested here: 1 without subs.
size_t Checker::cutCycles(ModelDecl &model, std::vector<ModelDecl *> &path) {
  if (auto known = depths.find(&model); known != depths.end())
    return known->second;
  size_t deepest = 0;
  path.push_back(&model);
  for (const auto &sub : model.subs) {
    sub->model = context.findModel(sub->item->model, *model.module);
    if (!sub->model)
      continue;
    if (auto standing = std::find(path.begin(), path.end(), sub->model); standing != path.end()) {
      reportCycle(*sub, standing, path.end());
      sub->model = nullptr;
      continue;
    }
    size_t depth = path.size() < deepestModel ? cutCycles(*sub->model, path) : deepestModel;
    if (depth < deepestModel) {
      deepest = std::max(deepest, depth);
      continue;
    }
    context.error("E0601", sub->item->range, "models are nested more than " + std::to_string(deepestModel) + " deep");
    sub->model = nullptr;
  }
  path.pop_back();
  return depths[&model] = deepest + 1;
}

void Checker::reportCycle(const SubDecl &sub, Path begin, Path end) {
  std::vector<std::string> names;
  for (auto model = begin; model != end; ++model)
    names.push_back("`" + (*model)->item->name.name + "`");
  names.push_back(names.front());
  context.error("E0104", sub.item->range, "a model contains itself: " + joined(names, " -> "))
      .label("closes the cycle");
}

void Checker::checkModel(ModelDecl &model) {
  Elaborator(context, /*checking=*/true).checkModelSubs(model);
  for (const ItemPtr &member : model.item->members)
    if (const auto *function = dynCast<FunctionItem>(*member))
      if (FunctionDecl *decl = model.function(function->name.name); decl && decl->item == function)
        Elaborator::ensureChecked(context, *decl);
}

void Checker::check(Module &module) {
  if (!done.insert(&module).second)
    return;
  auto each = [&](FileName::Kind kind, const std::function<void(FileName &)> &visit) {
    for (const std::string &name : module.order)
      if (FileName &entry = module.names[name]; entry.kind == kind)
        visit(entry);
  };
  each(FileName::Import, [&](FileName &entry) {
    if (entry.import)
      check(*entry.import);
  });
  each(FileName::Model, [&](FileName &entry) { // before a type asks for the parameters of one
    std::vector<ModelDecl *> path;
    cutCycles(*entry.model, path);
  });
  each(FileName::TypeAlias, [&](FileName &entry) {
    context.resolveType(entry.alias->type, module, context.declarationScope(module, nullptr, nullptr));
  });
  each(FileName::Model, [&](FileName &entry) { context.prepare(*entry.model); });
  each(FileName::Model, [&](FileName &entry) {
    for (const auto &[name, function] : entry.model->functions)
      context.resolveSignature(*function);
  });
  each(FileName::Function, [&](FileName &entry) { context.resolveSignature(*entry.function); });
  each(FileName::Const, [&](FileName &entry) { Elaborator(context, true).checkConst(*entry.constant); });
  for (const std::string &name : module.order) {
    FileName &entry = module.names[name];
    if (entry.kind == FileName::Model)
      checkModel(*entry.model);
    else if (entry.kind == FileName::Function)
      Elaborator::ensureChecked(context, *entry.function);
    else if (entry.kind == FileName::Sub)
      Elaborator(context, true).checkInstance(*entry.sub);
  }
  for (const TestItem *test : module.tests)
    Elaborator(context, true).checkTest(*test, module);
}

/// Names that the header declares (codegen/EmitHeader.cpp): a collision is E0103.
void checkHeaderNames(Context &context, const Module &module, const Program &program) {
  std::map<std::string, std::string> taken; // C name after the prefix -> what declares it
  for (const char *name : {"bind", "describe", "weights", "program", "BYTES"})
    taken[name] = "every program";
  auto declare = [&](const std::string &name, const std::string &what, SourceRange range) {
    auto [entry, fresh] = taken.try_emplace(name, what);
    if (!fresh)
      context.error("E0103", range, "`" + program.name + "_" + name + "` is declared twice in the C header")
          .label("needed by " + what)
          .note("it is taken by " + entry->second)
          .help("give the function another C name: `#[name(\"..\")]`");
  };
  for (const Function &function : program.functions)
    for (const Argument &argument : function.arguments)
      if (!argument.tree.empty()) {
        taken.try_emplace(argument.tree + "_params", "`" + argument.tree + ".params`");
        taken.try_emplace(argument.tree + "_params_in", "`" + argument.tree + ".params`");
      }
  for (const Function &function : program.functions) {
    SourceRange range = module.names.at(function.name).range;
    for (const char *suffix : {"", "_workspace", "_THREAD_BYTES"})
      declare(function.cName + suffix, "`" + function.name + "`", range);
  }
}

} // namespace

static void checkOverrides(Context &context, const Module &module) {
  for (const auto &[name, value] : context.options.dims) {
    auto found = module.names.find(name);
    if ((found == module.names.end() || found->second.kind != FileName::Dim) && !module.file->lost.count(name))
      context.diagnostics.error("E0204",
                                "cannot find dim `" + name + "` of --dim " + name + "=" + std::to_string(value));
  }
}

static bool checkAll(Context &context, Module &module) {
  Checker(context).check(module);
  return !context.diagnostics.hasErrors();
}

std::optional<Program> analyse(const FileNode &file, Diagnostics &diagnostics, const SemaOptions &options) {
  Context context(diagnostics, options);
  Module *module = context.declare(file, /*isMain=*/true);
  checkOverrides(context, *module);
  if (!checkAll(context, *module))
    return std::nullopt;
  if (options.withUnused)
    warnOfUnused(context, *module);
  Program program;
  program.name =
      options.programName.empty() ? programNameOf(diagnostics.sources().file(file.file).name()) : options.programName;
  WeightTable weights;
  for (const std::string &name : module->order) {
    FileName &entry = module->names[name];
    if (entry.kind == FileName::Function && entry.function->item->isPublic)
      program.functions.push_back(Elaborator(context, /*checking=*/false, &weights).elaborate(*entry.function));
  }
  program.weights = weights.ordered();
  WeightTable testWeights = weights; // what only tests read is no part of the header
  for (const TestItem *test : module->tests)
    program.tests.push_back(Elaborator(context, /*checking=*/false, &testWeights).elaborateTest(*test, *module));
  if (!diagnostics.hasErrors())
    checkHeaderNames(context, *module, program);
  if (diagnostics.hasErrors())
    return std::nullopt;
  return program;
}

} // namespace batten::frontend
