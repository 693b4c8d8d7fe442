/* A program with two models inside. Usage: two_models FOLDER: raw f32 files in, raw f32 files out. Needs libc only. */
#ifdef REVERSED
#include "qproj.h"
#include "simple.h"
#else
#include "simple.h"
#include "qproj.h"
#endif
#include <stdio.h>
#include <stdlib.h>

enum { B = 3, T = 2 };
static float weight[5 * 10], bias[5], x[B * 10], y[B * 5], total[1], hidden[B * T * 512], wq[512 * 64], q[B * T * 64];

static void fail(const char *what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

static void move(const char *folder, const char *name, float *values, size_t count, int out) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, out ? "wb" : "rb");
  size_t done = !file ? 0 : out ? fwrite(values, 4, count, file) : fread(values, 4, count, file);
  if (done != count || fclose(file))
    fail(path);
}

static void *room(int64_t bytes) { return aligned_alloc(64, ((size_t)bytes + 127) / 64 * 64); }

int main(int argc, char **argv) {
  if (argc != 2)
    fail("usage: two_models FOLDER");
  move(argv[1], "weight", weight, 5 * 10, 0);
  move(argv[1], "bias", bias, 5, 0);
  move(argv[1], "x", x, B * 10, 0);
  move(argv[1], "hidden", hidden, B * T * 512, 0);
  move(argv[1], "wq", wq, 512 * 64, 0);

  const simple_weights weights = {weight, bias};
  const simple_program *simple = NULL;
  const qproj_program *qproj = NULL;
  batten_error error;
  if (simple_bind(room(SIMPLE_BYTES), SIMPLE_BYTES, &weights, &simple, &error) ||
      qproj_bind(room(QPROJ_BYTES), QPROJ_BYTES, &qproj, &error))
    fail(error.message);
  const int64_t forward = simple_forward_workspace(B), sum = simple_batch_sum_workspace(B);
  const int64_t project = qproj_q_proj_workspace(B, T);
  if (simple_forward(simple, B, x, y, room(forward), forward, NULL) ||
      qproj_q_proj(qproj, B, T, hidden, wq, q, room(project), project, NULL) ||
      simple_batch_sum(simple, B, x, total, room(sum), sum, NULL))
    fail("refused");
  /* A program is bound by its own bind only. */
  if (simple_forward((const simple_program *)(const void *)qproj, B, x, y, NULL, 0, NULL) != BATTEN_E_ABI)
    fail("the other's program is taken");
  move(argv[1], "y", y, B * 5, 1);
  move(argv[1], "total", total, 1, 1);
  move(argv[1], "q", q, B * T * 64, 1);
  return 0;
}
