// Remarks.cpp - see Remarks.h. Nothing is said where the source could not be written in a quicker way.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/schedule/Remarks.h"
#include "compiler/schedule/Groups.h"

using namespace mlir;

namespace batten {

/// True where every operation hands on what it reads.
static bool onlyMoves(func::FuncOp group) {
  return llvm::all_of(group.getOps<linalg::GenericOp>(), [](linalg::GenericOp op) {
    return isa<BlockArgument>(op.getBody()->getTerminator()->getOperand(0));
  });
}

std::optional<Remark> remarkOn(func::FuncOp group) {
  std::optional<GroupKind> kind = kindOf(group);
  if (kind == GroupKind::Pack)
    return Remark{"a right-hand side that is no weight is packed in every call",
                  "a `param` of a model is packed once, at the bind"};
  if (kind == GroupKind::Rows && onlyMoves(group))
    return Remark{"a copy puts these values into another order in every call", ""};
  return std::nullopt;
}

} // namespace batten
