// BattenTensorOps.td - what linalg has no word for: ops of the linalg form on plain tensors, in destination-passing
// style. Each is a group of its own with a kernel builder of its own.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_BATTENTENSOROPS_TD
#define BATTEN_BATTENTENSOROPS_TD

include "dialect/Batten.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"

/// The last operand is the destination.
class Batten_DestinationOp<string mnemonic, list<Trait> traits = []>
    : Batten_Op<mnemonic, !listconcat([Pure, DestinationStyleOpInterface], traits)> {
  let results = (outs AnyRankedTensor:$result);
  code moreDeclarations = "";
  let extraClassDeclaration = "::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }\n" #
                              moreDeclarations;
}

def Batten_GatherRowsOp : Batten_DestinationOp<"gather_rows"> {
  let summary = "rows of tables, by number";
  let description = [{
    `y[l.., j] = table[t.., id[i..], j]`, where l.. are all loops, t.. those at `table_axes` and i.. those at
    `id_axes`. A row whose number is outside of the table is NaN, of integers 0.

    Constraints:
    * (C1) the result has one dim a loop and the row's; the table has one an axis, the number's and the row's; the
      numbers one an axis.
    * (C2) axes are ascending and below the number of loops.
    * (C3) the table has the result's elements, the numbers are i8, i32 or i64.

    ```mlir
    %y = batten.gather_rows %table axes [] at %id axes [0, 1] into %init : (tensor<9x64xf32>, tensor<?x?xi32>, tensor<?x?x64xf32>) -> tensor<?x?x64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$table, AnyRankedTensor:$id, AnyRankedTensor:$init,
                       DenseI64ArrayAttr:$table_axes, DenseI64ArrayAttr:$id_axes);
  let assemblyFormat = [{
    $table `axes` $table_axes `at` $id `axes` $id_axes `into` $init attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Batten_UpdateRowsOp : Batten_DestinationOp<"update_rows"> {
  let summary = "one row a loop replaced in the destination";
  let description = [{
    `y = init`, but for `y[l.., at[a..], j] = row[r.., j]`, where l.. are all loops, r.. those at `row_axes` and a..
    those at `at_axes`. Where `at` is outside of the rows nothing is replaced. The result lies where the destination
    lay: an update that has to leave its destination as it is does not come here.

    Constraints:
    * (C1) the destination has one dim a loop, the number's and the row's; the row one an axis and the row's; the
      numbers one an axis.
    * (C2) axes are ascending and below the number of loops.
    * (C3) the row has the destination's elements, the numbers are i8, i32 or i64.

    ```mlir
    %y = batten.update_rows %row axes [0, 1] at %at axes [0] into %c : (tensor<?x8x64xf32>, tensor<?xi32>, tensor<?x8x4096x64xf32>) -> tensor<?x8x4096x64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$row, AnyRankedTensor:$at, AnyRankedTensor:$init,
                       DenseI64ArrayAttr:$row_axes, DenseI64ArrayAttr:$at_axes);
  let assemblyFormat = [{
    $row `axes` $row_axes `at` $at `axes` $at_axes `into` $init attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Batten_AttendOp : Batten_DestinationOp<"attend", [AttrSizedOperandSegments]> {
  let summary = "attention on plain tensors";
  let description = [{
    What `batten.attention` is, over the loops `(batch.., t, e, s, d)`: dim i of an operand runs along the loop that its
    map in `indexing_maps` (of q, k, v, mask, len, init, as far as they are there) names. There are never more than
    `max_keys` keys.

    Constraints:
    * (C1) every operand has a map, of its rank.

    ```mlir
    %y = batten.attend %q, %k, %v into %init {causal, indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d3, d2)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2)>], max_keys = 7 : i64} : (tensor<?x3x8xf32>, tensor<?x7x8xf32>, tensor<?x7x5xf32>, tensor<?x3x5xf32>) -> tensor<?x3x5xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$q, AnyRankedTensor:$k, AnyRankedTensor:$v, Optional<AnyRankedTensor>:$mask,
                       Optional<AnyRankedTensor>:$len, AnyRankedTensor:$init, AffineMapArrayAttr:$indexing_maps,
                       UnitAttr:$causal, I64Attr:$max_keys, OptionalAttr<F64Attr>:$scale);
  let assemblyFormat = [{
    $q `,` $k `,` $v (`mask` $mask^)? (`len` $len^)? `into` $init attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let moreDeclarations = [{
    /// The loops that the dims of this operand run along.
    ::mlir::AffineMap mapOf(::mlir::OpOperand &operand);
  }];
}

def Batten_ScanOp : Batten_DestinationOp<"scan"> {
  let summary = "sums of the first elements along a dim";
  let description = [{
    `init[.., i, ..] = x[.., 0, ..] + .. + x[.., i, ..]`, i along `dim`, in the order that dialect/NUMERICS.md gives for
    cumsum. `is_unsigned` says how narrow integers of x are extended.

    Constraints:
    * (C1) x, init and the result have one shape, and `dim` is a dim of it.

    ```mlir
    %y = batten.scan %x into %init dim 1 : (tensor<?x100xf32>, tensor<?x100xf32>) -> tensor<?x100xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$x, AnyRankedTensor:$init, I64Attr:$dim, UnitAttr:$is_unsigned);
  let assemblyFormat = "$x `into` $init `dim` $dim attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Batten_GreatestOp : Batten_Op<"greatest", [Pure, DestinationStyleOpInterface]> {
  let summary = "the greatest elements along a dim and where they stand";
  let description = [{
    The first init gets the k greatest elements of x along `dim`, the second their indices there; see topk. k is the
    extent of the inits.

    Constraints:
    * (C1) x and the inits have one rank, and `dim` is a dim of it; the inits are two, of one shape.

    ```mlir
    %v, %i = batten.greatest %x into %values, %indices dim 1 : (tensor<?x100xf32>, tensor<?x5xf32>, tensor<?x5xi32>) -> (tensor<?x5xf32>, tensor<?x5xi32>)
    ```
  }];
  let arguments = (ins AnyRankedTensor:$x, Variadic<AnyRankedTensor>:$inits, I64Attr:$dim, UnitAttr:$is_unsigned);
  let results = (outs AnyRankedTensor:$values, AnyRankedTensor:$indices);
  let assemblyFormat = "$x `into` $inits `dim` $dim attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let extraClassDeclaration = "::mlir::MutableOperandRange getDpsInitsMutable() { return getInitsMutable(); }";
}

#endif // BATTEN_BATTENTENSOROPS_TD
