// WindowBuilder.cpp - see WindowBuilder.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/WindowBuilder.h"
#include "compiler/kernels/cpu/RowCode.h"
#include "compiler/kernels/cpu/VectorMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace batten {

WindowBuilder::WindowBuilder(func::FuncOp group, const Level &level, KernelFrame &frame)
    : LoopCode{frame.builder, group.getLoc()}, group(group), level(level), frame(frame), shapes(group),
      scalars(group, frame), code{b, group.getLoc(), 0, [this](Value value) { return scalars.get(value); }} {}

LogicalResult WindowBuilder::resolve() {
  std::optional<Window> matched = matchWindow(group, shapes, frame);
  if (!matched)
    return failure();
  window = *matched;
  lanesLoop = window.columnLoop();
  out = resultOperand(group, 0, shapes, frame);
  Value folded = window.op.getResult(0);
  accumulator = cast<RankedTensorType>(folded.getType()).getElementType();
  code.lanes = level.lanes(accumulator);
  return epilogue.resolve(window.epilogue, folded, shapes, frame, scalars);
}

FailureOr<Kernel> WindowBuilder::finished(const Dim &range, const Dim &work, const Dim &scratchBytes) {
  if (failed(expandVectorMath(frame.function, level)))
    return failure();
  return Kernel{frame.function, range, work, scratchBytes};
}

Dim WindowBuilder::folded() const { return countOf(window.extents); }

//===- Small steps ------------------------------------------------------------------------------------------------===//

void WindowBuilder::loop(Value from, Value to, int64_t step, function_ref<void(Value)> body) {
  auto forOp = scf::ForOp::create(b, code.loc, from, to, code.index(step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forOp.getBody());
  body(forOp.getInductionVar());
}

WindowBuilder::Values WindowBuilder::fold(Value from, Value to, ValueRange carried,
                                          function_ref<Values(Value, ValueRange)> body) {
  return LoopCode::fold(from, to, code.index(1), carried, body);
}

void WindowBuilder::walkParts(Value panels, function_ref<void(Value)> enter, function_ref<void(Value)> panel) {
  Value firstPart = quotient(frame.begin, panels);
  Value endPart = arith::CeilDivUIOp::create(b, code.loc, frame.end, panels);
  loop(firstPart, endPart, 1, [&](Value part) {
    enter(part);
    Value first = code.times(part, panels);
    Value from = signedMost(code.index(0), minus(frame.begin, first)),
          to = signedLeast(panels, minus(frame.end, first));
    loop(from, to, 1, panel);
  });
}

Value WindowBuilder::firstInside(Value before, int64_t step) {
  Value length = signedMost(before, code.index(0));
  if (step == 1)
    return length;
  return quotient(code.add(length, code.index(step - 1)), code.index(step));
}

std::pair<Value, Value> WindowBuilder::tapRowsInside(Value row) {
  std::optional<int64_t> known = window.extents[window.tapRowLoop()].constantValue();
  Value all = known ? code.index(*known) : size(window.extents[window.tapRowLoop()]);
  if (window.pad == 0)
    return {code.index(0), all};
  Value before = minus(code.index(window.pad), code.times(row, code.index(window.stride)));
  Value end = firstInside(code.add(before, size(window.image.height)), window.dilation);
  return {firstInside(before, window.dilation), signedLeast(all, end)};
}

//===- Places -----------------------------------------------------------------------------------------------------===//

Dim WindowBuilder::numUnits(ArrayRef<Dim> inner) const {
  return countOf(ArrayRef<Dim>(window.extents).take_front(window.batch)) * countOf(inner);
}

WindowBuilder::Values WindowBuilder::digitsOfUnit(Value index, ArrayRef<Dim> inner) {
  Values extents;
  for (unsigned i = 0; i < window.batch; ++i)
    extents.push_back(size(window.extents[i]));
  for (const Dim &extent : inner)
    extents.push_back(size(extent));
  return digitsOf(code, index, extents);
}

Value WindowBuilder::imageOf(ValueRange batch) {
  Value at = size(window.image.offset);
  for (auto [digit, stride] : llvm::zip_equal(batch, window.image.batchStrides))
    at = code.add(at, code.times(digit, size(stride)));
  return at;
}

WindowBuilder::Part WindowBuilder::partAt(Value number, const Dim &blocks) {
  int64_t groups = window.groups();
  Values digits = digitsOfUnit(number, {Dim::constant(groups), blocks});
  Part part{Values(llvm::drop_end(digits, 2)), groups == 1 ? code.index(0) : digits[window.batch], digits.back(), {}};
  Dim channels = window.extents[window.depthLoop()];
  part.image = imageOf(part.batch);
  part.image = code.add(part.image, code.times(part.group, size(channels * window.image.channelStride)));
  return part;
}

Value WindowBuilder::placeOf(const Result &result, const Operand &operand) {
  Value lane = code.times(result.lane, size(operand.strides[lanesLoop]));
  return code.add(elementAt(code, frame, operand, result.digits), lane);
}

void WindowBuilder::finish(ArrayRef<Result> results) {
  auto at = [&](size_t i, const Operand &operand) { return placeOf(results[i], operand); };
  auto sums = llvm::map_to_vector(results, [](const Result &result) { return result.sum; });
  auto masks = llvm::map_to_vector(results, [](const Result &result) { return result.mask; });
  for (auto [i, value] : llvm::enumerate(epilogue.apply(code, frame, sums, lanesLoop, at, masks)))
    code.store(value, out.memory, at(i, out), masks[i]);
}

} // namespace batten
