// BattenShapeOps.td - ops that make tensors or only move elements.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_BATTENSHAPEOPS_TD
#define BATTEN_BATTENSHAPEOPS_TD

include "dialect/Batten.td"

def Batten_ConstantOp : Batten_TensorOp<"constant", "->(..)", [], [],
                                        [ConstantLike, AllTypesMatch<["value", "result"]>/*constant_c1*/]> {
  let summary = "a literal";
  let description = [{
    `y[..] = value[..]`.

    Constraints:
    * (C1) the value has the result's type; so it has no batch dims and a static core.

    ```mlir
    %c = batten.constant dense<5.000000e-01> : !batten.tensor<f32[|]>
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

def Batten_FillOp : Batten_TensorOp<"fill", "()->(..)", ["verifyBatch"]> {
  let summary = "a scalar repeated into every place of the result";
  let description = [{
    `y[..] = x`, into any batch dims and any core.

    Constraints:
    * (C1) the operand has no batch dims and an empty core.
    * (C2) the result has the operand's dtype.

    ```mlir
    %y = batten.fill %x : (!batten.tensor<f32[|]>) -> !batten.tensor<f32[B, T | 8]>
    ```
  }];
  let arguments = (ins Batten_AnyTensor:$x);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Batten_DimOp : Batten_TensorOp<"dim", "->()"> {
  let summary = "a bounded dim used as a number";
  let description = [{
    `y = value(T, ..)`: what the polynomial is at the sizes of the call, converted to the result's dtype. What follows
    from it depends on the size, so positions of its symbols count as mixed.

    Constraints:
    * (C1) the result is one number: no batch dims, an empty core.
    * (C2) the polynomial is over bounded symbols of the function.

    ```mlir
    %n = batten.dim "T" : !batten.tensor<f32[|]>
    ```
  }];
  let arguments = (ins Batten_DimAttr:$value);
  let assemblyFormat = "$value attr-dict `:` qualified(type($result))";
  let hasVerifier = 1;
}

def Batten_IotaOp : Batten_TensorOp<"iota", "->(n)"> {
  let summary = "0, 1, 2, ...";
  let description = [{
    `y[i] = i`.

    Constraints:
    * (C1) the result is i32 with one core dim and no batch dims.

    ```mlir
    %y = batten.iota : !batten.tensor<i32[| T]>
    ```
  }];
  let assemblyFormat = "attr-dict `:` qualified(type($result))";
  let hasVerifier = 1;
}

def Batten_RearrangeOp : Batten_TensorOp<"rearrange", "(..)->(..)", ["verifyBatch", "mixedSymbols"]> {
  let summary = "splits, permutes and joins dims; the only way across the bar";
  let description = [{
    `splits` gives for each core dim of the operand the factors that it splits into, row-major (one factor: as it is).
    Result dims, before joining, are numbered by `permutation`: position i comes from dim `permutation[i]` of the
    operand's batch dims followed by all factors. The first ones, as many as the result has batch dims, are the result's
    batch; the others are joined into its core dims, `joins[c]` consecutive ones for core dim c (0: a new dim of size 1).
    `y[s[permutation[0]], s[permutation[1]], ..] = x[s[0], s[1], ..]`, where positions in split and joined dims are those
    of their factors, row-major: `i0*n1 + i1` of two.

    Constraints:
    * (C1) one list of factors for each core dim of the operand, and their product is that dim.
    * (C2) `permutation` is a permutation of the operand's batch dims and all factors.
    * (C3) each core dim of the result is the product of the dims it joins; `joins` uses up all of them.
    * (C4) a batch dim of the result stands for a dim of its size: a batch dim that stays, or a factor equal to it.
    * (C5) an unbounded batch dim stays a batch dim.
    * (C6) the result has the operand's dtype.

    ```mlir
    %h = batten.rearrange %x splits [["H", "64"]] permutation [0, 2, 1, 3] joins [1, 1] : (!batten.tensor<f32[B, T | 512]>) -> !batten.tensor<f32[B, H | T, 64]>
    ```
  }];
  let arguments = (ins Batten_AnyTensor:$x, Batten_DimArraysAttr:$splits, DenseI64ArrayAttr:$permutation,
                       DenseI64ArrayAttr:$joins);
  let assemblyFormat = [{
    $x `splits` $splits `permutation` $permutation `joins` $joins attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let moreDeclarations = [{
    /// The operand's batch dims, then every factor: what `permutation` numbers.
    ::llvm::SmallVector<::batten::Dim> sourceDims();
  }];
}

def Batten_SliceOp : Batten_TensorOp<"slice", "(..)->(..)"> {
  let summary = "a range of each core dim";
  let description = [{
    `y[i..] = x[offset + i ..]`: a range of each core dim; those in `dropped` (ascending positions, size 1) vanish from
    the result, as an index does.

    Constraints:
    * (C1) one offset and one size for each core dim.
    * (C2) where numbers: `0 <= offset` and `offset + size <= dim`.
    * (C3) `dropped` are ascending positions of dims whose size is 1.
    * (C4) the result has the operand's dtype, and the sizes that are not dropped as its core.

    ```mlir
    %y = batten.slice %x offsets ["64", "0"] sizes ["1", "T"] dropped [0] : (!batten.tensor<f32[B | 128, T]>) -> !batten.tensor<f32[B | T]>
    ```
  }];
  let arguments = (ins Batten_AnyTensor:$x, Batten_DimArrayAttr:$offsets, Batten_DimArrayAttr:$sizes,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$dropped);
  let assemblyFormat = [{
    $x `offsets` $offsets `sizes` $sizes (`dropped` $dropped^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Batten_ConcatOp : Batten_TensorOp<"concat", "(..)->(..)"> {
  let summary = "operands side by side on the last core dim";
  let description = [{
    `y[.., o + j] = x[.., j]` for each operand x, where o is the sum of the last dims of those before it.

    Constraints:
    * (C1) operands and result have one dtype, and equal cores but for the last dim.
    * (C2) the last dim of the result is the sum of the operands' last dims.

    ```mlir
    %y = batten.concat %a, %b : (!batten.tensor<f32[B | 3]>, !batten.tensor<f32[| 5]>) -> !batten.tensor<f32[B | 8]>
    ```
  }];
  let arguments = (ins Variadic<Batten_AnyTensor>:$operands);
  let assemblyFormat = "$operands attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Batten_StackOp : Batten_TensorOp<"stack", "(..)->(..)"> {
  let summary = "operands one after another in a new first core dim";
  let description = [{
    `y[k, ..] = x[..]`, where x is operand k.

    Constraints:
    * (C1) operands have one dtype and one core.
    * (C2) the result's core is the number of operands, then their core.

    ```mlir
    %y = batten.stack %a, %b : (!batten.tensor<f32[B |]>, !batten.tensor<f32[|]>) -> !batten.tensor<f32[B | 2]>
    ```
  }];
  let arguments = (ins Variadic<Batten_AnyTensor>:$operands);
  let assemblyFormat = "$operands attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Batten_SpreadOp : Batten_TensorOp<"spread", "(..)->(..)", ["verifyBatch"]> {
  let summary = "repeats positions into more batch dims";
  let description = [{
    `y(b, t)[..] = x(b)[..]` at every t, where T are the batch dims that only the result has.

    Constraints:
    * (C1) the operand's batch dims are an in-order sublist of the result's.
    * (C2) the result has the dtype and the core of the operand.

    ```mlir
    %y = batten.spread %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B, T | 8]>
    ```
  }];
  let arguments = (ins Batten_AnyTensor:$x);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

#endif // BATTEN_BATTENSHAPEOPS_TD
