// argmax is the greatest element of a row, then the least index at which it stands.
// RUN: batten-opt --batten-lower --mlir-print-local-scope %s | FileCheck %s

// CHECK-LABEL: func.func @argmax_is_a_maximum_and_a_minimum_of_indices(
// CHECK: %[[MAX:.*]] = linalg.generic
// CHECK-SAME: affine_map<(d0, d1, d2) -> (d0, d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-SAME: batten.order = "lanes"
// CHECK: arith.maximumf
// CHECK: %[[BEYOND:.*]] = arith.constant 2147483647 : i32
// CHECK: linalg.fill ins(%[[BEYOND]] : i32)
// CHECK: linalg.generic
// CHECK-SAME: affine_map<(d0, d1, d2) -> (d0, d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-SAME: ins(%{{.*}}, %[[MAX]] : tensor<?x3x4xf32>, tensor<?x4xf32>)
// CHECK: %[[INDEX:.*]] = linalg.index 2 : index
// CHECK: %[[AT:.*]] = arith.index_cast %[[INDEX]] : index to i32
// CHECK: %[[BELOW:.*]] = arith.select %{{[0-9]+}}, %cst_{{[0-9]+}}, %{{[0-9]+}} : f32
// CHECK-NEXT: %[[IS:.*]] = arith.cmpf ugt, %in, %[[BELOW]] : f32
// CHECK: %[[CANDIDATE:.*]] = arith.select %[[IS]], %[[AT]], %{{.*}} : i32
// CHECK: arith.minsi %out, %[[CANDIDATE]] : i32
batten.func @argmax_is_a_maximum_and_a_minimum_of_indices[B](%x: !batten.tensor<f32[B | 3, 4]>) -> !batten.tensor<i32[B | 4]> {
  %y = batten.argmax %x dim 0 : (!batten.tensor<f32[B | 3, 4]>) -> !batten.tensor<i32[B | 4]>
  batten.return %y : !batten.tensor<i32[B | 4]>
}

// CHECK-LABEL: func.func @argmax_of_bytes_is_one_reduction(
// CHECK: arith.extui %in : i8 to i16
// CHECK: arith.maxui %out, {{.*}} : i16
// CHECK-NOT: arith.minsi
// CHECK: arith.extsi {{.*}} : i16 to i32
batten.func @argmax_of_bytes_is_one_reduction[B](%x: !batten.tensor<ui8[B | 9]>) -> !batten.tensor<i32[B |]> {
  %y = batten.argmax %x dim 0 : (!batten.tensor<ui8[B | 9]>) -> !batten.tensor<i32[B |]>
  batten.return %y : !batten.tensor<i32[B |]>
}

// CHECK-LABEL: func.func @argmax_of_some_bytes_takes_wider_words(
// CHECK: arith.extsi %in : i8 to i32
// CHECK: arith.maxsi %out, {{.*}} : i32
batten.func @argmax_of_some_bytes_takes_wider_words[B](%x: !batten.tensor<i8[B | 257]>) -> !batten.tensor<i32[B |]> {
  %y = batten.argmax %x dim 0 : (!batten.tensor<i8[B | 257]>) -> !batten.tensor<i32[B |]>
  batten.return %y : !batten.tensor<i32[B |]>
}

// CHECK-LABEL: func.func @argmax_of_many_bytes_compares_without_a_sign(
// CHECK: arith.maxui
// CHECK: arith.cmpi eq
batten.func @argmax_of_many_bytes_compares_without_a_sign[B](%x: !batten.tensor<ui8[B | 65537]>) -> !batten.tensor<i32[B |]> {
  %y = batten.argmax %x dim 0 : (!batten.tensor<ui8[B | 65537]>) -> !batten.tensor<i32[B |]>
  batten.return %y : !batten.tensor<i32[B |]>
}

// CHECK-LABEL: func.func @argmax_of_halves_stays_in_sixteen_bits(
// CHECK: arith.maximumf %out, %in : bf16
// CHECK-NOT: arith.extf
// CHECK: arith.cmpi sge, {{.*}} : i16
// CHECK: arith.minsi %out, {{.*}} : i16
// CHECK: arith.extsi {{.*}} : i16 to i32
batten.func @argmax_of_halves_stays_in_sixteen_bits[B](%x: !batten.tensor<bf16[B | 9]>) -> !batten.tensor<i32[B |]> {
  %y = batten.argmax %x dim 0 : (!batten.tensor<bf16[B | 9]>) -> !batten.tensor<i32[B |]>
  batten.return %y : !batten.tensor<i32[B |]>
}

// CHECK-LABEL: func.func @argmax_of_many_halves_compares_floats(
// CHECK: arith.maximumf %out, %in : bf16
// CHECK-COUNT-2: arith.extf {{.*}} : bf16 to f32
// CHECK: arith.cmpf ugt, {{.*}} : f32
batten.func @argmax_of_many_halves_compares_floats[B](%x: !batten.tensor<bf16[B | 32768]>) -> !batten.tensor<i32[B |]> {
  %y = batten.argmax %x dim 0 : (!batten.tensor<bf16[B | 32768]>) -> !batten.tensor<i32[B |]>
  batten.return %y : !batten.tensor<i32[B |]>
}

// CHECK-LABEL: func.func @topk_stays_one_op(
// CHECK-SAME: %[[X:[a-z0-9]*]]: tensor<?x9x4xf32>
// CHECK: %[[V:.*]] = tensor.empty(%{{.*}}) : tensor<?x3x4xf32>
// CHECK: %[[I:.*]] = tensor.empty(%{{.*}}) : tensor<?x3x4xi32>
// CHECK: batten.greatest %[[X]] into %[[V]], %[[I]] dim 1 :
batten.func @topk_stays_one_op[B](%x: !batten.tensor<f32[B | 9, 4]>) -> (!batten.tensor<f32[B | 3, 4]>, !batten.tensor<i32[B | 3, 4]>) {
  %v, %i = batten.topk %x dim 0 : (!batten.tensor<f32[B | 9, 4]>) -> (!batten.tensor<f32[B | 3, 4]>, !batten.tensor<i32[B | 3, 4]>)
  batten.return %v, %i : !batten.tensor<f32[B | 3, 4]>, !batten.tensor<i32[B | 3, 4]>
}

// CHECK-LABEL: func.func @cumsum_stays_one_op_and_knows_bytes_without_a_sign(
// CHECK: batten.scan %{{.*}} into %{{.*}} dim 1 {is_unsigned} : (tensor<?x9xi8>, tensor<?x9xi32>) -> tensor<?x9xi32>
batten.func @cumsum_stays_one_op_and_knows_bytes_without_a_sign[B](%x: !batten.tensor<ui8[B | 9]>) -> !batten.tensor<i32[B | 9]> {
  %y = batten.cumsum %x dim 0 : (!batten.tensor<ui8[B | 9]>) -> !batten.tensor<i32[B | 9]>
  batten.return %y : !batten.tensor<i32[B | 9]>
}
