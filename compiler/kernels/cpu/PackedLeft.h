// PackedLeft.h - a block of rows of a contraction's left side, a part of the depth at a time, widened into this
// thread's scratch (WidenedRow.h): row[part][step].
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_PACKEDLEFT_H
#define BATTEN_COMPILER_KERNELS_CPU_PACKEDLEFT_H

#include "compiler/kernels/cpu/ContractionCode.h"
#include "compiler/kernels/cpu/LoopCode.h"

namespace batten {

class PackedLeft : LoopCode {
public:
  /// True where a tile reads a packed left side sooner than one in place, by what packing takes; `isOnePanel`: the
  /// right side is.
  static bool pays(const ContractionCode &contraction, bool isOnePanel);
  /// Of an element of the depth, as packed.
  static int64_t bytesOfElement(const ContractionCode &contraction);
  /// In the scratch from `offset` on, for blocks of so many rows and parts of so many depths at most.
  PackedLeft(ContractionCode &contraction, Dim offset, Dim rows, Dim depth);

  Dim bytes() const { return rowBytes() * rows; }
  /// Packs the depths [begin, end) of the rows [from, to) of a batch entry, from packed row `first` on.
  void pack(mlir::Value batch, mlir::Value from, mlir::Value to, mlir::Value begin, mlir::Value end, mlir::Value first);
  /// Memory of the rows from packed row `number` on, by part of a step.
  Values rowsFrom(mlir::Value number) const;
  /// What part `part` of a step multiplies of row `row` of those, in every lane;
  /// `step` counts from the first one that is packed.
  mlir::Value load(mlir::Value rowsOfPart, int64_t row, mlir::Value step) const;

private:
  ContractionCode &k;
  VectorCode code;
  Dim offset, rows, depth;

  Dim planeBytes() const;
  Dim rowBytes() const { return planeBytes() * Dim::constant(k.dot.parts()); }
  void packRow(mlir::Value at, mlir::Value depth, mlir::ValueRange planes);
};

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_PACKEDLEFT_H
