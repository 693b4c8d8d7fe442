// exhaustive.cpp - the largest error of each element-wise function over all floats, or over every n-th.
//
//   ulp-exhaustive [--function=exp] [--stride=1] [--threads=2]
//
// prints function, maximum in ULP, the float where it is reached and how many floats are further off than 1 ULP; fails
// where a maximum is above the bound that dialect/NUMERICS.md publishes. All 2^32 floats take about a minute a
// function.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/ulp/Ulp.h"
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>

using namespace batten::ulp;

static Worst scanInParallel(const Function &function, uint64_t stride, unsigned numThreads) {
  std::vector<Worst> parts(numThreads);
  std::vector<std::thread> threads;
  // Thread t takes every numThreads-th of the inputs, so that expensive ranges are shared evenly.
  for (unsigned t = 0; t < numThreads; ++t)
    threads.emplace_back([&, t] { parts[t] = scan(function, t * stride, uint64_t(1) << 32, stride * numThreads); });
  Worst worst;
  for (unsigned t = 0; t < numThreads; ++t) {
    threads[t].join();
    uint64_t above1 = worst.above1 + parts[t].above1;
    if (parts[t].error > worst.error)
      worst = parts[t];
    worst.above1 = above1;
  }
  return worst;
}

int main(int argc, char **argv) {
  std::string_view only;
  uint64_t stride = 1;
  unsigned numThreads = 2;
  for (int i = 1; i < argc; ++i) {
    std::string_view argument = argv[i];
    if (argument.starts_with("--function=")) {
      only = argument.substr(11);
    } else if (argument.starts_with("--stride=")) {
      stride = std::max(1ULL, std::strtoull(argv[i] + 9, nullptr, 10));
    } else if (argument.starts_with("--threads=")) {
      numThreads = std::max(1UL, std::strtoul(argv[i] + 10, nullptr, 10));
    } else {
      std::fprintf(stderr, "ulp-exhaustive: unknown option %s\n", argv[i]);
      return 2;
    }
  }
  bool allWithin = true;
  for (const Function &function : functions()) {
    if (!only.empty() && only != function.name)
      continue;
    Worst worst = scanInParallel(function, stride, numThreads);
    allWithin &= worst.error <= function.bound;
    std::printf("%-10s %8.4f ULP at %-14a (%.9g), published %.2f, %llu above 1\n", function.name, worst.error,
                double(worst.where), double(worst.where), function.bound, (unsigned long long)worst.above1);
    std::fflush(stdout);
  }
  return allWithin ? 0 : 1;
}
