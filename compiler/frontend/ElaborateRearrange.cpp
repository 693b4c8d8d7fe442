// ElaborateRearrange.cpp - the one way across the bar (R7).
//
// The source pattern takes the operand apart into named parts: its batch dims and the factors of its core dims. The
// result pattern puts every part somewhere, once. What is emitted is the normal form: factors of each core dim, a
// permutation of all parts, how many of them each core dim of the result joins.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Elaborate.h"

#include <algorithm>
#include <cassert>

namespace batten::frontend {

/// A part of the operand.
struct Elaborator::PatternSource {
  std::string name;               ///< empty: an integer
  const DimEntity *dim = nullptr; ///< what the name stands for
  CoreDim size;
  bool batch = false;
  bool used = false;
  int64_t position = -1; ///< among batch dims and factors; -1: a dim of size 1, which is no factor
  SourceRange range;
};

struct Elaborator::PatternState {
  std::vector<PatternSource> sources;
  size_t lifted = 0; ///< outer batch dims that the pattern does not speak of
  std::vector<std::vector<Dim>> splits;
  std::vector<int64_t> permutation, joins;
  Type type;                                                      ///< of the result
  std::vector<std::pair<const DimEntity *, SourceRange>> crossed; ///< batch dims that went right
};

//===- The source pattern -----------------------------------------------------------------------------------------===//

bool Elaborator::matchCore(const RearrangeExpr &expr, const PatternDim &node, const CoreDim &core,
                           PatternState &state) {
  DimScope scope = scopeHere(false);
  int64_t next = int64_t(state.lifted);
  for (const PatternSource &source : state.sources)
    next += source.position >= 0;
  std::vector<Dim> factors;
  Dim product = Dim::constant(1);
  std::vector<std::string> written;
  if (node.kind == PatternDim::Kind::Rename) {
    context.error("E0208", node.range, "a dim is renamed in the result pattern")
        .help("write `" + str(core) + "` here, and `NEW:" + str(core) + "` in the result pattern");
    return false;
  }
  if (node.kind == PatternDim::Kind::Integer) {
    PatternSource source;
    source.size = {Dim::constant(node.value), "", nullptr};
    source.range = node.range;
    product = source.size.size;
    written.push_back(std::to_string(node.value));
    if (node.value != 1) {
      source.position = next++;
      factors.push_back(product);
    }
    state.sources.push_back(source);
  }
  for (const Identifier &name : node.names) {
    const DimEntity *dim = context.findDim(name.name, name.range, scope);
    if (!dim || dim->poisoned)
      return false;
    for (const PatternSource &source : state.sources)
      if (source.name == name.name) {
        context.error("E0208", name.range, "`" + name.name + "` stands twice on one side of the pattern")
            .secondary(source.range)
            .help("each dim stands once on each side; give one of them another name first");
        return false;
      }
    PatternSource source;
    source.name = name.name;
    source.dim = dim;
    source.size = {sizeOf(*dim), name.name, dim};
    source.position = next++;
    source.range = name.range;
    product = product * source.size.size;
    factors.push_back(source.size.size);
    written.push_back(name.name);
    state.sources.push_back(source);
  }
  state.splits.push_back(factors);
  CoreDim pattern{product, joined(written, "*"),
                  written.size() == 1 && node.names.size() == 1 ? state.sources.back().dim : nullptr};
  auto report = [&] {
    context
        .error("E0215", node.range,
               "`" + context.text(node.range) + "` is " + str(product) + " here, the operand has " + str(core, true))
        .secondary(expr.operand->range);
  };
  return requireEqual(core, pattern, node.range, report);
}

bool Elaborator::matchSource(const RearrangeExpr &expr, const Operand &operand, PatternState &state) {
  const Type &type = operand.value.type;
  const Pattern &from = expr.from;
  if (from.batch.size() > type.batch.size() || from.core.size() != type.core.size()) {
    context
        .error("E0215", from.range,
               "the pattern has " + std::to_string(from.batch.size()) + " batch and " +
                   std::to_string(from.core.size()) + " core dims, the operand is " + str(type))
        .secondary(expr.operand->range);
    return false;
  }
  state.lifted = type.batch.size() - from.batch.size();
  DimScope scope = scopeHere(false);
  for (size_t i = 0; i < from.batch.size(); ++i) {
    const PatternDim &node = from.batch[i];
    if (node.kind != PatternDim::Kind::Name) {
      context.error("E0208", node.range, "a batch dim of the operand is a name");
      return false;
    }
    const DimEntity *dim = context.findDim(node.names[0].name, node.range, scope);
    if (!dim || dim->poisoned)
      return false;
    const DimEntity *actual = type.batch[state.lifted + i];
    if (dim != actual) {
      context.error("E0215", node.range, "`" + node.names[0].name + "` here, the operand has `" + actual->name + "`")
          .secondary(expr.operand->range)
          .label(str(type))
          .help("write `" + actual->name + "` here, and `" + node.names[0].name + ":" + actual->name +
                "` in the result pattern if it shall be called `" + node.names[0].name + "`");
      return false;
    }
    PatternSource source;
    source.name = node.names[0].name;
    source.dim = dim;
    source.size = {sizeOf(*dim), source.name, dim};
    source.batch = true;
    source.position = int64_t(state.lifted + i);
    source.range = node.range;
    state.sources.push_back(source);
  }
  for (size_t i = 0; i < from.core.size(); ++i)
    if (!matchCore(expr, from.core[i], type.core[i], state))
      return false;
  return true;
}

//===- The result pattern -----------------------------------------------------------------------------------------===//

Elaborator::PatternSource *Elaborator::take(const RearrangeExpr &expr, const Identifier &name, PatternState &state) {
  for (PatternSource &source : state.sources) {
    if (source.name != name.name)
      continue;
    if (source.used) {
      context.error("E0208", name.range, "`" + name.name + "` stands twice on one side of the pattern")
          .help("each dim stands once on each side; `spread` repeats positions");
      return nullptr;
    }
    source.used = true;
    return &source;
  }
  if (context.findDim(name.name, name.range, scopeHere(false)))
    context.error("E0208", name.range, "rearrange makes dim `" + name.name + "` from nothing")
        .secondary(expr.from.range, "`" + name.name + "` is missing here")
        .help(adviceForUnknown(expr, name, state));
  return nullptr;
}

/// A name of the result pattern that the operand's lacks is most often a new name for the dim that is left over, or
/// `old:new`.
std::string Elaborator::adviceForUnknown(const RearrangeExpr &expr, const Identifier &name, const PatternState &state) {
  std::set<std::string> placed;
  for (const std::vector<PatternDim> *side : {&expr.to.batch, &expr.to.core})
    for (const PatternDim &node : *side) {
      for (const Identifier &each : node.names)
        placed.insert(each.name);
      if (node.kind == PatternDim::Kind::Rename && node.names[1].name == name.name)
        return "a new name stands before the old one: `" + name.name + ":" + node.names[0].name + "`";
    }
  std::vector<std::string> left;
  for (const PatternSource &source : state.sources)
    if (!source.name.empty() && !placed.count(source.name))
      left.push_back(source.name);
  if (left.size() == 1)
    return "to give `" + left[0] + "` the name `" + name.name + "` write `" + name.name + ":" + left[0] + "`";
  return "a new batch dim comes from `spread`, a new core dim of size 1 is written `1`";
}

/// `S:T`: equal sizes are proved, or guarded at entry where both are runtime sizes.
bool Elaborator::sameOrGuarded(const CoreDim &fresh, const CoreDim &old, SourceRange range) {
  Truth equal = facts.equal(fresh.size, old.size);
  if (equal == Truth::True)
    return true;
  if (equal == Truth::False) {
    context.error("E0215", range, "`" + str(fresh, true) + "` cannot name a dim of size " + str(old, true));
    return false;
  }
  for (const std::string &symbol : (fresh.size - old.size).symbols())
    if (const DimEntity *dim = entityOf(symbol); dim && dim->kind == DimEntity::Generic) {
      unproved(fresh, old, range);
      return false;
    }
  if (!checking)
    guard({fresh.size, old.size, DimRelation::Eq, range});
  return true;
}

/// A part that the result pattern names: as a core dim of the result.
std::optional<CoreDim> Elaborator::placeName(const RearrangeExpr &expr, const Identifier &name,
                                             const Identifier *renamed, PatternState &state) {
  PatternSource *source = take(expr, name, state);
  if (!source)
    return std::nullopt;
  state.permutation.push_back(source->position);
  CoreDim dim = source->size;
  if (renamed) {
    const DimEntity *fresh = context.findDim(renamed->name, renamed->range, scopeHere(false));
    if (!fresh || fresh->poisoned)
      return std::nullopt;
    dim = {sizeOf(*fresh), renamed->name, fresh};
    bool unbounded = fresh->kind == DimEntity::Unbounded || source->dim->kind == DimEntity::Unbounded;
    if (unbounded ? fresh != source->dim && !checking && !sameOrGuarded(dim, source->size, renamed->range)
                  : !sameOrGuarded(dim, source->size, renamed->range))
      return std::nullopt;
  }
  if (source->batch)
    state.crossed.push_back({source->dim, renamed ? renamed->range : name.range});
  return dim;
}

bool Elaborator::placeLeft(const RearrangeExpr &expr, const PatternDim &node, PatternState &state) {
  assert((node.kind == PatternDim::Kind::Name || node.kind == PatternDim::Kind::Rename) && "the parser refuses others");
  bool rename = node.kind == PatternDim::Kind::Rename;
  size_t crossed = state.crossed.size();
  std::optional<CoreDim> dim = placeName(expr, node.names[rename ? 1 : 0], rename ? &node.names[0] : nullptr, state);
  if (!dim || !dim->entity || !context.isBatchDim(*dim->entity, node.range))
    return false;
  if (!rename) // a dim that stays left under its name; under another one its positions are others
    state.crossed.resize(crossed);
  state.type.batch.push_back(dim->entity);
  return true;
}

/// A size of its own: 1, or one that the source pattern has so.
bool Elaborator::placeInteger(const PatternDim &node, PatternState &state) {
  Dim size = Dim::constant(node.value);
  auto source = std::find_if(state.sources.begin(), state.sources.end(), [&](const PatternSource &source) {
    return source.name.empty() && !source.used && source.size.size == size;
  });
  if (source == state.sources.end() && node.value != 1) {
    context.error("E0208", node.range, "rearrange makes a dim of size " + std::to_string(node.value) + " from nothing")
        .help("only a dim of size 1 can be made; a dim is split by names, `(P Q)` into `P, Q` with `dim P = " +
              std::to_string(node.value) + "`");
    return false;
  }
  if (source != state.sources.end())
    source->used = true;
  if (node.value != 1)
    state.permutation.push_back(source->position);
  state.joins.push_back(node.value != 1);
  state.type.core.push_back({size, "", nullptr});
  return true;
}

bool Elaborator::placeGroup(const RearrangeExpr &expr, const PatternDim &node, PatternState &state) {
  Dim product = Dim::constant(1);
  std::vector<std::string> names;
  for (const Identifier &name : node.names) {
    std::optional<CoreDim> part = placeName(expr, name, nullptr, state);
    if (!part)
      return false;
    product = product * part->size;
    names.push_back(name.name);
  }
  state.joins.push_back(int64_t(node.names.size()));
  state.type.core.push_back({product, joined(names, "*"), nullptr});
  return true;
}

bool Elaborator::placeRight(const RearrangeExpr &expr, const PatternDim &node, PatternState &state) {
  size_t crossed = state.crossed.size();
  if (node.kind == PatternDim::Kind::Integer) {
    if (!placeInteger(node, state))
      return false;
  } else if (node.kind == PatternDim::Kind::Group) {
    if (!placeGroup(expr, node, state))
      return false;
  } else {
    bool rename = node.kind == PatternDim::Kind::Rename;
    std::optional<CoreDim> dim = placeName(expr, node.names[rename ? 1 : 0], rename ? &node.names[0] : nullptr, state);
    if (!dim)
      return false;
    state.joins.push_back(1);
    state.type.core.push_back(*dim);
  }
  for (size_t i = crossed; i < state.crossed.size(); ++i) {
    auto [dim, range] = state.crossed[i];
    if (dim->kind == DimEntity::Unbounded) {
      std::string operand = context.text(expr.operand->range);
      context.unboundedInCore(*dim, range,
                              "; or sum per-sample products: `sum(outer(" + operand + ", " + operand + ") over batch " +
                                  dim->name + ")`");
      return false;
    }
    if (checking && dim->kind == DimEntity::Generic && frame->function)
      frame->function->bounded.try_emplace(dim, range);
  }
  return true;
}

/// The pattern with a dim added left of the bar: the fix-it of E0208.
static std::string keptLeft(const std::string &pattern, const std::string &name) {
  size_t bar = pattern.find('|');
  std::string left = pattern.substr(1, bar - 1);
  while (!left.empty() && left.back() == ' ')
    left.pop_back();
  return "[" + (left.empty() ? "" : left + ", ") + name + " " + pattern.substr(bar);
}

void Elaborator::droppedDim(const RearrangeExpr &expr, const PatternSource &source) {
  std::string name = source.name.empty() ? str(source.size.size) : source.name,
              operand = context.text(expr.operand->range);
  Diagnostic &error = context.error("E0208", source.range, "rearrange drops dim `" + name + "`");
  error.secondary(expr.to.range, "`" + name + "` is missing here");
  if (source.name.empty())
    error.help("only a dim of size 1 can be left out; reduce it or slice it first");
  else
    error.help("keep it as a batch dim: `" + keptLeft(context.text(expr.to.range), name) +
               "`; or reduce it first: `mean(" + operand + " over " + (source.batch ? "batch " : "") + name + ")`");
}

Value Elaborator::evalRearrange(const RearrangeExpr &expr) {
  Operand operand{eval(*expr.operand), expr.operand->range};
  operand.value = tensor(operand.value, std::nullopt, operand.range);
  if (expr.from.refused || expr.to.refused || !isTensor("rearrange", expr.range, operand))
    return Value();
  PatternState state;
  if (!matchSource(expr, operand, state))
    return Value();
  state.type.dtype = operand.value.type.dtype;
  for (size_t i = 0; i < state.lifted; ++i) {
    state.type.batch.push_back(operand.value.type.batch[i]);
    state.permutation.push_back(int64_t(i));
  }
  for (const PatternDim &node : expr.to.batch)
    if (!placeLeft(expr, node, state))
      return Value();
  for (const PatternDim &node : expr.to.core)
    if (!placeRight(expr, node, state))
      return Value();
  for (const PatternSource &source : state.sources)
    if (!source.used && source.position >= 0) {
      droppedDim(expr, source);
      return Value();
    }
  if (!context.checkType(state.type, expr.to.range))
    return Value();
  Value result = rearranged(operand.value, state.splits, state.permutation, state.joins, state.type, expr.range);
  for (const auto &[dim, range] : state.crossed)
    mark(dim, expr.range);
  return result;
}

} // namespace batten::frontend
