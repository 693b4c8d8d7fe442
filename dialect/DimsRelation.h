// DimsRelation.h - whether two values stand in a relation that a guard spells.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_DIMSRELATION_H
#define BATTEN_DIALECT_DIMSRELATION_H

#include <cstdint>
#include <string_view>

namespace batten {

/// relation: "==", "!=", "<", "<=", ">", ">=".
inline bool holds(int64_t lhs, std::string_view relation, int64_t rhs) {
  return relation == "=="   ? lhs == rhs
         : relation == "!=" ? lhs != rhs
         : relation == "<"  ? lhs < rhs
         : relation == "<=" ? lhs <= rhs
         : relation == ">"  ? lhs > rhs
                            : lhs >= rhs;
}

} // namespace batten

#endif // BATTEN_DIALECT_DIMSRELATION_H
