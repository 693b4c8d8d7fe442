/* RowStatus.c - which rows of the outputs have NaN or infinity in them.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "compiler/codegen/support/Support.h"

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
