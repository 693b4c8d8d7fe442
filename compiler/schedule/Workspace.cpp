// Workspace.cpp - greedy by size, as in offset calculation of static memory plans: the largest buffer first, each at the
// lowest place that is free for its whole life (Pisarchyk & Lee, arXiv 2001.03288, section 5.3).
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/schedule/Workspace.h"
#include <algorithm>
#include <numeric>

namespace batten {

namespace {
constexpr int64_t alignmentBytes = 64;
/// The size that an unbounded symbol, and a bounded one with a higher bound, has in the sample.
constexpr int64_t sampleSize = 96;

struct Placed {
  int64_t offset = 0, size = 0;
};
} // namespace

static int64_t sampleBytes(const Dim &size, const std::map<std::string, int64_t> &bounds) {
  std::map<std::string, int64_t> values;
  for (const std::string &symbol : size.symbols()) {
    auto bound = bounds.find(symbol);
    values[symbol] = bound == bounds.end() ? sampleSize : std::min(bound->second, sampleSize);
  }
  int64_t bytes = size.evaluate(values).value_or(std::numeric_limits<int64_t>::max() / 1024);
  return std::max<int64_t>((bytes + alignmentBytes - 1) / alignmentBytes * alignmentBytes, alignmentBytes);
}

static bool liveTogether(const Buffer &a, const Buffer &b) { return a.first <= b.last && b.first <= a.last; }

/// The lowest offset at which `size` bytes are free among `taken` (sorted by offset).
static int64_t lowestFree(const std::vector<Placed> &taken, int64_t size) {
  int64_t offset = 0;
  for (const Placed &other : taken) {
    if (other.offset - offset >= size)
      break;
    offset = std::max(offset, other.offset + other.size);
  }
  return offset;
}

WorkspacePlan planWorkspace(const std::vector<Buffer> &buffers, const std::map<std::string, int64_t> &bounds) {
  std::vector<Placed> placed(buffers.size());
  std::vector<size_t> bySize(buffers.size()), done;
  for (size_t i = 0; i < buffers.size(); ++i)
    placed[i].size = sampleBytes(buffers[i].sizeBytes, bounds);
  std::iota(bySize.begin(), bySize.end(), size_t(0));
  std::stable_sort(bySize.begin(), bySize.end(), [&](size_t a, size_t b) { return placed[a].size > placed[b].size; });
  for (size_t i : bySize) {
    std::vector<Placed> taken;
    for (size_t j : done)
      if (liveTogether(buffers[i], buffers[j]))
        taken.push_back(placed[j]);
    std::sort(taken.begin(), taken.end(), [](const Placed &a, const Placed &b) { return a.offset < b.offset; });
    placed[i].offset = lowestFree(taken, placed[i].size);
    done.push_back(i);
  }
  WorkspacePlan plan;
  plan.order = bySize;
  std::stable_sort(plan.order.begin(), plan.order.end(),
                   [&](size_t a, size_t b) { return placed[a].offset < placed[b].offset; });
  plan.above.resize(buffers.size());
  for (size_t high : plan.order)
    for (size_t low : plan.order)
      if (placed[low].offset < placed[high].offset && liveTogether(buffers[low], buffers[high]))
        plan.above[high].push_back(low);
  return plan;
}

} // namespace batten
