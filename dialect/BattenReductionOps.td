// BattenReductionOps.td - reductions over core dims, over batch dims, and what is made of them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_BATTENREDUCTIONOPS_TD
#define BATTEN_BATTENREDUCTIONOPS_TD

include "dialect/Batten.td"

def Batten_ReductionKind : Batten_OneOf<["sum", "mean", "max", "min", "var", "any", "all"]>;

def Batten_ReduceOp : Batten_TensorOp<"reduce", "(..)->(..)", [], ["flops"]> {
  let summary = "one number from many, within a position";
  let description = [{
    `y[j] = kind over i of x[i,j]`, where i runs over the core dims at `dims` (ascending positions). `var` divides by
    `n - correction`. A sum of bool, i8 or u8 is i32.

    Constraints:
    * (C1) `dims` are ascending positions of the operand's core, at least one.
    * (C2) the result's core is the operand's without them.
    * (C3) mean and var take floats, any and all bools, max and min numbers; the result has the operand's dtype. A sum's
      dtype is the operand's or its accumulator's.
    * (C4) only `var` has a correction; it is 0 or 1.

    ```mlir
    %y = batten.reduce "mean" %x dims [0, 1] : (!batten.tensor<f32[B | 28, 28, 3]>) -> !batten.tensor<f32[B | 3]>
    ```
  }];
  let arguments = (ins Batten_ReductionKind:$kind, Batten_AnyTensor:$x, DenseI64ArrayAttr:$dims,
                       DefaultValuedAttr<I64Attr, "0">:$correction);
  let assemblyFormat = "$kind $x `dims` $dims attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Batten_ReduceBatchOp : Batten_TensorOp<"reduce_batch", "(..)->(..)", ["verifyBatch", "mixedSymbols"], ["flops"]> {
  let summary = "one number from many positions: what `over batch` writes";
  let description = [{
    `y[j] = kind over b of x[b,j]`, where b runs over the batch dims named in `dims`. The result of no positions is the
    identity of the kind (NaN for mean and var). `var` divides by `n - correction`.

    Constraints:
    * (C1) `dims` are batch dims of the operand in its order, at least one.
    * (C2) the result's batch dims are the operand's without them, in order.
    * (C3) the result has the operand's core.
    * (C4) mean and var take floats, any and all bools, max and min numbers; the result has the operand's dtype. A sum's
      dtype is the operand's or its accumulator's.
    * (C5) only `var` has a correction; it is 0 or 1.

    ```mlir
    %y = batten.reduce_batch "sum" %x dims ["B"] : (!batten.tensor<f32[B, T | 8]>) -> !batten.tensor<f32[T | 8]>
    ```
  }];
  let arguments = (ins Batten_ReductionKind:$kind, Batten_AnyTensor:$x, StrArrayAttr:$dims,
                       DefaultValuedAttr<I64Attr, "0">:$correction);
  let assemblyFormat = "$kind $x `dims` $dims attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

class Batten_SoftmaxLikeOp<string mnemonic, string formula> : Batten_TensorOp<mnemonic, "(..)->(..)", [], ["flops"]> {
  let summary = formula;
  let description = "With `m = max(x)` over the core dim at `dim`: `" # formula # [{`. A row of -inf gives NaN.

    Constraints:
    * (C1) `dim` is a position of the operand's core.
    * (C2) the result has the dtype and the core of the operand.

    ```mlir
    %y = batten.}] # mnemonic # [{ %x dim 1 : (!batten.tensor<f32[B, H | T, T]>) -> !batten.tensor<f32[B, H | T, T]>
    ```
  }];
  let arguments = (ins Batten_FloatTensor:$x, I64Attr:$dim);
  let assemblyFormat = "$x `dim` $dim attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  // An element costs a max, a difference, an exponential, a sum and a quotient or a second difference.
  let extraClassDefinition = [{
    ::batten::Dim $cppClass::flops() { return ::batten::Dim::constant(5) * ::batten::oneOperationEach(*this); }
    ::llvm::LogicalResult $cppClass::verify() { return ::batten::verifySoftmax(*this, getDim()); }
  }];
}

def Batten_SoftmaxOp : Batten_SoftmaxLikeOp<"softmax", "y = exp(x - m) / sum(exp(x - m))">;
def Batten_LogSoftmaxOp : Batten_SoftmaxLikeOp<"log_softmax", "y = (x - m) - ln(sum(exp(x - m)))">;

def Batten_LayerNormOp : Batten_TensorOp<"layer_norm", "(n),(n),(n)->(n)", [], ["flops"]> {
  let summary = "shifts and scales a vector to mean 0 and variance 1, then by g and b";
  let description = [{
    `(n),(n),(n)->(n)`: `y = (x - mean(x)) / sqrt(var(x) + eps) * g + b`.

    Constraints:
    * (C1) operands and result have one dtype and one dim.

    ```mlir
    %y = batten.layer_norm %x, %g, %b eps 1.000000e-05 : (!batten.tensor<f32[B, T | 768]>, !batten.tensor<f32[| 768]>, !batten.tensor<f32[| 768]>) -> !batten.tensor<f32[B, T | 768]>
    ```
  }];
  let arguments = (ins Batten_FloatTensor:$x, Batten_FloatTensor:$g, Batten_FloatTensor:$b, F64Attr:$eps);
  let assemblyFormat = "$x `,` $g `,` $b `eps` $eps attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Batten_RmsNormOp : Batten_TensorOp<"rms_norm", "(n),(n)->(n)", [], ["flops"]> {
  let summary = "scales a vector to root mean square 1, then by g";
  let description = [{
    `(n),(n)->(n)`: `y = x / sqrt(mean(x^2) + eps) * g`.

    Constraints:
    * (C1) operands and result have one dtype and one dim.

    ```mlir
    %y = batten.rms_norm %x, %g eps 1.000000e-05 : (!batten.tensor<f32[B, T | 768]>, !batten.tensor<f32[| 768]>) -> !batten.tensor<f32[B, T | 768]>
    ```
  }];
  let arguments = (ins Batten_FloatTensor:$x, Batten_FloatTensor:$g, F64Attr:$eps);
  let assemblyFormat = "$x `,` $g `eps` $eps attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

#endif // BATTEN_BATTENREDUCTIONOPS_TD
