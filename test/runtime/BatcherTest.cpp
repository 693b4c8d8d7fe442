// BatcherTest.cpp - requests from many threads become batches; each gets its own bits and its own refusal, none is
// lost.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "RowProgram.h"
#include "runtime/batten.hpp"

#include "gtest/gtest.h"

#include <chrono>
#include <cmath>
#include <deque>
#include <functional>
#include <new>
#include <string>
#include <thread>

using namespace batten::test;
using batten::view;

namespace {

constexpr int64_t T = 3;

/// One request for rows, and what a call of its own gives.
struct Ask {
  std::vector<float> x, out0, out1;
  std::vector<int32_t> ids;
  int64_t samples, positions;
  explicit Ask(int number, int64_t samples = 1, int64_t positions = T)
      : x(static_cast<size_t>(samples * positions * 3)), out0(static_cast<size_t>(samples * positions), -1.0f),
        out1(static_cast<size_t>(samples), -1.0f), ids(static_cast<size_t>(samples), number), samples(samples),
        positions(positions) {
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = std::sin(static_cast<float>(number) + 0.1f * static_cast<float>(i));
  }
  std::vector<batten_tensor> tensors(const float *w) {
    return {view(x.data(), {samples, positions, 3}), view(w, {3}), view(ids.data(), {samples}),
            view(out0.data(), {samples, positions}), view(out1.data(), {samples})};
  }
};

struct Batchers : testing::Test {
  void SetUp() override {
    row::resetCounts();
    const float offset = 0.25f;
    batten::Program program = batten::Program::from(&row::description, error);
    ASSERT_TRUE(program.bind({view(&offset, {})}, error)) << error.message();
    model = batten::Model::create(program, error);
    options = batten::Batcher::options();
  }
  batten::Batcher create(int64_t entry = row::Rows) { return batten::Batcher::create(model, entry, options, error); }

  void expectAlone(Ask &ask) {
    const std::vector<float> got0 = ask.out0, got1 = ask.out1;
    batten::Error mine;
    ASSERT_TRUE(model.call(row::Rows, ask.tensors(w), batten::Workspace(), mine)) << mine.message();
    const auto sameBits = [](const std::vector<float> &a, const std::vector<float> &b) {
      return a.empty() || memcmp(a.data(), b.data(), sizeof(float) * a.size()) == 0;
    };
    EXPECT_TRUE(sameBits(got0, ask.out0) && sameBits(got1, ask.out1));
  }
  void expectRefused(const std::function<bool()> &action, int code, const std::string &message) {
    error.clear();
    EXPECT_FALSE(action());
    EXPECT_EQ(error.code(), code);
    EXPECT_EQ(error.message(), message);
  }

  const float w[3] = {1.5f, -2, 0.25f};
  batten_batcher_options options{};
  batten::Error error;
  batten::Model model;
};

/// Counts what was told.
struct Told {
  std::atomic<int> done{0}, refused{0};
  static void tell(void *context, const batten_error *error) {
    Told &told = *static_cast<Told *>(context);
    if (error->result)
      ++told.refused;
    ++told.done;
  }
  void await(int count) const {
    while (done < count)
      std::this_thread::yield();
  }
};

/// Keeps the only worker of a batcher busy, so that requests gather until it is let go.
class Held {
public:
  Held(const batten::Batcher &batcher, const std::vector<batten_tensor> &tensors) {
    batten::Error error;
    EXPECT_TRUE(batcher.submit(tensors, wait, this, error)) << error.message();
    while (!reached)
      std::this_thread::yield();
    row::resetCounts();
  }
  ~Held() {
    letGo();
    while (!left)
      std::this_thread::yield();
  }
  void letGo() { free = true; }

private:
  static void wait(void *context, const batten_error *) {
    Held &held = *static_cast<Held *>(context);
    held.reached = true;
    while (!held.free)
      std::this_thread::yield();
    held.left = true;
  }
  std::atomic<bool> reached{false}, free{false}, left{false};
};

TEST_F(Batchers, OneRequestIsACall) {
  const batten::Batcher batcher = create();
  ASSERT_TRUE(batcher) << error.message();
  Ask ask(1);
  ASSERT_TRUE(batcher.call(ask.tensors(w), error)) << error.message();
  expectAlone(ask);
  EXPECT_EQ(batcher.counts().requests, 1);
  EXPECT_EQ(batcher.counts().batches, 1);
  EXPECT_EQ(batcher.counts().waiting, 0);
}

TEST_F(Batchers, RequestsFromManyThreadsGetTheirOwnBits) {
  for (const int32_t workers : {1, 3}) {
    options.workers = workers;
    options.batch_samples = 7;
    options.delay_us = 500;
    const batten::Batcher batcher = create();
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 100; ++i) {
          Ask ask(1000 * t + i, i % 5, 1 + i % 2); // several sizes, no samples too
          batten::Error mine;
          ASSERT_TRUE(batcher.call(ask.tensors(w), mine)) << mine.message();
          expectAlone(ask);
        }
      });
    for (std::thread &thread : threads)
      thread.join();
    EXPECT_EQ(batcher.counts().requests, 800);
    EXPECT_LE(batcher.counts().batches, 800);
  }
}

TEST_F(Batchers, ALoneRequestWaitsForNobody) {
  options.delay_us = 3'600'000'000;
  const batten::Batcher batcher = create();
  for (int i = 0; i < 3; ++i) {
    Ask ask(i);
    ASSERT_TRUE(batcher.call(ask.tensors(w), error)) << error.message();
    expectAlone(ask);
  }
  EXPECT_EQ(batcher.counts().batches, 3);
}

TEST_F(Batchers, AsManyAsLastTimeRunAtOnceAndFewerWaitForMore) {
  options.delay_us = 3'600'000'000;
  Told told;
  std::deque<Ask> asks;
  for (int i = 0; i < 8; ++i)
    asks.emplace_back(i);
  Ask first(100);
  const batten::Batcher batcher = create();
  const auto submit = [&](size_t from, size_t to) {
    for (size_t i = from; i < to; ++i)
      ASSERT_TRUE(batcher.submit(asks[i].tensors(w), Told::tell, &told, error)) << error.message();
  };
  {
    const Held held(batcher, first.tensors(w));
    submit(0, 4);
  }
  told.await(4);
  submit(4, 7);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(told.done, 4);
  submit(7, 8);
  told.await(8);
  EXPECT_EQ(row::calls, 2);
  EXPECT_EQ(row::largest, 4);
  for (Ask &ask : asks)
    expectAlone(ask);
}

TEST_F(Batchers, FewerThanLastTimeRunWhenNoMoreCome) {
  options.delay_us = 320'000;
  Told told;
  Ask first(0), second(1), third(2), fourth(3);
  const batten::Batcher batcher = create();
  {
    const Held held(batcher, first.tensors(w));
    for (Ask *ask : {&second, &third})
      ASSERT_TRUE(batcher.submit(ask->tensors(w), Told::tell, &told, error)) << error.message();
  }
  told.await(2);
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(batcher.call(fourth.tensors(w), error));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(20)); // a 16th
  EXPECT_EQ(batcher.counts().batches, 3);
}

TEST_F(Batchers, ADelayOfNothingTakesThoseThatAreThere) {
  options.delay_us = 0;
  Told told;
  std::deque<Ask> asks;
  for (int i = 0; i < 3; ++i)
    asks.emplace_back(i);
  Ask first(9), last(10);
  const batten::Batcher batcher = create();
  {
    const Held held(batcher, first.tensors(w));
    for (Ask &ask : asks)
      ASSERT_TRUE(batcher.submit(ask.tensors(w), Told::tell, &told, error)) << error.message();
  }
  told.await(3);
  EXPECT_EQ(row::calls, 1);
  ASSERT_TRUE(batcher.call(last.tensors(w), error)); // one after three
  EXPECT_EQ(row::calls, 2);
}

TEST_F(Batchers, FullBatchesRunAtOnce) {
  options.batch_samples = 4;
  options.delay_us = 3'600'000'000;
  Told told;
  std::deque<Ask> asks;
  for (int i = 0; i < 9; ++i)
    asks.emplace_back(i);
  Ask first(9);
  {
    const batten::Batcher batcher = create();
    Held held(batcher, first.tensors(w));
    for (Ask &ask : asks)
      ASSERT_TRUE(batcher.submit(ask.tensors(w), Told::tell, &told, error)) << error.message();
    held.letGo();
    told.await(8);
    EXPECT_EQ(row::calls, 2);
    EXPECT_EQ(row::largest, 4);
    EXPECT_EQ(batcher.counts().waiting, 1); // for an hour, or until the batcher closes
  }
  EXPECT_EQ(told.done, 9);
  for (Ask &ask : asks)
    expectAlone(ask);
}

TEST_F(Batchers, RequestsOfOtherKindsDoNotMix) {
  options.delay_us = 3'600'000'000;
  const float other[3] = {2, 2, 2};
  Told told;
  Ask a(1), b(2, 1, T + 1), c(3), d(4), e(5), first(6);
  {
    const batten::Batcher batcher = create();
    const Held held(batcher, first.tensors(w));
    for (const auto &tensors : {a.tensors(w), b.tensors(w), c.tensors(other), d.tensors(w), e.tensors(other)})
      ASSERT_TRUE(batcher.submit(tensors, Told::tell, &told, error)) << error.message();
  }
  EXPECT_EQ(told.done, 5);
  EXPECT_EQ(row::calls, 3); // a and d, b, c and e
  expectAlone(a), expectAlone(b), expectAlone(d);
  EXPECT_NE(c.out0[0], d.out0[0]);
}

TEST_F(Batchers, NobodyOvertakesARequestOfItsKind) {
  options.batch_samples = 4;
  options.delay_us = 3'600'000'000;
  std::vector<int> order;
  struct Place {
    std::vector<int> *order;
    int number;
  };
  Ask first(1, 3), second(2, 2), third(3, 1), before(4);
  Place places[] = {{&order, 1}, {&order, 2}, {&order, 3}};
  {
    const batten::Batcher batcher = create();
    const Held held(batcher, before.tensors(w));
    int i = 0;
    for (Ask *ask : {&first, &second, &third})
      ASSERT_TRUE(batcher.submit(
          ask->tensors(w),
          [](void *context, const batten_error *) {
            const Place &place = *static_cast<Place *>(context);
            place.order->push_back(place.number);
          },
          &places[i++], error));
  }
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(row::calls, 2); // 3 samples, then 2 + 1
}

TEST_F(Batchers, ARefusedRequestTakesNoOtherWithIt) {
  options.delay_us = 3'600'000'000;
  options.batch_samples = 5;
  Told told;
  std::deque<Ask> asks;
  for (int i = 0; i < 5; ++i)
    asks.emplace_back(i == 2 ? -1 : i); // an id that the program refuses
  Ask first(5);
  const batten::Batcher batcher = create();
  Held held(batcher, first.tensors(w));
  for (Ask &ask : asks)
    ASSERT_TRUE(batcher.submit(ask.tensors(w), Told::tell, &told, error)) << error.message();
  held.letGo();
  told.await(5);
  EXPECT_EQ(told.refused, 1);
  EXPECT_EQ(asks[2].out0[0], -1.0f); // untouched
  for (const int i : {0, 1, 3, 4})
    expectAlone(asks[static_cast<size_t>(i)]);
  options.delay_us = 0;
  const batten::Batcher prompt = create();
  expectRefused([&] { return prompt.call(asks[2].tensors(w), error); }, BATTEN_E_INDEX, "ids: below 0");
  EXPECT_EQ(error.argument(), 5);
}

TEST_F(Batchers, WrongTensorsAreRefusedAtOnce) {
  const batten::Batcher batcher = create();
  Ask ask(1, 2);
  const auto refuse = [&](size_t index, const batten_tensor &tensor, int code, const std::string &message) {
    std::vector<batten_tensor> tensors = ask.tensors(w);
    tensors[index] = tensor;
    expectRefused([&] { return batcher.call(tensors, error); }, code, message);
  };
  refuse(2, view(ask.ids.data(), {1}), BATTEN_E_SHAPE,
         "rows(): argument `ids`: dim B is 1, but B was bound to 2 by argument `x`");
  refuse(1, view<float>(nullptr, {3}), BATTEN_E_NULL, "rows(): argument `w`: it is NULL");
  refuse(1, view(reinterpret_cast<const float *>(reinterpret_cast<const char *>(w) + 1), {3}), BATTEN_E_ALIGN,
         "rows(): argument `w`: it must be aligned to its elements");
  refuse(3, view(ask.x.data() + 17, {2, T}), BATTEN_E_OVERLAP, "rows(): argument `out0`: it overlaps x");
  refuse(4, view(ask.out0.data() + 5, {2}), BATTEN_E_OVERLAP, "rows(): argument `out1`: it overlaps out0");
  std::vector<batten_tensor> four = ask.tensors(w);
  four.pop_back();
  expectRefused([&] { return batcher.call(four, error); }, BATTEN_E_SHAPE, "rows() has 5 arguments, 4 were given");
  Ask large(1, 65);
  expectRefused([&] { return batcher.call(large.tensors(w), error); }, BATTEN_E_SIZE,
                "rows(): a request of 65 samples, a batch has at most 64");
  EXPECT_EQ(row::calls, 0);
  EXPECT_EQ(batten_batcher_call(batcher.get(), nullptr, 5, nullptr), BATTEN_E_NULL);
  EXPECT_EQ(batten_batcher_submit(batcher.get(), four.data(), 5, nullptr, nullptr, nullptr), BATTEN_E_NULL);
  EXPECT_EQ(batten_batcher_call(nullptr, nullptr, 0, nullptr), BATTEN_E_NULL);
}

TEST_F(Batchers, SizesThatTheProgramRefusesAreTold) {
  options.delay_us = 0;
  const batten::Batcher batcher = create();
  Ask ask(1, 1, 65);
  expectRefused([&] { return batcher.call(ask.tensors(w), error); }, BATTEN_E_SIZE, "T: out of range");
}

TEST_F(Batchers, QueueIsBounded) {
  options.delay_us = 3'600'000'000;
  options.queue_requests = 4;
  Told told;
  std::deque<Ask> asks;
  for (int i = 0; i < 4; ++i)
    asks.emplace_back(i);
  Ask first(4);
  const batten::Batcher batcher = create();
  Held held(batcher, first.tensors(w)); // the first of the four
  for (size_t i = 0; i < 3; ++i)
    ASSERT_TRUE(batcher.submit(asks[i].tensors(w), Told::tell, &told, error));
  expectRefused([&] { return batcher.submit(asks[3].tensors(w), Told::tell, &told, error); }, BATTEN_E_FULL,
                "all 4 places for requests are taken; try again later");
  batcher.close();
  held.letGo();
  told.await(3);
  expectRefused([&] { return batcher.call(asks[3].tensors(w), error); }, BATTEN_E_CLOSED,
                "the batcher takes no more requests");
}

TEST_F(Batchers, ShutdownLosesNoRequest) {
  for (int round = 0; round < 20; ++round) {
    options.workers = 1 + round % 3;
    options.delay_us = round % 2 ? 0 : 200;
    options.batch_samples = 3;
    batten::Batcher batcher = create();
    Told told;
    std::atomic<int> taken{0}, closed{0};
    std::vector<std::thread> threads;
    std::deque<std::deque<Ask>> asks(3);
    for (size_t t = 0; t < 3; ++t)
      threads.emplace_back([&, t] {
        batten::Error mine;
        for (int i = 0; !closed; ++i) {
          Ask &ask = asks[t].emplace_back(i);
          const bool wait = i % 3 == 0;
          if (wait ? batcher.call(ask.tensors(w), mine) : batcher.submit(ask.tensors(w), Told::tell, &told, mine))
            taken += !wait;
          else if (mine.code() == BATTEN_E_CLOSED)
            ++closed;
          else
            ASSERT_EQ(mine.code(), BATTEN_E_FULL) << mine.message();
        }
      });
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
    batcher.close();
    for (std::thread &thread : threads)
      thread.join();
    batcher = batten::Batcher();
    EXPECT_EQ(told.done, taken);
    EXPECT_EQ(told.refused, 0);
  }
}

TEST_F(Batchers, DestroyWaitsForThoseWhoWait) {
  options.delay_us = 3'600'000'000;
  batten::Batcher batcher = create();
  Told told;
  std::deque<Ask> five;
  Ask first(9);
  {
    const Held held(batcher, first.tensors(w));
    for (int i = 0; i < 5; ++i) // so that four will wait for another
      ASSERT_TRUE(batcher.submit(five.emplace_back(i).tensors(w), Told::tell, &told, error)) << error.message();
  }
  told.await(5);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      Ask ask(t);
      batten::Error mine;
      ASSERT_TRUE(batten_batcher_call(batcher.get(), ask.tensors(w).data(), 5, mine.get()) == 0) << mine.message();
      expectAlone(ask);
    });
  while (batcher.counts().waiting < 4)
    std::this_thread::yield();
  batten_batcher_destroy(batcher.get());
  for (std::thread &thread : threads)
    thread.join();
  new (&batcher) batten::Batcher(); // what it held is gone
}

TEST_F(Batchers, UpdatesInPlaceAreBatched) {
  options.batch_samples = 3;
  options.delay_us = 3'600'000'000;
  float states[4][3] = {{1, 1, 1}, {2, 2, 2}, {3, 3, 3}, {0, 0, 0}}, x[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
  const batten::Batcher batcher = create(row::Add);
  ASSERT_TRUE(batcher) << error.message();
  Told told;
  Held held(batcher, {view(states[3], {1, 3}), view(x[0], {1, 3})});
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(batcher.submit({view(states[i], {1, 3}), view(x[i], {1, 3})}, Told::tell, &told, error));
  held.letGo();
  told.await(3);
  EXPECT_EQ(row::calls, 1);
  EXPECT_EQ(states[1][1], 3);
  EXPECT_EQ(states[2][2], 4);
  EXPECT_EQ(states[2][0], 3);
}

TEST_F(Batchers, BatchesRunOnTheCurrentProgram) {
  options.delay_us = 0;
  const batten::Batcher batcher = create();
  std::atomic<bool> stop{false};
  std::thread asking([&] {
    batten::Error mine;
    while (!stop) {
      Ask ask(1);
      ASSERT_TRUE(batcher.call(ask.tensors(w), mine)) << mine.message();
    }
  });
  for (int i = 0; i < 50; ++i) {
    batten::Program next = batten::Program::from(&row::description, error);
    const float offset = static_cast<float>(i);
    ASSERT_TRUE(next.bind({view(&offset, {})}, error) && model.exchange(next, error)) << error.message();
  }
  stop = true;
  asking.join();
  Ask ask(1);
  ASSERT_TRUE(batcher.call(ask.tensors(w), error));
  expectAlone(ask);
}

TEST_F(Batchers, FunctionsThatMixSamplesAreRefused) {
  expectRefused([&] { return static_cast<bool>(create(row::Mixed)); }, BATTEN_E_UNSUPPORTED,
                "mixed() mixes samples of B, so no part of them can run alone: mean over batch at row.btn:2:5");
  expectRefused([&] { return static_cast<bool>(create(17)); }, BATTEN_E_NAME,
                "row has no entry 17, it has 0 to 6: rows, mixed, shared, turned, even, opaque, add");
}

TEST_F(Batchers, OptionsOutOfRangeAreRefused) {
  const auto refuse = [&](void (*change)(batten_batcher_options &), int code, const std::string &message) {
    const batten_batcher_options before = options;
    change(options);
    expectRefused([&] { return static_cast<bool>(create()); }, code, message);
    options = before;
  };
  refuse([](auto &o) { o.size = 8; }, BATTEN_E_ABI, "the options of a batcher are NULL or of another version");
  refuse([](auto &o) { o.workers = 0; }, BATTEN_E_SIZE, "workers is 0, it must be 1 to 1024");
  refuse([](auto &o) { o.batch_samples = 0; }, BATTEN_E_SIZE, "batch_samples is 0, it must be 1 or more");
  refuse([](auto &o) { o.delay_us = -1; }, BATTEN_E_SIZE, "delay_us is -1, it must be 0 to 3600000000");
  refuse([](auto &o) { o.queue_requests = 0; }, BATTEN_E_SIZE, "queue_requests is 0, it must be 1 or more");
  refuse([](auto &o) { o.dim = "Q"; }, BATTEN_E_NAME, "rows() has no runtime dim `Q`");
  options.batch_samples = 101;
  expectRefused([&] { return static_cast<bool>(create(row::Add)); }, BATTEN_E_SIZE,
                "batches of 101 samples, add() takes at most 100");
  EXPECT_EQ(batten_batcher_create(nullptr, 0, &options, nullptr, nullptr), BATTEN_E_NULL);
  batten_batcher_close(nullptr);
  batten_batcher_destroy(nullptr);
}

} // namespace
