// DimArithmetic.h - atoms of dims as arith operations: one rule for all stages that compute sizes.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_DIMARITHMETIC_H
#define BATTEN_DIALECT_DIMARITHMETIC_H

#include "dialect/Dims.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include <optional>
#include <utility>

namespace batten {

/// The value of an atom that is no symbol, of index values of its sides: divisions are rounded down, the remainder has
/// the divisor's sign. One unsigned operation where no numerator can be negative, which is nearly everywhere.
mlir::Value buildAtom(mlir::OpBuilder &builder, mlir::Location loc, const Atom &atom, mlir::Value lhs, mlir::Value rhs);

/// The sides of a remainder as it is built for numerators that may be negative: lhs - rhs * floor(lhs / rhs).
std::optional<std::pair<mlir::Value, mlir::Value>> matchRemainder(mlir::arith::SubIOp difference);

} // namespace batten

#endif // BATTEN_DIALECT_DIMARITHMETIC_H
