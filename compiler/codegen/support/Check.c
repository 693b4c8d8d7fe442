/* Check.c - the checks of a call, in the order of runtime/abi.h: program, sizes, tensors, overlap, workspace, call.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "compiler/codegen/support/Sentence.h"

/* A caller built against a shorter batten_call has no error field to write. */
static batten_error *errorOf(const batten_call *call) {
  return call && call->size >= offsetof(batten_call, error) + sizeof(call->error) ? call->error : NULL;
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

/* Bytes of a tensor, -1 where they do not fit into 64 bits or an extent is negative. A zero anywhere makes it empty,
 * whatever else is huge. */
static int64_t bytesOf(const batten_argument *argument, const int64_t *sizes) {
  int64_t bytes = BATTEN_DTYPE_BYTES(argument->dtype), fits = 1, empty = 0;
  for (int32_t d = 0; d < argument->rank; ++d) {
    int64_t extent;
    if (!batten_formula_evaluate(&argument->dims[d], sizes, &extent))
      fits = 0;
    else if (extent < 0)
      return -1;
    else if (extent == 0)
      empty = 1;
    else if (__builtin_mul_overflow(bytes, extent, &bytes))
      fits = 0;
  }
  return empty ? 0 : fits ? bytes : -1;
}

COLD static int refuseExtents(const batten_argument *argument, const int64_t *sizes, batten_error *error) {
  for (int32_t d = 0; d < argument->rank; ++d) {
    int64_t extent;
    if (!batten_formula_evaluate(&argument->dims[d], sizes, &extent) || extent >= 0)
      continue;
    Sentence s = begin(error, argument->name, ": ");
    addText(&s, argument->dims[d].text);
    addText(&s, " is ");
    addNumber(&s, extent);
    addText(&s, ", it must not be negative");
    return refuse(&s, BATTEN_E_SIZE, argument->position);
  }
  return refuseWith(error, argument->name, ": it would have more than 2^63 - 1 bytes", BATTEN_E_SIZE,
                    argument->position);
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
      return refuseExtents(argument, sizes, error);
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
