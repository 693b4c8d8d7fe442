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
  if (std::string advice = adviceForWindows(value.type.core, type.core); !advice.empty())
    error.help(advice);
  else if (sameShape(value.type.tree, type.tree) && value.type.batch.size() < type.batch.size() &&
           isSublist(value.type.batch, type.batch))
    error.help("nothing is repeated silently; write `spread(" + context.text(range) + ", " + str(type.batch) + ")`");
  else if (!value.type.tree && !type.tree && value.type.batch.size() == 1 && type.batch.empty())
    error.help("there is one for each position of `" + value.type.batch[0]->name +
               "`; to bring them together write `mean(.. over batch " + value.type.batch[0]->name +
               ")` or `sum(.. over batch " + value.type.batch[0]->name + ")`");
  else if (!value.type.tree && value.type.core.empty() && type.core.size() == 1 && type.core[0].size.isConstant(1))
    error.help("a number for each position has an empty core: `" + str(value.type) + "`");
  else if (!value.type.tree && !type.tree && value.type.batch != type.batch)
    error.help("batch dims differ: " + str(value.type.batch) + " and " + str(type.batch) +
               "; `rearrange` moves and renames dims, `sum(.. over batch ..)` removes them");
  return Value();
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
  for (size_t i = 0; i < annotation.batch.size(); ++i) {
    const TypeDim &dim = annotation.batch[i];
    if (dim.kind == TypeDim::Kind::Size) {
      type.batch[i] = context.findDim(dim.size->name, dim.range, scope);
      if (!type.batch[i])
        return Value();
    } else if (dim.kind == TypeDim::Kind::Binder) {
      Local local;
      local.dim = value.type.batch[i];
      declareLocal(dim.binder, std::move(local));
    }
  }
  for (size_t i = 0; i < annotation.core.size(); ++i) {
    const TypeDim &dim = annotation.core[i];
    if (dim.kind == TypeDim::Kind::Size) {
      std::optional<CoreDim> core = context.resolveCoreDim(*dim.size, scope);
      if (!core)
        return Value();
      type.core[i] = *core;
    } else if (dim.kind == TypeDim::Kind::Binder) {
      DimEntity *bound = context.newDim(DimEntity::Static, dim.binder.name, dim.binder.range);
      bound->size = value.type.core[i].size;
      freshSizes[bound] = bound->size;
      Local local;
      local.dim = bound;
      declareLocal(dim.binder, std::move(local));
      type.core[i] = {bound->size, dim.binder.name, bound};
    }
  }
  return fit(value, type, range, "the annotation");
}

} // namespace batten::frontend
