// joined.cpp - the samples of several requests side by side in one call.
//
// A joined call that is refused has written nothing that a request can see, so each of its requests is then called
// alone and hears its own refusal, or succeeds.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "joined.h"

#include "batch_dim.h"
#include "memory.h"
#include "program.h"
#include "status.h"
#include "tensor.h"

#include <string.h>

namespace batten::runtime {

namespace {

struct Range {
  uintptr_t begin, end;
  bool meets(const Range &other) const {
    return begin < end && other.begin < other.end && begin < other.end && other.begin < end;
  }
};

/// -1 where the bytes do not fit into 63 bits.
int64_t bytesOf(const batten_argument &argument, const int64_t *sizes) {
  int64_t extent, bytes = argument.rank ? sampleBytes(argument, sizes) : BATTEN_DTYPE_BYTES(argument.dtype);
  if (argument.rank && (!batten_formula_evaluate(&argument.dims[0], sizes, &extent) || bytes < 0 ||
                        __builtin_mul_overflow(bytes, extent, &bytes)))
    return -1;
  return bytes;
}

Range rangeOf(const batten_argument &argument, const int64_t *sizes, const void *pointer) {
  const uintptr_t begin = reinterpret_cast<uintptr_t>(pointer);
  return {begin, begin + (uintptr_t)bytesOf(argument, sizes)};
}

/// Copies one request's samples of an argument, at `sample` of the staged ones.
void copySamples(const batten_argument &argument, const Request &request, void *own, char *staged, int64_t sample,
                 bool in) {
  const int64_t each = sampleBytes(argument, request.sizes), bytes = each * request.samples;
  char *place = staged + each * sample;
  if (bytes > 0)
    memcpy(in ? place : own, in ? own : place, (size_t)bytes);
}

batten_call lend(batten_pool *pool, batten_error &error) { return batten_pool_call(pool, &error); }

} // namespace

int checkPointers(const batten_entry &entry, const int64_t *sizes, void *const *pointers, batten_error *error) {
  const auto refused = [&](const batten_argument &argument, int status, const char *reason, const char *other = "") {
    return refuse(error, status, argument.position, "%s(): argument `%s`: %s%s", entry.c_symbol, argument.name, reason,
                  other);
  };
  for (int64_t i = 0; i < entry.argument_count; ++i) {
    const batten_argument &argument = entry.arguments[i];
    const int64_t bytes = bytesOf(argument, sizes);
    if (bytes < 0)
      return refused(argument, BATTEN_E_SIZE, "it would have more than 2^63 - 1 bytes");
    if (!pointers[i] && bytes > 0)
      return refused(argument, BATTEN_E_NULL, "it is NULL");
    if (reinterpret_cast<uintptr_t>(pointers[i]) % (uintptr_t)BATTEN_DTYPE_BYTES(argument.dtype))
      return refused(argument, BATTEN_E_ALIGN, "it must be aligned to its elements");
  }
  for (int64_t i = 0; i < entry.argument_count; ++i) {
    const batten_argument &argument = entry.arguments[i];
    const Range range = rangeOf(argument, sizes, pointers[i]);
    for (int64_t j = 0; j < entry.argument_count && argument.kind != BATTEN_INPUT; ++j)
      if ((j < i || entry.arguments[j].kind == BATTEN_INPUT) &&
          range.meets(rangeOf(entry.arguments[j], sizes, pointers[j])))
        return refused(argument, BATTEN_E_OVERLAP, "it overlaps ", entry.arguments[j].name);
  }
  return 0;
}

/// Sizes and pointers of the joined call; samples get memory in `staging`.
bool JoinedCall::layOut(const batten_entry &entry, int64_t symbol, const Request &request, int64_t samples) {
  CallTables joined(entry, tables);
  if (!joined.reserve(1))
    return false;
  int64_t *sizes = joined.sizes(), total = 0, bytes;
  for (int64_t i = 0; i < entry.symbol_count; ++i)
    sizes[i] = request.sizes[i];
  sizes[symbol] = samples;
  const auto add = [&](const batten_argument &argument) { // its end, or false
    bytes = bytesOf(argument, sizes);
    return bytes >= 0 && !__builtin_add_overflow(total, alignUp(bytes), &total);
  };
  for (int64_t i = 0; i < entry.argument_count; ++i)
    if (leadsWith(entry.arguments[i], symbol) && !add(entry.arguments[i]))
      return false;
  if (!staging.reserve(total))
    return false;
  total = 0;
  for (int64_t i = 0; i < entry.argument_count; ++i) {
    joined.pointers()[i] = request.pointers[i];
    if (!leadsWith(entry.arguments[i], symbol))
      continue;
    joined.pointers()[i] = static_cast<char *>(staging.data()) + total;
    (void)add(entry.arguments[i]); // fits, as before
  }
  return true;
}

int JoinedCall::callTogether(const batten_program &program, const batten_entry &entry, int64_t symbol, Request *first,
                             batten_pool *pool) {
  int64_t samples = 0;
  for (const Request *request = first; request; request = request->next)
    samples += request->samples;
  if (!layOut(entry, symbol, *first, samples))
    return BATTEN_E_OUT_OF_MEMORY;
  CallTables joined(entry, tables);
  const auto copyAll = [&](bool in) {
    for (int64_t i = 0; i < entry.argument_count; ++i) {
      const batten_argument &argument = entry.arguments[i];
      if (!leadsWith(argument, symbol) || argument.kind == (in ? BATTEN_RESULT : BATTEN_INPUT))
        continue;
      int64_t sample = 0;
      for (const Request *request = first; request; sample += request->samples, request = request->next)
        copySamples(argument, *request, request->pointers[i], static_cast<char *>(joined.pointers()[i]), sample, in);
    }
  };
  copyAll(true);
  batten_error error;
  const batten_call call = lend(pool, error);
  const int result = callWhole(program, entry, joined, memory, &call);
  if (!result)
    copyAll(false);
  return result;
}

int JoinedCall::callAlone(const batten_program &program, const batten_entry &entry, Request &request,
                          batten_pool *pool) {
  CallTables alone(entry, tables);
  if (!alone.reserve(1))
    return BATTEN_REFUSE(&request.error, BATTEN_E_OUT_OF_MEMORY, "%s(): no memory for its arguments", entry.c_symbol);
  for (int64_t i = 0; i < entry.symbol_count; ++i)
    alone.sizes()[i] = request.sizes[i];
  for (int64_t i = 0; i < entry.argument_count; ++i)
    alone.pointers()[i] = request.pointers[i];
  const batten_call call = lend(pool, request.error);
  return callWhole(program, entry, alone, memory, &call);
}

void JoinedCall::run(const batten_program &program, const batten_entry &entry, int64_t symbol, Request *first,
                     batten_pool *pool) {
  const bool together = first->next && !callTogether(program, entry, symbol, first, pool);
  for (Request *request = first; request; request = request->next) {
    request->error = {};
    if (!together)
      request->error.result = callAlone(program, entry, *request, pool);
  }
}

} // namespace batten::runtime
