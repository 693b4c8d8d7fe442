// IndexChecks.h - names of what --check-ids leaves in the IR.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_INDEXCHECKS_H
#define BATTEN_DIALECT_INDEXCHECKS_H

namespace batten::attr {

/// On a module: its entries look at ids before they write anything.
inline constexpr const char *checkIds = "batten.check_ids";
/// On an entry and its plan: "1 < 50257", the position of an argument of row numbers and what they must be below.
inline constexpr const char *indexChecks = "batten.index_checks";

} // namespace batten::attr
#endif // BATTEN_DIALECT_INDEXCHECKS_H
