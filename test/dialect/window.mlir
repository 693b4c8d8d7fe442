// Convolution and pools: text, generic form and bytecode all read back as they were.
// RUN: batten-opt %s -o %t.mlir && FileCheck %s < %t.mlir
// RUN: batten-opt %t.mlir | diff %t.mlir -
// RUN: batten-opt %s -mlir-print-op-generic | batten-opt | diff %t.mlir -
// RUN: batten-opt %s -emit-bytecode | batten-opt | diff %t.mlir -

// CHECK-LABEL: @conv2d[
// CHECK: %{{.*}} = batten.conv2d %{{.*}}, %{{.*}}, %{{.*}} stride 1 pad 1 dilation 1 groups 1 : (!batten.tensor<f32[B | 3, 28, 28]>, !batten.tensor<f32[| 8, 3, 3, 3]>, !batten.tensor<f32[| 8]>) -> !batten.tensor<f32[B | 8, 28, 28]>
batten.func @conv2d[B](%x: !batten.tensor<f32[B | 3, 28, 28]>, %w: !batten.tensor<f32[| 8, 3, 3, 3]>, %b: !batten.tensor<f32[| 8]>) -> !batten.tensor<f32[B | 8, 28, 28]> {
  %y = batten.conv2d %x, %w, %b stride 1 pad 1 dilation 1 groups 1 : (!batten.tensor<f32[B | 3, 28, 28]>, !batten.tensor<f32[| 8, 3, 3, 3]>, !batten.tensor<f32[| 8]>) -> !batten.tensor<f32[B | 8, 28, 28]>
  batten.return %y : !batten.tensor<f32[B | 8, 28, 28]>
}

// CHECK-LABEL: @depthwise[
// CHECK: %{{.*}} = batten.conv2d %{{.*}}, %{{.*}} stride 2 pad 0 dilation 2 groups 8 : (!batten.tensor<bf16[B | 8, 9, 11]>, !batten.tensor<bf16[B | 8, 1, 3, 2]>) -> !batten.tensor<bf16[B | 8, 3, 5]>
batten.func @depthwise[B](%x: !batten.tensor<bf16[B | 8, 9, 11]>, %w: !batten.tensor<bf16[B | 8, 1, 3, 2]>) -> !batten.tensor<bf16[B | 8, 3, 5]> {
  %y = batten.conv2d %x, %w stride 2 pad 0 dilation 2 groups 8 : (!batten.tensor<bf16[B | 8, 9, 11]>, !batten.tensor<bf16[B | 8, 1, 3, 2]>) -> !batten.tensor<bf16[B | 8, 3, 5]>
  batten.return %y : !batten.tensor<bf16[B | 8, 3, 5]>
}

// CHECK-LABEL: @integers[
// CHECK: %{{.*}} = batten.conv2d %{{.*}}, %{{.*}}, %{{.*}} stride 1 pad 0 dilation 1 groups 2 : (!batten.tensor<i8[B | 4, 5, 5]>, !batten.tensor<i8[| 6, 2, 1, 1]>, !batten.tensor<i32[| 6]>) -> !batten.tensor<i32[B | 6, 5, 5]>
batten.func @integers[B](%x: !batten.tensor<i8[B | 4, 5, 5]>, %w: !batten.tensor<i8[| 6, 2, 1, 1]>, %b: !batten.tensor<i32[| 6]>) -> !batten.tensor<i32[B | 6, 5, 5]> {
  %y = batten.conv2d %x, %w, %b stride 1 pad 0 dilation 1 groups 2 : (!batten.tensor<i8[B | 4, 5, 5]>, !batten.tensor<i8[| 6, 2, 1, 1]>, !batten.tensor<i32[| 6]>) -> !batten.tensor<i32[B | 6, 5, 5]>
  batten.return %y : !batten.tensor<i32[B | 6, 5, 5]>
}

// CHECK-LABEL: @max_pool2d[
// CHECK: %{{.*}} = batten.max_pool2d %{{.*}} k 2 stride 2 : (!batten.tensor<f32[B | 8, 28, 28]>) -> !batten.tensor<f32[B | 8, 14, 14]>
batten.func @max_pool2d[B](%x: !batten.tensor<f32[B | 8, 28, 28]>) -> !batten.tensor<f32[B | 8, 14, 14]> {
  %y = batten.max_pool2d %x k 2 stride 2 : (!batten.tensor<f32[B | 8, 28, 28]>) -> !batten.tensor<f32[B | 8, 14, 14]>
  batten.return %y : !batten.tensor<f32[B | 8, 14, 14]>
}

// CHECK-LABEL: @avg_pool2d[
// CHECK: %{{.*}} = batten.avg_pool2d %{{.*}} k 2 stride 2 : (!batten.tensor<f32[B | 8, 28, 28]>) -> !batten.tensor<f32[B | 8, 14, 14]>
batten.func @avg_pool2d[B](%x: !batten.tensor<f32[B | 8, 28, 28]>) -> !batten.tensor<f32[B | 8, 14, 14]> {
  %y = batten.avg_pool2d %x k 2 stride 2 : (!batten.tensor<f32[B | 8, 28, 28]>) -> !batten.tensor<f32[B | 8, 14, 14]>
  batten.return %y : !batten.tensor<f32[B | 8, 14, 14]>
}
