// batcher.cpp - a bounded queue of requests, and threads that run the front of it as one call.
//
// The oldest request decides: a batch is its kind of requests, in the order in which they came. A worker that is free
// runs it as soon as it is full or as many are together as last time: whoever asks alone waits for nobody, and callers
// who come back for more find each other again. Fewer wait until no more come, and the oldest for the delay at most.
//
// Requests live in nodes that exist from the start, so that handing one in allocates nothing, and the number of nodes
// is the limit of the queue.
//
// Who waits for a result sleeps on a futex in its own node: nobody else is woken, and the lock is not touched.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "batcher.h"
#include "batch_dim.h"
#include "program.h"
#include "solve.h"
#include "status.h"
#include "thread.h"

#include <algorithm>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

using namespace batten::runtime;

namespace {

constexpr int32_t maximumWorkers = 1024;
constexpr int64_t maximumDelayUs = 3600'000'000; ///< an hour; longer is a mistake
constexpr int64_t pausesOfDelay = 16;            ///< so long without a request, and no more are waited for

int64_t nowNs() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

void finish(Request &request) {
  request.finished.store(1, std::memory_order_release);
  syscall(SYS_futex, &request.finished, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

void awaitFinish(Request &request) {
  while (!request.finished.load(std::memory_order_acquire))
    syscall(SYS_futex, &request.finished, FUTEX_WAIT_PRIVATE, 0, nullptr, nullptr, 0);
}

} // namespace

batten_batcher::batten_batcher() {
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&work, &monotonic);
  pthread_condattr_destroy(&monotonic);
}

batten_batcher::~batten_batcher() {
  close();
  for (int32_t i = 0; i < started; ++i)
    pthread_join(workers[i].thread, nullptr);
  pthread_mutex_lock(&mutex);
  while (nodesOut > 0) // callers on their way out
    pthread_cond_wait(&unused, &mutex);
  pthread_mutex_unlock(&mutex);
  pthread_cond_destroy(&unused);
  pthread_cond_destroy(&work);
  pthread_mutex_destroy(&mutex);
}

int batten_batcher::prepare(const batten_model *served, int64_t number, const batten_batcher_options &given,
                            batten_error *error) {
  model = served;
  entry = number;
  options = given;
  const batten_program *program = batten_model_acquire(model);
  const batten_entry *found = nullptr;
  int result = findEntry(program, entry, found, error);
  if (!result)
    result = findBatchDim(*found, options.dim, symbol, error);
  if (!result && found->symbols[symbol].bound && found->symbols[symbol].bound < options.batch_samples)
    result = BATTEN_REFUSE(error, BATTEN_E_SIZE, "batches of %lld samples, %s() takes at most %lld",
                           (long long)options.batch_samples, found->c_symbol, (long long)found->symbols[symbol].bound);
  if (!result) {
    symbolCount = found->symbol_count;
    argumentCount = found->argument_count;
    int64_t sizes, pointers;
    if (__builtin_mul_overflow(options.queue_requests, symbolCount, &sizes) ||
        __builtin_mul_overflow(options.queue_requests, argumentCount, &pointers) || !joins.create(argumentCount) ||
        !nodes.create(options.queue_requests) || !nodeSizes.create(sizes) || !nodePointers.create(pointers) ||
        !workers.create(options.workers))
      result = BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "no memory for a queue of %lld requests",
                             (long long)options.queue_requests);
  }
  for (int64_t i = 0; !result && i < argumentCount; ++i)
    joins[i] = leadsWith(found->arguments[i], symbol);
  batten_model_release(model, program);
  return result;
}

int batten_batcher::start(batten_error *error) {
  options.dim = nullptr; // the caller's string
  for (int64_t i = 0; i < nodes.size(); ++i) {
    nodes[i].sizes = nodeSizes.data() + i * symbolCount;
    nodes[i].pointers = nodePointers.data() + i * argumentCount;
    nodes[i].next = free;
    free = &nodes[i];
  }
  const auto run = [](void *worker) -> void * {
    static_cast<Worker *>(worker)->batcher->runBatches();
    return nullptr;
  };
  for (Worker &worker : workers) {
    worker.batcher = this;
    if (!startThread(worker.thread, run, &worker))
      return BATTEN_REFUSE(error, BATTEN_E_SYSTEM, "the system gives no thread %d of %d", started + 1, options.workers);
    ++started;
  }
  return 0;
}

int batten_batcher::fill(Request &request, const batten_tensor *tensors, int64_t count, batten_error *error) const {
  const batten_program *program = batten_model_acquire(model);
  const batten_entry &found = program->description->entries[entry];
  int result = 0;
  if (count != argumentCount)
    result = BATTEN_REFUSE(error, BATTEN_E_SHAPE, "%s() has %lld arguments, %lld were given", found.c_symbol,
                           (long long)argumentCount, (long long)count);
  for (int64_t i = 0; i < symbolCount; ++i)
    request.sizes[i] = BATTEN_UNKNOWN;
  for (int64_t i = 0; !result && i < count; ++i)
    request.pointers[i] = tensors[i].data;
  if (!result)
    result = solveSizes(found, tensors, count, request.sizes, error);
  request.samples = request.sizes[symbol];
  if (!result && request.samples > options.batch_samples)
    result = BATTEN_REFUSE(error, BATTEN_E_SIZE, "%s(): a request of %lld samples, a batch has at most %lld",
                           found.c_symbol, (long long)request.samples, (long long)options.batch_samples);
  if (!result)
    result = checkPointers(found, request.sizes, request.pointers, error);
  batten_model_release(model, program);
  return result;
}

int batten_batcher::submit(const batten_tensor *tensors, int64_t count, void (*done)(void *, const batten_error *),
                           void *context, Request *&outRequest, batten_error *error) {
  if (!tensors && count > 0)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "the tensors are NULL");
  pthread_mutex_lock(&mutex);
  Request *request = closed ? nullptr : free;
  const bool isClosed = closed;
  if (request) {
    free = request->next;
    ++nodesOut;
  }
  pthread_mutex_unlock(&mutex);
  if (!request)
    return isClosed ? BATTEN_REFUSE(error, BATTEN_E_CLOSED, "the batcher takes no more requests")
                    : BATTEN_REFUSE(error, BATTEN_E_FULL, "all %lld places for requests are taken; try again later",
                                    (long long)options.queue_requests);
  request->done = done;
  request->context = context;
  request->finished.store(0, std::memory_order_relaxed);
  int result = fill(*request, tensors, count, error);
  if (!result)
    result = enqueue(request, error);
  if (result)
    giveBack(request);
  outRequest = request;
  return result;
}

int batten_batcher::enqueue(Request *request, batten_error *error) {
  request->arrivalNs = nowNs();
  pthread_mutex_lock(&mutex);
  const bool taken = !closed;
  if (taken) {
    waiting.add(request);
    waitingSamples += request->samples;
    latestNs = request->arrivalNs;
    ++waitingRequests;
    ++requests;
  }
  // Only the first request starts a wait, and only one that completes a batch ends it early: no other needs anybody
  // awake.
  const bool wake = taken && (waitingRequests == 1 || mayBeComplete());
  pthread_mutex_unlock(&mutex);
  if (wake)
    pthread_cond_signal(&work);
  return taken ? 0 : BATTEN_REFUSE(error, BATTEN_E_CLOSED, "the batcher takes no more requests");
}

void batten_batcher::giveBack(Request *request) {
  pthread_mutex_lock(&mutex);
  request->next = free;
  free = request;
  const bool last = --nodesOut == 0;
  if (last && closed) // with the lock, or the batcher might be gone already
    pthread_cond_broadcast(&unused);
  pthread_mutex_unlock(&mutex);
}

void batten_batcher::close() {
  pthread_mutex_lock(&mutex);
  closed = true;
  pthread_cond_broadcast(&work);
  pthread_mutex_unlock(&mutex);
}

bool batten_batcher::sameKind(const Request &a, const Request &b) const {
  for (int64_t i = 0; i < symbolCount; ++i)
    if (i != symbol && a.sizes[i] != b.sizes[i])
      return false;
  for (int64_t i = 0; i < argumentCount; ++i)
    if (!joins[i] && a.pointers[i] != b.pointers[i])
      return false;
  return true;
}

bool batten_batcher::mayBeComplete() const {
  return waitingSamples >= options.batch_samples || waitingRequests >= lastBatchCount;
}

/// Whether as many of the first one's kind are there as fit, or as there were last time.
bool batten_batcher::isComplete() const {
  int64_t samples = 0, count = 0;
  if (!mayBeComplete())
    return false;
  for (const Request *request = waiting.first; request; request = request->next)
    if (sameKind(*request, *waiting.first) &&
        ((samples += request->samples) >= options.batch_samples || ++count >= lastBatchCount))
      return true;
  return false;
}

/// When a batch that is not complete runs, if no more requests come.
int64_t batten_batcher::startNs() const {
  const int64_t delayNs = options.delay_us * 1000;
  return std::min(waiting.first->arrivalNs + delayNs, latestNs + delayNs / pausesOfDelay);
}

/// Returns, with the lock, when there is a batch to run or nothing will ever come.
void batten_batcher::awaitBatch() {
  for (;;) {
    if (!waiting.first) {
      if (closed)
        return;
      pthread_cond_wait(&work, &mutex);
      continue;
    }
    const int64_t start = startNs();
    if (closed || isComplete() || nowNs() >= start)
      return;
    const timespec until = {(time_t)(start / 1'000'000'000), (long)(start % 1'000'000'000)};
    pthread_cond_timedwait(&work, &mutex, &until);
  }
}

/// With the lock: the first request and those of its kind that fit, in their order.
Request *batten_batcher::takeBatch() {
  Queue batch;
  int64_t samples = 0;
  lastBatchCount = 0;
  const Request &kind = *waiting.first;
  for (Request **link = &waiting.first; *link;) {
    Request *request = *link;
    if (!sameKind(*request, kind)) {
      link = &request->next;
      continue;
    }
    if (request->samples > options.batch_samples - samples)
      break; // the next batch begins with it: nobody overtakes
    batch.add(waiting.take(link));
    samples += request->samples;
    ++lastBatchCount;
    --waitingRequests;
  }
  waitingSamples -= samples;
  ++batches;
  return batch.first;
}

void batten_batcher::runBatch(JoinedCall &joined, Request *first) {
  const batten_program *program = batten_model_acquire(model);
  const batten_entry &found = program->description->entries[entry];
  int64_t again;
  batten_error error;
  // Newer code may mix what the older kept apart.
  if (findBatchDim(found, found.symbols[symbol].name, again, &error)) {
    for (Request *request = first; request; request = request->next)
      request->error = error;
  } else
    joined.run(*program, found, symbol, first, options.pool);
  batten_model_release(model, program);
  for (Request *request = first, *next; request; request = next) {
    next = request->next; // finished, it is another's
    if (!request->done) {
      finish(*request);
      continue;
    }
    request->done(request->context, &request->error);
    giveBack(request);
  }
}

void batten_batcher::runBatches() {
  JoinedCall joined;
  pthread_mutex_lock(&mutex);
  for (;;) {
    awaitBatch();
    if (!waiting.first)
      break;
    Request *batch = takeBatch();
    const bool more = waiting.first;
    pthread_mutex_unlock(&mutex);
    if (more)
      pthread_cond_signal(&work);
    runBatch(joined, batch);
    pthread_mutex_lock(&mutex);
  }
  pthread_mutex_unlock(&mutex);
}

namespace {

int checkOptions(const batten_batcher_options *options, batten_error *error) {
  if (!options || options->size < sizeof(batten_batcher_options))
    return BATTEN_REFUSE(error, BATTEN_E_ABI, "the options of a batcher are NULL or of another version");
  if (options->workers < 1 || options->workers > maximumWorkers)
    return BATTEN_REFUSE(error, BATTEN_E_SIZE, "workers is %d, it must be 1 to %d", options->workers, maximumWorkers);
  if (options->batch_samples < 1)
    return BATTEN_REFUSE(error, BATTEN_E_SIZE, "batch_samples is %lld, it must be 1 or more",
                         (long long)options->batch_samples);
  if (options->delay_us < 0 || options->delay_us > maximumDelayUs)
    return BATTEN_REFUSE(error, BATTEN_E_SIZE, "delay_us is %lld, it must be 0 to %lld", (long long)options->delay_us,
                         (long long)maximumDelayUs);
  if (options->queue_requests < 1)
    return BATTEN_REFUSE(error, BATTEN_E_SIZE, "queue_requests is %lld, it must be 1 or more",
                         (long long)options->queue_requests);
  return 0;
}

} // namespace

int batten_batcher_create(const batten_model *model, int64_t entry, const batten_batcher_options *options,
                          batten_batcher **out_batcher, batten_error *error) {
  if (!model || !out_batcher)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "a batcher needs a model and a place to be written to");
  if (const int result = checkOptions(options, error))
    return result;
  Owned<batten_batcher> batcher(create<batten_batcher>());
  if (!batcher)
    return BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "no memory for a batcher");
  if (const int result = batcher->prepare(model, entry, *options, error))
    return result;
  if (const int result = batcher->start(error))
    return result;
  *out_batcher = batcher.take();
  return 0;
}

void batten_batcher_close(batten_batcher *batcher) {
  if (batcher)
    batcher->close();
}

void batten_batcher_destroy(batten_batcher *batcher) { destroy(batcher); }

int batten_batcher_call(batten_batcher *batcher, const batten_tensor *tensors, int64_t count, batten_error *error) {
  if (!batcher)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "batcher is NULL");
  Request *request;
  if (const int result = batcher->submit(tensors, count, nullptr, nullptr, request, error))
    return result;
  awaitFinish(*request);
  const int result = request->error.result;
  if (result && error)
    *error = request->error;
  batcher->giveBack(request);
  return result;
}

int batten_batcher_submit(batten_batcher *batcher, const batten_tensor *tensors, int64_t count,
                          void (*done)(void *context, const batten_error *error), void *context, batten_error *error) {
  if (!batcher || !done)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "a request needs a batcher and somebody to be told");
  Request *request;
  return batcher->submit(tensors, count, done, context, request, error);
}

batten_batcher_counts batten_batcher_count(const batten_batcher *batcher) {
  if (!batcher)
    return {};
  pthread_mutex_lock(&batcher->mutex);
  const batten_batcher_counts counts = {batcher->requests, batcher->batches, batcher->waitingRequests};
  pthread_mutex_unlock(&batcher->mutex);
  return counts;
}
