// Groups.cpp - forms fusion groups; see Groups.h.
//
// Greedy and in program order: each operation joins the group of one of its producers where three things hold:
//   1. the shapes agree: the group's loops can run this operation too (see `joinRows`, `joinEpilogue`);
//   2. what it reads of the group it reads at the loop indices that the group is at, so that the value is at hand;
//   3. nothing that it reads from outside depends on the group, or the group could run neither before nor after it.
// A concatenation of what rows groups compute element by element makes one group of them, which writes each part where
// it will stand (see `joinConcat`).
// Fusion changes no bits: a group computes the values of its operations one by one, only in another place.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/schedule/Groups.h"
#include "compiler/kernels/cpu/RowGroup.h"
#include "compiler/kernels/cpu/Window.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SetVector.h"

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
    if (isView(user))
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

namespace {

class Grouping {
public:
  Grouping(func::FuncOp entry, Shapes &shapes, bool fuse) : shapes(shapes), fuse(fuse) {
    if (auto symbols = entry->getAttrOfType<ArrayAttr>("symbols"))
      bounds = upperBounds(symbols);
  }
  void add(Operation *op);
  std::vector<Group> take() {
    llvm::erase_if(groups, [](const Group &group) { return group.operations.empty(); }); // merged into others
    return std::move(groups);
  }

private:
  Shapes &shapes;
  bool fuse;
  std::map<std::string, int64_t> bounds; ///< of bounded symbols
  std::vector<Group> groups;
  DenseMap<Operation *, size_t> groupOf;

  bool areBounded(ArrayRef<Dim> extents) const;
  bool join(Operation *op, size_t index);
  bool joinEpilogue(linalg::GenericOp op, Group &group);
  bool joinRows(linalg::GenericOp op, Group &group);
  bool joinConcat(tensor::ConcatOp op);
  bool canStandBeside(Value part) const;
  bool groupsDepend(size_t later, size_t earlier);
  std::optional<SmallVector<int64_t>> loopsWithin(linalg::GenericOp op, const Group &group);
  bool joinTurned(linalg::GenericOp op, ArrayRef<int64_t> loops, const Group &group);
  bool dependsOn(Operation *op, size_t index, llvm::SmallDenseSet<Operation *> &seen);
  bool outsideIsIndependent(Operation *op, size_t index);
  void append(Operation *op, size_t index);
};

bool Grouping::dependsOn(Operation *op, size_t index, llvm::SmallDenseSet<Operation *> &seen) {
  if (!seen.insert(op).second)
    return false;
  auto found = groupOf.find(op);
  if (found != groupOf.end() && found->second == index)
    return true;
  auto any = [&](Operation *reader) {
    return llvm::any_of(predecessors(reader), [&](Operation *before) { return dependsOn(before, index, seen); });
  };
  if (found == groupOf.end())
    return any(op);
  return llvm::any_of(groups[found->second].operations, any); // a group runs as a whole
}

/// Rule 3: whatever `op` does not read from the group itself must not come from it by way of another group or a view.
bool Grouping::outsideIsIndependent(Operation *op, size_t index) {
  for (Operation *before : predecessors(op)) {
    auto found = groupOf.find(before);
    if (found != groupOf.end() && found->second == index)
      continue;
    llvm::SmallDenseSet<Operation *> seen;
    if (dependsOn(before, index, seen))
      return false;
  }
  return true;
}

/// Rule 2: the dims of the group's domain that the loops of `op` run along, so that it reads each value of the group
/// where that is computed; nullopt where there are no such ones.
std::optional<SmallVector<int64_t>> Grouping::loopsWithin(linalg::GenericOp op, const Group &group) {
  SmallVector<int64_t> loops(op.getNumLoops(), -1);
  for (OpOperand *input : op.getDpsInputOperands()) {
    if (!llvm::is_contained(group.operations, input->get().getDefiningOp()))
      continue;
    auto producer = cast<linalg::GenericOp>(input->get().getDefiningOp());
    AffineMap map = op.getMatchingIndexingMap(input);
    size_t rank = map.getNumResults();
    if (rank != group.domain.size() && rank != group.split.value_or(rank))
      return std::nullopt;
    for (auto [expression, dim] : llvm::zip(map.getResults(), loopsOf(producer))) {
      auto loop = dyn_cast<AffineDimExpr>(expression);
      if (!loop || (loops[loop.getPosition()] != dim && llvm::is_contained(loops, dim)) ||
          (loops[loop.getPosition()] != -1 && loops[loop.getPosition()] != dim))
        return std::nullopt;
      loops[loop.getPosition()] = dim;
    }
  }
  int64_t next = 0; // loops that read nothing of the group take the dims that are left, in order
  for (int64_t &loop : loops) {
    while (loop == -1 && llvm::is_contained(loops, next))
      ++next;
    loop = loop == -1 ? next++ : loop;
  }
  return loops;
}

static bool inOrder(ArrayRef<int64_t> loops) { return llvm::equal(loops, llvm::seq<int64_t>(0, loops.size())); }

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

bool Grouping::areBounded(ArrayRef<Dim> extents) const {
  return llvm::all_of(extents, [&](const Dim &extent) {
    return llvm::all_of(extent.symbols(), [&](const std::string &symbol) { return bounds.count(symbol); });
  });
}

/// A row computes its own values in every lane of a vector, which fewer columns than this are not worth.
constexpr int64_t fewestColumns = 4;

static bool areFew(ArrayRef<Dim> columns) {
  Dim count = Dim::constant(1);
  for (const Dim &extent : columns)
    count = count * extent;
  return count.constantValue().value_or(fewestColumns) < fewestColumns;
}

/// Element-wise operations of the group that run over all of its loops, all in one order; false where they differ.
static bool haveOneOrder(const Group &group, ArrayRef<int64_t> loops) {
  return llvm::all_of(group.operations, [&](Operation *op) {
    auto generic = cast<linalg::GenericOp>(op);
    return generic.getNumReductionLoops() != 0 || generic.getNumLoops() < group.domain.size() ||
           ArrayRef<int64_t>(loopsOf(generic)) == loops;
  });
}

/// The operation runs over the loops of the group in another order (softmax over a dim that is not the last one): the
/// kept dims lie in the lanes of vectors, so what it reads and writes must lie side by side along the last of them.
bool Grouping::joinTurned(linalg::GenericOp op, ArrayRef<int64_t> loops, const Group &group) {
  SmallVector<Dim> extents = loopExtents(op, shapes);
  if (op.getNumReductionLoops() != 0 || extents.size() != group.domain.size() || !group.split ||
      loops.back() + 1 != int64_t(*group.split) || areFew(extents.back()) || !haveOneOrder(group, loops) ||
      !op.getBody()->getOps<linalg::IndexOp>().empty())
    return false;
  for (auto [extent, dim] : llvm::zip(extents, loops))
    if (!(extent == group.domain[dim]))
      return false;
  AffineExpr last = getAffineDimExpr(extents.size() - 1, op.getContext());
  return llvm::all_of(op.getDpsInputOperands(), [&](OpOperand *input) {
    std::optional<Access> access = resolveAccess(input->get(), shapes);
    std::optional<unsigned> along = op.getMatchingIndexingMap(input).getResultPosition(last);
    return access && (!along || access->strides[*along].isConstant(1));
  });
}

/// Rows: the operation runs over the group's domain, over its rows alone, or gives rows their columns.
bool Grouping::joinRows(linalg::GenericOp op, Group &group) {
  if (kindOf(op) != GroupKind::Rows)
    return false;
  SmallVector<Dim> extents = loopExtents(op, shapes);
  std::optional<size_t> split = group.split;
  if (op.getNumReductionLoops() != 0) {
    size_t parallel = op.getNumParallelLoops();
    for (auto [i, kind] : llvm::enumerate(op.getIteratorTypesArray()))
      if ((kind == utils::IteratorType::parallel) != (i < parallel))
        return false;
    if (extents != group.domain || (split && *split != parallel))
      return false;
    split = parallel;
  }
  size_t rank = group.domain.size();
  // A row is the work of one thread and may need scratch for its columns, so those may not grow without bound.
  bool widens = !split && extents.size() > rank &&
                ArrayRef<Dim>(extents).take_front(rank) == ArrayRef<Dim>(group.domain) &&
                areBounded(ArrayRef<Dim>(extents).drop_front(rank)) && !areFew(ArrayRef<Dim>(extents).drop_front(rank));
  Group candidate{group.kind, group.operations, widens ? extents : group.domain, widens ? rank : split};
  std::optional<SmallVector<int64_t>> loops = loopsWithin(op, candidate);
  if (!loops)
    return false;
  if (!inOrder(*loops)) {
    if (!joinTurned(op, *loops, group))
      return false;
    op->setAttr(loopsAttribute, DenseI64ArrayAttr::get(op.getContext(), *loops));
    return true;
  }
  bool perRow = split && ArrayRef<Dim>(extents) == ArrayRef<Dim>(group.domain).take_front(*split);
  bool isElementwise = op.getNumReductionLoops() == 0 && extents.size() == candidate.domain.size();
  if ((extents != candidate.domain && !perRow) || (isElementwise && !haveOneOrder(candidate, *loops)))
    return false;
  group.domain = std::move(candidate.domain);
  group.split = candidate.split;
  return true;
}

/// A part of a concatenation that its group can write in place: an element of every loop, which nobody else reads.
bool Grouping::canStandBeside(Value part) const {
  auto found = groupOf.find(part.getDefiningOp());
  if (found == groupOf.end() || !part.hasOneUse())
    return false;
  const Group &group = groups[found->second];
  auto generic = dyn_cast<linalg::GenericOp>(part.getDefiningOp());
  return group.kind == GroupKind::Rows && generic && generic.getNumReductionLoops() == 0 &&
         generic.getNumLoops() == group.domain.size() && !generic->hasAttr(loopsAttribute) &&
         !isa<tensor::ConcatOp>(group.operations.back()) &&
         group.split.value_or(group.domain.size() - 1) == group.domain.size() - 1;
}

bool Grouping::groupsDepend(size_t later, size_t earlier) {
  llvm::SmallDenseSet<Operation *> seen;
  return llvm::any_of(groups[later].operations, [&](Operation *op) { return dependsOn(op, earlier, seen); });
}

/// One group of the groups of all parts, if there is one group only or they are independent and have the same loops.
bool Grouping::joinConcat(tensor::ConcatOp op) {
  if (!llvm::all_of(op.getInputs(), [&](Value part) { return canStandBeside(part); }))
    return false;
  llvm::SmallSetVector<size_t, 4> sources;
  for (Value part : op.getInputs())
    sources.insert(groupOf.lookup(part.getDefiningOp()));
  size_t target = sources.front();
  for (size_t source : llvm::drop_begin(sources))
    if (groups[source].domain != groups[target].domain || groups[source].split || groups[target].split ||
        groupsDepend(source, target) || groupsDepend(target, source))
      return false;
  Group &group = groups[target];
  for (size_t source : llvm::drop_begin(sources))
    for (Operation *moved : std::exchange(groups[source].operations, {}))
      append(moved, target);
  llvm::sort(group.operations, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  append(op, target);
  return true;
}

void Grouping::append(Operation *op, size_t index) {
  groups[index].operations.push_back(op);
  groupOf[op] = index;
}

bool Grouping::join(Operation *op, size_t index) {
  auto generic = dyn_cast<linalg::GenericOp>(op);
  Group &group = groups[index];
  if (!generic || isa<tensor::ConcatOp>(group.operations.back()) || !outsideIsIndependent(op, index))
    return false;
  bool fits = group.kind == GroupKind::Rows ? joinRows(generic, group)
              : hasEpilogue(group.kind)     ? joinEpilogue(generic, group)
                                            : false;
  if (fits)
    append(op, index);
  return fits;
}

void Grouping::add(Operation *op) {
  if (auto concat = dyn_cast<tensor::ConcatOp>(op); concat && fuse && joinConcat(concat))
    return;
  llvm::SmallVector<size_t> producers;
  for (Value operand : op->getOperands()) {
    auto found = groupOf.find(operand.getDefiningOp());
    if (found != groupOf.end() && !llvm::is_contained(producers, found->second))
      producers.push_back(found->second);
  }
  llvm::sort(producers, std::greater<>()); // the latest first: it has the best chance to be the last to run
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
  append(op, groups.size() - 1);
}

} // namespace

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
  for (Operation &op : entry.getBody().front())
    if (isCompute(&op))
      grouping.add(&op);
  std::vector<Group> groups = grouping.take();
  return Ordering(groups).run();
}

} // namespace batten
