// ProgramMemory.cpp - see ProgramMemory.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/schedule/ProgramMemory.h"

using namespace mlir;

namespace batten {

static constexpr int64_t alignmentBytes = 64;
/// Of the program object: level, magic and the like; codegen writes it.
static constexpr int64_t programHeaderBytes = 64;

static int64_t aligned(int64_t bytes) { return (bytes + alignmentBytes - 1) / alignmentBytes * alignmentBytes; }

OpBuilder ProgramMemory::builder() { return OpBuilder::atBlockEnd(&plan.getBody().front()); }

void ProgramMemory::begin() {
  end = programHeaderBytes;
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  auto weights = module->getAttrOfType<ArrayAttr>(attr::weights);
  if (!weights || weights.empty())
    return;
  plan = PlanOp::create(b, module.getLoc(), b.getStringAttr("bind"), b.getArrayAttr({}), b.getStringAttr("bind"), {},
                        {}, {}, {}, {}, {}, {});
  Block &block = plan.getBody().emplaceBlock();
  for (auto weight : weights.getAsRange<ArgumentAttr>()) {
    Value pointer = block.addArgument(PointerType::get(module.getContext()), module.getLoc());
    pointers[weight.getPath()] = {pointer, weight.getType()};
  }
}

std::pair<int64_t, Value> ProgramMemory::allocate(OpBuilder &b, Location loc, int64_t bytes) {
  int64_t offset = end;
  end += aligned(bytes);
  return {offset, ProgramMemoryOp::create(b, loc, PointerType::get(b.getContext()), b.getI64IntegerAttr(offset))};
}

FailureOr<int64_t> ProgramMemory::plain(StringRef path, Location loc) {
  if (auto known = offsets.find(path); known != offsets.end())
    return known->second;
  auto [source, type] = pointers.lookup(path);
  if (!source)
    return emitError(loc, "internal: weight '") << path << "' is not among the program's weights";
  Type element = type.getElementType();
  if (element.isUnsignedInteger())
    element = IntegerType::get(element.getContext(), element.getIntOrFloatBitWidth());
  FailureOr<std::string> kernel = kernels.copyKernel(element);
  if (failed(kernel))
    return failure();
  OpBuilder b = builder();
  auto [offset, target] = allocate(b, loc, type.getNumElements() * type.elementBytes());
  offsets[path] = offset;
  Dim count = Dim::constant(type.getNumElements());
  kernels.launch(b, loc, *kernel, {count}, Value(), {source, target}, {{"n", count}});
  return offset;
}

Value ProgramMemory::pointerTo(OpBuilder &b, Location loc, const Source &source) {
  if (source.constant)
    return ConstantDataOp::create(b, loc, PointerType::get(b.getContext()), source.constant);
  if (!source.path.empty())
    return pointers.lookup(source.path).first;
  return ProgramMemoryOp::create(b, loc, PointerType::get(b.getContext()), b.getI64IntegerAttr(source.offset));
}

/// The bind has no workspace: the scratch of its launches, which run one by one, is a place in the program's memory.
Value ProgramMemory::scratchOf(OpBuilder &b, func::CallOp call) {
  int64_t bytes = kernels.lookup(call.getCallee())->scratchBytes.constantValue().value_or(0);
  if (bytes == 0)
    return {};
  if (bytes > scratchBytes) {
    scratchBytes = bytes;
    scratchOffset = end;
    end += aligned(bytes);
  }
  return ProgramMemoryOp::create(b, call.getLoc(), PointerType::get(b.getContext()),
                                 b.getI64IntegerAttr(scratchOffset));
}

/// Equal of what is the same.
static std::string keyOf(const ProgramMemory::Source &source) {
  if (source.constant)
    return "=" + std::to_string(reinterpret_cast<uintptr_t>(source.constant.getAsOpaquePointer()));
  return source.path.empty() ? std::to_string(source.offset) : source.path;
}

SmallVector<int64_t> ProgramMemory::made(func::CallOp call, ArrayRef<Source> sources, ArrayRef<int64_t> bytes) {
  std::string key = call.getCallee().str();
  for (const Source &source : sources)
    key += "|" + keyOf(source);
  if (auto known = results.find(key); known != results.end())
    return known->second; // made for another entry
  OpBuilder b = builder();
  SmallVector<Value> operands;
  for (const Source &source : sources)
    operands.push_back(pointerTo(b, call.getLoc(), source));
  SmallVector<int64_t> places;
  for (int64_t size : bytes) {
    auto [offset, target] = allocate(b, call.getLoc(), size);
    places.push_back(offset);
    operands.push_back(target);
  }
  // The bind knows no sizes: what is made of weights reads none, whatever symbols its entry has.
  SmallVector<Dim> none(call.getNumOperands() - sources.size(), Dim::constant(0));
  kernels.launch(b, call.getLoc(), call.getCallee(), none, scratchOf(b, call), operands);
  return results[key] = places;
}

void ProgramMemory::finish() { module->setAttr(attr::programBytes, Builder(module).getI64IntegerAttr(end)); }

} // namespace batten
