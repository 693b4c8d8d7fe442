// conv2d and pools: one generic whose image map slides, padding that no kernel makes, and what follows the sum.
// RUN: batten-opt --batten-lower --mlir-print-local-scope %s | FileCheck %s

// CHECK-LABEL: func.func @taps_run_over_rows_columns_channels(
// CHECK: %[[PADDED:.*]] = tensor.pad %{{.*}} low[0, 0, 1, 1] high[0, 0, 1, 1]
// CHECK: linalg.generic
// CHECK-SAME: affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d6, d2 * 2 + d4, d3 * 2 + d5)>, affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d1, d6, d4, d5)>, affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1, d2, d3)>
// CHECK-SAME: ins(%[[PADDED]], %{{.*}} : tensor<?x3x11x11xf32>, tensor<8x3x3x3xf32>)
// CHECK-SAME: batten.order = "chain"
// CHECK-NEXT: ^bb0(%[[A:.*]]: f32, %[[B:.*]]: f32, %[[ACC:.*]]: f32)
// CHECK-NEXT: math.fma %[[A]], %[[B]], %[[ACC]] : f32
// The bias is added to the whole sum.
// CHECK: linalg.generic
// CHECK-SAME: affine_map<(d0, d1, d2, d3) -> (d1)>
// CHECK: arith.addf
batten.func @taps_run_over_rows_columns_channels[B](%x: !batten.tensor<f32[B | 3, 9, 9]>, %w: !batten.tensor<f32[| 8, 3, 3, 3]>, %b: !batten.tensor<f32[| 8]>) -> !batten.tensor<f32[B | 8, 5, 5]> {
  %y = batten.conv2d %x, %w, %b stride 2 pad 1 dilation 1 groups 1 : (!batten.tensor<f32[B | 3, 9, 9]>, !batten.tensor<f32[| 8, 3, 3, 3]>, !batten.tensor<f32[| 8]>) -> !batten.tensor<f32[B | 8, 5, 5]>
  batten.return %y : !batten.tensor<f32[B | 8, 5, 5]>
}

// CHECK-LABEL: func.func @groups_read_their_own_channels(
// CHECK-NOT: tensor.pad
// CHECK: linalg.generic
// CHECK-SAME: affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, (d1 floordiv 3) * 2 + d6, d2 + d4 * 2, d3 + d5 * 2)>
batten.func @groups_read_their_own_channels[B](%x: !batten.tensor<f32[B | 4, 9, 9]>, %w: !batten.tensor<f32[| 6, 2, 3, 3]>) -> !batten.tensor<f32[B | 6, 5, 5]> {
  %y = batten.conv2d %x, %w stride 1 pad 0 dilation 2 groups 2 : (!batten.tensor<f32[B | 4, 9, 9]>, !batten.tensor<f32[| 6, 2, 3, 3]>) -> !batten.tensor<f32[B | 6, 5, 5]>
  batten.return %y : !batten.tensor<f32[B | 6, 5, 5]>
}

// CHECK-LABEL: func.func @channels_of_bf16_are_pairs(
// CHECK: linalg.generic
// CHECK-SAME: batten.order = "pairs"
// CHECK: math.fma %{{.*}} : f32
// CHECK: arith.truncf
batten.func @channels_of_bf16_are_pairs[B](%x: !batten.tensor<bf16[B | 3, 9, 9]>, %w: !batten.tensor<bf16[| 8, 3, 3, 3]>) -> !batten.tensor<bf16[B | 8, 7, 7]> {
  %y = batten.conv2d %x, %w stride 1 pad 0 dilation 1 groups 1 : (!batten.tensor<bf16[B | 3, 9, 9]>, !batten.tensor<bf16[| 8, 3, 3, 3]>) -> !batten.tensor<bf16[B | 8, 7, 7]>
  batten.return %y : !batten.tensor<bf16[B | 8, 7, 7]>
}

// CHECK-LABEL: func.func @a_pool_of_bytes_is_unsigned(
// CHECK: linalg.generic
// CHECK-SAME: affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2 * 3 + d4, d3 * 3 + d5)>, affine_map<(d0, d1, d2, d3, d4, d5) -> (d4, d5)>
// CHECK: arith.maxui
batten.func @a_pool_of_bytes_is_unsigned[B](%x: !batten.tensor<ui8[B | 2, 8, 8]>) -> !batten.tensor<ui8[B | 2, 3, 3]> {
  %y = batten.max_pool2d %x k 2 stride 3 : (!batten.tensor<ui8[B | 2, 8, 8]>) -> !batten.tensor<ui8[B | 2, 3, 3]>
  batten.return %y : !batten.tensor<ui8[B | 2, 3, 3]>
}

// CHECK-LABEL: func.func @the_greatest_of_halves_is_a_half(
// CHECK: arith.constant 0xFC00 : f16
// CHECK: linalg.generic
// CHECK: arith.maximumf %out, %in : f16
// CHECK-NOT: linalg.generic
batten.func @the_greatest_of_halves_is_a_half[B](%x: !batten.tensor<f16[B | 2, 8, 8]>) -> !batten.tensor<f16[B | 2, 4, 4]> {
  %y = batten.max_pool2d %x k 2 stride 2 : (!batten.tensor<f16[B | 2, 8, 8]>) -> !batten.tensor<f16[B | 2, 4, 4]>
  batten.return %y : !batten.tensor<f16[B | 2, 4, 4]>
}

// From -0, so that the first tap is the first term; one division; one rounding.
// CHECK-LABEL: func.func @a_mean_of_halves_is_rounded_once(
// CHECK: %[[ZERO:.*]] = arith.constant -0.000000e+00 : f32
// CHECK: linalg.fill ins(%[[ZERO]] : f32)
// CHECK: arith.extf
// CHECK: arith.addf
// CHECK: arith.divf
// CHECK-NEXT: arith.truncf
batten.func @a_mean_of_halves_is_rounded_once[B](%x: !batten.tensor<f16[B | 2, 8, 8]>) -> !batten.tensor<f16[B | 2, 4, 4]> {
  %y = batten.avg_pool2d %x k 2 stride 2 : (!batten.tensor<f16[B | 2, 8, 8]>) -> !batten.tensor<f16[B | 2, 4, 4]>
  batten.return %y : !batten.tensor<f16[B | 2, 4, 4]>
}

// Groups of sizes that the call decides are one more batch dim.
// CHECK-LABEL: func.func @groups_of_a_size_of_the_call(
// CHECK-DAG: tensor.expand_shape %{{.*}} : tensor<?x?x9x9xf32> into tensor<?x2x?x9x9xf32>
// CHECK-DAG: tensor.expand_shape %{{.*}} : tensor<?x?x3x3xf32> into tensor<2x?x?x3x3xf32>
// CHECK: linalg.generic
// CHECK-SAME: affine_map<(d0, d1, d2, d3, d4, d5, d6, d7) -> (d0, d1, d7, d3 + d5, d4 + d6)>, affine_map<(d0, d1, d2, d3, d4, d5, d6, d7) -> (d1, d2, d7, d5, d6)>
// CHECK: tensor.collapse_shape %{{.*}} : tensor<?x2x?x7x7xf32> into tensor<?x?x7x7xf32>
batten.func @groups_of_a_size_of_the_call[B, C <= 8](%x: !batten.tensor<f32[B | "2*C", 9, 9]>, %w: !batten.tensor<f32[| "2*C", C, 3, 3]>) -> !batten.tensor<f32[B | "2*C", 7, 7]> {
  %y = batten.conv2d %x, %w stride 1 pad 0 dilation 1 groups 2 : (!batten.tensor<f32[B | "2*C", 9, 9]>, !batten.tensor<f32[| "2*C", C, 3, 3]>) -> !batten.tensor<f32[B | "2*C", 7, 7]>
  batten.return %y : !batten.tensor<f32[B | "2*C", 7, 7]>
}
