// Each numbered constraint of the ops that pick, replace and rotate rows is checked, and says what was found.
// RUN: batten-opt %s -verify-diagnostics -split-input-file

batten.func @embed_c1[B](%table: !batten.tensor<f32[| 9, 4]>, %id: !batten.tensor<i32[B |]>) {
  // expected-error @+1 {{makes core [4], the result has [9]}}
  %y = batten.embed %table, %id : (!batten.tensor<f32[| 9, 4]>, !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B | 9]>
  batten.return
}

// -----

batten.func @embed_c2[B](%table: !batten.tensor<f32[| 9, 4]>, %id: !batten.tensor<i32[B |]>) {
  // expected-error @+1 {{makes f64 of f32; the dtype stays}}
  %y = batten.embed %table, %id : (!batten.tensor<f32[| 9, 4]>, !batten.tensor<i32[B |]>) -> !batten.tensor<f64[B | 4]>
  batten.return
}

// -----

batten.func @embed_ids[B](%table: !batten.tensor<f32[| 9, 4]>, %id: !batten.tensor<f32[B |]>) {
  // expected-error @+1 {{operand #1 must be batten tensor of integers}}
  %y = batten.embed %table, %id : (!batten.tensor<f32[| 9, 4]>, !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 4]>
  batten.return
}

// -----

batten.func @update_c1[B](%c: !batten.tensor<f32[B | 9, 4]>, %row: !batten.tensor<f32[B | 4]>, %at: !batten.tensor<i32[B |]>) {
  // expected-error @+1 {{makes core [8, 4] of [9, 4]; the core stays}}
  %y = batten.update %c, %row, %at : (!batten.tensor<f32[B | 9, 4]>, !batten.tensor<f32[B | 4]>, !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B | 8, 4]>
  batten.return
}

// -----

batten.func @update_c2[B](%c: !batten.tensor<f32[B | 9, 4]>, %row: !batten.tensor<f32[B | 5]>, %at: !batten.tensor<i32[B |]>) {
  // expected-error @+1 {{puts a row of 5 into rows of 4}}
  %y = batten.update %c, %row, %at : (!batten.tensor<f32[B | 9, 4]>, !batten.tensor<f32[B | 5]>, !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B | 9, 4]>
  batten.return
}

// -----

batten.func @update_c2[B](%c: !batten.tensor<f32[B | 9, 4]>, %row: !batten.tensor<f16[B | 4]>, %at: !batten.tensor<i32[B |]>) {
  // expected-error @+1 {{puts a row of f16 into f32; there is no promotion}}
  %y = batten.update %c, %row, %at : (!batten.tensor<f32[B | 9, 4]>, !batten.tensor<f16[B | 4]>, !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B | 9, 4]>
  batten.return
}

// -----

batten.func @rope_c1[B](%x: !batten.tensor<f32[B | 4]>, %at: !batten.tensor<i32[B |]>) {
  // expected-error @+1 {{makes f16 of f32; the dtype stays}}
  %y = batten.rope %x, %at base 1.000000e+04 interleaved false : (!batten.tensor<f32[B | 4]>, !batten.tensor<i32[B |]>) -> !batten.tensor<f16[B | 4]>
  batten.return
}

// -----

batten.func @rope_c2[B](%x: !batten.tensor<f32[B | 5]>, %at: !batten.tensor<i32[B |]>) {
  // expected-error @+1 {{rotates pairs, and 5 is odd}}
  %y = batten.rope %x, %at base 1.000000e+04 interleaved false : (!batten.tensor<f32[B | 5]>, !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B | 5]>
  batten.return
}

// -----

batten.func @rope_c2_by_a_guard[B, T <= 8](%x: !batten.tensor<f32[B | T]>, %at: !batten.tensor<i32[B |]>) {
  // expected-error @+1 {{rotates pairs, and T need not be even}}
  %y = batten.rope %x, %at base 1.000000e+04 interleaved false : (!batten.tensor<f32[B | T]>, !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B | T]>
  batten.return
}

// -----

batten.func @rope_c3[B](%x: !batten.tensor<f32[B | 4]>, %at: !batten.tensor<i32[B |]>) {
  // expected-error @+1 {{has a base that is not above 0}}
  %y = batten.rope %x, %at base 0.000000e+00 interleaved false : (!batten.tensor<f32[B | 4]>, !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B | 4]>
  batten.return
}
