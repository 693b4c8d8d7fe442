// EmitLayers.cpp - see EmitLayers.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/EmitLayers.h"
#include "dialect/AtBind.h"
#include "mlir/IR/Builders.h"

using namespace mlir;

namespace batten::frontend {
namespace {

StringAttr costAttribute(Builder &builder, const Dim &cost) {
  return builder.getStringAttr(cost.overflowed() ? "-1" : cost.str());
}

ArrayAttr layersAttribute(const Function &function, FuncOp func) {
  Builder builder(func.getContext());
  SmallVector<mlir::Attribute> layers;
  for (const LayerRow &row : layersOf(function, costsOf(func), usualDepth))
    layers.push_back(LayerAttr::get(func.getContext(), builder.getStringAttr(row.name), builder.getStringAttr(row.type),
                                    row.parameters, row.parameterBytes, row.isTied,
                                    costAttribute(builder, row.cost.flops), costAttribute(builder, row.cost.bytes)));
  return builder.getArrayAttr(layers);
}

/// In C the weights, the last arguments here, are none.
ArrayAttr idRangesAttribute(const Function &function, FuncOp func) {
  Builder builder(func.getContext());
  SmallVector<mlir::Attribute> ranges;
  for (const IdRange &range : function.idRanges)
    ranges.push_back(IdRangeAttr::get(func.getContext(), int64_t(range.argument), range.least,
                                      builder.getStringAttr(range.end.str())));
  return builder.getArrayAttr(ranges);
}

} // namespace

/// Emission makes one op of each, in order; what follows them is the return.
std::vector<OpCost> costsOf(FuncOp func) {
  std::vector<OpCost> costs;
  llvm::DenseSet<Operation *> atBind = operationsAtBind(func);
  for (Operation &op : func.getBody().front().without_terminator())
    if (auto costed = dyn_cast<Costed>(op))
      costs.push_back({costed.flops(), costed.bytes(), atBind.contains(&op)});
    else
      costs.emplace_back();
  return costs;
}

void emitLayers(const Program &program, ModuleOp module) {
  for (const Function &function : program.functions) {
    auto func = module.lookupSymbol<FuncOp>(function.name); // the one for all sizes
    func->setAttr(attr::layers, layersAttribute(function, func));
    func->setAttr(attr::idRanges, idRangesAttribute(function, func));
  }
}

} // namespace batten::frontend
