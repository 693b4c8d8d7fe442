// Measure.cpp - see Measure.h. The interval of the median comes from the order of the samples alone, so that it does
// not matter how the noise of a machine is distributed. Noise that lasts, as of another program, is in all samples of
// a while: it shows between the quarters of the measurement, and in what the system counts of waiting.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/Measure.h"
#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <vector>

namespace batten {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double secondsWaited() {
  double nanoseconds = 0, ran = 0, waited = 0;
  std::error_code code;
  for (const auto &thread : std::filesystem::directory_iterator("/proc/self/task", code))
    if (std::ifstream(thread.path() / "schedstat") >> ran >> waited)
      nanoseconds += waited;
  return nanoseconds * 1e-9;
}

namespace {

constexpr size_t fewestSamples = 20; ///< before their spread is looked at

/// Positions of the 95 % interval in n sorted samples: the binomial n/2 +- 1.96 * sqrt(n)/2.
Timing timingOf(std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  double n = double(samples.size()), half = 0.98 * std::sqrt(n);
  auto at = [&](double position) { return samples[size_t(std::clamp(position, 0.0, n - 1))]; };
  return {at(n / 2), at(std::floor(n / 2 - half)), at(std::ceil(n / 2 + half))};
}

/// Of samples in the order in which they were taken.
Timing timingWithQuarters(const std::vector<double> &samples) {
  Timing timing = timingOf(samples);
  for (size_t quarter = 0; quarter < 4 && samples.size() >= fewestSamples; ++quarter) {
    auto begin = samples.begin() + ptrdiff_t(samples.size() * quarter / 4),
         end = samples.begin() + ptrdiff_t(samples.size() * (quarter + 1) / 4);
    double median = timingOf({begin, end}).median;
    timing.low = std::min(timing.low, median);
    timing.high = std::max(timing.high, median);
  }
  return timing;
}

} // namespace

Timing measure(const std::function<bool()> &call, double seconds) {
  constexpr double shortestSample = 100e-6; // a hundred times what reading the clock costs
  int64_t calls = 0;
  auto start = Clock::now();
  for (; calls < 3 || secondsSince(start) < seconds / 10; ++calls)
    if (!call())
      return {};
  int64_t batch = std::max<int64_t>(1, int64_t(shortestSample / (secondsSince(start) / double(calls))));
  std::vector<double> samples;
  Timing timing;
  size_t looking = fewestSamples; // at so many samples, then at a quarter more: it sorts them all
  double waited = secondsWaited();
  start = Clock::now();
  while (samples.size() < 3 || secondsSince(start) < seconds) {
    auto begin = Clock::now();
    for (int64_t i = 0; i < batch; ++i)
      if (!call())
        return {};
    samples.push_back(secondsSince(begin) / double(batch));
    calls += batch;
    if (samples.size() < looking)
      continue;
    looking += looking / 4;
    timing = timingWithQuarters(samples);
    if (timing.high - timing.low <= 0.02 * timing.median)
      break;
  }
  timing = timingWithQuarters(samples);
  timing.calls = calls;
  timing.waited = std::min(1.0, (secondsWaited() - waited) / secondsSince(start));
  return timing;
}

//===- What the machine could do ----------------------------------------------------------------------------------===//

namespace {

constexpr int64_t fmaIterations = 200'000;

/// One body for all widths: the compiler makes it for each CPU by the attribute of its caller.
template <class Number, int bytes, int chains> [[gnu::always_inline]] inline double chainsOfFma() {
  typedef Number Vector __attribute__((vector_size(bytes)));
  Vector sums[chains], scale = Vector{} + Number(0.999), offset = Vector{} + Number(0.001);
  for (int i = 0; i < chains; ++i)
    sums[i] = Vector{} + Number(i);
  for (int64_t k = 0; k < fmaIterations; ++k) {
#pragma clang loop unroll(full)
    for (int i = 0; i < chains; ++i)
      sums[i] = sums[i] * scale + offset;
    asm volatile("" : : : "memory");
  }
  Vector total = sums[0];
  for (int i = 1; i < chains; ++i)
    total += sums[i];
  double sum = 0;
  for (size_t lane = 0; lane < bytes / sizeof(Number); ++lane)
    sum += double(total[lane]);
  return sum;
}

#pragma clang fp contract(fast)
[[gnu::target("avx512f")]] double wideFloats() { return chainsOfFma<float, 64, 24>(); }
[[gnu::target("avx512f")]] double wideDoubles() { return chainsOfFma<double, 64, 24>(); }
[[gnu::target("avx2,fma")]] double floats() { return chainsOfFma<float, 32, 12>(); }
[[gnu::target("avx2,fma")]] double doubles() { return chainsOfFma<double, 32, 12>(); }

struct Probe {
  double (*run)();
  double flops;
};

Probe probeOf(bool isDouble) {
  double wide = __builtin_cpu_supports("avx512f") ? 64 * 24 : 32 * 12;
  double flops = 2.0 * wide / (isDouble ? 8 : 4) * double(fmaIterations);
  if (__builtin_cpu_supports("avx512f"))
    return {isDouble ? wideDoubles : wideFloats, flops};
  return {isDouble ? doubles : floats, flops};
}

void runProbe(void *context, int64_t begin, int64_t end) {
  volatile double kept = 0;
  for (int64_t i = begin; i < end; ++i)
    kept = kept + static_cast<Probe *>(context)->run();
}

} // namespace

double peakFlops(batten_pool *pool, bool isDouble) {
  Probe probe = probeOf(isDouble);
  int64_t threads = pool ? batten_pool_threads(pool) : 1;
  double best = 0;
  for (int attempt = 0; attempt < 7; ++attempt) { // the best: what others take from the machine is no part of it
    auto start = Clock::now();
    if (pool)
      batten_pool_parallel_for(pool, threads, runProbe, &probe);
    else
      runProbe(&probe, 0, 1);
    best = std::max(best, probe.flops * double(threads) / secondsSince(start));
  }
  return best;
}

} // namespace batten
