// WidenedRow.cpp - see WidenedRow.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/WidenedRow.h"
#include "compiler/kernels/cpu/LoopCode.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace batten {

/// The step whose first element is at `at`; `rest` (null: all) elements of it are there.
static void widenStep(const VectorCode &v, const DotStep &dot, const LeftRow &row, Value at, Value rest,
                      ArrayRef<WordPlace> planes, Value step) {
  Value granule = dot.ofLeft(v, row.memory, at, row.stride, rest);
  for (auto [part, plane] : llvm::enumerate(planes)) {
    Value widened = dot.partOf(v, granule, part);
    Value word = vector::ExtractOp::create(v.builder, v.loc, widened, ArrayRef<int64_t>{0});
    v.storeScalar(word, plane.memory, v.add(plane.at, step));
  }
}

/// Whole vectors where the depth lies side by side, then step by step.
void widenRow(const VectorCode &v, const DotStep &dot, const LeftRow &row, ArrayRef<WordPlace> planes) {
  LoopCode loops{v.builder, v.loc};
  Value elements = v.index(dot.elements()), next = v.index(0);
  Value steps = loops.quotient(row.depth, elements), rest = loops.remainder(row.depth, elements);
  auto place = [&](Value step) { return v.add(row.at, v.times(step, v.times(elements, row.stride))); };
  if (constantIndex(row.stride) == 1) {
    Value lanes = v.index(v.lanes);
    next = v.times(loops.quotient(steps, lanes), lanes);
    loops.loop(v.index(0), next, lanes, [&](Value step) {
      Value granules = dot.ofPanel(v, row.memory, place(step));
      for (auto [part, plane] : llvm::enumerate(planes))
        v.store(dot.partOf(v, granules, part), plane.memory, v.add(plane.at, step), {});
    });
  }
  loops.loop(next, steps, v.index(1), [&](Value step) { widenStep(v, dot, row, place(step), {}, planes, step); });
  loops.onlyIf(loops.below(v.index(0), rest), [&] { widenStep(v, dot, row, place(steps), rest, planes, steps); });
}

} // namespace batten
