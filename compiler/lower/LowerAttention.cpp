// LowerAttention.cpp - attention becomes batten.attend, one op on plain tensors: linalg has no word for it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/lower/Lowering.h"

using namespace mlir;

namespace batten {

static int64_t greatest(const Dim &dim, const std::map<std::string, int64_t> &bounds);

/// Sizes are at least 0, so a quotient or a remainder is no greater than its dividend.
static int64_t greatest(const Atom &atom, const std::map<std::string, int64_t> &bounds) {
  if (atom.kind != Atom::Kind::Symbol)
    return greatest(atom.lhs, bounds);
  auto bound = bounds.find(atom.name);
  return bound == bounds.end() ? std::numeric_limits<int64_t>::max() : bound->second;
}

/// No value of `dim` is greater, as long as no symbol is greater than its bound. Terms that are taken away do not
/// count.
static int64_t greatest(const Dim &dim, const std::map<std::string, int64_t> &bounds) {
  int64_t sum = 0;
  bool overflows = dim.overflowed();
  for (const DimTerm &term : dim.terms()) {
    int64_t product = std::max<int64_t>(term.coefficient, 0);
    for (const Atom &factor : term.factors)
      overflows |= llvm::MulOverflow(product, greatest(factor, bounds), product);
    overflows |= llvm::AddOverflow(sum, product, sum);
  }
  return overflows ? std::numeric_limits<int64_t>::max() : sum;
}

LogicalResult lowerAttention(AttentionOp op, FunctionLowering &lowering) {
  TensorType result = op.getType();
  unsigned t = result.batchRank(), e = t + 1, s = t + 2, d = t + 3;
  OpBuilder &b = lowering.builder;
  SmallVector<AffineMap> maps;
  auto take = [&](Value source, ArrayRef<unsigned> core) -> Value {
    if (!source)
      return {};
    Input input = lowering.tensorInput(source, result.getBatch(), core);
    maps.push_back(AffineMap::getMultiDimMapWithTargets(d + 1, input.axes, b.getContext()));
    return input.tensor;
  };
  Value queries = take(op.getQ(), {t, d}), keys = take(op.getK(), {s, d}), values = take(op.getV(), {s, e});
  Value mask = take(op.getMask(), {t, s}), len = take(op.getLen(), {});
  Value init = lowering.empty(op.getLoc(), lowering.extents(result), storedAs(result.getElementType()));
  maps.push_back(AffineMap::getMultiDimMapWithTargets(d + 1, axisRange(0, t + 2), b.getContext()));
  auto symbols = lowering.target->getAttrOfType<ArrayAttr>("symbols");
  int64_t most = greatest(lowering.coreExtents(op.getK().getType())[0], upperBounds(symbols));
  auto attend = AttendOp::create(b, op.getLoc(), init.getType(), queries, keys, values, mask, len, init,
                                 b.getAffineMapArrayAttr(maps), op.getCausal() ? b.getUnitAttr() : UnitAttr(),
                                 b.getI64IntegerAttr(most), op.getScaleAttr());
  lowering.set(op, attend.getResult());
  return success();
}

} // namespace batten
