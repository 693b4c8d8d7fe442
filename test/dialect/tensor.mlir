// The ops on plain tensors: text, generic form and bytecode all read back as they were.
// RUN: batten-opt %s -o %t.mlir && FileCheck %s < %t.mlir
// RUN: batten-opt %t.mlir | diff %t.mlir -
// RUN: batten-opt %s -mlir-print-op-generic | batten-opt | diff %t.mlir -
// RUN: batten-opt %s -emit-bytecode | batten-opt | diff %t.mlir -

// CHECK-LABEL: @gather_rows(
// CHECK: %{{.*}} = batten.gather_rows %{{.*}} axes [] at %{{.*}} axes [0, 1] into %{{.*}} : (tensor<9x64xf32>, tensor<?x?xi32>, tensor<?x?x64xf32>) -> tensor<?x?x64xf32>
func.func @gather_rows(%table: tensor<9x64xf32>, %id: tensor<?x?xi32>, %init: tensor<?x?x64xf32>) -> tensor<?x?x64xf32> {
  %y = batten.gather_rows %table axes [] at %id axes [0, 1] into %init : (tensor<9x64xf32>, tensor<?x?xi32>, tensor<?x?x64xf32>) -> tensor<?x?x64xf32>
  return %y : tensor<?x?x64xf32>
}

// CHECK-LABEL: @update_rows(
// CHECK: %{{.*}} = batten.update_rows %{{.*}} axes [0, 1] at %{{.*}} axes [0] into %{{.*}} : (tensor<?x8x64xf32>, tensor<?xi32>, tensor<?x8x4096x64xf32>) -> tensor<?x8x4096x64xf32>
func.func @update_rows(%row: tensor<?x8x64xf32>, %at: tensor<?xi32>, %c: tensor<?x8x4096x64xf32>) -> tensor<?x8x4096x64xf32> {
  %y = batten.update_rows %row axes [0, 1] at %at axes [0] into %c : (tensor<?x8x64xf32>, tensor<?xi32>, tensor<?x8x4096x64xf32>) -> tensor<?x8x4096x64xf32>
  return %y : tensor<?x8x4096x64xf32>
}
