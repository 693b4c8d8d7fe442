// KernelTimes.h - what each kernel takes of a call.
//
// The program is compiled with Options::timeLaunches: the same kernels and the same plan, and the entry reads the
// machine's time-stamp counter before and after each launch. What is built for others has none of that.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_KERNELTIMES_H
#define BATTEN_COMPILER_TOOLS_KERNELTIMES_H

#include "compiler/Compiler.h"

namespace batten {

/// Of one call; a kernel that was launched several times is one.
struct KernelTime {
  std::string kernel, place; ///< place: "model.btn:7"
  int64_t launches = 0;
  double seconds = 0, flops = 0;
};

struct CallTimes {
  std::vector<KernelTime> kernels; ///< in the order of their first launch
  double seconds = 0;              ///< of the call: the kernels and what is between them
  int64_t calls = 0;               ///< that were measured; 0: one was refused
  double waited = 0;               ///< as of Timing
};

/// Means over the faster half of the calls that fit into `seconds`, so that the parts make up the whole and little of
/// what others take from the machine is in them. `table`: NAME_launch_times.
CallTimes timeKernels(const std::function<bool()> &call, const std::vector<Launch> &launches,
                      const std::map<std::string, int64_t> &sizes, int64_t *table, double seconds);

/// With a heading, and lines for what is between the kernels and for the whole. `peak`: FLOP/s.
std::vector<std::vector<std::string>> kernelTable(const CallTimes &times, double peak);
/// Sentences on numbers of the table that would be misread.
std::vector<std::string> kernelRemarks(const std::string &dims, const CallTimes &times, double peak);
/// The same as a row of `bench --json`.
std::string kernelsJson(const std::string &dims, const CallTimes &times, double peak);

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_KERNELTIMES_H
