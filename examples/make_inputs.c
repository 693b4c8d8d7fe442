/* make_inputs.c - random inputs for the examples, as files that any tool reads.
 *
 *   make_inputs FILE.npy SEED SIZE...
 *   make_inputs FILE.npy = INTEGER...
 *   make_inputs FILE.npy below COUNT SEED SIZE...    whole numbers from 0
 *   make_inputs FILE.safetensors SEED NAME:SIZE,SIZE[:bf16] ...
 *
 * Values are normal with deviation 1 for .npy; weights have 1/sqrt of their first size, as layers are initialised.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "example.h"
#include <string.h>

static uint64_t state;

/* splitmix64 (Steele et al., OOPSLA 2014) and Box-Muller. */
static double uniform(void) {
  uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return ((double)((z ^ (z >> 31)) >> 11) + 0.5) * 0x1p-53;
}

static batten_tensor random_tensor(int32_t rank, const int64_t *sizes, double deviation) {
  batten_tensor tensor;
  batten_error error;
  if (batten_tensor_make(BATTEN_F32, rank, sizes, NULL, &tensor, &error) || batten_tensor_allocate(&tensor, &error)) {
    fprintf(stderr, "%s\n", error.message);
    exit(1);
  }
  for (int64_t i = 0; i < batten_tensor_elements(&tensor); ++i)
    ((float *)tensor.data)[i] = (float)(deviation * sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform()));
  return tensor;
}

/* The same numbers rounded to bf16. */
static batten_tensor rounded(batten_tensor wide) {
  batten_tensor narrow = wide;
  batten_error error;
  narrow.dtype = BATTEN_BF16;
  narrow.data = NULL;
  if (batten_tensor_allocate(&narrow, &error) || batten_tensor_convert(&wide, &narrow, &error)) {
    fprintf(stderr, "%s\n", error.message);
    exit(1);
  }
  batten_tensor_release(&wide);
  return narrow;
}

static int save(const char *path, const batten_tensor *tensor) {
  batten_error error;
  if (!batten_npy_save(path, tensor, &error))
    return 0;
  fprintf(stderr, "%s\n", error.message);
  return 1;
}

static int save_integers(const char *path, int count, char **words) {
  int32_t integers[64];
  int64_t size = count < 64 ? count : 64;
  for (int64_t i = 0; i < size; ++i)
    integers[i] = (int32_t)strtol(words[i], NULL, 10);
  batten_tensor tensor;
  return batten_tensor_make(BATTEN_I32, 1, &size, integers, &tensor, NULL) || save(path, &tensor);
}

static int save_below(const char *path, int64_t count, int32_t rank, const int64_t *sizes) {
  batten_tensor tensor;
  batten_error error;
  if (batten_tensor_make(BATTEN_I32, rank, sizes, NULL, &tensor, &error) || batten_tensor_allocate(&tensor, &error)) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  for (int64_t i = 0; i < batten_tensor_elements(&tensor); ++i)
    ((int32_t *)tensor.data)[i] = (int32_t)((double)count * uniform());
  return save(path, &tensor);
}

static int save_weights(const char *path, int count, char **words) {
  batten_named_tensor tensors[64];
  batten_error error;
  for (int i = 0; i < count && i < 64; ++i) {
    int64_t sizes[BATTEN_MAX_RANK];
    int32_t rank = 0;
    char *at = strchr(words[i], ':');
    *at++ = 0;
    do
      sizes[rank++] = strtoll(at, &at, 10);
    while (*at && *at++ == ',');
    tensors[i].name = words[i];
    tensors[i].tensor = random_tensor(rank, sizes, 1 / sqrt((double)sizes[0]));
    if (!strcmp(at, "bf16"))
      tensors[i].tensor = rounded(tensors[i].tensor);
  }
  if (!batten_safetensors_save(path, tensors, count, &error))
    return 0;
  fprintf(stderr, "%s\n", error.message);
  return 1;
}

int main(int argc, char **argv) {
  if (argc < 4) {
    fprintf(stderr,
            "usage: %s FILE.npy SEED SIZE... | FILE.npy = INTEGER... | FILE.npy below COUNT SEED SIZE... | "
            "FILE.safetensors SEED NAME:SIZE,SIZE ...\n",
            argv[0]);
    return 2;
  }
  if (!strcmp(argv[2], "="))
    return save_integers(argv[1], argc - 3, argv + 3);
  const int below = !strcmp(argv[2], "below") && argc > 5 ? 2 : 0; /* words before the seed */
  state = strtoull(argv[2 + below], NULL, 10);
  if (strstr(argv[1], ".safetensors"))
    return save_weights(argv[1], argc - 3, argv + 3);
  int64_t sizes[BATTEN_MAX_RANK];
  for (int i = 3 + below; i < argc; ++i)
    sizes[i - 3 - below] = strtoll(argv[i], NULL, 10);
  if (below)
    return save_below(argv[1], strtoll(argv[3], NULL, 10), argc - 5, sizes);
  const batten_tensor tensor = random_tensor(argc - 3, sizes, 1);
  return save(argv[1], &tensor);
}
