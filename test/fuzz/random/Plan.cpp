// Plan.cpp - reads the plan of an entry from the text of the scheduled form, as a user would with --emit=scheduled.
//
// The largest set of buffers that are needed at once is worked out from the launches alone: a buffer is needed from the
// first launch that names it to the last. The compiler's own formula may not be much above that.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/random/Checks.h"
#include <algorithm>
#include <sstream>

namespace batten::fuzz {

namespace {

struct PlanBuffer {
  std::string name;
  int64_t bytes;
  int64_t first = -1, last = -1;
};

/// The text between the first two quotes at or after `from`.
std::string quoted(const std::string &line, size_t from = 0) {
  size_t begin = line.find('"', from), end = line.find('"', begin + 1);
  return begin == std::string::npos ? "" : line.substr(begin + 1, end - begin - 1);
}

std::optional<int64_t> evaluated(const std::string &text, const Sizes &sizes) {
  std::optional<Dim> dim = Dim::parse(text);
  return dim ? dim->evaluate(sizes) : std::nullopt;
}

bool names(const std::string &line, const std::string &value) {
  for (size_t at = line.find(value); at != std::string::npos; at = line.find(value, at + 1)) {
    char next = at + value.size() < line.size() ? line[at + value.size()] : ' ';
    if (!isalnum(next) && next != '_')
      return true;
  }
  return false;
}

std::string lineOf(const std::string &text, size_t at) { return text.substr(at, text.find('\n', at) - at); }

} // namespace

std::optional<PlanFacts> readPlan(const std::string &scheduled, const std::string &entry, const Sizes &sizes) {
  size_t begin = scheduled.find("batten.plan @" + entry + "["); // of a version for one size there is a point behind it
  if (begin == std::string::npos)
    return std::nullopt;
  std::istringstream lines(scheduled.substr(begin));
  std::vector<PlanBuffer> buffers;
  PlanFacts facts;
  int64_t step = 0;
  std::string line;
  for (std::getline(lines, line); std::getline(lines, line) && line.find_first_not_of(" }") != std::string::npos;) {
    size_t buffer = line.find("= batten.buffer"), launch = line.find("batten.launch @");
    if (buffer != std::string::npos) {
      std::optional<int64_t> bytes = evaluated(quoted(line), sizes);
      if (!bytes)
        return std::nullopt;
      size_t name = line.find('%');
      buffers.push_back({line.substr(name, line.find(' ', name) - name), *bytes});
    } else if (launch != std::string::npos) {
      std::optional<int64_t> scratch = evaluated(quoted(line, line.find(" scratch ")), sizes);
      if (!scratch)
        return std::nullopt;
      facts.scratch = std::max(facts.scratch, *scratch);
      std::string pointers = line.substr(line.rfind('('));
      for (PlanBuffer &candidate : buffers)
        if (names(pointers, candidate.name)) {
          candidate.first = candidate.first < 0 ? step : candidate.first;
          candidate.last = step;
        }
      ++step;
      std::string kernel = line.substr(launch + 15, line.find(' ', launch + 15) - launch - 15);
      size_t function = scheduled.find("@" + kernel + "(");
      std::string header = function == std::string::npos ? "" : lineOf(scheduled, function);
      facts.builders.push_back(quoted(header, header.find("batten.builder")));
    }
  }
  for (int64_t at = 0; at < step; ++at) {
    int64_t live = 0;
    for (const PlanBuffer &buffer : buffers)
      live += buffer.first <= at && at <= buffer.last ? buffer.bytes : 0;
    facts.peak = std::max(facts.peak, live);
  }
  facts.buffers = int64_t(buffers.size());
  return facts;
}

} // namespace batten::fuzz
