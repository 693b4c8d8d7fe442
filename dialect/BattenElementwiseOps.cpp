// BattenElementwiseOps.cpp - costs and checks of the element-wise ops.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Batten.h"

using namespace mlir;
using namespace batten;

/// One operation an element of the result.
static Dim oneEach(Operation *op) { return cast<batten::TensorType>(op->getResult(0).getType()).numElements(); }

Dim NegOp::flops() { return oneEach(*this); }
Dim NotOp::flops() { return oneEach(*this); }
Dim ReluOp::flops() { return oneEach(*this); }
Dim GeluOp::flops() { return oneEach(*this); }
Dim SiluOp::flops() { return oneEach(*this); }
Dim TanhOp::flops() { return oneEach(*this); }
Dim SigmoidOp::flops() { return oneEach(*this); }
Dim ExpOp::flops() { return oneEach(*this); }
Dim LogOp::flops() { return oneEach(*this); }
Dim SqrtOp::flops() { return oneEach(*this); }
Dim RsqrtOp::flops() { return oneEach(*this); }
Dim SinOp::flops() { return oneEach(*this); }
Dim CosOp::flops() { return oneEach(*this); }
Dim AbsOp::flops() { return oneEach(*this); }
Dim SoftplusOp::flops() { return oneEach(*this); }
Dim CastOp::flops() { return oneEach(*this); }
Dim AddOp::flops() { return oneEach(*this); }
Dim SubOp::flops() { return oneEach(*this); }
Dim MulOp::flops() { return oneEach(*this); }
Dim DivOp::flops() { return oneEach(*this); }
Dim RemOp::flops() { return oneEach(*this); }
Dim PowOp::flops() { return oneEach(*this); }
Dim MaxOp::flops() { return oneEach(*this); }
Dim MinOp::flops() { return oneEach(*this); }
Dim AndOp::flops() { return oneEach(*this); }
Dim OrOp::flops() { return oneEach(*this); }
Dim EqOp::flops() { return oneEach(*this); }
Dim NeOp::flops() { return oneEach(*this); }
Dim LtOp::flops() { return oneEach(*this); }
Dim LeOp::flops() { return oneEach(*this); }
Dim GtOp::flops() { return oneEach(*this); }
Dim GeOp::flops() { return oneEach(*this); }
Dim SelectOp::flops() { return oneEach(*this); }
