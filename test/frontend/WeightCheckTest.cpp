// Weights files against programs: E0501 (every parameter that is missing), E0502 with its help, E0504, unused tensors.
#include "compiler/frontend/WeightCheck.h"
#include "compiler/frontend/Parser.h"
#include "compiler/frontend/Sema.h"

#include <gtest/gtest.h>

using namespace batten::frontend;

namespace {

struct Checked {
  Sources sources;
  Diagnostics diagnostics{sources};
  std::optional<Program> program;
  bool fits = false;

  Checked(const std::string &name, const std::string &text, const WeightFile &file) {
    uint32_t index = sources.add(name, text);
    FileNode tree = parse(sources, index, diagnostics);
    program = analyse(tree, diagnostics);
    if (program)
      fits = checkWeights(*program, file, diagnostics);
  }
};

const char *const simple = "// a model\n"
                           "dim B\n"
                           "model SimpleModel {\n"
                           "  param weight: f32[| 10, 5] from \"fc.weight\"\n"
                           "  fn apply(x: f32[| 10]) -> f32[| 5] = x @ weight\n"
                           "}\n"
                           "pub fn forward(x: f32[B | 10]) -> f32[B | 5] = SimpleModel(x)\n";

TEST(WeightCheck, TransposedShapeIsToldSo) {
  Checked checked("simple.btn", simple, {"w.safetensors", {{"fc.weight", {"f32", {5, 10}}}}});
  EXPECT_FALSE(checked.fits);
  EXPECT_EQ(checked.diagnostics.render(),
            "simple.btn:4:17: error: tensor `fc.weight` has shape [5, 10], the program says [10, 5] [E0502]\n"
            "4 |   param weight: f32[| 10, 5] from \"fc.weight\"\n"
            "  |                 ^^^^^^^^^^^^\n"
            "  = note: it is in w.safetensors, for the parameter `weight`\n"
            "  = help: the sizes match after a transpose: PyTorch stores Linear weights as [Out, In]; declare "
            "`f32[| 5, 10]` and use `linear`\n");
}

std::string helpOf(const Checked &checked) {
  for (const Remark &remark : checked.diagnostics.all()[0].remarks)
    if (remark.kind == Remark::Kind::Help)
      return remark.text;
  return "";
}

TEST(WeightCheck, TransposedWeightOfLinearIsAProduct) {
  Checked checked("simple.btn",
                  "dim B\nmodel M { param w: f32[| 5, 10] fn apply(x: f32[| 10]) -> f32[| 5] = linear(x, w) }\n"
                  "pub fn forward(x: f32[B | 10]) -> f32[B | 5] = M(x)\n",
                  {"w.safetensors", {{"w", {"f32", {10, 5}}}}});
  EXPECT_EQ(helpOf(checked), "the sizes match after a transpose: this file stores [In, Out], `linear` takes [Out, In]; "
                             "declare `f32[| 10, 5]` and use `@`");
}

TEST(WeightCheck, TransposedTableIsTransposed) {
  Checked checked("simple.btn",
                  "dim B\nmodel M { param w: f32[| 5, 10] fn apply(x: f32[| 5, 10]) -> f32[| 5, 10] = x + w }\n"
                  "pub fn forward(x: f32[B | 5, 10]) -> f32[B | 5, 10] = M(x)\n",
                  {"w.safetensors", {{"w", {"f32", {10, 5}}}}});
  EXPECT_EQ(helpOf(checked), "the sizes match after a transpose: declare `f32[| 10, 5]` and use its transpose, `.T`");
}

// One declaration, two places: a `from` at the parameter would be wrong for `enc`.
const char *const twice = "dim B\n"
                          "model Layer { param w: f32[| 4, 4] fn apply(x: f32[| 4]) -> f32[| 4] = linear(x, w) }\n"
                          "model Net {\n"
                          "  sub enc: Layer sub dec: Layer\n"
                          "  fn apply(x: f32[| 4]) -> f32[| 4] = dec(enc(x))\n"
                          "}\n"
                          "pub fn run(x: f32[B | 4]) -> f32[B | 4] = Net(x)\n";

TEST(WeightCheck, FromOfAParameterMustFitEveryUse) {
  Checked checked("net.btn", twice, {"w.safetensors", {{"enc.w", {"f32", {4, 4}}}, {"dec.weight", {"f32", {4, 4}}}}});
  EXPECT_EQ(checked.diagnostics.render(),
            "net.btn:2:21: error: w.safetensors has no tensor `dec.w` [E0501]\n"
            "2 | model Layer { param w: f32[| 4, 4] fn apply(x: f32[| 4]) -> f32[| 4] = linear(x, w) }\n"
            "  |                     ^ f32[| 4, 4] expected\n"
            "  = note: nearest names in the file: `dec.weight` f32 [4, 4], `enc.w`\n"
            "  = note: `enc.w`, of the same declaration, is in the file\n");
  WeightFile both{"w.safetensors", {{"enc.weight", {"f32", {4, 4}}}, {"dec.weight", {"f32", {4, 4}}}}};
  EXPECT_EQ(helpOf(Checked("net.btn", twice, both)), "param w: f32[| 4, 4] from \"weight\"");
}

TEST(WeightCheck, RenamedSubIsToldAtTheSub) {
  Checked checked("net.btn", twice, {"w.safetensors", {{"enc.w", {"f32", {4, 4}}}, {"decoder.w", {"f32", {4, 4}}}}});
  EXPECT_EQ(helpOf(checked), "`dec` is `decoder` in the file: give that `sub` a `from \"decoder\"`");
}

TEST(WeightCheck, DtypeIsStrict) {
  Checked checked("simple.btn", simple, {"w.safetensors", {{"fc.weight", {"f16", {10, 5}}}}});
  EXPECT_FALSE(checked.fits);
  EXPECT_EQ(checked.diagnostics.all()[0].code, "E0504");
  EXPECT_EQ(checked.diagnostics.all()[0].message, "tensor `fc.weight` is f16, the program says f32");
}

TEST(WeightCheck, FittingFilesMayHoldMore) {
  WeightFile file{"w.safetensors", {{"fc.weight", {"f32", {10, 5}}}, {"step", {"i64", {}}}}};
  Checked checked("simple.btn", simple, file);
  EXPECT_TRUE(checked.fits);
  EXPECT_EQ(unusedTensors(*checked.program, file), std::vector<std::string>{"step"});
}

TEST(WeightCheck, MissingTensorsAreOneErrorWithTheNearestNames) {
  WeightFile file{"weights.safetensors", {}};
  for (int i = 0; i < 12; ++i) {
    std::string layer = "h." + std::to_string(i) + ".mlp.";
    file.tensors[layer + "c_fc.weight"] = {"f32", {768, 3072}};
    file.tensors[layer + "c_proj.weight"] = {"f32", {3072, 768}};
  }
  Checked checked("lm.btn",
                  "dim B, D = 768, F = 4*D, L = 12\n"
                  "// the blocks of a transformer\n"
                  "model Block {\n"
                  "  sub mlp: Mlp\n"
                  "  fn apply(x: f32[| D]) -> f32[| D] = x + mlp(x)\n"
                  "}\n"
                  "model Mlp {\n"
                  "  param up: f32[| D, F]   param down: f32[| F, D]\n"
                  "  fn apply(x: f32[| D]) -> f32[| D] = gelu(x @ up) @ down\n"
                  "}\n"
                  "model Lm { sub blocks[L]: Block from \"h\" fn apply(x: f32[| D]) -> f32[| D] = blocks(x) }\n"
                  "pub fn run(x: f32[B | D]) -> f32[B | D] = Lm(x)\n",
                  file);
  EXPECT_FALSE(checked.fits);
  EXPECT_EQ(checked.diagnostics.render(),
            "lm.btn:8:9: error: weights.safetensors has no tensor `h.0.mlp.up` [E0501]\n"
            "8 |   param up: f32[| D, F]   param down: f32[| F, D]\n"
            "  |         ^^ f32[| 768, 3072] expected\n"
            "  = note: nearest names in the file: `h.0.mlp.c_fc.weight` f32 [768, 3072], `h.0.mlp.c_proj.weight`\n"
            "  = note: 23 more params are missing: `h.0.mlp.down`, `h.1.mlp.up`, `h.1.mlp.down`, `h.2.mlp.up`, "
            "`h.2.mlp.down`, `h.3.mlp.up`, `h.3.mlp.down`, `h.4.mlp.up`, `h.4.mlp.down`, `h.5.mlp.up`, "
            "`h.5.mlp.down`, `h.6.mlp.up`, `h.6.mlp.down`, `h.7.mlp.up`, `h.7.mlp.down`, `h.8.mlp.up`, "
            "`h.8.mlp.down`, `h.9.mlp.up`, `h.9.mlp.down`, `h.10.mlp.up`, `h.10.mlp.down`, `h.11.mlp.up`, "
            "`h.11.mlp.down`\n"
            "  = note: this is the parameter `blocks.0.mlp.up`\n"
            "  = help: param up: f32[| D, F] from \"c_fc.weight\"\n");
}

} // namespace
