// EvaluateShapes.cpp - the ops that make or move elements: no arithmetic, so both evaluators take them from here.
//
// A moving op is its index map, result element to operand element, written from the op's definition.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Evaluation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace batten::evaluation {

static SmallVector<int64_t> indexAt(int64_t linear, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> index(shape.size());
  for (size_t i = shape.size(); i-- > 0;) {
    index[i] = linear % shape[i];
    linear /= shape[i];
  }
  return index;
}

static int64_t linearAt(ArrayRef<int64_t> index, ArrayRef<int64_t> shape) {
  int64_t linear = 0;
  for (auto [i, extent] : llvm::zip_equal(index, shape))
    linear = linear * extent + i;
  return linear;
}

static bool constant(ConstantOp op, const Step &step) {
  auto value = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!value)
    return step.fail("has a literal of an unknown form");
  DenseValue &result = *step.result.value;
  int64_t at = 0;
  if (result.isReal()) {
    for (const APFloat &element : value.getValues<APFloat>())
      result.setReal(at++, element.convertToDouble());
    return true;
  }
  for (const APInt &element : value.getValues<APInt>())
    result.setInteger(at++, element.getSExtValue());
  return true;
}

static bool dim(DimOp op, const Step &step) {
  std::optional<Dim> value = Dim::parse(op.getValue().str());
  std::optional<int64_t> number = value ? value->evaluate(step.sizes) : std::nullopt;
  if (!number)
    return step.fail("has no value at these sizes");
  if (step.result.isReal())
    step.result.value->setReal(0, static_cast<double>(*number));
  else
    step.result.value->setInteger(0, *number);
  return true;
}

/// Each result element from one element of the only operand.
static bool move(const Step &step, function_ref<int64_t(int64_t position, ArrayRef<int64_t> core)> source) {
  const Tensor &result = step.result;
  int64_t coreElements = result.coreElements(), target = 0;
  for (int64_t position = 0, end = result.numPositions(); position < end; ++position)
    for (int64_t element = 0; element < coreElements; ++element)
      copyElement(step.operands[0], source(position, indexAt(element, result.coreShape())), result, target++);
  return true;
}

static bool slice(SliceOp op, const Step &step) {
  const Tensor &x = step.operands[0];
  SmallVector<int64_t> offsets;
  for (auto [dim, size, extent] : llvm::zip_equal(toDims(op.getOffsets()), toDims(op.getSizes()), x.coreShape())) {
    std::optional<int64_t> offset = dim.evaluate(step.sizes), length = size.evaluate(step.sizes);
    if (!offset || !length || *offset < 0 || *length > extent - *offset)
      return step.fail("reaches outside of its operand");
    offsets.push_back(*offset);
  }
  Lift lift(x, step.result);
  return move(step, [&](int64_t position, ArrayRef<int64_t> core) {
    SmallVector<int64_t> index = offsets;
    for (size_t i = 0; i < index.size(); ++i)
      if (!llvm::is_contained(op.getDropped(), int64_t(i))) {
        index[i] += core.front();
        core = core.drop_front();
      }
    return lift.coreAt(position) + linearAt(index, x.coreShape());
  });
}

static bool transpose(const Step &step) {
  const Tensor &x = step.operands[0];
  Lift lift(x, step.result);
  return move(step, [&](int64_t position, ArrayRef<int64_t> core) {
    return lift.coreAt(position) + core[1] * x.coreShape()[1] + core[0];
  });
}

/// Joined dims are row-major, so the result seen in its unjoined dims has the same elements in the same order.
static bool rearrange(RearrangeOp op, const Step &step) {
  const Tensor &x = step.operands[0];
  SmallVector<int64_t> source(x.batchShape()), target;
  for (Attribute factors : op.getSplits())
    for (const Dim &factor : toDims(cast<ArrayAttr>(factors))) {
      std::optional<int64_t> extent = factor.evaluate(step.sizes);
      if (!extent)
        return step.fail("has a factor without a size");
      source.push_back(*extent);
    }
  for (int64_t from : op.getPermutation())
    target.push_back(source[from]);
  if (numElements(source) != x.value->numElements())
    return step.fail("splits a dim into factors whose product differs");
  SmallVector<int64_t> index(source.size());
  for (int64_t i = 0, end = numElements(target); i < end; ++i) {
    SmallVector<int64_t> permuted = indexAt(i, target);
    for (auto [at, from] : llvm::enumerate(op.getPermutation()))
      index[from] = permuted[at];
    copyElement(x, linearAt(index, source), step.result, i);
  }
  return true;
}

/// `outer` blocks a position, each the operands' blocks one after another.
static bool interleave(const Step &step, int64_t outer) {
  SmallVector<Lift> lifts;
  for (const Tensor &operand : step.operands)
    lifts.emplace_back(operand, step.result);
  int64_t target = 0;
  for (int64_t position = 0, end = step.result.numPositions(); position < end; ++position)
    for (int64_t block = 0; block < outer; ++block)
      for (auto [operand, lift] : llvm::zip_equal(step.operands, lifts)) {
        int64_t length = operand.coreElements() / outer, start = lift.coreAt(position) + block * length;
        for (int64_t i = 0; i < length; ++i)
          copyElement(operand, start + i, step.result, target++);
      }
  return true;
}

static bool iota(const Step &step) {
  for (int64_t i = 0, end = step.result.value->numElements(); i < end; ++i)
    step.result.value->setInteger(i, i);
  return true;
}

static bool repeat(const Step &step) {
  forEachElement(step, [&](int64_t target, ArrayRef<int64_t> source) {
    copyElement(step.operands[0], source[0], step.result, target);
  });
  return true;
}

bool evaluateShape(const Step &step) {
  return llvm::TypeSwitch<Operation *, bool>(step.op)
      .Case([&](ConstantOp op) { return constant(op, step); })
      .Case([&](DimOp op) { return dim(op, step); })
      .Case([&](IotaOp) { return iota(step); })
      .Case<FillOp, SpreadOp>([&](Operation *) { return repeat(step); })
      .Case([&](SliceOp op) { return slice(op, step); })
      .Case([&](TransposeOp) { return transpose(step); })
      .Case([&](RearrangeOp op) { return rearrange(op, step); })
      .Case([&](ConcatOp) { return interleave(step, numElements(step.result.coreShape().drop_back())); })
      .Case([&](StackOp) { return interleave(step, 1); })
      .Default(false);
}

} // namespace batten::evaluation
