// BattenElementwiseOps.td - one result element from the elements at the same place.
//
// The core of an operand is that of the result or empty: only an empty core stretches, size 1 never does.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_BATTENELEMENTWISEOPS_TD
#define BATTEN_BATTENELEMENTWISEOPS_TD

include "dialect/Batten.td"

/// Every op here costs one operation an element of its result. `check` is the verifier that its family shares.
class Batten_ElementwiseOp<string mnemonic, string signature, string check = "">
    : Batten_TensorOp<mnemonic, signature, [], ["flops"]> {
  let hasVerifier = 1;
  let extraClassDefinition = "::batten::Dim $cppClass::flops() { return ::batten::oneOperationEach(*this); }\n" #
      !if(!empty(check), "", "::llvm::LogicalResult $cppClass::verify() { return ::batten::" # check # "(*this); }\n");
}

//===- Unary ------------------------------------------------------------------------------------------------------===//

class Batten_UnaryOp<string mnemonic, Type operand, string formula, string dtype = "f32">
    : Batten_ElementwiseOp<mnemonic, "(..)->(..)", "verifyUnary"> {
  let summary = formula;
  let description = "`" # formula # [{`, element by element.

    Constraints:
    * (C1) the result has the dtype and the core of the operand.

    ```mlir
    %y = batten.}] # mnemonic # " %x : (!batten.tensor<" # dtype # "[B | 8]>) -> !batten.tensor<" # dtype # [{[B | 8]>
    ```
  }];
  let arguments = (ins operand:$x);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

def Batten_NegOp : Batten_UnaryOp<"neg", Batten_NumberTensor, "y = -x">;
def Batten_NotOp : Batten_UnaryOp<"not", Batten_BoolTensor, "y = !x", "i1">;
def Batten_ReluOp : Batten_UnaryOp<"relu", Batten_FloatTensor, "y = x < 0 ? 0 : x; NaN stays">;
def Batten_GeluOp
    : Batten_UnaryOp<"gelu", Batten_FloatTensor, "y = x * Phi(x), with erf or, if `tanh`, its tanh form"> {
  let arguments = (ins Batten_FloatTensor:$x, DefaultValuedAttr<BoolAttr, "false">:$tanh);
}
def Batten_SiluOp : Batten_UnaryOp<"silu", Batten_FloatTensor, "y = x * sigmoid(x)">;
def Batten_TanhOp : Batten_UnaryOp<"tanh", Batten_FloatTensor, "y = tanh(x)">;
def Batten_SigmoidOp : Batten_UnaryOp<"sigmoid", Batten_FloatTensor, "y = 1 / (1 + exp(-x))">;
def Batten_ExpOp : Batten_UnaryOp<"exp", Batten_FloatTensor, "y = exp(x)">;
def Batten_LogOp : Batten_UnaryOp<"log", Batten_FloatTensor, "y = ln(x)">;
def Batten_SqrtOp : Batten_UnaryOp<"sqrt", Batten_FloatTensor, "y = sqrt(x)">;
def Batten_RsqrtOp : Batten_UnaryOp<"rsqrt", Batten_FloatTensor, "y = 1 / sqrt(x)">;
def Batten_SinOp : Batten_UnaryOp<"sin", Batten_FloatTensor, "y = sin(x)">;
def Batten_CosOp : Batten_UnaryOp<"cos", Batten_FloatTensor, "y = cos(x)">;
def Batten_AbsOp : Batten_UnaryOp<"abs", Batten_NumberTensor, "y = |x|">;
def Batten_SoftplusOp : Batten_UnaryOp<"softplus", Batten_FloatTensor, "y = ln(1 + exp(x))">;

def Batten_CastOp : Batten_ElementwiseOp<"cast", "(..)->(..)"> {
  let summary = "another dtype";
  let description = [{
    `y = x as dtype`: floats round to nearest even; float to integer truncates and saturates, NaN gives 0; to bool asks
    whether the element is nonzero; integers wrap.

    Constraints:
    * (C1) the result has the core of the operand.

    ```mlir
    %y = batten.cast %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<bf16[B | 8]>
    ```
  }];
  let arguments = (ins Batten_AnyTensor:$x);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

//===- Binary -----------------------------------------------------------------------------------------------------===//

class Batten_BinaryOp<string mnemonic, Type operand, string formula, string dtype = "f32">
    : Batten_ElementwiseOp<mnemonic, "(..),(..)->(..)", "verifyBinary"> {
  let summary = formula;
  let description = "`" # formula # [{`, element by element.

    Constraints:
    * (C1) operands and result have one dtype.
    * (C2) each operand has the core of the result or an empty one, and one of them has that of the result.

    ```mlir
    %y = batten.}] # mnemonic # " %a, %b : (!batten.tensor<" # dtype # "[B | 8]>, !batten.tensor<" # dtype #
         "[B |]>) -> !batten.tensor<" # dtype # [{[B | 8]>
    ```
  }];
  let arguments = (ins operand:$lhs, operand:$rhs);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}

def Batten_AddOp : Batten_BinaryOp<"add", Batten_NumberTensor, "y = a + b; integers wrap">;
def Batten_SubOp : Batten_BinaryOp<"sub", Batten_NumberTensor, "y = a - b; integers wrap">;
def Batten_MulOp : Batten_BinaryOp<"mul", Batten_NumberTensor, "y = a * b; integers wrap">;
def Batten_DivOp : Batten_BinaryOp<"div", Batten_NumberTensor, "y = a / b; integers truncate, and x / 0 is 0">;
def Batten_RemOp : Batten_BinaryOp<"rem", Batten_NumberTensor, "y = a % b, of the sign of a; integer x % 0 is x">;
def Batten_PowOp : Batten_BinaryOp<"pow", Batten_FloatTensor, "y = a ^ b">;
def Batten_MaxOp : Batten_BinaryOp<"max", Batten_NumberTensor, "y = max(a, b); NaN wins">;
def Batten_MinOp : Batten_BinaryOp<"min", Batten_NumberTensor, "y = min(a, b); NaN wins">;
def Batten_AndOp : Batten_BinaryOp<"and", Batten_BoolTensor, "y = a && b", "i1">;
def Batten_OrOp : Batten_BinaryOp<"or", Batten_BoolTensor, "y = a || b", "i1">;

class Batten_CompareOp<string mnemonic, string formula>
    : Batten_ElementwiseOp<mnemonic, "(..),(..)->(..)", "verifyCompare"> {
  let summary = formula;
  let description = "`" # formula # [{`, element by element; a comparison with NaN is false, but for `ne`.

    Constraints:
    * (C1) the operands have one dtype, the result is bool.
    * (C2) each operand has the core of the result or an empty one, and one of them has that of the result.

    ```mlir
    %y = batten.}] # mnemonic # [{ %a, %b : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B |]>) -> !batten.tensor<i1[B | 8]>
    ```
  }];
  let arguments = (ins Batten_AnyTensor:$lhs, Batten_AnyTensor:$rhs);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}

def Batten_EqOp : Batten_CompareOp<"eq", "y = a == b">;
def Batten_NeOp : Batten_CompareOp<"ne", "y = a != b">;
def Batten_LtOp : Batten_CompareOp<"lt", "y = a < b">;
def Batten_LeOp : Batten_CompareOp<"le", "y = a <= b">;
def Batten_GtOp : Batten_CompareOp<"gt", "y = a > b">;
def Batten_GeOp : Batten_CompareOp<"ge", "y = a >= b">;

def Batten_SelectOp : Batten_ElementwiseOp<"select", "(..),(..),(..)->(..)"> {
  let summary = "y = c ? a : b";
  let description = [{
    `y = c ? a : b`, element by element.

    Constraints:
    * (C1) the two values and the result have one dtype.
    * (C2) each operand has the core of the result or an empty one, and one of them has that of the result.

    ```mlir
    %y = batten.select %c, %a, %b : (!batten.tensor<i1[B | 8]>, !batten.tensor<f32[B | 8]>, !batten.tensor<f32[|]>) -> !batten.tensor<f32[B | 8]>
    ```
  }];
  let arguments = (ins Batten_BoolTensor:$condition, Batten_AnyTensor:$lhs, Batten_AnyTensor:$rhs);
  let assemblyFormat = "$condition `,` $lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}

#endif // BATTEN_BATTENELEMENTWISEOPS_TD
