// Numerics.h - the id of the page dialect/NUMERICS.md, and what it leaves to the CPU level.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_NUMERICS_H
#define BATTEN_DIALECT_NUMERICS_H

#include <cstdint>
#include <string_view>

namespace batten {

/// Artifacts with equal ids give equal bits. It changes with the first bit of the first function that changes.
inline constexpr const char *numericsId = "batten-f32-8";

/// String attribute of a kernel whose bits are those of some levels only: what the id says before their names.
inline constexpr const char *routeAttribute = "batten.route";

/// The orders of the page that the sums of a bf16 contraction or of attention may have. Where these have tiles,
/// convolutions have them if convolvesByTiles, else pairs.
enum class Bf16Sums { Pairs, FlushedPairs, Tiles };

/// A level takes the instruction that is its fastest way to a sum: TDPBF16PS where there are tiles, VDPBF16PS on Zen,
/// where it has twice the rate of a multiply-add (half of it on Intel's CPUs).
inline Bf16Sums bf16SumsOf(std::string_view cpu) {
  for (std::string_view withTiles : {"sapphirerapids", "emeraldrapids", "graniterapids", "graniterapids-d"})
    if (cpu == withTiles)
      return Bf16Sums::Tiles;
  return cpu == "znver4" || cpu == "znver5" ? Bf16Sums::FlushedPairs : Bf16Sums::Pairs;
}

/// True of a convolution that fills tiles: one group, or groups of so many channels and outputs.
inline bool convolvesByTiles(int64_t groups, int64_t groupChannels, int64_t groupOutputs) {
  return groups == 1 || (groupChannels >= 16 && groupOutputs % 16 == 0);
}

/// Empty for the order that every other level has.
inline const char *routeOf(Bf16Sums sums) {
  return sums == Bf16Sums::Tiles ? "tiles" : sums == Bf16Sums::FlushedPairs ? "flush" : "";
}

} // namespace batten
#endif // BATTEN_DIALECT_NUMERICS_H
