// model.cpp - the program that new calls get, exchanged while others run.
//
// The place of the current program and the number of times it was taken are one word, so that one addition does both:
// it counts this use and says of what. Those who are done count on the program itself. When the program is exchanged,
// the taken count of the old one is known for good and is put against the returned one; whoever makes the two even, the
// exchange or the last call, frees it. Until then the balance is far above zero, so nobody can.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "formula.h"
#include "memory.h"
#include "program.h"
#include "status.h"

#include <pthread.h>
#include <string.h>

using namespace batten::runtime;

namespace {

constexpr int placeBits = 6, places = 1 << placeBits;
constexpr uint64_t oneUse = places, placeMask = places - 1;
constexpr int64_t current = INT64_C(1) << 62; ///< in the balance while new calls may come

} // namespace

struct batten_model {
  mutable std::atomic<uint64_t> word{0}; ///< uses of the current program * places + its place
  mutable std::atomic<batten_program *> programs[places] = {};
  mutable pthread_mutex_t exchange = PTHREAD_MUTEX_INITIALIZER;

  ~batten_model() { pthread_mutex_destroy(&exchange); }
  const batten_program *acquire() const {
    return programs[word.fetch_add(oneUse, std::memory_order_acquire) & placeMask].load(std::memory_order_relaxed);
  }
  /// Adds to the balance, and frees the program where that makes it even.
  void settle(const batten_program *program, int64_t difference) const;
  bool replace(batten_program *next) const;
  void retire(uint64_t last) const;
};

void batten_model::settle(const batten_program *program, int64_t difference) const {
  if (program->balance.fetch_add(difference, std::memory_order_acq_rel) + difference != 0)
    return;
  for (auto &place : programs)
    if (batten_program *held = place.load(std::memory_order_relaxed); held == program) {
      place.store(nullptr, std::memory_order_release);
      return batten_program_close(held);
    }
}

/// `last`: the word as it was when its program ceased to be the current one.
void batten_model::retire(uint64_t last) const {
  settle(programs[last & placeMask].load(std::memory_order_relaxed), (int64_t)(last >> placeBits) - current);
}

/// False when all places are taken by programs whose calls still run.
bool batten_model::replace(batten_program *next) const {
  for (uint64_t place = 0; place < places; ++place) {
    if (programs[place].load(std::memory_order_acquire))
      continue;
    next->balance.store(current, std::memory_order_relaxed);
    programs[place].store(next, std::memory_order_relaxed);
    retire(word.exchange(place, std::memory_order_acq_rel));
    return true;
  }
  return false;
}

namespace {

bool sameFormulas(const batten_formula *a, const batten_formula *b, int32_t count) {
  for (int32_t i = 0; i < count; ++i)
    if (a[i].length != b[i].length || memcmp(a[i].code, b[i].code, (size_t)a[i].length * sizeof(int64_t)))
      return false;
  return true;
}

bool sameArgument(const batten_argument &a, const batten_argument &b) {
  return !strcmp(a.name, b.name) && a.kind == b.kind && a.dtype == b.dtype && a.batch_rank == b.batch_rank &&
         a.rank == b.rank && sameFormulas(a.dims, b.dims, a.rank);
}

bool sameInterface(const batten_entry &a, const batten_entry &b) {
  bool same = !strcmp(a.name, b.name) && a.symbol_count == b.symbol_count && a.argument_count == b.argument_count;
  for (int64_t i = 0; same && i < a.symbol_count; ++i)
    same = !strcmp(a.symbols[i].name, b.symbols[i].name);
  for (int64_t i = 0; same && i < a.argument_count; ++i)
    same = sameArgument(a.arguments[i], b.arguments[i]);
  return same;
}

/// Calls know entries by number and tensors by position: those must mean the same in both.
int requireSameInterface(const batten_description &a, const batten_description &b, batten_error *error) {
  if (a.entry_count != b.entry_count)
    return BATTEN_REFUSE(error, BATTEN_E_UNSUPPORTED, "%.60s has %lld entries, the model's program %lld", b.name,
                         (long long)b.entry_count, (long long)a.entry_count);
  for (int64_t i = 0; i < a.entry_count; ++i)
    if (!sameInterface(a.entries[i], b.entries[i]))
      return BATTEN_REFUSE(error, BATTEN_E_UNSUPPORTED, "entry %lld, %.60s(), is not called as the model's %.60s() is",
                           (long long)i, b.entries[i].c_symbol, a.entries[i].c_symbol);
  return 0;
}

int requireModel(const batten_model *model, batten_error *error) {
  return model ? 0 : BATTEN_REFUSE(error, BATTEN_E_NULL, "model is NULL");
}

int requireFree(const batten_program *program, batten_error *error) {
  if (const int result = requireProgram(program, error))
    return result;
  if (!program->bound)
    return BATTEN_REFUSE(error, BATTEN_E_UNBOUND, "%s must be bound before it becomes a model's",
                         program->description->name);
  if (program->balance.load(std::memory_order_relaxed) != 0)
    return BATTEN_REFUSE(error, BATTEN_E_BUSY, "the program of %s is a model's already", program->description->name);
  return 0;
}

} // namespace

int batten_model_create(batten_program *program, batten_model **out_model, batten_error *error) {
  if (const int result = requireFree(program, error))
    return result;
  if (!out_model)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "out_model is NULL");
  batten_model *model = create<batten_model>();
  if (!model)
    return BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "no memory for a model");
  program->balance.store(current, std::memory_order_relaxed);
  model->programs[0].store(program, std::memory_order_relaxed);
  *out_model = model;
  return 0;
}

void batten_model_destroy(batten_model *model) {
  if (!model)
    return;
  model->retire(model->word.load());
  destroy(model);
}

const batten_program *batten_model_acquire(const batten_model *model) { return model ? model->acquire() : nullptr; }

void batten_model_release(const batten_model *model, const batten_program *program) {
  if (model && program)
    model->settle(program, -1);
}

int batten_model_exchange(const batten_model *model, batten_program *next, batten_error *error) {
  if (const int result = requireModel(model, error))
    return result;
  if (const int result = requireFree(next, error))
    return result;
  const batten_program *now = model->acquire();
  int result = requireSameInterface(*now->description, *next->description, error);
  if (!result) {
    pthread_mutex_lock(&model->exchange);
    const bool done = model->replace(next);
    pthread_mutex_unlock(&model->exchange);
    if (!done)
      result = BATTEN_REFUSE(error, BATTEN_E_BUSY, "calls still run on %d older programs of the model", places - 1);
  }
  batten_model_release(model, now);
  return result;
}

int batten_model_exchange_weights(const batten_model *model, const char *path, const batten_report *report,
                                  batten_error *error) {
  if (const int result = requireModel(model, error))
    return result;
  const batten_program *now = model->acquire();
  batten_program *next = nullptr;
  int result = batten_program_copy(now, &next, error);
  batten_model_release(model, now);
  if (!result)
    result = batten_program_bind_file(next, path, report, error);
  if (!result)
    result = batten_model_exchange(model, next, error);
  if (result)
    batten_program_close(next);
  return result;
}

int batten_model_call(const batten_model *model, int64_t entry, const int64_t *sizes, const batten_tensor *tensors,
                      int64_t count, batten_workspace *workspace, const batten_call *call) {
  if (const int result = requireModel(model, call ? call->error : nullptr))
    return result;
  const batten_program *program = model->acquire();
  const int result = batten_program_call(program, entry, sizes, tensors, count, workspace, call);
  batten_model_release(model, program);
  return result;
}

int batten_model_call_chunked(const batten_model *model, int64_t entry, const char *dim, int64_t memory_bytes,
                              const int64_t *sizes, const batten_tensor *tensors, int64_t count,
                              batten_workspace *workspace, const batten_call *call) {
  if (const int result = requireModel(model, call ? call->error : nullptr))
    return result;
  const batten_program *program = model->acquire();
  const int result =
      batten_program_call_chunked(program, entry, dim, memory_bytes, sizes, tensors, count, workspace, call);
  batten_model_release(model, program);
  return result;
}
