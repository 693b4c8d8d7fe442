// ElaborateTrees.cpp - parameter trees: their shapes, instances that are bound to one, members and `each` (R12).
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Elaborate.h"

#include <algorithm>

namespace batten::frontend {

Instance *Elaborator::withTree(Instance *instance, const Value &tree) {
  auto bound = std::make_unique<Instance>(*instance);
  bound->tree = std::make_shared<std::map<std::string, Value>>();
  bound->treeBatch = tree.type.batch;
  bound->subs.clear();
  for (size_t i = 0; i < tree.elements.size(); ++i)
    (*bound->tree)[tree.type.tree->leaves[i].path] = tree.elements[i];
  instancePool.push_back(std::move(bound));
  return instancePool.back().get();
}

void Elaborator::collectLeaves(Instance &instance, const std::string &prefix, TreeShape &shape) {
  for (const Item *member : instance.model->members) {
    if (const auto *param = dynCast<ParamItem>(*member)) {
      ParamDecl &decl = *instance.model->param(param->name.name);
      decl.read = true; // with all of the tree
      shape.leaves.push_back({prefix + param->name.name, weightType(&instance, decl)});
      continue;
    }
    const SubItem &sub = cast<SubItem>(*member);
    Value value = subValue(*instance.model->sub(sub.name.name), &instance);
    if (value.kind == Value::Instance)
      shape.parts[prefix + sub.name.name] = value.instance->model->item->name.name;
    std::vector<Instance *> elements =
        value.kind == Value::Instances ? value.instances : std::vector<Instance *>{value.instance};
    for (size_t i = 0; i < elements.size(); ++i)
      if (elements[i])
        collectLeaves(*elements[i], prefix + sub.name.name + (sub.count ? "." + std::to_string(i) : "") + ".", shape);
  }
}

TreeShape Elaborator::treeShape(ModelDecl &model, SourceRange use) {
  TreeShape shape;
  shape.model = model.item->name.name;
  begin(*model.module, nullptr, nullptr);
  if (Instance *instance = directInstance(model, use))
    collectLeaves(*instance, "", shape);
  return shape;
}

const TreeShape *Context::treeOf(ModelDecl &model, SourceRange use) {
  if (model.tree)
    return &*model.tree;
  if (!model.generics.empty()) {
    error("E0218", use, "`" + model.item->name.name + ".params`: the model's generics cannot be inferred")
        .note("declared at " + at(model.item->name.range), model.item->name.range);
    return nullptr;
  }
  TreeShape shape = Elaborator(*this, /*checking=*/true).treeShape(model, use);
  for (const Leaf &leaf : shape.leaves)
    if (leaf.type.poisoned)
      return nullptr;
  model.tree = std::move(shape);
  return &*model.tree;
}

/// `p.w1`, or `p.mlp`: the part of the tree that belongs to a sub.
Value Elaborator::treeMember(const Value &tree, const MemberExpr &expr) {
  const std::string &name = expr.name.name;
  const TreeShape &shape = *tree.type.tree;
  for (size_t i = 0; i < tree.elements.size(); ++i)
    if (shape.leaves[i].path == name)
      return tree.elements[i];
  if (shape.parts.count(name)) {
    Value part;
    part.kind = Value::Tree;
    part.type.tree = context.partOf(shape, name);
    part.type.batch = tree.type.batch;
    for (size_t i = 0; i < tree.elements.size(); ++i)
      if (shape.leaves[i].path.rfind(name + ".", 0) == 0)
        part.elements.push_back(tree.elements[i]);
    return part;
  }
  std::vector<std::string> names;
  for (const Leaf &leaf : shape.leaves)
    if (std::string first = leaf.path.substr(0, leaf.path.find('.')); names.empty() || names.back() != first)
      names.push_back(first);
  Diagnostic &error =
      context.notFound("E0105", expr.name.range, name, "cannot find `" + name + "` in " + str(tree.type));
  if (std::optional<std::string> similar = nearest(name, names))
    error.help("did you mean `" + *similar + "`?");
  else
    error.note("it has " + joined(names));
  return Value();
}

const TreeShape *Context::partOf(const TreeShape &shape, const std::string &name) {
  TreeShape &part = treeParts[{&shape, name}];
  if (!part.model.empty())
    return &part;
  part.model = shape.parts.at(name);
  for (const Leaf &leaf : shape.leaves)
    if (leaf.path.rfind(name + ".", 0) == 0)
      part.leaves.push_back({leaf.path.substr(name.size() + 1), leaf.type});
  for (const auto &[path, model] : shape.parts)
    if (path.rfind(name + ".", 0) == 0)
      part.parts[path.substr(name.size() + 1)] = model;
  return &part;
}

/// What an `each` maps over: trees of one model.
std::optional<std::vector<Value>> Elaborator::treesOf(const EachExpr &expr) {
  std::vector<Value> trees;
  for (const EachBinding &binding : expr.bindings) {
    Value tree = eval(*binding.tree);
    if (tree.poisoned())
      return std::nullopt;
    if (tree.kind != Value::Tree) {
      Diagnostic &error = context.error("E0215", binding.tree->range, "`each` maps over parameter trees");
      if (tree.kind == Value::Tensor)
        error.label("this is " + str(tree.type));
      return std::nullopt;
    }
    if (!trees.empty() && !sameShape(tree.type.tree, trees[0].type.tree)) {
      context.error("E0215", binding.tree->range,
                    "`each` maps over trees of one model, found " + str(tree.type) + " beside " + str(trees[0].type));
      return std::nullopt;
    }
    trees.push_back(std::move(tree));
  }
  return trees;
}

/// Puts one result of the body, number `index`, into the tree that it makes: the leaf's type with, as in all leaves
/// before it, some batch dims more to the left.
bool Elaborator::appendMapped(const EachExpr &expr, const Leaf &leaf, size_t index, const Value &given, Value &mapped) {
  Value result = tensor(given, leaf.type.dtype, expr.body.results[0]->range);
  if (result.poisoned())
    return false;
  Type own = toHere(leaf.type), stripped = result.type;
  bool isTensor = result.kind == Value::Tensor;
  size_t more = isTensor && stripped.batch.size() >= own.batch.size() ? stripped.batch.size() - own.batch.size() : 0;
  BatchList front(stripped.batch.begin(), stripped.batch.begin() + long(more));
  stripped.batch.erase(stripped.batch.begin(), stripped.batch.begin() + long(more));
  bool first = mapped.elements.empty();
  if (!isTensor || !sameType(stripped, own) || (!first && front != mapped.type.batch)) {
    context
        .error("E0215", expr.body.results[std::min(index, expr.body.results.size() - 1)]->range,
               "`each` gives a tree again, so leaf `" + leaf.path + "` must be " + str(own, true))
        .label(isTensor ? "this is " + str(result.type, true) : "this is no tensor");
    return false;
  }
  mapped.type.batch = front;
  mapped.elements.push_back(std::move(result));
  return true;
}

/// `each w in p, d in g { return ... }`: the body once a leaf.
Value Elaborator::evalEach(const EachExpr &expr) {
  std::optional<std::vector<Value>> trees = treesOf(expr);
  if (!trees)
    return Value();
  const TreeShape &shape = *(*trees)[0].type.tree;
  Value empty;
  empty.kind = Value::Tree;
  empty.type.tree = &shape;
  std::vector<Value> mapped(expr.body.results.size(), empty); // one a result of the body
  for (size_t leaf = 0; leaf < shape.leaves.size(); ++leaf) {
    size_t scope = frame->locals.size();
    for (size_t i = 0; i < trees->size(); ++i) {
      Local local;
      local.value = (*trees)[i].elements[leaf];
      declareLocal(expr.bindings[i].name, std::move(local));
    }
    std::vector<Value> results = runBlock(expr.body, {});
    frame->locals.resize(scope);
    mapped.resize(results.size(), empty);
    for (size_t i = 0; i < results.size(); ++i)
      if (!appendMapped(expr, shape.leaves[leaf], i, results[i], mapped[i]))
        return Value();
  }
  return mapped.size() == 1 ? mapped[0] : tupleOf(std::move(mapped));
}

/// The sum of the squares of all leaves, right of the bar only.
Value Elaborator::opSqNorm(OpCall &call) {
  Operand tree{eval(*call.given[0]), call.operands[0].range};
  if (tree.value.poisoned())
    return Value();
  std::vector<Operand> leaves;
  if (tree.value.kind == Value::Tree || tree.value.kind == Value::Tuple)
    for (const Value &leaf : tree.value.elements)
      leaves.push_back({leaf, tree.range});
  else
    leaves.push_back(tree);
  if (leaves.empty()) {
    context.error("E0215", tree.range, "`sq_norm` of a tree without leaves has no dtype")
        .label("this is " + str(tree.value.type))
        .note("the model has no `param`");
    return Value();
  }
  std::vector<Operand *> all;
  std::vector<const Operand *> operands;
  std::vector<const Value *> values;
  for (Operand &leaf : leaves)
    all.push_back(&leaf);
  if (!meet("sq_norm", call.name, all))
    return Value();
  for (Operand &leaf : leaves) {
    if (!isTensor("sq_norm", call.name, leaf) || !requireFloat("sq_norm", call.name, leaf))
      return Value();
    operands.push_back(&leaf);
    values.push_back(&leaf.value);
  }
  std::optional<BatchList> batch = combine("sq_norm", call.name, operands, false);
  if (!batch)
    return Value();
  Type type;
  type.dtype = leaves[0].value.type.dtype;
  type.batch = *batch;
  return emit(call.expr->range, "sq_norm", values, type);
}

} // namespace batten::frontend
