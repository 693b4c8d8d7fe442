// Numerics.h - the id of the page dialect/NUMERICS.md, and what it leaves to the CPU level.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_NUMERICS_H
#define BATTEN_DIALECT_NUMERICS_H

#include <string_view>

namespace batten {

/// Artifacts with equal ids give equal bits. It changes with the first bit of the first function that changes.
inline constexpr const char *numericsId = "batten-f32-3";

/// Unit attribute of a kernel that flushes subnormals.
inline constexpr const char *flushesAttribute = "batten.flushes";

/// What becomes of subnormals in the sums of a bf16 contraction or convolution.
enum class Subnormals { Kept, Flushed };

/// VDPBF16PS flushes them. A level takes it where it is the fastest way to a sum: on Zen twice the rate of a
/// multiply-add, on Intel's CPUs half of it.
inline Subnormals subnormalsOfBf16Sums(std::string_view cpu) {
  return cpu == "znver4" || cpu == "znver5" ? Subnormals::Flushed : Subnormals::Kept;
}

} // namespace batten
#endif // BATTEN_DIALECT_NUMERICS_H
