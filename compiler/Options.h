// Options.h - what a user may choose about a compilation. Plain data: no globals, no LLVM.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_OPTIONS_H
#define BATTEN_COMPILER_OPTIONS_H

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace batten {

/// Weights that become part of what is built.
struct PlacedWeights {
  std::string mode;             ///< "embed" or "link"; empty: the bind takes them
  std::string file;             ///< where they are from, without the folder
  std::string bytes;            ///< the tensors, each at a multiple of 64
  std::vector<int64_t> offsets; ///< where each weight of the program lies there
};

struct Options {
  std::string cpu = "native";          ///< LLVM CPU names with commas between, or "native": the machine that compiles
  bool emulate = false;                ///< the kernels of these CPUs in instructions of x86-64-v3, with the same bits
  std::string prefix;                  ///< of every C symbol; empty: the source file's stem
  int optimise = 3;                    ///< 0..3, of the code generator; the schedule is the same at all of them
  bool fuse = true;                    ///< false: one operation a kernel; the same bits, slower
  bool debugLines = false;             ///< DWARF lines that lead back to the source; the code is the same
  bool checkIds = false;               ///< calls refuse ids and positions that are out of range
  std::map<std::string, int64_t> dims; ///< sizes that --dim gave, for the artifact's description
  PlacedWeights weights;
  std::vector<std::string> printAfter; ///< passes after which the module is printed, to standard error
  bool timeLaunches = false; ///< entries count the cycles of each launch: for `batten bench`, never in what is built
};

} // namespace batten
#endif // BATTEN_COMPILER_OPTIONS_H
