// SemaDeclarations.cpp - the names of a file, its imports and models; dims resolved on first use.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Declarations.h"
#include "compiler/frontend/OpTable.h"
#include "compiler/frontend/Parser.h"
#include "compiler/frontend/Sema.h"

#include <algorithm>

namespace batten::frontend {

ParamDecl *ModelDecl::param(const std::string &name) const {
  for (const auto &param : params)
    if (param->item->name.name == name)
      return param.get();
  return nullptr;
}

SubDecl *ModelDecl::sub(const std::string &name) const {
  for (const auto &sub : subs)
    if (sub->item->name.name == name)
      return sub.get();
  return nullptr;
}

FunctionDecl *ModelDecl::function(const std::string &name) const {
  auto found = functions.find(name);
  return found == functions.end() ? nullptr : found->second.get();
}

//===- Names of a file --------------------------------------------------------------------------------------------===//

Diagnostic &Context::definedTwice(const std::string &what, SourceRange second, SourceRange first) {
  return error("E0103", second, what + " is defined twice")
      .label("second definition")
      .note("first defined at " + at(first), first);
}

FileName *Context::addName(Module &module, const Identifier &name, FileName::Kind kind) {
  if (findOp(name.name)) // declared all the same, so that its uses are no errors too
    error("E0103", name.range, "`" + name.name + "` is defined twice")
        .label("second definition")
        .note("`" + name.name + "` is a built-in op; locals may hide it, a name of the file may not");
  auto [entry, fresh] = module.names.try_emplace(name.name);
  if (!fresh) {
    definedTwice("`" + name.name + "`", name.range, entry->second.range);
    return nullptr;
  }
  entry->second.kind = kind;
  entry->second.range = name.range;
  module.order.push_back(name.name);
  return &entry->second;
}

void Context::addTest(Module &module, const TestItem &test) {
  for (const TestItem *other : module.tests)
    if (other->name.value == test.name.value) {
      definedTwice("test \"" + test.name.value + "\"", test.name.range, other->name.range);
      return;
    }
  module.tests.push_back(&test);
}

void Context::declareImport(Module &module, const ImportItem &item) {
  Identifier name;
  if (item.alias)
    name = *item.alias;
  else
    name = {programNameOf(item.path.value), item.path.range};
  FileName *entry = addName(module, name, FileName::Import);
  if (!entry)
    return;
  std::optional<uint32_t> file;
  if (options.loadImport)
    file = options.loadImport(item.path.range.file, item.path.value);
  if (!file) {
    error("E0107", item.path.range, "cannot read import \"" + item.path.value + "\"")
        .help("the path is relative to the importing file, or to a folder that is given as `-I DIR`");
    return;
  }
  auto standing = std::find(importing.begin(), importing.end(), *file);
  if (standing != importing.end()) {
    std::vector<std::string> names;
    for (auto it = standing; it != importing.end(); ++it)
      names.push_back("`" + diagnostics.sources().file(*it).name() + "`");
    names.push_back(names.front());
    error("E0107", item.path.range, "imports in a cycle: " + joined(names, " -> ")).label("closes the cycle");
    return;
  }
  auto known = modules.find(*file);
  if (known != modules.end()) {
    entry->import = known->second.get();
    return;
  }
  importedFiles.push_back(std::make_unique<FileNode>(parse(diagnostics.sources(), *file, diagnostics)));
  if (!importedFiles.back()->isCut)
    entry->import = declare(*importedFiles.back(), /*isMain=*/false);
}

void Context::declareModel(Module &module, const ModelItem &item, ModelDecl &model) {
  model.item = &item;
  model.module = &module;
  std::map<std::string, SourceRange> seen;
  auto add = [&](const Identifier &name) {
    auto [first, fresh] = seen.try_emplace(name.name, name.range);
    if (!fresh)
      definedTwice("`" + name.name + "`", name.range, first->second);
    return fresh;
  };
  for (const Identifier &generic : item.generics) {
    if (!add(generic))
      continue;
    DimEntity *dim = newDim(DimEntity::Generic, generic.name, generic.range);
    dim->generic = true;
    model.generics.push_back(dim);
    model.dimNames[generic.name] = dim;
  }
  for (const ItemPtr &member : item.members) {
    checkAttributes(*member);
    if (const auto *param = dynCast<ParamItem>(*member)) {
      if (!add(param->name))
        continue;
      model.params.push_back(std::make_unique<ParamDecl>(ParamDecl{param, {}}));
      model.members.push_back(param);
    } else if (const auto *sub = dynCast<SubItem>(*member)) {
      if (!add(sub->name))
        continue;
      model.subs.push_back(std::make_unique<SubDecl>(SubDecl{sub, &module, &model, nullptr}));
      model.members.push_back(sub);
    } else if (const auto *function = dynCast<FunctionItem>(*member)) {
      if (!add(function->name))
        continue;
      auto decl = std::make_unique<FunctionDecl>();
      decl->item = function;
      decl->module = &module;
      decl->model = &model;
      if (function->isPublic)
        error("E0106", function->name.range, "`pub` stands at file level only")
            .help("write a `pub fn` that calls `" + item.name.name + "." + function->name.name + "`");
      model.functions[function->name.name] = std::move(decl);
    } else if (const auto *dims = dynCast<DimItem>(*member)) {
      for (const DimDefinition &definition : dims->definitions)
        if (add(definition.name))
          model.dimDefinitions[definition.name.name] = &definition;
    } else if (const auto *constant = dynCast<ConstItem>(*member)) {
      if (add(constant->name))
        model.constants[constant->name.name] = std::make_unique<ConstDecl>(ConstDecl{constant, &module, &model});
    }
  }
}

void Context::declareItem(Module &module, const Item &item) {
  switch (item.kind) {
  case ItemKind::Import:
    return declareImport(module, cast<ImportItem>(item));
  case ItemKind::Dim:
    for (const DimDefinition &definition : cast<DimItem>(item).definitions)
      if (FileName *entry = addName(module, definition.name, FileName::Dim))
        entry->dimDefinition = &definition;
    return;
  case ItemKind::TypeAlias:
    if (FileName *entry = addName(module, cast<TypeAliasItem>(item).name, FileName::TypeAlias))
      entry->alias = &cast<TypeAliasItem>(item);
    return;
  case ItemKind::Const:
    if (FileName *entry = addName(module, cast<ConstItem>(item).name, FileName::Const))
      entry->constant = std::make_unique<ConstDecl>(ConstDecl{&cast<ConstItem>(item), &module});
    return;
  case ItemKind::Function:
    if (FileName *entry = addName(module, cast<FunctionItem>(item).name, FileName::Function)) {
      entry->function = std::make_unique<FunctionDecl>();
      entry->function->item = &cast<FunctionItem>(item);
      entry->function->module = &module;
    }
    return;
  case ItemKind::Model:
    if (FileName *entry = addName(module, cast<ModelItem>(item).name, FileName::Model)) {
      entry->model = std::make_unique<ModelDecl>();
      declareModel(module, cast<ModelItem>(item), *entry->model);
    }
    return;
  case ItemKind::Sub:
    if (FileName *entry = addName(module, cast<SubItem>(item).name, FileName::Sub))
      entry->sub = std::make_unique<SubDecl>(SubDecl{&cast<SubItem>(item), &module, nullptr, nullptr});
    return;
  case ItemKind::Test:
    if (options.withTests)
      addTest(module, cast<TestItem>(item));
    return;
  case ItemKind::Param:
    return; // the parser lets it stand in models only
  }
}

Module *Context::declare(const FileNode &file, bool isMain) {
  auto &module = modules[file.file];
  module = std::make_unique<Module>();
  module->file = &file;
  module->isMain = isMain;
  lost.insert(file.lost.begin(), file.lost.end());
  importing.push_back(file.file);
  for (const ItemPtr &item : file.items) {
    checkAttributes(*item);
    declareItem(*module, *item);
  }
  importing.pop_back();

  // Dims of the main file come first, so that theirs are the plain names in C.
  for (const std::string &name : module->order)
    if (module->names[name].kind == FileName::Dim)
      dimOf(*module, name);
  return module.get();
}

//===- Dims -------------------------------------------------------------------------------------------------------===//

const DimEntity *Context::defineDim(const DimDefinition &definition, const DimScope &scope, bool mayOverride) {
  const std::string &name = definition.name.name;
  DimEntity *dim = newDim(DimEntity::Static, name, definition.name.range);
  std::optional<Dim> value;
  DimScope inner = scope;
  inner.defining = name;
  inner.usedInCore = [this](const DimEntity &used, SourceRange range) {
    if (used.kind == DimEntity::Unbounded)
      unboundedInCore(used, range);
  };
  if (definition.value) {
    value = evaluate(*definition.value, inner);
    dim->poisoned = !value;
  }
  if (definition.kind == DimDefinition::Kind::Unbounded)
    dim->kind = DimEntity::Unbounded;
  if (definition.kind == DimDefinition::Kind::Bounded) {
    dim->kind = DimEntity::Bounded;
    dim->bound = value;
  }
  if (value && value->constantValue() && *value->constantValue() < 1) {
    const char *what = dim->kind == DimEntity::Bounded ? "the bound of `" : "dim `";
    error("E0219", definition.value->range, what + name + "` is " + str(*value) + ", but a size is at least 1");
    dim->poisoned = true;
  }
  if (value && dim->kind == DimEntity::Static)
    dim->size = *value;
  if (value && dim->kind == DimEntity::Bounded)
    for (const std::string &symbol : value->symbols())
      if (const DimEntity *used = entityOf(symbol); used && used->kind == DimEntity::Bounded && !dim->poisoned) {
        error("E0219", definition.value->range, "the bound of `" + name + "` is not a number")
            .label("`" + used->name + "` is a runtime size")
            .note("declared at " + at(used->range), used->range);
        dim->poisoned = true;
      }
  auto replacement = mayOverride ? options.dims.find(name) : options.dims.end();
  if (replacement != options.dims.end() && !dim->poisoned) {
    Dim size = Dim::constant(replacement->second);
    bool fits = replacement->second >= 1 &&
                (dim->kind != DimEntity::Bounded || replacement->second <= value->constantValue().value_or(INT64_MAX));
    if (!fits) {
      error("E0219", definition.range, "--dim " + name + "=" + str(size) + " is out of range");
      dim->poisoned = true;
    }
    dim->kind = DimEntity::Static;
    dim->bound.reset();
    dim->size = size;
  }
  return dim;
}

const DimEntity *Context::dimOf(Module &module, const std::string &name) {
  auto found = module.names.find(name);
  if (found == module.names.end() || found->second.kind != FileName::Dim)
    return nullptr;
  FileName &entry = found->second;
  if (entry.dim)
    return entry.dim;
  if (entry.resolving) {
    error("E0104", entry.range, "dim `" + name + "` is defined by itself");
    DimEntity *dim = newDim(DimEntity::Static, name, entry.range);
    dim->poisoned = true;
    return entry.dim = dim;
  }
  entry.resolving = true;
  const DimEntity *dim = defineDim(*entry.dimDefinition, declarationScope(module, nullptr, nullptr), module.isMain);
  entry.resolving = false;
  if (!entry.dim) // or the cycle has poisoned it
    entry.dim = dim;
  return entry.dim;
}

DimScope Context::declarationScope(Module &module, ModelDecl *model, FunctionDecl *function) {
  DimScope scope;
  scope.lookup = [this, &module, model, function](const std::string &name) -> const DimEntity * {
    if (function)
      for (const DimEntity *generic : function->generics)
        if (generic->name == name)
          return generic;
    if (model) {
      auto known = model->dimNames.find(name);
      if (known != model->dimNames.end())
        return known->second;
      auto pending = model->dimDefinitions.find(name);
      if (pending != model->dimDefinitions.end()) {
        const DimDefinition *definition = pending->second;
        model->dimDefinitions.erase(pending); // a dim that names itself is not found
        const DimEntity *dim = defineDim(*definition, declarationScope(*model->module, model, nullptr), false);
        model->dimNames[name] = dim;
        model->dims.push_back({dim, definition});
        return dim;
      }
    }
    return dimOf(module, name);
  };
  scope.size = [](const DimEntity &dim) { return dim.size; };
  scope.names = [&module, model, function] {
    std::vector<std::string> names;
    if (function)
      for (const DimEntity *generic : function->generics)
        names.push_back(generic->name);
    if (model) {
      for (const auto &[name, dim] : model->dimNames)
        names.push_back(name);
      for (const auto &[name, dim] : model->dimDefinitions)
        names.push_back(name);
    }
    for (const auto &[name, entry] : module.names)
      if (entry.kind == FileName::Dim)
        names.push_back(name);
    return names;
  };
  return scope;
}

} // namespace batten::frontend
