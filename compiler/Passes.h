// Passes.h - generated declarations of every pass in Passes.td.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_PASSES_H
#define BATTEN_COMPILER_PASSES_H
#include "mlir/Pass/Pass.h"
namespace batten {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Passes.h.inc"
} // namespace batten
#endif // BATTEN_COMPILER_PASSES_H
