// BenchResults.h - rows of `batten bench`: as a table, as JSON, and read back to be compared.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_BENCHRESULTS_H
#define BATTEN_COMPILER_TOOLS_BENCHRESULTS_H

#include "compiler/tools/Measure.h"
#include <optional>
#include <string>
#include <vector>

namespace batten {

struct BenchRow {
  std::string dims; ///< "B=1 T=128"
  Timing timing;
  double samples = 1, flops = 0; ///< of one call
  std::optional<double> bytes;   ///< not known of a library with its weights inside: it does not say how many it reads
  double peak = 0;               ///< FLOP/s of the machine at that time
  double slowestPeak = 0;        ///< the lesser of those before and after
};

/// What is to be said where something of a table is above the peak.
constexpr char abovePeak[] = "above 100 %: the peak is of FMA on whole vectors. Kernels leave out operations that the "
                             "source has (taps on padding, hidden keys), and dot instructions of bf16 and bytes do "
                             "several at once";

/// With a heading. A row of `older` with the same dims adds what became of its time.
std::vector<std::vector<std::string>> benchTable(const std::vector<BenchRow> &rows, const std::vector<BenchRow> &older);
/// That others had the processor, where they did for long.
std::vector<std::string> waitRemarks(const std::string &dims, double waited);
/// Sentences on rows whose numbers would be misread.
std::vector<std::string> benchRemarks(const std::vector<BenchRow> &rows);
std::string rowJson(const BenchRow &row);
/// A result of `batten bench --json`, of rows as JSON.
std::string benchJson(const std::vector<std::string> &rows, const std::string &what, const std::string &cpu,
                      int64_t threads);
/// What must be the same for times to be compared.
struct BenchSubject {
  std::string function, cpu;
  int64_t threads = 1;
  std::string machine; ///< its processor; times of another are shown beside these, with a word of warning
};

/// What the system calls this machine's processor.
std::string processorName();

/// Dims and times of what benchJson wrote, and of what. The sentence of the fault, or empty.
std::string readBenchRows(const std::string &path, BenchSubject &subject, std::vector<BenchRow> &out);

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_BENCHRESULTS_H
