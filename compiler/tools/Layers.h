// Layers.h - a function's operations as the layers that its author wrote: what each costs and reads.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_LAYERS_H
#define BATTEN_COMPILER_TOOLS_LAYERS_H

#include "compiler/Compiler.h"
#include <set>

namespace batten {

/// A run of operations of one layer, or several runs alike (`blocks.0..11`).
struct LayerRow {
  std::string name; ///< the layer's path; at the file's level the weights read, or else the operations
  frontend::TensorType after;
  int64_t parameters = 0, parameterBytes = 0; ///< of the weights that no row before it reads
  bool isTied = false;                        ///< reads weights, all of which rows before it read
  std::vector<int> weights;                   ///< positions in the function's arguments
  Dim flops, bytes;                           ///< of one sample, see perSample
};

/// What one of the samples of a call costs; they are as many as the product of the unbounded dims, `samples`. What is
/// there once whatever their number, as weights are, counts as it is. Where each sample meets all others their number
/// is a factor that stays.
Dim perSample(const Dim &cost, const std::set<std::string> &samples);

/// `costs`: one an op, or none where they are not known. `depth`: how far down the layers are told apart.
std::vector<LayerRow> layersOf(const frontend::Function &function, const std::vector<OpCost> &costs, int64_t depth);
/// All together, but the names.
LayerRow totalOf(const std::vector<LayerRow> &rows);

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_LAYERS_H
