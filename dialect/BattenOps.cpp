// BattenOps.cpp - the generated half of every op. A file of its own, since it takes half of the dialect's build time.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Checks.h"

#include "mlir/IR/Builders.h"

#define GET_OP_CLASSES
#include "dialect/BattenOps.cpp.inc"
