// Fuse.cpp - pass batten-fuse: forms groups in every entry and outlines each into a function of its own.
//
// Takes the linalg form. Leaves entries that only call: every group is a private function on tensors (attribute
// batten.kind), called in an order in which values are ready, equal groups only once. The cut is what keeps kernels
// small, deduplicated and compiled alone: nothing is ever scheduled or bufferised across a whole entry.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Passes.h"
#include "compiler/schedule/Groups.h"
#include "compiler/schedule/ImageLayout.h"
#include "compiler/schedule/Machine.h"
#include "compiler/schedule/PackOperands.h"
#include "compiler/schedule/TurnEpilogues.h"
#include "dialect/LaunchTimes.h"
#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace batten {
#define GEN_PASS_DEF_FUSE
#include "compiler/Passes.h.inc"

namespace {

class OutlineEntry {
public:
  OutlineEntry(func::FuncOp entry, StringRef prefix, const Level &level, bool fuse,
               llvm::StringMap<func::FuncOp> &known)
      : entry(entry), prefix(prefix), level(level), fuse(fuse), known(known), shapes(entry) {}

  void run() {
    eraseUnread(entry);
    if (fuse)
      turnEpilogues(entry);
    ownDestinations();
    copyUnwrittenResults();
    images = chooseImageLayout(formGroups(entry, shapes, fuse), shapes, level);
    packSharedOperands(entry, shapes, images, level);
    std::vector<Group> groups = formGroups(entry, shapes, fuse);
    for (const Group &group : groups)
      outline(group);
    eraseUnread(entry); // what only outlined operations still read
    // Calls stand last, views of what they return stood first: an entry may return such a view.
    sortTopologically(&entry.getBody().front());
  }

private:
  func::FuncOp entry;
  StringRef prefix;
  const Level &level;
  bool fuse;
  llvm::StringMap<func::FuncOp> &known; // text of an outlined group -> its function
  Shapes shapes;
  ImageLayout images;
  unsigned count = 0;

  SmallVector<OpFoldResult> sizesOf(OpBuilder &b, Location loc, Value tensor);
  void ownDestinations();
  bool mayOverwrite(UpdateRowsOp update);
  void copyUnwrittenResults();
  SmallVector<Dim> storedExtents(Value result);
  void outline(const Group &group);
  func::FuncOp declareFunction(const Group &group, ArrayRef<Value> symbols, ArrayRef<Value> roots,
                               ArrayRef<Value> results);
  func::FuncOp makeFunction(const Group &group, ArrayRef<Value> roots, ArrayRef<Value> results);
  func::FuncOp deduplicated(func::FuncOp function);
};

//===- Results that no kernel writes ------------------------------------------------------------------------------===//

SmallVector<OpFoldResult> OutlineEntry::sizesOf(OpBuilder &b, Location loc, Value tensor) {
  return operandsOf(b, loc, entry, shapes.of(tensor));
}

/// True if what the update writes into is an inout or a value of ours that is read nowhere later, nor by the update.
bool OutlineEntry::mayOverwrite(UpdateRowsOp update) {
  Value memory = throughReshapes(update.getInit());
  auto argument = dyn_cast<BlockArgument>(memory);
  if (argument ? !entry.getArgAttr(argument.getArgNumber(), attr::inout) : !isCompute(memory.getDefiningOp()))
    return false;
  SmallVector<Operation *> readers = readersOf(memory);
  return llvm::count(readers, update) == 1 &&
         llvm::all_of(readers, [&](Operation *reader) { return reader == update || reader->isBeforeInBlock(update); });
}

/// An update writes into its destination. One that has to stay as it is, is copied first.
void OutlineEntry::ownDestinations() {
  for (auto update : llvm::to_vector(entry.getOps<UpdateRowsOp>())) {
    if (mayOverwrite(update))
      continue;
    OpBuilder b(update);
    Value destination = update.getInit();
    Value copy = createCopy(b, update.getLoc(), destination, sizesOf(b, update.getLoc(), destination));
    update.getInitMutable().assign(copy);
  }
}

/// The value that updates have made what it is now.
Value beforeUpdates(Value memory) {
  while (auto update = memory.getDefiningOp<UpdateRowsOp>())
    memory = throughReshapes(update.getInit());
  return memory;
}

/// A result must be written by a kernel of its own: arguments, views, constants and values returned twice are copied.
/// An inout argument that was updated in place, or not at all, is its own result.
void OutlineEntry::copyUnwrittenResults() {
  auto stop = cast<func::ReturnOp>(entry.getBody().front().getTerminator());
  OpBuilder b(stop);
  SmallVector<Value> updated = updatedArguments(entry);
  llvm::SmallDenseSet<Value> written;
  auto isWritten = [&](OpOperand &operand) {
    Value memory = throughReshapes(operand.get()), before = beforeUpdates(memory);
    if (isa<BlockArgument>(before))
      return before == updated[operand.getOperandNumber()];
    return isCompute(memory.getDefiningOp()) && written.insert(memory).second;
  };
  for (bool isUpdated : {true, false}) // inouts first: what is returned besides may be a copy
    for (OpOperand &operand : stop->getOpOperands()) {
      if (static_cast<bool>(updated[operand.getOperandNumber()]) != isUpdated || isWritten(operand))
        continue;
      Location loc = operand.get().getLoc();
      operand.set(createCopy(b, loc, operand.get(), sizesOf(b, loc, operand.get())));
    }
}

//===- Outlining --------------------------------------------------------------------------------------------------===//

/// What lies in memory and is handed to a group: arguments, what other kernels wrote, constants of several values.
bool isRoot(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || isCompute(op) || isa<func::CallOp>(op))
    return true;
  auto constant = dyn_cast<arith::ConstantOp>(op);
  auto dense = constant ? dyn_cast<DenseElementsAttr>(constant.getValue()) : nullptr;
  return dense && !dense.isSplat();
}

/// The roots that `value` is made of by views, sizes and inits.
void collectRoots(Value value, const Group &group, llvm::SetVector<Value> &roots) {
  if (llvm::is_contained(group.operations, value.getDefiningOp()))
    return;
  if (isRoot(value)) {
    if (isa<RankedTensorType>(value.getType()))
      roots.insert(value);
    return;
  }
  for (Value operand : value.getDefiningOp()->getOperands())
    collectRoots(operand, group, roots);
}

/// Clones what `op` needs into the group's function, then `op` itself.
void cloneWithOperands(OpBuilder &b, Operation *op, IRMapping &map) {
  auto need = [&](Value value) {
    if (!map.contains(value) && value.getDefiningOp())
      cloneWithOperands(b, value.getDefiningOp(), map);
  };
  for (Value operand : op->getOperands())
    need(operand);
  op->walk([&](Operation *inner) { // a region may read scalars from outside
    for (Value operand : inner->getOperands())
      if (operand.getParentRegion() == op->getParentRegion())
        need(operand);
  });
  b.clone(*op, map);
}

ArrayAttr dimsAttr(Builder &b, ArrayRef<Dim> dims) {
  return b.getArrayAttr(llvm::map_to_vector(dims, [&](const Dim &d) -> Attribute { return b.getStringAttr(d.str()); }));
}

/// So that versions of an entry for fixed sizes have their packed weights in common with it.
static void dropUnusedSizes(func::FuncOp function) {
  for (unsigned i = function.getNumArguments(); i-- > 0;)
    if (function.getArgAttr(i, attr::symbol) && function.getArgument(i).use_empty())
      (void)function.eraseArgument(i);
}

/// The sizes of what a group returns for `result`.
SmallVector<Dim> OutlineEntry::storedExtents(Value result) {
  if (images.channelsLast.contains(result))
    return ImageLayout::stored(shapes.of(result), getElementTypeOrSelf(result.getType()));
  return SmallVector<Dim>(shapes.of(result));
}

/// The type of a tensor of these extents.
static RankedTensorType typeOf(ArrayRef<Dim> extents, Type element) {
  auto shape = llvm::map_to_vector(
      extents, [](const Dim &extent) { return extent.constantValue().value_or(ShapedType::kDynamic); });
  return RankedTensorType::get(shape, element);
}

/// The function of a group without a body: of the sizes of the call, then of what it reads.
func::FuncOp OutlineEntry::declareFunction(const Group &group, ArrayRef<Value> symbols, ArrayRef<Value> roots,
                                           ArrayRef<Value> results) {
  OpBuilder b(entry);
  SmallVector<Type> inputs, outputs;
  llvm::append_range(inputs, ValueRange(symbols).getTypes());
  llvm::append_range(inputs, ValueRange(roots).getTypes());
  for (Value value : results)
    outputs.push_back(typeOf(storedExtents(value), getElementTypeOrSelf(value.getType())));
  // The point keeps it apart from every C name.
  std::string name = (prefix + "_" + entry.getName() + "." + groupKindName(group.kind) + Twine(count++)).str();
  auto function = func::FuncOp::create(b, group.operations.front()->getLoc(), name, b.getFunctionType(inputs, outputs));
  function.setPrivate();
  function->setAttr(attr::kind, b.getStringAttr(groupKindName(group.kind)));
  if (group.split)
    function->setAttr(attr::split, b.getI64IntegerAttr(*group.split));
  for (auto [i, value] : llvm::enumerate(symbols))
    function.setArgAttr(i, attr::symbol, entry.getArgAttr(cast<BlockArgument>(value).getArgNumber(), attr::symbol));
  for (auto [i, value] : llvm::enumerate(roots))
    function.setArgAttr(symbols.size() + i, attr::dims, dimsAttr(b, shapes.of(value)));
  for (auto [i, value] : llvm::enumerate(results))
    function.setResultAttr(i, attr::dims, dimsAttr(b, storedExtents(value)));
  return function;
}

func::FuncOp OutlineEntry::makeFunction(const Group &group, ArrayRef<Value> roots, ArrayRef<Value> results) {
  SmallVector<Value> symbols;
  for (auto [i, argument] : llvm::enumerate(entry.getArguments()))
    if (entry.getArgAttr(i, attr::symbol))
      symbols.push_back(argument);
  func::FuncOp function = declareFunction(group, symbols, roots, results);
  OpBuilder b(function);
  b.setInsertionPointToStart(function.addEntryBlock());
  IRMapping map;
  map.map(symbols, function.getArguments().take_front(symbols.size()));
  map.map(ValueRange(roots), function.getArguments().drop_front(symbols.size()));
  for (Operation *op : group.operations)
    if (!map.contains(op->getResult(0)))
      cloneWithOperands(b, op, map);
  SmallVector<Value> mine = llvm::map_to_vector(results, [&](Value value) {
    Value made = map.lookup(value);
    if (!images.channelsLast.contains(value))
      return made;
    auto sizes = [&](ArrayRef<Dim> extents) { return operandsOf(b, value.getLoc(), function, extents); };
    return storeChannelsLast(b, made, sizes(shapes.of(value)), sizes(storedExtents(value)));
  });
  func::ReturnOp::create(b, function.getLoc(), mine);
  if (group.kind == GroupKind::Pack)
    dropUnusedSizes(function);
  return function;
}

/// The function that is already there with the same text, or this one.
func::FuncOp OutlineEntry::deduplicated(func::FuncOp function) {
  std::string name = function.getName().str(), text;
  function.setName("group");
  llvm::raw_string_ostream stream(text);
  function->print(stream, OpPrintingFlags().useLocalScope());
  function.setName(name);
  auto [found, fresh] = known.try_emplace(text, function);
  if (fresh)
    return function;
  function.erase();
  return found->second;
}

/// The operations of a group together; taken from its members, lest equal groups look unlike. Null where none is known.
static Attribute takeFlops(const Group &group) {
  std::optional<Dim> total;
  for (Operation *op : group.operations)
    if (auto flops = dyn_cast_or_null<StringAttr>(op->removeAttr(attr::launchFlops)))
      total = total.value_or(Dim()) + Dim::parse(flops.str()).value_or(Dim::overflow());
  return total && !total->overflowed() ? StringAttr::get(group.operations.front()->getContext(), total->str())
                                       : Attribute();
}

void OutlineEntry::outline(const Group &group) {
  Attribute flops = takeFlops(group),
            needed = group.operations.front()->removeAttr(attr::needed); // of a pack, its only one
  llvm::SetVector<Value> roots;
  SmallVector<Value> results;
  for (Operation *op : group.operations) {
    for (Value operand : op->getOperands())
      collectRoots(operand, group, roots);
    for (Value result : op->getResults())
      if (llvm::any_of(result.getUsers(), [&](Operation *user) { return !llvm::is_contained(group.operations, user); }))
        results.push_back(result);
  }
  func::FuncOp function = deduplicated(makeFunction(group, roots.getArrayRef(), results));
  OpBuilder b(entry.getBody().front().getTerminator());
  SmallVector<Value> operands;
  llvm::SmallDenseSet<Attribute> taken;
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    taken.insert(function.getArgAttr(i, attr::symbol));
  for (auto [i, argument] : llvm::enumerate(entry.getArguments()))
    if (Attribute symbol = entry.getArgAttr(i, attr::symbol); symbol && taken.contains(symbol))
      operands.push_back(argument);
  llvm::append_range(operands, roots);
  auto call = func::CallOp::create(b, group.operations.front()->getLoc(), function, operands);
  SmallVector<Attribute> dims; // the planner sizes buffers by them
  for (auto [mine, theirs] : llvm::zip(results, call.getResults())) {
    SmallVector<Dim> extents = storedExtents(mine);
    dims.push_back(dimsAttr(b, extents));
    shapes.set(theirs, extents);
    Value view = theirs;
    if (images.channelsLast.contains(mine))
      view = viewChannelsFirst(b, theirs, sizesOf(b, mine.getLoc(), mine));
    // The group's own operations keep each other's values until they are dropped.
    mine.replaceUsesWithIf(view, [&](OpOperand &use) { return !llvm::is_contained(group.operations, use.getOwner()); });
  }
  call->setAttr(attr::resultDims, b.getArrayAttr(dims));
  call->setAttr(attr::kind, b.getStringAttr(groupKindName(group.kind)));
  if (flops)
    call->setAttr(attr::launchFlops, flops);
  if (needed)
    call->setAttr(attr::needed, needed);
}

struct FusePass : impl::FuseBase<FusePass> {
  using FuseBase::FuseBase;
  void runOnOperation() override {
    std::optional<Level> level = describeMachine(cpu);
    if (!level) {
      getOperation().emitError("unknown CPU '") << cpu << "'";
      return signalPassFailure();
    }
    auto program = getOperation()->getAttrOfType<StringAttr>(attr::program);
    StringRef prefix = program ? program.getValue() : "program";
    llvm::StringMap<func::FuncOp> known;
    SmallVector<func::FuncOp> entries(getOperation().getOps<func::FuncOp>());
    for (func::FuncOp entry : entries)
      OutlineEntry(entry, prefix, *level, fuse, known).run();
  }
};

} // namespace
} // namespace batten
