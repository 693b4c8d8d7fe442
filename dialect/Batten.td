// Batten.td - the dialect, its types and attributes, and the classes that every op derives from.
//
// The type is an own one rather than an encoding on the builtin tensor: upstream passes drop or break encodings without
// a word, while an own type is refused by every upstream op, so that no value slips into linalg but by the lowering.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_BATTEN_TD
#define BATTEN_BATTEN_TD

include "dialect/BattenInterfaces.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinTypeInterfaces.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Batten_Dialect : Dialect {
  let name = "batten";
  let summary = "batch-first tensor programs";
  let description = [{
    Left of the bar in `f32[B, T | 512]` stand batch dims, positions that do not see each other; right of it core dims,
    one position's value. Every op is defined on cores and lifted over the batch.
  }];
  let cppNamespace = "::batten";
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let hasOperationAttrVerify = 1;
}

//===- Types ------------------------------------------------------------------------------------------------------===//

def Batten_Tensor : TypeDef<Batten_Dialect, "Tensor", [ShapedTypeInterface]> {
  let mnemonic = "tensor";
  let summary = "batch symbols, a bar, core dims";
  let description = [{
    `!batten.tensor<f32[B, T | 512, 3*T]>`. A batch dim is a symbol of the function. A core dim is the normal-form text
    of a dim polynomial: an integer and a symbol are written bare, anything else is quoted. As a ShapedType its shape is
    dynamic in every batch dim (also a static one such as `H = 8`) and in every core dim that is not a number.

    Constraints:
    * (C1) the element type is one of f64 f32 f16 bf16 i64 i32 i8 ui8 (u8) i1 (bool).
    * (C2) no batch dim stands twice.
    * (C3) each core dim is a polynomial in normal form, and not a negative number.
  }];
  let parameters = (ins "::mlir::Type":$elementType, ArrayRefParameter<"::mlir::StringAttr">:$batch,
                        ArrayRefParameter<"::mlir::StringAttr">:$core, ArrayRefParameter<"int64_t">:$shape);
  let builders = [
    TypeBuilderWithInferredContext<(ins "::mlir::Type":$elementType, "::llvm::ArrayRef<::mlir::StringAttr>":$batch,
                                        "::llvm::ArrayRef<::mlir::StringAttr>":$core), [{
      return $_get(elementType.getContext(), elementType, batch, core, shapeOf(batch, core));
    }]>,
    TypeBuilderWithInferredContext<(ins "::mlir::Type":$elementType, "::llvm::ArrayRef<::mlir::StringAttr>":$batch,
                                        "::llvm::ArrayRef<::batten::Dim>":$core), [{
      auto texts = coreTexts(elementType.getContext(), core);
      return $_get(elementType.getContext(), elementType, batch, texts, shapeOf(batch, texts));
    }]>
  ];
  let skipDefaultBuilders = 1;
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    bool hasRank() const { return true; }
    ::mlir::ShapedType cloneWith(std::optional<::llvm::ArrayRef<int64_t>> shape, ::mlir::Type elementType) const;

    unsigned batchRank() const { return getBatch().size(); }
    unsigned coreRank() const { return getCore().size(); }
    ::batten::Dim coreDim(unsigned position) const;
    ::llvm::SmallVector<::batten::Dim> coreDims() const;
    /// Batch symbols, then core dims: the extents of the lowered tensor in its order.
    ::llvm::SmallVector<::batten::Dim> dims() const;
    /// Number of elements; a batch symbol counts as a factor also where it is static.
    ::batten::Dim numElements() const;
    /// Elements of one position.
    ::batten::Dim coreElements() const;
    /// Bytes of one element in memory: bool is a byte.
    int64_t elementBytes() const;
    bool hasBatch(::llvm::StringRef symbol) const;
    TensorType withElementType(::mlir::Type elementType) const;

    static ::llvm::SmallVector<int64_t> shapeOf(::llvm::ArrayRef<::mlir::StringAttr> batch,
                                                ::llvm::ArrayRef<::mlir::StringAttr> core);
    static ::llvm::SmallVector<::mlir::StringAttr> coreTexts(::mlir::MLIRContext *context,
                                                             ::llvm::ArrayRef<::batten::Dim> core);
  }];
}

def Batten_Pointer : TypeDef<Batten_Dialect, "Pointer"> {
  let mnemonic = "pointer";
  let summary = "where a plan's tensor lies: an argument, program memory or workspace";
}

def Batten_AnyTensor
    : Type<CPred<"::llvm::isa<::batten::TensorType>($_self)">, "batten tensor", "::batten::TensorType">;

class Batten_TensorOf<string predicate, string what>
    : Type<And<[Batten_AnyTensor.predicate,
                CPred<"::batten::" # predicate # "(::llvm::cast<::batten::TensorType>($_self).getElementType())">]>,
           "batten tensor of " # what, "::batten::TensorType">;
def Batten_FloatTensor : Batten_TensorOf<"isFloat", "floats">;
def Batten_NumberTensor : Batten_TensorOf<"isNumber", "numbers">;
def Batten_IntegerTensor : Batten_TensorOf<"isInteger", "integers">;
def Batten_BoolTensor : Batten_TensorOf<"isBool", "bools">;

//===- Attributes -------------------------------------------------------------------------------------------------===//

def Batten_Symbol : AttrDef<Batten_Dialect, "Symbol"> {
  let mnemonic = "symbol";
  let summary = "a dim of a function: unbounded B, bounded T <= 2048, static H = 8 or computed N = T - 1";
  let description = [{
    In the list of a function `[B, T <= 2048, H = 8, N = "T - 1"]`; by itself `#batten.symbol<B>`,
    `#batten.symbol<T max 2048>`, `#batten.symbol<H = 8>`, `#batten.symbol<N = "T - 1">`. A computed one is a batch dim of
    a size of the call; `B_2 = B` lets the positions of B stand twice in one type.
  }];
  let parameters = (ins "::mlir::StringAttr":$name, "::batten::SymbolKind":$kind, "int64_t":$value,
                        OptionalParameter<"::mlir::StringAttr">:$size);
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    /// The call gives it: an index argument.
    bool isRuntime() const {
      return getKind() == ::batten::SymbolKind::Unbounded || getKind() == ::batten::SymbolKind::Bounded;
    }
    /// What it stands for: a number, a polynomial, or itself.
    ::batten::Dim definition() const;
  }];
}

def Batten_Argument : AttrDef<Batten_Dialect, "Argument"> {
  let mnemonic = "argument";
  let summary = "one argument or result of the C function";
  let description = [{
    `#batten.argument<name = "x", type = !batten.tensor<f32[B | 10]>, kind = input>`, then optionally `path = "mlp.up"`,
    `from = "h.0.up"` (a weight's path and its name in the weights file), `tree = "Mlp"` (a leaf, with its `path` within
    the tree, of the parameter tree `name: Mlp.params`) and `scalar` (a plain `f32`: passed by value).
    Kinds: input, result, inout, weight.
  }];
  let parameters = (ins "::mlir::StringAttr":$name, "::batten::TensorType":$type, "::batten::ArgumentKind":$kind,
                        "::mlir::StringAttr":$path, "::mlir::StringAttr":$from, "::mlir::StringAttr":$tree,
                        "bool":$scalar);
  let hasCustomAssemblyFormat = 1;
}

def Batten_Layer : AttrDef<Batten_Dialect, "Layer"> {
  let mnemonic = "layer";
  let summary = "one layer of the source, or several alike: what it holds and what a call costs there";
  let description = [{
    `type` is that of what the layer ends in, as the source spells it. `parameters` counts the weights that no layer
    before it reads; a layer is `tied` if it reads weights, and layers before it read all of them. `flops` and `bytes`
    are dim polynomials.
  }];
  let parameters = (ins "::mlir::StringAttr":$name, "::mlir::StringAttr":$type, "int64_t":$parameters,
                        "int64_t":$parameterBytes, "bool":$tied, "::mlir::StringAttr":$flops,
                        "::mlir::StringAttr":$bytes);
  let assemblyFormat = "`<` struct(params) `>`";
}

def Batten_IdRange : AttrDef<Batten_Dialect, "IdRange"> {
  let mnemonic = "id_range";
  let summary = "an argument numbers something: examples of it are at least `least` and below `end`";
  let description = "`argument` is a position among the arguments of the C function, `end` a dim polynomial.";
  let parameters = (ins "int64_t":$argument, "int64_t":$least, "::mlir::StringAttr":$end);
  let assemblyFormat = "`<` struct(params) `>`";
}

def Batten_SymbolArrayAttr : TypedArrayAttrBase<
    Attr<CPred<"::llvm::isa<::batten::SymbolAttr>($_self)">, "symbol">, "array of symbols">;
def Batten_ArgumentArrayAttr : TypedArrayAttrBase<
    Attr<CPred<"::llvm::isa<::batten::ArgumentAttr>($_self)">, "argument">, "array of arguments">;

/// A string out of a fixed set.
class Batten_OneOf<list<string> values>
    : ConfinedAttr<StrAttr, [AttrConstraint<
          Or<!foreach(value, values,
                      CPred<"::llvm::cast<::mlir::StringAttr>($_self).getValue() == \"" # value # "\"">)>,
          "that is one of " # !interleave(values, ", ")>]>;

/// The text of a dim polynomial in normal form; sizes and offsets of ops and plans.
def Batten_DimAttr : ConfinedAttr<StrAttr, [AttrConstraint<
    CPred<"::batten::isDimText(::llvm::cast<::mlir::StringAttr>($_self))">,
    "that is a dim polynomial in normal form">]>;
def Batten_DimArrayAttr : TypedArrayAttrBase<Batten_DimAttr, "array of dim polynomials">;
def Batten_DimArraysAttr : TypedArrayAttrBase<Batten_DimArrayAttr, "array of arrays of dim polynomials">;

//===- Op classes -------------------------------------------------------------------------------------------------===//

class Batten_Op<string mnemonic, list<Trait> traits = []> : Op<Batten_Dialect, mnemonic, traits>;

/// An op on tensors: pure, lifted over the batch, with a cost. `signature` tells the core of each operand and of the
/// result, `(i),(o,i)->(o)`; `(..)` is any core, and `;` stands between several signatures. `batched` and `costed` name
/// the interface methods that the op defines itself.
class Batten_TensorOp<string mnemonic, string signature, list<string> batched = [], list<string> costed = [],
                      list<Trait> traits = []>
    : Batten_Op<mnemonic, !listconcat([Pure, DeclareOpInterfaceMethods<Batten_BatchedOp, batched>,
                                       DeclareOpInterfaceMethods<Batten_Costed, costed>], traits)> {
  string coreSignature = signature;
  code moreDeclarations = "";
  let results = (outs Batten_AnyTensor:$result);
  let extraClassDeclaration = "static constexpr ::llvm::StringLiteral coreSignature = \"" # signature # "\";\n" #
                              moreDeclarations;
}

#endif // BATTEN_BATTEN_TD
