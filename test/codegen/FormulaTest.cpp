// FormulaTest.cpp - size formulas: code equals polynomial, and the workspace formula is never below the truth.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/Formula.h"
#include "Tiny.h"
#include "gtest/gtest.h"
#include <random>

using namespace batten;

namespace {

std::vector<SymbolInfo> symbols() {
  SymbolInfo B, T;
  B.name = "B";
  T.name = "T";
  T.bound = 2048;
  return {B, T};
}

Dim dim(const char *text) { return *Dim::parse(text); }

int64_t evaluate(const FormulaInfo &formula, std::vector<int64_t> sizes) {
  batten_formula data = {formula.text.c_str(), formula.code.data(), int64_t(formula.code.size())};
  int64_t value = 0;
  return batten_formula_evaluate(&data, sizes.data(), &value) ? value : -1;
}

} // namespace

TEST(Formula, CodeComputesThePolynomial) {
  for (const char *text :
       {"0", "7", "B", "3*B + 1", "B*T*T - 5*T + 2", "div(B + 255, 256)", "B % 8", "div(B*T, 7)*64", "div(B - 1, 4)"}) {
    auto formula = makeFormula(dim(text), symbols());
    ASSERT_TRUE(formula) << text;
    for (int64_t B : {0, 1, 5, 1000})
      for (int64_t T : {1, 3, 2048})
        EXPECT_EQ(evaluate(*formula, {B, T}), dim(text).evaluate({{"B", B}, {"T", T}})) << text;
  }
}

TEST(Formula, OverflowIsSeenUnlessASizeIsZero) {
  auto formula = makeFormula(dim("1024*B*T"), symbols());
  EXPECT_EQ(evaluate(*formula, {int64_t(1) << 53, 1}), -1);
  EXPECT_EQ(evaluate(*formula, {0, int64_t(1) << 60}), 0);
}

TEST(Formula, UnknownSymbolsAndOverflowedDimsAreRefused) {
  EXPECT_FALSE(makeFormula(dim("B*N"), symbols()));
  EXPECT_FALSE(makeFormula(Dim::overflow(), symbols()));
}

TEST(Formula, TheGreatestOfSeveral) {
  auto formula = makeFormula({dim("256*B"), dim("64*T"), dim("4096")}, symbols());
  EXPECT_EQ(formula->text, "max(256*B, 64*T, 4096)");
  EXPECT_EQ(evaluate(*formula, {1, 1}), 4096);
  EXPECT_EQ(evaluate(*formula, {100, 1}), 25600);
  EXPECT_EQ(evaluate(*formula, {1, 2000}), 128000);
}

TEST(Formula, BoundsOfScratch) {
  EXPECT_EQ(upperBound(dim("64*T + 64"), symbols()), 64 * 2048 + 64);
  EXPECT_EQ(upperBound(dim("T % 100"), symbols()), 99);
  EXPECT_EQ(upperBound(dim("div(T + 15, 16)*64"), symbols()), 128 * 64);
  EXPECT_FALSE(upperBound(dim("64*B"), symbols()));
}

TEST(Formula, BoundsOfScratchHoldWhereNumeratorsAreNegative) {
  EXPECT_EQ(upperBound(dim("div(5 - T, T % 7 + 1) + 2"), symbols()), 4 + 2);
  EXPECT_EQ(upperBound(dim("2 - div(5 - T, T % 7 + 1)"), symbols()), 2 + 2043);
  EXPECT_EQ(upperBound(dim("(5 - T) % T"), symbols()), 2047);
  EXPECT_EQ(upperBound(dim("B % 8"), symbols()), 7);
  EXPECT_FALSE(upperBound(dim("T % B"), symbols()));
}

TEST(Formula, NoSizeIsAboveItsBound) {
  std::mt19937 random(3);
  for (const char *text :
       {"div(5 - T, T) + 2", "div(9 - T, 4)", "div(div(9 - T, 4), 3) % 5", "div(9 - T, 4)*div(T - 30, 7)",
        "div(9 - T, 4)*div(9 - T, 4)*div(9 - T, 4)", "T*T - 40*T", "div(T - 5, T % 7 + 1)"})
    for (int tries = 0; tries < 200; ++tries) {
      int64_t T = 1 + random() % 2048;
      EXPECT_LE(*dim(text).evaluate({{"T", T}}), upperBound(dim(text), symbols())) << text << " at " << T;
    }
}

TEST(Formula, RoundingUpIsTightWhereItCanBe) {
  EXPECT_EQ(roundedUp(dim("256*B")), dim("256*B"));
  EXPECT_EQ(roundedUp(dim("256*B + 1")), dim("256*B + 64"));
  EXPECT_EQ(roundedUp(dim("20*B")), dim("20*B + 64"));
  EXPECT_EQ(roundedUp(dim("20")), dim("64"));
}

TEST(Formula, WorkspaceOfAChainIsOnePolynomial) {
  Module module;
  ASSERT_TRUE(module.parseText(R"(
    batten.plan @f[B] kind "entry" {
      %a = batten.buffer "256*B"
      %b = batten.buffer "512*B" above(%a)
      %c = batten.buffer "256*B" above(%b)
      %d = batten.buffer "512*B" above(%a)
    })"));
  auto ends = workspaceOf(*(*module).getOps<PlanOp>().begin());
  ASSERT_EQ(ends.size(), 1u);
  EXPECT_EQ(ends[0].str(), "1024*B");
}

TEST(Formula, WorkspaceIsRoundedWhereFurtherScratchesFollow) {
  Module module;
  ASSERT_TRUE(module.parseText(R"(
    batten.plan @f[B] kind "entry" {
      %a = batten.buffer "20"
      %b = batten.buffer "20" above(%a)
      batten.launch @k range "1" work "1000000000" sizes [] scratch "20" in %b (%a)
    })"));
  EXPECT_EQ(workspaceOf(*(*module).getOps<PlanOp>().begin()), std::vector<Dim>{dim("128")});
}

/// Places the buffers of a plan exactly, as the generated code does.
static int64_t exactEnd(PlanOp plan, int64_t B, int64_t T) {
  llvm::DenseMap<mlir::Value, int64_t> ends;
  int64_t last = 0;
  for (auto buffer : plan.getBody().getOps<BufferOp>()) {
    int64_t begin = 0;
    for (mlir::Value below : buffer.getAbove())
      begin = std::max(begin, ends[below]);
    begin = (begin + 63) & -64;
    ends[buffer] = begin + *toDim(buffer.getSizeBytesAttr()).evaluate({{"B", B}, {"T", T}});
    last = std::max(last, ends[buffer]);
  }
  return last;
}

TEST(Formula, WorkspaceIsNeverBelowTheExactEnd) {
  std::mt19937 random(1);
  const char *sizes[] = {"256*B", "20*B", "64*T", "4*B*T", "100", "12*B + 4*T", "div(B + 3, 4)*64", "4*T*T"};
  for (int round = 0; round < 100; ++round) {
    std::string text = "batten.plan @f[B, T <= 64] kind \"entry\" {\n";
    for (int i = 0; i < 12; ++i) {
      text += "%b" + std::to_string(i) + " = batten.buffer \"" + dim(sizes[random() % 8]).str() + "\"";
      std::string above;
      for (int below = 0; below < i; ++below)
        if (random() % 4 == 0)
          above += (above.empty() ? "%b" : ", %b") + std::to_string(below);
      text += above.empty() ? "\n" : " above(" + above + ")\n";
    }
    Module module;
    ASSERT_TRUE(module.parseText(text + "}\n")) << text;
    PlanOp plan = *(*module).getOps<PlanOp>().begin();
    std::vector<Dim> ends = workspaceOf(plan);
    ASSERT_LE(ends.size(), 16u);
    auto formula = makeFormula(ends, symbols());
    ASSERT_TRUE(formula);
    for (int64_t B : {0, 1, 7, 1000})
      for (int64_t T : {1, 13, 64})
        EXPECT_GE(evaluate(*formula, {B, T}), exactEnd(plan, B, T)) << text;
  }
}
