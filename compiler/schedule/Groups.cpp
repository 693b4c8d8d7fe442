// Groups.cpp - forms fusion groups; see Groups.h.
//
// Greedy and in program order: each operation joins the group of one of its producers where these hold:
//   1. the shapes agree: the group's loops can run this operation too (see `joinRows` in GroupRows.cpp and
//   `joinEpilogue`);
//   2. what it reads of the group it reads at the loop indices that the group is at, so that the value is at hand;
//   3. nothing that it reads from outside depends on the group, or the group could run neither before nor after it;
//   4. both are computed in the call or both, of weights alone, at the bind (`haveOneTime` in GroupTimes.cpp);
//   5. the group's code stays as long as LLVM compiles in about 50 ms, which is superlinear in it (`mostCode`).
// Groups of rows that it reads and that run over the same loops become one first, where it can join them then: so a
// tree of element-wise operations is one group as a chain is.
// Fusion changes no bits: a group computes the values of its operations one by one, only in another place.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/schedule/Groups.h"
#include "compiler/kernels/cpu/RowGroup.h"
#include "compiler/kernels/cpu/Window.h"
#include "compiler/schedule/Grouping.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace batten {

StringRef groupKindName(GroupKind kind) {
  switch (kind) {
  case GroupKind::Rows:
    return "rows";
  case GroupKind::Contraction:
    return "contraction";
  case GroupKind::BatchReduction:
    return "batch_reduction";
  case GroupKind::Concat:
    return "concat";
  case GroupKind::Pack:
    return "pack";
  case GroupKind::Gather:
    return "gather";
  case GroupKind::Update:
    return "update";
  case GroupKind::Attention:
    return "attention";
  case GroupKind::Scan:
    return "scan";
  case GroupKind::Greatest:
    return "greatest";
  case GroupKind::Convolution:
    return "convolution";
  case GroupKind::Pool:
    return "pool";
  }
}

std::optional<GroupKind> kindOf(func::FuncOp group) {
  auto name = group->getAttrOfType<StringAttr>(attr::kind);
  for (int kind = 0; name && kind <= int(GroupKind::Pool); ++kind)
    if (name.getValue() == groupKindName(GroupKind(kind)))
      return GroupKind(kind);
  return std::nullopt;
}

SmallVector<OpFoldResult> operandsOf(OpBuilder &b, Location loc, func::FuncOp entry, ArrayRef<Dim> dims) {
  std::map<std::string, Value> symbols;
  for (auto [i, argument] : llvm::enumerate(entry.getArguments()))
    if (auto name = entry.getArgAttrOfType<StringAttr>(i, attr::symbol))
      symbols[name.str()] = argument;
  SizeValues values(std::move(symbols));
  SmallVector<OpFoldResult> sizes;
  for (const Dim &dim : dims) {
    if (std::optional<int64_t> constant = dim.constantValue())
      sizes.push_back(b.getIndexAttr(*constant));
    else
      sizes.push_back(values.get(b, loc, dim));
  }
  return sizes;
}

Value createCopy(OpBuilder &b, Location loc, Value source, ArrayRef<OpFoldResult> sizes) {
  auto type = cast<RankedTensorType>(source.getType());
  Value init = tensor::EmptyOp::create(b, loc, sizes, type.getElementType());
  AffineMap identity = AffineMap::getMultiDimIdentityMap(type.getRank(), b.getContext());
  SmallVector<utils::IteratorType> parallel(type.getRank(), utils::IteratorType::parallel);
  auto yield = [](OpBuilder &nested, Location at, ValueRange values) {
    linalg::YieldOp::create(nested, at, values.front());
  };
  return linalg::GenericOp::create(b, loc, init.getType(), source, init, {identity, identity}, parallel, yield)
      .getResult(0);
}

bool isCompute(Operation *op) {
  return isa<linalg::GenericOp, tensor::ConcatOp, linalg::PackOp, GatherRowsOp, UpdateRowsOp, AttendOp, ScanOp,
             GreatestOp>(op);
}

void eraseUnread(func::FuncOp entry) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(entry.getBody().front())))
    if (!isa<func::CallOp, func::ReturnOp>(op) && op.use_empty())
      op.erase();
}

Value throughReshapes(Value value) {
  while (isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  return value;
}

SmallVector<Value> updatedArguments(func::FuncOp entry) {
  SmallVector<Value> arguments(entry.getNumResults());
  for (auto [i, argument] : llvm::enumerate(entry.getArguments()))
    if (auto result = entry.getArgAttrOfType<IntegerAttr>(i, attr::inout))
      arguments[result.getInt()] = argument;
  return arguments;
}

SmallVector<Operation *> readersOf(Value value) {
  SmallVector<Operation *> readers;
  for (Operation *user : value.getUsers()) {
    if (isView(user) || isa<linalg::UnPackOp>(user)) // who has panels may read what they are packed from as well
      llvm::append_range(readers, readersOf(user->getResult(0)));
    else
      readers.push_back(user);
  }
  return readers;
}

SmallVector<Operation *> predecessors(Operation *op) {
  SmallVector<Operation *> before;
  for (Value operand : op->getOperands())
    if (Operation *producer = operand.getDefiningOp())
      before.push_back(producer);
  if (auto update = dyn_cast<UpdateRowsOp>(op))
    for (Operation *reader : readersOf(throughReshapes(update.getInit())))
      if (reader != op)
        before.push_back(reader);
  return before;
}

static GroupKind kindOf(Operation *op) {
  if (isa<tensor::ConcatOp>(op))
    return GroupKind::Concat;
  if (isa<linalg::PackOp>(op))
    return GroupKind::Pack;
  if (isa<GatherRowsOp>(op))
    return GroupKind::Gather;
  if (isa<UpdateRowsOp>(op))
    return GroupKind::Update;
  if (isa<AttendOp>(op))
    return GroupKind::Attention;
  if (isa<ScanOp>(op))
    return GroupKind::Scan;
  if (isa<GreatestOp>(op))
    return GroupKind::Greatest;
  if (auto generic = dyn_cast<linalg::GenericOp>(op); generic && isWindow(generic)) // a pool's taps have no channel
    return generic.getNumReductionLoops() == 3 ? GroupKind::Convolution : GroupKind::Pool;
  auto order = op->getAttrOfType<StringAttr>(attr::order);
  if (order && (order.getValue() == "chain" || order.getValue() == "pairs"))
    return GroupKind::Contraction;
  if (order && order.getValue() == "blocks")
    return GroupKind::BatchReduction;
  return GroupKind::Rows;
}

/// Groups whose results are accumulators in registers before they are stored.
static bool hasEpilogue(GroupKind kind) {
  return kind == GroupKind::Contraction || kind == GroupKind::Convolution || kind == GroupKind::Pool;
}

/// The group of `op` or, of a view or a size, those that it is made from.
llvm::SparseBitVector<> Grouping::groupsBehind(Operation *op) {
  llvm::SparseBitVector<> behind;
  if (auto found = groupOf.find(op); found != groupOf.end())
    behind.set(found->second);
  else
    behind = sourcesOf(op);
  return behind;
}

llvm::SparseBitVector<> Grouping::sourcesOf(Operation *op) {
  llvm::SparseBitVector<> sources;
  for (Operation *before : predecessors(op))
    sources |= groupsBehind(before);
  return sources;
}

/// Rule 3: whatever `op` does not read from the group itself must not come from it by way of another group or a view.
bool Grouping::outsideIsIndependent(Operation *op, size_t index) {
  for (Operation *before : predecessors(op)) {
    bool isView = !groupOf.contains(before);
    for (size_t source : groupsBehind(before))
      if (source == index ? isView : needs[source].test(index))
        return false;
  }
  return true;
}

/// The group, and so whatever needs it, runs after these and all that they need.
void Grouping::require(size_t index, const llvm::SparseBitVector<> &sources) {
  llvm::SparseBitVector<> all = sources;
  for (size_t source : sources)
    all |= needs[source];
  all.reset(index);
  if (needs[index].contains(all))
    return;
  for (size_t each = 0; each < groups.size(); ++each)
    if (each == index || needs[each].test(index))
      needs[each] |= all;
}

int64_t codeOf(ArrayRef<Operation *> operations) {
  constexpr int64_t ofPolynomial = 32, ofReduction = 16; // in vectors and their tails, over 64 lanes
  int64_t code = 0;
  for (Operation *op : operations)
    if (auto generic = dyn_cast<linalg::GenericOp>(op)) {
      code += generic.getNumReductionLoops() == 0 ? 0 : ofReduction;
      for (Operation &inner : generic.getBody()->without_terminator())
        code += isHeavy(&inner) ? ofPolynomial : 1;
    }
  return code;
}

/// An element-wise operation on the accumulators: same loops as the result, which nobody else reads.
bool Grouping::joinEpilogue(linalg::GenericOp op, Group &group) {
  Value chain = group.operations.back()->getResult(0);
  if (op.getNumReductionLoops() != 0 || op->getNumResults() != 1 || !chain.hasOneUse())
    return false;
  if (ArrayRef<Dim>(loopExtents(op, shapes)) != shapes.of(chain))
    return false;
  OpOperand &use = *chain.getUses().begin();
  AffineMap identity = AffineMap::getMultiDimIdentityMap(op.getNumLoops(), op.getContext());
  return use.getOwner() == op && op.isDpsInput(&use) && op.getMatchingIndexingMap(&use) == identity &&
         op.getMatchingIndexingMap(op.getDpsInitOperand(0)) == identity &&
         op.getBody()->getOps<linalg::IndexOp>().empty();
}

void Grouping::append(Operation *op, size_t index) {
  require(index, sourcesOf(op));
  groups[index].operations.push_back(op);
  groupOf[op] = index;
}

/// Rules 1, 2 and 5: where they hold, `group` has the loops that `op` needs afterwards.
bool Grouping::takeLoopsOf(Operation *op, Group &group) {
  auto generic = dyn_cast<linalg::GenericOp>(op);
  if (!generic || codeOf(group.operations) + codeOf(op) > mostCode || isa<tensor::ConcatOp>(group.operations.back()))
    return false;
  if (group.kind != GroupKind::Rows)
    return hasEpilogue(group.kind) && joinEpilogue(generic, group);
  GroupKind kind = kindOf(op);
  return kind == GroupKind::Rows ? joinRows(generic, group)
                                 : kind == GroupKind::BatchReduction && endInBatchReduction(generic, group);
}

bool Grouping::join(Operation *op, size_t index) {
  if (!outsideIsIndependent(op, index) || !takeLoopsOf(op, groups[index]))
    return false;
  append(op, index);
  return true;
}

void Grouping::add(Operation *op) {
  if (auto concat = dyn_cast<tensor::ConcatOp>(op); concat && fuse && joinConcat(concat))
    return;
  llvm::SmallVector<size_t> producers;
  for (Value operand : op->getOperands()) {
    auto found = groupOf.find(operand.getDefiningOp());
    if (found != groupOf.end() && haveOneTime(op, groups[found->second]) &&
        !llvm::is_contained(producers, found->second))
      producers.push_back(found->second);
  }
  llvm::sort(producers, std::greater<>()); // the latest first: it has the best chance to be the last to run
  if (fuse && joinTogether(op, producers))
    return;
  for (size_t index : producers)
    if (fuse && join(op, index))
      return;
  Group group{kindOf(op), {}, {}, std::nullopt};
  if (auto generic = dyn_cast<linalg::GenericOp>(op)) {
    group.domain = loopExtents(generic, shapes);
    if (generic.getNumReductionLoops() != 0)
      group.split = generic.getNumParallelLoops();
  }
  groups.push_back(std::move(group));
  needs.emplace_back();
  append(op, groups.size() - 1);
}

namespace {
/// Orders groups so that each stands after those whose values it reads; rule 3 leaves no cycle.
class Ordering {
public:
  explicit Ordering(std::vector<Group> &groups) : groups(groups), placed(groups.size()) {
    for (auto [i, group] : llvm::enumerate(groups))
      for (Operation *op : group.operations)
        groupOf[op] = i;
  }
  std::vector<Group> run() {
    for (size_t i = 0; i < groups.size(); ++i)
      place(i);
    return std::move(ordered);
  }

private:
  std::vector<Group> &groups;
  std::vector<bool> placed;
  DenseMap<Operation *, size_t> groupOf;
  std::vector<Group> ordered;

  void placeBefore(Operation *op) {
    auto found = groupOf.find(op);
    if (found != groupOf.end())
      return place(found->second);
    for (Operation *before : predecessors(op))
      placeBefore(before);
  }
  void place(size_t index) {
    if (placed[index])
      return;
    placed[index] = true;
    for (Operation *op : groups[index].operations)
      for (Operation *before : predecessors(op))
        placeBefore(before);
    ordered.push_back(groups[index]);
  }
};
} // namespace

std::vector<Group> formGroups(func::FuncOp entry, Shapes &shapes, bool fuse) {
  Grouping grouping(entry, shapes, fuse);
  for (Operation &op : entry.getBody().front()) {
    op.removeAttr(loopsAttribute); // of groups that were formed before
    if (isCompute(&op))
      grouping.add(&op);
  }
  std::vector<Group> groups = grouping.take();
  return Ordering(groups).run();
}

} // namespace batten
