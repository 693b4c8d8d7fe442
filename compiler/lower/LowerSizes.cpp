// LowerSizes.cpp - dim polynomials as arithmetic on the symbol arguments; see Lowering.h.
//
// Everything stands at the head of the function, in order of first use, so that each size is computed once and
// dominates all its uses. No size is ever read back from a tensor: a second name for a size is a second truth.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/lower/Lowering.h"
#include "dialect/DimArithmetic.h"

using namespace mlir;

namespace batten {

SizeBuilder::SizeBuilder(func::FuncOp function)
    : builder(OpBuilder::atBlockBegin(&function.getBody().front())), loc(function.getLoc()) {
  for (BlockArgument argument : function.getArguments())
    if (auto name = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), attr::symbol))
      symbols[name.str()] = argument;
}

Value SizeBuilder::value(const Dim &dim) {
  auto found = made.find(dim);
  if (found == made.end())
    found = made.emplace(dim, compute(dim)).first;
  return found->second;
}

OpFoldResult SizeBuilder::size(const Dim &dim) {
  if (std::optional<int64_t> number = dim.constantValue())
    return builder.getIndexAttr(*number);
  return value(dim);
}

SmallVector<OpFoldResult> SizeBuilder::sizes(ArrayRef<Dim> dims) {
  return llvm::map_to_vector(dims, [&](const Dim &dim) { return size(dim); });
}

Value SizeBuilder::constant(int64_t number) { return arith::ConstantIndexOp::create(builder, loc, number); }

/// Positive terms first, so that no intermediate value is negative where the size is not.
Value SizeBuilder::compute(const Dim &dim) {
  if (std::optional<int64_t> number = dim.constantValue())
    return constant(*number);
  Value sum;
  for (const DimTerm &term : dim.terms())
    if (term.coefficient > 0)
      sum = sum ? arith::AddIOp::create(builder, loc, sum, product(term)).getResult() : product(term);
  for (const DimTerm &term : dim.terms())
    if (term.coefficient < 0) {
      if (!sum)
        sum = value(Dim::constant(0));
      sum = arith::SubIOp::create(builder, loc, sum, product({-term.coefficient, term.factors}));
    }
  return sum;
}

Value SizeBuilder::product(const DimTerm &term) {
  Value result = term.coefficient == 1 && !term.factors.empty() ? Value() : value(Dim::constant(term.coefficient));
  for (const Atom &atom : term.factors)
    result = result ? arith::MulIOp::create(builder, loc, result, factor(atom)).getResult() : factor(atom);
  return result;
}

Value SizeBuilder::factor(const Atom &atom) {
  if (atom.kind == Atom::Kind::Symbol)
    return symbols.at(atom.name);
  return buildAtom(builder, loc, atom, value(atom.lhs), value(atom.rhs));
}

} // namespace batten
