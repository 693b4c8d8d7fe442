// Independence.h - which dims of a function keep their positions apart.
//
// A function is independent over B if what it gives at position b depends on what it is given at b (and on what has no
// B) and nothing else; chunking, sharding and batching of requests rest on that. The ops of the dialect let positions
// see each other in five ways only, so one look at each op is a proof: a reduction over batch dims; a rearrange that
// moves a batch dim right of the bar or gives it another name; a size used as a number (dim, the offset of a slice); a
// bounded dim that stands right of the bar, where any op may combine its positions; and a value that has a dim twice
// left of the bar, or one that is computed from it. Every op that does combine them is kept; where none does, the first
// that could.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_INDEPENDENCE_H
#define BATTEN_DIALECT_INDEPENDENCE_H

#include "dialect/Batten.h"

#include <string>

namespace batten {

struct MixingOp {
  mlir::Operation *op; ///< the function where an argument is so shaped
  std::string how;     ///< "`mean` over batch B", "moves right of the bar"
};

struct IndependenceFact {
  SymbolAttr symbol;
  llvm::SmallVector<MixingOp> mixes;

  bool independent() const { return mixes.empty(); }
};

/// One fact for each runtime symbol of the function, in its order.
llvm::SmallVector<IndependenceFact> analyseIndependence(FuncOp func);

/// "lm.btn:12:7", where the op stands in the source; empty if it is not known. It becomes part of the artifact, whose
/// bytes are not to depend on the folder.
std::string placeInSource(mlir::Operation *op);

/// Unbounded symbols over which a mean, max, min or var is taken: it has no value for no positions.
llvm::SmallVector<mlir::StringAttr> symbolsNotEmpty(FuncOp func);

} // namespace batten

#endif // BATTEN_DIALECT_INDEPENDENCE_H
