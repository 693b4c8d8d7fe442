// LaunchTimes.h - names of what `batten bench --kernels` leaves in the IR.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_LAUNCHTIMES_H
#define BATTEN_DIALECT_LAUNCHTIMES_H

namespace batten::attr {

/// On a module: its entries count the cycles of each launch, in the table NAME_launch_times.
inline constexpr const char *timeLaunches = "batten.time_launches";
/// On an operation of the linalg form, then on the call of its group, then on the launch: the operations of what it
/// does, a polynomial as text.
inline constexpr const char *launchFlops = "batten.launch_flops";
/// On a launch: its two words of the table, cycles and how often.
inline constexpr const char *launchNumber = "batten.launch_number";

} // namespace batten::attr
#endif // BATTEN_DIALECT_LAUNCHTIMES_H
