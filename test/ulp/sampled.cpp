// sampled.cpp - the largest error of each function of f64 over samples of its arguments.
//
//   ulp-sampled [--function=exp] [--count=1000000]
//
// prints function, maximum in ULP and the double where it is reached; fails where a maximum is above the bound that
// dialect/NUMERICS.md publishes.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/ulp/UlpDouble.h"
#include <cstdio>
#include <cstdlib>
#include <string_view>

using namespace batten::ulp;

static bool report(const char *name, const WorstDouble &worst, double bound) {
  std::printf("%-10s %8.4f ULP at %-22a (%.17g), published %.2f\n", name, worst.error, worst.where, worst.where, bound);
  std::fflush(stdout);
  return worst.error <= bound;
}

int main(int argc, char **argv) {
  std::string_view only;
  uint64_t count = 1000000;
  for (int i = 1; i < argc; ++i) {
    std::string_view argument = argv[i];
    if (argument.starts_with("--function=")) {
      only = argument.substr(11);
    } else if (argument.starts_with("--count=")) {
      count = std::strtoull(argv[i] + 8, nullptr, 10);
    } else {
      std::fprintf(stderr, "ulp-sampled: unknown option %s\n", argv[i]);
      return 2;
    }
  }
  bool allWithin = true;
  for (const DoubleFunction &function : doubleFunctions())
    if (only.empty() || only == function.name)
      allWithin &= report(function.name, scan(function, 0, count), function.bound);
  if (only.empty() || only == "pow")
    allWithin &= report("pow", scanPow(0, count), powBound);
  return allWithin ? 0 : 1;
}
