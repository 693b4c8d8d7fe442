// Each numbered constraint of the contractions is checked, and says what was found.
// RUN: batten-opt %s -verify-diagnostics -split-input-file

batten.func @matmul_c1[B](%a: !batten.tensor<f32[B | 2, 3, 4]>, %b: !batten.tensor<f32[| 4]>) {
  // expected-error @+1 {{takes vectors and matrices, an operand has core [2, 3, 4]}}
  %y = batten.matmul %a, %b : (!batten.tensor<f32[B | 2, 3, 4]>, !batten.tensor<f32[| 4]>) -> !batten.tensor<f32[B | 2, 3]>
  batten.return
}

// -----

batten.func @matmul_c2[B](%a: !batten.tensor<f32[B | 512]>, %b: !batten.tensor<f32[| 256, 64]>) {
  // expected-error @+1 {{contracts 512 with 256}}
  %y = batten.matmul %a, %b : (!batten.tensor<f32[B | 512]>, !batten.tensor<f32[| 256, 64]>) -> !batten.tensor<f32[B | 64]>
  batten.return
}

// -----

batten.func @matmul_c3[B, T <= 64](%a: !batten.tensor<f32[B | T, 512]>, %b: !batten.tensor<f32[| 512, 64]>) {
  // expected-error @+1 {{makes core [T, 64], the result has [64]}}
  %y = batten.matmul %a, %b : (!batten.tensor<f32[B | T, 512]>, !batten.tensor<f32[| 512, 64]>) -> !batten.tensor<f32[B | 64]>
  batten.return
}

// -----

batten.func @matmul_c4[B](%a: !batten.tensor<f32[B | 512]>, %b: !batten.tensor<f32[| 512]>) {
  // expected-error @+1 {{of f32 makes no i32}}
  %y = batten.matmul %a, %b : (!batten.tensor<f32[B | 512]>, !batten.tensor<f32[| 512]>) -> !batten.tensor<i32[B |]>
  batten.return
}

// -----

batten.func @linear_c1[B](%x: !batten.tensor<f32[B | 10]>, %w: !batten.tensor<f32[| 10, 5]>) {
  // expected-error @+1 {{contracts 10 with 5 of a weight [out, in]}}
  %y = batten.linear %x, %w : (!batten.tensor<f32[B | 10]>, !batten.tensor<f32[| 10, 5]>) -> !batten.tensor<f32[B | 10]>
  batten.return
}

// -----

batten.func @linear_c2[B](%x: !batten.tensor<f32[B | 10]>, %w: !batten.tensor<f32[| 5, 10]>, %b: !batten.tensor<f32[| 10]>) {
  // expected-error @+1 {{makes core [5], the bias or the result has [10]}}
  %y = batten.linear %x, %w, %b : (!batten.tensor<f32[B | 10]>, !batten.tensor<f32[| 5, 10]>, !batten.tensor<f32[| 10]>) -> !batten.tensor<f32[B | 5]>
  batten.return
}

// -----

batten.func @linear_c3[B](%x: !batten.tensor<bf16[B | 10]>, %w: !batten.tensor<bf16[| 5, 10]>, %b: !batten.tensor<f32[| 5]>) {
  // expected-error @+1 {{has a bias of f32 for a result of bf16}}
  %y = batten.linear %x, %w, %b : (!batten.tensor<bf16[B | 10]>, !batten.tensor<bf16[| 5, 10]>, !batten.tensor<f32[| 5]>) -> !batten.tensor<bf16[B | 5]>
  batten.return
}

// -----

batten.func @linear_rank[B](%x: !batten.tensor<f32[B | 2, 10]>, %w: !batten.tensor<f32[| 5, 10]>) {
  // expected-error @+1 {{operand 0 needs 1 core dims, '!batten.tensor<f32[B | 2, 10]>' has 2}}
  %y = batten.linear %x, %w : (!batten.tensor<f32[B | 2, 10]>, !batten.tensor<f32[| 5, 10]>) -> !batten.tensor<f32[B | 2, 5]>
  batten.return
}

// -----

batten.func @outer_c1[B](%a: !batten.tensor<f32[B | 3]>, %b: !batten.tensor<f32[B | 4]>) {
  // expected-error @+1 {{makes core [3, 4], the result has [4, 3]}}
  %y = batten.outer %a, %b : (!batten.tensor<f32[B | 3]>, !batten.tensor<f32[B | 4]>) -> !batten.tensor<f32[B | 4, 3]>
  batten.return
}

// -----

batten.func @outer_c2[B](%a: !batten.tensor<f32[B | 3]>, %b: !batten.tensor<f64[B | 4]>) {
  // expected-error @+1 {{on f32 and f64; there is no promotion}}
  %y = batten.outer %a, %b : (!batten.tensor<f32[B | 3]>, !batten.tensor<f64[B | 4]>) -> !batten.tensor<f32[B | 3, 4]>
  batten.return
}

// -----

batten.func @transpose_c1[B, T <= 64](%x: !batten.tensor<f32[B | T, 64]>) {
  // expected-error @+1 {{makes core [64, T], the result has [T, 64]}}
  %y = batten.transpose %x : (!batten.tensor<f32[B | T, 64]>) -> !batten.tensor<f32[B | T, 64]>
  batten.return
}

// -----

// A guard may make two sizes equal at entry, but not two different numbers.
batten.func @guarded[B, S <= 64, T <= 64](%a: !batten.tensor<f32[B | S]>, %b: !batten.tensor<f32[| T]>) -> !batten.tensor<f32[B |]> attributes {guards = ["S == T"]} {
  %y = batten.matmul %a, %b : (!batten.tensor<f32[B | S]>, !batten.tensor<f32[| T]>) -> !batten.tensor<f32[B |]>
  batten.return %y : !batten.tensor<f32[B |]>
}

// -----

batten.func @unguarded[B, S <= 64, T <= 64](%a: !batten.tensor<f32[B | S]>, %b: !batten.tensor<f32[| T]>) {
  // expected-error @+1 {{contracts S with T}}
  %y = batten.matmul %a, %b : (!batten.tensor<f32[B | S]>, !batten.tensor<f32[| T]>) -> !batten.tensor<f32[B |]>
  batten.return
}
