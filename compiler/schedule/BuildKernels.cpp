// BuildKernels.cpp - pass batten-build-kernels: groups become kernels, entries become plans.
//
// Takes the form that batten-fuse leaves: entries that call outlined groups. Every group gets its kernel; every entry
// becomes a straight list of launches over its arguments, the program's memory and one workspace; what depends on
// weights alone (packed panels, plain copies) moves into the plan of the bind and is done once.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Passes.h"
#include "compiler/schedule/ChooseKernel.h"
#include "compiler/schedule/Groups.h"
#include "compiler/schedule/Machine.h"
#include "compiler/schedule/Workspace.h"
#include "dialect/Batten.h"
#include "dialect/IndexChecks.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace batten {
#define GEN_PASS_DEF_BUILDKERNELS
#include "compiler/Passes.h.inc"

namespace {

constexpr int64_t alignmentBytes = 64;
/// Of the program object: level, magic and the like; codegen writes it.
constexpr int64_t programHeaderBytes = 64;

int64_t aligned(int64_t bytes) { return (bytes + alignmentBytes - 1) / alignmentBytes * alignmentBytes; }

Dim bytesOf(ArrayRef<Dim> extents, Type element) {
  Dim bytes = Dim::constant(std::max(8u, element.getIntOrFloatBitWidth()) / 8);
  for (const Dim &extent : extents)
    bytes = bytes * extent;
  return bytes;
}

SmallVector<Dim> dimsOf(ArrayAttr texts) {
  return llvm::map_to_vector(texts.getAsValueRange<StringAttr>(),
                             [](StringRef t) { return Dim::parse(t.str()).value_or(Dim::overflow()); });
}

//===- Kernels ----------------------------------------------------------------------------------------------------===//

class Kernels {
public:
  Kernels(ModuleOp module, const Level &level) : module(module), level(level) {}

  LogicalResult buildAll();
  /// nullptr where the group had no builder.
  const Kernel *lookup(StringRef group) const {
    auto found = kernels.find(group);
    return found == kernels.end() ? nullptr : &found->second;
  }
  /// Lets the kernel of `call` have this result and all operands of `memory` in one place; false where it may not.
  bool shareMemory(func::CallOp call, unsigned result, llvm::function_ref<bool(Value operand)> isThere);
  /// A kernel that copies n elements, made when first asked for.
  FailureOr<std::string> copyKernel(Type element);
  void launch(OpBuilder &b, Location loc, StringRef kernel, ArrayRef<Dim> sizes, Value scratch, ValueRange pointers,
              const std::map<std::string, Dim> &binding = {});

private:
  ModuleOp module;
  const Level &level;
  llvm::StringMap<Kernel> kernels;
  llvm::StringMap<llvm::SmallDenseSet<std::pair<unsigned, unsigned>>> sharing; ///< by kernel: see sharedMemory
  LogicalResult build(func::FuncOp group);
};

/// The pairs of an argument and a result that may be one memory: every operation is element-wise and reads the argument
/// at the element that it computes.
llvm::SmallDenseSet<std::pair<unsigned, unsigned>> sharedMemory(func::FuncOp group) {
  llvm::SmallDenseSet<std::pair<unsigned, unsigned>> pairs;
  auto kind = group->getAttrOfType<StringAttr>(attr::kind);
  if (kind.getValue() != groupKindName(GroupKind::Rows) || group->hasAttr(attr::split))
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

LogicalResult Kernels::build(func::FuncOp group) {
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
  group.erase();
  return success();
}

bool Kernels::shareMemory(func::CallOp call, unsigned result, llvm::function_ref<bool(Value operand)> isThere) {
  SmallVector<unsigned> operands;
  for (auto [i, operand] : llvm::enumerate(call.getOperands()))
    if (isa<RankedTensorType>(operand.getType()) && isThere(operand))
      operands.push_back(i);
  const auto &pairs = sharing[call.getCallee()];
  if (!llvm::all_of(operands, [&](unsigned i) { return pairs.contains({i, result}); }))
    return false;
  // Begin and end come first, results behind the operands. What is one memory is no longer said to be apart.
  func::FuncOp function = kernels.find(call.getCallee())->second.function;
  operands.push_back(call.getNumOperands() + result);
  for (unsigned i : operands)
    function.removeArgAttr(i + 2, "llvm.noalias");
  return true;
}

LogicalResult Kernels::buildAll() {
  SmallVector<func::FuncOp> groups;
  for (auto function : module.getOps<func::FuncOp>())
    if (function->hasAttr(attr::kind))
      groups.push_back(function);
  for (func::FuncOp group : groups)
    if (failed(build(group)))
      return failure();
  return success();
}

FailureOr<std::string> Kernels::copyKernel(Type element) {
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

/// `sizes` are the kernel's size operands, `scratch` is a buffer or none; `binding` rewrites the kernel's own symbols
/// in its range and scratch.
void Kernels::launch(OpBuilder &b, Location loc, StringRef name, ArrayRef<Dim> sizes, Value scratch,
                     ValueRange pointers, const std::map<std::string, Dim> &binding) {
  const Kernel &kernel = kernels.find(name)->second;
  auto text = [&](const Dim &dim) { return b.getStringAttr(dim.str()); };
  ArrayAttr sizeTexts = b.getArrayAttr(llvm::map_to_vector(sizes, [&](const Dim &d) -> Attribute { return text(d); }));
  LaunchOp::create(b, loc, FlatSymbolRefAttr::get(b.getContext(), name), text(kernel.range.substitute(binding)),
                   b.getI64IntegerAttr(kernel.grain), sizeTexts, text(kernel.scratchBytes.substitute(binding)), scratch,
                   pointers);
}

//===- The program's memory ---------------------------------------------------------------------------------------===//

/// What the bind prepares from the weights, and where it lies.
class ProgramMemory {
public:
  ProgramMemory(ModuleOp module, Kernels &kernels) : module(module), kernels(kernels) {}

  void begin();
  /// Offset of the weight as it is.
  FailureOr<int64_t> plain(StringRef path, Location loc);
  /// Offset of what the kernel of a pack call makes of it.
  int64_t packed(StringRef path, func::CallOp call, int64_t bytes);
  void finish() { module->setAttr(attr::programBytes, Builder(module).getI64IntegerAttr(end)); }

private:
  ModuleOp module;
  Kernels &kernels;
  PlanOp plan;
  llvm::StringMap<std::pair<Value, TensorType>> pointers; // by weight path
  llvm::StringMap<int64_t> offsets;                       // by path and kernel
  int64_t end = programHeaderBytes;

  std::pair<int64_t, Value> allocate(OpBuilder &b, Location loc, StringRef key, int64_t bytes);
  OpBuilder builder() { return OpBuilder::atBlockEnd(&plan.getBody().front()); }
};

void ProgramMemory::begin() {
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

//===- Entries ----------------------------------------------------------------------------------------------------===//

class PlanEntry {
public:
  PlanEntry(func::FuncOp entry, Kernels &kernels, ProgramMemory &memory)
      : entry(entry), kernels(kernels), memory(memory), loc(entry.getLoc()) {}
  LogicalResult run();

private:
  /// Where a tensor of the entry lies.
  struct Place {
    enum { Pointer, Weight, Program, Buffer } kind = Pointer;
    Value pointer;      // Pointer
    std::string path;   // Weight: its path, still unbound
    int64_t offset = 0; // Program: its offset, Buffer: its number
  };
  func::FuncOp entry;
  Kernels &kernels;
  ProgramMemory &memory;
  Location loc;
  PlanOp plan;
  DenseMap<Value, Place> places;
  SmallVector<func::CallOp> calls;                 ///< in the order of their launches
  SmallVector<std::pair<Value, Value>> lateCopies; ///< what an inout becomes, and the inout: copied at the end
  std::vector<Buffer> buffers;
  llvm::DenseMap<Operation *, size_t> scratches; ///< by call, the number of its scratch among the buffers
  SmallVector<Value> bufferPointers;
  DenseMap<int64_t, Value> programPointers;

  void createPlan();
  void placeArguments();
  void placeUpdated();
  void placeCalls();
  int64_t lastReader(Value memory);
  bool moveToBind(func::CallOp call);
  void emitBuffers(OpBuilder &b);
  FailureOr<Value> pointerTo(OpBuilder &b, Value tensor);
  LogicalResult emitLaunch(OpBuilder &b, func::CallOp call);
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
  for (StringRef cost : {StringRef(attr::flops), StringRef(attr::bytes), StringRef(attr::indexChecks)})
    if (Attribute known = take(cost))
      plan->setAttr(cost, known);
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
  for (auto [result, updated] : llvm::zip_equal(stop->getOperands(), updatedArguments(entry)))
    if (!updated)
      places[memoryOf(result)] = {Place::Pointer, block.addArgument(pointer, loc)};
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
    if (last < step || (last == step && kernels.shareMemory(call, cast<OpResult>(memory).getResultNumber(), isThere)))
      places[memory] = places[updated];
    else
      lateCopies.push_back({memory, updated});
  }
}

/// True if the kernel's work does not depend on a size of the call.
bool readsNoSize(const Kernel &kernel, func::CallOp call) {
  func::FuncOp function = kernel.function;
  for (auto [i, operand] : llvm::enumerate(call.getOperands()))
    if (isa<IndexType>(operand.getType()) && !function.getArgument(i + 2).use_empty()) // begin and end come first
      return false;
  return true;
}

/// A pack of a weight is done at bind, unless it takes a part whose place or size only the call knows.
bool PlanEntry::moveToBind(func::CallOp call) {
  if (!isOfKind(call, GroupKind::Pack) || places.contains(call.getResult(0)))
    return false;
  SmallVector<Value> tensors;
  for (Value operand : call.getOperands())
    if (isa<RankedTensorType>(operand.getType()))
      tensors.push_back(operand);
  auto type = cast<RankedTensorType>(call.getResult(0).getType());
  auto source = tensors.size() == 1 ? places.find(tensors[0]) : places.end();
  if (source == places.end() || source->second.kind != Place::Weight || !type.hasStaticShape() ||
      !readsNoSize(*kernels.lookup(call.getCallee()), call))
    return false;
  int64_t bytes = type.getNumElements() * std::max(8u, type.getElementTypeBitWidth()) / 8;
  std::string path = source->second.path;
  places[call.getResult(0)] = {Place::Program, {}, {}, memory.packed(path, call, bytes)};
  return true;
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
  kernels.launch(b, call.getLoc(), call.getCallee(), sizes,
                 scratch == scratches.end() ? Value() : bufferPointers[scratch->second], pointers);
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

LogicalResult PlanEntry::run() {
  createPlan();
  placeArguments();
  for (auto call : entry.getOps<func::CallOp>())
    if (!moveToBind(call))
      calls.push_back(call);
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
    Kernels kernels(module, *level);
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
