// LoopCode.h - loops, branches and arithmetic on index values, at the builder's place.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_LOOPCODE_H
#define BATTEN_COMPILER_KERNELS_CPU_LOOPCODE_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"

namespace batten {

struct LoopCode {
  using Value = mlir::Value;
  mlir::OpBuilder &b;
  mlir::Location loc;

  Value minus(Value a, Value d) const { return mlir::arith::SubIOp::create(b, loc, a, d); }
  Value same(Value a, Value d) const {
    return mlir::arith::CmpIOp::create(b, loc, mlir::arith::CmpIPredicate::eq, a, d);
  }
  Value choose(Value flag, Value a, Value d) const { return mlir::arith::SelectOp::create(b, loc, flag, a, d); }
  // Of sizes and places, which are never negative.
  Value least(Value a, Value d) const { return mlir::arith::MinUIOp::create(b, loc, a, d); }
  Value most(Value a, Value d) const { return mlir::arith::MaxUIOp::create(b, loc, a, d); }
  Value below(Value a, Value d) const {
    return mlir::arith::CmpIOp::create(b, loc, mlir::arith::CmpIPredicate::ult, a, d);
  }
  Value quotient(Value a, Value d) const;
  Value ceilQuotient(Value a, Value d) const;
  Value remainder(Value a, Value d) const { return mlir::arith::RemUIOp::create(b, loc, a, d); }
  // Of differences, which may be negative.
  Value signedLeast(Value a, Value d) const { return mlir::arith::MinSIOp::create(b, loc, a, d); }
  Value signedMost(Value a, Value d) const { return mlir::arith::MaxSIOp::create(b, loc, a, d); }
  Value signedBelow(Value a, Value d) const {
    return mlir::arith::CmpIOp::create(b, loc, mlir::arith::CmpIPredicate::slt, a, d);
  }

  /// Where it is known that there is no turn or one, there is no loop.
  void loop(Value from, Value to, Value step, llvm::function_ref<void(Value)> body);
  /// carried = body(i, carried) for i = from, from + step, .. below `to`, likewise.
  using Values = llvm::SmallVector<Value>;
  Values fold(Value from, Value to, Value step, mlir::ValueRange carried,
              llvm::function_ref<Values(Value, mlir::ValueRange)> body);
  void onlyIf(Value flag, llvm::function_ref<void()> body);
  void branch(Value flag, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise);
  /// An index value.
  Value either(Value flag, llvm::function_ref<Value()> then, llvm::function_ref<Value()> otherwise);
};

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_LOOPCODE_H
