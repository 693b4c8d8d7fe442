// DimWalk.cpp - see DimWalk.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/DimWalk.h"

using namespace mlir;

namespace batten {

/// Of one entry a dim: those before `end` without the one at `along`.
static SmallVector<Dim> without(ArrayRef<Dim> all, size_t along, size_t end) {
  SmallVector<Dim> left(all.take_front(end));
  left.erase(left.begin() + along);
  return left;
}

DimWalk::DimWalk(ArrayRef<Dim> extents, size_t along, size_t end) : along(along), end(end) {
  rows.domain = without(extents, along, end);
  rows.split = rows.domain.size();
  rows.indexed.assign(rows.split, false);
}

void DimWalk::add(const Operand &operand) {
  rows.accesses.push_back(operand);
  rows.accesses.back().strides = without(operand.strides, along, end);
}

SmallVector<Value> DimWalk::firstElements(const VectorCode &code, KernelFrame &frame, Value index) const {
  return batten::firstElements(code, frame, rows, index);
}

} // namespace batten
