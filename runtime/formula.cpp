// formula.cpp - a formula read as a line a*x + b in one unknown size.
//
// Three values, at 0, 1 and 2, give the line or show that there is none (T*T); the size found is put back and must give
// the value. A formula with a division or a maximum could pass that for several sizes, so it is never solved.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "formula.h"

namespace batten::runtime {

namespace {

bool isPolynomial(const batten_formula &formula) {
  for (int64_t at = 0; at < formula.length; ++at)
    switch (formula.code[at]) {
    case BATTEN_CONSTANT:
    case BATTEN_SIZE:
      ++at;
      break;
    case BATTEN_ADD:
    case BATTEN_SUB:
    case BATTEN_MUL:
      break;
    default:
      return false;
    }
  return true;
}

} // namespace

bool mentions(const batten_formula &formula, int64_t symbol) {
  for (int64_t at = 0; at < formula.length; ++at) {
    const int64_t operation = formula.code[at];
    if (operation != BATTEN_CONSTANT && operation != BATTEN_SIZE)
      continue;
    if (formula.code[++at] == symbol && operation == BATTEN_SIZE)
      return true;
  }
  return false;
}

Unknowns findUnknowns(const batten_formula &formula, const int64_t *sizes) {
  Unknowns unknowns;
  for (int64_t at = 0; at < formula.length; ++at) {
    const int64_t operation = formula.code[at];
    if (operation != BATTEN_CONSTANT && operation != BATTEN_SIZE)
      continue;
    const int64_t word = formula.code[++at];
    if (operation == BATTEN_CONSTANT || sizes[word] != BATTEN_UNKNOWN || word == unknowns.symbol)
      continue;
    if (++unknowns.count > 1)
      break;
    unknowns.symbol = word;
  }
  return unknowns;
}

int64_t bareSymbol(const batten_formula &formula) {
  return isPlain(formula) && formula.code[0] == BATTEN_SIZE ? formula.code[1] : -1;
}

Solution solveFormula(const batten_formula &formula, int64_t value, int64_t symbol, int64_t *sizes) {
  if (value >= 0 && bareSymbol(formula) == symbol) { // what the line below finds, by four evaluations
    sizes[symbol] = value;
    return Solution::Found;
  }
  if (!isPolynomial(formula))
    return Solution::Unclear;
  const int64_t before = sizes[symbol];
  const auto valueAt = [&](int64_t size, int64_t &out) {
    sizes[symbol] = size;
    const bool fits = batten_formula_evaluate(&formula, sizes, &out);
    sizes[symbol] = before;
    return fits;
  };
  int64_t atZero, atOne, atTwo, slope, secondSlope, difference, check;
  if (!valueAt(0, atZero) || !valueAt(1, atOne) || !valueAt(2, atTwo) ||
      __builtin_sub_overflow(atOne, atZero, &slope) || __builtin_sub_overflow(atTwo, atOne, &secondSlope) ||
      __builtin_sub_overflow(value, atZero, &difference) || slope <= 0 || slope != secondSlope)
    return Solution::Unclear;
  const int64_t size = difference / slope;
  if (size < 0 || difference % slope)
    return Solution::Impossible;
  if (!valueAt(size, check) || check != value)
    return Solution::Unclear;
  sizes[symbol] = size;
  return Solution::Found;
}

} // namespace batten::runtime
