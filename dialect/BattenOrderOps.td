// BattenOrderOps.td - ops that depend on the order of elements along a dim: which is greatest, what came before.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_BATTENORDEROPS_TD
#define BATTEN_BATTENORDEROPS_TD

include "dialect/Batten.td"

def Batten_ArgmaxOp : Batten_TensorOp<"argmax", "(..)->(..)", [], ["flops"]> {
  let summary = "where the greatest element stands";
  let description = [{
    `y` is the least i with `x[i] = max(x)`, over the core dim at `dim`. NaN is greatest, -0 equals 0.

    Constraints:
    * (C1) `dim` is a position of the operand's core.
    * (C2) the result is i32, its core the operand's without that dim.

    ```mlir
    %y = batten.argmax %x dim 0 : (!batten.tensor<f32[B | 10]>) -> !batten.tensor<i32[B |]>
    ```
  }];
  let arguments = (ins Batten_NumberTensor:$x, I64Attr:$dim);
  let assemblyFormat = "$x `dim` $dim attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

#endif // BATTEN_BATTENORDEROPS_TD
