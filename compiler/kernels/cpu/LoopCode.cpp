// LoopCode.cpp - see LoopCode.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/LoopCode.h"
#include "compiler/kernels/cpu/VectorCode.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace batten {

Value LoopCode::quotient(Value a, Value d) const {
  if (constantIndex(d) == 1)
    return a;
  return arith::DivUIOp::create(b, loc, a, d);
}

Value LoopCode::ceilQuotient(Value a, Value d) const {
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  return quotient(minus(arith::AddIOp::create(b, loc, a, d), one), d);
}

void LoopCode::loop(Value from, Value to, Value step, llvm::function_ref<void(Value)> body) {
  fold(from, to, step, {}, [&](Value at, ValueRange) {
    body(at);
    return Values();
  });
}

LoopCode::Values LoopCode::fold(Value from, Value to, Value step, ValueRange carried,
                                llvm::function_ref<Values(Value, ValueRange)> body) {
  std::optional<int64_t> first = constantIndex(from), last = constantIndex(to), by = constantIndex(step);
  if (first && last && *last <= *first)
    return Values(carried);
  if (first && last && by && *last - *first <= *by)
    return body(from, carried);
  auto forOp = scf::ForOp::create(b, loc, from, to, step, carried);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forOp.getBody());
  Values next = body(forOp.getInductionVar(), forOp.getRegionIterArgs());
  if (!next.empty()) // a loop that carries nothing ends by itself
    scf::YieldOp::create(b, loc, next);
  return Values(forOp.getResults());
}

void LoopCode::onlyIf(Value flag, llvm::function_ref<void()> body) {
  auto ifOp = scf::IfOp::create(b, loc, flag, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  body();
}

void LoopCode::branch(Value flag, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise) {
  auto ifOp = scf::IfOp::create(b, loc, flag, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  then();
  b.setInsertionPointToStart(ifOp.elseBlock());
  otherwise();
}

Value LoopCode::either(Value flag, llvm::function_ref<Value()> then, llvm::function_ref<Value()> otherwise) {
  auto ifOp = scf::IfOp::create(b, loc, TypeRange(b.getIndexType()), flag, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  scf::YieldOp::create(b, loc, then());
  b.setInsertionPointToStart(ifOp.elseBlock());
  scf::YieldOp::create(b, loc, otherwise());
  return ifOp.getResult(0);
}

} // namespace batten
