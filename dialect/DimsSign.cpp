// DimsSign.cpp - see DimsSign.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/DimsSign.h"
#include <algorithm>

namespace batten {

static bool isNonNegative(const Atom &atom) {
  switch (atom.kind) {
  case Atom::Kind::Symbol:
  case Atom::Kind::Mod:
    return true;
  case Atom::Kind::Div:
  case Atom::Kind::Quotient:
    return isNonNegative(atom.lhs);
  case Atom::Kind::Least:
    return isNonNegative(atom.lhs) && isNonNegative(atom.rhs);
  }
  return false;
}

/// Not above `dim`: for what is taken off as often as the lesser of two, either is, here the constant one. nullopt: it
/// is `dim`.
static std::optional<Dim> withoutLesser(const Dim &dim) {
  for (const DimTerm &term : dim.terms())
    for (const Atom &atom : term.factors) {
      if (term.coefficient > 0 || atom.kind != Atom::Kind::Least || !atom.rhs.isConstant())
        continue;
      Dim others = Dim::constant(term.coefficient);
      for (const Atom &other : term.factors)
        if (&other != &atom)
          others = others * Dim::of(other);
      if (isAtMost(others, Dim()))
        return dim + others * (atom.rhs - Dim::of(atom));
    }
  return std::nullopt;
}

bool isNonNegative(const Dim &dim) {
  auto factors = [](const DimTerm &term) {
    return std::all_of(term.factors.begin(), term.factors.end(), [](const Atom &atom) { return isNonNegative(atom); });
  };
  bool isSum = std::all_of(dim.terms().begin(), dim.terms().end(),
                           [&](const DimTerm &term) { return term.coefficient >= 0 && factors(term); });
  if (dim.overflowed() || isSum)
    return isSum && !dim.overflowed();
  std::optional<Dim> lower = withoutLesser(dim);
  return lower && isNonNegative(*lower);
}

bool isAtMost(const Dim &lhs, const Dim &rhs) { return isNonNegative(rhs - lhs); }

} // namespace batten
