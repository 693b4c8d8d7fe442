// Losses are reductions over rows; cross_entropy picks its logit by an or of bits.
// RUN: batten-opt --batten-lower --mlir-print-local-scope %s | FileCheck %s

// CHECK-LABEL: func.func @cross_entropy_picks_by_an_or_and_refuses_other_classes(
// CHECK-SAME: %[[X:[a-z0-9]*]]: tensor<?x10xf32>
// CHECK-SAME: %[[Y:[a-z0-9]*]]: tensor<?xi32>
// CHECK: %[[MAX:.*]] = linalg.generic {{.*}} ins(%[[X]] : tensor<?x10xf32>) {{.*}}batten.order = "lanes"
// CHECK: %[[EXP:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[MAX]]
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}} ins(%[[EXP]] {{.*}}batten.order = "lanes"
// CHECK: %[[PICKED:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[MAX]], %[[Y]] {{.*}}batten.order = "lanes"
// CHECK: %[[AT:.*]] = arith.index_cast %{{.*}} : index to i32
// CHECK-NEXT: %[[IS:.*]] = arith.cmpi eq, %[[AT]], %in_{{.*}} : i32
// CHECK: %[[BITS:.*]] = arith.bitcast %{{.*}} : f32 to i32
// CHECK: %[[V:.*]] = arith.select %[[IS]], %[[BITS]], %{{.*}} : i32
// CHECK-NEXT: arith.ori %out, %[[V]] : i32
// CHECK: %[[LOG:.*]] = linalg.generic {{.*}} ins(%[[SUM]]
// CHECK: math.log
// CHECK: linalg.generic {{.*}} ins(%[[LOG]], %[[PICKED]], %[[Y]]
// CHECK: arith.cmpi ult, %{{.*}}, %{{.*}} : i32
// CHECK: arith.constant 0x7FC00000 : f32
// CHECK: %[[LOGIT:.*]] = arith.bitcast %{{.*}} : i32 to f32
// CHECK-NEXT: arith.subf %{{.*}}, %[[LOGIT]] : f32
// CHECK: arith.select
batten.func @cross_entropy_picks_by_an_or_and_refuses_other_classes[B](%x: !batten.tensor<f32[B | 10]>, %y: !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B |]> {
  %l = batten.cross_entropy %x, %y : (!batten.tensor<f32[B | 10]>, !batten.tensor<i32[B |]>) -> !batten.tensor<f32[B |]>
  batten.return %l : !batten.tensor<f32[B |]>
}

// All 64 bits of a class number count.
// CHECK-LABEL: func.func @a_class_of_64_bits_is_compared_as_such(
// CHECK: arith.trunci %{{.*}} : i64 to i32
// CHECK: arith.cmpi ult, %{{.*}}, %{{.*}} : i64
batten.func @a_class_of_64_bits_is_compared_as_such[B](%x: !batten.tensor<f32[B | 10]>, %y: !batten.tensor<i64[B |]>) -> !batten.tensor<f32[B |]> {
  %l = batten.cross_entropy %x, %y : (!batten.tensor<f32[B | 10]>, !batten.tensor<i64[B |]>) -> !batten.tensor<f32[B |]>
  batten.return %l : !batten.tensor<f32[B |]>
}

// CHECK-LABEL: func.func @mse_sums_squared_differences_by_multiply_adds(
// CHECK: linalg.generic {{.*}}batten.order = "lanes"
// CHECK: %[[C:.*]] = arith.subf %{{.*}}, %{{.*}} : f32
// CHECK-NEXT: math.fma %[[C]], %[[C]], %out : f32
// CHECK: arith.divf {{.*}} : f32
// CHECK-NEXT: arith.truncf {{.*}} : f32 to bf16
batten.func @mse_sums_squared_differences_by_multiply_adds[B](%a: !batten.tensor<bf16[B | 10]>, %b: !batten.tensor<bf16[| 10]>) -> !batten.tensor<bf16[B |]> {
  %l = batten.mse %a, %b : (!batten.tensor<bf16[B | 10]>, !batten.tensor<bf16[| 10]>) -> !batten.tensor<bf16[B |]>
  batten.return %l : !batten.tensor<bf16[B |]>
}

// CHECK-LABEL: func.func @bce_is_one_pointwise_sequence(
// CHECK: linalg.generic
// CHECK: math.fma
// CHECK: math.exp
// CHECK: arith.divf
// CHECK: arith.addf
// CHECK-NEXT: linalg.yield
// CHECK-NOT: linalg.generic
batten.func @bce_is_one_pointwise_sequence[B](%x: !batten.tensor<f32[B |]>, %y: !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B |]> {
  %l = batten.bce %x, %y : (!batten.tensor<f32[B |]>, !batten.tensor<f32[B |]>) -> !batten.tensor<f32[B |]>
  batten.return %l : !batten.tensor<f32[B |]>
}

// CHECK-LABEL: func.func @sq_norm_adds_its_leaves_in_order(
// CHECK: %[[W:.*]] = linalg.generic {{.*}}iterator_types = ["reduction", "reduction"]{{.*}}batten.order = "lanes"
// CHECK: math.fma %in, %in, %out : f32
// CHECK: %[[B:.*]] = linalg.generic {{.*}}iterator_types = ["reduction"]{{.*}}batten.order = "lanes"
// CHECK: %[[WB:.*]] = linalg.generic {{.*}} ins(%[[W]], %[[B]]
// CHECK: %[[S:.*]] = linalg.generic
// CHECK: arith.mulf %in, %in : f32
// CHECK: linalg.generic {{.*}} ins(%[[WB]], %[[S]]
batten.func @sq_norm_adds_its_leaves_in_order[](%w: !batten.tensor<f32[| 5, 10]>, %b: !batten.tensor<f32[| 5]>, %s: !batten.tensor<f32[|]>) -> !batten.tensor<f32[|]> {
  %y = batten.sq_norm %w, %b, %s : (!batten.tensor<f32[| 5, 10]>, !batten.tensor<f32[| 5]>, !batten.tensor<f32[|]>) -> !batten.tensor<f32[|]>
  batten.return %y : !batten.tensor<f32[|]>
}
