// WeightsTest.cpp - binding is strict, and tells all that is wrong at once.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "FakeProgram.h"
#include "Files.h"
#include "runtime/batten.hpp"

using namespace batten::test;
using batten::view;

namespace {

struct Heard {
  int kind;
  int64_t weight;
  std::string tensor, message, help;
};

struct Weights : testing::Test {
  void SetUp() override {
    bindStatus = 0;
    program = batten::Program::from(&withWeights, error);
    ASSERT_TRUE(program);
  }
  bool bindFile(const std::string &path) {
    heard.clear();
    return program.bind(path, error, [&](const batten_problem &problem) {
      heard.push_back(
          {problem.kind, problem.weight, problem.tensor, problem.message, problem.help ? problem.help : ""});
    });
  }
  bool bindFile(const std::vector<batten_named_tensor> &tensors) {
    const TemporaryFile file("weights.safetensors");
    EXPECT_TRUE(batten::Safetensors::save(file.path, tensors, error)) << error.message();
    return bindFile(file.path);
  }

  float values[50] = {1, 2, 3}, bias[5] = {4, 5};
  uint16_t halves[5] = {};
  std::vector<Heard> heard;
  batten::Error error;
  batten::Program program;
};

TEST_F(Weights, FileThatFitsIsBound) {
  EXPECT_EQ(batten_program_level(program.get()), nullptr);
  ASSERT_TRUE(bindFile(fixture("simple.safetensors"))) << error.message();
  EXPECT_TRUE(heard.empty());
  ASSERT_EQ(boundWeights.size(), 55u);
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(boundWeights[static_cast<size_t>(i)], static_cast<float>(i - 3));
  EXPECT_EQ(boundWeights[50], -3.0f);
  EXPECT_STREQ(batten_program_level(program.get()), "x86-64-v3");
  EXPECT_FALSE(bindFile(fixture("simple.safetensors")));
  EXPECT_EQ(error.code(), BATTEN_E_UNBOUND);
  EXPECT_STREQ(error.message(), "fake is bound already; open it again for other weights");
}

TEST_F(Weights, TensorsThatFitAreBound) {
  ASSERT_TRUE(program.bind({view(values, {5, 10}), view(bias, {5})}, error)) << error.message();
  EXPECT_EQ(boundWeights[1], 2.0f);
  EXPECT_EQ(boundWeights[51], 5.0f);
}

TEST_F(Weights, TensorsThatDoNotFitAreRefused) {
  EXPECT_FALSE(program.bind({view(values, {5, 10})}, error));
  EXPECT_STREQ(error.message(), "fake has 2 weights, 1 tensors were given");
  EXPECT_FALSE(program.bind({view(values, {5, 10}), view<float>(nullptr, {5})}, error));
  EXPECT_STREQ(error.message(), "tensor `bias` has elements but its data is NULL");
  batten_tensor strided = view(values, {5, 10});
  strided.strides[0] = 20;
  EXPECT_FALSE(program.bind({strided, view(bias, {4})}, error));
  EXPECT_STREQ(error.message(), "2 problems with fake; the first: tensor `weight` is not dense row-major");
  EXPECT_EQ(error.code(), BATTEN_E_WEIGHTS);
}

TEST_F(Weights, EveryProblemIsTold) {
  EXPECT_FALSE(bindFile({{"fc.weight", view(values, {10, 5})}, {"fc.bias", view(BATTEN_F16, halves, {5})}}));
  EXPECT_EQ(error.code(), BATTEN_E_WEIGHTS);
  EXPECT_NE(std::string(error.message()).find("2 problems with "), std::string::npos) << error.message();
  EXPECT_NE(
      std::string(error.message()).find("; the first: tensor `fc.weight` has shape [10, 5], the program says [5, 10]"),
      std::string::npos)
      << error.message();
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_EQ(heard[0].kind, BATTEN_WEIGHT_SHAPE);
  EXPECT_EQ(heard[0].help, "the sizes match after a transpose: PyTorch stores Linear weights as [Out, In]");
  EXPECT_EQ(heard[1].kind, BATTEN_WEIGHT_DTYPE);
  EXPECT_EQ(heard[1].weight, 1);
  EXPECT_EQ(heard[1].message, "tensor `fc.bias` has dtype f16, the program says f32");
}

TEST_F(Weights, MissingOnesComeWithTheNearestNames) {
  EXPECT_FALSE(bindFile(
      {{"fc.bias", view(bias, {5})}, {"fc.wait", view(values, {5, 10})}, {"other.thing.entirely", view(bias, {1})}}));
  ASSERT_EQ(heard.size(), 3u);
  EXPECT_EQ(heard[0].kind, BATTEN_WEIGHT_MISSING);
  EXPECT_EQ(heard[0].weight, 0);
  EXPECT_EQ(heard[0].tensor, "fc.weight");
  EXPECT_NE(heard[0].message.find("has no tensor `fc.weight`, f32 [5, 10] expected"), std::string::npos);
  EXPECT_EQ(heard[0].help, "nearest names in the file: `fc.wait` f32 [5, 10]");
  EXPECT_EQ(heard[1].kind, BATTEN_WEIGHT_UNUSED);
  EXPECT_EQ(heard[1].message, "tensor `fc.wait` f32 [5, 10] is not read by the program");
  EXPECT_EQ(heard[2].tensor, "other.thing.entirely");
}

TEST_F(Weights, UnusedTensorsAreNoError) {
  ASSERT_TRUE(bindFile({{"fc.bias", view(bias, {5})},
                        {"fc.weight", view(values, {5, 10})},
                        {"un\x1bused", view(BATTEN_F16, halves, {5})}}));
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].kind, BATTEN_WEIGHT_UNUSED);
  EXPECT_EQ(heard[0].weight, -1);
  EXPECT_EQ(heard[0].tensor, "un?used");
}

TEST_F(Weights, CheckBindsNothing) {
  int problems = 0;
  const auto count = [&](const batten_problem &) { ++problems; };
  EXPECT_TRUE(program.check(fixture("simple.safetensors"), error, count));
  EXPECT_EQ(batten_program_level(program.get()), nullptr);
  EXPECT_FALSE(program.check(fixture("types.safetensors"), error, count));
  EXPECT_EQ(problems, 2 + 12);
}

TEST_F(Weights, ProgramMayRefuseAndBeBoundAgain) {
  bindStatus = BATTEN_E_CPU;
  EXPECT_FALSE(bindFile(fixture("simple.safetensors")));
  EXPECT_EQ(error.code(), BATTEN_E_CPU);
  bindStatus = 0;
  EXPECT_TRUE(bindFile(fixture("simple.safetensors")));
}

TEST_F(Weights, TwoWeightsMayReadOneTensor) {
  const batten_weight twice[] = {weights[1], weights[1]};
  batten_description description = withWeights;
  description.weights = twice;
  static const void *seen[2];
  description.bind = [](void *memory, int64_t, const void *const *given, const void **bound, batten_error *) {
    seen[0] = given[0];
    seen[1] = given[1];
    *bound = memory;
    return 0;
  };
  batten::Program shared = batten::Program::from(&description, error);
  ASSERT_TRUE(shared.bind(fixture("simple.safetensors"), error)) << error.message();
  EXPECT_EQ(seen[0], seen[1]);
}

TEST_F(Weights, NullIsRefused) {
  EXPECT_EQ(batten_program_bind(nullptr, nullptr, 0, nullptr, nullptr), BATTEN_E_NULL);
  EXPECT_EQ(batten_program_bind_file(nullptr, "", nullptr, nullptr), BATTEN_E_NULL);
  EXPECT_EQ(batten_program_check_file(nullptr, "", nullptr, nullptr), BATTEN_E_NULL);
  EXPECT_EQ(batten_program_check_file(program.get(), nullptr, nullptr, nullptr), BATTEN_E_NULL);
  EXPECT_EQ(batten_npy_save(nullptr, nullptr, nullptr), BATTEN_E_NULL);
}

TEST_F(Weights, FilesAreRefusedWhereTheWeightsAreBuiltIn) {
  batten_description builtIn = withoutWeights;
  builtIn.placed_weights = "w.safetensors:embed";
  batten_program *program = nullptr;
  batten::Error refused;
  ASSERT_EQ(batten_program_from(&builtIn, &program, nullptr), 0);
  const std::string path = fixture("simple.safetensors");
  EXPECT_EQ(batten_program_check_file(program, path.c_str(), nullptr, refused.get()), BATTEN_E_WEIGHTS);
  EXPECT_EQ(batten_program_bind_file(program, path.c_str(), nullptr, refused.get()), BATTEN_E_WEIGHTS);
  EXPECT_EQ(std::string(refused.message()),
            std::string(builtIn.name) + " has its weights built in and takes none from a file");
  EXPECT_EQ(batten_program_bind(program, nullptr, 0, nullptr, nullptr), 0);
  batten_program_close(program);
}

TEST_F(Weights, BrokenFilesSayWhy) {
  EXPECT_FALSE(bindFile("/nonexistent/w.safetensors"));
  EXPECT_EQ(error.code(), BATTEN_E_FILE);
  EXPECT_FALSE(bindFile(fixture("f4.npy")));
  EXPECT_EQ(error.code(), BATTEN_E_FORMAT);
}

} // namespace
