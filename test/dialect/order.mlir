// The ops that depend on the order of elements: text, generic form and bytecode all read back as they were.
// RUN: batten-opt %s -o %t.mlir && FileCheck %s < %t.mlir
// RUN: batten-opt %t.mlir | diff %t.mlir -
// RUN: batten-opt %s -mlir-print-op-generic | batten-opt | diff %t.mlir -
// RUN: batten-opt %s -emit-bytecode | batten-opt | diff %t.mlir -

// CHECK-LABEL: @argmax[
// CHECK: %{{.*}} = batten.argmax %{{.*}} dim 0 : (!batten.tensor<f32[B | 10]>) -> !batten.tensor<i32[B |]>
batten.func @argmax[B](%x: !batten.tensor<f32[B | 10]>) -> !batten.tensor<i32[B |]> {
  %y = batten.argmax %x dim 0 : (!batten.tensor<f32[B | 10]>) -> !batten.tensor<i32[B |]>
  batten.return %y : !batten.tensor<i32[B |]>
}
