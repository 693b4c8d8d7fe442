// BattenAttentionOps.td - attention: queries meet keys, and what they see is mixed from the values.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_BATTENATTENTIONOPS_TD
#define BATTEN_BATTENATTENTIONOPS_TD

include "dialect/Batten.td"

def Batten_AttentionOp : Batten_TensorOp<"attention", "(t,d),(s,d),(s,e)->(t,e)", [], ["flops"]> {
  let summary = "each query's mean of the values, weighted by the softmax of its products with the keys";
  let description = [{
    `(t,d),(s,d),(s,e)->(t,e)`: with `p[i,j] = scale * sum over c of q[i,c] * k[j,c]`, `y[i,e] = sum over j of
    softmax(p[i])[j] * v[j,e]`, where j runs over the keys that query i sees. `scale` is `1 / sqrt(d)` unless it is given.

    `optional` says which operands follow v: `mask` (t,s), true where a key may be seen; `len` (), the number of keys
    that there are. With `causal` query i sees key j where `j <= i + s - t`: the last query is aligned with the last key,
    whatever `len` is. A key that any of them hides has no influence, whatever it holds; a query that sees none gives 0.

    Constraints:
    * (C1) q, k, v and the result have one dtype.
    * (C2) q and k have the same d, k and v the same s.
    * (C3) the result's core is the t of q, then the e of v.
    * (C4) `optional` names each operand after v, `mask` before `len`.
    * (C5) the mask is bool of core (t, s), the length i32 of an empty core.

    ```mlir
    %y = batten.attention %q, %k, %v {causal = true, optional = []} : (!batten.tensor<f32[B, H | T, 64]>, !batten.tensor<f32[B, H | T, 64]>, !batten.tensor<f32[B, H | T, 64]>) -> !batten.tensor<f32[B, H | T, 64]>
    ```
  }];
  let arguments = (ins Batten_FloatTensor:$q, Batten_FloatTensor:$k, Batten_FloatTensor:$v,
                       Variadic<Batten_AnyTensor>:$others, BoolAttr:$causal, StrArrayAttr:$optional,
                       OptionalAttr<F64Attr>:$scale);
  let assemblyFormat = "$q `,` $k `,` $v (`,` $others^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let moreDeclarations = [{
    /// The operand that `optional` calls `mask`, `len`; null where it is left out.
    ::mlir::Value getMask() { return other("mask"); }
    ::mlir::Value getLen() { return other("len"); }
    ::mlir::Value other(::llvm::StringRef name);
  }];
}

#endif // BATTEN_BATTENATTENTIONOPS_TD
