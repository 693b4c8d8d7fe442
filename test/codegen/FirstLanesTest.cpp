// FirstLanesTest.cpp - loads and stores of the first lanes of a vector touch those alone, whatever they are made of.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "OneKernel.h"
#include "gtest/gtest.h"
#include <cstring>
#include <numeric>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

/// Bytes that end where nobody may read or write.
class BeforeGuard {
public:
  explicit BeforeGuard(size_t bytes) : end(size_t(getpagesize())) {
    void *room = mmap(nullptr, 2 * end, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pages = static_cast<uint8_t *>(room);
    mprotect(pages + end, end, PROT_NONE);
    first = pages + end - bytes;
  }
  ~BeforeGuard() { munmap(pages, 2 * end); }
  BeforeGuard(const BeforeGuard &) = delete;
  uint8_t *first;

private:
  size_t end;
  uint8_t *pages;
};

/// A kernel that copies the lanes of `mask`: of row n the first n where `count` is %n.
static std::string copyOf(const std::string &level, const std::string &element, const std::string &dtype,
                          const std::string &zero, const std::string &count) {
  std::string body = R"(
      %numbers = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]> : vector<16xi32>
      %none = arith.constant dense<ZERO> : vector<16xELEMENT>
      %known = arith.constant COUNT : index
      %count = arith.index_cast NUMBER : index to i32
      %counts = vector.broadcast %count : i32 to vector<16xi32>
      %mask = arith.cmpi slt, %numbers, %counts : vector<16xi32>
      %v = vector.maskedload %a[%i], %mask, %none : memref<?xELEMENT>, vector<16xi1>, vector<16xELEMENT>
          into vector<16xELEMENT>
      vector.maskedstore %r[%i], %mask, %v : memref<?xELEMENT>, vector<16xi1>, vector<16xELEMENT>
)";
  auto put = [&](const std::string &name, const std::string &text) {
    for (size_t at; (at = body.find(name)) != std::string::npos;)
      body.replace(at, name.size(), text);
  };
  put("ELEMENT", element);
  put("ZERO", zero);
  put("NUMBER", count == "%n" ? "%n" : "%known");
  put("COUNT", count == "%n" ? "0" : count);
  return program(level, element, dtype, body);
}

struct Element {
  const char *name, *dtype, *zero;
  size_t bytes;
};
constexpr Element elements[] = {
    {"i8", "i8", "0", 1}, {"i16", "bf16", "0", 2}, {"f32", "f32", "0.0", 4}, {"f64", "f64", "0.0", 8}};

/// Rows of 16, of which `lanes` gives how many lanes are copied; what lies beyond those of the last row is not there.
static void expectCopied(Loaded &loaded, const Element &element, const std::vector<size_t> &lanes) {
  size_t rowBytes = 16 * element.bytes, bytes = (lanes.size() - 1) * rowBytes + lanes.back() * element.bytes;
  BeforeGuard x(bytes), out(bytes);
  std::iota(x.first, x.first + bytes, uint8_t(1));
  std::vector<uint8_t> expected(bytes, 0xee);
  memset(out.first, 0xee, bytes);
  for (size_t row = 0; row < lanes.size(); ++row)
    memcpy(expected.data() + row * rowBytes, x.first + row * rowBytes, lanes[row] * element.bytes);
  ASSERT_EQ(loaded.call(int64_t(lanes.size()), x.first, out.first), 0);
  EXPECT_EQ(memcmp(out.first, expected.data(), bytes), 0) << element.name << ", " << lanes.back() << " lanes";
}

class FirstLanes : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override {
    options.emulated = GetParam() == std::string("x86-64-v4") && !__builtin_cpu_supports("avx512bw");
  }
  batten::CodegenOptions options;
};
INSTANTIATE_TEST_SUITE_P(Levels, FirstLanes, testing::Values("x86-64-v3", "x86-64-v4"));

TEST_P(FirstLanes, OfANumberThatTheCallDecides) {
  for (const Element &element : elements) {
    Loaded loaded(copyOf(GetParam(), element.name, element.dtype, element.zero, "%n"), options);
    ASSERT_EQ(loaded.bound, 0) << loaded.error;
    for (size_t rows = 1; rows <= 20; ++rows) { // beyond 16 lanes all of them
      std::vector<size_t> lanes(rows);
      for (size_t row = 0; row < rows; ++row)
        lanes[row] = std::min<size_t>(row, 16);
      expectCopied(loaded, element, lanes);
    }
  }
}

TEST_P(FirstLanes, OfAKnownNumber) {
  for (const Element &element : elements)
    for (size_t count = 0; count <= 16; ++count) {
      Loaded loaded(copyOf(GetParam(), element.name, element.dtype, element.zero, std::to_string(count)), options);
      ASSERT_EQ(loaded.bound, 0) << loaded.error;
      expectCopied(loaded, element, {count, count});
    }
}
