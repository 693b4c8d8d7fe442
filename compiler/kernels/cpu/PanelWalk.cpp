// PanelWalk.cpp - see PanelWalk.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/PanelWalk.h"
#include "compiler/kernels/cpu/LoopCode.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace batten {

void walkBlocks(ContractionCode &k, Value blocks, Value panels,
                function_ref<void(Value batch, Value block, Value from, Value to)> body) {
  VectorCode code = k.code();
  LoopCode loops{k.b, k.loc};
  Value begin = k.frame.begin, end = k.frame.end;
  loops.loop(loops.quotient(begin, panels), loops.ceilQuotient(end, panels), code.index(1), [&](Value outer) {
    Value first = code.times(outer, panels), from = loops.minus(loops.most(begin, first), first);
    Value to = loops.minus(loops.least(end, code.add(first, panels)), first);
    Value batch = code.index(0), block = outer;
    if (!k.c.batch.empty()) {
      batch = loops.quotient(outer, blocks);
      block = loops.minus(outer, code.times(batch, blocks));
    }
    body(batch, block, from, to);
  });
}

void walkPanels(ContractionCode &k, Value from, Value to, function_ref<void(const PanelTurn &)> body) {
  VectorCode code = k.code();
  LoopCode loops{k.b, k.loc};
  int64_t width = k.panelColumns();
  Dim columns = k.c.extents[k.c.column];
  std::optional<int64_t> known = columns.constantValue();
  Value whole = k.size(Dim::floorDiv(columns, Dim::constant(width)));
  if (!known || *known >= width)
    loops.loop(from, loops.least(to, whole), code.index(1), [&](Value number) {
      Value next = code.add(number, code.index(1));
      body({number, loops.choose(loops.below(next, to), next, from), k.tileVectors, /*masked=*/false});
    });
  if (known && *known % width == 0)
    return;
  int64_t rest = known ? *known % width : width; // only the vectors that hold a column
  loops.onlyIf(loops.below(whole, to), [&] {
    body({whole, from, int64_t(llvm::divideCeil(rest, k.lanes)), /*masked=*/!known || rest % k.lanes != 0});
  });
}

} // namespace batten
