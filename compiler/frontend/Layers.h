// Layers.h - a function's operations as the layers that its author wrote: what each costs and reads.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_FRONTEND_LAYERS_H
#define BATTEN_COMPILER_FRONTEND_LAYERS_H

#include "compiler/frontend/Program.h"

namespace batten::frontend {

/// What an operation costs before fusion, in the symbols of its function.
struct OpCost {
  Dim flops, bytes;
  bool atBind = false; ///< of weights alone: the bind computes it, once, and no call does

  OpCost &operator+=(const OpCost &other) {
    flops = flops + other.flops;
    bytes = bytes + other.bytes;
    return *this;
  }
};

/// A run of operations of one layer, or several runs alike (`blocks.0..11`).
struct LayerRow {
  std::string name; ///< the layer's path; at the file's level the weights read, or else the operations
  std::string type; ///< of what it ends in
  int64_t parameters = 0, parameterBytes = 0; ///< of the weights that no row before it reads
  bool isTied = false;                        ///< reads weights, all of which rows before it read
  std::vector<int> weights;                   ///< positions in the function's arguments
  OpCost cost;                                ///< of a call
};

/// How far down the layers are told apart where nobody says.
constexpr int64_t usualDepth = 2;

/// `costs`: one an op, or none where they are not known.
std::vector<LayerRow> layersOf(const Function &function, const std::vector<OpCost> &costs, int64_t depth);

/// What is computed of weights alone: once, and no part of any row.
OpCost costAtBind(const Function &function, const std::vector<OpCost> &costs);

} // namespace batten::frontend
#endif // BATTEN_COMPILER_FRONTEND_LAYERS_H
