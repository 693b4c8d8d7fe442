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

// -----

batten.func @topk_c1[B](%x: !batten.tensor<f32[B | 10]>) {
  // expected-error @+1 {{runs over core dim 1 of 1}}
  %v, %i = batten.topk %x dim 1 : (!batten.tensor<f32[B | 10]>) -> (!batten.tensor<f32[B | 2]>, !batten.tensor<i32[B | 2]>)
  batten.return
}

// -----

batten.func @topk_c2[B](%x: !batten.tensor<f32[B | 10]>) {
  // expected-error @+1 {{makes f64 of f32; the dtype stays}}
  %v, %i = batten.topk %x dim 0 : (!batten.tensor<f32[B | 10]>) -> (!batten.tensor<f64[B | 2]>, !batten.tensor<i32[B | 2]>)
  batten.return
}

// -----

batten.func @topk_c2_index[B](%x: !batten.tensor<f32[B | 10]>) {
  // expected-error @+1 {{makes indices of i64; an index is i32}}
  %v, %i = batten.topk %x dim 0 : (!batten.tensor<f32[B | 10]>) -> (!batten.tensor<f32[B | 2]>, !batten.tensor<i64[B | 2]>)
  batten.return
}

// -----

batten.func @topk_c3[B](%x: !batten.tensor<f32[B | 10, 4]>) {
  // expected-error @+1 {{of core [10, 4] makes cores [2, 4] and [3, 4]}}
  %v, %i = batten.topk %x dim 0 : (!batten.tensor<f32[B | 10, 4]>) -> (!batten.tensor<f32[B | 2, 4]>, !batten.tensor<i32[B | 3, 4]>)
  batten.return
}

// -----

batten.func @topk_c3_many[B](%x: !batten.tensor<f32[B | 10]>) {
  // expected-error @+1 {{takes 11 of 10 elements}}
  %v, %i = batten.topk %x dim 0 : (!batten.tensor<f32[B | 10]>) -> (!batten.tensor<f32[B | 11]>, !batten.tensor<i32[B | 11]>)
  batten.return
}

// -----

batten.func @cumsum_c1[B](%x: !batten.tensor<f32[B | 10]>) {
  // expected-error @+1 {{runs over core dim -1 of 1}}
  %y = batten.cumsum %x dim -1 : (!batten.tensor<f32[B | 10]>) -> !batten.tensor<f32[B | 10]>
  batten.return
}

// -----

batten.func @cumsum_c2[B](%x: !batten.tensor<f32[B | 10]>) {
  // expected-error @+1 {{makes core [9] of [10]; the core stays}}
  %y = batten.cumsum %x dim 0 : (!batten.tensor<f32[B | 10]>) -> !batten.tensor<f32[B | 9]>
  batten.return
}

// -----

batten.func @cumsum_c3[B](%x: !batten.tensor<i1[B | 10]>) {
  // expected-error @+1 {{of bool makes i32, not bool}}
  %y = batten.cumsum %x dim 0 : (!batten.tensor<i1[B | 10]>) -> !batten.tensor<i1[B | 10]>
  batten.return
}

// -----

func.func @scan_c1(%x: tensor<?x100xf32>, %init: tensor<?x99xf32>) {
  // expected-error @+1 {{keeps the shape of its operand}}
  %y = batten.scan %x into %init dim 1 : (tensor<?x100xf32>, tensor<?x99xf32>) -> tensor<?x99xf32>
  return
}

// -----

func.func @scan_c1_dim(%x: tensor<?x100xf32>, %init: tensor<?x100xf32>) {
  // expected-error @+1 {{runs along dim 2 of 2}}
  %y = batten.scan %x into %init dim 2 : (tensor<?x100xf32>, tensor<?x100xf32>) -> tensor<?x100xf32>
  return
}

// -----

func.func @greatest_c1(%x: tensor<?x100xf32>, %values: tensor<?x5xf32>, %indices: tensor<?x6xi32>) {
  // expected-error @+1 {{makes values and indices of one shape, of the operand's rank}}
  %v, %i = batten.greatest %x into %values, %indices dim 1 : (tensor<?x100xf32>, tensor<?x5xf32>, tensor<?x6xi32>) -> (tensor<?x5xf32>, tensor<?x6xi32>)
  return
}
