// pool.cpp - a static set of threads for parallel_for.
//
// One job at a time. The caller publishes it by one store to `ticket`, a counter of jobs with the number of pieces in
// its low bits. Worker n runs piece n, so that in job after job it finds its part in its caches; the caller runs piece
// 0 and then whatever nobody has begun, so that it never waits for a thread that is still asleep; then it waits until
// `pending`, the pieces that are not done, is 0. Waits spin for some microseconds, then sleep on a condition variable.
//
// The surprise is why nothing is lost when somebody goes to sleep: who sleeps first raises a count and then looks again
// at the word that it waits for; who changes that word then looks at the count. All four are sequentially consistent,
// so one of the two sees the other. The mutex is taken only around sleeping and waking.
//
// Who begins a piece writes the job's number where that piece's last one stands, by compare and exchange; so a worker
// that comes late finds its piece begun, by this job or a later one, and touches nothing. A job's fields are not
// written again before all its pieces are done, and are read only by who has begun one.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "memory.h"
#include "status.h"
#include "thread.h"

#include <atomic>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

using namespace batten::runtime;

namespace {

constexpr int32_t maximumThreads = 1024;
/// Pauses of 40 to 140 cycles before a thread sleeps: 30 to 90 us, twice or more what waking one costs in a virtual
/// machine. With more threads than CPUs a thread that spins keeps one from working, so it sleeps soon.
constexpr int mostSpins = 2048, spinsOfCrowd = 64;
constexpr uint64_t pieceBits = 16, pieceMask = (1u << pieceBits) - 1;

void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#else
  std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
}

bool haveCpuEach(int32_t threads) {
  cpu_set_t cpus;
  return sched_getaffinity(0, sizeof cpus, &cpus) == 0 && threads <= CPU_COUNT(&cpus);
}

struct Worker {
  batten_pool *pool = nullptr;
  pthread_t thread{};
  int32_t number = 0;                         ///< the piece that it runs; 0 is the caller's
  alignas(64) std::atomic<uint64_t> begun{0}; ///< the last job whose piece `number` was begun, by whomever
};

} // namespace

struct batten_pool {
  int32_t threads = 1;
  int spins = mostSpins;
  pid_t process = 0; ///< a forked child has the memory but not the threads
  Array<Worker> workers;
  int32_t started = 0;

  alignas(64) std::atomic<uint64_t> ticket{0};
  std::atomic<bool> stopping{false};
  alignas(64) std::atomic<int32_t> pending{0};
  alignas(64) std::atomic<bool> busy{false};

  // The job: written by the caller before the ticket, read by participants after it.
  void (*body)(void *context, int64_t begin, int64_t end) = nullptr;
  void *context = nullptr;
  int64_t count = 0, pieces = 0;

  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t wake = PTHREAD_COND_INITIALIZER, done = PTHREAD_COND_INITIALIZER;
  std::atomic<int32_t> sleepingWorkers{0}, sleepingCallers{0};

  ~batten_pool();
  bool begin(int64_t piece, uint64_t ticket);
  void runPiece(int64_t piece);
  void runCallersPieces(uint64_t ticket);
  void work(int32_t number);
  uint64_t awaitTicket(uint64_t seen);
  uint64_t publish();
  void awaitDone();
};

namespace {

void *runWorker(void *argument) {
  const Worker &worker = *static_cast<Worker *>(argument);
  worker.pool->work(worker.number);
  return nullptr;
}

} // namespace

batten_pool::~batten_pool() {
  if (process != getpid())
    return; // forked: the threads are not here, and the mutex may be as one of them left it
  stopping.store(true);
  pthread_mutex_lock(&mutex);
  pthread_cond_broadcast(&wake);
  pthread_mutex_unlock(&mutex);
  for (int32_t i = 0; i < started; ++i)
    pthread_join(workers[i].thread, nullptr);
  pthread_cond_destroy(&done);
  pthread_cond_destroy(&wake);
  pthread_mutex_destroy(&mutex);
}

/// True for one thread a piece of the job on this ticket.
bool batten_pool::begin(int64_t piece, uint64_t ticket) {
  const uint64_t job = ticket >> pieceBits;
  std::atomic<uint64_t> &begun = workers[piece - 1].begun;
  uint64_t last = begun.load(); // numbers of jobs only grow
  return last < job && begun.compare_exchange_strong(last, job);
}

void batten_pool::runPiece(int64_t piece) {
  // The first `rest` pieces are one longer. No product, so that any count is fine.
  const int64_t size = count / pieces, rest = count % pieces;
  const int64_t begin = piece * size + (piece < rest ? piece : rest);
  body(context, begin, begin + size + (piece < rest));
}

void batten_pool::runCallersPieces(uint64_t ticket) {
  int32_t done = 1;
  runPiece(0);
  for (int64_t piece = pieces - 1; piece > 0; --piece)
    if (begin(piece, ticket)) {
      runPiece(piece);
      ++done;
    }
  pending.fetch_sub(done);
}

void batten_pool::work(int32_t number) {
  for (uint64_t seen = 0;;) {
    seen = awaitTicket(seen);
    if (stopping.load())
      return;
    if (number >= (int64_t)(seen & pieceMask) || !begin(number, seen))
      continue;
    runPiece(number);
    if (pending.fetch_sub(1) == 1 && sleepingCallers.load() > 0) {
      pthread_mutex_lock(&mutex);
      pthread_cond_signal(&done);
      pthread_mutex_unlock(&mutex);
    }
  }
}

uint64_t batten_pool::awaitTicket(uint64_t seen) {
  const auto changed = [&] { return ticket.load() != seen || stopping.load(); };
  for (int i = 0; i < spins && !changed(); ++i)
    relax();
  if (!changed()) {
    pthread_mutex_lock(&mutex);
    sleepingWorkers.fetch_add(1);
    while (!changed())
      pthread_cond_wait(&wake, &mutex);
    sleepingWorkers.fetch_sub(1);
    pthread_mutex_unlock(&mutex);
  }
  return ticket.load();
}

uint64_t batten_pool::publish() {
  pending.store((int32_t)pieces);
  const uint64_t job = (ticket.load() >> pieceBits) + 1, mine = job << pieceBits | (uint64_t)pieces;
  ticket.store(mine);
  if (sleepingWorkers.load() > 0) {
    pthread_mutex_lock(&mutex);
    pthread_cond_broadcast(&wake);
    pthread_mutex_unlock(&mutex);
  }
  return mine;
}

void batten_pool::awaitDone() {
  for (int i = 0; i < spins && pending.load() > 0; ++i)
    relax();
  if (pending.load() == 0)
    return;
  pthread_mutex_lock(&mutex);
  sleepingCallers.fetch_add(1);
  while (pending.load() > 0)
    pthread_cond_wait(&done, &mutex);
  sleepingCallers.fetch_sub(1);
  pthread_mutex_unlock(&mutex);
}

int batten_pool_create(int32_t threads, batten_pool **out_pool, batten_error *error) {
  if (!out_pool)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "out_pool is NULL");
  if (threads < 1 || threads > maximumThreads)
    return BATTEN_REFUSE(error, BATTEN_E_SIZE, "a pool of %d threads; it must have 1 to %d", threads, maximumThreads);
  Owned<batten_pool> pool(create<batten_pool>());
  if (!pool || !pool->workers.create(threads - 1))
    return BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "no memory for a pool of %d threads", threads);
  pool->threads = threads;
  pool->spins = haveCpuEach(threads) ? mostSpins : spinsOfCrowd;
  pool->process = getpid();
  for (Worker &worker : pool->workers) {
    worker.pool = &*pool;
    worker.number = pool->started + 1;
    if (!startThread(worker.thread, runWorker, &worker))
      return BATTEN_REFUSE(error, BATTEN_E_SYSTEM, "the system gives no thread %d of %d", worker.number + 1, threads);
    ++pool->started;
  }
  *out_pool = pool.take();
  return 0;
}

void batten_pool_destroy(batten_pool *pool) { destroy(pool); }

int32_t batten_pool_threads(const batten_pool *pool) { return pool ? pool->threads : 0; }

void batten_pool_parallel_for(void *opaque, int64_t count, void (*body)(void *context, int64_t begin, int64_t end),
                              void *context) {
  batten_pool *pool = static_cast<batten_pool *>(opaque);
  if (count <= 0)
    return;
  if (!pool || pool->threads == 1 || count == 1 || pool->process != getpid() || pool->busy.exchange(true))
    return body(context, 0, count);
  pool->body = body;
  pool->context = context;
  pool->count = count;
  pool->pieces = count < pool->threads ? count : pool->threads;
  pool->runCallersPieces(pool->publish());
  pool->awaitDone();
  pool->busy.store(false);
}

batten_call batten_pool_call(batten_pool *pool, batten_error *error) {
  batten_call call{};
  call.size = sizeof call;
  call.threads = pool ? pool->threads : 1;
  call.parallel_for = pool ? batten_pool_parallel_for : nullptr;
  call.pool = pool;
  call.error = error;
  return call;
}
