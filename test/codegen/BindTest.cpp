// BindTest.cpp - the choice of a CPU level asks no more of the machine than it needs: the support code itself, its
// cpuid instructions counted.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/Levels.h"
#include "gtest/gtest.h"
#include <cpuid.h>
#include <map>

namespace {

std::map<std::pair<uint32_t, uint32_t>, int> asked; // of a leaf and a subleaf

void realCpuid(uint32_t leaf, uint32_t subleaf, uint32_t (&found)[4]) {
  __cpuid_count(leaf, subleaf, found[0], found[1], found[2], found[3]);
}

void countedCpuid(uint32_t leaf, uint32_t subleaf, uint32_t &a, uint32_t &b, uint32_t &c, uint32_t &d) {
  uint32_t found[4];
  realCpuid(leaf, subleaf, found);
  a = found[0], b = found[1], c = found[2], d = found[3];
  ++asked[{leaf, subleaf}];
}

} // namespace

#undef __cpuid_count
#define __cpuid_count(leaf, subleaf, a, b, c, d) countedCpuid(leaf, subleaf, a, b, c, d)
#pragma GCC diagnostic ignored "-Wpedantic" // the support code is C
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#include "compiler/codegen/support/Bind.c"
#include "compiler/codegen/support/Sentence.c"

/// The status of a bind of a program of these levels that has no weights.
static int bindOf(const std::vector<batten::CpuLevel> &levels) {
  std::vector<batten_level> described;
  for (const batten::CpuLevel &level : levels)
    described.push_back({level.name.c_str(), level.required.data(), int64_t(level.required.size())});
  batten_description description{};
  description.levels = described.data();
  description.level_count = int64_t(described.size());
  alignas(64) char memory[64];
  const void *program;
  uint32_t level;
  asked.clear();
  return batten_support_check_bind(&description, memory, sizeof memory, nullptr, &program, nullptr, &level);
}

TEST(Bind, AsksTheMachineForALeafOnceHoweverManyLevelsThereAre) {
  std::string error;
  auto levels = batten::lookupLevels("sapphirerapids,znver5,x86-64-v4,x86-64-v3", error);
  ASSERT_TRUE(levels) << error;
  EXPECT_EQ(bindOf(*levels), 0);
  EXPECT_EQ(asked.count({7, 0}), 1u); // by the counted instruction
  for (auto [leaf, times] : asked)
    EXPECT_EQ(times, 1) << std::hex << leaf.first << ", " << leaf.second;
}

TEST(Bind, ALevelThatIsRefusedIsRefusedByOneLook) {
  auto v3 = batten::lookupLevel("x86-64-v3");
  ASSERT_TRUE(v3);
  v3->required.push_back({0x7fffffff, 0, 0, 1}); // a leaf that no CPU has
  EXPECT_EQ(BATTEN_STATUS(bindOf({*v3, *v3})), BATTEN_E_CPU);
  EXPECT_LE(asked.size(), 4u); // 0, 1, 7 and 0x80000001
  EXPECT_EQ(asked.count({0x7fffffff, 0}), 0u);
}

TEST(Bind, ALevelThatNeedsNothingAsksNothing) {
  EXPECT_EQ(bindOf({batten::CpuLevel{}}), 0);
  EXPECT_TRUE(asked.empty());
}
