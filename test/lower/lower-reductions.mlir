// Reductions over core dims: natural maps, the 64-lane order, and what mean and var are made of.
// RUN: batten-opt --batten-lower --mlir-print-local-scope %s | FileCheck %s

// CHECK-LABEL: func.func @sum_runs_in_lanes_from_zero(
// CHECK: %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK: %[[INIT:.*]] = linalg.fill ins(%[[ZERO]] : f32)
// CHECK: linalg.generic
// CHECK-SAME: affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>
// CHECK-SAME: iterator_types = ["parallel", "reduction"]
// CHECK-SAME: outs(%[[INIT]] : tensor<?xf32>) attrs = {batten.order = "lanes"}
// CHECK: arith.addf %out, %in : f32
batten.func @sum_runs_in_lanes_from_zero[B](%x: !batten.tensor<f32[B | 64]>) -> !batten.tensor<f32[B |]> {
  %y = batten.reduce "sum" %x dims [0] : (!batten.tensor<f32[B | 64]>) -> !batten.tensor<f32[B |]>
  batten.return %y : !batten.tensor<f32[B |]>
}

// CHECK-LABEL: func.func @reduced_dims_come_last_in_the_loops_and_stay_in_the_map(
// CHECK: linalg.generic
// CHECK-SAME: affine_map<(d0, d1, d2, d3) -> (d0, d2, d1, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1)>
// CHECK-SAME: iterator_types = ["parallel", "parallel", "reduction", "reduction"]
// CHECK-SAME: batten.order = "lanes"
batten.func @reduced_dims_come_last_in_the_loops_and_stay_in_the_map[B](%x: !batten.tensor<f32[B | 3, 5, 7]>) -> !batten.tensor<f32[B | 5]> {
  %y = batten.reduce "sum" %x dims [0, 2] : (!batten.tensor<f32[B | 3, 5, 7]>) -> !batten.tensor<f32[B | 5]>
  batten.return %y : !batten.tensor<f32[B | 5]>
}

// CHECK-LABEL: func.func @mean_divides_by_a_constant_count(
// CHECK: arith.addf
// CHECK: linalg.generic
// CHECK: %[[N:.*]] = arith.constant 1.500000e+01 : f32
// CHECK-NEXT: arith.divf %in, %[[N]] : f32
batten.func @mean_divides_by_a_constant_count[B](%x: !batten.tensor<f32[B | 3, 5]>) -> !batten.tensor<f32[B |]> {
  %y = batten.reduce "mean" %x dims [0, 1] : (!batten.tensor<f32[B | 3, 5]>) -> !batten.tensor<f32[B |]>
  batten.return %y : !batten.tensor<f32[B |]>
}

// CHECK-LABEL: func.func @mean_counts_what_is_known_at_run_time_only(
// CHECK-SAME: %[[T:[a-z0-9]*]]: index {batten.symbol = "T"}
// CHECK: %[[THREE:.*]] = arith.constant 3 : index
// CHECK: %[[COUNT:.*]] = arith.muli %[[THREE]], %[[T]] : index
// CHECK: %[[WHOLE:.*]] = arith.index_cast %[[COUNT]] : index to i64
// CHECK: %[[REAL:.*]] = arith.sitofp %[[WHOLE]] : i64 to f32
// CHECK: %[[N:.*]] = linalg.fill ins(%[[REAL]] : f32) outs(%{{.*}} : tensor<f32>)
// CHECK: linalg.generic {{.*}}affine_map<(d0) -> ()>{{.*}} ins(%{{.*}}, %[[N]] : tensor<?xf32>, tensor<f32>)
// CHECK: arith.divf
batten.func @mean_counts_what_is_known_at_run_time_only[B, T <= 8](%x: !batten.tensor<f32[B | 3, T]>) -> !batten.tensor<f32[B |]> {
  %y = batten.reduce "mean" %x dims [0, 1] : (!batten.tensor<f32[B | 3, T]>) -> !batten.tensor<f32[B |]>
  batten.return %y : !batten.tensor<f32[B |]>
}

// CHECK-LABEL: func.func @var_sums_squared_differences_by_multiply_adds(
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}}batten.order = "lanes"
// CHECK: %[[MEAN:.*]] = linalg.generic {{.*}} ins(%[[SUM]] : tensor<?xf32>)
// CHECK: arith.constant 6.400000e+01 : f32
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[MEAN]] : tensor<?x64xf32>, tensor<?xf32>) {{.*}}batten.order = "lanes"
// CHECK: %[[C:.*]] = arith.subf %in, %in_{{.*}} : f32
// CHECK-NEXT: math.fma %[[C]], %[[C]], %out : f32
// CHECK: linalg.generic
// CHECK: arith.constant 6.300000e+01 : f32
// CHECK: arith.divf
batten.func @var_sums_squared_differences_by_multiply_adds[B](%x: !batten.tensor<f32[B | 64]>) -> !batten.tensor<f32[B |]> {
  %y = batten.reduce "var" %x dims [0] {correction = 1 : i64} : (!batten.tensor<f32[B | 64]>) -> !batten.tensor<f32[B |]>
  batten.return %y : !batten.tensor<f32[B |]>
}

// CHECK-LABEL: func.func @half_precision_sums_in_f32(
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<?x64xbf16>) outs(%{{.*}} : tensor<?xf32>)
// CHECK: %[[X:.*]] = arith.extf %in : bf16 to f32
// CHECK-NEXT: arith.addf %out, %[[X]] : f32
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<?xbf16>)
// CHECK: arith.truncf
batten.func @half_precision_sums_in_f32[B](%x: !batten.tensor<bf16[B | 64]>) -> !batten.tensor<bf16[B |]> {
  %y = batten.reduce "sum" %x dims [0] : (!batten.tensor<bf16[B | 64]>) -> !batten.tensor<bf16[B |]>
  batten.return %y : !batten.tensor<bf16[B |]>
}

// A maximum rounds nothing, so it is one of halves.
// CHECK-LABEL: func.func @max_of_halves_is_a_half(
// CHECK: arith.constant 0xFF80 : bf16
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<?x64xbf16>) outs(%{{.*}} : tensor<?xbf16>)
// CHECK: arith.maximumf %out, %in : bf16
// CHECK-NOT: linalg.generic
batten.func @max_of_halves_is_a_half[B](%x: !batten.tensor<bf16[B | 64]>) -> !batten.tensor<bf16[B |]> {
  %y = batten.reduce "max" %x dims [0] : (!batten.tensor<bf16[B | 64]>) -> !batten.tensor<bf16[B |]>
  batten.return %y : !batten.tensor<bf16[B |]>
}

// CHECK-LABEL: func.func @max_begins_at_minus_infinity(
// CHECK: arith.constant 0xFF800000 : f32
// CHECK: arith.maximumf %out, %in : f32
batten.func @max_begins_at_minus_infinity[B](%x: !batten.tensor<f32[B | 64]>) -> !batten.tensor<f32[B |]> {
  %y = batten.reduce "max" %x dims [0] : (!batten.tensor<f32[B | 64]>) -> !batten.tensor<f32[B |]>
  batten.return %y : !batten.tensor<f32[B |]>
}

// CHECK-LABEL: func.func @min_of_bytes_is_unsigned(
// CHECK: arith.constant -1 : i8
// CHECK: arith.minui %out, %in : i8
batten.func @min_of_bytes_is_unsigned[B](%x: !batten.tensor<ui8[B | 64]>) -> !batten.tensor<ui8[B |]> {
  %y = batten.reduce "min" %x dims [0] : (!batten.tensor<ui8[B | 64]>) -> !batten.tensor<ui8[B |]>
  batten.return %y : !batten.tensor<ui8[B |]>
}

// CHECK-LABEL: func.func @sum_of_bools_counts(
// CHECK: %[[X:.*]] = arith.extui %in : i1 to i32
// CHECK-NEXT: arith.addi %out, %[[X]] : i32
batten.func @sum_of_bools_counts[B](%x: !batten.tensor<i1[B | 64]>) -> !batten.tensor<i32[B |]> {
  %y = batten.reduce "sum" %x dims [0] : (!batten.tensor<i1[B | 64]>) -> !batten.tensor<i32[B |]>
  batten.return %y : !batten.tensor<i32[B |]>
}

// CHECK-LABEL: func.func @all_begins_at_true(
// CHECK: %[[TRUE:.*]] = arith.constant true
// CHECK: linalg.fill ins(%[[TRUE]] : i1)
// CHECK: arith.andi %out, %in : i1
batten.func @all_begins_at_true[B](%x: !batten.tensor<i1[B | 64]>) -> !batten.tensor<i1[B |]> {
  %y = batten.reduce "all" %x dims [0] : (!batten.tensor<i1[B | 64]>) -> !batten.tensor<i1[B |]>
  batten.return %y : !batten.tensor<i1[B |]>
}
