// BenchResults.cpp - see BenchResults.h. One row is one line of the JSON.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/BenchResults.h"
#include "compiler/Version.h"
#include "compiler/frontend/Diagnostics.h"
#include "compiler/frontend/Types.h"
#include "compiler/tools/Amounts.h"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace batten {
namespace {

/// "1.25 x faster", or that the intervals overlap.
std::string change(const Timing &now, const Timing &before) {
  if (now.low <= before.high && before.low <= now.high)
    return "same";
  bool isFaster = now.median < before.median;
  return decimalText(isFaster ? before.median / now.median : now.median / before.median, "%.2f x ") +
         (isFaster ? "faster" : "slower");
}

/// The number behind a key of a line; -1: there is none.
double numberIn(const std::string &line, const char *key) {
  size_t at = line.find(key);
  return at == std::string::npos ? -1 : strtod(line.c_str() + at + strlen(key), nullptr);
}

/// The text behind a key of a line up to `end`.
std::string textIn(const std::string &line, const char *key, const char *end) {
  size_t at = line.find(key);
  if (at == std::string::npos)
    return "";
  at += strlen(key);
  return line.substr(at, line.find(end, at) - at);
}

} // namespace

std::vector<std::vector<std::string>> benchTable(const std::vector<BenchRow> &rows,
                                                 const std::vector<BenchRow> &older) {
  std::vector<std::vector<std::string>> table = {
      {"dims", "time", "", "samples/s", "GFLOP/s", "GB/s", "of peak", older.empty() ? "" : "than before"}};
  for (const BenchRow &row : rows) {
    double time = row.timing.median;
    auto old = std::find_if(older.begin(), older.end(), [&](const BenchRow &o) { return o.dims == row.dims; });
    bool isEmpty = row.samples == 0; // of no sample nothing is computed, and what is read is not known
    double spread = std::max(row.timing.high - time, time - row.timing.low) / time;
    table.push_back({row.dims.empty() ? "-" : row.dims, timeText(time), decimalText(100 * spread, "+-%.1f %%"),
                     isEmpty ? "-" : amount(row.samples / time),
                     isEmpty ? "-" : decimalText(row.flops / time * 1e-9, "%.2f"),
                     row.bytes && !isEmpty ? decimalText(*row.bytes / time * 1e-9, "%.2f") : "-",
                     isEmpty ? "-" : decimalText(100 * row.flops / time / row.peak, "%.1f %%"),
                     old == older.end() ? (older.empty() ? "" : "-") : change(row.timing, old->timing)});
  }
  return table;
}

constexpr double noticed = 0.03;

static std::string placeOf(const std::string &dims) { return dims.empty() ? "" : dims + ": "; }

std::vector<std::string> waitRemarks(const std::string &dims, double waited) {
  if (waited <= noticed)
    return {};
  return {placeOf(dims) + "disturbed: others had the processor" + decimalText(100 * waited, " %.0f %% of the time") +
          ", so these times may be longer than those of the call"};
}

std::vector<std::string> benchRemarks(const std::vector<BenchRow> &rows) {
  std::vector<std::string> remarks;
  for (const BenchRow &row : rows) {
    std::vector<std::string> waits = waitRemarks(row.dims, row.timing.waited);
    remarks.insert(remarks.end(), waits.begin(), waits.end());
    if (row.slowestPeak < (1 - 2 * noticed) * row.peak)
      remarks.push_back(placeOf(row.dims) + "disturbed: the peak fell" +
                        decimalText(100 - 100 * row.slowestPeak / row.peak, " by %.0f %%") +
                        " meanwhile, and what is measured with it");
  }
  if (std::any_of(rows.begin(), rows.end(),
                  [](const BenchRow &row) { return row.flops / row.timing.median > row.peak; }))
    remarks.push_back(abovePeak);
  return remarks;
}

std::string rowJson(const BenchRow &row) {
  return "{\"dims\":" + frontend::jsonString(row.dims) + decimalText(row.timing.median, ",\"seconds\":%.9g") +
         decimalText(row.timing.low, ",\"low\":%.9g") + decimalText(row.timing.high, ",\"high\":%.9g") +
         ",\"calls\":" + std::to_string(row.timing.calls) + decimalText(row.samples, ",\"samples\":%.17g") +
         decimalText(row.flops, ",\"flops\":%.17g") +
         (row.bytes ? decimalText(*row.bytes, ",\"bytes\":%.17g") : ",\"bytes\":null") +
         decimalText(row.timing.waited, ",\"waited\":%.3g") + decimalText(row.peak, ",\"peak_flops_per_second\":%.6g}");
}

std::string benchJson(const std::vector<std::string> &rows, const std::string &what, const std::string &cpu,
                      int64_t threads) {
  return "{\"bench\":" + frontend::jsonString(what) + ",\"cpu\":" + frontend::jsonString(cpu) +
         ",\"threads\":" + std::to_string(threads) + ",\"machine\":" + frontend::jsonString(processorName()) +
         ",\"compiler\":\"batten " BATTEN_VERSION "\",\"commit\":" + frontend::jsonString(sourceCommit) +
         ",\"rows\":[\n" + frontend::joined(rows, ",\n") + "\n]}\n";
}

std::string processorName() {
  static const char key[] = "model name";
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(key))
      return line.substr(std::min(line.size(), line.find(':') + 2));
  return "unknown";
}

std::string readBenchRows(const std::string &path, BenchSubject &subject, std::vector<BenchRow> &out) {
  std::ifstream file(path);
  if (!file)
    return "cannot read '" + path + "': " + strerror(errno);
  static const char key[] = "{\"dims\":\"";
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("{\"bench\":"))
      subject = {textIn(line, "{\"bench\":\"", " of "), textIn(line, "\"cpu\":\"", "\""),
                 int64_t(numberIn(line, "\"threads\":")), textIn(line, "\"machine\":\"", "\"")};
    if (!line.starts_with(key))
      continue;
    BenchRow row;
    row.dims = line.substr(sizeof key - 1, line.find('"', sizeof key - 1) - (sizeof key - 1));
    row.timing = {numberIn(line, "\"seconds\":"), numberIn(line, "\"low\":"), numberIn(line, "\"high\":"), 1};
    if (row.timing.low <= 0 || row.timing.high < row.timing.low)
      return "'" + path + "' is no result of `batten bench --json`";
    out.push_back(row);
  }
  return out.empty() || subject.function.empty() ? "'" + path + "' is no result of `batten bench --json`" : "";
}

} // namespace batten
