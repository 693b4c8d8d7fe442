// The ops that pick, replace and rotate rows: text, generic form and bytecode all read back as they were.
// RUN: batten-opt %s -o %t.mlir && FileCheck %s < %t.mlir
// RUN: batten-opt %t.mlir | diff %t.mlir -
// RUN: batten-opt %s -mlir-print-op-generic | batten-opt | diff %t.mlir -
// RUN: batten-opt %s -emit-bytecode | batten-opt | diff %t.mlir -

// CHECK-LABEL: @embed[
// CHECK: %{{.*}} = batten.embed %{{.*}}, %{{.*}} : (!batten.tensor<f32[| 50257, 768]>, !batten.tensor<i32[B, T |]>) -> !batten.tensor<f32[B, T | 768]>
batten.func @embed[B, T <= 1024](%table: !batten.tensor<f32[| 50257, 768]>, %id: !batten.tensor<i32[B, T |]>) -> !batten.tensor<f32[B, T | 768]> {
  %y = batten.embed %table, %id : (!batten.tensor<f32[| 50257, 768]>, !batten.tensor<i32[B, T |]>) -> !batten.tensor<f32[B, T | 768]>
  batten.return %y : !batten.tensor<f32[B, T | 768]>
}

// CHECK-LABEL: @update[
// CHECK: %{{.*}} = batten.update %{{.*}}, %{{.*}}, %{{.*}} : (!batten.tensor<f32[B, H | 4096, 64]>, !batten.tensor<f32[B, H | 64]>, !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B, H | 4096, 64]>
batten.func @update[B, H = 8](%c: !batten.tensor<f32[B, H | 4096, 64]>, %row: !batten.tensor<f32[B, H | 64]>, %at: !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B, H | 4096, 64]> {
  %y = batten.update %c, %row, %at : (!batten.tensor<f32[B, H | 4096, 64]>, !batten.tensor<f32[B, H | 64]>, !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B, H | 4096, 64]>
  batten.return %y : !batten.tensor<f32[B, H | 4096, 64]>
}

// CHECK-LABEL: @rope[
// CHECK: %{{.*}} = batten.rope %{{.*}}, %{{.*}} base 1.000000e+04 interleaved false : (!batten.tensor<f32[B, H | 64]>, !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B, H | 64]>
batten.func @rope[B, H = 8](%x: !batten.tensor<f32[B, H | 64]>, %at: !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B, H | 64]> {
  %y = batten.rope %x, %at base 1.000000e+04 interleaved false : (!batten.tensor<f32[B, H | 64]>, !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B, H | 64]>
  batten.return %y : !batten.tensor<f32[B, H | 64]>
}
