// Measure.h - how long a call takes and what this machine could do in that time.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_MEASURE_H
#define BATTEN_COMPILER_TOOLS_MEASURE_H

#include "runtime/batten.h"
#include <chrono>
#include <cstdint>
#include <functional>

namespace batten {

double secondsSince(std::chrono::steady_clock::time_point start);
/// Seconds that this process's threads were ready to run and did not; 0 where the system does not count them.
double secondsWaited();

/// Seconds of one call: the median of the samples, and the interval that holds the true median with 95 % confidence and
/// the median of each quarter of the measurement.
struct Timing {
  double median = 0, low = 0, high = 0;
  int64_t calls = 0;
  double waited = 0; ///< the part of the time in which a thread was to run and others had the processor
};

/// Calls until the interval is within 1 % of the median or `seconds` are over, after a tenth of that to warm up.
/// `call` returns whether it was done; a refused one ends the measurement (0 calls).
Timing measure(const std::function<bool()> &call, double seconds);

/// Floating-point operations a second of FMA chains that never leave the registers, by the widest vectors of this CPU;
/// one chain of work a thread of the pool (null: one thread).
double peakFlops(batten_pool *pool, bool isDouble);

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_MEASURE_H
