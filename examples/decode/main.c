/* main.c - a decoder's step in a loop: the caches of keys and values are the host's own memory, updated in place.
 * Usage: main FOLDER, which holds the inputs, weights and reference results (examples/run.sh makes them).
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "decode.h"
#include "example.h"
#include <string.h>

enum { Steps = 3, Heads = 16, Positions = 4096, HeadSize = 64, Width = Heads * HeadSize };
static const int64_t CacheElements = (int64_t)Heads * Positions * HeadSize; /* of one sequence */

static const char *numbered(const char *folder, const char *name, int step, const char *rest) {
  static char path[4096];
  snprintf(path, sizeof path, "%s/decode.%s%d%s.npy", folder, name, step, rest);
  return path;
}

static void *zeros(size_t bytes) {
  void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
  return memory ? memset(memory, 0, bytes) : NULL;
}

/* A tensor of f32 as bf16. */
static batten_bf16 *as_bf16(const batten_tensor *from) {
  batten_tensor to = *from;
  batten_error error;
  to.dtype = BATTEN_BF16;
  to.data = NULL;
  example_check(batten_tensor_allocate(&to, &error) || batten_tensor_convert(from, &to, &error), "bf16", &error);
  return (batten_bf16 *)to.data;
}

static float from_bf16(batten_bf16 bits) {
  const uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, sizeof value);
  return value;
}

/* The largest difference from a file of the reference, which must be small. */
static double difference(const batten_bf16 *mine, const char *path) {
  const batten_tensor wanted = example_load(path);
  double largest = 0;
  for (int64_t i = 0; i < batten_tensor_elements(&wanted); ++i)
    largest = fmax(largest, fabs((double)from_bf16(mine[i]) - (double)((const float *)wanted.data)[i]));
  batten_tensor release = wanted;
  batten_tensor_release(&release);
  if (!(largest < 0.04)) { /* a few units of bf16, values are about 2 */
    fprintf(stderr, "%s: off by %g\n", path, largest);
    exit(1);
  }
  return largest;
}

static const decode_program *bind(const char *folder) {
  batten_error error = {0, ""};
  batten_safetensors *file;
  char path[4096];
  snprintf(path, sizeof path, "%s/decode.safetensors", folder);
  example_check(batten_safetensors_open(path, &file, &error), "weights", &error);
  decode_weights weights;
  const batten_bf16 **fields[] = {&weights.wq, &weights.wk, &weights.wv, &weights.wo};
  const char *names[] = {"wq", "wk", "wv", "wo"};
  for (int i = 0; i < 4; ++i) {
    batten_tensor tensor;
    example_check(batten_safetensors_load(file, batten_safetensors_find(file, names[i]), &tensor, &error), names[i],
                  &error);
    *fields[i] = (const batten_bf16 *)tensor.data;
  }
  const decode_program *program;
  example_check(decode_bind(zeros(DECODE_BYTES), DECODE_BYTES, &weights, &program, &error), "decode_bind", &error);
  return program;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  const decode_program *program = bind(argv[1]);
  batten_error error = {0, ""};
  batten_call call;
  memset(&call, 0, sizeof call);
  call.size = sizeof call;
  call.threads = 1;
  call.error = &error;

  int64_t B = 0, bytes = 0;
  batten_bf16 *kc = NULL, *vc = NULL, *alone_kc = NULL, *alone_vc = NULL, *x = NULL;
  batten_bf16 *out = zeros(sizeof(batten_bf16) * 64 * Width), *alone = zeros(sizeof(batten_bf16) * Width);
  void *workspace = NULL;
  const int32_t *at = NULL;
  for (int step = 0; step < Steps; ++step) {
    const batten_tensor given = example_load(numbered(argv[1], "x", step, ""));
    at = (const int32_t *)example_load(numbered(argv[1], "at", step, "")).data;
    x = as_bf16(&given);
    if (!step) {
      B = given.sizes[0];
      kc = zeros((size_t)(B * CacheElements) * sizeof *kc);
      vc = zeros((size_t)(B * CacheElements) * sizeof *vc);
      alone_kc = zeros((size_t)CacheElements * sizeof *kc);
      alone_vc = zeros((size_t)CacheElements * sizeof *vc);
      bytes = decode_decode_workspace(B);
      workspace = zeros((size_t)bytes);
    }
    example_check(decode_decode(program, B, x, at, kc, vc, out, workspace, bytes, &call), "decode_decode", &error);
    const double off = difference(out, numbered(argv[1], "y", step, ""));
    /* The last sequence by itself: the same bits. */
    example_check(
        decode_decode(program, 1, x + (B - 1) * Width, at + B - 1, alone_kc, alone_vc, alone, workspace, bytes, &call),
        "decode_decode", &error);
    const int same = !memcmp(alone, out + (B - 1) * Width, sizeof(batten_bf16) * Width) &&
                     !memcmp(alone_kc, kc + (B - 1) * CacheElements, (size_t)CacheElements * sizeof *kc);
    printf("decode_decode      step %d, positions %d and %d: %.4f %.4f ...  largest difference %.1e, alone %s\n", step,
           at[0], at[B - 1], from_bf16(out[0]), from_bf16(out[1]), off, same ? "the same bits" : "OTHER BITS");
    if (!same)
      return 1;
  }
  const double keys = difference(kc, numbered(argv[1], "y", Steps - 1, ".kc"));
  const double values = difference(vc, numbered(argv[1], "y", Steps - 1, ".vc"));
  double us;
  EXAMPLE_MICROSECONDS(us, decode_decode(program, B, x, at, kc, vc, out, workspace, bytes, NULL));
  printf("decode_decode      caches of %d sequences: largest differences %.1e and %.1e  %.0f us a call\n", (int)B, keys,
         values, us);
  return 0;
}
