// AstPrinter.cpp - the syntax tree as indented s-expressions.
//
// The tree becomes lists of lists first (NestedList.h). Types, dims and patterns are written as in the source. A chain
// of one operator is `(+ a b c)`, a mixed one `(chain a + b - c)`.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/AstPrinter.h"
#include "compiler/frontend/NestedList.h"

#include <charconv>

namespace batten::frontend {

namespace {

//===- Expressions ------------------------------------------------------------------------------------------------===//

NestedList build(const Expr &expr);
NestedList build(const Block &block);

NestedList build(const ChainExpr &chain) {
  bool uniform = true;
  for (const ChainLink &link : chain.links)
    uniform = uniform && link.op == chain.links[0].op;
  NestedList node = NestedList::list(uniform ? spelling(chain.links[0].op) : "chain");
  node.add(build(*chain.first));
  for (const ChainLink &link : chain.links) {
    if (!uniform)
      node.add(spelling(link.op));
    node.add(build(*link.operand));
  }
  return node;
}

NestedList build(const OverAxes &axes) {
  static const char *const kinds[] = {"batch", "last", "core", nullptr};
  NestedList node = NestedList::list("over");
  if (const char *kind = kinds[size_t(axes.kind)])
    node.add(kind);
  if (axes.kind == OverAxes::Kind::Last)
    node.add(std::to_string(axes.count));
  for (const Identifier &name : axes.names)
    node.add(name.name);
  return node;
}

NestedList build(const CallExpr &call) {
  NestedList node = NestedList::list("call");
  node.add(build(*call.callee));
  for (const CallArgument &argument : call.arguments) {
    NestedList value = build(*argument.value);
    if (argument.name) {
      NestedList named = NestedList::list(argument.name->name + ":");
      named.add(std::move(value));
      value = std::move(named);
    }
    node.add(std::move(value));
    if (argument.over)
      node.add(build(*argument.over));
  }
  if (call.tree) {
    NestedList tree = NestedList::list("tree");
    tree.add(build(*call.tree));
    node.add(std::move(tree));
  }
  return node;
}

NestedList build(const IndexExpr &index) {
  NestedList node = NestedList::list(index.hasBar ? "index" : "index-without-bar");
  node.add(build(*index.base));
  for (const Slice &slice : index.slices) {
    if (!slice.isRange) {
      node.add(build(*slice.index));
      continue;
    }
    NestedList range = NestedList::list("range");
    range.add(slice.lower ? build(*slice.lower) : NestedList::word("_"));
    range.add(slice.upper ? build(*slice.upper) : NestedList::word("_"));
    node.add(std::move(range));
  }
  return node;
}

NestedList build(const GradExpr &grad) {
  NestedList node = NestedList::list("grad");
  node.add(build(*grad.value)).add(build(*grad.wrt));
  if (grad.seed)
    node.add(build(*grad.seed));
  return node;
}

NestedList build(const EachExpr &each) {
  NestedList node = NestedList::list("each");
  for (const EachBinding &binding : each.bindings) {
    NestedList in = NestedList::list("in");
    node.add(std::move(in.add(binding.name.name).add(build(*binding.tree))));
  }
  return std::move(node.add(build(each.body)));
}

NestedList list(const char *head, const std::vector<ExprPtr> &elements) {
  NestedList node = NestedList::list(head);
  for (const ExprPtr &element : elements)
    node.add(build(*element));
  return node;
}

NestedList build(const Expr &expr) {
  switch (expr.kind) {
  case ExprKind::Number:
    return NestedList::word(cast<NumberExpr>(expr).text);
  case ExprKind::Bool:
    return NestedList::word(cast<BoolExpr>(expr).value ? "true" : "false");
  case ExprKind::Inf:
    return NestedList::word("inf");
  case ExprKind::Name:
    return NestedList::word(cast<NameExpr>(expr).name);
  case ExprKind::DType:
    return NestedList::word(cast<DTypeExpr>(expr).dtype.name);
  case ExprKind::Tuple:
    return list("tuple", cast<TupleExpr>(expr).elements);
  case ExprKind::Array:
    return list("array", cast<ArrayExpr>(expr).elements);
  case ExprKind::Unary: {
    const auto &unary = cast<UnaryExpr>(expr);
    return std::move(NestedList::list(spelling(unary.op)).add(build(*unary.operand)));
  }
  case ExprKind::Chain:
    return build(cast<ChainExpr>(expr));
  case ExprKind::Cast: {
    const auto &cast_ = cast<CastExpr>(expr);
    return std::move(NestedList::list("as").add(build(*cast_.operand)).add(cast_.dtype.name));
  }
  case ExprKind::Member: {
    const auto &member = cast<MemberExpr>(expr);
    return std::move(NestedList::list(".").add(build(*member.base)).add(member.name.name));
  }
  case ExprKind::Call:
    return build(cast<CallExpr>(expr));
  case ExprKind::Index:
    return build(cast<IndexExpr>(expr));
  case ExprKind::Fill: {
    const auto &fill = cast<FillExpr>(expr);
    NestedList node = NestedList::list(fill.zeros ? "zeros" : "fill");
    node.add(toString(fill.type));
    return fill.zeros ? node : std::move(node.add(build(*fill.value)));
  }
  case ExprKind::Rearrange: {
    const auto &rearrange = cast<RearrangeExpr>(expr);
    NestedList node = NestedList::list("rearrange");
    node.add(build(*rearrange.operand)).add(toString(rearrange.from)).add("->").add(toString(rearrange.to));
    return node;
  }
  case ExprKind::Grad:
    return build(cast<GradExpr>(expr));
  case ExprKind::Each:
    return build(cast<EachExpr>(expr));
  }
  return NestedList::word("?");
}

//===- Statements -------------------------------------------------------------------------------------------------===//

void addStatements(NestedList &node, const std::vector<StmtPtr> &statements);

NestedList build(const ForStmt &loop) {
  NestedList node = NestedList::list("for");
  for (const Identifier &name : loop.names)
    node.add(name.name);
  for (const ForIterator &iterator : loop.iterators) {
    NestedList in = NestedList::list("in");
    in.add(build(*iterator.lower));
    if (iterator.upper)
      in.add(build(*iterator.upper));
    node.add(std::move(in));
  }
  addStatements(node, loop.body);
  return node;
}

NestedList binding(const char *head, const std::vector<Identifier> &names, const std::optional<TypeExpr> &type) {
  NestedList node = NestedList::list(head);
  for (const Identifier &name : names)
    node.add(name.name);
  if (type)
    node.add(": " + toString(*type));
  return node;
}

std::string shortest(double value) {
  char buffer[32];
  return std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

NestedList build(const Stmt &statement) {
  switch (statement.kind) {
  case StmtKind::Let: {
    const auto &let = cast<LetStmt>(statement);
    return std::move(binding("let", let.names, let.type).add(build(*let.value)));
  }
  case StmtKind::Var: {
    const auto &var = cast<VarStmt>(statement);
    return std::move(binding("var", {var.name}, var.type).add(build(*var.value)));
  }
  case StmtKind::Assign: {
    const auto &assign = cast<AssignStmt>(statement);
    return std::move(binding("=", {assign.name}, std::nullopt).add(build(*assign.value)));
  }
  case StmtKind::For:
    return build(cast<ForStmt>(statement));
  case StmtKind::Expect: {
    const auto &expect = cast<ExpectStmt>(statement);
    NestedList node = NestedList::list("expect");
    node.add(build(*expect.actual)).add(build(*expect.expected));
    if (expect.tolerance)
      node.add(shortest(*expect.tolerance));
    return node;
  }
  }
  return NestedList::word("?");
}

void addStatements(NestedList &node, const std::vector<StmtPtr> &statements) {
  for (const StmtPtr &statement : statements)
    node.add(build(*statement));
}

NestedList build(const Block &block) {
  NestedList node = NestedList::list("block");
  addStatements(node, block.statements);
  return std::move(node.add(list("return", block.results)));
}

//===- Items ------------------------------------------------------------------------------------------------------===//

void addAttributes(NestedList &node, const Item &item) {
  for (const AttributeNode &attribute : item.attributes) {
    NestedList entry = NestedList::list("#" + attribute.name.name);
    for (const AttributeToken &token : attribute.arguments)
      entry.add(token.kind == AttributeToken::Kind::String ? "\"" + token.text + "\"" : token.text);
    node.add(std::move(entry));
  }
}

void addGenerics(NestedList &node, const std::vector<Identifier> &generics,
                 const std::vector<DimCondition> &conditions) {
  if (!generics.empty()) {
    NestedList entry = NestedList::list("generic");
    for (const Identifier &name : generics)
      entry.add(name.name);
    node.add(std::move(entry));
  }
  for (const DimCondition &condition : conditions) {
    NestedList entry = NestedList::list("where");
    entry.add(toString(*condition.lhs) + " " + spelling(condition.relation) + " " + toString(*condition.rhs));
    node.add(std::move(entry));
  }
}

NestedList build(const DimItem &item) {
  NestedList node = NestedList::list("dim");
  for (const DimDefinition &definition : item.definitions) {
    bool isStatic = definition.kind == DimDefinition::Kind::Static;
    std::string text = definition.name.name;
    if (definition.value)
      text += (isStatic ? " = " : " <= ") + toString(*definition.value);
    node.add(NestedList::list(text));
  }
  return node;
}

NestedList build(const FunctionItem &item) {
  NestedList node = NestedList::list("fn");
  node.add(item.name.name);
  if (item.isPublic)
    node.add("pub");
  addAttributes(node, item);
  addGenerics(node, item.generics, item.conditions);
  for (const Parameter &parameter : item.parameters) {
    NestedList entry = NestedList::list(parameter.isInout ? "inout" : "parameter");
    node.add(std::move(entry.add(parameter.name.name).add(toString(parameter.type))));
  }
  NestedList results = NestedList::list("result");
  for (const TypeExpr &type : item.results)
    results.add(toString(type));
  node.add(std::move(results));
  addStatements(node, item.body.statements);
  return std::move(node.add(list("return", item.body.results)));
}

NestedList build(const Item &item);

NestedList build(const ModelItem &item) {
  NestedList node = NestedList::list("model");
  node.add(item.name.name);
  addAttributes(node, item);
  addGenerics(node, item.generics, item.conditions);
  for (const ItemPtr &member : item.members)
    node.add(build(*member));
  return node;
}

void addFrom(NestedList &node, const std::optional<StringLiteral> &from) {
  if (from)
    node.add("from \"" + from->value + "\"");
}

NestedList build(const SubItem &item) {
  NestedList node = NestedList::list("sub");
  node.add(item.name.name + (item.count ? "[" + toString(*item.count) + "]" : ""));
  std::string model = toString(item.model), separator = "<";
  for (const DimExprPtr &argument : item.arguments) {
    model += separator + toString(*argument);
    separator = ", ";
  }
  node.add(model + (item.arguments.empty() ? "" : ">"));
  addFrom(node, item.from);
  return node;
}

NestedList build(const TestItem &item) {
  NestedList node = NestedList::list("test");
  node.add("\"" + item.name.value + "\"");
  for (const TestBinding &binding : item.bindings)
    node.add(NestedList::list(binding.dim.name + " = " + std::to_string(binding.value)));
  addStatements(node, item.body);
  return node;
}

// Those with attributes of their own place, or too short to have a function.
NestedList build(const Item &item) {
  switch (item.kind) {
  case ItemKind::Function:
    return build(cast<FunctionItem>(item));
  case ItemKind::Model:
    return build(cast<ModelItem>(item));
  default:
    break;
  }
  NestedList node = NestedList::word("?");
  if (const auto *import = dynCast<ImportItem>(item)) {
    node = NestedList::list("import").add("\"" + import->path.value + "\"");
    if (import->alias)
      node.add(import->alias->name);
  } else if (const auto *dim = dynCast<DimItem>(item)) {
    node = build(*dim);
  } else if (const auto *alias = dynCast<TypeAliasItem>(item)) {
    node = NestedList::list("type").add(alias->name.name).add(toString(alias->type));
  } else if (const auto *constant = dynCast<ConstItem>(item)) {
    node =
        NestedList::list("const").add(constant->name.name).add(toString(constant->type)).add(build(*constant->value));
  } else if (const auto *param = dynCast<ParamItem>(item)) {
    node = NestedList::list("param").add(param->name.name).add(toString(param->type));
    addFrom(node, param->from);
  } else if (const auto *sub = dynCast<SubItem>(item)) {
    node = build(*sub);
  } else if (const auto *test = dynCast<TestItem>(item)) {
    node = build(*test);
  }
  addAttributes(node, item);
  return node;
}

} // namespace

std::string printAst(const FileNode &file) {
  std::string text;
  for (const ItemPtr &item : file.items) {
    write(build(*item), 0, 0, text);
    text += "\n";
  }
  return text;
}

} // namespace batten::frontend
