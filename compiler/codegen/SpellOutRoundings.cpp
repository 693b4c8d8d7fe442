// SpellOutRoundings.cpp - roundings from f32 to bf16, to nearest, ties to even.
//
// LLVM would call a library for them without AVX512-BF16, and with it the instruction flushes subnormals. So they are
// spelled out in integers; where there is the instruction, vectors that are rounded together are asked together
// whether one of them has a subnormal, and only then go the way of integers. Either way gives a NaN the same bits: its
// sign, the upper bits of its payload, and that it is quiet. What bf16 holds is not rounded at all.
//
// Rows of bf16 compute even and odd columns apart (kernels/cpu/RowPairs.cpp) and round what vector.interleave makes of
// them: two vectors that one instruction rounds, or words that two shifted halves make up.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/Emit.h"
#include "compiler/codegen/Levels.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace batten {

/// True for a float that bf16 holds as it is: one that was widened, and what only chooses among such or changes signs.
static bool fitsBf16(Value value) {
  Operation *op = value.getDefiningOp();
  if (auto widened = dyn_cast_or_null<arith::ExtFOp>(op))
    return getElementTypeOrSelf(widened.getIn().getType()).isBF16();
  if (auto constant = dyn_cast_or_null<arith::ConstantOp>(op)) {
    auto elements = dyn_cast<SplatElementsAttr>(constant.getValue());
    auto number = dyn_cast<FloatAttr>(elements ? elements.getSplatValue<Attribute>() : constant.getValue());
    bool loses = true;
    if (number) {
      llvm::APFloat rounded = number.getValue();
      rounded.convert(llvm::APFloat::BFloat(), llvm::APFloat::rmNearestTiesToEven, &loses);
    }
    return !loses;
  }
  if (auto select = dyn_cast_or_null<arith::SelectOp>(op))
    return fitsBf16(select.getTrueValue()) && fitsBf16(select.getFalseValue());
  return isa_and_nonnull<arith::MaximumFOp, arith::MinimumFOp, arith::NegFOp, math::AbsFOp, vector::BroadcastOp>(op) &&
         llvm::all_of(op->getOperands(), fitsBf16);
}

/// True for what may be a signalling NaN, of what fits: what memory holds. A rounding gives none.
static bool maySignal(Value value) {
  Operation *op = value.getDefiningOp();
  if (isa_and_nonnull<arith::TruncFOp, arith::ConstantOp>(op))
    return false;
  if (auto select = dyn_cast_or_null<arith::SelectOp>(op))
    return maySignal(select.getTrueValue()) || maySignal(select.getFalseValue());
  bool keeps = isa_and_nonnull<arith::ExtFOp, arith::MaximumFOp, arith::MinimumFOp, arith::NegFOp, math::AbsFOp,
                               vector::BroadcastOp>(op);
  bool takesHalf = isa_and_nonnull<arith::BitcastOp, vector::BitCastOp, arith::TruncIOp>(op);
  if (auto shift = dyn_cast_or_null<arith::ShRUIOp>(op))
    return maySignal(shift.getLhs());
  return !(keeps || takesHalf) || llvm::any_of(op->getOperands(), maySignal);
}

namespace {
/// A rounding of a number or of a vector, or of two vectors whose elements alternate.
struct Rounding {
  arith::TruncFOp op;
  SmallVector<Value, 2> floats; ///< one, or the even and the odd elements

  explicit Rounding(arith::TruncFOp op) : op(op) {
    if (auto both = op.getIn().getDefiningOp<vector::InterleaveOp>())
      floats = {both.getLhs(), both.getRhs()};
    else
      floats = {op.getIn()};
  }
  bool isExact() const { return llvm::all_of(floats, fitsBf16); }
  bool fillsRegisters() const {
    return llvm::all_of(floats, [](Value value) {
      auto type = dyn_cast<VectorType>(value.getType());
      return type && type.getShape() == ArrayRef<int64_t>{16};
    });
  }
  Type type() const { return arith::TruncFOp(op).getType(); }
  Type bitsType() const {
    Type i16 = IntegerType::get(type().getContext(), 16);
    auto vector = dyn_cast<VectorType>(type());
    return vector ? Type(vector.clone(i16)) : i16;
  }
  void replaceBy(Value bits) {
    OpBuilder b(op);
    b.setInsertionPointAfterValue(bits);
    op.replaceAllUsesWith(arith::BitcastOp::create(b, op.getLoc(), op.getType(), bits).getResult());
    op.erase();
  }
};

/// Code for one rounding; what it gives are bits of `bitsType`.
class Code {
public:
  Code(OpBuilder &b, Rounding rounding) : b(b), loc(rounding.op.getLoc()), rounding(std::move(rounding)) {}

  Value inIntegers() const {
    return upperHalves([&](Value floats) { return rounded(floats); });
  }
  /// Of what bf16 holds. To canonicalise is one operation: a product with 1 that LLVM does not leave out.
  Value asItIs() const {
    return upperHalves([&](Value floats) {
      return words(maySignal(floats) ? call("llvm.canonicalize", floats.getType(), floats) : floats);
    });
  }
  Value byInstruction() const {
    if (rounding.floats.size() == 1) {
      Value halves = call("llvm.x86.avx512bf16.cvtneps2bf16.512", rounding.type(), rounding.floats);
      return arith::BitcastOp::create(b, loc, rounding.bitsType(), halves);
    }
    Value halves =
        call("llvm.x86.avx512bf16.cvtne2ps2bf16.512", rounding.type(), {rounding.floats[1], rounding.floats[0]});
    halves = arith::BitcastOp::create(b, loc, rounding.bitsType(), halves);
    int64_t lanes = cast<VectorType>(rounding.bitsType()).getNumElements() / 2;
    auto order = llvm::map_to_vector(llvm::seq<int64_t>(2 * lanes), [&](int64_t i) { return i / 2 + i % 2 * lanes; });
    return vector::ShuffleOp::create(b, loc, halves, halves, order);
  }
  /// Which lanes have a subnormal.
  Value areSubnormal() const {
    Value subnormal = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(0x20)), any;
    for (Value floats : rounding.floats) {
      Value these = call("llvm.x86.avx512.fpclass.ps.512", like(floats, b.getI1Type()), {floats, subnormal});
      any = any ? arith::OrIOp::create(b, loc, any, these).getResult() : these;
    }
    return any;
  }

private:
  OpBuilder &b;
  Location loc;
  Rounding rounding;

  static Type like(Value floats, Type element) {
    auto vector = dyn_cast<VectorType>(floats.getType());
    return vector ? Type(vector.clone(element)) : element;
  }
  Value word(Value likeWords, int32_t value) const {
    TypedAttr scalar = b.getI32IntegerAttr(value);
    auto vector = dyn_cast<VectorType>(likeWords.getType());
    return arith::ConstantOp::create(b, loc, vector ? DenseElementsAttr::get(vector, Attribute(scalar)) : scalar);
  }
  Value words(Value floats) const { return arith::BitcastOp::create(b, loc, like(floats, b.getI32Type()), floats); }
  /// Words whose upper halves are the result.
  Value rounded(Value floats) const {
    Value bits = words(floats);
    Value last = arith::AndIOp::create(b, loc, arith::ShRUIOp::create(b, loc, bits, word(bits, 16)), word(bits, 1));
    Value half = arith::AddIOp::create(b, loc, last, word(bits, 0x7fff));
    Value isNan = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, floats, floats);
    Value quiet = arith::OrIOp::create(b, loc, bits, word(bits, 0x400000));
    return arith::SelectOp::create(b, loc, isNan, quiet, arith::AddIOp::create(b, loc, bits, half));
  }
  Value upperHalves(function_ref<Value(Value)> wordsOf) const {
    Value words = wordsOf(rounding.floats[0]);
    words = arith::ShRUIOp::create(b, loc, words, word(words, 16));
    if (rounding.floats.size() == 1)
      return arith::TruncIOp::create(b, loc, rounding.bitsType(), words);
    Value odd = wordsOf(rounding.floats[1]);
    odd = arith::AndIOp::create(b, loc, odd, word(odd, int32_t(0xffff0000)));
    return vector::BitCastOp::create(b, loc, rounding.bitsType(), arith::OrIOp::create(b, loc, words, odd));
  }
  Value call(StringRef intrinsic, Type result, ValueRange operands) const {
    return LLVM::CallIntrinsicOp::create(b, loc, result, b.getStringAttr(intrinsic), operands).getResult(0);
  }
};
} // namespace

/// One question for all: integers where there is a subnormal.
static void roundTogether(ArrayRef<Rounding> roundings, Operation *before) {
  OpBuilder b(before);
  Location loc = before->getLoc();
  auto each = [&](auto make) {
    return llvm::map_to_vector(roundings, [&](const Rounding &rounding) { return make(Code(b, rounding)); });
  };
  Value some;
  for (Value subnormal : each([](const Code &code) { return code.areSubnormal(); }))
    some = some ? arith::OrIOp::create(b, loc, some, subnormal).getResult() : subnormal;
  Value any = vector::ReductionOp::create(b, loc, vector::CombiningKind::OR, some);
  any = LLVM::ExpectOp::create(b, loc, any, arith::ConstantOp::create(b, loc, b.getBoolAttr(false)));
  auto bits = llvm::map_to_vector(roundings, [](const Rounding &rounding) { return rounding.bitsType(); });
  auto branch = scf::IfOp::create(b, loc, bits, any, /*addThenBlock=*/true, /*addElseBlock=*/true);
  b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(b, loc, each([](const Code &code) { return code.inIntegers(); }));
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b, loc, each([](const Code &code) { return code.byInstruction(); }));
  for (auto [rounding, result] : llvm::zip_equal(roundings, branch.getResults()))
    Rounding(rounding).replaceBy(result);
}

/// Roundings in a block whose results are read after the last of them was made are done together.
static void roundRuns(Block &block, ArrayRef<Rounding> roundings) {
  SmallVector<Rounding> run;
  Operation *reader = nullptr; // the first one
  for (const Rounding &rounding : roundings) {
    if (reader && !rounding.op->isBeforeInBlock(reader)) {
      roundTogether(run, reader);
      run.clear();
      reader = nullptr;
    }
    run.push_back(rounding);
    for (Operation *user : arith::TruncFOp(rounding.op)->getUsers()) {
      Operation *here = block.findAncestorOpInBlock(*user);
      if (!reader || here->isBeforeInBlock(reader))
        reader = here;
    }
  }
  if (reader)
    roundTogether(run, reader);
}

void spellOutRoundings(func::FuncOp kernel, const CpuLevel &level) {
  SmallVector<Rounding> exact, inIntegers;
  llvm::MapVector<Block *, SmallVector<Rounding>> asked;
  kernel.walk([&](arith::TruncFOp op) {
    if (!getElementTypeOrSelf(op.getIn().getType()).isF32() || !getElementTypeOrSelf(op.getType()).isBF16() ||
        op->use_empty())
      return;
    Rounding rounding(op);
    SmallVector<Rounding> &way = rounding.isExact()                                      ? exact
                                 : level.uses("avx512bf16") && rounding.fillsRegisters() ? asked[op->getBlock()]
                                                                                         : inIntegers;
    way.push_back(rounding);
  });
  for (Rounding &rounding : llvm::reverse(exact)) { // before what they read, which is known for a rounding
    OpBuilder b(rounding.op);
    rounding.replaceBy(Code(b, rounding).asItIs());
  }
  for (Rounding &rounding : inIntegers) {
    OpBuilder b(rounding.op);
    rounding.replaceBy(Code(b, rounding).inIntegers());
  }
  for (auto &[block, together] : asked)
    roundRuns(*block, together);
}

} // namespace batten
