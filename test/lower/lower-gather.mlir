// embed and update stay one op on tensors; rope is element-wise on views of the pairs, halves side by side.
// RUN: batten-opt --batten-lower --mlir-print-local-scope --split-input-file --verify-diagnostics %s | FileCheck %s

// CHECK-LABEL: func.func @embed_picks_rows_of_a_table_that_the_batch_shares(
// CHECK-SAME: %[[TABLE:[a-z0-9]*]]: tensor<9x4xf32>
// CHECK-SAME: %[[ID:[a-z0-9]*]]: tensor<?x?xi32>
// CHECK: batten.gather_rows %[[TABLE]] axes [] at %[[ID]] axes [0, 1] into
batten.func @embed_picks_rows_of_a_table_that_the_batch_shares[B, T <= 8](%table: !batten.tensor<f32[| 9, 4]>, %id: !batten.tensor<i32[B, T |]>) -> !batten.tensor<f32[B, T | 4]> {
  %y = batten.embed %table, %id : (!batten.tensor<f32[| 9, 4]>, !batten.tensor<i32[B, T |]>) -> !batten.tensor<f32[B, T | 4]>
  batten.return %y : !batten.tensor<f32[B, T | 4]>
}

// -----

// CHECK-LABEL: func.func @unsigned_ids_are_widened(
// CHECK: arith.extui
// CHECK: batten.gather_rows %{{.*}} axes [0] at %{{.*}} axes [] into %{{.*}} : (tensor<?x9x4xi8>, tensor<i32>, tensor<?x4xi8>)
batten.func @unsigned_ids_are_widened[B](%table: !batten.tensor<ui8[B | 9, 4]>, %id: !batten.tensor<ui8[|]>) -> !batten.tensor<ui8[B | 4]> {
  %y = batten.embed %table, %id : (!batten.tensor<ui8[B | 9, 4]>, !batten.tensor<ui8[|]>) -> !batten.tensor<ui8[B | 4]>
  batten.return %y : !batten.tensor<ui8[B | 4]>
}

// -----

// CHECK-LABEL: func.func @update_writes_into_its_operand(
// CHECK-SAME: %[[C:[a-z0-9]*]]: tensor<?x8x4xf32>
// CHECK-NOT: linalg.generic
// CHECK: batten.update_rows %{{.*}} axes [] at %{{.*}} axes [0] into %[[C]] :
batten.func @update_writes_into_its_operand[B](%c: !batten.tensor<f32[B | 8, 4]>, %row: !batten.tensor<f32[| 4]>, %at: !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B | 8, 4]> {
  %y = batten.update %c, %row, %at : (!batten.tensor<f32[B | 8, 4]>, !batten.tensor<f32[| 4]>, !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B | 8, 4]>
  batten.return %y : !batten.tensor<f32[B | 8, 4]>
}

// -----

// CHECK-LABEL: func.func @update_repeats_what_the_batch_shares(
// CHECK: %[[C:.*]] = linalg.generic {{.*}}affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK: batten.update_rows %{{.*}} into %[[C]] :
batten.func @update_repeats_what_the_batch_shares[B](%c: !batten.tensor<f32[| 8, 4]>, %row: !batten.tensor<f32[| 4]>, %at: !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B | 8, 4]> {
  %y = batten.update %c, %row, %at : (!batten.tensor<f32[| 8, 4]>, !batten.tensor<f32[| 4]>, !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B | 8, 4]>
  batten.return %y : !batten.tensor<f32[B | 8, 4]>
}

// -----

// The angle once a position and pair, whatever the heads; the pairs are halves of the vector.
// CHECK-LABEL: func.func @rope_turns_halves(
// CHECK: %[[W:.*]] = arith.constant dense<[1.000000e+00, 1.000000e-02]> : tensor<2xf64>
// CHECK: %[[ANGLE:.*]] = linalg.generic {{.*}} ins(%{{.*}}, %[[W]] : tensor<?xi32>, tensor<2xf64>) outs(%{{.*}} : tensor<?x2xf32>)
// CHECK: %[[A:.*]] = arith.mulf %{{.*}} : f64
// CHECK: math.fma %[[A]]
// CHECK: arith.subf
// CHECK: math.fma
// CHECK: math.fma
// CHECK-NEXT: arith.truncf %{{.*}} : f64 to f32
// CHECK: math.sin
// CHECK: math.cos
// CHECK: tensor.expand_shape %{{.*}} : tensor<?x3x4xbf16> into tensor<?x3x2x2xbf16>
// CHECK: tensor.extract_slice %{{.*}}[0, 0, 0, 0]
// CHECK: tensor.extract_slice %{{.*}}[0, 0, 1, 0]
// CHECK: %[[FIRST:.*]] = linalg.generic
// CHECK: arith.mulf %{{.*}} : f32
// CHECK: arith.negf
// CHECK: math.fma %{{.*}} : f32
// CHECK-NEXT: arith.truncf %{{.*}} : f32 to bf16
// CHECK: %[[SECOND:.*]] = linalg.generic
// CHECK: arith.mulf %{{.*}} : f32
// CHECK-NOT: arith.negf
// CHECK: math.fma %{{.*}} : f32
// CHECK-NEXT: arith.truncf %{{.*}} : f32 to bf16
// CHECK: tensor.concat dim(2) %[[FIRST]], %[[SECOND]]
batten.func @rope_turns_halves[B, H = 3](%x: !batten.tensor<bf16[B, H | 4]>, %at: !batten.tensor<i32[B |]>) -> !batten.tensor<bf16[B, H | 4]> {
  %y = batten.rope %x, %at base 1.000000e+04 interleaved false : (!batten.tensor<bf16[B, H | 4]>, !batten.tensor<i32[B |]>) -> !batten.tensor<bf16[B, H | 4]>
  batten.return %y : !batten.tensor<bf16[B, H | 4]>
}

// -----

// Positions of their own: sine and cosine in the loops of both neighbours.
// CHECK-LABEL: func.func @rope_turns_neighbours(
// CHECK: math.sin
// CHECK: -> tensor<?x4x2xf32>
// CHECK: tensor.extract_slice %{{.*}}[0, 0, 0]
// CHECK: tensor.extract_slice %{{.*}}[0, 0, 1]
// CHECK: linalg.index 2
batten.func @rope_turns_neighbours[B](%x: !batten.tensor<f32[B | 8]>, %at: !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.rope %x, %at base 1.000000e+04 interleaved true : (!batten.tensor<f32[B | 8]>, !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// -----

// Heads share a position: sine and cosine once a pair.
// CHECK-LABEL: func.func @rope_turns_neighbours_of_heads(
// CHECK: math.sin
// CHECK: -> tensor<?x4xf32>
batten.func @rope_turns_neighbours_of_heads[B, H = 3](%x: !batten.tensor<f32[B, H | 8]>, %at: !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B, H | 8]> {
  %y = batten.rope %x, %at base 1.000000e+04 interleaved true : (!batten.tensor<f32[B, H | 8]>, !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B, H | 8]>
  batten.return %y : !batten.tensor<f32[B, H | 8]>
}

// -----

// The angle goes to sine and cosine as it is, they reduce it; nothing is rounded to f32.
// CHECK-LABEL: func.func @rope_of_f64(
// CHECK: arith.sitofp %{{.*}} : i32 to f64
// CHECK-NEXT: %[[A:.*]] = arith.mulf %{{.*}} : f64
// CHECK-NEXT: linalg.yield %[[A]] : f64
// CHECK-NOT: f32
// CHECK: math.sin %{{.*}} : f64
// CHECK: math.cos %{{.*}} : f64
// CHECK-COUNT-2: math.fma %{{.*}} : f64
// CHECK-NEXT: linalg.yield %{{.*}} : f64
batten.func @rope_of_f64[B](%x: !batten.tensor<f64[B | 8]>, %at: !batten.tensor<i32[B |]>) -> !batten.tensor<f64[B | 8]> {
  %y = batten.rope %x, %at base 1.000000e+04 interleaved false : (!batten.tensor<f64[B | 8]>, !batten.tensor<i32[B |]>) -> !batten.tensor<f64[B | 8]>
  batten.return %y : !batten.tensor<f64[B | 8]>
}

// -----

// The frequencies are made by the call, by the power of f64, once a pair.
// CHECK-LABEL: func.func @rope_of_a_size_of_the_call(
// CHECK-SAME: %[[T:[a-z0-9]*]]: index {batten.symbol = "T"}
// CHECK: %[[W:.*]] = linalg.generic {{.*}} iterator_types = ["parallel"]} ins(%{{.*}} : tensor<f64>) outs(%{{.*}} : tensor<?xf64>)
// CHECK: linalg.index 0
// CHECK: arith.divf %{{.*}} : f64
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[W]] : tensor<?xi32>, tensor<?xf64>)
// CHECK: tensor.expand_shape %{{.*}} output_shape [%{{.*}}, 2, %[[T]]] : tensor<?x?xf32> into tensor<?x2x?xf32>
// CHECK: tensor.concat dim(1)
batten.func @rope_of_a_size_of_the_call[B, T <= 8](%x: !batten.tensor<f32[B | "2*T"]>, %at: !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B | "2*T"]> {
  %y = batten.rope %x, %at base 1.000000e+04 interleaved false : (!batten.tensor<f32[B | "2*T"]>, !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B | "2*T"]>
  batten.return %y : !batten.tensor<f32[B | "2*T"]>
}
