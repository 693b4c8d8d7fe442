// UsualSizes.h - grains, and what sizes that only the call knows are taken for where grains and blocks are chosen.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_USUALSIZES_H
#define BATTEN_COMPILER_KERNELS_CPU_USUALSIZES_H

#include <algorithm>
#include <cstdint>

namespace batten {

/// Units, of so many elements each, that are worth a launch of their own.
inline int64_t grainOf(int64_t elements) {
  constexpr int64_t grainElements = 16384;
  return std::max<int64_t>(1, grainElements / std::max<int64_t>(1, elements));
}

namespace usual {
inline constexpr int64_t columns = 512;       ///< of a row
inline constexpr int64_t positions = 256;     ///< that a reduction folds
inline constexpr int64_t depth = 256;         ///< of a product, for grains: a shallow one makes them long enough
inline constexpr int64_t depthInCache = 1024; ///< of a product, for blocks: a deep one still fits
inline constexpr int64_t width = 64;          ///< of an image, of a head of attention
} // namespace usual

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_USUALSIZES_H
