// Dims.cpp - normal form and arithmetic of dim polynomials; DimsDivision.cpp divides them, DimsValues.cpp evaluates
// them, DimsText.cpp prints and reads them.
//
// Terms are kept sorted by falling degree, then by their factors (a graded order, so that the first term leads in
// polynomial division). What comes out of a division is taken out at once: div(256*B + 300, 256) is B + 1 and not an
// atom, since a dim must equal another whichever way round it was written.
//
// The limits below are far above any real program. They keep a hostile one from building a normal form that is
// exponential in its source: past them a Dim is overflowed(), like one whose coefficient left 64 bits. Of the latter,
// -2^63 is given up too, so that every coefficient has a negative.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Dims.h"
#include "dialect/DimsDivision.h"
#include "dialect/DimsSign.h"

#include <algorithm>
#include <numeric>

namespace batten {
namespace {

constexpr size_t maxFactors = 64;
constexpr size_t maxDepth = 32;
constexpr size_t maxSize = 2048;

std::strong_ordering compareFactors(const std::vector<Atom> &lhs, const std::vector<Atom> &rhs) {
  if (lhs.size() != rhs.size())
    return rhs.size() <=> lhs.size();
  for (size_t i = 0; i < lhs.size(); ++i)
    if (auto order = lhs[i] <=> rhs[i]; order != 0)
      return order;
  return std::strong_ordering::equal;
}

// What a quotient in a term becomes when it meets its divisor there: 7*H*(D / (3*H)) is 2*D + H*(D / (3*H)).
struct Cancelled {
  Dim dividend;        // D
  DimTerm times;       // 2
  int64_t coefficient; // 1: what stays of the term's
};

std::optional<Cancelled> cancelQuotient(const DimTerm &term) {
  for (size_t i = 0; i < term.factors.size(); ++i) {
    const Atom &quotient = term.factors[i];
    if (quotient.kind != Atom::Kind::Quotient || quotient.rhs.terms().size() != 1)
      continue;
    const DimTerm &divisor = quotient.rhs.terms()[0];
    if (term.coefficient / divisor.coefficient == 0)
      continue;
    std::vector<Atom> others = term.factors;
    others.erase(others.begin() + ptrdiff_t(i));
    if (std::optional<std::vector<Atom>> rest = without(others, divisor.factors))
      return Cancelled{quotient.lhs,
                       {term.coefficient / divisor.coefficient, std::move(*rest)},
                       term.coefficient % divisor.coefficient};
  }
  return std::nullopt;
}

// Sorted, with one term for equal factors and none of coefficient 0; false where a coefficient leaves 64 bits.
bool mergeTerms(std::vector<DimTerm> &terms) {
  if (terms.size() > 1)
    std::sort(terms.begin(), terms.end(),
              [](const DimTerm &a, const DimTerm &b) { return compareFactors(a.factors, b.factors) < 0; });
  for (size_t i = 1; i < terms.size(); ++i) {
    if (compareFactors(terms[i - 1].factors, terms[i].factors) != 0)
      continue;
    if (__builtin_add_overflow(terms[i].coefficient, terms[i - 1].coefficient, &terms[i].coefficient))
      return false;
    terms[i - 1].coefficient = 0; // it is in the next one
  }
  std::erase_if(terms, [](const DimTerm &term) { return term.coefficient == 0; });
  return true;
}

} // namespace

//===- Construction and order -------------------------------------------------------------------------------------===//

Dim Dim::overflow() {
  Dim dim;
  dim.invalid = true;
  return dim;
}

Dim Dim::constant(int64_t value) { return fromTerms({{value, {}}}); }

Dim Dim::symbol(std::string name) { return of({Atom::Kind::Symbol, std::move(name), {}, {}}); }

Dim Dim::of(Atom atom) { return fromTerms({{1, {std::move(atom)}}}); }

Dim Dim::fromTerms(std::vector<DimTerm> terms) {
  if (!mergeTerms(terms))
    return overflow();
  Dim cancelled;
  bool changed = false;
  for (DimTerm &term : terms) {
    if (std::optional<Cancelled> found = cancelQuotient(term)) {
      changed = true;
      cancelled = cancelled + found->dividend * fromTerms({std::move(found->times)});
      term.coefficient = found->coefficient;
    }
  }
  if (changed)
    return fromTerms(std::move(terms)) + cancelled;

  uint64_t size = 0, depth = 0;
  for (const DimTerm &term : terms) {
    if (term.factors.size() > maxFactors || term.coefficient == INT64_MIN)
      return overflow();
    for (const Atom &atom : term.factors) {
      size += 1 + atom.lhs.size + atom.rhs.size;
      depth = std::max<uint64_t>(depth, 1 + std::max(atom.lhs.depth, atom.rhs.depth));
    }
  }
  if (terms.size() > maxTerms || size > maxSize || depth > maxDepth)
    return overflow();
  Dim dim;
  dim.depth = uint16_t(depth);
  dim.size = uint32_t(size);
  if (!terms.empty())
    dim.shared = std::make_shared<std::vector<DimTerm>>(std::move(terms));
  return dim;
}

const std::vector<DimTerm> &Dim::terms() const {
  static const std::vector<DimTerm> none;
  return shared ? *shared : none;
}

bool Dim::isConstant() const { return constantValue().has_value(); }

std::optional<int64_t> Dim::constantValue() const {
  if (invalid)
    return std::nullopt;
  if (terms().empty())
    return 0;
  if (terms().size() == 1 && terms()[0].factors.empty())
    return terms()[0].coefficient;
  return std::nullopt;
}

std::optional<std::string> Dim::symbolName() const {
  if (terms().size() != 1 || terms()[0].coefficient != 1 || terms()[0].factors.size() != 1 ||
      terms()[0].factors[0].kind != Atom::Kind::Symbol)
    return std::nullopt;
  return terms()[0].factors[0].name;
}

std::strong_ordering operator<=>(const Dim &lhs, const Dim &rhs) {
  if (lhs.invalid || rhs.invalid)
    return rhs.invalid <=> lhs.invalid;
  if (lhs.shared == rhs.shared)
    return std::strong_ordering::equal;
  const std::vector<DimTerm> &a = lhs.terms(), &b = rhs.terms();
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (auto order = compareFactors(a[i].factors, b[i].factors); order != 0)
      return order;
    if (auto order = a[i].coefficient <=> b[i].coefficient; order != 0)
      return order;
  }
  return a.size() <=> b.size();
}

bool operator==(const Dim &lhs, const Dim &rhs) { return (lhs <=> rhs) == 0; }

std::strong_ordering operator<=>(const Atom &lhs, const Atom &rhs) {
  if (auto order = lhs.kind <=> rhs.kind; order != 0)
    return order;
  if (auto order = lhs.name <=> rhs.name; order != 0)
    return order;
  if (auto order = lhs.lhs <=> rhs.lhs; order != 0)
    return order;
  return lhs.rhs <=> rhs.rhs;
}

bool operator==(const Atom &lhs, const Atom &rhs) { return (lhs <=> rhs) == 0; }

//===- Ring operations --------------------------------------------------------------------------------------------===//

Dim operator+(const Dim &lhs, const Dim &rhs) {
  if (lhs.invalid || rhs.invalid)
    return Dim::overflow();
  std::vector<DimTerm> terms = lhs.terms();
  terms.insert(terms.end(), rhs.terms().begin(), rhs.terms().end());
  return Dim::fromTerms(std::move(terms));
}

Dim operator-(const Dim &lhs, const Dim &rhs) {
  if (lhs.invalid || rhs.invalid)
    return Dim::overflow();
  std::vector<DimTerm> terms = lhs.terms();
  for (const DimTerm &term : rhs.terms())
    terms.push_back({-term.coefficient, term.factors});
  return Dim::fromTerms(std::move(terms));
}

// (A + B) * (D / (A + B)) is D: a divisor of several terms can only be the whole other factor. Divisors of one term
// cancel in fromTerms().
static std::optional<Dim> cancelWholeQuotient(const Dim &lhs, const Dim &rhs, Dim (*fromTerm)(DimTerm)) {
  if (lhs.terms().size() != 1 || rhs.terms().size() < 2)
    return std::nullopt;
  DimTerm rest = lhs.terms()[0];
  for (size_t i = 0; i < rest.factors.size(); ++i) {
    if (rest.factors[i].kind != Atom::Kind::Quotient || rest.factors[i].rhs != rhs)
      continue;
    Dim dividend = rest.factors[i].lhs;
    rest.factors.erase(rest.factors.begin() + ptrdiff_t(i));
    return dividend * fromTerm(std::move(rest));
  }
  return std::nullopt;
}

Dim operator*(const Dim &lhs, const Dim &rhs) {
  if (lhs.invalid || rhs.invalid || lhs.terms().size() * rhs.terms().size() > maxTerms)
    return Dim::overflow();
  auto fromTerm = [](DimTerm term) { return Dim::fromTerms({std::move(term)}); };
  if (std::optional<Dim> whole = cancelWholeQuotient(lhs, rhs, fromTerm))
    return *whole;
  if (std::optional<Dim> whole = cancelWholeQuotient(rhs, lhs, fromTerm))
    return *whole;
  std::vector<DimTerm> products;
  for (const DimTerm &a : lhs.terms()) {
    for (const DimTerm &b : rhs.terms()) {
      DimTerm product;
      if (__builtin_mul_overflow(a.coefficient, b.coefficient, &product.coefficient))
        return Dim::overflow();
      std::merge(a.factors.begin(), a.factors.end(), b.factors.begin(), b.factors.end(),
                 std::back_inserter(product.factors));
      if (product.factors.size() > maxFactors)
        return Dim::overflow();
      products.push_back(std::move(product));
    }
  }
  return Dim::fromTerms(std::move(products));
}

Dim Dim::least(const Dim &lhs, const Dim &rhs) {
  if (lhs.invalid || rhs.invalid)
    return overflow();
  if (isAtMost(lhs, rhs))
    return lhs;
  if (isAtMost(rhs, lhs))
    return rhs;
  bool inOrder = lhs < rhs; // constants come last
  return of({Atom::Kind::Least, "", inOrder ? lhs : rhs, inOrder ? rhs : lhs});
}

} // namespace batten
