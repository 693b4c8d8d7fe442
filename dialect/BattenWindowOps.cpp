// BattenWindowOps.cpp - costs and checks of conv2d and the pools.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Checks.h"

using namespace mlir;
using namespace batten;

/// How many windows of `kernel` taps, `dilation` apart, fit into `in` elements with `pad` on both sides.
static Dim windows(const Dim &in, const Dim &kernel, int64_t stride, int64_t pad, int64_t dilation) {
  Dim one = Dim::constant(1);
  Dim free = in + Dim::constant(2 * pad) - Dim::constant(dilation) * (kernel - one) - one;
  return Dim::floorDiv(free, Dim::constant(stride)) + one;
}

//===- conv2d -----------------------------------------------------------------------------------------------------===//

Dim Conv2dOp::flops() {
  Dim elements = getResult().getType().numElements();
  SmallVector<Dim> w = getW().getType().coreDims();
  Dim products = Dim::constant(2) * elements * w[1] * w[2] * w[3];
  return getB() ? products + elements : products;
}

LogicalResult Conv2dOp::verify() {
  SmallVector<Dim> x = getX().getType().coreDims(), w = getW().getType().coreDims();
  int64_t stride = getStride(), pad = getPad(), dilation = getDilation(), groups = getGroups();
  // conv2d_c1
  if (stride < 1 || dilation < 1 || groups < 1 || pad < 0)
    return emitOpError("needs a stride, dilation and groups of at least 1 and a pad of at least 0");
  // conv2d_c2
  if (Dim channels = w[1] * Dim::constant(groups); !agree(*this, x[0], channels))
    return emitOpError("takes ") << channels.str() << " channels in " << groups << " groups, x has " << x[0].str();
  if (Dim rest = Dim::modulo(w[0], Dim::constant(groups)); rest.isConstant() && !rest.isConstant(0))
    return emitOpError("has ") << w[0].str() << " outputs, which " << groups << " groups do not divide";
  // conv2d_c3
  Dim expected[] = {w[0], windows(x[1], w[2], stride, pad, dilation), windows(x[2], w[3], stride, pad, dilation)};
  if (SmallVector<Dim> core = getResult().getType().coreDims(); !agree(*this, core, expected))
    return emitOpError("makes core ") << listText(expected) << ", the result has " << listText(core);
  if (getB() && !agree(*this, getB().getType().coreDims(), w[0]))
    return emitOpError("has ") << w[0].str() << " outputs, the bias has " << listText(getB().getType().coreDims());
  // conv2d_c4
  return verifyProductDtypes(*this, getX(), getW(), getB());
}

//===- Pools ------------------------------------------------------------------------------------------------------===//

LogicalResult batten::verifyPool(Operation *op, int64_t k, int64_t stride) {
  SmallVector<Dim> x = tensorType(op->getOperand(0)).coreDims(), core = tensorType(op->getResult(0)).coreDims();
  // max_pool2d_c1 avg_pool2d_c1
  if (k < 1 || stride < 1)
    return op->emitOpError("needs k and a stride of at least 1");
  // max_pool2d_c2 avg_pool2d_c2
  Dim side = Dim::constant(k);
  Dim expected[] = {x[0], windows(x[1], side, stride, 0, 1), windows(x[2], side, stride, 0, 1)};
  if (!agree(op, core, expected))
    return op->emitOpError("makes core ") << listText(expected) << ", the result has " << listText(core);
  return verifyDtypeKept(op);
}
