// BattenGatherOps.td - rows picked and rows replaced by number, and the rotation by a position.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_BATTENGATHEROPS_TD
#define BATTEN_BATTENGATHEROPS_TD

include "dialect/Batten.td"

def Batten_EmbedOp : Batten_TensorOp<"embed", "(v,d),()->(d)", [], ["bytes"]> {
  let summary = "one row of a table";
  let description = [{
    `(v,d),()->(d)`: `y[j] = table[id,j]`. Where `id` is outside `0..v-1` the row is NaN, of integers and bools 0.

    Constraints:
    * (C1) the result's core is the second dim of the table.
    * (C2) the result has the table's dtype.

    ```mlir
    %y = batten.embed %table, %id : (!batten.tensor<f32[| 50257, 768]>, !batten.tensor<i32[B, T |]>) -> !batten.tensor<f32[B, T | 768]>
    ```
  }];
  let arguments = (ins Batten_AnyTensor:$table, Batten_IntegerTensor:$id);
  let assemblyFormat = "$table `,` $id attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Batten_UpdateOp : Batten_TensorOp<"update", "(s,d),(d),()->(s,d)", [], ["bytes"]> {
  let summary = "a matrix with one row replaced";
  let description = [{
    `(s,d),(d),()->(s,d)`: `y[i,j] = i == at ? row[j] : c[i,j]`. Where `at` is outside `0..s-1` the result is `c`.

    Constraints:
    * (C1) the result has the dtype and the core of c.
    * (C2) the row has the dtype and the second dim of c.

    ```mlir
    %y = batten.update %c, %row, %at : (!batten.tensor<f32[B, H | 4096, 64]>, !batten.tensor<f32[B, H | 64]>, !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B, H | 4096, 64]>
    ```
  }];
  let arguments = (ins Batten_AnyTensor:$c, Batten_AnyTensor:$row, Batten_IntegerTensor:$at);
  let assemblyFormat = "$c `,` $row `,` $at attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Batten_RopeOp : Batten_TensorOp<"rope", "(d),()->(d)", [], ["flops"]> {
  let summary = "pairs of elements rotated by a position";
  let description = [{
    `(d),()->(d)`: with `a = at * base^(-2i/d)`, the pair `(x1, x2)` number i becomes
    `(x1 cos a - x2 sin a, x1 sin a + x2 cos a)`. Pair i is `(x[i], x[i + d/2])`, or `(x[2i], x[2i + 1])` where
    `interleaved`.

    Constraints:
    * (C1) the result has the dtype and the core of x.
    * (C2) d is even.
    * (C3) the base is above 0.

    ```mlir
    %y = batten.rope %x, %at base 1.000000e+04 interleaved false : (!batten.tensor<f32[B, H | 64]>, !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B, H | 64]>
    ```
  }];
  let arguments = (ins Batten_FloatTensor:$x, Batten_IntegerTensor:$at, F64Attr:$base, BoolAttr:$interleaved);
  let assemblyFormat = "$x `,` $at `base` $base `interleaved` $interleaved attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

#endif // BATTEN_BATTENGATHEROPS_TD
