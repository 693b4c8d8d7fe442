// Amounts.cpp - see Amounts.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/Amounts.h"
#include <cmath>
#include <cstdio>

namespace batten {

/// A number and its unit with a prefix, apart.
static std::pair<std::string, std::string> scaled(double value, const char *unit) {
  static const char *const prefixes[] = {"", "k", "M", "G", "T", "P", "E"};
  size_t step = 0;
  for (; step + 1 < std::size(prefixes) && std::fabs(value) >= 999.95; ++step)
    value /= 1000;
  char text[32];
  snprintf(text, sizeof text, "%.1f", value);
  std::string number(text);
  if (number.ends_with(".0"))
    number.resize(number.size() - 2);
  return {number, std::string(prefixes[step]) + unit};
}

static std::string beside(const std::string &number, const std::string &unit) {
  return number + (unit.empty() ? "" : " " + unit);
}

std::string amount(double value, const char *unit) {
  const auto [number, prefixed] = scaled(value, unit);
  return beside(number, prefixed);
}

/// "B*T^2" of the factors of a term: a power repeats its atom.
static std::string factorsOf(const DimTerm &term) {
  std::string text;
  for (size_t i = 0, count; i < term.factors.size(); i += count) {
    for (count = 1; i + count < term.factors.size() && term.factors[i + count] == term.factors[i]; ++count)
      ;
    const Atom &atom = term.factors[i];
    std::string name = Dim::of(atom).str();
    if (atom.kind == Atom::Kind::Mod || atom.kind == Atom::Kind::Quotient)
      name = "(" + name + ")";
    text += (text.empty() ? "" : "*") + name + (count > 1 ? "^" + std::to_string(count) : "");
  }
  return text;
}

std::string amount(const Dim &formula, const char *unit) {
  if (formula.overflowed())
    return "beyond 64 bits";
  std::string text;
  const std::vector<DimTerm> &terms = formula.terms();
  for (size_t i = terms.size(); i-- > 0;) {
    double coefficient = double(terms[i].coefficient);
    std::string factors = factorsOf(terms[i]);
    text += text.empty() ? (coefficient < 0 ? "-" : "") : (coefficient < 0 ? " - " : " + ");
    if (!factors.empty())
      factors = "*" + factors;
    const auto [number, prefixed] = scaled(std::fabs(coefficient), unit);
    // "6.1 kB*T", but "80*T B": in "80 B*T" the unit would look like a dim.
    text += prefixed == unit ? beside(number + factors, unit) : beside(number, prefixed) + factors;
  }
  return text.empty() ? amount(0.0, unit) : text;
}

std::string decimalText(double value, const char *format) {
  char text[64];
  snprintf(text, sizeof text, format, value);
  return text;
}

std::string timeText(double seconds) {
  if (seconds < 1e-6)
    return decimalText(seconds * 1e9, "%.0f ns");
  return seconds < 1e-3 ? decimalText(seconds * 1e6, "%.2f us") : decimalText(seconds * 1e3, "%.2f ms");
}

} // namespace batten
