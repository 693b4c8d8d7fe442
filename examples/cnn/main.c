/* main.c - a C program with a small convolutional network inside, which says the class of each image.
 * Usage: main FOLDER, which holds the inputs, weights and reference results (examples/run.sh makes them).
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "cnn.h"
#include "example.h"

static const cnn_program *bind(const char *folder) {
  batten_error error = {0, ""};
  batten_safetensors *file;
  example_check(batten_safetensors_open(example_path(folder, "cnn.safetensors"), &file, &error), "weights", &error);
  const cnn_weights weights = {example_weight(file, "w1"), example_weight(file, "b1"), example_weight(file, "w2"),
                               example_weight(file, "b2"), example_weight(file, "w3"), example_weight(file, "b3")};
  const cnn_program *program;
  example_check(cnn_bind(example_room(CNN_BYTES), CNN_BYTES, &weights, &program, &error), "cnn_bind", &error);
  return program;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  const cnn_program *program = bind(argv[1]);
  const batten_tensor x = example_load(example_path(argv[1], "cnn.x.npy"));
  const batten_tensor wanted = example_load(example_path(argv[1], "cnn.y.npy"));
  const int64_t B = x.sizes[0], bytes = cnn_classify_workspace(B);
  int32_t *classes = example_room(B * (int64_t)sizeof(int32_t));
  void *workspace = example_room(bytes);
  batten_error error = {0, ""};
  batten_call call = {sizeof call, 1, NULL, NULL, NULL, &error, NULL};
  example_check(cnn_classify(program, B, x.data, classes, workspace, bytes, &call), "cnn_classify", &error);

  int64_t same = 0;
  for (int64_t i = 0; i < B; ++i)
    same += classes[i] == ((const int32_t *)wanted.data)[i];
  double us;
  EXAMPLE_MICROSECONDS(us, cnn_classify(program, B, x.data, classes, workspace, bytes, NULL));
  printf("cnn_classify       %lld images, classes %d %d %d %d ...  %lld as the reference says  %.2f us a call\n",
         (long long)B, classes[0], classes[1], classes[2], classes[3], (long long)same, us);
  return same == B ? 0 : 1;
}
