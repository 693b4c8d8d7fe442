// ElaborateFitting.cpp - values held against the types that are written for them: annotations and declared results.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Elaborate.h"

namespace batten::frontend {

/// Same dtype, batch and core; `cores` is Maybe where a size is not provably equal.
bool Elaborator::sameType(const Type &a, const Type &b, Truth *cores) {
  if (!sameShape(a.tree, b.tree) || a.batch != b.batch)
    return false;
  if (a.tree)
    return true;
  if (a.dtype != b.dtype || a.core.size() != b.core.size())
    return false;
  Truth all = Truth::True;
  for (size_t i = 0; i < a.core.size(); ++i) {
    Truth equal = facts.equal(a.core[i].size, b.core[i].size);
    if (equal == Truth::Maybe && facts.dependsOnTurn(a.core[i].size - b.core[i].size))
      equal = Truth::True;
    all = std::min(all, equal);
  }
  if (cores)
    *cores = all;
  return all == Truth::True;
}

/// What makes a value of type `found` one of type `wanted`; empty where nothing simple does.
std::string Elaborator::adviceForType(const Type &found, const Type &wanted, SourceRange range) {
  if (std::string advice = adviceForWindows(found.core, wanted.core); !advice.empty())
    return advice;
  if (sameShape(found.tree, wanted.tree) && found.batch.size() < wanted.batch.size() &&
      isSublist(found.batch, wanted.batch))
    return "nothing is repeated silently; write `spread(" + context.text(range) + ", " + str(wanted.batch) + ")`";
  if (found.tree)
    return "";
  if (!wanted.tree && found.batch.size() == 1 && wanted.batch.empty()) {
    const std::string &dim = found.batch[0]->name;
    return "there is one for each position of `" + dim + "`; to bring them together write `mean(.. over batch " + dim +
           ")` or `sum(.. over batch " + dim + ")`";
  }
  if (found.core.empty() && wanted.core.size() == 1 && wanted.core[0].size.isConstant(1))
    return "a number for each position has an empty core: `" + str(found) + "`";
  if (!wanted.tree && found.batch != wanted.batch)
    return "batch dims differ: " + str(found.batch) + " and " + str(wanted.batch) +
           "; `rearrange` moves and renames dims, `sum(.. over batch ..)` removes them";
  return "";
}

Value Elaborator::fit(const Value &given, const Type &type, SourceRange range, const std::string &what) {
  if (given.poisoned() || type.poisoned)
    return Value();
  Value value = given;
  if (value.kind == Value::Number || value.kind == Value::List) {
    if (type.tree || (value.kind == Value::Number && !(type.core.empty() && type.batch.empty()))) {
      context.error("E0215", range, what + " is " + str(type) + ", found a number")
          .help("repeat it: `fill(" + str(type) + ", " + context.text(range) + ")`");
      return Value();
    }
    value = tensor(value, type.dtype, range);
    if (value.poisoned())
      return Value();
  }
  if (value.kind != Value::Tensor && value.kind != Value::Tree) {
    const char *found = value.kind == Value::Tuple ? "several values" : "a model";
    context.error("E0215", range, what + " is " + str(type) + ", found " + found);
    return Value();
  }
  Truth cores = Truth::True;
  if (sameType(value.type, type, &cores)) {
    value.type = type; // the names that the declaration gives to dims
    return value;
  }
  if (sameShape(value.type.tree, type.tree) && value.type.dtype != type.dtype) {
    bool truncates = isFloat(type.dtype) && !isFloat(value.type.dtype) && value.type.dtype != DType::Bool &&
                     context.text(range).find('/') != std::string::npos;
    context.error("E0301", range, what + " is " + dtypeName(type.dtype) + ", found " + dtypeName(value.type.dtype))
        .label(str(value.type))
        .help("no implicit promotion: cast with `as " + std::string(dtypeName(type.dtype)) + "`" +
              (truncates ? ", what is divided before it is divided: integers truncate" : ""));
    return Value();
  }
  bool onlyCores = sameShape(value.type.tree, type.tree) && value.type.batch == type.batch;
  for (size_t i = 0; onlyCores && cores == Truth::Maybe && i < type.core.size(); ++i)
    if (facts.equal(value.type.core[i].size, type.core[i].size) == Truth::Maybe) {
      unproved(value.type.core[i], type.core[i], range);
      return Value();
    }
  Diagnostic &error =
      context.error("E0215", range, what + " is " + str(type, true) + ", found " + str(value.type, true));
  if (std::string advice = adviceForType(value.type, type, range); !advice.empty())
    error.help(advice);
  return Value();
}

/// Of `dim`, which a value has, what is written: its name, or a name for it behind a `?`.
bool Elaborator::annotateBatch(const TypeDim &written, const DimScope &scope, const DimEntity *&dim) {
  if (written.kind == TypeDim::Kind::Size) {
    dim = context.findDim(written.size->name, written.range, scope);
    return dim != nullptr;
  }
  if (written.kind == TypeDim::Kind::Binder) {
    Local local;
    local.dim = dim;
    declareLocal(written.binder, std::move(local));
  }
  return true;
}

bool Elaborator::annotateCore(const TypeDim &written, const DimScope &scope, CoreDim &dim) {
  if (written.kind == TypeDim::Kind::Size) {
    std::optional<CoreDim> core = context.resolveCoreDim(*written.size, scope);
    if (core)
      dim = *core;
    return core.has_value();
  }
  if (written.kind == TypeDim::Kind::Binder) {
    DimEntity *bound = context.newDim(DimEntity::Static, written.binder.name, written.binder.range);
    bound->size = dim.size;
    freshSizes[bound] = bound->size;
    Local local;
    local.dim = bound;
    declareLocal(written.binder, std::move(local));
    dim = {bound->size, written.binder.name, bound};
  }
  return true;
}

/// `let c: f32[| 64, ?Hc, _] = ...`: checks what is written, binds what has a `?`.
Value Elaborator::annotate(const Value &given, const TypeExpr &annotation, SourceRange range) {
  DimScope scope = scopeHere(true);
  bool open = false;
  auto isOpen = [](const TypeDim &dim) { return dim.kind != TypeDim::Kind::Size; };
  if (annotation.kind == TypeExpr::Kind::Tensor)
    open = std::any_of(annotation.core.begin(), annotation.core.end(), isOpen) ||
           std::any_of(annotation.batch.begin(), annotation.batch.end(), isOpen);
  if (!open || annotation.refused)
    return fit(given, context.resolveType(annotation, *frame->module, scope), range, "the annotation");
  std::optional<DType> dtype = context.resolveDType(annotation.dtype, *frame->module);
  if (!dtype || given.poisoned())
    return Value();
  Value value = tensor(given, dtype, range);
  if (value.poisoned())
    return Value();
  if (value.type.batch.size() != annotation.batch.size() || value.type.core.size() != annotation.core.size()) {
    context.error("E0215", range,
                  "the annotation has " + std::to_string(annotation.batch.size()) + " batch and " +
                      std::to_string(annotation.core.size()) + " core dims, found " + str(value.type, true));
    return Value();
  }
  Type type = value.type;
  type.dtype = *dtype;
  for (size_t i = 0; i < annotation.batch.size(); ++i)
    if (!annotateBatch(annotation.batch[i], scope, type.batch[i]))
      return Value();
  for (size_t i = 0; i < annotation.core.size(); ++i)
    if (!annotateCore(annotation.core[i], scope, type.core[i]))
      return Value();
  return fit(value, type, range, "the annotation");
}

} // namespace batten::frontend
