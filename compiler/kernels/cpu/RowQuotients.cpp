// RowQuotients.cpp - the last walk of a softmax: exponentials by their sum, as products.
//
// SharedDivisors.cpp makes three multiply-adds of a quotient and asks of every turn whether its numerators allow that.
// Those of a softmax were computed by an earlier walk, which finds the least of them as it goes: exponentials of what
// is not above 0 are 0 or in (0, 1], so that one question serves the row. (As unsigned integers, less one, 0 is the
// greatest.) Where the answer is no, the walk that asks stands beside. The exponentials of f32 wait in the place of the
// quotients: a scratch would be one more stream through L1.
//
// The walk that finds the greatest element finds the least one too. Where the two are near, as in most rows, all
// exponentials are safe, and the walk that computes them neither watches nor bounds them; the one that does stands
// beside.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Rows.h"
#include "compiler/kernels/cpu/SharedDivisors.h"
#include "compiler/kernels/cpu/VectorMath.h"
#include "dialect/RegionMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace batten {

/// An element so far below the greatest has an exponential above 2 to the leastSafeExponent.
constexpr float nearGreatest = -62.0f;

static math::ExpOp exponentialOf(const RowNode &node) {
  return node.body()->getTerminator()->getOperand(0).getDefiningOp<math::ExpOp>();
}

/// The input that a region reads as `operand`; null where it is no argument.
static const RowInput *inputOf(const RowNode &node, Value operand) {
  auto argument = dyn_cast<BlockArgument>(operand);
  return argument && argument.getOwner() == node.body() ? &node.inputs[argument.getArgNumber()] : nullptr;
}

static bool isExponential(const RowNode &node) {
  math::ExpOp exp = exponentialOf(node);
  return node.kind == RowNode::column && node.element().isF32() && exp && exp->hasAttr(nonPositiveAttrName);
}

/// The first node that divides exponentials by what an earlier walk has folded. A row in registers divides as it is:
/// the division unit works beside the next row's operations (Zen 4, 1024x128: 43.2 us, by products 46.2).
std::optional<Rows::Quotients> Rows::findQuotients() const {
  if (tileDim || inBlocks || inRegisters)
    return std::nullopt;
  auto nodeOf = [](const RowNode &node, Value operand) -> std::optional<unsigned> {
    const RowInput *input = inputOf(node, operand);
    return input && input->kind == RowInput::node ? std::optional(input->index) : std::nullopt;
  };
  for (auto [i, node] : llvm::enumerate(group.nodes))
    for (auto division : node.body()->getOps<arith::DivFOp>()) {
      std::optional<unsigned> numerator = nodeOf(node, division.getLhs()), divisor = nodeOf(node, division.getRhs());
      if (node.kind == RowNode::column && numerator && divisor && isExponential(group.nodes[*numerator]) &&
          group.nodes[*divisor].kind == RowNode::reduction && group.nodes[*numerator].step < node.step)
        return Quotients{division, unsigned(i), *numerator, *divisor, node.step};
    }
  return std::nullopt;
}

/// The exponentials wait in the place of their quotients, which are the last to read them. Results of rows that are
/// reduced share no memory with operands.
bool Rows::quotientsReplaceNumerators() const {
  if (!quotients || inPairs || group.steps != quotients->step + 1)
    return false;
  const RowNode &quotient = group.nodes[quotients->quotient], &numerator = group.nodes[quotients->numerator];
  return quotient.result && numerator.kept && !numerator.result && group.accesses[*quotient.result].element.isF32();
}

/// Numerators are exponentials of elements less the greatest of the same elements.
std::optional<unsigned> Rows::findGreatest() const {
  if (!quotients || inPairs)
    return std::nullopt;
  const RowNode &numerator = group.nodes[quotients->numerator];
  auto difference = exponentialOf(numerator).getOperand().getDefiningOp<arith::SubFOp>();
  const RowInput *element = difference ? inputOf(numerator, difference.getLhs()) : nullptr;
  const RowInput *from = difference ? inputOf(numerator, difference.getRhs()) : nullptr;
  if (!element || !from || from->kind != RowInput::node || group.nodes[from->index].kind != RowNode::reduction)
    return std::nullopt;
  const RowNode &reduction = group.nodes[from->index];
  Operation *fold = reduction.body()->getTerminator()->getOperand(0).getDefiningOp();
  const RowInput &folded = reduction.inputs.front();
  bool isGreatest = isa_and_nonnull<arith::MaximumFOp>(fold) && fold->hasAttr(numbersOnlyAttrName) &&
                    llvm::all_of(fold->getOperands(), [](Value v) { return isa<BlockArgument>(v); });
  bool isSame = folded.kind == element->kind && folded.kind != RowInput::scalar && folded.index == element->index;
  return isGreatest && isSame ? std::optional(from->index) : std::nullopt;
}

//===- What walks watch -------------------------------------------------------------------------------------------===//

Value Rows::firstWatched() {
  if (watchesNumerators())
    return code.everywhere(APInt::getAllOnes(32));
  auto type = cast<VectorType>(code.type(b.getF32Type()));
  auto infinity = APFloat::getInf(APFloat::IEEEsingle());
  return arith::ConstantOp::create(b, code.loc, DenseElementsAttr::get(type, infinity));
}

Value Rows::watch(Chunk &chunk, Value watched) {
  return watchesNumerators() ? leastNumerator(chunk, watched) : leastElement(chunk, watched);
}

void Rows::finishWatched(Value watched) {
  if (watchesNumerators())
    numeratorsAreSafe = areSafeNumerators(watched);
  else
    elementsAreNear = isNearGreatest(watched);
}

/// Of those that are numbers; the fold has loaded them.
Value Rows::leastElement(Chunk &chunk, Value least) {
  const RowInput &input = group.nodes[*greatest].inputs.front();
  Value element = input.kind == RowInput::memory ? chunk.loads.lookup(input.index) : columnValue(input.index, chunk);
  Value isLess = arith::CmpFOp::create(b, code.loc, arith::CmpFPredicate::OLT, element, least);
  if (chunk.mask)
    isLess = arith::AndIOp::create(b, code.loc, isLess, chunk.mask);
  return arith::SelectOp::create(b, code.loc, isLess, element, least);
}

Value Rows::isNearGreatest(Value least) {
  auto type = cast<VectorType>(code.type(b.getF32Type()));
  Value bound = arith::ConstantOp::create(b, code.loc, DenseElementsAttr::get(type, nearGreatest));
  Value difference = arith::SubFOp::create(b, code.loc, least, rowValue(*greatest));
  Value isNear = arith::CmpFOp::create(b, code.loc, arith::CmpFPredicate::OGE, difference, bound);
  return vector::ReductionOp::create(b, code.loc, vector::CombiningKind::AND, isNear);
}

Value Rows::leastNumerator(Chunk &chunk, Value least) {
  Value exponential = columnValue(quotients->numerator, chunk);
  Value bits = arith::BitcastOp::create(b, code.loc, code.type(b.getI32Type()), exponential);
  Value next = arith::MinUIOp::create(b, code.loc, least,
                                      arith::AddIOp::create(b, code.loc, bits, code.everywhere(APInt::getAllOnes(32))));
  return chunk.mask ? arith::SelectOp::create(b, code.loc, chunk.mask, next, least).getResult() : next;
}

Value Rows::areSafeNumerators(Value least) const {
  Value bound = code.everywhere(APInt(32, (uint32_t(leastSafeExponent + 127) << 23) - 1));
  Value safe = arith::CmpIOp::create(b, code.loc, arith::CmpIPredicate::uge, least, bound);
  return vector::ReductionOp::create(b, code.loc, vector::CombiningKind::AND, safe);
}

/// The walk of the numerators and what it folds, once for elements that are near the greatest and once for others.
void Rows::walkExponentials(Nodes stores, Nodes reductions) {
  SmallVector<Type> types;
  for (unsigned node : reductions)
    types.push_back(code.type(group.nodes[node].element()));
  types.push_back(b.getI1Type());
  auto branch = scf::IfOp::create(b, code.loc, types, elementsAreNear, /*addThenBlock=*/true, /*addElseBlock=*/true);
  OpBuilder::InsertionGuard guard(b);
  auto walkIn = [&](Block *block) {
    b.setInsertionPointToStart(block);
    walkOnce(stores, reductions);
    Values results;
    for (unsigned node : reductions)
      results.push_back(rowValues[node]);
    results.push_back(isInRange ? arith::ConstantOp::create(b, code.loc, b.getBoolAttr(true)) : numeratorsAreSafe);
    scf::YieldOp::create(b, code.loc, results);
  };
  mark = Mark{exponentialOf(group.nodes[quotients->numerator]), inRangeAttrName};
  isInRange = true;
  walkIn(branch.thenBlock());
  mark.reset();
  isInRange = false;
  walkIn(branch.elseBlock());
  for (auto [i, node] : llvm::enumerate(reductions))
    rowValues[node] = branch.getResult(i);
  numeratorsAreSafe = branch.getResults().back();
}

void Rows::walkQuotients(Nodes stores) {
  Value divisor = vector::ExtractOp::create(b, code.loc, rowValue(quotients->divisor), ArrayRef<int64_t>{0});
  Value isSafe = arith::AndIOp::create(b, code.loc, numeratorsAreSafe, isSafeDivisor(b, code.loc, divisor));
  auto branch = scf::IfOp::create(b, code.loc, isSafe, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  mark = Mark{quotients->division, safeQuotientAttrName};
  walkOnce(stores, {});
  mark.reset();
  b.setInsertionPointToStart(branch.elseBlock());
  walkOnce(stores, {});
}

} // namespace batten
