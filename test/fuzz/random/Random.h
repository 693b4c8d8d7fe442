// Random.h - numbers that depend on a seed alone, the same on every machine.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_TEST_FUZZ_RANDOM_RANDOM_H
#define BATTEN_TEST_FUZZ_RANDOM_RANDOM_H

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

namespace batten::fuzz {

/// splitmix64 (Steele et al. 2014).
class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}
  /// A stream of its own for each program of a run.
  Random(uint64_t seed, uint64_t program) : state(seed * 0x9e3779b97f4a7c15 ^ (program + 1) * 0xd1342543de82ef95) {
    next();
  }

  uint64_t next() {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  /// 0 .. count - 1
  int64_t below(int64_t count) { return int64_t(next() % uint64_t(count)); }
  /// low .. high
  int64_t between(int64_t low, int64_t high) { return low + below(high - low + 1); }
  double uniform(double low, double high) { return low + (high - low) * double(next() >> 11) * 0x1p-53; }
  bool chance(double probability) { return uniform(0, 1) < probability; }
  template <class T> const T &pick(const std::vector<T> &list) { return list[size_t(below(int64_t(list.size())))]; }
  template <class T> T pick(std::initializer_list<T> list) { return list.begin()[below(int64_t(list.size()))]; }
  template <class T> void shuffle(std::vector<T> &list) {
    for (size_t i = list.size(); i > 1; --i)
      std::swap(list[i - 1], list[size_t(below(int64_t(i)))]);
  }

private:
  uint64_t state;
};

} // namespace batten::fuzz
#endif // BATTEN_TEST_FUZZ_RANDOM_RANDOM_H
