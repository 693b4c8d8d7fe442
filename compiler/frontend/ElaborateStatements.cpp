// ElaborateStatements.cpp - names in sight, `let`, `var`, assignment, unrolled `for`, blocks and their results.
//
// A `for` whose range is known is unrolled, also while checking; else its body is checked once with an opaque variable.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Elaborate.h"

#include <algorithm>

namespace batten::frontend {

//===- Locals -----------------------------------------------------------------------------------------------------===//

Elaborator::Local *Elaborator::findLocal(const std::string &name) {
  for (size_t i = frame->locals.size(); i-- > 0;)
    if (frame->locals[i].name == name)
      return &frame->locals[i];
  return nullptr;
}

/// Inside one function no name in sight is declared again; a name of the file may be hidden (LANGUAGE.md, section 5).
bool Elaborator::declareLocal(const Identifier &name, Local local) {
  std::optional<SourceRange> first;
  if (Local *known = findLocal(name.name))
    first = known->range;
  if (frame->function)
    for (const DimEntity *generic : frame->function->generics)
      if (generic->name == name.name)
        first = generic->range;
  if (const ModelDecl *model = frame->model; model && !first) {
    if (auto dim = model->dimNames.find(name.name); dim != model->dimNames.end())
      first = dim->second->range;
    else if (const ParamDecl *param = model->param(name.name))
      first = param->item->name.range;
    else if (const SubDecl *sub = model->sub(name.name))
      first = sub->item->name.range;
    else if (const FunctionDecl *function = model->function(name.name))
      first = function->item->name.range;
  }
  if (first)
    context.definedTwice("`" + name.name + "`", name.range, *first)
        .help("give it another name; what changes on the way is a `var`, set by `name = ..`");
  if (first && !local.dim)
    local.value = Value(); // either may be meant: what uses the name stays silent
  local.name = name.name;
  local.range = name.range;
  frame->locals.push_back(std::move(local));
  return !first;
}

/// Names that begin with `_` are meant not to be read, and an `inout` is there to be written.
void Elaborator::watch(Local &local, const Identifier &name, bool isParameter) {
  if (!checking || !frame->function || !frame->module->isMain || name.name.starts_with('_') || local.inout)
    return;
  local.decl = context.localDecls.size();
  context.localDecls.push_back({name, isParameter});
}

//===- Statements -------------------------------------------------------------------------------------------------===//

bool Elaborator::runStatements(const std::vector<StmtPtr> &statements) {
  for (const StmtPtr &statement : statements) {
    if (context.diagnostics.limitReached())
      return false;
    run(*statement);
  }
  return true;
}

void Elaborator::run(const Stmt &stmt) {
  switch (stmt.kind) {
  case StmtKind::Let:
    return runLet(cast<LetStmt>(stmt));
  case StmtKind::Var:
    return runVar(cast<VarStmt>(stmt));
  case StmtKind::Assign:
    return runAssign(cast<AssignStmt>(stmt));
  case StmtKind::For:
    return runFor(cast<ForStmt>(stmt));
  case StmtKind::Expect:
    return runExpect(cast<ExpectStmt>(stmt));
  }
}

void Elaborator::runLet(const LetStmt &stmt) {
  Value value = eval(*stmt.value);
  if (!stmt.destructures) {
    Local local;
    local.value = stmt.type ? annotate(value, *stmt.type, stmt.value->range) : value;
    if (stmt.names.empty())
      return;
    watch(local, stmt.names[0], /*isParameter=*/false);
    declareLocal(stmt.names[0], std::move(local));
    return;
  }
  size_t count = value.kind == Value::Tuple ? value.elements.size() : 1;
  if (!value.poisoned() && count != stmt.names.size()) {
    context.error("E0215", stmt.value->range,
                  "this is " + counted(count, "value", "values") + ", " +
                      counted(stmt.names.size(), "name is bound", "names are bound"));
    value = Value();
  }
  for (size_t i = 0; i < stmt.names.size(); ++i) {
    Local local;
    if (value.kind == Value::Tuple)
      local.value = value.elements[i];
    else if (!value.poisoned())
      local.value = value;
    if (stmt.type)
      local.value = annotate(local.value, *stmt.type, stmt.value->range);
    watch(local, stmt.names[i], /*isParameter=*/false);
    declareLocal(stmt.names[i], std::move(local));
  }
}

void Elaborator::runVar(const VarStmt &stmt) {
  Value value = eval(*stmt.value);
  Local local;
  local.value = stmt.type                   ? annotate(value, *stmt.type, stmt.value->range)
                : value.kind == Value::List ? tensor(value, std::nullopt, stmt.value->range)
                                            : value;
  local.assignable = true;
  if (local.value.kind == Value::Tensor || local.value.kind == Value::Tree)
    local.declared = local.value.type;
  local.made = &stmt;
  watch(local, stmt.name, /*isParameter=*/false);
  declareLocal(stmt.name, std::move(local));
}

/// The new value of a `var` or `inout`. An inout is updated in place: its old value may not be used again.
void Elaborator::update(Local &local, const Value &value, bool inPlace, SourceRange range) {
  if (checking && inPlace) {
    auto consume = [&](const Value &old, const Value &fresh) {
      if (old.kind == Value::Tensor && old.id != fresh.id)
        consumed.try_emplace(old.id, range);
    };
    consume(local.value, value);
    for (size_t i = 0; i < local.value.elements.size() && i < value.elements.size(); ++i)
      consume(local.value.elements[i], value.elements[i]);
  }
  local.value = value;
}

bool Elaborator::isParameter(const std::string &name) {
  if (frame->function)
    for (const Parameter &parameter : frame->function->item->parameters)
      if (parameter.name.name == name)
        return true;
  return false;
}

/// A `var` that was made of a constant keeps its type too: it takes no value for each position of a batch dim that the
/// constant has not.
bool Elaborator::lacksBatch(const Local &local, const Value &value, SourceRange range) {
  const Type &declared = *local.declared;
  const BatchList &batch = value.type.batch;
  const auto *filled = local.made ? dynCast<FillExpr>(*local.made->value) : nullptr;
  bool isConstant = filled || (local.made && dynCast<ArrayExpr>(*local.made->value));
  if (!isConstant || value.kind != Value::Tensor || declared.tree || declared.batch.size() >= batch.size() ||
      !isSublist(declared.batch, batch))
    return false;
  Type wanted = declared;
  wanted.batch = batch;
  if (!sameType(value.type, wanted, nullptr))
    return false;
  std::string made = !filled         ? "spread(" + context.text(local.made->value->range) + ", " + str(batch) + ")"
                     : filled->zeros ? "zeros(" + str(wanted) + ")"
                                     : "fill(" + str(wanted) + ", " + context.text(filled->value->range) + ")";
  context.error("E0215", range, "`" + local.name + "` is " + str(declared, true) + ", found " + str(value.type, true))
      .help("a `var` keeps the type that it begins with: make it `var " + local.name +
            (local.made->type ? ": " + str(wanted) : "") + " = " + made + "`")
      .note("it is made at " + context.at(local.range), local.range);
  return true;
}

void Elaborator::runAssign(const AssignStmt &stmt) {
  Value value = eval(*stmt.value);
  Local *local = findLocal(stmt.name.name);
  if (!local) {
    const std::string &name = stmt.name.name;
    context.notFound("E0105", stmt.name.range, name, "cannot find `" + name + "`")
        .label("no `var` or `inout` of this name")
        .help("a new name is bound by `let " + name + " = ..`, or by `var " + name + " = ..` where it changes later");
    declareLocal(stmt.name, Local()); // one error, not one a later use
    return;
  }
  if (!local->assignable) {
    const std::string &name = stmt.name.name;
    Diagnostic &error = context.error("E0108", stmt.name.range, "cannot assign to `" + name + "`");
    error.label("not a `var` or `inout`");
    if (isParameter(name))
      error.help("a parameter stays as it is: bind a new name, `let h = ..`, or start a variable from it, `var h = " +
                 name + "`");
    else
      error.help("declare it with `var` at " + context.at(local->range) + ", or bind a new name with `let`",
                 local->range);
    return;
  }
  if (local->value.poisoned() && !local->declared)
    return;
  if (local->declared) {
    if (lacksBatch(*local, value, stmt.value->range)) {
      local->value = Value(); // one error, not one a later use
      return;
    }
    Value fitted = fit(value, *local->declared, stmt.value->range, "`" + stmt.name.name + "`");
    if (fitted.poisoned()) {
      if (!value.poisoned())
        local->value = Value(); // one error, not one a later use
      return;
    }
    return update(*local, fitted, local->inout, stmt.name.range);
  }
  if (!value.poisoned() && value.kind != local->value.kind) {
    context.error("E0215", stmt.value->range, "`" + stmt.name.name + "` keeps its type, and it began as a number")
        .help("give it a type where it is declared: `var " + stmt.name.name + ": f32 = ...`");
    return;
  }
  update(*local, value, local->inout, stmt.name.range);
}

//===- Loops ------------------------------------------------------------------------------------------------------===//

/// One iterator of a `for`, turn by turn.
struct Elaborator::Iteration {
  std::vector<Value> turns;
  Value unknown;                ///< its variable where the turns are not known
  std::optional<size_t> length; ///< where it is known
  bool known = true;
};

/// `a..b`. The length is not known where a bound depends on an outer loop whose turns are not.
std::optional<Elaborator::Iteration> Elaborator::rangeIteration(const ForIterator &iterator, const Identifier &name) {
  Iteration result;
  DimScope scope = scopeHere(false);
  std::optional<Dim> lower = evalDimExpr(*iterator.lower, scope), upper = evalDimExpr(*iterator.upper, scope);
  if (!lower || !upper)
    return std::nullopt;
  std::optional<int64_t> from = lower->constantValue(), to = upper->constantValue();
  if (!from || !to) {
    std::set<std::string> symbols = (*upper + *lower).symbols();
    for (const std::string &symbol : symbols) {
      const DimEntity *dim = entityOf(symbol);
      if (!dim || (dim->kind != DimEntity::Unbounded && dim->kind != DimEntity::Bounded))
        continue;
      context
          .error("E0219", iterator.range,
                 "`for` is unrolled, so its range must be static; `" + dim->name + "` is a runtime size")
          .help("give it a size, `dim " + dim->name + " = 64`; ops compute all positions at once without a loop");
      return std::nullopt;
    }
    DimEntity *turn = context.newDim(DimEntity::Turn, name.name, iterator.range);
    result.unknown = integer(Dim::symbol(turn->symbol));
    result.known = false;
    return result;
  }
  result.length = *from < *to ? size_t(*to) - size_t(*from) : 0; // more than an int64_t holds, where `from` is negative
  if (*result.length > 4096) {
    context.error("E0601", iterator.range,
                  "a function unrolls at most 4096 turns, this loop has " + std::to_string(*result.length));
    return std::nullopt;
  }
  for (int64_t i = *from; i < *to; ++i)
    result.turns.push_back(integer(Dim::constant(i)));
  result.unknown = integer(Dim::constant(*from));
  return result;
}

/// The elements of a sub array.
std::optional<Elaborator::Iteration> Elaborator::arrayIteration(const ForIterator &iterator) {
  Iteration result;
  Value value = eval(*iterator.lower);
  if (value.poisoned())
    return std::nullopt;
  if (value.kind != Value::Instances) {
    context.error("E0215", iterator.range, "`for` runs over a range `a..b` or a sub array")
        .help("to map over a parameter tree write `each w in p { return ... }`");
    return std::nullopt;
  }
  result.unknown.kind = Value::Instance;
  result.unknown.instance = value.instance;
  result.known = !value.instances.empty();
  if (result.known)
    result.length = value.instances.size();
  for (Instance *instance : value.instances) {
    Value one;
    one.kind = Value::Instance;
    one.instance = instance;
    result.turns.push_back(one);
  }
  return result;
}

void Elaborator::runFor(const ForStmt &stmt) {
  if (stmt.names.size() != stmt.iterators.size()) {
    context
        .error("E0215", stmt.range.atBegin().to(stmt.iterators.back().range),
               std::to_string(stmt.names.size()) + " names for " + std::to_string(stmt.iterators.size()) +
                   (stmt.iterators.size() == 1 ? " iterator" : " iterators"))
        .help("one name for each: `for i, b in 0..3, blocks { .. }`");
    return;
  }
  std::vector<std::vector<Value>> turns; // a list an iterator
  std::vector<Value> unknown;            // its variable where the length is not known
  std::optional<size_t> length;
  bool known = true;
  for (size_t i = 0; i < stmt.iterators.size(); ++i) {
    const ForIterator &iterator = stmt.iterators[i];
    std::optional<Iteration> each = iterator.upper ? rangeIteration(iterator, stmt.names[i]) : arrayIteration(iterator);
    if (!each)
      return;
    if (length && each->length && *each->length != *length) {
      context.error("E0215", iterator.range,
                    "iterators run in step, but this one has " + std::to_string(*each->length) +
                        " turns and the first " + std::to_string(*length));
      return;
    }
    if (each->length)
      length = each->length;
    known &= each->known;
    turns.push_back(std::move(each->turns));
    unknown.push_back(std::move(each->unknown));
  }
  known ? runTurns(stmt, turns) : runUnknownTurns(stmt, unknown);
}

void Elaborator::runTurns(const ForStmt &stmt, const std::vector<std::vector<Value>> &turns) {
  size_t scope = frame->locals.size(), count = turns.empty() ? 0 : turns[0].size();
  unsigned errors = context.diagnostics.errorCount();
  for (size_t turn = 0; turn < count; ++turn) {
    if (--turnsLeft < 0) {
      context.error("E0601", stmt.range.atBegin(), "a function unrolls at most 4096 turns in all");
      return;
    }
    for (size_t i = 0; i < turns.size(); ++i) {
      Local local;
      local.value = turns[i][turn];
      declareLocal(stmt.names[i], std::move(local));
    }
    runStatements(stmt.body);
    frame->locals.resize(scope);
    if (context.diagnostics.errorCount() != errors)
      return; // the next turn would say the same
  }
}

void Elaborator::runUnknownTurns(const ForStmt &stmt, const std::vector<Value> &variables) {
  size_t scope = frame->locals.size();
  for (size_t i = 0; i < variables.size(); ++i) {
    Local local;
    local.value = variables[i];
    declareLocal(stmt.names[i], std::move(local));
  }
  runStatements(stmt.body);
  frame->locals.resize(scope);
  // Numbers that the turns change are not known any more.
  for (const StmtPtr &inner : stmt.body)
    if (const auto *assign = dynCast<AssignStmt>(*inner))
      if (Local *local = findLocal(assign->name.name); local && local->value.kind == Value::Number) {
        frontend::Number &number = local->value.number;
        number.known = false;
        if (!number.real)
          number.integer = Dim::symbol(context.newDim(DimEntity::Turn, local->name, assign->range)->symbol);
      }
}

void Elaborator::runExpect(const ExpectStmt &stmt) {
  Operand actual{eval(*stmt.actual), stmt.actual->range}, expected{eval(*stmt.expected), stmt.expected->range};
  if (actual.value.poisoned() || expected.value.poisoned())
    return;
  bool number = expected.value.kind == Value::Number;
  if (!meet("~", stmt.range, {&actual, &expected}) || !isTensor("~", stmt.range, actual))
    return;
  if (number) // of every element
    expected.value = emit(expected.range, "fill", {&expected.value}, actual.value.type);
  expected.value = fit(expected.value, actual.value.type, expected.range, "the expected value");
  if (expected.value.poisoned() || !expectations)
    return;
  static const std::map<DType, double> tolerances = {
      {DType::F64, 1e-12}, {DType::F32, 1e-5}, {DType::F16, 1e-3}, {DType::BF16, 1e-2}};
  auto usual = tolerances.find(actual.value.type.dtype);
  Expectation expectation;
  expectation.actual = int(out.results.size());
  expectation.expected = expectation.actual + 1;
  expectation.tolerance = stmt.tolerance ? *stmt.tolerance : usual == tolerances.end() ? 0 : usual->second;
  expectation.location = context.location(stmt.range);
  expectations->push_back(expectation);
  out.results.push_back(actual.value.id);
  out.results.push_back(expected.value.id);
}

/// Runs a body; its results fitted to the declared types (none given: as they are).
std::vector<Value> Elaborator::runBlock(const Block &block, const std::vector<Type> &expected) {
  size_t scope = frame->locals.size();
  runStatements(block.statements);
  std::vector<Value> results;
  std::vector<SourceRange> ranges;
  for (const ExprPtr &result : block.results) {
    Value value = eval(*result);
    if (value.kind == Value::Tuple && block.results.size() == 1) {
      results = value.elements;
      ranges.assign(results.size(), result->range);
      break;
    }
    results.push_back(std::move(value));
    ranges.push_back(result->range);
  }
  bool poisoned = std::any_of(results.begin(), results.end(), [](const Value &value) { return value.poisoned(); });
  if (!expected.empty() && results.size() != expected.size()) {
    if (!poisoned && !results.empty()) {
      std::vector<std::string> types;
      for (const Value &value : results)
        types.push_back(value.kind == Value::Tensor ? str(value.type) : "..");
      context
          .error("E0215", ranges[0].to(ranges.back()),
                 counted(results.size(), "result", "results") + ", " + std::to_string(expected.size()) + " declared")
          .help("declare what is returned: `-> " + (types.size() == 1 ? types[0] : "(" + joined(types) + ")") + "`");
    }
    results.assign(expected.size(), Value());
  }
  for (size_t i = 0; i < expected.size() && i < ranges.size(); ++i)
    results[i] =
        fit(results[i], expected[i], ranges[i],
            expected.size() == 1 ? "the result"
                                 : "result " + std::to_string(i + 1) + " of " + std::to_string(expected.size()));
  // Parameters are the frame's first locals and outlive the block: an inout's last value is read from there.
  if (frame->locals.size() > scope)
    frame->locals.resize(scope);
  return results;
}

} // namespace batten::frontend
