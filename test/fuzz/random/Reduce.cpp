// Reduce.cpp - see Reduce.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/random/Reduce.h"

namespace batten::fuzz {

/// Arguments are no longer updated in place, if it fails without.
static Sketch withoutUpdates(const Sketch &sketch, const std::function<bool(const Sketch &)> &fails) {
  Sketch part = sketch;
  part.entry.body.updates.clear();
  part.prune();
  return sketch.entry.body.updates.empty() || !fails(part) ? sketch : part;
}

/// The first value that fails by itself becomes the only result.
static Sketch firstFailing(const Sketch &sketch, const std::function<bool(const Sketch &)> &fails) {
  for (const Statement &statement : sketch.entry.body.statements)
    for (int result : statement.results) {
      Sketch part = sketch;
      part.entry.body.results = {result};
      part.prune();
      if (fails(part))
        return part;
    }
  return sketch;
}

/// The results of a statement become arguments.
static Sketch withArguments(const Sketch &sketch, size_t statement) {
  Sketch part = sketch;
  Body &body = part.entry.body;
  const std::vector<int> results = body.statements[statement].results;
  body.parameters.insert(body.parameters.end(), results.begin(), results.end());
  body.statements.erase(body.statements.begin() + int64_t(statement));
  part.prune();
  return part;
}

static Sketch shortened(Sketch sketch, const std::function<bool(const Sketch &)> &fails) {
  for (size_t i = sketch.entry.body.statements.size(); i-- > 0;) {
    if (i >= sketch.entry.body.statements.size() || sketch.entry.body.statements.size() == 1)
      continue;
    Sketch part = withArguments(sketch, i);
    if (!part.entry.body.statements.empty() && fails(part))
      sketch = std::move(part);
  }
  return sketch;
}

static Sketch withSmallSizes(Sketch sketch, const std::function<bool(const Sketch &)> &fails) {
  for (RuntimeDim &dim : sketch.runtimeDims)
    for (int64_t size : {int64_t(1), int64_t(2), int64_t(3), int64_t(5), int64_t(7), int64_t(9), dim.size / 2}) {
      int64_t before = dim.size;
      if (size >= before || size < dim.least || size % dim.step != 0)
        continue;
      dim.size = size;
      if (fails(sketch))
        break;
      dim.size = before;
    }
  return sketch;
}

Sketch reduced(Sketch sketch, const std::function<bool(const Sketch &)> &fails) {
  return withSmallSizes(shortened(firstFailing(withoutUpdates(sketch, fails), fails), fails), fails);
}

} // namespace batten::fuzz
