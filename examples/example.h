/* example.h - what the examples share: reading a tensor, comparing with the reference, timing a call.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#ifndef BATTEN_EXAMPLES_EXAMPLE_H
#define BATTEN_EXAMPLES_EXAMPLE_H
#include "runtime/batten.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* FOLDER/NAME, until the fourth call from now. */
static inline const char *example_path(const char *folder, const char *name) {
  static char paths[4][4096];
  static int turn;
  char *path = paths[turn++ & 3];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

/* Ends the program with the sentence of a refusal. */
static inline void example_check(int result, const char *what, const batten_error *error) {
  if (result) {
    fprintf(stderr, "%s: %s\n", what, error->message);
    exit(1);
  }
}

/* Memory for a program object or a workspace: 64 bytes aligned. */
static inline void *example_room(int64_t bytes) {
  return bytes > 0 ? aligned_alloc(64, ((size_t)bytes + 63) / 64 * 64) : NULL;
}

/* The tensor of an .npy file; ends the program with a sentence where there is none. */
static inline batten_tensor example_load(const char *path) {
  batten_tensor tensor;
  batten_error error;
  if (batten_npy_load(path, &tensor, &error)) {
    fprintf(stderr, "%s\n", error.message);
    exit(1);
  }
  return tensor;
}

/* One tensor of a .safetensors file. */
static inline float *example_weight(const batten_safetensors *file, const char *name) {
  batten_tensor tensor;
  batten_error error;
  if (batten_safetensors_load(file, batten_safetensors_find(file, name), &tensor, &error)) {
    fprintf(stderr, "%s: %s\n", name, error.message);
    exit(1);
  }
  return (float *)tensor.data;
}

static inline double example_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Calls until 0.2 s have passed: microseconds of one call. */
#define EXAMPLE_MICROSECONDS(result, call)                                                                             \
  do {                                                                                                                 \
    long calls = 0;                                                                                                    \
    double begin = example_now(), elapsed = 0;                                                                         \
    while (elapsed < 0.2) {                                                                                            \
      for (int i = 0; i < 16; ++i)                                                                                     \
        call;                                                                                                          \
      calls += 16;                                                                                                     \
      elapsed = example_now() - begin;                                                                                 \
    }                                                                                                                  \
    (result) = elapsed / (double)calls * 1e6;                                                                          \
  } while (0)

/* Prints shape, a few values, the largest difference from the double-precision reference and the time of a call. A
 * result that is off by more than 1e-3 ends the program with status 1. */
static inline void example_report(const char *name, const batten_tensor *out, const char *reference, double us) {
  const batten_tensor wanted = example_load(reference);
  const float *mine = (const float *)out->data, *theirs = (const float *)wanted.data;
  const int64_t count = batten_tensor_elements(out);
  double largest = count == batten_tensor_elements(&wanted) ? 0 : INFINITY;
  for (int64_t i = 0; i < count && largest < INFINITY; ++i)
    largest = fmax(largest, fabs((double)mine[i] - (double)theirs[i]));
  printf("%-18s f32[", name);
  for (int32_t i = 0; i < out->rank; ++i)
    printf("%s%lld", i ? ", " : "", (long long)out->sizes[i]);
  printf("]  ");
  for (int64_t i = 0; i < count && i < 4; ++i)
    printf("%.5f ", mine[i]);
  printf("...  largest difference %.1e  %.2f us a call\n", largest, us);
  if (!(largest < 1e-3)) {
    fprintf(stderr, "%s differs from the reference\n", name);
    exit(1);
  }
}
#endif
