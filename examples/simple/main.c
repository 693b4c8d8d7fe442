/* main.c - a C program with two models inside: a Linear layer with weights, and a projection without.
 * Usage: main FOLDER, which holds the inputs, weights and reference results (examples/run.sh makes them).
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "example.h"
#include "qproj.h"
#include "simple.h"
#include <string.h>

static void run_simple(const char *folder) {
  batten_error error = {0, ""};
  batten_safetensors *file;
  example_check(batten_safetensors_open(example_path(folder, "simple.safetensors"), &file, &error), "weights", &error);
  const simple_weights weights = {example_weight(file, "fc.weight"), example_weight(file, "fc.bias")};
  const simple_program *program;
  example_check(simple_bind(example_room(SIMPLE_BYTES), SIMPLE_BYTES, &weights, &program, &error), "simple_bind",
                &error);

  const batten_tensor x = example_load(example_path(folder, "simple.x.npy"));
  const int64_t B = x.sizes[0], sizes[] = {B, 5};
  batten_tensor y;
  example_check(batten_tensor_make(BATTEN_F32, 2, sizes, NULL, &y, &error), "y", &error);
  example_check(batten_tensor_allocate(&y, &error), "y", &error);
  const int64_t bytes = simple_forward_workspace(B);
  void *workspace = example_room(bytes);
  batten_call call;
  memset(&call, 0, sizeof call);
  call.size = sizeof call;
  call.threads = 1;
  call.error = &error;
  example_check(simple_forward(program, B, x.data, y.data, workspace, bytes, &call), "simple_forward", &error);
  double us;
  EXAMPLE_MICROSECONDS(us, simple_forward(program, B, x.data, y.data, workspace, bytes, NULL));
  example_report("simple_forward", &y, example_path(folder, "simple.y.npy"), us);
}

static void run_qproj(const char *folder) {
  batten_error error = {0, ""};
  const qproj_program *program;
  example_check(qproj_bind(example_room(QPROJ_BYTES), QPROJ_BYTES, &program, &error), "qproj_bind", &error);
  const batten_tensor x = example_load(example_path(folder, "qproj.x.npy"));
  const batten_tensor wq = example_load(example_path(folder, "qproj.wq.npy"));
  const int64_t B = x.sizes[0], T = x.sizes[1], sizes[] = {B, T, 64};
  batten_tensor q;
  example_check(batten_tensor_make(BATTEN_F32, 3, sizes, NULL, &q, &error), "q", &error);
  example_check(batten_tensor_allocate(&q, &error), "q", &error);
  const int64_t bytes = qproj_q_proj_workspace(B, T);
  void *workspace = example_room(bytes);
  example_check(qproj_q_proj(program, B, T, x.data, wq.data, q.data, workspace, bytes, NULL), "qproj_q_proj", &error);
  double us;
  EXAMPLE_MICROSECONDS(us, qproj_q_proj(program, B, T, x.data, wq.data, q.data, workspace, bytes, NULL));
  example_report("qproj_q_proj", &q, example_path(folder, "qproj.q.npy"), us);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  run_simple(argv[1]);
  run_qproj(argv[1]);
  return 0;
}
