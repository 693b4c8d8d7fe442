// GroupRows.cpp - how an operation joins a rows group; see Groups.cpp.
//
// It runs over the group's loops, in their order or, element-wise, in one of its own. A concatenation of what rows
// groups compute element by element makes one group of them, which writes each part where it will stand.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/RowGroup.h"
#include "compiler/schedule/Grouping.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace batten {

/// Rule 2: the dims of the group's domain that the loops of `op` run along, so that it reads each value of the group
/// where that is computed; nullopt where there are no such ones.
std::optional<Grouping::Loops> Grouping::loopsWithin(linalg::GenericOp op, const Group &group) {
  Loops loops(op.getNumLoops(), -1);
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
  std::optional<Loops> loops = loopsWithin(op, candidate);
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

/// Element-wise operations whose values only `op` will read, or they themselves do.
static bool areReadBy(linalg::GenericOp op, const Group &group) {
  return llvm::all_of(group.operations, [&](Operation *each) {
    auto generic = dyn_cast<linalg::GenericOp>(each);
    return generic && generic.getNumLoops() == group.domain.size() && generic.getNumReductionLoops() == 0 &&
           !each->hasAttr(loopsAttribute) && generic.getBody()->getOps<linalg::IndexOp>().empty() &&
           llvm::none_of(*generic.getBody(), [](Operation &inner) { return isHeavy(&inner); }) &&
           llvm::all_of(each->getUsers(),
                        [&](Operation *user) { return user == op || llvm::is_contained(group.operations, user); });
  });
}

/// A reduction over the batch takes the cheap element-wise operations that end in it into its own loops, so that what
/// it reduces is never stored: of a sum of outer products that would be a matrix a sample. Functions of tens of
/// operations stay outside: a batch reduction is parallel over its results only, which may be few.
bool Grouping::endInBatchReduction(linalg::GenericOp op, Group &group) {
  OpOperand *input = op.getDpsInputOperand(0);
  AffineMap map = op.getMatchingIndexingMap(input);
  if (group.split || input->get() != group.operations.back()->getResult(0) || !map.isPermutation() ||
      !areReadBy(op, group))
    return false;
  Loops loops;
  for (AffineExpr expression : map.getResults())
    loops.push_back(cast<AffineDimExpr>(expression).getPosition());
  if (!inOrder(loops))
    for (Operation *each : group.operations)
      each->setAttr(loopsAttribute, DenseI64ArrayAttr::get(op.getContext(), loops));
  group.kind = GroupKind::BatchReduction;
  group.domain = loopExtents(op, shapes);
  group.split = op.getNumParallelLoops();
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

/// Neither may need the other.
void Grouping::merge(size_t source, size_t target) {
  for (Operation *moved : std::exchange(groups[source].operations, {})) {
    groups[target].operations.push_back(moved);
    groupOf[moved] = target;
  }
  for (llvm::SparseBitVector<> &each : needs)
    if (each.test(source)) {
      each.reset(source);
      each.set(target);
    }
  needs[target] |= std::exchange(needs[source], {});
  for (llvm::SparseBitVector<> &each : needs)
    if (each.test(target))
      each |= needs[target];
  llvm::sort(groups[target].operations, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
}

/// No concatenation, and no operation over the loops in another order: each value is where the group's loops are.
static bool areRowsInOrder(const Group &group) {
  return group.kind == GroupKind::Rows && llvm::all_of(group.operations, [](Operation *op) {
           return isa<linalg::GenericOp>(op) && !op->hasAttr(loopsAttribute);
         });
}

/// The groups of several operands and `op` as one group: what stands in none of the others' ways and has their loops.
bool Grouping::joinTogether(Operation *op, ArrayRef<size_t> producers) {
  if (producers.size() < 2)
    return false;
  SmallVector<size_t> together;
  Group candidate;
  for (size_t index : producers) {
    const Group &group = groups[index];
    bool agrees = together.empty() || (group.domain == candidate.domain &&
                                       (!group.split || !candidate.split || group.split == candidate.split));
    if (!areRowsInOrder(group) || !agrees || !outsideIsIndependent(op, index)) // so no group of two needs the other
      continue;
    candidate = {group.kind, llvm::to_vector(llvm::concat<Operation *const>(candidate.operations, group.operations)),
                 group.domain, group.split ? group.split : candidate.split};
    together.push_back(index);
  }
  if (together.size() < 2 || !takeLoopsOf(op, candidate))
    return false;
  size_t target = together.front();
  for (size_t index : llvm::drop_begin(together))
    merge(index, target);
  candidate.operations = std::move(groups[target].operations); // the same in program order
  groups[target] = std::move(candidate);
  append(op, target);
  return true;
}

/// One group of the groups of all parts, if there is one group only or they are independent and have the same loops.
bool Grouping::joinConcat(tensor::ConcatOp op) {
  if (!llvm::all_of(op.getInputs(), [&](Value part) { return canStandBeside(part); }))
    return false;
  llvm::SmallSetVector<size_t, 4> sources;
  for (Value part : op.getInputs())
    sources.insert(groupOf.lookup(part.getDefiningOp()));
  size_t target = sources.front();
  if (!llvm::all_of(sources, [&](size_t source) { return haveOneTime(op, groups[source]); }))
    return false;
  int64_t code = 0;
  for (size_t source : sources)
    code += codeOf(groups[source].operations);
  if (code > mostCode)
    return false;
  for (size_t source : llvm::drop_begin(sources))
    if (groups[source].domain != groups[target].domain || groups[source].split || groups[target].split ||
        needs[source].test(target) || needs[target].test(source))
      return false;
  for (size_t source : llvm::drop_begin(sources))
    merge(source, target);
  append(op, target);
  return true;
}

} // namespace batten
