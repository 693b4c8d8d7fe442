// PoolTest.cpp - parallel_for covers its range once, from any number of callers, nested and after fork.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/batten.hpp"

#include "gtest/gtest.h"

#include <atomic>
#include <csignal>
#include <mutex>
#include <pthread.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace {

batten::Pool makePool(int32_t threads) {
  batten::Error error;
  batten::Pool pool = batten::Pool::create(threads, error);
  EXPECT_TRUE(pool) << error.message();
  return pool;
}

TEST(Pool, RangesAreDisjointAndCoverAll) {
  EXPECT_EQ(batten_pool_threads(nullptr), 0);
  for (const int32_t threads : {1, 2, 3, 8}) {
    const batten::Pool pool = makePool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (const int64_t count : {0, 1, 2, 3, 7, 8, 9, 100, 1001}) {
      std::vector<std::atomic<int>> seen(static_cast<size_t>(count));
      std::atomic<int> pieces{0};
      std::atomic<int64_t> shortest{count}, longest{0};
      pool.parallelFor(count, [&](int64_t begin, int64_t end) {
        ++pieces;
        EXPECT_LT(begin, end);
        for (int64_t value = shortest; end - begin < value && !shortest.compare_exchange_weak(value, end - begin);)
          ;
        for (int64_t value = longest; end - begin > value && !longest.compare_exchange_weak(value, end - begin);)
          ;
        for (int64_t i = begin; i < end; ++i)
          ++seen[static_cast<size_t>(i)];
      });
      for (const auto &times : seen)
        ASSERT_EQ(times, 1);
      EXPECT_LE(pieces, threads);
      if (count)
        EXPECT_LE(longest - shortest, 1);
    }
  }
}

TEST(Pool, LargestCountIsCutWithoutOverflow) {
  const batten::Pool pool = makePool(3);
  std::atomic<int64_t> total{0};
  pool.parallelFor(INT64_MAX, [&](int64_t begin, int64_t end) { total += end - begin; });
  EXPECT_EQ(total, INT64_MAX);
}

TEST(Pool, ManyShortJobsFollowEachOther) {
  const batten::Pool pool = makePool(4);
  int64_t total = 0;
  std::atomic<int64_t> parts{0};
  for (int64_t i = 0; i < 20'000; ++i) {
    pool.parallelFor(i % 6, [&](int64_t begin, int64_t end) { parts += end - begin; });
    total += i % 6;
  }
  EXPECT_EQ(parts, total);
}

TEST(Pool, WorkersWakeFromSleep) {
  const batten::Pool pool = makePool(3);
  for (int i = 0; i < 20; ++i) {
    usleep(2000); // far longer than they spin
    std::atomic<int64_t> parts{0};
    pool.parallelFor(3, [&](int64_t begin, int64_t end) {
      usleep(500); // the caller sleeps too
      parts += end - begin;
    });
    EXPECT_EQ(parts, 3);
  }
}

TEST(Pool, PiecesRunAtOnce) {
  const batten::Pool pool = makePool(3);
  std::atomic<int> arrived{0};
  pool.parallelFor(3, [&](int64_t, int64_t) {
    ++arrived;
    while (arrived < 3)
      std::this_thread::yield();
  });
  EXPECT_EQ(arrived, 3);
}

std::atomic<bool> isHeld{false}, isReleased{false};

void hold(int) {
  isHeld = true;
  while (!isReleased)
    usleep(100);
}

TEST(Pool, CallersDoNotWaitForThreadsThatComeLate) {
  const batten::Pool pool = makePool(2);
  pthread_t worker{};
  sigset_t held;
  sigemptyset(&held);
  sigaddset(&held, SIGUSR1);
  std::atomic<int> arrived{0};
  pool.parallelFor(2, [&](int64_t begin, int64_t) {
    if (begin == 1) {
      worker = pthread_self();
      pthread_sigmask(SIG_UNBLOCK, &held, nullptr); // a pool's threads take no signals
    }
    for (++arrived; arrived < 2;)
      std::this_thread::yield();
  });
  struct sigaction action{};
  action.sa_handler = hold;
  sigaction(SIGUSR1, &action, nullptr);
  usleep(20'000); // it sleeps, and holds no lock
  pthread_kill(worker, SIGUSR1);
  while (!isHeld)
    usleep(100);
  for (int i = 0; i < 100; ++i) { // the caller does it all
    int64_t parts = 0;
    pool.parallelFor(2, [&](int64_t begin, int64_t end) { parts += end - begin; });
    EXPECT_EQ(parts, 2);
  }
  isReleased = true;
  std::atomic<int64_t> parts{0};
  for (int i = 0; i < 1000; ++i) // one that comes late takes no part twice
    pool.parallelFor(2, [&](int64_t begin, int64_t end) { parts += end - begin; });
  EXPECT_EQ(parts, 2000);
}

TEST(Pool, SeveralCallersShareIt) {
  const batten::Pool pool = makePool(3);
  std::vector<std::thread> callers;
  std::atomic<int64_t> parts{0};
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&] {
      for (int i = 0; i < 2'000; ++i)
        pool.parallelFor(5, [&](int64_t begin, int64_t end) { parts += end - begin; });
    });
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_EQ(parts, 4 * 2'000 * 5);
}

TEST(Pool, NestedCallsRunWhereTheyAre) {
  const batten::Pool pool = makePool(2);
  std::atomic<int64_t> parts{0};
  pool.parallelFor(2, [&](int64_t begin, int64_t end) {
    const std::thread::id here = std::this_thread::get_id();
    for (int64_t i = begin; i < end; ++i)
      pool.parallelFor(10, [&](int64_t from, int64_t to) {
        EXPECT_EQ(std::this_thread::get_id(), here);
        parts += to - from;
      });
  });
  EXPECT_EQ(parts, 20);
}

TEST(Pool, ForkedChildrenRunAlone) {
  const batten::Pool pool = makePool(2);
  const pid_t child = fork();
  if (child == 0) {
    int64_t parts = 0;
    pool.parallelFor(10, [&](int64_t begin, int64_t end) { parts += end - begin; });
    _exit(parts == 10 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(Pool, SizesOutOfRangeAreRefused) {
  batten::Error error;
  for (const int32_t threads : {0, -1, 1025}) {
    EXPECT_FALSE(batten::Pool::create(threads, error));
    EXPECT_EQ(error.code(), BATTEN_E_SIZE);
  }
  batten_pool_destroy(nullptr);
}

TEST(Pool, CallLendsThePool) {
  const batten::Pool pool = makePool(2);
  batten_error error;
  const batten_call call = batten_pool_call(pool.get(), &error), serial = batten_pool_call(nullptr, nullptr);
  EXPECT_EQ(call.size, sizeof(batten_call));
  EXPECT_EQ(call.threads, 2);
  EXPECT_EQ(call.pool, pool.get());
  EXPECT_EQ(call.error, &error);
  EXPECT_EQ(serial.threads, 1);
  EXPECT_EQ(serial.parallel_for, nullptr);
}

} // namespace
