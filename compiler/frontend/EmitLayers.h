// EmitLayers.h - what only the source tells of an entry -> attributes that its description is made of.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_FRONTEND_EMITLAYERS_H
#define BATTEN_COMPILER_FRONTEND_EMITLAYERS_H

#include "compiler/frontend/Layers.h"
#include "dialect/Batten.h"
#include "mlir/IR/BuiltinOps.h"

namespace batten::frontend {

/// One an op of the function that `func` was emitted from.
std::vector<OpCost> costsOf(FuncOp func);

/// Its layers and the arguments that number something, on each entry of `module`, which was emitted from `program`.
void emitLayers(const Program &program, mlir::ModuleOp module);

} // namespace batten::frontend
#endif // BATTEN_COMPILER_FRONTEND_EMITLAYERS_H
