// Two inouts that become each other's value: one goes by way of the workspace.
// RUN: batten-opt --batten-describe --batten-lower --batten-fuse --batten-build-kernels %s | FileCheck %s

// CHECK-LABEL: batten.plan @swapped
// CHECK: ^bb0(%[[A:.*]]: !batten.pointer, %[[B:.*]]: !batten.pointer):
// CHECK-NEXT: %[[BESIDE:.*]] = batten.buffer "12*B"
// CHECK-NEXT: batten.launch @[[COPY:.*]] range {{.*}} (%[[B]], %[[BESIDE]])
// CHECK-NEXT: batten.launch @[[COPY]] range {{.*}} (%[[A]], %[[B]])
// CHECK-NEXT: batten.launch {{.*}} (%[[BESIDE]], %[[A]])
// CHECK-NEXT: }
batten.func @swapped[B](%a: !batten.tensor<f32[B | 3]> {batten.inout = 0 : i64, batten.name = "a"}, %b: !batten.tensor<f32[B | 3]> {batten.inout = 1 : i64, batten.name = "b"}) -> (!batten.tensor<f32[B | 3]>, !batten.tensor<f32[B | 3]>) {
  batten.return %b, %a : !batten.tensor<f32[B | 3]>, !batten.tensor<f32[B | 3]>
}

// What stays as it is costs nothing.
// CHECK-LABEL: batten.plan @unchanged
// CHECK: ^bb0(%[[A:.*]]: !batten.pointer):
// CHECK-NEXT: }
batten.func @unchanged[B](%a: !batten.tensor<f32[B | 3]> {batten.inout = 0 : i64, batten.name = "a"}) -> !batten.tensor<f32[B | 3]> {
  batten.return %a : !batten.tensor<f32[B | 3]>
}
