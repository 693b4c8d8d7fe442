// EvaluateTest.cpp - both evaluators on values that can be checked by hand, and the order of the exact one.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Evaluate.h"
#include "dialect/ExactArithmetic.h"
#include "dialect/ScalarMath.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace mlir;
using namespace batten;

namespace {

using Sizes = std::map<std::string, int64_t>;
using Results = std::optional<std::vector<DenseValue>>;

DenseValue tensor(ElementKind element, std::vector<int64_t> shape, const std::vector<double> &numbers) {
  DenseValue value(element, std::move(shape));
  EXPECT_EQ(value.numElements(), int64_t(numbers.size()));
  for (size_t i = 0; i < numbers.size(); ++i)
    value.isReal() ? value.setReal(i, numbers[i]) : value.setInteger(i, int64_t(numbers[i]));
  return value;
}

DenseValue f32(std::vector<int64_t> shape, const std::vector<double> &numbers) {
  return tensor(ElementKind::F32, std::move(shape), numbers);
}

std::vector<double> numbersOf(const DenseValue &value) {
  std::vector<double> numbers;
  for (int64_t i = 0; i < value.numElements(); ++i)
    numbers.push_back(value.real(i));
  return numbers;
}

class Evaluate : public testing::TestWithParam<EvaluationMode> {
protected:
  Evaluate() { context.loadDialect<BattenDialect>(); }

  Results run(const std::string &text, const Sizes &sizes, const std::vector<DenseValue> &arguments) {
    auto module = parseSourceString<ModuleOp>(text, ParserConfig(&context));
    EXPECT_TRUE(module) << text;
    if (!module)
      return std::nullopt;
    FuncOp function = *module->getOps<FuncOp>().begin();
    return evaluate(function, sizes, arguments, {GetParam(), bf16Sums}, &error);
  }

  /// A function of one op: %0, %1, .. of the given types, and its only result. "T" stands for !batten.tensor.
  std::vector<double> op(const std::string &symbols, const std::string &line, std::vector<std::string> types,
                         const std::string &result, const Sizes &sizes, const std::vector<DenseValue> &arguments) {
    std::string header, list;
    for (size_t i = 0; i < types.size(); ++i) {
      std::string comma = i ? ", " : "", type = "!batten.tensor<" + types[i] + ">";
      header += comma + "%" + std::string(1, char('a' + i)) + ": " + type;
      list += comma + type;
    }
    std::string to = "!batten.tensor<" + result + ">";
    std::string text = "batten.func @f" + symbols + "(" + header + ") -> " + to + " {\n  %y = batten." + line + " : (" +
                       list + ") -> " + to + "\n  batten.return %y : " + to + "\n}\n";
    Results results = run(text, sizes, arguments);
    EXPECT_TRUE(results) << error << "\n" << text;
    return results ? numbersOf(results->front()) : std::vector<double>();
  }

  MLIRContext context;
  Bf16Sums bf16Sums = Bf16Sums::Pairs;
  std::string error;
};

using Numbers = std::vector<double>;

TEST_P(Evaluate, BatchDimsRepeatByName) {
  Numbers y = op("[B, T]", "mul %a, %b", {"f32[B, T | 2]", "f32[T |]"}, "f32[B, T | 2]", {{"B", 2}, {"T", 2}},
                 {f32({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8}), f32({2}, {10, 100})});
  EXPECT_EQ(y, (Numbers{10, 20, 300, 400, 50, 60, 700, 800}));
}

TEST_P(Evaluate, EmbedGivesNaNOutsideOfTheTable) {
  Numbers y = op("[B]", "embed %a, %b", {"f32[| 2, 2]", "i32[B |]"}, "f32[B | 2]", {{"B", 4}},
                 {f32({2, 2}, {1, 2, 3, 4}), tensor(ElementKind::I32, {4}, {1, 0, 2, -1})});
  EXPECT_EQ(Numbers(y.begin(), y.begin() + 4), (Numbers{3, 4, 1, 2}));
  EXPECT_TRUE(std::isnan(y[4]) && std::isnan(y[5]) && std::isnan(y[6]) && std::isnan(y[7]));
}

TEST_P(Evaluate, UpdateReplacesOneRowOrNone) {
  Numbers y = op("[B]", "update %a, %b, %c", {"f32[B | 2, 1]", "f32[| 1]", "i64[B |]"}, "f32[B | 2, 1]", {{"B", 3}},
                 {f32({3, 2, 1}, {1, 2, 3, 4, 5, 6}), f32({1}, {9}), tensor(ElementKind::I64, {3}, {1, 2, 0})});
  EXPECT_EQ(y, (Numbers{1, 9, 3, 4, 9, 6}));
}

TEST_P(Evaluate, RopeTurnsPairs) {
  std::vector<DenseValue> given = {f32({4}, {1, 2, 3, 4}), tensor(ElementKind::I32, {}, {1})};
  auto turned = [&](const std::string &pairs) {
    return op("[]", "rope %a, %b base 1.000000e+04 interleaved " + pairs, {"f32[| 4]", "i32[|]"}, "f32[| 4]", {},
              given);
  };
  auto expectNear = [](const Numbers &found, const Numbers &wanted) {
    for (size_t i = 0; i < wanted.size(); ++i)
      EXPECT_NEAR(found[i], wanted[i], 1e-6);
  };
  double c = std::cos(1.0), s = std::sin(1.0), c2 = std::cos(0.01), s2 = std::sin(0.01);
  expectNear(turned("false"), {c - 3 * s, 2 * c2 - 4 * s2, s + 3 * c, 2 * s2 + 4 * c2});
  expectNear(turned("true"), {c - 2 * s, s + 2 * c, 3 * c2 - 4 * s2, 3 * s2 + 4 * c2});
}

TEST_P(Evaluate, MatmulOfEveryRank) {
  EXPECT_EQ(op("[B]", "matmul %a, %b", {"f32[B | 2, 3]", "f32[| 3, 2]"}, "f32[B | 2, 2]", {{"B", 1}},
               {f32({1, 2, 3}, {1, 2, 3, 4, 5, 6}), f32({3, 2}, {1, 0, 0, 1, 1, 1})}),
            (Numbers{4, 5, 10, 11}));
  EXPECT_EQ(op("[B]", "matmul %a, %b", {"f32[B | 3]", "f32[| 3, 2]"}, "f32[B | 2]", {{"B", 2}},
               {f32({2, 3}, {1, 2, 3, 4, 5, 6}), f32({3, 2}, {1, 0, 0, 1, 1, 1})}),
            (Numbers{4, 5, 10, 11}));
  EXPECT_EQ(op("[B]", "matmul %a, %b", {"f32[| 2, 3]", "f32[B | 3]"}, "f32[B | 2]", {{"B", 1}},
               {f32({2, 3}, {1, 2, 3, 4, 5, 6}), f32({1, 3}, {1, 0, 2})}),
            (Numbers{7, 16}));
  EXPECT_EQ(op("[B]", "matmul %a, %b", {"f32[B | 3]", "f32[B | 3]"}, "f32[B |]", {{"B", 2}},
               {f32({2, 3}, {1, 2, 3, 4, 5, 6}), f32({2, 3}, {1, 1, 1, 0, 0, 2})}),
            (Numbers{6, 12}));
}

TEST_P(Evaluate, LinearHasItsWeightTransposed) {
  EXPECT_EQ(op("[B]", "linear %a, %b, %c", {"f32[B | 2]", "f32[| 3, 2]", "f32[| 3]"}, "f32[B | 3]", {{"B", 1}},
               {f32({1, 2}, {1, 2}), f32({3, 2}, {1, 0, 0, 1, 1, 1}), f32({3}, {10, 20, 30})}),
            (Numbers{11, 22, 33}));
}

TEST_P(Evaluate, OuterAndTranspose) {
  EXPECT_EQ(op("[B]", "outer %a, %b", {"f32[B | 2]", "f32[| 3]"}, "f32[B | 2, 3]", {{"B", 1}},
               {f32({1, 2}, {1, 2}), f32({3}, {1, 2, 3})}),
            (Numbers{1, 2, 3, 2, 4, 6}));
  EXPECT_EQ(
      op("[B]", "transpose %a", {"f32[B | 2, 3]"}, "f32[B | 3, 2]", {{"B", 1}}, {f32({1, 2, 3}, {1, 2, 3, 4, 5, 6})}),
      (Numbers{1, 4, 2, 5, 3, 6}));
}

TEST_P(Evaluate, IntegerMatmulAccumulatesIn32Bits) {
  DenseValue a = tensor(ElementKind::I8, {1, 2}, {127, 127}), b = tensor(ElementKind::I8, {2, 1}, {127, 127});
  EXPECT_EQ(op("[B]", "matmul %a, %b", {"i8[B | 2]", "i8[| 2, 1]"}, "i32[B | 1]", {{"B", 1}}, {a, b}),
            (Numbers{32258}));
}

TEST_P(Evaluate, ArgmaxAndTopkTakeNanFirstAndThenTheLowestIndex) {
  std::vector<DenseValue> x = {f32({2, 4}, {1, 3, 3, 2, 5, NAN, 7, NAN})};
  EXPECT_EQ(op("[B]", "argmax %a dim 0", {"f32[B | 4]"}, "i32[B |]", {{"B", 2}}, x), (Numbers{1, 1}));
  std::string function = "batten.func @f[B](%a: !batten.tensor<f32[B | 4]>) -> !batten.tensor<i32[B | 3]> {\n"
                         "  %v, %i = batten.topk %a dim 0 : (!batten.tensor<f32[B | 4]>) -> "
                         "(!batten.tensor<f32[B | 3]>, !batten.tensor<i32[B | 3]>)\n"
                         "  batten.return %i : !batten.tensor<i32[B | 3]>\n}";
  Results indices = run(function, {{"B", 2}}, x);
  ASSERT_TRUE(indices) << error;
  EXPECT_EQ(numbersOf(indices->front()), (Numbers{1, 2, 3, 1, 3, 2}));
}

TEST_P(Evaluate, LossesAreOneNumberAPosition) {
  DenseValue x = f32({3, 2}, {0, 0, 0, 0, 4, 4}), y = tensor(ElementKind::I32, {3}, {0, 1, 2});
  Numbers loss = op("[B]", "cross_entropy %a, %b", {"f32[B | 2]", "i32[B |]"}, "f32[B |]", {{"B", 3}}, {x, y});
  EXPECT_FLOAT_EQ(loss[0], 0.6931472f);
  EXPECT_FLOAT_EQ(loss[1], 0.6931472f);
  EXPECT_TRUE(std::isnan(loss[2])); // there is no class 2
  DenseValue ones = f32({2}, {1, 1});
  EXPECT_EQ(op("[B]", "mse %a, %b", {"f32[B | 2]", "f32[| 2]"}, "f32[B |]", {{"B", 3}}, {x, ones}), (Numbers{1, 1, 9}));
  EXPECT_EQ(op("[B]", "sq_norm %a, %b", {"f32[B | 2]", "f32[| 2]"}, "f32[B |]", {{"B", 3}}, {x, ones}),
            (Numbers{2, 2, 34}));
}

TEST_P(Evaluate, ReductionsOverCoreAndBatch) {
  std::vector<DenseValue> x = {f32({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 9})};
  auto core = [&](const std::string &kind) {
    return op("[B]", "reduce \"" + kind + "\" %a dims [1]", {"f32[B | 2, 2]"}, "f32[B | 2]", {{"B", 2}}, x);
  };
  EXPECT_EQ(core("sum"), (Numbers{3, 7, 11, 16}));
  EXPECT_EQ(core("mean"), (Numbers{1.5, 3.5, 5.5, 8}));
  EXPECT_EQ(core("var"), (Numbers{0.25, 0.25, 0.25, 1}));
  EXPECT_EQ(core("max"), (Numbers{2, 4, 6, 9}));
  EXPECT_EQ(core("min"), (Numbers{1, 3, 5, 7}));
  EXPECT_EQ(
      op("[B, T]", "reduce_batch \"sum\" %a dims [\"B\"]", {"f32[B, T | 2]"}, "f32[T | 2]", {{"B", 2}, {"T", 2}}, x),
      (Numbers{6, 8, 10, 13}));
  EXPECT_EQ(op("[B, T]", "reduce_batch \"mean\" %a dims [\"B\", \"T\"]", {"f32[B, T | 2]"}, "f32[| 2]",
               {{"B", 2}, {"T", 2}}, x),
            (Numbers{4, 5.25}));
}

TEST_P(Evaluate, AnEmptyBatchSumsToZeroAndHasNoMean) {
  EXPECT_EQ(
      op("[B]", "reduce_batch \"sum\" %a dims [\"B\"]", {"f32[B | 2]"}, "f32[| 2]", {{"B", 0}}, {f32({0, 2}, {})}),
      (Numbers{0, 0}));
  EXPECT_EQ(op("[B]", "neg %a", {"f32[B | 2]"}, "f32[B | 2]", {{"B", 0}}, {f32({0, 2}, {})}), (Numbers{}));
  Results results =
      run("batten.func @f[B](%a: !batten.tensor<f32[B | 2]> {batten.name = \"x\"}) -> !batten.tensor<f32[| 2]> {\n"
          "  %y = batten.reduce_batch \"mean\" %a dims [\"B\"] : (!batten.tensor<f32[B | 2]>) -> "
          "!batten.tensor<f32[| 2]>\n  batten.return %y : !batten.tensor<f32[| 2]>\n}",
          {{"B", 0}}, {f32({0, 2}, {})});
  EXPECT_FALSE(results);
  EXPECT_EQ(error, "x: B is 0, but a mean, max, min or var over it needs at least one sample");
}

TEST_P(Evaluate, SoftmaxIsStableAndMinusInfinityGivesNaN) {
  Numbers y = op("[B]", "softmax %a dim 0", {"f32[B | 2]"}, "f32[B | 2]", {{"B", 3}},
                 {f32({3, 2}, {1000, 1000, -1000, 0, -INFINITY, -INFINITY})});
  EXPECT_EQ(Numbers(y.begin(), y.begin() + 4), (Numbers{0.5, 0.5, 0, 1}));
  EXPECT_TRUE(std::isnan(y[4]) && std::isnan(y[5]));
  y = op("[B]", "log_softmax %a dim 0", {"f32[B | 2]"}, "f32[B | 2]", {{"B", 1}}, {f32({1, 2}, {0, 0})});
  EXPECT_NEAR(y[0], -0.69314718, 1e-7);
}

TEST_P(Evaluate, Norms) {
  Numbers y = op("[B]", "layer_norm %a, %b, %c eps 0.0", {"f32[B | 2]", "f32[| 2]", "f32[| 2]"}, "f32[B | 2]",
                 {{"B", 1}}, {f32({1, 2}, {1, 3}), f32({2}, {2, 2}), f32({2}, {10, 20})});
  EXPECT_EQ(y, (Numbers{8, 22}));
  y = op("[B]", "rms_norm %a, %b eps 0.0", {"f32[B | 2]", "f32[| 2]"}, "f32[B | 2]", {{"B", 1}},
         {f32({1, 2}, {3, 3}), f32({2}, {1, 2})});
  EXPECT_NEAR(y[0], 1, 1e-6);
  EXPECT_NEAR(y[1], 2, 1e-6);
}

TEST_P(Evaluate, RearrangeCrossesTheBar) {
  // [B | (H D)] -> [B, H | D], and back with T in front of the bar.
  Numbers y =
      op("[B, T <= 4, H = 2]", "rearrange %a splits [[\"T\"], [\"2\", \"2\"]] permutation [0, 2, 1, 3] joins [1, 1]",
         {"f32[B | T, 4]"}, "f32[B, H | T, 2]", {{"B", 1}, {"T", 2}}, {f32({1, 2, 4}, {0, 1, 2, 3, 4, 5, 6, 7})});
  EXPECT_EQ(y, (Numbers{0, 1, 4, 5, 2, 3, 6, 7}));
}

TEST_P(Evaluate, SlicesConcatStackSpread) {
  DenseValue x = f32({1, 2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(op("[B]", "slice %a offsets [\"1\", \"1\"] sizes [\"1\", \"2\"] dropped [0]", {"f32[B | 2, 3]"},
               "f32[B | 2]", {{"B", 1}}, {x}),
            (Numbers{5, 6}));
  EXPECT_EQ(op("[B]", "concat %a, %b", {"f32[B | 2, 1]", "f32[| 2, 2]"}, "f32[B | 2, 3]", {{"B", 2}},
               {f32({2, 2, 1}, {1, 2, 3, 4}), f32({2, 2}, {5, 6, 7, 8})}),
            (Numbers{1, 5, 6, 2, 7, 8, 3, 5, 6, 4, 7, 8}));
  EXPECT_EQ(
      op("[B]", "stack %a, %b", {"f32[B |]", "f32[|]"}, "f32[B | 2]", {{"B", 2}}, {f32({2}, {1, 2}), f32({}, {9})}),
      (Numbers{1, 9, 2, 9}));
  EXPECT_EQ(op("[B, T]", "spread %a", {"f32[T | 1]"}, "f32[B, T | 1]", {{"B", 2}, {"T", 2}}, {f32({2, 1}, {1, 2})}),
            (Numbers{1, 2, 1, 2}));
}

TEST_P(Evaluate, IntegersDivideAsTheLanguageSays) {
  auto i32 = [](const Numbers &numbers) { return tensor(ElementKind::I32, {int64_t(numbers.size())}, numbers); };
  DenseValue a = i32({7, -7, 7, 5, -2147483648.0}), b = i32({2, 2, -2, 0, -1});
  auto binary = [&](const std::string &name) {
    return op("[B]", name + " %a, %b", {"i32[B |]", "i32[B |]"}, "i32[B |]", {{"B", 5}}, {a, b});
  };
  EXPECT_EQ(binary("div"), (Numbers{3, -3, -3, 0, -2147483648.0}));
  EXPECT_EQ(binary("rem"), (Numbers{1, -1, 1, 5, 0}));
}

TEST_P(Evaluate, CastsSaturateAndRoundOnce) {
  EXPECT_EQ(op("[B]", "cast %a", {"f32[B |]"}, "i8[B |]", {{"B", 5}}, {f32({5}, {-1.9, 300, -300, NAN, 127.5})}),
            (Numbers{-1, 127, -128, 0, 127}));
  EXPECT_EQ(op("[B]", "cast %a", {"f32[B |]"}, "ui8[B |]", {{"B", 3}}, {f32({3}, {-1, 300, 200.9})}),
            (Numbers{0, 255, 200}));
  EXPECT_EQ(op("[B]", "cast %a", {"f32[B |]"}, "i1[B |]", {{"B", 3}}, {f32({3}, {0.25, 0, NAN})}), (Numbers{1, 0, 1}));
  EXPECT_EQ(op("[B]", "cast %a", {"f32[B |]"}, "bf16[B |]", {{"B", 2}}, {f32({2}, {1.00390625, 1.01171875})}),
            (Numbers{1, 1.015625})); // ties to even
}

TEST_P(Evaluate, CastsOfMoreDigitsRoundToF32BeforeTheyRoundToHalves) {
  // Just below the middle of two halves: f32 has the middle, and the even neighbour lies above.
  DenseValue x = tensor(ElementKind::F64, {1}, {1.26708984375 - 0x1p-40});
  EXPECT_EQ(op("[B]", "cast %a", {"f64[B |]"}, "f16[B |]", {{"B", 1}}, {x}), (Numbers{1.267578125}));
  DenseValue n = tensor(ElementKind::I32, {1}, {0x1017fff});
  EXPECT_EQ(op("[B]", "cast %a", {"i32[B |]"}, "bf16[B |]", {{"B", 1}}, {n}), (Numbers{0x1020000}));
}

TEST_P(Evaluate, MaxMinAndReluPassNaNOn) {
  auto binary = [&](const std::string &name) {
    return op("[B]", name + " %a, %b", {"f32[B |]", "f32[B |]"}, "f32[B |]", {{"B", 3}},
              {f32({3}, {NAN, 1, 2}), f32({3}, {1, NAN, 3})});
  };
  Numbers y = binary("max");
  EXPECT_TRUE(std::isnan(y[0]) && std::isnan(y[1]) && y[2] == 3);
  y = binary("min");
  EXPECT_TRUE(std::isnan(y[0]) && std::isnan(y[1]) && y[2] == 2);
  y = op("[B]", "relu %a", {"f32[B |]"}, "f32[B |]", {{"B", 3}}, {f32({3}, {NAN, -1, 2})});
  EXPECT_TRUE(std::isnan(y[0]) && y[1] == 0 && y[2] == 2);
}

TEST_P(Evaluate, RefusesWhatDoesNotFit) {
  std::string text = "batten.func @f[B, T <= 4](%a: !batten.tensor<f32[B | T]>) -> !batten.tensor<f32[B | T]> "
                     "{ batten.return %a : !batten.tensor<f32[B | T]> }";
  EXPECT_FALSE(run(text, {{"B", 1}}, {f32({1, 1}, {1})}));
  EXPECT_EQ(error, "T has no size");
  EXPECT_FALSE(run(text, {{"B", 1}, {"T", 5}}, {f32({1, 5}, {1, 2, 3, 4, 5})}));
  EXPECT_EQ(error, "T is 5, it must be at most 4");
  EXPECT_FALSE(run(text, {{"B", 1}, {"T", 0}}, {f32({1, 0}, {})}));
  EXPECT_EQ(error, "T is 0, it must be at least 1");
  EXPECT_FALSE(run(text, {{"B", -1}, {"T", 9}}, {f32({1, 1}, {1})}));
  EXPECT_EQ(error, "B is -1, it must not be negative");
  EXPECT_FALSE(run(text, {{"B", 1}, {"T", 2}}, {f32({1, 1}, {1})}));
  EXPECT_EQ(error, "argument 0 has another dtype or shape than the function says");
}

INSTANTIATE_TEST_SUITE_P(, Evaluate, testing::Values(EvaluationMode::Reference, EvaluationMode::Exact),
                         [](const testing::TestParamInfo<EvaluationMode> &info) {
                           return info.param == EvaluationMode::Reference ? "Reference" : "Exact";
                         });

//===- The order of the exact evaluator ---------------------------------------------------------------------------===//

using ExactOrder = Evaluate;
INSTANTIATE_TEST_SUITE_P(, ExactOrder, testing::Values(EvaluationMode::Exact));

/// Numbers whose sum depends on the order.
Numbers rough(size_t count) {
  Numbers numbers;
  uint32_t state = 7;
  for (size_t i = 0; i < count; ++i) {
    state = state * 1664525 + 1013904223;
    numbers.push_back(static_cast<float>(state * 0x1p-32 - 0.5));
  }
  return numbers;
}

DenseValue bf16(std::vector<int64_t> shape, const Numbers &numbers) {
  return tensor(ElementKind::BF16, std::move(shape), numbers);
}

TEST_P(ExactOrder, ContractionsOfBf16AddTheOddElementFirst) {
  auto sum = [&](Numbers x) {
    return op("[B]", "matmul %a, %b", {"bf16[B | 4]", "bf16[| 4, 1]"}, "f32[B | 1]", {{"B", 1}},
              {bf16({1, 4}, x), bf16({4, 1}, {1, 1, 1, 1})});
  };
  // The order is 1, 0, 3, 2, and 2^-24 is lost where it is added to 1 alone.
  EXPECT_EQ(sum({1, 0x1p-24, 0, 0x1p-24}), (Numbers{1}));
  EXPECT_EQ(sum({0x1p-24, 0x1p-24, 1, 0}), (Numbers{1 + 0x1p-23}));
  EXPECT_EQ(sum({0x1p-24, 1, 0x1p-24, 0x1p-24}), (Numbers{1}));
  EXPECT_EQ(sum({0x1p-24, 0, 0x1p-24, 1}), (Numbers{1}));
  EXPECT_EQ(sum({0x1p-24, 0, 1, 0x1p-24}), (Numbers{1 + 0x1p-23}));
}

// A product that underflows to -0 is no -0 any more after the missing element of an odd count.
TEST_P(ExactOrder, AnOddCountOfBf16EndsInATermOfTwoZeros) {
  auto signOf = [&](const std::string &k, Numbers x, Numbers w) {
    int64_t depth = int64_t(x.size());
    return std::signbit(op("[B]", "matmul %a, %b", {"bf16[B | " + k + "]", "bf16[| " + k + ", 1]"}, "f32[B | 1]",
                           {{"B", 1}}, {bf16({1, depth}, x), bf16({depth, 1}, w)})[0]);
  };
  EXPECT_TRUE(signOf("2", {-0x1p-100, 0}, {0x1p-100, 0}));
  EXPECT_TRUE(signOf("1", {-0x1p-100}, {0x1p-100}));
  EXPECT_FALSE(signOf("3", {-0x1p-100, 0, 0}, {0x1p-100, 0, 0}));
}

TEST(FlushedPairs, WhatIsSubnormalOrBecomesItIsAZeroOfItsSign) {
  using batten::evaluation::multiplyAddFlushed;
  auto isZero = [](float number, bool negative) { return number == 0 && std::signbit(number) == negative; };
  EXPECT_TRUE(isZero(multiplyAddFlushed(0x1p-127f, 0x1p10f, 0), false));
  EXPECT_TRUE(isZero(multiplyAddFlushed(0, 0, -0x1p-127f), false)); // 0 - 0
  EXPECT_TRUE(isZero(multiplyAddFlushed(-0x1p-100f, 0x1p-27f, -0.0f), true));
  EXPECT_EQ(multiplyAddFlushed(0x1p-100f, 0x1p-26f, 0), 0x1p-126f);
  // Below 2^-126, but 2^-126 once rounded to 24 bits; and below that as well.
  EXPECT_EQ(multiplyAddFlushed(-0x1p-100f, 0x1p-51f, 0x1p-126f), 0x1p-126f);
  EXPECT_TRUE(isZero(multiplyAddFlushed(-0x1.02p-100f, 0x1p-51f, 0x1p-126f), false));
  EXPECT_TRUE(std::isnan(multiplyAddFlushed(INFINITY, 0x1p-127f, 1)));
}

TEST_P(ExactOrder, TilesAddEvenAndOddTermsOfThirtyTwoApart) {
  bf16Sums = Bf16Sums::Tiles;
  auto sum = [&](Numbers x) {
    int64_t depth = int64_t(x.size());
    std::string k = std::to_string(depth);
    return op("[B]", "matmul %a, %b", {"bf16[B | " + k + "]", "bf16[| " + k + ", 1]"}, "f32[B | 1]", {{"B", 1}},
              {bf16({1, depth}, x), bf16({depth, 1}, Numbers(depth, 1))})[0];
  };
  EXPECT_EQ(sum({0x1p-24, 1, 0x1p-24, 0x1p-24}), 1 + 0x1p-23);
  EXPECT_EQ(sum({1, 0x1p-24, 0x1p-24, 0x1p-24}), 1 + 0x1p-23);
  EXPECT_EQ(sum({1, 0, 0x1p-24, 0, 0x1p-24}), 1);
  Numbers later(35, 0);
  later[0] = 1, later[32] = later[34] = 0x1p-24;
  EXPECT_EQ(sum(later), 1 + 0x1p-23);
  EXPECT_EQ(sum({0x1.8p-126, 0}), 0x1.8p-126);
  EXPECT_EQ(sum({0x1.8p-126, -0x1p-126}), 0);
  EXPECT_EQ(sum({0x1p-127, 0}), 0);
  later[0] = 0x1.8p-126, later[32] = -0x1p-126, later[34] = 0;
  EXPECT_EQ(sum(later), 0);
}

TEST_P(ExactOrder, TilesOfConvolutionsBeginAnewInEachTapAndTakeThePaddingForZeros) {
  bf16Sums = Bf16Sums::Tiles;
  auto sums = [&](Numbers x, int64_t pad, Numbers w, int64_t groups) {
    std::string width = std::to_string(x.size()), taps = std::to_string(w.size());
    std::string line = "conv2d %a, %b stride 1 pad " + std::to_string(pad) + " dilation 1 groups ";
    int64_t results = int64_t(x.size() - w.size()) + 1 + 2 * pad;
    if (groups == 2) { // of the same image and weights
      x.insert(x.end(), x.begin(), x.end());
      w.insert(w.end(), w.begin(), w.end());
    }
    std::string g = std::to_string(groups), rows = std::to_string(1 + 2 * pad);
    return op(
        "[B]", line + g, {"bf16[B | " + g + ", 1, " + width + "]", "bf16[| " + g + ", 1, 1, " + taps + "]"},
        "f32[B | " + g + ", " + rows + ", " + std::to_string(results) + "]", {{"B", 1}},
        {bf16({1, groups, 1, int64_t(x.size()) / groups}, x), bf16({groups, 1, 1, int64_t(w.size()) / groups}, w)});
  };
  EXPECT_EQ(sums({0x1p-24, 0x1p-24, 1}, 0, {1, 1, 1}, 1), Numbers{1 + 0x1p-23}); // not even ones, then odd ones
  EXPECT_EQ(sums({0x1p-127, 1}, 0, {1, 1}, 1), Numbers{1});
  EXPECT_EQ(sums({0x1p-127, 0}, 0, {1, 1}, 1), Numbers{0});
  EXPECT_EQ(sums({0x1p-127, 0}, 0, {1, 1}, 2), (Numbers{0x1p-127, 0x1p-127})); // groups of one channel are no tiles
  Numbers padded = sums({1, 2}, 1, {INFINITY, 1}, 1);
  EXPECT_TRUE(std::isnan(padded[3])); // the middle row: 0 inf + 1 1
  EXPECT_EQ(padded[4], INFINITY);
}

TEST_P(ExactOrder, ContractionsAreOneChainAndDotProductsLanes) {
  Numbers x = rough(100), w = rough(100);
  float chain = 0, lane[64] = {};
  for (int k = 0; k < 100; ++k) {
    chain = std::fma(float(x[k]), float(w[k]), chain);
    lane[k % 64] = std::fma(float(x[k]), float(w[k]), lane[k % 64]);
  }
  for (int half = 32; half > 0; half /= 2)
    for (int i = 0; i < half; ++i)
      lane[i] += lane[i + half];
  EXPECT_NE(chain, lane[0]);
  EXPECT_EQ(op("[B]", "matmul %a, %b", {"f32[B | 100]", "f32[| 100, 1]"}, "f32[B | 1]", {{"B", 1}},
               {f32({1, 100}, x), f32({100, 1}, w)}),
            Numbers{chain});
  EXPECT_EQ(op("[B]", "matmul %a, %b", {"f32[B | 100]", "f32[| 100]"}, "f32[B |]", {{"B", 1}},
               {f32({1, 100}, x), f32({100}, w)}),
            Numbers{lane[0]});
}

TEST_P(ExactOrder, BatchReductionsAddBlocksOf256) {
  Numbers x = rough(600);
  float total = 0;
  for (int begin = 0; begin < 600; begin += 256) {
    float block = 0;
    for (int i = begin; i < std::min(begin + 256, 600); ++i)
      block += float(x[i]);
    total += block;
  }
  EXPECT_EQ(
      op("[B]", "reduce_batch \"sum\" %a dims [\"B\"]", {"f32[B | 1]"}, "f32[| 1]", {{"B", 600}}, {f32({600, 1}, x)}),
      Numbers{total});
}

TEST_P(ExactOrder, FunctionsAreTheScalarOnes) {
  Numbers x = rough(64);
  Numbers y = op("[B]", "gelu %a", {"f32[B |]"}, "f32[B |]", {{"B", 64}}, {f32({64}, x)});
  for (size_t i = 0; i < x.size(); ++i)
    EXPECT_EQ(float(y[i]), scalar::gelu(float(x[i]), false));
}

TEST_P(ExactOrder, FunctionsOfF64AreTheScalarOnes) {
  Numbers x = rough(64);
  DenseValue a = tensor(ElementKind::F64, {64}, x);
  Numbers y = op("[B]", "gelu %a", {"f64[B |]"}, "f64[B |]", {{"B", 64}}, {a});
  Numbers z = op("[B]", "bce %a, %b", {"f64[B |]", "f64[B |]"}, "f64[B |]", {{"B", 64}}, {a, a});
  for (size_t i = 0; i < x.size(); ++i) {
    EXPECT_EQ(y[i], scalar::gelu(x[i], false));
    EXPECT_EQ(z[i], scalar::binaryCrossEntropy(x[i], x[i]));
  }
}

TEST_P(ExactOrder, CumsumDoublesItsReachWithinSixteen) {
  Numbers x = rough(40);
  Numbers y = op("[B]", "cumsum %a dim 0", {"f32[B | 40]"}, "f32[B | 40]", {{"B", 1}}, {f32({1, 40}, x)});
  std::vector<float> sums(x.begin(), x.end());
  for (int first = 0; first < 40; first += 16) {
    int end = std::min(first + 16, 40);
    for (int distance = 1; distance < 16; distance *= 2)
      for (int i = end - 1; i >= first + distance; --i)
        sums[i] += sums[i - distance];
    for (int i = first; first > 0 && i < end; ++i)
      sums[i] = sums[first - 1] + sums[i];
  }
  EXPECT_EQ(y, Numbers(sums.begin(), sums.end()));
}

} // namespace
