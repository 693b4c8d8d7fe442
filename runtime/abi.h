/* abi.h - what a compiled program says about itself (layer L1 of the C interface).
 *
 * `NAME_describe()` returns a batten_description: plain read-only data, so that a runtime, a command line or a binding
 * in any language can bind and call a program that it has never seen. The compiler writes these tables, the artifact's
 * own argument checks walk the same ones, and the manifest is the same content as JSON.
 *
 * The block between BATTEN_ABI_1 and its #endif stands, literally, in every generated header: the compiler copies it
 * from this file. C99 and C++17; needs nothing but <stdint.h>.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef BATTEN_ABI_H
#define BATTEN_ABI_H
#include <stddef.h>
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

/* The version of everything below. A reader refuses a description whose `abi` is another one. */
#define BATTEN_ABI 2u

/* Element types, numbered as DLPack's DLDataType read as one little-endian word: code | bits << 8 | lanes << 16. */
typedef uint32_t batten_dtype;
#define BATTEN_DTYPE(code, bits) (UINT32_C(0x10000) | UINT32_C(0x100) * (bits) | (code))
#define BATTEN_I8 BATTEN_DTYPE(0, 8)
#define BATTEN_I32 BATTEN_DTYPE(0, 32)
#define BATTEN_I64 BATTEN_DTYPE(0, 64)
#define BATTEN_U8 BATTEN_DTYPE(1, 8)
#define BATTEN_F16 BATTEN_DTYPE(2, 16)
#define BATTEN_F32 BATTEN_DTYPE(2, 32)
#define BATTEN_F64 BATTEN_DTYPE(2, 64)
#define BATTEN_BF16 BATTEN_DTYPE(4, 16)
#define BATTEN_BOOL BATTEN_DTYPE(6, 8)
#define BATTEN_DTYPE_BYTES(dtype) (INT64_C(1) * ((dtype) >> 8 & 0xff) / 8)

/* A formula in the sizes of a call: text for people, postfix code for programs. A code word is an operation; CONSTANT
 * and SIZE take the next word, the constant itself or the position of the size in batten_entry.symbols. */
typedef enum batten_operation {
  BATTEN_CONSTANT = 0,
  BATTEN_SIZE = 1,
  BATTEN_ADD = 2,
  BATTEN_SUB = 3,
  BATTEN_MUL = 4,
  BATTEN_DIV = 5,  /* towards minus infinity */
  BATTEN_MOD = 6,  /* what BATTEN_DIV leaves: 0 <= a % b < b */
  BATTEN_MAX = 7
} batten_operation;

/* No formula needs a deeper stack; the compiler sees to it. */
#define BATTEN_FORMULA_DEPTH 32

typedef struct batten_formula {
  const char *text; /* "256*B*T" */
  const int64_t *code;
  int64_t length; /* words of code */
} batten_formula;

/* A runtime dim: one int64_t of the call. */
typedef struct batten_symbol {
  const char *name;
  int64_t bound;     /* 1 <= size <= bound; 0 stands for unbounded: 0 <= size */
  int32_t position;  /* in the C argument list */
  int32_t non_empty; /* 1: size 0 is refused with BATTEN_E_EMPTY */
} batten_symbol;

typedef enum batten_relation {
  BATTEN_EQ = 0,
  BATTEN_NE = 1,
  BATTEN_LT = 2,
  BATTEN_LE = 3,
  BATTEN_GT = 4,
  BATTEN_GE = 5
} batten_relation;

/* A `where` that is left to the call. */
typedef struct batten_guard {
  const char *text; /* "D == H*Dh" */
  batten_formula lhs, rhs;
  int32_t relation; /* batten_relation */
  int32_t symbol;   /* the last size that it names: checked right after that one */
} batten_guard;

typedef enum batten_kind { BATTEN_INPUT = 0, BATTEN_RESULT = 1, BATTEN_INOUT = 2 } batten_kind;

/* A tensor of a call, dense row-major, batch dims first. */
typedef struct batten_argument {
  const char *name; /* as in the source; results: out, or out0, out1, ... */
  int32_t kind;     /* batten_kind */
  batten_dtype dtype;
  int32_t batch_rank; /* how many of `dims` stand left of the bar */
  int32_t rank;       /* all dims */
  const batten_formula *dims;
  int32_t position; /* in the C argument list */
  int32_t by_value; /* 1: the C function takes a plain scalar; the uniform call takes a pointer even so */
} batten_argument;

/* Every tensor comes by pointer here, in the order of `arguments`; refusals carry the positions of the C function. */
typedef int (*batten_entry_call)(const void *program, const int64_t *sizes, void *const *tensors, void *workspace,
                                 int64_t workspace_bytes, const batten_call *call);

/* Code for one size of one dim, beside that for all sizes. */
typedef struct batten_version {
  int32_t symbol;  /* position in batten_entry.symbols */
  int32_t kernels; /* a CPU level that nothing else uses: what it adds to the code */
  int64_t size;    /* of the dim in the calls that it serves */
} batten_version;

/* The operations of one layer of the source, or of several alike: "blocks.0..11". */
typedef struct batten_layer {
  const char *name;
  const char *type;        /* of what it ends in: "f32[B, T | 768]" */
  int64_t parameters;      /* elements of the weights that no layer before it reads */
  int64_t parameter_bytes;
  batten_formula flops;    /* of a call, as batten_entry.flops; -1 where it is not known */
  batten_formula bytes;
  int64_t tied;            /* 1: layers before it read all of its weights */
} batten_layer;

/* What to draw the elements of an argument from that numbers something (rows of a table, classes, positions, keys), for
 * examples and measurements. It is no condition of a call: a length may be 0, a position beyond this, and an argument
 * may hold other numbers beside those. One argument may have several: what lies in all of them. */
typedef struct batten_id_range {
  int64_t argument;   /* position in batten_entry.arguments */
  int64_t least;      /* draw at least this */
  batten_formula end; /* and below this */
} batten_id_range;

/* One `pub fn`. */
typedef struct batten_entry {
  const char *name;      /* in the source */
  const char *c_symbol;  /* NAME_FN */
  const char *signature; /* the source's own line */
  batten_entry_call call;
  int64_t (*workspace)(const int64_t *sizes); /* bytes; -1 when a size is out of range */
  const batten_symbol *symbols;
  int64_t symbol_count;
  const batten_argument *arguments;
  int64_t argument_count;
  const batten_guard *guards;
  int64_t guard_count;
  const batten_formula *limits; /* further amounts that must fit into 64 bits: the extents of the loops */
  int64_t limit_count;
  batten_formula workspace_bytes; /* for one thread; each further one needs at most thread_bytes more */
  batten_formula scratch_bytes;   /* what one thread takes of that at these sizes */
  int64_t thread_bytes;           /* scratch_bytes at the largest sizes */
  const char *const *independent; /* names of the dims whose samples do not see each other */
  int64_t independent_count;
  const char *const *mixes; /* where samples do mix, one line each: "B: `mean` over batch B at m.btn:3:45" */
  int64_t mixes_count;
  /* Operations of a call as they are written: a multiply-add is two, all others are one. What depends on weights alone
   * is not among them: the bind computes it. */
  batten_formula flops;
  batten_formula bytes; /* what they read and write before fusion; both are -1 where they are not known */
  const batten_version *versions; /* a call is served by the first that has its size */
  int64_t version_count;
  const batten_layer *layers; /* in the order of the source, those alike at the first; together they cost `flops` */
  int64_t layer_count;
  const batten_id_range *id_ranges;
  int64_t id_range_count;
} batten_entry;

/* A tensor read by the bind: row-major, dense, of static shape. */
typedef struct batten_weight {
  const char *path;  /* in the source: blocks.3.mlp.up; the C field is the same with '_' for '.' */
  const char *from;  /* its name in a safetensors file */
  const char *field; /* of NAME_weights */
  batten_dtype dtype;
  int32_t rank;
  const int64_t *shape;
  const char *const *used_by; /* names of entries */
  int64_t used_by_count;
} batten_weight;

/* A bit that a CPU must show. `leaf` 0xffffffff stands for XCR0, what the operating system saves (xgetbv); 0xfffffffe for
 * bit 0 of eax, which is set where the operating system lets this process use AMX tiles once it is asked. */
typedef struct batten_cpuid {
  uint32_t leaf, subleaf;
  uint32_t reg; /* 0 eax, 1 ebx, 2 ecx, 3 edx */
  uint32_t mask;
} batten_cpuid;
#define BATTEN_CPUID_XCR0 UINT32_C(0xffffffff)
#define BATTEN_CPUID_TILES UINT32_C(0xfffffffe)

typedef struct batten_level {
  const char *name; /* x86-64-v3, znver5, ... */
  const batten_cpuid *required;
  int64_t required_count;
} batten_level;

typedef struct batten_description {
  uint32_t abi;  /* BATTEN_ABI */
  uint32_t size; /* sizeof(batten_description) */
  uint64_t magic;          /* the first word of a bound program: another program's object is refused */
  const char *name;        /* NAME: every symbol begins with it */
  const char *source;      /* the file's name as it was given */
  const char *source_hash; /* of the file and what it imports */
  const char *compiler;    /* "batten 0.1.0" */
  const char *flags;       /* what else decides the bytes of the artifact */
  const char *numerics;    /* equal ids promise equal bits */
  int64_t program_bytes;   /* NAME_BYTES */
  /* NAME_bind with one pointer a weight, in the order of `weights`; NULL when there are none. */
  int (*bind)(void *memory, int64_t memory_bytes, const void *const *weights, const void **program,
              batten_error *error);
  const batten_entry *entries;
  int64_t entry_count;
  const batten_weight *weights;
  int64_t weight_count;
  const batten_level *levels; /* best first */
  int64_t level_count;
  const char *placed_weights; /* "w.safetensors:embed": the weights are built in, from that file; else NULL */
  const int64_t *code_bytes;  /* of the kernels of each level */
} batten_description;

/* What bind writes at the start of the program's memory. */
typedef struct batten_program_header {
  uint64_t magic; /* batten_description.magic */
  uint32_t abi;   /* BATTEN_ABI */
  uint32_t level; /* position in batten_description.levels */
  uint8_t reserved[48];
} batten_program_header;

#if defined(__cplusplus)
#define BATTEN_STATIC_ASSERT(condition) static_assert(condition, #condition)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define BATTEN_STATIC_ASSERT(condition) _Static_assert(condition, #condition)
#else
#define BATTEN_STATIC_ASSERT(condition) struct batten_static_assert
#endif
/* The compiler lays these out by hand in the object; a difference must stop the build. */
BATTEN_STATIC_ASSERT(sizeof(void *) == 8);
BATTEN_STATIC_ASSERT(sizeof(batten_error) == 256);
BATTEN_STATIC_ASSERT(sizeof(batten_call) == 48);
BATTEN_STATIC_ASSERT(sizeof(batten_formula) == 24);
BATTEN_STATIC_ASSERT(sizeof(batten_symbol) == 24);
BATTEN_STATIC_ASSERT(sizeof(batten_guard) == 64);
BATTEN_STATIC_ASSERT(sizeof(batten_argument) == 40);
BATTEN_STATIC_ASSERT(sizeof(batten_version) == 16);
BATTEN_STATIC_ASSERT(sizeof(batten_layer) == 88);
BATTEN_STATIC_ASSERT(sizeof(batten_id_range) == 40);
BATTEN_STATIC_ASSERT(sizeof(batten_entry) == 288);
BATTEN_STATIC_ASSERT(sizeof(batten_weight) == 56);
BATTEN_STATIC_ASSERT(sizeof(batten_cpuid) == 16);
BATTEN_STATIC_ASSERT(sizeof(batten_level) == 24);
BATTEN_STATIC_ASSERT(sizeof(batten_description) == 144);
BATTEN_STATIC_ASSERT(sizeof(batten_program_header) == 64);

/* One step of a formula on its two operands; 0 when the result does not fit into 64 bits. */
static inline int batten_formula_step(int64_t operation, int64_t a, int64_t b, int64_t *value) {
  switch (operation) {
  case BATTEN_ADD:
    return !__builtin_add_overflow(a, b, value);
  case BATTEN_SUB:
    return !__builtin_sub_overflow(a, b, value);
  case BATTEN_MUL:
    return !__builtin_mul_overflow(a, b, value);
  case BATTEN_DIV:
  case BATTEN_MOD:
    if (b <= 0)
      return 0;
    *value = operation == BATTEN_DIV ? a / b - (a % b < 0) : a % b + (a % b < 0 ? b : 0);
    return 1;
  case BATTEN_MAX:
    *value = a > b ? a : b;
    return 1;
  default:
    return 0;
  }
}

/* Evaluates a formula at `sizes`; returns 1, or 0 when something on the way does not fit into 64 bits. */
static inline int batten_formula_evaluate(const batten_formula *formula, const int64_t *sizes, int64_t *value) {
  int64_t stack[BATTEN_FORMULA_DEPTH];
  int64_t top = 0, at = 0;
  while (at < formula->length) {
    const int64_t operation = formula->code[at++];
    if (operation == BATTEN_CONSTANT || operation == BATTEN_SIZE) {
      const int64_t word = formula->code[at++];
      stack[top++] = operation == BATTEN_SIZE ? sizes[word] : word;
    } else {
      --top;
      if (!batten_formula_step(operation, stack[top - 1], stack[top], &stack[top - 1]))
        return 0;
    }
  }
  *value = stack[0];
  return 1;
}

#ifdef __cplusplus
}
#endif
#endif /* BATTEN_ABI_H */
