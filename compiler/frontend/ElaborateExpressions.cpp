// ElaborateExpressions.cpp - names, members, brackets, casts and chains of operators.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Advice.h"
#include "compiler/frontend/Elaborate.h"

#include <algorithm>
#include <limits>

namespace batten::frontend {

/// Nested calls nest expressions too: the depth is counted across all that is inlined, for the compiler's own stack.
/// A call weighs as much as its frames do.
Value Elaborator::eval(const Expr &expr) {
  static constexpr unsigned maxDepth = 1024, callWeight = 4;
  unsigned weight = expr.kind == ExprKind::Call ? callWeight : 1;
  if (stopped)
    return Value();
  if (context.depth + weight > maxDepth) {
    if (!context.tooDeep)
      context.error("E0601", expr.range, "calls and expressions are nested too deep")
          .label("more than 200 calls within calls, or as much in expressions")
          .help("bind inner parts with `let`, call from a loop, or chain a sub array");
    context.tooDeep = true;
    stopped = true;
    return Value();
  }
  context.depth += weight;
  Value value = evalKind(expr);
  context.depth -= weight;
  return value;
}

Value Elaborator::evalKind(const Expr &expr) {
  switch (expr.kind) {
  case ExprKind::Number: {
    const auto &node = cast<NumberExpr>(expr);
    frontend::Number number;
    if (node.isInteger && node.integer <= uint64_t(INT64_MAX))
      return integer(Dim::constant(int64_t(node.integer)));
    if (node.isInteger) {
      context.error("E0302", expr.range, node.text + " does not fit in 64 bits");
      return Value();
    }
    number.real = true;
    number.value = node.real;
    return this->number(number);
  }
  case ExprKind::Inf: {
    frontend::Number number;
    number.real = number.infinite = true;
    number.value = std::numeric_limits<double>::infinity();
    return this->number(number);
  }
  case ExprKind::Bool:
    return constantBool(cast<BoolExpr>(expr).value, expr.range);
  case ExprKind::Name:
    return evalName(cast<NameExpr>(expr));
  case ExprKind::DType:
    context.error("E0105", expr.range, "a dtype is no value").help("cast with `x as " + context.text(expr.range) + "`");
    return Value();
  case ExprKind::Tuple: {
    std::vector<Value> elements;
    for (const ExprPtr &element : cast<TupleExpr>(expr).elements) {
      elements.push_back(eval(*element));
      if (elements.back().poisoned())
        return Value();
    }
    return tupleOf(std::move(elements));
  }
  case ExprKind::Array:
    return evalArray(cast<ArrayExpr>(expr));
  case ExprKind::Unary:
    return evalUnary(cast<UnaryExpr>(expr));
  case ExprKind::Chain:
    return evalChain(cast<ChainExpr>(expr));
  case ExprKind::Cast:
    return evalCast(cast<CastExpr>(expr));
  case ExprKind::Member:
    return evalMember(cast<MemberExpr>(expr));
  case ExprKind::Call:
    return evalCall(cast<CallExpr>(expr));
  case ExprKind::Index:
    return evalIndex(cast<IndexExpr>(expr));
  case ExprKind::Fill:
    return evalFill(cast<FillExpr>(expr));
  case ExprKind::Rearrange:
    return evalRearrange(cast<RearrangeExpr>(expr));
  case ExprKind::Grad:
    return evalGrad(cast<GradExpr>(expr));
  case ExprKind::Each:
    return evalEach(cast<EachExpr>(expr));
  }
  return Value();
}

//===- Names ------------------------------------------------------------------------------------------------------===//

std::vector<std::string> Elaborator::visibleNames(bool functions) {
  std::vector<std::string> names;
  for (const Local &local : frame->locals)
    names.push_back(local.name);
  if (const ModelDecl *model = frame->model) {
    for (const auto &param : model->params)
      names.push_back(param->item->name.name);
    for (const auto &sub : model->subs)
      names.push_back(sub->item->name.name);
    for (const auto &[name, constant] : model->constants)
      names.push_back(name);
    for (const auto &[name, function] : model->functions)
      if (functions)
        names.push_back(name);
  }
  for (const auto &[name, entry] : frame->module->names)
    if (functions || entry.kind == FileName::Const || entry.kind == FileName::Dim || entry.kind == FileName::Model ||
        entry.kind == FileName::Sub)
      names.push_back(name);
  return names;
}

Value Elaborator::unknownName(const std::string &name, SourceRange range) {
  Diagnostic &error = context.notFound("E0105", range, name, "cannot find `" + name + "`");
  error.label("no variable, parameter, constant or dim of this name");
  if (std::string advice = adviceForStatement(name); !advice.empty())
    error.help(advice);
  else if (std::optional<std::string> similar = nearest(name, visibleNames(false)))
    error.help("did you mean `" + *similar + "`?");
  return Value();
}

/// A dim as a number. An unbounded one is none: the result would depend on the batch size unseen.
Value Elaborator::evalDim(const DimEntity &dim, SourceRange range) {
  if (dim.poisoned)
    return Value();
  if (dim.kind == DimEntity::Unbounded) {
    context
        .error("E0219", range,
               "`" + dim.name +
                   "` has no bound, so it is no number: the result would depend on the "
                   "batch size unseen")
        .note("`" + dim.name + "` is bound at " + context.at(dim.range), dim.range)
        .help("bound it: `dim " + dim.name + " <= 4096`; to average over it write `mean(.. over batch " + dim.name +
              ")`");
    return Value();
  }
  if (checking && dim.kind == DimEntity::Generic && frame->function)
    frame->function->bounded.try_emplace(&dim, range);
  Value value = integer(sizeOf(dim));
  if (checking && (dim.kind == DimEntity::Bounded || dim.kind == DimEntity::Generic) && frame->function)
    frame->function->mixes.push_back({&dim, range});
  return value;
}

Value Elaborator::evalConst(ConstDecl &constant, SourceRange range) {
  if (constant.poisoned)
    return Value();
  if (constant.evaluating) {
    context.error("E0104", range, "constant `" + constant.item->name.name + "` is defined by itself");
    constant.poisoned = true;
    return Value();
  }
  constant.evaluating = true;
  Frame *outer = frame;
  begin(*constant.module, constant.owner, nullptr);
  Frame *inner = frame;
  inner->self = constant.owner == outer->model ? outer->self : nullptr;
  Type type = context.resolveType(constant.item->type, *constant.module, scopeHere(true));
  Value value = fit(eval(*constant.item->value), type, constant.item->value->range, "the constant");
  frame = outer;
  constant.evaluating = false;
  constant.poisoned |= checking && value.poisoned();
  return value;
}

/// An expression with the value that `name` has.
static std::string computedFrom(const Value &value, const std::string &name) {
  if (value.kind == Value::Tree)
    return "each w in " + name + " { return 1.0 * w }";
  if (value.type.dtype == DType::Bool)
    return name + " && " + name;
  return (isFloat(value.type.dtype) ? "1.0 * " : "1 * ") + name;
}

Value Elaborator::evalName(const NameExpr &expr) {
  const std::string &name = expr.name;
  if (Local *local = findLocal(name)) {
    if (local->dim)
      return evalDim(*local->dim, expr.range);
    if (local->decl)
      context.localDecls[*local->decl].read = true;
    const Value &value = local->value;
    auto old = consumed.find(value.kind == Value::Tree && !value.elements.empty() ? value.elements[0].id : value.id);
    // An `inout` that was given the value of another has it in a buffer of its own.
    if (checking && old != consumed.end() && value.kind != Value::Number && !local->inout) {
      context.error("E0109", expr.range, "`" + name + "` is the old value of what was updated in place")
          .label("used here")
          .note("updated at " + context.at(old->second), old->second)
          .help("take what you need from the old value before the update: `let kept = " +
                computedFrom(value, context.text(old->second)) + "` is a value of its own");
      return Value();
    }
    return value;
  }
  if (ModelDecl *model = frame->model) {
    if (ParamDecl *param = model->param(name))
      return weight(frame->self, *param, expr.range);
    if (SubDecl *sub = model->sub(name))
      return subValue(*sub, frame->self);
    auto constant = model->constants.find(name);
    if (constant != model->constants.end())
      return evalConst(*constant->second, expr.range);
    if (FunctionDecl *function = model->function(name)) {
      context.error("E0105", expr.range, "`" + name + "` is a function; call it")
          .note("declared at " + context.at(function->item->name.range));
      return Value();
    }
  }
  if (const DimEntity *dim = context.declarationScope(*frame->module, frame->model, frame->function).lookup(name))
    return evalDim(*dim, expr.range);
  auto found = frame->module->names.find(name);
  if (found == frame->module->names.end()) {
    if (!findOp(name))
      return unknownName(name, expr.range);
    context.error("E0105", expr.range, "`" + name + "` is an op; call it").note(findOp(name)->signature());
    return Value();
  }
  FileName &entry = found->second;
  if (entry.kind == FileName::Const)
    return evalConst(*entry.constant, expr.range);
  if (entry.kind == FileName::Sub)
    return subValue(*entry.sub, nullptr);
  static const char *const kinds[] = {"a dim", "a type", "a constant", "a function", "a model", "a sub", "an import"};
  Diagnostic &error = context.error("E0105", expr.range, "`" + name + "` is " + kinds[entry.kind] + ", not a value")
                          .note("declared at " + context.at(entry.range), entry.range);
  if (entry.kind == FileName::Model && !entry.model->generics.empty()) { // `M<20>(x)` is a comparison
    std::vector<std::string> generics;
    for (const DimEntity *generic : entry.model->generics)
      generics.push_back(generic->name);
    error.help("generics that a call leaves open are given where an instance is declared, `sub name: " + name + "<" +
               joined(generics) + ">`");
  }
  return Value();
}

/// `a.b` as a value: a weight of an instance, an instance, or a member of a value.
Value Elaborator::evalMember(const MemberExpr &expr) {
  Callee callee = resolveCallee(expr);
  switch (callee.kind) {
  case Callee::Error:
    return Value();
  case Callee::Instance:
  case Callee::Instances:
  case Callee::Value:
    return callee.value;
  case Callee::None:
    return unknownName(context.text(expr.base->range), expr.base->range);
  default:
    context.error("E0105", expr.range, "`" + context.text(expr.range) + "` is not a value; call it");
    return Value();
  }
}

Value Elaborator::memberOf(const Operand &base, const MemberExpr &expr) {
  const std::string &name = expr.name.name;
  if (base.value.poisoned())
    return Value();
  if (base.value.kind == Value::Tree)
    return treeMember(base.value, expr);
  if (name == "T" && base.value.kind == Value::List) {
    Operand brackets = base;
    takeBrackets({&brackets});
    return brackets.value.poisoned() ? Value() : transpose(brackets, expr.range);
  }
  if (name == "T" && base.value.kind == Value::Tensor)
    return transpose(base, expr.range);
  Diagnostic &error = context.notFound("E0105", expr.name.range, name,
                                       "cannot find `" + name + "` in `" + context.text(expr.base->range) + "`");
  if (base.value.kind == Value::Tensor) {
    std::string advice = adviceForMember(name, context.text(expr.base->range));
    error.label(str(base.value.type))
        .help(advice.empty() ? "`.T` swaps the two core dims of a matrix; a tensor has no other member" : advice);
  }
  return Value();
}

//===- Brackets, casts, operators ---------------------------------------------------------------------------------===//

Value Elaborator::evalArray(const ArrayExpr &expr) {
  std::vector<Operand> elements;
  bool numbers = true;
  for (const ExprPtr &element : expr.elements) {
    elements.push_back({eval(*element), element->range});
    const Value &value = elements.back().value;
    if (value.poisoned())
      return Value();
    numbers &= value.kind == Value::Number || value.kind == Value::List;
  }
  if (!numbers)
    return stack(elements, expr.range);
  Value list;
  list.kind = Value::List;
  for (Operand &element : elements) {
    const Value &first = list.elements.empty() ? element.value : list.elements[0];
    if (element.value.kind != first.kind || element.value.elements.size() != first.elements.size()) {
      context.error("E0215", element.range, "elements of `[..]` have one shape").help("a matrix is `[[..], [..]]`");
      return Value();
    }
    list.elements.push_back(std::move(element.value));
  }
  return list;
}

Value Elaborator::evalUnary(const UnaryExpr &expr) {
  const auto *literal = dynCast<NumberExpr>(*expr.operand);
  if (expr.op == UnaryOperator::Neg && literal && literal->isInteger && literal->integer == uint64_t(1) << 63)
    return leastInteger();
  Operand operand{eval(*expr.operand), expr.operand->range};
  if (operand.value.poisoned())
    return Value();
  bool negate = expr.op == UnaryOperator::Neg;
  const char *text = spelling(expr.op);
  if (operand.value.kind == Value::Number && negate) {
    frontend::Number zero;
    zero.real = operand.value.number.real;
    zero.value = -0.0;
    return foldBinary(BinaryOperator::Sub, zero, operand.value.number, expr.range);
  }
  operand.value = tensor(operand.value, std::nullopt, operand.range);
  if (!isTensor(text, expr.opRange, operand))
    return Value();
  DType dtype = operand.value.type.dtype;
  if (negate ? dtype == DType::Bool : dtype != DType::Bool) {
    wrongDType(text, expr.opRange, operand, negate ? "numbers" : "bool");
    return Value();
  }
  return emit(expr.range, negate ? "neg" : "not", {&operand.value}, operand.value.type);
}

Value Elaborator::evalCast(const CastExpr &expr) {
  Operand operand{eval(*expr.operand), expr.operand->range};
  std::optional<DType> dtype = context.resolveDType(expr.dtype, *frame->module);
  if (operand.value.poisoned() || !dtype)
    return Value();
  frontend::Number &number = operand.value.number;
  bool exact = *dtype != DType::Bool && (!number.real || isFloat(*dtype));
  if (operand.value.kind == Value::Number && exact)
    return scalar(number, *dtype, operand.range);
  operand.value = tensor(operand.value, std::nullopt, operand.range);
  if (!isTensor("as", expr.dtype.range, operand))
    return Value();
  if (operand.value.type.dtype == *dtype)
    return operand.value;
  Type type = operand.value.type;
  type.dtype = *dtype;
  return emit(expr.range, "cast", {&operand.value}, std::move(type));
}

Value Elaborator::evalChain(const ChainExpr &expr) {
  // `-9223372036854775808` apart, a literal is never alone below a sign here: one value a link, left to right.
  Operand result{eval(*expr.first), expr.first->range};
  for (const ChainLink &link : expr.links) {
    Operand operand{eval(*link.operand), link.operand->range};
    SourceRange whole = result.range.to(operand.range);
    result.value = binary(link.op, link.opRange, result, operand);
    result.range = whole;
  }
  return result.value;
}

} // namespace batten::frontend
