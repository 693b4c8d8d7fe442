// Functions: symbols, attributes, and sizes as arithmetic on the symbols.
// RUN: batten-opt --batten-lower --mlir-print-local-scope %s | FileCheck %s

// CHECK-LABEL: func.func @runtime_symbols_are_index_arguments_and_static_ones_are_sizes(
// CHECK-SAME: %[[B:[a-z0-9]*]]: index {batten.symbol = "B"}, %[[T:[a-z0-9]*]]: index {batten.symbol = "T"}
// CHECK-SAME: tensor<?x8x?x64xf32> {batten.dims = ["B", "8", "T", "64"], batten.name = "x", batten.type = !batten.tensor<f32[B, H | T, 64]>}
// CHECK-SAME: -> (tensor<?x8x?x64xf32> {batten.dims = ["B", "8", "T", "64"]
// CHECK-SAME: attributes {c_name = "f", symbols = [#batten.symbol<B>, #batten.symbol<T max 2048>, #batten.symbol<H = 8>]}
batten.func @runtime_symbols_are_index_arguments_and_static_ones_are_sizes[B, T <= 2048, H = 8](%x: !batten.tensor<f32[B, H | T, 64]> {batten.name = "x"}) -> !batten.tensor<f32[B, H | T, 64]> attributes {c_name = "f"} {
  %y = batten.neg %x : (!batten.tensor<f32[B, H | T, 64]>) -> !batten.tensor<f32[B, H | T, 64]>
  batten.return %y : !batten.tensor<f32[B, H | T, 64]>
}

// CHECK-LABEL: func.func @computed_symbols_are_what_they_are_computed_from(
// CHECK-SAME: %[[B:[a-z0-9]*]]: index {batten.symbol = "B"}, %[[T:[a-z0-9]*]]: index {batten.symbol = "T"}
// CHECK-SAME: tensor<?x?x?x8xf32> {batten.dims = ["B", "B", "T - 1", "8"]
// CHECK: %[[N:.*]] = arith.subi %[[T]], %{{.*}} : index
// CHECK: tensor.empty(%[[B]], %[[B]], %[[N]]) : tensor<?x?x?x8xf32>
batten.func @computed_symbols_are_what_they_are_computed_from[B, T <= 64, B_2 = B, N = "T - 1"](%x: !batten.tensor<f32[B, B_2, N | 8]>) -> !batten.tensor<f32[B, B_2, N | 8]> {
  %y = batten.neg %x : (!batten.tensor<f32[B, B_2, N | 8]>) -> !batten.tensor<f32[B, B_2, N | 8]>
  batten.return %y : !batten.tensor<f32[B, B_2, N | 8]>
}

// CHECK-LABEL: func.func @weights_keep_their_attributes(
// CHECK-SAME: tensor<5x10xf32> {batten.dims = ["5", "10"], batten.from = "fc.weight", batten.name = "w", batten.type = {{.*}}, batten.weight = "w"}
batten.func @weights_keep_their_attributes[B](%x: !batten.tensor<f32[B | 10]>, %w: !batten.tensor<f32[| 5, 10]> {batten.name = "w", batten.weight = "w", batten.from = "fc.weight"}) -> !batten.tensor<f32[B | 5]> {
  %y = batten.linear %x, %w : (!batten.tensor<f32[B | 10]>, !batten.tensor<f32[| 5, 10]>) -> !batten.tensor<f32[B | 5]>
  batten.return %y : !batten.tensor<f32[B | 5]>
}

// CHECK-LABEL: func.func @each_size_is_computed_once_at_the_head(
// CHECK-SAME: %[[T:[a-z0-9]*]]: index {batten.symbol = "T"}
// CHECK-NEXT: %[[THREE:.*]] = arith.constant 3 : index
// CHECK-NEXT: %[[M:.*]] = arith.muli %[[THREE]], %[[T]] : index
// CHECK-NEXT: %[[ONE:.*]] = arith.constant 1 : index
// CHECK-NEXT: %[[N:.*]] = arith.addi %[[M]], %[[ONE]] : index
// CHECK-NEXT: tensor.empty(%[[N]])
// CHECK-NOT: arith.muli
// CHECK: return
batten.func @each_size_is_computed_once_at_the_head[T <= 64](%x: !batten.tensor<f32[| "3*T + 1"]>) -> !batten.tensor<f32[| "3*T + 1"]> {
  %y = batten.neg %x : (!batten.tensor<f32[| "3*T + 1"]>) -> !batten.tensor<f32[| "3*T + 1"]>
  %z = batten.exp %y : (!batten.tensor<f32[| "3*T + 1"]>) -> !batten.tensor<f32[| "3*T + 1"]>
  batten.return %z : !batten.tensor<f32[| "3*T + 1"]>
}

// CHECK-LABEL: func.func @divisions_round_down_and_remainders_are_not_negative(
// CHECK-SAME: %[[T:[a-z0-9]*]]: index {batten.symbol = "T"}
// CHECK-DAG: arith.divui
// CHECK-DAG: arith.remui %[[T]], %{{.*}} : index
batten.func @divisions_round_down_and_remainders_are_not_negative[T <= 64](%x: !batten.tensor<f32[| "div(T + 7, 8)", "T % 8"]>) -> !batten.tensor<f32[| "div(T + 7, 8)", "T % 8"]> {
  %y = batten.neg %x : (!batten.tensor<f32[| "div(T + 7, 8)", "T % 8"]>) -> !batten.tensor<f32[| "div(T + 7, 8)", "T % 8"]>
  batten.return %y : !batten.tensor<f32[| "div(T + 7, 8)", "T % 8"]>
}

// Of a negative number the remainder is not negative either: of one that hides in a quotient, too.
// CHECK-LABEL: func.func @numerators_may_be_negative(
// CHECK-SAME: %[[K:[a-z0-9]*]]: index {batten.symbol = "K"}
// CHECK: %[[QUOTIENT:.*]] = arith.floordivsi %{{.*}}, %[[K]] : index
// CHECK: %[[FLOOR:.*]] = arith.floordivsi %[[QUOTIENT]], %[[FOUR:.*]] : index
// CHECK: %[[PRODUCT:.*]] = arith.muli %[[FOUR]], %[[FLOOR]] : index
// CHECK: arith.subi %[[QUOTIENT]], %[[PRODUCT]] : index
batten.func @numerators_may_be_negative[K <= 8, T <= 64, S <= 64](%x: !batten.tensor<f32[| "div(T - S, K) % 4 + 1"]>) -> !batten.tensor<f32[| "div(T - S, K) % 4 + 1"]> {
  %y = batten.neg %x : (!batten.tensor<f32[| "div(T - S, K) % 4 + 1"]>) -> !batten.tensor<f32[| "div(T - S, K) % 4 + 1"]>
  batten.return %y : !batten.tensor<f32[| "div(T - S, K) % 4 + 1"]>
}

// CHECK-LABEL: func.func @what_nobody_reads_is_gone(
// CHECK-NOT: math.exp
// CHECK: return
batten.func @what_nobody_reads_is_gone[B](%x: !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.exp %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return %x : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: func.func @a_plain_scalar_is_a_tensor_of_rank_zero(
// CHECK-SAME: tensor<f32> {batten.dims = [], batten.scalar
batten.func @a_plain_scalar_is_a_tensor_of_rank_zero[B](%x: !batten.tensor<f32[B | 8]>, %s: !batten.tensor<f32[|]> {batten.scalar}) -> !batten.tensor<f32[B | 8]> {
  %y = batten.mul %x, %s : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[|]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}
