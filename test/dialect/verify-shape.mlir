// Each numbered constraint of the ops that make tensors or move elements is checked, and says what was found.
// RUN: batten-opt %s -verify-diagnostics -split-input-file

batten.func @constant_c1[]() {
  // expected-error @+1 {{failed to verify that all of {value, result} have same type}}
  %c = "batten.constant"() {value = dense<1.0> : !batten.tensor<f32[| 2]>} : () -> !batten.tensor<f32[| 3]>
  batten.return
}

// -----

batten.func @fill_c1[B](%x: !batten.tensor<f32[B |]>) {
  // expected-error @+1 {{repeats one number, the operand has batch dims [B]}}
  %y = batten.fill %x : (!batten.tensor<f32[B |]>) -> !batten.tensor<f32[B | 8]>
  batten.return
}

// -----

batten.func @fill_c2[B](%x: !batten.tensor<f32[|]>) {
  // expected-error @+1 {{makes f64 of f32; the dtype stays}}
  %y = batten.fill %x : (!batten.tensor<f32[|]>) -> !batten.tensor<f64[B | 8]>
  batten.return
}

// -----

batten.func @dim_c1[T <= 64]() {
  // expected-error @+1 {{makes one number, the result has core [2]}}
  %n = batten.dim "T" : !batten.tensor<f32[| 2]>
  batten.return
}

// -----

batten.func @dim_c2[B]() {
  // expected-error @+1 {{has the size 2*B, but B has no upper bound}}
  %n = batten.dim "2*B" : !batten.tensor<f32[|]>
  batten.return
}

// -----

batten.func @iota_c1[]() {
  // expected-error @+1 {{makes a vector of i32}}
  %y = batten.iota : !batten.tensor<i64[| 8]>
  batten.return
}

// -----

batten.func @rearrange_c1[B](%x: !batten.tensor<f32[B | 512]>) {
  // expected-error @+1 {{splits 512 into [8, 32]}}
  %y = batten.rearrange %x splits [["8", "32"]] permutation [0, 1, 2] joins [1, 1] : (!batten.tensor<f32[B | 512]>) -> !batten.tensor<f32[B | 8, 32]>
  batten.return
}

// -----

batten.func @rearrange_c2[B](%x: !batten.tensor<f32[B | 512]>) {
  // expected-error @+1 {{loses or repeats one of the 3 dims that it permutes}}
  %y = batten.rearrange %x splits [["8", "64"]] permutation [0, 1, 1] joins [1, 1] : (!batten.tensor<f32[B | 512]>) -> !batten.tensor<f32[B | 8, 8]>
  batten.return
}

// -----

batten.func @rearrange_c3[B](%x: !batten.tensor<f32[B | 8, 64]>) {
  // expected-error @+1 {{joins [64, 8] into 256}}
  %y = batten.rearrange %x splits [["8"], ["64"]] permutation [0, 2, 1] joins [2] : (!batten.tensor<f32[B | 8, 64]>) -> !batten.tensor<f32[B | 256]>
  batten.return
}

// -----

batten.func @rearrange_c3_count[B](%x: !batten.tensor<f32[B | 8, 64]>) {
  // expected-error @+1 {{joins do not make core [512] of 2 dims}}
  %y = batten.rearrange %x splits [["8"], ["64"]] permutation [0, 1, 2] joins [1] : (!batten.tensor<f32[B | 8, 64]>) -> !batten.tensor<f32[B | 512]>
  batten.return
}

// -----

batten.func @rearrange_c4[B, H = 8](%x: !batten.tensor<f32[B | 4, 64]>) {
  // expected-error @+1 {{names a dim of size 4 H}}
  %y = batten.rearrange %x splits [["4"], ["64"]] permutation [0, 1, 2] joins [1] : (!batten.tensor<f32[B | 4, 64]>) -> !batten.tensor<f32[B, H | 64]>
  batten.return
}

// -----

batten.func @rearrange_c5[B](%x: !batten.tensor<f32[B | 64]>) {
  // expected-error @+1 {{moves B right of the bar, which has no upper bound}}
  %y = batten.rearrange %x splits [["64"]] permutation [0, 1] joins [1, 1] : (!batten.tensor<f32[B | 64]>) -> !batten.tensor<f32[| 2, 64]>
  batten.return
}

// -----

batten.func @rearrange_c6[B](%x: !batten.tensor<f32[B | 64]>) {
  // expected-error @+1 {{makes f16 of f32; the dtype stays}}
  %y = batten.rearrange %x splits [["64"]] permutation [0, 1] joins [1] : (!batten.tensor<f32[B | 64]>) -> !batten.tensor<f16[B | 64]>
  batten.return
}

// -----

// A dim of size 1 comes from nowhere (joins 0) and goes nowhere (no factors).
batten.func @rearrange_units[B](%x: !batten.tensor<f32[B | 1, 64]>) -> !batten.tensor<f32[B | 64, 1]> {
  %y = batten.rearrange %x splits [[], ["64"]] permutation [0, 1] joins [1, 0] : (!batten.tensor<f32[B | 1, 64]>) -> !batten.tensor<f32[B | 64, 1]>
  batten.return %y : !batten.tensor<f32[B | 64, 1]>
}

// -----

batten.func @slice_c1[B](%x: !batten.tensor<f32[B | 8, 9]>) {
  // expected-error @+1 {{needs an offset and a size for each dim of core [8, 9]}}
  %y = batten.slice %x offsets ["0"] sizes ["8"] : (!batten.tensor<f32[B | 8, 9]>) -> !batten.tensor<f32[B | 8]>
  batten.return
}

// -----

batten.func @slice_c2[B, T <= 64](%x: !batten.tensor<f32[B | T]>) {
  // expected-error @+1 {{takes T from 1 on of a dim of size T}}
  %y = batten.slice %x offsets ["1"] sizes ["T"] : (!batten.tensor<f32[B | T]>) -> !batten.tensor<f32[B | T]>
  batten.return
}

// -----

batten.func @slice_c3[B](%x: !batten.tensor<f32[B | 8]>) {
  // expected-error @+1 {{drops dim 0, which is not one of size 1}}
  %y = batten.slice %x offsets ["0"] sizes ["2"] dropped [0] : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B |]>
  batten.return
}

// -----

batten.func @slice_c4[B](%x: !batten.tensor<f32[B | 8]>) {
  // expected-error @+1 {{leaves core [2], the result has []}}
  %y = batten.slice %x offsets ["0"] sizes ["2"] : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B |]>
  batten.return
}

// -----

batten.func @slice_text[B, T <= 64](%x: !batten.tensor<f32[B | T]>) {
  // expected-error @+1 {{attribute 'sizes' failed to satisfy constraint: array of dim polynomials}}
  %y = batten.slice %x offsets ["0"] sizes ["T*1"] : (!batten.tensor<f32[B | T]>) -> !batten.tensor<f32[B | T]>
  batten.return
}

// -----

batten.func @concat_c1[B](%a: !batten.tensor<f32[B | 3, 4]>, %b: !batten.tensor<f32[| 2, 4]>) {
  // expected-error @+1 {{puts [2, 4] into [3, 8]: only the last dim may differ}}
  %y = batten.concat %a, %b : (!batten.tensor<f32[B | 3, 4]>, !batten.tensor<f32[| 2, 4]>) -> !batten.tensor<f32[B | 3, 8]>
  batten.return
}

// -----

batten.func @concat_c2[B](%a: !batten.tensor<f32[B | 3]>, %b: !batten.tensor<f32[| 4]>) {
  // expected-error @+1 {{makes a last dim of 7, the result has 8}}
  %y = batten.concat %a, %b : (!batten.tensor<f32[B | 3]>, !batten.tensor<f32[| 4]>) -> !batten.tensor<f32[B | 8]>
  batten.return
}

// -----

batten.func @stack_c1[B](%a: !batten.tensor<f32[B |]>, %b: !batten.tensor<f32[| 2]>) {
  // expected-error @+1 {{needs equal cores, found [] and [2]}}
  %y = batten.stack %a, %b : (!batten.tensor<f32[B |]>, !batten.tensor<f32[| 2]>) -> !batten.tensor<f32[B | 2]>
  batten.return
}

// -----

batten.func @stack_c2[B](%a: !batten.tensor<f32[B |]>, %b: !batten.tensor<f32[|]>) {
  // expected-error @+1 {{makes core [2], the result has [3]}}
  %y = batten.stack %a, %b : (!batten.tensor<f32[B |]>, !batten.tensor<f32[|]>) -> !batten.tensor<f32[B | 3]>
  batten.return
}

// -----

batten.func @spread_c1[B, T](%x: !batten.tensor<f32[T, B | 8]>) {
  // expected-error @+1 {{batch dims [T, B] are no in-order sublist of [B, T]}}
  %y = batten.spread %x : (!batten.tensor<f32[T, B | 8]>) -> !batten.tensor<f32[B, T | 8]>
  batten.return
}

// -----

batten.func @spread_c2[B, T](%x: !batten.tensor<f32[B | 8]>) {
  // expected-error @+1 {{makes core [4] of [8]; the core stays}}
  %y = batten.spread %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B, T | 4]>
  batten.return
}
