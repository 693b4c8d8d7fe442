// ContractionCode.cpp - see ContractionCode.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/ContractionCode.h"
#include "compiler/kernels/cpu/LoopCode.h"
#include "compiler/kernels/cpu/PackPanel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace batten {

/// Rows of a tile of few vectors: its chains of one vector hide the latency of two FMA units.
constexpr int64_t tallestTile = 8;

LogicalResult ContractionCode::resolve(func::FuncOp group, Shapes &shapes) {
  auto maps = c.product.getIndexingMapsArray();
  auto left = resolveOperand(c.product.getDpsInputs()[0], maps[0], shapes, frame);
  Value rightValue = c.product.getDpsInputs()[1];
  std::optional<Operand> resolvedRight;
  if (right == Right::Packed) {
    resolvedRight.emplace();
    resolvedRight->memory = frame.memory(rightValue.getDefiningOp<linalg::UnPackOp>().getSource());
    resolvedRight->element = cast<RankedTensorType>(rightValue.getType()).getElementType();
    resolvedRight->strides.assign(c.extents.size(), Dim::constant(0));
  } else {
    resolvedRight = resolveOperand(c.plain, maps[1], shapes, frame);
  }
  if (!left || !resolvedRight || !left->memory || !resolvedRight->memory)
    return c.product.emitError("an operand of this product is no view of memory");
  lhs = *left;
  rhs = *resolvedRight;
  out = resultOperand(group, 0, shapes, frame);
  out.strides.resize(c.extents.size(), Dim::constant(0));
  accumulator = cast<RankedTensorType>(c.product.getResult(0).getType()).getElementType();
  dot = DotStep(c.product, level, /*mayBeOff=*/right != Right::InParts); // what it is off takes a reading of its own
  PanelShape panel = panelShape(c.extents[c.column], c.product, level);
  lanes = panel.lanes;
  tileVectors = panel.vectors;
  // As many accumulators as in a tile of whole panels, but no taller than the FMA's latency asks for.
  tileRows = tileVectors == level.tileVectors ? level.tileRows
                                              : std::min(tallestTile, level.tileRows * level.tileVectors / tileVectors);
  return epilogue.resolve(c.epilogue, c.product.getResult(0), shapes, frame, scalars);
}

bool ContractionCode::panelsStream() const {
  Dim panels = ceilDiv(c.extents[c.column], panelColumns());
  std::optional<int64_t> bytes = (panels * panelBytes()).constantValue();
  return right == Right::Packed && bytes && *bytes > level.cacheBytesL3;
}

Value ContractionCode::rightMemory() {
  return right == Right::OwnPanel ? frame.scratchView(Dim::constant(0), rhs.element) : rhs.memory;
}

void ContractionCode::packPanel(Value batch, Value firstColumn, Value from, Value to) {
  VectorCode v = code();
  Value base = v.add(size(rhs.offset), offsetOf(rhs, c.batch, batch));
  base = v.add(base, v.times(from, size(rhs.strides[c.depth])));
  PanelSource source{rhs.memory,
                     base,
                     rhs.element,
                     extent(c.column),
                     constantIndex(from) == 0 ? to : LoopCode{b, loc}.minus(to, from),
                     size(rhs.strides[c.column]),
                     size(rhs.strides[c.depth]),
                     isTurned(rhs.strides[c.column], rhs.strides[c.depth]),
                     dot.elements(),
                     /*pastCaches=*/false,
                     /*isWhole=*/Dim::modulo(c.extents[c.column], Dim::constant(panelColumns())).isConstant(0)};
  emitPanel(v, source, firstColumn, panelColumns(), rightMemory(), v.index(0));
}

/// Sum of strides over `loops`, whose indices are the digits of `flattened`. Loops that lie side by side in this
/// operand are read as one, so that the usual case is a single multiplication.
Value ContractionCode::offsetOf(const Operand &operand, ArrayRef<int64_t> loops, Value flattened) {
  VectorCode v = code();
  Value sum = v.index(0), rest = flattened;
  for (size_t end = loops.size(); end > 0;) {
    size_t first = end - 1;
    Dim extent = c.extents[loops[first]], stride = operand.strides[loops[first]];
    while (first > 0 && operand.strides[loops[first - 1]] == stride * extent)
      extent = extent * c.extents[loops[--first]];
    Value digit = rest;
    if (first > 0) {
      Value count = size(extent);
      digit = arith::RemUIOp::create(b, loc, rest, count);
      rest = arith::DivUIOp::create(b, loc, rest, count);
    }
    sum = v.add(sum, v.times(digit, size(stride)));
    end = first;
  }
  return sum;
}

Value ContractionCode::offsetAt(const Operand &operand, Value batch, Value row) {
  VectorCode v = code();
  Value at = v.add(size(operand.offset), offsetOf(operand, c.batch, batch));
  return v.add(at, offsetOf(operand, c.rows, row));
}

} // namespace batten
