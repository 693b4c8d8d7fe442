// Reductions over batch dims: blocks of positions, and what stays beside them.
// RUN: batten-opt --batten-lower --mlir-print-local-scope %s | FileCheck %s

// CHECK-LABEL: func.func @reduced_batch_dims_are_the_last_loops(
// CHECK: linalg.generic
// CHECK-SAME: affine_map<(d0, d1, d2, d3) -> (d2, d0, d3, d1)>, affine_map<(d0, d1, d2, d3) -> (d0, d1)>
// CHECK-SAME: iterator_types = ["parallel", "parallel", "reduction", "reduction"]
// CHECK-SAME: outs(%{{.*}} : tensor<?x8xf32>) attrs = {batten.order = "blocks"}
// CHECK: arith.addf %out, %in : f32
batten.func @reduced_batch_dims_are_the_last_loops[B, T, S](%x: !batten.tensor<f32[B, T, S | 8]>) -> !batten.tensor<f32[T | 8]> {
  %y = batten.reduce_batch "sum" %x dims ["B", "S"] : (!batten.tensor<f32[B, T, S | 8]>) -> !batten.tensor<f32[T | 8]>
  batten.return %y : !batten.tensor<f32[T | 8]>
}

// CHECK-LABEL: func.func @an_empty_core_is_summed_in_lanes_within_its_block(
// CHECK: linalg.generic
// CHECK-SAME: batten.lanes, batten.order = "blocks"
batten.func @an_empty_core_is_summed_in_lanes_within_its_block[B, T](%x: !batten.tensor<f32[B, T |]>) -> !batten.tensor<f32[B |]> {
  %y = batten.reduce_batch "sum" %x dims ["T"] : (!batten.tensor<f32[B, T |]>) -> !batten.tensor<f32[B |]>
  batten.return %y : !batten.tensor<f32[B |]>
}

// CHECK-LABEL: func.func @mean_divides_by_the_number_of_positions(
// CHECK-SAME: %[[B:[a-z0-9]*]]: index {batten.symbol = "B"}, %[[T:[a-z0-9]*]]: index {batten.symbol = "T"}
// CHECK: %[[COUNT:.*]] = arith.muli %[[B]], %[[T]] : index
// CHECK: arith.index_cast %[[COUNT]] : index to i64
// CHECK: arith.sitofp %{{.*}} : i64 to f32
// CHECK: arith.divf
batten.func @mean_divides_by_the_number_of_positions[B, T](%x: !batten.tensor<f32[B, T | 8]>) -> !batten.tensor<f32[| 8]> {
  %y = batten.reduce_batch "mean" %x dims ["B", "T"] : (!batten.tensor<f32[B, T | 8]>) -> !batten.tensor<f32[| 8]>
  batten.return %y : !batten.tensor<f32[| 8]>
}

// CHECK-LABEL: func.func @var_repeats_the_mean_through_its_map(
// CHECK: %[[MEAN:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<8xf32>) {
// CHECK: arith.divf
// CHECK: linalg.generic
// CHECK-SAME: affine_map<(d0, d1) -> (d1, d0)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0)>
// CHECK-SAME: ins(%{{.*}}, %[[MEAN]] : tensor<?x8xf32>, tensor<8xf32>)
// CHECK-SAME: batten.order = "blocks"
// CHECK: math.fma
batten.func @var_repeats_the_mean_through_its_map[B](%x: !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[| 8]> {
  %y = batten.reduce_batch "var" %x dims ["B"] : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[| 8]>
  batten.return %y : !batten.tensor<f32[| 8]>
}

// CHECK-LABEL: func.func @any_over_no_position_is_false(
// CHECK: %[[FALSE:.*]] = arith.constant false
// CHECK: linalg.fill ins(%[[FALSE]] : i1)
// CHECK: arith.ori %out, %in : i1
batten.func @any_over_no_position_is_false[B](%x: !batten.tensor<i1[B |]>) -> !batten.tensor<i1[|]> {
  %y = batten.reduce_batch "any" %x dims ["B"] : (!batten.tensor<i1[B |]>) -> !batten.tensor<i1[|]>
  batten.return %y : !batten.tensor<i1[|]>
}
