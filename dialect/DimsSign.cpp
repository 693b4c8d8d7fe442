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
  }
  return false;
}

bool isNonNegative(const Dim &dim) {
  return !dim.overflowed() && std::all_of(dim.terms().begin(), dim.terms().end(), [](const DimTerm &term) {
    return term.coefficient >= 0 &&
           std::all_of(term.factors.begin(), term.factors.end(), [](const Atom &atom) { return isNonNegative(atom); });
  });
}

bool isAtMost(const Dim &lhs, const Dim &rhs) { return isNonNegative(rhs - lhs); }

} // namespace batten
