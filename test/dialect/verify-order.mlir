// Each numbered constraint of the ops that depend on the order of elements is checked, and says what was found.
// RUN: batten-opt %s -verify-diagnostics -split-input-file

batten.func @argmax_c1[B](%x: !batten.tensor<f32[B | 10]>) {
  // expected-error @+1 {{runs over core dim 1 of 1}}
  %y = batten.argmax %x dim 1 : (!batten.tensor<f32[B | 10]>) -> !batten.tensor<i32[B |]>
  batten.return
}

// -----

batten.func @argmax_c2[B](%x: !batten.tensor<f32[B | 3, 4]>) {
  // expected-error @+1 {{leaves core [4], the result has [3]}}
  %y = batten.argmax %x dim 0 : (!batten.tensor<f32[B | 3, 4]>) -> !batten.tensor<i32[B | 3]>
  batten.return
}

// -----

batten.func @argmax_c2_dtype[B](%x: !batten.tensor<f32[B | 3]>) {
  // expected-error @+1 {{makes i64; an index is i32}}
  %y = batten.argmax %x dim 0 : (!batten.tensor<f32[B | 3]>) -> !batten.tensor<i64[B |]>
  batten.return
}
