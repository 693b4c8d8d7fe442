// KernelSet.cpp - see KernelSet.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/schedule/KernelSet.h"
#include "compiler/schedule/ChooseKernel.h"
#include "compiler/schedule/Groups.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;

namespace batten {

/// The pairs of an argument and a result that may be one memory: every operation is element-wise and reads the argument
/// at the element that it computes. RowCode::flushStores says why that is enough.
static llvm::SmallDenseSet<std::pair<unsigned, unsigned>> sharedMemory(func::FuncOp group) {
  llvm::SmallDenseSet<std::pair<unsigned, unsigned>> pairs;
  auto reduces = [](linalg::GenericOp op) { return op.getNumReductionLoops() != 0; };
  if (kindOf(group) != GroupKind::Rows || group->hasAttr(attr::split) ||
      llvm::any_of(group.getOps<linalg::GenericOp>(), reduces))
    return pairs;
  auto readsInPlace = [](OpOperand &use) {
    auto generic = dyn_cast<linalg::GenericOp>(use.getOwner());
    return generic && generic.isDpsInput(&use) && generic.getMatchingIndexingMap(&use).isIdentity();
  };
  for (auto [i, argument] : llvm::enumerate(group.getArguments()))
    for (auto [j, result] : llvm::enumerate(group.getResultTypes()))
      if (argument.getType() == result && group.getArgAttr(i, attr::dims) == group.getResultAttr(j, attr::dims) &&
          llvm::all_of(argument.getUses(), readsInPlace))
        pairs.insert({unsigned(i), unsigned(j)});
  return pairs;
}

std::optional<Remark> KernelSet::remarkOn(func::CallOp call) const {
  std::optional<Remark> remark = remarks.lookup(call.getCallee());
  if (remark && call->hasAttr(attr::needed))
    remark->what += " of more than a few rows";
  return remark;
}

LogicalResult KernelSet::build(func::FuncOp group) {
  KernelChoice choice = chooseKernel(group, level);
  if (!choice.build)
    return group.emitError("internal: no kernel builder takes this group");
  std::string name = group.getName().str();
  group.setName((name + "_group"));
  FailureOr<Kernel> kernel = choice.build(group, name, level);
  if (failed(kernel))
    return failure();
  kernel->function->setAttr(attr::builder, StringAttr::get(group.getContext(), choice.name));
  kernels[name] = *kernel;
  sharing[name] = sharedMemory(group);
  remarks[name] = batten::remarkOn(group);
  group.erase();
  return success();
}

/// Positions of the operands of `call` that are there.
static SmallVector<unsigned> operandsThere(func::CallOp call, llvm::function_ref<bool(Value operand)> isThere) {
  SmallVector<unsigned> operands;
  for (auto [i, operand] : llvm::enumerate(call.getOperands()))
    if (isa<RankedTensorType>(operand.getType()) && isThere(operand))
      operands.push_back(i);
  return operands;
}

bool KernelSet::mayShareMemory(func::CallOp call, unsigned result,
                               llvm::function_ref<bool(Value operand)> isThere) const {
  auto pairs = sharing.find(call.getCallee());
  return pairs != sharing.end() && llvm::all_of(operandsThere(call, isThere), [&](unsigned operand) {
           return pairs->second.contains({operand, result});
         });
}

void KernelSet::shareMemory(func::CallOp call, unsigned result, llvm::function_ref<bool(Value operand)> isThere) {
  // Begin and end come first, results behind the operands.
  func::FuncOp function = kernels.find(call.getCallee())->second.function;
  SmallVector<unsigned> pointers = operandsThere(call, isThere);
  pointers.push_back(call.getNumOperands() + result);
  for (unsigned i : pointers)
    function.removeArgAttr(i + 2, "llvm.noalias");
}

LogicalResult KernelSet::buildAll() {
  SmallVector<func::FuncOp> groups;
  for (auto function : module.getOps<func::FuncOp>())
    if (function->hasAttr(attr::kind))
      groups.push_back(function);
  for (func::FuncOp group : groups)
    if (failed(build(group)))
      return failure();
  return success();
}

FailureOr<std::string> KernelSet::copyKernel(Type element) {
  auto program = module->getAttrOfType<StringAttr>(attr::program);
  std::string name, suffix;
  llvm::raw_string_ostream(suffix) << element;
  name = ((program ? program.getValue() : "program") + ".copy_" + suffix).str();
  if (kernels.contains(name))
    return name;
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  auto type = RankedTensorType::get({ShapedType::kDynamic}, element);
  auto group = func::FuncOp::create(b, module.getLoc(), name, b.getFunctionType({b.getIndexType(), type}, {type}));
  ArrayAttr dims = b.getStrArrayAttr({"n"});
  group.setPrivate();
  group->setAttr(attr::kind, b.getStringAttr(groupKindName(GroupKind::Rows)));
  group.setArgAttr(0, attr::symbol, b.getStringAttr("n"));
  group.setArgAttr(1, attr::dims, dims);
  group.setResultAttr(0, attr::dims, dims);
  b.setInsertionPointToStart(group.addEntryBlock());
  OpFoldResult size = group.getArgument(0);
  Value copy = createCopy(b, module.getLoc(), group.getArgument(1), size);
  func::ReturnOp::create(b, module.getLoc(), copy);
  if (failed(build(group)))
    return failure();
  return name;
}

LaunchOp KernelSet::launch(OpBuilder &b, Location loc, StringRef name, ArrayRef<Dim> sizes, Value scratch,
                           ValueRange pointers, const std::map<std::string, Dim> &binding) {
  const Kernel &kernel = kernels.find(name)->second;
  auto text = [&](const Dim &dim) { return b.getStringAttr(dim.str()); };
  ArrayAttr sizeTexts = b.getArrayAttr(llvm::map_to_vector(sizes, [&](const Dim &d) -> Attribute { return text(d); }));
  return LaunchOp::create(b, loc, FlatSymbolRefAttr::get(b.getContext(), name), text(kernel.range.substitute(binding)),
                          text(kernel.work.substitute(binding)), sizeTexts,
                          text(kernel.scratchBytes.substitute(binding)), scratch, pointers);
}

} // namespace batten
