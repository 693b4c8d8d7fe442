// AttentionPlanes.cpp - attention of bf16 without dot instructions: what stands left in both products is widened once.
//
// A step of a tile has two parts then (DotStep.h), and to widen a query's granule, or that of its weights, in each of
// them takes half as many instructions as the products do. So queries are copied as floats, those of a part in a plane
// of their own: row[part][step]. Weights take the place of their scores in the same way, group by group of 64 keys:
// those of the odd keys, then those of the even ones. A tile reads them like f32. (Zen 3, one head of 1024 queries,
// time of f32: D 64 1.05, before 1.21; D 128 1.01, before 1.18.)
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Attention.h"
#include "compiler/kernels/cpu/WidenedRow.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace batten {

Value Attention::wordsOf(const Dim &offset) { return frame.scratchView(offset, b.getI32Type()); }

/// A part of a step of a query; `row` is the query's, `step` in elements.
Value Attention::queryPartAt(Value row, Value step, int64_t part) {
  Dim plane = Dim::floorDiv(paddedDepth, Dim::constant(granule));
  Value at = code.add(code.times(row, frame.size(paddedDepth)), frame.size(plane * Dim::constant(part)));
  return code.add(at, quotient(step, code.index(granule)));
}

/// The query whose first element is at `from` becomes row `row`.
void Attention::widenQuery(Value from, Value row) {
  SmallVector<WordPlace> planes;
  for (int64_t part = 0; part < dot.parts(); ++part)
    planes.push_back({wordsOf(scratch.queries), queryPartAt(row, code.index(0), part)});
  widenRow(code, dot, {q.memory, from, frame.size(stride(q, depthLoop)), frame.size(depth)}, planes);
}

/// Where a part of the weights of a query begins that belong to the granule which begins at `key`.
Value Attention::weightPartAt(Value row, Value key, int64_t part) {
  Value inGroup = remainder(key, code.index(numLanes)), group = minus(key, inGroup);
  Value at = code.add(scoreAt(row, group), quotient(inGroup, code.index(granule)));
  return code.add(at, code.index(part * numLanes / granule));
}

/// The same as addSeen, of a step whose weights are in planes.
SmallVector<Value> Attention::addSeenParts(Value row, Value key, ArrayRef<Value> values, ValueRange sums) {
  SmallVector<Value> next(sums);
  for (int64_t part = 0; part < dot.parts(); ++part)
    for (int64_t i = 0; i < tileRows; ++i) {
      Value at = weightPartAt(code.add(row, code.index(i)), key, part);
      Value weight = code.loadSplat(wordsOf(scratch.scores), at, b.getI32Type()), hidden = isHidden(weight);
      for (auto [j, value] : llvm::enumerate(values)) {
        Value &sum = next[i * values.size() + j];
        Value more = dot.addPart(code, weight, dot.partOf(code, value, part), sum);
        sum = arith::SelectOp::create(b, loc, hidden, sum, more);
      }
    }
  return next;
}

} // namespace batten
