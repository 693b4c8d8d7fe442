// BattenWindowOps.td - convolution and pools: what slides a window over an image.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_BATTENWINDOWOPS_TD
#define BATTEN_BATTENWINDOWOPS_TD

include "dialect/Batten.td"

def Batten_Conv2dOp : Batten_TensorOp<"conv2d", "(ci,h,w),(co,cg,kh,kw),(co)->(co,ho,wo)", [], ["flops"]> {
  let summary = "two-dimensional convolution (cross-correlation) of channels, with zero padding";
  let description = [{
    `y[o,i,j] = (sum over kh, kw, c of x[g*cg + c, i*stride + kh*dilation - pad, j*stride + kw*dilation - pad] *
    w[o,c,kh,kw]) + b[o]`, where `g = div(o, co / groups)`; elements beside the image are 0, the bias may be left out.
    `ho = div(h + 2*pad - dilation*(kh - 1) - 1, stride) + 1`, likewise `wo`.

    Constraints:
    * (C1) stride, dilation and groups are at least 1, pad is at least 0.
    * (C2) x has `groups` times the channels of w, and `groups` divides the outputs.
    * (C3) the result's core is the outputs of w and the windows that fit; the bias has the outputs.
    * (C4) the operands have one dtype; the result's is a float if theirs is, else an integer.

    ```mlir
    %y = batten.conv2d %x, %w, %b stride 1 pad 1 dilation 1 groups 1 : (!batten.tensor<f32[B | 3, 28, 28]>, !batten.tensor<f32[| 8, 3, 3, 3]>, !batten.tensor<f32[| 8]>) -> !batten.tensor<f32[B | 8, 28, 28]>
    ```
  }];
  let arguments = (ins Batten_AnyTensor:$x, Batten_AnyTensor:$w, Optional<Batten_AnyTensor>:$b, I64Attr:$stride,
                       I64Attr:$pad, I64Attr:$dilation, I64Attr:$groups);
  let assemblyFormat = [{
    $x `,` $w (`,` $b^)? `stride` $stride `pad` $pad `dilation` $dilation `groups` $groups attr-dict `:`
    functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

class Batten_PoolOp<string mnemonic, Type operand, string formula>
    : Batten_TensorOp<mnemonic, "(c,h,w)->(c,ho,wo)", [], ["flops"]> {
  let summary = formula # " of each window of k by k";
  let description = "`y[c,i,j] = " # formula # [{ over kh < k, kw < k of x[c, i*stride + kh, j*stride + kw]`;
    `ho = div(h - k, stride) + 1`, likewise `wo`: rows that fill no window are dropped.

    Constraints:
    * (C1) k and stride are at least 1.
    * (C2) the result has the dtype and the channels of the operand and the windows that fit.

    ```mlir
    %y = batten.}] # mnemonic # [{ %x k 2 stride 2 : (!batten.tensor<f32[B | 8, 28, 28]>) -> !batten.tensor<f32[B | 8, 14, 14]>
    ```
  }];
  let arguments = (ins operand:$x, I64Attr:$k, I64Attr:$stride);
  let assemblyFormat = "$x `k` $k `stride` $stride attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let extraClassDefinition = [{
    ::batten::Dim $cppClass::flops() {
      return ::batten::Dim::constant(getK()) * ::batten::Dim::constant(getK()) * ::batten::oneOperationEach(*this);
    }
    ::llvm::LogicalResult $cppClass::verify() { return ::batten::verifyPool(*this, getK(), getStride()); }
  }];
}

def Batten_MaxPool2dOp : Batten_PoolOp<"max_pool2d", Batten_NumberTensor, "the greatest">;
def Batten_AvgPool2dOp : Batten_PoolOp<"avg_pool2d", Batten_FloatTensor, "the mean">;

#endif // BATTEN_BATTENWINDOWOPS_TD
