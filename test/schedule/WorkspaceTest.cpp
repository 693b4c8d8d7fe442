// WorkspaceTest.cpp - buffers that live together never overlap, at any size; chains take no more than lives at once.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/schedule/Workspace.h"
#include "gtest/gtest.h"
#include <algorithm>
#include <random>

using namespace batten;

namespace {

using Sizes = std::map<std::string, int64_t>;

Dim dim(const char *text) { return *Dim::parse(text); }

int64_t roundUp(int64_t bytes) { return (bytes + 63) & -64; }

struct Place {
  int64_t begin = 0, end = 0;
};

/// Where the plan puts each buffer at these sizes.
std::vector<Place> place(const std::vector<Buffer> &buffers, const WorkspacePlan &plan, const Sizes &sizes) {
  std::vector<Place> places(buffers.size());
  std::vector<bool> done(buffers.size());
  for (size_t i : plan.order) {
    int64_t begin = 0;
    for (size_t low : plan.above[i]) {
      EXPECT_TRUE(done[low]) << "a buffer lies above one that comes later";
      begin = std::max(begin, roundUp(places[low].end));
    }
    places[i] = {begin, begin + *buffers[i].sizeBytes.evaluate(sizes)};
    done[i] = true;
  }
  EXPECT_EQ(std::count(done.begin(), done.end(), true), int64_t(buffers.size()));
  return places;
}

int64_t total(const std::vector<Place> &places) {
  int64_t end = 0;
  for (const Place &place : places)
    end = std::max(end, place.end);
  return end;
}

} // namespace

TEST(Workspace, NothingAliveOverlapsAtAnySize) {
  std::mt19937 random(7);
  const char *bytes[] = {"256*B", "20*B", "64*T", "4*B*T", "100", "4*B*T*T", "div(B + 3, 4)*64", "8192"};
  for (int round = 0; round < 200; ++round) {
    std::vector<Buffer> buffers;
    for (size_t i = 0, count = 1 + random() % 20; i < count; ++i) {
      size_t first = random() % 30;
      buffers.push_back({dim(bytes[random() % 8]), first, first + random() % 6});
    }
    WorkspacePlan plan = planWorkspace(buffers, {{"T", 512}});
    for (int64_t B : {0, 1, 5, 1000})
      for (int64_t T : {1, 9, 512}) {
        std::vector<Place> places = place(buffers, plan, {{"B", B}, {"T", T}});
        for (size_t i = 0; i < buffers.size(); ++i)
          for (size_t j = 0; j < i; ++j) {
            bool together = buffers[i].first <= buffers[j].last && buffers[j].first <= buffers[i].last;
            bool apart = places[i].end <= places[j].begin || places[j].end <= places[i].begin;
            EXPECT_TRUE(apart || !together) << "round " << round << ", buffers " << i << " and " << j;
          }
      }
  }
}

TEST(Workspace, AChainTakesItsTwoLargestNeighbours) {
  std::vector<Buffer> buffers;
  for (size_t i = 0; i < 12; ++i)
    buffers.push_back({dim(i % 3 == 0 ? "1024*B" : "256*B"), i, i + 1});
  WorkspacePlan plan = planWorkspace(buffers, {});
  for (int64_t B : {1, 96, 100000})
    EXPECT_EQ(total(place(buffers, plan, {{"B", B}})), 1280 * B);
}

// Lives as those of a network's values, of sizes that grow together: no plan is better than the peak, none may be far
// off.
TEST(Workspace, NetworksTakeAtMostATenthMoreThanThePeak) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<Buffer> buffers;
    std::vector<int64_t> bytes;
    for (size_t step = 0, count = 5 + random() % 30; step < count; ++step) {
      bytes.push_back(64 << random() % 7);
      size_t life = random() % 4 ? 1 : 1 + random() % 6; // most are read by the next step, some skip a few
      buffers.push_back({Dim::constant(bytes.back()) * dim("B"), step, step + life});
    }
    int64_t peak = 0;
    for (size_t step = 0; step < buffers.size() + 8; ++step) {
      int64_t alive = 0;
      for (size_t i = 0; i < buffers.size(); ++i)
        alive += buffers[i].first <= step && step <= buffers[i].last ? bytes[i] : 0;
      peak = std::max(peak, alive);
    }
    EXPECT_LE(10 * total(place(buffers, planWorkspace(buffers, {}), {{"B", 1000}})), 11 * 1000 * peak) << round;
  }
}

// The scratch of one launch is small and short: it goes where a value has died or is not born yet.
TEST(Workspace, AShortLifeFillsAHole) {
  std::vector<Buffer> buffers = {
      {dim("4096*B"), 0, 1}, {dim("4096*B"), 1, 3}, {dim("64*T"), 2, 2}, {dim("2048*B"), 3, 4}};
  WorkspacePlan plan = planWorkspace(buffers, {{"T", 64}});
  EXPECT_EQ(total(place(buffers, plan, {{"B", 8}, {"T", 64}})), 8192 * 8);
}

TEST(Workspace, ALongLifeBesideShortOnesTakesNoMoreThanThePeak) {
  std::vector<Buffer> buffers = {{dim("12288"), 0, 6}, {dim("12288"), 0, 2}, {dim("16384"), 1, 2},
                                 {dim("6720"), 2, 3},  {dim("26880"), 3, 4}, {dim("384"), 5, 6}};
  EXPECT_EQ(total(place(buffers, planWorkspace(buffers, {}), {})), 12288 + 12288 + 16384 + 6720);
}

TEST(Workspace, BuffersBeyondAllMemoryStillLieApart) {
  std::vector<Buffer> buffers(40, {dim("9223372036854775807"), 0, 1});
  buffers[7].sizeBytes = dim("4*T*T*T*T*T*T*T*T*T*T"); // beyond 64 bits where T is 96
  buffers[9].sizeBytes = dim("64");
  WorkspacePlan plan = planWorkspace(buffers, {});
  size_t pairs = 0;
  for (const std::vector<size_t> &lower : plan.above)
    pairs += lower.size();
  EXPECT_EQ(pairs, 40u * 39 / 2);
}

TEST(Workspace, NoBuffersNeedNothing) {
  WorkspacePlan plan = planWorkspace({}, {});
  EXPECT_TRUE(plan.order.empty());
  EXPECT_TRUE(plan.above.empty());
}
