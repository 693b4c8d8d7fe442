// Contraction.h - what a contraction group is, found once and then built.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_CONTRACTION_H
#define BATTEN_COMPILER_KERNELS_CPU_CONTRACTION_H

#include "compiler/kernels/cpu/Operand.h"

namespace batten {

/// result[batch.., rows.., column] =
///     epilogue(sum over depth of lhs[batch.., rows.., depth] * rhs[batch.., depth, column])
/// Loops that the left side lacks but the right side has are batch loops with a stride of 0 on the left.
struct Contraction {
  mlir::linalg::GenericOp product;
  llvm::SmallVector<mlir::linalg::GenericOp> epilogue; ///< in order, each reads the one before
  llvm::SmallVector<Dim> extents;                      ///< of the loops of `product`
  llvm::SmallVector<int64_t> batch, rows;              ///< loop numbers, outermost first
  int64_t column = -1, depth = -1;
  bool packed = false;                            ///< the right side arrives in panels (linalg.unpack of them)
  mlir::Value plain;                              ///< the right side as it lies; null where only panels of it arrive
  Dim count(llvm::ArrayRef<int64_t> loops) const; ///< of the extents of `loops`
};

/// Columns of a panel of the right side: vectors of `lanes` accumulators.
struct PanelShape {
  int64_t lanes, vectors;
  int64_t columns() const { return lanes * vectors; }
};
/// True where the product is one of AMX tiles at this level.
bool isOfTiles(mlir::linalg::GenericOp product, const Level &level);
/// Of a product with so many columns: 5 need no panel of 64, nor the widest vectors; but dots are of whole registers,
/// and of tiles there are two side by side.
PanelShape panelShape(const Dim &columns, mlir::linalg::GenericOp product, const Level &level);

/// So few rows of a batch entry read a row-major right side quicker where it lies than panels that are first packed.
int64_t mostRowsInPlace(mlir::linalg::GenericOp product, const Level &level);

/// Reads one product, with no epilogue; nullopt where its loops are not those of a contraction.
std::optional<Contraction> contractionOf(mlir::linalg::GenericOp product, Shapes &shapes);
/// Reads the group; nullopt (with an error at the op) where its loops are not those of a contraction.
std::optional<Contraction> matchContraction(mlir::func::FuncOp group, Shapes &shapes);
/// Which calls have so few.
enum class FewRows { Never, Sometimes, Always };
FewRows fewRowsOf(const Contraction &c, Shapes &shapes, const Level &level);
/// True where elements of `loop` lie side by side in the right side as it lies.
bool liesAlong(int64_t loop, const Contraction &c, Shapes &shapes);

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_CONTRACTION_H
