/* probe.c - what the cores give at this moment: multiply-adds, dot products of bf16 and of bytes, reading and copying
 * of memory. Each probe runs on `threads` threads at once; the bench loads it and judges every run by it.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include <immintrin.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifdef __AVX512F__
enum { lanes = 16, chains = 24 };
#else
enum { lanes = 8, chains = 12 };
#endif
typedef float vector __attribute__((vector_size(lanes * sizeof(float))));
enum { max_threads = 64 };

static double now_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Floating-point operations of chains of multiply-adds that never leave the registers. */
static double fma_chains(int64_t iterations) {
  vector sums[chains], scale, offset, total;
  for (int lane = 0; lane < lanes; ++lane) {
    scale[lane] = 0.999f;
    offset[lane] = 0.001f * (float)(lane + 1);
  }
  for (int i = 0; i < chains; ++i)
    sums[i] = scale * (float)i;
  for (int64_t k = 0; k < iterations; ++k) {
#pragma clang loop unroll(full)
    for (int i = 0; i < chains; ++i)
      sums[i] = sums[i] * scale + offset;
  }
  total = sums[0];
  for (int i = 1; i < chains; ++i)
    total += sums[i];
  __asm__ volatile("" : : "x"(total) : "memory");
  return 2.0 * lanes * chains * (double)iterations;
}

#ifdef __AMX_TILE__
/* Linux gives the tiles to a process that asks for them. */
static int tiles_granted(void) { return syscall(SYS_arch_prctl, 0x1023, 18) == 0; }

static void configure_tiles(void) {
  struct {
    uint8_t palette, start, reserved[14];
    uint16_t bytes[16];
    uint8_t rows[16];
  } __attribute__((aligned(64))) layout = {.palette = 1};
  for (int i = 0; i < 8; ++i) {
    layout.bytes[i] = 64;
    layout.rows[i] = 16;
  }
  _tile_loadconfig(&layout);
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
}

/* Four accumulators from two tiles each, of changing data: equal data would draw less power and run faster. */
#define DOTS_OF_TILES(dot, data)                                                                                       \
  do {                                                                                                                 \
    _tile_loadd(4, (data)[0], 64);                                                                                     \
    _tile_loadd(5, (data)[1], 64);                                                                                     \
    _tile_loadd(6, (data)[2], 64);                                                                                     \
    _tile_loadd(7, (data)[3], 64);                                                                                     \
    dot(0, 4, 6);                                                                                                      \
    dot(1, 4, 7);                                                                                                      \
    dot(2, 5, 6);                                                                                                      \
    dot(3, 5, 7);                                                                                                      \
  } while (0)
#endif

#ifdef __AMX_BF16__
static double bf16_dots(int64_t iterations) {
  static uint16_t data[4][512] __attribute__((aligned(64)));
  for (int i = 0; i < 4 * 512; ++i) /* between 0.5 and 1, signs as they come */
    data[i / 512][i % 512] =
        (uint16_t)(0x3f00 | ((uint32_t)i * 2654435761u >> 25 & 0x7f) | ((uint32_t)i * 40503u & 0x8000));
  configure_tiles();
  for (int64_t k = 0; k < iterations; ++k)
    DOTS_OF_TILES(_tile_dpbf16ps, data);
  _tile_release();
  return 4.0 * 2 * 16 * 16 * 32 * (double)iterations;
}
const char *probe_bf16_name(void) { return tiles_granted() ? "AMX bf16" : "none"; }
#elif defined(__AVX512BF16__)
static double bf16_dots(int64_t iterations) {
  __m512 sums[chains];
  const __m512bh a = (__m512bh)_mm512_set1_epi32(0x3f003e80), b = (__m512bh)_mm512_set1_epi32(0x3c003d80);
  for (int i = 0; i < chains; ++i)
    sums[i] = _mm512_set1_ps(0.01f * (float)i);
  for (int64_t k = 0; k < iterations; ++k) {
#pragma clang loop unroll(full)
    for (int i = 0; i < chains; ++i)
      sums[i] = _mm512_dpbf16_ps(sums[i], a, b);
    __asm__ volatile("" : : : "memory");
  }
  __m512 total = sums[0];
  for (int i = 1; i < chains; ++i)
    total = _mm512_add_ps(total, sums[i]);
  __asm__ volatile("" : : "x"(total) : "memory");
  return 2.0 * 2 * 16 * chains * (double)iterations;
}
const char *probe_bf16_name(void) { return "VDPBF16PS"; }
#else
static double bf16_dots(int64_t iterations) { return fma_chains(iterations); }
const char *probe_bf16_name(void) { return "FMA (no bf16 instructions)"; }
#endif

#ifdef __AMX_INT8__
static double byte_dots(int64_t iterations) {
  static uint8_t data[4][1024] __attribute__((aligned(64)));
  for (int i = 0; i < 4 * 1024; ++i)
    data[i / 1024][i % 1024] = (uint8_t)((uint32_t)i * 2654435761u >> 24);
  configure_tiles();
  for (int64_t k = 0; k < iterations; ++k)
    DOTS_OF_TILES(_tile_dpbusd, data);
  _tile_release();
  return 4.0 * 2 * 16 * 16 * 64 * (double)iterations;
}
const char *probe_int8_name(void) { return tiles_granted() ? "AMX int8" : "none"; }
#elif defined(__AVX512VNNI__)
static double byte_dots(int64_t iterations) {
  __m512i sums[chains];
  const __m512i a = _mm512_set1_epi32(0x5a17c3e1), b = _mm512_set1_epi32(0x1d6f2b93);
  for (int i = 0; i < chains; ++i)
    sums[i] = _mm512_set1_epi32(i);
  for (int64_t k = 0; k < iterations; ++k) {
#pragma clang loop unroll(full)
    for (int i = 0; i < chains; ++i)
      sums[i] = _mm512_dpbusd_epi32(sums[i], a, b);
    __asm__ volatile("" : : : "memory");
  }
  __m512i total = sums[0];
  for (int i = 1; i < chains; ++i)
    total = _mm512_add_epi32(total, sums[i]);
  __asm__ volatile("" : : "x"(total) : "memory");
  return 2.0 * 4 * 16 * chains * (double)iterations;
}
const char *probe_int8_name(void) { return "VPDPBUSD"; }
#else
static double byte_dots(int64_t iterations) { return fma_chains(iterations); }
const char *probe_int8_name(void) { return "FMA (no int8 instructions)"; }
#endif

/* Bytes read; a sum keeps the compiler from leaving the loads out. */
static double read_bytes(const float *from, int64_t bytes) {
  const vector *v = (const vector *)from;
  vector sums[8] = {{0}};
  const int64_t vectors = bytes / (int64_t)sizeof(vector) / 8 * 8;
  for (int64_t i = 0; i < vectors; i += 8) {
#pragma clang loop unroll(full)
    for (int j = 0; j < 8; ++j)
      sums[j] += v[i + j];
  }
  for (int j = 0; j < 8; ++j)
    __asm__ volatile("" : : "x"(sums[j]));
  return (double)vectors * sizeof(vector);
}

/* Bytes read plus written by ordinary stores. -fno-builtin keeps it from becoming memcpy. */
static double copy_bytes(float *restrict to, const float *restrict from, int64_t bytes) {
  const int64_t vectors = bytes / (int64_t)sizeof(vector);
  for (int64_t i = 0; i < vectors; ++i)
    ((vector *)to)[i] = ((const vector *)from)[i];
  __asm__ volatile("" : : "r"(to) : "memory");
  return 2.0 * (double)bytes;
}

typedef struct part {
  int kind;
  int64_t amount; /* iterations, or bytes of this thread */
  float *to;
  const float *from;
  pthread_barrier_t *start;
  double done, begin, end;
} part;

static void *run_part(void *context) {
  part *p = context;
  pthread_barrier_wait(p->start);
  p->begin = now_seconds();
  p->done = p->kind == 0   ? fma_chains(p->amount)
            : p->kind == 1 ? bf16_dots(p->amount)
            : p->kind == 2 ? byte_dots(p->amount)
            : p->kind == 3 ? read_bytes(p->from, p->amount)
                           : copy_bytes(p->to, p->from, p->amount);
  p->end = now_seconds();
  return NULL;
}

/* Work a second of all threads together. kind: 0 multiply-adds, 1 bf16, 2 bytes, 3 read, 4 copy. amount: iterations
 * of each thread (0 to 2), or bytes of all together (3, 4). -1: the system gives no thread. */
double probe(int kind, int threads, int64_t amount, float *to, const float *from) {
  if (threads < 1 || threads > max_threads)
    return -1;
  part parts[max_threads];
  pthread_t handles[max_threads];
  pthread_barrier_t start;
  pthread_barrier_init(&start, NULL, (unsigned)threads);
  const int64_t bytes = kind < 3 ? 0 : amount / threads / 4096 * 4096;
  for (int i = 0; i < threads; ++i) {
    const int64_t first = bytes / (int64_t)sizeof(float) * i;
    parts[i] = (part){kind, kind < 3 ? amount : bytes, to + first, from + first, &start, 0, 0, 0};
    if (i && pthread_create(&handles[i], NULL, run_part, &parts[i]))
      return -1;
  }
  run_part(&parts[0]);
  double done = 0, begin = parts[0].begin, end = parts[0].end;
  for (int i = 0; i < threads; ++i) {
    if (i)
      pthread_join(handles[i], NULL);
    done += parts[i].done;
    begin = parts[i].begin < begin ? parts[i].begin : begin;
    end = parts[i].end > end ? parts[i].end : end;
  }
  pthread_barrier_destroy(&start);
  return done / (end - begin);
}
