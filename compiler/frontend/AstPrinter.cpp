// AstPrinter.cpp - the syntax tree as indented s-expressions.
//
// The tree becomes lists of lists first; a list is written on one line if it fits and with its elements beneath each
// other if not. Types, dims and patterns are written as in the source. A chain of one operator is `(+ a b c)`, a mixed
// one `(chain a + b - c)`.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/AstPrinter.h"

#include <charconv>

namespace batten::frontend {

//===- Lists ------------------------------------------------------------------------------------------------------===//

namespace {

// (head elements...), or a lone word when `isList` is false.
struct Node {
  std::string head;
  std::vector<Node> elements;
  bool isList = false;
  size_t width = 0; // on one line

  static Node word(std::string text) {
    size_t width = text.size();
    return {std::move(text), {}, false, width};
  }

  static Node list(std::string head) {
    Node node{std::move(head), {}, true, 0};
    node.width = node.head.size() + 2;
    return node;
  }

  Node &add(Node element) {
    width += 1 + element.width;
    elements.push_back(std::move(element));
    return *this;
  }
  Node &add(std::string text) { return add(word(std::move(text))); }
};

void write(const Node &node, size_t indent, size_t closing, std::string &text) {
  constexpr size_t columns = 100;
  text += (node.isList ? "(" : "") + node.head;
  bool fits = indent + node.width + closing <= columns;
  for (size_t i = 0; i < node.elements.size(); ++i) {
    const Node &element = node.elements[i];
    // Words stay on the line of their head; the first list begins the column.
    bool inLine = fits || (!element.isList && text.back() != ')');
    text += inLine ? " " : "\n" + std::string(indent + 2, ' ');
    write(element, inLine ? 0 : indent + 2, i + 1 == node.elements.size() ? closing + 1 : 0, text);
  }
  text += node.isList ? ")" : "";
}

//===- Expressions ------------------------------------------------------------------------------------------------===//

Node build(const Expr &expr);
Node build(const Block &block);

Node build(const ChainExpr &chain) {
  bool uniform = true;
  for (const ChainLink &link : chain.links)
    uniform = uniform && link.op == chain.links[0].op;
  Node node = Node::list(uniform ? spelling(chain.links[0].op) : "chain");
  node.add(build(*chain.first));
  for (const ChainLink &link : chain.links) {
    if (!uniform)
      node.add(spelling(link.op));
    node.add(build(*link.operand));
  }
  return node;
}

Node build(const OverAxes &axes) {
  static const char *const kinds[] = {"batch", "last", "core", nullptr};
  Node node = Node::list("over");
  if (const char *kind = kinds[size_t(axes.kind)])
    node.add(kind);
  if (axes.kind == OverAxes::Kind::Last)
    node.add(std::to_string(axes.count));
  for (const Identifier &name : axes.names)
    node.add(name.name);
  return node;
}

Node build(const CallExpr &call) {
  Node node = Node::list("call");
  node.add(build(*call.callee));
  for (const CallArgument &argument : call.arguments) {
    Node value = build(*argument.value);
    if (argument.name) {
      Node named = Node::list(argument.name->name + ":");
      named.add(std::move(value));
      value = std::move(named);
    }
    node.add(std::move(value));
    if (argument.over)
      node.add(build(*argument.over));
  }
  if (call.tree) {
    Node tree = Node::list("tree");
    tree.add(build(*call.tree));
    node.add(std::move(tree));
  }
  return node;
}

Node build(const IndexExpr &index) {
  Node node = Node::list(index.hasBar ? "index" : "index-without-bar");
  node.add(build(*index.base));
  for (const Slice &slice : index.slices) {
    if (!slice.isRange) {
      node.add(build(*slice.index));
      continue;
    }
    Node range = Node::list("range");
    range.add(slice.lower ? build(*slice.lower) : Node::word("_"));
    range.add(slice.upper ? build(*slice.upper) : Node::word("_"));
    node.add(std::move(range));
  }
  return node;
}

Node build(const GradExpr &grad) {
  Node node = Node::list("grad");
  node.add(build(*grad.value)).add(build(*grad.wrt));
  if (grad.seed)
    node.add(build(*grad.seed));
  return node;
}

Node build(const EachExpr &each) {
  Node node = Node::list("each");
  for (const EachBinding &binding : each.bindings) {
    Node in = Node::list("in");
    node.add(std::move(in.add(binding.name.name).add(build(*binding.tree))));
  }
  return std::move(node.add(build(each.body)));
}

Node list(const char *head, const std::vector<ExprPtr> &elements) {
  Node node = Node::list(head);
  for (const ExprPtr &element : elements)
    node.add(build(*element));
  return node;
}

Node build(const Expr &expr) {
  switch (expr.kind) {
  case ExprKind::Number:
    return Node::word(cast<NumberExpr>(expr).text);
  case ExprKind::Bool:
    return Node::word(cast<BoolExpr>(expr).value ? "true" : "false");
  case ExprKind::Inf:
    return Node::word("inf");
  case ExprKind::Name:
    return Node::word(cast<NameExpr>(expr).name);
  case ExprKind::DType:
    return Node::word(cast<DTypeExpr>(expr).dtype.name);
  case ExprKind::Tuple:
    return list("tuple", cast<TupleExpr>(expr).elements);
  case ExprKind::Array:
    return list("array", cast<ArrayExpr>(expr).elements);
  case ExprKind::Unary: {
    const auto &unary = cast<UnaryExpr>(expr);
    return std::move(Node::list(spelling(unary.op)).add(build(*unary.operand)));
  }
  case ExprKind::Chain:
    return build(cast<ChainExpr>(expr));
  case ExprKind::Cast: {
    const auto &cast_ = cast<CastExpr>(expr);
    return std::move(Node::list("as").add(build(*cast_.operand)).add(cast_.dtype.name));
  }
  case ExprKind::Member: {
    const auto &member = cast<MemberExpr>(expr);
    return std::move(Node::list(".").add(build(*member.base)).add(member.name.name));
  }
  case ExprKind::Call:
    return build(cast<CallExpr>(expr));
  case ExprKind::Index:
    return build(cast<IndexExpr>(expr));
  case ExprKind::Fill: {
    const auto &fill = cast<FillExpr>(expr);
    Node node = Node::list(fill.zeros ? "zeros" : "fill");
    node.add(toString(fill.type));
    return fill.zeros ? node : std::move(node.add(build(*fill.value)));
  }
  case ExprKind::Rearrange: {
    const auto &rearrange = cast<RearrangeExpr>(expr);
    Node node = Node::list("rearrange");
    node.add(build(*rearrange.operand)).add(toString(rearrange.from)).add("->").add(toString(rearrange.to));
    return node;
  }
  case ExprKind::Grad:
    return build(cast<GradExpr>(expr));
  case ExprKind::Each:
    return build(cast<EachExpr>(expr));
  }
  return Node::word("?");
}

//===- Statements -------------------------------------------------------------------------------------------------===//

void addStatements(Node &node, const std::vector<StmtPtr> &statements);

Node build(const ForStmt &loop) {
  Node node = Node::list("for");
  for (const Identifier &name : loop.names)
    node.add(name.name);
  for (const ForIterator &iterator : loop.iterators) {
    Node in = Node::list("in");
    in.add(build(*iterator.lower));
    if (iterator.upper)
      in.add(build(*iterator.upper));
    node.add(std::move(in));
  }
  addStatements(node, loop.body);
  return node;
}

Node binding(const char *head, const std::vector<Identifier> &names, const std::optional<TypeExpr> &type) {
  Node node = Node::list(head);
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

Node build(const Stmt &statement) {
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
    Node node = Node::list("expect");
    node.add(build(*expect.actual)).add(build(*expect.expected));
    if (expect.tolerance)
      node.add(shortest(*expect.tolerance));
    return node;
  }
  }
  return Node::word("?");
}

void addStatements(Node &node, const std::vector<StmtPtr> &statements) {
  for (const StmtPtr &statement : statements)
    node.add(build(*statement));
}

Node build(const Block &block) {
  Node node = Node::list("block");
  addStatements(node, block.statements);
  return std::move(node.add(list("return", block.results)));
}

//===- Items ------------------------------------------------------------------------------------------------------===//

void addAttributes(Node &node, const Item &item) {
  for (const AttributeNode &attribute : item.attributes) {
    Node entry = Node::list("#" + attribute.name.name);
    for (const AttributeToken &token : attribute.arguments)
      entry.add(token.kind == AttributeToken::Kind::String ? "\"" + token.text + "\"" : token.text);
    node.add(std::move(entry));
  }
}

void addGenerics(Node &node, const std::vector<Identifier> &generics, const std::vector<DimCondition> &conditions) {
  if (!generics.empty()) {
    Node entry = Node::list("generic");
    for (const Identifier &name : generics)
      entry.add(name.name);
    node.add(std::move(entry));
  }
  for (const DimCondition &condition : conditions) {
    Node entry = Node::list("where");
    entry.add(toString(*condition.lhs) + " " + spelling(condition.relation) + " " + toString(*condition.rhs));
    node.add(std::move(entry));
  }
}

Node build(const DimItem &item) {
  Node node = Node::list("dim");
  for (const DimDefinition &definition : item.definitions) {
    bool isStatic = definition.kind == DimDefinition::Kind::Static;
    std::string text = definition.name.name;
    if (definition.value)
      text += (isStatic ? " = " : " <= ") + toString(*definition.value);
    node.add(Node::list(text));
  }
  return node;
}

Node build(const FunctionItem &item) {
  Node node = Node::list("fn");
  node.add(item.name.name);
  if (item.isPublic)
    node.add("pub");
  addAttributes(node, item);
  addGenerics(node, item.generics, item.conditions);
  for (const Parameter &parameter : item.parameters) {
    Node entry = Node::list(parameter.isInout ? "inout" : "parameter");
    node.add(std::move(entry.add(parameter.name.name).add(toString(parameter.type))));
  }
  Node results = Node::list("result");
  for (const TypeExpr &type : item.results)
    results.add(toString(type));
  node.add(std::move(results));
  addStatements(node, item.body.statements);
  return std::move(node.add(list("return", item.body.results)));
}

Node build(const Item &item);

Node build(const ModelItem &item) {
  Node node = Node::list("model");
  node.add(item.name.name);
  addAttributes(node, item);
  addGenerics(node, item.generics, item.conditions);
  for (const ItemPtr &member : item.members)
    node.add(build(*member));
  return node;
}

void addFrom(Node &node, const std::optional<StringLiteral> &from) {
  if (from)
    node.add("from \"" + from->value + "\"");
}

Node build(const SubItem &item) {
  Node node = Node::list("sub");
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

Node build(const TestItem &item) {
  Node node = Node::list("test");
  node.add("\"" + item.name.value + "\"");
  for (const TestBinding &binding : item.bindings)
    node.add(Node::list(binding.dim.name + " = " + std::to_string(binding.value)));
  addStatements(node, item.body);
  return node;
}

// Those with attributes of their own place, or too short to have a function.
Node build(const Item &item) {
  switch (item.kind) {
  case ItemKind::Function:
    return build(cast<FunctionItem>(item));
  case ItemKind::Model:
    return build(cast<ModelItem>(item));
  default:
    break;
  }
  Node node = Node::word("?");
  if (const auto *import = dynCast<ImportItem>(item)) {
    node = Node::list("import").add("\"" + import->path.value + "\"");
    if (import->alias)
      node.add(import->alias->name);
  } else if (const auto *dim = dynCast<DimItem>(item)) {
    node = build(*dim);
  } else if (const auto *alias = dynCast<TypeAliasItem>(item)) {
    node = Node::list("type").add(alias->name.name).add(toString(alias->type));
  } else if (const auto *constant = dynCast<ConstItem>(item)) {
    node = Node::list("const").add(constant->name.name).add(toString(constant->type)).add(build(*constant->value));
  } else if (const auto *param = dynCast<ParamItem>(item)) {
    node = Node::list("param").add(param->name.name).add(toString(param->type));
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
