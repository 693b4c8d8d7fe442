/* batten.h - the runtime library: load a compiled program, give it weights, call it on tensors.
 *
 * A program that embeds one known model needs nothing of this: its own header is enough. This library is for what
 * meets programs that it has never seen (a command line, a binding, a server), and for their files.
 *
 * Conventions, for every function below:
 * - Names. batten_<noun>_<verb>. Results come last but for `error`, begin with `out_`, and are written on success
 *   only.
 * - Result. 0, or `status | argument << 8`: a batten_status, or one of this library's own from 64 on. BATTEN_CODE takes
 *   the status out of either kind. `argument`, set by what solves and calls entries, counts over the C argument list of
 *   the compiled function as its header shows it: 0 is the program, then the sizes, then the tensors. The number of a
 *   tensor is batten_argument.position in the description.
 * - Entries go by their number in the description; batten_program_find gives that of a name.
 * - Error. Optional; on a refusal it gets the result and one sentence that names what was found and what was wanted.
 *   A longer story (every weight that does not fit) goes through a batten_report.
 * - Ownership. What `_create`, `_open`, `_allocate` and `_load` return is the caller's, and goes back by `_destroy`,
 *   `_close` or `_release`, which take NULL too. Strings and tensors that are handed in are borrowed for the call;
 *   strings that are handed out live as long as the object that they were asked of.
 * - NULL in place of an object (of one whose making was refused, say) is refused with BATTEN_E_NULL; functions that
 *   cannot refuse answer 0, -1 or NULL.
 * - Threads. An object may be used by any number of threads at once where its functions take it by pointer to const;
 *   otherwise by one at a time. Nothing is global and nothing is thread-local.
 * - Never: abort, exit, print, throw, install a signal handler, or read a locale or an environment variable.
 *
 * Two files declare it all: this one, and abi.h beside it (statuses, dtypes, descriptions). C99 and C++17.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef BATTEN_RUNTIME_BATTEN_H
#define BATTEN_RUNTIME_BATTEN_H
#include "abi.h"
#ifdef __cplusplus
extern "C" {
#endif

#define BATTEN_API __attribute__((visibility("default")))

/* Statuses of this library, beside batten_status. */
enum {
  BATTEN_E_FILE = 64,          /* a file is missing, unreadable, unwritable, or changed while it was read */
  BATTEN_E_FORMAT = 65,        /* a file is malformed */
  BATTEN_E_UNSUPPORTED = 66,   /* a file, dtype or device is well-formed, but not one that this library takes */
  BATTEN_E_OUT_OF_MEMORY = 67, /* the host has no memory left */
  BATTEN_E_NAME = 68,          /* no program, entry or tensor has that name or number */
  BATTEN_E_UNBOUND = 69,       /* a call before the bind, or a second bind */
  BATTEN_E_BUSY = 70,          /* a workspace is in use by another call */
  BATTEN_E_SYSTEM = 71,        /* the operating system refused a thread or a library */
  BATTEN_E_FULL = 72,          /* a batcher has no place for another request: try again later, or elsewhere */
  BATTEN_E_CLOSED = 73         /* a batcher takes no more requests */
};

/* The status in a result, of either kind (the enum of BATTEN_STATUS ends at 15). */
#define BATTEN_CODE(result) ((result) & 0xff)

/* "BATTEN_E_SHAPE" for 6; "unknown status" for a number that no status has. */
BATTEN_API const char *batten_status_name(int status);

/* ---- Tensors ----------------------------------------------------------------------------------------------------- */

#define BATTEN_MAX_RANK 16

/* Devices, numbered as DLPack's DLDeviceType. */
enum { BATTEN_CPU = 1, BATTEN_CUDA = 2 };

/* A view of elements somewhere: plain data, no owner. `dtype` is DLPack's DLDataType as one word. Sizes and strides
 * count elements; entries from `rank` on are not looked at. Strides are always given (batten_tensor_make). */
typedef struct batten_tensor {
  void *data;
  int32_t device;    /* BATTEN_CPU */
  int32_t device_id; /* 0 on the CPU */
  batten_dtype dtype;
  int32_t rank;
  int64_t sizes[BATTEN_MAX_RANK];
  int64_t strides[BATTEN_MAX_RANK];
} batten_tensor;

/* "f32", "bool", "u16", "f8_e4m3fn"; "unknown" for a word that is no dtype of one lane. */
BATTEN_API const char *batten_dtype_name(batten_dtype dtype);

/* Describes dense row-major elements on the CPU at `data`, which may be NULL (sizes only, or no elements).
 * sizes: `rank` of them. BATTEN_E_SHAPE: rank outside 0..16, a negative size, or more than 2^63 - 1 bytes. */
BATTEN_API int batten_tensor_make(batten_dtype dtype, int32_t rank, const int64_t *sizes, void *data,
                                  batten_tensor *out_tensor, batten_error *error);

/* The product of the sizes (1 for rank 0), and the bytes of so many elements, a last half byte counted whole; -1 when
 * the rank or a size is out of range or the product does not fit. */
BATTEN_API int64_t batten_tensor_elements(const batten_tensor *tensor);
BATTEN_API int64_t batten_tensor_bytes(const batten_tensor *tensor);

/* 1 when the elements lie row-major without gaps. The stride of a dim of size 1 does not matter, and none does where a
 * size is 0. */
BATTEN_API int batten_tensor_is_dense(const batten_tensor *tensor);

/* Gives a tensor made with data NULL memory of its own: 64-byte aligned, not cleared. Release it with
 * batten_tensor_release, which also sets data to NULL. BATTEN_E_SHAPE, BATTEN_E_OUT_OF_MEMORY. */
BATTEN_API int batten_tensor_allocate(batten_tensor *tensor, batten_error *error);
BATTEN_API void batten_tensor_release(batten_tensor *tensor);

/* Writes from's elements into to's memory as to's dtype, equivalent to
 *   for (int64_t i = 0; i < elements; ++i) to[i] = (to's dtype)from[i];
 * Both dense, of the same shape, apart in memory. f32 to f16 or bf16 rounds to nearest, ties to even; f16 and bf16 to
 * f32 are exact; equal dtypes are copied. BATTEN_E_UNSUPPORTED for any other pair. */
BATTEN_API int batten_tensor_convert(const batten_tensor *from, const batten_tensor *to, batten_error *error);

/* ---- Buffers ----------------------------------------------------------------------------------------------------- */

/* Samples side by side in one block of memory: `count` of them in room for `capacity`, all of one dtype and shape. As a
 * tensor, a buffer is dense [count, sample sizes...]. Views and exported tensors share its memory, which lives until
 * the last of them is gone, on whatever thread that is; each handle is used by one thread at a time. Nothing but
 * batten_buffer_create and _reserve asks for memory of the size of samples. */
typedef struct batten_buffer batten_buffer;

/* Keeps the memory of destroyed buffers for the next ones. Used by any number of threads at once. */
typedef struct batten_buffer_pool batten_buffer_pool;

/* idle_bytes: how much unused memory it keeps at most; what comes back beyond that is freed. */
BATTEN_API int batten_buffer_pool_create(int64_t idle_bytes, batten_buffer_pool **out_pool, batten_error *error);
/* Frees what is unused. Buffers of the pool stay as they are; their memory is freed with the last of them. */
BATTEN_API void batten_buffer_pool_destroy(batten_buffer_pool *pool);
/* Bytes kept and unused at present. */
BATTEN_API int64_t batten_buffer_pool_idle_bytes(const batten_buffer_pool *pool);

/* An empty buffer in memory of its own, 64-byte aligned, not cleared. sample_sizes: `sample_rank` of them, the shape of
 * one sample. pool: NULL for memory from the host alone. BATTEN_E_SHAPE: a rank outside 0..15, a negative size or a
 * capacity that does not fit into 63 bits of bytes. BATTEN_E_UNSUPPORTED: a dtype of less than a byte or several lanes.
 */
BATTEN_API int batten_buffer_create(batten_dtype dtype, int32_t sample_rank, const int64_t *sample_sizes,
                                    int64_t capacity, batten_buffer_pool *pool, batten_buffer **out_buffer,
                                    batten_error *error);
/* A full buffer around memory of the caller's: a dense tensor on the CPU whose first dim counts the samples.
 * release(context, data) is called once, when nothing shares the memory any more; NULL: the caller sees to it.
 * Refused, it takes nothing over. BATTEN_E_SHAPE, BATTEN_E_ALIGN, BATTEN_E_UNSUPPORTED, BATTEN_E_NULL. */
BATTEN_API int batten_buffer_adopt(const batten_tensor *samples, void (*release)(void *context, void *data),
                                   void *context, batten_buffer **out_buffer, batten_error *error);
/* A view of the samples [begin, end): the same memory, no copy, and no room for more. What is written through one is
 * seen through the other. BATTEN_E_INDEX unless 0 <= begin <= end <= count. */
BATTEN_API int batten_buffer_slice(const batten_buffer *buffer, int64_t begin, int64_t end, batten_buffer **out_view,
                                   batten_error *error);
BATTEN_API void batten_buffer_destroy(batten_buffer *buffer);

BATTEN_API int64_t batten_buffer_count(const batten_buffer *buffer);
BATTEN_API int64_t batten_buffer_capacity(const batten_buffer *buffer);
/* [count, sample sizes...] to be handed to a call; borrowed, and good until the buffer grows or is destroyed. */
BATTEN_API batten_tensor batten_buffer_tensor(const batten_buffer *buffer);

/* Sets the count; samples that are new hold whatever the memory held. BATTEN_E_SIZE unless 0 <= count <= capacity. */
BATTEN_API int batten_buffer_resize(batten_buffer *buffer, int64_t count, batten_error *error);
/* Makes room for `capacity` samples in all, the present ones kept; less than there is changes nothing. BATTEN_E_BUSY
 * where views or exported tensors share the memory (a view never grows), BATTEN_E_SHAPE, BATTEN_E_OUT_OF_MEMORY. */
BATTEN_API int batten_buffer_reserve(batten_buffer *buffer, int64_t capacity, batten_error *error);
/* Copies samples behind the last one: one sample (a tensor of its shape) or n of them ([n, sample sizes...]), dense and
 * on the CPU. Never allocates: BATTEN_E_SIZE when they do not fit. BATTEN_E_DTYPE, BATTEN_E_SHAPE. */
BATTEN_API int batten_buffer_append(batten_buffer *buffer, const batten_tensor *samples, batten_error *error);
/* Replaces to's samples by copies of from's, equivalent to
 *   for (int64_t i = 0; i < count; ++i) to[i] = from[indices[i]];
 * All indices are looked at before anything is written. BATTEN_E_INDEX: one outside from's count. BATTEN_E_SIZE: above
 * to's capacity. BATTEN_E_OVERLAP: both in the same memory. BATTEN_E_DTYPE, BATTEN_E_SHAPE. */
BATTEN_API int batten_buffer_gather(const batten_buffer *from, const int64_t *indices, int64_t count, batten_buffer *to,
                                    batten_error *error);
/* Copies all of from's samples to places among to's, equivalent to
 *   for (int64_t i = 0; i < count; ++i) to[indices[i]] = from[i];
 * count: from's (BATTEN_E_SIZE). Of equal indices the last one stays. Else as batten_buffer_gather. */
BATTEN_API int batten_buffer_scatter(const batten_buffer *from, const int64_t *indices, int64_t count,
                                     batten_buffer *to, batten_error *error);

/* DLPack's DLManagedTensor, field for field: cast from and to that. */
typedef struct batten_dlpack {
  void *data;
  int32_t device, device_id;
  int32_t rank;
  batten_dtype dtype;
  int64_t *sizes;
  int64_t *strides; /* NULL: dense row-major */
  uint64_t byte_offset;
  void *manager;
  void (*deleter)(struct batten_dlpack *self); /* NULL: nothing to be done */
} batten_dlpack;

/* A full buffer around a tensor of another library; its first dim counts the samples. The deleter is called when
 * nothing shares the memory any more. Refused, it takes nothing over; refusals are those of batten_buffer_adopt. */
BATTEN_API int batten_buffer_import(batten_dlpack *tensor, batten_buffer **out_buffer, batten_error *error);
/* The samples as a tensor for another library, which calls its deleter, on any thread. It shares the memory. */
BATTEN_API int batten_buffer_export(const batten_buffer *buffer, batten_dlpack **out_tensor, batten_error *error);

/* ---- Files ------------------------------------------------------------------------------------------------------- */

/* A .safetensors file, its header read and checked. Files are untrusted: every length is checked against the file's
 * size before anything is allocated for it, and a file that breaks a rule is refused with the rule (BATTEN_E_FORMAT):
 * header at most 100,000,000 bytes, no duplicate name, tensors end to end without hole or overlap up to the file's end,
 * bytes equal to shape times dtype. Elements are read on demand. */
typedef struct batten_safetensors batten_safetensors;
BATTEN_API int batten_safetensors_open(const char *path, batten_safetensors **out_file, batten_error *error);
BATTEN_API void batten_safetensors_close(batten_safetensors *file);

/* Tensors are numbered in the order of their bytes in the file. */
BATTEN_API int64_t batten_safetensors_count(const batten_safetensors *file);
/* The number of the tensor of that name, or -1. */
BATTEN_API int64_t batten_safetensors_find(const batten_safetensors *file, const char *name);
/* NULL for a number out of range. UTF-8, as in the file: print it with care. */
BATTEN_API const char *batten_safetensors_name(const batten_safetensors *file, int64_t index);
/* dtype and shape, data NULL. BATTEN_E_NAME for a number out of range. */
BATTEN_API int batten_safetensors_shape(const batten_safetensors *file, int64_t index, batten_tensor *out_tensor,
                                        batten_error *error);
/* Reads the elements into memory that the caller has; `bytes` must be the tensor's own (BATTEN_E_SHAPE). */
BATTEN_API int batten_safetensors_read(const batten_safetensors *file, int64_t index, void *data, int64_t bytes,
                                       batten_error *error);
/* batten_safetensors_shape, batten_tensor_allocate and batten_safetensors_read in one. */
BATTEN_API int batten_safetensors_load(const batten_safetensors *file, int64_t index, batten_tensor *out_tensor,
                                       batten_error *error);
/* The entries of `__metadata__`: 1 and the strings, or 0 when there are not so many. */
BATTEN_API int batten_safetensors_metadata(const batten_safetensors *file, int64_t index, const char **out_key,
                                           const char **out_value);

/* A tensor to be written, under a name. */
typedef struct batten_named_tensor {
  const char *name;
  batten_tensor tensor;
} batten_named_tensor;

/* Writes dense CPU tensors in the order given; names must be distinct UTF-8 (BATTEN_E_FORMAT). An existing file is
 * replaced as a whole, at the end: on BATTEN_E_FILE it is as it was. */
BATTEN_API int batten_safetensors_save(const char *path, const batten_named_tensor *tensors, int64_t count,
                                       batten_error *error);

/* Reads a NumPy .npy file (versions 1.0, 2.0, 3.0) of f8 f4 f2 i8 i4 i1 u1 b1, little-endian, C order, into memory of
 * its own: batten_tensor_release it. The file's size must be exactly what its header says. BATTEN_E_FILE,
 * BATTEN_E_FORMAT, BATTEN_E_UNSUPPORTED (Fortran order, big-endian, objects, records, other dtypes). */
BATTEN_API int batten_npy_load(const char *path, batten_tensor *out_tensor, batten_error *error);

/* Writes a dense CPU tensor as .npy version 1.0, replacing an existing file as batten_safetensors_save does.
 * BATTEN_E_UNSUPPORTED for bf16, which NumPy has not: convert it to f32 or write .safetensors. */
BATTEN_API int batten_npy_save(const char *path, const batten_tensor *tensor, batten_error *error);

/* ---- Programs ---------------------------------------------------------------------------------------------------- */

/* A compiled program, and after the bind its weights and CPU level. Calls take it by pointer to const: any number of
 * threads at once, each with its own workspace. */
typedef struct batten_program batten_program;

/* Loads a shared library that `batten build` made and finds NAME_describe in it. name: NAME, or NULL for the name that
 * the file's own suggests (libqproj.so: qproj), and where that is none, for the only program inside.
 * An artifact is native code: load only what you would run. A path without '/' is a file in the current directory,
 * never searched for. BATTEN_E_FILE, BATTEN_E_NAME, BATTEN_E_SYSTEM, BATTEN_E_ABI. */
BATTEN_API int batten_program_open(const char *path, const char *name, batten_program **out_program,
                                   batten_error *error);
/* The same for a program that is linked in: batten_program_from(qproj_describe(), ...). */
BATTEN_API int batten_program_from(const batten_description *description, batten_program **out_program,
                                   batten_error *error);
/* Another program object of the same library, not bound: for other weights. The library stays until both are closed. */
BATTEN_API int batten_program_copy(const batten_program *program, batten_program **out_program, batten_error *error);
/* Unloads the library. No call may be under way; descriptions and names become invalid. */
BATTEN_API void batten_program_close(batten_program *program);

/* Names, dtypes, dims, formulas and levels as data. */
BATTEN_API const batten_description *batten_program_describe(const batten_program *program);
/* The number of the entry that has this name in the source or as C symbol; -1 when there is none. */
BATTEN_API int64_t batten_program_find(const batten_program *program, const char *entry);
/* The level that the bind chose ("x86-64-v4"); NULL before it. */
BATTEN_API const char *batten_program_level(const batten_program *program);

enum {
  BATTEN_WEIGHT_MISSING = 1, /* the file has no tensor of that name */
  BATTEN_WEIGHT_DTYPE = 2,   /* it has another dtype */
  BATTEN_WEIGHT_SHAPE = 3,   /* it has another shape */
  BATTEN_WEIGHT_UNUSED = 4   /* a warning: the file has a tensor that the program does not read */
};

/* One thing that is wrong (or, UNUSED, odd) about a set of weights. */
typedef struct batten_problem {
  int32_t kind;
  int64_t weight;      /* in batten_description.weights; -1 for UNUSED */
  const char *tensor;  /* the name looked for, or the unused one; printable */
  const char *message; /* "tensor `fc.weight` has shape [5, 10], the program says [10, 5]" */
  const char *help;    /* what may be done about it, nearest names; NULL when nothing is to be said */
} batten_problem;

/* Who hears of problems. The strings live for the call only. */
typedef struct batten_report {
  void (*problem)(void *context, const batten_problem *problem);
  void *context;
} batten_report;

/* Binds the program to tensors, one a weight in the order of the description: allocates the program's memory, chooses
 * the CPU level, packs. The tensors are not needed afterwards. A program without weights is bound with (NULL, 0). All
 * of them are looked at before anything is bound; `report` (or NULL) hears of each that does not fit, and the result is
 * then BATTEN_E_WEIGHTS. Bound once: BATTEN_E_UNBOUND says that it already is. BATTEN_E_CPU, BATTEN_E_OUT_OF_MEMORY. */
BATTEN_API int batten_program_bind(batten_program *program, const batten_tensor *weights, int64_t count,
                                   const batten_report *report, batten_error *error);
/* The same from a .safetensors file. Strict: every weight must be there with equal dtype and shape. Tensors that the
 * program does not read are reported as BATTEN_WEIGHT_UNUSED and are no error. Needs memory for the tensors that are
 * read, during the bind only; files and tensors may have any size. The program keeps packed copies: what becomes of the
 * file after the bind does not matter, and one that is written to, cut or extended during it is refused with
 * BATTEN_E_FILE. To exchange a file that may be in use, rename a new one over it. */
BATTEN_API int batten_program_bind_file(batten_program *program, const char *path, const batten_report *report,
                                        batten_error *error);
/* Only the check of batten_program_bind_file: reads the header, binds nothing. */
BATTEN_API int batten_program_check_file(const batten_program *program, const char *path, const batten_report *report,
                                         batten_error *error);

/* ---- Calls ------------------------------------------------------------------------------------------------------- */

/* In `sizes`: to be found from the tensors. */
#define BATTEN_UNKNOWN INT64_C(-1)

/* Finds the runtime dims of an entry. tensors: its first `count` arguments, at most argument_count. sizes: one a
 * symbol, in and out, BATTEN_UNKNOWN where it is to be found. Looks at rank, dtype, device, strides and extents, never
 * at data. BATTEN_E_SHAPE and BATTEN_E_DTYPE with the argument; BATTEN_E_SIZE when no tensor fixes a dim. */
BATTEN_API int batten_program_solve(const batten_program *program, int64_t entry, const batten_tensor *tensors,
                                    int64_t count, int64_t *sizes, batten_error *error);

/* dtype and dense shape of one argument at these sizes, data NULL: what to allocate for a result. */
BATTEN_API int batten_program_shape(const batten_program *program, int64_t entry, int64_t argument,
                                    const int64_t *sizes, batten_tensor *out_tensor, batten_error *error);

/* Memory that calls reuse: it grows to the largest call and is never shrunk. One call at a time (BATTEN_E_BUSY). */
typedef struct batten_workspace batten_workspace;
BATTEN_API int batten_workspace_create(batten_workspace **out_workspace, batten_error *error);
BATTEN_API void batten_workspace_destroy(batten_workspace *workspace);
/* Bytes held at present. */
BATTEN_API int64_t batten_workspace_bytes(const batten_workspace *workspace);

/* Calls an entry, equivalent to NAME_FN(program, sizes..., tensors..., workspace, bytes, call).
 * tensors: all arguments of the description, inputs first, then results: dense, on the CPU, of the entry's dtypes.
 * Sizes are found from them; `sizes` (or NULL) gives those that no tensor fixes, as in batten_program_solve, and is not
 * written. workspace: NULL allocates for this call. call: NULL is serial; call->error gets the sentence of a refusal.
 * A refused call has written no output. BATTEN_E_SHAPE, BATTEN_E_DTYPE, BATTEN_E_UNSUPPORTED (another device),
 * BATTEN_E_UNBOUND, BATTEN_E_BUSY, BATTEN_E_OUT_OF_MEMORY, and whatever the entry itself refuses. */
BATTEN_API int batten_program_call(const batten_program *program, int64_t entry, const int64_t *sizes,
                                   const batten_tensor *tensors, int64_t count, batten_workspace *workspace,
                                   const batten_call *call);

/* The same under a budget: cuts the samples of a batch dim into chunks, so that the workspace takes at most
 * `memory_bytes`, equivalent to
 *   for (int64_t b = 0; b < B; b += n) batten_program_call(... samples b to b + n of each tensor that has the dim ...);
 * The results have the bits of one call, whatever the budget and the threads. dim: its name, or NULL for the first dim
 * of the first result (or input, where no result has one); it must be the first dim of every tensor that has it. call:
 * threads take whole chunks, each in a workspace of its own within the budget; what fits into the budget is one call.
 * Arguments and sizes are looked at before anything runs. BATTEN_E_WORKSPACE: not even one sample fits.
 * BATTEN_E_UNSUPPORTED: the entry mixes samples of that dim, or the dim is not the first. BATTEN_E_NAME: it has none of
 * that name. Else as batten_program_call. */
BATTEN_API int batten_program_call_chunked(const batten_program *program, int64_t entry, const char *dim,
                                           int64_t memory_bytes, const int64_t *sizes, const batten_tensor *tensors,
                                           int64_t count, batten_workspace *workspace, const batten_call *call);

/* ---- Models ------------------------------------------------------------------------------------------------------ */

/* A bound program that can be exchanged while it is in use, by one with other weights or newer code. A call keeps the
 * program that it began with; calls that begin later get the new one; the old one is closed, with its weights, when the
 * last call on it ends, by the thread that made it. A call takes and gives back its program by one atomic addition
 * each; it never waits for an exchange. All functions but create and destroy may run at once on any number of threads.
 */
typedef struct batten_model batten_model;

/* Takes the program over: it must be bound (BATTEN_E_UNBOUND), and is closed with the model. */
BATTEN_API int batten_model_create(batten_program *program, batten_model **out_model, batten_error *error);
/* No call may be under way, and nothing that was acquired be left. */
BATTEN_API void batten_model_destroy(batten_model *model);

/* The current program, which stays as it is until it is released. Each is released once; NULL is fine. */
BATTEN_API const batten_program *batten_model_acquire(const batten_model *model);
BATTEN_API void batten_model_release(const batten_model *model, const batten_program *program);

/* Makes `next` the current program and takes it over, on success only. Its entries must be called as the present ones
 * are: same names, dims and dtypes in the same order (BATTEN_E_UNSUPPORTED). BATTEN_E_UNBOUND. BATTEN_E_BUSY: calls
 * still run on 63 older ones. */
BATTEN_API int batten_model_exchange(const batten_model *model, batten_program *next, batten_error *error);
/* The same with the present code and the weights of a file: batten_program_copy, _bind_file and batten_model_exchange
 * in one. Refused, everything stays as it was. */
BATTEN_API int batten_model_exchange_weights(const batten_model *model, const char *path, const batten_report *report,
                                             batten_error *error);

/* batten_program_call and batten_program_call_chunked on the current program. */
BATTEN_API int batten_model_call(const batten_model *model, int64_t entry, const int64_t *sizes,
                                 const batten_tensor *tensors, int64_t count, batten_workspace *workspace,
                                 const batten_call *call);
BATTEN_API int batten_model_call_chunked(const batten_model *model, int64_t entry, const char *dim,
                                         int64_t memory_bytes, const int64_t *sizes, const batten_tensor *tensors,
                                         int64_t count, batten_workspace *workspace, const batten_call *call);

/* ---- Threads ----------------------------------------------------------------------------------------------------- */

/* A fixed set of threads that share the work of one call at a time and sleep in between. */
typedef struct batten_pool batten_pool;

/* threads: how many work on a call, the caller's own counted: `threads - 1` are started. BATTEN_E_SIZE outside 1..1024,
 * BATTEN_E_SYSTEM when the system gives no thread. */
BATTEN_API int batten_pool_create(int32_t threads, batten_pool **out_pool, batten_error *error);
/* Stops and joins them. No call may be under way. */
BATTEN_API void batten_pool_destroy(batten_pool *pool);
BATTEN_API int32_t batten_pool_threads(const batten_pool *pool);

/* Calls body on disjoint ranges that together are [0, count), equivalent to
 *   body(context, 0, count);
 * cut into at most `threads` pieces of nearly equal size, and returns when all are done. Fits batten_call.parallel_for;
 * any number of threads may call it. One of them at a time gets the pool; the others, calls from within a body, and
 * calls in a forked child run `body(context, 0, count)` themselves. */
BATTEN_API void batten_pool_parallel_for(void *pool, int64_t count,
                                         void (*body)(void *context, int64_t begin, int64_t end), void *context);

/* A batten_call that lends the pool (NULL: a serial one). */
BATTEN_API batten_call batten_pool_call(batten_pool *pool, batten_error *error);

/* ---- Batchers ---------------------------------------------------------------------------------------------------- */

/* Makes one call of what many threads ask for one by one. Requests that agree in all but the samples (other sizes, and
 * the memory of tensors that do not have the batch dim) are run together, in the order in which they came; each gets
 * the bits that a call of its own would have given, and its own refusal. All functions but create and destroy may be
 * used by any number of threads at once, and none but create allocates, except that workers keep memory for the largest
 * batch.
 *
 * When a batch runs. While workers are busy, requests gather. A free worker runs what is there at once where that fills
 * a batch, or is as many requests as the batch before had: so one caller alone never waits for others, and callers that
 * come again and again are soon run together. Where it is fewer, it waits for more until none came for a 16th of
 * delay_us, and the oldest of them for delay_us at most. */
typedef struct batten_batcher batten_batcher;

typedef struct batten_batcher_options {
  uint32_t size;          /* sizeof(batten_batcher_options) */
  int32_t workers;        /* threads that run batches, each one at a time */
  int64_t batch_samples;  /* how many samples a batch has at most */
  int64_t delay_us;       /* how long a free worker lets a request wait for others at most; 0: not at all */
  int64_t queue_requests; /* how many requests wait or run at most; one more is refused with BATTEN_E_FULL */
  const char *dim;        /* the batch dim, or NULL, as in batten_program_call_chunked */
  batten_pool *pool;      /* for the work of one batch, or NULL: outlives the batcher */
} batten_batcher_options;

/* The model outlives the batcher; each batch runs on the program that is current when it begins. BATTEN_E_UNSUPPORTED
 * where the dim is one that batten_program_call_chunked would refuse, BATTEN_E_NAME, BATTEN_E_SIZE for a number out of
 * range, BATTEN_E_SYSTEM. */
BATTEN_API int batten_batcher_create(const batten_model *model, int64_t entry, const batten_batcher_options *options,
                                     batten_batcher **out_batcher, batten_error *error);
/* From now on requests are refused with BATTEN_E_CLOSED; those that are in run, without waiting for others. */
BATTEN_API void batten_batcher_close(batten_batcher *batcher);
/* Closes, and returns when every request is done and everybody who waited for one is gone. No other call may begin. */
BATTEN_API void batten_batcher_destroy(batten_batcher *batcher);

/* Hands in a request of at most batch_samples samples and waits for it, equivalent to
 *   batten_model_call(model, entry, NULL, tensors, count, ...);
 * BATTEN_E_FULL, BATTEN_E_CLOSED, or what that call would refuse. */
BATTEN_API int batten_batcher_call(batten_batcher *batcher, const batten_tensor *tensors, int64_t count,
                                   batten_error *error);
/* The same without waiting: on success done(context, error) is called once, by a worker, error->result being what the
 * call returned. What the tensors point to is the batcher's until then. `done` must be short and hand in no request by
 * batten_batcher_call. Refused at once, with `done` never called, for what is wrong with the tensors themselves. */
BATTEN_API int batten_batcher_submit(batten_batcher *batcher, const batten_tensor *tensors, int64_t count,
                                     void (*done)(void *context, const batten_error *error), void *context,
                                     batten_error *error);

typedef struct batten_batcher_counts {
  int64_t requests; /* taken so far */
  int64_t batches;  /* begun so far */
  int64_t waiting;  /* requests at present */
} batten_batcher_counts;
BATTEN_API batten_batcher_counts batten_batcher_count(const batten_batcher *batcher);

#ifdef __cplusplus
}
#endif
#endif /* BATTEN_RUNTIME_BATTEN_H */
