// Contraction.cpp - see Contraction.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Contraction.h"
#include "compiler/kernels/cpu/Granules.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace batten {

Dim Contraction::count(ArrayRef<int64_t> loops) const {
  Dim product = Dim::constant(1);
  for (int64_t loop : loops)
    product = product * extents[loop];
  return product;
}

static Type elementOf(Value value) { return cast<RankedTensorType>(value.getType()).getElementType(); }

bool isOfTiles(linalg::GenericOp product, const Level &level) {
  return level.hasTiles && granuleElements(elementOf(product.getDpsInputs()[1])) > 1;
}

PanelShape panelShape(const Dim &columns, linalg::GenericOp product, const Level &level) {
  int64_t lanes = level.lanes(elementOf(product.getResult(0)));
  std::optional<int64_t> known = columns.constantValue();
  int64_t most = isOfTiles(product, level) ? 2 : level.tileVectors;
  if (!known)
    return {lanes, most};
  if (granuleElements(elementOf(product.getDpsInputs()[1])) == 1)
    lanes = std::min(lanes, std::max<int64_t>(lanes / 4, llvm::PowerOf2Ceil(*known)));
  return {lanes, std::min(most, std::max<int64_t>(1, llvm::divideCeil(*known, lanes)))};
}

/// Two tiles: `x @ w` of 1024 x 1024 takes 78 us instead of 290 with one row, 266 and 468 with 6, 577 and 617 with 12,
/// and with 24 the same (Zen 3).
int64_t mostRowsInPlace(linalg::GenericOp product, const Level &level) {
  return isOfTiles(product, level) ? 0 : 2 * level.tileRows;
}

static bool reads(AffineMap map, int64_t loop) {
  return llvm::any_of(map.getResults(), [&](AffineExpr e) {
    auto dim = dyn_cast<AffineDimExpr>(e);
    return dim && int64_t(dim.getPosition()) == loop;
  });
}

/// Sorts the loops by who reads them; false where one fits no role or a role that must be single is taken twice.
static bool classifyLoops(Contraction &c) {
  AffineMap lhs = c.product.getIndexingMapsArray()[0], rhs = c.product.getIndexingMapsArray()[1];
  int64_t innermost = int64_t(c.product.getNumParallelLoops()) - 1;
  for (auto [loop, kind] : llvm::enumerate(c.product.getIteratorTypesArray())) {
    bool left = reads(lhs, loop), right = reads(rhs, loop);
    if (kind == utils::IteratorType::reduction) {
      if (!left || !right || c.depth >= 0)
        return false;
      c.depth = loop;
    } else if (int64_t(loop) == innermost && right && !left) {
      c.column = loop;
    } else {
      (right ? c.batch : c.rows).push_back(loop);
    }
  }
  return c.depth >= 0 && c.column >= 0;
}

std::optional<Contraction> contractionOf(linalg::GenericOp product, Shapes &shapes) {
  Contraction c;
  c.product = product;
  c.extents = loopExtents(product, shapes);
  if (!classifyLoops(c))
    return std::nullopt;
  c.plain = product.getDpsInputs()[1];
  if (auto unpack = c.plain.getDefiningOp<linalg::UnPackOp>()) {
    c.packed = true;
    c.plain = unpack.getDest().getDefiningOp<tensor::EmptyOp>() ? Value() : unpack.getDest();
  }
  return c;
}

std::optional<Contraction> matchContraction(func::FuncOp group, Shapes &shapes) {
  Contraction c;
  for (auto generic : group.getOps<linalg::GenericOp>()) {
    if (generic.getNumReductionLoops() != 0)
      c.product = generic;
    else
      c.epilogue.push_back(generic);
  }
  if (!c.product || c.product.getNumDpsInputs() != 2) {
    group.emitError("a contraction group needs one product of two operands");
    return std::nullopt;
  }
  std::optional<Contraction> one = contractionOf(c.product, shapes);
  if (!one) {
    c.product.emitError("the loops of this product are not those of a contraction");
    return std::nullopt;
  }
  one->epilogue = std::move(c.epilogue);
  return one;
}

bool liesAlong(int64_t loop, const Contraction &c, Shapes &shapes) {
  linalg::GenericOp product = c.product;
  AffineExpr index = getAffineDimExpr(loop, product.getContext());
  std::optional<unsigned> position = product.getIndexingMapsArray()[1].getResultPosition(index);
  std::optional<Access> access = resolveAccess(c.plain, shapes);
  return position && access && access->strides[*position].isConstant(1);
}

FewRows fewRowsOf(const Contraction &c, Shapes &shapes, const Level &level) {
  int64_t most = mostRowsInPlace(c.product, level);
  std::optional<int64_t> rows = c.count(c.rows).constantValue();
  if (!c.plain || most == 0 || (rows && *rows > most))
    return FewRows::Never;
  if (!liesAlong(c.column, c, shapes) && !liesAlong(c.depth, c, shapes))
    return FewRows::Never;
  return rows ? FewRows::Always : FewRows::Sometimes;
}

} // namespace batten
