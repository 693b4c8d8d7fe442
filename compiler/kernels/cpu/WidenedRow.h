// WidenedRow.h - a row of a product's left side, widened into scratch.
//
// Where a step of the depth has parts (DotStep.h), what it multiplies would be widened again for every panel of the
// right side. Once it is widened, a tile has one broadcast from memory a row and part, as of f32. Each part has a plane
// of its own, with one word a step; the depth is filled up with zeros.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_WIDENEDROW_H
#define BATTEN_COMPILER_KERNELS_CPU_WIDENEDROW_H

#include "compiler/kernels/cpu/DotStep.h"

namespace batten {

/// `depth` elements from memory[at] on, `stride` apart.
struct LeftRow {
  mlir::Value memory, at, stride, depth;
};

/// Words from memory[at] on.
struct WordPlace {
  mlir::Value memory, at;
};

/// Widens `row` into the planes, one a part of `dot`.
void widenRow(const VectorCode &code, const DotStep &dot, const LeftRow &row, llvm::ArrayRef<WordPlace> planes);

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_WIDENEDROW_H
