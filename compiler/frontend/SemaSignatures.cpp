// SemaSignatures.cpp - the parameters of models and the signatures of functions, resolved on first use.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Declarations.h"
#include "compiler/frontend/Sema.h"

#include <algorithm>

namespace batten::frontend {

/// A tree is what a `sub` has.
static void requireTensor(Context &context, ParamDecl &param) {
  if (!param.type.tree)
    return;
  const std::string model = param.type.tree->model;
  context.error("E0215", param.item->type.range, "a weight is a tensor, this is " + model + ".params")
      .help("declare an instance, whose weights are this model's too: `sub " + param.item->name.name + ": " + model +
            "`");
  param.type = Type();
  param.type.poisoned = true;
}

/// A weight whose size only a call knows is refused, and silent from there on.
static void requireStatic(Context &context, ParamDecl &param) {
  auto isRuntime = [](const DimEntity *dim) {
    return dim && (dim->kind == DimEntity::Unbounded || dim->kind == DimEntity::Bounded);
  };
  const DimEntity *runtime = nullptr;
  for (const CoreDim &dim : param.type.core)
    for (const std::string &symbol : dim.size.symbols())
      if (const DimEntity *entity = context.entityOf(symbol); isRuntime(entity))
        runtime = entity;
  bool unbounded = runtime && runtime->kind == DimEntity::Unbounded; // in a core: that is said already
  for (const DimEntity *dim : param.type.batch)
    if (isRuntime(dim))
      runtime = dim;
  if (!runtime)
    return;
  param.type.poisoned = true;
  if (!unbounded)
    context
        .error("E0215", param.item->type.range, "a weight has static sizes; `" + runtime->name + "` is a runtime size")
        .note("`" + runtime->name + "` is bound at " + context.at(runtime->range), runtime->range);
}

void Context::prepare(ModelDecl &model) {
  if (model.ready)
    return;
  model.ready = true;
  const void *outer = owner;
  owner = model.item;
  DimScope scope = declarationScope(*model.module, &model, nullptr);
  scope.usedInCore = [this](const DimEntity &dim, SourceRange range) {
    if (dim.kind == DimEntity::Unbounded)
      unboundedInCore(dim, range);
  };
  for (const ItemPtr &member : model.item->members)
    if (const auto *dims = dynCast<DimItem>(*member))
      for (const DimDefinition &definition : dims->definitions)
        scope.lookup(definition.name.name);
  for (const DimCondition &node : model.item->conditions) {
    Condition condition;
    if (resolveCondition(node, scope, condition))
      model.conditions.push_back(condition);
  }
  for (const auto &param : model.params) {
    param->type = resolveType(param->item->type, *model.module, scope);
    requireTensor(*this, *param);
    requireStatic(*this, *param);
  }
  owner = outer;
}

void Context::resolveSignature(FunctionDecl &function) {
  const FunctionItem &item = *function.item;
  const void *outer = owner;
  owner = &item;
  std::map<std::string, SourceRange> seen;
  auto add = [&](const Identifier &name) {
    auto [first, fresh] = seen.try_emplace(name.name, name.range);
    if (!fresh)
      definedTwice("`" + name.name + "`", name.range, first->second);
  };
  bool entry = item.isPublic && !function.model;
  for (const Identifier &generic : item.generics) {
    add(generic);
    DimEntity *dim = newDim(entry ? DimEntity::Unbounded : DimEntity::Generic, generic.name, generic.range);
    dim->generic = true;
    function.generics.push_back(dim);
  }
  DimScope scope = declarationScope(*function.module, function.model, &function);
  scope.usedInCore = [&](const DimEntity &dim, SourceRange range) {
    if (dim.kind == DimEntity::Unbounded)
      unboundedInCore(dim, range);
    else if (dim.kind == DimEntity::Generic && dim.generic)
      function.bounded.try_emplace(&dim, range);
  };
  for (const Parameter &parameter : item.parameters) {
    add(parameter.name);
    function.parameters.push_back(resolveType(parameter.type, *function.module, scope));
  }
  for (const TypeExpr &result : item.results)
    function.results.push_back(resolveType(result, *function.module, scope));
  scope.usedInCore = nullptr; // a `where` may speak of unbounded dims: it is checked at entry
  for (const DimCondition &node : item.conditions) {
    Condition condition;
    if (resolveCondition(node, scope, condition))
      function.conditions.push_back(condition);
  }
  if (const AttributeNode *given = item.attribute("acc"); given && given->arguments.size() == 1)
    if (std::optional<DType> dtype = dtypeFromName(given->arguments[0].text); dtype && accumulatorOf(*dtype) == *dtype)
      function.accumulator = dtype;
  owner = outer;
}

} // namespace batten::frontend
