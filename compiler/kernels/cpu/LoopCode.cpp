// LoopCode.cpp - see LoopCode.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/LoopCode.h"
#include "compiler/kernels/cpu/VectorCode.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace batten {

Value LoopCode::quotient(Value a, Value d) {
  if (constantIndex(d) == 1)
    return a;
  return arith::DivUIOp::create(b, loc, a, d);
}

Value LoopCode::ceilQuotient(Value a, Value d) {
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  return quotient(minus(arith::AddIOp::create(b, loc, a, d), one), d);
}

void LoopCode::loop(Value from, Value to, Value step, llvm::function_ref<void(Value)> body) {
  std::optional<int64_t> first = constantIndex(from), last = constantIndex(to), by = constantIndex(step);
  if (first && last && by && *last - *first > 0 && *last - *first <= *by)
    return body(from);
  auto forOp = scf::ForOp::create(b, loc, from, to, step);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forOp.getBody());
  body(forOp.getInductionVar());
}

void LoopCode::onlyIf(Value flag, llvm::function_ref<void()> body) {
  auto ifOp = scf::IfOp::create(b, loc, flag, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  body();
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
