// nearest.h - "did you mean": the tensors of a file whose names are nearest to one that is missing.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_RUNTIME_NEAREST_H
#define BATTEN_RUNTIME_NEAREST_H

#include <stdint.h>

namespace batten::runtime {

/// Longer names are not compared: the cost is their product.
constexpr int64_t maximumComparedName = 128;

/// Insertions, deletions and substitutions of bytes that turn one name, of at most maximumComparedName, into the other.
int64_t editDistance(const char *a, int64_t aLength, const char *b, int64_t bLength);

/// The best two of the candidates that are offered one by one.
class Nearest {
public:
  explicit Nearest(const char *wanted);
  /// Of two at the same distance the preferred one, then the first, comes first.
  void offer(int64_t candidate, const char *name, bool preferred);
  int count() const { return found; }
  int64_t candidate(int i) const { return best[i].candidate; }

private:
  struct Scored {
    int64_t candidate, score;
  };
  const char *wanted;
  int64_t wantedLength;
  Scored best[2];
  int found = 0;
};

} // namespace batten::runtime

#endif // BATTEN_RUNTIME_NEAREST_H
