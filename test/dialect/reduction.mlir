// The reductions and norms: text, generic form and bytecode all read back as they were.
// RUN: batten-opt %s -o %t.mlir && FileCheck %s < %t.mlir
// RUN: batten-opt %t.mlir | diff %t.mlir -
// RUN: batten-opt %s -mlir-print-op-generic | batten-opt | diff %t.mlir -
// RUN: batten-opt %s -emit-bytecode | batten-opt | diff %t.mlir -

// CHECK-LABEL: @reduce[
// CHECK: %{{.*}} = batten.reduce "mean" %{{.*}} dims [0, 1] : (!batten.tensor<f32[B | 28, 28, 3]>) -> !batten.tensor<f32[B | 3]>
batten.func @reduce[B](%x: !batten.tensor<f32[B | 28, 28, 3]>) -> !batten.tensor<f32[B | 3]> {
  %y = batten.reduce "mean" %x dims [0, 1] : (!batten.tensor<f32[B | 28, 28, 3]>) -> !batten.tensor<f32[B | 3]>
  batten.return %y : !batten.tensor<f32[B | 3]>
}

// CHECK-LABEL: @reduce_batch[
// CHECK: %{{.*}} = batten.reduce_batch "sum" %{{.*}} dims ["B"] : (!batten.tensor<f32[B, T | 8]>) -> !batten.tensor<f32[T | 8]>
batten.func @reduce_batch[B, T <= 2048](%x: !batten.tensor<f32[B, T | 8]>) -> !batten.tensor<f32[T | 8]> {
  %y = batten.reduce_batch "sum" %x dims ["B"] : (!batten.tensor<f32[B, T | 8]>) -> !batten.tensor<f32[T | 8]>
  batten.return %y : !batten.tensor<f32[T | 8]>
}

// CHECK-LABEL: @softmax[
// CHECK: %{{.*}} = batten.softmax %{{.*}} dim 1 : (!batten.tensor<f32[B, H | T, T]>) -> !batten.tensor<f32[B, H | T, T]>
batten.func @softmax[B, H = 8, T <= 2048](%x: !batten.tensor<f32[B, H | T, T]>) -> !batten.tensor<f32[B, H | T, T]> {
  %y = batten.softmax %x dim 1 : (!batten.tensor<f32[B, H | T, T]>) -> !batten.tensor<f32[B, H | T, T]>
  batten.return %y : !batten.tensor<f32[B, H | T, T]>
}

// CHECK-LABEL: @log_softmax[
// CHECK: %{{.*}} = batten.log_softmax %{{.*}} dim 1 : (!batten.tensor<f32[B, H | T, T]>) -> !batten.tensor<f32[B, H | T, T]>
batten.func @log_softmax[B, H = 8, T <= 2048](%x: !batten.tensor<f32[B, H | T, T]>) -> !batten.tensor<f32[B, H | T, T]> {
  %y = batten.log_softmax %x dim 1 : (!batten.tensor<f32[B, H | T, T]>) -> !batten.tensor<f32[B, H | T, T]>
  batten.return %y : !batten.tensor<f32[B, H | T, T]>
}

// CHECK-LABEL: @layer_norm[
// CHECK: %{{.*}} = batten.layer_norm %{{.*}}, %{{.*}}, %{{.*}} eps 1.000000e-05 : (!batten.tensor<f32[B, T | 768]>, !batten.tensor<f32[| 768]>, !batten.tensor<f32[| 768]>) -> !batten.tensor<f32[B, T | 768]>
batten.func @layer_norm[B, T <= 2048](%x: !batten.tensor<f32[B, T | 768]>, %g: !batten.tensor<f32[| 768]>, %b: !batten.tensor<f32[| 768]>) -> !batten.tensor<f32[B, T | 768]> {
  %y = batten.layer_norm %x, %g, %b eps 1.000000e-05 : (!batten.tensor<f32[B, T | 768]>, !batten.tensor<f32[| 768]>, !batten.tensor<f32[| 768]>) -> !batten.tensor<f32[B, T | 768]>
  batten.return %y : !batten.tensor<f32[B, T | 768]>
}

// CHECK-LABEL: @rms_norm[
// CHECK: %{{.*}} = batten.rms_norm %{{.*}}, %{{.*}} eps 1.000000e-05 : (!batten.tensor<f32[B, T | 768]>, !batten.tensor<f32[| 768]>) -> !batten.tensor<f32[B, T | 768]>
batten.func @rms_norm[B, T <= 2048](%x: !batten.tensor<f32[B, T | 768]>, %g: !batten.tensor<f32[| 768]>) -> !batten.tensor<f32[B, T | 768]> {
  %y = batten.rms_norm %x, %g eps 1.000000e-05 : (!batten.tensor<f32[B, T | 768]>, !batten.tensor<f32[| 768]>) -> !batten.tensor<f32[B, T | 768]>
  batten.return %y : !batten.tensor<f32[B, T | 768]>
}
