// Each numbered constraint of the losses and sq_norm is checked, and says what was found.
// RUN: batten-opt %s -verify-diagnostics -split-input-file

batten.func @cross_entropy_c1[B](%x: !batten.tensor<bf16[B | 10]>, %y: !batten.tensor<i32[B |]>) {
  // expected-error @+1 {{makes f32 of bf16; the dtype stays}}
  %l = batten.cross_entropy %x, %y : (!batten.tensor<bf16[B | 10]>, !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B |]>
  batten.return
}

// -----

batten.func @cross_entropy_c1_core[B](%x: !batten.tensor<f32[B | 10]>, %y: !batten.tensor<i32[B |]>) {
  // expected-error @+1 {{makes one number a position, the result has core [10]}}
  %l = batten.cross_entropy %x, %y : (!batten.tensor<f32[B | 10]>, !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B | 10]>
  batten.return
}

// -----

batten.func @mse_c1[B](%a: !batten.tensor<f32[B | 10]>, %b: !batten.tensor<f32[B | 9]>) {
  // expected-error @+1 {{needs equal core dims, found [10] and [9]}}
  %l = batten.mse %a, %b : (!batten.tensor<f32[B | 10]>, !batten.tensor<f32[B | 9]>) -> !batten.tensor<f32[B |]>
  batten.return
}

// -----

batten.func @mse_c1_dtype[B](%a: !batten.tensor<f32[B | 10]>, %b: !batten.tensor<f64[B | 10]>) {
  // expected-error @+1 {{on f32 and f64; there is no promotion}}
  %l = batten.mse %a, %b : (!batten.tensor<f32[B | 10]>, !batten.tensor<f64[B | 10]>) -> !batten.tensor<f32[B |]>
  batten.return
}

// -----

batten.func @mse_c2[B](%a: !batten.tensor<f32[B | 10]>, %b: !batten.tensor<f32[B | 10]>) {
  // expected-error @+1 {{makes one number a position, the result has core [1]}}
  %l = batten.mse %a, %b : (!batten.tensor<f32[B | 10]>, !batten.tensor<f32[B | 10]>) -> !batten.tensor<f32[B | 1]>
  batten.return
}

// -----

batten.func @bce_c1[B](%x: !batten.tensor<f32[B |]>, %y: !batten.tensor<f16[B |]>) {
  // expected-error @+1 {{on f32 and f16; there is no promotion}}
  %l = batten.bce %x, %y : (!batten.tensor<f32[B |]>, !batten.tensor<f16[B |]>) -> !batten.tensor<f32[B |]>
  batten.return
}

// -----

batten.func @bce_c2[B](%x: !batten.tensor<f32[B |]>, %y: !batten.tensor<f32[B |]>) {
  // expected-error @+1 {{makes f16 of f32; the dtype stays}}
  %l = batten.bce %x, %y : (!batten.tensor<f32[B |]>, !batten.tensor<f32[B |]>) -> !batten.tensor<f16[B |]>
  batten.return
}

// -----

batten.func @sq_norm_c1[](%w: !batten.tensor<f32[| 5]>, %b: !batten.tensor<bf16[| 5]>) {
  // expected-error @+1 {{on f32 and bf16; there is no promotion}}
  %y = batten.sq_norm %w, %b : (!batten.tensor<f32[| 5]>, !batten.tensor<bf16[| 5]>) -> !batten.tensor<f32[|]>
  batten.return
}

// -----

batten.func @sq_norm_c2[](%w: !batten.tensor<f32[| 5]>) {
  // expected-error @+1 {{makes one number a position, the result has core [5]}}
  %y = batten.sq_norm %w : (!batten.tensor<f32[| 5]>) -> !batten.tensor<f32[| 5]>
  batten.return
}
