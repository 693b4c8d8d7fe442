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

def Batten_TopkOp : Batten_TensorOp<"topk", "(..)->(..),(..)", [], ["flops"]> {
  let summary = "the greatest elements and where they stand";
  let description = [{
    Of the n elements along the core dim at `dim` the k greatest, sorted, and their indices; k is the extent that the
    results have there. `values[j] = x[indices[j]]`, and `indices[j]` is the i with just j elements before it: those
    greater than `x[i]`, and those equal to it that stand first. NaN is greatest, -0 equals 0.

    Constraints:
    * (C1) `dim` is a position of the operand's core.
    * (C2) `values` has the operand's dtype, `indices` is i32.
    * (C3) both have the operand's core but for that dim, where they agree and have at most the operand's extent.

    ```mlir
    %v, %i = batten.topk %x dim 0 : (!batten.tensor<f32[B | 50257]>) -> (!batten.tensor<f32[B | 40]>, !batten.tensor<i32[B | 40]>)
    ```
  }];
  let arguments = (ins Batten_NumberTensor:$x, I64Attr:$dim);
  let results = (outs Batten_AnyTensor:$values, Batten_AnyTensor:$indices);
  let assemblyFormat = "$x `dim` $dim attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Batten_CumsumOp : Batten_TensorOp<"cumsum", "(..)->(..)", [], ["flops"]> {
  let summary = "sums of the first elements";
  let description = [{
    `y[i] = x[0] + .. + x[i]` along the core dim at `dim`. Integers and bools are summed in their accumulator, which the
    result keeps.

    Constraints:
    * (C1) `dim` is a position of the operand's core.
    * (C2) the result has the operand's core.
    * (C3) the result has the operand's dtype; of integers and bools that of their accumulator.

    ```mlir
    %y = batten.cumsum %x dim 0 : (!batten.tensor<i8[B | T, 3]>) -> !batten.tensor<i32[B | T, 3]>
    ```
  }];
  let arguments = (ins Batten_AnyTensor:$x, I64Attr:$dim);
  let assemblyFormat = "$x `dim` $dim attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

#endif // BATTEN_BATTENORDEROPS_TD
