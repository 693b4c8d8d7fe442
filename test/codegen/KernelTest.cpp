// KernelTest.cpp - kernels become code for their level and for no more; objects are self-contained and reproducible.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "OneKernel.h"
#include "compiler/codegen/Levels.h"
#include "llvm/Object/ELFObjectFile.h"
#include "gtest/gtest.h"
#include <algorithm>
#include <cmath>
#include <cstring>

namespace {

const char *const fma16 = R"(
      %v = vector.load %a[%i] : memref<?xf32>, vector<16xf32>
      %w = math.fma %v, %v, %v : vector<16xf32>
      vector.store %w, %r[%i] : memref<?xf32>, vector<16xf32>
)";

std::string assembly(const std::string &text) {
  Module module;
  std::string error;
  if (!module.parseText(text))
    return "";
  return batten::emitAssembly(*module, {}, error).value_or(error);
}

std::string sectionOf(const std::string &object, const std::string &name) {
  auto file = llvm::object::ObjectFile::createObjectFile(llvm::MemoryBufferRef(object, "object"));
  for (const auto &section : (*file)->sections())
    if (llvm::cantFail(section.getName()) == name)
      return llvm::cantFail(section.getContents()).str();
  return "";
}

} // namespace

TEST(Level, V3HoldsNoZmmAndV4DoesAndBothUseFma) {
  std::string v3 = assembly(program("x86-64-v3", "f32", "f32", fma16));
  std::string v4 = assembly(program("x86-64-v4", "f32", "f32", fma16));
  EXPECT_EQ(v3.find("zmm"), std::string::npos);
  EXPECT_NE(v3.find("vfmadd"), std::string::npos);
  EXPECT_NE(v3.find("ymm"), std::string::npos);
  EXPECT_NE(v4.find("zmm"), std::string::npos);
}

TEST(Level, EveryCpuNameCompiles) {
  for (const char *level : {"x86-64-v3", "x86-64-v4", "znver4", "znver5", "sapphirerapids", "native"})
    EXPECT_NE(assembly(program(level, "f32", "f32", fma16)).find("p_f:"), std::string::npos) << level;
  Module module;
  std::string error;
  ASSERT_TRUE(module.parseText(program("z80", "f32", "f32", fma16)));
  EXPECT_FALSE(batten::emitObject(*module, {}, error));
  EXPECT_EQ(error.find("unknown CPU level 'z80'; wanted native, "), 0u) << error;
}

// A product and a sum, rounded twice, would be other bits.
TEST(Level, WithoutFmaAnFmaIsRefusedNotSplit) {
  EXPECT_EQ(Loaded(program("x86-64-v2", "f32", "f32", fma16)).error, "internal error: the generated code calls `fmaf`");
}

TEST(Level, RequirementsGrowAndThisMachineMeetsItsOwn) {
  auto v3 = batten::lookupLevel("x86-64-v3"), v4 = batten::lookupLevel("x86-64-v4");
  ASSERT_TRUE(v3 && v4);
  EXPECT_EQ(v3->vectorBits, 256u);
  EXPECT_EQ(v4->vectorBits, 512u);
  for (const batten_cpuid &low : v3->required) {
    bool found = false;
    for (const batten_cpuid &high : v4->required)
      found |= high.leaf == low.leaf && high.subleaf == low.subleaf && high.reg == low.reg &&
               (high.mask & low.mask) == low.mask;
    EXPECT_TRUE(found) << low.leaf;
  }
  EXPECT_EQ(Loaded(program("native", "f32", "f32", fma16)).bound, 0);
}

// Kernels of dot products that have to be spelled out reach a thirtieth of the peak.
TEST(Level, NativeIsTheNearestCpuWhoseKernelsLackNothing) {
  auto nativeWithout = [](const char *cpu, std::initializer_list<const char *> hidden) {
    llvm::StringMap<bool> visible = batten::featuresOf(cpu);
    for (const char *feature : hidden)
      visible[feature] = false;
    return batten::nativeCpu(cpu, visible);
  };
  EXPECT_EQ(nativeWithout("znver4", {}), "znver4");
  EXPECT_EQ(nativeWithout("znver4", {"sha"}), "znver4");
  EXPECT_EQ(nativeWithout("znver4", {"avx512bf16"}), "icelake-server");
  EXPECT_EQ(nativeWithout("znver4", {"avx512bf16", "avx512vnni"}), "x86-64-v4");
  EXPECT_EQ(nativeWithout("znver5", {"avx512f"}), "x86-64-v3");
  EXPECT_EQ(nativeWithout("sapphirerapids", {}), "sapphirerapids");
  EXPECT_EQ(nativeWithout("sapphirerapids", {"amx-tile"}), "icelake-server");
  EXPECT_EQ(nativeWithout("znver3", {}), "znver3");
  EXPECT_EQ(nativeWithout("znver3", {"avx2"}), "x86-64");
}

// diamondrapids has what no machine here shows; the bind of its code must say so.
TEST(Level, BindRefusesACpuWithoutIt) {
  Loaded loaded(program("diamondrapids", "f32", "f32", fma16));
  ASSERT_EQ(loaded.error, "");
  if (loaded.bound == 0)
    GTEST_SKIP() << "this machine has everything";
  EXPECT_EQ(BATTEN_STATUS(loaded.bound), BATTEN_E_CPU);
  EXPECT_EQ(loaded.program, nullptr);
}

TEST(Kernel, VectorCodeComputes) {
  Loaded loaded(program("x86-64-v3", "f32", "f32", fma16));
  ASSERT_EQ(loaded.bound, 0) << loaded.error;
  float x[32], out[32];
  for (int i = 0; i < 32; ++i)
    x[i] = 0.1f * i;
  ASSERT_EQ(loaded.call(2, x, out), 0);
  for (int i = 0; i < 32; ++i)
    EXPECT_EQ(out[i], std::fma(x[i], x[i], x[i]));
}

TEST(Kernel, HalfPrecisionCallsNothing) {
  const char *body = R"(
      %v = vector.load %a[%i] : memref<?xf16>, vector<16xf16>
      %w = arith.extf %v : vector<16xf16> to vector<16xf32>
      %s = math.sqrt %w : vector<16xf32>
      %t = arith.truncf %s : vector<16xf32> to vector<16xf16>
      vector.store %t, %r[%i] : memref<?xf16>, vector<16xf16>
)";
  Loaded loaded(program("x86-64-v3", "f16", "f16", body));
  ASSERT_EQ(loaded.bound, 0) << loaded.error;
  uint16_t x[16], out[16];
  for (uint16_t &bits : x)
    bits = 0x4400; // 4
  ASSERT_EQ(loaded.call(1, x, out), 0);
  EXPECT_EQ(out[15], 0x4000);
}

TEST(Kernel, ACallOutOfTheArtifactIsRefused) {
  const char *body = R"(
      %v = memref.load %a[%i] : memref<?xf32>
      %w = math.exp %v : f32
      memref.store %w, %r[%i] : memref<?xf32>
)";
  EXPECT_EQ(Loaded(program("x86-64-v3", "f32", "f32", body)).error, "internal error: the generated code calls `expf`");
}

TEST(Kernel, AnInstructionOfWhichNoLevelIsKnownIsRefused) {
  const char *body = R"(
      %v = vector.load %a[%i] : memref<?xf32>, vector<16xf32>
      %w = llvm.call_intrinsic "llvm.x86.avx512.rcp14.ps.512"(%v) : (vector<16xf32>) -> vector<16xf32>
      vector.store %w, %r[%i] : memref<?xf32>, vector<16xf32>
)";
  EXPECT_NE(
      Loaded(program("x86-64-v4", "f32", "f32", body)).error.find("no feature is known to have llvm.x86.avx512.rcp14"),
      std::string::npos);
}

TEST(Kernel, MayBeNamedLikeAnEntry) {
  std::string text = program("x86-64-v3", "f32", "f32", fma16);
  for (size_t at; (at = text.find("@k")) != std::string::npos;)
    text.replace(at, 2, "@p_f");
  Loaded loaded(text);
  ASSERT_EQ(loaded.bound, 0) << loaded.error;
  float x[16] = {}, out[16];
  EXPECT_EQ(loaded.call(1, x, out), 0);
}

TEST(Kernel, MaskedAndGatheredMemoryAndPrefetch) {
  const char *body = R"(
      memref.prefetch %a[%i], read, locality<3>, data : memref<?xf32>
      %mask = arith.constant dense<[true, true, true, true, true, false, false, false]> : vector<8xi1>
      %zero = arith.constant dense<0.0> : vector<8xf32>
      %v = vector.maskedload %a[%i], %mask, %zero : memref<?xf32>, vector<8xi1>, vector<8xf32> into vector<8xf32>
      vector.maskedstore %r[%i], %mask, %v : memref<?xf32>, vector<8xi1>, vector<8xf32>
      %at = arith.constant dense<[7, 6, 5, 4, 3, 2, 1, 0]> : vector<8xi32>
      %all = arith.constant dense<true> : vector<8xi1>
      %g = vector.gather %a[%i][%at], %all, %zero : memref<?xf32>, vector<8xi32>, vector<8xi1>, vector<8xf32> into vector<8xf32>
      %c8 = arith.constant 8 : index
      %high = arith.addi %i, %c8 : index
      vector.store %g, %r[%high] : memref<?xf32>, vector<8xf32>
)";
  Loaded loaded(program("x86-64-v3", "f32", "f32", body));
  ASSERT_EQ(loaded.bound, 0) << loaded.error;
  float x[16], out[16];
  for (int i = 0; i < 16; ++i)
    x[i] = float(i + 1), out[i] = -1;
  ASSERT_EQ(loaded.call(1, x, out), 0);
  for (int i = 0; i < 16; ++i)
    EXPECT_EQ(out[i], i < 5 ? x[i] : i < 8 ? -1 : x[15 - i]) << i;
}

TEST(Kernel, AMaskedStoreOfOneNarrowedLaneWritesOneElement) {
  const char *body = R"(
      %mask = arith.constant dense<[true, false, false, false, false, false, false, false]> : vector<8xi1>
      %v = vector.load %a[%i] : memref<?xi64>, vector<8xi64>
      %t = arith.trunci %v : vector<8xi64> to vector<8xi32>
      vector.maskedstore %r[%i], %mask, %t : memref<?xi32>, vector<8xi1>, vector<8xi32>
)";
  for (const char *level : {"x86-64-v3", "x86-64-v4"}) {
    Loaded loaded(program(level, "i64", "i64", body, "i32", "i32"));
    ASSERT_TRUE(loaded.library) << loaded.error;
    if (loaded.bound)
      continue; // this machine lacks the level
    int64_t x[16] = {5, 6, 7, 8, 9, 10, 11, 12};
    int32_t out[16];
    std::fill(std::begin(out), std::end(out), -7);
    ASSERT_EQ(loaded.call(1, x, out), 0);
    EXPECT_EQ(out[0], 5) << level;
    EXPECT_EQ(std::count(out + 1, std::end(out), -7), 15) << level;
  }
}

TEST(Object, IsReproducibleAndLinesChangeNoCode) {
  std::string text = program("x86-64-v3", "f32", "f32", fma16);
  batten::CodegenOptions lines;
  lines.debugInfo = true;
  Loaded first(text), second(text), debug(text, lines);
  EXPECT_EQ(first.bytes, second.bytes);
  EXPECT_EQ(sectionOf(first.bytes, ".text"), sectionOf(debug.bytes, ".text"));
  EXPECT_EQ(sectionOf(first.bytes, ".debug_line"), "");
  EXPECT_NE(sectionOf(debug.bytes, ".debug_line"), "");
}

TEST(Object, HasNoWritableDataAndNoUnwindTables) {
  Loaded loaded(program("x86-64-v3", "f32", "f32", fma16));
  for (const char *section : {".data", ".bss", ".tdata", ".tbss", ".init_array", ".eh_frame", ".ctors"})
    EXPECT_EQ(sectionOf(loaded.bytes, section), "") << section;
}

TEST(Object, OptimisationLevelsChangeNoBits) {
  float x[16], expected[16], out[16];
  for (int i = 0; i < 16; ++i)
    x[i] = 1.1f * i;
  for (unsigned level : {2u, 0u, 1u, 3u}) {
    batten::CodegenOptions options;
    options.optLevel = level;
    Loaded loaded(program("x86-64-v3", "f32", "f32", fma16), options);
    ASSERT_EQ(loaded.bound, 0) << loaded.error;
    ASSERT_EQ(loaded.call(1, x, level == 2 ? expected : out), 0);
    if (level != 2)
      EXPECT_EQ(std::memcmp(out, expected, sizeof out), 0) << level;
  }
}

// Trees of pointers, constants of the program and scalars of every type.
TEST(Entry, TakesTreesConstantsAndScalars) {
  const char *text = R"(
module attributes {batten.program = "p", batten.level = "x86-64-v3"} {
  func.func @pick(%begin: index, %end: index, %a: memref<f32>, %b: memref<f32>, %n: memref<i8>, %c: memref<i32>,
                  %out: memref<f64>, %scratch: memref<i8>) attributes {batten.kernel} {
    %c1 = arith.constant 1 : index
    %three = arith.constant 3 : index
    %table = memref.reinterpret_cast %c to offset: [0], sizes: [%three], strides: [1] : memref<i32> to memref<?xi32>
    %x = memref.load %a[] : memref<f32>
    %y = memref.load %b[] : memref<f32>
    %k = memref.load %n[] : memref<i8>
    %t = memref.load %table[%c1] : memref<?xi32>
    %u = arith.extui %k : i8 to i32
    %v = arith.addi %u, %t : i32
    %w = arith.sitofp %v : i32 to f64
    %p = arith.extf %x : f32 to f64
    %q = arith.extf %y : f32 to f64
    %r = arith.addf %p, %q : f64
    %s = arith.addf %r, %w : f64
    memref.store %s, %out[] : memref<f64>
    return
  }
  batten.plan @f[] kind "entry" attributes {c_name = "f", arguments = [
      #batten.argument<name = "t", type = !batten.tensor<f32[|]>, kind = input, path = "a", tree = "M">,
      #batten.argument<name = "t", type = !batten.tensor<f32[|]>, kind = input, path = "m.b", tree = "M">,
      #batten.argument<name = "n", type = !batten.tensor<ui8[|]>, kind = input, scalar>,
      #batten.argument<name = "out", type = !batten.tensor<f64[|]>, kind = result, scalar>]} {
  ^bb0(%a: !batten.pointer, %b: !batten.pointer, %n: !batten.pointer, %out: !batten.pointer):
    %c = batten.constant_data dense<[100, 200, 300]> : tensor<3xi32>
    batten.launch @pick range "1" work "1000000000" sizes [] scratch "0" (%a, %b, %n, %c, %out)
  }
}
)";
  Loaded loaded(text);
  ASSERT_EQ(loaded.bound, 0) << loaded.error;
  auto f = loaded.library
               ->find<int(const void *, const float *const *, uint8_t, double *, void *, int64_t, const batten_call *)>(
                   "p_f");
  const float a = 1, b = 2, *tree[2] = {&a, &b};
  double out = 0;
  ASSERT_EQ(f(loaded.program, tree, 250, &out, nullptr, 0, nullptr), 0);
  EXPECT_EQ(out, 453);
  batten_error error{};
  batten_call call{};
  call.size = sizeof call;
  call.error = &error;
  tree[1] = nullptr;
  EXPECT_EQ(f(loaded.program, tree, 250, &out, nullptr, 0, &call), BATTEN_E_NULL + (1 << 8));
  EXPECT_STREQ(error.message, "t.m.b: it is NULL");
  EXPECT_EQ(f(loaded.program, nullptr, 250, &out, nullptr, 0, &call), BATTEN_E_NULL + (1 << 8));
  EXPECT_STREQ(error.message, "t.a: it is NULL");
  EXPECT_EQ(f(loaded.program, tree, 250, nullptr, nullptr, 0, &call), BATTEN_E_NULL + (1 << 8));
}

// The front end asks for extents of 1 at least by a `where`; that is not what keeps a kernel inside its memory.
TEST(Entry, RefusesANegativeExtent) {
  Loaded loaded(R"(
module attributes {batten.program = "p", batten.level = "x86-64-v3", batten.source_hash = "0", batten.source = "p.btn"} {
  func.func @k(%begin: index, %end: index, %x: memref<f32> {llvm.noalias}, %scratch: memref<i8>) attributes {batten.kernel} {
    return
  }
  batten.plan @f[T <= 8] kind "entry" attributes {c_name = "f", arguments = [
      #batten.argument<name = "x", type = !batten.tensor<f32[| "T - 5"]>, kind = input>]} {
  ^bb0(%x: !batten.pointer):
    batten.launch @k range "1" work "1000000000" sizes [] scratch "0" (%x)
  }
}
)");
  ASSERT_EQ(loaded.bound, 0) << loaded.error;
  auto f = loaded.library->find<int(const void *, int64_t, const void *, void *, int64_t, const batten_call *)>("p_f");
  batten_error error{};
  batten_call call{};
  call.size = sizeof call;
  call.error = &error;
  EXPECT_EQ(f(loaded.program, 5, nullptr, nullptr, 0, &call), 0); // empty
  EXPECT_EQ(f(loaded.program, 4, nullptr, nullptr, 0, &call), BATTEN_E_SIZE + (2 << 8));
  EXPECT_STREQ(error.message, "x: T - 5 is -1, it must not be negative");
}

TEST(Entry, ALeafSaysOfWhichModelItIs) {
  Loaded loaded(R"(
module attributes {batten.program = "p", batten.level = "x86-64-v3", batten.source_hash = "0", batten.source = "p.btn"} {
  batten.plan @f[] kind "entry" attributes {c_name = "f", arguments = [
      #batten.argument<name = "t", type = !batten.tensor<f32[|]>, kind = input, path = "a">]} {
  ^bb0(%a: !batten.pointer):
  }
}
)");
  EXPECT_EQ(loaded.error, "internal error: plan @f: t: a leaf of no model's tree");
}
