// SpellOutRoundings.cpp - roundings from f32 to bf16, to nearest, ties to even.
//
// LLVM would call a library for them without AVX512-BF16, and with it the instruction flushes subnormals. So they are
// spelled out in integers; where there is the instruction, vectors that are rounded together are asked together
// whether one of them has a subnormal, and only then go the way of integers. What bf16 holds is not rounded at all.
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

namespace {
/// The bits of one rounding's floats, all of them in 32 bits: a shift and a choice of bits put two results into a word.
struct Bits {
  OpBuilder &b;
  Location loc;
  Value floats;

  Type like(Type element) const {
    auto vector = dyn_cast<VectorType>(floats.getType());
    return vector ? Type(vector.clone(element)) : element;
  }
  Value word(int32_t value) const {
    TypedAttr scalar = b.getI32IntegerAttr(value);
    auto vector = dyn_cast<VectorType>(like(b.getI32Type()));
    return arith::ConstantOp::create(b, loc, vector ? DenseElementsAttr::get(vector, Attribute(scalar)) : scalar);
  }
  Value words() const { return arith::BitcastOp::create(b, loc, like(b.getI32Type()), floats); }
  Value upperHalf(Value words) const {
    Value upper = arith::ShRUIOp::create(b, loc, words, word(16));
    return arith::TruncIOp::create(b, loc, like(b.getI16Type()), upper);
  }
  Value rounded() const {
    Value bits = words();
    Value last = arith::AndIOp::create(b, loc, arith::ShRUIOp::create(b, loc, bits, word(16)), word(1));
    Value rounded = arith::AddIOp::create(b, loc, arith::AddIOp::create(b, loc, bits, last), word(0x7fff));
    Value isNan = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, floats, floats);
    return upperHalf(arith::SelectOp::create(b, loc, isNan, word(0x7fc00000), rounded));
  }
  Value roundedByInstruction() const {
    Value rounded = call("llvm.x86.avx512bf16.cvtneps2bf16.512", like(b.getBF16Type()), floats);
    return arith::BitcastOp::create(b, loc, like(b.getI16Type()), rounded);
  }
  Value areSubnormal() const {
    Value subnormal = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(0x20));
    return call("llvm.x86.avx512.fpclass.ps.512", like(b.getI1Type()), {floats, subnormal});
  }
  Value call(StringRef intrinsic, Type result, ValueRange operands) const {
    return LLVM::CallIntrinsicOp::create(b, loc, result, b.getStringAttr(intrinsic), operands).getResult(0);
  }
};
} // namespace

static void replace(arith::TruncFOp rounding, Value bits) {
  OpBuilder b(rounding);
  b.setInsertionPointAfterValue(bits);
  rounding.replaceAllUsesWith(arith::BitcastOp::create(b, rounding.getLoc(), rounding.getType(), bits).getResult());
  rounding.erase();
}

/// One question for all: integers where there is a subnormal.
static void roundTogether(ArrayRef<arith::TruncFOp> roundings, Operation *before) {
  OpBuilder b(before);
  Location loc = before->getLoc();
  auto each = [&](auto make) {
    return llvm::map_to_vector(roundings, [&](arith::TruncFOp op) { return make(Bits{b, op.getLoc(), op.getIn()}); });
  };
  Value some;
  for (Value subnormal : each([](Bits bits) { return bits.areSubnormal(); }))
    some = some ? arith::OrIOp::create(b, loc, some, subnormal).getResult() : subnormal;
  Value any = vector::ReductionOp::create(b, loc, vector::CombiningKind::OR, some);
  any = LLVM::ExpectOp::create(b, loc, any, arith::ConstantOp::create(b, loc, b.getBoolAttr(false)));
  auto halves = llvm::map_to_vector(
      roundings, [&](arith::TruncFOp op) -> Type { return cast<VectorType>(op.getType()).clone(b.getI16Type()); });
  auto branch = scf::IfOp::create(b, loc, halves, any, /*addThenBlock=*/true, /*addElseBlock=*/true);
  b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(b, loc, each([](Bits bits) { return bits.rounded(); }));
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b, loc, each([](Bits bits) { return bits.roundedByInstruction(); }));
  for (auto [op, bits] : llvm::zip_equal(roundings, branch.getResults()))
    replace(op, bits);
}

/// A vector of whole registers that the instruction rounds.
static bool fillsRegister(arith::TruncFOp rounding) {
  auto type = dyn_cast<VectorType>(rounding.getType());
  return type && type.getShape() == ArrayRef<int64_t>{16};
}

/// Roundings in a block whose results are read after the last of them was made are done together.
static void roundRuns(Block &block, ArrayRef<arith::TruncFOp> roundings) {
  SmallVector<arith::TruncFOp> run;
  Operation *reader = nullptr; // the first one
  for (arith::TruncFOp rounding : roundings) {
    if (reader && !rounding->isBeforeInBlock(reader)) {
      roundTogether(run, reader);
      run.clear();
      reader = nullptr;
    }
    run.push_back(rounding);
    for (Operation *user : rounding->getUsers()) {
      Operation *here = block.findAncestorOpInBlock(*user);
      if (!reader || here->isBeforeInBlock(reader))
        reader = here;
    }
  }
  if (reader)
    roundTogether(run, reader);
}

void spellOutRoundings(func::FuncOp kernel, const CpuLevel &level) {
  SmallVector<arith::TruncFOp> roundings;
  kernel.walk([&](arith::TruncFOp op) {
    if (getElementTypeOrSelf(op.getIn().getType()).isF32() && getElementTypeOrSelf(op.getType()).isBF16())
      roundings.push_back(op);
  });
  llvm::MapVector<Block *, SmallVector<arith::TruncFOp>> asked;
  for (arith::TruncFOp op : roundings) {
    OpBuilder b(op);
    Bits bits{b, op.getLoc(), op.getIn()};
    if (fitsBf16(op.getIn()))
      replace(op, bits.upperHalf(bits.words()));
    else if (level.uses("avx512bf16") && fillsRegister(op) && !op->use_empty())
      asked[op->getBlock()].push_back(op);
    else
      replace(op, bits.rounded());
  }
  for (auto &[block, together] : asked)
    roundRuns(*block, together);
}

} // namespace batten
