// RowQuotients.cpp - the last walk of a softmax: exponentials by their sum, as products.
//
// SharedDivisors.cpp makes three multiply-adds of a quotient and asks of every turn whether its numerators allow that.
// Those of a softmax were computed by an earlier walk, which finds the least of them as it goes: exponentials of what
// is not above 0 are 0 or in (0, 1], so that one question serves the row. (As unsigned integers, less one, 0 is the
// greatest.) Where the answer is no, the walk that asks stands beside. The exponentials of f32 wait in the place of the
// quotients: a scratch would be one more stream through L1.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Rows.h"
#include "compiler/kernels/cpu/SharedDivisors.h"
#include "dialect/RegionMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace batten {

static Value wordConstant(const VectorCode &code, uint32_t value) {
  auto type = cast<VectorType>(code.type(code.builder.getI32Type()));
  return arith::ConstantOp::create(code.builder, code.loc, DenseElementsAttr::get(type, APInt(32, value)));
}

static bool isExponential(const RowNode &node) {
  auto exp = node.body()->getTerminator()->getOperand(0).getDefiningOp<math::ExpOp>();
  return node.kind == RowNode::column && node.element().isF32() && exp && exp->hasAttr(nonPositiveAttrName);
}

/// The first node that divides exponentials by what an earlier walk has folded. A row in registers divides as it is:
/// the division unit works beside the next row's operations (Zen 4, 1024x128: 43.2 us, by products 46.2).
std::optional<Rows::Quotients> Rows::findQuotients() const {
  if (tileDim || inBlocks || inRegisters)
    return std::nullopt;
  auto nodeOf = [](const RowNode &node, Value operand) -> std::optional<unsigned> {
    auto argument = dyn_cast<BlockArgument>(operand);
    if (!argument || argument.getOwner() != node.body())
      return std::nullopt;
    const RowInput &input = node.inputs[argument.getArgNumber()];
    return input.kind == RowInput::node ? std::optional(input.index) : std::nullopt;
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

Value Rows::greatestWord() const { return wordConstant(code, 0xffffffff); }

Value Rows::leastNumerator(Chunk &chunk, Value least) {
  Value exponential = columnValue(quotients->numerator, chunk);
  Value bits = arith::BitcastOp::create(b, code.loc, code.type(b.getI32Type()), exponential);
  Value next = arith::MinUIOp::create(b, code.loc, least,
                                      arith::AddIOp::create(b, code.loc, bits, wordConstant(code, 0xffffffff)));
  return chunk.mask ? arith::SelectOp::create(b, code.loc, chunk.mask, next, least).getResult() : next;
}

Value Rows::areSafeNumerators(Value least) const {
  Value bound = wordConstant(code, (uint32_t(leastSafeExponent + 127) << 23) - 1);
  Value safe = arith::CmpIOp::create(b, code.loc, arith::CmpIPredicate::uge, least, bound);
  return vector::ReductionOp::create(b, code.loc, vector::CombiningKind::AND, safe);
}

void Rows::walkQuotients(Nodes stores) {
  Value divisor = vector::ExtractOp::create(b, code.loc, rowValue(quotients->divisor), ArrayRef<int64_t>{0});
  Value isSafe = arith::AndIOp::create(b, code.loc, numeratorsAreSafe, isSafeDivisor(b, code.loc, divisor));
  auto branch = scf::IfOp::create(b, code.loc, isSafe, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  quotients->division->setAttr(safeQuotientAttrName, b.getUnitAttr()); // its copies have it too
  walkOnce(stores, {});
  quotients->division->removeAttr(safeQuotientAttrName);
  b.setInsertionPointToStart(branch.elseBlock());
  walkOnce(stores, {});
}

} // namespace batten
