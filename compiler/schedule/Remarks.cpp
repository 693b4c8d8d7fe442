// Remarks.cpp - see Remarks.h. Nothing is said where the source could not be written in a quicker way.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/schedule/Remarks.h"
#include "compiler/kernels/cpu/Contraction.h"
#include "compiler/schedule/Groups.h"

using namespace mlir;

namespace batten {

//===- Where values lie -------------------------------------------------------------------------------------------===//

/// True where every operation hands on what it reads.
static bool onlyMoves(func::FuncOp group) {
  return llvm::all_of(group.getOps<linalg::GenericOp>(), [](linalg::GenericOp op) {
    return isa<BlockArgument>(op.getBody()->getTerminator()->getOperand(0));
  });
}

//===- Products ---------------------------------------------------------------------------------------------------===//

/// bf16 without instructions for it: with 256 rows of 1024x1024 widened at every reading 23.6 ms, widened once 10.9; 16
/// rows 0.86 and 0.54, one row the same (Zen 3).
static std::optional<Remark> remarkOnContraction(func::FuncOp group, const Level &level) {
  Shapes shapes(group);
  std::optional<Contraction> c = matchContraction(group, shapes);
  if (!c || level.usesBf16Dots || isOfTiles(c->product, level) || c->count(c->rows).isConstant(1) ||
      !llvm::all_of(c->product.getDpsInputs(), [](Value v) { return getElementTypeOrSelf(v.getType()).isBF16(); }))
    return std::nullopt;
  return Remark{"products of bf16 are made in f32 at " + level.name + ", which widens both sides at every reading",
                "of many rows `(x as f32) @ (w as f32)` is quicker, at twice the memory: each side is widened once, a "
                "weight at the bind"};
}

std::optional<Remark> remarkOn(func::FuncOp group, const Level &level) {
  std::optional<GroupKind> kind = kindOf(group);
  if (kind == GroupKind::Pack)
    return Remark{"a right-hand side that is no weight is packed in every call",
                  "a `param` of a model is packed once, at the bind"};
  if (kind == GroupKind::Rows && onlyMoves(group))
    return Remark{"a copy puts these values into another order in every call", ""};
  if (kind == GroupKind::Contraction)
    return remarkOnContraction(group, level);
  return std::nullopt;
}

} // namespace batten
