// EmitEntry.cpp - plans -> the C functions of a program, in the LLVM dialect.
//
// An entry is three functions. The uniform one does the work: it lets the support code check the call against the
// description, computes where the buffers lie and runs the launches in order. NAME_FN puts its arguments into arrays
// and calls it; NAME_FN_workspace asks the support code. The bind is one uniform function in the same way, and each
// kernel gets a small function that unpacks a batten_launch, so that all of them have one type.
//
// Sizes are computed here without looking for overflow: the check has evaluated formulas that are never below them, and
// sums and products modulo 2^64 are right whenever their result fits. A launch's work, which no memory depends on, may
// not fit: it then splits the launch over another number of threads.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/Emit.h"
#include "compiler/codegen/EmitLaunches.h"
#include "compiler/codegen/WeightsObject.h"
#include "dialect/LaunchTimes.h"
#include "llvm/ADT/StringSet.h"
#include <cstddef>

using namespace mlir;

namespace batten {

namespace {

class EntryEmitter {
public:
  EntryEmitter(ModuleOp module, const ProgramInfo &program)
      : module(module), program(program), code(module), launches(module, program, code) {}
  LogicalResult emit();

private:
  void renameKernels();
  void declareSupport();
  void declareLaunchTimes();

  LogicalResult emitEntry(const EntryInfo &entry, unsigned index);
  void emitUniformWorkspace(const EntryInfo &entry, unsigned index);
  void emitCall(const EntryInfo &entry);
  void emitWorkspace(const EntryInfo &entry);
  LogicalResult emitUniformBind();
  void emitBind();

  LogicalResult emitVersions(ArrayRef<VersionInfo> versions, llvm::function_ref<Value()> readLevel, Value sizes,
                             llvm::function_ref<LogicalResult(PlanOp)> emitOne);
  Value sizesOnStack(const EntryInfo &entry, ValueRange sizes);

  Value description() { return code.addressOf(descriptionName(program)); }
  Value table(unsigned entry) { return code.at(code.addressOf(entriesName(program)), entry * sizeof(batten_entry)); }

  ModuleOp module;
  const ProgramInfo &program;
  CodeBuilder code;
  LLVM::LLVMFuncOp check, checkIndices, workspaceOf, launchOn, rowStatus, checkBind, finishBind, releaseWeights;
  LaunchEmitter launches;
};

} // namespace

//===- Functions --------------------------------------------------------------------------------------------------===//

void EntryEmitter::declareSupport() {
  Type i32 = code.i32, i64 = code.i64, p = code.pointer;
  check = code.declareFunction("batten_support_check", {p, p, p, p, p, p, i64, p, p}, i32);
  checkIndices = code.declareFunction("batten_support_check_indices", {p, i64, i64, p, p, p, p}, i32);
  workspaceOf = code.declareFunction("batten_support_workspace", {p, p}, i64);
  launchOn = code.declareFunction("batten_support_launch", {p, p, i64}, code.none);
  rowStatus = code.declareFunction("batten_support_row_status", {p, p, p, p, p}, code.none);
  checkBind = code.declareFunction("batten_support_check_bind", {p, p, i64, p, p, p, p}, i32);
  finishBind = code.declareFunction("batten_support_finish_bind", {p, p, i32, p}, code.none);
  releaseWeights = code.declareFunction("batten_support_release_weights", {p, i64}, code.none);
  for (LLVM::LLVMFuncOp function :
       {check, checkIndices, workspaceOf, launchOn, rowStatus, checkBind, finishBind, releaseWeights}) {
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

/// Two words a launch, zero at first.
void EntryEmitter::declareLaunchTimes() {
  auto launches = module->getAttrOfType<IntegerAttr>(attr::timeLaunches);
  if (!launches)
    return;
  auto type = RankedTensorType::get({std::max<int64_t>(1, 2 * launches.getInt())}, code.i64);
  LLVM::GlobalOp::create(code.b, code.loc, LLVM::LLVMArrayType::get(code.i64, type.getNumElements()),
                         /*isConstant=*/false, LLVM::Linkage::External, launchTimesName(program),
                         DenseElementsAttr::get(type, int64_t(0)), /*alignment=*/64);
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
  LLVM::LLVMFuncOp function =
      code.beginFunction(uniformCallName(entry), {p, p, p, p, code.i64, p}, code.i32, /*isPublic=*/false);
  function.setPassthroughAttr(code.b.getStrArrayAttr({launchesAttribute}));
  Value bound = function.getArgument(0), sizes = function.getArgument(1), tensors = function.getArgument(2);
  Value workspace = function.getArgument(3), workspaceBytes = function.getArgument(4);
  Frame frame;
  frame.bound = bound;
  frame.call = function.getArgument(5);
  frame.record = launches.record(entry.versions);
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
    launches.placeBuffers(plan, workspace, workspaceBytes, frame);
    return launches.emit(plan, launchOn, frame);
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
  LLVM::LLVMFuncOp function =
      code.beginFunction(uniformWorkspaceName(entry), {code.pointer}, code.i64, /*isPublic=*/false);
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
  LLVM::LLVMFuncOp function = code.beginFunction(entry.cSymbol, types, code.i32, /*isPublic=*/true);
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
  LLVM::LLVMFuncOp function = code.beginFunction(entry.cSymbol + "_workspace", types, code.i64, /*isPublic=*/true);
  Value sizes = sizesOnStack(entry, function.getBody().getArguments());
  code.give(code.call(module.lookupSymbol<LLVM::LLVMFuncOp>(uniformWorkspaceName(entry)), sizes));
}

//===- Bind and describe ------------------------------------------------------------------------------------------===//

/// int (void *memory, int64_t memory_bytes, const void *const *weights, const void **program, batten_error *error)
LogicalResult EntryEmitter::emitUniformBind() {
  Type p = code.pointer;
  LLVM::LLVMFuncOp function =
      code.beginFunction(uniformBindName(program), {p, code.i64, p, p, p}, code.i32, /*isPublic=*/false);
  function.setPassthroughAttr(code.b.getStrArrayAttr({launchesAttribute}));
  Value memory = function.getArgument(0), weights = function.getArgument(2), result = function.getArgument(3);
  Frame frame;
  frame.bound = memory;
  Value level = code.words(1);
  frame.record = launches.record(program.bind);
  code.giveUnlessZero(code.call(
      checkBind, {description(), memory, function.getArgument(1), weights, result, function.getArgument(4), level}));
  auto offsets = module->getAttrOfType<DenseI64ArrayAttr>(weightOffsetsName);
  auto emitOne = [&](PlanOp bind) -> LogicalResult {
    frame.call = frame.further = code.null();
    frame.room = code.number(0);
    for (auto [i, argument] : llvm::enumerate(bind.getBody().getArguments()))
      frame.pointers[argument] = offsets ? code.at(code.addressOf(weightsSymbol(program.name)), offsets[int64_t(i)])
                                         : code.load(p, code.at(weights, 8 * i));
    return launches.emit(bind, launchOn, frame);
  };
  auto readLevel = [&] { return code.load(code.i32, level); };
  if (!program.bind.empty() && failed(emitVersions(program.bind, readLevel, Value(), emitOne)))
    return failure();
  if (auto bytes = module->getAttrOfType<IntegerAttr>(releasedBytesName))
    code.call(releaseWeights, {code.addressOf(weightsSymbol(program.name)), code.number(bytes.getInt())});
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
  LLVM::LLVMFuncOp function = code.beginFunction(program.name + "_bind", types, code.i32, /*isPublic=*/true);
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
  declareLaunchTimes();
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
  code.beginFunction(program.name + "_describe", {}, code.pointer, /*isPublic=*/true);
  code.give(description());
  for (auto plan : llvm::make_early_inc_range(module.getOps<PlanOp>()))
    plan.erase();
  return success();
}

LogicalResult emitEntries(ModuleOp module, const ProgramInfo &program) { return EntryEmitter(module, program).emit(); }

} // namespace batten
