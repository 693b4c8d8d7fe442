// Each numbered constraint of the element-wise ops is checked, and says what was found.
// RUN: batten-opt %s -verify-diagnostics -split-input-file

batten.func @neg_c1[B](%x: !batten.tensor<f32[B | 8]>) {
  // expected-error @+1 {{makes f16 of f32; the dtype stays}}
  %y = batten.neg %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f16[B | 8]>
  batten.return
}

// -----

batten.func @relu_c1[B](%x: !batten.tensor<f32[B | 8]>) {
  // expected-error @+1 {{makes core [4, 2] of [8]; the core stays}}
  %y = batten.relu %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 4, 2]>
  batten.return
}

// -----

batten.func @gelu_c1[B](%x: !batten.tensor<f32[B | 8]>) {
  // expected-error @+1 {{makes f16 of f32; the dtype stays}}
  %y = batten.gelu %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f16[B | 8]>
  batten.return
}

// -----

batten.func @silu_c1[B](%x: !batten.tensor<f32[B | 8]>) {
  // expected-error @+1 {{makes core [4, 2] of [8]; the core stays}}
  %y = batten.silu %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 4, 2]>
  batten.return
}

// -----

batten.func @tanh_c1[B](%x: !batten.tensor<f32[B | 8]>) {
  // expected-error @+1 {{makes f16 of f32; the dtype stays}}
  %y = batten.tanh %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f16[B | 8]>
  batten.return
}

// -----

batten.func @sigmoid_c1[B](%x: !batten.tensor<f32[B | 8]>) {
  // expected-error @+1 {{makes core [4, 2] of [8]; the core stays}}
  %y = batten.sigmoid %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 4, 2]>
  batten.return
}

// -----

batten.func @exp_c1[B](%x: !batten.tensor<f32[B | 8]>) {
  // expected-error @+1 {{makes f16 of f32; the dtype stays}}
  %y = batten.exp %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f16[B | 8]>
  batten.return
}

// -----

batten.func @log_c1[B](%x: !batten.tensor<f32[B | 8]>) {
  // expected-error @+1 {{makes core [4, 2] of [8]; the core stays}}
  %y = batten.log %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 4, 2]>
  batten.return
}

// -----

batten.func @sqrt_c1[B](%x: !batten.tensor<f32[B | 8]>) {
  // expected-error @+1 {{makes f16 of f32; the dtype stays}}
  %y = batten.sqrt %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f16[B | 8]>
  batten.return
}

// -----

batten.func @rsqrt_c1[B](%x: !batten.tensor<f32[B | 8]>) {
  // expected-error @+1 {{makes core [4, 2] of [8]; the core stays}}
  %y = batten.rsqrt %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 4, 2]>
  batten.return
}

// -----

batten.func @sin_c1[B](%x: !batten.tensor<f32[B | 8]>) {
  // expected-error @+1 {{makes f16 of f32; the dtype stays}}
  %y = batten.sin %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f16[B | 8]>
  batten.return
}

// -----

batten.func @cos_c1[B](%x: !batten.tensor<f32[B | 8]>) {
  // expected-error @+1 {{makes core [4, 2] of [8]; the core stays}}
  %y = batten.cos %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 4, 2]>
  batten.return
}

// -----

batten.func @abs_c1[B](%x: !batten.tensor<f32[B | 8]>) {
  // expected-error @+1 {{makes f16 of f32; the dtype stays}}
  %y = batten.abs %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f16[B | 8]>
  batten.return
}

// -----

batten.func @softplus_c1[B](%x: !batten.tensor<f32[B | 8]>) {
  // expected-error @+1 {{makes core [4, 2] of [8]; the core stays}}
  %y = batten.softplus %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 4, 2]>
  batten.return
}

// -----

batten.func @not_c1[B](%x: !batten.tensor<i1[B | 8]>) {
  // expected-error @+1 {{makes i8 of bool; the dtype stays}}
  %y = batten.not %x : (!batten.tensor<i1[B | 8]>) -> !batten.tensor<i8[B | 8]>
  batten.return
}

// -----

batten.func @cast_c1[B](%x: !batten.tensor<i1[B | 8]>) {
  // expected-error @+1 {{makes core [4] of [8]; the core stays}}
  %y = batten.cast %x : (!batten.tensor<i1[B | 8]>) -> !batten.tensor<i8[B | 4]>
  batten.return
}

// -----

batten.func @add_c1[B](%a: !batten.tensor<f32[B | 8]>, %b: !batten.tensor<bf16[B | 8]>) {
  // expected-error @+1 {{on f32 and bf16; there is no promotion}}
  %y = batten.add %a, %b : (!batten.tensor<f32[B | 8]>, !batten.tensor<bf16[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return
}

// -----

batten.func @add_c2[B](%a: !batten.tensor<f32[B | 1]>, %b: !batten.tensor<f32[B | 10]>) {
  // expected-error @+1 {{needs equal core dims, found [1] and [10]}}
  %y = batten.add %a, %b : (!batten.tensor<f32[B | 1]>, !batten.tensor<f32[B | 10]>) -> !batten.tensor<f32[B | 10]>
  batten.return
}

// -----

batten.func @sub_c1[B](%a: !batten.tensor<f32[B | 8]>, %b: !batten.tensor<bf16[B | 8]>) {
  // expected-error @+1 {{on f32 and bf16; there is no promotion}}
  %y = batten.sub %a, %b : (!batten.tensor<f32[B | 8]>, !batten.tensor<bf16[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return
}

// -----

batten.func @sub_c2[B](%a: !batten.tensor<f32[B | 1]>, %b: !batten.tensor<f32[B | 10]>) {
  // expected-error @+1 {{needs equal core dims, found [1] and [10]}}
  %y = batten.sub %a, %b : (!batten.tensor<f32[B | 1]>, !batten.tensor<f32[B | 10]>) -> !batten.tensor<f32[B | 10]>
  batten.return
}

// -----

batten.func @mul_c1[B](%a: !batten.tensor<f32[B | 8]>, %b: !batten.tensor<bf16[B | 8]>) {
  // expected-error @+1 {{on f32 and bf16; there is no promotion}}
  %y = batten.mul %a, %b : (!batten.tensor<f32[B | 8]>, !batten.tensor<bf16[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return
}

// -----

batten.func @mul_c2[B](%a: !batten.tensor<f32[B | 1]>, %b: !batten.tensor<f32[B | 10]>) {
  // expected-error @+1 {{needs equal core dims, found [1] and [10]}}
  %y = batten.mul %a, %b : (!batten.tensor<f32[B | 1]>, !batten.tensor<f32[B | 10]>) -> !batten.tensor<f32[B | 10]>
  batten.return
}

// -----

batten.func @div_c1[B](%a: !batten.tensor<f32[B | 8]>, %b: !batten.tensor<bf16[B | 8]>) {
  // expected-error @+1 {{on f32 and bf16; there is no promotion}}
  %y = batten.div %a, %b : (!batten.tensor<f32[B | 8]>, !batten.tensor<bf16[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return
}

// -----

batten.func @div_c2[B](%a: !batten.tensor<f32[B | 1]>, %b: !batten.tensor<f32[B | 10]>) {
  // expected-error @+1 {{needs equal core dims, found [1] and [10]}}
  %y = batten.div %a, %b : (!batten.tensor<f32[B | 1]>, !batten.tensor<f32[B | 10]>) -> !batten.tensor<f32[B | 10]>
  batten.return
}

// -----

batten.func @rem_c1[B](%a: !batten.tensor<f32[B | 8]>, %b: !batten.tensor<bf16[B | 8]>) {
  // expected-error @+1 {{on f32 and bf16; there is no promotion}}
  %y = batten.rem %a, %b : (!batten.tensor<f32[B | 8]>, !batten.tensor<bf16[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return
}

// -----

batten.func @rem_c2[B](%a: !batten.tensor<f32[B | 1]>, %b: !batten.tensor<f32[B | 10]>) {
  // expected-error @+1 {{needs equal core dims, found [1] and [10]}}
  %y = batten.rem %a, %b : (!batten.tensor<f32[B | 1]>, !batten.tensor<f32[B | 10]>) -> !batten.tensor<f32[B | 10]>
  batten.return
}

// -----

batten.func @pow_c1[B](%a: !batten.tensor<f32[B | 8]>, %b: !batten.tensor<bf16[B | 8]>) {
  // expected-error @+1 {{on f32 and bf16; there is no promotion}}
  %y = batten.pow %a, %b : (!batten.tensor<f32[B | 8]>, !batten.tensor<bf16[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return
}

// -----

batten.func @pow_c2[B](%a: !batten.tensor<f32[B | 1]>, %b: !batten.tensor<f32[B | 10]>) {
  // expected-error @+1 {{needs equal core dims, found [1] and [10]}}
  %y = batten.pow %a, %b : (!batten.tensor<f32[B | 1]>, !batten.tensor<f32[B | 10]>) -> !batten.tensor<f32[B | 10]>
  batten.return
}

// -----

batten.func @max_c1[B](%a: !batten.tensor<f32[B | 8]>, %b: !batten.tensor<bf16[B | 8]>) {
  // expected-error @+1 {{on f32 and bf16; there is no promotion}}
  %y = batten.max %a, %b : (!batten.tensor<f32[B | 8]>, !batten.tensor<bf16[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return
}

// -----

batten.func @max_c2[B](%a: !batten.tensor<f32[B | 1]>, %b: !batten.tensor<f32[B | 10]>) {
  // expected-error @+1 {{needs equal core dims, found [1] and [10]}}
  %y = batten.max %a, %b : (!batten.tensor<f32[B | 1]>, !batten.tensor<f32[B | 10]>) -> !batten.tensor<f32[B | 10]>
  batten.return
}

// -----

batten.func @min_c1[B](%a: !batten.tensor<f32[B | 8]>, %b: !batten.tensor<bf16[B | 8]>) {
  // expected-error @+1 {{on f32 and bf16; there is no promotion}}
  %y = batten.min %a, %b : (!batten.tensor<f32[B | 8]>, !batten.tensor<bf16[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return
}

// -----

batten.func @min_c2[B](%a: !batten.tensor<f32[B | 1]>, %b: !batten.tensor<f32[B | 10]>) {
  // expected-error @+1 {{needs equal core dims, found [1] and [10]}}
  %y = batten.min %a, %b : (!batten.tensor<f32[B | 1]>, !batten.tensor<f32[B | 10]>) -> !batten.tensor<f32[B | 10]>
  batten.return
}

// -----

batten.func @and_c1[B](%a: !batten.tensor<i1[B | 8]>, %b: !batten.tensor<i1[B | 8]>) {
  // expected-error @+1 {{makes i8 of bool; the dtype stays}}
  %y = batten.and %a, %b : (!batten.tensor<i1[B | 8]>, !batten.tensor<i1[B | 8]>) -> !batten.tensor<i8[B | 8]>
  batten.return
}

// -----

batten.func @and_c2[B](%a: !batten.tensor<i1[B |]>, %b: !batten.tensor<i1[B |]>) {
  // expected-error @+1 {{makes core [10] of scalars}}
  %y = batten.and %a, %b : (!batten.tensor<i1[B |]>, !batten.tensor<i1[B |]>) -> !batten.tensor<i1[B | 10]>
  batten.return
}

// -----

batten.func @or_c1[B](%a: !batten.tensor<i1[B | 8]>, %b: !batten.tensor<i1[B | 8]>) {
  // expected-error @+1 {{makes i8 of bool; the dtype stays}}
  %y = batten.or %a, %b : (!batten.tensor<i1[B | 8]>, !batten.tensor<i1[B | 8]>) -> !batten.tensor<i8[B | 8]>
  batten.return
}

// -----

batten.func @or_c2[B](%a: !batten.tensor<i1[B |]>, %b: !batten.tensor<i1[B |]>) {
  // expected-error @+1 {{makes core [10] of scalars}}
  %y = batten.or %a, %b : (!batten.tensor<i1[B |]>, !batten.tensor<i1[B |]>) -> !batten.tensor<i1[B | 10]>
  batten.return
}

// -----

batten.func @eq_c1[B](%a: !batten.tensor<i32[B | 8]>, %b: !batten.tensor<i64[B | 8]>) {
  // expected-error @+1 {{on i32 and i64; there is no promotion}}
  %y = batten.eq %a, %b : (!batten.tensor<i32[B | 8]>, !batten.tensor<i64[B | 8]>) -> !batten.tensor<i1[B | 8]>
  batten.return
}

// -----

batten.func @eq_c2[B](%a: !batten.tensor<f32[B | 8, 1]>, %b: !batten.tensor<f32[B | 8, 3]>) {
  // expected-error @+1 {{needs equal core dims, found [8, 1] and [8, 3]}}
  %y = batten.eq %a, %b : (!batten.tensor<f32[B | 8, 1]>, !batten.tensor<f32[B | 8, 3]>) -> !batten.tensor<i1[B | 8, 3]>
  batten.return
}

// -----

batten.func @ne_c1[B](%a: !batten.tensor<i32[B | 8]>, %b: !batten.tensor<i32[B | 8]>) {
  // expected-error @+1 {{makes bool, not u8}}
  %y = batten.ne %a, %b : (!batten.tensor<i32[B | 8]>, !batten.tensor<i32[B | 8]>) -> !batten.tensor<ui8[B | 8]>
  batten.return
}

// -----

batten.func @ne_c2[B](%a: !batten.tensor<f32[B | 8, 1]>, %b: !batten.tensor<f32[B | 8, 3]>) {
  // expected-error @+1 {{needs equal core dims, found [8, 1] and [8, 3]}}
  %y = batten.ne %a, %b : (!batten.tensor<f32[B | 8, 1]>, !batten.tensor<f32[B | 8, 3]>) -> !batten.tensor<i1[B | 8, 3]>
  batten.return
}

// -----

batten.func @lt_c1[B](%a: !batten.tensor<i32[B | 8]>, %b: !batten.tensor<i64[B | 8]>) {
  // expected-error @+1 {{on i32 and i64; there is no promotion}}
  %y = batten.lt %a, %b : (!batten.tensor<i32[B | 8]>, !batten.tensor<i64[B | 8]>) -> !batten.tensor<i1[B | 8]>
  batten.return
}

// -----

batten.func @lt_c2[B](%a: !batten.tensor<f32[B | 8, 1]>, %b: !batten.tensor<f32[B | 8, 3]>) {
  // expected-error @+1 {{needs equal core dims, found [8, 1] and [8, 3]}}
  %y = batten.lt %a, %b : (!batten.tensor<f32[B | 8, 1]>, !batten.tensor<f32[B | 8, 3]>) -> !batten.tensor<i1[B | 8, 3]>
  batten.return
}

// -----

batten.func @le_c1[B](%a: !batten.tensor<i32[B | 8]>, %b: !batten.tensor<i32[B | 8]>) {
  // expected-error @+1 {{makes bool, not u8}}
  %y = batten.le %a, %b : (!batten.tensor<i32[B | 8]>, !batten.tensor<i32[B | 8]>) -> !batten.tensor<ui8[B | 8]>
  batten.return
}

// -----

batten.func @le_c2[B](%a: !batten.tensor<f32[B | 8, 1]>, %b: !batten.tensor<f32[B | 8, 3]>) {
  // expected-error @+1 {{needs equal core dims, found [8, 1] and [8, 3]}}
  %y = batten.le %a, %b : (!batten.tensor<f32[B | 8, 1]>, !batten.tensor<f32[B | 8, 3]>) -> !batten.tensor<i1[B | 8, 3]>
  batten.return
}

// -----

batten.func @gt_c1[B](%a: !batten.tensor<i32[B | 8]>, %b: !batten.tensor<i64[B | 8]>) {
  // expected-error @+1 {{on i32 and i64; there is no promotion}}
  %y = batten.gt %a, %b : (!batten.tensor<i32[B | 8]>, !batten.tensor<i64[B | 8]>) -> !batten.tensor<i1[B | 8]>
  batten.return
}

// -----

batten.func @gt_c2[B](%a: !batten.tensor<f32[B | 8, 1]>, %b: !batten.tensor<f32[B | 8, 3]>) {
  // expected-error @+1 {{needs equal core dims, found [8, 1] and [8, 3]}}
  %y = batten.gt %a, %b : (!batten.tensor<f32[B | 8, 1]>, !batten.tensor<f32[B | 8, 3]>) -> !batten.tensor<i1[B | 8, 3]>
  batten.return
}

// -----

batten.func @ge_c1[B](%a: !batten.tensor<i32[B | 8]>, %b: !batten.tensor<i32[B | 8]>) {
  // expected-error @+1 {{makes bool, not u8}}
  %y = batten.ge %a, %b : (!batten.tensor<i32[B | 8]>, !batten.tensor<i32[B | 8]>) -> !batten.tensor<ui8[B | 8]>
  batten.return
}

// -----

batten.func @ge_c2[B](%a: !batten.tensor<f32[B | 8, 1]>, %b: !batten.tensor<f32[B | 8, 3]>) {
  // expected-error @+1 {{needs equal core dims, found [8, 1] and [8, 3]}}
  %y = batten.ge %a, %b : (!batten.tensor<f32[B | 8, 1]>, !batten.tensor<f32[B | 8, 3]>) -> !batten.tensor<i1[B | 8, 3]>
  batten.return
}

// -----

batten.func @select_c1[B](%c: !batten.tensor<i1[B | 8]>, %a: !batten.tensor<f32[B | 8]>, %b: !batten.tensor<f64[|]>) {
  // expected-error @+1 {{on f32 and f64; there is no promotion}}
  %y = batten.select %c, %a, %b : (!batten.tensor<i1[B | 8]>, !batten.tensor<f32[B | 8]>, !batten.tensor<f64[|]>) -> !batten.tensor<f32[B | 8]>
  batten.return
}

// -----

batten.func @select_c2[B](%c: !batten.tensor<i1[B | 4]>, %a: !batten.tensor<f32[B | 8]>, %b: !batten.tensor<f32[|]>) {
  // expected-error @+1 {{needs equal core dims, found [4] and [8]}}
  %y = batten.select %c, %a, %b : (!batten.tensor<i1[B | 4]>, !batten.tensor<f32[B | 8]>, !batten.tensor<f32[|]>) -> !batten.tensor<f32[B | 8]>
  batten.return
}

// -----

batten.func @relu_dtype[B](%x: !batten.tensor<i32[B | 8]>) {
  // expected-error @+1 {{must be batten tensor of floats}}
  %y = batten.relu %x : (!batten.tensor<i32[B | 8]>) -> !batten.tensor<i32[B | 8]>
  batten.return
}
