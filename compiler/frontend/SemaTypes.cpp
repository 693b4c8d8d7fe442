// SemaTypes.cpp - dim expressions and type expressions of the source -> polynomials and types.
//
// Arithmetic on dims is exact (R2): a division that leaves a remainder is E0207, a value beyond 64 bits E0601. What
// can't be resolved is poison: the caller gets nothing and stays silent.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Advice.h"
#include "compiler/frontend/AstPrinter.h"
#include "compiler/frontend/Declarations.h"

#include <cctype>

namespace batten::frontend {

//===- Diagnostics ------------------------------------------------------------------------------------------------===//

Diagnostic &Context::error(const std::string &code, SourceRange range, const std::string &message) {
  if (reported.insert({code, range.file, range.begin}).second) {
    Diagnostic &error = diagnostics.error(code, range, message);
    if (!inlinedAt.empty())
      error.note("this is inlined by the call at " + at(inlinedAt.back()), inlinedAt.back());
    return error;
  }
  swallowed = Diagnostic();
  return swallowed;
}

std::string Context::text(SourceRange range) const {
  std::string text;
  for (char c : diagnostics.sources().text(range)) {
    bool space = std::isspace(static_cast<unsigned char>(c));
    if (!space)
      text += c;
    else if (!text.empty() && text.back() != ' ')
      text += ' ';
  }
  return text;
}

Location Context::location(SourceRange range) const {
  const Sources &sources = diagnostics.sources();
  LineColumn begin = sources.begin(range), end = sources.end(range);
  bool oneLine = begin.line == end.line;
  return {sources.file(range.file).name(), int(begin.line), int(begin.column),
          int(oneLine ? end.column : begin.column + 1)};
}

//===- Dims -------------------------------------------------------------------------------------------------------===//

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
  Diagnostic &error = this->error("E0204", range, "cannot find dim `" + name + "`");
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

std::optional<Dim> Context::floorDivision(const Dim &lhs, const Dim &rhs, const DimStep &step) {
  if (rhs.isConstant(0)) {
    error("E0207", step.range, "division of " + str(lhs) + " by 0");
    return std::nullopt;
  }
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
    if (rhs.isConstant(0)) {
      error("E0207", step.range, "division of " + str(lhs) + " by 0");
      return std::nullopt;
    }
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

//===- Types ------------------------------------------------------------------------------------------------------===//

std::optional<DType> Context::resolveDType(const DTypeName &name, Module &module) {
  if (auto builtin = dtypeFromName(name.name))
    return builtin;
  auto found = module.names.find(name.name);
  if (found != module.names.end() && found->second.kind == FileName::TypeAlias) {
    const TypeExpr &type = found->second.alias->type;
    FileName &alias = found->second;
    if (type.kind == TypeExpr::Kind::Tensor && !type.hasDims && !alias.resolving) {
      alias.resolving = true;
      std::optional<DType> dtype = resolveDType(type.dtype, module);
      alias.resolving = false;
      return dtype;
    }
    error("E0105", name.range, "`" + name.name + "` is not an alias of a dtype")
        .note("it is declared at " + at(found->second.range), found->second.range);
    return std::nullopt;
  }
  std::vector<std::string> known = {"f64", "f32", "f16", "bf16", "i64", "i32", "i8", "u8", "bool"};
  for (const auto &[text, entry] : module.names)
    if (entry.kind == FileName::TypeAlias)
      known.push_back(text);
  Diagnostic &error = this->error("E0105", name.range, "cannot find dtype `" + name.name + "`");
  if (std::string advice = adviceForDType(name.name); !advice.empty())
    error.help(advice);
  else if (std::optional<std::string> similar = nearest(name.name, known))
    error.help("did you mean `" + *similar + "`?");
  else
    error.help("the dtypes are " + joined({known.begin(), known.begin() + 9}, " "));
  return std::nullopt;
}

ModelDecl *Context::findModel(const QualifiedName &name, Module &start) {
  Module *module = &start;
  for (size_t i = 0; i < name.parts.size(); ++i) {
    const Identifier &part = name.parts[i];
    auto found = module->names.find(part.name);
    bool last = i + 1 == name.parts.size();
    if (found != module->names.end() && last && found->second.kind == FileName::Model)
      return found->second.model.get();
    if (found != module->names.end() && !last && found->second.kind == FileName::Import) {
      if (!found->second.import)
        return nullptr;
      module = found->second.import;
      continue;
    }
    std::vector<std::string> candidates;
    for (const auto &[text, entry] : module->names)
      if (entry.kind == (last ? FileName::Model : FileName::Import))
        candidates.push_back(text);
    Diagnostic &error = this->error("E0105", part.range,
                                    std::string("cannot find ") + (last ? "model" : "import") + " `" + part.name + "`");
    if (found != module->names.end())
      error.note("`" + part.name + "` at " + at(found->second.range) + " is something else", found->second.range);
    else if (std::optional<std::string> similar = nearest(part.name, candidates))
      error.help("did you mean `" + *similar + "`?");
    return nullptr;
  }
  return nullptr;
}

bool Context::checkRank(size_t rank, const std::string &type, SourceRange range) {
  if (rank <= maxRank)
    return true;
  error("E0601", range, "a value of type " + type + " has " + std::to_string(rank) + " dims")
      .note("a tensor may have at most " + std::to_string(maxRank) + " dims, batch and core together");
  return false;
}

bool Context::checkType(const Type &type, SourceRange range) {
  for (size_t i = 0; i < type.batch.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      if (type.batch[i] == type.batch[j]) {
        error("E0212", range, "batch dim `" + type.batch[i]->name + "` stands twice in " + str(type))
            .help("batch dims are names: each names one set of positions; declare a second dim for the other");
        return false;
      }
  if (!checkRank(type.batch.size() + type.core.size(), str(type), range))
    return false;
  Dim bytes = Dim::constant(dtypeBytes(type.dtype));
  for (const CoreDim &dim : type.core)
    bytes = bytes * dim.size;
  if (!bytes.overflowed())
    return true;
  error("E0601", range, "a value of type " + str(type, true) + " is larger than 2^63 - 1 bytes")
      .note("dims are 64-bit and a tensor may hold at most 2^63 - 1 bytes");
  return false;
}

bool Context::isBatchDim(const DimEntity &dim, SourceRange range) {
  if (dim.kind != DimEntity::Static)
    return true;
  for (const std::string &symbol : dim.size.symbols()) {
    const DimEntity *part = entityOf(symbol);
    if (!part || part->kind != DimEntity::Bounded)
      continue;
    error("E0214", range, "`" + dim.name + "` is " + str(dim.size) + ", and a batch dim is never computed")
        .help("left of the bar stand names of declared sizes; right of it any polynomial");
    return false;
  }
  return true;
}

Type Context::resolveType(const TypeExpr &node, Module &module, const DimScope &scope) {
  Type type;
  type.poisoned = true;
  if (node.kind == TypeExpr::Kind::Params) {
    ModelDecl *model = findModel(node.model, module);
    type.tree = model ? treeOf(*model, node.range) : nullptr;
    type.poisoned = !type.tree;
    return type;
  }
  auto alias = module.names.find(node.dtype.name);
  bool wholeAlias = !node.hasDims && !node.dtype.builtin && alias != module.names.end() &&
                    alias->second.kind == FileName::TypeAlias && !alias->second.resolving;
  if (wholeAlias) {
    alias->second.resolving = true;
    type = resolveType(alias->second.alias->type, module, declarationScope(module, nullptr, nullptr));
    alias->second.resolving = false;
    return type;
  }
  std::optional<DType> dtype = resolveDType(node.dtype, module);
  bool complete = dtype.has_value();
  if (dtype)
    type.dtype = *dtype;
  auto resolve = [&](const TypeDim &dim, bool left) {
    if (dim.kind != TypeDim::Kind::Size) {
      error("E0005", dim.range, "`" + text(dim.range) + "` may stand in the annotation of a `let` only")
          .help("name a declared dim or a generic here");
      complete = false;
    } else if (left) {
      const DimEntity *entity = findDim(dim.size->name, dim.range, scope);
      complete &= entity && !entity->poisoned && isBatchDim(*entity, dim.range);
      if (entity)
        type.batch.push_back(entity);
    } else if (std::optional<CoreDim> core = resolveCoreDim(*dim.size, scope)) {
      type.core.push_back(*core);
    } else {
      complete = false;
    }
  };
  for (const TypeDim &dim : node.batch)
    resolve(dim, true);
  for (const TypeDim &dim : node.core)
    resolve(dim, false);
  type.poisoned = !complete || !checkType(type, node.range);
  return type;
}

} // namespace batten::frontend
