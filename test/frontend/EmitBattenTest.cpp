// EmitBattenTest.cpp - a flat program becomes a module: types, constants, options, and what is refused.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/EmitBatten.h"
#include "dialect/Batten.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/raw_ostream.h"

#include "gtest/gtest.h"

#include <limits>

using namespace batten;
using namespace batten::frontend;

namespace {

/// A program of one function `f[B](x: type of value 0)`, which the test completes.
struct EmitBatten : testing::Test {
  EmitBatten() : diagnostics(sources) {
    sources.add("m.btn", "dim B\npub fn f(x: f32[B |]) -> f32[B |] = \xC3\xA9mbed(x)\n");
    program.name = "m";
    Function function;
    function.name = function.cName = "f";
    function.symbols = {{"B", Symbol::Unbounded, 0}, {"T", Symbol::Bounded, 64}, {"H", Symbol::Static, 8}};
    function.location = {"m.btn", 2, 8, 9};
    program.functions.push_back(function);
  }

  Function &function() { return program.functions.front(); }

  int argument(const std::string &name, batten::frontend::TensorType type) {
    int value = int(function().values.size());
    Argument argument;
    argument.name = name;
    argument.type = type;
    argument.value = value;
    argument.location = {"m.btn", 2, 10, 11};
    function().arguments.push_back(argument);
    function().values.push_back(type);
    return value;
  }

  int op(const std::string &name, std::vector<int> operands, batten::frontend::TensorType type,
         std::vector<std::pair<std::string, Attribute>> attributes = {}) {
    int value = int(function().values.size());
    function().values.push_back(type);
    function().ops.push_back({name, operands, {value}, attributes, {"m.btn", 2, 36, 44}});
    return value;
  }

  /// The module's text; empty if it was refused.
  std::string emit() {
    module = emitBatten(program, context, diagnostics);
    if (!module)
      return "";
    EXPECT_TRUE(mlir::succeeded(mlir::verify(*module)));
    std::string text;
    llvm::raw_string_ostream(text) << *module;
    return text;
  }

  /// The printed value of a constant of this dtype.
  std::string constant(DType dtype, Attribute value) {
    function().ops.clear();
    function().values.clear();
    function().results = {op("constant", {}, {dtype, {}, {}}, {{"value", value}})};
    std::string text = emit();
    size_t begin = text.find("dense<"), end = text.find('>', begin);
    return begin == std::string::npos ? text : text.substr(begin + 6, end - begin - 6);
  }

  Sources sources;
  Diagnostics diagnostics;
  Program program;
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

void expectHas(const std::string &text, const std::string &part) {
  EXPECT_NE(text.find(part), std::string::npos) << part << "\nis not in\n" << text;
}

TEST_F(EmitBatten, FunctionHasItsSymbolsArgumentsAndResults) {
  int x = argument("x", {DType::F32, {"B"}, {Dim::constant(8), Dim::symbol("T")}});
  function().results = {op("relu", {x}, function().values[x])};
  function().guards = {{Dim::symbol("T"), Dim::constant(3), ">=", {}}};
  program.weights = {{"mlp.up", "h.0.up", {DType::BF16, {}, {Dim::constant(2)}}, {}}};
  std::string text = emit();
  expectHas(text, "batten.func @f[B, T <= 64, H = 8](%x: !batten.tensor<f32[B | 8, T]> {batten.name = \"x\"}) -> "
                  "!batten.tensor<f32[B | 8, T]> attributes {c_name = \"f\", guards = [\"T >= 3\"]");
  expectHas(text, "batten.relu %x : (!batten.tensor<f32[B | 8, T]>) -> !batten.tensor<f32[B | 8, T]>");
  expectHas(text, "batten.program = \"m\"");
  expectHas(text, "batten.source = \"m.btn\"");
  expectHas(text, "batten.weights = [#batten.argument<name = \"mlp.up\", type = !batten.tensor<bf16[| 2]>, "
                  "kind = weight, path = \"mlp.up\", from = \"h.0.up\">]");
}

TEST_F(EmitBatten, EachArgumentSaysWhatItIs) {
  int p = argument("p", {DType::F32, {}, {}}), lr = argument("lr", {DType::F32, {}, {}});
  argument("mlp.up", {DType::F32, {}, {}});
  int fresh = op("sub", {p, lr}, {DType::F32, {}, {}});
  Argument &tree = function().arguments[0], &weight = function().arguments[2];
  tree.inout = true;
  tree.updated = fresh;
  tree.tree = "Mlp";
  tree.path = "w1";
  weight.weight = true;
  weight.path = "mlp.up";
  weight.from = "h.0.up";
  function().results = {lr};
  std::string text = emit();
  expectHas(text, "{batten.inout = 1 : i64, batten.name = \"p\", batten.path = \"w1\", batten.tree = \"Mlp\"}");
  expectHas(text, "{batten.name = \"lr\", batten.scalar}");
  expectHas(text, "{batten.from = \"h.0.up\", batten.name = \"mlp.up\", batten.weight = \"mlp.up\"}");
  expectHas(text, "batten.return %lr, %0 : ");
}

TEST_F(EmitBatten, OpsCarryTheirPlace) {
  function().results = {op("neg", {argument("x", {DType::F32, {"B"}, {}})}, {DType::F32, {"B"}, {}})};
  emit();
  module->walk([](NegOp op) {
    auto place = llvm::cast<mlir::FileLineColLoc>(op.getLoc());
    EXPECT_EQ(place.getFilename(), "m.btn");
    EXPECT_EQ(place.getLine(), 2u);
    EXPECT_EQ(place.getColumn(), 36u);
  });
}

TEST_F(EmitBatten, OptionsOfEveryKind) {
  int x = argument("x", {DType::F32, {"B"}, {Dim::constant(512)}});
  op("gelu", {x}, function().values[x], {{"tanh", true}});
  op("softmax", {x}, function().values[x], {{"dim", int64_t(0)}});
  op("rms_norm", {x, x}, function().values[x], {{"eps", 0.5}});
  op("reduce_batch", {x}, {DType::F32, {}, {Dim::constant(512)}},
     {{"kind", std::string("sum")}, {"dims", std::vector<std::string>{"B"}}});
  op("rearrange", {x}, {DType::F32, {"B", "H"}, {Dim::constant(64)}},
     {{"splits", std::vector<std::vector<std::string>>{{"8", "64"}}},
      {"permutation", std::vector<int64_t>{0, 1, 2}},
      {"joins", std::vector<int64_t>{1}}});
  std::string text = emit();
  expectHas(text, "batten.gelu %x {tanh = true}");
  expectHas(text, "batten.softmax %x dim 0");
  expectHas(text, "batten.rms_norm %x, %x eps 5.000000e-01");
  expectHas(text, "batten.reduce_batch \"sum\" %x dims [\"B\"]");
  expectHas(text, "splits [[\"8\", \"64\"]] permutation [0, 1, 2] joins [1]");
}

TEST_F(EmitBatten, ConstantIsRoundedOnceToItsDtype) {
  EXPECT_EQ(constant(DType::F32, 0.1), "1.000000e-01");
  EXPECT_EQ(constant(DType::BF16, int64_t(257)), "2.560000e+02"); // halfway: to even
  EXPECT_EQ(constant(DType::F16, 1e6), "0x7C00");                 // infinity
  EXPECT_EQ(constant(DType::F64, 0.1), "1.000000e-01");
  EXPECT_EQ(constant(DType::F32, -std::numeric_limits<double>::infinity()), "0xFF800000");
}

TEST_F(EmitBatten, ConstantOfIntegersAndBools) {
  EXPECT_EQ(constant(DType::I64, std::numeric_limits<int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(constant(DType::U8, int64_t(200)), "200");
  EXPECT_EQ(constant(DType::I8, -128.0), "-128");
  EXPECT_EQ(constant(DType::Bool, true), "true");
  EXPECT_EQ(constant(DType::Bool, 2.0), "true");
  EXPECT_EQ(constant(DType::F32, false), "0.000000e+00");
}

TEST_F(EmitBatten, UnknownOpIsRefusedOnceAtItsPlace) {
  int x = argument("x", {DType::F32, {"B"}, {}});
  op("undreamt", {x}, {DType::F32, {"B"}, {}});
  function().ops.back().location = {"m.btn", 2, 37, 45};
  program.functions.push_back(function()); // two entries inline one line
  EXPECT_EQ(emit(), "");
  ASSERT_EQ(diagnostics.errorCount(), 1u);
  const Diagnostic &error = diagnostics.all().front();
  EXPECT_EQ(error.message, "`undreamt` is not compiled yet");
  // Columns count characters, ranges bytes, and the first letter here has two.
  EXPECT_EQ(sources.text(*error.range), "\xC3\xA9mbed(x)");
}

TEST_F(EmitBatten, OptionThatTheDialectLacksIsRefused) {
  int x = argument("x", {DType::F32, {"B"}, {Dim::constant(4)}});
  op("reduce", {x}, {DType::F32, {"B"}, {}},
     {{"kind", std::string("sum")}, {"dims", std::vector<int64_t>{0}}, {"acc", std::string("f64")}});
  EXPECT_EQ(emit(), "");
  EXPECT_EQ(diagnostics.all().front().message, "`acc:` of `reduce` is not compiled yet");
}

} // namespace
