// ElaborateBinding.cpp - a call of a function of the program: arguments meet parameters (R4).
//
// The batch dims nearest the bar meet the parameter's, the outer ones are loop dims. Generics are bound by the batch
// dims that they meet, then by core dims that are a lone symbol, then by core polynomials with one unknown left.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/AstPrinter.h"
#include "compiler/frontend/Elaborate.h"

#include <algorithm>

namespace batten::frontend {

//===- Binding ----------------------------------------------------------------------------------------------------===//

bool Elaborator::inferable(const DimEntity *dim, const Binding &binding) {
  const auto &generics = binding.function->generics;
  if (std::find(generics.begin(), generics.end(), dim) != generics.end())
    return true;
  if (!binding.self || !binding.self->incomplete)
    return false;
  const auto &model = binding.self->model->generics;
  return std::find(model.begin(), model.end(), dim) != model.end();
}

/// What a batch dim of the callee is to the caller.
const DimEntity *Elaborator::callerEntity(Frame &caller, const Binding &binding, const DimEntity *dim) {
  auto met = binding.entities.find(dim);
  if (met != binding.entities.end())
    return met->second;
  auto size = binding.sizes.find(dim);
  if (size != binding.sizes.end()) { // bound by a core dim: by the name that stood there, else a dim of its own
    auto written = binding.written.find(dim);
    if (written != binding.written.end() && written->second.entity)
      return written->second.entity;
    if (std::optional<std::string> symbol = size->second.symbolName())
      if (const DimEntity *entity = entityOf(*symbol))
        return entity;
    const DimEntity *&fresh = freshEntities[{dim, size->second.str()}];
    if (!fresh) {
      DimEntity *entity = context.newDim(DimEntity::Static, dim->name, dim->range);
      entity->size = size->second;
      freshSizes[entity] = size->second;
      fresh = entity;
    }
    return fresh;
  }
  bool sameModel = binding.self == caller.self && binding.function->model == caller.model;
  if (!sameModel && binding.self && binding.self->outward) {
    auto outward = binding.self->outward->find(dim);
    if (outward != binding.self->outward->end())
      return outward->second;
  }
  return dim;
}

/// A polynomial of the callee's declaration in the caller's terms; what is not bound yet stays.
Dim Elaborator::bound(const Dim &declared, const Binding &binding) {
  if (declared.isConstant())
    return declared;
  std::map<std::string, Dim> values;
  for (const std::string &symbol : declared.symbols()) {
    const DimEntity *dim = context.entityOf(symbol);
    if (!dim)
      continue;
    auto size = binding.sizes.find(dim);
    if (size != binding.sizes.end())
      values[symbol] = size->second;
    else if (!inferable(dim, binding))
      values[symbol] = sizeFor(binding.self, *dim);
  }
  return declared.substitute(values);
}

Type Elaborator::boundType(const Type &declared, const Binding &binding) {
  Type type = declared;
  type.batch = binding.loops;
  for (const DimEntity *dim : declared.batch)
    type.batch.push_back(callerEntity(*frame, binding, dim));
  for (CoreDim &dim : type.core) {
    Dim size = bound(dim.size, binding);
    auto written = dim.entity ? binding.written.find(dim.entity) : binding.written.end();
    auto met = dim.entity ? binding.entities.find(dim.entity) : binding.entities.end();
    bool declaredDim = dim.entity && dim.entity->kind != DimEntity::Generic && size == dim.size;
    if (written != binding.written.end())
      dim = written->second;
    else if (met != binding.entities.end())
      dim = {size, met->second->name, met->second};
    else if (!declaredDim)
      dim = {size, "", nullptr};
    dim.size = size;
  }
  return type;
}

bool Elaborator::bindBatch(const Type &parameter, const Operand &operand, Binding &binding, const std::string &what) {
  const BatchList &actual = operand.value.type.batch;
  size_t outer = actual.size() - parameter.batch.size();
  for (size_t i = 0; i < parameter.batch.size(); ++i) {
    const DimEntity *wanted = parameter.batch[i], *found = actual[outer + i];
    if (inferable(wanted, binding) && !binding.entities.count(wanted)) {
      binding.entities[wanted] = found;
      binding.sizes[wanted] = sizeOf(*found);
      continue;
    }
    const DimEntity *expected = callerEntity(*frame, binding, wanted);
    if (expected == found)
      continue;
    std::string name = "`" + wanted->name + "`";
    bool generic = inferable(wanted, binding);
    Diagnostic &error = context.error(
        "E0215", operand.range, what + " is " + str(parameter, true) + ", found " + str(operand.value.type, true));
    error.label(generic ? name + " was bound to `" + expected->name + "`, here it meets `" + found->name + "`"
                        : name + " must meet " + (expected == wanted ? "itself" : "`" + expected->name + "`") +
                              ", here it meets `" + found->name + "`");
    error.note(name + " is bound at " + context.at(wanted->range) +
                   (wanted->name == found->name ? ", the other at " + context.at(found->range) : ""),
               wanted->range);
    if (wanted->range.file != found->range.file)
      error.help("the dims of an import are its own; a library function takes generics: `fn f<N>(x: f32[N | ..])`");
    return false;
  }
  return true;
}

void Elaborator::bindSymbols(const Type &parameter, const Operand &operand, Binding &binding) {
  for (size_t i = 0; i < parameter.core.size(); ++i) {
    std::optional<std::string> symbol = parameter.core[i].size.symbolName();
    const DimEntity *dim = symbol ? context.entityOf(*symbol) : nullptr;
    if (!dim || !inferable(dim, binding) || binding.sizes.count(dim))
      continue;
    binding.sizes[dim] = operand.value.type.core[i].size;
    binding.written[dim] = operand.value.type.core[i];
  }
}

/// `3*N` met 1536: one unknown, linear.
void Elaborator::bindPolynomials(const Type &parameter, const Operand &operand, Binding &binding) {
  for (size_t i = 0; i < parameter.core.size(); ++i) {
    Dim declared = bound(parameter.core[i].size, binding);
    const DimEntity *unknown = nullptr;
    size_t unknowns = 0;
    for (const std::string &symbol : parameter.core[i].size.symbols())
      if (const DimEntity *dim = context.entityOf(symbol);
          dim && inferable(dim, binding) && !binding.sizes.count(dim)) {
        unknown = dim;
        ++unknowns;
      }
    if (unknowns != 1)
      continue;
    auto at = [&](int64_t value) { return declared.substitute({{unknown->symbol, Dim::constant(value)}}); };
    Dim rest = at(0), slope = at(1) - rest;
    if (slope.overflowed() || !(at(2) - at(1) == slope))
      continue;
    std::optional<Dim> size = Dim::exactDiv(operand.value.type.core[i].size - rest, slope);
    if (size && !size->overflowed())
      binding.sizes[unknown] = *size;
  }
}

bool Elaborator::checkCores(const Type &parameter, const Operand &operand, Binding &binding, const std::string &what) {
  for (size_t i = 0; i < parameter.core.size(); ++i) {
    const CoreDim &found = operand.value.type.core[i];
    CoreDim wanted = parameter.core[i];
    wanted.size = bound(wanted.size, binding);
    auto report = [&] {
      Diagnostic &error = context.error("E0215", operand.range,
                                        what + " is " + str(parameter) + ", found " + str(operand.value.type, true));
      error.label("`" + str(wanted, true) + "` meets " + str(found, true));
      std::vector<CoreDim> all = parameter.core;
      for (CoreDim &dim : all)
        dim.size = bound(dim.size, binding);
      if (std::string advice = adviceForWindows(operand.value.type.core, all); !advice.empty())
        error.help(advice);
      if (parameter.core[i].entity)
        error.note("`" + parameter.core[i].entity->name + "` is bound at " +
                   context.at(parameter.core[i].entity->range));
    };
    if (!(wanted.size == parameter.core[i].size))
      wanted.text = str(wanted.size), wanted.entity = nullptr;
    if (!requireEqual(found, wanted, operand.range, report))
      return false;
  }
  return true;
}

/// Everything bound? (E0218)
bool Elaborator::finishBinding(const CallExpr &expr, Binding &binding) {
  std::vector<const DimEntity *> generics = binding.function->generics;
  if (binding.self && binding.self->incomplete)
    generics.insert(generics.begin(), binding.self->model->generics.begin(), binding.self->model->generics.end());
  for (const DimEntity *generic : generics) {
    if (binding.sizes.count(generic))
      continue;
    bool ofModel = std::find(binding.function->generics.begin(), binding.function->generics.end(), generic) ==
                   binding.function->generics.end();
    std::string owner = ofModel ? binding.self->model->item->name.name : binding.function->item->name.name;
    Diagnostic &error = context.error("E0218", expr.callee->range,
                                      "generic `" + generic->name + "` of `" + owner + "` cannot be inferred");
    error.label("no argument fixes `" + generic->name + "`")
        .note("`" + generic->name + "` is bound at " + context.at(generic->range));
    if (ofModel)
      error.help("give it at a `sub`: `sub m: " + owner + "<..>`, then call `m`");
    return false;
  }
  if (binding.self && binding.self->incomplete) {
    for (const DimEntity *generic : binding.self->model->generics) {
      binding.self->sizes[generic] = binding.sizes[generic];
      (*binding.self->outward)[generic] = callerEntity(*frame, binding, generic);
    }
    binding.self->incomplete = false;
    return finishInstance(*binding.self, "from the arguments at " + context.at(expr.range), expr.range);
  }
  return true;
}

/// With the sizes of this call, what `declared` divides is divided by a size, and exactly by `/` (E0207). `place` says
/// where it is declared.
Diagnostic *Elaborator::wrongDivision(const Dim &declared, const Binding &binding, SourceRange range,
                                      const std::string &place) {
  std::vector<Atom> divisions;
  collectDivisions(declared, divisions);
  for (const Atom &division : divisions) {
    Dim lhs = bound(division.lhs, binding), rhs = bound(division.rhs, binding);
    if (lhs.overflowed() || rhs.overflowed())
      continue;
    if (rhs.constantValue().value_or(1) < 1)
      return &context.error("E0207", range, "division of " + str(lhs) + " by " + str(rhs))
                  .label(Context::divisorRule + place);
    if (division.kind == Atom::Kind::Quotient && !Dim::exactDiv(lhs, rhs))
      return &context.error("E0207", range, str(lhs) + " is not divisible by " + str(rhs))
                  .label("`/` on dims is exact" + place);
  }
  return nullptr;
}

bool Elaborator::checkDivisions(const CallExpr &expr, const Binding &binding) {
  const FunctionDecl &function = *binding.function;
  const std::string &callee = function.item->name.name;
  for (const std::vector<Type> *types : {&function.parameters, &function.results})
    for (const Type &type : *types)
      for (const CoreDim &dim : type.core) {
        std::string place = ", and `" + callee + "` has a core dim `" + str(dim) + "`";
        if (Diagnostic *error = wrongDivision(dim.size, binding, expr.range, place)) {
          error->note("`" + callee + "` is declared at " + context.at(function.item->name.range));
          return false;
        }
      }
  return true;
}

/// A generic that stands right of the bar in the callee is bounded in the caller too (E0202).
bool Elaborator::requireBounded(const CallExpr &expr, Binding &binding) {
  if (!checking)
    return true;
  for (const auto &[generic, inner] : binding.function->bounded) {
    auto met = binding.entities.find(generic);
    if (met == binding.entities.end())
      continue;
    const DimEntity *dim = met->second;
    if (dim->kind == DimEntity::Generic && frame->function)
      frame->function->bounded.try_emplace(dim, inner);
    if (dim->kind != DimEntity::Unbounded)
      continue;
    const std::string &callee = binding.function->item->name.name;
    context.error("E0202", expr.range, "`" + dim->name + "` has no upper bound, so it may only stand left of the bar")
        .label("`" + generic->name + "` of `" + callee + "` is `" + dim->name + "` here")
        .note("`" + callee + "` uses it as a core dim at " + context.at(inner), inner)
        .note("`dim " + dim->name + "` at " + context.at(dim->range) +
                  " has no bound; a core dim can be summed over, which would mix samples",
              dim->range)
        .help("bound it: `dim " + dim->name + " <= 4096`");
    return false;
  }
  return true;
}

bool Elaborator::checkConditions(const std::vector<Condition> &conditions, const Binding &binding, SourceRange range) {
  for (const Condition &declared : conditions) {
    for (const Dim &side : {declared.lhs, declared.rhs}) {
      std::string place = ", and `where " + context.text(declared.range) + "` is asked";
      if (Diagnostic *error = wrongDivision(side, binding, range, place)) {
        error->note("the condition stands at " + context.at(declared.range), declared.range);
        return false;
      }
    }
    Condition condition{bound(declared.lhs, binding), bound(declared.rhs, binding), declared.relation, declared.range};
    Truth truth = facts.holds(condition.lhs, condition.relation, condition.rhs);
    std::string values = str(condition.lhs) + " " + spelling(condition.relation) + " " + str(condition.rhs);
    if (truth == Truth::True || facts.dependsOnTurn(condition.lhs - condition.rhs))
      continue;
    if (truth == Truth::False) {
      context.error("E0217", range, "`where " + context.text(declared.range) + "` is false")
          .label("here it is " + values)
          .note("the condition stands at " + context.at(declared.range), declared.range);
      return false;
    }
    std::set<std::string> symbols = (condition.lhs - condition.rhs).symbols();
    bool open = std::any_of(symbols.begin(), symbols.end(), [&](const std::string &symbol) {
      const DimEntity *dim = entityOf(symbol);
      return dim && dim->kind == DimEntity::Generic;
    });
    if (open) {
      context.error("E0216", range, "cannot prove `where " + context.text(declared.range) + "`")
          .label("here it is " + values)
          .note("the condition stands at " + context.at(declared.range), declared.range)
          .help("ask it of the callers: `where " + values + "`");
      return false;
    }
    if (!checking)
      guard(condition);
  }
  return true;
}

bool Elaborator::checkInout(const Parameter &parameter, const CallArgument &argument, const Operand &operand,
                            const Binding &binding) {
  const auto *name = dynCast<NameExpr>(*argument.value);
  Local *local = name ? findLocal(name->name) : nullptr;
  if (!local || !local->assignable) {
    context.error("E0108", operand.range, "`inout " + parameter.name.name + "` needs a `var` or an `inout` parameter")
        .label(name ? "`" + name->name + "` is not assignable" : "an expression has no place to be updated in")
        .help("bind it first: `var " + (name ? name->name + "_new" : std::string("state")) + " = " +
              context.text(operand.range) + "`");
    return false;
  }
  const BatchList &batch = operand.value.type.batch;
  size_t outer =
      batch.size() -
      (operand.value.type.tree
           ? 0
           : binding.function->parameters[size_t(&parameter - binding.function->item->parameters.data())].batch.size());
  BatchList mine(batch.begin(), batch.begin() + long(outer));
  if (mine == binding.loops)
    return true;
  context.error("E0215", operand.range, "an `inout` argument must have all loop dims " + str(binding.loops))
      .label("this is " + str(operand.value.type))
      .help("one place cannot be updated by several positions; `spread` it into a `var` first");
  return false;
}

} // namespace batten::frontend
