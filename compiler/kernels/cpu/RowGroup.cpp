// RowGroup.cpp - reads a rows group and plans its walks; see RowGroup.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/RowGroup.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace batten {

/// A column value is computed again rather than kept where that takes at most this many operations and loads: about
/// what a store and a load cost.
constexpr unsigned cheapOperations = 4, cheapLoads = 2;
/// Of rounding to bf16 where NaN and subnormals are to be right.
constexpr unsigned roundingOperations = 7;
/// A reduction is unrolled over its 64 lanes. So many copies of a polynomial of tens of operations still fit the
/// registers and the cache of decoded instructions; where they are more, it gets a walk of its own that leaves its
/// value in L1.
constexpr int64_t mostHeavyCopies = 4;

Dim countOf(ArrayRef<Dim> extents) {
  Dim count = Dim::constant(1);
  for (const Dim &extent : extents)
    count = count * extent;
  return count;
}

//===- What the group is ------------------------------------------------------------------------------------------===//

SmallVector<int64_t> loopsOf(linalg::GenericOp op) {
  if (auto stated = op->getAttrOfType<DenseI64ArrayAttr>(loopsAttribute))
    return SmallVector<int64_t>(stated.asArrayRef());
  return llvm::to_vector(llvm::seq<int64_t>(0, op.getNumLoops()));
}

bool RowGroup::hasTurnedLoops() const {
  return llvm::any_of(nodes, [](const RowNode &node) { return node.op->hasAttr(loopsAttribute); });
}

bool RowGroup::hasReduction() const {
  return llvm::any_of(nodes, [](const RowNode &node) { return node.kind == RowNode::reduction; });
}

bool RowGroup::readsRows() const {
  return llvm::any_of(nodes, [](const RowNode &node) { return node.kind != RowNode::column; });
}

/// Bits of the widest number that the operation computes.
static unsigned widestBits(const RowNode &node) {
  unsigned bits = 8;
  for (Operation &op : node.body()->without_terminator())
    for (Type type : op.getResultTypes())
      if (type.isIntOrFloat() && !isa<arith::ConstantOp>(op))
        bits = std::max(bits, type.getIntOrFloatBitWidth());
  return bits;
}

unsigned RowGroup::laneBits() const {
  unsigned heavy = 0, bits = 8;
  auto meets = [&](unsigned access) { bits = std::max(bits, accesses[access].element.getIntOrFloatBitWidth()); };
  for (const RowNode &node : nodes) {
    if (node.heavy)
      heavy = std::max(heavy, widestBits(node));
    if (node.kind == RowNode::row)
      continue;
    bits = std::max(bits, widestBits(node));
    for (const RowInput &input : node.inputs)
      if (input.kind == RowInput::memory)
        meets(input.index);
    if (node.result)
      meets(*node.result);
  }
  return heavy ? heavy : bits;
}

void RowGroup::splitAt(size_t position) {
  split = position;
  for (RowNode &node : nodes)
    if (node.kind != RowNode::reduction)
      node.kind = node.op.getNumLoops() <= split && split < domain.size() ? RowNode::row : RowNode::column;
}

bool isHeavy(Operation *op) {
  if (isa<arith::RemFOp>(op))
    return true;
  return isa<math::MathDialect>(op->getDialect()) &&
         !isa<math::FmaOp, math::SqrtOp, math::AbsFOp, math::AbsIOp, math::FloorOp, math::CeilOp, math::RoundEvenOp,
              math::TruncOp, math::CopySignOp, math::CountLeadingZerosOp>(op);
}

namespace {
class Matcher {
public:
  Matcher(func::FuncOp group, Shapes &shapes, KernelFrame &frame, GroupScalars &scalars)
      : group(group), shapes(shapes), frame(frame), scalars(scalars) {}
  FailureOr<RowGroup> run();

private:
  func::FuncOp group;
  Shapes &shapes;
  KernelFrame &frame;
  GroupScalars &scalars;
  RowGroup result;
  DenseMap<Operation *, unsigned> nodeOf;

  LogicalResult findDomain();
  LogicalResult addNode(linalg::GenericOp op);
  LogicalResult addInput(RowNode &node, OpOperand &operand);
  LogicalResult addResult(Value value, Operand place, unsigned index);
  LogicalResult addResults();
  unsigned addAccess(Operand operand);
};
} // namespace

/// What `op` has by its loops, or the first of them, by the dims of the domain.
static SmallVector<Dim> alongDomain(linalg::GenericOp op, ArrayRef<Dim> byLoop) {
  SmallVector<Dim> byDim(byLoop);
  for (auto [dim, value] : llvm::zip(loopsOf(op), byLoop))
    byDim[dim] = value;
  return byDim;
}

/// The domain is that of the operation with most loops; a reduction or an operation with fewer loops cuts it.
LogicalResult Matcher::findDomain() {
  std::optional<size_t> split;
  if (auto given = group->getAttrOfType<IntegerAttr>(attr::split))
    split = given.getInt();
  SmallVector<SmallVector<Dim>> all;
  for (auto op : group.getOps<linalg::GenericOp>()) {
    all.push_back(alongDomain(op, loopExtents(op, shapes)));
    if (all.back().size() > result.domain.size())
      result.domain = all.back();
  }
  for (auto [op, extents] : llvm::zip(group.getOps<linalg::GenericOp>(), all)) {
    if (extents != ArrayRef<Dim>(result.domain).take_front(extents.size()))
      return op.emitError("the loops of this operation are not those of its rows group");
    size_t parallel = op.getNumParallelLoops();
    for (auto [i, kind] : llvm::enumerate(op.getIteratorTypesArray()))
      if ((kind == utils::IteratorType::parallel) != (i < parallel))
        return op.emitError("reduction loops of rows must be the last ones");
    if (parallel == result.domain.size())
      continue;
    if (split.value_or(parallel) != parallel)
      return op.emitError("the rows of this operation are not those of its group");
    split = parallel;
  }
  result.split = split.value_or(result.domain.size());
  result.indexed.assign(result.domain.size(), false);
  return success();
}

/// Operands that read the same elements are loaded once.
unsigned Matcher::addAccess(Operand operand) {
  operand.strides.resize(result.domain.size(), Dim::constant(0));
  for (auto [i, known] : llvm::enumerate(result.accesses))
    if (known.memory == operand.memory && known.element == operand.element && known.offset == operand.offset &&
        known.strides == operand.strides)
      return i;
  result.accesses.push_back(std::move(operand));
  return result.accesses.size() - 1;
}

LogicalResult Matcher::addInput(RowNode &node, OpOperand &operand) {
  AffineMap map = node.op.getMatchingIndexingMap(&operand);
  auto producer = nodeOf.find(operand.get().getDefiningOp());
  if (producer != nodeOf.end()) {
    SmallVector<int64_t> mine = loopsOf(node.op), theirs = loopsOf(result.nodes[producer->second].op);
    for (auto [i, expression] : llvm::enumerate(map.getResults()))
      if (auto dim = dyn_cast<AffineDimExpr>(expression); !dim || mine[dim.getPosition()] != theirs[i])
        return node.op.emitError("reads a value of its rows group at other loops");
    node.inputs.push_back({RowInput::node, producer->second, {}});
    return success();
  }
  std::optional<Access> access = resolveAccess(operand.get(), shapes);
  if (Value scalar = access ? scalars.uniform(access->root) : Value()) {
    node.inputs.push_back({RowInput::scalar, 0, scalar});
    return success();
  }
  std::optional<Operand> resolved = resolveOperand(operand.get(), map, shapes, frame);
  if (!resolved)
    return node.op.emitError("an operand of this operation is no view of memory");
  resolved->strides = alongDomain(node.op, resolved->strides);
  node.inputs.push_back({RowInput::memory, addAccess(std::move(*resolved)), {}});
  return success();
}

LogicalResult Matcher::addNode(linalg::GenericOp op) {
  if (op->getNumResults() != 1)
    return op.emitError("operations of a rows group have one result");
  RowNode node;
  node.op = op;
  if (op.getNumReductionLoops() != 0)
    node.kind = RowNode::reduction;
  else if (op.getNumLoops() < result.domain.size())
    node.kind = RowNode::row;
  for (OpOperand &operand : op->getOpOperands()) {
    if (op.isDpsInit(&operand) && op.getMatchingBlockArgument(&operand).use_empty())
      node.inputs.push_back({});
    else if (failed(addInput(node, operand)))
      return failure();
  }
  if (node.kind == RowNode::reduction && (node.inputs.back().kind != RowInput::scalar || !node.inputs.back().value))
    return op.emitError("a reduction begins at an identity");
  op.getBody()->walk([&](Operation *inner) {
    node.heavy |= isHeavy(inner);
    if (auto at = dyn_cast<linalg::IndexOp>(inner))
      result.indexed[at.getDim()] = true;
  });
  nodeOf[op] = result.nodes.size();
  result.nodes.push_back(std::move(node));
  return success();
}

LogicalResult Matcher::addResult(Value value, Operand place, unsigned index) {
  auto producer = nodeOf.find(value.getDefiningOp());
  if (producer == nodeOf.end())
    return group.emitError("result ") << index << " of this rows group is not computed by it";
  RowNode &node = result.nodes[producer->second];
  if (node.result)
    return group.emitError("a rows group returns a value twice");
  place.strides = alongDomain(node.op, place.strides);
  node.result = addAccess(std::move(place));
  return success();
}

/// Each part of a concatenation stands beside the one before it.
LogicalResult Matcher::addResults() {
  for (auto [i, value] : llvm::enumerate(group.getBody().front().getTerminator()->getOperands())) {
    Operand place = resultOperand(group, i, shapes, frame);
    auto concat = value.getDefiningOp<tensor::ConcatOp>();
    if (!concat) {
      if (failed(addResult(value, place, i)))
        return failure();
      continue;
    }
    for (Value part : concat.getInputs()) {
      if (failed(addResult(part, place, i)))
        return failure();
      place.offset = place.offset + shapes.of(part).back();
    }
  }
  return success();
}

FailureOr<RowGroup> Matcher::run() {
  if (failed(findDomain()))
    return failure();
  for (auto op : group.getOps<linalg::GenericOp>())
    if (failed(addNode(op)))
      return failure();
  if (failed(addResults()))
    return failure();
  return std::move(result);
}

FailureOr<RowGroup> matchRows(func::FuncOp group, Shapes &shapes, KernelFrame &frame, GroupScalars &scalars) {
  return Matcher(group, shapes, frame, scalars).run();
}

//===- Steps ------------------------------------------------------------------------------------------------------===//

/// True where computing node `index` in walk `step` computes a heavy function.
bool RowGroup::heavyAt(unsigned index, unsigned step) const {
  const RowNode &node = nodes[index];
  if (node.kind != RowNode::column || node.step != step)
    return false;
  return node.heavy || llvm::any_of(node.inputs, [&](const RowInput &input) {
           return input.kind == RowInput::node && heavyAt(input.index, step);
         });
}

void RowGroup::numberSteps(bool unrollsHeavy) {
  steps = 1;
  for (RowNode &node : nodes) {
    node.step = 0;
    for (const RowInput &input : node.inputs)
      if (input.kind == RowInput::node)
        node.step = std::max(node.step, nodes[input.index].step + (nodes[input.index].kind == RowNode::reduction));
    bool heavy =
        node.kind == RowNode::reduction && !unrollsHeavy && llvm::any_of(node.inputs, [&](const RowInput &input) {
          return input.kind == RowInput::node && heavyAt(input.index, node.step);
        });
    node.step += heavy;
    if (node.kind != RowNode::row)
      steps = std::max(steps, node.step + 1);
  }
}

/// Counts what computing `index` from memory takes; false beyond a few operations.
bool RowGroup::cheapAgain(unsigned index, unsigned &operations, unsigned &loads) const {
  const RowNode &node = nodes[index];
  if (node.kind != RowNode::column)
    return true;
  if (node.kept)
    return ++loads <= cheapLoads;
  if (node.heavy)
    return false;
  for (Operation &op : node.body()->without_terminator()) {
    if (isa<arith::DivFOp, arith::DivSIOp, arith::DivUIOp, arith::RemFOp, arith::RemSIOp, arith::RemUIOp, math::SqrtOp>(
            op))
      return false;
    operations += isa<arith::TruncFOp>(op) && getElementTypeOrSelf(op.getResult(0).getType()).isBF16()
                      ? roundingOperations
                      : !isa<arith::ConstantOp, linalg::IndexOp>(op);
  }
  for (const RowInput &input : node.inputs) {
    loads += input.kind == RowInput::memory;
    if (input.kind == RowInput::node && !cheapAgain(input.index, operations, loads))
      return false;
  }
  return operations <= cheapOperations && loads <= cheapLoads;
}

/// Walk `step` needs node `index`.
void RowGroup::demand(unsigned index, unsigned step) {
  RowNode &node = nodes[index];
  if (node.kind != RowNode::column)
    return;
  unsigned operations = 0, loads = 0;
  if (node.step < step && !cheapAgain(index, operations, loads)) {
    if (node.kept)
      return;
    node.kept = true;
    step = node.step;
  }
  if (node.step < step && node.kept)
    return;
  for (const RowInput &input : node.inputs)
    if (input.kind == RowInput::node)
      demand(input.index, step);
}

void RowGroup::plan(bool inRegisters, int64_t unrolled) {
  numberSteps(inRegisters || unrolled <= mostHeavyCopies);
  if (inRegisters)
    return;
  for (RowNode &node : nodes) {
    if (node.kind == RowNode::row || (node.kind == RowNode::column && !node.result))
      continue;
    for (const RowInput &input : node.inputs)
      if (input.kind == RowInput::node)
        demand(input.index, node.step);
  }
}

} // namespace batten
