// SemaDims.cpp - dim expressions and conditions of the source -> polynomials.
//
// Arithmetic on dims is exact (R2): a division that leaves a remainder is E0207, a value beyond 64 bits E0601. What
// can't be resolved is poison: the caller gets nothing and stays silent.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Advice.h"
#include "compiler/frontend/AstPrinter.h"
#include "compiler/frontend/Declarations.h"

namespace batten::frontend {

DimEntity *Context::newDim(DimEntity::Kind kind, const std::string &name, SourceRange range) {
  auto entity = std::make_unique<DimEntity>();
  entity->kind = kind;
  entity->name = entity->symbol = name;
  entity->range = range;
  if (size_t &count = symbolCounts[name]; count++ != 0)
    entity->symbol += "'" + std::to_string(count);
  symbols[entity->symbol] = entity.get();
  entity->size = Dim::symbol(entity->symbol);
  entities.push_back(std::move(entity));
  return entities.back().get();
}

const DimEntity *Context::entityOf(const std::string &symbol) const {
  auto found = symbols.find(symbol);
  return found == symbols.end() ? nullptr : found->second;
}

const DimEntity *Context::findDim(const std::string &name, SourceRange range, const DimScope &scope) {
  if (const DimEntity *dim = scope.lookup(name))
    return dim;
  if (diagnostics.hasErrors() && name.empty())
    return nullptr;
  std::optional<std::string> similar = nearest(name, scope.names());
  const DimEntity *candidate = similar ? scope.lookup(*similar) : nullptr; // may report errors of its own
  Diagnostic &error = notFound("E0204", range, name, "cannot find dim `" + name + "`");
  error.label("not declared in this file, model or `<...>` list");
  if (candidate)
    error.help("a dim with a similar name exists: `" + *similar + "` (" + at(candidate->range) + ")");
  else
    error.help("declare it: `dim " + name + "` (a runtime size), `dim " + name + " = 64`, or `<" + name +
               ">` on the function");
  return nullptr;
}

void Context::unboundedInCore(const DimEntity &dim, SourceRange range, const std::string &extraHelp) {
  if (!reportedUnbounded.insert({owner, &dim}).second)
    return;
  std::string what = dim.generic ? "the generic `" + dim.name + "` of a `pub fn`" : "`dim " + dim.name + "`";
  error("E0202", range, "`" + dim.name + "` has no upper bound, so it may only stand left of the bar")
      .label("used as a core dim here")
      .note(what + " at " + at(dim.range) + " has no bound; a core dim can be summed over, which would mix samples",
            dim.range)
      .help((dim.generic ? "declare it with a bound: `dim " : "bound it: `dim ") + dim.name + " <= 4096`" +
            (extraHelp.empty() ? "; or, where its positions are independent, write it left of the bar" : extraHelp));
}

void Context::overflow(SourceRange range, const std::string &expression, const DimScope *scope) {
  bool named = scope && !scope->defining.empty();
  error("E0601", range, (named ? "dim `" + scope->defining + "`" : "this size") + " overflows 64 bits: " + expression)
      .note("dims are 64-bit and a tensor may hold at most 2^63 - 1 bytes");
}

bool Context::checkDivisor(const Dim &lhs, const Dim &rhs, const DimStep &step) {
  if (rhs.constantValue().value_or(1) >= 1)
    return true;
  error("E0207", step.range, "division of " + str(lhs) + " by " + str(rhs)).label(divisorRule);
  return false;
}

std::optional<Dim> Context::floorDivision(const Dim &lhs, const Dim &rhs, const DimStep &step) {
  if (!checkDivisor(lhs, rhs, step))
    return std::nullopt;
  Dim result = Dim::floorDiv(lhs, rhs);
  if (!result.overflowed())
    return result;
  overflow(step.range, "div(" + str(lhs) + ", " + str(rhs) + ")", step.scope);
  return std::nullopt;
}

/// "512 = 12*42 + 8", or nothing where the sizes are no numbers.
static std::string divisionStory(const Dim &lhs, const Dim &rhs) {
  auto a = lhs.constantValue(), b = rhs.constantValue();
  if (!a || !b || *b == 0)
    return "";
  return "; " + str(lhs) + " = " + str(rhs) + "*" + std::to_string(*a / *b) + " + " + std::to_string(*a % *b);
}

std::optional<Dim> Context::arithmetic(DimOperator op, const Dim &lhs, const Dim &rhs, const DimStep &step) {
  Dim result;
  switch (op) {
  case DimOperator::Add:
    result = lhs + rhs;
    break;
  case DimOperator::Sub:
    result = lhs - rhs;
    break;
  case DimOperator::Mul:
    result = lhs * rhs;
    break;
  case DimOperator::Mod:
  case DimOperator::Div: {
    if (!checkDivisor(lhs, rhs, step))
      return std::nullopt;
    std::optional<Dim> quotient = op == DimOperator::Mod ? Dim::modulo(lhs, rhs) : Dim::exactDiv(lhs, rhs);
    if (!quotient) {
      Diagnostic &error = this->error("E0207", step.range, str(lhs) + " is not divisible by " + str(rhs));
      error.label("`/` on dims is exact" + divisionStory(lhs, rhs));
      std::string names = step.names ? step.names() : "", advice = "for floor division write `" + step.division + "`";
      std::string origin = step.scope ? step.scope->origin : "";
      if (!names.empty() && !origin.empty())
        error.note(names + (names.find(" and ") == std::string::npos ? " comes " : " come ") + origin + "; " + advice);
      else if (!names.empty())
        error.note(names).help(advice);
      else
        error.help(advice);
      return std::nullopt;
    }
    result = *quotient;
    break;
  }
  }
  if (!result.overflowed())
    return result;
  overflow(step.range, str(lhs) + " " + spelling(op) + " " + str(rhs), step.scope);
  return std::nullopt;
}

/// "D = 512" of every name below `expr` whose size is a number.
static void namedValues(const DimExpr &expr, const DimScope &scope, std::vector<std::string> &found) {
  if (expr.kind == DimExpr::Kind::Name) {
    const DimEntity *dim = scope.lookup(expr.name);
    if (dim && !dim->poisoned && scope.size(*dim).isConstant())
      found.push_back(expr.name + " = " + str(scope.size(*dim)));
  }
  if (expr.lhs)
    namedValues(*expr.lhs, scope, found);
  if (expr.rhs)
    namedValues(*expr.rhs, scope, found);
  for (const DimLink &link : expr.links)
    namedValues(*link.operand, scope, found);
}

std::optional<Dim> Context::evaluateChain(const DimExpr &expr, const DimScope &scope) {
  std::optional<Dim> value = evaluate(*expr.lhs, scope);
  for (const DimLink &link : expr.links) {
    std::optional<Dim> operand = evaluate(*link.operand, scope);
    if (!value || !operand)
      return std::nullopt;
    DimStep step;
    step.range = expr.range.to(link.operand->range);
    step.scope = &scope;
    step.names = [&] {
      std::vector<std::string> names;
      namedValues(expr, scope, names);
      return joined(names, " and ");
    };
    std::string left = text(SourceRange{expr.range.file, expr.lhs->range.begin, link.opRange.begin});
    while (!left.empty() && left.back() == ' ')
      left.pop_back();
    step.division = "div(" + left + ", " + text(link.operand->range) + ")";
    value = arithmetic(link.op, *value, *operand, step);
  }
  return value;
}

std::optional<Dim> Context::evaluate(const DimExpr &expr, const DimScope &scope) {
  switch (expr.kind) {
  case DimExpr::Kind::Integer:
    return Dim::constant(expr.value);
  case DimExpr::Kind::Name: {
    const DimEntity *dim = findDim(expr.name, expr.range, scope);
    if (!dim || dim->poisoned)
      return std::nullopt;
    if (scope.usedInCore)
      scope.usedInCore(*dim, expr.range);
    return scope.size(*dim);
  }
  case DimExpr::Kind::FloorDiv: {
    std::optional<Dim> lhs = evaluate(*expr.lhs, scope), rhs = evaluate(*expr.rhs, scope);
    if (!lhs || !rhs)
      return std::nullopt;
    DimStep step;
    step.range = expr.range;
    step.scope = &scope;
    return floorDivision(*lhs, *rhs, step);
  }
  case DimExpr::Kind::Chain:
    return evaluateChain(expr, scope);
  }
  return std::nullopt;
}

std::optional<CoreDim> Context::resolveCoreDim(const DimExpr &expr, const DimScope &scope) {
  std::optional<Dim> size = evaluate(expr, scope);
  if (!size)
    return std::nullopt;
  if (std::optional<int64_t> value = size->constantValue(); value && *value < 1) {
    error("E0219", expr.range, "a core dim is at least 1, this is " + std::to_string(*value));
    return std::nullopt;
  }
  CoreDim dim{*size, text(expr.range), nullptr};
  if (expr.kind == DimExpr::Kind::Name)
    dim.entity = scope.lookup(expr.name);
  if (expr.kind == DimExpr::Kind::Integer)
    dim.text.clear();
  return dim;
}

bool Context::resolveCondition(const DimCondition &node, const DimScope &scope, Condition &condition) {
  std::optional<Dim> lhs = evaluate(*node.lhs, scope), rhs = evaluate(*node.rhs, scope);
  if (!lhs || !rhs)
    return false;
  condition = {*lhs, *rhs, node.relation, node.range};
  return true;
}

} // namespace batten::frontend
