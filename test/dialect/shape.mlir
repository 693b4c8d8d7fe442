// The ops that make tensors or move elements: text, generic form and bytecode all read back as they were.
// RUN: batten-opt %s -o %t.mlir && FileCheck %s < %t.mlir
// RUN: batten-opt %t.mlir | diff %t.mlir -
// RUN: batten-opt %s -mlir-print-op-generic | batten-opt | diff %t.mlir -
// RUN: batten-opt %s -emit-bytecode | batten-opt | diff %t.mlir -

// CHECK-LABEL: @constant[
// CHECK: %{{.*}} = batten.constant dense<5.000000e-01> : !batten.tensor<f32[|]>
batten.func @constant[]() -> !batten.tensor<f32[|]> {
  %c = batten.constant dense<5.000000e-01> : !batten.tensor<f32[|]>
  batten.return %c : !batten.tensor<f32[|]>
}

// CHECK-LABEL: @fill[
// CHECK: %{{.*}} = batten.fill %{{.*}} : (!batten.tensor<f32[|]>) -> !batten.tensor<f32[B, T | 8]>
batten.func @fill[B, T <= 2048](%x: !batten.tensor<f32[|]>) -> !batten.tensor<f32[B, T | 8]> {
  %y = batten.fill %x : (!batten.tensor<f32[|]>) -> !batten.tensor<f32[B, T | 8]>
  batten.return %y : !batten.tensor<f32[B, T | 8]>
}

// CHECK-LABEL: @dim[
// CHECK: %{{.*}} = batten.dim "T" : !batten.tensor<f32[|]>
batten.func @dim[T <= 2048]() -> !batten.tensor<f32[|]> {
  %n = batten.dim "T" : !batten.tensor<f32[|]>
  batten.return %n : !batten.tensor<f32[|]>
}

// CHECK-LABEL: @iota[
// CHECK: %{{.*}} = batten.iota : !batten.tensor<i32[| T]>
batten.func @iota[T <= 2048]() -> !batten.tensor<i32[| T]> {
  %y = batten.iota : !batten.tensor<i32[| T]>
  batten.return %y : !batten.tensor<i32[| T]>
}

// CHECK-LABEL: @rearrange[
// CHECK: %{{.*}} = batten.rearrange %{{.*}} splits {{\[\[}}"H", "64"{{\]\]}} permutation [0, 2, 1, 3] joins [1, 1] : (!batten.tensor<f32[B, T | 512]>) -> !batten.tensor<f32[B, H | T, 64]>
batten.func @rearrange[B, T <= 2048, H = 8](%x: !batten.tensor<f32[B, T | 512]>) -> !batten.tensor<f32[B, H | T, 64]> {
  %h = batten.rearrange %x splits [["H", "64"]] permutation [0, 2, 1, 3] joins [1, 1] : (!batten.tensor<f32[B, T | 512]>) -> !batten.tensor<f32[B, H | T, 64]>
  batten.return %h : !batten.tensor<f32[B, H | T, 64]>
}

// CHECK-LABEL: @slice[
// CHECK: %{{.*}} = batten.slice %{{.*}} offsets ["64", "0"] sizes ["1", "T"] dropped [0] : (!batten.tensor<f32[B | 128, T]>) -> !batten.tensor<f32[B | T]>
batten.func @slice[B, T <= 2048](%x: !batten.tensor<f32[B | 128, T]>) -> !batten.tensor<f32[B | T]> {
  %y = batten.slice %x offsets ["64", "0"] sizes ["1", "T"] dropped [0] : (!batten.tensor<f32[B | 128, T]>) -> !batten.tensor<f32[B | T]>
  batten.return %y : !batten.tensor<f32[B | T]>
}

// CHECK-LABEL: @concat[
// CHECK: %{{.*}} = batten.concat %{{.*}}, %{{.*}} : (!batten.tensor<f32[B | 3]>, !batten.tensor<f32[| 5]>) -> !batten.tensor<f32[B | 8]>
batten.func @concat[B](%a: !batten.tensor<f32[B | 3]>, %b: !batten.tensor<f32[| 5]>) -> !batten.tensor<f32[B | 8]> {
  %y = batten.concat %a, %b : (!batten.tensor<f32[B | 3]>, !batten.tensor<f32[| 5]>) -> !batten.tensor<f32[B | 8]>
  batten.return %y : !batten.tensor<f32[B | 8]>
}

// CHECK-LABEL: @stack[
// CHECK: %{{.*}} = batten.stack %{{.*}}, %{{.*}} : (!batten.tensor<f32[B |]>, !batten.tensor<f32[|]>) -> !batten.tensor<f32[B | 2]>
batten.func @stack[B](%a: !batten.tensor<f32[B |]>, %b: !batten.tensor<f32[|]>) -> !batten.tensor<f32[B | 2]> {
  %y = batten.stack %a, %b : (!batten.tensor<f32[B |]>, !batten.tensor<f32[|]>) -> !batten.tensor<f32[B | 2]>
  batten.return %y : !batten.tensor<f32[B | 2]>
}

// CHECK-LABEL: @spread[
// CHECK: %{{.*}} = batten.spread %{{.*}} : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B, T | 8]>
batten.func @spread[B, T <= 2048](%x: !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B, T | 8]> {
  %y = batten.spread %x : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B, T | 8]>
  batten.return %y : !batten.tensor<f32[B, T | 8]>
}
