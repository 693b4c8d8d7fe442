// Each numbered constraint of functions, plans and the tensor type is checked, as is the batch rule that all ops share.
// RUN: batten-opt %s -verify-diagnostics -split-input-file

// expected-error @+1 {{has the dim B twice}}
batten.func @func_c1[B, B = 8](%x: !batten.tensor<f32[B | 8]>) {
  batten.return
}

// -----

// expected-error @+1 {{has the dim T of size or bound 0, which is below 1}}
batten.func @func_c1_bound[T <= 0](%x: !batten.tensor<f32[T | 8]>) {
  batten.return
}

// -----

// expected-error @+1 {{has the dim N of the size T - 1, but T is no other dim of it}}
batten.func @func_c1_computed[B, N = "T - 1"](%x: !batten.tensor<f32[B | 8]>) {
  batten.return
}

// -----

// expected-error @+1 {{has the dim M of the size N + 1, but N is no other dim of it}}
batten.func @func_c1_twice[T <= 8, N = "T - 1", M = "N + 1"](%x: !batten.tensor<f32[N | 8]>) {
  batten.return
}

// -----

// expected-error @+1 {{has the size B_2, but B_2 has no upper bound, so it may only stand left of the bar}}
batten.func @func_c4_computed[B, B_2 = B](%x: !batten.tensor<f32[| B_2, 8]>) {
  batten.return
}

// -----

// expected-error @+1 {{argument 1 is 'f32': an index for each runtime dim comes first, then tensors}}
batten.func @func_c2[B](%x: f32) {
  batten.return
}

// -----

batten.func @func_c3[B](%x: !batten.tensor<f32[B | 8]>) {
  // expected-error @+1 {{has the batch dim T, but the function has no such dim}}
  %y = batten.spread %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B, T | 8]>
  batten.return
}

// -----

// expected-error @+1 {{has the size B, but B has no upper bound, so it may only stand left of the bar}}
batten.func @func_c4[B](%x: !batten.tensor<f32[| B, 8]>) {
  batten.return
}

// -----

// expected-error @+1 {{argument 1 is inout, but no result of its type is named to be written back}}
batten.func @func_c5[B](%x: !batten.tensor<f32[B | 8]> {batten.inout = 0 : i64}) {
  batten.return
}

// -----

batten.func @return_c1[B](%x: !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 4]> {
  // expected-error @+1 {{returns other types than the function's results}}
  batten.return %x : !batten.tensor<f32[B | 8]>
}

// -----

batten.plan @plan_c1[B, H = 8] kind "entry" {
  // expected-error @+1 {{has B*H, but the plan has no runtime dim H}}
  %b = batten.buffer "B*H"
}

// -----

batten.plan @launch_c1_none[B] kind "entry" {
  // expected-error @+1 {{needs a buffer for its scratch of 64 bytes, and none for no bytes}}
  batten.launch @k range "B" work "1000000000" sizes [] scratch "64" ()
}

// -----

batten.plan @launch_c1_spare[B] kind "entry" {
  %b = batten.buffer "64"
  // expected-error @+1 {{needs a buffer for its scratch of 0 bytes, and none for no bytes}}
  batten.launch @k range "B" work "1000000000" sizes [] scratch "0" in %b ()
}

// -----

batten.plan @launch_c1_argument[B] kind "entry" {
^bb0(%x: !batten.pointer):
  // expected-error @+1 {{needs a buffer for its scratch of 64 bytes, and none for no bytes}}
  batten.launch @k range "B" work "1000000000" sizes [] scratch "64" in %x ()
}

// -----

// expected-error @+1 {{element type 'i16' is none of f64 f32 f16 bf16 i64 i32 i8 ui8 i1}}
batten.func @tensor_c1[B](%x: !batten.tensor<i16[B | 8]>) {
  batten.return
}

// -----

// expected-error @+1 {{batch dim B stands twice}}
batten.func @tensor_c2[B](%x: !batten.tensor<f32[B, B | 8]>) {
  batten.return
}

// -----

// expected-error @+1 {{core dim -1 is negative}}
batten.func @tensor_c3[B](%x: !batten.tensor<f32[B | -1]>) {
  batten.return
}

// -----

// expected-error @+1 {{'T +' is not a dim polynomial}}
batten.func @tensor_c3_text[B, T <= 8](%x: !batten.tensor<f32[B | "T +"]>) {
  batten.return
}

// -----

batten.func @lifted_order[B, T](%a: !batten.tensor<f32[B, T |]>, %b: !batten.tensor<f32[T, B |]>) {
  // expected-error @+1 {{batch dims [T, B] of operand 1 are no in-order sublist of [B, T] of the result}}
  %y = batten.add %a, %b : (!batten.tensor<f32[B, T |]>, !batten.tensor<f32[T, B |]>) -> !batten.tensor<f32[B, T |]>
  batten.return
}

// -----

batten.func @lifted_invented[B, T](%a: !batten.tensor<f32[B |]>) {
  // expected-error @+1 {{batch dim T of the result stands in no operand}}
  %y = batten.neg %a : (!batten.tensor<f32[B |]>) -> !batten.tensor<f32[B, T |]>
  batten.return
}

// -----

// Neither operand has both dims: so it is where a call was inlined whose arguments brought different loop dims.
batten.func @lifted_join[B, N](%a: !batten.tensor<f32[N | 8]>, %b: !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B, N | 8]> {
  %y = batten.add %a, %b : (!batten.tensor<f32[N | 8]>, !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B, N | 8]>
  batten.return %y : !batten.tensor<f32[B, N | 8]>
}
