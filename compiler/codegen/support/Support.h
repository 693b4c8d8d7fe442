/* Support.h - what generated code asks of the fixed part of every artifact.
 *
 * That part is this folder, compiled when Batten itself is built, embedded in the compiler as an object and joined with
 * that of each program, where its functions become local. So an artifact needs no library, and the checks of the C
 * interface are written once, in C, rather than emitted once an entry: they walk the tables of the description, the
 * same data that NAME_describe() returns. The compiler reads this header too: it emits the calls and fills the structs
 * at these offsets.
 *
 * Freestanding C11: no libc beyond what the C compiler itself calls (memset and its like), no globals, no state.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef BATTEN_COMPILER_CODEGEN_SUPPORT_SUPPORT_H
#define BATTEN_COMPILER_CODEGEN_SUPPORT_SUPPORT_H
#include "runtime/abi.h"
#ifdef __cplusplus
extern "C" {
#endif

/* One launch of a kernel over [0, range). The sizes and the pointers that the kernel takes follow it in memory, one
 * word each; `kernel` is a generated function that unpacks them. */
typedef struct batten_launch {
  void (*kernel)(const struct batten_launch *launch, int64_t begin, int64_t end, void *scratch);
  int64_t range;
  int64_t work;  /* of all the range, in multiply-adds */
  void *scratch; /* of the first thread */
  void *further; /* scratches of the others, one after the other */
  int64_t scratch_bytes;
  int64_t slots; /* how many pieces; set by batten_support_launch */
} batten_launch;
BATTEN_STATIC_ASSERT(sizeof(batten_launch) == 56);

/* Refuses a call or returns 0. `extents` has room for one byte count an argument of the entry. */
int batten_support_check(const batten_description *description, const batten_entry *entry, const void *program,
                         const int64_t *sizes, void *const *tensors, void *workspace, int64_t workspace_bytes,
                         const batten_call *call, int64_t *extents);

/* Refuses a call or returns 0: every element of argument `argument`, an integer, is one of 0..rows-1. After
 * batten_support_check, which left `extents`. */
int batten_support_check_indices(const batten_entry *entry, int64_t argument, int64_t rows, const int64_t *sizes,
                                 void *const *tensors, const batten_call *call, const int64_t *extents);

/* Bytes of workspace for one thread, -1 when a size is out of range. */
int64_t batten_support_workspace(const batten_entry *entry, const int64_t *sizes);

/* Runs the launch, on the call's threads where there are some and the `room` bytes at `further` hold a scratch for each
 * but the first. */
void batten_support_launch(batten_launch *launch, const batten_call *call, int64_t room);

/* Fills call->row_status, where given, from the outputs; `extents` as batten_support_check left them. */
void batten_support_row_status(const batten_entry *entry, const int64_t *sizes, void *const *tensors,
                               const batten_call *call, const int64_t *extents);

/* Refuses a bind or returns 0 and the position of the CPU level to use. */
int batten_support_check_bind(const batten_description *description, void *memory, int64_t memory_bytes,
                              const void *const *weights, const void **program, batten_error *error, uint32_t *level);

/* Gives the pages of the weights that are built in back to their file, now that the bind has packed them: `bytes` of
 * them, BATTEN_TRIED_BYTES of BATTEN_TRIED_BYTE behind, two pages so that one is whole wherever they lie. A later bind
 * reads them from the file again. */
enum { BATTEN_TRIED_BYTES = 2 * 4096, BATTEN_TRIED_BYTE = 0xb7 };
void batten_support_release_weights(const void *weights, int64_t bytes);

/* Makes `memory`, filled by the bind plan, a program. */
void batten_support_finish_bind(const batten_description *description, void *memory, uint32_t level,
                                const void **program);

#ifdef __cplusplus
}
#endif
#endif /* BATTEN_COMPILER_CODEGEN_SUPPORT_SUPPORT_H */
