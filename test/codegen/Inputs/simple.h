/* simple.h: made by batten 0.1.0 from simple.btn, source hash 1f0c9a77. C99 and C++17; needs nothing but libc. */
#ifndef BATTEN_SIMPLE_H
#define BATTEN_SIMPLE_H
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

#ifndef BATTEN_ABI_1
#define BATTEN_ABI_1

typedef enum batten_status {
  BATTEN_OK = 0,
  BATTEN_E_NULL = 1,      /* a required pointer is NULL */
  BATTEN_E_SIZE = 2,      /* a size is negative, zero for a bounded dim, above its bound, breaks a `where`, or overflows */
  BATTEN_E_WORKSPACE = 3, /* workspace_bytes is below NAME_FN_workspace(...) */
  BATTEN_E_ALIGN = 4,     /* a pointer misses its alignment (element size; 64 for workspace and program memory) */
  BATTEN_E_OVERLAP = 5,   /* an output or inout overlaps another argument, the workspace or the program */
  BATTEN_E_SHAPE = 6,     /* described call: wrong rank or extent */
  BATTEN_E_DTYPE = 7,     /* described call: wrong dtype */
  BATTEN_E_EMPTY = 8,     /* mean, max, min or var over a batch of 0 samples */
  BATTEN_E_INDEX = 9,     /* compiled with --check-ids: an index is out of range */
  BATTEN_E_MEMORY = 10,   /* bind: program memory too small */
  BATTEN_E_WEIGHTS = 11,  /* bind: a weight is missing or does not fit */
  BATTEN_E_CPU = 12,      /* bind: this CPU (or operating system) has none of the levels built in */
  BATTEN_E_DEVICE = 13,   /* no device, no driver, or a driver call failed; see the error text */
  BATTEN_E_DEVICE_LOST = 14, /* the device context is dead: unload and load again */
  BATTEN_E_ABI = 15       /* a struct's `size` or an ABI number is not one this library knows */
} batten_status;

/* What a call returns: 0, or a status and the position of the argument at fault (0 = the first). */
#ifdef __cplusplus
#define BATTEN_STATUS(result) (static_cast<batten_status>((result) & 0xff))
#else
#define BATTEN_STATUS(result) ((batten_status)((result) & 0xff))
#endif
#define BATTEN_ARGUMENT(result) ((result) >> 8)

/* Filled when a call is refused: one sentence that names the argument, what it was and what was wanted. */
typedef struct batten_error {
  int32_t result;
  char message[252];
} batten_error;

/* Services that the host lends to one call. All optional: NULL stands for a serial call on the CPU. */
typedef struct batten_call {
  uint32_t size; /* sizeof(batten_call), so that the struct can grow */
  int32_t threads; /* how many threads parallel_for uses, at least 1 */
  void (*parallel_for)(void *pool, int64_t count, void (*body)(void *context, int64_t begin, int64_t end),
                       void *context);
  void *pool;
  void *stream;        /* CUDA stream for the CUDA entries */
  batten_error *error;
  uint8_t *row_status; /* one byte a sample of the first batch dim: nonzero where its outputs hold NaN or infinity */
} batten_call;

typedef uint16_t batten_bf16; /* bit patterns */
typedef uint16_t batten_f16;
typedef uint8_t batten_bool; /* 0 or 1 */

#endif /* BATTEN_ABI_1 */

/* The program bound to its weights and to the CPU that it runs on. Read-only after the bind: any number of threads may
   call it at once, each with its own workspace. It lives in memory of the caller's and needs no release. */
typedef struct simple_program simple_program;

/* Row-major, dense. Read during the bind only (they are packed into the program's memory). */
typedef struct simple_weights {
  const float *weight; /* "fc.weight" f32[5, 10] */
  const float *bias;   /* "fc.bias" f32[5] */
} simple_weights;

#define SIMPLE_BYTES INT64_C(1024) /* enough for every CPU level built in: x86-64-v3 */

/* memory: 64-byte aligned. On success *program points into it. */
int simple_bind(void *memory, int64_t memory_bytes, const simple_weights *weights, const simple_program **program,
                batten_error *error);

/* pub fn forward(x: f32[B | 10]) -> f32[B | 5]; independent over B.
   x [B, 10], out [B, 5]. B >= 0. No allocation, no state; refused calls leave outputs untouched. */
int simple_forward(const simple_program *program, int64_t B, const float *x, float *out, void *workspace,
                   int64_t workspace_bytes, const batten_call *call);
/* Bytes for these sizes, 0 when none is needed; -1 when a size is out of range. */
int64_t simple_forward_workspace(int64_t B);

/* pub fn batch_mean(x: f32[B | 10]) -> f32[| 5]; mixes samples over B. BATTEN_E_EMPTY when B = 0.
   x [B, 10], out [5]. B >= 1. */
int simple_batch_mean(const simple_program *program, int64_t B, const float *x, float *out, void *workspace,
                      int64_t workspace_bytes, const batten_call *call);
int64_t simple_batch_mean_workspace(int64_t B);

/* pub fn batch_sum(x: f32[B | 10]) -> f32; mixes samples over B.
   x [B, 10]. B >= 0. */
int simple_batch_sum(const simple_program *program, int64_t B, const float *x, float *out, void *workspace,
                     int64_t workspace_bytes, const batten_call *call);
int64_t simple_batch_sum_workspace(int64_t B);

/* Names, dtypes, dims, formulas, levels, independence and provenance, as data; the manifest says the same in JSON. */
struct batten_description;
const struct batten_description *simple_describe(void);

#ifdef __cplusplus
}
#endif
#endif /* BATTEN_SIMPLE_H */
