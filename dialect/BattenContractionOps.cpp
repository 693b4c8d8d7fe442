// BattenContractionOps.cpp - costs and checks of matmul, linear, outer and transpose.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Batten.h"

using namespace mlir;
using namespace batten;

//===- matmul -------------------------------------------------------------------------------------------------------===//

Dim MatmulOp::depth() { return getLhs().getType().coreDims().back(); }
Dim MatmulOp::flops() { return Dim::constant(2) * getResult().getType().numElements() * depth(); }

//===- linear -------------------------------------------------------------------------------------------------------===//

std::optional<unsigned> LinearOp::operandCoreRank(unsigned i) { return i == 1 ? 2 : 1; }

Dim LinearOp::flops() {
  Dim elements = getResult().getType().numElements();
  Dim products = Dim::constant(2) * elements * getX().getType().coreDim(0);
  return getB() ? products + elements : products;
}

//===- outer --------------------------------------------------------------------------------------------------------===//

std::optional<unsigned> OuterOp::operandCoreRank(unsigned) { return 1; }
Dim OuterOp::flops() { return getResult().getType().numElements(); }

//===- transpose ----------------------------------------------------------------------------------------------------===//

std::optional<unsigned> TransposeOp::operandCoreRank(unsigned) { return 2; }
