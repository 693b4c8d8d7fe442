// PanelWalk.h - the units of a contraction's launch: the panels of its right side, by blocks of rows.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_PANELWALK_H
#define BATTEN_COMPILER_KERNELS_CPU_PANELWALK_H

#include "compiler/kernels/cpu/ContractionCode.h"

namespace batten {

/// Unit u is panel u % panels of block u / panels, counted through all batch entries, of which each has `blocks`:
/// `body` for every block of the kernel's part, with its panels [from, to).
void walkBlocks(ContractionCode &k, mlir::Value blocks, mlir::Value panels,
                llvm::function_ref<void(mlir::Value batch, mlir::Value block, mlir::Value from, mlir::Value to)> body);

/// A panel of a block, and how many of its vectors hold a column; `masked` where they may not hold one in every lane.
struct PanelTurn {
  mlir::Value number, next; ///< behind the last one comes the first one of the next block
  int64_t vectors;
  bool masked;
};
/// Panels [from, to); the last one of all may have fewer columns.
void walkPanels(ContractionCode &k, mlir::Value from, mlir::Value to, llvm::function_ref<void(const PanelTurn &)> body);

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_PANELWALK_H
