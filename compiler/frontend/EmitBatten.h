// EmitBatten.h - the front end's flat program -> a module of the batten dialect.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_FRONTEND_EMITBATTEN_H
#define BATTEN_COMPILER_FRONTEND_EMITBATTEN_H

#include "compiler/frontend/Diagnostics.h"
#include "compiler/frontend/Program.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <string>

namespace batten::frontend {

/// Every function of the program as a batten.func, and the module's attributes. What is not compiled yet gives one
/// diagnostic at its position (E0602) and a null module.
mlir::OwningOpRef<mlir::ModuleOp> emitBatten(const Program &program, mlir::MLIRContext &context,
                                             Diagnostics &diagnostics);

} // namespace batten::frontend

#endif // BATTEN_COMPILER_FRONTEND_EMITBATTEN_H
