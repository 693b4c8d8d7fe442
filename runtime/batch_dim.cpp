// batch_dim.cpp - what the description must say of a dim before calls are cut or joined along it; one sentence if not.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "batch_dim.h"

#include "formula.h"
#include "status.h"

#include <string.h>

namespace batten::runtime {

namespace {

int64_t leadingSymbol(const batten_argument &argument) {
  return argument.batch_rank > 0 ? bareSymbol(argument.dims[0]) : -1;
}

int findName(const batten_entry &entry, const char *name, int64_t &outSymbol, batten_error *error) {
  outSymbol = -1;
  const int64_t count = entry.argument_count;
  for (int64_t i = 0; i < 2 * count && !name && outSymbol < 0; ++i) // results first
    if ((entry.arguments[i % count].kind == BATTEN_INPUT) == (i >= count))
      outSymbol = leadingSymbol(entry.arguments[i % count]);
  for (int64_t i = 0; i < entry.symbol_count && name; ++i)
    if (!strcmp(entry.symbols[i].name, name))
      outSymbol = i;
  if (outSymbol >= 0)
    return 0;
  if (!name)
    return BATTEN_REFUSE(error, BATTEN_E_UNSUPPORTED, "%s() has no argument that begins with a batch dim",
                         entry.c_symbol);
  return BATTEN_REFUSE(error, BATTEN_E_NAME, "%s() has no runtime dim `%.60s`", entry.c_symbol, Printable(name).text());
}

int requireIndependent(const batten_entry &entry, int64_t symbol, batten_error *error) {
  const char *name = entry.symbols[symbol].name;
  for (int64_t i = 0; i < entry.independent_count; ++i)
    if (!strcmp(entry.independent[i], name))
      return 0;
  const size_t length = strlen(name);
  for (int64_t i = 0; i < entry.mixes_count; ++i) // "B: mean over batch at model.btn:3:5"
    if (!strncmp(entry.mixes[i], name, length) && !strncmp(entry.mixes[i] + length, ": ", 2))
      return BATTEN_REFUSE(error, BATTEN_E_UNSUPPORTED,
                           "%s() mixes samples of %s, so no part of them can run alone: %s", entry.c_symbol, name,
                           entry.mixes[i] + length + 2);
  return BATTEN_REFUSE(error, BATTEN_E_UNSUPPORTED, "%s() does not say that samples of %s are independent",
                       entry.c_symbol, name);
}

/// In the first place and nowhere else; what is written has it in any case.
int requireLeading(const batten_entry &entry, const batten_argument &argument, int64_t symbol, batten_error *error) {
  const char *name = entry.symbols[symbol].name;
  const bool leads = leadsWith(argument, symbol);
  for (int32_t i = leads; i < argument.rank; ++i)
    if (mentions(argument.dims[i], symbol))
      return refuse(error, BATTEN_E_UNSUPPORTED, argument.position,
                    "%s(): argument `%s` has %s in dim %d, it must be the first dim and no other", entry.c_symbol,
                    argument.name, name, i);
  if (!leads && argument.kind != BATTEN_INPUT)
    return refuse(error, BATTEN_E_UNSUPPORTED, argument.position,
                  "%s(): argument `%s` is written and has no dim %s, so parts of the samples cannot share it",
                  entry.c_symbol, argument.name, name);
  return 0;
}

} // namespace

bool leadsWith(const batten_argument &argument, int64_t symbol) { return leadingSymbol(argument) == symbol; }

int64_t sampleBytes(const batten_argument &argument, const int64_t *sizes) {
  int64_t bytes = BATTEN_DTYPE_BYTES(argument.dtype), extent;
  for (int32_t i = 1; i < argument.rank; ++i)
    if (!batten_formula_evaluate(&argument.dims[i], sizes, &extent) || extent < 0 ||
        __builtin_mul_overflow(bytes, extent, &bytes))
      return -1;
  return bytes;
}

int findBatchDim(const batten_entry &entry, const char *name, int64_t &outSymbol, batten_error *error) {
  if (const int result = findName(entry, name, outSymbol, error))
    return result;
  if (const int result = requireIndependent(entry, outSymbol, error))
    return result;
  for (int64_t i = 0; i < entry.argument_count; ++i)
    if (const int result = requireLeading(entry, entry.arguments[i], outSymbol, error))
      return result;
  for (int64_t i = 0; i < entry.guard_count; ++i)
    if (mentions(entry.guards[i].lhs, outSymbol) || mentions(entry.guards[i].rhs, outSymbol))
      return BATTEN_REFUSE(error, BATTEN_E_UNSUPPORTED, "%s() wants %s, which a part of the samples need not hold",
                           entry.c_symbol, entry.guards[i].text);
  return 0;
}

} // namespace batten::runtime
