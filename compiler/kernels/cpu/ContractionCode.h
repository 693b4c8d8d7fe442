// ContractionCode.h - a contraction inside its kernel: operands as memory, offsets, widths; shared by loops and tile.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_CONTRACTIONCODE_H
#define BATTEN_COMPILER_KERNELS_CPU_CONTRACTIONCODE_H

#include "compiler/kernels/cpu/Contraction.h"
#include "compiler/kernels/cpu/DotStep.h"
#include "compiler/kernels/cpu/Epilogue.h"
#include "compiler/kernels/cpu/GroupScalars.h"
#include "compiler/kernels/cpu/UsualSizes.h"
#include "compiler/kernels/cpu/VectorCode.h"

namespace batten {

class ContractionCode {
public:
  /// Where the tile finds the right side.
  enum class Right {
    Packed,   ///< the kernel is given panels
    OwnPanel, ///< the kernel packs one panel at a time into its thread's scratch
    InPlace,  ///< row-major, as it lies
    InParts   ///< the same by a few depths at a time, of many columns
  };

  ContractionCode(Contraction &c, Right right, KernelFrame &frame, const Level &level, mlir::func::FuncOp group)
      : c(c), right(right), frame(frame), level(level), b(frame.builder), loc(c.product.getLoc()),
        scalars(group, frame) {}
  llvm::LogicalResult resolve(mlir::func::FuncOp group, Shapes &shapes);

  Contraction &c;
  const Right right;
  KernelFrame &frame;
  const Level &level;
  mlir::OpBuilder &b;
  mlir::Location loc;
  GroupScalars scalars;
  Operand lhs, rhs, out;
  Epilogue epilogue;
  DotStep dot;
  mlir::Type accumulator; ///< element type of the chains
  int64_t lanes = 0;
  int64_t tileVectors = 0; ///< of a whole panel
  int64_t tileRows = 0;    ///< of the tallest tile

  VectorCode code() {
    return {b, loc, lanes, [this](mlir::Value value) { return scalars.get(value); }};
  }
  int64_t panelColumns() const { return tileVectors * lanes; }
  bool isPlain() const { return right == Right::InPlace || right == Right::InParts; }
  mlir::Value size(const Dim &dim) { return frame.size(dim); }
  mlir::Value extent(int64_t loop) { return frame.size(c.extents[loop]); }
  /// The depth, or a usual one where only the call knows it.
  int64_t likelyDepth() const { return c.extents[c.depth].constantValue().value_or(usual::depth); }
  /// The depth of a panel: that of the product, filled up to whole steps.
  Dim panelDepth() const { return roundUp(c.extents[c.depth], dot.elements()); }
  /// Memory of the packed panels, panel[depth in granules][column in panel][element of the granule] each, or of the
  /// right side as it lies.
  mlir::Value rightMemory();
  Dim panelElements() const { return panelDepth() * Dim::constant(panelColumns()); }
  Dim panelBytes() const { return panelElements() * Dim::constant(elementBytes(rhs.element)); }
  /// True where the panels that the kernel is given are more than the last cache holds.
  bool panelsStream() const;
  /// Packs the depths [from, to) of the panel of a batch entry that begins with this column into the thread's scratch
  /// (Right::OwnPanel).
  void packPanel(mlir::Value batch, mlir::Value firstColumn, mlir::Value from, mlir::Value to);
  mlir::Value offsetOf(const Operand &operand, llvm::ArrayRef<int64_t> loops, mlir::Value flattened);
  /// Of the operand's first element that batch entry `batch` and row `row` read.
  mlir::Value offsetAt(const Operand &operand, mlir::Value batch, mlir::Value row);
};

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_CONTRACTIONCODE_H
