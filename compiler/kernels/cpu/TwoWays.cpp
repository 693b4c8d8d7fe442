// TwoWays.cpp - see TwoWays.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/TwoWays.h"
#include "dialect/DimsSign.h"

namespace batten {

/// Room for either.
static Dim roomFor(const Dim &a, const Dim &b) {
  return isAtMost(a, b) ? b : isAtMost(b, a) ? a : a + b - Dim::least(a, b);
}

Kernel buildTwoWays(LoopCode code, mlir::Value flag, llvm::function_ref<Kernel()> rare,
                    llvm::function_ref<Kernel()> usual) {
  Kernel kernel;
  Dim room;
  code.branch(flag, [&] { room = rare().scratchBytes; }, [&] { kernel = usual(); });
  kernel.scratchBytes = roomFor(kernel.scratchBytes, room);
  return kernel;
}

} // namespace batten
