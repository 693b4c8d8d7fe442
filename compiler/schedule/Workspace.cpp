// Workspace.cpp - greedy by size, as in offset calculation of static memory plans: the largest buffer first, each at
// the lowest place that is free for its whole life (Pisarchyk & Lee, arXiv 2001.03288, section 5.3). That alone
// takes 1.2 times the peak of layers of 1024, 256, 256, 1024, ... columns, so a few other orders are tried.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/schedule/Workspace.h"
#include <algorithm>
#include <functional>
#include <numeric>

namespace batten {

namespace {
constexpr int64_t alignmentBytes = 64;
/// The size that an unbounded symbol, and a bounded one with a higher bound, has in the sample.
constexpr int64_t sampleSize = 96;
/// Orders that are tried from each of the two that begin, and how many pairs of buffers they may look at together.
constexpr size_t mostTries = 50, mostPairs = size_t(1) << 24;

struct Placed {
  int64_t offset = 0, size = 0;
};
} // namespace

/// At most `most`, a multiple of the alignment.
static int64_t sampleBytes(const Dim &size, const std::map<std::string, int64_t> &bounds, int64_t most) {
  std::map<std::string, int64_t> values;
  for (const std::string &symbol : size.symbols()) {
    auto bound = bounds.find(symbol);
    values[symbol] = bound == bounds.end() ? sampleSize : std::min(bound->second, sampleSize);
  }
  int64_t bytes = std::clamp<int64_t>(size.evaluate(values).value_or(most), 1, most);
  return (bytes + alignmentBytes - 1) / alignmentBytes * alignmentBytes;
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

/// Each buffer in turn at the lowest place that is free for its whole life.
static std::vector<Placed> placeInTurn(const std::vector<Buffer> &buffers, const std::vector<int64_t> &sizes,
                                       const std::vector<size_t> &turn) {
  std::vector<Placed> placed(buffers.size());
  std::vector<size_t> done;
  for (size_t i : turn) {
    std::vector<Placed> taken;
    for (size_t j : done)
      if (liveTogether(buffers[i], buffers[j]))
        taken.push_back(placed[j]);
    std::sort(taken.begin(), taken.end(), [](const Placed &a, const Placed &b) { return a.offset < b.offset; });
    placed[i] = {lowestFree(taken, sizes[i]), sizes[i]};
    done.push_back(i);
  }
  return placed;
}

/// What no plan can be below: the most bytes that live in one step.
static int64_t peakOf(const std::vector<Buffer> &buffers, const std::vector<int64_t> &sizes) {
  int64_t peak = 0;
  for (const Buffer &at : buffers) { // the peak is where some buffer's life begins
    int64_t alive = 0;
    for (size_t i = 0; i < buffers.size(); ++i)
      if (buffers[i].first <= at.first && at.first <= buffers[i].last)
        alive += sizes[i];
    peak = std::max(peak, alive);
  }
  return peak;
}

/// The largest first; then, as long as that is above the peak, the one that came to lie on top takes the first turn.
/// Where that does not help, the same from those that live longest: they hem in all others.
static std::vector<Placed> placeAll(const std::vector<Buffer> &buffers, const std::vector<int64_t> &sizes) {
  std::vector<size_t> bySize(buffers.size());
  std::iota(bySize.begin(), bySize.end(), size_t(0));
  std::stable_sort(bySize.begin(), bySize.end(), [&](size_t a, size_t b) { return sizes[a] > sizes[b]; });
  std::vector<size_t> byLife = bySize;
  auto life = [&](size_t i) { return buffers[i].last - buffers[i].first; };
  std::stable_sort(byLife.begin(), byLife.end(), [&](size_t a, size_t b) { return life(a) > life(b); });
  auto end = [](const Placed &placed) { return placed.offset + placed.size; };
  auto lower = [&](const Placed &a, const Placed &b) { return end(a) < end(b); };
  int64_t peak = peakOf(buffers, sizes), least = std::numeric_limits<int64_t>::max();
  const size_t tries = std::clamp<size_t>(mostPairs / (buffers.size() * buffers.size() + 1), 1, mostTries);
  std::vector<Placed> best;
  for (std::vector<size_t> &turn : {std::ref(bySize), std::ref(byLife)})
    for (size_t i = 0; i < tries && least > peak && !buffers.empty(); ++i) {
      std::vector<Placed> placed = placeInTurn(buffers, sizes, turn);
      auto top = std::max_element(placed.begin(), placed.end(), lower);
      auto position = std::find(turn.begin(), turn.end(), size_t(top - placed.begin()));
      std::rotate(turn.begin(), position, position + 1);
      if (end(*top) < least) {
        least = end(*top);
        best = std::move(placed);
      }
    }
  return best;
}

WorkspacePlan planWorkspace(const std::vector<Buffer> &buffers, const std::map<std::string, int64_t> &bounds) {
  // All of them one above the other stay within 64 bits: offsets that met there would put two buffers at one place.
  const int64_t most = std::numeric_limits<int64_t>::max() / int64_t(buffers.size() + 1) & -alignmentBytes;
  std::vector<int64_t> sizes;
  for (const Buffer &buffer : buffers)
    sizes.push_back(sampleBytes(buffer.sizeBytes, bounds, most));
  std::vector<Placed> placed = placeAll(buffers, sizes);
  WorkspacePlan plan;
  plan.order.resize(buffers.size());
  std::iota(plan.order.begin(), plan.order.end(), size_t(0));
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
