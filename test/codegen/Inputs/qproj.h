/* qproj.h: made by batten 0.1.0 from qproj.btn, source hash 1f0c9a77. C99 and C++17; needs nothing but libc. */
#ifndef BATTEN_QPROJ_H
#define BATTEN_QPROJ_H
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

/* No weights of its own: bound only to the CPU. */
typedef struct qproj_program qproj_program;
#define QPROJ_BYTES INT64_C(64)
int qproj_bind(void *memory, int64_t memory_bytes, const qproj_program **program, batten_error *error);

/* pub fn q_proj(x: f32[B, T | 512], wq: f32[| 512, 64]) -> f32[B, T | 64]; independent over B, T.
   x [B, T, 512], wq [512, 64], out [B, T, 64]. B >= 0, T >= 0. No allocation, no state; refused calls leave outputs
   untouched. */
int qproj_q_proj(const qproj_program *program, int64_t B, int64_t T, const float *x, const float *wq, float *out,
                 void *workspace, int64_t workspace_bytes, const batten_call *call);
/* Bytes for these sizes, 0 when none is needed; -1 when a size is out of range. */
int64_t qproj_q_proj_workspace(int64_t B, int64_t T);
#define QPROJ_Q_PROJ_THREAD_BYTES INT64_C(24576) /* more workspace for each further thread */

/* Names, dtypes, dims, formulas, levels, independence and provenance, as data; the manifest says the same in JSON. */
struct batten_description;
const struct batten_description *qproj_describe(void);

#ifdef __cplusplus
}
#endif
#endif /* BATTEN_QPROJ_H */
