// BattenPlanOps.td - what the schedule hands to code generation: which kernels run over which range, and where their
// tensors lie. A plan is a straight list; nothing in it branches.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_BATTENPLANOPS_TD
#define BATTEN_BATTENPLANOPS_TD

include "dialect/Batten.td"

def Batten_PlanOp : Batten_Op<"plan", [Symbol, IsolatedFromAbove, NoTerminator]> {
  let summary = "one C function as a list of launches";
  let description = [{
    Block arguments are the pointers: of an entry its inputs, then its results; of the bind function the weights in
    header order. `arguments` describes them for the header and the checks. `independent` lists the symbols whose
    positions never meet; `mixes` says for the others where they do; `nonempty` lists those that must not be 0.

    Constraints:
    * (C1) polynomials of the plan are over its runtime symbols.

    ```mlir
    batten.plan @q_proj[B, T <= 2048] kind "entry" attributes {c_name = "q_proj", independent = ["B", "T"]} {
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Batten_SymbolArrayAttr:$symbols, Batten_OneOf<["entry", "bind"]>:$kind,
                       OptionalAttr<StrAttr>:$c_name, OptionalAttr<StrAttr>:$signature,
                       OptionalAttr<StrArrayAttr>:$independent, OptionalAttr<StrArrayAttr>:$mixes,
                       OptionalAttr<StrArrayAttr>:$nonempty, OptionalAttr<StrArrayAttr>:$guards,
                       OptionalAttr<Batten_ArgumentArrayAttr>:$arguments);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `` custom<Symbols>($symbols) `kind` $kind attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

def Batten_ProgramMemoryOp : Batten_Op<"program_memory", [Pure, HasParent<"PlanOp">]> {
  let summary = "a place in the bound program's memory: a packed or copied weight";
  let description = [{
    ```mlir
    %p = batten.program_memory offset 64
    ```
  }];
  let arguments = (ins ConfinedAttr<I64Attr, [IntNonNegative]>:$offset);
  let results = (outs Batten_Pointer:$result);
  let assemblyFormat = "`offset` $offset attr-dict";
}

def Batten_ConstantDataOp : Batten_Op<"constant_data", [Pure, HasParent<"PlanOp">]> {
  let summary = "a tensor of constants in the artifact's read-only data";
  let description = [{
    ```mlir
    %c = batten.constant_data dense<[1.0, 2.0]> : tensor<2xf32>
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Batten_Pointer:$result);
  let assemblyFormat = "$value attr-dict";
}

def Batten_BufferOp : Batten_Op<"buffer", [Pure, HasParent<"PlanOp">]> {
  let summary = "a place in the workspace";
  let description = [{
    It begins at the greatest end of the buffers in `above`, rounded up to 64 bytes; at 0 where there are none.

    ```mlir
    %b = batten.buffer "256*B*T" above(%b0, %b1)
    ```
  }];
  let arguments = (ins Batten_DimAttr:$size_bytes, Variadic<Batten_Pointer>:$above);
  let results = (outs Batten_Pointer:$result);
  let assemblyFormat = "$size_bytes (`above` `(` $above^ `)`)? attr-dict";
}

def Batten_LaunchOp : Batten_Op<"launch", [HasParent<"PlanOp">, AttrSizedOperandSegments]> {
  let summary = "runs a kernel over a range";
  let description = [{
    Calls `kernel(begin, end, sizes.., pointers.., scratch)` over `[0, range)`, which may be cut anywhere and run in
    parallel; each call at a time has `scratch` bytes of its own. The first thread's lie in a buffer that lives for this
    launch, those of further threads above all buffers. `work` says in about how many multiply-adds of f32 it all takes:
    little is not shared.

    Constraints:
    * (C1) the scratch lies in a buffer or, at the bind, in program memory, unless it is "0".

    ```mlir
    batten.launch @rows range "B*T" work "6144*B*T" sizes ["B", "T"] scratch "4096*T" in %b (%x, %p)
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Batten_DimAttr:$range, Batten_DimAttr:$work,
                       Batten_DimArrayAttr:$sizes, Batten_DimAttr:$scratch, Optional<Batten_Pointer>:$scratch_buffer,
                       Variadic<Batten_Pointer>:$pointers);
  let assemblyFormat = [{
    $kernel `range` $range `work` $work `sizes` $sizes `scratch` $scratch (`in` $scratch_buffer^)? ` ` `(`
    $pointers `)` attr-dict
  }];
  let hasVerifier = 1;
}

#endif // BATTEN_BATTENPLANOPS_TD
