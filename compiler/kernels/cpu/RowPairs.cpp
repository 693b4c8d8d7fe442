// RowPairs.cpp - rows of bf16: the even and the odd columns of a register, each as floats.
//
// To make floats of sixteen neighbours, and neighbours of sixteen floats, takes permutations of the register, which
// cost more than the arithmetic between them. A word of two neighbours is one float when it is shifted up and the other
// when its lower half is cleared, and two rounded floats are one word again by a shift and a choice of bits. So chunks
// come in pairs here, of twice as many columns as a vector has lanes: the even ones and the odd ones. Lanes of
// reductions are put in their order before they are combined; what a walk keeps for the next one lies in the order of
// the chunks.
//
// Both halves of what is rounded are rounded at once, side by side as memory holds them (vector.interleave, which
// codegen/SpellOutRoundings.cpp makes one instruction of); what reads them takes them apart again.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/RowKernels.h"
#include "compiler/kernels/cpu/Rows.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
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
    bool isDense = elements && (elements->stride.isConstant(1) || elements->period);
    if (!isDense || elements->repeat != 1 || !access.element.isBF16())
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

/// The two chunks of the columns at `at`; `mask` of all of them, or null.
std::pair<Chunk, Chunk> Rows::pairAt(Value at, Value mask) {
  Chunk even(at, {}), odd(at, {});
  odd.isOdd = true;
  if (mask) {
    even.pairMask = odd.pairMask = mask;
    Value bits = arith::ExtSIOp::create(b, code.loc, walker().type(b.getI16Type()), mask);
    Value words = vector::BitCastOp::create(b, code.loc, code.type(b.getI32Type()), bits);
    Value zero = code.everywhere(APInt(32, 0)), half = code.everywhere(APInt(32, 16));
    Value raised = arith::ShLIOp::create(b, code.loc, words, half);
    odd.mask = arith::CmpIOp::create(b, code.loc, arith::CmpIPredicate::slt, words, zero);
    even.mask = arith::CmpIOp::create(b, code.loc, arith::CmpIPredicate::slt, raised, zero);
  }
  return {even, odd};
}

/// The columns of a half of a pair, from where they lie side by side.
Value Rows::loadHalf(const Place &place, const Chunk &chunk) {
  return code.loadOfPairs(place.memory, placeOfVector(place, chunk.at), chunk.isOdd, place.element,
                          place.period ? Value() : chunk.pairMask);
}

/// The floats that `half` is rounded from, where it is bf16 and rounded.
static Value floatsOf(Value half) {
  auto rounding = half.getDefiningOp<arith::TruncFOp>();
  bool isOfFloats = rounding && getElementTypeOrSelf(rounding.getIn().getType()).isF32();
  return isOfFloats && getElementTypeOrSelf(half.getType()).isBF16() ? rounding.getIn() : Value();
}

/// The values of `index` in both halves, rounded, side by side; null where they are not rounded.
Value Rows::roundedPair(unsigned index, Chunk &chunk) {
  Chunk &even = chunk.isOdd ? *chunk.partner : chunk, &odd = chunk.isOdd ? chunk : *chunk.partner;
  if (Value known = even.rounded.lookup(index))
    return known;
  Value low = floatsOf(RowCode::columnValue(index, even)), high = floatsOf(RowCode::columnValue(index, odd));
  if (!low || !high)
    return {};
  Value floats = vector::InterleaveOp::create(b, code.loc, low, high);
  return even.rounded[index] = arith::TruncFOp::create(b, code.loc, walker().type(b.getBF16Type()), floats);
}

Value Rows::columnValue(unsigned index, Chunk &chunk) {
  Value value = RowCode::columnValue(index, chunk);
  if (!chunk.partner || !floatsOf(value))
    return value;
  Value pair = roundedPair(index, chunk);
  return chunk.values[index] = code.halfOfPairs(code.toStorage(pair), chunk.isOdd, b.getBF16Type());
}

/// Two halves that are not rounded side by side.
Value Rows::joinHalves(Value even, Value odd) {
  auto word = [&](Value half) -> Value {
    return arith::ExtUIOp::create(b, code.loc, code.type(b.getI32Type()), code.toStorage(half));
  };
  Value upper = arith::ShLIOp::create(b, code.loc, word(odd), code.everywhere(APInt(32, 16)));
  Value words = arith::OrIOp::create(b, code.loc, word(even), upper);
  return vector::BitCastOp::create(b, code.loc, walker().type(b.getI16Type()), words);
}

void Rows::storePair(unsigned index, Chunk &even, Chunk &odd) {
  RowNode &node = group.nodes[index];
  if (!node.element().isBF16()) { // in the order of the chunks
    storeColumn(index, even);
    storeColumn(index, odd);
    return;
  }
  Value pair = roundedPair(index, even);
  if (!pair)
    pair = joinHalves(columnValue(index, even), columnValue(index, odd));
  const Place &place = keptPlace(index);
  pendingStores.push_back({pair, place.memory, code.add(place.base, even.at), even.pairMask,
                           node.result && !node.kept && code.canStorePastCaches(node.element())});
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
