// Attention: text, generic form and bytecode all read back as they were.
// RUN: batten-opt %s -o %t.mlir && FileCheck %s < %t.mlir
// RUN: batten-opt %t.mlir | diff %t.mlir -
// RUN: batten-opt %s -mlir-print-op-generic | batten-opt | diff %t.mlir -
// RUN: batten-opt %s -emit-bytecode | batten-opt | diff %t.mlir -

// CHECK-LABEL: @attention[
// CHECK: batten.attention %{{.*}}, %{{.*}}, %{{.*}} {causal = true, optional = []} :
batten.func @attention[B, H = 8, T <= 2048](%q: !batten.tensor<f32[B, H | T, 64]>, %k: !batten.tensor<f32[B, H | T, 64]>, %v: !batten.tensor<f32[B, H | T, 64]>) -> !batten.tensor<f32[B, H | T, 64]> {
  %y = batten.attention %q, %k, %v {causal = true, optional = []} : (!batten.tensor<f32[B, H | T, 64]>, !batten.tensor<f32[B, H | T, 64]>, !batten.tensor<f32[B, H | T, 64]>) -> !batten.tensor<f32[B, H | T, 64]>
  batten.return %y : !batten.tensor<f32[B, H | T, 64]>
}

// CHECK-LABEL: @all_options[
// CHECK: batten.attention %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {causal = false, optional = ["mask", "len"], scale = 5.000000e-01 : f64} :
batten.func @all_options[B, H = 8](%q: !batten.tensor<bf16[B, H | 3, 4]>, %k: !batten.tensor<bf16[B | 7, 4]>, %v: !batten.tensor<bf16[B | 7, 5]>, %mask: !batten.tensor<i1[| 3, 7]>, %len: !batten.tensor<i32[B |]>) -> !batten.tensor<bf16[B, H | 3, 5]> {
  %y = batten.attention %q, %k, %v, %mask, %len {causal = false, optional = ["mask", "len"], scale = 0.5 : f64} : (!batten.tensor<bf16[B, H | 3, 4]>, !batten.tensor<bf16[B | 7, 4]>, !batten.tensor<bf16[B | 7, 5]>, !batten.tensor<i1[| 3, 7]>, !batten.tensor<i32[B |]>) -> !batten.tensor<bf16[B, H | 3, 5]>
  batten.return %y : !batten.tensor<bf16[B, H | 3, 5]>
}

// CHECK-LABEL: func.func @attend(
// CHECK: batten.attend %{{.*}}, %{{.*}}, %{{.*}} into %{{.*}} {causal, indexing_maps = [
func.func @attend(%q: tensor<?x3x8xf32>, %k: tensor<?x7x8xf32>, %v: tensor<?x7x5xf32>, %init: tensor<?x3x5xf32>) -> tensor<?x3x5xf32> {
  %y = batten.attend %q, %k, %v into %init {causal, indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d3, d2)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2)>], max_keys = 7 : i64} : (tensor<?x3x8xf32>, tensor<?x7x8xf32>, tensor<?x7x5xf32>, tensor<?x3x5xf32>) -> tensor<?x3x5xf32>
  return %y : tensor<?x3x5xf32>
}
