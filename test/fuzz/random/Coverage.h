// Coverage.h - what a run of random programs has met.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_TEST_FUZZ_RANDOM_COVERAGE_H
#define BATTEN_TEST_FUZZ_RANDOM_COVERAGE_H

#include "compiler/frontend/Program.h"
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace batten::fuzz {

/// How often each thing was met; two runs add up.
struct Coverage {
  std::map<std::string, std::map<std::string, int64_t>> counts; ///< group -> name -> how often
  std::vector<int64_t> lengths;                                 ///< ops of each program
  void add(const std::string &group, const std::string &name, int64_t count = 1) { counts[group][name] += count; }
  void add(const Coverage &other);
};

void countFunction(const frontend::Function &function, Coverage &coverage);
/// Rules and forms that the generator means to have used.
void countFeatures(const std::vector<std::string> &features, Coverage &coverage);
/// True if all of a group was met that a long run must meet; prints what was not.
bool covers(const Coverage &coverage, const std::string &group);
/// True if the programs, run or not, had all of the language that a long run must meet; prints what they lacked.
bool coversLanguage(const Coverage &coverage);
/// Prints all counts. `complete`: false where something that a long run must meet is missing, which is printed too.
bool report(const Coverage &coverage, bool complete);

} // namespace batten::fuzz
#endif // BATTEN_TEST_FUZZ_RANDOM_COVERAGE_H
