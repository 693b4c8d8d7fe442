/* libxsmm_shim.c - a batch of small products by one kernel that libxsmm generates.
 * Row-major C = A B is its column-major C' = B' A', so operands and sizes change places.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include <libxsmm.h>
#include <stdint.h>
#include <time.h>

static double now_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

const char *xsmm_version(void) { return LIBXSMM_VERSION; }

/* NULL where it generates no kernel of this size. */
libxsmm_smmfunction xsmm_kernel(int64_t m, int64_t n, int64_t k) {
  const float one = 1, zero = 0;
  return libxsmm_smmdispatch((int)n, (int)m, (int)k, NULL, NULL, NULL, &one, &zero, NULL, NULL);
}

typedef struct batch {
  libxsmm_smmfunction kernel;
  int64_t count, a_elements, b_elements, c_elements; /* b_elements 0: one right-hand side for all */
  const float *a, *b;
  float *c;
  int64_t threads;
} batch;

double xsmm_time(const batch *p, int64_t calls) {
  const double begin = now_seconds();
  for (int64_t call = 0; call < calls; ++call) {
#pragma omp parallel for num_threads((int)p->threads) if (p->threads > 1)
    for (int64_t i = 0; i < p->count; ++i)
      p->kernel(p->b + i * p->b_elements, p->a + i * p->a_elements, p->c + i * p->c_elements);
  }
  return now_seconds() - begin;
}
