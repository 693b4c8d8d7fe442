// softmax, log_softmax, layer_norm, rms_norm: the steps of NUMERICS.md over one set of rows.
// RUN: batten-opt --batten-lower --mlir-print-local-scope %s | FileCheck %s

// CHECK-LABEL: func.func @softmax_subtracts_the_maximum_and_divides_by_the_sum(
// CHECK-SAME: %[[X:[a-z0-9]*]]: tensor<?x10xf32>
// CHECK: %[[MAX:.*]] = linalg.generic {{.*}} ins(%[[X]] : tensor<?x10xf32>) {{.*}}batten.order = "lanes"
// CHECK: arith.maximumf
// CHECK: %[[E:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[MAX]] : tensor<?x10xf32>, tensor<?xf32>)
// CHECK: %[[D:.*]] = arith.subf %in, %in_{{.*}} : f32
// CHECK-NEXT: math.exp %[[D]] {batten.nonpositive} : f32
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}} ins(%[[E]] : tensor<?x10xf32>) {{.*}}batten.order = "lanes"
// CHECK: linalg.generic {{.*}} ins(%[[E]], %[[SUM]] : tensor<?x10xf32>, tensor<?xf32>)
// CHECK: arith.divf %in, %in_{{.*}} : f32
batten.func @softmax_subtracts_the_maximum_and_divides_by_the_sum[B](%x: !batten.tensor<f32[B | 10]>) -> !batten.tensor<f32[B | 10]> {
  %y = batten.softmax %x dim 0 : (!batten.tensor<f32[B | 10]>) -> !batten.tensor<f32[B | 10]>
  batten.return %y : !batten.tensor<f32[B | 10]>
}

// CHECK-LABEL: func.func @softmax_over_an_inner_dim_transposes_nothing(
// CHECK: linalg.generic
// CHECK-SAME: affine_map<(d0, d1, d2) -> (d0, d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK: linalg.generic
// CHECK-SAME: affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>
// CHECK-NOT: linalg.transpose
// CHECK: return
batten.func @softmax_over_an_inner_dim_transposes_nothing[B](%x: !batten.tensor<f32[B | 10, 4]>) -> !batten.tensor<f32[B | 10, 4]> {
  %y = batten.softmax %x dim 0 : (!batten.tensor<f32[B | 10, 4]>) -> !batten.tensor<f32[B | 10, 4]>
  batten.return %y : !batten.tensor<f32[B | 10, 4]>
}

// CHECK-LABEL: func.func @softmax_of_half_precision_rounds_at_the_end_only(
// CHECK-NOT: arith.truncf
// CHECK: math.exp %{{.*}} {batten.nonpositive} : f32
// CHECK-NOT: arith.truncf
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<?x10xf16>)
// CHECK: arith.divf
// CHECK-NEXT: arith.truncf
// CHECK-NOT: arith.truncf
// CHECK: return
batten.func @softmax_of_half_precision_rounds_at_the_end_only[B](%x: !batten.tensor<f16[B | 10]>) -> !batten.tensor<f16[B | 10]> {
  %y = batten.softmax %x dim 0 : (!batten.tensor<f16[B | 10]>) -> !batten.tensor<f16[B | 10]>
  batten.return %y : !batten.tensor<f16[B | 10]>
}

// CHECK-LABEL: func.func @softmax_of_bf16_takes_short_exponentials_and_divides_once_a_row(
// CHECK: math.exp %{{.*}} {batten.nonpositive, batten.to_bf16} : f32
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<?xf32>) {{.*}}batten.order = "lanes"
// CHECK: %[[INVERSE:.*]] = linalg.generic {{.*}} ins(%[[SUM]] : tensor<?xf32>)
// CHECK: arith.divf
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[INVERSE]] : tensor<?x10xf32>, tensor<?xf32>) outs(%{{.*}} : tensor<?x10xbf16>)
// CHECK: %[[Y:.*]] = arith.mulf
// CHECK-NEXT: arith.truncf %[[Y]]
// CHECK: return
batten.func @softmax_of_bf16_takes_short_exponentials_and_divides_once_a_row[B](%x: !batten.tensor<bf16[B | 10]>) -> !batten.tensor<bf16[B | 10]> {
  %y = batten.softmax %x dim 0 : (!batten.tensor<bf16[B | 10]>) -> !batten.tensor<bf16[B | 10]>
  batten.return %y : !batten.tensor<bf16[B | 10]>
}

// CHECK-LABEL: func.func @log_softmax_takes_one_logarithm_a_row(
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<?xf32>) {
// CHECK: math.log
// CHECK: linalg.generic
// CHECK: %[[D:.*]] = arith.subf %in, %in_{{.*}} : f32
// CHECK-NEXT: arith.subf %[[D]], %in_{{.*}} : f32
batten.func @log_softmax_takes_one_logarithm_a_row[B](%x: !batten.tensor<f32[B | 10]>) -> !batten.tensor<f32[B | 10]> {
  %y = batten.log_softmax %x dim 0 : (!batten.tensor<f32[B | 10]>) -> !batten.tensor<f32[B | 10]>
  batten.return %y : !batten.tensor<f32[B | 10]>
}

// CHECK-LABEL: func.func @layer_norm_scales_by_one_over_the_root_and_adds_b_by_a_multiply_add(
// CHECK: arith.addf
// CHECK: arith.divf
// CHECK: arith.subf
// CHECK-NEXT: math.fma
// CHECK: %[[V:.*]] = arith.divf
// CHECK: %[[S:.*]] = arith.addf %[[V]], %{{.*}} : f32
// CHECK: math.sqrt %[[S]]
// CHECK: linalg.generic
// CHECK: %[[C:.*]] = arith.subf
// CHECK-NEXT: %[[N:.*]] = arith.mulf %[[C]], %{{.*}} : f32
// CHECK-NEXT: math.fma %[[N]], %in_{{.*}}, %in_{{.*}} : f32
batten.func @layer_norm_scales_by_one_over_the_root_and_adds_b_by_a_multiply_add[B, T](%x: !batten.tensor<f32[B, T | 768]>, %g: !batten.tensor<f32[| 768]>, %b: !batten.tensor<f32[| 768]>) -> !batten.tensor<f32[B, T | 768]> {
  %y = batten.layer_norm %x, %g, %b eps 1.000000e-05 : (!batten.tensor<f32[B, T | 768]>, !batten.tensor<f32[| 768]>, !batten.tensor<f32[| 768]>) -> !batten.tensor<f32[B, T | 768]>
  batten.return %y : !batten.tensor<f32[B, T | 768]>
}

// CHECK-LABEL: func.func @rms_norm_scales_first_and_then_by_g(
// CHECK: math.fma %in, %in, %out : f32
// CHECK: math.sqrt
// CHECK: %[[S:.*]] = arith.mulf %in, %in_{{.*}} : f32
// CHECK-NEXT: arith.mulf %[[S]], %in_{{.*}} : f32
batten.func @rms_norm_scales_first_and_then_by_g[B](%x: !batten.tensor<f32[B | 768]>, %g: !batten.tensor<f32[| 768]>) -> !batten.tensor<f32[B | 768]> {
  %y = batten.rms_norm %x, %g eps 1.000000e-06 : (!batten.tensor<f32[B | 768]>, !batten.tensor<f32[| 768]>) -> !batten.tensor<f32[B | 768]>
  batten.return %y : !batten.tensor<f32[B | 768]>
}

// CHECK-LABEL: func.func @f64_stays_f64(
// CHECK: arith.maximumf {{.*}} : f64
// CHECK: math.exp {{.*}}batten.nonpositive{{.*}} : f64
// CHECK: arith.addf {{.*}} : f64
// CHECK: arith.divf {{.*}} : f64
batten.func @f64_stays_f64[B](%x: !batten.tensor<f64[B | 10]>) -> !batten.tensor<f64[B | 10]> {
  %y = batten.softmax %x dim 0 : (!batten.tensor<f64[B | 10]>) -> !batten.tensor<f64[B | 10]>
  batten.return %y : !batten.tensor<f64[B | 10]>
}
