// Each numbered constraint of the reductions and norms is checked, and says what was found.
// RUN: batten-opt %s -verify-diagnostics -split-input-file

batten.func @reduce_c1[B](%x: !batten.tensor<f32[B | 3, 4]>) {
  // expected-error @+1 {{reduces dims that core [3, 4] has not}}
  %y = batten.reduce "sum" %x dims [2] : (!batten.tensor<f32[B | 3, 4]>) -> !batten.tensor<f32[B | 3]>
  batten.return
}

// -----

batten.func @reduce_c1_order[B](%x: !batten.tensor<f32[B | 3, 4]>) {
  // expected-error @+1 {{names its dims out of order or twice}}
  %y = batten.reduce "sum" %x dims [1, 1] : (!batten.tensor<f32[B | 3, 4]>) -> !batten.tensor<f32[B | 3]>
  batten.return
}

// -----

batten.func @reduce_c2[B](%x: !batten.tensor<f32[B | 3, 4]>) {
  // expected-error @+1 {{leaves core [4], the result has [3]}}
  %y = batten.reduce "sum" %x dims [0] : (!batten.tensor<f32[B | 3, 4]>) -> !batten.tensor<f32[B | 3]>
  batten.return
}

// -----

batten.func @reduce_c3[B](%x: !batten.tensor<i32[B | 3, 4]>) {
  // expected-error @+1 {{`mean` is not defined for i32}}
  %y = batten.reduce "mean" %x dims [0] : (!batten.tensor<i32[B | 3, 4]>) -> !batten.tensor<i32[B | 4]>
  batten.return
}

// -----

batten.func @reduce_c3_result[B](%x: !batten.tensor<i1[B | 3]>) {
  // expected-error @+1 {{`sum` of bool makes no bool}}
  %y = batten.reduce "sum" %x dims [0] : (!batten.tensor<i1[B | 3]>) -> !batten.tensor<i1[B |]>
  batten.return
}

// -----

batten.func @reduce_c4[B](%x: !batten.tensor<f32[B | 3]>) {
  // expected-error @+1 {{`sum` with correction 1: only `var` has one, 0 or 1}}
  %y = batten.reduce "sum" %x dims [0] {correction = 1 : i64} : (!batten.tensor<f32[B | 3]>) -> !batten.tensor<f32[B |]>
  batten.return
}

// -----

batten.func @reduce_kind[B](%x: !batten.tensor<f32[B | 3]>) {
  // expected-error @+1 {{that is one of sum, mean, max, min, var, any, all}}
  %y = batten.reduce "median" %x dims [0] : (!batten.tensor<f32[B | 3]>) -> !batten.tensor<f32[B |]>
  batten.return
}

// -----

batten.func @reduce_batch_c1[B, T](%x: !batten.tensor<f32[B, T | 8]>) {
  // expected-error @+1 {{reduces [T, B], no in-order sublist of the batch dims [B, T]}}
  %y = batten.reduce_batch "sum" %x dims ["T", "B"] : (!batten.tensor<f32[B, T | 8]>) -> !batten.tensor<f32[| 8]>
  batten.return
}

// -----

batten.func @reduce_batch_c2[B, T](%x: !batten.tensor<f32[B, T | 8]>) {
  // expected-error @+1 {{leaves batch dims [B], the result has []}}
  %y = batten.reduce_batch "sum" %x dims ["T"] : (!batten.tensor<f32[B, T | 8]>) -> !batten.tensor<f32[| 8]>
  batten.return
}

// -----

batten.func @reduce_batch_c3[B](%x: !batten.tensor<f32[B | 8]>) {
  // expected-error @+1 {{makes core [] of [8]; the core stays}}
  %y = batten.reduce_batch "sum" %x dims ["B"] : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[|]>
  batten.return
}

// -----

batten.func @reduce_batch_c4[B](%x: !batten.tensor<f32[B | 8]>) {
  // expected-error @+1 {{`any` is not defined for f32}}
  %y = batten.reduce_batch "any" %x dims ["B"] : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[| 8]>
  batten.return
}

// -----

batten.func @reduce_batch_c5[B](%x: !batten.tensor<f32[B | 8]>) {
  // expected-error @+1 {{`var` with correction 2: only `var` has one, 0 or 1}}
  %y = batten.reduce_batch "var" %x dims ["B"] {correction = 2 : i64} : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[| 8]>
  batten.return
}

// -----

batten.func @softmax_c1[B](%x: !batten.tensor<f32[B | 8]>) {
  // expected-error @+1 {{runs over core dim 1 of 1}}
  %y = batten.softmax %x dim 1 : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return
}

// -----

batten.func @softmax_c2[B](%x: !batten.tensor<f32[B | 8]>) {
  // expected-error @+1 {{makes core [] of [8]; the core stays}}
  %y = batten.softmax %x dim 0 : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B |]>
  batten.return
}

// -----

batten.func @log_softmax_c1[B](%x: !batten.tensor<f32[B | 8]>) {
  // expected-error @+1 {{runs over core dim -1 of 1}}
  %y = batten.log_softmax %x dim -1 : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return
}

// -----

batten.func @log_softmax_c2[B](%x: !batten.tensor<f32[B | 8]>) {
  // expected-error @+1 {{makes f64 of f32; the dtype stays}}
  %y = batten.log_softmax %x dim 0 : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f64[B | 8]>
  batten.return
}

// -----

batten.func @layer_norm_c1[B](%x: !batten.tensor<f32[B | 8]>, %g: !batten.tensor<f32[| 8]>, %b: !batten.tensor<f32[| 4]>) {
  // expected-error @+1 {{needs equal core dims, found [8] and [4]}}
  %y = batten.layer_norm %x, %g, %b eps 1.0e-05 : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[| 8]>, !batten.tensor<f32[| 4]>) -> !batten.tensor<f32[B | 8]>
  batten.return
}

// -----

batten.func @rms_norm_c1[B](%x: !batten.tensor<bf16[B | 8]>, %g: !batten.tensor<f32[| 8]>) {
  // expected-error @+1 {{on bf16 and f32; there is no promotion}}
  %y = batten.rms_norm %x, %g eps 1.0e-05 : (!batten.tensor<bf16[B | 8]>, !batten.tensor<f32[| 8]>) -> !batten.tensor<bf16[B | 8]>
  batten.return
}
