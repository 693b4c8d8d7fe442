// UsualSizes.h - the work of a kernel, and what sizes that only the call knows are taken for where blocks are chosen.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_USUALSIZES_H
#define BATTEN_COMPILER_KERNELS_CPU_USUALSIZES_H

#include "dialect/Dims.h"

namespace batten {

/// Kernel::work of operations that take elements by themselves.
inline Dim workOfElements(const Dim &elements) { return elements * Dim::constant(16); }
/// Kernel::work of so many multiply-adds in AMX tiles.
inline Dim workOfTiles(const Dim &products) { return Dim::floorDiv(products, Dim::constant(8)); }

namespace usual {
inline constexpr int64_t columns = 512;       ///< of a row
inline constexpr int64_t depth = 256;         ///< of a product, for the rows of a unit: a shallow one makes them many
inline constexpr int64_t depthInCache = 1024; ///< of a product, for blocks: a deep one still fits
inline constexpr int64_t width = 64;          ///< of an image, of a head of attention
} // namespace usual

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_USUALSIZES_H
