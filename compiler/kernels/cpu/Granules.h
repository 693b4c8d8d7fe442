// Granules.h - 32 bits of a contraction's operand: 2 of bf16 or 4 bytes side by side in depth.
//
// Dot instructions multiply granules; so panels keep them together, and what has no such instruction takes them apart
// in registers. An element of 32 bits or more, or one without a dot product (f16, bool), is a granule of its own.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_GRANULES_H
#define BATTEN_COMPILER_KERNELS_CPU_GRANULES_H

#include "compiler/kernels/cpu/VectorCode.h"

namespace batten {

/// Elements of a granule.
int64_t granuleElements(mlir::Type element);

/// Elements of two dims of memory.
struct GranuleRows {
  mlir::Value memory, at;                ///< the first element
  mlir::Value columnStride, depthStride; ///< in elements
  mlir::Type element;
};

/// The granules of `code.lanes` columns, element after element, as memory holds them: columns outside `mask` (null:
/// none), and elements from `rest` on (null: none), read no memory and are zero.
mlir::Value loadGranules(const VectorCode &code, const GranuleRows &rows, mlir::Value mask, mlir::Value rest);

/// One granule in every lane, as vector<lanes x i32>: `at` and the elements `stride` behind it; those from `rest` on
/// (null: none) read no memory and are zero.
mlir::Value splatGranule(const VectorCode &code, mlir::Value memory, mlir::Value at, mlir::Value stride,
                         mlir::Type element, mlir::Value rest);

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_GRANULES_H
