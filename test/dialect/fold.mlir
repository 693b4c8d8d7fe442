// What changes nothing vanishes; equal ops on equal operands are one.
// RUN: batten-opt %s -canonicalize -cse | FileCheck %s

// CHECK-LABEL: @nothing_done
// CHECK-NEXT: batten.return %x
batten.func @nothing_done[B](%x: !batten.tensor<f32[B | 8]> {batten.name = "x"}) -> !batten.tensor<f32[B | 8]> {
  %a = batten.cast %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
  %b = batten.spread %a : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
  %c = batten.slice %b offsets ["0"] sizes ["8"] : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return %c : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: @equal_ops
// CHECK-COUNT-1: batten.constant
// CHECK-COUNT-1: batten.mul
// CHECK: %[[Y:.*]] = batten.add %[[M:.*]], %[[M]] :
// CHECK-NEXT: batten.return %[[Y]]
batten.func @equal_ops[B](%x: !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]> {
  %c = batten.constant dense<2.0> : !batten.tensor<f32[|]>
  %d = batten.constant dense<2.0> : !batten.tensor<f32[|]>
  %a = batten.mul %x, %c : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[|]>) -> !batten.tensor<f32[B | 8]>
  %b = batten.mul %x, %d : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[|]>) -> !batten.tensor<f32[B | 8]>
  %y = batten.add %a, %b : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}
