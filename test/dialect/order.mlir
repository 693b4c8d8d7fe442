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

// CHECK-LABEL: @topk[
// CHECK: %{{.*}}, %{{.*}} = batten.topk %{{.*}} dim 0 : (!batten.tensor<f32[B | 50257]>) -> (!batten.tensor<f32[B | 40]>, !batten.tensor<i32[B | 40]>)
batten.func @topk[B](%x: !batten.tensor<f32[B | 50257]>) -> (!batten.tensor<f32[B | 40]>, !batten.tensor<i32[B | 40]>) {
  %v, %i = batten.topk %x dim 0 : (!batten.tensor<f32[B | 50257]>) -> (!batten.tensor<f32[B | 40]>, !batten.tensor<i32[B | 40]>)
  batten.return %v, %i : !batten.tensor<f32[B | 40]>, !batten.tensor<i32[B | 40]>
}

// CHECK-LABEL: @cumsum[
// CHECK: %{{.*}} = batten.cumsum %{{.*}} dim 0 : (!batten.tensor<i8[B | T, 3]>) -> !batten.tensor<i32[B | T, 3]>
batten.func @cumsum[B, T <= 2048](%x: !batten.tensor<i8[B | T, 3]>) -> !batten.tensor<i32[B | T, 3]> {
  %y = batten.cumsum %x dim 0 : (!batten.tensor<i8[B | T, 3]>) -> !batten.tensor<i32[B | T, 3]>
  batten.return %y : !batten.tensor<i32[B | T, 3]>
}

// CHECK-LABEL: @scan(
// CHECK: %{{.*}} = batten.scan %{{.*}} into %{{.*}} dim 1 : (tensor<?x100xf32>, tensor<?x100xf32>) -> tensor<?x100xf32>
func.func @scan(%x: tensor<?x100xf32>, %init: tensor<?x100xf32>) -> tensor<?x100xf32> {
  %y = batten.scan %x into %init dim 1 : (tensor<?x100xf32>, tensor<?x100xf32>) -> tensor<?x100xf32>
  return %y : tensor<?x100xf32>
}

// CHECK-LABEL: @greatest(
// CHECK: %{{.*}}, %{{.*}} = batten.greatest %{{.*}} into %{{.*}}, %{{.*}} dim 1 : (tensor<?x100xf32>, tensor<?x5xf32>, tensor<?x5xi32>) -> (tensor<?x5xf32>, tensor<?x5xi32>)
func.func @greatest(%x: tensor<?x100xf32>, %values: tensor<?x5xf32>, %indices: tensor<?x5xi32>) -> (tensor<?x5xf32>, tensor<?x5xi32>) {
  %v, %i = batten.greatest %x into %values, %indices dim 1 : (tensor<?x100xf32>, tensor<?x5xf32>, tensor<?x5xi32>) -> (tensor<?x5xf32>, tensor<?x5xi32>)
  return %v, %i : tensor<?x5xf32>, tensor<?x5xi32>
}
