// ChooseKernel.cpp - see ChooseKernel.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/schedule/ChooseKernel.h"
#include "compiler/kernels/cpu/Contraction.h"
#include "compiler/kernels/cpu/Granules.h"
#include "compiler/kernels/cpu/Window.h"
#include "compiler/schedule/Groups.h"
#include "llvm/Support/ErrorHandling.h"

using namespace mlir;

namespace batten {

/// A right-hand side of a batch entry that is row-major is read where it lies if it is at most half of L1, or if L1
/// holds it and it is no more than two panels: packing it would move as many bytes as the product reads.
static bool fitsInPlace(const Contraction &c, Shapes &shapes, const Level &level) {
  if (c.packed)
    return false;
  linalg::GenericOp product = c.product;
  Value right = product.getDpsInputs()[1];
  AffineMap map = product.getIndexingMapsArray()[1];
  std::optional<Access> access = resolveAccess(right, shapes);
  std::optional<unsigned> column = map.getResultPosition(getAffineDimExpr(c.column, product.getContext()));
  std::optional<int64_t> columns = c.extents[c.column].constantValue(), depth = c.extents[c.depth].constantValue();
  if (!access || !column || !columns || !depth || !access->strides[*column].isConstant(1))
    return false;
  Type element = cast<RankedTensorType>(right.getType()).getElementType();
  bool isNarrow = *columns <= 2 * panelShape(c.extents[c.column], product, level).columns();
  bool fillsL1 = isNarrow && granuleElements(element) == 1; // rows of granules are interleaved at every reading
  return *columns * *depth * elementBytes(element) <= (fillsL1 ? level.cacheBytesL1 : level.cacheBytesL1 / 2);
}

static KernelChoice chooseContraction(func::FuncOp group, const Level &level) {
  Shapes shapes(group);
  std::optional<Contraction> c = matchContraction(group, shapes);
  if (c && isOfTiles(c->product, level)) // at every size: they have an order of arithmetic of their own
    return {buildTileProducts, "tile products"};
  if (c && fitsInPlace(*c, shapes, level))
    return {buildInPlaceContraction, "in-place contraction"};
  if (c && fewRowsOf(*c, shapes, level) == FewRows::Always && liesAlong(c->column, *c, shapes))
    return {buildFewRowsContraction, "few-rows contraction"};
  return {buildTiledContraction, "tiled contraction"}; // which says what it cannot build
}

static KernelChoice chooseConvolution(func::FuncOp group, const Level &level) {
  Shapes shapes(group);
  for (auto generic : group.getOps<linalg::GenericOp>())
    if (isWindow(generic) && isOfTiles(describeWindow(generic, shapes), level))
      return {buildTileConvolution, "tile convolution"};
  // Outputs are in lanes where weights are packed so.
  return group.getOps<linalg::UnPackOp>().empty() ? KernelChoice{buildPixelConvolution, "pixel convolution"}
                                                  : KernelChoice{buildOutputConvolution, "output convolution"};
}

KernelChoice chooseKernel(func::FuncOp group, const Level &level) {
  std::optional<GroupKind> kind = kindOf(group);
  if (!kind)
    return {};
  switch (*kind) {
  case GroupKind::Rows:
    return {buildRows, "rows"};
  case GroupKind::Contraction:
    return chooseContraction(group, level);
  case GroupKind::BatchReduction:
    return {buildBatchReduction, "batch reduction"};
  case GroupKind::Concat:
    return {buildConcat, "concat"};
  case GroupKind::Pack:
    return {buildPack, "pack"};
  case GroupKind::Gather:
    return {buildGatherRows, "gather rows"};
  case GroupKind::Update:
    return {buildUpdateRows, "update rows"};
  case GroupKind::Attention:
    return {buildAttention, "attention"};
  case GroupKind::Scan:
    return {buildScan, "scan"};
  case GroupKind::Greatest:
    return {buildGreatest, "greatest"};
  case GroupKind::Convolution:
    return chooseConvolution(group, level);
  case GroupKind::Pool:
    return {buildPool, "pool"};
  }
  llvm_unreachable("every kind has its kernel");
}

} // namespace batten
