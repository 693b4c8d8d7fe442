// call.cpp - the described call: tensors in, the uniform entry of the program out.
//
// Checks here are those that plain pointers cannot show: rank, dtype, device, extents. Signs, bounds, `where`, NULL,
// alignment and overlap are the entry's own, in its fixed order; nothing is checked twice.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "formula.h"
#include "memory.h"
#include "program.h"
#include "solve.h"
#include "status.h"
#include "tensor.h"
#include "workspace.h"

using namespace batten::runtime;

namespace {

/// A workspace that one call has for itself: the caller's, or its own where there is none.
class Lease {
public:
  explicit Lease(batten_workspace *lent) : workspace(lent ? lent : &own), taken(!workspace->busy.exchange(true)) {}
  Lease(const Lease &) = delete;
  Lease &operator=(const Lease &) = delete;
  ~Lease() {
    if (taken)
      workspace->busy.store(false);
  }
  explicit operator bool() const { return taken; }
  batten_workspace &operator*() const { return *workspace; }

private:
  batten_workspace own;
  batten_workspace *workspace;
  bool taken;
};

/// How much of the workspace this call may use. Falls back to one thread where the memory for more is lacking.
bool reserveMemory(const batten_entry &entry, const int64_t *sizes, const batten_call *call, Block &memory,
                   int64_t &outBytes) {
  outBytes = entry.workspace(sizes);
  if (outBytes < 0) {
    outBytes = 0; // the entry will say which size is wrong
    return true;
  }
  const int64_t further = call && call->parallel_for ? call->threads - 1 : 0;
  int64_t scratch, more;
  if (further > 0 && batten_formula_evaluate(&entry.scratch_bytes, sizes, &scratch) &&
      !__builtin_mul_overflow(further, alignUp(scratch), &more) && !__builtin_add_overflow(more, outBytes, &more) &&
      memory.reserve(more)) {
    outBytes = more;
    return true;
  }
  return memory.reserve(outBytes);
}

int callEntry(const batten_program &program, const batten_entry &entry, const int64_t *sizes,
              const batten_tensor *tensors, batten_workspace &workspace, const batten_call *call) {
  batten_error *error = call ? call->error : nullptr;
  const int64_t sizeBytes = entry.symbol_count * (int64_t)sizeof(int64_t);
  if (!workspace.tables.reserve(sizeBytes + entry.argument_count * (int64_t)sizeof(void *)))
    return BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "%s(): no memory for its arguments", entry.c_symbol);
  int64_t *solved = static_cast<int64_t *>(workspace.tables.data());
  void **pointers = reinterpret_cast<void **>(solved + entry.symbol_count);
  for (int64_t i = 0; i < entry.symbol_count; ++i)
    solved[i] = sizes ? sizes[i] : BATTEN_UNKNOWN;
  for (int64_t i = 0; i < entry.argument_count; ++i)
    pointers[i] = tensors[i].data;
  if (const int result = solveSizes(entry, tensors, entry.argument_count, solved, error))
    return result;
  int64_t bytes;
  if (!reserveMemory(entry, solved, call, workspace.memory, bytes))
    return BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "%s(): no memory for a workspace of %lld bytes", entry.c_symbol,
                         (long long)bytes);
  return entry.call(program.bound, solved, pointers, bytes ? workspace.memory.data() : nullptr, bytes, call);
}

} // namespace

int batten_program_solve(const batten_program *program, int64_t entry, const batten_tensor *tensors, int64_t count,
                         int64_t *sizes, batten_error *error) {
  const batten_entry *found;
  if (const int result = findEntry(program, entry, found, error))
    return result;
  if (count < 0 || count > found->argument_count)
    return BATTEN_REFUSE(error, BATTEN_E_SHAPE, "%s() has %lld arguments, %lld were given", found->c_symbol,
                         (long long)found->argument_count, (long long)count);
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
  if (call && call->size < sizeof(batten_call))
    return BATTEN_E_ABI; // where its `error` would be is not known either
  batten_error *error = call ? call->error : nullptr;
  const batten_entry *found;
  if (const int result = findEntry(program, entry, found, error))
    return result;
  if (!program->bound)
    return BATTEN_REFUSE(error, BATTEN_E_UNBOUND, "%s() is called before %s is bound", found->c_symbol,
                         program->description->name);
  if (count != found->argument_count)
    return BATTEN_REFUSE(error, BATTEN_E_SHAPE, "%s() has %lld arguments, %lld were given", found->c_symbol,
                         (long long)found->argument_count, (long long)count);
  const Lease lease(workspace);
  if (!lease)
    return BATTEN_REFUSE(error, BATTEN_E_BUSY, "%s(): the workspace is in use by another call", found->c_symbol);
  return callEntry(*program, *found, sizes, tensors, *lease, call);
}
