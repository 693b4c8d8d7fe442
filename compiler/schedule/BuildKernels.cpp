// BuildKernels.cpp - pass batten-build-kernels: groups become kernels, entries become plans.
//
// Takes the form that batten-fuse leaves: entries that call outlined groups. Every group gets its kernel; every entry
// becomes a straight list of launches over its arguments, the program's memory and one workspace; what depends on
// weights alone (packed panels, plain copies, all that is computed of them) moves into the plan of the bind and is done
// once.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Passes.h"
#include "compiler/schedule/Groups.h"
#include "compiler/schedule/Machine.h"
#include "compiler/schedule/ProgramMemory.h"
#include "compiler/schedule/Workspace.h"
#include "dialect/IndexChecks.h"
#include "dialect/LaunchTimes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace batten {
#define GEN_PASS_DEF_BUILDKERNELS
#include "compiler/Passes.h.inc"

namespace {

Dim bytesOf(ArrayRef<Dim> extents, Type element) {
  Dim bytes = Dim::constant(elementBytes(element));
  for (const Dim &extent : extents)
    bytes = bytes * extent;
  return bytes;
}

SmallVector<Dim> dimsOf(ArrayAttr texts) {
  return llvm::map_to_vector(texts.getAsValueRange<StringAttr>(),
                             [](StringRef t) { return Dim::parse(t.str()).value_or(Dim::overflow()); });
}

class PlanEntry {
public:
  PlanEntry(func::FuncOp entry, KernelSet &kernels, ProgramMemory &memory)
      : entry(entry), kernels(kernels), memory(memory), loc(entry.getLoc()) {}
  LogicalResult run();

private:
  /// Where a tensor of the entry lies.
  struct Place {
    enum { Pointer, Weight, Program, Buffer } kind = Pointer;
    Value pointer = {};    // Pointer
    std::string path = {}; // Weight: its path, still unbound
    int64_t offset = 0;    // Program: its offset, Buffer: its number
  };
  func::FuncOp entry;
  KernelSet &kernels;
  ProgramMemory &memory;
  Location loc;
  PlanOp plan;
  DenseMap<Value, Place> places;
  llvm::SmallDenseSet<Value> returned;             ///< what the entry returns, and what inouts become
  SmallVector<func::CallOp> calls;                 ///< in the order of their launches
  SmallVector<std::pair<Value, Value>> lateCopies; ///< what an inout becomes, and the inout: copied at the end
  std::vector<Buffer> buffers;
  llvm::SmallDenseSet<Operation *> madeOfConstants; ///< calls that the bind can run
  llvm::DenseMap<Operation *, size_t> scratches;    ///< by call, the number of its scratch among the buffers
  SmallVector<Value> bufferPointers;
  DenseMap<int64_t, Value> programPointers;

  void createPlan();
  void placeArguments();
  void placeUpdated();
  void placeCalls();
  int64_t lastReader(Value memory);
  bool isAtBind(Value tensor);
  func::CallOp constantCall(Value tensor);
  bool canRunAtBind(func::CallOp call);
  bool moveToBind(func::CallOp call);
  void makeAtBind(func::CallOp call);
  void emitBuffers(OpBuilder &b);
  FailureOr<Value> pointerTo(OpBuilder &b, Value tensor);
  LogicalResult emitLaunch(OpBuilder &b, func::CallOp call);
  void emitRemark(func::CallOp call);
  LogicalResult emitLateCopy(OpBuilder &b, Value from, Value to);
};

bool isOfKind(func::CallOp call, GroupKind kind) {
  auto name = call->getAttrOfType<StringAttr>(attr::kind);
  return name && name.getValue() == groupKindName(kind);
}

/// The value whose memory `tensor` lies in: an update leaves its destination, the last operand, where it is.
Value memoryOf(Value tensor) {
  tensor = throughReshapes(tensor);
  while (auto call = tensor.getDefiningOp<func::CallOp>()) {
    if (!isOfKind(call, GroupKind::Update))
      break;
    tensor = call.getOperands().back();
  }
  return tensor;
}

/// The plan takes over what the entry's own attributes say of the C function.
void PlanEntry::createPlan() {
  OpBuilder b(entry);
  auto take = [&](StringRef name) { return entry->getAttr(name); };
  plan = PlanOp::create(
      b, loc, b.getStringAttr(entry.getName()), entry->getAttrOfType<ArrayAttr>("symbols"), b.getStringAttr("entry"),
      dyn_cast_or_null<StringAttr>(take("c_name")), dyn_cast_or_null<StringAttr>(take("signature")),
      dyn_cast_or_null<ArrayAttr>(take(attr::independent)), dyn_cast_or_null<ArrayAttr>(take(attr::mixes)),
      dyn_cast_or_null<ArrayAttr>(take(attr::nonempty)), dyn_cast_or_null<ArrayAttr>(take("guards")),
      dyn_cast_or_null<ArrayAttr>(take(attr::arguments)));
  for (StringRef name : {StringRef(attr::flops), StringRef(attr::bytes), StringRef(attr::layers),
                         StringRef(attr::idRanges), StringRef(attr::indexChecks)})
    if (Attribute known = take(name))
      plan->setAttr(name, known);
  plan.getBody().emplaceBlock();
}

void PlanEntry::placeArguments() {
  Block &block = plan.getBody().front();
  Type pointer = PointerType::get(entry.getContext());
  for (auto [i, argument] : llvm::enumerate(entry.getArguments())) {
    if (!isa<RankedTensorType>(argument.getType()))
      continue;
    if (auto path = entry.getArgAttrOfType<StringAttr>(i, attr::weight))
      places[argument] = {Place::Weight, {}, path.str()};
    else
      places[argument] = {Place::Pointer, block.addArgument(pointer, loc)};
  }
  Operation *stop = entry.getBody().front().getTerminator();
  for (auto [result, updated] : llvm::zip_equal(stop->getOperands(), updatedArguments(entry))) {
    returned.insert(memoryOf(result));
    if (!updated)
      places[memoryOf(result)] = {Place::Pointer, block.addArgument(pointer, loc)};
  }
}

/// The last step that reads from this memory, or -1.
int64_t PlanEntry::lastReader(Value memory) {
  int64_t last = -1;
  for (auto [step, call] : llvm::enumerate(calls))
    if (llvm::any_of(call.getOperands(), [&](Value operand) { return memoryOf(operand) == memory; }))
      last = step;
  return last;
}

/// What an inout becomes is written into it at once where nobody reads it later, and that step only element by element;
/// else it is made beside it and copied at the end.
void PlanEntry::placeUpdated() {
  Operation *stop = entry.getBody().front().getTerminator();
  for (auto [result, updated] : llvm::zip_equal(stop->getOperands(), updatedArguments(entry))) {
    Value memory = memoryOf(result);
    if (!updated || memory == updated)
      continue;
    auto call = memory.getDefiningOp<func::CallOp>();
    int64_t step = llvm::find(calls, call) - calls.begin(), last = lastReader(updated);
    auto isThere = [&](Value operand) { return memoryOf(operand) == updated; };
    unsigned number = cast<OpResult>(memory).getResultNumber();
    if (last > step || (last == step && !kernels.mayShareMemory(call, number, isThere))) {
      lateCopies.push_back({memory, updated});
      continue;
    }
    if (last == step)
      kernels.shareMemory(call, number, isThere);
    places[memory] = places[updated];
  }
}

/// True if the kernel's work does not depend on a size of the call.
bool readsNoSize(const Kernel &kernel, func::CallOp call) {
  func::FuncOp function = kernel.function;
  for (auto [i, operand] : llvm::enumerate(call.getOperands()))
    if (isa<IndexType>(operand.getType()) && !function.getArgument(i + 2).use_empty()) // begin and end come first
      return false;
  return kernel.range.isConstant() && kernel.scratchBytes.isConstant();
}

/// True of a weight and of what the bind has made.
bool PlanEntry::isAtBind(Value tensor) {
  auto found = places.find(memoryOf(tensor));
  return found != places.end() && (found->second.kind == Place::Weight || found->second.kind == Place::Program);
}

/// The call that makes `tensor` of constants alone; null: none does.
func::CallOp PlanEntry::constantCall(Value tensor) {
  auto call = memoryOf(tensor).getDefiningOp<func::CallOp>();
  return call && madeOfConstants.contains(call) ? call : func::CallOp();
}

/// True if the bind can run the call: it has all that is read, and makes what no size of the call has a part in.
bool PlanEntry::canRunAtBind(func::CallOp call) {
  auto isThere = [&](Value operand) {
    return !isa<RankedTensorType>(operand.getType()) || operand.getDefiningOp<arith::ConstantOp>() ||
           isAtBind(operand) || constantCall(operand);
  };
  auto isOwn = [&](Value result) {
    return !returned.contains(result) && cast<RankedTensorType>(result.getType()).hasStaticShape();
  };
  return llvm::all_of(call.getOperands(), isThere) && llvm::all_of(call.getResults(), isOwn) &&
         !isOfKind(call, GroupKind::Update) && readsNoSize(*kernels.lookup(call.getCallee()), call);
}

/// What depends on weights alone is made at bind, unless it takes a part whose place or size only the call knows. Its
/// memory would else be workspace, once a caller. What is made of constants is made where it is read.
bool PlanEntry::moveToBind(func::CallOp call) {
  if (!canRunAtBind(call))
    return false;
  if (llvm::any_of(call.getOperands(), [&](Value operand) { return isAtBind(operand); })) {
    makeAtBind(call);
    return true;
  }
  madeOfConstants.insert(call);
  return false;
}

/// With the constants that it reads before it.
void PlanEntry::makeAtBind(func::CallOp call) {
  SmallVector<ProgramMemory::Source> sources;
  for (Value operand : call.getOperands()) {
    if (!isa<RankedTensorType>(operand.getType()))
      continue;
    if (func::CallOp constant = constantCall(operand); constant && !isAtBind(operand)) {
      makeAtBind(constant);
      llvm::erase(calls, constant);
    }
    if (auto constant = operand.getDefiningOp<arith::ConstantOp>()) {
      sources.push_back({{}, 0, cast<ElementsAttr>(constant.getValue())});
      continue;
    }
    const Place &place = places[memoryOf(operand)];
    sources.push_back({place.path, place.offset, {}});
  }
  SmallVector<int64_t> bytes;
  for (Value result : call.getResults()) {
    auto type = cast<RankedTensorType>(result.getType());
    bytes.push_back(type.getNumElements() * elementBytes(type.getElementType()));
  }
  for (auto [result, offset] : llvm::zip_equal(call.getResults(), memory.made(call, sources, bytes)))
    places[result] = {Place::Program, {}, {}, offset};
}

void PlanEntry::placeCalls() {
  for (auto [step, call] : llvm::enumerate(calls)) {
    for (auto [i, result] : llvm::enumerate(call.getResults())) {
      if (memoryOf(result) != result || places.contains(result))
        continue;
      bool isCopied = llvm::any_of(lateCopies, [&](auto copy) { return copy.first == result; });
      size_t last = isCopied ? calls.size() : std::max<int64_t>(step, lastReader(result));
      places[result] = {Place::Buffer, {}, {}, int64_t(buffers.size())};
      auto texts = cast<ArrayAttr>(cast<ArrayAttr>(call->getAttr(attr::resultDims))[i]);
      Type element = cast<RankedTensorType>(result.getType()).getElementType();
      buffers.push_back({bytesOf(dimsOf(texts), element), step, last});
    }
    if (const Dim &bytes = kernels.lookup(call.getCallee())->scratchBytes; bytes != Dim()) {
      scratches[call] = buffers.size();
      buffers.push_back({bytes, step, step});
    }
  }
}

void PlanEntry::emitBuffers(OpBuilder &b) {
  WorkspacePlan workspace = planWorkspace(buffers, upperBounds(plan.getSymbols()));
  bufferPointers.resize(buffers.size());
  for (size_t i : workspace.order) {
    SmallVector<Value> above;
    for (size_t low : workspace.above[i])
      above.push_back(bufferPointers[low]);
    bufferPointers[i] =
        BufferOp::create(b, loc, PointerType::get(b.getContext()), b.getStringAttr(buffers[i].sizeBytes.str()), above);
  }
}

FailureOr<Value> PlanEntry::pointerTo(OpBuilder &b, Value tensor) {
  if (auto constant = tensor.getDefiningOp<arith::ConstantOp>())
    return ConstantDataOp::create(b, constant.getLoc(), PointerType::get(b.getContext()),
                                  cast<ElementsAttr>(constant.getValue()))
        .getResult();
  Place &place = places[memoryOf(tensor)];
  if (place.kind == Place::Weight) {
    FailureOr<int64_t> offset = memory.plain(place.path, loc);
    if (failed(offset))
      return failure();
    place.kind = Place::Program;
    place.offset = *offset;
  }
  if (place.kind == Place::Program) {
    Value &pointer = programPointers[place.offset];
    if (!pointer)
      pointer = ProgramMemoryOp::create(b, loc, PointerType::get(b.getContext()), b.getI64IntegerAttr(place.offset));
    return pointer;
  }
  return place.kind == Place::Buffer ? bufferPointers[place.offset] : place.pointer;
}

LogicalResult PlanEntry::emitLaunch(OpBuilder &b, func::CallOp call) {
  SmallVector<Dim> sizes;
  SmallVector<Value> pointers;
  for (Value operand : call.getOperands()) {
    if (auto argument = dyn_cast<BlockArgument>(operand); argument && isa<IndexType>(operand.getType())) {
      auto name = entry.getArgAttrOfType<StringAttr>(argument.getArgNumber(), attr::symbol);
      sizes.push_back(Dim::symbol(name.str()));
      continue;
    }
    FailureOr<Value> pointer = pointerTo(b, operand);
    if (failed(pointer))
      return failure();
    pointers.push_back(*pointer);
  }
  for (Value result : call.getResults())
    pointers.push_back(*pointerTo(b, result));
  auto scratch = scratches.find(call);
  LaunchOp launch = kernels.launch(b, call.getLoc(), call.getCallee(), sizes,
                                   scratch == scratches.end() ? Value() : bufferPointers[scratch->second], pointers);
  if (auto needed = call->getAttrOfType<StringAttr>(attr::needed))
    launch.setRangeAttr(b.getStringAttr((toDim(launch.getRangeAttr()) * toDim(needed)).str()));
  if (Attribute flops = call->getAttr(attr::launchFlops))
    launch->setAttr(attr::launchFlops, flops);
  return success();
}

LogicalResult PlanEntry::emitLateCopy(OpBuilder &b, Value from, Value to) {
  FailureOr<std::string> kernel = kernels.copyKernel(cast<RankedTensorType>(to.getType()).getElementType());
  if (failed(kernel))
    return failure();
  unsigned position = cast<BlockArgument>(to).getArgNumber();
  Dim count = product(dimsOf(entry.getArgAttrOfType<ArrayAttr>(position, attr::dims)));
  kernels.launch(b, loc, *kernel, {count}, Value(), {*pointerTo(b, from), *pointerTo(b, to)}, {{"n", count}});
  return success();
}

void PlanEntry::emitRemark(func::CallOp call) {
  std::optional<Remark> remark = kernels.remarkOn(call);
  if (!remark)
    return;
  InFlightDiagnostic diagnostic = mlir::emitRemark(call.getLoc(), remark->what);
  if (!remark->help.empty())
    diagnostic.attachNote() << remark->help;
}

LogicalResult PlanEntry::run() {
  createPlan();
  placeArguments();
  for (auto call : entry.getOps<func::CallOp>())
    if (!moveToBind(call))
      calls.push_back(call);
  for (func::CallOp call : calls)
    emitRemark(call);
  placeUpdated();
  placeCalls();
  OpBuilder b = OpBuilder::atBlockEnd(&plan.getBody().front());
  emitBuffers(b);
  for (func::CallOp call : calls)
    if (failed(emitLaunch(b, call)))
      return failure();
  for (auto [from, to] : lateCopies)
    if (failed(emitLateCopy(b, from, to)))
      return failure();
  entry.erase();
  return success();
}

struct BuildKernelsPass : impl::BuildKernelsBase<BuildKernelsPass> {
  using BuildKernelsBase::BuildKernelsBase;
  void runOnOperation() override {
    ModuleOp module = getOperation();
    std::optional<Level> level = describeMachine(cpu);
    if (!level) {
      module.emitError("unknown CPU '") << cpu << "'";
      return signalPassFailure();
    }
    SmallVector<func::FuncOp> entries;
    for (auto function : module.getOps<func::FuncOp>())
      if (!function->hasAttr(attr::kind))
        entries.push_back(function);
    KernelSet kernels(module, *level);
    ProgramMemory memory(module, kernels);
    if (failed(kernels.buildAll()))
      return signalPassFailure();
    memory.begin();
    for (func::FuncOp entry : entries)
      if (failed(PlanEntry(entry, kernels, memory).run()))
        return signalPassFailure();
    memory.finish();
    module->setAttr(attr::level, StringAttr::get(module.getContext(), level->name));
  }
};

} // namespace
} // namespace batten
