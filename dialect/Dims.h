// Dims.h - the dim polynomial: what a size is before it is a number.
//
// A Dim is the normal form of a polynomial with int64 coefficients over atoms. An atom is a symbol, a floor
// division `div(a, b)`, a remainder `a % b`, an exact quotient `a / b` or the lesser of two, `min(a, b)`. Two dims are
// the same size for the compiler when their normal forms are equal; the front end, the dialect, costs, workspace
// formulas and the manifest all use this one class, so they can't disagree.
//
// Meaning: integers. Divisors are taken to be at least 1; floor division and remainder go together
// (a == b*div(a, b) + a % b, the remainder has the divisor's sign). A quotient carries its equation:
// `H*(D / H)` normalises to `D`. `min(a, b)` is of counts: it is `a` at once where `a <= b` follows from no symbol
// being negative.
//
// A Dim that can't be held (a coefficient beyond 64 bits, a division by zero, a normal form of absurd size) is
// `overflowed()`; everything computed from it is so too, and it equals only another such one. Nothing is ever
// undefined behaviour.
//
// Includes nothing of LLVM.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_DIMS_H
#define BATTEN_DIALECT_DIMS_H

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace batten {

struct DimTerm;
struct Atom;

class Dim {
public:
  Dim() = default; // 0
  static Dim constant(int64_t value);
  static Dim symbol(std::string name);
  static Dim overflow();

  friend Dim operator+(const Dim &lhs, const Dim &rhs);
  friend Dim operator-(const Dim &lhs, const Dim &rhs);
  friend Dim operator*(const Dim &lhs, const Dim &rhs);
  // Floor of lhs / rhs; what divides evenly comes out: div(256*B + 3, 256) is B. By a constant 0: overflowed.
  static Dim floorDiv(const Dim &lhs, const Dim &rhs);
  static Dim modulo(const Dim &lhs, const Dim &rhs);
  // nullopt: provably leaves a remainder (or divides by 0). Where it can't be known, a quotient atom.
  static std::optional<Dim> exactDiv(const Dim &lhs, const Dim &rhs);
  // The lesser, which the source language has no word for: of memory, what is needed and what is ever used.
  static Dim least(const Dim &lhs, const Dim &rhs);
  // An atom of another polynomial by itself.
  static Dim of(Atom atom);

  bool overflowed() const { return invalid; }
  bool isConstant() const;
  std::optional<int64_t> constantValue() const;
  bool isConstant(int64_t value) const { return constantValue() == value; }
  // The name if this is a lone symbol, as a batch dim always is.
  std::optional<std::string> symbolName() const;

  // nullopt: a symbol without a value, an overflow, a division by zero or a quotient with a remainder.
  std::optional<int64_t> evaluate(const std::map<std::string, int64_t> &values) const;
  // Symbols without an entry stay. A quotient that becomes inexact makes the result overflowed().
  Dim substitute(const std::map<std::string, Dim> &values) const;
  std::set<std::string> symbols() const;

  // "3*D + 1", "B*T", "div(B + 255, 256)", "D / H", "T % 8", "512": equal dims print equally, and parse() reads it.
  std::string str() const;
  // The source grammar's dexpr, a leading minus and min(). nullopt: no such text, an overflow, or an inexact quotient.
  static std::optional<Dim> parse(std::string_view text);

  // The sum, for clients that emit code: highest degree first, the constant last; empty for 0.
  const std::vector<DimTerm> &terms() const;

  friend bool operator==(const Dim &lhs, const Dim &rhs);
  friend std::strong_ordering operator<=>(const Dim &lhs, const Dim &rhs);

private:
  static Dim fromTerms(std::vector<DimTerm> terms);

  std::shared_ptr<const std::vector<DimTerm>> shared; // null: no terms
  bool invalid = false;
  uint16_t depth = 0; // of nested atoms; with size it bounds every recursion over a Dim
  uint32_t size = 0;  // atoms in all
};

struct Atom {
  enum class Kind { Symbol, Div, Mod, Quotient, Least };
  Kind kind;
  std::string name; // Symbol
  Dim lhs, rhs;     // the others

  friend bool operator==(const Atom &lhs, const Atom &rhs);
  friend std::strong_ordering operator<=>(const Atom &lhs, const Atom &rhs);
};

// coefficient * product of factors; factors are sorted and a power repeats its atom. No factors: a constant.
struct DimTerm {
  int64_t coefficient;
  std::vector<Atom> factors;
};

} // namespace batten

#endif
