// MemoryTest.cpp - where the runtime's memory lies.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/memory.h"

#include <fstream>
#include <gtest/gtest.h>
#include <malloc.h>
#include <sstream>
#include <unistd.h>

namespace {

constexpr int64_t MiB = 1 << 20;

/// True where huge pages were asked for at this place.
bool isAdvisedHuge(const void *place) {
  std::ifstream maps("/proc/self/smaps");
  std::string line;
  uintptr_t begin = 0, end = 0;
  while (std::getline(maps, line)) {
    char dash;
    if (std::istringstream range(line); range >> std::hex >> begin >> dash && dash == '-')
      range >> end;
    const uintptr_t at = reinterpret_cast<uintptr_t>(place);
    if (line.rfind("VmFlags:", 0) == 0 && begin <= at && at < end)
      return line.find(" hg") != std::string::npos;
  }
  return false;
}

TEST(Memory, LargeMemoryLiesInHugePagesButForItsEnd) {
  if (access("/sys/kernel/mm/transparent_hugepage/enabled", F_OK))
    GTEST_SKIP() << "this kernel has no huge pages";
  mallopt(M_MMAP_THRESHOLD, MiB); // nothing here lies in what an earlier test has used
  char *large = static_cast<char *>(batten::runtime::allocate(5 * MiB));
  char *small = static_cast<char *>(batten::runtime::allocate(3 * MiB));
  ASSERT_TRUE(large && small);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(large) % (2 * MiB), 0u);
  EXPECT_TRUE(isAdvisedHuge(large));
  EXPECT_TRUE(isAdvisedHuge(large + 4 * MiB - 1));
  EXPECT_FALSE(isAdvisedHuge(large + 4 * MiB));
  EXPECT_FALSE(isAdvisedHuge(small));
  batten::runtime::release(large);
  batten::runtime::release(small);
}

TEST(Memory, EveryRequestGivesAlignedMemoryOrNone) {
  for (int64_t bytes : {INT64_C(0), INT64_C(1), 4 * MiB - 1, 4 * MiB, 4 * MiB + 1}) {
    void *memory = batten::runtime::allocate(bytes);
    ASSERT_TRUE(memory) << bytes;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % 64, 0u) << bytes;
    batten::runtime::release(memory);
  }
  EXPECT_EQ(batten::runtime::allocate(-1), nullptr);
  EXPECT_EQ(batten::runtime::allocate(INT64_MAX), nullptr);
  EXPECT_EQ(batten::runtime::allocate(INT64_MAX / 2), nullptr);
}

} // namespace
