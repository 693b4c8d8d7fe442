// Candidates.cpp - see Candidates.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Candidates.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <limits>

using namespace mlir;

namespace batten {

Value Candidates::asKey(Value index) const {
  return arith::IndexCastOp::create(code.builder, code.loc, order.type, index);
}

Value Candidates::placesFrom(Value at) const {
  return arith::AddIOp::create(code.builder, code.loc, code.splat(asKey(at)), code.laneNumbers(order.type));
}

void Candidates::clear(Value from, Value to) const {
  LoopCode{code.builder, code.loc}.loop(from, to, code.index(code.lanes), [&](Value at) {
    code.store(order.splat(order.least()), keys, at, {});
    code.store(order.splat(format.leastTag()), tags, at, {});
  });
}

void Candidates::put(Value numbers, Value at, Value mask) const {
  auto inside = [&](Value vector, TypedAttr rest) {
    return mask ? arith::SelectOp::create(code.builder, code.loc, mask, vector, order.splat(rest)).getResult() : vector;
  };
  code.store(inside(order.of(numbers), order.least()), keys, at, {});
  code.store(inside(format.tags(numbers, at), format.leastTag()), tags, at, {});
}

Value Candidates::append(Value numbers, Value at, Value isTaken, Value filled, bool areOften) const {
  OpBuilder &b = code.builder;
  auto next = [&] {
    Value key = order.of(numbers), tag = format.tags(numbers, at);
    return hasCompress ? appendCompressed(key, tag, isTaken, filled) : appendPermuted(key, tag, isTaken, filled);
  };
  if (areOften)
    return next();
  auto some = [&](OpBuilder &, Location) { scf::YieldOp::create(b, code.loc, next()); };
  auto nothing = [&](OpBuilder &, Location) { scf::YieldOp::create(b, code.loc, filled); };
  Value any = vector::ReductionOp::create(b, code.loc, vector::CombiningKind::OR, isTaken);
  return scf::IfOp::create(b, code.loc, any, some, nothing).getResult(0);
}

/// In registers and then whole vectors: with memory as its destination the instruction takes a hundred cycles on Zen 4.
Value Candidates::appendCompressed(Value key, Value tag, Value isTaken, Value filled) const {
  OpBuilder &b = code.builder;
  auto compress = [&](Value lanes, TypedAttr rest) {
    auto name = b.getStringAttr("llvm.experimental.vector.compress");
    Value operands[] = {lanes, isTaken, order.splat(rest)};
    return LLVM::CallIntrinsicOp::create(b, code.loc, lanes.getType(), name, operands).getResult(0);
  };
  code.store(compress(key, order.least()), keys, filled, {});
  code.store(compress(tag, format.leastTag()), tags, filled, {});
  auto word = VectorType::get({1}, b.getIntegerType(unsigned(code.lanes)));
  Value bits = vector::ExtractOp::create(b, code.loc, vector::BitCastOp::create(b, code.loc, word, isTaken), 0);
  Value taken = math::CtPopOp::create(b, code.loc, bits);
  return code.add(filled, arith::IndexCastUIOp::create(b, code.loc, b.getIndexType(), taken));
}

/// Of a flag's bytes VPMOVMSKB makes four bits a word of 32: PEXT moves the numbers of the words that are taken, as
/// wide, side by side, and VPERMD the words. What follows those is stored over, or ended.
Value Candidates::appendPermuted(Value key, Value tag, Value isTaken, Value filled) const {
  OpBuilder &b = code.builder;
  auto call = [&](StringRef name, Type type, ValueRange operands) {
    return LLVM::CallIntrinsicOp::create(b, code.loc, type, b.getStringAttr(name), operands).getResult(0);
  };
  auto bitCast = [&](Type type, Value vector) { return vector::BitCastOp::create(b, code.loc, type, vector); };
  Type i32 = b.getI32Type(), words = VectorType::get({8}, i32), bytes = VectorType::get({32}, b.getI8Type());
  Value signs = bitCast(bytes, arith::ExtSIOp::create(b, code.loc, key.getType(), isTaken));
  Value flags = call("llvm.x86.avx2.pmovmskb", i32, {signs});
  Value numbers = arith::ConstantOp::create(b, code.loc, b.getI32IntegerAttr(0x76543210));
  Value places = vector::BroadcastOp::create(b, code.loc, words, call("llvm.x86.bmi.pext.32", i32, {numbers, flags}));
  Value eachPlace = arith::ConstantOp::create(b, code.loc, b.getI32VectorAttr({0, 4, 8, 12, 16, 20, 24, 28}));
  places = arith::ShRUIOp::create(b, code.loc, places, eachPlace); // VPERMD looks at three bits
  for (auto [vector, memory] : {std::pair(key, keys), std::pair(tag, tags)}) {
    Value moved = call("llvm.x86.avx2.permd", words, {bitCast(words, vector), places});
    code.store(bitCast(vector.getType(), moved), memory, filled, {});
  }
  Value bits = arith::IndexCastUIOp::create(b, code.loc, b.getIndexType(), math::CtPopOp::create(b, code.loc, flags));
  return code.add(filled, arith::DivUIOp::create(b, code.loc, bits, code.index(32 / code.lanes)));
}

void Candidates::end(Value filled) const {
  if (!hasCompress) // behind those that were taken last stand others
    clear(filled, code.add(filled, code.index(1)));
}

Entries Candidates::load(const VectorCode &entries, Value at) const {
  Value one = code.index(1);
  return format.pack(entries.load(keys, at, one, order.type, {}), entries.load(tags, at, one, order.type, {}));
}

} // namespace batten
