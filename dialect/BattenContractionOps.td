// BattenContractionOps.td - sums of products, and the transpose that goes with them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_BATTENCONTRACTIONOPS_TD
#define BATTEN_BATTENCONTRACTIONOPS_TD

include "dialect/Batten.td"

def Batten_MatmulOp : Batten_TensorOp<"matmul", "(m,k),(k,n)->(m,n); (k),(k,n)->(n); (m,k),(k)->(m); (k),(k)->()",
                                      [], ["flops"]> {
  let summary = "product of matrices or vectors, by the core ranks";
  let description = [{
    By core ranks: `(m,k),(k,n)->(m,n)`: `y[m,n] = sum over k of a[m,k] * b[k,n]`; `(k),(k,n)->(n)`; `(m,k),(k)->(m)`;
    `(k),(k)->()`. The accumulator is f32 for f16, bf16 and f32, i32 for bool, i8, u8 and i32, else the operands' dtype;
    the sum is rounded once to the result's.

    Constraints:
    * (C1) each operand has core rank 1 or 2.
    * (C2) the two contracted dims are equal.
    * (C3) the result's core is what is left of the operands' cores.
    * (C4) the operands have one dtype; the result's is a float if theirs is, else an integer.

    ```mlir
    %y = batten.matmul %x, %w : (!batten.tensor<f32[B, T | 512]>, !batten.tensor<f32[| 512, 64]>) -> !batten.tensor<f32[B, T | 64]>
    ```
  }];
  let arguments = (ins Batten_AnyTensor:$lhs, Batten_AnyTensor:$rhs);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let moreDeclarations = [{
    /// The contracted dim.
    ::batten::Dim depth();
  }];
}

def Batten_LinearOp : Batten_TensorOp<"linear", "(i),(o,i),(o)->(o)", [], ["flops"]> {
  let summary = "x times a transposed weight, plus a bias";
  let description = [{
    `(i),(o,i),(o)->(o)`: `y[o] = (sum over i of x[i] * w[o,i]) + b[o]`; the bias may be left out.

    Constraints:
    * (C1) the second dim of w is the dim of x.
    * (C2) the result and the bias have the first dim of w.
    * (C3) the operands have one dtype; the result's is a float if theirs is, else an integer.

    ```mlir
    %y = batten.linear %x, %w, %b : (!batten.tensor<f32[B | 10]>, !batten.tensor<f32[| 5, 10]>, !batten.tensor<f32[| 5]>) -> !batten.tensor<f32[B | 5]>
    ```
  }];
  let arguments = (ins Batten_AnyTensor:$x, Batten_AnyTensor:$w, Optional<Batten_AnyTensor>:$b);
  let assemblyFormat = "$x `,` $w (`,` $b^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Batten_OuterOp : Batten_TensorOp<"outer", "(m),(n)->(m,n)", [], ["flops"]> {
  let summary = "all products of two vectors' elements";
  let description = [{
    `(m),(n)->(m,n)`: `y[m,n] = a[m] * b[n]`.

    Constraints:
    * (C1) the result's core is the dim of a, then that of b.
    * (C2) operands and result have one dtype.

    ```mlir
    %y = batten.outer %a, %b : (!batten.tensor<f32[B | 3]>, !batten.tensor<f32[B | 4]>) -> !batten.tensor<f32[B | 3, 4]>
    ```
  }];
  let arguments = (ins Batten_NumberTensor:$lhs, Batten_NumberTensor:$rhs);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Batten_TransposeOp : Batten_TensorOp<"transpose", "(m,n)->(n,m)"> {
  let summary = "swaps the two core dims";
  let description = [{
    `(m,n)->(n,m)`: `y[n,m] = x[m,n]`.

    Constraints:
    * (C1) the result has the operand's dtype and its core dims swapped.

    ```mlir
    %y = batten.transpose %x : (!batten.tensor<f32[B | T, 64]>) -> !batten.tensor<f32[B | 64, T]>
    ```
  }];
  let arguments = (ins Batten_AnyTensor:$x);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

#endif // BATTEN_BATTENCONTRACTIONOPS_TD
