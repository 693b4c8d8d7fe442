// KernelFrame.cpp - signature and pointer views of a kernel; see Kernels.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/Kernels.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace batten {

Type storageType(Type element) {
  if (element.isInteger(1))
    return IntegerType::get(element.getContext(), 8);
  if (element.isF16() || element.isBF16())
    return IntegerType::get(element.getContext(), 16);
  return element;
}

static Type pointerTo(Type tensor) {
  return MemRefType::get({}, storageType(cast<RankedTensorType>(tensor).getElementType()));
}

/// The stated length of a view bounds nothing: kernels stay inside by construction, so large a one keeps vector.load's
/// in-bounds rule true.
static Value statedLength(OpBuilder &b, Location loc) {
  return arith::ConstantIndexOp::create(b, loc, std::numeric_limits<int64_t>::max() / 16);
}

static Value flatView(OpBuilder &b, Location loc, Value pointer) {
  Type element = cast<MemRefType>(pointer.getType()).getElementType();
  Value most = statedLength(b, loc);
  auto type = MemRefType::get({ShapedType::kDynamic}, element);
  return memref::ReinterpretCastOp::create(b, loc, type, pointer, OpFoldResult(b.getIndexAttr(0)),
                                           ArrayRef<OpFoldResult>{most}, ArrayRef<OpFoldResult>{b.getIndexAttr(1)});
}

KernelFrame::KernelFrame(func::FuncOp group, StringRef name, const Level &level) : builder(group) {
  Location loc = group.getLoc();
  Type index = builder.getIndexType();
  SmallVector<Type> types{index, index};
  for (Type type : group.getArgumentTypes())
    types.push_back(isa<IndexType>(type) ? index : pointerTo(type));
  for (Type type : group.getResultTypes())
    types.push_back(pointerTo(type));
  types.push_back(MemRefType::get({}, builder.getI8Type()));
  function = func::FuncOp::create(builder, loc, name, builder.getFunctionType(types, {}));
  function->setAttr(attr::kernel, builder.getUnitAttr());
  function->setAttr(attr::level, builder.getStringAttr(level.name));
  // Results overlap nothing (the entry has checked it), so the compiler may move loads over stores.
  for (auto [i, type] : llvm::enumerate(types))
    if (isa<MemRefType>(type))
      function.setArgAttr(i, "llvm.noalias", builder.getUnitAttr());
  builder.setInsertionPointToStart(function.addEntryBlock());
  begin = function.getArgument(0);
  end = function.getArgument(1);

  std::map<std::string, Value> symbols;
  for (auto [i, argument] : llvm::enumerate(group.getArguments())) {
    Value mine = function.getArgument(i + 2);
    if (auto symbol = group.getArgAttrOfType<StringAttr>(i, attr::symbol))
      symbols[symbol.str()] = mine;
    else
      memories[argument] = flatView(builder, loc, mine);
  }
  for (unsigned i = 0, first = group.getNumArguments() + 2; i < group.getNumResults(); ++i)
    results.push_back(flatView(builder, loc, function.getArgument(first + i)));
  scratch = flatView(builder, loc, function.getArguments().back());
  sizes = SizeValues(std::move(symbols));
  auto stop = func::ReturnOp::create(builder, loc);
  builder.setInsertionPoint(stop);
}

void KernelFrame::setRoute(Bf16Sums sums) { function->setAttr(routeAttribute, builder.getStringAttr(routeOf(sums))); }

Value KernelFrame::scratchView(Value byteOffset, Type element) {
  Location loc = function.getLoc();
  Value length = statedLength(builder, loc);
  auto type = MemRefType::get({ShapedType::kDynamic}, storageType(element));
  return memref::ViewOp::create(builder, loc, type, scratch, byteOffset, ValueRange{length});
}

} // namespace batten
