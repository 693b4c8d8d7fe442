// main.cpp - a C++ program with an encoder block inside, its weights from a .safetensors file by name.
// Usage: main FOLDER (examples/run.sh makes what is in it).
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "encoder.h"
#include "example.h"
#include <string>
#include <vector>

namespace {

void check(int result, const batten_error &error) {
  if (result) {
    std::fprintf(stderr, "%s\n", error.message);
    std::exit(1);
  }
}

struct Aligned { // 64 bytes, as program and workspace memory must be
  explicit Aligned(int64_t bytes) : data(std::aligned_alloc(64, size_t(bytes + 63) / 64 * 64 + 64)) {}
  ~Aligned() { std::free(data); }
  void *data;
};

} // namespace

int main(int argc, char **argv) {
  if (argc != 2)
    return std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]), 2;
  const std::string folder = argv[1];
  batten_error error{};
  batten_safetensors *file = nullptr;
  check(batten_safetensors_open((folder + "/encoder.safetensors").c_str(), &file, &error), error);
  encoder_weights weights{};
  weights.encoder_g1 = example_weight(file, "encoder.g1");
  weights.encoder_b1 = example_weight(file, "encoder.b1");
  weights.encoder_g2 = example_weight(file, "encoder.g2");
  weights.encoder_b2 = example_weight(file, "encoder.b2");
  weights.encoder_mha_wqkv = example_weight(file, "encoder.mha.wqkv");
  weights.encoder_mha_bqkv = example_weight(file, "encoder.mha.bqkv");
  weights.encoder_mha_wo = example_weight(file, "encoder.mha.wo");
  weights.encoder_mha_bo = example_weight(file, "encoder.mha.bo");
  weights.encoder_mlp_up = example_weight(file, "encoder.mlp.up");
  weights.encoder_mlp_bup = example_weight(file, "encoder.mlp.bup");
  weights.encoder_mlp_down = example_weight(file, "encoder.mlp.down");
  weights.encoder_mlp_bdown = example_weight(file, "encoder.mlp.bdown");

  Aligned memory(ENCODER_BYTES);
  const encoder_program *program = nullptr;
  check(encoder_bind(memory.data, ENCODER_BYTES, &weights, &program, &error), error);

  const batten_tensor x = example_load((folder + "/encoder.x.npy").c_str());
  const int64_t B = x.sizes[0], T = x.sizes[1];
  batten_tensor y = x;
  check(batten_tensor_allocate(&y, &error), error);
  const int64_t bytes = encoder_forward_workspace(B, T);
  Aligned workspace(bytes);
  batten_call call{};
  call.size = sizeof call;
  call.threads = 1;
  call.error = &error;
  const auto *in = static_cast<const float *>(x.data);
  auto *out = static_cast<float *>(y.data);
  check(encoder_forward(program, B, T, in, out, workspace.data, bytes, &call), error);
  double us;
  EXAMPLE_MICROSECONDS(us, encoder_forward(program, B, T, in, out, workspace.data, bytes, nullptr));
  example_report("encoder_forward", &y, (folder + "/encoder.y.npy").c_str(), us);
}
