// BattenFunctionOps.td - functions: one flat batten.func an entry, no calls.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_BATTENFUNCTIONOPS_TD
#define BATTEN_BATTENFUNCTIONOPS_TD

include "dialect/Batten.td"

def Batten_FuncOp : Batten_Op<"func", [FunctionOpInterface, IsolatedFromAbove, OpAsmOpInterface]> {
  let summary = "one entry: symbols, tensors in, tensors out";
  let description = [{
    The runtime symbols are leading block arguments of type index; static ones (`H = 8`) and computed ones
    (`N = "T - 1"`, left of the bar only) have no value. Argument
    attributes: `batten.name`; `batten.weight` (path) and `batten.from` (name in the weights file); `batten.inout`, the
    position of the result that is written back to it; `batten.tree` and `batten.path` (model of a parameter tree and the
    leaf in it); `batten.scalar` (comes by value).
    Results are the returned values, then the new value of each inout argument in order.

    Constraints:
    * (C1) no symbol stands twice; a bound or a size is at least 1; a computed size is one of other symbols.
    * (C2) the leading arguments are one index for each runtime symbol, the others are batten tensors.
    * (C3) each batch dim of a value is a symbol of the function.
    * (C4) core dims are polynomials over the bounded symbols.
    * (C5) `batten.inout` names a result of the argument's type.

    ```mlir
    batten.func @every_symbol[B, T <= 2048, H = 8](%x: !batten.tensor<f32[B, H | T, 64]> {batten.name = "x"}) -> !batten.tensor<f32[B, H | T, 64]> {
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Batten_SymbolArrayAttr:$symbols,
                       TypeAttrOf<FunctionType>:$function_type, OptionalAttr<DictArrayAttr>:$arg_attrs,
                       OptionalAttr<DictArrayAttr>:$res_attrs, OptionalAttr<StrAttr>:$c_name,
                       OptionalAttr<StrAttr>:$signature, OptionalAttr<StrArrayAttr>:$guards);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    ::llvm::ArrayRef<::mlir::Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    ::llvm::ArrayRef<::mlir::Type> getResultTypes() { return getFunctionType().getResults(); }
    ::mlir::Region *getCallableRegion() { return &getBody(); }
    void getAsmBlockArgumentNames(::mlir::Region &region, ::mlir::OpAsmSetValueNameFn setName);

    unsigned numRuntimeSymbols();
    /// The tensor arguments: those after the symbols.
    ::mlir::Block::BlockArgListType getTensorArguments();
    /// The symbol of this name, or null.
    ::batten::SymbolAttr lookupSymbol(::llvm::StringRef name);
    /// What static and computed symbols stand for, to substitute into polynomials.
    std::map<std::string, ::batten::Dim> definitions();
    /// No bound limits the size that this symbol has or is computed from.
    bool isUnbounded(::batten::SymbolAttr symbol);
  }];
}

def Batten_ReturnOp : Batten_Op<"return", [Pure, Terminator, ReturnLike, HasParent<"FuncOp">]> {
  let summary = "ends a function";
  let description = [{
    Constraints:
    * (C1) the values have the types of the function's results.

    ```mlir
    batten.return %x : !batten.tensor<f32[B, H | T, 64]>
    ```
  }];
  let arguments = (ins Variadic<Batten_AnyTensor>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let hasVerifier = 1;
}

#endif // BATTEN_BATTENFUNCTIONOPS_TD
