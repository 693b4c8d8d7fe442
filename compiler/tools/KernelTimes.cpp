// KernelTimes.cpp - see KernelTimes.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/KernelTimes.h"
#include "compiler/frontend/Diagnostics.h"
#include "compiler/frontend/Types.h"
#include "compiler/tools/Amounts.h"
#include "compiler/tools/BenchResults.h"
#include "compiler/tools/Measure.h"
#include <algorithm>
#include <chrono>
#include <x86intrin.h>

namespace batten {
namespace {

using Clock = std::chrono::steady_clock;

/// The cycles of one call, and of each launch in it.
struct Sample {
  uint64_t whole = 0;
  std::vector<int64_t> launches;
};

/// Calls and reads the table after each, which is two words a launch: cycles, and how often.
std::vector<Sample> takeSamples(const std::function<bool()> &call, size_t launches, int64_t *table, double seconds) {
  constexpr size_t most = 20'000;
  std::vector<Sample> samples;
  auto start = Clock::now();
  while (samples.size() < 4 || (samples.size() < most && secondsSince(start) < seconds)) {
    std::fill_n(table, 2 * launches, 0);
    uint64_t begin = __rdtsc();
    if (!call())
      return {};
    Sample sample{__rdtsc() - begin, {}};
    for (size_t i = 0; i < launches; ++i)
      sample.launches.push_back(table[2 * i]);
    samples.push_back(std::move(sample));
  }
  return samples;
}

/// One row a kernel. `cycles`: of each launch.
void addUp(CallTimes &times, const std::vector<Launch> &launches, const std::map<std::string, int64_t> &sizes,
           const int64_t *table, const std::vector<double> &cycles, double secondsOfCycle) {
  for (size_t i = 0; i < launches.size(); ++i) {
    int64_t count = table[2 * i + 1];
    if (!count)
      continue; // of another version of the entry
    auto known = std::find_if(times.kernels.begin(), times.kernels.end(),
                              [&](const KernelTime &row) { return row.kernel == launches[i].kernel; });
    if (known == times.kernels.end()) {
      const frontend::Location &at = launches[i].location;
      std::string file = at.file.substr(at.file.find_last_of('/') + 1);
      known = times.kernels.insert(known, {launches[i].kernel, file + ":" + std::to_string(at.line)});
    }
    known->launches += count;
    known->seconds += cycles[i] * secondsOfCycle;
    if (launches[i].flops)
      known->flops += double(launches[i].flops->evaluate(sizes).value_or(0));
  }
}

} // namespace

CallTimes timeKernels(const std::function<bool()> &call, const std::vector<Launch> &launches,
                      const std::map<std::string, int64_t> &sizes, int64_t *table, double seconds) {
  CallTimes times;
  if (takeSamples(call, launches.size(), table, seconds / 10).empty()) // to warm up
    return times;
  double waited = secondsWaited();
  auto start = Clock::now();
  uint64_t begin = __rdtsc();
  std::vector<Sample> samples = takeSamples(call, launches.size(), table, seconds);
  if (samples.empty())
    return times;
  double secondsOfCycle = secondsSince(start) / double(__rdtsc() - begin);
  times.waited = std::min(1.0, (secondsWaited() - waited) / secondsSince(start));
  times.calls = int64_t(samples.size());
  std::sort(samples.begin(), samples.end(), [](const Sample &a, const Sample &b) { return a.whole < b.whole; });
  samples.resize(samples.size() / 2);
  double share = 1.0 / double(samples.size());
  std::vector<double> cycles(launches.size());
  for (const Sample &sample : samples) {
    times.seconds += double(sample.whole) * share * secondsOfCycle;
    for (size_t i = 0; i < launches.size(); ++i)
      cycles[i] += double(sample.launches[i]) * share;
  }
  addUp(times, launches, sizes, table, cycles, secondsOfCycle);
  return times;
}

std::vector<std::vector<std::string>> kernelTable(const CallTimes &times, double peak) {
  std::vector<std::vector<std::string>> table = {
      {"kernel", "source", "launches", "time", "share", "GFLOP/s", "of peak"}};
  auto cells = [&](const KernelTime &row) {
    bool counts = row.flops > 0 && row.seconds > 0;
    table.push_back({row.kernel, row.place, row.launches ? std::to_string(row.launches) : "", timeText(row.seconds),
                     decimalText(100 * row.seconds / times.seconds, "%.1f %%"),
                     counts ? decimalText(row.flops / row.seconds * 1e-9, "%.2f") : "-",
                     counts ? decimalText(100 * row.flops / row.seconds / peak, "%.1f %%") : "-"});
  };
  KernelTime whole{"the call", "", 0, times.seconds, 0}, between{"between them", "", 0, times.seconds, 0};
  for (const KernelTime &row : times.kernels) {
    cells(row);
    between.seconds -= row.seconds;
    whole.flops += row.flops;
  }
  cells(between);
  cells(whole);
  return table;
}

std::vector<std::string> kernelRemarks(const std::string &dims, const CallTimes &times, double peak) {
  std::vector<std::string> remarks = waitRemarks(dims, times.waited);
  if (std::any_of(times.kernels.begin(), times.kernels.end(),
                  [&](const KernelTime &row) { return row.flops > peak * row.seconds; }))
    remarks.push_back(abovePeak);
  return remarks;
}

std::string kernelsJson(const std::string &dims, const CallTimes &times, double peak) {
  std::vector<std::string> kernels;
  for (const KernelTime &row : times.kernels)
    kernels.push_back("{\"kernel\":" + frontend::jsonString(row.kernel) + ",\"source\":" +
                      frontend::jsonString(row.place) + ",\"launches\":" + std::to_string(row.launches) +
                      decimalText(row.seconds, ",\"seconds\":%.9g") + decimalText(row.flops, ",\"flops\":%.17g}"));
  return "{\"dims\":" + frontend::jsonString(dims) + decimalText(times.seconds, ",\"seconds\":%.9g") +
         ",\"calls\":" + std::to_string(times.calls) + decimalText(times.waited, ",\"waited\":%.3g") +
         decimalText(peak, ",\"peak_flops_per_second\":%.6g") + ",\"kernels\":[" + frontend::joined(kernels, ",") +
         "]}";
}

} // namespace batten
