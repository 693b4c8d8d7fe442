/* main.c - a C program with a small convolutional network inside, which says the class of each image.
 * Usage: main FOLDER, which holds the inputs, weights and reference results (examples/run.sh makes them).
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "cnn.h"
#include "example.h"

static const char *in_folder(const char *folder, const char *name) {
  static char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static void check(int result, const char *what, const batten_error *error) {
  if (result) {
    fprintf(stderr, "%s: %s\n", what, error->message);
    exit(1);
  }
}

static void *room(int64_t bytes) { return aligned_alloc(64, ((size_t)bytes + 63) / 64 * 64); }

static const cnn_program *bind(const char *folder) {
  batten_error error = {0, ""};
  batten_safetensors *file;
  check(batten_safetensors_open(in_folder(folder, "cnn.safetensors"), &file, &error), "weights", &error);
  const cnn_weights weights = {example_weight(file, "w1"), example_weight(file, "b1"), example_weight(file, "w2"),
                               example_weight(file, "b2"), example_weight(file, "w3"), example_weight(file, "b3")};
  const cnn_program *program;
  check(cnn_bind(room(CNN_BYTES), CNN_BYTES, &weights, &program, &error), "cnn_bind", &error);
  return program;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  const cnn_program *program = bind(argv[1]);
  const batten_tensor x = example_load(in_folder(argv[1], "cnn.x.npy"));
  const batten_tensor wanted = example_load(in_folder(argv[1], "cnn.y.npy"));
  const int64_t B = x.sizes[0], bytes = cnn_classify_workspace(B);
  int32_t *classes = room(B * (int64_t)sizeof(int32_t));
  void *workspace = room(bytes);
  batten_error error = {0, ""};
  batten_call call = {sizeof call, 1, NULL, NULL, NULL, &error, NULL};
  check(cnn_classify(program, B, x.data, classes, workspace, bytes, &call), "cnn_classify", &error);

  int64_t same = 0;
  for (int64_t i = 0; i < B; ++i)
    same += classes[i] == ((const int32_t *)wanted.data)[i];
  double us;
  EXAMPLE_MICROSECONDS(us, cnn_classify(program, B, x.data, classes, workspace, bytes, NULL));
  printf("cnn_classify       %lld images, classes %d %d %d %d ...  %lld as the reference says  %.2f us a call\n",
         (long long)B, classes[0], classes[1], classes[2], classes[3], (long long)same, us);
  return same == B ? 0 : 1;
}
