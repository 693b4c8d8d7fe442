// Facts.cpp - the prover of sizes; see Facts.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Facts.h"

#include <algorithm>

namespace batten::frontend {

namespace {

/// `difference == 0` solved for a symbol that stands in it alone, once and with coefficient 1 or -1.
std::optional<std::pair<std::string, Dim>> solveForSymbol(const Dim &difference) {
  for (const DimTerm &term : difference.terms()) {
    bool lone = term.factors.size() == 1 && term.factors[0].kind == Atom::Kind::Symbol;
    if (!lone || (term.coefficient != 1 && term.coefficient != -1))
      continue;
    Dim symbol = Dim::symbol(term.factors[0].name);
    Dim rest = term.coefficient == 1 ? symbol - difference : symbol + difference;
    if (!rest.overflowed() && !rest.symbols().count(term.factors[0].name))
      return std::make_pair(term.factors[0].name, rest);
  }
  return std::nullopt;
}

Truth compare(int64_t lhs, DimRelation relation, int64_t rhs) {
  bool holds = false;
  switch (relation) {
  case DimRelation::Eq:
    holds = lhs == rhs;
    break;
  case DimRelation::Ne:
    holds = lhs != rhs;
    break;
  case DimRelation::Lt:
    holds = lhs < rhs;
    break;
  case DimRelation::Le:
    holds = lhs <= rhs;
    break;
  case DimRelation::Gt:
    holds = lhs > rhs;
    break;
  case DimRelation::Ge:
    holds = lhs >= rhs;
    break;
  }
  return holds ? Truth::True : Truth::False;
}

/// The relation of b to a when `a relation b`.
DimRelation mirrored(DimRelation relation) {
  switch (relation) {
  case DimRelation::Lt:
    return DimRelation::Gt;
  case DimRelation::Le:
    return DimRelation::Ge;
  case DimRelation::Gt:
    return DimRelation::Lt;
  case DimRelation::Ge:
    return DimRelation::Le;
  default:
    return relation;
  }
}

std::optional<int64_t> checked(const std::optional<int64_t> &a, const std::optional<int64_t> &b, bool multiply) {
  int64_t result;
  if (!a || !b || (multiply ? __builtin_mul_overflow(*a, *b, &result) : __builtin_add_overflow(*a, *b, &result)))
    return std::nullopt;
  return result;
}

} // namespace

void Facts::assume(const Condition &condition) {
  conditions.push_back(condition);
  if (condition.relation != DimRelation::Eq)
    return;
  auto solved = solveForSymbol(normal(condition.lhs - condition.rhs));
  if (!solved)
    return;
  for (auto &[symbol, value] : equations)
    value = value.substitute({*solved});
  equations.insert(*solved);
}

const Condition *Facts::brokenBy(const std::string &symbol, int64_t size) const {
  std::map<std::string, Dim> value = {{symbol, Dim::constant(size)}};
  Facts unconditional(entityOf);
  for (const Condition &known : conditions)
    if (unconditional.holds(known.lhs.substitute(value), known.relation, known.rhs.substitute(value)) == Truth::False)
      return &known;
  return nullptr;
}

Dim Facts::normal(const Dim &dim) const {
  if (equations.empty())
    return dim;
  Dim rewritten = dim.substitute(equations);
  return rewritten.overflowed() ? dim : rewritten;
}

bool Facts::dependsOnTurn(const Dim &dim) const {
  std::set<std::string> symbols = dim.symbols();
  return std::any_of(symbols.begin(), symbols.end(), [&](const std::string &symbol) {
    const DimEntity *entity = entityOf(symbol);
    return entity && entity->kind == DimEntity::Turn;
  });
}

Truth Facts::equal(const Dim &lhs, const Dim &rhs) const { return holds(lhs, DimRelation::Eq, rhs); }

Truth Facts::holds(const Dim &lhs, DimRelation relation, const Dim &rhs) const {
  Dim difference = normal(lhs - rhs);
  if (std::optional<int64_t> value = difference.constantValue())
    return compare(*value, relation, 0);
  if (difference.overflowed())
    return Truth::Maybe;

  for (const Condition &known : conditions) {
    Dim left = normal(known.lhs), right = normal(known.rhs);
    if (known.relation == relation && left - right == difference)
      return Truth::True;
    if (known.relation == mirrored(relation) && right - left == difference)
      return Truth::True;
  }
  Interval range = signs(difference, 0);
  tighten(range, difference);
  bool below = range.high && *range.high < 0, above = range.low && *range.low > 0;
  bool notAbove = range.high && *range.high <= 0, notBelow = range.low && *range.low >= 0;
  auto decide = [](bool yes, bool no) { return yes ? Truth::True : no ? Truth::False : Truth::Maybe; };
  switch (relation) {
  case DimRelation::Eq:
    return decide(false, below || above);
  case DimRelation::Ne:
    return decide(below || above, false);
  case DimRelation::Lt:
    return decide(below, notBelow);
  case DimRelation::Le:
    return decide(notAbove, above);
  case DimRelation::Gt:
    return decide(above, notAbove);
  case DimRelation::Ge:
    return decide(notBelow, below);
  }
  return Truth::Maybe;
}

/// By the conditions whose sides differ as `dim` does but for a number: `3 <= T` says that `2 - T` is at most -1.
void Facts::tighten(Interval &range, const Dim &dim) const {
  for (const Condition &known : conditions) {
    bool isLess = known.relation == DimRelation::Lt || known.relation == DimRelation::Le;
    bool isGreater = known.relation == DimRelation::Gt || known.relation == DimRelation::Ge;
    if (!isLess && !isGreater)
      continue;
    int64_t strictly = known.relation == DimRelation::Lt || known.relation == DimRelation::Gt;
    Dim notAbove = normal(isLess ? known.lhs - known.rhs : known.rhs - known.lhs); // at most 0
    auto high = checked((dim - notAbove).constantValue(), -strictly, false);
    auto low = checked((dim + notAbove).constantValue(), strictly, false);
    if (high && (!range.high || *high < *range.high))
      range.high = high;
    if (low && (!range.low || *low > *range.low))
      range.low = low;
  }
}

void collectDivisions(const Dim &dim, std::vector<Atom> &found) {
  for (const DimTerm &term : dim.terms())
    for (const Atom &atom : term.factors) {
      collectDivisions(atom.lhs, found);
      collectDivisions(atom.rhs, found);
      if (atom.kind != Atom::Kind::Symbol)
        found.push_back(atom);
    }
}

//===- Intervals --------------------------------------------------------------------------------------------------===//

// Factors are sizes, so none is negative except below a difference: then nothing is known.
Facts::Interval Facts::product(const Interval &a, const Interval &b) {
  if (!a.low || !b.low || *a.low < 0 || *b.low < 0)
    return {};
  return {checked(a.low, b.low, true), checked(a.high, b.high, true)};
}

Facts::Interval Facts::interval(const Atom &atom) const {
  if (atom.kind == Atom::Kind::Symbol) {
    const DimEntity *entity = entityOf(atom.name);
    bool mayBeEmpty = !entity || entity->kind == DimEntity::Unbounded || entity->kind == DimEntity::Turn;
    std::optional<int64_t> high;
    if (entity && entity->bound)
      high = entity->bound->constantValue();
    return {mayBeEmpty ? 0 : 1, high};
  }
  if (atom.kind == Atom::Kind::Least)
    return {}; // no source has one
  Interval lhs = interval(atom.lhs), rhs = interval(atom.rhs);
  if (!lhs.low || *lhs.low < 0 || !rhs.low || *rhs.low < 1)
    return {};
  if (atom.kind == Atom::Kind::Mod)
    return {0, rhs.high ? std::optional<int64_t>(*rhs.high - 1) : lhs.high};
  Interval result{0, std::nullopt};
  if (rhs.high)
    result.low = *lhs.low / *rhs.high;
  if (lhs.high)
    result.high = *lhs.high / *rhs.low;
  // An exact quotient of sizes is a size.
  if (atom.kind == Atom::Kind::Quotient && *lhs.low >= 1)
    result.low = std::max<int64_t>(*result.low, 1);
  return result;
}

/// The interval of a dim as far as its sign goes. Quotients are correlated with what they divide, which interval
/// arithmetic can't see: `K/2 - K` is multiplied by 2 to tell that it is negative. For a floor division the multiple is
/// bounded from both sides.
Facts::Interval Facts::signs(const Dim &dim, unsigned depth) const {
  Interval range = interval(dim);
  if (depth > 3)
    return range;
  for (const DimTerm &term : dim.terms()) {
    if (term.factors.size() != 1)
      continue;
    const Atom &atom = term.factors[0];
    bool quotient = atom.kind == Atom::Kind::Quotient, floor = atom.kind == Atom::Kind::Div;
    Interval divisor = interval(atom.rhs);
    if ((!quotient && !floor) || !divisor.low || *divisor.low < 1)
      continue;
    Dim symbol =
        quotient ? Dim::exactDiv(atom.lhs, atom.rhs).value_or(Dim::overflow()) : Dim::floorDiv(atom.lhs, atom.rhs);
    Dim coefficient = Dim::constant(term.coefficient), rest = dim - coefficient * symbol;
    Dim least = atom.lhs - (floor ? atom.rhs - Dim::constant(1) : Dim()); // atom * rhs lies in [least, lhs]
    Dim high = coefficient * (term.coefficient > 0 ? atom.lhs : least) + rest * atom.rhs;
    Dim low = coefficient * (term.coefficient > 0 ? least : atom.lhs) + rest * atom.rhs;
    if (high.overflowed() || low.overflowed())
      continue;
    Interval above = signs(high, depth + 1), below = signs(low, depth + 1);
    auto tighten = [](std::optional<int64_t> &bound, std::optional<int64_t> found, bool upper) {
      if (!found || (upper ? *found > 0 : *found < 0))
        return; // it says nothing about the sign
      int64_t sign = *found < 0 ? -1 : *found > 0;
      if (!bound || (upper ? *bound > sign : *bound < sign))
        bound = sign;
    };
    tighten(range.high, above.high, true);
    tighten(range.low, below.low, false);
    break;
  }
  return range;
}

Facts::Interval Facts::interval(const Dim &dim) const {
  Interval sum{0, 0};
  for (const DimTerm &term : dim.terms()) {
    Interval factor{1, 1};
    for (const Atom &atom : term.factors)
      factor = product(factor, interval(atom));
    Interval scaled{checked(factor.low, term.coefficient, true), checked(factor.high, term.coefficient, true)};
    if (term.coefficient < 0)
      std::swap(scaled.low, scaled.high);
    sum = {checked(sum.low, scaled.low, false), checked(sum.high, scaled.high, false)};
  }
  return sum;
}

} // namespace batten::frontend
