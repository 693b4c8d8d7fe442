// What only moves elements: views where elements can stay, copies where a join needs them side by side.
// RUN: batten-opt --batten-lower --mlir-print-local-scope %s | FileCheck %s

// CHECK-LABEL: func.func @splitting_and_permuting_copies_nothing(
// CHECK: %[[E:.*]] = tensor.expand_shape %{{.*}} {{\[\[}}0], [1], [2, 3]] output_shape [%{{.*}}, %{{.*}}, 8, 64] : tensor<?x?x512xf32> into tensor<?x?x8x64xf32>
// CHECK: %[[T:.*]] = linalg.transpose ins(%[[E]] : tensor<?x?x8x64xf32>) outs(%{{.*}} : tensor<?x8x?x64xf32>) permutation = [0, 2, 1, 3]
// CHECK-NOT: linalg.generic
// CHECK: return %[[T]]
batten.func @splitting_and_permuting_copies_nothing[B, T <= 2048, H = 8](%x: !batten.tensor<f32[B, T | 512]>) -> !batten.tensor<f32[B, H | T, 64]> {
  %h = batten.rearrange %x splits [["H", "64"]] permutation [0, 2, 1, 3] joins [1, 1] : (!batten.tensor<f32[B, T | 512]>) -> !batten.tensor<f32[B, H | T, 64]>
  batten.return %h : !batten.tensor<f32[B, H | T, 64]>
}

// CHECK-LABEL: func.func @permuting_before_a_join_copies_through_the_map(
// CHECK: %[[COPY:.*]] = linalg.generic
// CHECK-SAME: affine_map<(d0, d1, d2, d3) -> (d0, d2, d1, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
// CHECK-SAME: ins(%{{.*}} : tensor<?x8x?x64xf32>) outs(%{{.*}} : tensor<?x?x8x64xf32>)
// CHECK-NEXT: ^bb0(%[[X:.*]]: f32, %{{.*}}: f32)
// CHECK-NEXT: linalg.yield %[[X]]
// CHECK: tensor.collapse_shape %[[COPY]] {{\[\[}}0], [1], [2, 3]] : tensor<?x?x8x64xf32> into tensor<?x?x512xf32>
// CHECK-NOT: linalg.transpose
// CHECK: return
batten.func @permuting_before_a_join_copies_through_the_map[B, T <= 2048, H = 8](%x: !batten.tensor<f32[B, H | T, 64]>) -> !batten.tensor<f32[B, T | 512]> {
  %h = batten.rearrange %x splits [["T"], ["64"]] permutation [0, 2, 1, 3] joins [2] : (!batten.tensor<f32[B, H | T, 64]>) -> !batten.tensor<f32[B, T | 512]>
  batten.return %h : !batten.tensor<f32[B, T | 512]>
}

// CHECK-LABEL: func.func @joining_an_argument_copies_nothing(
// CHECK: tensor.collapse_shape %{{.*}} {{\[\[}}0], [1, 2, 3]] : tensor<?x3x5x7xf32> into tensor<?x105xf32>
// CHECK-NOT: linalg.generic
// CHECK: return
batten.func @joining_an_argument_copies_nothing[B](%x: !batten.tensor<f32[B | 3, 5, 7]>) -> !batten.tensor<f32[B | 105]> {
  %h = batten.rearrange %x splits [["3"], ["5"], ["7"]] permutation [0, 1, 2, 3] joins [3] : (!batten.tensor<f32[B | 3, 5, 7]>) -> !batten.tensor<f32[B | 105]>
  batten.return %h : !batten.tensor<f32[B | 105]>
}

// CHECK-LABEL: func.func @joining_a_slice_copies_it(
// CHECK: %[[SLICE:.*]] = tensor.extract_slice
// CHECK: %[[COPY:.*]] = linalg.generic {{.*}} ins(%[[SLICE]] : tensor<?x2x5xf32>)
// CHECK: tensor.collapse_shape %[[COPY]]
batten.func @joining_a_slice_copies_it[B](%x: !batten.tensor<f32[B | 3, 5]>) -> !batten.tensor<f32[B | 10]> {
  %s = batten.slice %x offsets ["1", "0"] sizes ["2", "5"] : (!batten.tensor<f32[B | 3, 5]>) -> !batten.tensor<f32[B | 2, 5]>
  %h = batten.rearrange %s splits [["2"], ["5"]] permutation [0, 1, 2] joins [2] : (!batten.tensor<f32[B | 2, 5]>) -> !batten.tensor<f32[B | 10]>
  batten.return %h : !batten.tensor<f32[B | 10]>
}

// CHECK-LABEL: func.func @splitting_a_slice_copies_nothing(
// CHECK: %[[SLICE:.*]] = tensor.extract_slice %{{.*}}[0, 512] [%{{.*}}, 512] [1, 1] : tensor<?x1536xf32> to tensor<?x512xf32>
// CHECK: tensor.expand_shape %[[SLICE]]
// CHECK-NOT: linalg.generic
// CHECK: return
batten.func @splitting_a_slice_copies_nothing[N <= 64](%x: !batten.tensor<f32[N | 1536]>) -> !batten.tensor<f32[N | 8, 64]> {
  %s = batten.slice %x offsets ["512"] sizes ["512"] : (!batten.tensor<f32[N | 1536]>) -> !batten.tensor<f32[N | 512]>
  %h = batten.rearrange %s splits [["8", "64"]] permutation [0, 1, 2] joins [1, 1] : (!batten.tensor<f32[N | 512]>) -> !batten.tensor<f32[N | 8, 64]>
  batten.return %h : !batten.tensor<f32[N | 8, 64]>
}

// CHECK-LABEL: func.func @a_dim_crosses_the_bar_by_staying_in_place(
// CHECK-SAME: %[[X:[a-z0-9]*]]: tensor<?x8xf32>
// CHECK: return %[[X]]
batten.func @a_dim_crosses_the_bar_by_staying_in_place[T <= 64](%x: !batten.tensor<f32[| T, 8]>) -> !batten.tensor<f32[T | 8]> {
  %h = batten.rearrange %x splits [["T"], ["8"]] permutation [0, 1] joins [1] : (!batten.tensor<f32[| T, 8]>) -> !batten.tensor<f32[T | 8]>
  batten.return %h : !batten.tensor<f32[T | 8]>
}

// CHECK-LABEL: func.func @joining_nothing_makes_a_dim_of_size_one(
// CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0, 1]] output_shape [%{{.*}}, 1] : tensor<?xf32> into tensor<?x1xf32>
batten.func @joining_nothing_makes_a_dim_of_size_one[B](%x: !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 1]> {
  %h = batten.rearrange %x splits [] permutation [0] joins [0] : (!batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 1]>
  batten.return %h : !batten.tensor<f32[B | 1]>
}

// CHECK-LABEL: func.func @a_dim_of_size_one_vanishes_from_what_is_dense(
// CHECK: tensor.collapse_shape %{{.*}} {{\[\[}}0, 1], [2]] : tensor<?x1x3xf32> into tensor<?x3xf32>
// CHECK-NOT: linalg.generic
// CHECK: return
batten.func @a_dim_of_size_one_vanishes_from_what_is_dense[B](%x: !batten.tensor<f32[B | 1, 3]>) -> !batten.tensor<f32[B | 3]> {
  %h = batten.rearrange %x splits [[], ["3"]] permutation [0, 1] joins [1] : (!batten.tensor<f32[B | 1, 3]>) -> !batten.tensor<f32[B | 3]>
  batten.return %h : !batten.tensor<f32[B | 3]>
}

// CHECK-LABEL: func.func @a_dim_of_size_one_is_sliced_away_elsewhere(
// CHECK: %[[T:.*]] = linalg.transpose
// CHECK: tensor.extract_slice %[[T]][0, 0, 0] [%{{.*}}, 3, 1] [1, 1, 1] : tensor<?x3x1xf32> to tensor<?x3xf32>
batten.func @a_dim_of_size_one_is_sliced_away_elsewhere[B](%x: !batten.tensor<f32[B | 1, 3]>) -> !batten.tensor<f32[B | 3]> {
  %t = batten.transpose %x : (!batten.tensor<f32[B | 1, 3]>) -> !batten.tensor<f32[B | 3, 1]>
  %h = batten.rearrange %t splits [["3"], []] permutation [0, 1] joins [1] : (!batten.tensor<f32[B | 3, 1]>) -> !batten.tensor<f32[B | 3]>
  batten.return %h : !batten.tensor<f32[B | 3]>
}

// CHECK-LABEL: func.func @an_index_drops_its_dim(
// CHECK: tensor.extract_slice %{{.*}}[0, 64, 0] [%{{.*}}, 1, %{{.*}}] [1, 1, 1] : tensor<?x128x?xf32> to tensor<?x?xf32>
batten.func @an_index_drops_its_dim[B, T <= 64](%x: !batten.tensor<f32[B | 128, T]>) -> !batten.tensor<f32[B | T]> {
  %y = batten.slice %x offsets ["64", "0"] sizes ["1", "T"] dropped [0] : (!batten.tensor<f32[B | 128, T]>) -> !batten.tensor<f32[B | T]>
  batten.return %y : !batten.tensor<f32[B | T]>
}

// CHECK-LABEL: func.func @slice_offsets_are_arithmetic_on_symbols(
// CHECK-SAME: %[[T:[a-z0-9]*]]: index {batten.symbol = "T"}
// CHECK: %[[C:.*]] = arith.constant 64 : index
// CHECK: %[[OFFSET:.*]] = arith.subi %[[C]], %[[T]] : index
// CHECK: tensor.extract_slice %{{.*}}[%[[OFFSET]]] [%[[T]]] [1] : tensor<64xf32> to tensor<?xf32>
batten.func @slice_offsets_are_arithmetic_on_symbols[T <= 64](%x: !batten.tensor<f32[| 64]>) -> !batten.tensor<f32[| T]> {
  %y = batten.slice %x offsets ["64 - T"] sizes ["T"] : (!batten.tensor<f32[| 64]>) -> !batten.tensor<f32[| T]>
  batten.return %y : !batten.tensor<f32[| T]>
}

// CHECK-LABEL: func.func @transpose_is_a_view(
// CHECK: linalg.transpose {{.*}} permutation = [0, 2, 1]
// CHECK-NOT: linalg.generic
// CHECK: return
batten.func @transpose_is_a_view[B](%x: !batten.tensor<f32[B | 3, 5]>) -> !batten.tensor<f32[B | 5, 3]> {
  %y = batten.transpose %x : (!batten.tensor<f32[B | 3, 5]>) -> !batten.tensor<f32[B | 5, 3]>
  batten.return %y : !batten.tensor<f32[B | 5, 3]>
}

// CHECK-LABEL: func.func @concat_gives_every_operand_the_batch_of_the_result(
// CHECK: %[[SPREAD:.*]] = linalg.generic
// CHECK-SAME: affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>
// CHECK: tensor.concat dim(1) %{{.*}}, %[[SPREAD]] : (tensor<?x3xf32>, tensor<?x5xf32>) -> tensor<?x8xf32>
batten.func @concat_gives_every_operand_the_batch_of_the_result[B](%x: !batten.tensor<f32[B | 3]>, %y: !batten.tensor<f32[| 5]>) -> !batten.tensor<f32[B | 8]> {
  %z = batten.concat %x, %y : (!batten.tensor<f32[B | 3]>, !batten.tensor<f32[| 5]>) -> !batten.tensor<f32[B | 8]>
  batten.return %z : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: func.func @stack_puts_scalars_side_by_side(
// CHECK: %[[A:.*]] = tensor.expand_shape %{{.*}} : tensor<?xf32> into tensor<?x1xf32>
// CHECK: %[[B:.*]] = tensor.expand_shape %{{.*}} : tensor<?xf32> into tensor<?x1xf32>
// CHECK: tensor.concat dim(1) %[[A]], %[[B]] : (tensor<?x1xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
batten.func @stack_puts_scalars_side_by_side[B](%x: !batten.tensor<f32[B |]>, %y: !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 2]> {
  %z = batten.stack %x, %y : (!batten.tensor<f32[B |]>, !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 2]>
  batten.return %z : !batten.tensor<f32[B | 2]>
}

// CHECK-LABEL: func.func @stack_of_matrices_joins_them_flat(
// CHECK: %[[A:.*]] = tensor.collapse_shape %{{.*}} : tensor<?x3x4xf32> into tensor<?x12xf32>
// CHECK: %[[B:.*]] = tensor.collapse_shape %{{.*}} : tensor<?x3x4xf32> into tensor<?x12xf32>
// CHECK: %[[C:.*]] = tensor.concat dim(1) %[[A]], %[[B]]
// CHECK: tensor.expand_shape %[[C]] {{\[\[}}0], [1, 2, 3]] {{.*}} : tensor<?x24xf32> into tensor<?x2x3x4xf32>
batten.func @stack_of_matrices_joins_them_flat[B](%x: !batten.tensor<f32[B | 3, 4]>, %y: !batten.tensor<f32[B | 3, 4]>) -> !batten.tensor<f32[B | 2, 3, 4]> {
  %z = batten.stack %x, %y : (!batten.tensor<f32[B | 3, 4]>, !batten.tensor<f32[B | 3, 4]>) -> !batten.tensor<f32[B | 2, 3, 4]>
  batten.return %z : !batten.tensor<f32[B | 2, 3, 4]>
}

// CHECK-LABEL: func.func @stack_of_literals_is_a_constant(
// CHECK: arith.constant dense<{{\[\[}}1, 1], [2, 3]]> : tensor<2x2xi32>
// CHECK-NOT: tensor.concat
// CHECK: return
batten.func @stack_of_literals_is_a_constant[]() -> !batten.tensor<i32[| 2, 2]> {
  %a = batten.constant dense<1> : !batten.tensor<i32[| 2]>
  %b = batten.constant dense<[2, 3]> : !batten.tensor<i32[| 2]>
  %z = batten.stack %a, %b : (!batten.tensor<i32[| 2]>, !batten.tensor<i32[| 2]>) -> !batten.tensor<i32[| 2, 2]>
  batten.return %z : !batten.tensor<i32[| 2, 2]>
}

// CHECK-LABEL: func.func @spread_yields_its_input(
// CHECK: linalg.generic
// CHECK-SAME: affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>
// CHECK-NEXT: ^bb0(%[[X:.*]]: f32, %{{.*}}: f32)
// CHECK-NEXT: linalg.yield %[[X]]
batten.func @spread_yields_its_input[B, T](%x: !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B, T | 8]> {
  %y = batten.spread %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B, T | 8]>
  batten.return %y : !batten.tensor<f32[B, T | 8]>
}

// CHECK-LABEL: func.func @a_fill_of_a_number_is_no_operand(
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<?x8xf32>) outs
// CHECK: arith.constant 1.000000e+00 : f32
// CHECK: arith.addf
batten.func @a_fill_of_a_number_is_no_operand[B](%x: !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]> {
  %c = batten.constant dense<1.0> : !batten.tensor<f32[|]>
  %f = batten.fill %c : (!batten.tensor<f32[|]>) -> !batten.tensor<f32[B | 8]>
  %y = batten.add %x, %f : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: func.func @a_returned_fill_is_written_by_a_generic(
// CHECK: linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} outs(
// CHECK: arith.constant 0.000000e+00 : f32
batten.func @a_returned_fill_is_written_by_a_generic[B]() -> !batten.tensor<f32[B | 8]> {
  %c = batten.constant dense<0.0> : !batten.tensor<f32[|]>
  %f = batten.fill %c : (!batten.tensor<f32[|]>) -> !batten.tensor<f32[B | 8]>
  batten.return %f : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: func.func @iota_is_the_loop_index(
// CHECK: %[[I:.*]] = linalg.index 0 : index
// CHECK: arith.index_cast %[[I]]
batten.func @iota_is_the_loop_index[T <= 64]() -> !batten.tensor<i32[| T]> {
  %y = batten.iota : !batten.tensor<i32[| T]>
  batten.return %y : !batten.tensor<i32[| T]>
}

// CHECK-LABEL: func.func @dim_is_a_scalar_made_of_symbols(
// CHECK: %[[WHOLE:.*]] = arith.index_cast %{{.*}} : index to i64
// CHECK: %[[REAL:.*]] = arith.sitofp %[[WHOLE]] : i64 to f32
// CHECK: linalg.fill ins(%[[REAL]] : f32) outs(%{{.*}} : tensor<f32>)
batten.func @dim_is_a_scalar_made_of_symbols[B, T <= 64](%x: !batten.tensor<f32[B | T]>) -> !batten.tensor<f32[B | T]> {
  %n = batten.dim "T" : !batten.tensor<f32[|]>
  %y = batten.div %x, %n : (!batten.tensor<f32[B | T]>, !batten.tensor<f32[|]>) -> !batten.tensor<f32[B | T]>
  batten.return %y : !batten.tensor<f32[B | T]>
}

// What reads it in memory has it there, what reads scalars does not wait for that.
// CHECK-LABEL: func.func @a_dim_has_memory_where_an_op_moves_elements(
// CHECK: %[[FILL:.*]] = linalg.fill ins(%{{.*}} : i32) outs(%{{.*}} : tensor<i32>)
// CHECK: %[[ROW:.*]] = linalg.generic {{.*}} ins(%[[FILL]] : tensor<i32>)
// CHECK: batten.gather_rows %{{.*}} at %[[ROW]]
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[FILL]] : tensor<4xi32>, tensor<i32>)
batten.func @a_dim_has_memory_where_an_op_moves_elements[T <= 64](%x: !batten.tensor<i32[| T, 4]>) -> !batten.tensor<i32[| 4]> {
  %n = batten.dim "T - 1" : !batten.tensor<i32[|]>
  %row = batten.embed %x, %n : (!batten.tensor<i32[| T, 4]>, !batten.tensor<i32[|]>) -> !batten.tensor<i32[| 4]>
  %y = batten.add %row, %n : (!batten.tensor<i32[| 4]>, !batten.tensor<i32[|]>) -> !batten.tensor<i32[| 4]>
  batten.return %y : !batten.tensor<i32[| 4]>
}

// CHECK-LABEL: func.func @a_dim_filled_or_spread_is_still_one_scalar(
// CHECK: %[[FILL:.*]] = linalg.fill ins(%{{.*}} : f32) outs(%{{.*}} : tensor<f32>)
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[FILL]] : tensor<?x4xf32>, tensor<f32>)
// CHECK-NOT: linalg.generic
// CHECK: return
batten.func @a_dim_filled_or_spread_is_still_one_scalar[B, T <= 64](%x: !batten.tensor<f32[B | 4]>) -> !batten.tensor<f32[B | 4]> {
  %n = batten.dim "T" : !batten.tensor<f32[|]>
  %row = batten.fill %n : (!batten.tensor<f32[|]>) -> !batten.tensor<f32[| 4]>
  %y = batten.mul %x, %row : (!batten.tensor<f32[B | 4]>, !batten.tensor<f32[| 4]>) -> !batten.tensor<f32[B | 4]>
  batten.return %y : !batten.tensor<f32[B | 4]>
}

// CHECK-LABEL: func.func @bytes_of_a_constant_are_signless(
// CHECK: arith.constant dense<[1, 2, -56]> : tensor<3xi8>
batten.func @bytes_of_a_constant_are_signless[B](%x: !batten.tensor<ui8[B | 3]>) -> !batten.tensor<ui8[B | 3]> {
  %c = batten.constant dense<[1, 2, 200]> : !batten.tensor<ui8[| 3]>
  %y = batten.add %x, %c : (!batten.tensor<ui8[B | 3]>, !batten.tensor<ui8[| 3]>) -> !batten.tensor<ui8[B | 3]>
  batten.return %y : !batten.tensor<ui8[B | 3]>
}
