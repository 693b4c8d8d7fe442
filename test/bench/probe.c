/* probe.c - what this core gives at this moment (arithmetic and copy), and a timer of native calls; loaded by bench.py.
 * Plain vector types, so it compiles for whatever -march=native is.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include <stdint.h>
#include <time.h>

#ifdef __AVX512F__
enum { lanes = 16, chains = 24 };
#else
enum { lanes = 8, chains = 12 };
#endif
typedef float vector __attribute__((vector_size(lanes * sizeof(float))));

/* CPU time of the process: what others take from the core is not counted, their noise in its caches is. */
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Floating-point operations a second of independent FMA chains that never leave the registers. */
double probe_fma(int64_t iterations) {
  vector sums[chains], scale, offset, total;
  for (int lane = 0; lane < lanes; ++lane) {
    scale[lane] = 0.999f;
    offset[lane] = 0.001f * (float)(lane + 1);
  }
  for (int i = 0; i < chains; ++i)
    sums[i] = scale * (float)i;
  const double begin = now();
  for (int64_t k = 0; k < iterations; ++k) {
#pragma clang loop unroll(full)
    for (int i = 0; i < chains; ++i)
      sums[i] = sums[i] * scale + offset;
  }
  total = sums[0];
  for (int i = 1; i < chains; ++i)
    total += sums[i];
  __asm__ volatile("" : : "x"(total) : "memory");
  return 2.0 * lanes * chains * (double)iterations / (now() - begin);
}

/* Bytes a second (read plus written) of a copy with ordinary stores. -fno-builtin keeps it from becoming memcpy. */
double probe_copy(float *restrict to, const float *restrict from, int64_t bytes) {
  const double begin = now();
  const int64_t vectors = bytes / (int64_t)sizeof(vector);
  for (int64_t i = 0; i < vectors; ++i)
    ((vector *)to)[i] = ((const vector *)from)[i];
  __asm__ volatile("" : : "r"(to) : "memory");
  return 2.0 * (double)bytes / (now() - begin);
}

/* Seconds of `calls` calls of a Batten entry, or -status. Entries take only 64-bit integers and pointers, which the
 * x86-64 and AArch64 calling conventions pass alike: hence one function type for each number of arguments. */
double time_calls(void *entry, const int64_t *a, int count, int64_t calls) {
  typedef int64_t I;
  int status = 0;
  const double begin = now();
  for (int64_t i = 0; i < calls; ++i) {
    switch (count) {
    case 7:
      status |= ((int (*)(I, I, I, I, I, I, I))entry)(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
      break;
    case 8:
      status |= ((int (*)(I, I, I, I, I, I, I, I))entry)(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
      break;
    case 9:
      status |= ((int (*)(I, I, I, I, I, I, I, I, I))entry)(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8]);
      break;
    case 10:
      status |=
          ((int (*)(I, I, I, I, I, I, I, I, I, I))entry)(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9]);
      break;
    default:
      return -1000;
    }
  }
  return status ? -status : now() - begin;
}
