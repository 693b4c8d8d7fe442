// main.cpp - a compiled model in a C++ program three ways: its plain function, chunks under a budget, and a batcher.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <batten/batten.hpp>
#include <classifier.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

namespace {

constexpr int64_t samples = 1000;

void require(bool done, const batten::Error &error) {
  if (done)
    return;
  std::fprintf(stderr, "embed: %s\n", error.message());
  std::exit(1);
}

/// A buffer for all samples of `width` values each.
template <int64_t width> batten::Buffer makeSamples() {
  batten::Error error;
  batten::Buffer buffer = batten::Buffer::create<float, width>(samples, error);
  require(buffer && buffer.resize(samples, error), error);
  return buffer;
}

const char *compare(const batten::Buffer &a, const batten::Buffer &b) {
  return std::memcmp(a.data<float>(), b.data<float>(), sizeof(float) * 5 * samples) ? "OTHER BITS" : "the same bits";
}

/// Four threads that each ask for every fourth sample, alone.
batten::Buffer callOneByOne(batten::Program &program, const batten::Buffer &x) {
  batten::Error error;
  const batten::Model model = batten::Model::create(program, error);
  const batten::Batcher batcher = batten::Batcher::create(model, "classify", batten::Batcher::options(), error);
  require(model && batcher, error);
  batten::Buffer y = makeSamples<5>();
  std::vector<std::thread> clients;
  for (int64_t first = 0; first < 4; ++first)
    clients.emplace_back([&, first] {
      batten::Error mine;
      const auto in = x.view<float, 10>(mine);
      const auto out = y.view<float, 5>(mine);
      for (int64_t i = first; i < samples; i += 4)
        require(batcher.call({in.slice(i, i + 1), out.slice(i, i + 1)}, mine), mine);
    });
  for (std::thread &client : clients)
    client.join();
  return y;
}

/// The plain interface, which needs no runtime library: memory, weights and a call.
bool callPlainly(const float *x, float *y) {
  alignas(64) static char memory[CLASSIFIER_BYTES];
  static float weight[5][10] = {}, bias[5] = {};
  const classifier_weights weights = {&weight[0][0], bias};
  const classifier_program *program;
  batten_error refused;
  const int64_t bytes = classifier_classify_workspace(1);
  void *scratch = std::aligned_alloc(64, static_cast<size_t>(bytes + 64) / 64 * 64);
  const bool done = !classifier_bind(memory, sizeof memory, &weights, &program, &refused) &&
                    !classifier_classify(program, 1, x, y, scratch, bytes, nullptr);
  std::free(scratch);
  return done;
}

} // namespace

int main() {
  batten::Error error;
  batten::Program program = batten::Program::from(classifier_describe(), error);
  require(program && program.bind(WEIGHTS, error), error);

  batten::Buffer x = makeSamples<10>(), y = makeSamples<5>();
  int64_t number = 0;
  for (float (&sample)[10] : x.view<float, 10>(error))
    for (float &element : sample)
      element = std::sin(static_cast<float>(number++));
  const batten::Workspace workspace = batten::Workspace::create(error);
  require(program.call("classify", {x, y}, workspace, error), error);
  double sum = 0;
  for (const float (&sample)[5] : y.view<float, 5>(error))
    for (const float probability : sample)
      sum += probability;
  std::printf("%lld samples, their probabilities add up to %.3f\n", static_cast<long long>(y.count()), sum);

  batten::Buffer chunked = makeSamples<5>();
  require(program.callChunked("classify", 4096, {x, chunked}, workspace, error), error);
  std::printf("in chunks: %s\n", compare(chunked, y));
  std::printf("one by one from four threads: %s\n", compare(callOneByOne(program, x), y));

  if (!callPlainly(x.data<float>(), y.data<float>()))
    return 1;
  std::printf("without weights every class has %.1f\n", static_cast<double>(y.data<float>()[0]));
}
