// DimsDivision.h - what the normal form shares with division, and division that rounds down, of which the remainder
// has the divisor's sign: that of dims.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_DIMSDIVISION_H
#define BATTEN_DIALECT_DIMSDIVISION_H

#include "dialect/Dims.h"

namespace batten {

/// The most terms that a polynomial may have, so the most steps of a long division.
constexpr size_t maxTerms = 256;

/// Removes `part` from the sorted multiset `whole`; nullopt if it isn't contained.
std::optional<std::vector<Atom>> without(const std::vector<Atom> &whole, const std::vector<Atom> &part);

inline int64_t floorQuotient(int64_t a, int64_t b) { return a / b - ((a % b != 0) && ((a < 0) != (b < 0))); }

inline int64_t floorRemainder(int64_t a, int64_t b) {
  int64_t remainder = a % b;
  return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder;
}

} // namespace batten

#endif // BATTEN_DIALECT_DIMSDIVISION_H
