// ElaborateModels.cpp - instances of models and their weights (R12).
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Elaborate.h"

#include <algorithm>

namespace batten::frontend {

//===- Instances --------------------------------------------------------------------------------------------------===//

/// Position of a member in its model's text.
static size_t memberIndex(const ModelDecl &model, const Item *member) {
  return size_t(std::find(model.members.begin(), model.members.end(), member) - model.members.begin());
}

/// Sizes of the model's own dims, then its conditions. E0207 and E0601 tell where the generics come from.
bool Elaborator::finishInstance(Instance &instance, const std::string &origin, SourceRange range) {
  ModelDecl &model = *instance.model;
  bool complete = true;
  DimScope scope = context.declarationScope(*model.module, &model, nullptr);
  scope.size = [&](const DimEntity &dim) { return sizeFor(&instance, dim); };
  scope.origin = origin;
  for (const auto &[dim, definition] : model.dims) {
    if (dim->kind != DimEntity::Static || !definition->value)
      continue;
    scope.defining = dim->name;
    std::optional<Dim> size = dim->poisoned ? std::nullopt : context.evaluate(*definition->value, scope);
    complete &= size.has_value();
    if (!size)
      continue;
    instance.sizes[dim] = *size;
    if (size->constantValue().value_or(1) < 1) {
      context
          .error("E0219", definition->value->range,
                 "dim `" + dim->name + "` is " + str(*size) + ", but a size is at least 1")
          .note("the values come " + origin);
      complete = false;
    }
    DimEntity *outward = context.newDim(DimEntity::Static, dim->name, dim->range);
    outward->size = *size;
    freshSizes[outward] = *size;
    instance.outward->try_emplace(dim, outward);
  }
  Binding binding;
  FunctionDecl none;
  binding.function = &none;
  binding.self = &instance;
  return complete && checkConditions(model.conditions, binding, range);
}

bool Elaborator::bindModel(Instance &instance, const std::vector<DimExprPtr> &arguments, SubDecl &sub,
                           Instance *parent) {
  ModelDecl &model = *instance.model;
  const SubItem &item = *sub.item;
  if (arguments.size() != model.generics.size()) {
    std::vector<std::string> names;
    for (const DimEntity *generic : model.generics)
      names.push_back(generic->name);
    context
        .error("E0218", item.model.range,
               "`" + model.item->name.name + "` takes " + std::to_string(names.size()) +
                   (names.size() == 1 ? " dim, " : " dims, ") + std::to_string(arguments.size()) + " given")
        .note("declared at " + context.at(model.item->name.range) +
              (names.empty() ? "" : " as `" + model.item->name.name + "<" + joined(names) + ">`"));
    return false;
  }
  DimScope scope = context.declarationScope(*sub.module, sub.owner, nullptr);
  scope.size = [&](const DimEntity &dim) { return sizeFor(parent, dim); };
  scope.usedInCore = [this](const DimEntity &dim, SourceRange range) {
    if (dim.kind == DimEntity::Unbounded)
      context.unboundedInCore(dim, range);
  };
  bool complete = true;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const DimEntity *generic = model.generics[i];
    std::optional<Dim> size = context.evaluate(*arguments[i], scope);
    if (!size) {
      complete = false;
      continue;
    }
    if (size->constantValue().value_or(1) < 1) {
      context.error("E0219", arguments[i]->range,
                    "`" + generic->name + "` is " + str(*size) + ", but a size is at least 1");
      complete = false;
    }
    instance.sizes[generic] = *size;
    // A plain name is the same batch dim outside and inside; any other size makes a dim of its own.
    const DimEntity *outside = arguments[i]->kind == DimExpr::Kind::Name ? scope.lookup(arguments[i]->name) : nullptr;
    if (outside && parent && parent->outward && parent != frame->self) {
      auto mapped = parent->outward->find(outside);
      if (mapped != parent->outward->end())
        outside = mapped->second;
    }
    if (!outside) {
      DimEntity *made = context.newDim(DimEntity::Static, generic->name, generic->range);
      made->size = *size;
      freshSizes[made] = *size;
      outside = made;
    }
    instance.outward->try_emplace(generic, outside);
  }
  return complete;
}

/// How many elements a `sub` has: 1 without a count; nullopt after an error. A generic of a definition that is only
/// checked has no value: one element stands for all.
std::optional<int64_t> Elaborator::lengthOf(const SubDecl &sub, Instance *parent) {
  const SubItem &item = *sub.item;
  if (!item.count)
    return 1;
  DimScope scope = context.declarationScope(*sub.module, sub.owner, nullptr);
  scope.size = [&](const DimEntity &dim) { return sizeFor(parent, dim); };
  std::optional<Dim> size = context.evaluate(*item.count, scope);
  if (!size)
    return std::nullopt;
  std::optional<int64_t> count = size->constantValue();
  std::set<std::string> symbols = size->symbols();
  bool runtime = std::any_of(symbols.begin(), symbols.end(), [&](const std::string &symbol) {
    const DimEntity *dim = entityOf(symbol);
    return dim && (dim->kind == DimEntity::Unbounded || dim->kind == DimEntity::Bounded);
  });
  if (!runtime && count.value_or(1) >= 1 && count.value_or(1) <= 4096)
    return count.value_or(1);
  context.error("E0219", item.count->range,
                runtime ? "the length of a sub array must be static"
                        : "a sub array has 1 to 4096 elements, this one " + str(*size));
  return std::nullopt;
}

/// Element `i` of a sub, made from the first: where its weights are, in the file and in the tree that replaces them.
std::unique_ptr<Instance> Elaborator::elementOf(const Instance &first, const SubItem &item, int64_t i,
                                                const Instance *parent) {
  auto instance = std::make_unique<Instance>(first);
  std::string index = item.count ? "." + std::to_string(i) : "";
  std::string prefix = item.name.name + index + ".";
  instance->path = (parent ? parent->path : "") + prefix;
  std::string segment = (item.from ? item.from->value : item.name.name) + index;
  if (segment.starts_with(".")) // `from ""`: the elements of a file's own level are 0, 1, ..
    segment.erase(0, 1);
  instance->from = (parent ? parent->from : "") + (segment.empty() ? "" : segment + ".");
  instance->root = parent ? parent->root : item.name.name;
  instance->rootRange = parent ? parent->rootRange : item.name.range;
  instance->isNamed = item.from || (parent && parent->isNamed);
  if (parent) {
    instance->order = parent->order;
    instance->order.push_back(memberIndex(*parent->model, &item));
  }
  instance->order.push_back(size_t(i));
  if (!parent || !parent->tree)
    return instance;
  instance->tree = std::make_shared<std::map<std::string, Value>>();
  instance->treeBatch = parent->treeBatch;
  for (const auto &[leaf, value] : *parent->tree)
    if (leaf.rfind(prefix, 0) == 0)
      (*instance->tree)[leaf.substr(prefix.size())] = value;
  return instance;
}

/// Models of models may be more than anybody has memory for.
constexpr int64_t mostInstances = 1 << 16;

std::vector<Instance *> Elaborator::makeInstances(SubDecl &sub, Instance *parent) {
  const SubItem &item = *sub.item;
  if (!sub.owner && !sub.model)
    sub.model = context.findModel(item.model, *sub.module);
  if (!sub.model)
    return {};
  context.prepare(*sub.model);
  Instance first;
  first.model = sub.model;
  first.outward = std::make_shared<std::map<const DimEntity *, const DimEntity *>>();
  std::string origin = "from `" + context.text(item.range) + "` at " + context.at(item.model.range);
  if (!bindModel(first, item.arguments, sub, parent) || !finishInstance(first, origin, item.model.range))
    return {};
  std::vector<Instance *> made;
  int64_t length = lengthOf(sub, parent).value_or(0);
  if (length > mostInstances - instancesOfSubs) {
    if (!stopped)
      context.error("E0601", item.range, "more than " + std::to_string(mostInstances) + " instances of models");
    stopped = true;
    return {};
  }
  instancesOfSubs += length;
  for (int64_t i = 0; i < length; ++i) {
    instancePool.push_back(elementOf(first, item, i, parent));
    made.push_back(instancePool.back().get());
  }
  return made;
}

/// A sub by name: an instance, or all of a sub array.
Value Elaborator::subValue(SubDecl &sub, Instance *parent) {
  std::vector<Instance *> *known = parent ? &parent->subs[sub.item->name.name] : &rootInstances[&sub];
  if (known->empty()) {
    std::vector<Instance *> made = makeInstances(sub, parent);
    known = parent ? &parent->subs[sub.item->name.name] : &rootInstances[&sub];
    *known = made;
  }
  Value value;
  if (known->empty())
    return value;
  value.kind = sub.item->count ? Value::Instances : Value::Instance;
  value.instance = known->front();
  if (sub.item->count) {
    DimScope scope = context.declarationScope(*sub.module, sub.owner, nullptr);
    scope.size = [&](const DimEntity &dim) { return sizeFor(parent, dim); };
    std::optional<Dim> size = context.evaluate(*sub.item->count, scope);
    if (size && size->isConstant()) // else the model's generics are open: one stands for all
      value.instances = *known;
  }
  return value;
}

/// The `M` of `M(x)`: its weights are named as in the model, its generics are to be inferred.
Instance *Elaborator::directInstance(ModelDecl &model, SourceRange range) {
  context.prepare(model);
  std::vector<Instance *> &known = rootInstances[&model];
  if (!known.empty() && model.generics.empty())
    return known[0];
  auto instance = std::make_unique<Instance>();
  instance->model = &model;
  instance->root = model.item->name.name;
  instance->rootRange = model.item->name.range;
  instance->outward = std::make_shared<std::map<const DimEntity *, const DimEntity *>>();
  instance->incomplete = !model.generics.empty();
  if (!instance->incomplete && !finishInstance(*instance, "from `" + model.item->name.name + "`", range))
    return nullptr;
  known.push_back(instance.get());
  instancePool.push_back(std::move(instance));
  return known.back();
}

/// Definitions are checked with every sub instantiated, also those that nobody calls.
void Elaborator::checkInstance(SubDecl &sub) {
  begin(*sub.module, nullptr, nullptr);
  context.owner = sub.item;
  subValue(sub, nullptr);
}

void Elaborator::checkModelSubs(ModelDecl &model) {
  begin(*model.module, &model, nullptr);
  context.owner = model.item;
  for (const Condition &condition : model.conditions)
    facts.assume(condition);
  for (const auto &sub : model.subs)
    subValue(*sub, nullptr);
  for (const auto &[name, constant] : model.constants)
    evalConst(*constant, constant->item->name.range);
}

void Elaborator::checkConst(ConstDecl &constant) {
  begin(*constant.module, nullptr, nullptr);
  context.owner = constant.item;
  evalConst(constant, constant.item->name.range);
}

//===- Weights ----------------------------------------------------------------------------------------------------===//

/// A weight's type with the sizes of its instance, its batch dims as the frame knows them.
Type Elaborator::weightType(const Instance *instance, const ParamDecl &param) {
  Type type = param.type;
  for (CoreDim &dim : type.core) {
    std::map<std::string, Dim> values;
    for (const std::string &symbol : dim.size.symbols())
      if (const DimEntity *entity = context.entityOf(symbol))
        values[symbol] = sizeFor(instance, *entity);
    Dim size = dim.size.substitute(values);
    if (instance != frame->self && !(size == dim.size)) // the instance's names mean nothing out here
      dim.text.clear(), dim.entity = nullptr;
    dim.size = size;
  }
  if (instance == frame->self || !instance || !instance->outward)
    return type;
  for (const DimEntity *&dim : type.batch) {
    auto outward = instance->outward->find(dim);
    if (outward != instance->outward->end())
      dim = outward->second;
  }
  return type;
}

/// The type of a weight in the file: static batch dims are dims like any other.
TensorType Elaborator::staticType(const Type &type) {
  TensorType result;
  result.dtype = type.dtype;
  for (const DimEntity *dim : type.batch)
    result.core.push_back(sizeOf(*dim));
  for (const CoreDim &dim : type.core)
    result.core.push_back(dim.size);
  return result;
}

Weight Elaborator::weightOf(const Instance *instance, const ParamDecl &param, const TensorType &type) const {
  const ParamItem &item = *param.item;
  Weight weight;
  weight.path = (instance ? instance->path : "") + item.name.name;
  weight.prefix = instance ? instance->from : "";
  weight.from = weight.prefix + (item.from ? item.from->value : item.name.name);
  weight.root = instance ? instance->root : "";
  if (instance)
    weight.rootLocation = context.location(instance->rootRange);
  weight.isNamed = item.from || (instance && instance->isNamed);
  weight.type = type;
  weight.location = context.location(item.name.range);
  weight.typeLocation = context.location(item.type.range);
  weight.declared = item.name.name + ": " + context.text(item.type.range);
  return weight;
}

/// Params of two models that only happen to have one path are more often two tensors than one.
void Elaborator::warnOfShared(const Weight &first, const Weight &second) {
  if (checking || first.isNamed || second.isNamed)
    return;
  const Sources &sources = context.diagnostics.sources();
  if (first.location == second.location) {
    warnOfSharedSubs(first, second);
    return;
  }
  SourceRange place = rangeOf(first.location, sources);
  context.diagnostics
      .warning("shared-weight", rangeOf(second.location, sources),
               "two params are one tensor: `" + second.path + "` of `" + second.root + "` and of `" + first.root + "`")
      .note("the other stands at " + context.at(place), place)
      .help("where they are two, call an instance, `sub name: " + second.root + "`, whose weights are `name." +
            second.path + "`; where one is meant, say `from \"" + second.from + "\"`");
}

/// Two subs of one model and name stand in two files.
void Elaborator::warnOfSharedSubs(const Weight &first, const Weight &second) {
  const Sources &sources = context.diagnostics.sources();
  SourceRange place = rangeOf(first.rootLocation, sources), other = rangeOf(second.rootLocation, sources);
  if (first.root != second.root || first.rootLocation == second.rootLocation)
    return;
  for (const Diagnostic &known : context.diagnostics.all()) // by the first of their weights
    if (known.code.ends_with("-Wshared-weight") && known.range && known.range->file == other.file &&
        known.range->begin == other.begin)
      return;
  context.diagnostics
      .warning("shared-weight", other, "two subs are called `" + second.root + "`, so that their weights are one")
      .note("the other stands at " + context.at(place), place)
      .help("where they are two, give one of them another name; where one is meant, say `from \"" + second.root +
            "\"`");
}

/// A weight of an instance, or the leaf of the tree that it is bound to.
Value Elaborator::weight(Instance *instance, ParamDecl &param, SourceRange range) {
  param.read = true;
  if (param.type.poisoned)
    return Value();
  Value here;
  here.kind = Value::Tensor;
  here.type = weightType(instance, param);
  const std::string &name = param.item->name.name;
  if (instance && instance->tree) {
    const Value &leaf = instance->tree->at(name);
    here.id = leaf.id;
    here.loop = leaf.loop;
    here.type.batch.insert(here.type.batch.begin(), instance->treeBatch.begin(), instance->treeBatch.end());
    return here;
  }
  std::string from = (instance ? instance->from : "") + (param.item->from ? param.item->from->value : name);
  auto known = usedWeights.find(from);
  TensorType wanted = staticType(here.type);
  if (!checking)
    for (const Dim &size : wanted.core)
      if (!size.isConstant()) { // the declaration is of a generic, to which a `sub` gives a runtime size
        context.error("E0215", param.item->type.range, "a weight has static sizes; this is " + wanted.str() + " here")
            .label("`" + str(size) + "` is a runtime size");
        return Value();
      }
  if (known != usedWeights.end()) {
    if (known->second.weight.type == wanted) {
      warnOfShared(known->second.weight, weightOf(instance, param, wanted));
      return renamed(known->second.value, here, range);
    }
    context
        .error("E0503", param.item->type.range,
               "tensor `" + from + "` is bound with two types, " + known->second.weight.type.str() + " and " +
                   wanted.str())
        .note("first by `" + known->second.weight.path + "` at " + context.at(known->second.range));
    return Value();
  }
  here.id = newValue(here, param.item->name.range);
  UsedWeight used;
  used.value = here;
  used.range = param.item->type.range;
  if (instance) {
    used.position = instance->order;
    used.position.push_back(memberIndex(*instance->model, param.item));
  }
  used.weight = weightOf(instance, param, wanted);
  usedWeights[from] = used;
  return here;
}

} // namespace batten::frontend
