// matmul, linear and outer: which operand runs along which loop, and in what order products are added.
// RUN: batten-opt --batten-lower --mlir-print-local-scope %s | FileCheck %s

// CHECK-LABEL: func.func @shared_rhs_has_no_batch_dim(
// CHECK: %[[ZERO:.*]] = linalg.fill {{.*}} -> tensor<?x?x64xf32>
// CHECK: linalg.generic
// CHECK-SAME: affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>, affine_map<(d0, d1, d2, d3) -> (d3, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
// CHECK-SAME: iterator_types = ["parallel", "parallel", "parallel", "reduction"]
// CHECK-SAME: outs(%[[ZERO]] : tensor<?x?x64xf32>) attrs = {batten.order = "chain"}
// CHECK-NEXT: ^bb0(%[[A:.*]]: f32, %[[B:.*]]: f32, %[[ACC:.*]]: f32)
// CHECK-NEXT: %[[R:.*]] = math.fma %[[A]], %[[B]], %[[ACC]] : f32
// CHECK-NEXT: linalg.yield %[[R]]
batten.func @shared_rhs_has_no_batch_dim[B, T](%x: !batten.tensor<f32[B, T | 512]>, %w: !batten.tensor<f32[| 512, 64]>) -> !batten.tensor<f32[B, T | 64]> {
  %y = batten.matmul %x, %w : (!batten.tensor<f32[B, T | 512]>, !batten.tensor<f32[| 512, 64]>) -> !batten.tensor<f32[B, T | 64]>
  batten.return %y : !batten.tensor<f32[B, T | 64]>
}

// CHECK-LABEL: func.func @batched_matrices_share_their_batch_loops(
// CHECK: linalg.generic
// CHECK-SAME: affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d4, d3)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>
// CHECK-SAME: batten.order = "chain"
batten.func @batched_matrices_share_their_batch_loops[B, H](%x: !batten.tensor<f32[B, H | 3, 4]>, %w: !batten.tensor<f32[B | 4, 5]>) -> !batten.tensor<f32[B, H | 3, 5]> {
  %y = batten.matmul %x, %w : (!batten.tensor<f32[B, H | 3, 4]>, !batten.tensor<f32[B | 4, 5]>) -> !batten.tensor<f32[B, H | 3, 5]>
  batten.return %y : !batten.tensor<f32[B, H | 3, 5]>
}

// CHECK-LABEL: func.func @matrix_times_vector_is_summed_in_lanes(
// CHECK: linalg.generic
// CHECK-SAME: affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-SAME: batten.order = "lanes"
batten.func @matrix_times_vector_is_summed_in_lanes[B](%x: !batten.tensor<f32[B | 128, 64]>, %y: !batten.tensor<f32[B | 64]>) -> !batten.tensor<f32[B | 128]> {
  %z = batten.matmul %x, %y : (!batten.tensor<f32[B | 128, 64]>, !batten.tensor<f32[B | 64]>) -> !batten.tensor<f32[B | 128]>
  batten.return %z : !batten.tensor<f32[B | 128]>
}

// CHECK-LABEL: func.func @dot_is_summed_in_lanes(
// CHECK: linalg.generic
// CHECK-SAME: affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0)>
// CHECK-SAME: batten.order = "lanes"
batten.func @dot_is_summed_in_lanes[B](%x: !batten.tensor<f32[B | 64]>, %y: !batten.tensor<f32[| 64]>) -> !batten.tensor<f32[B |]> {
  %z = batten.matmul %x, %y : (!batten.tensor<f32[B | 64]>, !batten.tensor<f32[| 64]>) -> !batten.tensor<f32[B |]>
  batten.return %z : !batten.tensor<f32[B |]>
}

// CHECK-LABEL: func.func @half_precision_accumulates_in_f32_and_rounds_once(
// CHECK: linalg.generic {{.*}} outs({{.*}} : tensor<?x5xf32>) attrs = {batten.order = "pairs"}
// CHECK: %[[A:.*]] = arith.extf %{{.*}} : bf16 to f32
// CHECK: %[[B:.*]] = arith.extf %{{.*}} : bf16 to f32
// CHECK: math.fma %[[A]], %[[B]], %{{.*}} : f32
// CHECK: linalg.generic {{.*}} outs({{.*}} : tensor<?x5xbf16>)
// CHECK: %[[R:.*]] = arith.truncf %{{.*}} : f32 to bf16
// CHECK-NEXT: linalg.yield %[[R]]
batten.func @half_precision_accumulates_in_f32_and_rounds_once[B](%x: !batten.tensor<bf16[B | 10]>, %w: !batten.tensor<bf16[| 10, 5]>) -> !batten.tensor<bf16[B | 5]> {
  %y = batten.matmul %x, %w : (!batten.tensor<bf16[B | 10]>, !batten.tensor<bf16[| 10, 5]>) -> !batten.tensor<bf16[B | 5]>
  batten.return %y : !batten.tensor<bf16[B | 5]>
}

// CHECK-LABEL: func.func @half_precision_may_stay_in_its_accumulator(
// CHECK: linalg.generic
// CHECK: math.fma
// CHECK-NOT: linalg.generic
// CHECK: return
batten.func @half_precision_may_stay_in_its_accumulator[B](%x: !batten.tensor<f16[B | 10]>, %w: !batten.tensor<f16[| 10, 5]>) -> !batten.tensor<f32[B | 5]> {
  %y = batten.matmul %x, %w : (!batten.tensor<f16[B | 10]>, !batten.tensor<f16[| 10, 5]>) -> !batten.tensor<f32[B | 5]>
  batten.return %y : !batten.tensor<f32[B | 5]>
}

// CHECK-LABEL: func.func @bytes_accumulate_in_i32(
// CHECK: ^bb0(%[[A:.*]]: i8, %[[B:.*]]: i8, %[[ACC:.*]]: i32)
// CHECK-NEXT: %[[X:.*]] = arith.extui %[[A]] : i8 to i32
// CHECK-NEXT: %[[Y:.*]] = arith.extui %[[B]] : i8 to i32
// CHECK-NEXT: %[[P:.*]] = arith.muli %[[X]], %[[Y]] : i32
// CHECK-NEXT: arith.addi %[[ACC]], %[[P]] : i32
batten.func @bytes_accumulate_in_i32[B](%x: !batten.tensor<ui8[B | 10]>, %w: !batten.tensor<ui8[| 10, 5]>) -> !batten.tensor<i32[B | 5]> {
  %y = batten.matmul %x, %w : (!batten.tensor<ui8[B | 10]>, !batten.tensor<ui8[| 10, 5]>) -> !batten.tensor<i32[B | 5]>
  batten.return %y : !batten.tensor<i32[B | 5]>
}

// CHECK-LABEL: func.func @bools_are_counted(
// CHECK: ^bb0(%[[A:.*]]: i1, %[[B:.*]]: i1, %[[ACC:.*]]: i32)
// CHECK: arith.extui %[[A]] : i1 to i32
// CHECK: arith.addi %[[ACC]]
batten.func @bools_are_counted[B](%x: !batten.tensor<i1[B | 10]>, %w: !batten.tensor<i1[| 10, 5]>) -> !batten.tensor<i32[B | 5]> {
  %y = batten.matmul %x, %w : (!batten.tensor<i1[B | 10]>, !batten.tensor<i1[| 10, 5]>) -> !batten.tensor<i32[B | 5]>
  batten.return %y : !batten.tensor<i32[B | 5]>
}

// CHECK-LABEL: func.func @linear_reads_its_weight_transposed_and_adds_the_bias_last(
// CHECK: %[[SUM:.*]] = linalg.generic
// CHECK-SAME: affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-SAME: batten.order = "chain"
// CHECK: linalg.generic
// CHECK-SAME: affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>
// CHECK-SAME: ins(%[[SUM]], %{{.*}} : tensor<?x5xf32>, tensor<5xf32>)
// CHECK: arith.addf
batten.func @linear_reads_its_weight_transposed_and_adds_the_bias_last[B](%x: !batten.tensor<f32[B | 10]>, %w: !batten.tensor<f32[| 5, 10]>, %b: !batten.tensor<f32[| 5]>) -> !batten.tensor<f32[B | 5]> {
  %y = batten.linear %x, %w, %b : (!batten.tensor<f32[B | 10]>, !batten.tensor<f32[| 5, 10]>, !batten.tensor<f32[| 5]>) -> !batten.tensor<f32[B | 5]>
  batten.return %y : !batten.tensor<f32[B | 5]>
}

// CHECK-LABEL: func.func @linear_without_bias_is_one_generic(
// CHECK: linalg.generic
// CHECK-NOT: linalg.generic
// CHECK: return
batten.func @linear_without_bias_is_one_generic[B](%x: !batten.tensor<f32[B | 10]>, %w: !batten.tensor<f32[| 5, 10]>) -> !batten.tensor<f32[B | 5]> {
  %y = batten.linear %x, %w : (!batten.tensor<f32[B | 10]>, !batten.tensor<f32[| 5, 10]>) -> !batten.tensor<f32[B | 5]>
  batten.return %y : !batten.tensor<f32[B | 5]>
}

// CHECK-LABEL: func.func @linear_in_half_precision_rounds_after_the_bias(
// CHECK: batten.order = "pairs"
// CHECK: math.fma
// CHECK-NOT: arith.truncf
// CHECK: arith.addf
// CHECK-NEXT: arith.truncf
batten.func @linear_in_half_precision_rounds_after_the_bias[B](%x: !batten.tensor<bf16[B | 10]>, %w: !batten.tensor<bf16[| 5, 10]>, %b: !batten.tensor<bf16[| 5]>) -> !batten.tensor<bf16[B | 5]> {
  %y = batten.linear %x, %w, %b : (!batten.tensor<bf16[B | 10]>, !batten.tensor<bf16[| 5, 10]>, !batten.tensor<bf16[| 5]>) -> !batten.tensor<bf16[B | 5]>
  batten.return %y : !batten.tensor<bf16[B | 5]>
}

// The bias has a dtype of its own: the accumulator's, which is added as it is, or that of x, which is extended as it.
// CHECK-LABEL: func.func @linear_of_bytes_adds_a_bias_of_the_accumulator(
// CHECK: arith.addi %{{.*}} : i32
// CHECK: ^bb0(%[[SUM:.*]]: i32, %[[BIAS:.*]]: i32, %{{.*}}: i32):
// CHECK-NEXT: %[[Y:.*]] = arith.addi %[[SUM]], %[[BIAS]] : i32
// CHECK-NEXT: linalg.yield %[[Y]] : i32
batten.func @linear_of_bytes_adds_a_bias_of_the_accumulator[B](%x: !batten.tensor<ui8[B | 10]>, %w: !batten.tensor<ui8[| 5, 10]>, %b: !batten.tensor<i32[| 5]>) -> !batten.tensor<i32[B | 5]> {
  %y = batten.linear %x, %w, %b : (!batten.tensor<ui8[B | 10]>, !batten.tensor<ui8[| 5, 10]>, !batten.tensor<i32[| 5]>) -> !batten.tensor<i32[B | 5]>
  batten.return %y : !batten.tensor<i32[B | 5]>
}

// CHECK-LABEL: func.func @linear_of_bytes_extends_a_bias_of_bytes(
// CHECK: arith.addi %{{.*}} : i32
// CHECK: ^bb0(%[[SUM:.*]]: i32, %[[BIAS:.*]]: i8, %{{.*}}: i32):
// CHECK-NEXT: %[[WIDE:.*]] = arith.extui %[[BIAS]] : i8 to i32
// CHECK-NEXT: arith.addi %[[SUM]], %[[WIDE]] : i32
batten.func @linear_of_bytes_extends_a_bias_of_bytes[B](%x: !batten.tensor<ui8[B | 10]>, %w: !batten.tensor<ui8[| 5, 10]>, %b: !batten.tensor<ui8[| 5]>) -> !batten.tensor<i32[B | 5]> {
  %y = batten.linear %x, %w, %b : (!batten.tensor<ui8[B | 10]>, !batten.tensor<ui8[| 5, 10]>, !batten.tensor<ui8[| 5]>) -> !batten.tensor<i32[B | 5]>
  batten.return %y : !batten.tensor<i32[B | 5]>
}

// CHECK-LABEL: func.func @outer_is_elementwise(
// CHECK: linalg.generic
// CHECK-SAME: affine_map<(d0, d1, d2) -> (d0, d1)>, affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>
// CHECK-SAME: iterator_types = ["parallel", "parallel", "parallel"]
// CHECK: arith.mulf
batten.func @outer_is_elementwise[B](%x: !batten.tensor<f32[B | 3]>, %y: !batten.tensor<f32[B | 4]>) -> !batten.tensor<f32[B | 3, 4]> {
  %z = batten.outer %x, %y : (!batten.tensor<f32[B | 3]>, !batten.tensor<f32[B | 4]>) -> !batten.tensor<f32[B | 3, 4]>
  batten.return %z : !batten.tensor<f32[B | 3, 4]>
}
