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

/// The cost of the one op in `body`, which may use %x and %y of the given types (without "!batten.tensor"). One of
/// several results names them itself.
Cost costOf(const std::string &x, const std::string &y, const std::string &body) {
  MLIRContext context;
  context.loadDialect<BattenDialect>();
  std::string text = "batten.func @f[B, T <= 64, H = 8](%x: !batten.tensor<" + x + ">, %y: !batten.tensor<" + y +
                     ">) {\n  " + (body[0] == '%' ? "" : "%r = ") + body + "\n  batten.return\n}";
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

TEST(Costs, UpdateMovesARowAndNotTheCache) {
  Cost cost = costOf("f32[B, H | 4096, 64]", "i32[B |]",
                     "%row = batten.reduce \"sum\" %x dims [0] " + signature("f32[B, H | 4096, 64]", "f32[B, H | 64]") +
                         "\n" + "  %r = batten.update %x, %row, %y " +
                         signature("f32[B, H | 4096, 64];f32[B, H | 64];i32[B |]", "f32[B, H | 4096, 64]"));
  EXPECT_EQ(cost.flops, "0");
  EXPECT_EQ(cost.bytes, "512*B*H + 4*B");
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

TEST(Costs, SliceReadsWhatItKeeps) {
  EXPECT_EQ(costOf("f32[B | T, 8]", "f32[|]",
                   "batten.slice %x offsets [\"0\", \"2\"] sizes [\"T\", \"3\"] " +
                       signature("f32[B | T, 8]", "f32[B | T, 3]"))
                .bytes,
            "24*B*T");
}

TEST(Costs, WhatIsGivenTwiceIsReadOnce) {
  EXPECT_EQ(
      costOf("f32[B | 8]", "f32[|]", "batten.mul %x, %x " + signature("f32[B | 8];f32[B | 8]", "f32[B | 8]")).bytes,
      "64*B");
}

TEST(Costs, ConvolutionMultipliesAllTaps) {
  std::string types = signature("f32[B | 4, 28, 28];f32[| 8, 2, 3, 3]", "f32[B | 8, 28, 28]");
  Cost cost = costOf("f32[B | 4, 28, 28]", "f32[| 8, 2, 3, 3]",
                     "batten.conv2d %x, %y stride 1 pad 1 dilation 1 groups 2 " + types);
  EXPECT_EQ(cost.flops, "225792*B"); // 2 * (8 * 28 * 28) * (2 * 3 * 3): padding too
  EXPECT_EQ(cost.bytes, "37632*B + 576");
}

TEST(Costs, PoolsMeetEachElementOfEachWindow) {
  std::string operand = "f32[B | 8, 28, 28]", types = signature(operand, "f32[B | 8, 9, 9]");
  EXPECT_EQ(costOf(operand, "f32[|]", "batten.max_pool2d %x k 4 stride 3 " + types).flops, "10368*B");
  EXPECT_EQ(costOf(operand, "f32[|]", "batten.avg_pool2d %x k 4 stride 3 " + types).bytes, "27680*B");
}

TEST(Costs, ArgmaxAndCumsumCountAnOperationAnElement) {
  Cost argmax = costOf("f32[B | 10]", "f32[|]", "batten.argmax %x dim 0 " + signature("f32[B | 10]", "i32[B |]"));
  EXPECT_EQ(argmax.flops, "10*B");
  EXPECT_EQ(argmax.bytes, "44*B");
  Cost cumsum =
      costOf("i8[B | T, 3]", "f32[|]", "batten.cumsum %x dim 0 " + signature("i8[B | T, 3]", "i32[B | T, 3]"));
  EXPECT_EQ(cumsum.flops, "3*B*T");
  EXPECT_EQ(cumsum.bytes, "15*B*T"); // bytes in, accumulators out
}

TEST(Costs, TopkCountsTheComparisonsThatASelectionNeeds) {
  auto topk = [](const std::string &x, const std::string &of) {
    return costOf(x, "f32[|]",
                  "%v, %i = batten.topk %x dim 0 : (!batten.tensor<" + x + ">) -> (!batten.tensor<f32[B | " + of +
                      "]>, !batten.tensor<i32[B | " + of + "]>)");
  };
  EXPECT_EQ(topk("f32[B | 1]", "1").flops, "0");
  EXPECT_EQ(topk("f32[B | 100]", "1").flops, "99*B");
  EXPECT_EQ(topk("f32[B | 8]", "8").flops, "17*B");  // 1 + 2 + 2 + 3 + 3 + 3 + 3
  EXPECT_EQ(topk("f32[B | 10]", "3").flops, "15*B"); // 7 + 4 + 4
  EXPECT_EQ(topk("f32[B | 1024]", "64").flops, "1590*B");
  EXPECT_EQ(topk("f32[B | 1024]", "1024").flops, "9217*B");
  EXPECT_EQ(topk("f32[B | 10, 5]", "3, 5").flops, "75*B"); // columns
  EXPECT_EQ(topk("f32[B | T]", "3").flops, "B*T");         // of a length that is not known: each element once
  EXPECT_EQ(topk("f32[B | 100]", "8").bytes, "464*B");
}

TEST(Costs, LossesCountWhatAPositionTakes) {
  auto flops = [](const std::string &x, const std::string &y, const std::string &name, const std::string &result) {
    return costOf(x, y, "batten." + name + " %x, %y " + signature(x + ";" + y, result)).flops;
  };
  EXPECT_EQ(flops("f32[B | 10]", "i32[B |]", "cross_entropy", "f32[B |]"), "43*B");
  EXPECT_EQ(flops("f32[B | 10]", "f32[B | 10]", "mse", "f32[B |]"), "31*B");
  EXPECT_EQ(flops("f32[B |]", "f32[B |]", "bce", "f32[B |]"), "9*B");
  EXPECT_EQ(flops("f32[B | 5, 10]", "f32[| 5]", "sq_norm", "f32[B |]"), "111*B");
}

TEST(Costs, AttentionCountsHiddenKeysToo) {
  Cost cost = costOf("f32[B, H | T, 8]", "f32[B | 16, 8]",
                     "batten.attention %x, %y, %y {causal = false, optional = []} " +
                         signature("f32[B, H | T, 8];f32[B | 16, 8];f32[B | 16, 8]", "f32[B, H | T, 8]"));
  EXPECT_EQ(cost.flops, "600*B*H*T"); // 16 * (2 * (8 + 8) + 5) and 8 quotients
}

} // namespace
