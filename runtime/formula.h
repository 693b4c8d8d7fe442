// formula.h - size formulas of a description: their value at given sizes, and the size that gives a value.
//
// abi.h evaluates (batten_formula_evaluate); this adds the other direction, by which a call finds T from an extent 3*T.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_RUNTIME_FORMULA_H
#define BATTEN_RUNTIME_FORMULA_H

#include "batten.h"

namespace batten::runtime {

/// Which sizes of a formula are BATTEN_UNKNOWN.
struct Unknowns {
  int64_t count = 0;   ///< distinct ones, counted up to 2
  int64_t symbol = -1; ///< the first
};
Unknowns findUnknowns(const batten_formula &formula, const int64_t *sizes);

bool mentions(const batten_formula &formula, int64_t symbol);

/// Whether the formula is one number or one size, as those of most extents are; and then what that is.
inline bool isPlain(const batten_formula &formula) { return formula.length == 2; }
inline int64_t plainValue(const batten_formula &formula, const int64_t *sizes) {
  return formula.code[0] == BATTEN_CONSTANT ? formula.code[1] : sizes[formula.code[1]];
}

/// The position of the size, when the formula is nothing but that size; else -1.
int64_t bareSymbol(const batten_formula &formula);

enum class Solution {
  Found,
  Impossible, ///< the formula is a line in the unknown, and no size >= 0 on it gives the value
  Unclear     ///< not a line: another extent must tell
};

/// Solves `formula = value` for the one unknown size, and stores it. `sizes` is changed on Found only.
Solution solveFormula(const batten_formula &formula, int64_t value, int64_t symbol, int64_t *sizes);

} // namespace batten::runtime

#endif // BATTEN_RUNTIME_FORMULA_H
