// Losses and sq_norm: text, generic form and bytecode all read back as they were.
// RUN: batten-opt %s -o %t.mlir && FileCheck %s < %t.mlir
// RUN: batten-opt %t.mlir | diff %t.mlir -
// RUN: batten-opt %s -mlir-print-op-generic | batten-opt | diff %t.mlir -
// RUN: batten-opt %s -emit-bytecode | batten-opt | diff %t.mlir -

// CHECK-LABEL: @cross_entropy[
// CHECK: %{{.*}} = batten.cross_entropy %{{.*}}, %{{.*}} : (!batten.tensor<f32[B, T | 50257]>, !batten.tensor<i32[B, T |]>) -> !batten.tensor<f32[B, T |]>
batten.func @cross_entropy[B, T](%x: !batten.tensor<f32[B, T | 50257]>, %y: !batten.tensor<i32[B, T |]>) -> !batten.tensor<f32[B, T |]> {
  %l = batten.cross_entropy %x, %y : (!batten.tensor<f32[B, T | 50257]>, !batten.tensor<i32[B, T |]>) -> !batten.tensor<f32[B, T |]>
  batten.return %l : !batten.tensor<f32[B, T |]>
}

// CHECK-LABEL: @mse[
// CHECK: %{{.*}} = batten.mse %{{.*}}, %{{.*}} : (!batten.tensor<f32[B | 10]>, !batten.tensor<f32[B | 10]>) -> !batten.tensor<f32[B |]>
batten.func @mse[B](%a: !batten.tensor<f32[B | 10]>, %b: !batten.tensor<f32[B | 10]>) -> !batten.tensor<f32[B |]> {
  %l = batten.mse %a, %b : (!batten.tensor<f32[B | 10]>, !batten.tensor<f32[B | 10]>) -> !batten.tensor<f32[B |]>
  batten.return %l : !batten.tensor<f32[B |]>
}

// CHECK-LABEL: @bce[
// CHECK: %{{.*}} = batten.bce %{{.*}}, %{{.*}} : (!batten.tensor<f32[B |]>, !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B |]>
batten.func @bce[B](%x: !batten.tensor<f32[B |]>, %y: !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B |]> {
  %l = batten.bce %x, %y : (!batten.tensor<f32[B |]>, !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B |]>
  batten.return %l : !batten.tensor<f32[B |]>
}

// CHECK-LABEL: @sq_norm[
// CHECK: %{{.*}} = batten.sq_norm %{{.*}}, %{{.*}} : (!batten.tensor<f32[| 5, 10]>, !batten.tensor<f32[| 5]>) -> !batten.tensor<f32[|]>
batten.func @sq_norm[](%w: !batten.tensor<f32[| 5, 10]>, %b: !batten.tensor<f32[| 5]>) -> !batten.tensor<f32[|]> {
  %y = batten.sq_norm %w, %b : (!batten.tensor<f32[| 5, 10]>, !batten.tensor<f32[| 5]>) -> !batten.tensor<f32[|]>
  batten.return %y : !batten.tensor<f32[|]>
}
