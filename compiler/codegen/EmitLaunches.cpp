// EmitLaunches.cpp - see EmitLaunches.h.
//
// Each kernel gets a small function that unpacks a batten_launch, so that all of them have one type.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/EmitLaunches.h"
#include "compiler/codegen/Emit.h"
#include "compiler/codegen/support/Support.h"
#include "dialect/LaunchTimes.h"
#include <cstddef>
#include <limits>

using namespace mlir;

namespace batten {

/// void K.launch(const batten_launch *, int64_t begin, int64_t end, void *scratch)
LLVM::LLVMFuncOp LaunchEmitter::unpacking(LLVM::LLVMFuncOp kernel) {
  LLVM::LLVMFuncOp &function = unpackings[kernel];
  if (function)
    return function;
  OpBuilder::InsertionGuard guard(code.b);
  function = code.beginFunction(kernel.getSymName() + ".launch", {code.pointer, code.i64, code.i64, code.pointer},
                                code.none, /*isPublic=*/false);
  SmallVector<Value> arguments{function.getArgument(1), function.getArgument(2)};
  ArrayRef<Type> types = kernel.getArgumentTypes();
  for (auto [i, type] : llvm::enumerate(types.drop_front(2).drop_back()))
    arguments.push_back(code.load(type, code.at(function.getArgument(0), sizeof(batten_launch) + 8 * i)));
  arguments.push_back(function.getArgument(3));
  code.call(kernel, arguments);
  code.give({});
  return function;
}

Value LaunchEmitter::record(ArrayRef<VersionInfo> versions) {
  size_t most = 0;
  for (const VersionInfo &version : versions)
    for (auto launch : PlanOp(version.plan).getBody().getOps<LaunchOp>())
      most = std::max(most, launch.getSizes().size() + launch.getPointers().size());
  return code.words(sizeof(batten_launch) / 8 + most);
}

/// Elements as they lie in memory; a bool is a byte. nullopt for attributes that hold no elements of their own.
static std::optional<std::string> bytesOf(ElementsAttr elements) {
  std::string bytes;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(elements)) {
    ArrayRef<char> data = resource.getData();
    return std::string(data.begin(), data.end());
  }
  auto dense = dyn_cast<DenseElementsAttr>(elements);
  if (!dense)
    return std::nullopt;
  if (dense.getElementType().isInteger(1)) {
    for (bool element : dense.getValues<bool>())
      bytes += char(element);
    return bytes;
  }
  ArrayRef<char> data = dense.getRawData();
  for (int64_t i = 0, copies = dense.isSplat() ? dense.getNumElements() : 1; i < copies; ++i)
    bytes.append(data.begin(), data.end());
  return bytes;
}

LogicalResult LaunchEmitter::placeConstants(PlanOp plan, Frame &frame) {
  for (auto constant : plan.getBody().getOps<ConstantDataOp>()) {
    std::string &name = constants[constant.getValueAttr()];
    if (name.empty()) {
      auto bytes = bytesOf(constant.getValue());
      if (!bytes)
        return constant.emitError("internal error: a constant without elements");
      name = program.name + ".constant." + std::to_string(constants.size());
      OpBuilder::InsertionGuard guard(code.b);
      code.b.setInsertionPointToStart(module.getBody());
      LLVM::GlobalOp::create(code.b, code.loc, LLVM::LLVMArrayType::get(code.b.getI8Type(), bytes->size()),
                             /*isConstant=*/true, LLVM::Linkage::Internal, name, code.b.getStringAttr(*bytes),
                             /*alignment=*/64);
    }
    frame.pointers[constant] = code.addressOf(name);
  }
  return success();
}

void LaunchEmitter::placeBuffers(PlanOp plan, Value workspace, Value workspaceBytes, Frame &frame) {
  llvm::DenseMap<Value, Value> ends;
  Value last = code.number(0);
  for (auto buffer : plan.getBody().getOps<BufferOp>()) {
    Value start = code.number(0);
    for (Value below : buffer.getAbove())
      start = code.greater(start, ends.lookup(below));
    start = code.roundUp(start);
    ends[buffer] = code.add(start, code.size(toDim(buffer.getSizeBytesAttr()), frame.sizes));
    last = code.greater(last, ends[buffer]);
    frame.pointers[buffer] = code.at(workspace, start);
  }
  last = code.roundUp(last);
  frame.further = code.at(workspace, last);
  frame.room = code.subtract(workspaceBytes, last);
}

/// Weights are many, and one address is as quickly made as kept.
Value LaunchEmitter::pointerTo(Value tensor, const Frame &frame) {
  auto place = tensor.getDefiningOp<ProgramMemoryOp>();
  return place ? code.at(frame.bound, place.getOffset()) : frame.pointers.lookup(tensor);
}

LogicalResult LaunchEmitter::emitLaunch(LaunchOp launch, LLVM::LLVMFuncOp launchOn, const Frame &frame) {
  auto kernel = module.lookupSymbol<LLVM::LLVMFuncOp>(launch.getKernel());
  if (!kernel || kernel.getNumArguments() != launch.getSizes().size() + launch.getPointers().size() + 3)
    return launch.emitError("internal error: @") << launch.getKernel() << " is no kernel of these arguments";
  auto put = [&](Value value, size_t offset) { code.store(value, code.at(frame.record, offset)); };
  put(code.addressOf(unpacking(kernel).getSymName()), offsetof(batten_launch, kernel));
  put(code.size(toDim(launch.getRangeAttr()), frame.sizes), offsetof(batten_launch, range));
  // Emulated instructions take a hundred times as long.
  constexpr int64_t all = std::numeric_limits<int64_t>::max();
  Value work = program.isEmulated ? code.number(all) : code.size(toDim(launch.getWorkAttr()), frame.sizes);
  put(work, offsetof(batten_launch, work));
  Value scratch = launch.getScratchBuffer();
  put(scratch ? pointerTo(scratch, frame) : code.null(), offsetof(batten_launch, scratch));
  put(frame.further, offsetof(batten_launch, further));
  put(code.roundUp(code.size(toDim(launch.getScratchAttr()), frame.sizes)), offsetof(batten_launch, scratch_bytes));
  size_t offset = sizeof(batten_launch);
  for (const Dim &dim : toDims(launch.getSizes())) {
    put(code.size(dim, frame.sizes), offset);
    offset += 8;
  }
  for (Value pointer : launch.getPointers()) {
    put(pointerTo(pointer, frame), offset);
    offset += 8;
  }
  emitTimed(launch, [&] { code.call(launchOn, {frame.record, frame.call, frame.room}); });
  return success();
}

/// Where launches are timed, the cycles of what `work` emits are added to the launch's place in the table.
void LaunchEmitter::emitTimed(LaunchOp launch, llvm::function_ref<void()> work) {
  auto number = launch->getAttrOfType<IntegerAttr>(attr::launchNumber);
  if (!number)
    return work();
  Value begin = code.cycles();
  work();
  Value cycles = code.subtract(code.cycles(), begin);
  Value place = code.at(code.addressOf(launchTimesName(program)), 16 * number.getInt());
  code.store(code.add(code.load(code.i64, place), cycles), place);
  Value count = code.at(place, 8);
  code.store(code.add(code.load(code.i64, count), code.number(1)), count);
}

LogicalResult LaunchEmitter::emit(PlanOp plan, LLVM::LLVMFuncOp launchOn, Frame &frame) {
  if (failed(placeConstants(plan, frame)))
    return failure();
  for (auto launch : plan.getBody().getOps<LaunchOp>())
    if (failed(emitLaunch(launch, launchOn, frame)))
      return failure();
  return success();
}

} // namespace batten
