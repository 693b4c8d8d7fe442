// CostsTest.cpp - FLOPs and bytes of ops before fusion, as polynomials in the symbols.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Batten.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

#include "gtest/gtest.h"

using namespace mlir;
using namespace batten;

namespace {

struct Cost {
  std::string flops, bytes;
};

/// The cost of the one op in `body`, which may use %x and %y of the given types (without "!batten.tensor").
Cost costOf(const std::string &x, const std::string &y, const std::string &body) {
  MLIRContext context;
  context.loadDialect<BattenDialect>();
  std::string text = "batten.func @f[B, T <= 64, H = 8](%x: !batten.tensor<" + x + ">, %y: !batten.tensor<" + y +
                     ">) {\n  %r = " + body + "\n  batten.return\n}";
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  Cost cost;
  if (module)
    module->walk([&](Costed op) { cost = {op.flops().str(), op.bytes().str()}; });
  return cost;
}

std::string signature(const std::string &operands, const std::string &result) {
  std::string text = ": (";
  for (size_t begin = 0; begin < operands.size();) {
    size_t end = std::min(operands.find(';', begin), operands.size());
    text += (begin ? ", !batten.tensor<" : "!batten.tensor<") + operands.substr(begin, end - begin) + ">";
    begin = end + 1;
  }
  return text + ") -> !batten.tensor<" + result + ">";
}

TEST(Costs, MatmulCountsAMultiplyAddTwice) {
  Cost cost = costOf("f32[B, T | 512]", "f32[| 512, 64]",
                     "batten.matmul %x, %y " + signature("f32[B, T | 512];f32[| 512, 64]", "f32[B, T | 64]"));
  EXPECT_EQ(cost.flops, "65536*B*T"); // 2 * 512 * 64
  EXPECT_EQ(cost.bytes, "2304*B*T + 131072");
}

TEST(Costs, MatrixTimesMatrixHasTheRowsToo) {
  Cost cost = costOf("bf16[B | T, 32]", "bf16[B | 32, T]",
                     "batten.matmul %x, %y " + signature("bf16[B | T, 32];bf16[B | 32, T]", "bf16[B | T, T]"));
  EXPECT_EQ(cost.flops, "64*B*T*T");
  EXPECT_EQ(cost.bytes, "2*B*T*T + 128*B*T");
}

TEST(Costs, LinearAddsItsBias) {
  Cost cost = costOf("f32[B | 10]", "f32[| 5, 10]",
                     "batten.linear %x, %y " + signature("f32[B | 10];f32[| 5, 10]", "f32[B | 5]"));
  EXPECT_EQ(cost.flops, "100*B");
  EXPECT_EQ(cost.bytes, "60*B + 200");
}

TEST(Costs, ElementwiseCountsResultElements) {
  Cost cost =
      costOf("f32[B, H | 8]", "f32[B |]", "batten.add %x, %y " + signature("f32[B, H | 8];f32[B |]", "f32[B, H | 8]"));
  EXPECT_EQ(cost.flops, "8*B*H"); // a static batch dim is a factor as any other
  EXPECT_EQ(cost.bytes, "64*B*H + 4*B");
}

TEST(Costs, BoolIsAByteInMemory) {
  Cost cost = costOf("i1[B | 8]", "f32[|]", "batten.not %x " + signature("i1[B | 8]", "i1[B | 8]"));
  EXPECT_EQ(cost.bytes, "16*B");
}

TEST(Costs, ReductionsCountOperandElements) {
  EXPECT_EQ(costOf("f32[B, T | 8]", "f32[|]",
                   "batten.reduce_batch \"sum\" %x dims [\"T\"] " + signature("f32[B, T | 8]", "f32[B | 8]"))
                .flops,
            "8*B*T");
  EXPECT_EQ(
      costOf("f32[B | 8]", "f32[|]", "batten.reduce \"var\" %x dims [0] " + signature("f32[B | 8]", "f32[B |]")).flops,
      "32*B");
}

TEST(Costs, EmbedReadsTheRowsThatItPicks) {
  Cost cost = costOf("bf16[| 50257, 8]", "i32[B, T |]",
                     "batten.embed %x, %y " + signature("bf16[| 50257, 8];i32[B, T |]", "bf16[B, T | 8]"));
  EXPECT_EQ(cost.flops, "0");
  EXPECT_EQ(cost.bytes, "36*B*T");
}

TEST(Costs, RopeHasItsAnglesOnceAPosition) {
  std::string types = signature("f32[B, T | 8];i32[B |]", "f32[B, T | 8]");
  EXPECT_EQ(costOf("f32[B, T | 8]", "i32[B |]", "batten.rope %x, %y base 100.0 interleaved false " + types).flops,
            "24*B*T + 12*B");
}

TEST(Costs, MovingElementsIsNoOperation) {
  Cost cost = costOf("f32[B | T, 8]", "f32[|]", "batten.transpose %x " + signature("f32[B | T, 8]", "f32[B | 8, T]"));
  EXPECT_EQ(cost.flops, "0");
  EXPECT_EQ(cost.bytes, "64*B*T");
}

} // namespace
