// Each numbered constraint of attention is checked, and says what was found.
// RUN: batten-opt %s -verify-diagnostics -split-input-file

batten.func @attention_c1[B](%q: !batten.tensor<f32[B | 3, 4]>, %k: !batten.tensor<f32[B | 7, 4]>, %v: !batten.tensor<bf16[B | 7, 5]>) {
  // expected-error @+1 {{on f32 and bf16; there is no promotion}}
  %y = batten.attention %q, %k, %v {causal = false, optional = []} : (!batten.tensor<f32[B | 3, 4]>, !batten.tensor<f32[B | 7, 4]>, !batten.tensor<bf16[B | 7, 5]>) -> !batten.tensor<f32[B | 3, 5]>
  batten.return
}

// -----

batten.func @attention_c2[B](%q: !batten.tensor<f32[B | 3, 4]>, %k: !batten.tensor<f32[B | 7, 6]>, %v: !batten.tensor<f32[B | 7, 5]>) {
  // expected-error @+1 {{multiplies queries of 4 with keys of 6}}
  %y = batten.attention %q, %k, %v {causal = false, optional = []} : (!batten.tensor<f32[B | 3, 4]>, !batten.tensor<f32[B | 7, 6]>, !batten.tensor<f32[B | 7, 5]>) -> !batten.tensor<f32[B | 3, 5]>
  batten.return
}

// -----

batten.func @attention_c2_keys[B](%q: !batten.tensor<f32[B | 3, 4]>, %k: !batten.tensor<f32[B | 7, 4]>, %v: !batten.tensor<f32[B | 8, 5]>) {
  // expected-error @+1 {{has 7 keys and 8 values}}
  %y = batten.attention %q, %k, %v {causal = false, optional = []} : (!batten.tensor<f32[B | 3, 4]>, !batten.tensor<f32[B | 7, 4]>, !batten.tensor<f32[B | 8, 5]>) -> !batten.tensor<f32[B | 3, 5]>
  batten.return
}

// -----

batten.func @attention_c3[B](%q: !batten.tensor<f32[B | 3, 4]>, %k: !batten.tensor<f32[B | 7, 4]>, %v: !batten.tensor<f32[B | 7, 5]>) {
  // expected-error @+1 {{makes core [3, 5], the result has [3, 4]}}
  %y = batten.attention %q, %k, %v {causal = false, optional = []} : (!batten.tensor<f32[B | 3, 4]>, !batten.tensor<f32[B | 7, 4]>, !batten.tensor<f32[B | 7, 5]>) -> !batten.tensor<f32[B | 3, 4]>
  batten.return
}

// -----

batten.func @attention_c4[B](%q: !batten.tensor<f32[B | 3, 4]>, %k: !batten.tensor<f32[B | 7, 4]>, %v: !batten.tensor<f32[B | 7, 5]>, %o0: !batten.tensor<i32[B |]>) {
  // expected-error @+1 {{has 1 operands after v, which `optional` must name: mask, then len}}
  %y = batten.attention %q, %k, %v, %o0 {causal = false, optional = []} : (!batten.tensor<f32[B | 3, 4]>, !batten.tensor<f32[B | 7, 4]>, !batten.tensor<f32[B | 7, 5]>, !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B | 3, 5]>
  batten.return
}

// -----

batten.func @attention_c4_order[B](%q: !batten.tensor<f32[B | 3, 4]>, %k: !batten.tensor<f32[B | 7, 4]>, %v: !batten.tensor<f32[B | 7, 5]>, %o0: !batten.tensor<i32[B |]>, %o1: !batten.tensor<i1[B | 3, 7]>) {
  // expected-error @+1 {{has 2 operands after v, which `optional` must name: mask, then len}}
  %y = batten.attention %q, %k, %v, %o0, %o1 {causal = false, optional = ["len", "mask"]} : (!batten.tensor<f32[B | 3, 4]>, !batten.tensor<f32[B | 7, 4]>, !batten.tensor<f32[B | 7, 5]>, !batten.tensor<i32[B |]>, !batten.tensor<i1[B | 3, 7]>) -> !batten.tensor<f32[B | 3, 5]>
  batten.return
}

// -----

batten.func @attention_c4_twice[B](%q: !batten.tensor<f32[B | 3, 4]>, %k: !batten.tensor<f32[B | 7, 4]>, %v: !batten.tensor<f32[B | 7, 5]>, %o0: !batten.tensor<i32[B |]>, %o1: !batten.tensor<i32[B |]>) {
  // expected-error @+1 {{has 2 operands after v, which `optional` must name: mask, then len}}
  %y = batten.attention %q, %k, %v, %o0, %o1 {causal = false, optional = ["len", "len"]} : (!batten.tensor<f32[B | 3, 4]>, !batten.tensor<f32[B | 7, 4]>, !batten.tensor<f32[B | 7, 5]>, !batten.tensor<i32[B |]>, !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B | 3, 5]>
  batten.return
}

// -----

batten.func @attention_c4_name[B](%q: !batten.tensor<f32[B | 3, 4]>, %k: !batten.tensor<f32[B | 7, 4]>, %v: !batten.tensor<f32[B | 7, 5]>, %o0: !batten.tensor<i32[B |]>) {
  // expected-error @+1 {{has 1 operands after v, which `optional` must name: mask, then len}}
  %y = batten.attention %q, %k, %v, %o0 {causal = false, optional = ["length"]} : (!batten.tensor<f32[B | 3, 4]>, !batten.tensor<f32[B | 7, 4]>, !batten.tensor<f32[B | 7, 5]>, !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B | 3, 5]>
  batten.return
}

// -----

batten.func @attention_c5[B](%q: !batten.tensor<f32[B | 3, 4]>, %k: !batten.tensor<f32[B | 7, 4]>, %v: !batten.tensor<f32[B | 7, 5]>, %o0: !batten.tensor<i1[B | 7, 3]>) {
  // expected-error @+1 {{takes a mask of bool and core [3, 7], found bool[7, 3]}}
  %y = batten.attention %q, %k, %v, %o0 {causal = false, optional = ["mask"]} : (!batten.tensor<f32[B | 3, 4]>, !batten.tensor<f32[B | 7, 4]>, !batten.tensor<f32[B | 7, 5]>, !batten.tensor<i1[B | 7, 3]>) -> !batten.tensor<f32[B | 3, 5]>
  batten.return
}

// -----

batten.func @attention_c5_len[B](%q: !batten.tensor<f32[B | 3, 4]>, %k: !batten.tensor<f32[B | 7, 4]>, %v: !batten.tensor<f32[B | 7, 5]>, %o0: !batten.tensor<i64[B |]>) {
  // expected-error @+1 {{takes a length of i32 and an empty core, found i64[]}}
  %y = batten.attention %q, %k, %v, %o0 {causal = false, optional = ["len"]} : (!batten.tensor<f32[B | 3, 4]>, !batten.tensor<f32[B | 7, 4]>, !batten.tensor<f32[B | 7, 5]>, !batten.tensor<i64[B |]>) -> !batten.tensor<f32[B | 3, 5]>
  batten.return
}

// -----

func.func @attend_c1(%q: tensor<3x8xf32>, %k: tensor<7x8xf32>, %v: tensor<7x5xf32>, %init: tensor<3x5xf32>) {
  // expected-error @+1 {{has 4 operands and 1 maps}}
  %y = batten.attend %q, %k, %v into %init {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d3)>], max_keys = 7 : i64} : (tensor<3x8xf32>, tensor<7x8xf32>, tensor<7x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
  return
}

// -----

func.func @attend_c1_rank(%q: tensor<3x8xf32>, %k: tensor<7x8xf32>, %v: tensor<7x5xf32>, %init: tensor<3x5xf32>) {
  // expected-error @+1 {{has a map of another rank for operand 1}}
  %y = batten.attend %q, %k, %v into %init {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d3)>, affine_map<(d0, d1, d2, d3) -> (d2)>, affine_map<(d0, d1, d2, d3) -> (d2, d1)>, affine_map<(d0, d1, d2, d3) -> (d0, d1)>], max_keys = 7 : i64} : (tensor<3x8xf32>, tensor<7x8xf32>, tensor<7x5xf32>, tensor<3x5xf32>) -> tensor<3x5xf32>
  return
}
