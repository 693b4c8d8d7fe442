// Formula.h - dim polynomials as postfix code, and the workspace of a plan as a formula.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_CODEGEN_FORMULA_H
#define BATTEN_COMPILER_CODEGEN_FORMULA_H

#include "compiler/codegen/ProgramInfo.h"
#include "dialect/DimsSign.h"

namespace batten {

/// The greatest of some amounts, 0 of none. nullopt: deeper than BATTEN_FORMULA_DEPTH, overflowed, or a symbol that is
/// not in `symbols`.
std::optional<FormulaInfo> makeFormula(llvm::ArrayRef<Dim> amounts, const std::vector<SymbolInfo> &symbols);

/// Leaves out what another one is never below.
void dropSmaller(std::vector<Dim> &amounts);
/// A polynomial that is never below `dim` rounded up to a multiple of 64.
Dim roundedUp(const Dim &dim);
/// No value of `dim` is above this one, for symbols from 1 to their bounds. nullopt: some symbol is unbounded.
std::optional<int64_t> upperBound(const Dim &dim, const std::vector<SymbolInfo> &symbols);

/// Bytes of workspace that a plan needs, as polynomials whose greatest is never below the truth: the ends of its
/// buffers, rounded up where the scratch of further threads may follow.
std::vector<Dim> workspaceOf(PlanOp plan);

} // namespace batten
#endif // BATTEN_COMPILER_CODEGEN_FORMULA_H
