// RowPairs.cpp - rows of bf16: the even and the odd columns of a register, each as floats.
//
// To make floats of sixteen neighbours, and neighbours of sixteen floats, takes permutations of the register, which
// cost more than the arithmetic between them. A word of two neighbours is one float when it is shifted up and the other
// when its lower half is cleared, and two rounded floats are one word again by a shift and a choice of bits. So chunks
// come in pairs here, of twice as many columns as a vector has lanes: the even ones and the odd ones. Lanes of
// reductions are put in their order before they are combined; what a walk keeps for the next one lies in the order of
// the chunks.
//
// A level of AVX512-BF16 rounds two vectors in one instruction. It flushes subnormals, so vectors with one go the other
// way. Quotients of a softmax that has none take no question (RowQuotients.cpp).
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/RowKernels.h"
#include "compiler/kernels/cpu/Rows.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace batten {

/// True where everything along the columns is bf16 and the arithmetic is that of f32.
bool Rows::findPairs() const {
  if (tileDim || inRegisters || inBlocks || group.laneBits() != 32 || 2 * code.lanes > numLanes ||
      llvm::is_contained(ArrayRef<bool>(group.indexed).drop_front(group.split), true))
    return false;
  bool any = false;
  for (auto [access, elements] : llvm::zip(group.accesses, columnElements)) {
    if (elements && elements->stride.isConstant(0))
      continue;
    if (!elements || !elements->stride.isConstant(1) || elements->repeat != 1 || !access.element.isBF16())
      return false;
    any = true;
  }
  return any;
}

VectorCode Rows::walker() const {
  VectorCode walker = code;
  walker.lanes *= inPairs ? 2 : 1;
  return walker;
}

static Value wordConstant(const VectorCode &code, int32_t value) {
  auto type = cast<VectorType>(code.type(code.builder.getI32Type()));
  return arith::ConstantOp::create(code.builder, code.loc, DenseElementsAttr::get(type, value));
}

/// The two chunks of the columns at `at`; `mask` of all of them, or null.
std::pair<Chunk, Chunk> Rows::pairAt(Value at, Value mask) {
  Chunk even(at, {}), odd(at, {});
  odd.isOdd = true;
  if (mask) {
    even.pairMask = odd.pairMask = mask;
    Value bits = arith::ExtSIOp::create(b, code.loc, walker().type(b.getI16Type()), mask);
    Value words = vector::BitCastOp::create(b, code.loc, code.type(b.getI32Type()), bits);
    Value zero = wordConstant(code, 0), half = wordConstant(code, 16);
    Value raised = arith::ShLIOp::create(b, code.loc, words, half);
    odd.mask = arith::CmpIOp::create(b, code.loc, arith::CmpIPredicate::slt, words, zero);
    even.mask = arith::CmpIOp::create(b, code.loc, arith::CmpIPredicate::slt, raised, zero);
  }
  return {even, odd};
}

/// The columns of a half of a pair, from where they lie side by side.
Value Rows::loadHalf(const Place &place, const Chunk &chunk) {
  return code.loadOfPairs(place.memory, code.add(place.base, chunk.at), chunk.isOdd, place.element, chunk.pairMask);
}

/// What `half` was rounded from, where it was.
static Value floatsOf(Value half) {
  auto rounding = half.getDefiningOp<arith::TruncFOp>();
  return rounding && getElementTypeOrSelf(rounding.getIn().getType()).isF32() ? rounding.getIn() : Value();
}

/// Which of sixteen floats are subnormal.
static Value areSubnormal(const VectorCode &code, Value floats) {
  OpBuilder &b = code.builder;
  Value subnormal = arith::ConstantOp::create(b, code.loc, b.getI32IntegerAttr(0x20));
  return LLVM::CallIntrinsicOp::create(b, code.loc, code.type(b.getI1Type()),
                                       b.getStringAttr("llvm.x86.avx512.fpclass.ps.512"), ValueRange{floats, subnormal})
      .getResult(0);
}

/// Two vectors of floats rounded by one instruction, side by side.
Value Rows::roundTogether(Value even, Value odd) {
  VectorCode wide = walker();
  auto rounded =
      LLVM::CallIntrinsicOp::create(b, code.loc, wide.type(b.getBF16Type()),
                                    b.getStringAttr("llvm.x86.avx512bf16.cvtne2ps2bf16.512"), ValueRange{odd, even});
  Value halves = arith::BitcastOp::create(b, code.loc, wide.type(b.getI16Type()), rounded.getResult(0));
  auto order = llvm::map_to_vector(llvm::seq<int64_t>(0, wide.lanes),
                                   [&](int64_t column) { return column / 2 + column % 2 * code.lanes; });
  return vector::ShuffleOp::create(b, code.loc, halves, halves, order);
}

/// Two halves, rounded, side by side, as memory holds them.
Value Rows::roundHalves(Value even, Value odd) {
  Value low = floatsOf(even), high = floatsOf(odd);
  if (!low || !high || !level.hasBf16 || code.lanes != 16)
    return joinHalves(even, odd);
  if (isSafeQuotient(low) && isSafeQuotient(high))
    return roundTogether(low, high);
  Value either = arith::OrIOp::create(b, code.loc, areSubnormal(code, low), areSubnormal(code, high));
  Value any = vector::ReductionOp::create(b, code.loc, vector::CombiningKind::OR, either);
  Type stored = walker().type(b.getI16Type());
  auto branch = scf::IfOp::create(b, code.loc, stored, any, /*addThenBlock=*/true, /*addElseBlock=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(b, code.loc, joinHalves(even, odd));
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b, code.loc, roundTogether(low, high));
  return branch.getResult(0);
}

/// The same of halves that are rounded already.
Value Rows::joinHalves(Value even, Value odd) {
  auto word = [&](Value half) -> Value {
    return arith::ExtUIOp::create(b, code.loc, code.type(b.getI32Type()), code.toStorage(half));
  };
  Value upper = arith::ShLIOp::create(b, code.loc, word(odd), wordConstant(code, 16));
  Value words = arith::OrIOp::create(b, code.loc, word(even), upper);
  return vector::BitCastOp::create(b, code.loc, walker().type(b.getI16Type()), words);
}

void Rows::storePair(unsigned index, Chunk &even, Chunk &odd) {
  RowNode &node = group.nodes[index];
  if (!node.result) {
    storeColumn(index, even);
    storeColumn(index, odd);
    return;
  }
  Value joined = roundHalves(columnValue(index, even), columnValue(index, odd));
  const Place &place = places[*node.result];
  pendingStores.push_back({joined, place.memory, code.add(place.base, even.at), even.pairMask,
                           !node.kept && code.canStorePastCaches(node.element())});
}

/// Where a chunk's kept values lie from the first of their row.
Value Rows::keptAt(const Chunk &chunk) const {
  return chunk.isOdd ? code.add(chunk.at, code.index(code.lanes)) : chunk.at;
}

/// Accumulators of pairs as those of neighbouring lanes.
void Rows::orderLanes(Values &accumulators) const {
  int64_t lanes = code.lanes;
  for (size_t pair = 0; pair < accumulators.size(); pair += 2) {
    Value even = accumulators[pair], odd = accumulators[pair + 1];
    for (int64_t half : {0, 1}) {
      auto order = llvm::map_to_vector(llvm::seq<int64_t>(0, lanes),
                                       [&](int64_t lane) { return half * lanes / 2 + lane / 2 + lane % 2 * lanes; });
      accumulators[pair + half] = vector::ShuffleOp::create(b, code.loc, even, odd, order);
    }
  }
}

} // namespace batten
