// Machine.cpp - see Machine.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/schedule/Machine.h"
#include "dialect/Numerics.h"
#include "llvm/TargetParser/X86TargetParser.h"

namespace batten {

// Tiles measured on Zen 5 and Emerald Rapids: 6x64 keeps 24 accumulators, 4 columns and a broadcast in 32 registers;
// with 16 registers of AVX2 6x16 reaches 92 % of the FMA rate and 3x32 spills.
static const Level wide{"", 64, 6, 4, 32 << 10, 1 << 20, 32 << 20};
static const Level narrow{"", 32, 6, 2, 32 << 10, 256 << 10, 8 << 20};

namespace {
struct Entry {
  const char *cpu;
  int64_t l1, l2, l3;
};
} // namespace

/// Cache sizes in bytes, a core's own and the shared last level, where a CPU is known by name.
static const Entry caches[] = {
    {"znver1", 32 << 10, 512 << 10, 8 << 20},        {"znver2", 32 << 10, 512 << 10, 16 << 20},
    {"znver3", 32 << 10, 512 << 10, 32 << 20},       {"alderlake", 48 << 10, 1280 << 10, 30 << 20},
    {"znver4", 32 << 10, 1 << 20, 32 << 20},         {"znver5", 48 << 10, 1 << 20, 32 << 20},
    {"sapphirerapids", 48 << 10, 2 << 20, 60 << 20}, {"emeraldrapids", 48 << 10, 2 << 20, 160 << 20},
    {"graniterapids", 48 << 10, 2 << 20, 160 << 20},
};

/// A feature that is asked for here stands among the kernelFeatures of codegen/Levels.cpp, too.
std::optional<Level> describeMachine(llvm::StringRef cpu) {
  llvm::SmallVector<llvm::StringRef> features;
  if (llvm::X86::parseArchX86(cpu, /*Only64Bit=*/true) == llvm::X86::CK_None)
    return std::nullopt;
  llvm::X86::getFeaturesForCPU(cpu, features);
  auto has = [&](llvm::StringRef feature) { return llvm::is_contained(features, feature); };
  if (!has("avx2") || !has("fma") || !has("bmi2"))
    return std::nullopt;
  bool zmm = has("avx512bw") && has("avx512dq") && has("avx512vl");
  Level level = zmm ? wide : narrow;
  level.name = cpu.str();
  level.usesBf16Dots = bf16SumsOf(cpu) == Bf16Sums::FlushedPairs;
  level.hasTiles = bf16SumsOf(cpu) == Bf16Sums::Tiles;
  level.hasVnni = zmm && has("avx512vnni");
  for (const Entry &entry : caches)
    if (cpu == entry.cpu) {
      level.cacheBytesL1 = entry.l1;
      level.cacheBytesL2 = entry.l2;
      level.cacheBytesL3 = entry.l3;
    }
  return level;
}

} // namespace batten
