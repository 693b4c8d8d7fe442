// The contractions: text, generic form and bytecode all read back as they were.
// RUN: batten-opt %s -o %t.mlir && FileCheck %s < %t.mlir
// RUN: batten-opt %t.mlir | diff %t.mlir -
// RUN: batten-opt %s -mlir-print-op-generic | batten-opt | diff %t.mlir -
// RUN: batten-opt %s -emit-bytecode | batten-opt | diff %t.mlir -

// CHECK-LABEL: @matmul[
// CHECK: %{{.*}} = batten.matmul %{{.*}}, %{{.*}} : (!batten.tensor<f32[B, T | 512]>, !batten.tensor<f32[| 512, 64]>) -> !batten.tensor<f32[B, T | 64]>
batten.func @matmul[B, T <= 2048](%x: !batten.tensor<f32[B, T | 512]>, %w: !batten.tensor<f32[| 512, 64]>) -> !batten.tensor<f32[B, T | 64]> {
  %y = batten.matmul %x, %w : (!batten.tensor<f32[B, T | 512]>, !batten.tensor<f32[| 512, 64]>) -> !batten.tensor<f32[B, T | 64]>
  batten.return %y : !batten.tensor<f32[B, T | 64]>
}

// CHECK-LABEL: @linear[
// CHECK: %{{.*}} = batten.linear %{{.*}}, %{{.*}}, %{{.*}} : (!batten.tensor<f32[B | 10]>, !batten.tensor<f32[| 5, 10]>, !batten.tensor<f32[| 5]>) -> !batten.tensor<f32[B | 5]>
batten.func @linear[B](%x: !batten.tensor<f32[B | 10]>, %w: !batten.tensor<f32[| 5, 10]>, %b: !batten.tensor<f32[| 5]>) -> !batten.tensor<f32[B | 5]> {
  %y = batten.linear %x, %w, %b : (!batten.tensor<f32[B | 10]>, !batten.tensor<f32[| 5, 10]>, !batten.tensor<f32[| 5]>) -> !batten.tensor<f32[B | 5]>
  batten.return %y : !batten.tensor<f32[B | 5]>
}

// CHECK-LABEL: @outer[
// CHECK: %{{.*}} = batten.outer %{{.*}}, %{{.*}} : (!batten.tensor<f32[B | 3]>, !batten.tensor<f32[B | 4]>) -> !batten.tensor<f32[B | 3, 4]>
batten.func @outer[B](%a: !batten.tensor<f32[B | 3]>, %b: !batten.tensor<f32[B | 4]>) -> !batten.tensor<f32[B | 3, 4]> {
  %y = batten.outer %a, %b : (!batten.tensor<f32[B | 3]>, !batten.tensor<f32[B | 4]>) -> !batten.tensor<f32[B | 3, 4]>
  batten.return %y : !batten.tensor<f32[B | 3, 4]>
}

// CHECK-LABEL: @transpose[
// CHECK: %{{.*}} = batten.transpose %{{.*}} : (!batten.tensor<f32[B | T, 64]>) -> !batten.tensor<f32[B | 64, T]>
batten.func @transpose[B, T <= 2048](%x: !batten.tensor<f32[B | T, 64]>) -> !batten.tensor<f32[B | 64, T]> {
  %y = batten.transpose %x : (!batten.tensor<f32[B | T, 64]>) -> !batten.tensor<f32[B | 64, T]>
  batten.return %y : !batten.tensor<f32[B | 64, T]>
}
