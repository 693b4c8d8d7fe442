// DimsText.cpp - dim polynomials as text: what diagnostics, the dialect's text form and manifests show.
//
// str() prints a normal form so that parse() gives the same Dim back. A quotient or remainder inside a product stands
// in parentheses, since `/` and `%` bind like `*`, left to right.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Dims.h"

#include <cstdlib>

namespace batten {
namespace {

std::string inParentheses(const Dim &dim) { return "(" + dim.str() + ")"; }

// A single product that starts with no minus reads as written on the left of `/` and `%`, which bind left to right.
std::string leftOperand(const Dim &dim) {
  bool bare = dim.terms().empty() || (dim.terms().size() == 1 && dim.terms()[0].coefficient > 0);
  return bare ? dim.str() : inParentheses(dim);
}

std::string rightOperand(const Dim &dim) {
  std::optional<int64_t> value = dim.constantValue();
  bool bare = dim.symbolName() || (value && *value >= 0);
  return bare ? dim.str() : inParentheses(dim);
}

std::string atomText(const Atom &atom, bool alone) {
  if (atom.kind == Atom::Kind::Symbol)
    return atom.name;
  if (atom.kind == Atom::Kind::Div || atom.kind == Atom::Kind::Least)
    return (atom.kind == Atom::Kind::Div ? "div(" : "min(") + atom.lhs.str() + ", " + atom.rhs.str() + ")";
  std::string text = leftOperand(atom.lhs) + (atom.kind == Atom::Kind::Mod ? " % " : " / ") + rightOperand(atom.rhs);
  return alone ? text : "(" + text + ")";
}

// Without the sign.
std::string termText(const DimTerm &term) {
  int64_t coefficient = std::abs(term.coefficient);
  std::string text;
  if (coefficient != 1 || term.factors.empty())
    text = std::to_string(coefficient);
  bool alone = text.empty() && term.factors.size() == 1;
  for (const Atom &atom : term.factors)
    text += (text.empty() ? "" : "*") + atomText(atom, alone);
  return text;
}

} // namespace

std::string Dim::str() const {
  if (invalid)
    return "<overflow>";
  std::string text;
  // Positive terms first: "T - B" rather than "-B + T".
  for (bool negative : {false, true}) {
    for (const DimTerm &term : terms()) {
      if ((term.coefficient < 0) != negative)
        continue;
      if (text.empty())
        text = negative ? "-" : "";
      else
        text += negative ? " - " : " + ";
      text += termText(term);
    }
  }
  return text.empty() ? "0" : text;
}

namespace {

// dexpr = [ "-" ] dterm { ( "+" | "-" ) dterm }, as in the source language but for the leading minus and min(). A
// member that returns nullopt has found no such text.
class DimParser {
public:
  explicit DimParser(std::string_view text) : text(text) {}

  std::optional<Dim> parseAll() {
    std::optional<Dim> dim = parseSum();
    skipSpace();
    return next == text.size() && dim && !dim->overflowed() ? dim : std::nullopt;
  }

private:
  std::optional<Dim> parseSum() {
    if (++depth > 256)
      return std::nullopt;
    std::optional<Dim> sum;
    if (accept('-')) {
      sum = parseProduct();
      if (sum)
        sum = Dim() - *sum;
    } else {
      sum = parseProduct();
    }
    while (sum) {
      bool plus = accept('+');
      if (!plus && !accept('-'))
        break;
      std::optional<Dim> operand = parseProduct();
      if (!operand)
        return std::nullopt;
      sum = plus ? *sum + *operand : *sum - *operand;
    }
    --depth;
    return sum;
  }

  std::optional<Dim> parseProduct() {
    std::optional<Dim> product = parseFactor();
    while (product) {
      char op = accept('*') ? '*' : accept('/') ? '/' : accept('%') ? '%' : '\0';
      if (op == '\0')
        break;
      std::optional<Dim> operand = parseFactor();
      if (!operand)
        return std::nullopt;
      product = op == '*'   ? *product * *operand
                : op == '/' ? Dim::exactDiv(*product, *operand)
                            : std::optional<Dim>(Dim::modulo(*product, *operand));
    }
    return product;
  }

  std::optional<Dim> parseFactor() {
    if (accept('(')) {
      std::optional<Dim> dim = parseSum();
      return dim && accept(')') ? dim : std::nullopt;
    }
    skipSpace();
    if (next < text.size() && isDigit(text[next]))
      return parseInteger();
    std::string name;
    while (next < text.size() && (isLetter(text[next]) || (!name.empty() && isDigit(text[next]))))
      name += text[next++];
    if (name.empty())
      return std::nullopt;
    if ((name != "div" && name != "min") || !accept('('))
      return Dim::symbol(std::move(name));
    std::optional<Dim> lhs = parseSum();
    if (!lhs || !accept(','))
      return std::nullopt;
    std::optional<Dim> rhs = parseSum();
    if (!rhs || !accept(')'))
      return std::nullopt;
    return name == "div" ? Dim::floorDiv(*lhs, *rhs) : Dim::least(*lhs, *rhs);
  }

  std::optional<Dim> parseInteger() {
    int64_t value = 0;
    for (; next < text.size() && (isDigit(text[next]) || text[next] == '_'); ++next) {
      if (text[next] == '_')
        continue;
      if (__builtin_mul_overflow(value, int64_t(10), &value) ||
          __builtin_add_overflow(value, int64_t(text[next] - '0'), &value))
        return std::nullopt;
    }
    return Dim::constant(value);
  }

  static bool isDigit(char c) { return c >= '0' && c <= '9'; }
  static bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

  void skipSpace() {
    while (next < text.size() && (text[next] == ' ' || text[next] == '\t' || text[next] == '\n'))
      ++next;
  }

  bool accept(char c) {
    skipSpace();
    if (next == text.size() || text[next] != c)
      return false;
    ++next;
    return true;
  }

  std::string_view text;
  size_t next = 0;
  unsigned depth = 0;
};

} // namespace

std::optional<Dim> Dim::parse(std::string_view text) { return DimParser(text).parseAll(); }

} // namespace batten
