// PackPanel.h - one panel of a contraction's right-hand side: panel[depth in granules][column in panel]
// [element of the granule].
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_PACKPANEL_H
#define BATTEN_COMPILER_KERNELS_CPU_PACKPANEL_H

#include "compiler/kernels/cpu/VectorCode.h"
#include "dialect/Dims.h"

namespace batten {

/// True where depths lie side by side and columns do not (`x @ w.T`): squares of them are turned in registers.
inline bool isTurned(const Dim &columnStride, const Dim &depthStride) {
  return depthStride.isConstant(1) && !columnStride.isConstant(1);
}

/// A matrix (depth, column) of `element` from memory[base] on.
struct PanelSource {
  mlir::Value memory, base;
  mlir::Type element;
  mlir::Value columns, depth;
  mlir::Value columnStride, depthStride;
  bool isTurned;
  int64_t granule = 1;     ///< elements of the depth that lie together in the panel
  bool pastCaches = false; ///< the panel is stored past the caches, at a multiple of 64 bytes
  bool isWhole = false;    ///< all columns of the panel exist
};

/// Packs the columns [first, first + panelColumns) to target[at]; those beyond the last are zero or the last once more,
/// and depths beyond the last in a granule are zero: the contraction may read whole vectors. `code` is for vectors that
/// divide a panel.
void emitPanel(const VectorCode &code, const PanelSource &source, mlir::Value first, int64_t panelColumns,
               mlir::Value target, mlir::Value at);

/// A vector of a panel.
void storePanel(const VectorCode &code, const PanelSource &source, mlir::Value vector, mlir::Value target,
                mlir::Value at);

/// Of a turned source: as many depths as whole squares take; the first depth that is left.
mlir::Value emitTurnedPanel(const VectorCode &code, const PanelSource &source, mlir::Value first, int64_t panelColumns,
                            mlir::Value target, mlir::Value at);

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_PACKPANEL_H
