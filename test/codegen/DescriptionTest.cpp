// DescriptionTest.cpp - the tables of a program, and calling it by them alone.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Tiny.h"
#include "dialect/Numerics.h"
#include "llvm/Support/JSON.h"
#include "gtest/gtest.h"
#include <string>

TEST(Description, SaysWhatTheProgramIs) {
  const batten_description *d = tiny().describe();
  EXPECT_EQ(d->abi, BATTEN_ABI);
  EXPECT_EQ(d->size, sizeof *d);
  EXPECT_STREQ(d->name, "tiny");
  EXPECT_STREQ(d->source, "tiny.btn");
  EXPECT_STREQ(d->source_hash, "1f0c9a77");
  EXPECT_EQ(std::string(d->compiler).rfind("batten ", 0), 0u);
  EXPECT_STREQ(d->flags, "--target=cpu:x86-64-v3 -O2");
  EXPECT_STREQ(d->numerics, batten::numericsId);
  EXPECT_EQ(d->program_bytes, 128);
  ASSERT_EQ(d->level_count, 1);
  EXPECT_STREQ(d->levels[0].name, "x86-64-v3");
  EXPECT_GE(d->levels[0].required_count, 4);
  ASSERT_EQ(d->weight_count, 1);
  const batten_weight &w = d->weights[0];
  EXPECT_STREQ(w.path, "m.w");
  EXPECT_STREQ(w.from, "m.weight");
  EXPECT_STREQ(w.field, "m_w");
  EXPECT_EQ(w.dtype, BATTEN_F32);
  ASSERT_EQ(w.rank, 1);
  EXPECT_EQ(w.shape[0], 5);
  ASSERT_EQ(w.used_by_count, 1);
  EXPECT_STREQ(w.used_by[0], "add");
}

TEST(Description, SaysWhatAnEntryTakes) {
  const batten_description *d = tiny().describe();
  ASSERT_EQ(d->entry_count, 2);
  const batten_entry &add = d->entries[0], &window = d->entries[1];
  EXPECT_STREQ(add.c_symbol, "tiny_add");
  EXPECT_STREQ(add.workspace_bytes.text, "20*B + 128");
  EXPECT_STREQ(add.scratch_bytes.text, "64");
  EXPECT_EQ(add.thread_bytes, 64);
  EXPECT_STREQ(add.flops.text, "10*B");
  EXPECT_STREQ(add.bytes.text, "-1"); // not known
  ASSERT_EQ(add.argument_count, 3);
  const batten_argument &x = add.arguments[0], &s = add.arguments[1], &out = add.arguments[2];
  EXPECT_STREQ(x.name, "x");
  EXPECT_EQ(x.kind, BATTEN_INPUT);
  EXPECT_EQ(x.batch_rank, 1);
  ASSERT_EQ(x.rank, 2);
  EXPECT_STREQ(x.dims[0].text, "B");
  EXPECT_STREQ(x.dims[1].text, "5");
  EXPECT_EQ(s.by_value, 1);
  EXPECT_EQ(s.rank, 0);
  EXPECT_EQ(out.kind, BATTEN_RESULT);
  EXPECT_EQ(out.position, 4);
  ASSERT_EQ(add.independent_count, 1);
  EXPECT_STREQ(add.independent[0], "B");

  ASSERT_EQ(window.symbol_count, 2);
  EXPECT_EQ(window.symbols[0].bound, 0);
  EXPECT_EQ(window.symbols[0].non_empty, 1);
  EXPECT_EQ(window.symbols[1].bound, 8);
  EXPECT_EQ(window.symbols[1].position, 2);
  ASSERT_EQ(window.guard_count, 1);
  EXPECT_STREQ(window.guards[0].text, "T != 3");
  EXPECT_EQ(window.arguments[1].kind, BATTEN_INOUT);
  EXPECT_EQ(window.arguments[1].dtype, BATTEN_I32);
  EXPECT_STREQ(window.workspace_bytes.text, "0");
}

TEST(Description, SaysWhatLayersCostAndArgumentsNumber) {
  const batten_entry &add = tiny().describe()->entries[0], &window = tiny().describe()->entries[1];
  ASSERT_EQ(add.layer_count, 1);
  const batten_layer &layer = add.layers[0];
  EXPECT_STREQ(layer.name, "m");
  EXPECT_STREQ(layer.type, "f32[B | 5]");
  EXPECT_EQ(layer.parameters, 5);
  EXPECT_EQ(layer.parameter_bytes, 20);
  EXPECT_EQ(layer.tied, 0);
  EXPECT_STREQ(layer.flops.text, "10*B");
  EXPECT_STREQ(layer.bytes.text, "-1");
  ASSERT_EQ(add.id_range_count, 1);
  EXPECT_EQ(add.id_ranges[0].argument, 0);
  EXPECT_EQ(add.id_ranges[0].least, 1);
  int64_t B = 3, end = 0;
  EXPECT_EQ(batten_formula_evaluate(&add.id_ranges[0].end, &B, &end), 1);
  EXPECT_EQ(end, 10);
  EXPECT_EQ(window.layer_count, 0);
  EXPECT_EQ(window.id_range_count, 0);
}

TEST(Description, FormulasEvaluate) {
  const batten_entry &add = tiny().describe()->entries[0];
  for (int64_t B : {0, 1, 1000}) {
    int64_t bytes = -1;
    EXPECT_EQ(batten_formula_evaluate(&add.workspace_bytes, &B, &bytes), 1);
    EXPECT_EQ(bytes, 20 * B + 128);
    EXPECT_EQ(add.workspace(&B), bytes);
    EXPECT_EQ(tiny().addWorkspace(B), bytes);
  }
  int64_t huge = INT64_MAX / 10, bytes = 0;
  EXPECT_EQ(batten_formula_evaluate(&add.workspace_bytes, &huge, &bytes), 0);
}

TEST(Description, UniformBindAndCall) {
  const batten_description *d = tiny().describe();
  alignas(64) char memory[128], workspace[256];
  const float w[5] = {10, 20, 30, 40, 50}, x[5] = {1, 2, 3, 4, 5}, s = 3;
  float out[5];
  const void *weights[1] = {w}, *program = nullptr;
  ASSERT_EQ(d->bind(memory, sizeof memory, weights, &program, nullptr), 0);
  const batten_program_header *header = static_cast<const batten_program_header *>(program);
  EXPECT_EQ(header->magic, d->magic);
  EXPECT_EQ(header->level, 0u);
  int64_t B = 1;
  void *tensors[3] = {const_cast<float *>(x), const_cast<float *>(&s), out};
  ASSERT_EQ(d->entries[0].call(program, &B, tensors, workspace, sizeof workspace, nullptr), 0);
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(out[i], (x[i] + w[i]) * 3);
  tensors[1] = nullptr;
  EXPECT_EQ(d->entries[0].call(program, &B, tensors, workspace, sizeof workspace, nullptr), BATTEN_E_NULL + (3 << 8));
}

TEST(Manifest, SaysTheSameInJson) {
  Module module;
  ASSERT_TRUE(module.parseFile("tiny.mlir"));
  std::string error;
  auto text = batten::emitManifest(*module, {}, tiny().object, error);
  ASSERT_TRUE(text) << error;
  auto json = llvm::json::parse(*text);
  ASSERT_TRUE(bool(json)) << llvm::toString(json.takeError());
  const llvm::json::Object *root = json->getAsObject();
  EXPECT_EQ(root->getString("name"), "tiny");
  EXPECT_EQ(root->getInteger("program_bytes"), 128);
  const llvm::json::Object *add = (*root->getArray("entries"))[0].getAsObject();
  EXPECT_EQ(add->getString("workspace_bytes"), "20*B + 128");
  EXPECT_EQ(add->getString("flops"), "10*B");
  EXPECT_EQ((*add->getArray("arguments"))[0].getAsObject()->getString("dtype"), "f32");
  EXPECT_EQ((*add->getArray("layers"))[0].getAsObject()->getString("flops"), "10*B");
  EXPECT_EQ((*add->getArray("id_ranges"))[0].getAsObject()->getString("end"), "B + 7");
  EXPECT_EQ((*root->getArray("weights"))[0].getAsObject()->getString("from"), "m.weight");
  EXPECT_EQ((*root->getArray("levels"))[0].getAsObject()->getInteger("code_bytes"), tiny().describe()->code_bytes[0]);
}
