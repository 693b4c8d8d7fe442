// BattenPlanOps.cpp - checks of plans.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Batten.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace batten;

/// The polynomials that an op of a plan states.
static SmallVector<Dim> polynomialsOf(Operation &op) {
  if (auto buffer = dyn_cast<BufferOp>(op))
    return {toDim(buffer.getSizeBytesAttr())};
  auto launch = dyn_cast<LaunchOp>(op);
  if (!launch)
    return {};
  SmallVector<Dim> dims = toDims(launch.getSizes());
  dims.push_back(toDim(launch.getRangeAttr()));
  dims.push_back(toDim(launch.getScratchAttr()));
  return dims;
}

LogicalResult LaunchOp::verify() {
  // launch_c1
  bool needed = toDim(getScratchAttr()) != Dim();
  Value buffer = getScratchBuffer();
  if (needed != static_cast<bool>(buffer) ||
      (needed && !isa_and_nonnull<BufferOp, ProgramMemoryOp>(buffer.getDefiningOp())))
    return emitOpError("needs a buffer for its scratch of ") << getScratch() << " bytes, and none for no bytes";
  return success();
}

LogicalResult PlanOp::verifyRegions() {
  // plan_c1
  llvm::StringSet<> symbols;
  for (SymbolAttr symbol : getSymbols().getAsRange<SymbolAttr>())
    if (symbol.isRuntime())
      symbols.insert(symbol.getName().getValue());
  for (Operation &op : getBody().front())
    for (const Dim &dim : polynomialsOf(op))
      for (const std::string &name : dim.symbols())
        if (!symbols.contains(name))
          return op.emitOpError("has ") << dim.str() << ", but the plan has no runtime dim " << name;
  return success();
}
