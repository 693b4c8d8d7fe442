// batcher.cpp - batcher LIBRARY WEIGHTS: single samples from many threads, by calls of their own and through a batcher,
// and many samples of one caller, at once and in chunks under a budget of memory.
//
// Each row runs for a second: samples a second of all threads together, and the time from asking to having the result,
// its median and its 99th percentile. Calls of 32 samples, one thread with whole batches, are what the batcher could
// reach at most; the call without a budget is that of the chunks.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/batten.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>

namespace {

using Clock = std::chrono::steady_clock;
constexpr int64_t batch = 32, manySamples = 1024;
constexpr double seconds = 1;

void require(bool done, const batten::Error &error) {
  if (done)
    return;
  std::fprintf(stderr, "batcher: %s\n", error.message());
  std::exit(1);
}

/// x and out of one call.
struct Tensors {
  batten::Tensor x, out;
  Tensors(const batten_description &program, int64_t samples) {
    batten::Error error;
    const auto make = [&](int64_t argument) {
      const batten_formula &width = program.entries[0].arguments[argument].dims[1];
      return batten::Tensor::allocate(BATTEN_F32, {samples, width.code[1]}, error);
    };
    x = make(0), out = make(1);
    require(x && out, error);
    for (int64_t i = 0; i < x.elements(); ++i)
      x.data<float>()[i] = static_cast<float>(i % 17) / 17;
  }
};

using Ask = std::function<void(const Tensors &, const batten::Workspace &)>;

void measure(const char *name, int threads, int64_t samples, const batten_description &program, const Ask &ask) {
  std::vector<std::vector<double>> times(static_cast<size_t>(threads));
  std::vector<std::thread> clients;
  const Clock::time_point start = Clock::now();
  const Clock::time_point end = start + std::chrono::milliseconds(static_cast<int>(1000 * seconds));
  for (std::vector<double> &mine : times)
    clients.emplace_back([&] {
      batten::Error error;
      const Tensors tensors(program, samples);
      const batten::Workspace workspace = batten::Workspace::create(error);
      for (Clock::time_point before = Clock::now(); before < end;) {
        ask(tensors, workspace);
        const Clock::time_point after = Clock::now();
        mine.push_back(std::chrono::duration<double, std::micro>(after - before).count());
        before = after;
      }
    });
  for (std::thread &client : clients)
    client.join();
  const std::chrono::duration<double> elapsed = Clock::now() - start; // a long call ends after the row's second
  std::vector<double> all;
  for (const std::vector<double> &mine : times)
    all.insert(all.end(), mine.begin(), mine.end());
  std::sort(all.begin(), all.end());
  std::printf("  %-28s %3d %12.0f %12.1f %12.1f", name, threads,
              static_cast<double>(all.size()) * static_cast<double>(samples) / elapsed.count(), all[all.size() / 2],
              all[all.size() * 99 / 100]);
}

/// Many threads that ask for a sample each: by themselves, and together.
void measureSingles(const batten::Model &model, const batten_description &program, const Ask &direct) {
  for (const int threads : {1, 16}) {
    measure("calls of one sample", threads, 1, program, direct);
    std::printf("\n");
  }
  batten::Error error;
  for (const int64_t delay : {0, 200, 2000}) {
    batten_batcher_options options = batten::Batcher::options();
    options.batch_samples = batch;
    options.delay_us = delay;
    const batten::Batcher batcher = batten::Batcher::create(model, 0, options, error);
    require(static_cast<bool>(batcher), error);
    char name[64];
    std::snprintf(name, sizeof name, "batcher, delay %lld us", static_cast<long long>(delay));
    for (const int threads : {1, 16}) {
      const batten_batcher_counts before = batcher.counts();
      measure(name, threads, 1, program, [&](const Tensors &tensors, const batten::Workspace &) {
        batten::Error mine;
        require(batcher.call({tensors.x, tensors.out}, mine), mine);
      });
      const batten_batcher_counts after = batcher.counts();
      std::printf("   %.1f samples a batch\n", static_cast<double>(after.requests - before.requests) /
                                                   static_cast<double>(after.batches - before.batches));
    }
  }
  measure("calls of 32 samples", 1, batch, program, direct);
  std::printf("\n");
}

/// One thread with many samples, whose workspace keeps to a budget.
void measureChunks(const batten_program *bound, const batten_description &program) {
  batten::Error error;
  const batten::Pool pool = batten::Pool::create(static_cast<int32_t>(std::thread::hardware_concurrency()), error);
  require(static_cast<bool>(pool), error);
  for (const bool pooled : {false, true})
    for (const int64_t mebibytes : {0, 4, 1}) {
      char name[64] = "1024 samples";
      if (mebibytes)
        std::snprintf(name, sizeof name, "1024 samples in %lld MiB", static_cast<long long>(mebibytes));
      const int64_t budget = mebibytes ? mebibytes << 20 : INT64_MAX;
      measure(name, 1, manySamples, program, [&](const Tensors &tensors, const batten::Workspace &workspace) {
        batten::Error mine;
        const batten_call call = batten_pool_call(pooled ? pool.get() : nullptr, mine.get());
        const batten_tensor given[] = {tensors.x, tensors.out};
        require(!batten_program_call_chunked(bound, 0, nullptr, budget, nullptr, given, 2, workspace.get(), &call),
                mine);
      });
      std::printf("   a pool of %d\n", pooled ? pool.threads() : 1);
    }
}

} // namespace

int main(int count, char **words) {
  batten::Error error;
  if (count != 3)
    return 1;
  batten::Program program = batten::Program::open(words[1], error);
  require(program && program.bind(words[2], error), error);
  const batten::Model model = batten::Model::create(program, error);
  require(static_cast<bool>(model), error);
  const batten::Model::Use use = model.use();
  const batten_description &description = *batten_program_describe(use.get());
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ); // who reads sees each row as it is there
  std::printf("  %-28s %3s %12s %12s %12s\n", "", "", "samples/s", "median us", "99 % us");
  measureSingles(model, description, [&](const Tensors &tensors, const batten::Workspace &workspace) {
    batten::Error mine;
    require(model.call(0, {tensors.x, tensors.out}, workspace, mine), mine);
  });
  measureChunks(use.get(), description);
}
