// DimsValues.cpp - what a dim polynomial is worth where its symbols have values, or are polynomials themselves.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Dims.h"
#include "dialect/DimsDivision.h"
#include <algorithm>

namespace batten {

static std::optional<int64_t> evaluateAtom(const Atom &atom, const std::map<std::string, int64_t> &values) {
  if (atom.kind == Atom::Kind::Symbol) {
    auto found = values.find(atom.name);
    return found == values.end() ? std::nullopt : std::optional<int64_t>(found->second);
  }
  std::optional<int64_t> lhs = atom.lhs.evaluate(values), rhs = atom.rhs.evaluate(values);
  if (lhs && rhs && atom.kind == Atom::Kind::Least)
    return std::min(*lhs, *rhs);
  if (!lhs || !rhs || *rhs == 0 || (*lhs == INT64_MIN && *rhs == -1))
    return std::nullopt;
  if (atom.kind == Atom::Kind::Mod)
    return floorRemainder(*lhs, *rhs);
  if (atom.kind == Atom::Kind::Quotient && *lhs % *rhs != 0)
    return std::nullopt;
  return floorQuotient(*lhs, *rhs);
}

std::optional<int64_t> Dim::evaluate(const std::map<std::string, int64_t> &values) const {
  if (invalid)
    return std::nullopt;
  int64_t sum = 0;
  for (const DimTerm &term : terms()) {
    int64_t product = term.coefficient;
    for (const Atom &atom : term.factors) {
      std::optional<int64_t> value = evaluateAtom(atom, values);
      if (!value || __builtin_mul_overflow(product, *value, &product))
        return std::nullopt;
    }
    if (__builtin_add_overflow(sum, product, &sum))
      return std::nullopt;
  }
  return sum;
}

static Dim substituteAtom(const Atom &atom, const std::map<std::string, Dim> &values) {
  if (atom.kind == Atom::Kind::Symbol) {
    auto found = values.find(atom.name);
    return found == values.end() ? Dim::symbol(atom.name) : found->second;
  }
  Dim lhs = atom.lhs.substitute(values), rhs = atom.rhs.substitute(values);
  if (atom.kind == Atom::Kind::Div)
    return Dim::floorDiv(lhs, rhs);
  if (atom.kind == Atom::Kind::Mod)
    return Dim::modulo(lhs, rhs);
  if (atom.kind == Atom::Kind::Least)
    return Dim::least(lhs, rhs);
  return Dim::exactDiv(lhs, rhs).value_or(Dim::overflow());
}

Dim Dim::substitute(const std::map<std::string, Dim> &values) const {
  if (invalid)
    return *this;
  Dim sum;
  for (const DimTerm &term : terms()) {
    Dim product = constant(term.coefficient);
    for (const Atom &atom : term.factors)
      product = product * substituteAtom(atom, values);
    sum = sum + product;
  }
  return sum;
}

static void collectSymbols(const Dim &dim, std::set<std::string> &names) {
  for (const DimTerm &term : dim.terms()) {
    for (const Atom &atom : term.factors) {
      if (atom.kind == Atom::Kind::Symbol)
        names.insert(atom.name);
      collectSymbols(atom.lhs, names);
      collectSymbols(atom.rhs, names);
    }
  }
}

std::set<std::string> Dim::symbols() const {
  std::set<std::string> names;
  collectSymbols(*this, names);
  return names;
}

} // namespace batten
