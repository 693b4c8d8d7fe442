// RowCode.cpp - see RowCode.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/RowCode.h"
#include "compiler/kernels/cpu/ColumnWalk.h"
#include "dialect/RegionMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace batten {

RowCode::RowCode(RowGroup &group, KernelFrame &frame, GroupScalars &scalars, int64_t lanes)
    : group(group), frame(frame), scalars(scalars), b(frame.builder), code{b, frame.function.getLoc(), lanes} {
  code.outside = [this](Value value) { return this->scalars.get(value); };
}

//===- Values -----------------------------------------------------------------------------------------------------===//

Value RowCode::inputValue(const RowInput &input, Chunk *chunk) {
  switch (input.kind) {
  case RowInput::scalar:
    return input.value ? code.splat(input.value) : Value();
  case RowInput::memory: {
    if (!chunk)
      return loadForRow(input.index);
    Value &loaded = chunk->loads[input.index];
    if (!loaded)
      loaded = load(input.index, *chunk);
    return loaded;
  }
  case RowInput::node:
    break;
  }
  return group.nodes[input.index].kind == RowNode::column ? columnValue(input.index, *chunk) : rowValue(input.index);
}

Value RowCode::columnValue(unsigned index, Chunk &chunk) {
  if (Value known = chunk.values.lookup(index))
    return known;
  RowNode &node = group.nodes[index];
  Value result;
  if (isReloaded(node)) {
    result = loadKept(index, chunk);
  } else {
    SmallVector<Value> arguments;
    for (const RowInput &input : node.inputs)
      arguments.push_back(inputValue(input, &chunk));
    code.loc = node.op.getLoc();
    auto indexOf = [&](int64_t dim) { return loopIndex(dim, &chunk); };
    result = code.cloneBody(node.op, arguments, indexOf, /*onScalars=*/false, mark)[0];
  }
  return chunk.values[index] = result;
}

Value RowCode::rowValue(unsigned index) {
  if (Value known = rowValues.lookup(index))
    return known;
  RowNode &node = group.nodes[index];
  SmallVector<Value> arguments;
  for (const RowInput &input : node.inputs)
    arguments.push_back(inputValue(input, nullptr));
  code.loc = node.op.getLoc();
  Value result = code.cloneBody(node.op, arguments, [&](int64_t dim) { return loopIndex(dim, nullptr); })[0];
  return rowValues[index] = result;
}

void RowCode::prepare(unsigned index) {
  for (const RowInput &input : group.nodes[index].inputs) {
    if (input.kind == RowInput::memory)
      beforeWalk(input.index);
    if (input.kind != RowInput::node)
      continue;
    RowNode &producer = group.nodes[input.index];
    if (producer.kind != RowNode::column)
      rowValue(input.index);
    else if (!isReloaded(producer))
      prepare(input.index);
  }
}

//===- Reductions -------------------------------------------------------------------------------------------------===//

/// The operation that folds one more element into the accumulator.
static Operation *foldOf(const RowNode &node) { return node.body()->getTerminator()->getOperand(0).getDefiningOp(); }

/// The greatest number: what one instruction gives, which takes its second operand where the first is NaN.
static bool foldsNumbersOnly(Operation *fold) { return fold->hasAttr(numbersOnlyAttrName); }

/// Extremes of floats that are folded as integers.
std::optional<Extremes> RowCode::extremes(unsigned index) const {
  Operation *fold = foldOf(group.nodes[index]);
  if (!isExtremeOfFloats(fold) || foldsNumbersOnly(fold) ||
      !group.nodes[index].body()->getArguments().back().hasOneUse())
    return std::nullopt;
  return Extremes(fold);
}

Type RowCode::accumulatorElement(unsigned index) const {
  std::optional<Extremes> asIntegers = extremes(index);
  return asIntegers ? asIntegers->integer() : group.nodes[index].element();
}

Value RowCode::identity(unsigned index) {
  Value identity = code.splat(group.nodes[index].inputs.back().value);
  std::optional<Extremes> asIntegers = extremes(index);
  return asIntegers ? asIntegers->toIntegers(code, identity) : identity;
}

Value RowCode::finish(unsigned index, Value accumulator) {
  code.loc = group.nodes[index].op.getLoc();
  std::optional<Extremes> asIntegers = extremes(index);
  return asIntegers ? asIntegers->toFloats(code, accumulator) : accumulator;
}

Value RowCode::accumulate(unsigned index, Chunk &chunk, Value accumulator) {
  RowNode &node = group.nodes[index];
  std::optional<Extremes> asIntegers = extremes(index);
  Value placeholder = asIntegers ? code.splat(node.inputs.back().value) : accumulator;
  SmallVector<Value> arguments;
  for (const RowInput &input : ArrayRef<RowInput>(node.inputs).drop_back())
    arguments.push_back(inputValue(input, &chunk));
  arguments.push_back(placeholder);
  code.loc = node.op.getLoc();
  Value next = code.cloneBody(node.op, arguments, [&](int64_t dim) { return loopIndex(dim, &chunk); })[0];
  if (asIntegers || foldsNumbersOnly(foldOf(node))) { // only what the fold would have added is wanted
    Operation *fold = next.getDefiningOp();
    Value element = fold->getOperand(fold->getOperand(0) == placeholder ? 1 : 0);
    fold->erase();
    next = combine(index, accumulator, asIntegers ? asIntegers->toIntegers(code, element) : element);
  }
  return chunk.mask ? arith::SelectOp::create(b, code.loc, chunk.mask, next, accumulator).getResult() : next;
}

Value RowCode::combine(unsigned index, Value lhs, Value rhs) {
  const RowNode &node = group.nodes[index];
  Location loc = linalg::GenericOp(node.op).getLoc();
  Operation *fold = foldOf(node);
  if (isa<math::FmaOp>(fold)) // products are summed
    return arith::AddFOp::create(b, loc, lhs, rhs);
  if (std::optional<Extremes> asIntegers = extremes(index)) {
    code.loc = loc;
    return asIntegers->combine(code, lhs, rhs);
  }
  if (foldsNumbersOnly(fold)) {
    Value isGreater = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, rhs, lhs);
    return arith::SelectOp::create(b, loc, isGreater, rhs, lhs);
  }
  Operation *combined = b.clone(*fold);
  Value accumulator = node.body()->getArguments().back();
  for (auto [mine, theirs] : llvm::zip(combined->getOpOperands(), fold->getOperands()))
    mine.set(theirs == accumulator ? lhs : rhs);
  combined->getResult(0).setType(lhs.getType());
  return combined->getResult(0);
}

Value RowCode::combineLanes(unsigned index, SmallVector<Value> accumulators, int64_t live) {
  code.loc = group.nodes[index].op.getLoc();
  return foldLanes(code, accumulators, live, [&](Value lhs, Value rhs) { return combine(index, lhs, rhs); });
}

//===- Stores -----------------------------------------------------------------------------------------------------===//

Value isStreaming(const VectorCode &code, KernelFrame &frame, const Level &level, const Dim &bytes,
                  ArrayRef<StreamedResult> results) {
  OpBuilder &b = code.builder;
  Value misaligned;
  auto add = [&](Value address) {
    misaligned = misaligned ? arith::OrIOp::create(b, code.loc, misaligned, address).getResult() : address;
  };
  std::optional<int64_t> constant = bytes.constantValue();
  if (constant && *constant <= level.cacheBytesL3 / 2)
    return {};
  for (const StreamedResult &result : results) {
    add(memref::ExtractAlignedPointerAsIndexOp::create(b, code.loc, result.memory));
    for (const Dim &distance : result.distances) {
      std::optional<int64_t> known = distance.constantValue();
      if (known && *known % lineBytes != 0)
        return {};
      if (!known)
        add(frame.size(distance));
    }
  }
  if (!misaligned)
    return {};
  Value low = arith::AndIOp::create(b, code.loc, misaligned, code.index(lineBytes - 1));
  Value aligned = arith::CmpIOp::create(b, code.loc, arith::CmpIPredicate::eq, low, code.index(0));
  Value large = arith::CmpIOp::create(b, code.loc, arith::CmpIPredicate::ugt, frame.size(bytes),
                                      code.index(level.cacheBytesL3 / 2));
  return arith::AndIOp::create(b, code.loc, aligned, large);
}

Value RowCode::isStreaming(const Level &level, llvm::function_ref<SmallVector<Dim>(unsigned access)> distances) {
  Dim bytes;
  for (const Operand &access : group.accesses) {
    Dim elements = Dim::constant(1); // that the launch touches
    for (auto [d, extent] : llvm::enumerate(group.domain))
      if (!access.strides[d].isConstant(0))
        elements = elements * extent;
    bytes = bytes + elements * Dim::constant(elementBytes(access.element));
  }
  SmallVector<StreamedResult> results;
  for (const RowNode &node : group.nodes) {
    if (!node.result || node.kind != RowNode::column || !code.canStorePastCaches(node.element()))
      continue;
    const Operand &result = group.accesses[*node.result];
    SmallVector<Dim> apart = distances(*node.result);
    apart.push_back(result.offset);
    for (Dim &distance : apart)
      distance = distance * Dim::constant(elementBytes(node.element()));
    results.push_back({result.memory, apart});
  }
  return batten::isStreaming(code, frame, level, bytes, results);
}

void storeAll(const VectorCode &code, Value streaming, ArrayRef<StreamableStore> stores) {
  OpBuilder &b = code.builder;
  SmallVector<StreamableStore> streamable;
  for (StreamableStore store : stores) {
    store.value = code.toStorage(store.value); // here, behind all of the turn, whose roundings are done together
    if (streaming && store.mayStream && !store.mask)
      streamable.push_back(store);
    else
      code.store(store.value, store.memory, store.at, store.mask);
  }
  if (streamable.empty())
    return;
  auto branch = scf::IfOp::create(b, code.loc, streaming, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  for (const StreamableStore &store : streamable)
    code.storePastCaches(store.value, store.memory, store.at);
  b.setInsertionPointToStart(branch.elseBlock());
  for (const StreamableStore &store : streamable)
    code.store(store.value, store.memory, store.at, {});
}

/// A fence waits for every store, also where none went past the caches: 6 ns of a call of one row on Zen 3.
void orderStores(const VectorCode &code, Value streaming) {
  if (!streaming)
    return;
  auto branch = scf::IfOp::create(code.builder, code.loc, streaming, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(code.builder);
  code.builder.setInsertionPointToStart(branch.thenBlock());
  code.orderStores();
}

/// A result may lie where an operand does that every operation reads at the element that it computes, in a group that
/// reduces nothing (schedule/KernelSet.cpp says which). It is right because each of its elements is loaded before any
/// is stored there, and never after: all loads of a turn stand before this, which all stores wait for; turns share no
/// element (Rows::tilesOverlap sees to it); and there is one walk (buildRows sees to it).
void RowCode::flushStores() {
  storeAll(code, streaming, pendingStores);
  pendingStores.clear();
}

Value RowCode::laneIndex(Value at, size_t from, size_t to, size_t dim) {
  Value lane = code.laneNumbers(b.getIndexType());
  // The vectors of a turn share what moves their first column to every lane, and differ by constants.
  if (auto sum = at.getDefiningOp<arith::AddIOp>(); sum && constantIndex(sum.getRhs())) {
    lane = b.createOrFold<arith::AddIOp>(code.loc, lane, code.splat(sum.getRhs()));
    at = sum.getLhs();
  }
  Value index = arith::AddIOp::create(b, code.loc, code.splat(at), lane);
  Dim inner = countOf(ArrayRef<Dim>(group.domain).slice(dim + 1, to - dim - 1));
  Dim outer = countOf(ArrayRef<Dim>(group.domain).slice(from, dim - from));
  if (!inner.isConstant(1))
    index = arith::DivUIOp::create(b, code.loc, index, code.splat(frame.size(inner)));
  if (!outer.isConstant(1))
    index = arith::RemUIOp::create(b, code.loc, index, code.splat(frame.size(group.domain[dim])));
  return index;
}

//===- Loops over dims --------------------------------------------------------------------------------------------===//

MergedDims mergeDims(const RowGroup &group, size_t from, size_t to) {
  MergedDims merged;
  merged.strides.resize(group.accesses.size());
  merged.dimOf.assign(to - from, -1);
  std::optional<size_t> outer; // the last dim that was taken
  for (size_t d = from; d < to; ++d) {
    if (group.domain[d].isConstant(1))
      continue;
    bool joins = outer && !group.indexed[d] && !group.indexed[*outer] &&
                 llvm::all_of(group.accesses, [&](const Operand &access) {
                   return access.strides[*outer] == access.strides[d] * group.domain[d];
                 });
    if (joins)
      merged.extents.back() = merged.extents.back() * group.domain[d];
    else
      merged.extents.push_back(group.domain[d]);
    for (auto [access, strides] : llvm::zip(group.accesses, merged.strides)) {
      if (joins)
        strides.back() = access.strides[d];
      else
        strides.push_back(access.strides[d]);
    }
    merged.dimOf[d - from] = int(merged.extents.size()) - 1;
    outer = d;
  }
  return merged;
}

SmallVector<Value> digitsOf(const VectorCode &code, Value flat, ValueRange extents) {
  SmallVector<Value> digits(extents.size());
  for (size_t i = extents.size(); i-- > 0;) {
    if (i == 0) {
      digits[0] = flat;
      break;
    }
    digits[i] = arith::RemUIOp::create(code.builder, code.loc, flat, extents[i]);
    flat = arith::DivUIOp::create(code.builder, code.loc, flat, extents[i]);
  }
  return digits;
}

static Value addDigits(const VectorCode &code, KernelFrame &frame, const Dim &offset, ArrayRef<Dim> strides,
                       ValueRange digits) {
  Value place = frame.size(offset);
  for (auto [digit, stride] : llvm::zip(digits, strides)) // there may be more strides than digits
    place = code.add(place, code.times(digit, frame.size(stride)));
  return place;
}

Value elementAt(const VectorCode &code, KernelFrame &frame, const Operand &operand, ValueRange digits) {
  return addDigits(code, frame, operand.offset, operand.strides, digits);
}

SmallVector<Value> firstElements(const VectorCode &code, KernelFrame &frame, const RowGroup &group, Value index) {
  MergedDims dims = mergeDims(group, 0, group.split);
  SmallVector<Value> extents = llvm::map_to_vector(dims.extents, [&](const Dim &extent) { return frame.size(extent); });
  SmallVector<Value> digits = digitsOf(code, index, extents), first;
  for (auto [access, strides] : llvm::zip_equal(group.accesses, dims.strides))
    first.push_back(addDigits(code, frame, access.offset, strides, digits));
  return first;
}

} // namespace batten
