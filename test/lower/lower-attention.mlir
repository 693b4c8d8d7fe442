// Attention stays one op; dims of the operands run along the loops (batch.., t, e, s, d).
// RUN: batten-opt --batten-lower --mlir-print-local-scope --split-input-file %s | FileCheck %s

// CHECK-LABEL: func.func @operands_lack_batch_dims(
// CHECK: %[[INIT:.*]] = tensor.empty(%{{.*}}) : tensor<?x8x3x5xbf16>
// CHECK: batten.attend %{{.*}}, %{{.*}}, %{{.*}} mask %{{.*}} len %{{.*}} into %[[INIT]] {causal, indexing_maps = [
// CHECK-SAME: affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d5)>, affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d4, d5)>
// CHECK-SAME: affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d4, d3)>, affine_map<(d0, d1, d2, d3, d4, d5) -> (d2, d4)>
// CHECK-SAME: affine_map<(d0, d1, d2, d3, d4, d5) -> (d0)>, affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3)>
// CHECK-SAME: ], max_keys = 7 : i64, {{.*}}scale = 5.000000e-01 : f64}
batten.func @operands_lack_batch_dims[B, H = 8](%q: !batten.tensor<bf16[B, H | 3, 4]>, %k: !batten.tensor<bf16[B | 7, 4]>, %v: !batten.tensor<bf16[B | 7, 5]>, %mask: !batten.tensor<i1[| 3, 7]>, %len: !batten.tensor<i32[B |]>) -> !batten.tensor<bf16[B, H | 3, 5]> {
  %y = batten.attention %q, %k, %v, %mask, %len {causal = true, optional = ["mask", "len"], scale = 0.5 : f64} : (!batten.tensor<bf16[B, H | 3, 4]>, !batten.tensor<bf16[B | 7, 4]>, !batten.tensor<bf16[B | 7, 5]>, !batten.tensor<i1[| 3, 7]>, !batten.tensor<i32[B |]>) -> !batten.tensor<bf16[B, H | 3, 5]>
  batten.return %y : !batten.tensor<bf16[B, H | 3, 5]>
}

// -----

// CHECK-LABEL: func.func @the_most_keys_follow_from_the_bounds(
// CHECK: batten.attend
// CHECK-SAME: max_keys = 203 : i64
batten.func @the_most_keys_follow_from_the_bounds[B, T <= 100](%q: !batten.tensor<f32[B | T, 4]>, %k: !batten.tensor<f32[B | "2*T + 3", 4]>) -> !batten.tensor<f32[B | T, 4]> {
  %y = batten.attention %q, %k, %k {causal = false, optional = []} : (!batten.tensor<f32[B | T, 4]>, !batten.tensor<f32[B | "2*T + 3", 4]>, !batten.tensor<f32[B | "2*T + 3", 4]>) -> !batten.tensor<f32[B | T, 4]>
  batten.return %y : !batten.tensor<f32[B | T, 4]>
}

// -----

// CHECK-LABEL: func.func @of_f64(
// CHECK: batten.attend {{.*}} -> tensor<?x3x4xf64>
batten.func @of_f64[B](%q: !batten.tensor<f64[B | 3, 4]>) -> !batten.tensor<f64[B | 3, 4]> {
  %y = batten.attention %q, %q, %q {causal = false, optional = []} : (!batten.tensor<f64[B | 3, 4]>, !batten.tensor<f64[B | 3, 4]>, !batten.tensor<f64[B | 3, 4]>) -> !batten.tensor<f64[B | 3, 4]>
  batten.return %y : !batten.tensor<f64[B | 3, 4]>
}
