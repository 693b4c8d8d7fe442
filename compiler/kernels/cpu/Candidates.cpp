// Candidates.cpp - see Candidates.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Candidates.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
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

Value Candidates::append(Value numbers, Value at, Value isTaken, Value filled) const {
  OpBuilder &b = code.builder;
  auto some = [&](OpBuilder &, Location) {
    Value key = order.of(numbers), tag = format.tags(numbers, at);
    Value next = hasCompress ? appendCompressed(key, tag, isTaken, filled) : appendOneByOne(key, tag, isTaken, filled);
    scf::YieldOp::create(b, code.loc, next);
  };
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

/// Each lane is stored, and the next one over it if it was not taken.
Value Candidates::appendOneByOne(Value key, Value tag, Value isTaken, Value filled) const {
  OpBuilder &b = code.builder;
  for (int64_t lane = 0; lane < code.lanes; ++lane) {
    for (auto [vector, memory] : {std::pair(key, keys), std::pair(tag, tags)})
      memref::StoreOp::create(b, code.loc, vector::ExtractOp::create(b, code.loc, vector, lane), memory,
                              ValueRange{filled});
    Value bit = vector::ExtractOp::create(b, code.loc, isTaken, lane);
    filled = code.add(filled, arith::IndexCastUIOp::create(b, code.loc, b.getIndexType(), bit));
  }
  return filled;
}

void Candidates::end(Value filled) const {
  if (!hasCompress) // what was stored last may not have been taken
    for (auto [memory, value] : {std::pair(keys, order.least()), std::pair(tags, format.leastTag())})
      memref::StoreOp::create(code.builder, code.loc, constantOf(code, order.type, value), memory, ValueRange{filled});
}

Entries Candidates::load(const VectorCode &entries, Value at) const {
  Value one = code.index(1);
  return format.pack(entries.load(keys, at, one, order.type, {}), entries.load(tags, at, one, order.type, {}));
}

} // namespace batten
