// chunks.cpp - calls cut along a batch dim, so that the workspace keeps to a budget.
//
// The workspace is a formula in the sizes, so the largest chunk that fits is found before anything runs. Lanes, one a
// thread, each with a workspace of its own, take the next chunk until none is left; who computes a sample, and beside
// which others, changes no bit of it.
//
// The surprise is how arguments are checked: the entry itself does it, on a call at the full sizes and without a
// workspace. It looks at that last, so a refusal at the workspace says that everything before it is in order.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "batch_dim.h"
#include "call.h"
#include "memory.h"
#include "program.h"
#include "status.h"

using namespace batten::runtime;

namespace {

/// Chunks of more are cut to a multiple: whole tiles for the kernels.
constexpr int64_t tileSamples = 64;

class Chunks {
public:
  Chunks(const batten_program &program, const batten_entry &entry, int64_t symbol, CallTables &tables, int64_t lanes,
         const batten_call *call)
      : program(program), entry(entry), symbol(symbol), tables(tables), lanes(lanes), call(call) {}

  /// Decides how many samples run at once and on how many lanes.
  int plan(int64_t budget, batten_error *error);
  int run(Block &memory, batten_error *error);

private:
  int64_t bytesFor(int64_t samples);
  int64_t largestWithin(int64_t bytes, int64_t samples);
  int checkArguments(batten_error *error);
  void work(int64_t lane);
  void runChunk(int64_t lane, int64_t begin, int64_t end);

  const batten_program &program;
  const batten_entry &entry;
  const int64_t symbol;
  CallTables &tables;
  int64_t lanes;
  const batten_call *call;
  int64_t chunkSamples = 0, chunkBytes = 0;
  char *workspaces = nullptr;
  std::atomic<int64_t> next{0}; ///< number of the next chunk
  std::atomic<bool> failed{false};
  batten_error failure{}; ///< of the first chunk that was refused
};

/// What a lane needs for so many samples, to the next lane's boundary; -1 when they are out of range.
int64_t Chunks::bytesFor(int64_t samples) {
  int64_t *sizes = tables.sizes(1); // a lane's own, which it writes anew
  for (int64_t i = 0; i < entry.symbol_count; ++i)
    sizes[i] = tables.sizes()[i];
  sizes[symbol] = samples;
  return alignUp(entry.workspace(sizes));
}

int64_t Chunks::largestWithin(int64_t bytes, int64_t samples) {
  const auto fits = [&](int64_t count) {
    const int64_t needed = bytesFor(count);
    return needed >= 0 && needed <= bytes;
  };
  if (fits(samples))
    return samples;
  int64_t good = 0;
  for (int64_t bad = samples; bad - good > 1;) {
    const int64_t middle = good + (bad - good) / 2;
    (fits(middle) ? good : bad) = middle;
  }
  const int64_t tiles = good / tileSamples * tileSamples;
  return tiles && fits(tiles) ? tiles : good;
}

int Chunks::plan(int64_t budget, batten_error *error) {
  const int64_t samples = tables.sizes()[symbol], least = bytesFor(samples ? 1 : 0);
  if (least < 0 || least > budget)
    return BATTEN_REFUSE(error, BATTEN_E_WORKSPACE,
                         "%s(): a single sample of %s needs a workspace of %lld bytes, the budget is %lld",
                         entry.c_symbol, entry.symbols[symbol].name, (long long)least, (long long)budget);
  if (least > 0 && budget / least < lanes)
    lanes = budget / least;
  if (samples == 0) { // checked, and then no chunk is run
    chunkSamples = lanes = 1;
    return 0;
  }
  const int64_t each = samples / lanes + (samples % lanes != 0);
  chunkSamples = largestWithin(budget / lanes, each);
  chunkBytes = bytesFor(chunkSamples);
  const int64_t chunks = samples / chunkSamples + (samples % chunkSamples != 0);
  lanes = chunks < lanes ? chunks : lanes;
  return 0;
}

int Chunks::checkArguments(batten_error *error) {
  batten_error refusal{};
  batten_call asked = call ? *call : batten_call{sizeof(batten_call), 1, nullptr, nullptr, nullptr, nullptr, nullptr};
  asked.error = &refusal;
  const int32_t last = entry.argument_count ? entry.arguments[entry.argument_count - 1].position : 0;
  const int result = entry.call(program.bound, tables.sizes(), tables.pointers(), nullptr, 0, &asked);
  const int code = BATTEN_CODE(result);
  if (BATTEN_ARGUMENT(result) > last && (code == BATTEN_E_NULL || code == BATTEN_E_WORKSPACE))
    return 0;
  if (error)
    *error = refusal;
  return result;
}

int Chunks::run(Block &memory, batten_error *error) {
  if (const int result = checkArguments(error))
    return result;
  if (!memory.reserve(lanes * chunkBytes))
    return BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "%s(): no memory for workspaces of %lld bytes", entry.c_symbol,
                         (long long)(lanes * chunkBytes));
  workspaces = static_cast<char *>(memory.data());
  const auto body = [](void *context, int64_t begin, int64_t end) {
    for (int64_t lane = begin; lane < end; ++lane)
      static_cast<Chunks *>(context)->work(lane);
  };
  if (lanes > 1)
    call->parallel_for(call->pool, lanes, body, this);
  else
    work(0);
  if (failed.load() && error)
    *error = failure;
  return failed.load() ? failure.result : 0;
}

void Chunks::work(int64_t lane) {
  const int64_t samples = tables.sizes()[symbol], count = samples / chunkSamples + (samples % chunkSamples != 0);
  // Chunks are counted rather than samples: behind the last one, samples might not fit into 63 bits.
  for (int64_t chunk; !failed.load(std::memory_order_relaxed);) {
    if ((chunk = next.fetch_add(1, std::memory_order_relaxed)) >= count)
      return;
    const int64_t begin = chunk * chunkSamples;
    runChunk(lane, begin, samples - begin < chunkSamples ? samples : begin + chunkSamples);
  }
}

void Chunks::runChunk(int64_t lane, int64_t begin, int64_t end) {
  int64_t *sizes = tables.sizes(1 + lane);
  void **pointers = tables.pointers(1 + lane);
  for (int64_t i = 0; i < entry.symbol_count; ++i)
    sizes[i] = tables.sizes()[i];
  sizes[symbol] = end - begin;
  for (int64_t i = 0; i < entry.argument_count; ++i) {
    char *whole = static_cast<char *>(tables.pointers()[i]);
    const bool cut = whole && leadsWith(entry.arguments[i], symbol);
    pointers[i] = cut ? whole + begin * sampleBytes(entry.arguments[i], sizes) : whole;
  }
  batten_error refusal{};
  batten_call chunk = call ? *call : batten_call{};
  chunk.size = sizeof chunk;
  chunk.threads = 1;
  chunk.parallel_for = nullptr; // threads have a chunk each
  chunk.error = &refusal;
  chunk.row_status = call && call->row_status ? call->row_status + begin : nullptr;
  const int result = entry.call(program.bound, sizes, pointers, chunkBytes ? workspaces + lane * chunkBytes : nullptr,
                                chunkBytes, &chunk);
  if (result && !failed.exchange(true)) {
    failure = refusal;
    failure.result = result;
  }
}

/// Whether one call keeps to the budget, with what its threads need.
bool fitsWhole(const batten_entry &entry, const int64_t *sizes, int64_t further, int64_t budget) {
  int64_t bytes = entry.workspace(sizes), scratch = 0;
  if (bytes <= 0)
    return true; // nothing to be cut, or sizes that the entry will refuse
  if (further > 0 &&
      (!batten_formula_evaluate(&entry.scratch_bytes, sizes, &scratch) ||
       __builtin_mul_overflow(further, alignUp(scratch), &scratch) || __builtin_add_overflow(bytes, scratch, &bytes)))
    return false;
  return bytes <= budget;
}

} // namespace

int batten_program_call_chunked(const batten_program *program, int64_t entry, const char *dim, int64_t memory_bytes,
                                const int64_t *sizes, const batten_tensor *tensors, int64_t count,
                                batten_workspace *workspace, const batten_call *call) {
  const batten_entry *found;
  int64_t symbol;
  if (const int result = checkCall(program, entry, tensors, count, call, found))
    return result;
  batten_error *error = call ? call->error : nullptr;
  if (const int result = findBatchDim(*found, dim, symbol, error))
    return result;
  const bool threaded = call && call->parallel_for;
  if (memory_bytes < 0 || (threaded && call->threads < 1))
    return BATTEN_REFUSE(error, BATTEN_E_SIZE, "%s(): a budget of %lld bytes on %d threads", found->c_symbol,
                         (long long)memory_bytes, threaded ? call->threads : 1);
  const Lease lease(workspace);
  if (!lease)
    return refuseBusy(*found, call);
  const int64_t lanes = threaded ? call->threads : 1;
  CallTables tables(*found, (*lease).tables);
  if (const int result = tables.resolve(sizes, tensors, 1 + lanes, error))
    return result;
  if (fitsWhole(*found, tables.sizes(), lanes - 1, memory_bytes))
    return callWhole(*program, *found, tables, (*lease).memory, call);
  Chunks chunks(*program, *found, symbol, tables, lanes, call);
  if (const int result = chunks.plan(memory_bytes, error))
    return result;
  return chunks.run((*lease).memory, error);
}
