// A dim is independent, or each op that combines its positions is named with its place; what the C interface must know is
// written onto the entry.
// RUN: batten-opt %s -batten-describe | FileCheck %s

// CHECK-LABEL: batten.func @rows[B, T <= 64]
// CHECK-SAME: batten.arguments = [#batten.argument<name = "x", type = !batten.tensor<f32[B, T | 8]>, kind = input>,
// CHECK-SAME: #batten.argument<name = "s", type = !batten.tensor<f32[|]>, kind = input, scalar>,
// CHECK-SAME: #batten.argument<name = "out", type = !batten.tensor<f32[B, T | 8]>, kind = result>,
// CHECK-SAME: #batten.argument<name = "m.w", type = !batten.tensor<f32[| 8]>, kind = weight, path = "m.w", from = "m.w">]
// CHECK-SAME: batten.bytes = "192*B*T + 36"
// CHECK-SAME: batten.flops = "56*B*T"
// CHECK-SAME: batten.independent = ["B", "T"]
// CHECK-SAME: batten.mixes = []
// CHECK-SAME: batten.nonempty = []
batten.func @rows[B, T <= 64](%x: !batten.tensor<f32[B, T | 8]> {batten.name = "x"}, %s: !batten.tensor<f32[|]> {batten.name = "s", batten.scalar}, %w: !batten.tensor<f32[| 8]> {batten.name = "w", batten.weight = "m.w"}) -> !batten.tensor<f32[B, T | 8]> {
  %y = batten.mul %x, %s : (!batten.tensor<f32[B, T | 8]>, !batten.tensor<f32[|]>) -> !batten.tensor<f32[B, T | 8]>
  %z = batten.mul %y, %w : (!batten.tensor<f32[B, T | 8]>, !batten.tensor<f32[| 8]>) -> !batten.tensor<f32[B, T | 8]>
  %p = batten.softmax %z dim 0 : (!batten.tensor<f32[B, T | 8]>) -> !batten.tensor<f32[B, T | 8]>
  batten.return %p : !batten.tensor<f32[B, T | 8]>
}

// Over a mean nothing is said of no positions; T is bounded, so it is never 0.
// CHECK-LABEL: batten.func @over_batch
// CHECK-SAME: batten.independent = []
// CHECK-SAME: batten.mixes = ["B: `mean` over batch B at m.btn:8:57", "T: `mean` over batch T at m.btn:8:57"]
// CHECK-SAME: batten.nonempty = ["B"]
batten.func @over_batch[B, T <= 64](%x: !batten.tensor<f32[B, T | 8]>) -> !batten.tensor<f32[| 8]> {
  %n = batten.neg %x : (!batten.tensor<f32[B, T | 8]>) -> !batten.tensor<f32[B, T | 8]>
  %y = batten.reduce_batch "mean" %n dims ["B", "T"] : (!batten.tensor<f32[B, T | 8]>) -> !batten.tensor<f32[| 8]> loc("m.btn":8:57)
  batten.return %y : !batten.tensor<f32[| 8]>
}

// What is done over a second B, or over a size made of T, is done over B and T; `B_2 = B` has no positions where B has none.
// CHECK-LABEL: batten.func @over_computed
// CHECK-SAME: batten.independent = []
// CHECK-SAME: batten.mixes = ["B: `mean` over batch B at m.btn:8:57", "T: `sum` over batch T at m.btn:9:57"]
// CHECK-SAME: batten.nonempty = ["B"]
batten.func @over_computed[B, T <= 64, B_2 = B, N = "T - 1"](%x: !batten.tensor<f32[B | 8]>, %y: !batten.tensor<f32[N | 8]>) -> (!batten.tensor<f32[| 8]>, !batten.tensor<f32[| 8]>) {
  %n = batten.rearrange %x splits [["8"]] permutation [0, 1] joins [1] : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[B_2 | 8]>
  %m = batten.reduce_batch "mean" %n dims ["B_2"] : (!batten.tensor<f32[B_2 | 8]>) -> !batten.tensor<f32[| 8]> loc("m.btn":8:57)
  %s = batten.reduce_batch "sum" %y dims ["N"] : (!batten.tensor<f32[N | 8]>) -> !batten.tensor<f32[| 8]> loc("m.btn":9:57)
  batten.return %m, %s : !batten.tensor<f32[| 8]>, !batten.tensor<f32[| 8]>
}

// A second B by itself keeps positions apart, beside B it does not; nor does what is counted by a part of T.
// CHECK-LABEL: batten.func @beside
// CHECK-SAME: batten.independent = ["A"]
// CHECK-SAME: batten.mixes = ["B: meets itself left of the bar at m.btn:8:57", "T: meets itself left of the bar at m.btn:9:57"]
batten.func @beside[A, B, T <= 64, A_2 = A, B_2 = B, N = "T - 1"](%a: !batten.tensor<f32[A_2 | 8]>, %x: !batten.tensor<f32[B, B_2 | 8]>, %y: !batten.tensor<f32[N | 8]>) -> (!batten.tensor<f32[A_2 | 8]>, !batten.tensor<f32[B, B_2 | 8]>, !batten.tensor<f32[N | 8]>) {
  %n = batten.neg %a : (!batten.tensor<f32[A_2 | 8]>) -> !batten.tensor<f32[A_2 | 8]>
  %m = batten.neg %x : (!batten.tensor<f32[B, B_2 | 8]>) -> !batten.tensor<f32[B, B_2 | 8]> loc("m.btn":8:57)
  %s = batten.neg %y : (!batten.tensor<f32[N | 8]>) -> !batten.tensor<f32[N | 8]> loc("m.btn":9:57)
  batten.return %n, %m, %s : !batten.tensor<f32[A_2 | 8]>, !batten.tensor<f32[B, B_2 | 8]>, !batten.tensor<f32[N | 8]>
}

// CHECK-LABEL: batten.func @variance
// CHECK-SAME: batten.nonempty = ["B"]
batten.func @variance[B](%x: !batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[| 8]> {
  %y = batten.reduce_batch "var" %x dims ["B"] : (!batten.tensor<f32[B | 8]>) -> !batten.tensor<f32[| 8]>
  batten.return %y : !batten.tensor<f32[| 8]>
}

// CHECK-LABEL: batten.func @empty_sum
// CHECK-SAME: batten.independent = ["T"]
// CHECK-SAME: batten.mixes = ["B: `sum` over batch B at {{.*}}independence.mlir:[[@LINE+4]]:8"]
// CHECK-SAME: batten.nonempty = []
batten.func @empty_sum[B, T <= 64](%x: !batten.tensor<f32[B, T | 8]>) -> !batten.tensor<f32[T | 8]> {
  // Not over T: this is one number a T.
  %y = batten.reduce_batch "sum" %x dims ["B"] : (!batten.tensor<f32[B, T | 8]>) -> !batten.tensor<f32[T | 8]>
  batten.return %y : !batten.tensor<f32[T | 8]>
}

// CHECK-LABEL: batten.func @crosses
// CHECK-SAME: batten.independent = ["B"]
// CHECK-SAME: batten.mixes = ["T: moves right of the bar at
batten.func @crosses[B, T <= 64](%x: !batten.tensor<f32[B, T | 8]>) -> !batten.tensor<f32[B | T, 8]> {
  %y = batten.rearrange %x splits [["8"]] permutation [0, 1, 2] joins [1, 1] : (!batten.tensor<f32[B, T | 8]>) -> !batten.tensor<f32[B | T, 8]>
  batten.return %y : !batten.tensor<f32[B | T, 8]>
}

// Moving a static factor out of the core and back mixes nothing.
// CHECK-LABEL: batten.func @heads
// CHECK-SAME: batten.independent = ["B", "T"]
batten.func @heads[B, T <= 64, H = 8](%x: !batten.tensor<f32[B, T | 512]>) -> !batten.tensor<f32[B, T | 512]> {
  %y = batten.rearrange %x splits [["8", "64"]] permutation [0, 2, 1, 3] joins [1] : (!batten.tensor<f32[B, T | 512]>) -> !batten.tensor<f32[B, H, T | 64]>
  %z = batten.rearrange %y splits [["64"]] permutation [0, 2, 1, 3] joins [2] : (!batten.tensor<f32[B, H, T | 64]>) -> !batten.tensor<f32[B, T | 512]>
  batten.return %z : !batten.tensor<f32[B, T | 512]>
}

// CHECK-LABEL: batten.func @number
// CHECK-SAME: batten.mixes = ["T: is used as a number at
batten.func @number[B, T <= 64](%x: !batten.tensor<f32[B, T |]>) -> !batten.tensor<f32[B, T |]> {
  %n = batten.dim "T" : !batten.tensor<f32[|]>
  %y = batten.mul %x, %n : (!batten.tensor<f32[B, T |]>, !batten.tensor<f32[|]>) -> !batten.tensor<f32[B, T |]>
  batten.return %y : !batten.tensor<f32[B, T |]>
}

// CHECK-LABEL: batten.func @offset
// CHECK-SAME: batten.mixes = ["T: says where a slice begins at
batten.func @offset[B, T <= 64](%x: !batten.tensor<f32[B, T | 128]>) -> !batten.tensor<f32[B, T |]> {
  %y = batten.slice %x offsets ["T - 1"] sizes ["1"] dropped [0] : (!batten.tensor<f32[B, T | 128]>) -> !batten.tensor<f32[B, T |]>
  batten.return %y : !batten.tensor<f32[B, T |]>
}

// CHECK-LABEL: batten.func @handed_on
// CHECK-SAME: batten.mixes = ["T: stands right of the bar at
batten.func @handed_on[B, T <= 64](%x: !batten.tensor<f32[B | T]>) -> !batten.tensor<f32[B | T]> {
  batten.return %x : !batten.tensor<f32[B | T]>
}

// A cast combines nothing, so that it is not what is blamed.
// CHECK-LABEL: batten.func @widened
// CHECK-SAME: batten.mixes = ["T: stands right of the bar of `softmax` at {{.*}}independence.mlir:[[@LINE+3]]:8"]
batten.func @widened[B, T <= 64](%x: !batten.tensor<bf16[B | T]>) -> !batten.tensor<f32[B | T]> {
  %w = batten.cast %x : (!batten.tensor<bf16[B | T]>) -> !batten.tensor<f32[B | T]>
  %y = batten.softmax %w dim 0 : (!batten.tensor<f32[B | T]>) -> !batten.tensor<f32[B | T]>
  batten.return %y : !batten.tensor<f32[B | T]>
}

// What brings a dim right of the bar is not named where something combines it there; one place of the source, of however
// many ops, is one line.
// CHECK-LABEL: batten.func @several
// CHECK-SAME: batten.mixes = ["T: stands right of the bar of `matmul` at m.btn:3:4", "T: stands right of the bar of `softmax` at m.btn:5:6", "T: `sum` over batch T at m.btn:7:8"]
batten.func @several[T <= 64](%x: !batten.tensor<f32[T | 8]>) -> (!batten.tensor<f32[| T, T]>, !batten.tensor<f32[| 8]>) {
  %a = batten.rearrange %x splits [["8"]] permutation [0, 1] joins [1, 1] : (!batten.tensor<f32[T | 8]>) -> !batten.tensor<f32[| T, 8]>
  %t = batten.transpose %a : (!batten.tensor<f32[| T, 8]>) -> !batten.tensor<f32[| 8, T]>
  %s = batten.matmul %a, %t : (!batten.tensor<f32[| T, 8]>, !batten.tensor<f32[| 8, T]>) -> !batten.tensor<f32[| T, T]> loc("m.btn":3:4)
  %p = batten.softmax %s dim 1 : (!batten.tensor<f32[| T, T]>) -> !batten.tensor<f32[| T, T]> loc("m.btn":5:6)
  %q = batten.softmax %p dim 1 : (!batten.tensor<f32[| T, T]>) -> !batten.tensor<f32[| T, T]> loc("m.btn":5:6)
  %r = batten.exp %q : (!batten.tensor<f32[| T, T]>) -> !batten.tensor<f32[| T, T]>
  %y = batten.reduce_batch "sum" %x dims ["T"] : (!batten.tensor<f32[T | 8]>) -> !batten.tensor<f32[| 8]> loc("m.btn":7:8)
  batten.return %r, %y : !batten.tensor<f32[| T, T]>, !batten.tensor<f32[| 8]>
}

// What is written back to an inout is no result of the C function; two others are numbered.
// CHECK-LABEL: batten.func @update
// CHECK-SAME: batten.arguments = [#batten.argument<name = "p", type = !batten.tensor<f32[B |]>, kind = inout, path = "w1", tree = "Mlp">,
// CHECK-SAME: #batten.argument<name = "out0", type = !batten.tensor<f32[B |]>, kind = result>,
// CHECK-SAME: #batten.argument<name = "out1", type = !batten.tensor<f32[B |]>, kind = result>]
batten.func @update[B](%p: !batten.tensor<f32[B |]> {batten.name = "p", batten.tree = "Mlp", batten.path = "w1", batten.inout = 2 : i64}) -> (!batten.tensor<f32[B |]>, !batten.tensor<f32[B |]>, !batten.tensor<f32[B |]>) {
  %y = batten.neg %p : (!batten.tensor<f32[B |]>) -> !batten.tensor<f32[B |]>
  batten.return %y, %p, %y : !batten.tensor<f32[B |]>, !batten.tensor<f32[B |]>, !batten.tensor<f32[B |]>
}
