// served.cpp - served LIBRARY ENTRY WEIGHTS: one call on 37 samples against the same in chunks under every budget that
// matters, on threads, and as single requests of a batcher whose weights are exchanged (for equal ones) all the while.
// Every result must have the bits of the one call. WEIGHTS: a .safetensors file, or `-`.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/batten.hpp"

#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace {

constexpr int64_t samples = 37, otherSizes = 5;

[[noreturn]] void fail(const char *what) {
  fprintf(stderr, "served: %s\n", what);
  exit(1);
}

void require(bool done, const batten::Error &error) {
  if (!done)
    fail(error.message());
}

batten::Program open(char **words, batten::Error &error) {
  batten::Program program = batten::Program::open(words[1], error);
  require(static_cast<bool>(program), error);
  require(strcmp(words[3], "-") ? program.bind(words[3], error) : program.bind(error), error);
  return program;
}

/// All arguments of one call; results are compared, inputs are numbers that no two samples share.
class Arguments {
public:
  Arguments(const batten::Program &program, int64_t entry) : described(program.describe().entries[entry]) {
    batten::Error error;
    std::vector<int64_t> sizes(static_cast<size_t>(described.symbol_count), otherSizes);
    sizes[0] = samples;
    for (int64_t i = 0; i < described.argument_count; ++i) {
      owned.push_back(program.allocate(entry, i, sizes, error));
      require(static_cast<bool>(owned.back()), error);
      if (described.arguments[i].dtype != BATTEN_F32)
        fail("f32 only");
      for (int64_t at = 0; at < owned.back().elements(); ++at)
        owned.back().data<float>()[at] = std::sin(static_cast<float>(at) + 0.5f * static_cast<float>(i));
    }
  }
  std::vector<batten_tensor> tensors() const { return std::vector<batten_tensor>(owned.begin(), owned.end()); }
  /// The tensors of one sample.
  std::vector<batten_tensor> sample(int64_t number) const {
    std::vector<batten_tensor> one = tensors();
    for (size_t i = 0; i < one.size(); ++i)
      if (described.arguments[i].batch_rank > 0 && one[i].sizes[0] == samples) {
        one[i].sizes[0] = 1;
        one[i].data = static_cast<char *>(one[i].data) + number * batten_tensor_bytes(&one[i]);
      }
    return one;
  }
  bool isResult(size_t i) const { return described.arguments[i].kind != BATTEN_INPUT; }
  void clear() {
    for (size_t i = 0; i < owned.size(); ++i)
      if (isResult(i))
        memset(owned[i].data<char>(), 0xee, static_cast<size_t>(batten_tensor_bytes(&owned[i].get())));
  }
  void requireSame(const Arguments &other, const char *how) const {
    for (size_t i = 0; i < owned.size(); ++i)
      if (isResult(i) && memcmp(owned[i].data<char>(), other.owned[i].data<char>(),
                                static_cast<size_t>(batten_tensor_bytes(&owned[i].get()))))
        fail(how);
  }

private:
  const batten_entry &described;
  std::vector<batten::Tensor> owned;
};

void runChunks(const batten::Program &program, const char *entry, const Arguments &want, Arguments &got) {
  batten::Error error;
  const batten::Pool three = batten::Pool::create(3, error), none;
  const batten_entry &described = program.describe().entries[program.find(entry)];
  std::vector<int64_t> sizes(static_cast<size_t>(described.symbol_count), otherSizes);
  int calls = 0;
  for (const int64_t chunk : {1, 2, 3, 36, 37})
    for (const bool threaded : {false, true}) {
      got.clear();
      sizes[0] = chunk;
      const int64_t budget = described.workspace(sizes.data()) * (threaded ? 3 : 1) + 192;
      const batten::Workspace workspace = batten::Workspace::create(error);
      require(program.callChunked(entry, budget, got.tensors(), workspace, error, threaded ? three : none),
              error);
      if (workspace.bytes() > budget + 4096)
        fail("a budget was not kept");
      got.requireSame(want, "chunks gave other bits");
      ++calls;
    }
  printf("%s: %d calls in chunks gave the same bits\n", entry, calls);
}

void runBatcher(char **words, const Arguments &want, Arguments &got) {
  batten::Error error;
  batten::Program first = open(words, error);
  const int64_t entry = first.find(words[2]);
  const batten::Model model = batten::Model::create(first, error);
  batten_batcher_options options = batten::Batcher::options();
  options.batch_samples = 8;
  options.workers = 2;
  const batten::Batcher batcher = batten::Batcher::create(model, entry, options, error);
  require(static_cast<bool>(batcher), error);
  got.clear();
  std::atomic<int64_t> next{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&] {
      batten::Error mine;
      for (int64_t i; (i = next++) < samples;)
        require(batcher.call(got.sample(i), mine), mine);
    });
  batten::Program again = open(words, error);
  require(model.exchange(again, error), error);
  for (std::thread &thread : threads)
    thread.join();
  got.requireSame(want, "a batcher gave other bits");
  printf("%s: %lld requests in batches gave the same bits\n", words[2],
         static_cast<long long>(batcher.counts().requests));
}

} // namespace

int main(int count, char **words) {
  if (count != 4)
    fail("LIBRARY ENTRY WEIGHTS");
  batten::Error error;
  const batten::Program program = open(words, error);
  const int64_t entry = program.find(words[2]);
  if (entry < 0)
    fail("no such entry");
  Arguments want(program, entry), got(program, entry);
  require(program.call(entry, want.tensors(), batten::Workspace(), error), error);
  runChunks(program, words[2], want, got);
  runBatcher(words, want, got);
}
