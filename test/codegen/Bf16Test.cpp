// Bf16Test.cpp - kernels round to bf16 as dialect/NUMERICS.md says and move it as its bits, at every level and by no
// library.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "OneKernel.h"
#include "gtest/gtest.h"
#include <algorithm>

/// To nearest, ties to even, subnormals kept; a NaN keeps its sign and upper bits and is quiet.
static uint16_t roundedToBf16(uint32_t bits) {
  if ((bits & 0x7fffffff) > 0x7f800000)
    return uint16_t(bits >> 16 | 0x40);
  return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/// What a kernel of `body` makes of a row of `bits`, or of two neighbours, is each of them rounded.
template <size_t n>
static void expectRounded(const std::string &level, const char *body, const uint32_t (&bits)[n],
                          const batten::CodegenOptions &options = {}) {
  Loaded loaded(program(level, "f32", "f32", body, "bf16", "bf16"), options);
  ASSERT_EQ(loaded.bound, 0) << loaded.error;
  uint16_t out[n];
  ASSERT_EQ(loaded.call(1, bits, out), 0);
  for (size_t i = 0; i < n; ++i)
    EXPECT_EQ(out[i], roundedToBf16(bits[i])) << std::hex << bits[i];
}

// At every level.
TEST(Bf16, RoundingIsExactAndCallsNothing) {
  const char *body = R"(
      %v = vector.load %a[%i] : memref<?xf32>, vector<16xf32>
      %w = arith.truncf %v : vector<16xf32> to vector<16xbf16>
      vector.store %w, %r[%i] : memref<?xbf16>, vector<16xbf16>
)";
  const uint32_t bits[16] = {0x3f800000, 0x3f808000, 0x3f818000, 0x3f808001, 0x3f807fff, 0x00000001,
                             0x00018000, 0x80012345, 0x7f800000, 0xff800000, 0x7f7fffff, 0x00000000,
                             0x80000000, 0x7f800001, 0x007fffff, 0xffd12345};
  for (const char *level : {"x86-64-v3", "native"})
    ASSERT_NO_FATAL_FAILURE(expectRounded(level, body, bits));
}

// Vectors that are rounded together keep their subnormals, whichever of them has one; a NaN has the same bits with and
// without them.
TEST(Bf16, RoundingsTogetherKeepSubnormals) {
  const char *body = R"(
      %j = arith.addi %i, %c16 : index
      %v = vector.load %a[%i] : memref<?xf32>, vector<16xf32>
      %w = vector.load %a[%j] : memref<?xf32>, vector<16xf32>
      %p = arith.truncf %v : vector<16xf32> to vector<16xbf16>
      %q = arith.truncf %w : vector<16xf32> to vector<16xbf16>
      vector.store %p, %r[%i] : memref<?xbf16>, vector<16xbf16>
      vector.store %q, %r[%j] : memref<?xbf16>, vector<16xbf16>
)";
  const uint32_t subnormals[] = {0x00000001, 0x80018000, 0x007fffff};
  for (const char *level : {"x86-64-v3", "x86-64-v4", "native"})
    for (int place : {-1, 0, 13, 16, 31}) { // -1: none
      batten::CodegenOptions options;
      options.emulated = level == std::string_view("x86-64-v4") && !__builtin_cpu_supports("avx512bw");
      uint32_t bits[32];
      for (uint32_t i = 0; i < 32; ++i)
        bits[i] = 0x3f007fff + i % 3 + 0x00810000 * i + (i % 2 << 31);
      for (int i = 0; i < 3 && place >= 0; ++i)
        bits[(place + i) % 32] = subnormals[i];
      bits[5] = 0xffc12345;
      bits[6] = 0x7f800001;
      bits[23] = 0xff912345;
      ASSERT_NO_FATAL_FAILURE(expectRounded(level, body, bits, options));
    }
}

// Numbers that bf16 holds, chosen among and negated, keep their bits, and a NaN becomes quiet; a number next to them is
// still rounded.
TEST(Bf16, WhatItHoldsIsNotRounded) {
  const char *body = R"(
      %v = vector.load %a[%i] : memref<?xi16>, vector<16xi16>
      %w = arith.bitcast %v : vector<16xi16> to vector<16xbf16>
      %wide = arith.extf %w : vector<16xbf16> to vector<16xf32>
      %least = arith.constant dense<-2.5> : vector<16xf32>
      %between = arith.constant dense<1.01171875> : vector<16xf32>
      %one = arith.constant dense<1.0> : vector<16xf32>
      %m = arith.maximumf %wide, %least : vector<16xf32>
      %minus = arith.negf %m : vector<16xf32>
      %is = arith.cmpf oeq, %m, %one : vector<16xf32>
      %s = arith.select %is, %between, %minus : vector<16xi1>, vector<16xf32>
      %t = arith.truncf %minus : vector<16xf32> to vector<16xbf16>
      %u = arith.truncf %s : vector<16xf32> to vector<16xbf16>
      %p = arith.bitcast %t : vector<16xbf16> to vector<16xi16>
      %q = arith.bitcast %u : vector<16xbf16> to vector<16xi16>
      %o = arith.ori %p, %q : vector<16xi16>
      vector.store %o, %r[%i] : memref<?xi16>, vector<16xi16>
)";
  const uint16_t bits[16] = {0x3f80, 0x0001, 0x8001, 0x8000, 0x0000, 0x7f80, 0xff80, 0x7f7f,
                             0xff7f, 0x4049, 0xc049, 0x0080, 0xc020, 0x7f81, 0x3f81, 0xffd1};
  for (const char *level : {"x86-64-v3", "native"}) {
    Loaded loaded(program(level, "i16", "bf16", body));
    ASSERT_EQ(loaded.bound, 0) << loaded.error;
    uint16_t out[16];
    ASSERT_EQ(loaded.call(1, bits, out), 0);
    for (int i = 0; i < 16; ++i) {
      bool isNan = (bits[i] & 0x7fff) > 0x7f80, isBelow = !isNan && (bits[i] & 0x8000) && bits[i] > 0xc020; // -2.5
      uint16_t negated = (isBelow ? 0xc020 : isNan ? bits[i] | 0x40 : bits[i]) ^ 0x8000;
      EXPECT_EQ(out[i], i == 0 ? 0xbf80 | 0x3f82 : negated) << std::hex << bits[i];
    }
  }
}

/// Rows of bf16 that are moved from block to block: as what, and which element each of a row becomes.
struct Bf16Move {
  const char *what, *body;
  int (*from)(int to);
};

const Bf16Move bf16Moves[] = {
    {"a number in a loop", R"(
      %first = memref.load %a[%i] : memref<?xbf16>
      %last = scf.for %j = %c0 to %c16 step %c1 iter_args(%e = %first) -> (bf16) {
        %at = arith.addi %i, %j : index
        memref.store %e, %r[%at] : memref<?xbf16>
        %next = memref.load %a[%at] : memref<?xbf16>
        scf.yield %next : bf16
      }
)",
     [](int to) { return std::max(0, to - 1); }},
    {"a vector that is filled in a loop", R"(
      %none = arith.constant dense<0.0> : vector<16xbf16>
      %all = scf.for %j = %c0 to %c16 step %c1 iter_args(%v = %none) -> (vector<16xbf16>) {
        %at = arith.addi %i, %j : index
        %e = memref.load %a[%at] : memref<?xbf16>
        %w = vector.insert %e, %v[%j] : bf16 into vector<16xbf16>
        scf.yield %w : vector<16xbf16>
      }
      vector.store %all, %r[%i] : memref<?xbf16>, vector<16xbf16>
)",
     [](int to) { return to; }},
    {"a vector that is read in a loop", R"(
      %v = vector.load %a[%i] : memref<?xbf16>, vector<16xbf16>
      scf.for %j = %c0 to %c16 step %c1 {
        %at = arith.addi %i, %j : index
        %e = vector.extract %v[%j] : bf16 from vector<16xbf16>
        memref.store %e, %r[%at] : memref<?xbf16>
      }
)",
     [](int to) { return to; }},
    {"numbers of two branches", R"(
      %c8 = arith.constant 8 : index
      scf.for %j = %c0 to %c16 step %c1 {
        %at = arith.addi %i, %j : index
        %isLow = arith.cmpi ult, %j, %c8 : index
        %e = scf.if %isLow -> bf16 {
          %there = memref.load %a[%at] : memref<?xbf16>
          scf.yield %there : bf16
        } else {
          %first = memref.load %a[%i] : memref<?xbf16>
          scf.yield %first : bf16
        }
        memref.store %e, %r[%at] : memref<?xbf16>
      }
)",
     [](int to) { return to < 8 ? to : 0; }},
    {"numbers that are chosen", R"(
      %c8 = arith.constant 8 : index
      %first = memref.load %a[%i] : memref<?xbf16>
      scf.for %j = %c0 to %c16 step %c1 {
        %at = arith.addi %i, %j : index
        %there = memref.load %a[%at] : memref<?xbf16>
        %isLow = arith.cmpi ult, %j, %c8 : index
        %e = arith.select %isLow, %there, %first : bf16
        memref.store %e, %r[%at] : memref<?xbf16>
      }
)",
     [](int to) { return to < 8 ? to : 0; }},
    {"vectors that are chosen", R"(
      %c2 = arith.constant 2 : index
      %v = vector.load %a[%i] : memref<?xbf16>, vector<16xbf16>
      %first = memref.load %a[%i] : memref<?xbf16>
      %firsts = vector.broadcast %first : bf16 to vector<16xbf16>
      %mask = arith.constant dense<[true, true, false, false, false, false, false, false,
                                    false, false, false, false, false, false, false, false]> : vector<16xi1>
      scf.for %j = %c0 to %c2 step %c1 {
        %isLast = arith.cmpi eq, %j, %c1 : index
        %w = arith.select %isLast, %v, %firsts : vector<16xbf16>
        %e = arith.select %mask, %w, %firsts : vector<16xi1>, vector<16xbf16>
        vector.store %e, %r[%i] : memref<?xbf16>, vector<16xbf16>
      }
)",
     [](int to) { return to < 2 ? to : 0; }},
    {"halves that are shuffled", R"(
      %c8 = arith.constant 8 : index
      %j = arith.addi %i, %c8 : index
      %low = vector.load %a[%i] : memref<?xbf16>, vector<8xbf16>
      %high = vector.load %a[%j] : memref<?xbf16>, vector<8xbf16>
      scf.for %n2 = %c0 to %c8 step %c1 {
        %v = vector.interleave %high, %low : vector<8xbf16> -> vector<16xbf16>
        vector.store %v, %r[%i] : memref<?xbf16>, vector<16xbf16>
      }
)",
     [](int to) { return to / 2 + (to % 2 ? 0 : 8); }},
    {"masked memory", R"(
      %c8 = arith.constant 8 : index
      %firsts = vector.load %a[%i] : memref<?xbf16>, vector<16xbf16>
      %mask = arith.constant dense<[true, true, true, true, true, true, true, true,
                                    false, false, false, false, false, false, false, false]> : vector<16xi1>
      scf.for %j = %c0 to %c8 step %c8 {
        %v = vector.maskedload %a[%i], %mask, %firsts : memref<?xbf16>, vector<16xi1>, vector<16xbf16> into vector<16xbf16>
        vector.store %firsts, %r[%i] : memref<?xbf16>, vector<16xbf16>
        vector.maskedstore %r[%i], %mask, %v : memref<?xbf16>, vector<16xi1>, vector<16xbf16>
      }
)",
     [](int to) { return to; }},
};

// No register holds a bf16 as such, so LLVM makes a float of one that goes from block to block, which comes back by a
// call of the compiler's library. Here it stays as it is, even a NaN that signals.
TEST(Bf16, WhatMovesKeepsItsBitsAndCallsNothing) {
  uint16_t x[16], out[16];
  for (uint16_t i = 0; i < 16; ++i)
    x[i] = uint16_t(0x3f80 + i);
  x[0] = 0x7f81;
  x[9] = 0x8001;
  for (const char *level : {"x86-64-v3", "x86-64-v4", "sapphirerapids"})
    for (const Bf16Move &move : bf16Moves)
      for (unsigned optLevel : {0u, 2u}) {
        batten::CodegenOptions options;
        options.optLevel = optLevel;
        Loaded loaded(program(level, "bf16", "bf16", move.body), options);
        ASSERT_FALSE(loaded.bytes.empty()) << move.what << " at " << level << ": " << loaded.error;
        if (loaded.bound != 0)
          continue; // this machine lacks the level
        ASSERT_EQ(loaded.call(1, x, out), 0);
        for (int i = 0; i < 16; ++i)
          EXPECT_EQ(out[i], x[move.from(i)]) << move.what << " at " << level << ", element " << i;
      }
}

// By way of f32, which is exact.
TEST(Bf16, InDoublesCallsNothing) {
  const char *body = R"(
      %v = vector.load %a[%i] : memref<?xbf16>, vector<16xbf16>
      %e = memref.load %a[%i] : memref<?xbf16>
      scf.for %j = %c0 to %c16 step %c16 {
        %at = arith.addi %i, %j : index
        %wide = arith.extf %v : vector<16xbf16> to vector<16xf64>
        %first = arith.extf %e : bf16 to f64
        %firsts = vector.broadcast %first : f64 to vector<16xf64>
        %sum = arith.addf %wide, %firsts : vector<16xf64>
        vector.store %sum, %r[%at] : memref<?xf64>, vector<16xf64>
      }
)";
  uint16_t x[16];
  for (uint16_t i = 0; i < 16; ++i)
    x[i] = uint16_t(0x3f80 + i); // 1 + i / 128
  double out[16];
  for (const char *level : {"x86-64-v3", "x86-64-v4", "sapphirerapids"}) {
    Loaded loaded(program(level, "bf16", "bf16", body, "f64", "f64"));
    ASSERT_FALSE(loaded.bytes.empty()) << level << ": " << loaded.error;
    if (loaded.bound != 0)
      continue; // this machine lacks the level
    ASSERT_EQ(loaded.call(1, x, out), 0);
    for (int i = 0; i < 16; ++i)
      EXPECT_EQ(out[i], 2 + i / 128.0) << level;
  }
}
