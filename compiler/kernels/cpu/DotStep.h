// DotStep.h - one step in depth of a contraction's register tile.
//
// The order of arithmetic is that of dialect/NUMERICS.md whatever the step is made of: sums of integers wrap, so any
// order is the same; of bf16 every step multiplies and adds the odd element of a granule first, then the even one.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_DOTSTEP_H
#define BATTEN_COMPILER_KERNELS_CPU_DOTSTEP_H

#include "compiler/kernels/Kernels.h"
#include "compiler/kernels/cpu/Granules.h"

namespace batten {

class DotStep {
public:
  DotStep() = default;
  /// Of a product of two operands; `level` says which instructions there are. Where sums may not be off by what
  /// ofLeftZeros adds, bytes go another way.
  DotStep(mlir::linalg::GenericOp product, const Level &level, bool mayBeOff = true);
  /// Of sums of products of this type: f32, f64, or bf16 with sums in f32.
  DotStep(mlir::Type element, const Level &level);

  /// Elements of depth that one step takes.
  int64_t elements() const { return granule; }
  /// Granules of the right side: of a panel, which is whole everywhere, or of rows that lie as they lie.
  mlir::Value ofPanel(const VectorCode &code, mlir::Value memory, mlir::Value at) const;
  mlir::Value ofRows(const VectorCode &code, const GranuleRows &rows, mlir::Value mask, mlir::Value rest) const;
  /// A granule of the left side in every lane. `rest`, as below, is null but in the last step of an odd depth.
  mlir::Value ofLeft(const VectorCode &code, mlir::Value memory, mlir::Value at, mlir::Value stride,
                     mlir::Value rest) const;
  /// The same of a left side that a kernel has packed: what to store for the granules of rows, of `packedElement`, and
  /// one of them in every lane.
  mlir::Value packLeft(const VectorCode &code, const GranuleRows &rows, mlir::Value mask, mlir::Value rest) const;
  mlir::Type packedElement() const;
  mlir::Value ofPackedLeft(const VectorCode &code, mlir::Value memory, mlir::Value at) const;
  /// What ofLeft makes of zeros, if that is not zero: sums have to begin with less by as much as it adds to them.
  mlir::Value ofLeftZeros(const VectorCode &code) const;
  mlir::Value add(const VectorCode &code, mlir::Value left, mlir::Value right, mlir::Value sum) const;

  /// A step without an instruction of its own is made of parts, each of which widens a half of every granule. A tile
  /// does one part of all its products before the next, so that one half is in registers at a time.
  int64_t parts() const { return means == Means::Bf16Fmas || means == Means::WordProducts ? 2 : 1; }
  /// What a part multiplies of granules of either side: words of 32 bits.
  mlir::Value partOf(const VectorCode &code, mlir::Value granules, int64_t part) const;
  /// The same of rows that lie as they lie: elements of bf16 that a part does not multiply are not read for it.
  mlir::Value partOfRows(const VectorCode &code, const GranuleRows &rows, mlir::Value mask, mlir::Value rest,
                         int64_t part) const;
  mlir::Value addPart(const VectorCode &code, mlir::Value left, mlir::Value right, mlir::Value sum) const;
  /// True if this part has nothing of a granule that the depth does not fill: of bf16 the odd element.
  bool isEmpty(int64_t part) const { return means == Means::Bf16Fmas && part == 0; }
  /// What addPart makes of it: a product of zeros is added. An addition has units of its own on AMD's CPUs.
  mlir::Value addNothing(const VectorCode &code, mlir::Value sum) const;
  /// Ends a part of a tile: what is read at the returned place, which is `at`, is read behind here, and anew.
  mlir::Value endPart(const VectorCode &code, mlir::Value at, llvm::MutableArrayRef<mlir::Value> sums) const;

  /// A step of a tile at a place `at`: to each row's chains of `vectors` vectors the products of the granules that
  /// `left` gives of row i and `right` of vector j.
  using Granules = llvm::function_ref<mlir::Value(mlir::Value at, int64_t i)>;
  llvm::SmallVector<mlir::Value> addTile(const VectorCode &code, mlir::Value at, int64_t vectors, Granules left,
                                         Granules right, mlir::ValueRange sums) const;

  /// True where ofLeftZeros is not zero.
  bool isOff() const { return means == Means::ByteDots; }
  /// Of a product of bytes.
  bool isOfSignedBytes() const { return isSigned; }
  /// True where subnormals are flushed (dialect/NUMERICS.md).
  bool flushes() const { return means == Means::Bf16Dots; }

  /// The same where `left` gives what a part multiplies of row i.
  using Parts = llvm::function_ref<mlir::Value(mlir::Value at, int64_t i, int64_t part)>;
  llvm::SmallVector<mlir::Value> addParts(const VectorCode &code, mlir::Value at, int64_t vectors, Parts left,
                                          Granules right, mlir::ValueRange sums) const;

private:
  enum class Means {
    Region,      ///< the region of the product, on one element
    Fma,         ///< one multiply-add
    Bf16Fmas,    ///< two widened multiply-adds
    Bf16Dots,    ///< VDPBF16PS
    ByteDots,    ///< VPDPBUSD, with the left side off by 128
    WordProducts ///< bytes widened to words, and VPMADDWD on the odd and on the even ones
  };
  bool takesGranules() const { return means != Means::Region && means != Means::Fma; }

  Means means = Means::Region;
  int64_t granule = 1;
  mlir::linalg::GenericOp product;
  mlir::Type element;
  bool isSigned = false; ///< of bytes

  mlir::Value asWords(const VectorCode &code, mlir::Value elements) const;
};

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_DOTSTEP_H
