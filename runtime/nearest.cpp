// nearest.cpp - edit distance over two rows, and the two best of many.
//
// A name counts as near while at most two thirds of its characters differ: `mlp.up` and `mlp.c_fc.weight` are worth
// naming together, unlike names that share nothing. Wagner & Fischer, The String-to-String Correction Problem, JACM 21
// (1974).
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "nearest.h"

#include <algorithm>
#include <string.h>

namespace batten::runtime {

int64_t editDistance(const char *a, int64_t aLength, const char *b, int64_t bLength) {
  int64_t row[maximumComparedName + 1]; // row[j]: from the first i of a to the first j of b
  for (int64_t j = 0; j <= bLength; ++j)
    row[j] = j;
  for (int64_t i = 1; i <= aLength; ++i) {
    int64_t diagonal = row[0];
    row[0] = i;
    for (int64_t j = 1; j <= bLength; ++j) {
      const int64_t substitute = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({substitute, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[bLength];
}

Nearest::Nearest(const char *wanted) : wanted(wanted), wantedLength((int64_t)strlen(wanted)) {}

void Nearest::offer(int64_t candidate, const char *name, bool preferred) {
  const int64_t length = (int64_t)strlen(name), longer = std::max(length, wantedLength);
  if (longer > maximumComparedName)
    return;
  const int64_t distance = editDistance(wanted, wantedLength, name, length);
  if (3 * distance > 2 * longer)
    return;
  const Scored scored{candidate, 2 * distance + !preferred};
  if (found < 2)
    best[found++] = scored;
  else if (scored.score < best[1].score)
    best[1] = scored;
  if (found == 2 && best[1].score < best[0].score)
    std::swap(best[0], best[1]);
}

} // namespace batten::runtime
