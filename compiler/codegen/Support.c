/* Support.c - the fixed part of every artifact.
 *
 * Compiled to LLVM bitcode when Batten itself is built, embedded in the compiler and linked into the module of each
 * program, where its functions become private and the unused ones vanish. So an artifact needs no library, and the
 * checks of the C interface are written once, in C, rather than emitted once an entry: they walk the tables of the
 * description, the same data that NAME_describe() returns.
 *
 * Freestanding C11: no libc beyond what the compiler itself calls (memset and its like), no globals, no state.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "compiler/codegen/Support.h"
#include <cpuid.h>

enum { Alignment = 64 };

/* What runs at a refusal or at a bind only: kept out of the way of the calls, and small. It is compiled again for every
 * program, so its size is compile time too. */
#define COLD __attribute__((cold, noinline, minsize))

/* --- The sentence of an error ------------------------------------------------------------------------------------ */

typedef struct Sentence {
  batten_error *error; /* NULL: nobody asked */
  int32_t used;
} Sentence;

COLD static void addText(Sentence *s, const char *text) {
  if (!s->error)
    return;
  const int32_t room = (int32_t)sizeof(s->error->message) - 1;
  while (*text && s->used < room)
    s->error->message[s->used++] = *text++;
  s->error->message[s->used] = 0;
}

COLD static void addNumber(Sentence *s, int64_t number) {
  char digits[24];
  int at = (int)sizeof(digits);
  uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
  digits[--at] = 0;
  do
    digits[--at] = (char)('0' + rest % 10);
  while (rest /= 10);
  if (number < 0)
    digits[--at] = '-';
  addText(s, digits + at);
}

COLD static Sentence begin(batten_error *error, const char *name, const char *text) {
  Sentence s = {error, 0};
  addText(&s, name);
  addText(&s, text);
  return s;
}

COLD static int refuse(const Sentence *s, batten_status status, int32_t position) {
  const int result = (int)status + (position << 8);
  if (s->error)
    s->error->result = result;
  return result;
}

/* The usual sentence: "name: text". */
COLD static int refuseWith(batten_error *error, const char *name, const char *text, batten_status status,
                           int32_t position) {
  const Sentence s = begin(error, name, text);
  return refuse(&s, status, position);
}

/* A caller built against a shorter batten_call has no error field to write. */
static batten_error *errorOf(const batten_call *call) {
  return call && call->size >= offsetof(batten_call, error) + sizeof(call->error) ? call->error : NULL;
}

/* --- Addresses --------------------------------------------------------------------------------------------------- */

static int misaligned(const void *pointer, int64_t alignment) {
  return ((uintptr_t)pointer & (uintptr_t)(alignment - 1)) != 0;
}

/* By differences, so that no end address is formed: it might wrap. */
static int overlaps(const void *a, int64_t aBytes, const void *b, int64_t bBytes) {
  const uintptr_t x = (uintptr_t)a, y = (uintptr_t)b;
  if (aBytes <= 0 || bBytes <= 0)
    return 0;
  return x <= y ? y - x < (uintptr_t)aBytes : x - y < (uintptr_t)bBytes;
}

/* --- Sizes ------------------------------------------------------------------------------------------------------- */

COLD static int names(const batten_formula *formula, int64_t symbol) {
  for (int64_t i = 0; i < formula->length; ++i) {
    const int64_t operation = formula->code[i];
    if (operation != BATTEN_CONSTANT && operation != BATTEN_SIZE)
      continue;
    if (formula->code[++i] == symbol && operation == BATTEN_SIZE)
      return 1;
  }
  return 0;
}

/* A size has no name of its own for the user: it is a dim of the first tensor that shows it. */
COLD static Sentence beginSize(batten_error *error, const batten_entry *entry, int64_t symbol, int64_t size) {
  Sentence s = {error, 0};
  for (int64_t i = 0; i < entry->argument_count && !s.used; ++i)
    for (int32_t d = 0; d < entry->arguments[i].rank && !s.used; ++d)
      if (names(&entry->arguments[i].dims[d], symbol)) {
        addText(&s, entry->arguments[i].name);
        addText(&s, ": ");
      }
  addText(&s, entry->symbols[symbol].name);
  addText(&s, " is ");
  addNumber(&s, size);
  return s;
}

static int holds(const batten_guard *guard, const int64_t *sizes) {
  int64_t lhs, rhs;
  if (!batten_formula_evaluate(&guard->lhs, sizes, &lhs) || !batten_formula_evaluate(&guard->rhs, sizes, &rhs))
    return 0;
  switch (guard->relation) {
  case BATTEN_EQ:
    return lhs == rhs;
  case BATTEN_NE:
    return lhs != rhs;
  case BATTEN_LT:
    return lhs < rhs;
  case BATTEN_LE:
    return lhs <= rhs;
  case BATTEN_GT:
    return lhs > rhs;
  default:
    return lhs >= rhs;
  }
}

COLD static int refuseRange(const batten_entry *entry, int64_t index, int64_t size, batten_error *error) {
  const batten_symbol *symbol = &entry->symbols[index];
  const int64_t least = symbol->bound ? 1 : 0;
  Sentence s = beginSize(error, entry, index, size);
  if (size >= least && size == 0) {
    addText(&s, ", but a mean, max, min or var over it needs at least one sample");
    return refuse(&s, BATTEN_E_EMPTY, symbol->position);
  }
  if (size < 0 && !symbol->bound) {
    addText(&s, ", it must not be negative");
  } else {
    addText(&s, size < least ? ", it must be at least " : ", it must be at most ");
    addNumber(&s, size < least ? least : symbol->bound);
  }
  return refuse(&s, BATTEN_E_SIZE, symbol->position);
}

COLD static int refuseGuard(const batten_entry *entry, const batten_guard *guard, const int64_t *sizes,
                            batten_error *error) {
  Sentence s = beginSize(error, entry, guard->symbol, sizes[guard->symbol]);
  addText(&s, ", but it must hold that ");
  addText(&s, guard->text);
  return refuse(&s, BATTEN_E_SIZE, entry->symbols[guard->symbol].position);
}

static int checkSizes(const batten_entry *entry, const int64_t *sizes, batten_error *error) {
  for (int64_t i = 0; i < entry->symbol_count; ++i) {
    const batten_symbol *symbol = &entry->symbols[i];
    const int64_t least = symbol->bound || symbol->non_empty ? 1 : 0;
    if (sizes[i] < least || (symbol->bound && sizes[i] > symbol->bound))
      return refuseRange(entry, i, sizes[i], error);
    for (int64_t g = 0; g < entry->guard_count; ++g)
      if (entry->guards[g].symbol == i && !holds(&entry->guards[g], sizes))
        return refuseGuard(entry, &entry->guards[g], sizes, error);
  }
  return 0;
}

/* --- Tensors ----------------------------------------------------------------------------------------------------- */

/* Bytes of a tensor, -1 where they do not fit into 64 bits. A zero anywhere makes it empty, whatever else is huge. */
static int64_t bytesOf(const batten_argument *argument, const int64_t *sizes) {
  int64_t bytes = BATTEN_DTYPE_BYTES(argument->dtype), fits = 1, empty = 0;
  for (int32_t d = 0; d < argument->rank; ++d) {
    int64_t extent;
    if (!batten_formula_evaluate(&argument->dims[d], sizes, &extent))
      fits = 0;
    else if (extent <= 0)
      empty = 1;
    else if (__builtin_mul_overflow(bytes, extent, &bytes))
      fits = 0;
  }
  return empty ? 0 : fits ? bytes : -1;
}

COLD static int refuseAlignment(const batten_argument *argument, int64_t bytes, batten_error *error) {
  Sentence s = begin(error, argument->name, ": it must be aligned to ");
  addNumber(&s, bytes);
  addText(&s, " bytes");
  return refuse(&s, BATTEN_E_ALIGN, argument->position);
}

static int checkTensors(const batten_entry *entry, const int64_t *sizes, void *const *tensors, batten_error *error,
                        int64_t *extents) {
  for (int64_t i = 0; i < entry->argument_count; ++i) {
    const batten_argument *argument = &entry->arguments[i];
    const int64_t elementBytes = BATTEN_DTYPE_BYTES(argument->dtype);
    extents[i] = bytesOf(argument, sizes);
    if (extents[i] < 0)
      return refuseWith(error, argument->name, ": it would have more than 2^63 - 1 bytes", BATTEN_E_SIZE,
                        argument->position);
    if (!tensors[i] && extents[i])
      return refuseWith(error, argument->name, ": it is NULL", BATTEN_E_NULL, argument->position);
    if (misaligned(tensors[i], elementBytes))
      return refuseAlignment(argument, elementBytes, error);
  }
  return 0;
}

COLD static int refuseOverlap(const batten_argument *argument, const char *other, batten_error *error) {
  Sentence s = begin(error, argument->name, ": it overlaps ");
  addText(&s, other);
  return refuse(&s, BATTEN_E_OVERLAP, argument->position);
}

/* What is written may meet nothing else. That goes for the workspace too, so an input inside it is at fault as well. */
static int checkOverlap(const batten_entry *entry, const batten_description *description, const void *program,
                        void *const *tensors, const void *workspace, int64_t workspaceBytes, batten_error *error,
                        const int64_t *extents) {
  for (int64_t i = 0; i < entry->argument_count; ++i) {
    const batten_argument *argument = &entry->arguments[i];
    if (workspace && overlaps(tensors[i], extents[i], workspace, workspaceBytes))
      return refuseOverlap(argument, "the workspace", error);
    if (argument->kind == BATTEN_INPUT)
      continue;
    if (overlaps(tensors[i], extents[i], program, description->program_bytes))
      return refuseOverlap(argument, "the program", error);
    for (int64_t j = 0; j < entry->argument_count; ++j)
      /* Two outputs: said once, of the later one. */
      if ((j < i || entry->arguments[j].kind == BATTEN_INPUT) &&
          overlaps(tensors[i], extents[i], tensors[j], extents[j]))
        return refuseOverlap(argument, entry->arguments[j].name, error);
  }
  return 0;
}

/* --- Workspace and call ------------------------------------------------------------------------------------------ */

/* Left to right: the pointer, then the bytes. */
COLD static int refuseWorkspace(const void *workspace, int64_t bytes, int64_t needed, batten_error *error,
                                int32_t position) {
  if (needed > 0 && !workspace) {
    Sentence s = begin(error, "workspace", ": it is NULL, ");
    addNumber(&s, needed);
    addText(&s, " bytes are needed");
    return refuse(&s, BATTEN_E_NULL, position);
  }
  if (needed > 0 && misaligned(workspace, Alignment))
    return refuseWith(error, "workspace", ": it must be aligned to 64 bytes", BATTEN_E_ALIGN, position);
  Sentence s = begin(error, "workspace_bytes", ": ");
  addNumber(&s, bytes);
  addText(&s, " given, ");
  addNumber(&s, needed);
  addText(&s, " needed");
  return refuse(&s, BATTEN_E_WORKSPACE, position + 1);
}

static int checkWorkspace(const batten_entry *entry, const batten_description *description, const void *program,
                          const int64_t *sizes, const void *workspace, int64_t bytes, batten_error *error,
                          int32_t position) {
  int64_t needed, limit;
  int fits = batten_formula_evaluate(&entry->workspace_bytes, sizes, &needed);
  for (int64_t i = 0; i < entry->limit_count && fits; ++i)
    fits = batten_formula_evaluate(&entry->limits[i], sizes, &limit);
  if (!fits)
    return refuseWith(error, "workspace", ": these sizes need more than 2^63 - 1 bytes or steps", BATTEN_E_SIZE,
                      position);
  if (bytes < needed || (needed > 0 && (!workspace || misaligned(workspace, Alignment))))
    return refuseWorkspace(workspace, bytes, needed, error, position);
  if (workspace && overlaps(workspace, bytes, program, description->program_bytes))
    return refuseWith(error, "workspace", ": it overlaps the program", BATTEN_E_OVERLAP, position);
  return 0;
}

COLD static int refuseCall(const batten_call *call, batten_error *error, int32_t position) {
  if (call->size < sizeof(batten_call)) {
    Sentence s = begin(error, "call", ": its size is ");
    addNumber(&s, call->size);
    addText(&s, ", but a batten_call has ");
    addNumber(&s, (int64_t)sizeof(batten_call));
    addText(&s, " bytes");
    return refuse(&s, BATTEN_E_ABI, position);
  }
  Sentence s = begin(error, "call", ": threads is ");
  addNumber(&s, call->threads);
  addText(&s, ", it must be at least 1");
  return refuse(&s, BATTEN_E_SIZE, position);
}

static int checkCall(const batten_call *call, batten_error *error, int32_t position) {
  if (call && (call->size < sizeof(batten_call) || (call->parallel_for && call->threads < 1)))
    return refuseCall(call, error, position);
  return 0;
}

static int checkProgram(const batten_description *description, const void *program, batten_error *error) {
  const batten_program_header *header = (const batten_program_header *)program;
  if (!program)
    return refuseWith(error, "program", ": it is NULL", BATTEN_E_NULL, 0);
  if (misaligned(program, Alignment))
    return refuseWith(error, "program", ": it must be aligned to 64 bytes", BATTEN_E_ALIGN, 0);
  if (header->magic != description->magic || header->abi != BATTEN_ABI) {
    Sentence s = begin(error, "program", ": it was not made by ");
    addText(&s, description->name);
    addText(&s, "_bind");
    return refuse(&s, BATTEN_E_ABI, 0);
  }
  return 0;
}

int batten_support_check(const batten_description *description, const batten_entry *entry, const void *program,
                         const int64_t *sizes, void *const *tensors, void *workspace, int64_t workspaceBytes,
                         const batten_call *call, int64_t *extents) {
  batten_error *error = errorOf(call);
  const int64_t n = entry->argument_count;
  const int32_t position = n ? entry->arguments[n - 1].position + 1 : 1 + (int32_t)entry->symbol_count;
  int result = checkProgram(description, program, error);
  if (!result)
    result = checkSizes(entry, sizes, error);
  if (!result)
    result = checkTensors(entry, sizes, tensors, error, extents);
  if (!result)
    result = checkOverlap(entry, description, program, tensors, workspace, workspaceBytes, error, extents);
  if (!result)
    result = checkWorkspace(entry, description, program, sizes, workspace, workspaceBytes, error, position);
  if (!result)
    result = checkCall(call, error, position + 2);
  return result;
}

static int64_t indexAt(const void *indices, batten_dtype dtype, int64_t i) {
  switch (dtype) {
  case BATTEN_I64:
    return ((const int64_t *)indices)[i];
  case BATTEN_I32:
    return ((const int32_t *)indices)[i];
  case BATTEN_I8:
    return ((const int8_t *)indices)[i];
  default:
    return ((const uint8_t *)indices)[i];
  }
}

COLD static int refuseIndex(const batten_argument *argument, const int64_t *sizes, int64_t at, int64_t count,
                            int64_t index, int64_t rows, batten_error *error) {
  Sentence s = begin(error, argument->name, argument->rank ? "[" : "");
  for (int32_t d = 0; d < argument->rank; ++d) {
    int64_t extent = 1;
    batten_formula_evaluate(&argument->dims[d], sizes, &extent);
    count /= extent;
    addText(&s, d ? ", " : "");
    addNumber(&s, at / count);
    at %= count;
  }
  addText(&s, argument->rank ? "] is " : " is ");
  addNumber(&s, index);
  addText(&s, ", it must be at least 0 and below ");
  addNumber(&s, rows);
  return refuse(&s, BATTEN_E_INDEX, argument->position);
}

int batten_support_check_indices(const batten_entry *entry, int64_t position, int64_t rows, const int64_t *sizes,
                                 void *const *tensors, const batten_call *call, const int64_t *extents) {
  const batten_argument *argument = &entry->arguments[position];
  const int64_t count = extents[position] / BATTEN_DTYPE_BYTES(argument->dtype);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t index = indexAt(tensors[position], argument->dtype, i);
    if (index < 0 || index >= rows)
      return refuseIndex(argument, sizes, i, count, index, rows, errorOf(call));
  }
  return 0;
}

int64_t batten_support_workspace(const batten_entry *entry, const int64_t *sizes) {
  int64_t bytes;
  return !checkSizes(entry, sizes, NULL) && batten_formula_evaluate(&entry->workspace_bytes, sizes, &bytes) ? bytes
                                                                                                            : -1;
}

/* --- Launches ---------------------------------------------------------------------------------------------------- */

/* Slots [first, last) of a launch: the first `units % slots` of them have one unit of `grain` more. */
static void runSlots(void *context, int64_t first, int64_t last) {
  const batten_launch *launch = (const batten_launch *)context;
  const int64_t units = launch->range / launch->grain + (launch->range % launch->grain != 0);
  const int64_t each = units / launch->slots, longer = units % launch->slots;
  for (int64_t slot = first; slot < last; ++slot) {
    const int64_t from = slot * each + (slot < longer ? slot : longer);
    const int64_t to = from + each + (slot < longer);
    const int64_t end = to == units ? launch->range : to * launch->grain;
    void *scratch = slot ? (char *)launch->further + (slot - 1) * launch->scratch_bytes : launch->scratch;
    launch->kernel(launch, from * launch->grain, end, scratch);
  }
}

/* parallel_for tells no thread number, so the pieces themselves are numbered: each is one slot with a scratch of its
 * own, whichever thread takes it. */
void batten_support_launch(batten_launch *launch, const batten_call *call, int64_t room) {
  if (launch->range <= 0)
    return;
  launch->slots = 1;
  if (call && call->parallel_for && call->threads > 1) {
    const int64_t units = launch->range / launch->grain + (launch->range % launch->grain != 0);
    const int64_t fitting = launch->scratch_bytes ? 1 + room / launch->scratch_bytes : units;
    int64_t slots = call->threads < units ? call->threads : units;
    launch->slots = slots < fitting ? slots : fitting;
  }
  if (launch->slots > 1)
    call->parallel_for(call->pool, launch->slots, runSlots, launch);
  else
    launch->kernel(launch, 0, launch->range, launch->scratch);
}

/* --- Row status -------------------------------------------------------------------------------------------------- */

/* NaN and infinity are the values whose exponent bits are all ones. */
static int finite(const void *elements, int64_t i, batten_dtype dtype) {
  const uint64_t ones64 = UINT64_C(0x7ff0000000000000);
  const uint32_t ones32 = UINT32_C(0x7f800000), ones16 = dtype == BATTEN_F16 ? 0x7c00 : 0x7f80;
  switch (dtype) {
  case BATTEN_F64:
    return (((const uint64_t *)elements)[i] & ones64) != ones64;
  case BATTEN_F32:
    return (((const uint32_t *)elements)[i] & ones32) != ones32;
  case BATTEN_F16:
  case BATTEN_BF16:
    return (((const uint16_t *)elements)[i] & ones16) != ones16;
  default:
    return 1;
  }
}

static int sameFormula(const batten_formula *a, const batten_formula *b) {
  int same = a->length == b->length;
  for (int64_t i = 0; i < a->length && same; ++i)
    same = a->code[i] == b->code[i];
  return same;
}

/* The rows are those of the first output that has any; outputs that lead with another dim say nothing about them. */
void batten_support_row_status(const batten_entry *entry, const int64_t *sizes, void *const *tensors,
                               const batten_call *call, const int64_t *extents) {
  const batten_formula *rowsFormula = NULL;
  int64_t rows = 0;
  if (!call || !call->row_status)
    return;
  for (int64_t i = 0; i < entry->argument_count; ++i) {
    const batten_argument *argument = &entry->arguments[i];
    if (argument->kind == BATTEN_INPUT || !argument->batch_rank)
      continue;
    if (!rowsFormula) {
      rowsFormula = &argument->dims[0];
      (void)batten_formula_evaluate(rowsFormula, sizes, &rows);
      for (int64_t row = 0; row < rows; ++row)
        call->row_status[row] = 0;
    }
    if (!extents[i] || !sameFormula(rowsFormula, &argument->dims[0]))
      continue;
    const int64_t elements = extents[i] / BATTEN_DTYPE_BYTES(argument->dtype), width = elements / rows;
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t e = row * width; e < (row + 1) * width; ++e)
        call->row_status[row] |= !finite(tensors[i], e, argument->dtype);
  }
}

/* --- Bind -------------------------------------------------------------------------------------------------------- */

COLD static uint64_t savedByOs(void) {
  uint32_t low, high, a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & (UINT32_C(1) << 27))) /* OSXSAVE: xgetbv may be used */
    return 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

COLD static int has(const batten_cpuid *required) {
  uint32_t found[4] = {0, 0, 0, 0};
  if (required->leaf == BATTEN_CPUID_XCR0)
    found[0] = (uint32_t)savedByOs();
  else if (!__get_cpuid_count(required->leaf, required->subleaf, &found[0], &found[1], &found[2], &found[3]))
    return 0;
  return (found[required->reg & 3] & required->mask) == required->mask;
}

COLD static int refuseWeight(const batten_weight *weight, const char *text, batten_status status, batten_error *error) {
  Sentence s = begin(error, "weights.", weight->field);
  addText(&s, text);
  return refuse(&s, status, 2);
}

COLD static int checkWeight(const batten_weight *weight, int64_t bytes, const void *data, const void *memory,
                            int64_t memoryBytes, batten_error *error) {
  if (!data)
    return refuseWeight(weight, ": it is NULL", BATTEN_E_WEIGHTS, error);
  if (misaligned(data, BATTEN_DTYPE_BYTES(weight->dtype)))
    return refuseWeight(weight, ": it is not aligned to its element size", BATTEN_E_ALIGN, error);
  if (overlaps(memory, memoryBytes, data, bytes))
    return refuseWeight(weight, ": it overlaps the program's memory", BATTEN_E_OVERLAP, error);
  return 0;
}

COLD static int checkWeights(const batten_description *description, const void *memory, const void *const *weights,
                             batten_error *error) {
  if (!weights)
    return refuseWith(error, "weights", ": it is NULL", BATTEN_E_NULL, 2);
  for (int64_t i = 0; i < description->weight_count; ++i) {
    const batten_weight *weight = &description->weights[i];
    int64_t bytes = BATTEN_DTYPE_BYTES(weight->dtype);
    for (int32_t d = 0; d < weight->rank; ++d)
      bytes *= weight->shape[d];
    const int result = checkWeight(weight, bytes, weights[i], memory, description->program_bytes, error);
    if (result)
      return result;
  }
  return 0;
}

COLD static int checkMemory(const batten_description *description, const void *memory, int64_t bytes,
                            batten_error *error) {
  if (!memory)
    return refuseWith(error, "memory", ": it is NULL", BATTEN_E_NULL, 0);
  if (misaligned(memory, Alignment))
    return refuseWith(error, "memory", ": it must be aligned to 64 bytes", BATTEN_E_ALIGN, 0);
  if (bytes >= description->program_bytes)
    return 0;
  Sentence s = begin(error, "memory_bytes", ": ");
  addNumber(&s, bytes);
  addText(&s, " given, ");
  addNumber(&s, description->program_bytes);
  addText(&s, " needed");
  return refuse(&s, BATTEN_E_MEMORY, 1);
}

COLD static int chooseLevel(const batten_description *description, batten_error *error, uint32_t *chosen) {
  for (int64_t i = 0; i < description->level_count; ++i) {
    const batten_level *level = &description->levels[i];
    int64_t met = 0;
    while (met < level->required_count && has(&level->required[met]))
      ++met;
    if (met == level->required_count) {
      *chosen = (uint32_t)i;
      return 0;
    }
  }
  Sentence s = begin(error, "memory", ": this CPU or its operating system has none of the levels built in:");
  for (int64_t i = 0; i < description->level_count; ++i) {
    addText(&s, i ? ", " : " ");
    addText(&s, description->levels[i].name);
  }
  return refuse(&s, BATTEN_E_CPU, 0);
}

COLD int batten_support_check_bind(const batten_description *description, void *memory, int64_t memoryBytes,
                                   const void *const *weights, const void **program, batten_error *error,
                                   uint32_t *level) {
  int result = checkMemory(description, memory, memoryBytes, error);
  if (!result && description->weight_count)
    result = checkWeights(description, memory, weights, error);
  if (!result && !program)
    result = refuseWith(error, "program", ": it is NULL", BATTEN_E_NULL, description->weight_count ? 3 : 2);
  return result ? result : chooseLevel(description, error, level);
}

/* Last, so that memory whose bind was refused or is under way is never taken for a program. */
void batten_support_finish_bind(const batten_description *description, void *memory, uint32_t level,
                                const void **program) {
  batten_program_header *header = (batten_program_header *)memory;
  *header = (batten_program_header){.magic = description->magic, .abi = BATTEN_ABI, .level = level};
  *program = memory;
}
