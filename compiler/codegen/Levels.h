// Levels.h - what a CPU level lets generated code use, and what the bind has to find on the machine for it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_CODEGEN_LEVELS_H
#define BATTEN_COMPILER_CODEGEN_LEVELS_H

#include "runtime/abi.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>
#include <vector>

namespace batten {

struct CpuLevel {
  std::string name;                   ///< LLVM's CPU name: "x86-64-v3", "znver5"
  std::string cpu;                    ///< whose instructions its code has: the same, but of an emulated level
  std::string features;               ///< target features besides those of the CPU: what is switched off
  unsigned vectorBits = 128;          ///< of the widest register
  std::vector<batten_cpuid> required; ///< what bind looks for; generated code uses nothing beyond it
  std::vector<std::string> used;      ///< features of the instructions of its code, as LLVM names them
  bool isEmulated() const { return cpu != name; }
  bool uses(llvm::StringRef feature) const { return llvm::is_contained(used, feature); }
};

/// What LLVM says that a CPU has, with all that this implies; each is true.
llvm::StringMap<bool> featuresOf(llvm::StringRef cpu);

/// The CPU that "native" is on a machine with this one, of which these features are to be seen. A virtual machine may
/// hide some: where kernels are made of them, the nearest CPU that never had them, whose kernels run by instructions
/// that are there.
std::string nativeCpu(llvm::StringRef cpu, const llvm::StringMap<bool> &visible);

/// The level of an x86-64 CPU by LLVM's name, or of this machine for "native". nullopt: there is no such CPU.
std::optional<CpuLevel> lookupLevel(llvm::StringRef name);

/// What a refusal of a level goes on with.
inline constexpr const char *wantedLevels =
    "wanted native, x86-64-v3, x86-64-v4 or an LLVM name of an x86-64 CPU with AVX2 and FMA, such as znver4";

/// The levels of an artifact by their names, "x86-64-v4,x86-64-v3": best first, which is the order in which the bind
/// tries them. nullopt and a sentence in `error`: one is no x86-64 CPU, or stands there twice.
/// `emulated`: the kernels of these levels in instructions of x86-64-v3, with the same bits, for machines that lack
/// them.
std::optional<std::vector<CpuLevel>> lookupLevels(llvm::StringRef names, std::string &error, bool emulated = false);
/// Their names, by default as lookupLevels takes them.
std::string namesOf(llvm::ArrayRef<CpuLevel> levels, llvm::StringRef between = ",");

/// LLVM's names of the features that the level uses and this machine has not; of several, those of the level that lacks
/// least.
std::vector<std::string> lackingFeatures(llvm::StringRef names);

} // namespace batten
#endif // BATTEN_COMPILER_CODEGEN_LEVELS_H
