// DimsDivision.cpp - floor division, remainder and exact division of dim polynomials; see Dims.cpp.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/DimsDivision.h"

#include <algorithm>
#include <numeric>

namespace batten {

std::optional<std::vector<Atom>> without(const std::vector<Atom> &whole, const std::vector<Atom> &part) {
  std::vector<Atom> rest;
  size_t next = 0;
  for (const Atom &atom : whole) {
    if (next < part.size() && atom == part[next])
      ++next;
    else
      rest.push_back(atom);
  }
  if (next != part.size())
    return std::nullopt;
  return rest;
}

static std::optional<DimTerm> divideTerm(const DimTerm &term, const DimTerm &divisor) {
  if (term.coefficient % divisor.coefficient != 0)
    return std::nullopt;
  std::optional<std::vector<Atom>> rest = without(term.factors, divisor.factors);
  if (!rest)
    return std::nullopt;
  return DimTerm{term.coefficient / divisor.coefficient, std::move(*rest)};
}

static int64_t contentOf(const Dim &dim) {
  int64_t content = 0;
  for (const DimTerm &term : dim.terms())
    content = std::gcd(content, term.coefficient);
  return content;
}

// Long division; nullopt unless it leaves nothing. The order of terms is graded, so the leading term falls each step;
// the step limit is for quotient atoms, whose products may cancel.
static std::optional<Dim> dividePolynomial(Dim remainder, const Dim &divisor, Dim (*fromTerm)(DimTerm)) {
  Dim quotient;
  for (size_t step = 0; step < maxTerms; ++step) {
    if (remainder.overflowed() || quotient.overflowed())
      return std::nullopt;
    if (remainder.terms().empty())
      return quotient;
    std::optional<DimTerm> term = divideTerm(remainder.terms()[0], divisor.terms()[0]);
    if (!term)
      return std::nullopt;
    Dim part = fromTerm(std::move(*term));
    quotient = quotient + part;
    remainder = remainder - part * divisor;
  }
  return std::nullopt;
}

// The terms of `dim` that `divisor`, if it is one term, divides: divided; and the other terms.
static std::pair<std::vector<DimTerm>, std::vector<DimTerm>> splitDivisible(const Dim &dim, const Dim &divisor) {
  std::pair<std::vector<DimTerm>, std::vector<DimTerm>> parts;
  for (const DimTerm &term : dim.terms()) {
    std::optional<DimTerm> part;
    if (divisor.terms().size() == 1)
      part = divideTerm(term, divisor.terms()[0]);
    if (part)
      parts.first.push_back(std::move(*part));
    else
      parts.second.push_back(term);
  }
  return parts;
}

// By a constant: with g = gcd of the divisor and all coefficients but the constant's,
// floor((g*x + c) / (g*d)) = floor((x + floor(c/g)) / d); then every multiple of d comes out of the sum.
Dim Dim::floorDiv(const Dim &lhs, const Dim &rhs) {
  if (lhs.invalid || rhs.invalid || rhs.isConstant(0))
    return overflow();
  if (lhs.isConstant(0) || rhs.isConstant(1))
    return lhs;
  auto fromTerm = [](DimTerm term) { return fromTerms({std::move(term)}); };
  if (std::optional<Dim> exact = dividePolynomial(lhs, rhs, fromTerm))
    return *exact;

  std::optional<int64_t> divisor = rhs.constantValue();
  if (divisor && *divisor < 0)
    return floorDiv(Dim() - lhs, Dim() - rhs);
  if (!divisor) {
    auto [quotient, rest] = splitDivisible(lhs, rhs);
    return fromTerms(std::move(quotient)) + of({Atom::Kind::Div, "", fromTerms(std::move(rest)), rhs});
  }

  std::vector<DimTerm> quotient, rest;
  int64_t common = *divisor;
  for (const DimTerm &term : lhs.terms())
    if (!term.factors.empty())
      common = std::gcd(common, term.coefficient);
  int64_t reduced = *divisor / common;
  for (const DimTerm &term : lhs.terms()) {
    int64_t coefficient = floorQuotient(term.coefficient, common);
    int64_t whole = floorQuotient(coefficient, reduced);
    quotient.push_back({whole, term.factors});
    rest.push_back({floorRemainder(coefficient, reduced), term.factors});
  }
  Dim remainder = fromTerms(std::move(rest));
  if (remainder.isConstant())
    return fromTerms(std::move(quotient));
  return fromTerms(std::move(quotient)) + of({Atom::Kind::Div, "", std::move(remainder), constant(reduced)});
}

Dim Dim::modulo(const Dim &lhs, const Dim &rhs) {
  if (lhs.invalid || rhs.invalid || rhs.isConstant(0))
    return overflow();
  if (rhs.isConstant(1) || rhs.isConstant(-1))
    return Dim();
  std::optional<int64_t> divisor = rhs.constantValue();
  std::vector<DimTerm> rest;
  if (divisor) {
    for (const DimTerm &term : lhs.terms())
      rest.push_back({floorRemainder(term.coefficient, *divisor), term.factors});
  } else {
    rest = splitDivisible(lhs, rhs).second;
  }
  Dim remainder = fromTerms(std::move(rest));
  if (divisor && remainder.isConstant())
    return constant(floorRemainder(*remainder.constantValue(), *divisor));
  if (dividePolynomial(remainder, rhs, [](DimTerm term) { return fromTerms({std::move(term)}); }))
    return Dim();
  return of({Atom::Kind::Mod, "", std::move(remainder), rhs});
}

// True if b*q == a has no integer solution whatever the symbols are: a constant divisor shares a factor with every
// coefficient but not with the constant term.
static bool provablyInexact(const Dim &lhs, int64_t divisor) {
  int64_t common = divisor, offset = 0;
  for (const DimTerm &term : lhs.terms()) {
    if (term.factors.empty())
      offset = term.coefficient;
    else
      common = std::gcd(common, term.coefficient);
  }
  return offset % common != 0;
}

// Factors that stand in every term of `dim` and in `wanted`.
static std::vector<Atom> commonFactors(const Dim &dim, std::vector<Atom> wanted) {
  for (const DimTerm &term : dim.terms()) {
    std::vector<Atom> kept;
    std::set_intersection(wanted.begin(), wanted.end(), term.factors.begin(), term.factors.end(),
                          std::back_inserter(kept));
    wanted = std::move(kept);
  }
  return wanted;
}

std::optional<Dim> Dim::exactDiv(const Dim &lhs, const Dim &rhs) {
  if (lhs.invalid || rhs.invalid)
    return overflow();
  if (rhs.isConstant(0))
    return std::nullopt;
  auto fromTerm = [](DimTerm term) { return fromTerms({std::move(term)}); };
  if (std::optional<Dim> exact = dividePolynomial(lhs, rhs, fromTerm))
    return exact;

  auto [quotient, rest] = splitDivisible(lhs, rhs);
  Dim remainder = fromTerms(std::move(rest));

  // Lowest terms, with a positive leading divisor, so that (2*D)/(4*H) and D/(2*H) are one atom.
  int64_t common = std::gcd(contentOf(remainder), contentOf(rhs));
  DimTerm cancel{common, {}};
  if (rhs.terms()[0].coefficient < 0)
    cancel.coefficient = -cancel.coefficient;
  if (rhs.terms().size() == 1)
    cancel.factors = commonFactors(remainder, rhs.terms()[0].factors);
  std::optional<Dim> dividend = dividePolynomial(remainder, fromTerm(cancel), fromTerm);
  std::optional<Dim> divisor = dividePolynomial(rhs, fromTerm(cancel), fromTerm);
  if (!dividend || !divisor)
    return overflow();
  if (divisor->isConstant() && provablyInexact(*dividend, *divisor->constantValue()))
    return std::nullopt;
  return fromTerms(std::move(quotient)) + of({Atom::Kind::Quotient, "", *dividend, *divisor});
}

} // namespace batten
