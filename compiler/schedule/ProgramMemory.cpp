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

std::pair<int64_t, Value> ProgramMemory::allocate(OpBuilder &b, Location loc, StringRef key, int64_t bytes) {
  int64_t offset = offsets[key] = end;
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
  auto [offset, target] = allocate(b, loc, path, type.getNumElements() * type.elementBytes());
  Dim count = Dim::constant(type.getNumElements());
  kernels.launch(b, loc, *kernel, {count}, Value(), {source, target}, {{"n", count}});
  return offset;
}

int64_t ProgramMemory::packed(StringRef path, func::CallOp call, int64_t bytes) {
  std::string key = (path + "|" + call.getCallee()).str();
  if (auto known = offsets.find(key); known != offsets.end())
    return known->second;
  OpBuilder b = builder();
  Value source = pointers.lookup(path).first;
  auto [offset, target] = allocate(b, call.getLoc(), key, bytes);
  // The bind knows no sizes: a pack of a weight reads none, whatever symbols its entry has.
  SmallVector<Dim> none(call.getNumOperands() - 1, Dim::constant(0));
  kernels.launch(b, call.getLoc(), call.getCallee(), none, Value(), {source, target});
  return offset;
}

void ProgramMemory::finish() { module->setAttr(attr::programBytes, Builder(module).getI64IntegerAttr(end)); }

} // namespace batten
