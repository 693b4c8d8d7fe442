// BattenLossOps.td - losses, one number a position, and the squared norm of a tree of weights.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_BATTENLOSSOPS_TD
#define BATTEN_BATTENLOSSOPS_TD

include "dialect/Batten.td"

def Batten_CrossEntropyOp : Batten_TensorOp<"cross_entropy", "(c),()->()", [], ["flops"]> {
  let summary = "minus the logarithm of the probability that logits give to a class";
  let description = [{
    `(c),()->()`: `l = ln(sum(exp(x))) - x[y]`, with the maximum of x taken away first. NaN where y is not in 0..c-1.

    Constraints:
    * (C1) the result has the dtype of x and an empty core.

    ```mlir
    %l = batten.cross_entropy %x, %y : (!batten.tensor<f32[B, T | 50257]>, !batten.tensor<i32[B, T |]>) -> !batten.tensor<f32[B, T |]>
    ```
  }];
  let arguments = (ins Batten_FloatTensor:$x, Batten_IntegerTensor:$y);
  let assemblyFormat = "$x `,` $y attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Batten_MseOp : Batten_TensorOp<"mse", "(n),(n)->()", [], ["flops"]> {
  let summary = "mean of squared differences";
  let description = [{
    `(n),(n)->()`: `l = mean over i of (a[i] - b[i])^2`.

    Constraints:
    * (C1) a and b have one dtype and one dim.
    * (C2) the result has their dtype and an empty core.

    ```mlir
    %l = batten.mse %a, %b : (!batten.tensor<f32[B | 10]>, !batten.tensor<f32[B | 10]>) -> !batten.tensor<f32[B |]>
    ```
  }];
  let arguments = (ins Batten_FloatTensor:$a, Batten_FloatTensor:$b);
  let assemblyFormat = "$a `,` $b attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Batten_BceOp : Batten_TensorOp<"bce", "(),()->()", [], ["flops"]> {
  let summary = "binary cross entropy of a logit";
  let description = [{
    `(),()->()`: `l = -y ln(sigmoid(x)) - (1 - y) ln(1 - sigmoid(x))`, computed as `max(x, 0) - x y + ln(1 + exp(-|x|))`.

    Constraints:
    * (C1) x and y have one dtype.
    * (C2) the result has it too, and an empty core.

    ```mlir
    %l = batten.bce %x, %y : (!batten.tensor<f32[B |]>, !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B |]>
    ```
  }];
  let arguments = (ins Batten_FloatTensor:$x, Batten_FloatTensor:$y);
  let assemblyFormat = "$x `,` $y attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Batten_SqNormOp : Batten_TensorOp<"sq_norm", "(..)->()", [], ["flops"]> {
  let summary = "sum of the squares of all elements of a tree's leaves";
  let description = [{
    `(..),..->()`: `y = sum over leaves, over their core elements, of x^2`.

    Constraints:
    * (C1) at least one leaf; all have one dtype.
    * (C2) the result has their dtype and an empty core.

    ```mlir
    %y = batten.sq_norm %w, %b : (!batten.tensor<f32[| 5, 10]>, !batten.tensor<f32[| 5]>) -> !batten.tensor<f32[|]>
    ```
  }];
  let arguments = (ins Variadic<Batten_FloatTensor>:$leaves);
  let assemblyFormat = "$leaves attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

#endif // BATTEN_BATTENLOSSOPS_TD
