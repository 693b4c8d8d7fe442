// EmitEntry.cpp - plans -> the C functions of a program, in the LLVM dialect.
//
// An entry is three functions. The uniform one does the work: it lets the support code check the call against the
// description, computes where the buffers lie and runs the launches in order. NAME_FN puts its arguments into arrays
// and calls it; NAME_FN_workspace asks the support code. The bind is one uniform function in the same way, and each
// kernel gets a small function that unpacks a batten_launch, so that all of them have one type.
//
// Sizes are computed here without looking for overflow: the check has evaluated formulas that are never below them, and
// sums and products modulo 2^64 are right whenever their result fits.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/CodeBuilder.h"
#include "compiler/codegen/Emit.h"
#include "compiler/codegen/WeightsObject.h"
#include "compiler/codegen/support/Support.h"
#include "llvm/ADT/StringSet.h"
#include <cstddef>

using namespace mlir;

namespace batten {

namespace {

/// What a function under way knows while its launches are emitted.
struct Frame {
  std::map<std::string, Value> sizes;    ///< of the symbols
  llvm::DenseMap<Value, Value> pointers; ///< where the plan's tensors lie, but those of program memory
  Value bound;                           ///< program memory
  Value record;                          ///< the batten_launch, one for all
  Value further, room;                   ///< above all buffers: for the scratch of further threads
  Value call;                            ///< const batten_call *, may be null
};

class EntryEmitter {
public:
  EntryEmitter(ModuleOp module, const ProgramInfo &program)
      : module(module), program(program), code(module.getContext(), module.getLoc()) {}
  LogicalResult emit();

private:
  void renameKernels();
  LLVM::LLVMFuncOp declare(StringRef name, ArrayRef<Type> inputs, Type output);
  void declareSupport();
  LLVM::LLVMFuncOp begin(const Twine &name, ArrayRef<Type> inputs, Type output, bool isPublic);

  LogicalResult emitEntry(const EntryInfo &entry, unsigned index);
  void emitUniformWorkspace(const EntryInfo &entry, unsigned index);
  void emitCall(const EntryInfo &entry);
  void emitWorkspace(const EntryInfo &entry);
  LogicalResult emitUniformBind();
  void emitBind();

  Value record(ArrayRef<VersionInfo> versions);
  LogicalResult placeConstants(PlanOp plan, Frame &frame);
  void placeBuffers(PlanOp plan, Value workspace, Value workspaceBytes, Frame &frame);
  Value pointerTo(Value tensor, const Frame &frame);
  LogicalResult emitLaunch(LaunchOp launch, const Frame &frame);
  LogicalResult emitLaunches(PlanOp plan, const Frame &frame);
  LogicalResult emitVersions(ArrayRef<VersionInfo> versions, llvm::function_ref<Value()> readLevel, Value sizes,
                             llvm::function_ref<LogicalResult(PlanOp)> emitOne);
  LLVM::LLVMFuncOp unpacking(LLVM::LLVMFuncOp kernel);
  Value sizesOnStack(const EntryInfo &entry, ValueRange sizes);

  Value description() { return code.addressOf(descriptionName(program)); }
  Value table(unsigned entry) { return code.at(code.addressOf(entriesName(program)), entry * sizeof(batten_entry)); }

  ModuleOp module;
  const ProgramInfo &program;
  CodeBuilder code;
  LLVM::LLVMFuncOp check, checkIndices, workspaceOf, launchOn, rowStatus, checkBind, finishBind;
  llvm::DenseMap<Operation *, LLVM::LLVMFuncOp> unpackings;
  llvm::DenseMap<Attribute, std::string> constants; ///< names of their globals
};

} // namespace

//===- Functions --------------------------------------------------------------------------------------------------===//

LLVM::LLVMFuncOp EntryEmitter::declare(StringRef name, ArrayRef<Type> inputs, Type output) {
  code.b.setInsertionPointToEnd(module.getBody());
  auto function = LLVM::LLVMFuncOp::create(code.b, code.loc, name, LLVM::LLVMFunctionType::get(output, inputs));
  function.setNoUnwind(true);
  return function;
}

/// A function with its entry block, where `code` then stands.
LLVM::LLVMFuncOp EntryEmitter::begin(const Twine &name, ArrayRef<Type> inputs, Type output, bool isPublic) {
  LLVM::LLVMFuncOp function = declare(name.str(), inputs, output);
  function.setVisibility_(isPublic ? LLVM::Visibility::Default : LLVM::Visibility::Hidden);
  function.setDsoLocal(!isPublic);
  code.b.setInsertionPointToStart(function.addEntryBlock(code.b));
  return function;
}

void EntryEmitter::declareSupport() {
  Type i32 = code.i32, i64 = code.i64, p = code.pointer;
  check = declare("batten_support_check", {p, p, p, p, p, p, i64, p, p}, i32);
  checkIndices = declare("batten_support_check_indices", {p, i64, i64, p, p, p, p}, i32);
  workspaceOf = declare("batten_support_workspace", {p, p}, i64);
  launchOn = declare("batten_support_launch", {p, p, i64}, code.none);
  rowStatus = declare("batten_support_row_status", {p, p, p, p, p}, code.none);
  checkBind = declare("batten_support_check_bind", {p, p, i64, p, p, p, p}, i32);
  finishBind = declare("batten_support_finish_bind", {p, p, i32, p}, code.none);
  for (LLVM::LLVMFuncOp function : {check, checkIndices, workspaceOf, launchOn, rowStatus, checkBind, finishBind}) {
    function.setVisibility_(LLVM::Visibility::Hidden);
    function.setDsoLocal(true);
  }
  // The tables are made of LLVM constants after the translation; until then they are names.
  SmallVector<std::string> names = {descriptionName(program), entriesName(program)};
  if (module->hasAttr(weightOffsetsName))
    names.push_back(weightsSymbol(program.name)); // another object's
  for (const std::string &name : names) {
    auto placeholder = LLVM::GlobalOp::create(code.b, code.loc, LLVM::LLVMArrayType::get(code.b.getI8Type(), 0),
                                              /*isConstant=*/true, LLVM::Linkage::External, name, Attribute());
    placeholder.setDsoLocal(true);
    placeholder.setVisibility_(LLVM::Visibility::Hidden);
  }
}

//===- Launches ---------------------------------------------------------------------------------------------------===//

/// void K.launch(const batten_launch *, int64_t begin, int64_t end, void *scratch)
LLVM::LLVMFuncOp EntryEmitter::unpacking(LLVM::LLVMFuncOp kernel) {
  LLVM::LLVMFuncOp &function = unpackings[kernel];
  if (function)
    return function;
  OpBuilder::InsertionGuard guard(code.b);
  function = begin(kernel.getSymName() + ".launch", {code.pointer, code.i64, code.i64, code.pointer}, code.none,
                   /*isPublic=*/false);
  SmallVector<Value> arguments{function.getArgument(1), function.getArgument(2)};
  ArrayRef<Type> types = kernel.getArgumentTypes();
  for (auto [i, type] : llvm::enumerate(types.drop_front(2).drop_back()))
    arguments.push_back(code.load(type, code.at(function.getArgument(0), sizeof(batten_launch) + 8 * i)));
  arguments.push_back(function.getArgument(3));
  code.call(kernel, arguments);
  code.give({});
  return function;
}

Value EntryEmitter::record(ArrayRef<VersionInfo> versions) {
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

LogicalResult EntryEmitter::placeConstants(PlanOp plan, Frame &frame) {
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

void EntryEmitter::placeBuffers(PlanOp plan, Value workspace, Value workspaceBytes, Frame &frame) {
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
Value EntryEmitter::pointerTo(Value tensor, const Frame &frame) {
  auto place = tensor.getDefiningOp<ProgramMemoryOp>();
  return place ? code.at(frame.bound, place.getOffset()) : frame.pointers.lookup(tensor);
}

LogicalResult EntryEmitter::emitLaunch(LaunchOp launch, const Frame &frame) {
  auto kernel = module.lookupSymbol<LLVM::LLVMFuncOp>(launch.getKernel());
  if (!kernel || kernel.getNumArguments() != launch.getSizes().size() + launch.getPointers().size() + 3)
    return launch.emitError("internal error: @") << launch.getKernel() << " is no kernel of these arguments";
  auto put = [&](Value value, size_t offset) { code.store(value, code.at(frame.record, offset)); };
  put(code.addressOf(unpacking(kernel).getSymName()), offsetof(batten_launch, kernel));
  put(code.size(toDim(launch.getRangeAttr()), frame.sizes), offsetof(batten_launch, range));
  put(code.number(launch.getGrain()), offsetof(batten_launch, grain));
  Value scratch = launch.getScratchBuffer();
  put(scratch ? frame.pointers.lookup(scratch) : code.null(), offsetof(batten_launch, scratch));
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
  code.call(launchOn, {frame.record, frame.call, frame.room});
  return success();
}

LogicalResult EntryEmitter::emitLaunches(PlanOp plan, const Frame &frame) {
  for (auto launch : plan.getBody().getOps<LaunchOp>())
    if (failed(emitLaunch(launch, frame)))
      return failure();
  return success();
}

/// The first version for the program's level and the sizes of the call. The last one fits any that are left.
LogicalResult EntryEmitter::emitVersions(ArrayRef<VersionInfo> versions, llvm::function_ref<Value()> readLevel,
                                         Value sizes, llvm::function_ref<LogicalResult(PlanOp)> emitOne) {
  if (versions.size() == 1)
    return emitOne(versions[0].plan);
  Value level = program.levels.size() > 1 ? readLevel() : Value();
  Block *after = code.block();
  for (const VersionInfo &version : versions) {
    Block *next = nullptr;
    if (&version != &versions.back())
      next = code.block();
    if (next && level)
      code.goOnIf(code.isEqual(level, version.level), next);
    if (next && version.fixed) {
      Value size = code.load(code.i64, code.at(sizes, 8 * version.fixed->symbol));
      code.goOnIf(code.isEqual(size, version.fixed->size), next);
    }
    if (failed(emitOne(version.plan)))
      return failure();
    code.goTo(after);
    code.b.setInsertionPointToStart(next ? next : after);
  }
  return success();
}

//===- Entries ----------------------------------------------------------------------------------------------------===//

/// int (const void *program, const int64_t *sizes, void *const *tensors, void *workspace, int64_t workspace_bytes,
///      const batten_call *call)
LogicalResult EntryEmitter::emitEntry(const EntryInfo &entry, unsigned index) {
  Type p = code.pointer;
  LLVM::LLVMFuncOp function = begin(uniformCallName(entry), {p, p, p, p, code.i64, p}, code.i32, /*isPublic=*/false);
  function.setPassthroughAttr(code.b.getStrArrayAttr({launchesAttribute}));
  Value bound = function.getArgument(0), sizes = function.getArgument(1), tensors = function.getArgument(2);
  Value workspace = function.getArgument(3), workspaceBytes = function.getArgument(4);
  Frame frame;
  frame.bound = bound;
  frame.call = function.getArgument(5);
  frame.record = record(entry.versions);
  Value extents = code.words(entry.tensors.size());
  code.giveUnlessZero(code.call(
      check, {description(), table(index), bound, sizes, tensors, workspace, workspaceBytes, frame.call, extents}));
  for (auto [i, symbol] : llvm::enumerate(entry.symbols))
    frame.sizes[symbol.name] = code.load(code.i64, code.at(sizes, 8 * i));
  for (const IndexCheck &indices : entry.indexChecks)
    code.giveUnlessZero(
        code.call(checkIndices, {table(index), code.number(indices.tensor), code.size(indices.rows, frame.sizes), sizes,
                                 tensors, frame.call, extents}));
  auto emitOne = [&](PlanOp plan) -> LogicalResult {
    for (auto [i, argument] : llvm::enumerate(plan.getBody().getArguments()))
      frame.pointers[argument] = code.load(p, code.at(tensors, 8 * i));
    placeBuffers(plan, workspace, workspaceBytes, frame);
    return success(succeeded(placeConstants(plan, frame)) && succeeded(emitLaunches(plan, frame)));
  };
  auto readLevel = [&] { return code.load(code.i32, code.at(bound, offsetof(batten_program_header, level))); };
  if (failed(emitVersions(entry.versions, readLevel, sizes, emitOne)))
    return failure();
  code.call(rowStatus, {table(index), sizes, tensors, frame.call, extents});
  code.give(LLVM::ConstantOp::create(code.b, code.loc, code.i32, code.b.getI32IntegerAttr(0)).getResult());
  return success();
}

/// int64_t (const int64_t *sizes)
void EntryEmitter::emitUniformWorkspace(const EntryInfo &entry, unsigned index) {
  LLVM::LLVMFuncOp function = begin(uniformWorkspaceName(entry), {code.pointer}, code.i64, /*isPublic=*/false);
  code.give(code.call(workspaceOf, {table(index), function.getArgument(0)}));
}

Value EntryEmitter::sizesOnStack(const EntryInfo &entry, ValueRange sizes) {
  Value words = code.words(sizes.size());
  for (auto [i, size] : llvm::enumerate(sizes))
    code.store(size, code.at(words, 8 * i));
  return words;
}

static Type typeInC(batten_dtype dtype, OpBuilder &b) {
  if (dtype == BATTEN_F32)
    return b.getF32Type();
  if (dtype == BATTEN_F64)
    return b.getF64Type();
  return b.getIntegerType(8 * BATTEN_DTYPE_BYTES(dtype)); // f16 and bf16 are bit patterns in C
}

/// NAME_FN: the arguments that C passes, as arrays. The fields of a parameter tree are pointers in one struct.
void EntryEmitter::emitCall(const EntryInfo &entry) {
  SmallVector<Type> types(1 + entry.symbols.size(), code.i64);
  types[0] = code.pointer;
  for (const TensorInfo &tensor : entry.tensors)
    if (tensor.position == int(types.size()))
      types.push_back(tensor.byValue ? typeInC(tensor.dtype, code.b) : code.pointer);
  types.append({code.pointer, code.i64, code.pointer});
  LLVM::LLVMFuncOp function = begin(entry.cSymbol, types, code.i32, /*isPublic=*/true);
  Block::BlockArgListType arguments = function.getBody().getArguments();

  Value tensors = code.words(entry.tensors.size());
  Value scalars = code.words(entry.tensors.size());
  Value nothing = code.words(1); // read in place of the fields of a tree that is NULL
  code.store(code.null(), nothing);
  Value sizes = sizesOnStack(entry, arguments.slice(1, entry.symbols.size()));
  size_t field = 0;
  for (auto [i, tensor] : llvm::enumerate(entry.tensors)) {
    Value value = arguments[tensor.position];
    field = i && entry.tensors[i - 1].position == tensor.position ? field + 1 : 0;
    if (tensor.byValue) {
      Value copy = code.at(scalars, 8 * i);
      code.store(value, copy);
      value = copy;
    } else if (!tensor.tree.empty()) {
      value = code.load(code.pointer, code.unlessNull(value, code.at(value, 8 * field), nothing));
    }
    code.store(value, code.at(tensors, 8 * i));
  }
  auto rest = arguments.take_back(3);
  auto uniform = module.lookupSymbol<LLVM::LLVMFuncOp>(uniformCallName(entry));
  code.give(code.call(uniform, {arguments[0], sizes, tensors, rest[0], rest[1], rest[2]}));
}

void EntryEmitter::emitWorkspace(const EntryInfo &entry) {
  SmallVector<Type> types(entry.symbols.size(), code.i64);
  LLVM::LLVMFuncOp function = begin(entry.cSymbol + "_workspace", types, code.i64, /*isPublic=*/true);
  Value sizes = sizesOnStack(entry, function.getBody().getArguments());
  code.give(code.call(module.lookupSymbol<LLVM::LLVMFuncOp>(uniformWorkspaceName(entry)), sizes));
}

//===- Bind and describe ------------------------------------------------------------------------------------------===//

/// int (void *memory, int64_t memory_bytes, const void *const *weights, const void **program, batten_error *error)
LogicalResult EntryEmitter::emitUniformBind() {
  Type p = code.pointer;
  LLVM::LLVMFuncOp function = begin(uniformBindName(program), {p, code.i64, p, p, p}, code.i32, /*isPublic=*/false);
  function.setPassthroughAttr(code.b.getStrArrayAttr({launchesAttribute}));
  Value memory = function.getArgument(0), weights = function.getArgument(2), result = function.getArgument(3);
  Frame frame;
  frame.bound = memory;
  Value level = code.words(1);
  frame.record = record(program.bind);
  code.giveUnlessZero(code.call(
      checkBind, {description(), memory, function.getArgument(1), weights, result, function.getArgument(4), level}));
  auto offsets = module->getAttrOfType<DenseI64ArrayAttr>(weightOffsetsName);
  auto emitOne = [&](PlanOp bind) -> LogicalResult {
    frame.call = frame.further = code.null();
    frame.room = code.number(0);
    for (auto [i, argument] : llvm::enumerate(bind.getBody().getArguments()))
      frame.pointers[argument] = offsets ? code.at(code.addressOf(weightsSymbol(program.name)), offsets[int64_t(i)])
                                         : code.load(p, code.at(weights, 8 * i));
    return success(succeeded(placeConstants(bind, frame)) && succeeded(emitLaunches(bind, frame)));
  };
  auto readLevel = [&] { return code.load(code.i32, level); };
  if (!program.bind.empty() && failed(emitVersions(program.bind, readLevel, Value(), emitOne)))
    return failure();
  code.call(finishBind, {description(), memory, readLevel(), result});
  code.give(LLVM::ConstantOp::create(code.b, code.loc, code.i32, code.b.getI32IntegerAttr(0)).getResult());
  return success();
}

/// NAME_bind. Its struct of weights is an array of pointers; without weights it has no such argument.
void EntryEmitter::emitBind() {
  Type p = code.pointer;
  bool hasWeights = !program.weights.empty();
  SmallVector<Type> types{p, code.i64, p, p};
  if (hasWeights)
    types.push_back(p);
  LLVM::LLVMFuncOp function = begin(program.name + "_bind", types, code.i32, /*isPublic=*/true);
  SmallVector<Value> arguments(function.getBody().getArguments());
  if (!hasWeights)
    arguments.insert(arguments.begin() + 2, code.null());
  code.give(code.call(module.lookupSymbol<LLVM::LLVMFuncOp>(uniformBindName(program)), arguments));
}

/// A kernel is named by the schedule and may be called like a function of the C interface.
void EntryEmitter::renameKernels() {
  llvm::StringSet<> taken;
  for (const EntryInfo &entry : program.entries)
    for (const char *suffix : {"", "_workspace"})
      taken.insert(entry.cSymbol + suffix);
  for (const char *suffix : {"_bind", "_describe"})
    taken.insert(program.name + suffix);
  for (auto kernel : module.getOps<LLVM::LLVMFuncOp>()) {
    if (!taken.contains(kernel.getSymName()))
      continue;
    auto name = code.b.getStringAttr(kernel.getSymName() + ".kernel");
    (void)SymbolTable::replaceAllSymbolUses(kernel, name, module);
    kernel.setSymNameAttr(name);
  }
}

LogicalResult EntryEmitter::emit() {
  renameKernels();
  declareSupport();
  for (auto [i, entry] : llvm::enumerate(program.entries)) {
    code.loc = PlanOp(entry.versions.back().plan).getLoc();
    if (failed(emitEntry(entry, i)))
      return failure();
    emitUniformWorkspace(entry, i);
    emitCall(entry);
    emitWorkspace(entry);
  }
  code.loc = module.getLoc();
  if (failed(emitUniformBind()))
    return failure();
  emitBind();
  begin(program.name + "_describe", {}, code.pointer, /*isPublic=*/true);
  code.give(description());
  for (auto plan : llvm::make_early_inc_range(module.getOps<PlanOp>()))
    plan.erase();
  return success();
}

LogicalResult emitEntries(ModuleOp module, const ProgramInfo &program) { return EntryEmitter(module, program).emit(); }

} // namespace batten
