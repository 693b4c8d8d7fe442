// Numerics.h - the id of the page dialect/NUMERICS.md.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_NUMERICS_H
#define BATTEN_DIALECT_NUMERICS_H

namespace batten {

/// Artifacts with equal ids give equal bits. It changes with the first bit of the first function that changes.
inline constexpr const char *numericsId = "batten-f32-1";

} // namespace batten
#endif // BATTEN_DIALECT_NUMERICS_H
