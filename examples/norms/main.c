/* main.c - a C program with a layer norm inside that was written in the language, over a batch of two dims.
 * Usage: main FOLDER, which holds the inputs and reference results (examples/run.sh makes them).
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "example.h"
#include "norms.h"

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  batten_error error = {0, ""};
  const norms_program *program;
  example_check(norms_bind(example_room(NORMS_BYTES), NORMS_BYTES, &program, &error), "norms_bind", &error);
  const batten_tensor x = example_load(example_path(argv[1], "norms.x.npy"));
  const batten_tensor g = example_load(example_path(argv[1], "norms.g.npy"));
  const batten_tensor b = example_load(example_path(argv[1], "norms.b.npy"));
  const int64_t B = x.sizes[0], T = x.sizes[1], bytes = norms_ln_workspace(B, T);
  void *workspace = example_room(bytes);
  batten_tensor y = x;
  y.data = example_room(batten_tensor_elements(&x) * (int64_t)sizeof(float));
  batten_call call = {sizeof call, 1, NULL, NULL, NULL, &error, NULL};
  example_check(norms_ln(program, B, T, x.data, g.data, b.data, y.data, workspace, bytes, &call), "norms_ln", &error);

  double us;
  EXAMPLE_MICROSECONDS(us, norms_ln(program, B, T, x.data, g.data, b.data, y.data, workspace, bytes, NULL));
  example_report("norms_ln", &y, example_path(argv[1], "norms.y.npy"), us);
  return 0;
}
