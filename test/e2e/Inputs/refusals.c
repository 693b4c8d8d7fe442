/* refusals.c - a host that gives a compiled program each argument wrongly, by its header and by the runtime's described
 * call. Each is refused with its status, position and sentence, and no output is touched. C11 and C++17.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "refusals.h"
#include "runtime/batten.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNED __attribute__((aligned(64)))
enum { Rows = 6, Outputs = 1 << 10 };

static const float w[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, b[4] = {1, 2, 3, 4};
static char memory[2 * REFUSALS_BYTES] ALIGNED, workspace[1 << 14] ALIGNED, outputs[2 * Outputs] ALIGNED;
static float x[Rows * 4 + 1];
static batten_bool keep[4];
static int64_t at[4];
static const refusals_program *program;
static int faults, checks;

static const char untouched = 0x5a;

static void judge(const char *what, int result, batten_status status, int argument, const char *sentence,
                  const batten_error *error) {
  int written = 0;
  for (size_t i = 0; i < sizeof outputs; ++i)
    written |= outputs[i] != untouched;
  ++checks;
  if (!written && result == ((int)status | argument << 8) &&
      (!error || (error->result == result && !strcmp(error->message, sentence))))
    return;
  ++faults;
  printf("%s:\n  %d of argument %d%s: %s\n  %d of argument %d: %s\n", what, BATTEN_STATUS(result),
         BATTEN_ARGUMENT(result), written ? ", outputs WRITTEN" : "", error ? error->message : "", status, argument,
         sentence);
}

/* ---- The C function --------------------------------------------------------------------------------------------- */

struct step {
  const refusals_program *program;
  int64_t B, T;
  const float *x;
  const batten_bool *keep;
  const int64_t *at;
  float *out0;
  int64_t *out1;
  void *workspace;
  int64_t bytes;
  batten_call call;
};

static struct step good(batten_error *error) {
  struct step s;
  memset(&s, 0, sizeof s);
  memset(error, 0, sizeof *error);
  s.program = program;
  s.B = 3;
  s.T = 2;
  s.x = x;
  s.keep = keep;
  s.at = at;
  s.out0 = (float *)outputs;
  s.out1 = (int64_t *)(outputs + Outputs);
  s.workspace = workspace;
  s.bytes = refusals_step_workspace(3, 2);
  s.call.size = sizeof s.call;
  s.call.error = error;
  return s;
}

static int run(const struct step *s, const batten_call *call) {
  return refusals_step(s->program, s->B, s->T, s->x, s->keep, 2.0f, s->at, s->out0, s->out1, s->workspace, s->bytes,
                       call);
}

static void noThreads(void *pool, int64_t count, void (*body)(void *context, int64_t begin, int64_t end),
                      void *context) {
  (void)pool;
  body(context, 0, count);
}

/* One change to a call that is right: with a place for the sentence, and (where the call itself is right) without. */
#define REFUSED(change, status, argument, sentence)                                                                    \
  do {                                                                                                                 \
    batten_error error;                                                                                                \
    struct step s = good(&error);                                                                                      \
    change;                                                                                                            \
    judge(#change, run(&s, &s.call), status, argument, sentence, &error);                                              \
    if ((argument) != 11)                                                                                              \
      judge(#change ", without a call", run(&s, NULL), status, argument, sentence, NULL);                              \
  } while (0)

static void refuseSizes(void) {
  REFUSED(s.program = NULL, BATTEN_E_NULL, 0, "program: it is NULL");
  REFUSED(s.program = (const refusals_program *)(memory + 8), BATTEN_E_ALIGN, 0,
          "program: it must be aligned to 64 bytes");
  REFUSED(s.program = (const refusals_program *)workspace, BATTEN_E_ABI, 0,
          "program: it was not made by refusals_bind");
  REFUSED(s.B = -1, BATTEN_E_SIZE, 1, "x: B is -1, it must not be negative");
  REFUSED(s.B = INT64_MIN, BATTEN_E_SIZE, 1, "x: B is -9223372036854775808, it must not be negative");
  REFUSED(s.B = INT64_MAX, BATTEN_E_SIZE, 3, "x: it would have more than 2^63 - 1 bytes");
  REFUSED(s.B = INT64_C(1) << 58, BATTEN_E_SIZE, 3, "x: it would have more than 2^63 - 1 bytes");
  REFUSED(s.T = 0, BATTEN_E_SIZE, 2, "x: T is 0, it must be at least 1");
  REFUSED(s.T = -5, BATTEN_E_SIZE, 2, "x: T is -5, it must be at least 1");
  REFUSED(s.T = 9, BATTEN_E_SIZE, 2, "x: T is 9, it must be at most 8");
  REFUSED(s.T = 3, BATTEN_E_SIZE, 2, "x: T is 3, but it must hold that T != 3");
  REFUSED((s.B = -1, s.T = 9, s.x = NULL, s.bytes = 0), BATTEN_E_SIZE, 1, "x: B is -1, it must not be negative");
}

static void refusePointers(void) {
  REFUSED(s.x = NULL, BATTEN_E_NULL, 3, "x: it is NULL");
  REFUSED(s.keep = NULL, BATTEN_E_NULL, 4, "keep: it is NULL");
  REFUSED(s.at = NULL, BATTEN_E_NULL, 6, "at: it is NULL");
  REFUSED(s.out0 = NULL, BATTEN_E_NULL, 7, "out0: it is NULL");
  REFUSED(s.out1 = NULL, BATTEN_E_NULL, 8, "out1: it is NULL");
  REFUSED(s.x = (const float *)((const char *)x + 2), BATTEN_E_ALIGN, 3, "x: it must be aligned to 4 bytes");
  REFUSED(s.at = (const int64_t *)((const char *)at + 4), BATTEN_E_ALIGN, 6, "at: it must be aligned to 8 bytes");
  REFUSED(s.out0 = (float *)(outputs + 1), BATTEN_E_ALIGN, 7, "out0: it must be aligned to 4 bytes");
  REFUSED(s.out1 = (int64_t *)(outputs + Outputs + 4), BATTEN_E_ALIGN, 8, "out1: it must be aligned to 8 bytes");
  REFUSED(s.x = (const float *)outputs, BATTEN_E_OVERLAP, 7, "out0: it overlaps x");
  REFUSED(s.x = (const float *)(outputs + 23 * 4), BATTEN_E_OVERLAP, 7, "out0: it overlaps x");
  REFUSED(s.keep = (const batten_bool *)(outputs + 95), BATTEN_E_OVERLAP, 7, "out0: it overlaps keep");
  REFUSED(s.out1 = (int64_t *)(outputs + 88), BATTEN_E_OVERLAP, 8, "out1: it overlaps out0");
  REFUSED(s.at = s.out1, BATTEN_E_OVERLAP, 8, "out1: it overlaps at");
  REFUSED(s.out0 = (float *)(workspace + 64), BATTEN_E_OVERLAP, 7, "out0: it overlaps the workspace");
  REFUSED(s.x = (const float *)workspace, BATTEN_E_OVERLAP, 3, "x: it overlaps the workspace");
  REFUSED(s.out0 = (float *)(memory + 64), BATTEN_E_OVERLAP, 7, "out0: it overlaps the program");
  REFUSED(s.workspace = memory, BATTEN_E_OVERLAP, 9, "workspace: it overlaps the program");
}

static void refuseServices(void) {
  char needed[64], negative[64], lacking[64];
  const int64_t bytes = refusals_step_workspace(3, 2);
  snprintf(needed, sizeof needed, "workspace_bytes: %d given, %d needed", (int)bytes - 1, (int)bytes);
  snprintf(negative, sizeof negative, "workspace_bytes: -1 given, %d needed", (int)bytes);
  snprintf(lacking, sizeof lacking, "workspace: it is NULL, %d bytes are needed", (int)bytes);
  REFUSED(s.bytes -= 1, BATTEN_E_WORKSPACE, 10, needed);
  REFUSED(s.bytes = -1, BATTEN_E_WORKSPACE, 10, negative);
  REFUSED(s.workspace = NULL, BATTEN_E_NULL, 9, lacking);
  REFUSED(s.workspace = workspace + 32, BATTEN_E_ALIGN, 9, "workspace: it must be aligned to 64 bytes");
  REFUSED(s.call.size = 40, BATTEN_E_ABI, 11, "call: its size is 40, but a batten_call has 48 bytes");
  REFUSED(s.call.parallel_for = noThreads, BATTEN_E_SIZE, 11, "call: threads is 0, it must be at least 1");
  faults += refusals_step_workspace(-1, 2) != -1 || refusals_step_workspace(3, 3) != -1;
  faults += refusals_step_workspace(INT64_C(1) << 60, 8) != -1;
  batten_error error;
  struct step s = good(&error);
  judge("an empty batch", refusals_average(program, 0, x, s.out0, workspace, sizeof workspace, &s.call), BATTEN_E_EMPTY,
        1, "x: B is 0, but a mean, max, min or var over it needs at least one sample", &error);
}

/* What would have been updated in place is untouched. */
static void refuseUpdates(void) {
  float *c = (float *)outputs, *d = (float *)(outputs + 256), *out = (float *)(outputs + Outputs);
  batten_error error;
  batten_call call = batten_pool_call(NULL, &error);
#define UNPUT(B, c, d, x, out, status, argument, sentence)                                                             \
  judge(sentence, refusals_put(program, B, c, d, x, out, workspace, sizeof workspace, &call), status, argument, sentence, &error)
  UNPUT(-1, c, d, x, out, BATTEN_E_SIZE, 1, "c: B is -1, it must not be negative");
  UNPUT(3, NULL, d, x, out, BATTEN_E_NULL, 2, "c: it is NULL");
  UNPUT(3, c, (float *)(outputs + 257), x, out, BATTEN_E_ALIGN, 3, "d: it must be aligned to 4 bytes");
  UNPUT(3, c, c + 11, x, out, BATTEN_E_OVERLAP, 3, "d: it overlaps c");
  UNPUT(3, c, d, c, out, BATTEN_E_OVERLAP, 2, "c: it overlaps x");
  UNPUT(3, c, d, x, d + 11, BATTEN_E_OVERLAP, 5, "out: it overlaps d");
  UNPUT(3, c, (float *)workspace, x, out, BATTEN_E_OVERLAP, 3, "d: it overlaps the workspace");
  UNPUT(3, (float *)(memory + 64), d, x, out, BATTEN_E_OVERLAP, 2, "c: it overlaps the program");
}

/* ---- The bind --------------------------------------------------------------------------------------------------- */

static void refuseBinds(void) {
  static char other[REFUSALS_BYTES] ALIGNED;
  refusals_weights weights, none, odd, inside;
  weights.w = w;
  weights.b = b;
  none = odd = inside = weights;
  none.b = NULL;
  odd.w = (const float *)((const char *)w + 1);
  inside.b = (const float *)(other + 128);
  const refusals_program *made = program;
  batten_error error;
#define UNBOUND(memory, bytes, weights, made, status, argument, sentence)                                              \
  judge(sentence, refusals_bind(memory, bytes, weights, made, &error), status, argument, sentence, &error)
  UNBOUND(NULL, REFUSALS_BYTES, &weights, &made, BATTEN_E_NULL, 0, "memory: it is NULL");
  UNBOUND(other + 32, REFUSALS_BYTES, &weights, &made, BATTEN_E_ALIGN, 0, "memory: it must be aligned to 64 bytes");
  UNBOUND(other, -1, &weights, &made, BATTEN_E_MEMORY, 1, "memory_bytes: -1 given, 192 needed");
  UNBOUND(other, REFUSALS_BYTES - 1, &weights, &made, BATTEN_E_MEMORY, 1, "memory_bytes: 191 given, 192 needed");
  UNBOUND(other, REFUSALS_BYTES, NULL, &made, BATTEN_E_NULL, 2, "weights: it is NULL");
  UNBOUND(other, REFUSALS_BYTES, &none, &made, BATTEN_E_WEIGHTS, 2, "weights.b: it is NULL");
  UNBOUND(other, REFUSALS_BYTES, &odd, &made, BATTEN_E_ALIGN, 2, "weights.w: it is not aligned to its element size");
  UNBOUND(other, REFUSALS_BYTES, &inside, &made, BATTEN_E_OVERLAP, 2, "weights.b: it overlaps the program's memory");
  UNBOUND(other, REFUSALS_BYTES, &weights, NULL, BATTEN_E_NULL, 3, "program: it is NULL");
  for (size_t i = 0; i < sizeof other; ++i)
    faults += other[i] != 0;
  faults += made != program;
}

/* ---- The described call ------------------------------------------------------------------------------------------ */

static batten_program *described;

static batten_tensor tensor(batten_dtype dtype, int rank, int64_t first, int64_t second, int64_t third, void *data) {
  const int64_t sizes[3] = {first, second, third};
  batten_tensor made;
  if (batten_tensor_make(dtype, rank, sizes, data, &made, NULL))
    exit(2);
  return made;
}

static float scale = 2.0f;

static void goodTensors(batten_tensor *t) {
  t[0] = tensor(BATTEN_F32, 3, 3, 2, 4, x);
  t[1] = tensor(BATTEN_BOOL, 1, 3, 0, 0, keep);
  t[2] = tensor(BATTEN_F32, 0, 0, 0, 0, &scale);
  t[3] = tensor(BATTEN_I64, 1, 3, 0, 0, at);
  t[4] = tensor(BATTEN_F32, 3, 3, 2, 4, outputs);
  t[5] = tensor(BATTEN_I64, 1, 3, 0, 0, outputs + Outputs);
}

static void described_call(const char *what, const batten_tensor *t, int64_t count, int status, int argument,
                           const char *sentence) {
  batten_error error;
  memset(&error, 0, sizeof error);
  const batten_call call = batten_pool_call(NULL, &error);
  const int64_t entry = batten_program_find(described, "step");
  judge(what, batten_program_call(described, entry, NULL, t, count, NULL, &call), (batten_status)status, argument,
        sentence, &error);
  judge(what, batten_program_call(described, entry, NULL, t, count, NULL, NULL), (batten_status)status, argument,
        sentence, NULL);
}

#define MISDESCRIBED(change, status, argument, sentence)                                                               \
  do {                                                                                                                 \
    batten_tensor t[6];                                                                                                \
    goodTensors(t);                                                                                                    \
    change;                                                                                                            \
    described_call(#change, t, 6, status, argument, sentence);                                                         \
  } while (0)

static void refuseDescribed(void) {
  MISDESCRIBED(t[0].dtype = BATTEN_F64, BATTEN_E_DTYPE, 3,
               "refusals_step(): argument `x`: dtype is f64, it must be f32");
  MISDESCRIBED(t[1].dtype = BATTEN_U8, BATTEN_E_DTYPE, 4,
               "refusals_step(): argument `keep`: dtype is u8, it must be bool");
  MISDESCRIBED(t[5].dtype = BATTEN_I32, BATTEN_E_DTYPE, 8,
               "refusals_step(): argument `out1`: dtype is i32, it must be i64");
  MISDESCRIBED((t[0] = tensor(BATTEN_F32, 2, 6, 4, 0, x)), BATTEN_E_SHAPE, 3,
               "refusals_step(): argument `x`: rank is 2, it must be 3: f32[B, T | 4]");
  MISDESCRIBED((t[2] = tensor(BATTEN_F32, 1, 1, 0, 0, &scale)), BATTEN_E_SHAPE, 5,
               "refusals_step(): argument `scale`: rank is 1, it must be 0: f32[|]");
  MISDESCRIBED((t[0] = tensor(BATTEN_F32, 3, 3, 2, 3, x)), BATTEN_E_SHAPE, 3,
               "refusals_step(): argument `x`: dim 2 is 3, it must be 4");
  MISDESCRIBED((t[3] = tensor(BATTEN_I64, 1, 4, 0, 0, at)), BATTEN_E_SHAPE, 6,
               "refusals_step(): argument `at`: dim B is 4, but B was bound to 3 by argument `x`");
  MISDESCRIBED((t[4] = tensor(BATTEN_F32, 3, 3, 1, 4, outputs)), BATTEN_E_SHAPE, 7,
               "refusals_step(): argument `out0`: dim T is 1, but T was bound to 2 by argument `x`");
  MISDESCRIBED(t[0].sizes[0] = -3, BATTEN_E_SHAPE, 3,
               "refusals_step(): argument `x`: its rank is not 0 to 8, a size is negative, or its bytes do not fit into 63 bits");
  MISDESCRIBED(t[0].sizes[0] = INT64_C(1) << 60, BATTEN_E_SHAPE, 3,
               "refusals_step(): argument `x`: its rank is not 0 to 8, a size is negative, or its bytes do not fit into 63 bits");
  MISDESCRIBED(t[0].strides[0] = 16, BATTEN_E_SHAPE, 3,
               "refusals_step(): argument `x`: its elements must lie row-major without gaps");
  MISDESCRIBED(t[4].device = BATTEN_CUDA, BATTEN_E_UNSUPPORTED, 7,
               "refusals_step(): argument `out0`: it is on device 2, it must be on the CPU");
  /* What plain pointers show is refused by the entry itself, in its words. */
  MISDESCRIBED(t[1].data = NULL, BATTEN_E_NULL, 4, "keep: it is NULL");
  MISDESCRIBED(t[3].data = (char *)at + 4, BATTEN_E_ALIGN, 6, "at: it must be aligned to 8 bytes");
  MISDESCRIBED(t[0].data = outputs + 64, BATTEN_E_OVERLAP, 7, "out0: it overlaps x");
  MISDESCRIBED(t[5].data = outputs + 88, BATTEN_E_OVERLAP, 8, "out1: it overlaps out0");
  MISDESCRIBED((t[0] = tensor(BATTEN_F32, 3, 2, 3, 4, x), t[1].sizes[0] = t[3].sizes[0] = t[5].sizes[0] = 2,
                t[4] = tensor(BATTEN_F32, 3, 2, 3, 4, outputs)),
               BATTEN_E_SIZE, 2, "x: T is 3, but it must hold that T != 3");
  batten_tensor t[6];
  goodTensors(t);
  described_call("five tensors", t, 5, BATTEN_E_SHAPE, 0, "refusals_step() has 6 arguments, 5 were given");
}

static int bindAll(void) {
  refusals_weights weights;
  batten_tensor tensors[2];
  weights.w = w;
  weights.b = b;
  tensors[0] = tensor(BATTEN_F32, 2, 4, 4, 0, (void *)w);
  tensors[1] = tensor(BATTEN_F32, 1, 4, 0, 0, (void *)b);
  return refusals_bind(memory, REFUSALS_BYTES, &weights, &program, NULL) ||
         batten_program_from(refusals_describe(), &described, NULL) ||
         batten_program_bind(described, tensors, 2, NULL, NULL);
}

int main(void) {
  if (bindAll())
    return 2;
  memset(outputs, untouched, sizeof outputs);
  refuseSizes();
  refusePointers();
  refuseServices();
  refuseUpdates();
  refuseBinds();
  refuseDescribed();
  /* The call that all of them spoil is taken, by both ways. */
  batten_error error;
  batten_tensor t[6];
  struct step s = good(&error);
  goodTensors(t);
  faults += run(&s, &s.call) != 0 || at[0] + 1 != s.out1[0];
  faults += batten_program_call(described, batten_program_find(described, "step"), NULL, t, 6, NULL, NULL) != 0;
  batten_program_close(described);
  printf("%d refusals, %d faults\n", checks, faults);
  return faults != 0;
}
