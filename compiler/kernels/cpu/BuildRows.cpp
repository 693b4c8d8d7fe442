// BuildRows.cpp - the builder of rows groups: reads the group, cuts its domain, chooses what the lanes run along.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/RowKernels.h"
#include "compiler/kernels/cpu/VectorMath.h"

using namespace mlir;

namespace batten {

/// Element-wise: as many trailing dims as every operand meets as one are the columns.
static size_t freeSplit(const RowGroup &group) {
  size_t rank = group.domain.size();
  auto flat = [&](size_t from) {
    bool indexed = llvm::is_contained(ArrayRef<bool>(group.indexed).drop_front(from), true);
    return !(indexed && from + 1 < rank) && llvm::all_of(group.accesses, [&](const Operand &access) {
      return flatStride(access, group.domain, from, rank).has_value();
    });
  };
  size_t split = rank;
  while (split > 0 && flat(split - 1))
    --split;
  return split;
}

FailureOr<Kernel> buildRows(func::FuncOp function, StringRef name, const Level &level) {
  Shapes shapes(function);
  KernelFrame frame(function, name, level);
  FailureOr<RowGroup> group = matchRows(function, shapes, frame);
  if (failed(group)) {
    frame.function.erase();
    return failure();
  }
  if (!group->readsRows())
    group->splitAt(freeSplit(*group));
  GroupScalars scalars(function, frame);
  Kernel kernel = buildColumnsInLanes(*group, frame, scalars, level);
  if (failed(expandVectorMath(kernel.function))) {
    frame.function.erase();
    return failure();
  }
  return kernel;
}

} // namespace batten
