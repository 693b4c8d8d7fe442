// Levels.cpp - CPU levels from LLVM's own CPU table.
//
// A level is a CPU name. LLVM knows which features it has; the table below knows where cpuid shows them. A feature that
// stands in no row (monitor, key locker, ...) is switched off in the generated code, so that the code can't use what
// the bind has not seen. Hence a feature that kernels are to use needs a row here, and nothing else.
//
// Bit positions: Intel SDM vol. 2A, CPUID; AMD APM vol. 3, appendix E.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/Levels.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/X86TargetParser.h"
#include <algorithm>
#include <sys/syscall.h>
#include <unistd.h>

using llvm::StringRef;

namespace batten {

namespace {
enum Register : uint32_t { Eax, Ebx, Ecx, Edx };
struct Feature {
  const char *name;
  uint32_t leaf, subleaf;
  Register reg;
  unsigned bit;
};
} // namespace

static const Feature features[] = {
    {"sse3", 1, 0, Ecx, 0},
    {"ssse3", 1, 0, Ecx, 9},
    {"fma", 1, 0, Ecx, 12},
    {"cx16", 1, 0, Ecx, 13},
    {"sse4.1", 1, 0, Ecx, 19},
    {"sse4.2", 1, 0, Ecx, 20},
    {"crc32", 1, 0, Ecx, 20},
    {"movbe", 1, 0, Ecx, 22},
    {"popcnt", 1, 0, Ecx, 23},
    {"xsave", 1, 0, Ecx, 26},
    {"avx", 1, 0, Ecx, 28},
    {"f16c", 1, 0, Ecx, 29},
    {"bmi", 7, 0, Ebx, 3},
    {"avx2", 7, 0, Ebx, 5},
    {"bmi2", 7, 0, Ebx, 8},
    {"avx512f", 7, 0, Ebx, 16},
    {"avx512dq", 7, 0, Ebx, 17},
    {"avx512ifma", 7, 0, Ebx, 21},
    {"avx512cd", 7, 0, Ebx, 28},
    {"avx512bw", 7, 0, Ebx, 30},
    {"avx512vl", 7, 0, Ebx, 31},
    {"avx512vbmi", 7, 0, Ecx, 1},
    {"avx512vbmi2", 7, 0, Ecx, 6},
    {"gfni", 7, 0, Ecx, 8},
    {"avx512vnni", 7, 0, Ecx, 11},
    {"avx512bitalg", 7, 0, Ecx, 12},
    {"avx512vpopcntdq", 7, 0, Ecx, 14},
    {"amx-bf16", 7, 0, Edx, 22},
    {"avx512fp16", 7, 0, Edx, 23},
    {"amx-tile", 7, 0, Edx, 24},
    {"amx-int8", 7, 0, Edx, 25},
    {"avxvnni", 7, 1, Eax, 4},
    {"avx512bf16", 7, 1, Eax, 5},
    {"avxifma", 7, 1, Eax, 23},
    {"avxvnniint8", 7, 1, Edx, 4},
    {"sahf", 0x80000001, 0, Ecx, 0},
    {"lzcnt", 0x80000001, 0, Ecx, 5},
};

/// Bits of XCR0: the operating system saves the registers. And, asked after all else, it lets us use the tiles.
static const Feature registers[] = {
    {"avx", BATTEN_CPUID_XCR0, 0, Eax, 1},       {"avx", BATTEN_CPUID_XCR0, 0, Eax, 2},
    {"avx512f", BATTEN_CPUID_XCR0, 0, Eax, 5},   {"avx512f", BATTEN_CPUID_XCR0, 0, Eax, 6},
    {"avx512f", BATTEN_CPUID_XCR0, 0, Eax, 7},   {"amx-tile", BATTEN_CPUID_XCR0, 0, Eax, 17},
    {"amx-tile", BATTEN_CPUID_XCR0, 0, Eax, 18}, {"amx-tile", BATTEN_CPUID_TILES, 0, Eax, 0},
};

llvm::StringMap<bool> featuresOf(StringRef cpu) {
  llvm::SmallVector<StringRef> listed;
  llvm::X86::getFeaturesForCPU(cpu, listed);
  llvm::StringMap<bool> all;
  for (StringRef feature : listed) {
    all[feature] = true;
    llvm::X86::updateImpliedFeatures(feature, /*Enabled=*/true, all);
  }
  return all;
}

/// This machine has AMX and lets this process use it.
static bool hasTiles(const llvm::StringMap<bool> &host) {
  auto has = [&](const char *feature) { return host.lookup(feature); };
  return has("amx-tile") && has("amx-bf16") && has("amx-int8") &&
         syscall(SYS_arch_prctl, /*ARCH_REQ_XCOMP_PERM*/ 0x1023, /*XFEATURE_XTILEDATA*/ 18) == 0;
}

static void require(CpuLevel &level, const Feature &feature) {
  auto sameRegister = [&](const batten_cpuid &other) {
    return other.leaf == feature.leaf && other.subleaf == feature.subleaf && other.reg == feature.reg;
  };
  auto found = std::find_if(level.required.begin(), level.required.end(), sameRegister);
  if (found == level.required.end())
    found = level.required.insert(found, {feature.leaf, feature.subleaf, feature.reg, 0});
  found->mask |= UINT32_C(1) << feature.bit;
}

namespace {
/// What code for a CPU uses of it, and what is switched off in it.
struct ChosenFeatures {
  llvm::StringSet<> used;
  std::vector<std::string> off;
};
} // namespace

/// `host`: the features of this machine, where the CPU is its own. A virtual machine may hide some of them.
static ChosenFeatures chooseFeatures(StringRef cpu, const llvm::StringMap<bool> &host) {
  llvm::StringMap<bool> all = featuresOf(cpu), base = featuresOf("x86-64");
  base["sse2"] = true; // LLVM's list for x86-64 leaves it out
  ChosenFeatures chosen;
  for (StringRef feature : all.keys()) {
    auto seen = host.find(feature);
    bool isHidden = seen != host.end() && !seen->second;
    if (!isHidden && llvm::any_of(features, [&](const Feature &known) { return feature == known.name; }))
      chosen.used.insert(feature);
    else if (!base.contains(feature))
      chosen.off.push_back(feature.str());
  }
  llvm::sort(chosen.off);
  return chosen;
}

/// What a CPU's kernels are chosen by (schedule/Machine.h).
static constexpr llvm::StringLiteral kernelFeatures[] = {
    "avx2",     "fma",        "bmi2",       "avx512f",  "avx512bw", "avx512dq",
    "avx512vl", "avx512vnni", "avx512bf16", "amx-tile", "amx-bf16", "amx-int8",
};

std::string nativeCpu(StringRef cpu, const llvm::StringMap<bool> &visible) {
  auto isWhole = [&](StringRef candidate) {
    llvm::StringMap<bool> has = featuresOf(candidate);
    return llvm::all_of(kernelFeatures, [&](StringRef name) { return !has.contains(name) || visible.lookup(name); });
  };
  for (StringRef candidate : {cpu, StringRef("icelake-server"), StringRef("x86-64-v4"), StringRef("x86-64-v3")})
    if (isWhole(candidate))
      return candidate.str();
  return "x86-64";
}

std::optional<CpuLevel> lookupLevel(StringRef given) {
  CpuLevel level;
  llvm::StringMap<bool> host;
  std::string name = given.str();
  if (given == "native") {
    host = llvm::sys::getHostCPUFeatures();
    name = llvm::sys::getHostCPUName().str();
  }
  if (llvm::X86::parseArchX86(name, /*Only64Bit=*/true) == llvm::X86::CK_None)
    return std::nullopt;
  if (!host.empty()) {
    if (!hasTiles(host))
      host["amx-tile"] = false;
    name = nativeCpu(name, host);
  }
  level.name = level.cpu = name;

  auto [used, off] = chooseFeatures(name, host);
  for (const Feature &feature : features)
    if (used.contains(feature.name)) {
      require(level, feature);
      level.used.push_back(feature.name);
    }
  for (const Feature &feature : registers)
    if (used.contains(feature.name))
      require(level, feature);
  for (const std::string &feature : off)
    level.features += (level.features.empty() ? "-" : ",-") + feature;

  bool zmm =
      used.contains("avx512f") && used.contains("avx512vl") && used.contains("avx512bw") && used.contains("avx512dq");
  level.vectorBits = zmm ? 512 : used.contains("avx2") ? 256 : 128;
  return level;
}

/// The level's kernels as they are, in code of the least level that there is.
static CpuLevel emulatedOn(CpuLevel least, const CpuLevel &level) {
  least.name = level.name;
  least.vectorBits = level.vectorBits;
  return least;
}

/// More than another level has, or wider registers: it comes before any that it contains.
static bool isBetter(const CpuLevel &a, const CpuLevel &b) {
  auto rank = [](const CpuLevel &level) {
    int bits = 0;
    for (const batten_cpuid &required : level.required)
      bits += llvm::popcount(required.mask);
    return std::pair(level.vectorBits, bits);
  };
  return rank(a) > rank(b);
}

std::optional<std::vector<CpuLevel>> lookupLevels(StringRef names, std::string &error, bool emulated) {
  std::vector<CpuLevel> levels;
  for (StringRef name : llvm::split(names, ',')) {
    std::optional<CpuLevel> level = lookupLevel(name);
    if (!level)
      error = "unknown CPU level '" + name.str() + "'; " + wantedLevels;
    else if (llvm::any_of(levels, [&](const CpuLevel &other) { return other.name == level->name; }))
      error = "CPU level '" + level->name + "' is given twice";
    if (!error.empty())
      return std::nullopt;
    if (emulated)
      level = emulatedOn(*lookupLevel("x86-64-v3"), *level);
    levels.insert(llvm::upper_bound(levels, *level, isBetter), *level);
  }
  return levels;
}

std::string namesOf(llvm::ArrayRef<CpuLevel> levels, StringRef between) {
  return llvm::join(llvm::map_range(levels, [](const CpuLevel &level) { return level.name; }), between);
}

static std::vector<std::string> lackingFeaturesOf(StringRef name) {
  std::vector<std::string> lacking;
  if (name == "native" || llvm::X86::parseArchX86(name, /*Only64Bit=*/true) == llvm::X86::CK_None)
    return lacking;
  llvm::StringMap<bool> used = featuresOf(name), host = llvm::sys::getHostCPUFeatures();
  for (const Feature &feature : features)
    if (used.contains(feature.name) && !host.lookup(feature.name))
      lacking.push_back(feature.name);
  if (lacking.empty() && used.contains("amx-tile") && !hasTiles(host))
    lacking.push_back("amx-tile");
  return lacking;
}

std::vector<std::string> lackingFeatures(StringRef names) {
  std::optional<std::vector<std::string>> least;
  for (StringRef name : llvm::split(names, ',')) {
    std::vector<std::string> lacking = lackingFeaturesOf(name);
    if (!least || lacking.size() < least->size())
      least = std::move(lacking);
  }
  return *least;
}

} // namespace batten
