// Element-wise ops: one generic each, broadcasting through the maps, regions that are the formula of the op.
// RUN: batten-opt --batten-lower --mlir-print-local-scope %s | FileCheck %s

// CHECK-LABEL: func.func @missing_batch_dims_and_an_empty_core_repeat_through_the_map(
// CHECK: linalg.generic
// CHECK-SAME: affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d1)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>
// CHECK-SAME: ins(%{{.*}}, %{{.*}} : tensor<?x?x8xf32>, tensor<?xf32>)
// CHECK: arith.mulf
batten.func @missing_batch_dims_and_an_empty_core_repeat_through_the_map[B, T](%x: !batten.tensor<f32[B, T | 8]>, %s: !batten.tensor<f32[T |]>) -> !batten.tensor<f32[B, T | 8]> {
  %y = batten.mul %x, %s : (!batten.tensor<f32[B, T | 8]>, !batten.tensor<f32[T |]>) -> !batten.tensor<f32[B, T | 8]>
  batten.return %y : !batten.tensor<f32[B, T | 8]>
}

// CHECK-LABEL: func.func @a_weight_repeats_over_the_batch(
// CHECK: linalg.generic
// CHECK-SAME: affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>
// CHECK-SAME: ins(%{{.*}}, %{{.*}} : tensor<8xf32>, tensor<?x8xf32>)
// CHECK: arith.subf %in, %in_{{.*}} : f32
batten.func @a_weight_repeats_over_the_batch[B](%w: !batten.tensor<f32[| 8]>, %x: !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.sub %w, %x : (!batten.tensor<f32[| 8]>, !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: func.func @a_number_is_a_constant_of_the_region(
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<?x8xf32>) outs
// CHECK: %[[HALF:.*]] = arith.constant 5.000000e-01 : f32
// CHECK-NEXT: arith.mulf %in, %[[HALF]] : f32
batten.func @a_number_is_a_constant_of_the_region[B](%x: !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]> {
  %c = batten.constant dense<0.5> : !batten.tensor<f32[|]>
  %y = batten.mul %x, %c : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[|]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: func.func @half_precision_computes_in_f32_and_rounds_once_an_op(
// CHECK: ^bb0(%[[X:.*]]: bf16, %{{.*}}: bf16)
// CHECK-NEXT: %[[XF:.*]] = arith.extf %[[X]] : bf16 to f32
// CHECK-NEXT: %[[C:.*]] = arith.constant 5.000000e-01 : f32
// CHECK-NEXT: %[[P:.*]] = arith.mulf %[[XF]], %[[C]] : f32
// CHECK-NEXT: %[[R:.*]] = arith.truncf %[[P]] : f32 to bf16
// CHECK-NEXT: linalg.yield %[[R]]
// CHECK: ^bb0(%[[Y:.*]]: bf16, %{{.*}}: bf16)
// CHECK-NEXT: arith.extf %[[Y]]
// CHECK: math.exp {{.*}} : f32
// CHECK-NEXT: arith.truncf
batten.func @half_precision_computes_in_f32_and_rounds_once_an_op[B](%x: !batten.tensor<bf16[B | 8]>) -> !batten.tensor<bf16[B | 8]> {
  %c = batten.constant dense<0.5> : !batten.tensor<bf16[|]>
  %y = batten.mul %x, %c : (!batten.tensor<bf16[B | 8]>, !batten.tensor<bf16[|]>) -> !batten.tensor<bf16[B | 8]>
  %z = batten.exp %y : (!batten.tensor<bf16[B | 8]>) -> !batten.tensor<bf16[B | 8]>
  batten.return %z : !batten.tensor<bf16[B | 8]>
}

// CHECK-LABEL: func.func @relu_keeps_nan(
// CHECK: %[[LT:.*]] = arith.cmpf olt, %in, %[[ZERO:.*]] : f32
// CHECK-NEXT: arith.select %[[LT]], %[[ZERO]], %in : f32
batten.func @relu_keeps_nan[B](%x: !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.relu %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: func.func @max_passes_nan_on(
// CHECK: arith.maximumf
batten.func @max_passes_nan_on[B](%x: !batten.tensor<f32[B | 8]>, %y: !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]> {
  %z = batten.max %x, %y : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return %z : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: func.func @integer_division_is_defined_for_every_divisor(
// CHECK-DAG: %[[IS_ZERO:.*]] = arith.cmpi eq, %[[Y:.*]], %{{.*}} : i32
// CHECK-DAG: %[[IS_LEAST:.*]] = arith.cmpi eq, %[[X:.*]], %{{.*}} : i32
// CHECK: %[[OVERFLOWS:.*]] = arith.andi %[[IS_LEAST]], %{{.*}} : i1
// CHECK: %[[HARMFUL:.*]] = arith.ori %[[IS_ZERO]], %[[OVERFLOWS]] : i1
// CHECK: %[[SAFE:.*]] = arith.select %[[HARMFUL]], %{{.*}}, %{{.*}} : i32
// CHECK: %[[Q:.*]] = arith.divsi %{{.*}}, %[[SAFE]] : i32
// CHECK: arith.select %[[IS_ZERO]], %{{.*}}, %[[Q]] : i32
batten.func @integer_division_is_defined_for_every_divisor[B](%x: !batten.tensor<i32[B | 8]>, %y: !batten.tensor<i32[B | 8]>) -> !batten.tensor<i32[B | 8]> {
  %z = batten.div %x, %y : (!batten.tensor<i32[B | 8]>, !batten.tensor<i32[B | 8]>) -> !batten.tensor<i32[B | 8]>
  batten.return %z : !batten.tensor<i32[B | 8]>
}

// CHECK-LABEL: func.func @a_constant_divisor_has_no_guard(
// CHECK: %[[DIVISOR:.*]] = arith.constant -3 : i32
// CHECK-NEXT: arith.divsi %in, %[[DIVISOR]]
// CHECK-NEXT: linalg.yield
batten.func @a_constant_divisor_has_no_guard[B](%x: !batten.tensor<i32[B | 8]>) -> !batten.tensor<i32[B | 8]> {
  %y = batten.constant dense<-3> : !batten.tensor<i32[|]>
  %z = batten.div %x, %y : (!batten.tensor<i32[B | 8]>, !batten.tensor<i32[|]>) -> !batten.tensor<i32[B | 8]>
  batten.return %z : !batten.tensor<i32[B | 8]>
}

// CHECK-LABEL: func.func @remainder_by_zero_is_the_dividend(
// CHECK: %[[IS_ZERO:.*]] = arith.cmpi eq, %in_{{.*}}, %{{.*}} : i64
// CHECK: %[[R:.*]] = arith.remsi %in, %{{.*}} : i64
// CHECK-NEXT: arith.select %[[IS_ZERO]], %in, %[[R]] : i64
batten.func @remainder_by_zero_is_the_dividend[B](%x: !batten.tensor<i64[B | 8]>, %y: !batten.tensor<i64[B | 8]>) -> !batten.tensor<i64[B | 8]> {
  %z = batten.rem %x, %y : (!batten.tensor<i64[B | 8]>, !batten.tensor<i64[B | 8]>) -> !batten.tensor<i64[B | 8]>
  batten.return %z : !batten.tensor<i64[B | 8]>
}

// CHECK-LABEL: func.func @u8_is_i8_with_unsigned_operations(
// CHECK-SAME: tensor<?x8xi8>
// CHECK: arith.divui
// CHECK: arith.maxui
// CHECK: arith.cmpi ult
batten.func @u8_is_i8_with_unsigned_operations[B](%x: !batten.tensor<ui8[B | 8]>, %y: !batten.tensor<ui8[B | 8]>) -> !batten.tensor<i1[B | 8]> {
  %q = batten.div %x, %y : (!batten.tensor<ui8[B | 8]>, !batten.tensor<ui8[B | 8]>) -> !batten.tensor<ui8[B | 8]>
  %m = batten.max %q, %y : (!batten.tensor<ui8[B | 8]>, !batten.tensor<ui8[B | 8]>) -> !batten.tensor<ui8[B | 8]>
  %z = batten.lt %m, %y : (!batten.tensor<ui8[B | 8]>, !batten.tensor<ui8[B | 8]>) -> !batten.tensor<i1[B | 8]>
  batten.return %z : !batten.tensor<i1[B | 8]>
}

// CHECK-LABEL: func.func @comparisons_with_nan_are_false_but_for_ne(
// CHECK: arith.cmpf oeq
// CHECK: arith.cmpf une
// CHECK: arith.cmpf oge
batten.func @comparisons_with_nan_are_false_but_for_ne[B](%x: !batten.tensor<f32[B | 8]>, %y: !batten.tensor<f32[B | 8]>) -> (!batten.tensor<i1[B | 8]>, !batten.tensor<i1[B | 8]>, !batten.tensor<i1[B | 8]>) {
  %e = batten.eq %x, %y : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B | 8]>) -> !batten.tensor<i1[B | 8]>
  %n = batten.ne %x, %y : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B | 8]>) -> !batten.tensor<i1[B | 8]>
  %g = batten.ge %x, %y : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B | 8]>) -> !batten.tensor<i1[B | 8]>
  batten.return %e, %n, %g : !batten.tensor<i1[B | 8]>, !batten.tensor<i1[B | 8]>, !batten.tensor<i1[B | 8]>
}

// CHECK-LABEL: func.func @select_moves_half_precision_unchanged(
// CHECK: ^bb0(%[[C:.*]]: i1, %[[X:.*]]: f16, %{{.*}}: f16)
// CHECK-NEXT: %[[INF:.*]] = arith.constant 0xFC00 : f16
// CHECK-NEXT: arith.select %[[C]], %[[X]], %[[INF]] : f16
batten.func @select_moves_half_precision_unchanged[B](%c: !batten.tensor<i1[B | 8]>, %x: !batten.tensor<f16[B | 8]>) -> !batten.tensor<f16[B | 8]> {
  %i = batten.constant dense<0xFC00> : !batten.tensor<f16[|]>
  %y = batten.select %c, %x, %i : (!batten.tensor<i1[B | 8]>, !batten.tensor<f16[B | 8]>, !batten.tensor<f16[|]>) -> !batten.tensor<f16[B | 8]>
  batten.return %y : !batten.tensor<f16[B | 8]>
}

// CHECK-LABEL: func.func @float_to_integer_saturates_without_poison(
// CHECK: %[[FITS:.*]] = arith.andi
// CHECK-NEXT: %[[NONE:.*]] = arith.constant 0.000000e+00 : f32
// CHECK-NEXT: %[[SAFE:.*]] = arith.select %[[FITS]], %in, %[[NONE]] : f32
// CHECK-NEXT: arith.fptosi %[[SAFE]] : f32 to i32
// CHECK: arith.constant -2147483648 : i32
// CHECK: arith.select
// CHECK: arith.constant 2147483647 : i32
// CHECK: arith.select
batten.func @float_to_integer_saturates_without_poison[B](%x: !batten.tensor<f32[B | 8]>) -> !batten.tensor<i32[B | 8]> {
  %y = batten.cast %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<i32[B | 8]>
  batten.return %y : !batten.tensor<i32[B | 8]>
}

// CHECK-LABEL: func.func @float_to_bool_asks_whether_it_is_nonzero(
// CHECK: arith.cmpf une, %in, %{{.*}} : f32
batten.func @float_to_bool_asks_whether_it_is_nonzero[B](%x: !batten.tensor<f32[B | 8]>) -> !batten.tensor<i1[B | 8]> {
  %y = batten.cast %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<i1[B | 8]>
  batten.return %y : !batten.tensor<i1[B | 8]>
}

// CHECK-LABEL: func.func @bool_to_float_is_zero_or_one(
// CHECK: arith.uitofp %in : i1 to f32
batten.func @bool_to_float_is_zero_or_one[B](%x: !batten.tensor<i1[B | 8]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.cast %x : (!batten.tensor<i1[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: func.func @a_remainder_of_floats_is_one_operation(
// CHECK: arith.remf %in, %in_0 : f32
// CHECK-NEXT: linalg.yield
batten.func @a_remainder_of_floats_is_one_operation[B](%x: !batten.tensor<f32[B | 8]>, %y: !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]> {
  %z = batten.rem %x, %y : (!batten.tensor<f32[B | 8]>, !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B | 8]>
  batten.return %z : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: func.func @f64_reaches_narrow_floats_through_f32(
// CHECK: %[[F:.*]] = arith.truncf %in : f64 to f32
// CHECK-NEXT: arith.truncf %[[F]] : f32 to bf16
batten.func @f64_reaches_narrow_floats_through_f32[B](%x: !batten.tensor<f64[B | 8]>) -> !batten.tensor<bf16[B | 8]> {
  %y = batten.cast %x : (!batten.tensor<f64[B | 8]>) -> !batten.tensor<bf16[B | 8]>
  batten.return %y : !batten.tensor<bf16[B | 8]>
}
