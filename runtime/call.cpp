// call.cpp - the described call: tensors in, the uniform entry of the program out.
//
// Checks here are those that plain pointers cannot show: rank, dtype, device, extents. Signs, bounds, `where`, NULL,
// alignment and overlap are the entry's own, in its fixed order; nothing is checked twice.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "call.h"

#include "formula.h"
#include "memory.h"
#include "program.h"
#include "solve.h"
#include "status.h"
#include "tensor.h"

using namespace batten::runtime;

namespace {

/// How much of the workspace this call may use. Falls back to one thread where the memory for more is lacking.
bool reserveMemory(const batten_entry &entry, const int64_t *sizes, const batten_call *call, Block &memory,
                   int64_t &outBytes) {
  outBytes = entry.workspace(sizes);
  if (outBytes < 0) {
    outBytes = 0; // the entry will say which size is wrong
    return true;
  }
  const int64_t further = call && call->parallel_for ? int64_t(call->threads) - 1 : 0;
  int64_t scratch, more;
  if (further > 0 && batten_formula_evaluate(&entry.scratch_bytes, sizes, &scratch) &&
      !__builtin_mul_overflow(further, alignUp(scratch), &more) && !__builtin_add_overflow(more, outBytes, &more) &&
      memory.reserve(more)) {
    outBytes = more;
    return true;
  }
  return memory.reserve(outBytes);
}

} // namespace

namespace batten::runtime {

int checkCall(const batten_program *program, int64_t entry, const batten_tensor *tensors, int64_t count,
              const batten_call *call, const batten_entry *&outEntry) {
  if (call && call->size < sizeof(batten_call))
    return BATTEN_E_ABI; // where its `error` would be is not known either
  batten_error *error = call ? call->error : nullptr;
  if (const int result = findEntry(program, entry, outEntry, error))
    return result;
  if (!program->bound)
    return BATTEN_REFUSE(error, BATTEN_E_UNBOUND, "%s() is called before %s is bound", outEntry->c_symbol,
                         program->description->name);
  if (count != outEntry->argument_count)
    return BATTEN_REFUSE(error, BATTEN_E_SHAPE, "%s() has %lld arguments, %lld were given", outEntry->c_symbol,
                         (long long)outEntry->argument_count, (long long)count);
  return requireTensors(*outEntry, tensors, count, error);
}

int requireTensors(const batten_entry &entry, const batten_tensor *tensors, int64_t count, batten_error *error) {
  return tensors || count == 0 ? 0 : BATTEN_REFUSE(error, BATTEN_E_NULL, "%s(): the tensors are NULL", entry.c_symbol);
}

int refuseBusy(const batten_entry &entry, const batten_call *call) {
  return BATTEN_REFUSE(call ? call->error : nullptr, BATTEN_E_BUSY, "%s(): the workspace is in use by another call",
                       entry.c_symbol);
}

bool CallTables::reserve(int64_t sets) {
  int64_t bytes;
  return !__builtin_mul_overflow(sets, setBytes(), &bytes) && memory.reserve(bytes);
}

int CallTables::resolve(const int64_t *given, const batten_tensor *tensors, int64_t sets, batten_error *error) {
  if (!reserve(sets))
    return BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "%s(): no memory for its arguments", entry.c_symbol);
  for (int64_t i = 0; i < entry.symbol_count; ++i)
    sizes()[i] = given ? given[i] : BATTEN_UNKNOWN;
  for (int64_t i = 0; i < entry.argument_count; ++i)
    pointers()[i] = tensors[i].data;
  return solveSizes(entry, tensors, entry.argument_count, sizes(), error);
}

int callWhole(const batten_program &program, const batten_entry &entry, CallTables &tables, Block &memory,
              const batten_call *call) {
  int64_t bytes;
  if (!reserveMemory(entry, tables.sizes(), call, memory, bytes))
    return BATTEN_REFUSE(call ? call->error : nullptr, BATTEN_E_OUT_OF_MEMORY,
                         "%s(): no memory for a workspace of %lld bytes", entry.c_symbol, (long long)bytes);
  return entry.call(program.bound, tables.sizes(), tables.pointers(), bytes ? memory.data() : nullptr, bytes, call);
}

} // namespace batten::runtime

int batten_program_solve(const batten_program *program, int64_t entry, const batten_tensor *tensors, int64_t count,
                         int64_t *sizes, batten_error *error) {
  const batten_entry *found;
  if (const int result = findEntry(program, entry, found, error))
    return result;
  if (count < 0 || count > found->argument_count)
    return BATTEN_REFUSE(error, BATTEN_E_SHAPE, "%s() has %lld arguments, %lld were given", found->c_symbol,
                         (long long)found->argument_count, (long long)count);
  if (const int result = requireTensors(*found, tensors, count, error))
    return result;
  if (!sizes && found->symbol_count > 0)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "%s(): the sizes are NULL", found->c_symbol);
  return solveSizes(*found, tensors, count, sizes, error);
}

int batten_program_shape(const batten_program *program, int64_t entry, int64_t argument, const int64_t *sizes,
                         batten_tensor *out_tensor, batten_error *error) {
  const batten_entry *found;
  if (const int result = findEntry(program, entry, found, error))
    return result;
  if (argument < 0 || argument >= found->argument_count)
    return BATTEN_REFUSE(error, BATTEN_E_NAME, "%s() has %lld arguments, no number %lld", found->c_symbol,
                         (long long)found->argument_count, (long long)argument);
  if (!out_tensor || (!sizes && found->symbol_count > 0))
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "%s(): %s NULL", found->c_symbol,
                         out_tensor ? "the sizes are" : "out_tensor is");
  const batten_argument &described = found->arguments[argument];
  int64_t extents[BATTEN_MAX_RANK] = {};
  bool fits = described.rank <= BATTEN_MAX_RANK;
  for (int32_t i = 0; fits && i < described.rank; ++i)
    fits = batten_formula_evaluate(&described.dims[i], sizes, &extents[i]);
  if (!fits || !makeDense(described.dtype, described.rank, extents, nullptr, *out_tensor))
    return refuse(error, BATTEN_E_SIZE, described.position, "%s(): argument `%s` has a size out of range",
                  found->c_symbol, described.name);
  return 0;
}

int batten_program_call(const batten_program *program, int64_t entry, const int64_t *sizes,
                        const batten_tensor *tensors, int64_t count, batten_workspace *workspace,
                        const batten_call *call) {
  const batten_entry *found;
  if (const int result = checkCall(program, entry, tensors, count, call, found))
    return result;
  const Lease lease(workspace);
  if (!lease)
    return refuseBusy(*found, call);
  CallTables tables(*found, (*lease).tables);
  if (const int result = tables.resolve(sizes, tensors, 1, call ? call->error : nullptr))
    return result;
  return callWhole(*program, *found, tables, (*lease).memory, call);
}
