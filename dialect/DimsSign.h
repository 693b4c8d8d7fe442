// DimsSign.h - what follows for the sign of a dim from no symbol being negative and each divisor being at least 1.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_DIMSSIGN_H
#define BATTEN_DIALECT_DIMSSIGN_H

#include "dialect/Dims.h"

namespace batten {

/// Term by term: T - S + 8 may be positive for all that a caller can pass, but this does not see it.
bool isNonNegative(const Dim &dim);
/// True if `lhs <= rhs` follows so.
bool isAtMost(const Dim &lhs, const Dim &rhs);

} // namespace batten

#endif // BATTEN_DIALECT_DIMSSIGN_H
