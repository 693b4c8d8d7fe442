/* main.c - a C program with an attention block inside, called with sequences of several lengths: T is a runtime size.
 * Usage: main FOLDER, which holds the inputs, weights and reference results (examples/run.sh makes them).
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "example.h"
#include "mha.h"

static const mha_program *bind(const char *folder) {
  batten_error error = {0, ""};
  batten_safetensors *file;
  example_check(batten_safetensors_open(example_path(folder, "mha.safetensors"), &file, &error), "weights", &error);
  const mha_weights weights = {example_weight(file, "mha.wqkv"), example_weight(file, "mha.wo")};
  const mha_program *program;
  example_check(mha_bind(example_room(MHA_BYTES), MHA_BYTES, &weights, &program, &error), "mha_bind", &error);
  return program;
}

static void attend(const mha_program *program, const char *folder, const char *length) {
  char name[64];
  snprintf(name, sizeof name, "mha.x%s.npy", length);
  const batten_tensor x = example_load(example_path(folder, name));
  const int64_t B = x.sizes[0], T = x.sizes[1], bytes = mha_forward_workspace(B, T);
  void *workspace = example_room(bytes);
  batten_tensor y = x;
  y.data = example_room(batten_tensor_elements(&x) * (int64_t)sizeof(float));
  batten_error error = {0, ""};
  batten_call call = {sizeof call, 1, NULL, NULL, NULL, &error, NULL};
  example_check(mha_forward(program, B, T, x.data, y.data, workspace, bytes, &call), "mha_forward", &error);

  double us;
  EXAMPLE_MICROSECONDS(us, mha_forward(program, B, T, x.data, y.data, workspace, bytes, NULL));
  snprintf(name, sizeof name, "mha.y%s.npy", length);
  example_report("mha_forward", &y, example_path(folder, name), us);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  const mha_program *program = bind(argv[1]);
  attend(program, argv[1], "1");
  attend(program, argv[1], "40");
  return 0;
}
